import { randomInt, randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { listPendingEvents } from '../../src/events/store.ts'
import { setStream } from '../../src/events/streams.ts'
import { exportResident } from '../../src/id-verification/export.ts'
import { createImageDecoder } from '../../src/id-verification/image-decoder.ts'
import { takeImage } from '../../src/id-verification/manual.ts'
import {
  listAllVerifications,
  retryVerification,
  startWithVerifier,
} from '../../src/id-verification/operations.ts'
import { runRetention, setRetention } from '../../src/id-verification/retention.ts'
import { reviewVerification } from '../../src/id-verification/review.ts'
import { deleteOldUploads } from '../../src/id-verification/uploads.ts'
import { listVendorHealth } from '../../src/id-verification/vendor-health.ts'
import {
  listVendorIntegrations,
  setVendorIntegration,
} from '../../src/id-verification/vendors/vendors.ts'
import { createJobs, type Jobs } from '../../src/platform/jobs.ts'
import type { Storage } from '../../src/platform/storage.ts'
import { openBackOffice } from '../support/back-office.ts'
import { announcedPng, drawNoise } from '../support/images.ts'
import { addResident, startPortal, type TestPortal } from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'
import { loadPerson } from '../support/verifications.ts'

/* The built-in verifier `manual`: a back office uploads a person's images, and reviews them. */

const IDV = '/api/v1/idv/verifications'
const MOSAIC = '/api/v1/verification'
const TYPED = {
  documentType: 'national_id',
  documentNumber: 'X7654321',
  givenName: 'Xiomara',
  surname: 'Villeda',
  dateOfBirth: '1987-06-05',
  nationality: 'hnd',
  issuingCountry: 'HND',
  expirationDate: '2035-06-07',
}
const ENDS = {
  document_front: 'document',
  document_back: 'document/back',
  selfie: 'selfie',
} as const
type Type = keyof typeof ENDS

let portal: TestPortal
let jobs: Jobs
let acme: Office
let rival: Office
beforeAll(async () => {
  portal = await startPortal({ worker: true })
  jobs = await createJobs(portal.config.database.url, portal.parts.log)
  for (const tenant of ['acme', 'rival'])
    await setVendorIntegration(portal.db, portal.parts.sealer, {
      vendor: 'manual',
      name: tenant,
      tenant,
    })
  acme = await openOffice('acme')
  rival = await openOffice('rival')
  await setStream(portal.db, portal.parts.sealer, { clientId: acme.clientId, delivery: 'poll' })
})
afterAll(async () => {
  await jobs.stop()
  await portal.close()
})

type Body = Record<string, unknown>
type Office = Awaited<ReturnType<typeof openOffice>>

/** A tenant's back office, and requests with its token. */
async function openOffice(tenant: string) {
  const { clientId, token } = await openBackOffice(portal, { tenant })
  const send = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`${portal.url}${path}`, {
      ...init,
      headers: { Authorization: `Bearer ${token}`, ...init.headers },
    })
    const text = await response.text()
    return { status: response.status, body: (text ? JSON.parse(text) : {}) as Body }
  }
  const post = (path: string, json?: Body) =>
    send(path, {
      method: 'POST',
      headers: json ? { 'Content-Type': 'application/json' } : {},
      body: json ? JSON.stringify(json) : null,
    })
  return {
    clientId,
    send,
    post,
    get: (path: string) => send(path),
    async start(externalId = randomUUID() as string) {
      const { body } = await post(IDV, { externalId })
      return String(body.id)
    },
    /** The image as the body of the request. */
    upload: (id: string, type: Type, bytes: Uint8Array, contentType = 'image/jpeg') =>
      send(`${IDV}/${id}/${ENDS[type]}`, {
        method: 'POST',
        headers: { 'Content-Type': contentType },
        body: new Uint8Array(bytes),
      }),
  }
}

const photo = (seed = randomInt(2 ** 32)) => drawNoise({ seed }).jpeg().toBuffer()

/** At once: each waits for the worker. */
async function uploadAll(office: Office, id: string, types: readonly Type[]) {
  const upload = async (type: Type) => office.upload(id, type, await photo())
  for (const { status } of await Promise.all(types.map(upload))) expect(status).toBe(200)
}
const ALL = Object.keys(ENDS) as Type[]

