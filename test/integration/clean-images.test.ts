import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { decodeJwt } from 'jose'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startBackup } from '../../src/id-verification/backup.ts'
import {
  findVerification,
  listAllVerifications,
  retryVerification,
} from '../../src/id-verification/operations.ts'
import { INGESTION_GAUGES } from '../../src/id-verification/progress.ts'
import { listVerifications } from '../../src/id-verification/store.ts'
import { createTokenCache } from '../../src/id-verification/vendors/tokens.ts'
import { createJobs, type Jobs } from '../../src/platform/jobs.ts'
import { createMetrics, registerComputed } from '../../src/platform/metrics.ts'
import { createApplication } from '../support/application.ts'
import { connectImageVendor } from '../support/image-vendor.ts'
import {
  drawNoise,
  exifSegment,
  GPS,
  jpegSegment,
  pixelsOf,
  pngChunk,
  TAILS,
  withChunks,
  withSegments,
  withTail,
} from '../support/images.ts'
import {
  ALL_SCOPES,
  addClient,
  addResident,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { eventually, retryNowUntil } from '../support/sandbox.ts'

let portal: TestPortal
let vendor: Awaited<ReturnType<typeof connectImageVendor>>
let jobs: Jobs
let application: ReturnType<typeof createApplication> extends Promise<infer T>
  ? T
  : ReturnType<typeof createApplication>
beforeAll(async () => {
  portal = await startPortal({ worker: true })
  vendor = await connectImageVendor(portal)
  jobs = await createJobs(portal.config.database.url, portal.parts.log)
  application = await createApplication(portal.issuer, await addClient(portal.parts))
})
afterAll(async () => {
  await jobs.stop()
  await vendor.close()
  await portal.close()
})

type Image = {
  type: string
  state: string
  contentType: string
  sha256: string
  shownSha256: string
  refusals: number
  reason: string | null
}
const read = async (id: string) =>
  (await findVerification(portal.db, id)) as unknown as { imagesComplete: boolean; images: Image[] }
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

async function approve(images: Record<string, Uint8Array>) {
  const resident = await addResident(portal.parts)
  const started = await vendor.approve(resident.id, images)
  await portal.db.begin((sql) =>
    jobs.enqueue(sql, 'list-images', { verificationId: started.id, attemptId: started.sessionId }),
  )
  return { resident, ...started }
}
const complete = (id: string) =>
  eventually(async () => {
    const verification = await read(id)
    return verification.imagesComplete ? verification : undefined
  })

const objectOf = async (id: string, type: string) => {
  const [row] = await portal.db<{ objectKey: string; jpegKey: string; cleanKey: string }[]>`
    select object_key, jpeg_key, clean_key from image where verification_id = ${id} and type = ${type}`
  if (!row) throw new Error('no such image')
  return row
}

const DOC = '/api/v1/me/natural-person/id-verification'

/** Every way in which an application is given an image of this type, each as the bytes and the digest stated for them. */
async function readEverywhere(email: string, type: 'document_front' | 'selfie') {
  const slot = type === 'selfie' ? 'face' : 'documentFront'
  const { access_token } = await application.obtainTokens(ALL_SCOPES, email)
  const call = (path: string, images?: string[]) =>
    fetch(`${portal.issuer}${DOC}${path}`, {
      ...(images && { method: 'POST', body: JSON.stringify({ images }) }),
      headers: { Authorization: `Bearer ${access_token}`, 'Content-Type': 'application/json' },
    })
  const json = async (path: string, images?: string[]) =>
    JSON.parse(await (await call(path, images)).text())
  const download = async (url: string) => Buffer.from(await (await fetch(url)).arrayBuffer())
  const { images } = (await json('/images')) as { images: Record<string, string>[] }
  const listed = images.find((each) => each.type === type)
  const content = await call(`/images/${listed?.id}/content`)
  const signed = decodeJwt(await (await call('?signed=1')).text()) as {
    attachments: Record<string, { url: string; digest: { value: string }; size: number }>
  }
  const attachment = signed.attachments[slot]
  return {
    listed,
    contentType: content.headers.get('content-type'),
    reprDigest: content.headers.get('repr-digest'),
    content: Buffer.from(await content.arrayBuffer()),
    attachment,
    jpegs: {
      document: await download((await json('')).documents[slot]),
      link: await download((await json(`/images/${type}`)).url),
      links: await download((await json('/images/links', [type]))[type]),
      base64: Buffer.from((await json('/images/base64', [type]))[type], 'base64'),
      attachment: await download(attachment?.url ?? ''),
    },
  }
}

test('a JPEG with a place in its EXIF and an archive behind it is kept as it came, and nobody is given more than the picture', async () => {
  const plain = await drawNoise({ width: 90, height: 60 }).jpeg().toBuffer()
  const original = withTail(
    withSegments(plain, exifSegment(6), jpegSegment(0xfe, GPS), jpegSegment(0xe2, `MPF\0${GPS}`)),
    TAILS['an archive'],
  )
  const face = await drawNoise({ seed: 7 }).jpeg().toBuffer()
  const { resident, id } = await approve({ 'document-front': original, face })
  const { images } = await complete(id)
  // As evidence.
  expect(images[0]).toMatchObject({ type: 'document_front', sha256: sha256(original) })
  const { objectKey, jpegKey } = await objectOf(id, 'document_front')
  expect(objectKey).toMatch(/\/document_front\.jpg$/)
  expect(Buffer.compare(await portal.parts.storage.get(objectKey), original)).toBe(0)
  expect(jpegKey).toMatch(/\/document_front\.clean\.jpg$/)

  const { listed, content, contentType, reprDigest, attachment, jpegs } = await readEverywhere(
    resident.email,
    'document_front',
  )
  for (const bytes of [content, ...Object.values(jpegs)]) {
    expect(bytes.equals(content)).toBe(true)
    for (const hidden of [GPS, 'PK\x03\x04', 'hidden']) expect(bytes.includes(hidden)).toBe(false)
    expect(await pixelsOf(bytes)).toEqual(await pixelsOf(original))
    expect((await sharp(bytes).metadata()).orientation).toBe(6)
  }
  const digest = sha256(content)
  expect(digest).not.toBe(sha256(original))
  expect(images[0]?.shownSha256).toBe(digest)
  expect(listed).toMatchObject({ contentType: 'image/jpeg', size: content.length, sha256: digest })
  expect(contentType).toBe('image/jpeg')
  expect(reprDigest).toBe(`sha-256=:${Buffer.from(digest, 'hex').toString('base64')}:`)
  expect(attachment).toMatchObject({
    size: content.length,
    digest: { value: Buffer.from(digest, 'hex').toString('base64') },
  })
  // The ledger names what was handed out, every time.
  const looks = await portal.db<{ images: { type: string; sha256: string }[] }[]>`
    select images from ledger_entry where verification_id = ${id} and kind = 'disclosure'`
  const named = looks.flatMap((row) => row.images.filter(({ type }) => type === 'document_front'))
  expect(named.length).toBeGreaterThanOrEqual(6)
  for (const each of named) expect(each.sha256).toBe(digest)
  // What carries nothing but the picture is handed out as it came.
  expect(await objectOf(id, 'selfie')).toMatchObject({
    cleanKey: expect.stringMatching(/\/selfie\.jpg$/),
    jpegKey: expect.stringMatching(/\/selfie\.jpg$/),
  })
})

test('of a PNG the bytes are a PNG and the links a JPEG; of a HEIC both are the JPEG; each by its own digest', async () => {
  const plain = await drawNoise().png().toBuffer()
  const original = withTail(
    withChunks(plain, pngChunk('tEXt', Buffer.from(`Comment\0${GPS}`))),
    TAILS['a document'],
  )
  const heic = await readFile(new URL('../fixtures/specimen.heic', import.meta.url))
  const { resident, id } = await approve({ 'document-front': original, face: heic })
  const { images } = await complete(id)
  expect(images).toMatchObject([
    { contentType: 'image/png', sha256: sha256(original) },
    { contentType: 'image/heic', sha256: sha256(heic) },
  ])
  const front = await readEverywhere(resident.email, 'document_front')
  expect(front.content.equals(plain)).toBe(true)
  expect(front.listed).toMatchObject({
    contentType: 'image/png',
    size: plain.length,
    sha256: sha256(plain),
  })
  expect((await sharp(front.jpegs.link).metadata()).format).toBe('jpeg')
  const face = await readEverywhere(resident.email, 'selfie')
  expect(face.contentType).toBe('image/jpeg')
  expect(face.content.equals(face.jpegs.link)).toBe(true)
  expect(face.listed?.sha256).toBe(sha256(face.content))
  const looks = await portal.db<{ images: { type: string; sha256: string }[] }[]>`
    select images from ledger_entry where verification_id = ${id} and kind = 'disclosure'`
  const named = looks.flatMap((row) =>
    row.images.flatMap((each) => (each.type === 'document_front' ? [each.sha256] : [])),
  )
  expect(new Set(named)).toEqual(new Set([sha256(plain), sha256(front.jpegs.link)]))
})

test('a picture that ends in the middle is never shown', async () => {
  const whole = await drawNoise().jpeg().toBuffer()
  const half = Buffer.concat([whole.subarray(0, -400), Buffer.from([0xff, 0xd9])])
  const { id } = await approve({ 'document-front': half, face: whole })
  const { images } = await retryNowUntil(portal.db, id, () => complete(id))
  expect(images).toMatchObject([
    { type: 'document_front', state: 'refused', reason: 'not a whole jpeg image', refusals: 5 },
    { type: 'selfie', state: 'stored' },
  ])
})

const PAGE = Buffer.from('<!doctype html><script>alert(1)</script>')

test('a corrupt download heals at the next try', async () => {
  const { id, sessionId } = await approve({ face: PAGE })
  await eventually(async () => (await read(id)).images.some(({ refusals }) => refusals > 0))
  expect((await read(id)).images).toMatchObject([{ state: 'pending' }])
  const whole = await drawNoise().jpeg().toBuffer()
  vendor.replace(sessionId, { face: whole })
  const { images } = await retryNowUntil(portal.db, id, () => complete(id))
  expect(images).toMatchObject([{ state: 'stored', reason: null, sha256: sha256(whole) }])
})

describe('when every image is refused', () => {
  async function refused() {
    const started = await approve({ 'document-front': PAGE, face: PAGE })
    await retryNowUntil(portal.db, started.id, () =>
      eventually(async () => {
        const { images } = await read(started.id)
        return images.length === 2 && images.every(({ state }) => state === 'refused')
      }),
    )
    return started
  }

  test('the set never counts as complete, no application is told so, and the operator sees it', async () => {
    const { resident, id } = await refused()
    expect(await read(id)).toMatchObject({ imagesComplete: false })
    const [told] = await portal.db`
      select verification_id, images_complete from last_announcement where account_id = ${resident.id}`
    expect(told).toEqual({ verificationId: id, imagesComplete: false })
    const [listed] = await listVerifications(portal.db, resident.id)
    expect(listed).toMatchObject({ imagesPending: false, imagesRefused: true, images: [] })
    const rows = (await listAllVerifications(portal.db, { refused: true })) as unknown as {
      id: string
      imagesRefused: number
    }[]
    expect(rows.find((row) => row.id === id)).toMatchObject({ imagesRefused: 2 })
    expect(rows.every(({ imagesRefused }) => imagesRefused > 0)).toBe(true)
    const metrics = await createMetrics()
    await registerComputed(metrics, INGESTION_GAUGES).compute(portal.db, (_, error) => {
      throw error
    })
    const text = await metrics.text()
    expect(text).toMatch(/portal_verifications_without_images\{vendor="veriff"\} [1-9]/)
    expect(text).toMatch(/portal_images\{vendor="veriff",state="refused"\} [1-9]/)
  })

  test('an operator has them tried anew, and what the vendor has by then is shown', async () => {
    const { id, sessionId } = await refused()
    const whole = await drawNoise().jpeg().toBuffer()
    vendor.replace(sessionId, {
      'document-front': whole,
      face: await drawNoise({ seed: 5 }).jpeg().toBuffer(),
    })
    expect(await retryVerification(portal.db, jobs, id)).toBe(true)
    const { images } = await complete(id)
    expect(images).toMatchObject([
      { state: 'stored', refusals: 0, sha256: sha256(whole) },
      { state: 'stored', refusals: 0 },
    ])
  })
})

describe('images that were stored before there were clean copies', () => {
  /** As they were written then. */
  async function addOld(type: string, bytes: Buffer, contentType = 'image/jpeg') {
    const resident = await addResident(portal.parts)
    const { id } = await vendor.approve(resident.id, {})
    const digest = createHash('sha256').update(bytes).digest()
    const extension = contentType.slice('image/'.length).replace('jpeg', 'jpg')
    const key = `default/${id}/1/${type}.${extension}`
    const { storage } = portal.parts
    await storage.put(key, bytes, { contentType, sha256: digest })
    let jpegKey = key
    if (extension !== 'jpg') {
      jpegKey = `default/${id}/1/${type}.jpg`
      const jpeg = await sharp(bytes).jpeg({ quality: 50 }).toBuffer()
      const sha256 = createHash('sha256').update(jpeg).digest()
      await storage.put(jpegKey, jpeg, { contentType: 'image/jpeg', sha256 })
    }
    await portal.db`
      insert into image (verification_id, attempt_id, type, vendor_media_id, position, rank, state, content_type, size,
        sha256, object_key, jpeg_key, stored_at)
      select id, attempt_id, ${type}, 'old', 0, 0, 'stored', ${contentType}, ${bytes.length}, ${digest}, ${key}, ${jpegKey}, now()
      from verification where id = ${id}`
    await portal.db`
      update verification set images_listed = 0, images_complete = true, document_front_key = ${jpegKey} where id = ${id}`
    return { resident, id, key, jpegKey }
  }

  test('get them by a worker that starts, and what is no picture is withdrawn', async () => {
    const plain = await drawNoise().jpeg().toBuffer()
    const dirty = withTail(withSegments(plain, exifSegment(1)), TAILS['a web page'])
    const png = await drawNoise().png().toBuffer()
    const photo = await addOld('document_front', dirty)
    const scan = await addOld('document_front', png, 'image/png')
    const broken = await addOld(
      'document_front',
      Buffer.concat([plain.subarray(0, -400), plain.subarray(-2)]),
    )
    const once = await addOld(
      'document_front',
      Buffer.concat([plain.subarray(0, -300), plain.subarray(-2)]),
    )
    // Refused twice before.
    await portal.db`update image set refusals = 2 where verification_id = ${broken.id}`
    const { db, storage, sealer, vault, log } = portal.parts
    // Another worker has one of them, and died.
    await db`
      update image set clean_taken_until = now() - interval '1 second' where verification_id = ${photo.id}`
    const backup = await startBackup({
      db,
      storage,
      sealer,
      tokens: createTokenCache(),
      vault,
      jobs,
      log,
    })
    await eventually(async () => {
      const [left] = await db`
        select from image where state = 'stored' and clean_key is null and refusals <> 1`
      return left === undefined
    })
    await backup.stop()

    expect(await objectOf(photo.id, 'document_front')).toMatchObject({
      objectKey: photo.key,
      jpegKey: expect.stringMatching(/document_front\.clean\.jpg$/),
    })
    const { content, listed, jpegs } = await readEverywhere(photo.resident.email, 'document_front')
    for (const bytes of [content, ...Object.values(jpegs)]) expect(bytes.equals(plain)).toBe(true)
    expect(listed?.sha256).toBe(sha256(plain))
    // The rendition that links name stays.
    expect(await objectOf(scan.id, 'document_front')).toEqual({
      objectKey: scan.key,
      cleanKey: scan.key,
      jpegKey: scan.jpegKey,
    })
    expect((await read(broken.id)).images).toMatchObject([
      { state: 'refused', reason: 'not a whole jpeg image' },
    ])
    expect(await storage.head(broken.key)).toBeDefined()
    const [row] = await db`
      select document_front_key, images_complete from verification where id = ${broken.id}`
    expect(row).toEqual({ documentFrontKey: null, imagesComplete: false })
    // A first time may be the machine's fault.
    await eventually(async () => (await read(once.id)).images[0]?.refusals === 1)
    expect((await read(once.id)).images).toMatchObject([{ state: 'stored' }])
  })
})
