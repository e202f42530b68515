import { createHash, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type IncodeSandbox, startIncodeSandbox } from '../../src/sandbox/incode.ts'
import { withDrawing } from '../support/incode.ts'
import { SMALL_PHOTOS } from '../support/portal.ts'

const API_KEY = 'sandbox-api-key'
const EMAIL = 'executive@example.test'
const PASSWORD = 'a password of the sandbox'
// The very body of the seed's samples.
const SAMPLE = { images: ['selfie', 'fullFrameFrontID'] }

let sandbox: IncodeSandbox
let now = Date.now()
let executive = ''
beforeEach(async () => {
  now = Date.now()
  sandbox = await startIncodeSandbox({
    port: 0,
    apiKey: API_KEY,
    email: EMAIL,
    password: PASSWORD,
    person: SMALL_PHOTOS,
    now: () => now,
  })
  executive = (await read(logIn())).token
})
afterEach(() => sandbox.close())

/** The JSON of an answer, as loose as a test wants it. */
const read = async (response: Response | Promise<Response>) =>
  JSON.parse(await (await response).text())
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  fetch(`${sandbox.url}${path}`, {
    method,
    headers: {
      'Content-Type': 'application/json',
      'api-version': '1.0',
      'x-api-key': API_KEY,
      'X-Incode-Hardware-Id': executive,
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
const logIn = (body: object = { email: EMAIL, password: PASSWORD }) =>
  call('POST', '/executive/log-in', body)
const start = (body: object = {}) =>
  read(call('POST', '/omni/start', { countryCode: 'ALL', configurationId: 'flow', ...body }))
const asSession = (token: string) => ({ 'X-Incode-Hardware-Id': token })

describe('every example of the seed', () => {
  test('images as base64: the latest of each type, and no more', async () => {
    const { interviewId } = await start()
    sandbox.complete(interviewId, 'OK')
    await withDrawing(sandbox, interviewId, 'selfie')
    const answer = await read(call('POST', `/omni/get/images?id=${interviewId}`, SAMPLE))
    expect(Object.keys(answer)).toEqual(['selfie', 'fullFrameFrontID'])
    const held = (await sandbox.findSession(interviewId))?.images
    for (const type of SAMPLE.images)
      expect(sha256(Buffer.from(answer[type], 'base64'))).toBe(held?.get(type))
    const { croppedFace } = await read(
      call('POST', `/omni/get/images?id=${interviewId}`, { images: ['croppedFace'] }),
    )
    expect(sha256(Buffer.from(croppedFace, 'base64'))).toBe(held?.get('croppedFace'))
  })

  test('images as links: the latest, and all earlier attempts by when they were taken', async () => {
    const { interviewId } = await start()
    sandbox.complete(interviewId, 'OK')
    await withDrawing(sandbox, interviewId, 'fullFrameFrontID')
    const answer = await read(call('POST', `${sandbox.imageLinksPath}?id=${interviewId}`, SAMPLE))
    const captures = (await sandbox.findSession(interviewId))?.captures ?? []
    const times = (type: string) =>
      captures.filter((one) => one.type === type).map(({ takenAt }) => String(takenAt))
    expect(times('fullFrameFrontID')).toHaveLength(2)
    expect(answer).toEqual({
      fullFrameFrontID: expect.any(String),
      fullFrameFrontID_prevAttempts: Object.fromEntries(
        times('fullFrameFrontID').map((time) => [time, expect.any(String)]),
      ),
      selfie: expect.any(String),
      selfie_prevAttempts: { [times('selfie')[0] ?? '']: answer.selfie },
    })
    expect(Object.values(answer.fullFrameFrontID_prevAttempts).at(-1)).toBe(answer.fullFrameFrontID)
    for (const { type, takenAt, sha256: digest } of captures) {
      const link = answer[`${type}_prevAttempts`]?.[takenAt]
      if (!link) continue
      const image = await fetch(link)
      expect(image.headers.get('content-type')).toBe('image/jpeg')
      expect(sha256(await image.bytes())).toBe(digest)
    }
    // Good for an hour, and as it was given.
    expect((await fetch(`${answer.selfie}0`)).status).toBe(403)
    now += 3_601_000
    expect((await fetch(answer.selfie)).status).toBe(403)
  })

  test('without an id the session is that of the token', async () => {
    const { interviewId, token } = await start()
    sandbox.complete(interviewId, 'OK')
    for (const path of ['/omni/get/images', sandbox.imageLinksPath]) {
      const own = await call('POST', path, SAMPLE, asSession(token))
      expect(Object.keys(await read(own))).toContain('fullFrameFrontID')
      expect((await call('POST', path, SAMPLE)).status).toBe(404)
    }
  })

  test('an answer of more than 10 MB is a 502', async () => {
    const { interviewId } = await start()
    for (const type of ['selfie', 'fullFrameFrontID'] as const)
      sandbox.addImage(interviewId, { type, bytes: Buffer.alloc(4_000_000) })
    const path = `/omni/get/images?id=${interviewId}`
    expect((await call('POST', path, SAMPLE)).status).toBe(502)
    expect((await call('POST', path, { images: ['selfie'] })).status).toBe(200)
  })

  test('of crops there are no links, and of what was not taken there is nothing', async () => {
    const { interviewId } = await start()
    const crops = { images: ['croppedFace'] }
    expect((await call('POST', `${sandbox.imageLinksPath}?id=${interviewId}`, crops)).status).toBe(
      400,
    )
    for (const path of ['/omni/get/images', sandbox.imageLinksPath])
      expect(await read(call('POST', `${path}?id=${interviewId}`, SAMPLE))).toEqual({})
  })
})

describe('a session', () => {
  test('is started, has a page, and says what became of it', async () => {
    const started = await start({ externalCustomerId: 'our-id', redirectionUrl: 'https://a.test/' })
    expect(started).toEqual({
      interviewId: expect.stringMatching(/^[0-9a-f]{24}$/),
      token: expect.any(String),
      clientId: expect.any(String),
      interviewCode: expect.any(String),
      env: 'demo',
      flowType: expect.any(String),
    })
    const { interviewId, token, clientId } = started
    const get = (path: string) => read(call('GET', path, undefined, asSession(token)))
    const { url } = await get(`/omni/onboarding-url?clientId=${clientId}`)
    expect(await get(`/0/omni/onboarding-url?clientId=${clientId}`)).toEqual({ url })
    const status = `/omni/get/onboarding/status?id=${interviewId}`
    expect(await get(status)).toEqual({ onboardingStatus: 'UNKNOWN' })

    const page = await fetch(url)
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(await page.text()).toContain('<button name="outcome" value="OK"')
    const choose = (outcome: string) =>
      fetch(url, { method: 'POST', body: new URLSearchParams({ outcome }), redirect: 'manual' })
    expect((await choose('toString')).status).toBe(400)
    const back = await choose('WARN')
    expect([back.status, back.headers.get('location')]).toEqual([303, 'https://a.test/'])
    await choose('OK')

    expect(await get(status)).toEqual({ onboardingStatus: 'ONBOARDING_FINISHED' })
    for (const path of [`/omni/get/score?id=${interviewId}`, '/omni/get/score?verbose=true'])
      expect(await get(path)).toMatchObject({
        overall: { value: expect.any(String), status: 'WARN' },
        idValidation: { photoSecurityAndQuality: [{ status: 'WARN' }] },
        liveness: { overall: { status: 'WARN' } },
      })
    const ocrData = await get(`/omni/get/ocr-data?id=${interviewId}`)
    expect(ocrData).toMatchObject({ typeOfId: 'DriversLicense' })
    expect(await get(`/omni/get/ocr-data/v2?id=${interviewId}`)).toEqual({ ocrData })
    for (const path of ['events', 'custom-fields', 'user-consent'])
      expect((await call('GET', `/omni/get/${path}?id=${interviewId}`)).status).toBe(200)
    expect(await sandbox.findSession(interviewId)).toMatchObject({ externalId: 'our-id' })
  })

  test('is finished, approved, and gone on with under its id', async () => {
    const { interviewId, token } = await start({ externalId: 'the older spelling' })
    const finished = await call('GET', '/omni/finish-status', undefined, asSession(token))
    expect(finished.status).toBe(200)
    expect(await sandbox.findSession(interviewId)).toMatchObject({
      externalId: 'the older spelling',
      onboardingStatus: 'ONBOARDING_FINISHED',
      score: 'OK',
    })
    sandbox.complete(interviewId, 'FAIL')
    expect((await call('POST', `/omni/process/approve?interviewId=${interviewId}`)).status).toBe(
      200,
    )
    expect(await sandbox.findSession(interviewId)).toMatchObject({
      onboardingStatus: 'MANUAL_REVIEW_APPROVED',
      score: 'MANUAL_OK',
    })
    expect((await start({ interviewId })).interviewId).toBe(interviewId)
    expect((await call('POST', '/omni/start', { interviewId: 'none' })).status).toBe(404)
  })

  test('is deleted, alone or with others', async () => {
    const ids: string[] = []
    for (let n = 0; n < 3; n++) ids.push((await start()).interviewId)
    const [first = '', ...others] = ids
    expect((await call('DELETE', `/omni/interview?interviewId=${first}`)).status).toBe(200)
    expect((await call('DELETE', `/omni/interview?interviewId=${first}`)).status).toBe(404)
    const many = { filter: { ids: others }, config: { deletePiiDataOnly: false } }
    expect((await call('DELETE', '/omni/interviews', many)).status).toBe(200)
    for (const id of ids) expect(await sandbox.findSession(id)).toBeUndefined()
    expect((await call('DELETE', '/omni/interviews', {})).status).toBe(400)
  })
})

test('keys and tokens: 403 for the key, 401 for a token, 400 for the version, in the vendor’s shape', async () => {
  const { interviewId, token } = await start()
  const other = await start()
  const path = `/omni/get/score?id=${interviewId}`
  const status = async (headers: Record<string, string>) =>
    (await call('GET', path, undefined, headers)).status
  expect(await status({})).toBe(200)
  expect(await status({ 'X-Incode-Hardware-Id': '', authorization: `Bearer ${executive}` })).toBe(
    401,
  )
  expect(await status({ 'x-api-key': 'other' })).toBe(403)
  expect(await status({ 'api-version': '2.0' })).toBe(400)
  expect(await status(asSession('none'))).toBe(401)
  expect(await status(asSession(token))).toBe(200)
  expect(await status(asSession(other.token))).toBe(403)
  expect((await logIn({ email: EMAIL, password: 'wrong' })).status).toBe(401)
  expect(await read(call('GET', path, undefined, asSession('none')))).toEqual({
    timestamp: expect.any(Number),
    status: 401,
    error: 'Unauthorized',
    message: expect.any(String),
    path: '/omni/get/score',
  })
  now += 24 * 3600_000
  expect(await status({})).toBe(401)
  executive = (await read(logIn())).token
  expect(await status({})).toBe(200)
  sandbox.endTokens()
  expect(await status({})).toBe(401)
  expect(sandbox.countTokens()).toBe(2)
  expect((await call('GET', '/omni/nothing', undefined, asSession(token))).status).toBe(404)
})

describe('it misbehaves on request:', () => {
  const ask = async (interviewId: string) => {
    const path = `/omni/get/images?id=${interviewId}`
    const { selfie } = await read(call('POST', path, { images: ['selfie'] }))
    return Buffer.from(selfie, 'base64')
  }

  test('images are cut, flipped, or none', async () => {
    const { interviewId } = await start()
    sandbox.complete(interviewId, 'OK')
    const whole = await ask(interviewId)
    sandbox.misbehave({ image: 'truncated' }, interviewId)
    expect((await ask(interviewId)).equals(whole.subarray(0, whole.length >> 1))).toBe(true)
    sandbox.misbehave({ image: 'flipped' }, interviewId)
    const flipped = await ask(interviewId)
    const differing = flipped.filter((byte, at) => byte !== whole[at])
    expect([flipped.length, differing.length]).toEqual([whole.length, 1])
    sandbox.misbehave({ image: 'not-an-image' }, interviewId)
    expect((await ask(interviewId)).toString()).toContain('<!doctype html>')
    sandbox.misbehave({ image: 'cut-off' }, interviewId)
    await expect(ask(interviewId)).rejects.toThrow()
    sandbox.misbehave({}, interviewId)
    expect((await ask(interviewId)).equals(whole)).toBe(true)
  })

  test('links lead elsewhere, and earlier attempts are spelled otherwise', async () => {
    const { interviewId } = await start()
    sandbox.complete(interviewId, 'OK')
    sandbox.misbehave({ link: 'https://elsewhere.test/', spelling: 'prevAttemps' })
    const answer = await read(call('POST', `${sandbox.imageLinksPath}?id=${interviewId}`, SAMPLE))
    expect(answer).toMatchObject({ selfie: 'https://elsewhere.test/' })
    expect(Object.keys(answer)).toContain('selfie_prevAttemps')
  })

  test('it is away, or slow', async () => {
    const { interviewId } = await start()
    sandbox.misbehave({ api: { times: 2, delayInMs: 0, status: 503 } })
    const path = `/omni/get/score?id=${interviewId}`
    const statuses = [await call('GET', path), await call('GET', path), await call('GET', path)]
    expect(statuses.map(({ status }) => status)).toEqual([503, 503, 200])
    sandbox.misbehave({ api: { times: 1, delayInMs: 200 } })
    const began = Date.now()
    expect((await call('GET', path)).status).toBe(200)
    expect(Date.now() - began).toBeGreaterThanOrEqual(195)
  })
})

test('a delivery is sent again after each delay until it is taken, the same bytes; then given up', async () => {
  const received: { body: string; header: string | undefined }[] = []
  const answers = [500, 200, 204, 503, 503, 503]
  const receiver = createServer(async (req, res) => {
    let body = ''
    for await (const chunk of req) body += chunk
    received.push({ body, header: req.headers['x-portal-key'] as string | undefined })
    // A 200 that is no JSON is no answer either.
    res.writeHead(answers[received.length - 1] ?? 503).end()
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  const value = randomUUID()
  const vendor = await startIncodeSandbox({
    port: 0,
    apiKey: API_KEY,
    email: EMAIL,
    password: PASSWORD,
    webhookUrl: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`,
    authentication: { header: 'X-Portal-Key', value },
    retryDelaysInMs: [1, 2],
  })
  try {
    const { interviewId } = await read(
      fetch(`${vendor.url}/omni/start`, {
        method: 'POST',
        headers: { 'x-api-key': API_KEY, 'api-version': '1.0' },
        body: JSON.stringify({ externalCustomerId: 'our-id' }),
      }),
    )
    vendor.expire(interviewId)
    await vendor.settled()
    expect(received).toHaveLength(3)
    expect(new Set(received.map(({ body }) => body)).size).toBe(1)
    expect(received[0]?.header).toBe(value)
    expect(JSON.parse(received[0]?.body ?? '')).toEqual({
      interviewId,
      onboardingStatus: 'EXPIRED',
      clientId: expect.any(String),
      flowId: expect.any(String),
      externalId: 'our-id',
    })
    vendor.resend(interviewId)
    await vendor.settled()
    expect(received).toHaveLength(6)
  } finally {
    await vendor.close()
    receiver.close()
  }
})
