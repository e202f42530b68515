import { FindingsError } from '../platform/errors.ts'
import { defineCommand } from './command.ts'
import type { Finding } from './diagnosis.ts'

export const doctor = defineCommand({
  isReadOnly: true,
  summary: 'Try the database, the bucket, the clock, the keys and the issuer',
  examples: ['doctor', 'doctor --json'],
  async run(context) {
    const { diagnose } = await import('./diagnosis.ts')
    const findings = await diagnose(context)
    if (findings.some(({ ok }) => !ok)) throw new FindingsError(describe(findings), findings)
    return findings
  },
  show: (findings: Finding[]) => `${describe(findings)}\n`,
})

const describe = (findings: readonly Finding[]): string =>
  findings
    .map(({ check, ok, detail }) => `${ok ? 'ok    ' : 'FAILED'}  ${check}: ${detail}`)
    .join('\n')
