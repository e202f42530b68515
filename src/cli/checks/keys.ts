import { listKeys, openKeyRing } from '../../signing/key-ring.ts'
import type { CommandContext } from '../command.ts'
import { listResealings } from '../reseal.ts'
import type { Check } from './check.ts'

export const keyChecks = (parts: CommandContext): Check[] => [
  {
    check: 'keys',
    why: 'no token can be issued, and nothing personal can be read',
    advice: 'give the ENCRYPTION_KEY that the keys were sealed with',
    async run() {
      const ring = await openKeyRing(parts.db, parts.sealer, parts.log)
      ring.close()
      const active = (await listKeys(parts.db)).filter(({ status }) => status === 'active')
      return `${active.length} signing keys in use`
    },
  },
  {
    check: 'old keys',
    why: 'it cannot be told which keys are still needed',
    advice: 'run `key reseal`, then remove the older keys from ENCRYPTION_KEY',
    async run() {
      const counts = await Promise.all(
        listResealings(parts).map(async ({ name, count }) => ({ name, count: await count() })),
      )
      const old = counts.filter(({ count }) => count > 0)
      if (old.length === 0) return 'everything is sealed under the newest key'
      const found = old.map(({ name, count }) => `${count} in ${name}`).join(', ')
      return `run \`key reseal\` before you remove an older key: ${found}`
    },
  },
]
