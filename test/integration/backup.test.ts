import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findVerification } from '../../src/id-verification/operations.ts'
import {
  countListings,
  findLatestDocuments,
  lockVerification,
  recordDecision,
  recordListing,
} from '../../src/id-verification/store.ts'
import { drawImage } from '../../src/local/sandbox/images.ts'
import { inventPerson } from '../../src/local/sandbox/specimen.ts'
import { addResident, SMALL_PHOTOS, startPortal, type TestPortal } from '../support/portal.ts'
import { connectSandbox, eventually, hasFailedImage, retryNowUntil } from '../support/sandbox.ts'
import { addVerification } from '../support/verifications.ts'

let portal: TestPortal
let vendor: Awaited<ReturnType<typeof connectSandbox>>
beforeAll(async () => {
  portal = await startPortal({ worker: true })
  vendor = await connectSandbox(portal)
})
afterAll(async () => {
  await vendor.sandbox.close()
  await portal.close()
})

type Image = {
  attemptId: string
  type: string
  state: string
  contentType: string
  sha256: string
  shownSha256: string
  refusals: number
  reason: string | null
}
const read = async (id: string) =>
  (await findVerification(portal.db, id)) as unknown as {
    status: string
    imagesComplete: boolean
    images: Image[]
    decisions: object[]
  }
const complete = (id: string) =>
  eventually(async () => {
    const verification = await read(id)
    return verification.imagesComplete ? verification : undefined
  })
const keys = async (id: string) => {
  const [row] = await portal.db<
    { documentFrontKey: string | null; documentBackKey: string | null; faceKey: string | null }[]
  >`
    select document_front_key, document_back_key, face_key from verification where id = ${id}`
  if (!row) throw new Error('no such verification')
  return row
}
const digestOf = async (key: string | null) =>
  createHash('sha256')
    .update(await portal.parts.storage.get(key ?? ''))
    .digest('hex')
const held = async (sessionId: string) =>
  new Map(
    ((await vendor.sandbox.findSession(sessionId))?.attempts.at(-1)?.media ?? []).map(
      ({ context, sha256 }) => [context, sha256],
    ),
  )

test('an approved session ends with each image in the bucket, byte for byte', async () => {
  const { id, sessionId } = await vendor.start()
  await vendor.sandbox.complete(sessionId, 'approved')
  const { status, images } = await complete(id)
  expect(status).toBe('approved')
  expect(images.map(({ state }) => state)).toEqual(images.map(() => 'stored'))
  const originals = await held(sessionId)
  const { documentFrontKey, documentBackKey, faceKey } = await keys(id)
  expect(await digestOf(documentFrontKey)).toBe(originals.get('document-front'))
  expect(await digestOf(documentBackKey)).toBe(originals.get('document-back'))
  expect(await digestOf(faceKey)).toBe(originals.get('face'))
  expect(documentFrontKey).toMatch(new RegExp(`^default/${id}/[0-9a-f-]{36}/document_front\\.jpg$`))
})

test.each([
  ['twice', { webhooks: { times: 2 } }],
  ['out of order', { webhooks: { order: 'reversed' as const } }],
  ['late', { webhooks: { delayInMs: 200 } }],
])('webhooks that come %s end the same, and back up once', async (_what, faults) => {
  const { id, sessionId } = await vendor.start()
  await vendor.sandbox.misbehave(faults, sessionId)
  await vendor.sandbox.complete(sessionId, 'approved')
  const { status, images } = await complete(id)
  await vendor.sandbox.settled(60_000)
  expect(status).toBe('approved')
  expect(new Set(images.map(({ type }) => type)).size).toBe(images.length)
  const rows = await portal.db`select from image where verification_id = ${id}`
  expect(rows).toHaveLength(images.length)
})

