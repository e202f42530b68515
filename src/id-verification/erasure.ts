import { listErasureNotices } from '../events/store.ts'
import { proveInclusion } from '../ledger/proofs.ts'
import type { Sql } from '../platform/db.ts'
import { listErased } from './retention.ts'

/** Signs the receipt as a compact JWS over this payload. */
export type SignReceipt = (receipt: Record<string, unknown>) => Promise<string>

/**
 * Reports the erasure of a resident, by their former id: each verification's objects and the vendor's answer, which applications were
 * requested to erase their copies and what they answered, and the ledger's proof of the erasure. `receipt` is all of this, signed. It
 * contains ids and no other personal data. `isComplete`: nothing is left to be done on our side. `undefined`: no resident of this id was
 * erased.
 */
export async function proveErasure(sql: Sql, accountId: string, sign: SignReceipt) {
  const entries = await sql<{ id: string; at: Date; verificationId: string | null }[]>`
    select id, at, verification_id from ledger_entry
    where account_id = ${accountId} and kind = 'erasure' and (verification_id is not null or result = 'account')
    order by id`
  const account = entries.find(({ verificationId }) => verificationId === null)
  if (!account) return undefined
  const ids = entries.flatMap(({ verificationId }) => verificationId ?? [])
  // In the order of the ledger.
  const verifications = (await listErased(sql, ids)).sort(
    (one, other) => ids.indexOf(one.id) - ids.indexOf(other.id),
  )
  const applications = (await listErasureNotices(sql, accountId)).map(
    ({ id, clientId, state, deliveredAt, answer, answerReason }) => ({
      event: id,
      clientId,
      state,
      deliveredAt,
      answer,
      answerReason,
    }),
  )
  const proof = await proveInclusion(sql, account.id)
  const found = {
    id: accountId,
    erasedAt: account.at,
    isComplete: verifications.every(
      ({ objectsDeletedAt, vendorAnswer }) => objectsDeletedAt !== null && vendorAnswer !== null,
    ),
    verifications,
    applications,
    ledger: proof
      ? {
          entry: proof.entry,
          index: proof.index,
          size: proof.size,
          path: proof.path,
          root: proof.head.root,
          head: proof.head.jws,
        }
      : null,
  }
  return { ...found, receipt: await sign(found) }
}
