import { createHmac, randomBytes } from 'node:crypto'
import type { Db, Sql } from '../db.ts'
import { readDetail } from '../ledger/details.ts'
import type { ListedEntry } from '../ledger/entries.ts'
import type { Vault } from '../vault.ts'
import { ownerOf } from './findings.ts'

/* Why a vendor, a reviewer or an operator decided as they did: free words, which may speak of the person, so they are sealed. */

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

const DIGEST_KEY_BYTES = 32

const placeOfReview = (digest: string) => ({
  table: 'operator_review',
  column: 'reason_sealed',
  row: digest,
})

/**
 * In the transaction that records an operator's decision: seals the reason, and returns the digest that stands for it in the ledger. The
 * digest's key is sealed with the reason, so that the ledger proves the words as long as they are there, and confirms no guess
 * afterwards. `undefined`: nobody owns the verification any more.
 */
export async function recordOperatorReason(
  sql: Sql,
  vault: Vault,
  verification: Verification & { id: string },
  reason: string,
): Promise<string | undefined> {
  const owner = ownerOf(verification)
  if (!owner) return undefined
  const key = randomBytes(DIGEST_KEY_BYTES)
  const digest = digestOf(key, reason)
  const plaintext = Buffer.concat([key, Buffer.from(reason)])
  await sql`
    insert into operator_review (reason_digest, verification_id, reason_sealed)
    values (${digest}, ${verification.id},
      ${await vault.seal(sql, owner, placeOfReview(digest), plaintext)})`
  return digest
}

const digestOf = (key: Uint8Array, reason: string) =>
  createHmac('sha256', key).update(reason).digest('base64url')

/** An entry with the reason of an operator's review: `null` where it was erased, missing where the entry is none. */
export type ExplainedEntry = ListedEntry & { reason?: string | null }

/** Adds the sealed reasons to entries of the ledger. Throws when one is not what its entry has the digest of. */
export async function explainEntries(
  sql: Sql,
  vault: Vault,
  entries: readonly ListedEntry[],
): Promise<ExplainedEntry[]> {
  const digests = entries.flatMap((entry) => digestIn(entry) ?? [])
  if (digests.length === 0) return [...entries]
  const rows = await sql<{ digest: string; sealed: Buffer }[]>`
    select reason_digest as digest, reason_sealed as sealed from operator_review
    where reason_digest = any (${digests})`
  const reasons = new Map<string, string>()
  for (const { digest, sealed } of rows) {
    const opened = await vault.open(sql, placeOfReview(digest), sealed)
    const reason = opened.subarray(DIGEST_KEY_BYTES).toString()
    if (digestOf(opened.subarray(0, DIGEST_KEY_BYTES), reason) !== digest)
      throw new Error('the reason of a review is not the one in the ledger')
    reasons.set(digest, reason)
  }
  return entries.map((entry) => {
    const digest = digestIn(entry)
    return digest === undefined ? entry : { ...entry, reason: reasons.get(digest) ?? null }
  })
}

function digestIn(entry: ListedEntry): string | undefined {
  const detail = readDetail(entry)
  return detail.what === 'operator-review' ? detail.reasonDigest : undefined
}
