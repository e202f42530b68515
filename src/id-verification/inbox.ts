import { correlate, parseTraceparent } from '../platform/correlation.ts'
import { type Db, isDataFault, isUnstorable, type Sql } from '../platform/db.ts'
import type { Jobs } from '../platform/jobs.ts'
import type { Log } from '../platform/log.ts'
import { type Loop, startLoop } from '../platform/loop.ts'
import { observe } from '../platform/operations.ts'
import { OWN_LOOK_MS } from '../platform/pulse.ts'
import type { Sealer } from '../platform/secrets.ts'
import type { Vault } from '../platform/vault.ts'
import { openBody, resealForOwner, type StoredBody } from './deliveries.ts'
import { hasDuplicateKeys } from './duplicate-keys.ts'
import { findBySession, recordDecision, type VerificationRow } from './store.ts'
import type { Vendor, VendorReport } from './vendors/vendor.ts'
import { findVendor } from './vendors/vendors.ts'

/*
 * The delivery row is its own queue entry: it was committed before the vendor's 200, and stays "received" until one
 * transaction records its decision and enqueues the jobs that follow.
 */

type DeliveryState = 'applied' | 'ignored' | 'quarantined'

// About a day, with delays from a second to a quarter of an hour.
const MAX_TRIES = 100
const MAX_DELAY_SECONDS = 15 * 60

type Delivery = StoredBody & {
  vendor: string
  integration: string
  isOwned: boolean
  tries: number
  traceparent: string | null
}

/** Whether a delivery is to be applied. */
export const isDeliveryDue = (sql: Sql) => sql`
  exists (select from delivery where state = 'received' and run_at <= now())`

/** Applies deliveries one after the other until it is stopped. Any number of processes may run it. */
export function startInbox(context: {
  db: Db
  sealer: Sealer
  vault: Vault
  jobs: Jobs
  log: Log
}): Loop {
  const { db, log } = context
  return startLoop({ event: 'deliveries cannot be applied', pauseMs: OWN_LOOK_MS, log }, applyNext)

  /** Returns whether there was one. */
  async function applyNext(): Promise<boolean> {
    let claimed: Delivery | undefined
    try {
      return await db.begin(async (sql) => {
        const [delivery] = await sql<Delivery[]>`
          select id, vendor, integration, body, body_sealed, is_owned, tries, traceparent from delivery
          where state = 'received' and run_at <= now()
          order by run_at limit 1 for update skip locked`
        if (!delivery) return false
        claimed = delivery
        await correlate({ trace: parseTraceparent(delivery.traceparent) }, () =>
          observe(
            { kind: 'delivery', vendor: delivery.vendor },
            () => apply(sql, delivery, context),
            ({ result, error }) => (error === undefined ? (result ?? 'error') : 'error'),
          ),
        )
        return true
      })
    } catch (error) {
      if (!claimed) throw error
      await postpone(claimed, error)
      return true
    } finally {
      if (claimed) context.jobs.pollNow()
    }
  }

  async function postpone({ id, tries }: Delivery, error: unknown) {
    const failure = permanentFailure(error)
    if (failure !== undefined) {
      log.warn('delivery quarantined', { deliveryId: id, explanation: failure, error })
      await db`
        update delivery set tries = tries + 1, state = 'quarantined', applied_at = now(),
          explanation = ${failure}
        where id = ${id} and state = 'received'`
      return
    }
    const name = error instanceof Error ? error.name : 'unknown error'
    const isLast = tries + 1 >= MAX_TRIES
    const seconds = Math.min(2 ** Math.min(tries, 12), MAX_DELAY_SECONDS)
    log.warn('delivery could not be applied', { deliveryId: id, tries: tries + 1, error })
    await db`
      update delivery set tries = tries + 1, state = ${isLast ? 'failed' : 'received'},
        run_at = now() + make_interval(secs => ${seconds}),
        explanation = ${`could not be applied: ${name}`}
      where id = ${id} and state = 'received'`
  }
}

/** A body that could not be read: the same bytes will fail the same way. */
class UnreadableError extends Error {
  override readonly name = 'UnreadableError'
}

/** Explains why another try cannot succeed; `undefined` when it can. */
function permanentFailure(error: unknown): string | undefined {
  if (isUnstorable(error)) return 'it contains a NUL character, which cannot be stored'
  if (isDataFault(error))
    return `it contains a value that cannot be stored (SQLSTATE ${(error as { code?: string }).code})`
  if (error instanceof UnreadableError) return error.message
  return undefined
}

/** Returns the delivery's new state. */
async function apply(
  sql: Sql,
  delivery: Delivery,
  { sealer, vault, jobs, log }: { sealer: Sealer; vault: Vault; jobs: Jobs; log: Log },
): Promise<DeliveryState> {
  const { id, vendor, integration, isOwned } = delivery
  const body = await openBody(sql, vault, delivery)
  const end = async (state: DeliveryState, explanation: string, verification?: VerificationRow) => {
    const verificationId = verification?.id
    await sql`
      update delivery set state = ${state}, explanation = ${explanation}, applied_at = now(),
        verification_id = ${verificationId ?? null}
      where id = ${id}`
    if (verification) await resealForOwner(sql, vault, { id, body, isOwned }, verification)
    log.info('delivery applied', { deliveryId: id, state, verificationId })
    return state
  }

  const configured = await findVendor(sql, sealer, { vendor, integration })
  if (!configured) return end('quarantined', 'its integration does not exist any more')
  if (hasDuplicateKeys(body))
    return end('quarantined', 'not understood: an object in it has a key twice')
  const report = readReport(configured, body)
  if (report.kind === 'unknown') return end('quarantined', `not understood: ${report.explanation}`)
  const { sessionId } = report
  const verification =
    sessionId === undefined ? undefined : await findBySession(sql, vendor, integration, sessionId)
  if (report.kind === 'ignored') return end('ignored', report.explanation, verification)

  // The owner comes from our own row; the echoed id must agree with it.
  if (!verification) return end('quarantined', 'its session was not started here')
  if (report.echoed !== undefined && report.echoed !== verification.id)
    return end(
      'quarantined',
      'the echoed verification id is not the one of this session',
      verification,
    )
  if (report.kind === 'notice') {
    await jobs.enqueue(sql, 'fetch-result', { verificationId: verification.id, deliveryId: id })
    return end(
      'applied',
      `the result is fetched from the vendor: ${report.explanation}`,
      verification,
    )
  }
  for (const attemptId of await recordDecision(sql, vault, verification.id, report, id))
    await jobs.enqueue(sql, 'list-images', { verificationId: verification.id, attemptId })
  return await end('applied', `recorded: ${report.status}`, verification)
}

function readReport(vendor: Vendor, body: Buffer): VendorReport {
  try {
    return vendor.read(body)
  } catch (cause) {
    const name = cause instanceof Error ? cause.name : 'unknown error'
    throw new UnreadableError(`it could not be read: ${name}`, { cause })
  }
}
