import { announceVerification } from '../events/events.ts'
import type { Sql } from '../platform/db.ts'
import type { Vault } from '../platform/vault.ts'
import { shiftFindings } from './findings.ts'

/**
 * For the sandbox, in a transaction: everything about the verifications of these accounts lies that much further in the past; the dates on
 * their documents by `days`. Announces what this means for applications.
 */
export async function shiftVerifications(
  sql: Sql,
  vault: Vault,
  accountIds: readonly string[],
  { seconds, days = 0 }: { seconds: number; days?: number },
): Promise<void> {
  const span = sql`make_interval(secs => ${seconds}::float8)`
  const ids = (
    await sql<{ id: string }[]>`
      update verification set session_created_at = session_created_at - ${span}, created_at = created_at - ${span},
        decided_at = decided_at - ${span}, submitted_at = submitted_at - ${span},
        match_reviewed_at = match_reviewed_at - ${span}, document_expires_on = document_expires_on - ${days}::int
      where account_id = any (${[...accountIds]}::uuid[]) returning id`
  ).map(({ id }) => id)
  await sql`
    update decision set decided_at = decided_at - ${span}, recorded_at = recorded_at - ${span}
    where verification_id = any (${ids}::uuid[])`
  await sql`
    update image set stored_at = stored_at - ${span}, captured_at = captured_at - ${span}
    where verification_id = any (${ids}::uuid[])`
  await sql`
    update told_reason set recorded_at = recorded_at - ${span} where verification_id = any (${ids}::uuid[])`
  await shiftFindings(sql, vault, ids, { seconds, days })
  for (const accountId of accountIds) await announceVerification(sql, accountId)
}
