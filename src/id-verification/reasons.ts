import type { Db, Sql } from '../platform/db.ts'
import type { Vault } from '../platform/vault.ts'
import { ownerOf } from './findings.ts'

/* Why a vendor or a reviewer decided as they did: free words, which may speak of the person, so they are sealed. */

const BATCH = 100

const placeOf = (decisionId: string) => ({
  table: 'decision',
  column: 'reason_sealed',
  row: decisionId,
})

type Verification = { accountId: string | null; subjectId: string | null }

/** In the transaction that records the decision. */
export async function recordReason(
  sql: Sql,
  vault: Vault,
  verification: Verification,
  { decisionId, reason }: { decisionId: string; reason: string | undefined },
): Promise<void> {
  const owner = ownerOf(verification)
  if (reason === undefined || !owner) return
  const sealed = await vault.seal(sql, owner, placeOf(decisionId), reason)
  await sql`update decision set reason = null, reason_sealed = ${sealed} where id = ${decisionId}`
}

/** A decision's reason as JSON has it: in the clear where an earlier version stored it, sealed as hexadecimal digits else. */
export type StoredReason = { id: string; reason: string | null; sealed: string | null }

/** Members of a JSON object in a `select` from `decision`, for `openReason`. */
export const reasonMembers = (sql: Sql) =>
  sql`'id', id, 'reason', reason, 'sealed', encode(reason_sealed, 'hex')`

export async function openReason(
  sql: Sql,
  vault: Vault,
  stored: StoredReason | null,
): Promise<string | null> {
  if (!stored?.sealed) return stored?.reason ?? null
  const opened = await vault.open(sql, placeOf(stored.id), Buffer.from(stored.sealed, 'hex'))
  return opened.toString()
}

/** Seals some of the reasons that were stored in the clear. Answers how many there were, 0 when all are sealed. */
export async function sealStoredReasons(db: Db, vault: Vault): Promise<number> {
  return await db.begin(async (sql) => {
    const rows = await sql<(Verification & { id: string; reason: string })[]>`
      select decision.id, reason, account_id, subject_id
      from decision join verification on verification.id = verification_id
        and num_nonnulls(account_id, subject_id) > 0
      where reason is not null order by decision.id limit ${BATCH} for update of decision skip locked`
    for (const { id, reason, ...verification } of rows)
      await recordReason(sql, vault, verification, { decisionId: id, reason })
    return rows.length
  })
}