/** A verification that waits for review. */
async function completed(typed?: Body) {
  const id = await acme.start()
  await uploadAll(acme, id, ALL)
  expect((await acme.post(`${IDV}/${id}/complete`, typed)).status).toBe(200)
  return id
}

/** The keys of a verification's objects in the bucket. */
async function keysOf(id: string): Promise<string[]> {
  const keys: string[] = []
  for await (const page of portal.parts.storage.list())
    keys.push(...page.map(({ key }) => key).filter((key) => key.includes(id)))
  return keys.sort()
}

type Row = { type: string; state: string; objectKey: string; thumbnailKey: string }

async function rowsOf(id: string) {
  return await portal.db<Row[]>`
    select type, state, object_key, thumbnail_key from image where verification_id = ${id} order by object_key`
}

/** The objects of images that are stored as JPEGs: each is its own clean copy. */
const objectsOf = (rows: readonly Row[]) =>
  rows.flatMap(({ objectKey, thumbnailKey }) => [objectKey, thumbnailKey]).sort()

test('a back office uploads in three forms, completes and approves', async () => {
  const externalId = randomUUID()
  const started = await acme.post(IDV, { externalId })
  expect(started).toMatchObject({
    status: 201,
    body: { vendor: 'manual', status: 'pending', url: null, externalId },
  })
  const id = String(started.body.id)
  const front = await photo()
  expect(
    await acme.post(`${IDV}/${id}/document`, { image: front.toString('base64'), ...TYPED }),
  ).toEqual({
    status: 200,
    body: {
      id: expect.any(String),
      type: 'document_front',
      missingImages: ['document_back', 'selfie'],
    },
  })
  const form = new FormData()
  form.set('image', new Blob([new Uint8Array(await photo())]), 'back.bin')
  form.set('issueDate', '2025-06-07')
  const back = await acme.send(`${IDV}/${id}/document/back`, { method: 'POST', body: form })
  expect(back).toMatchObject({ status: 200, body: { missingImages: ['selfie'] } })
  // A type by its bytes, whatever the label is.
  const png = await drawNoise({ seed: randomInt(2 ** 32) })
    .png()
    .toBuffer()
  const selfie = await acme.upload(id, 'selfie', png, 'image/jpeg')
  expect(selfie).toMatchObject({ status: 200, body: { missingImages: [] } })
  expect((await acme.get(`${IDV}/${id}`)).body.status).toBe('pending')

  expect(await acme.post(`${IDV}/${id}/complete`)).toMatchObject({
    status: 200,
    body: { id, status: 'review', documentType: 'national_id', imagePersisted: true },
  })
  const { images } = (await acme.get(`${IDV}/${id}/images`)).body as { images: Body[] }
  expect(images.map(({ type, contentType }) => [type, contentType])).toEqual([
    ['document_front', 'image/jpeg'],
    ['document_back', 'image/jpeg'],
    ['selfie', 'image/png'],
    ['liveness_frame', null],
  ])
  expect(images[2]?.id).toBe(selfie.body.id)
  expect((await acme.get(`${IDV}/${id}/result`)).body).toMatchObject({
    recommendation: 'CHALLENGE',
    person: { given_name: 'Xiomara', surname: 'Villeda', date_of_birth: '1987-06-05' },
    document: { type: 'national_id', number: 'X7654321', country: 'HND', issue_date: '2025-06-07' },
  })

  const review = { decision: 'approve', reason: 'seen in person' }
  expect(await acme.post(`${IDV}/${id}/review`, review)).toMatchObject({
    status: 200,
    body: { status: 'approved', imagePersisted: true, completedAt: expect.any(String) },
  })
  const [row] = await portal.db`
    select next_check_at, vendor_session_id, (select string_agg(reviewed_by, ',') from decision
      where verification_id = verification.id) as reviewers from verification where id = ${id}`
  expect(row).toEqual({ nextCheckAt: null, vendorSessionId: null, reviewers: acme.clientId })
  const { events } = await listPendingEvents(portal.db, acme.clientId, 100)
  const told = events.filter(({ verificationId }) => verificationId === id)
  expect(told.map(({ data }) => data)).toEqual([
    { status: 'review', tier: 'standard', imagePersisted: true },
    { status: 'approved', tier: 'standard', imagePersisted: true },
  ])
  const entries = await portal.db<{ kind: string; result: string }[]>`
    select kind, result from ledger_entry where verification_id = ${id} and kind = 'review'`
  expect([...entries]).toEqual([{ kind: 'review', result: 'approved' }])

  // Nothing is left of the way from one process to the other, and nothing was logged.
  expect([...(await portal.db`select from upload`)]).toEqual([])
  for (const word of ['Xiomara', 'Villeda', 'X7654321', '1987-06-05'])
    expect(portal.logged()).not.toContain(word)
  const asked = await portal.db`
    select name from pgboss.job where data ->> 'verificationId' = ${id} and name <> 'take-upload'`
  expect([...asked]).toEqual([])
})

