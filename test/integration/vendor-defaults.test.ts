import { createHash, createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { findVerification, startVerification } from '../../src/id-verification/operations.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { drawNoise } from '../support/images.ts'
import { addWebhookClient } from '../support/incode.ts'
import { addResident, startPortal, type TestPortal } from '../support/portal.ts'
import { test, withDatabase } from '../support/program.ts'
import { eventually } from '../support/sandbox.ts'
import { API_KEY, bytesOf, SECRET, vector } from '../support/veriff-vectors.ts'

/*
 * Each vendor as its documents print it (`docs/vendor-protocols.md`): what it is sent is answered with the documents' examples, and
 * nothing is set but what its documents require. Kora's and Sumsub's are in test/unit/kora.test.ts and test/unit/sumsub.test.ts.
 */

let portal: TestPortal
const closeVendors: (() => Promise<void>)[] = []
beforeAll(async () => {
  portal = await startPortal({ worker: true })
})
afterAll(async () => {
  for (const close of closeVendors) await close()
  await portal.close()
})

type Request = { call: string; headers: IncomingHttpHeaders; body: string }
type Answer = { status?: number; body: object | Buffer; headers?: Record<string, string> }

/** A vendor that answers these calls and no others. */
async function openVendor(answer: (request: Request) => Answer | undefined) {
  const requests: Request[] = []
  const undocumented: string[] = []
  const server = createServer(async (req, res) => {
    let body = ''
    for await (const chunk of req) body += chunk
    const request = { call: `${req.method} ${req.url}`, headers: req.headers, body }
    requests.push(request)
    const answered = answer(request)
    if (!answered) undocumented.push(request.call)
    const { status = 200, body: content, headers = {} } = answered ?? { status: 404, body: {} }
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content))
    res.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(bytes)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closeVendors.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    undocumented,
  }
}

async function start(vendor: string, integration?: string) {
  const resident = await addResident(portal.parts)
  const given = { vendor, integration, accountId: resident.id }
  return await startVerification({ ...portal.parts, issuer: portal.issuer }, given)
}

type Image = { type: string; state: string; sha256: string | null }
const read = async (id: string) =>
  (await findVerification(portal.db, id)) as unknown as {
    status: string
    documentType: string | null
    imagesComplete: boolean
    images: Image[]
  }
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** Waits until the decision is recorded, and each of these images is stored byte for byte. */
async function expectBackup(id: string, documentType: string, images: Record<string, Buffer>) {
  const found = await eventually(async () => {
    const now = await read(id)
    return now.status === 'approved' && now.imagesComplete && now
  })
  expect(found.documentType).toBe(documentType)
  const stored = found.images.filter(({ state }) => state === 'stored')
  expect(Object.fromEntries(stored.map((image) => [image.type, image.sha256]))).toEqual(
    Object.fromEntries(Object.entries(images).map(([type, bytes]) => [type, sha256(bytes)])),
  )
  for (const { objectKey, digest } of await portal.db<{ objectKey: string; digest: string }[]>`
    select object_key, encode(sha256, 'hex') as digest from image
    where verification_id = ${id} and state = 'stored'`)
    expect(sha256(await portal.parts.storage.get(objectKey))).toBe(digest)
}

