import { setTimeout as wait } from 'node:timers/promises'
import { openBody, type StoredBody } from '../../src/id-verification/deliveries.ts'
import type { Held, History, Outcome, Slot, Stored } from './history.ts'
import { sha256Of, type World } from './world.ts'

// On a busy machine the images take long; a run that no work leaves does not wait longer than this.
const STANDSTILL_MS = 90_000
const READS_AT_ONCE = 8
const SLOT_OF: Record<string, Slot> = {
  document_front: 'documentFront',
  document_back: 'documentBack',
  selfie: 'face',
}

/**
 * Waits until no work is pending, or none was done for 90 seconds: vendors send everything again, as they do for days, and retries become due
 * at once. Returns the deliveries that were stored before that, each as "vendor sha256".
 */
export async function waitUntilSettled(world: World, history: History): Promise<Stored> {
  const vendors = new Map(world.vendors.map((each) => [each.name, each]))
  await world.courier.settled()
  // A delivery that was answered 200 must be stored without a retry of the vendor.
  await wait(2_000)
  const rows = await readDeliveries(world)
  const stored = {
    at: Date.now(),
    keys: new Set(rows.map(({ vendor, sha256 }) => `${vendor} ${sha256}`)),
  }
  for (const { vendor, sessionId } of history.sessions) await vendors.get(vendor)?.resend(sessionId)
  let moved = { at: Date.now(), done: -1 }
  for (; Date.now() < moved.at + STANDSTILL_MS; await wait(1_000)) {
    await world.courier.settled()
    const done = await countDone(world).catch(() => moved.done)
    if (done > moved.done) moved = { at: Date.now(), done }
    // A process that was frozen may still hold a lock.
    const isSettled = await settle(world, history).catch(() => false)
    if (isSettled) break
  }
  return stored
}

/** Whether no work is pending. Otherwise makes what waits for its time due now. */
async function settle(world: World, history: History): Promise<boolean> {
  const { db } = world.parts
  if ((await isQuiet(world)) && (await hasLastDecisions(world, history))) return true
  await db`update delivery set run_at = now() where state = 'received' and run_at > now()`
  await db`
    update pgboss.job set start_after = now() where state in ('created', 'retry') and start_after > now()`
  await db`
    update verification set next_check_at = now()
    where vendor_session_id is not null and status not in ('approved', 'declined', 'error')`
  return false
}

/** Every stored delivery, by the digest of its body after decryption. */
async function readDeliveries({ parts: { db, vault } }: World): Promise<Outcome['deliveries']> {
  const rows = await db<(StoredBody & { vendor: string; state: string; timesApplied: number })[]>`
    select id, vendor, body, body_sealed, state,
      (select count(*)::int from chaos_delivery where delivery_id = delivery.id and chaos_delivery.state = 'applied')
        as times_applied
    from delivery`
  return await Promise.all(
    rows.map(async ({ body, bodySealed, ...row }) => ({
      ...row,
      sha256: sha256Of(await openBody(db, vault, { id: row.id, body, bodySealed })),
    })),
  )
}

async function countJobs({ parts: { db } }: World): Promise<number> {
  const [row] = await db<{ count: number }[]>`
    select count(*)::int as count from pgboss.job where state in ('created', 'retry', 'active', 'failed')`
  return row?.count ?? 0
}

/** How much work was done so far. */
async function countDone({ parts: { db } }: World): Promise<number> {
  const [row] = await db<{ count: number }[]>`
    select (select count(*)::int from pgboss.job where state = 'completed')
      + (select count(*)::int from delivery where state <> 'received') as count`
  return row?.count ?? 0
}

async function isQuiet(world: World): Promise<boolean> {
  const { db } = world.parts
  const [row] = await db<{ count: number }[]>`
    select count(*)::int as count from delivery where state = 'received'`
  return row?.count === 0 && (await countJobs(world)) === 0
}

