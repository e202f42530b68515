import { FindingsError } from '../platform/errors.ts'
import type { Finding } from './checks/check.ts'
import { defineCommand } from './command.ts'

export const doctor = defineCommand({
  isReadOnly: true,
  summary: 'Try each part for real, and say what to do',
  examples: ['doctor', 'doctor --json'],
  async run(context) {
    const { diagnose } = await import('./diagnosis.ts')
    const findings = await diagnose(context)
    if (findings.some(({ ok }) => !ok)) throw new FindingsError(describe(findings), findings)
    return findings
  },
  show: (findings: Finding[]) => `${describe(findings)}\n`,
})

const LABELS = { ok: 'ok     ', unknown: 'unknown', failed: 'FAILED ' }

const describe = (findings: readonly Finding[]): string =>
  findings
    .map(({ check, state, detail, why, advice }) =>
      [
        `${LABELS[state]}  ${check}: ${detail}`,
        ...(state === 'failed'
          ? [`         why it matters: ${why}`, `         what to do: ${advice}`]
          : []),
      ].join('\n'),
    )
    .join('\n')