test('what was typed is compared with the account of the resident who linked the subject', async () => {
  const resident = await addResident(portal.parts)
  await loadPerson(portal.parts, resident.id, {
    citizenships: ['Honduras'],
    dateOfBirth: '1990-02-03',
    sex: 'F',
  })
  await portal.db`update tenant set is_trusted = true where name = 'acme'`
  const [subject] = await portal.db<{ id: string }[]>`
    insert into subject (tenant, external_id, account_id, linked_at)
    values ('acme', ${randomUUID()}, ${resident.id}, now()) returning id`
  const latest = async () => {
    const [row] = await portal.db`
      select id, document_front_key from latest_approved where account_id = ${resident.id}`
    return row
  }
  const approve = async (typed: Body) => {
    const { body } = await acme.post(IDV, { subjectId: subject?.id })
    await uploadAll(acme, String(body.id), ['document_front', 'selfie'])
    const done = await acme.post(`${IDV}/${body.id}/complete`, {
      documentType: 'passport',
      ...typed,
    })
    expect(done.status).toBe(200)
    expect(await latest()).toBeUndefined()
    await acme.post(`${IDV}/${body.id}/review`, { decision: 'approve' })
    const [row] = await portal.db`select match from verification where id = ${String(body.id)}`
    return { id: body.id, match: row?.match as unknown }
  }
  const ofAnother = { givenName: 'Berta', surname: 'Cruz', dateOfBirth: '1971-01-01' }
  expect((await approve(ofAnother)).match).toBe('mismatch')
  expect((await approve({})).match).toBe('mismatch')
  const own = await approve({ givenName: 'Ana', surname: 'Mejia', dateOfBirth: '1990-02-03' })
  expect(own.match).toBe('match')
  expect(await latest()).toEqual({
    id: own.id,
    documentFrontKey: `acme/${own.id}/1/document_front.jpg`,
  })
  // And the resident's copy of all of it.
  const file = join(tmpdir(), `${randomUUID()}.zip`)
  const { files } = await exportResident(portal.parts, {
    accountId: resident.id,
    file,
    sign: async () => 'x',
  })
  await rm(file)
  expect(files).toBeGreaterThan(10)
})