const deliver = (path: string, body: string | Uint8Array, headers: Record<string, string>) =>
  fetch(`${portal.url}/webhooks/${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: body as string,
  })
const deliveryStates = async (vendor: string, integration = 'default') => {
  const rows = await portal.db<{ state: string }[]>`
    select state from delivery where vendor = ${vendor} and integration = ${integration} order by received_at`
  return rows.map(({ state }) => state)
}

/** Refused, and nothing of it stored. */
async function expectForged(vendor: string, answer: Response, integration?: string) {
  expect([answer.status, await answer.json()]).toEqual([401, { error: 'invalid_signature' }])
  expect(await deliveryStates(vendor, integration)).toEqual([])
}

async function expectAccepted(answer: Response) {
  expect([answer.status, await answer.json()]).toEqual([200, { success: true }])
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
}

describe('Veriff with its API key and its shared secret', () => {
  const session = vector('V-GET-SESSION').body ?? ''
  const attempt = vector('V-GET-ATTEMPT').body ?? ''
  const media = vector('V-GET-MEDIA').body ?? ''
  const face = 'a1b2c3d4-1829-4a3b-8c4d-5e6f70819204'
  const sign = (body: string | Uint8Array) =>
    createHmac('sha256', SECRET).update(body).digest('hex')
  const item = (id: string, context: string, mimetype: string, bytes: Uint8Array) => ({
    id,
    name: context,
    context,
    timestamp: null,
    mimetype,
    size: bytes.length,
    url: `https://api-saas.veriff.com/v1/media/${id}`,
    sessionId: session,
  })
  const jpeg = Buffer.from(bytesOf('V-BIN-JPEG'))
  const png = Buffer.from(bytesOf('V-BIN-PNG'))
  const RESPONSES: Record<string, object> = {
    'POST /v1/sessions': {
      status: 'success',
      verification: {
        id: session,
        url: 'https://alchemy.veriff.com/v/eyJhbGciOiJIUzI1NiJ9',
        vendorData: null,
        host: 'https://alchemy.veriff.com',
        status: 'created',
        sessionToken: 'eyJhbGciOiJIUzI1NiJ9',
      },
    },
    [`GET /v1/attempts/${attempt}/media`]: {
      status: 'success',
      images: [
        item(media, 'document-front', 'image/jpeg', jpeg),
        item(face, 'face', 'image/png', png),
      ],
      videos: [],
    },
  }

  test('has its decision recorded and its images stored; a forged delivery is refused', async () => {
    const vendor = await openVendor(({ call }) => {
      // The signatures of the bytes are those of the vectors.
      if (call === `GET /v1/media/${media}`)
        return { body: jpeg, headers: { 'X-HMAC-SIGNATURE': vector('V-BIN-JPEG').expected } }
      if (call === `GET /v1/media/${face}`)
        return { body: png, headers: { 'X-HMAC-SIGNATURE': vector('V-BIN-PNG').expected } }
      const body = RESPONSES[call]
      return (
        body && {
          status: call.startsWith('POST') ? 201 : 200,
          body,
          headers: { 'X-HMAC-SIGNATURE': sign(JSON.stringify(body)) },
        }
      )
    })
    await setVendorIntegration(portal.db, portal.parts.sealer, {
      vendor: 'veriff',
      baseUrl: vendor.url,
      apiKey: API_KEY,
      secret: SECRET,
    })
    const { id, vendorSessionId } = await start('veriff')
    expect(vendorSessionId).toBe(session)

    const printed = bytesOf('V-DEC-APPROVED')
    const signed = (signature: string) => ({
      'x-auth-client': API_KEY,
      'x-hmac-signature': signature,
    })
    const { expected } = vector('V-DEC-APPROVED')
    const flipped = Buffer.from(printed)
    flipped[20] = (flipped[20] ?? 0) ^ 1
    await expectForged('veriff', await deliver('veriff', flipped, signed(expected)))
    await expectForged('veriff', await deliver('veriff', printed, { 'x-auth-client': API_KEY }))

    // The example as printed names its own customer's `vendorData`: accepted, and set aside.
    await expectAccepted(await deliver('veriff', printed, signed(expected)))
    await eventually(async () => (await deliveryStates('veriff'))[0] === 'quarantined')
    expect((await read(id)).status).toBe('pending')

    const ours = Buffer.from(printed).toString().replace('usr_01HZX3K9QF', id)
    await expectAccepted(await deliver('veriff', ours, signed(sign(ours))))
    await expectBackup(id, 'passport', { document_front: jpeg, selfie: png })

    const [created] = vendor.requests
    expect(JSON.parse(created?.body ?? '')).toMatchObject({ verification: { vendorData: id } })
    const signatures = Object.fromEntries(
      vendor.requests.map(({ call, headers }) => [call, headers['x-hmac-signature']]),
    )
    expect(signatures).toMatchObject({
      [`GET /v1/attempts/${attempt}/media`]: vector('V-GET-ATTEMPT').expected,
      [`GET /v1/media/${media}`]: vector('V-GET-MEDIA').expected,
    })
    expect(vendor.undocumented).toEqual([])
  })
})