/** Whether each status equals the vendor's last decision. */
async function hasLastDecisions({ parts: { db } }: World, history: History): Promise<boolean> {
  const said = new Map(history.said.map(({ sessionId, status }) => [sessionId, status]))
  const rows = await db<{ id: string; status: string }[]>`select id, status from verification`
  const standing = new Map(rows.map(({ id, status }) => [id, status]))
  return history.sessions.every(({ verificationId, sessionId }) => {
    const last = said.get(sessionId)
    return last === undefined || standing.get(verificationId) === last
  })
}

/** Reads the current state. */
export async function readOutcome(world: World, storedByItself: Stored): Promise<Outcome> {
  const { db, storage } = world.parts
  const digests = new Map<string, Promise<string>>()
  // A few at a time: all at once would time out, which would look like lost bytes.
  const turn = createTurnstile(READS_AT_ONCE)
  const digestOf = (key: string): Promise<string> => {
    const known = digests.get(key)
    if (known) return known
    const digest = turn(async () =>
      (await storage.head(key)) ? sha256Of(await storage.get(key)) : 'nothing',
    )
    digests.set(key, digest)
    return digest
  }
  const rows = await db<
    {
      id: string
      accountId: string
      status: string
      imagesComplete: boolean
      documentFrontKey: string | null
      documentBackKey: string | null
      faceKey: string | null
      imagesPending: number
    }[]
  >`
    select id, account_id, status, images_complete, document_front_key, document_back_key, face_key,
      (select count(*)::int from image where verification_id = verification.id and state = 'pending') as images_pending
    from verification`
  const verifications = await Promise.all(
    rows.map(async ({ documentFrontKey, documentBackKey, faceKey, ...row }) => {
      const shown: Partial<Record<Slot, string>> = {}
      for (const [slot, key] of [
        ['documentFront', documentFrontKey],
        ['documentBack', documentBackKey],
        ['face', faceKey],
      ] as const)
        if (key) shown[slot] = await digestOf(key)
      return { ...row, shown }
    }),
  )
  const statuses = await db<{ verificationId: string; status: string; committedAt: number }[]>`
    select verification_id, status,
      extract(epoch from pg_xact_commit_timestamp(xmin))::float8 * 1000 as committed_at
    from chaos_status order by number`
  const deliveries = await readDeliveries(world)
  const decisions = await db<Outcome['decisions']>`select verification_id, status from decision`
  const stored = await db<
    {
      verificationId: string
      type: string
      sha256: string
      objectKey: string
      cleanKey: string
      jpegKey: string
      thumbnailKey: string | null
    }[]
  >`
    select verification_id, type, encode(sha256, 'hex') as sha256, object_key, clean_key, jpeg_key, thumbnail_key from image
    where state = 'stored'`
  const images = await Promise.all(
    stored.map(async ({ verificationId, type, sha256, objectKey }) => ({
      verificationId,
      slot: SLOT_OF[type],
      sha256,
      stored: await digestOf(objectKey),
    })),
  )
  const named = new Set(
    stored.flatMap(({ objectKey, cleanKey, jpegKey, thumbnailKey }) => [
      objectKey,
      cleanKey,
      jpegKey,
      thumbnailKey,
    ]),
  )
  const strayObjects = (await world.listObjects()).filter(
    (key) => !named.has(key) && key !== 'health/start',
  )
  return {
    verifications,
    statuses: [...statuses],
    storedByItself,
    deliveries: [...deliveries],
    decisions: [...decisions],
    images,
    strayObjects,
    waitingJobs: await countJobs(world),
  }
}

/** Limits concurrency; further calls wait. */
function createTurnstile(atOnce: number) {
  let free = atOnce
  const waiting: (() => void)[] = []
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve))
    else free--
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free++
    }
  }
}

/** The images of every session at the vendors. */
export async function readHeld(world: World, history: History): Promise<Map<string, Held>> {
  const held = new Map<string, Held>()
  for (const { vendor, sessionId } of history.sessions) {
    const driver = world.vendors.find(({ name }) => name === vendor)
    if (driver) held.set(sessionId, await driver.held(sessionId))
  }
  return held
}