describe('what cannot be used is refused by name', () => {
  let id: string
  beforeAll(async () => {
    id = await acme.start()
  })

  test('an image', async () => {
    const whole = await photo()
    const tooMany = announcedPng({ side: 8_000 })
    for (const [bytes, error] of [
      [whole.subarray(0, whole.length / 2), 'image: the image is cut off'],
      [Buffer.from('%PDF-1.7 a document'), 'image: not an image of a known kind'],
      [tooMany, 'image: the image has more than 50 megapixels'],
      [announcedPng({ side: 40 }), 'image: not a whole png image'],
    ] as const)
      expect(await acme.upload(id, 'selfie', bytes)).toEqual({
        status: 400,
        body: {
          code: 'VALIDATION_ERROR',
          error,
          details: { field: 'image', constraint: 'invalid' },
        },
      })
  })

  test('a size', async () => {
    const large = { status: 413, body: { code: 'PAYLOAD_TOO_LARGE' } }
    const bytes = Buffer.alloc(20 * 1024 * 1024 + 1, 0xff)
    expect(await acme.upload(id, 'selfie', bytes)).toMatchObject(large)
    const longer = Buffer.alloc(29 * 1024 * 1024)
    expect(await acme.upload(id, 'selfie', longer)).toMatchObject(large)
  })

  test('but not a large one, in its longest form', async () => {
    const other = await acme.start()
    const bytes = Buffer.alloc(5 * 1024 * 1024, 'x')
    // What comes after the picture is not shown to readers.
    bytes.set(await photo())
    const json = { image: bytes.toString('base64') }
    expect((await acme.post(`${IDV}/${other}/selfie`, json)).status).toBe(200)
    const [row] = await portal.db`
      select size::int, clean_size < 20000 as is_clean from image where verification_id = ${other}`
    expect(row).toEqual({ size: bytes.length, isClean: true })
  })

  test('a form of the request', async () => {
    const at = `${IDV}/${id}/selfie`
    const image = (await photo()).toString('base64')
    const post = (body: BodyInit, type: string) =>
      acme.send(at, { method: 'POST', headers: { 'Content-Type': type }, body })
    expect(await post('hello', 'text/plain')).toMatchObject({
      status: 415,
      body: { error: expect.stringContaining('image/heic') },
    })
    expect((await post('hello', 'multipart/form-data')).status).toBe(400)
    const twice = new FormData()
    for (const part of ['a', 'b']) twice.append('image', new Blob([part]))
    const form = await acme.send(at, { method: 'POST', body: twice })
    expect(form).toMatchObject({ status: 400, body: { details: { constraint: 'unique' } } })
    for (const [json, field, constraint] of [
      [{}, 'image', 'required'],
      [{ image: '' }, 'image', 'length'],
      [{ image: 'not base64!' }, 'image', 'format'],
      [{ image, name: 'Ana' }, 'name', 'unknown'],
      [{ image, documentType: 'library card' }, 'documentType', 'enum'],
      [{ image, dateOfBirth: '05.06.1987' }, 'dateOfBirth', 'format'],
      [{ image, dateOfBirth: '2199-01-01' }, 'dateOfBirth', 'range'],
      [{ image, surname: 'a\u202eb' }, 'surname', 'format'],
    ] as const)
      expect([json, await acme.post(at, json)]).toMatchObject([
        json,
        { status: 400, body: { details: { field, constraint } } },
      ])
    expect((await acme.upload(id, 'selfie', Buffer.alloc(0))).body.details).toMatchObject({
      field: 'image',
      constraint: 'required',
    })
  })

  test('and nothing of it was stored', async () => {
    expect(await rowsOf(id)).toEqual([])
    expect(await keysOf(id)).toEqual([])
  })

  test('liveness, because nobody here checks it', async () => {
    for (const end of ['session', 'challenge', 'frames'])
      expect(await acme.post(`${IDV}/${id}/liveness/${end}`)).toMatchObject({
        status: 409,
        body: { error: expect.stringContaining('is not checked'), details: { vendor: 'manual' } },
      })
    expect((await acme.get(`${IDV}/${id}/liveness`)).status).toBe(409)
  })

  test('to complete without images, and to review before it is complete', async () => {
    const missing = (missingImages: string[]) => ({
      status: 409,
      body: { code: 'CONFLICT', details: { missingImages } },
    })
    const complete = (typed?: Body) => acme.post(`${IDV}/${id}/complete`, typed)
    expect(await complete()).toMatchObject(missing(ALL))
    await uploadAll(acme, id, ['document_front', 'selfie'])
    expect(await complete()).toMatchObject(missing(['document_back']))
    const review = await acme.post(`${IDV}/${id}/review`, { decision: 'approve' })
    expect([review.status, review.body.details]).toEqual([409, { status: 'pending' }])
    expect(await complete({ documentType: 'drivers_license' })).toMatchObject(
      missing(['document_back']),
    )
    expect(await complete({ documentType: 'passport' })).toMatchObject({
      status: 200,
      body: { status: 'review', documentType: 'passport' },
    })
  })

  test('another tenant’s verification, as one that is not there', async () => {
    const own = await acme.start()
    for (const type of ALL) expect((await rival.upload(own, type, await photo())).status).toBe(404)
    expect((await rival.post(`${IDV}/${own}/complete`)).status).toBe(404)
    expect((await acme.upload(randomUUID(), 'selfie', await photo())).status).toBe(404)
    const elsewhere = { externalId: 'a', vendor: 'manual', integration: 'rival' }
    expect((await acme.post(IDV, elsewhere)).status).toBe(400)
  })
})

