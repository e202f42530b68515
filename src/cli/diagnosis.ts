import { backupCheck } from './checks/backup.ts'
import { bucketChecks, bucketSettingChecks } from './checks/bucket.ts'
import { attempt, type Check, type Finding } from './checks/check.ts'
import { clockCheck, ledgerCheck, schemaCheck, serverChecks } from './checks/database.ts'
import { keyChecks } from './checks/keys.ts'
import { issuerCheck, mailCheck, proxyCheck } from './checks/network.ts'
import { sandboxCheck } from './checks/sandbox.ts'
import type { CommandContext } from './command.ts'

/** Tries each part for real, and says what to do where one fails. Changes nothing that stays, and migrates nothing. */
export async function diagnose(parts: CommandContext): Promise<Finding[]> {
  const { config, storage, issuer, openSandbox } = parts
  const findings: Finding[] = []
  // One after another: the checks of the bucket use one object.
  const run = async (checks: readonly Check[]) => {
    for (const check of checks) findings.push(await attempt(check))
  }
  await run(serverChecks(parts))
  const schema = await attempt(schemaCheck(parts))
  findings.push(schema)
  // What needs the tables would only fail too.
  if (schema.ok)
    await run([
      ledgerCheck(parts),
      clockCheck(parts),
      ...keyChecks(parts),
      // What is invented need not be kept.
      ...(config.isSandbox ? [] : [backupCheck(parts)]),
    ])
  await run([
    ...bucketChecks(parts),
    ...bucketSettingChecks({
      readSettings: storage.readSettings,
      isAws: config.s3.endpoint === undefined,
    }),
    ...(config.isSandbox ? [] : [mailCheck(config)]),
    proxyCheck(config),
    ...(issuer ? [issuerCheck(issuer)] : []),
    ...(openSandbox ? [sandboxCheck(openSandbox)] : []),
  ])
  return findings
}
