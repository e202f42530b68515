import { FindingsError } from '../platform/errors.ts'
import { defineCommand, type Noun, requireId } from './command.ts'

const load = () => import('../signing/key-ring.ts')

const list = defineCommand({
  isReadOnly: true,
  summary: 'List the signing keys',
  examples: ['key list'],
  run: async ({ db }) => (await load()).listKeys(db),
})

const rotate = defineCommand({
  summary: 'Sign with new keys, without a pause',
  examples: ['key rotate'],
  run: async ({ db, sealer }) => (await load()).rotateKeys(db, sealer),
})

const reseal = defineCommand({
  summary: 'Move everything that is sealed to the newest key of ENCRYPTION_KEY or KMS',
  examples: ['key reseal'],
  async run(parts) {
    const { resealAll } = await import('../platform/resealing.ts')
    const { listResealings } = await import('./reseal.ts')
    const reports = await resealAll(listResealings(parts), ({ name, moved }) => {
      if (moved > 0) process.stderr.write(`${name}: ${moved} moved to the newest key\n`)
    })
    const unreadable = reports.filter((report) => report.unreadable > 0)
    if (unreadable.length > 0)
      throw new FindingsError(
        `Some values open under no key that is configured: ${unreadable
          .map((report) => `${report.unreadable} in ${report.name}`)
          .join(', ')}. Add the key that sealed them to ENCRYPTION_KEY and run it again.`,
        reports,
      )
    return reports
  },
})

const status = defineCommand({
  isReadOnly: true,
  summary: 'Show under which keys everything is sealed',
  examples: ['key status', 'key status --json'],
  async run(parts) {
    const { listKeyUses } = await import('./reseal.ts')
    return await listKeyUses(parts)
  },
  columns: ['variable', 'key', 'role', 'values', 'places'],
})

const retire = defineCommand({
  summary: 'Withdraw a signing key at once',
  arguments: { '<kid>': 'the id of the key' },
  examples: ['key retire KID'],
  run: async ({ db, sealer }, _values, args) =>
    (await load()).retireKey(db, sealer, requireId(args, 'key')),
})

export const key: Noun = { summary: 'Keys', commands: { list, rotate, retire, status, reseal } }
