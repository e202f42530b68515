import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type IncodeSandbox, startIncodeSandbox } from '../../src/sandbox/incode.ts'

const [apiKey, email, password] = ['sandbox-key', 'portal@example.test', 'sandbox-password']
let sandbox: IncodeSandbox
let executive: string
beforeAll(async () => {
  sandbox = await startIncodeSandbox({ port: 0, apiKey, email, password })
  const { body } = await call('/executive/log-in', { body: { email, password } })
  executive = String(body.token)
})
afterAll(() => sandbox.close())

async function call(
  path: string,
  given: { token?: string; body?: object; method?: string; headers?: Record<string, string> } = {},
) {
  const answer = await fetch(`${sandbox.url}${path}`, {
    method: given.method ?? (given.body ? 'POST' : 'GET'),
    headers: {
      'Content-Type': 'application/json',
      'api-version': '1.0',
      'x-api-key': apiKey,
      ...(given.token ? { 'X-Incode-Hardware-Id': given.token } : {}),
      ...given.headers,
    },
    body: given.body ? JSON.stringify(given.body) : null,
  })
  const text = await answer.text()
  const isJson = answer.headers.get('content-type')?.includes('json')
  return { status: answer.status, text, body: (isJson ? JSON.parse(text) : {}) as Body }
}
type Body = Record<string, unknown>

async function start() {
  const { status, body } = await call('/omni/start', {
    body: { countryCode: 'ALL', externalCustomerId: 'ours', language: 'en-US' },
  })
  expect(status).toBe(200)
  return { id: String(body.interviewId), token: String(body.token) }
}
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const IMAGES = { images: ['selfie', 'fullFrameFrontID'] }

test('the sample of the document: base64 of the latest of each type that was asked for', async () => {
  const { id } = await start()
  sandbox.complete(id, 'OK')
  sandbox.capture(id, 'selfie')
  const { body } = await call(`/omni/get/images?id=${id}`, { token: executive, body: IMAGES })
  expect(Object.keys(body)).toEqual(['selfie', 'fullFrameFrontID'])
  const held = (await sandbox.findSession(id))?.images ?? []
  for (const [type, text] of Object.entries(body))
    expect(sha256(Buffer.from(String(text), 'base64'))).toBe(
      held.findLast((image) => image.type === type)?.sha256,
    )
})

test('the sample of the document: links, the latest again among the earlier attempts', async () => {
  const { id } = await start()
  sandbox.capture(id, 'fullFrameFrontID')
  sandbox.complete(id, 'OK')
  sandbox.capture(id, 'fullFrameFrontID')
  const { body } = await call(`/omni/get/images/v2?id=${id}`, { token: executive, body: IMAGES })
  const links = body as Record<string, string | Record<string, string>>
  expect(Object.keys(links).sort()).toEqual([
    'fullFrameFrontID',
    'fullFrameFrontID_prevAttempts',
    'selfie',
    'selfie_prevAttempts',
  ])
  const earlier = links.fullFrameFrontID_prevAttempts as Record<string, string>
  const [newest, oldest] = Object.keys(earlier).sort().reverse()
  expect(earlier[newest ?? '']).toBe(links.fullFrameFrontID)
  const held = (await sandbox.findSession(id))?.images.filter(
    ({ type }) => type === 'fullFrameFrontID',
  )
  const get = async (url: unknown) =>
    sha256(new Uint8Array(await (await fetch(String(url))).arrayBuffer()))
  expect(await get(links.fullFrameFrontID)).toBe(held?.at(-1)?.sha256)
  expect(await get(earlier[oldest ?? ''])).toBe(held?.at(0)?.sha256)
  const altered = new URL(String(links.selfie))
  altered.searchParams.set('expires', String(Date.now() + 9_999_999))
  expect((await fetch(altered)).status).toBe(403)
})

