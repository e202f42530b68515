import type { Db, Sql } from '../platform/db.ts'
import type { JobData, Jobs } from '../platform/jobs.ts'
import type { Log } from '../platform/log.ts'
import { startLoop } from '../platform/loop.ts'
import type { Sealer } from '../platform/secrets.ts'
import type { Vault } from '../platform/vault.ts'
import { findVerificationRow, lockVerification, recordDecision } from './store.ts'
import type { TokenCache } from './vendors/tokens.ts'
import { type VendorDecision, VendorError } from './vendors/vendor.ts'
import { findVendor, requireVendor } from './vendors/vendors.ts'

type ReconcilerContext = {
  db: Db
  sealer: Sealer
  tokens: TokenCache
  vault: Vault
  jobs: Jobs
  log: Log
}

// One look-up of an index: a person may be waiting who has just come back from the vendor.
const POLL_MS = 1_000
const AT_ONCE = 20

export type Reconciler = { stop(): Promise<void> }

/**
 * Asks vendors what became of sessions: of those that a delivery gave notice of, and of those that have gone quiet, so
 * that a lost week of deliveries heals, and vendors that send nothing are heard.
 */
export async function startReconciler(parts: ReconcilerContext): Promise<Reconciler> {
  const { jobs, log } = parts
  await jobs.work('fetch-result', 4, (data) => fetchResult(parts, data))
  return startLoop(
    { event: 'reconciliation failed', pauseMs: POLL_MS, firstAfterMs: POLL_MS, log },
    () => enqueueDueChecks(parts),
  )
}

async function fetchResult(
  parts: ReconcilerContext,
  { verificationId, deliveryId, check }: JobData<'fetch-result'>,
): Promise<void> {
  const { db, sealer } = parts
  // While a vendor is away, one job for each session goes on trying and no more: the newest.
  if (check !== undefined && (await countChecks(db, verificationId)) !== check) return
  const verification = await findVerificationRow(db, verificationId)
  if (!verification?.vendorSessionId) return
  const vendor = await requireVendor(db, sealer, verification, parts.tokens)
  // What was asked for while another answer came may be older than that one, and nothing in it would tell: asked again.
  for (let tries = 1; ; tries++) {
    const before = await countAnswers(db, verificationId)
    const found = await vendor.fetchResult(verification.vendorSessionId)
    if (await record(parts, verificationId, { found, before, deliveryId })) return
    if (tries === MAX_FETCHES) throw new VendorError('others ask about this session all the time')
  }
}

const MAX_FETCHES = 5

/** `false`: another answer was recorded since `before` was read, and this one was not. */
async function record(
  { db, vault, jobs, log }: ReconcilerContext,
  verificationId: string,
  given: { found: VendorDecision[]; before: number; deliveryId: string | undefined },
): Promise<boolean> {
  const isRecorded = await db.begin(async (sql) => {
    // Erased meanwhile: then there is nothing to record it on.
    if (!(await lockVerification(sql, verificationId))) return true
    const [counted] = await sql`
      update verification set answers = answers + 1
      where id = ${verificationId} and answers = ${given.before} returning true as counted`
    if (!counted) return false
    for (const decision of given.found)
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
  jobs.wake()
  if (isRecorded) log.info('vendor asked', { verificationId, decisions: given.found.length })
  return isRecorded
}

async function countAnswers(db: Db, id: string): Promise<number> {
  const [row] = await db<{ answers: number }[]>`select answers from verification where id = ${id}`
  return row?.answers ?? 0
}

/** Takes those whose time has come, some at a time and each by one process, and has each asked about. */
async function enqueueDueChecks({ db, sealer, jobs, log }: ReconcilerContext): Promise<void> {
  await db.begin(async (sql) => {
    const due = await sql<{ id: string; vendor: string; integration: string; checks: number }[]>`
      select id, vendor, integration, checks from verification
      where next_check_at <= now()
      order by next_check_at limit ${AT_ONCE} for update skip locked`
    for (const { id, vendor, integration, checks } of due) {
      const configured = await findVendor(sql, sealer, { vendor, integration })
      await scheduleCheck(sql, id, configured?.checkAfterSeconds(checks + 1))
      if (configured)
        await jobs.enqueue(sql, 'fetch-result', { verificationId: id, check: checks + 1 })
    }
    if (due.length > 0) log.info('quiet sessions', { asked: due.length })
  })
}

const scheduleCheck = (sql: Sql, id: string, seconds: number | undefined) => sql`
  update verification set checks = checks + 1,
    next_check_at = now() + make_interval(secs => ${seconds ?? null}::float8)
  where id = ${id}`

async function countChecks(sql: Sql, id: string): Promise<number | undefined> {
  const [row] = await sql<{ checks: number }[]>`select checks from verification where id = ${id}`
  return row?.checks
}