test('every attempt is kept and told apart, and the approved one is what is shown', async () => {
  const { resident, id, sessionId } = await vendor.start()
  await vendor.sandbox.complete(sessionId, 'resubmission_requested')
  await eventually(async () => {
    const { images } = await read(id)
    return images.length > 0 && images.every(({ state }) => state === 'stored')
  })
  expect(await findLatestDocuments(portal.db, resident.id)).toBeUndefined()
  await vendor.sandbox.complete(sessionId, 'approved')
  const { images } = await eventually(async () => {
    const found = await read(id)
    return found.status === 'approved' && found.imagesComplete ? found : undefined
  })
  const attempts = (await vendor.sandbox.findSession(sessionId))?.attempts ?? []
  expect(attempts).toHaveLength(2)
  for (const attempt of attempts)
    expect(
      images
        .filter(({ attemptId }) => attemptId === attempt.id)
        .map(({ sha256 }) => sha256)
        .sort(),
    ).toEqual(attempt.media.map(({ sha256 }) => sha256).sort())
  const { documentFrontKey } = await keys(id)
  expect(documentFrontKey).toContain(attempts.at(-1)?.id)
})

test('webhooks with a wrong signature change nothing', async () => {
  const { id, sessionId } = await vendor.start()
  await vendor.sandbox.misbehave({ webhooks: { signature: 'wrong' } }, sessionId)
  await vendor.sandbox.complete(sessionId, 'approved')
  await eventually(async () => portal.logged().includes('webhook_signature_invalid'))
  expect(await read(id)).toMatchObject({ status: 'pending', decisions: [] })
})

test('a PNG, a WebP and a HEIC are kept as they are, and a JPEG stands beside each for the .jpg links', async () => {
  const { id, sessionId } = await vendor.start()
  const person = inventPerson('formats', SMALL_PHOTOS)
  const front = await drawImage(person, 'documentFront', 'png')
  const face = await drawImage(person, 'face', 'webp')
  const back = await readFile(new URL('../fixtures/specimen.heic', import.meta.url))
  await vendor.sandbox.start(sessionId)
  await vendor.sandbox.addImage(sessionId, {
    context: 'document-front',
    bytes: front,
    mimetype: 'image/jpeg',
  })
  await vendor.sandbox.addImage(sessionId, { context: 'face', bytes: face })
  await vendor.sandbox.addImage(sessionId, { context: 'document-back', bytes: back })
  await vendor.sandbox.submit(sessionId)
  await vendor.sandbox.decide(sessionId, 'approved')
  const { images } = await complete(id)
  expect(images.map(({ type, contentType }) => [type, contentType])).toEqual([
    ['document_back', 'image/heic'],
    ['document_front', 'image/png'],
    ['selfie', 'image/webp'],
  ])
  const { documentFrontKey, documentBackKey, faceKey } = await keys(id)
  for (const key of [documentFrontKey, documentBackKey, faceKey]) {
    expect(key).toMatch(/\.jpg$/)
    expect(
      Buffer.from(await portal.parts.storage.get(key ?? ''))
        .subarray(0, 3)
        .toString('hex'),
    ).toBe('ffd8ff')
  }
  const original = await portal.parts.storage.get((documentFrontKey ?? '').replace(/jpg$/, 'png'))
  expect(Buffer.compare(original, front)).toBe(0)
})

describe('an image that is not right is never shown', () => {
  test.each([
    ['cut in half', 'truncated' as const],
    ['ending before its announced length', 'cut-off' as const],
    ['signed by nobody we know', 'wrong' as const],
  ])('%s: tried again until the vendor gives the whole one', async (_what, fault) => {
    const { id, sessionId } = await vendor.start()
    await vendor.sandbox.misbehave(
      { media: fault === 'wrong' ? { signature: 'wrong' } : { body: fault } },
      sessionId,
    )
    await vendor.sandbox.complete(sessionId, 'approved')
    await eventually(async () => (await read(id)).status === 'approved')
    await eventually(() => hasFailedImage(portal.db, id))
    expect(await keys(id)).toEqual({ documentFrontKey: null, documentBackKey: null, faceKey: null })
    expect((await read(id)).imagesComplete).toBe(false)
    await vendor.sandbox.misbehave({}, sessionId)
    await retryNowUntil(portal.db, id, () => complete(id))
    expect(await digestOf((await keys(id)).faceKey)).toBe((await held(sessionId)).get('face'))
  })

  test('a web page named like one: tried again, refused for good after an hour, and the others are shown', async () => {
    const { id, sessionId } = await vendor.start()
    await vendor.sandbox.start(sessionId)
    await vendor.sandbox.addImage(sessionId, { context: 'document-front', bytes: PAGE })
    await vendor.sandbox.addImage(sessionId, {
      context: 'face',
      bytes: await drawImage(inventPerson('refused', SMALL_PHOTOS), 'face', 'jpeg'),
    })
    await vendor.sandbox.submit(sessionId)
    await vendor.sandbox.decide(sessionId, 'approved')
    const front = async () => (await read(id)).images.find(({ type }) => type === 'document_front')
    await eventually(async () => (await front())?.refusals === 1)
    expect(await front()).toMatchObject({
      state: 'pending',
      reason: 'not an image of a known kind',
    })
    expect((await read(id)).imagesComplete).toBe(false)
    const [waiting] = await portal.db<{ seconds: number }[]>`
      select extract(epoch from start_after - created_on)::int as seconds from pgboss.job
      where name = 'backup-image' and state = 'created' order by created_on desc limit 1`
    expect(waiting?.seconds).toBe(5)
    await retryNowUntil(portal.db, id, () => complete(id))
    expect(await front()).toMatchObject({ state: 'refused', refusals: 5 })
    expect(await keys(id)).toMatchObject({ documentFrontKey: null, faceKey: expect.any(String) })
  })
})

