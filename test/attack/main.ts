import { parseArgs } from 'node:util'
import { configurationAttacks } from './configuration.ts'
import { identityAttacks } from './identity.ts'
import { inputAttacks } from './inputs.ts'
import { networkAttacks } from './network.ts'
import { protocolAttacks } from './protocol.ts'
import { residentAttacks } from './residents.ts'
import { describeResult, describeSummary, runAttacks, summarize } from './runner.ts'
import { sessionAttacks } from './sessions.ts'
import { startTarget, type Target } from './target.ts'
import { tenantAttacks } from './tenants.ts'
import { tokenAttacks } from './tokens.ts'

const USAGE = `npm run attack -- [--only WORD] [--json]

  --only   the attacks whose area or name contains the word
  --json   one JSON document instead of lines
`

const ATTACKS = [
  ...identityAttacks,
  ...tenantAttacks,
  ...sessionAttacks,
  ...residentAttacks,
  ...tokenAttacks,
  ...protocolAttacks,
  ...inputAttacks,
  ...networkAttacks,
  ...configurationAttacks,
]

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) process.stdout.write(USAGE)
else process.exitCode = (await run(values.only.toLowerCase(), values.json)) ? 0 : 1

async function run(only: string, json: boolean): Promise<boolean> {
  const chosen = ATTACKS.filter(({ area, name }) => `${area} ${name}`.toLowerCase().includes(only))
  const say = (line: string) => void (json || process.stdout.write(`${line}\n`))
  let target: Target | undefined
  // Stops all processes when it is interrupted.
  const interrupted = () => void target?.close().finally(() => process.exit(130))
  process.once('SIGINT', interrupted)
  process.once('SIGTERM', interrupted)
  const began = performance.now()
  try {
    target = await startTarget()
    const results = await runAttacks(chosen, target, {
      areasAtOnce: 3,
      secondsEach: 60,
      secondsInAll: 150,
      onResult: (result) => say(describeResult(result)),
    })
    const summary = summarize(results)
    const seconds = Math.round((performance.now() - began) / 1000)
    say(`\n${describeSummary(summary)} (${seconds} s)`)
    if (json) process.stdout.write(`${JSON.stringify({ ...summary, seconds, results }, null, 2)}\n`)
    return summary.isGood
  } finally {
    await target?.close()
  }
}
