import { createHash, randomUUID } from 'node:crypto'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type MosaicSandbox, startMosaicSandbox } from '../../src/sandbox/mosaic.ts'
import { SMALL_PHOTOS } from '../support/portal.ts'

const CLIENT_ID = 'ts-client-1'
const CLIENT_SECRET = 's3cr&t+value='
const FORM = {
  grant_type: 'client_credentials',
  client_id: CLIENT_ID,
  client_secret: CLIENT_SECRET,
  resource: 'https://verify.identity.security',
}

let sandbox: MosaicSandbox
let now = Date.now()
let token = ''
beforeEach(async () => {
  now = Date.now()
  sandbox = await startMosaicSandbox({
    port: 0,
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    person: SMALL_PHOTOS,
    now: () => new Date(now),
  })
  token = (await read(askToken())).access_token
})
afterEach(() => sandbox.close())

/** The JSON of an answer, as loose as a test wants it. */
const read = async (response: Response | Promise<Response>) =>
  JSON.parse(await (await response).text())

const askToken = (change: Record<string, string> = {}) =>
  fetch(`${sandbox.url}/oidc/token`, {
    method: 'POST',
    body: new URLSearchParams({ ...FORM, ...change }),
  })

/** A request as the vendor's own page writes them: paths from `/api/v1` on. */
const call = (method: string, path: string, body?: unknown, bearer = token) =>
  fetch(`${sandbox.url}/verify${path}`, {
    method,
    headers: {
      authorization: `Bearer ${bearer}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
const create = (body: object = {}) => read(call('POST', '/api/v1/verification', body))

const picture = (width = 1280, height = 800) =>
  sharp({ create: { width, height, channels: 3, background: '#336699' } })
    .jpeg()
    .toBuffer()
const imageOf = async (image_type: string, bytes?: Buffer) => ({
  image: { format: 'jpg', image_type, content: (bytes ?? (await picture())).toString('base64') },
})

describe('the token endpoint', () => {
  test('answers the form of T-TOKEN-FORM', async () => {
    const response = await fetch(`${sandbox.url}/oidc/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=client_credentials&client_id=ts-client-1&client_secret=s3cr%26t%2Bvalue%3D&resource=https%3A%2F%2Fverify.identity.security',
    })
    expect(response.status).toBe(200)
    expect(await read(response)).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 3600,
    })
  })

  test.each([
    ['another secret', { client_secret: 'other' }, 401, 'invalid_client'],
    ['another grant', { grant_type: 'password' }, 400, 'unsupported_grant_type'],
    ['another resource', { resource: 'https://elsewhere.test' }, 400, 'invalid_target'],
    ['no resource', { resource: '' }, 400, 'invalid_target'],
  ])('refuses %s', async (_what, change, status, error) => {
    const response = await askToken(change)
    expect(response.status).toBe(status)
    expect(await read(response)).toEqual({ error })
  })

  test('refuses JSON and repeated parameters', async () => {
    const json = await fetch(`${sandbox.url}/oidc/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(FORM),
    })
    expect(json.status).toBe(400)
    const form = new URLSearchParams(FORM)
    form.append('resource', 'https://elsewhere.test')
    const twice = await fetch(`${sandbox.url}/oidc/token`, { method: 'POST', body: form })
    expect(twice.status).toBe(400)
  })

  test('gives tokens that end after an hour', async () => {
    const { session_id } = await create()
    now += 3_601_000
    const path = `/api/v1/verification/${session_id}/result`
    expect((await call('GET', path)).status).toBe(401)
    expect((await call('GET', path, undefined, 'made-up')).status).toBe(401)
  })
})

describe('every example of the seed', () => {
  test('create verification session, in the very words of its sample', async () => {
    const response = await call('POST', '/api/v1/verification', {
      callback_url: 'string',
      state: 'string',
      time_to_live: '90d',
      mock_behavior: null,
      auto_start: true,
      start: {},
    })
    expect(response.ok).toBe(true)
    expect(await read(response)).toEqual({
      session_id: expect.any(String),
      expiration: new Date(now + 90 * 86_400_000).toISOString(),
      missing_images: ['document_front', 'document_back', 'selfie'],
    })
  })

  test('create one for a person, who gets a start token', async () => {
    expect(await create({ callback_url: 'https://portal.test/back', state: 'abc' })).toEqual({
      start_token: expect.any(String),
      session_id: expect.any(String),
      expiration: expect.any(String),
      missing_images: ['document_front', 'document_back', 'selfie'],
    })
  })

  test('add image, all images, get image by id, result, consent, delete', async () => {
    const { session_id } = await create({
      start: { consent: { granted: true } },
      mock_behavior: {
        recommendation: 'DENY',
        processing_time: '15s',
        info: { person_details: { given_name: 'Iris' }, document_details: { type: 'visa' } },
      },
    })
    const path = `/api/v1/verification/${session_id}`
    expect(await read(call('GET', `${path}/result`))).toEqual({ session_id, status: 'capturing' })
    expect(await read(call('GET', `${path}/consent`))).toEqual({
      consent_granted: true,
      consent_date: new Date(now).toISOString(),
    })

    const front = await picture(1000, 640)
    const added = await call('POST', `${path}/images`, {
      ...(await imageOf('document_front', front)),
      device_info: {},
    })
    expect(await read(added)).toEqual({
      feedback: 'ok',
      complete: false,
      missing_images: ['document_back', 'selfie'],
    })
    await call('POST', `${path}/images`, await imageOf('document_back'))
    expect(await read(call('POST', `${path}/images`, await imageOf('selfie')))).toEqual({
      feedback: 'ok',
      complete: true,
      missing_images: [],
    })
    const more = await call('POST', `${path}/images`, await imageOf('selfie'))
    expect(more.status).toBe(409)

    expect(await read(call('GET', `${path}/result`))).toEqual({ session_id, status: 'processing' })
    now += 15_000
    const result = await read(call('GET', `${path}/result`))
    expect(result).toMatchObject({
      session_id,
      status: 'complete',
      recommendation: 'DENY',
      person: { given_name: 'Iris' },
      document: { type: 'visa' },
      additional_info: {},
      checks: {
        document_liveness: { recommendation: 'DENY', reasons: ['presentation_attack'] },
        document_validation: { recommendation: 'ALLOW' },
      },
    })
    const deprecated = await read(call('GET', `${path}/result?detailed=false`))
    expect(deprecated).toMatchObject({
      recommendation: 'DENY',
      rejection_description: ['presentation_attack'],
      extracted_info: { person: { surname: expect.any(String) }, document: { type: 'visa' } },
    })
    expect(deprecated).not.toHaveProperty('verified_info')

    const { session_images } = await read(call('GET', `${path}/images`))
    expect(session_images).toHaveLength(3)
    expect(session_images[0]).toEqual({
      id: result.verification_images[0].id,
      format: 'jpg',
      type: 'document_front',
      rejected: false,
      original: true,
    })
    const raw = await call('GET', `${path}/images/${session_images[0].id}?format=raw`)
    expect(raw.headers.get('content-type')).toBe('image/jpg')
    expect(Buffer.from(await raw.arrayBuffer())).toEqual(front)
    const text = await call('GET', `${path}/images/${session_images[0].id}?format=base64`)
    expect(await text.text()).toBe(front.toString('base64'))

    expect((await call('DELETE', path)).status).toBe(200)
    for (const gone of [path, `${path}/images/${session_images[0].id}`])
      expect((await call(gone === path ? 'DELETE' : 'GET', gone)).status).toBe(404)
  })
})

describe('errors', () => {
  test.each([
    ['a body that is no object', []],
    ['a recommendation there is not', { mock_behavior: { recommendation: 'MAYBE' } }],
    ['a duration there is not', { mock_behavior: { processing_time: 'soon' } }],
  ])('a session with %s is malformed: 400', async (_what, body) => {
    expect((await call('POST', '/api/v1/verification', body)).status).toBe(400)
  })

  test.each([
    ['too small', () => picture(639, 480)],
    ['too large', () => picture(3841, 2160)],
    ['not an image', async () => Buffer.from('<!doctype html>')],
  ])('an image that is %s: 400', async (_what, bytes) => {
    const { session_id } = await create({ start: {} })
    const body = await imageOf('selfie', await bytes())
    const path = `/api/v1/verification/${session_id}/images`
    expect((await call('POST', path, body)).status).toBe(400)
    expect((await sandbox.findSession(session_id))?.images).toEqual([])
  })

  test('what does not exist: 404, and without a token 401', async () => {
    const path = `/api/v1/verification/${randomUUID()}`
    for (const [method, rest] of [
      ['GET', '/result'],
      ['GET', '/images'],
      ['GET', '/images/x'],
      ['GET', '/consent'],
      ['POST', '/images'],
      ['DELETE', ''],
    ] as const) {
      const body = method === 'POST' ? {} : undefined
      expect((await call(method, path + rest, body)).status).toBe(404)
      expect((await call(method, path + rest, body, 'x')).status).toBe(401)
    }
    const { session_id } = await create()
    const image = `/api/v1/verification/${session_id}/images/x`
    expect((await call('GET', image)).status).toBe(404)
  })

  test('a session that has expired is gone', async () => {
    const { session_id } = await create({ time_to_live: '30d' })
    now += 31 * 86_400_000
    token = (await read(askToken())).access_token
    expect((await call('GET', `/api/v1/verification/${session_id}/result`)).status).toBe(404)
  })
})

describe('the hosted page', () => {
  const open = (start_token: string, body?: URLSearchParams) =>
    fetch(`${sandbox.url}/verify/app/${start_token}`, {
      redirect: 'manual',
      ...(body ? { method: 'POST', body } : {}),
    })
  const choose = (start_token: string, outcome: string) =>
    open(start_token, new URLSearchParams({ outcome }))

  test('takes the pictures, and sends the browser back with the session and the state', async () => {
    const { start_token, session_id } = await create({
      callback_url: 'https://portal.test/back?a=b',
      state: 'o p&que',
    })
    const page = await open(start_token)
    expect(page.status).toBe(200)
    expect(await page.text()).toContain('Approve')
    expect((await sandbox.findSession(session_id))?.status).toBe('capturing')
    const done = await choose(start_token, 'ALLOW')
    expect(done.status).toBe(303)
    expect(done.headers.get('location')).toBe(
      `https://portal.test/back?a=b&sessionId=${session_id}&state=o+p%26que`,
    )
    const session = await sandbox.findSession(session_id)
    expect(session?.status).toBe('complete')
    expect(session?.images.map(({ type }) => type)).toEqual([
      'document_front',
      'document_back',
      'selfie',
    ])
    const again = await choose(start_token, 'DENY')
    expect(again.headers.get('location')).toBe(`/verify/app/${start_token}`)
    expect(await (await open(start_token)).text()).toContain('complete')
  })

  test('asks again where the mock says so, and keeps the first pictures', async () => {
    const { start_token, session_id } = await create({
      callback_url: 'https://portal.test/back',
      mock_behavior: { force_retry: true, recommendation: 'CHALLENGE' },
    })
    const first = await choose(start_token, 'CHALLENGE')
    expect(first.headers.get('location')).toBe(`/verify/app/${start_token}`)
    expect((await sandbox.findSession(session_id))?.status).toBe('recapture')
    const second = await choose(start_token, 'CHALLENGE')
    expect(second.headers.get('location')).toContain(session_id)
    expect((await sandbox.findSession(session_id))?.images).toHaveLength(6)
    const result = await read(call('GET', `/api/v1/verification/${session_id}/result`))
    expect(result.recommendation).toBe('CHALLENGE')
  })

  test('of a token that does not exist is 404', async () => {
    expect((await open('none')).status).toBe(404)
    expect((await choose('none', 'ALLOW')).status).toBe(404)
  })
})