const PAGE = Buffer.from('<!doctype html><script>alert(1)</script>')

test('an attempt of which the vendor has no images at all is complete without any', async () => {
  const { id } = await addVerification(portal.parts, (await addResident(portal.parts)).id)
  await portal.db.begin(async (sql) => {
    await lockVerification(sql, id)
    const now = { decidedAt: new Date(), documentType: undefined, reason: undefined }
    const decision = { ...now, attemptId: '2', status: 'approved' } as const
    await recordDecision(sql, portal.parts.vault, id, decision, undefined)
    await recordListing(sql, id, { attemptId: '2', listing: await countListings(sql, id) }, [])
  })
  expect(await read(id)).toMatchObject({ imagesComplete: true })
})

test('a media list with hostile addresses and names is followed nowhere, and names no object', async () => {
  const { id, sessionId } = await vendor.start()
  await vendor.sandbox.misbehave(
    { list: { url: 'http://169.254.169.254/latest', name: '../../../etc/passwd' } },
    sessionId,
  )
  await vendor.sandbox.complete(sessionId, 'approved')
  await complete(id)
  const rows = await portal.db<
    { objectKey: string }[]
  >`select object_key from image where verification_id = ${id}`
  for (const { objectKey } of rows)
    expect(objectKey).toMatch(/^default\/[0-9a-f-]+\/[0-9a-f-]+\/[a-z0-9_]+(-\d+)?\.jpg$/)
})

test('the bucket being away for a while delays the backup and loses nothing', async () => {
  const { id, sessionId } = await vendor.start()
  await portal.pauseS3()
  await vendor.sandbox.complete(sessionId, 'approved')
  await eventually(async () => (await read(id)).status === 'approved')
  expect((await keys(id)).faceKey).toBeNull()
  await portal.resumeS3()
  await complete(id)
  expect(await digestOf((await keys(id)).faceKey)).toBe((await held(sessionId)).get('face'))
})

test('of two lists at once, of the attempt before and of this one, none makes a half set whole', async () => {
  const { db } = portal
  const resident = await addResident(portal.parts)
  const { id } = await addVerification(portal.parts, resident.id)
  await db.begin(async (sql) => {
    await lockVerification(sql, id)
    const now = { decidedAt: new Date(), documentType: undefined, reason: undefined }
    const decision = { ...now, attemptId: '2', status: 'approved' } as const
    await recordDecision(sql, portal.parts.vault, id, decision, undefined)
  })
  const listing = await countListings(db, id)
  const listed = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<void>()
  const ours = db.begin(async (sql) => {
    const media = [{ mediaId: 'front', type: 'document_front' }] as never
    await recordListing(sql, id, { attemptId: '2', listing }, media)
    listed.resolve()
    await ended.promise
  })
  await listed.promise
  const before = db.begin((sql) => recordListing(sql, id, { attemptId: '1', listing }, []))
  // Until it waits for ours.
  await eventually(async () => {
    const [row] = await db`
      select count(*)::int as count from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`
    return (row?.count ?? 0) > 0
  })
  ended.resolve()
  await Promise.all([ours, before])
  expect(await read(id)).toMatchObject({ imagesComplete: false })
})
