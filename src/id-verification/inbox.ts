import { type Db, isDataFault, isUnstorable, type Sql } from '../platform/db.ts'
import type { Jobs } from '../platform/jobs.ts'
import type { Log } from '../platform/log.ts'
import { startLoop } from '../platform/loop.ts'
import type { Sealer } from '../platform/secrets.ts'
import type { Vault } from '../platform/vault.ts'
import { openBody, resealForOwner, type StoredBody } from './deliveries.ts'
import { hasDuplicateKeys } from './duplicate-keys.ts'
import { findBySession, recordDecision, type VerificationRow } from './store.ts'
import type { Vendor, VendorReport } from './vendors/vendor.ts'
import { findVendor } from './vendors/vendors.ts'

/*
 * The delivery row is its own queue entry: it was written before the vendor got its 200, and it stays "received" until
 * one transaction has recorded what it says together with the jobs that follow.
 */

export type Inbox = { wake(): void; stop(): Promise<void> }

const IDLE_MS = 1_000
// About a day of tries, from a second to a quarter of an hour apart.
const TRIES = 100
const LONGEST_DELAY_SECONDS = 15 * 60

type Delivery = StoredBody & {
  vendor: string
  integration: string
  isOwned: boolean
  tries: number
}

/** Applies deliveries, one after the other, for as long as it runs; any number of processes may. */
export function startInbox(parts: {
  db: Db
  sealer: Sealer
  vault: Vault
  jobs: Jobs
  log: Log
}): Inbox {
  const { db, log } = parts
  return startLoop({ event: 'deliveries cannot be applied', pauseMs: IDLE_MS, log }, applyNext)

  /** Answers whether there was one. */
  async function applyNext(): Promise<boolean> {
    let claimed: Delivery | undefined
    try {
      return await db.begin(async (sql) => {
        const [delivery] = await sql<Delivery[]>`
          select id, vendor, integration, body, body_sealed, is_owned, tries from delivery
          where state = 'received' and run_at <= now()
          order by run_at limit 1 for update skip locked`
        if (!delivery) return false
        claimed = delivery
        await apply(sql, delivery, parts)
        return true
      })
    } catch (error) {
      if (!claimed) throw error
      await postpone(claimed, error)
      return true
    } finally {
      if (claimed) parts.jobs.wake()
    }
  }

  async function postpone({ id, tries }: Delivery, error: unknown) {
    const never = permanentFailure(error)
    if (never !== undefined) {
      log.warn('delivery quarantined', { deliveryId: id, explanation: never, error })
      await db`
        update delivery set tries = tries + 1, state = 'quarantined', applied_at = now(),
          explanation = ${never}
        where id = ${id} and state = 'received'`
      return
    }
    const name = error instanceof Error ? error.name : 'unknown error'
    const isLast = tries + 1 >= TRIES
    const seconds = Math.min(2 ** Math.min(tries, 12), LONGEST_DELAY_SECONDS)
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

/** Why another try cannot succeed; `undefined` when it can. */
function permanentFailure(error: unknown): string | undefined {
  if (isUnstorable(error)) return 'it holds a NUL character, which cannot be stored'
  if (isDataFault(error))
    return `it holds a value that cannot be stored (SQLSTATE ${(error as { code?: string }).code})`
  if (error instanceof UnreadableError) return error.message
  return undefined
}

async function apply(
  sql: Sql,
  delivery: Delivery,
  { sealer, vault, jobs, log }: { sealer: Sealer; vault: Vault; jobs: Jobs; log: Log },
): Promise<void> {
  const { id, vendor, integration, isOwned } = delivery
  const body = await openBody(sql, vault, delivery)
  const end = async (state: string, explanation: string, verification?: VerificationRow) => {
    const verificationId = verification?.id
    await sql`
      update delivery set state = ${state}, explanation = ${explanation}, applied_at = now(),
        verification_id = ${verificationId ?? null}
      where id = ${id}`
    if (verification) await resealForOwner(sql, vault, { id, body, isOwned }, verification)
    log.info('delivery applied', { deliveryId: id, state, verificationId })
  }

  const configured = await findVendor(sql, sealer, { vendor, integration })
  if (!configured) return end('quarantined', 'the integration it came by is gone')
  if (hasDuplicateKeys(body))
    return end('quarantined', 'not understood: an object in it has a key twice')
  const reading = read(configured, body)
  if (reading.kind === 'unknown')
    return end('quarantined', `not understood: ${reading.explanation}`)
  const { sessionId } = reading
  const verification =
    sessionId === undefined ? undefined : await findBySession(sql, vendor, integration, sessionId)
  if (reading.kind === 'ignored') return end('ignored', reading.explanation, verification)

  // The resident is the one of our own row; what the vendor echoes is only held against it.
  if (!verification) return end('quarantined', 'it speaks of a session that was not started here')
  if (reading.echoed !== undefined && reading.echoed !== verification.id)
    return end(
      'quarantined',
      'what the vendor echoes of ours is not what was sent with this session',
      verification,
    )
  if (reading.kind === 'notice') {
    await jobs.enqueue(sql, 'fetch-result', { verificationId: verification.id, deliveryId: id })
    return end('applied', `the vendor is asked: ${reading.explanation}`, verification)
  }
  for (const attemptId of await recordDecision(sql, vault, verification.id, reading, id))
    await jobs.enqueue(sql, 'list-images', { verificationId: verification.id, attemptId })
  await end('applied', `recorded: ${reading.status}`, verification)
}

function read(vendor: Vendor, body: Buffer): VendorReport {
  try {
    return vendor.read(body)
  } catch (cause) {
    const name = cause instanceof Error ? cause.name : 'unknown error'
    throw new UnreadableError(`it could not be read: ${name}`, { cause })
  }
}
