import type { Db, Sql } from '../platform/db.ts'
import type { JobData, Jobs } from '../platform/jobs.ts'
import type { Log } from '../platform/log.ts'
import { type Loop, startLoop } from '../platform/loop.ts'
import { OWN_LOOK_MS } from '../platform/pulse.ts'
import type { Sealer } from '../platform/secrets.ts'
import type { Vault } from '../platform/vault.ts'
import {
  findVerificationRow,
  isDecided,
  lockVerification,
  nextDailyCheck,
  recordDecision,
} from './store.ts'
import type { TokenCache } from './vendors/tokens.ts'
import { type VendorDecision, VendorError, type VerificationStatus } from './vendors/vendor.ts'
import { findVendor, requireVendor } from './vendors/vendors.ts'

type ReconcilerContext = {
  db: Db
  sealer: Sealer
  tokens: TokenCache
  vault: Vault
  jobs: Jobs
  log: Log
}

const BATCH = 20

/**
 * Fetches the results of sessions from vendors: after a delivery that is only a notice, on a schedule for undecided sessions, and
 * daily for a week for decided ones. So lost deliveries are made up for, and vendors without deliveries are supported.
 */
export async function startReconciler(context: ReconcilerContext): Promise<Loop> {
  const { jobs, log } = context
  await jobs.work('fetch-result', 4, (data) => fetchResult(context, data))
  return startLoop(
    { event: 'reconciliation failed', pauseMs: OWN_LOOK_MS, firstAfterMs: OWN_LOOK_MS, log },
    () => enqueueDueChecks(context),
  )
}

async function fetchResult(
  context: ReconcilerContext,
  { verificationId, deliveryId, check }: JobData<'fetch-result'>,
): Promise<void> {
  const { db, sealer, log } = context
  // While a vendor is unavailable, only the newest job of each session keeps retrying.
  if (check !== undefined && (await readCheckCount(db, verificationId)) !== check) return
  const verification = await findVerificationRow(db, verificationId)
  if (!verification?.vendorSessionId) return
  const vendor = await requireVendor(db, sealer, verification, context.tokens)
  // A result that was fetched while another was recorded may be the older one, and nothing in it shows that: fetched again.
  for (let tries = 1; ; tries++) {
    const answersBefore = await readAnswerCount(db, verificationId)
    const decisions = await vendor
      .fetchResult(verification.vendorSessionId)
      .catch((error: unknown) => {
        const isDailyCheck = check !== undefined && isDecided(verification.status)
        if (!isDailyCheck || !(error instanceof VendorError)) throw error
        // The vendor may have deleted the session since; otherwise it is asked again tomorrow.
        log.info('decided session could not be checked', { verificationId, error })
        return undefined
      })
    if (!decisions) return
    if (await record(context, verificationId, { decisions, answersBefore, deliveryId })) return
    if (tries === MAX_FETCHES)
      throw new VendorError('results of this session are fetched concurrently all the time')
  }
}

const MAX_FETCHES = 5

/** Records fetched decisions. `false`: another result was recorded since `answersBefore` was read, and this one was not. */
async function record(
  { db, vault, jobs, log }: ReconcilerContext,
  verificationId: string,
  given: { decisions: VendorDecision[]; answersBefore: number; deliveryId: string | undefined },
): Promise<boolean> {
  const isRecorded = await db.begin(async (sql) => {
    // Erased meanwhile: there is nothing to record it on.
    if (!(await lockVerification(sql, verificationId))) return true
    const [counted] = await sql`
      update verification set answers = answers + 1
      where id = ${verificationId} and answers = ${given.answersBefore} returning true as counted`
    if (!counted) return false
    for (const decision of given.decisions)
      for (const attemptId of await recordDecision(
        sql,
        vault,
        verificationId,
        decision,
        given.deliveryId,
      ))
        await jobs.enqueue(sql, 'list-images', { verificationId, attemptId })
    return true
  })
  jobs.pollNow()
  if (isRecorded)
    log.info('vendor result fetched', { verificationId, decisions: given.decisions.length })
  return isRecorded
}

async function readAnswerCount(db: Db, id: string): Promise<number> {
  const [row] = await db<{ answers: number }[]>`select answers from verification where id = ${id}`
  return row?.answers ?? 0
}

/** Whether the result of a session is to be fetched. */
export const isCheckDue = (sql: Sql) => sql`
  exists (select from verification where next_check_at <= now())`

/** Enqueues a check of each session that is due, in batches; each session is claimed by one process. */
async function enqueueDueChecks({ db, sealer, jobs, log }: ReconcilerContext): Promise<void> {
  await db.begin(async (sql) => {
    const due = await sql<DueCheck[]>`
      select id, vendor, integration, status, checks from verification
      where next_check_at <= now()
      order by next_check_at limit ${BATCH} for update skip locked`
    for (const { id, vendor, integration, status, checks } of due) {
      const configured = await findVendor(sql, sealer, { vendor, integration })
      if (isDecided(status)) await scheduleDailyCheck(sql, id)
      else await scheduleCheck(sql, id, configured?.checkAfterSeconds(checks + 1))
      if (configured)
        await jobs.enqueue(sql, 'fetch-result', { verificationId: id, check: checks + 1 })
    }
    if (due.length > 0) log.info('session checks enqueued', { sessions: due.length })
  })
}

type DueCheck = {
  id: string
  vendor: string
  integration: string
  status: VerificationStatus
  checks: number
}

/** All deliveries of a later overturn may be lost, so a decided session is checked daily, for a week after its last decision. */
const scheduleDailyCheck = (sql: Sql, id: string) => sql`
  update verification set checks = checks + 1, next_check_at = ${nextDailyCheck(sql, id)}
  where id = ${id}`

const scheduleCheck = (sql: Sql, id: string, seconds: number | undefined) => sql`
  update verification set checks = checks + 1,
    next_check_at = now() + make_interval(secs => ${seconds ?? null}::float8)
  where id = ${id}`

async function readCheckCount(sql: Sql, id: string): Promise<number | undefined> {
  const [row] = await sql<{ checks: number }[]>`select checks from verification where id = ${id}`
  return row?.checks
}
