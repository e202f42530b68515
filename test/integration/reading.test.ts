import { createHash, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { INCODE_IMAGE_TYPES } from '../../src/id-verification/vendors/incode.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { createApplication } from '../support/application.ts'
import { openBackOffice } from '../support/back-office.ts'
import { connectIncode } from '../support/incode.ts'
import {
  addClient,
  addResident,
  DOCUMENT,
  EVERYTHING,
  HOLDER,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { connectSandbox, eventually } from '../support/sandbox.ts'
import { loadPerson } from '../support/verifications.ts'

const ME = '/api/v1/me/natural-person'
const DOC = `${ME}/id-verification`
const IDV = '/api/v1/idv/verifications'

let portal: TestPortal
let veriff: Awaited<ReturnType<typeof connectSandbox>>
let incode: Awaited<ReturnType<typeof connectIncode>>
let ana: Person
let bea: Person
let office: string
let otherOffice: string
beforeAll(async () => {
  portal = await startPortal({ worker: true })
  // Photos as large as phones send them: several together are more than one answer may hold.
  veriff = await connectSandbox(portal, { person: { ...DOCUMENT, photoPixels: 1920 } })
  incode = await connectIncode(portal, { links: true })
  ;[ana, bea] = [await approved(), await approved()]
  office = await serviceToken('idv.read idv.write', 'default')
  otherOffice = await serviceToken('idv.read idv.write', 'elsewhere')
})
afterAll(async () => {
  await veriff.sandbox.close()
  await incode.sandbox.close()
  await portal.close()
})

type Person = Awaited<ReturnType<typeof approved>>

async function tokenOf(email: string, scope = EVERYTHING) {
  const client = await addClient(portal.parts, { scope: EVERYTHING })
  const application = await createApplication(portal.issuer, client)
  return (await application.obtainTokens(scope, email)).access_token
}

/** A resident with an approved verification of Veriff's whose images are all there. */
async function approved() {
  const { resident, id, sessionId } = await veriff.start()
  await veriff.sandbox.complete(sessionId, 'approved')
  await eventually(async () => {
    const [row] = await portal.db`select images_complete from verification where id = ${id}`
    return row?.imagesComplete === true
  })
  return { resident, id, sessionId, token: await tokenOf(resident.email) }
}

const serviceToken = async (scope: string, tenant: string) =>
  (await openBackOffice(portal, { tenant, scope })).token

type Body = Record<string, unknown>
async function call(path: string, token?: string, init: RequestInit & { json?: unknown } = {}) {
  const { json, ...rest } = init
  const answer = await fetch(`${portal.url}${path}`, {
    ...rest,
    ...(json === undefined ? {} : { method: 'POST', body: JSON.stringify(json) }),
    headers: {
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
      ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(init.headers as object),
    },
  })
  const bytes = new Uint8Array(await answer.arrayBuffer())
  const text = Buffer.from(bytes).toString()
  const isJson = answer.headers.get('content-type')?.includes('json')
  return {
    status: answer.status,
    headers: answer.headers,
    bytes,
    text,
    body: (isJson && text ? JSON.parse(text) : {}) as Body,
  }
}
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const download = async (url: unknown) => {
  const answer = await fetch(String(url))
  return { status: answer.status, sha256: sha256(new Uint8Array(await answer.arrayBuffer())) }
}
/** What the vendor holds of this person, by our names. */
async function held({ sessionId }: Person) {
  const session = await veriff.sandbox.findSession(sessionId)
  const names: Record<string, string> = {
    'document-front': 'document_front',
    'document-back': 'document_back',
    face: 'selfie',
  }
  return Object.fromEntries(
    (session?.attempts.at(-1)?.media ?? []).flatMap(({ context, sha256 }) =>
      names[context] ? [[names[context], sha256]] : [],
    ),
  )
}

describe('who somebody is', () => {
  test('what an operator loaded, in the shape and order of the real portal', async () => {
    const { resident, token } = ana
    expect((await call(ME, token)).body).toMatchObject({
      residentPermitNumber: null,
      address: null,
    })
    // As the documentation shows it.
    const example = new URL('../../docs/person.json', import.meta.url)
    await loadPerson(portal.parts, resident.id, JSON.parse(await readFile(example, 'utf8')))
    await loadPerson(portal.parts, resident.id, {
      givenName: HOLDER.givenName,
      surname: HOLDER.surname,
      residentPermitNumber: '20260000000017',
      countryOfBirth: 'Utopia',
      citizenships: ['Utopia'],
      dateOfBirth: '1990-02-03',
      sex: 'F',
      address: {
        country: 'Utopia',
        line1: '1 Harbour Street',
        city: 'Amaurot',
        postalCode: '1516',
      },
      phoneNumber: '+504 2222 0000',
      residency: {
        effectiveDate: '2024-09-01',
        residencyType: 'e-Resident',
        version: 'v08.29.2024',
      },
    })
    const { status, text, headers } = await call(ME, token)
    expect(status).toBe(200)
    expect(text).toBe(
      '{"givenName":"Ana","surname":"Mejia","name":"Ana Mejia","residentPermitNumber":"20260000000017",' +
        '"countryOfBirth":"Utopia","citizenships":["Utopia"],"dateOfBirth":"1990-02-03","sex":"F",' +
        '"address":{"country":"Utopia","line1":"1 Harbour Street","line2":null,"city":"Amaurot","state":null,"postalCode":"1516"},' +
        '"phoneNumber":"+504 2222 0000"}',
    )
    expect(headers.get('cache-control')).toBe('no-store')
    expect((await call(`${ME}/residency`, token)).body).toEqual({
      wasEverResident: true,
      activeResidency: {
        effectiveDate: '2024-09-01',
        terminationDate: null,
        residencyType: 'e-Resident',
        version: 'v08.29.2024',
      },
    })
    await loadPerson(portal.parts, resident.id, {
      residency: {
        effectiveDate: '2024-09-01',
        terminationDate: '2025-09-01',
        residencyType: 'Resident',
        version: 'v08.29.2024',
      },
    })
    expect((await call(`${ME}/residency`, token)).body).toEqual({
      wasEverResident: true,
      activeResidency: null,
    })
    expect((await call(`${ME}/residency`, bea.token)).body).toEqual({
      wasEverResident: false,
      activeResidency: null,
    })
  })

  test.each([
    [{ residentPermitNumber: '12' }, 'residentPermitNumber'],
    [{ dateOfBirth: '1990-02-31' }, 'dateOfBirth'],
    [{ sex: 'X' }, 'sex'],
    [{ height: 180 }, 'height'],
    [
      {
        residency: {
          effectiveDate: '2024-01-02',
          terminationDate: '2024-01-01',
          residencyType: 'Resident',
          version: 'v08.29.2024',
        },
      },
      'terminationDate',
    ],
  ])('what is wrong is named and not loaded: %o', async (given, named) => {
    await expect(loadPerson(portal.parts, bea.resident.id, given)).rejects.toThrow(named)
  })

  test('each by its own scope', async () => {
    const token = await tokenOf(bea.resident.email, 'openid profile')
    expect((await call(ME, token)).text).toBe(
      '{"error":"missing_scopes: eprospera:person.details.read"}',
    )
    expect((await call(`${ME}/residency`, token)).text).toBe(
      '{"error":"missing_scopes: eprospera:person.residency.read"}',
    )
    expect((await call(ME)).text).toBe('{"error":"missing_token"}')
    expect((await call(`${ME}/residency`, 'x')).text).toBe('{"error":"invalid_token"}')
  })
})

test('smaller answers for smaller needs, each by its own scope', async () => {
  const { resident } = bea
  const token = await tokenOf(resident.email, 'openid eprospera:person.age_over.read')
  expect((await call(`${ME}/age-over`, token)).body).toEqual({ age: 18, isOver: null })
  const today = new Date()
  const born = (years: number, days: number) =>
    new Date(
      Date.UTC(today.getUTCFullYear() - years, today.getUTCMonth(), today.getUTCDate() + days),
    )
      .toISOString()
      .slice(0, 10)
  for (const [dateOfBirth, isOver] of [
    [born(21, 0), true],
    [born(21, 1), false],
    [born(40, 0), true],
  ] as const) {
    await loadPerson(portal.parts, resident.id, { dateOfBirth })
    expect((await call(`${ME}/age-over?age=21`, token)).body).toEqual({ age: 21, isOver })
  }
  // The birth date of the document again: another one does not fit, and then nothing is approved.
  await loadPerson(portal.parts, resident.id, { dateOfBirth: HOLDER.dateOfBirth })
  for (const age of ['19', '0', 'x', '18&age=21'])
    expect((await call(`${ME}/age-over?age=${age}`, token)).status).toBe(400)
  expect((await call(`${DOC}/status`, token)).text).toMatch(
    '{"error":"missing_scopes: eprospera:person.id_verification.status.read",',
  )
  expect((await call(DOC, token)).status).toBe(401)
  expect((await call(ME, token)).status).toBe(401)

  const statusOnly = await tokenOf(
    resident.email,
    'openid eprospera:person.id_verification.status.read',
  )
  const { body, text } = await call(`${DOC}/status`, statusOnly)
  expect(body).toEqual({
    approved: true,
    since: expect.stringMatching(/Z$/),
    documentType: expect.any(String),
  })
  expect(text).not.toContain('http')
  // Whole words: the smaller scope is not a piece of the larger one.
  expect((await call(DOC, statusOnly)).status).toBe(401)
  const nobody = await addResident(portal.parts)
  const without = await tokenOf(nobody.email)
  expect((await call(`${DOC}/status`, without)).body).toEqual({
    approved: false,
    since: null,
    documentType: null,
  })
})

describe.each([
  ["the resident's own", () => DOC, () => ana.token],
  ["a tenant's", () => `${IDV}/${ana.id}`, () => office],
])('images, %s', (whose, base, token) => {
  test('as a list', async () => {
    const { status, body } = await call(`${base()}/images`, token())
    expect(status).toBe(200)
    const images = body.images as Body[]
    expect(images.map(({ type, available }) => [type, available])).toEqual([
      ['document_front', true],
      ['document_back', true],
      ['selfie', true],
      // A back office's list has every usual type.
      ...(whose === "a tenant's" ? [['liveness_frame', false]] : []),
    ])
    for (const image of images)
      expect(Object.keys(image)).toEqual([
        'id',
        'type',
        'available',
        'contentType',
        'size',
        'sha256',
        'capturedAt',
      ])
    const theirs = await held(ana)
    for (const { type, sha256 } of images) expect(sha256).toBe(theirs[String(type)] ?? null)
  })

  test('as one link with a chosen life', async () => {
    const theirs = await held(ana)
    for (const type of ['document_front', 'document_back', 'selfie']) {
      const { body, text } = await call(`${base()}/images/${type}`, token())
      expect(Object.keys(body)).toEqual(['url', 'expiresIn', 'imageType'])
      expect(body).toMatchObject({ expiresIn: 900, imageType: type })
      expect(text).toContain('X-Amz-Expires=900')
      expect(await download(body.url)).toEqual({ status: 200, sha256: theirs[type] })
    }
    const { body } = await call(`${base()}/images/selfie?expiresIn=60`, token())
    expect(String(body.url)).toContain('X-Amz-Expires=60&')
    for (const expiresIn of ['59', '3601', '-1', 'x', '', '60&expiresIn=61'])
      expect((await call(`${base()}/images/selfie?expiresIn=${expiresIn}`, token())).status).toBe(
        400,
      )
    expect((await call(`${base()}/images/liveness_frame`, token())).status).toBe(404)
  })

  test('as links with earlier attempts', async () => {
    const { status, body } = await call(`${base()}/images/links`, token(), {
      json: { images: ['selfie', 'fullFrameFrontID', 'liveness_frame'] },
    })
    expect(status).toBe(200)
    expect(Object.keys(body)).toEqual([
      'selfie',
      'selfie_prevAttempts',
      'fullFrameFrontID',
      'fullFrameFrontID_prevAttempts',
    ])
    const earlier = body.selfie_prevAttempts as Record<string, string>
    expect(Object.keys(earlier)).toHaveLength(1)
    expect(Object.keys(earlier)[0]).toMatch(/^\d{13}$/)
    const theirs = await held(ana)
    expect((await download(body.selfie)).sha256).toBe(theirs.selfie)
    expect((await download(body.fullFrameFrontID)).sha256).toBe(theirs.document_front)
    expect(String(body.selfie)).toContain('X-Amz-Expires=3600')
  })

  test('as base64, and too much of it is refused before it is read', async () => {
    const { status, body } = await call(`${base()}/images/base64`, token(), {
      json: { images: ['selfie', 'document_back', 'liveness_frame'] },
    })
    expect(status).toBe(200)
    expect(Object.keys(body)).toEqual(['selfie', 'document_back'])
    const theirs = await held(ana)
    expect(sha256(Buffer.from(String(body.selfie), 'base64'))).toBe(theirs.selfie)
    // Names of one image under several: more than 10 MB in all.
    const many = await call(`${base()}/images/base64`, token(), {
      json: { images: Array.from({ length: 30 }, () => 'document_front') },
    })
    expect(many.status).toBe(413)
    expect(many.body.details).toMatchObject({
      limit: 10_000_000,
      sizes: { document_front: expect.any(Number) },
    })
  })

  test('as bytes, with type, length and digest; again only when they changed', async () => {
    const { body } = await call(`${base()}/images`, token())
    const available = (body.images as Body[]).filter((image) => image.available)
    expect(available).toHaveLength(3)
    for (const image of available) {
      const path = `${base()}/images/${image.id}/content`
      const { status, bytes, headers } = await call(path, token())
      expect(status).toBe(200)
      expect(sha256(bytes)).toBe(image.sha256)
      expect(headers.get('content-type')).toBe('image/jpeg')
      expect(headers.get('content-length')).toBe(String(image.size))
      expect(headers.get('repr-digest')).toBe(
        `sha-256=:${Buffer.from(String(image.sha256), 'hex').toString('base64')}:`,
      )
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      const tag = headers.get('etag') ?? ''
      for (const given of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
        const again = await call(path, token(), { headers: { 'If-None-Match': given } })
        expect([again.status, again.bytes.length]).toEqual([304, 0])
      }
      const head = await call(path, token(), { method: 'HEAD' })
      expect([head.status, head.bytes.length]).toEqual([200, 0])
      expect(head.headers.get('content-length')).toBe(String(image.size))
      expect((await call(path, token(), { headers: { Accept: 'text/html' } })).status).toBe(406)
    }
  })

  test('other methods are told which there are, and other types that there is JSON', async () => {
    for (const [path, method, allow] of [
      ['/images', 'POST', 'GET, HEAD'],
      ['/images/selfie', 'PUT', 'GET, HEAD'],
      ['/images/links', 'GET', 'POST'],
      ['/images/base64', 'DELETE', 'POST'],
    ] as const) {
      const { status, headers } = await call(`${base()}${path}`, token(), { method })
      expect([status, headers.get('allow')]).toEqual([405, allow])
    }
    const xml = { headers: { Accept: 'application/xml' } }
    expect((await call(`${base()}/images`, token(), xml)).status).toBe(406)
    const lenient = { headers: { Accept: 'text/html, */*;q=0.1' } }
    expect((await call(`${base()}/images`, token(), lenient)).status).toBe(200)
    const refusing = { headers: { Accept: '*/*, application/json;q=0' } }
    expect((await call(`${base()}/images`, token(), refusing)).status).toBe(406)
  })

  test.each([
    ['no JSON', '{', 400],
    ['a list', '[]', 400],
    ['nothing asked for', '{"images":[]}', 400],
    ['something else', '{"images":["selfie"],"of":"x"}', 400],
    ['a path for a name', '{"images":["../selfie"]}', 400],
    ['a name that there is not', '{"images":["selfie","fullFrameFrontId"]}', 400],
    ['numbers', '{"images":[1]}', 400],
    ['too much', `{"images":["${'x'.repeat(70_000)}"]}`, 413],
  ])('a body with %s is refused', async (_what, body, status) => {
    for (const path of ['/images/links', '/images/base64'])
      expect(
        (
          await call(`${base()}${path}`, token(), {
            method: 'POST',
            body,
            headers: { 'Content-Type': 'application/json' },
          })
        ).status,
      ).toBe(status)
  })
})

test('a resident without anything approved has no images', async () => {
  const resident = await addResident(portal.parts)
  const token = await tokenOf(resident.email)
  expect((await call(`${DOC}/images`, token)).text).toBe('{"images":[]}')
  expect((await call(`${DOC}/images/selfie`, token)).status).toBe(404)
  const json = { images: ['selfie'] }
  expect((await call(`${DOC}/images/links`, token, { json })).text).toBe('{}')
  expect((await call(`${DOC}/images/base64`, token, { json })).text).toBe('{}')
})

describe("Incode's names of images", () => {
  /** The rows of the contract's table. */
  const rows = [
    ...readFileSync(new URL('../../docs/contract.md', import.meta.url), 'utf8').matchAll(
      /^\| `(\w+)` \| (.+) \| (served|refused) \| (served|refused) \|$/gm,
    ),
  ].map(([, name = '', type = '', base64 = '', links = '']) => ({
    name,
    type: /^`(\w+)`$/.exec(type)?.[1],
    base64,
    links,
  }))
  let of: { id: string; sha256: string }
  beforeAll(async () => {
    const [image] = await portal.db<{ id: string; sha256: string }[]>`
      select id, encode(jpeg_sha256, 'hex') as sha256 from image
      where verification_id = ${bea.id} and type = 'document_back'`
    if (!image) throw new Error('there is no image')
    of = image
  })
  const ask = (form: string, name: string) =>
    call(`${IDV}/${bea.id}/images/${form}`, office, { json: { images: [name] } })

  test('are all in the table', () => {
    expect(rows.filter(({ type }) => type).map(({ name, type }) => [name, type])).toEqual(
      expect.arrayContaining([...INCODE_IMAGE_TYPES]),
    )
    expect(rows).toHaveLength(INCODE_IMAGE_TYPES.size + 3)
  })

  test.each(rows)(
    '$name is $base64 by base64, and $links by link',
    async ({ name, type, ...by }) => {
      if (type) await portal.db`update image set type = ${type}, position = 9 where id = ${of.id}`
      for (const form of ['base64', 'links'] as const) {
        const { status, body } = await ask(form, name)
        if (by[form] === 'served') {
          expect(status).toBe(200)
          const digest =
            form === 'links'
              ? (await download(body[name])).sha256
              : sha256(Buffer.from(String(body[name]), 'base64'))
          // The person's own selfie is there too.
          if (type !== 'selfie' && type !== 'document_front') expect(digest).toBe(of.sha256)
        } else {
          expect(status).toBe(400)
          expect(body).toMatchObject({
            code: 'VALIDATION_ERROR',
            error: expect.stringMatching(new RegExp(`\\b${name}: .+(There|there|has)`)),
            details: { field: 'images.0', constraint: 'invalid' },
          })
          if (type) expect(body.error).toContain('are not available for this endpoint')
        }
      }
    },
  )

  test('of what was not captured are left out, and what is misspelled is named with what there is', async () => {
    await portal.db`update image set type = 'document_back', position = 0 where id = ${of.id}`
    for (const form of ['base64', 'links'])
      expect((await ask(form, 'addressStatement')).body).toEqual({})
    const { body } = await ask('base64', 'fullFrameFrontId')
    expect(body.error).toContain('fullFrameFrontId: there is no such type.')
    expect(body.error).toContain('fullFrameFrontID')
  })
})

test('earlier attempts of one type are there by the time they were taken', async () => {
  const { resident, id, sessionId } = await incode.start()
  incode.sandbox.addImage(sessionId, { type: 'selfie' })
  await new Promise((resolve) => setTimeout(resolve, 5))
  incode.sandbox.addImage(sessionId, { type: 'selfie' })
  incode.sandbox.complete(sessionId, 'OK')
  await eventually(async () => {
    const [row] = await portal.db`select images_complete from verification where id = ${id}`
    return row?.imagesComplete === true
  })
  const token = await tokenOf(resident.email)
  const { body } = await call(`${DOC}/images/links`, token, { json: { images: ['selfie'] } })
  const earlier = body.selfie_prevAttempts as Record<string, string>
  const { captures = [] } = (await incode.sandbox.findSession(sessionId)) ?? {}
  const taken = captures.filter(({ type }) => type === 'selfie')
  expect(Object.keys(earlier).sort()).toEqual(taken.map(({ takenAt }) => String(takenAt)))
  expect(taken).toHaveLength(2)
  for (const { takenAt, sha256 } of taken)
    expect((await download(earlier[String(takenAt)])).sha256).toBe(sha256)
  expect((await download(body.selfie)).sha256).toBe(taken.at(-1)?.sha256)
})

describe('the back office', () => {
  test('reads one, without the resident whom the operator started it for', async () => {
    const { body } = await call(`${IDV}/${ana.id}`, office)
    expect(body).toEqual({
      id: ana.id,
      subjectId: null,
      externalId: null,
      vendor: 'veriff',
      status: 'approved',
      tier: 'standard',
      documentType: expect.any(String),
      imagePersisted: true,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
      completedAt: expect.any(String),
    })
    const all = await call(`/api/v1/idv/subjects/${ana.resident.id}/verifications`, office)
    expect(all.body.verifications).toEqual([])
    const types = await call('/api/v1/idv/document-types', office)
    expect(types.body.documentTypes).toContainEqual({ code: 'passport', name: 'Passport' })
  })

  test('starts a session, has it finished, and the person comes back to where it said', async () => {
    const externalId = randomUUID()
    const started = await call(IDV, office, {
      json: {
        vendor: 'veriff',
        externalId,
        callback_url: 'https://office.example/back?from=portal',
        state: 'state of theirs',
      },
    })
    expect(started.status).toBe(201)
    const { id, url } = started.body
    expect(started.body).toMatchObject({ status: 'pending', externalId })
    expect(started.headers.get('location')).toBe(`${IDV}/${id}`)
    expect((await call(`${IDV}/${id}/result`, office)).body).toEqual({
      session_id: id,
      status: 'pending',
    })
    expect(String(url)).toMatch(/^http/)
    const [row] =
      await portal.db`select vendor_session_id from verification where id = ${String(id)}`
    await veriff.sandbox.complete(row?.vendorSessionId, 'declined')
    await eventually(async () => (await call(`${IDV}/${id}`, office)).body.status === 'declined')
    expect((await call(`${IDV}/${id}/result`, office)).body).toMatchObject({
      session_id: id,
      status: 'complete',
      recommendation: 'DENY',
      document: { type: expect.any(String) },
      checks: { vendor: { recommendation: 'DENY' } },
    })
  })

  test('a returning browser is sent on with the state it was started with, and nobody else is', async () => {
    const { sandbox, name } = incode
    await setVendorIntegration(portal.db, portal.parts.sealer, {
      vendor: 'incode',
      name,
      baseUrl: sandbox.url,
    })
    const { body } = await call(IDV, office, {
      json: {
        vendor: 'incode',
        integration: name,
        externalId: randomUUID(),
        callback_url: 'http://localhost:9/back?a=b',
        state: 'of theirs',
      },
    })
    const page = await fetch(String(body.url), {
      method: 'POST',
      body: new URLSearchParams({ outcome: 'OK' }),
      redirect: 'manual',
    })
    const back = page.headers.get('location') ?? ''
    const onward = await fetch(back, { redirect: 'manual' })
    expect(onward.headers.get('location')).toBe(
      `http://localhost:9/back?a=b&verificationId=${body.id}&state=of+theirs`,
    )
    const altered = await fetch(`${back}x`, { redirect: 'manual' })
    expect(altered.headers.get('location')).toBe('/')
  })

  test.each([
    ['no vendor', { externalId: 'x' }, 'vendor'],
    ['an unknown vendor', { vendor: 'x', externalId: 'x' }, 'vendor'],
    ['no subject', { vendor: 'veriff' }, 'externalId'],
    [
      'a callback by http:',
      { vendor: 'veriff', externalId: 'x', callback_url: 'http://office.example/' },
      'callback_url',
    ],
    [
      'a callback that is no URI',
      { vendor: 'veriff', externalId: 'x', callback_url: 'https://office.example/a b' },
      'callback_url',
    ],
    [
      'a callback that is a script',
      { vendor: 'veriff', externalId: 'x', callback_url: 'javascript:alert(1)' },
      'callback_url',
    ],
  ])('does not start with %s, and says which field', async (_what, json, field) => {
    const { status, body } = await call(IDV, office, { json })
    expect(status).toBe(400)
    expect(Object.keys(body)).toEqual(['code', 'error', 'details'])
    expect(body).toMatchObject({ code: 'VALIDATION_ERROR', details: { field } })
  })

  test('a vendor of another tenant, or an unknown subject, starts nothing', async () => {
    const json = { vendor: 'veriff', externalId: randomUUID() }
    expect((await call(IDV, otherOffice, { json })).body).toMatchObject({
      code: 'VALIDATION_ERROR',
      details: { field: 'vendor' },
    })
    const unknown = await call(IDV, office, {
      json: { vendor: 'veriff', subjectId: randomUUID() },
    })
    expect([unknown.status, unknown.body.code]).toEqual([404, 'NOT_FOUND'])
  })

  test('a review decides, the vendor can decide after it, and deleting leaves nothing', async () => {
    const { id, token, sessionId } = await approved()
    const rejected = await call(`${IDV}/${id}/review`, office, {
      json: { decision: 'reject', reason: 'the photo is of a photo' },
    })
    expect(rejected.body).toMatchObject({ id, status: 'declined' })
    expect((await call(DOC, token)).body).toMatchObject({ id: null })
    expect((await call(`${IDV}/${id}/result`, office)).body).toMatchObject({
      recommendation: 'DENY',
      checks: { vendor: { reasons: ['the photo is of a photo'] } },
    })
    await call(`${IDV}/${id}/review`, office, { json: { decision: 'approve' } })
    expect((await call(DOC, token)).body).toMatchObject({ id })
    await veriff.sandbox.decide(sessionId, 'declined')
    await eventually(async () => (await call(`${IDV}/${id}`, office)).body.status === 'declined')

    expect((await call(`${IDV}/${id}`, office, { method: 'DELETE' })).status).toBe(204)
    expect((await call(`${IDV}/${id}`, office)).status).toBe(404)
    expect((await call(`${IDV}/${id}`, office, { method: 'DELETE' })).status).toBe(404)
  })

  test('a review holds when a vendor without times says the same as before once more', async () => {
    const { id, sessionId } = await incode.start()
    incode.sandbox.complete(sessionId, 'OK')
    await eventually(async () => (await call(`${IDV}/${id}`, office)).body.status === 'approved')
    const review = await call(`${IDV}/${id}/review`, office, { json: { decision: 'reject' } })
    expect(review.body).toMatchObject({ status: 'declined' })
    const answers = async () =>
      (await portal.db`select answers from verification where id = ${id}`)[0]?.answers as number
    const before = await answers()
    await portal.db`update verification set next_check_at = now() where id = ${id}`
    await eventually(async () => (await answers()) > before)
    expect((await call(`${IDV}/${id}`, office)).body.status).toBe('declined')
    // What it decides anew counts.
    incode.sandbox.review(sessionId, 'REJECTED')
    await eventually(async () => (await answers()) > before + 1)
    incode.sandbox.review(sessionId, 'APPROVED')
    await eventually(async () => (await call(`${IDV}/${id}`, office)).body.status === 'approved')
  })

  test('what is not finished cannot be reviewed', async () => {
    const { id } = await veriff.start()
    const { status, body } = await call(`${IDV}/${id}/review`, office, {
      json: { decision: 'approve' },
    })
    expect([status, body.code]).toEqual([409, 'CONFLICT'])
  })

  test("needs a tenant's own token, with the scope for what it does", async () => {
    const reader = await serviceToken('idv.read', 'default')
    const json = { decision: 'approve' }
    for (const [path, token, init, error] of [
      [`${IDV}/${ana.id}`, undefined, {}, 'missing_token'],
      [`${IDV}/${ana.id}`, 'x', {}, 'invalid_token'],
      [`${IDV}/${ana.id}`, ana.token, {}, 'missing_scopes: idv.read'],
      [`${IDV}/${ana.id}/images`, ana.token, {}, 'missing_scopes: idv.read'],
      [`${IDV}/${ana.id}/review`, reader, { json }, 'missing_scopes: idv.write'],
      [`${IDV}/${ana.id}`, reader, { method: 'DELETE' }, 'missing_scopes: idv.write'],
      [IDV, reader, { json: {} }, 'missing_scopes: idv.write'],
    ] as const) {
      const { status, body, headers } = await call(path, token, init)
      expect([status, body]).toEqual([401, { code: 'UNAUTHORIZED', error, details: {} }])
      expect(headers.get('www-authenticate')).toContain('Bearer')
    }
    expect((await call(`${DOC}/images`, office)).text).toMatch(
      '{"error":"missing_scopes: eprospera:person.id_verification.read",',
    )
  })
})

test("another's and what does not exist are told apart by nothing", async () => {
  const own = (await call(`${DOC}/images`, bea.token)).body.images as Body[]
  const theirs = (await call(`${DOC}/images`, ana.token)).body.images as Body[]
  const shape = ({ status, text, headers }: Awaited<ReturnType<typeof call>>) => {
    const names = [...headers].filter(([name]) => !['date', 'x-request-id'].includes(name))
    return JSON.stringify([status, text, names])
  }
  // Of the same resident, one application may see images and the other may not.
  const modest = await tokenOf(bea.resident.email, 'openid')
  const guesses: Promise<[string, string]>[] = []
  for (let round = 0; round < 20; round++)
    for (const suffix of [
      '',
      '/result',
      '/images',
      '/images/selfie',
      `/images/${theirs[0]?.id}/content`,
    ])
      guesses.push(
        Promise.all([
          call(`${IDV}/${ana.id}${suffix}`, otherOffice).then(shape),
          call(`${IDV}/${randomUUID()}${suffix}`, otherOffice).then(shape),
        ]),
      )
  for (const { id } of theirs)
    for (let round = 0; round < 17; round++)
      guesses.push(
        Promise.all([
          call(`${DOC}/images/${id}/content`, bea.token).then(shape),
          call(`${DOC}/images/${randomUUID()}/content`, bea.token).then(shape),
        ]),
        Promise.all([
          call(`${DOC}/images/${id}/content`, modest).then(shape),
          call(`${DOC}/images/${randomUUID()}/content`, modest).then(shape),
        ]),
      )
  expect(guesses.length).toBeGreaterThan(200)
  for (const [another, nothing] of await Promise.all(guesses)) {
    expect(another).toBe(nothing)
    expect(another).toMatch(/^\[40[14],/)
  }
  // A verification's own path with an image of another.
  const crossed = await call(`${IDV}/${ana.id}/images/${own[0]?.id}/content`, office)
  expect(crossed.status).toBe(404)
  const subject = await call(`/api/v1/idv/subjects/${ana.resident.id}/verifications`, otherOffice)
  const nobody = await call(`/api/v1/idv/subjects/${randomUUID()}/verifications`, otherOffice)
  expect(shape(subject)).toBe(shape(nobody))
  for (const id of ['x', '..%2f', ana.id.toUpperCase().slice(1), `${ana.id}%00`, `'--`])
    expect((await call(`${IDV}/${id}`, otherOffice)).status).toBe(404)
})