test('cropped images come as base64 and never as links', async () => {
  const { id } = await start()
  sandbox.capture(id, 'croppedFrontID')
  const body = { images: ['croppedFrontID'] }
  const inline = await call(`/omni/get/images?id=${id}`, { token: executive, body })
  expect(Object.keys(inline.body)).toEqual(['croppedFrontID'])
  const links = await call(`/omni/get/images/v2?id=${id}`, { token: executive, body })
  expect(links.body).toEqual({})
})

test('more than 10 MB in one answer is a bad gateway', async () => {
  const { id } = await start()
  sandbox.capture(id, 'selfie', new Uint8Array(5_000_000))
  sandbox.capture(id, 'fullFrameFrontID', new Uint8Array(5_000_000))
  const both = await call(`/omni/get/images?id=${id}`, { token: executive, body: IMAGES })
  expect(both.status).toBe(502)
  const one = await call(`/omni/get/images?id=${id}`, {
    token: executive,
    body: { images: ['selfie'] },
  })
  expect(one.status).toBe(200)
})

test("without an id it is the session of the token; another's is not found", async () => {
  const [own, other] = [await start(), await start()]
  sandbox.complete(own.id, 'OK')
  const { body } = await call('/omni/get/onboarding/status', { token: own.token })
  expect(body).toEqual({ onboardingStatus: 'ONBOARDING_FINISHED' })
  const refused = await call(`/omni/get/score?id=${other.id}`, { token: own.token })
  expect(refused.status).toBe(404)
})

test('score, what was read, and what a person decided', async () => {
  const { id } = await start()
  sandbox.complete(id, 'FAIL')
  const score = await call(`/omni/get/score?id=${id}`, { token: executive })
  expect(score.body).toMatchObject({ overall: { status: 'FAIL' }, liveness: {} })
  const ocr = await call(`/omni/get/ocr-data?id=${id}`, { token: executive })
  expect(ocr.body).toMatchObject({ typeOfId: 'DriversLicense' })
  await call(`/omni/process/approve?interviewId=${id}`, { token: executive, method: 'POST' })
  const { body } = await call(`/omni/get/onboarding/status?id=${id}`, { token: executive })
  expect(body).toEqual({ onboardingStatus: 'MANUAL_REVIEW_APPROVED' })
})

test('the page of a session, where a person chooses', async () => {
  const { id, token } = await start()
  const { body } = await call('/omni/onboarding-url?clientId=sandbox-client', { token })
  const url = String(body.url)
  expect(await (await fetch(url)).text()).toContain('Verify an identity')
  await fetch(url, { method: 'POST', body: new URLSearchParams({ outcome: 'OK' }) })
  expect((await sandbox.findSession(id))?.status).toBe('ONBOARDING_FINISHED')
  expect(await (await fetch(url)).text()).toContain('This session is over')
  expect((await fetch(`${sandbox.url}/onboarding/nobody`)).status).toBe(404)
})

test('deleted, alone or with others, it is gone', async () => {
  const [one, two, three] = [await start(), await start(), await start()]
  const alone = await call(`/omni/interview?interviewId=${one.id}`, {
    token: executive,
    method: 'DELETE',
  })
  expect(alone.status).toBe(200)
  await call('/omni/interviews', {
    token: executive,
    method: 'DELETE',
    body: { filter: { ids: [two.id, three.id] } },
  })
  for (const { id } of [one, two, three]) {
    expect(await sandbox.findSession(id)).toBeUndefined()
    expect((await call(`/omni/get/score?id=${id}`, { token: executive })).status).toBe(404)
  }
})

test.each([
  ['another key', { headers: { 'x-api-key': 'other' } }, 403],
  ['no version', { headers: { 'api-version': '' } }, 400],
  ['no token', {}, 401],
  ['a token that nobody gave out', { token: 'x' }, 401],
])('with %s: refused, in the shape of its errors', async (_what, given, status) => {
  const { id } = await start()
  const answer = await call(`/omni/get/score?id=${id}`, given)
  expect(answer.status).toBe(status)
  expect(answer.body).toMatchObject({
    timestamp: expect.any(Number),
    status,
    error: expect.any(String),
    message: expect.any(String),
    path: '/omni/get/score',
  })
})