test('another image replaces the one before, until the verification is complete', async () => {
  const id = await acme.start()
  const [first, second] = [await photo(), await photo()]
  const before = await acme.upload(id, 'document_front', first)
  const after = await acme.upload(id, 'document_front', second)
  // A client that lost the response.
  expect((await acme.upload(id, 'document_front', second)).body.id).toBe(after.body.id)
  expect(after.body.id).not.toBe(before.body.id)
  await uploadAll(acme, id, ['document_back', 'selfie'])
  await acme.post(`${IDV}/${id}/complete`)

  const { images } = (await acme.get(`${IDV}/${id}/images`)).body as { images: Body[] }
  expect(images.slice(0, 3).map((image) => image.type)).toEqual(ALL)
  expect(images[0]?.id).toBe(after.body.id)
  const links = await acme.post(`${IDV}/${id}/images/links`, { images: ['document_front'] })
  expect(Object.keys(links.body.document_front_prevAttempts as Body)).toHaveLength(2)
  expect(await (await fetch(String(links.body.document_front))).bytes()).toEqual(
    new Uint8Array(second),
  )
  expect(await keysOf(id)).toEqual(objectsOf(await rowsOf(id)))

  for (const type of ALL) expect((await acme.upload(id, type, await photo())).status).toBe(409)
  expect((await acme.post(`${IDV}/${id}/complete`)).status).toBe(409)
})

test('a verification takes a limited number of images', async () => {
  const id = await acme.start()
  await portal.db`
    insert into image (verification_id, attempt_id, type, vendor_media_id, position, rank, state)
    select ${id}, '1', 'selfie', number::text, number, 0, 'refused' from generate_series(1, 30) number`
  expect(await acme.upload(id, 'selfie', await photo())).toMatchObject({
    status: 409,
    body: { error: expect.stringContaining('too many images') },
  })
})