describe('Incode with its API key, its executive user and', () => {
  const session = '65a4f0c2d1b3e4f5a6978801'
  // I-BODY of the vectors.
  const PRINTED = `{"interviewId":"${session}","onboardingStatus":"ONBOARDING_FINISHED","clientId":"acme123","flowId":"65283accd410a1dd7e965479","externalId":"usr_01HZX3K9QF"}`
  const overall = { value: '96.4', status: 'OK' }
  const RESPONSES: Record<string, object> = {
    'POST /executive/log-in': { token: 'eyJhbGciOiJIUzI1NiJ9.executive' },
    'POST /omni/start': {
      interviewId: session,
      token: 'eyJhbGciOiJIUzI1NiJ9.session',
      clientId: 'acme123',
      interviewCode: '65a4f0c2',
      env: 'demo',
    },
    'GET /omni/onboarding-url?clientId=acme123': {
      url: 'https://demo-onboarding.incodesmile.com/acme123/flow/x',
    },
    [`GET /omni/get/onboarding/status?id=${session}`]: { onboardingStatus: 'ONBOARDING_FINISHED' },
    [`GET /omni/get/score?id=${session}`]: {
      idValidation: { photoSecurityAndQuality: [], idSpecific: [], overall },
      liveness: { overall },
      faceRecognition: { overall },
      overall,
    },
    [`GET /omni/get/ocr-data?id=${session}`]: {
      name: { fullName: 'ANA MEJIA', firstName: 'ANA', paternalLastName: 'MEJIA' },
      birthDate: Date.UTC(1990, 3, 12),
      typeOfId: 'Passport',
      documentNumber: 'E123456',
    },
  }
  let pictures: Record<string, Buffer>
  beforeAll(async () => {
    const types = ['selfie', 'fullFrameFrontID', 'croppedFrontID', 'croppedFace']
    pictures = Object.fromEntries(
      await Promise.all(
        types.map(async (type, seed) => [type, await drawNoise({ seed }).jpeg().toBuffer()]),
      ),
    )
  })
  const openIncode = () =>
    openVendor(({ call, headers, body }) => {
      if (headers['x-api-key'] !== 'api-key' || headers['api-version'] !== '1.0') return undefined
      if (call !== `POST /omni/get/images?id=${session}`)
        return RESPONSES[call] && { body: RESPONSES[call] }
      // A passport has no back: its types are not in the response.
      const { images } = JSON.parse(body) as { images: string[] }
      return {
        body: Object.fromEntries(
          images.flatMap((type) =>
            pictures[type] ? [[type, pictures[type].toString('base64')]] : [],
          ),
        ),
      }
    })
  const GIVEN = ['executiveEmail=executive@example.test']

  /** Delivers the printed example, as printed and with our id. */
  async function expectDecision(
    path: string,
    good: Record<string, string>,
    vendor: Awaited<ReturnType<typeof openIncode>>,
    { id, vendorSessionId }: { id: string; vendorSessionId: string },
  ) {
    expect(vendorSessionId).toBe(session)
    const name = path.split('/')[1]
    await expectAccepted(await deliver(path, PRINTED, good))
    await eventually(async () => (await deliveryStates('incode', name))[0] === 'quarantined')
    expect((await read(id)).status).toBe('pending')
    await expectAccepted(await deliver(path, PRINTED.replace('usr_01HZX3K9QF', id), good))
    await expectBackup(id, 'passport', {
      selfie: pictures.selfie as Buffer,
      selfie_cropped: pictures.croppedFace as Buffer,
      document_front: pictures.fullFrameFrontID as Buffer,
      document_front_cropped: pictures.croppedFrontID as Buffer,
    })
    const created = vendor.requests.find(({ call }) => call === 'POST /omni/start')
    expect(JSON.parse(created?.body ?? '')).toMatchObject({
      countryCode: 'ALL',
      externalCustomerId: id,
    })
    expect(vendor.undocumented).toEqual([])
  }

  test('a client of the portal’s token endpoint has its decision recorded and its images stored', async () => {
    const vendor = await openIncode()
    const { clientId, clientSecret } = await addWebhookClient(portal)
    await setVendorIntegration(portal.db, portal.parts.sealer, {
      vendor: 'incode',
      baseUrl: vendor.url,
      apiKey: 'api-key',
      secret: 'password',
      settings: [...GIVEN, `webhookClientId=${clientId}`],
    })
    const started = await start('incode')
    await expectForged('incode', await deliver('incode', PRINTED, { Authorization: 'Bearer x' }))
    await expectForged('incode', await deliver('incode', PRINTED, {}))
    // As documented: Basic, a form, and `access_token` with `expires_in` in the response.
    const answer = await fetch(`${portal.issuer}/api/oauth/token`, {
      method: 'POST',
      headers: {
        Authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
      },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
    const token = (await answer.json()) as { access_token: string; expires_in: number }
    expect(token.expires_in).toEqual(expect.any(Number))
    const good = { Authorization: `Bearer ${token.access_token}` }
    await expectDecision('incode', good, vendor, started)
  })

  test('a fixed header is set by one command', async ({ program: { json } }) => {
    const vendor = await openIncode()
    const [key] = portal.config.secrets.encryptionKeys
    const summary = await json(
      [
        ...['vendor', 'set', 'incode', '--name', 'header', '--base-url', vendor.url],
        ...['--api-key-stdin', '--secret-stdin', '--webhook-secret-stdin'],
        ...[...GIVEN, 'webhookHeader=X-Portal-Key'].flatMap((each) => ['--setting', each]),
      ],
      {
        ...withDatabase(portal.config.database.url),
        ENCRYPTION_KEY: Buffer.from(key ?? []).toString('base64url'),
      },
      'api-key\npassword\nvalue-of-the-header\n',
    )
    expect(summary).toMatchObject({ vendor: 'incode', name: 'header', enabled: true })
    const started = await start('incode', 'header')
    for (const headers of [{ 'X-Portal-Key': 'another' }, { 'X-Portal-Key': '' }, {}] as Record<
      string,
      string
    >[])
      await expectForged('incode', await deliver('incode/header', PRINTED, headers), 'header')
    const good = { 'x-portal-key': 'value-of-the-header' }
    await expectDecision('incode/header', good, vendor, started)
  })
})

describe('Mosaic with its client id and client secret', () => {
  const session = 'sid_2c9d7a1e4b'
  const path = `/verify/api/v1/verification/${session}`
  const RESPONSES: Record<string, object> = {
    'POST /oidc/token': { access_token: 'access', token_type: 'Bearer', expires_in: 3600 },
    'POST /verify/api/v1/verification': {
      session_id: session,
      start_token: 'st_4b1e7a9d2c',
      expiration: '2027-01-15T10:30:00.000Z',
      missing_images: ['document_front', 'document_back', 'selfie'],
    },
    [`GET ${path}/result`]: {
      session_id: session,
      status: 'complete',
      recommendation: 'ALLOW',
      person: { full_name: 'Ana Mejia', given_name: 'Ana', surname: 'Mejia' },
      document: { type: 'passport', country: 'HN', number: 'E123456' },
      additional_info: {},
      checks: { document_validation: { recommendation: 'ALLOW' } },
    },
    [`GET ${path}/images`]: {
      session_images: [
        { id: 'img-1', format: 'jpg', type: 'document_front', rejected: false, original: true },
        { id: 'img-2', format: 'jpg', type: 'selfie', rejected: false, original: true },
      ],
    },
  }

  test('has its result recorded and its images stored after the browser’s return; a forged one changes nothing', async () => {
    const images: Record<string, Buffer> = {
      'img-1': await drawNoise({ seed: 11 }).jpeg().toBuffer(),
      'img-2': await drawNoise({ seed: 12 }).jpeg().toBuffer(),
    }
    const vendor = await openVendor(({ call }) => {
      const [, image = ''] = /\/images\/([\w-]+)\?format=raw$/.exec(call) ?? []
      if (images[image]) return { body: images[image], headers: { 'Content-Type': 'image/jpg' } }
      return RESPONSES[call] && { body: RESPONSES[call] }
    })
    await setVendorIntegration(portal.db, portal.parts.sealer, {
      vendor: 'mosaic',
      baseUrl: vendor.url,
      apiKey: 'ts-client-1',
      secret: 's3cr&t+value=',
    })
    const { id, url } = await start('mosaic')
    expect(url).toBe(`${vendor.url}/verify/app/st_4b1e7a9d2c`)
    // Nobody asks about it but those who return.
    await portal.db`update verification set next_check_at = null where id = ${id}`
    const [token, created] = vendor.requests
    // T-TOKEN-FORM of the vectors.
    expect(token?.body).toBe(
      'grant_type=client_credentials&client_id=ts-client-1&client_secret=s3cr%26t%2Bvalue%3D&resource=https%3A%2F%2Fverify.identity.security',
    )
    const { callback_url, state } = JSON.parse(created?.body ?? '') as Record<string, string>
    const visit = (query: Record<string, string>) =>
      fetch(`${portal.url}${new URL(callback_url ?? '').pathname}?${new URLSearchParams(query)}`, {
        redirect: 'manual',
      })
    const asked = () => vendor.requests.filter(({ call }) => call.endsWith('/result')).length

    expect((await visit({ sessionId: session, state: 'guessed' })).status).toBe(400)
    // It sends no webhooks, so that none is genuine.
    await expectForged('mosaic', await deliver('mosaic', JSON.stringify({ session }), {}))
    const [{ waits } = { waits: true }] = await portal.db<{ waits: boolean }[]>`
      select next_check_at is not null as waits from verification where id = ${id}`
    expect([waits, asked()]).toEqual([false, 0])

    expect((await visit({ sessionId: session, state: state ?? '' })).status).toBe(303)
    await expectBackup(id, 'passport', {
      document_front: images['img-1'] as Buffer,
      selfie: images['img-2'] as Buffer,
    })
    expect(vendor.undocumented).toEqual([])
  })
})
