import { lockAccount } from '../accounts/accounts.ts'
import { type Attempt, countWithin, findWait, MustWait } from '../accounts/throttle.ts'
import type { Db, Sql } from '../platform/db.ts'
import { OperatorError } from '../platform/errors.ts'
import type { Jobs } from '../platform/jobs.ts'
import type { Log } from '../platform/log.ts'
import type { Sealer } from '../platform/secrets.ts'
import type { Vault } from '../platform/vault.ts'
import { createRow, openSession, returnUrlOf } from './operations.ts'
import { settleOutcome } from './outcome.ts'
import { findOwnProgress, isCancellable, isUnderWay } from './own-progress.ts'
import { eraseWithin } from './retention.ts'
import { lockVerification, recordDecision, stopChecks } from './store.ts'
import { deletePage, findPage } from './vendor-pages.ts'
import { MANUAL } from './vendors/vendor-names.ts'
import { listOfferedVerifiers, type OfferedVerifier } from './vendors/vendor-order.ts'
import { createVendor, findVendorIntegration } from './vendors/vendors.ts'

/* Verifications that residents start, continue and cancel by themselves. One resident has one under way at a time. */

type Parts = { db: Db; vault: Vault; sealer: Sealer; jobs: Jobs; issuer: string; log: Log }
type Own = { accountId: string; id: string }

/** Of this the resident waits for at most one vendor after the other, so it is shorter than a call may otherwise take. */
const DEADLINE_SECONDS = 15

/** `under-way`: there was one already. `failed`: no vendor started a session. */
export type OwnStart =
  | { outcome: 'started' | 'under-way' | 'failed'; id: string; vendor: string }
  | { outcome: 'not-offered' }
  | { outcome: 'too-many'; waitSeconds: number }

type Start = {
  accountId: string
  /** The application's request that waits for it. */
  interactionUid: string | undefined
  /** Counted for what is started, and not for the other clicks of the same moment. */
  attempt: Attempt
}

/** Starts a verification with the first verifier of the operator's order that can, unless one is under way. */
export async function startOwnVerification(parts: Parts, given: Start): Promise<OwnStart> {
  const { db, log } = parts
  let last: { id: string; vendor: string } | undefined
  for (const verifier of await listOfferedVerifiers(db)) {
    const begun = await db
      .begin((sql) => begin(sql, { ...given, verifier, replaces: last?.id }))
      .catch((error: unknown) => {
        if (error instanceof MustWait) return undefined
        throw error
      })
    if (!begun)
      return { outcome: 'too-many', waitSeconds: Math.max(1, await findWait(db, given.attempt)) }
    if (!begun.state) return { outcome: 'under-way', ...begun }
    const { id, state } = begun
    const { vendor, integration } = verifier
    last = { id, vendor }
    if (vendor === MANUAL) return { outcome: 'started', ...last }
    try {
      const configured = await findVendorIntegration(db, parts.sealer, vendor, integration)
      if (!configured) continue
      const row = { id, state, accountId: given.accountId, deadlineSeconds: DEADLINE_SECONDS }
      await openSession(parts, configured, row)
      return { outcome: 'started', ...last }
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error
      log.warn('vendor started no session', { verificationId: id, vendor, integration, error })
    }
  }
  return last ? { outcome: 'failed', ...last } : { outcome: 'not-offered' }
}

/**
 * In a transaction: creates the row of a session that is to be started, in place of `replaces`, which another vendor did not start.
 * Without `state`: the one that is under way. The lock of the account decides among several requests.
 */
async function begin(
  sql: Sql,
  given: Start & { verifier: OfferedVerifier; replaces: string | undefined },
): Promise<{ id: string; vendor: string; state?: string }> {
  const { accountId, interactionUid, attempt, verifier, replaces } = given
  await lockAccount(sql, accountId)
  const newest = await findOwnProgress(sql, accountId)
  if (newest && isUnderWay(newest) && newest.id !== replaces)
    return { id: newest.id, vendor: newest.vendor }
  if (replaces === undefined) await countWithin(sql, attempt)
  await deleteUnstarted(sql, accountId)
  const row = await createRow(sql, { ...verifier, id: replaces, accountId }, 'default')
  if (interactionUid !== undefined) await rememberRequest(sql, { ...row, interactionUid })
  return { id: row.id, vendor: verifier.vendor, state: row.state }
}

/** Their sessions were never started, so there is nothing in them that a new start does not replace. */
const deleteUnstarted = (sql: Sql, accountId: string) => sql`
  delete from verification
  where account_id = ${accountId} and subject_id is null and vendor <> ${MANUAL} and vendor_session_id is null
    and status in ('pending', 'error')`

/** Stores that this request of an application waits for a verification. */
export async function rememberRequest(
  sql: Sql,
  { id, interactionUid }: { id: string; interactionUid: string },
): Promise<void> {
  await sql`update verification set interaction_uid = ${interactionUid} where id = ${id}`
}

/**
 * The address where the resident goes on with a verification that is theirs. `undefined`: there is none any more, so another
 * verification has to be started. Throws VendorError when the vendor gives no new address now.
 */
export async function openOwnPage(
  { db, vault, sealer, issuer }: Parts,
  { accountId, id }: Own,
): Promise<string | undefined> {
  const progress = await findOwnProgress(db, accountId, id)
  if (!progress?.hasPage || !isCancellable(progress)) return undefined
  if (progress.vendor === MANUAL) return `/verify/manual/${id}`
  const [row] = await db<{ integration: string; sessionId: string }[]>`
    select integration, vendor_session_id as session_id from verification where id = ${id}`
  const page = row && (await findPage(db, vault, id))
  const configured =
    page && (await findVendorIntegration(db, sealer, progress.vendor, row.integration))
  if (!configured) {
    // The operator disabled the vendor.
    await deletePage(db, id)
    return undefined
  }
  const vendor = createVendor(configured)
  // Of several requests, one opens a page that opens once.
  if (!vendor.renewPage)
    return !vendor.opensOnce || (await deletePage(db, id)) ? page.url : undefined
  const { sessionId } = row
  const { state } = page
  const returnUrl = returnUrlOf(issuer, configured, state)
  const renewed = await vendor.renewPage({ verificationId: id, sessionId, returnUrl, state })
  if (renewed === undefined) await deletePage(db, id)
  return renewed
}

/**
 * Ends a verification that the resident does not want to finish. Nothing of it is kept where no photo was judged; after a request for
 * new photos it counts as expired. `false`: it is not theirs, or it is too late, because it is being checked or has a result.
 */
export async function cancelOwnVerification(
  { db, jobs, vault, log }: Parts,
  { accountId, id }: Own,
): Promise<boolean> {
  const outcome = await db.begin(async (sql) => {
    const row = (await findOwnProgress(sql, accountId, id)) && (await lockVerification(sql, id))
    // Read again, under the lock.
    const progress = row && (await findOwnProgress(sql, accountId, id))
    if (!progress || !isCancellable(progress)) return undefined
    if (progress.state === 'at-vendor') {
      await eraseWithin(sql, jobs, id, 'resident')
      return 'erased'
    }
    const decision = { attemptId: row.attemptId ?? '', decidedAt: new Date() }
    await recordDecision(
      sql,
      vault,
      id,
      { ...decision, status: 'expired', documentType: undefined, reason: undefined },
      undefined,
    )
    // The vendor would report its request for new photos again.
    await stopChecks(sql, id)
    await settleOutcome(sql, id)
    return 'ended'
  })
  if (outcome) log.info('verification cancelled', { verificationId: id, accountId, outcome })
  return outcome !== undefined
}