describe('on request it misbehaves', () => {
  test('late, with an error status, with Retry-After, so many times', async () => {
    const { session_id } = await create()
    const path = `/api/v1/verification/${session_id}/result`
    sandbox.misbehave({ api: { times: 2, delayInMs: 50, status: 429, retryAfterInSeconds: 7 } })
    const started = performance.now()
    const response = await call('GET', path)
    expect(performance.now() - started).toBeGreaterThan(45)
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('7')
    expect((await call('GET', path)).status).toBe(429)
    expect((await call('GET', path)).status).toBe(200)
  })

  test('with 401 for a fresh token, and with an error instead of one', async () => {
    const { session_id } = await create()
    const path = `/api/v1/verification/${session_id}/result`
    sandbox.misbehave({ refuseTokens: 1, tokens: { times: 1, status: 503 } })
    expect((await call('GET', path)).status).toBe(401)
    expect((await call('GET', path)).status).toBe(200)
    expect((await askToken()).status).toBe(503)
    expect((await askToken()).status).toBe(200)
    sandbox.endTokens()
    expect((await call('GET', path)).status).toBe(401)
  })

  test('with results that are not the truth', async () => {
    const { session_id } = await create()
    const result = () => read(call('GET', `/api/v1/verification/${session_id}/result`))
    sandbox.complete(session_id, 'ALLOW')
    sandbox.misbehave({ result: { withoutImages: true } }, session_id)
    expect(await result()).not.toHaveProperty('verification_images')
    sandbox.misbehave({ result: { structure: 'deprecated' } }, session_id)
    expect(await result()).toHaveProperty('verified_info.person.surname')
    sandbox.misbehave({ result: { sessionId: 'another', status: 'error' } }, session_id)
    expect(await result()).toMatchObject({ session_id: 'another', status: 'error' })
  })

  test('with feedback that asks for a better picture', async () => {
    const { session_id } = await create({ start: {} })
    sandbox.misbehave({ feedback: 'blur' }, session_id)
    const path = `/api/v1/verification/${session_id}/images`
    expect(await read(call('POST', path, await imageOf('selfie')))).toMatchObject({
      feedback: 'blur',
      complete: false,
      missing_images: ['document_front', 'document_back', 'selfie'],
    })
    expect((await sandbox.findSession(session_id))?.images).toMatchObject([{ rejected: true }])
  })

  test('with images that are none, are cut off, or never end', async () => {
    const { session_id } = await create()
    const bytes = await picture()
    const id = sandbox.addImage(session_id, { type: 'selfie', bytes })
    const path = `/api/v1/verification/${session_id}/images/${id}`
    const fetchImage = async () => Buffer.from(await (await call('GET', path)).arrayBuffer()).length
    sandbox.misbehave({ images: { body: 'truncated' } }, session_id)
    expect(await fetchImage()).toBe(Math.floor(bytes.length / 2))
    sandbox.misbehave({ images: { body: 'not-an-image', contentType: 'text/html' } }, session_id)
    const page = await call('GET', path)
    expect(page.headers.get('content-type')).toBe('text/html')
    sandbox.misbehave({ images: { body: 'cut-off' } }, session_id)
    await expect(fetchImage()).rejects.toThrow()
    sandbox.misbehave({ images: { body: 'endless' } }, session_id)
    const endless = await call('GET', path)
    let received = 0
    for await (const chunk of endless.body ?? []) {
      received += chunk.length
      if (received > bytes.length * 3) break
    }
    expect(received).toBeGreaterThan(bytes.length * 3)
  })

  test('its digests are those of the bytes it serves, and each drawing is its own', async () => {
    const { session_id } = await create()
    sandbox.complete(session_id, 'ALLOW')
    const images = (await sandbox.findSession(session_id))?.images ?? []
    expect(new Set(images.map(({ sha256 }) => sha256)).size).toBe(3)
    const path = `/api/v1/verification/${session_id}/images/${images[0]?.id}`
    const served = Buffer.from(await (await call('GET', path)).arrayBuffer())
    expect(createHash('sha256').update(served).digest('hex')).toBe(images[0]?.sha256)
  })
})