describe('at once', () => {
  test('two images of one type are stored, and one is current', async () => {
    const id = await acme.start()
    await uploadAll(acme, id, ['document_front', 'document_back'])
    const both = await Promise.all(
      [await photo(), await photo()].map((bytes) => acme.upload(id, 'selfie', bytes)),
    )
    expect(both.map(({ status }) => status)).toEqual([200, 200])
    expect(new Set(both.map(({ body }) => body.id)).size).toBe(2)
    await acme.post(`${IDV}/${id}/complete`)
    const { images } = (await acme.get(`${IDV}/${id}/images`)).body as { images: Body[] }
    expect(images.filter(({ type }) => type === 'selfie')).toHaveLength(1)
    expect(await keysOf(id)).toEqual(objectsOf(await rowsOf(id)))
  })

  test('a verification is completed once, and a late image does not change what is reviewed', async () => {
    const id = await acme.start()
    await uploadAll(acme, id, ALL)
    const complete = () => acme.post(`${IDV}/${id}/complete`)
    const [late, ...answers] = await Promise.all([
      acme.upload(id, 'selfie', await photo()),
      complete(),
      complete(),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
    expect([200, 409]).toContain(late?.status)
    const rows = await rowsOf(id)
    expect(rows.map(({ state }) => state)).toEqual(rows.map(() => 'stored'))
    expect(rows).toHaveLength(late?.status === 200 ? 4 : 3)
    expect(await keysOf(id)).toEqual(objectsOf(rows))
    expect((await acme.get(`${IDV}/${id}`)).body.imagePersisted).toBe(true)
  })

  test.each([
    ['completed', (id: string) => acme.post(`${IDV}/${id}/complete`)],
    ['gone', (id: string) => acme.send(`${IDV}/${id}`, { method: 'DELETE' })],
  ] as const)(
    'an image that is stored while its verification is %s deletes its objects',
    async (closed, close) => {
      const { db, vault, storage, log } = portal.parts
      const id = await acme.start()
      await uploadAll(acme, id, ALL)
      const decoder = createImageDecoder()
      let closing: ReturnType<typeof close> | undefined
      const overtaken: Storage = {
        ...storage,
        async put(...given) {
          await storage.put(...given)
          // Not again for its thumbnail.
          closing ??= close(id)
          expect((await closing).status).toBeLessThan(300)
        },
      }
      const image = {
        id: randomUUID(),
        verificationId: id,
        type: 'selfie',
        bytes: await photo(),
      } as const
      const taken = await takeImage({ db, vault, storage: overtaken, decoder, log }, image)
      decoder.close()
      expect(taken).toEqual({ closed })
      const rows = await rowsOf(id)
      expect(rows.map(({ state }) => state)).toEqual(rows.map(() => 'stored'))
      await eventually(async () => (await keysOf(id)).length === objectsOf(rows).length)
      expect(await keysOf(id)).toEqual(objectsOf(rows))
    },
  )

  test('of two reviews the later one counts, and both are recorded', async () => {
    const id = await completed()
    const review = (decision: string) => acme.post(`${IDV}/${id}/review`, { decision })
    const answers = await Promise.all([review('approve'), review('reject')])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    const [row] = await portal.db`
      select status, (select status from decision where verification_id = verification.id
        order by decided_at desc, status = 'approved' limit 1) as last from verification where id = ${id}`
    expect(row?.status).toBe(row?.last)
    const entries = await portal.db<{ result: string }[]>`
      select result from ledger_entry where verification_id = ${id} and kind = 'review'`
    expect(entries.map(({ result }) => result).sort()).toEqual(['approved', 'declined'])
  })

  test('an erasure leaves no object of an upload behind', async () => {
    for (let times = 0; times < 3; times++) {
      const id = await acme.start()
      const [uploaded] = await Promise.all([
        acme.upload(id, 'selfie', await photo()),
        new Promise((resolve) => setTimeout(resolve, 40 * times)).then(() =>
          acme.send(`${IDV}/${id}`, { method: 'DELETE' }),
        ),
      ])
      expect([200, 404]).toContain(uploaded.status)
      await eventually(async () => (await keysOf(id)).length === 0)
      expect(await rowsOf(id)).toEqual([])
    }
    await eventually(async () => {
      const waiting = await portal.db`
        select from pgboss.job where name = 'take-upload' and state < 'completed'`
      return waiting.length === 0
    })
    const kept = await portal.db<{ id: string }[]>`select id from verification`
    const known = new Set(kept.map(({ id }) => id))
    for await (const page of portal.parts.storage.list())
      for (const { key } of page) expect(known.has(key.split('/')[1] ?? '')).toBe(true)
  })
})

test('a program of a customer of Mosaic adds the images itself', async () => {
  const created = await acme.post(MOSAIC, { start: { country: 'HN' }, auto_start: true })
  expect(created).toMatchObject({ status: 200, body: { missing_images: ALL } })
  const { session_id: sid, start_token: token } = created.body
  const page = await fetch(`${portal.url}/app/${token}`, { redirect: 'manual' })
  expect(page.status).toBe(404)
  const add = async (image_type: string, content?: string) =>
    await acme.post(`${MOSAIC}/${sid}/images`, {
      image: {
        format: 'jpg',
        image_type,
        content: content ?? (await photo()).toString('base64'),
        capture_margins: {},
      },
      device_info: { model: 'a phone' },
    })
  expect(await add('document_front', 'AAAA')).toEqual({
    status: 400,
    body: { message: 'image.content: not an image of a known kind', error_code: 400 },
  })
  expect((await add('passport')).body.message).toMatch(/^image.image_type: must be one of/)
  for (const [type, missing_images] of [
    ['document_front', ['document_back', 'selfie']],
    ['selfie', ['document_back']],
    ['document_back', []],
  ] as const)
    expect(await add(type)).toEqual({
      status: 200,
      body: { feedback: 'ok', complete: missing_images.length === 0, missing_images },
    })
  expect(await add('selfie')).toMatchObject({ status: 409, body: { error_code: 409 } })
  expect((await acme.get(`${MOSAIC}/${sid}/result`)).body).toMatchObject({
    status: 'complete',
    recommendation: 'CHALLENGE',
  })
  const { session_images: images } = (await acme.get(`${MOSAIC}/${sid}/images`)).body
  expect((images as Body[]).map(({ type }) => type)).toEqual(ALL)
  expect((await rival.post(`${MOSAIC}/${sid}/images`, { image: {} })).status).toBe(404)
  expect((await acme.send(`${MOSAIC}/${sid}`, { method: 'DELETE' })).status).toBe(200)
})

describe('the operator', () => {
  test('sets it up without an address and secrets, and sees how it is doing', async () => {
    const { db, sealer } = portal.parts
    const set = (given: Partial<Parameters<typeof setVendorIntegration>[2]>) =>
      setVendorIntegration(db, sealer, { vendor: 'manual', name: 'third', ...given })
    await expect(set({ baseUrl: 'https://vendor.example' })).rejects.toThrow('no service')
    await expect(set({ settings: ['levelName=x'] })).rejects.toThrow('no service')
    expect(await set({ tenant: 'third' })).toMatchObject({ tenant: 'third', baseUrl: null })
    // What is not given stays.
    expect(await set({})).toMatchObject({ tenant: 'third' })
    const all = await listVendorIntegrations(db, sealer)
    expect(all.filter(({ vendor }) => vendor === 'manual').map(({ name }) => name)).toEqual([
      'acme',
      'rival',
      'third',
    ])
    expect(await listVendorHealth(db, { tenant: 'third' })).toMatchObject([
      { vendor: 'manual', lastDeliveryAt: null, imagesWaiting: 0, undecided: 0 },
    ])
  })

  test('decides what waits for review; a decline has its reason', async () => {
    const { db, vault, sealer } = portal.parts
    const decide = (id: string, decision: 'accepted' | 'rejected') =>
      reviewVerification({ db, vault }, { id, decision, reason: 'The photo is of a screen.' })
    const open = await acme.start()
    await expect(decide(open, 'accepted')).rejects.toThrow('waits for review')
    const id = await completed()
    const listed = async () =>
      (await listAllVerifications(db, { toReview: true })).map((row) => String(row.id))
    expect(await listed()).toContain(id)
    expect(await listed()).not.toContain(open)
    expect(await decide(id, 'rejected')).toBe(true)
    expect(await listed()).not.toContain(id)
    expect((await acme.get(`${IDV}/${id}/result`)).body).toMatchObject({
      recommendation: 'DENY',
      checks: { vendor: { reasons: ['The photo is of a screen.'] } },
    })
    const other = await completed()
    await decide(other, 'accepted')
    expect((await acme.get(`${IDV}/${other}`)).body.status).toBe('approved')
    expect(await retryVerification(db, jobs, other)).toBe(false)

    await db`update tenant set is_trusted = true where name = 'acme'`
    const resident = await addResident(portal.parts)
    const given = { vendor: 'manual', integration: 'acme', accountId: resident.id }
    const started = await startWithVerifier({ db, sealer, issuer: portal.issuer }, given)
    expect(started).toMatchObject({ vendorSessionId: null, url: null })
    await uploadAll(acme, started.id, ['selfie'])
  })

  test('keeps unfinished ones as long as the retention says, and no upload that nobody waits for', async () => {
    const { db, log } = portal.parts
    const id = await rival.start()
    await uploadAll(rival, id, ['selfie'])
    await setRetention(db, { vendor: 'manual', name: 'rival' }, ['unfinished=1'])
    await db`update verification set session_created_at = now() - interval '2 days' where id = ${id}`
    const other = await acme.start()
    await db`
      insert into upload (id, verification_id, type, created_at)
      values (${randomUUID()}, ${other}, 'selfie', now() - interval '2 hours')`
    await deleteOldUploads(db)
    expect([...(await db`select from upload`)]).toEqual([])
    await runRetention({ db, jobs, log })
    expect((await rival.get(`${IDV}/${id}`)).status).toBe(404)
    await eventually(async () => (await keysOf(id)).length === 0)
    await eventually(async () => {
      const [erased] = await db`
        select vendor_answer, objects_deleted_at from erased_verification where id = ${id}`
      return erased?.vendorAnswer === 'deleted' && erased.objectsDeletedAt !== null
    })
  })

  test('gets no delivery of it: there is nobody to send one', async () => {
    const webhook = await fetch(`${portal.url}/webhooks/manual`, { method: 'POST', body: '{}' })
    expect(webhook.status).toBe(404)
  })
})

test('while no worker answers, the client is told to come back, and nothing waits', async () => {
  const id = await acme.start()
  await portal.worker?.stop()
  const waiting = acme.upload(id, 'selfie', await photo())
  await eventually(async () => (await portal.db`select from upload`).length === 1)
  // Nothing of the image or the person is readable meanwhile.
  const [row] = await portal.db<{ image: Buffer }[]>`select image_sealed as image from upload`
  expect(row?.image.includes(Buffer.from('JFIF'))).toBe(false)
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31_000 })
  const answer = await waiting
  vi.useRealTimers()
  expect(answer).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } })
  expect([...(await portal.db`select from upload`)]).toEqual([])
})
