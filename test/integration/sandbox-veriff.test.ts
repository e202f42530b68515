import { createHash, createHmac, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { startVeriffSandbox } from '../../src/local/sandbox/veriff.ts'
import type { VeriffSandbox } from '../../src/local/sandbox/veriff-control.ts'
import { createSignature } from '../../src/local/sandbox/veriff-signature.ts'
import { eventually } from '../support/sandbox.ts'

// The key and the secret of the vectors of `docs/vendor-protocols.md` §8, and its two tiny images.
const API_KEY = '8d1f2c3b-4a5e-4f60-9b7c-1a2b3c4d5e6f'
const SECRET = 'b6d7c3a2-1f0e-4c5d-9a8b-0e1f2d3c4b5a'
const JPEG =
  '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAFA3PEY8MlBGQUZaVVBfeMiCeG5uePWvuZHI////////////////////////////////////////////////////wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AP//Z'
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNoAAAAggCB2kUIOwAAAABJRU5ErkJggg=='
const IMAGES = [
  { context: 'document-front', bytes: Buffer.from(JPEG, 'base64') },
  { context: 'face', bytes: Buffer.from(PNG, 'base64') },
]

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

type Received = { kind: string; code: unknown; status: unknown; body: Buffer; headers: Headers }

/** Takes webhooks and answers each with the next of `answers`, and 200 after those. */
async function startReceiver(answers: number[] = []) {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const message = JSON.parse(body.toString())
      received.push({
        kind: message.eventType ?? (message.verification ? 'decision' : 'event'),
        code: message.code ?? message.verification?.code,
        status: message.verification?.status,
        body,
        headers: new Headers(Object.entries(request.headers) as [string, string][]),
      })
      response.writeHead(answers.shift() ?? 200).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()))
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` }
}

async function start(options: Partial<Parameters<typeof startVeriffSandbox>[0]> = {}) {
  const sandbox = await startVeriffSandbox({
    port: 0,
    apiKey: API_KEY,
    sharedSecret: SECRET,
    images: IMAGES,
    retryDelaysInMs: [5, 10, 20, 40],
    ...options,
  })
  closers.push(() => sandbox.close())
  return sandbox
}

/** The JSON of an answer, as loose as a test wants it. */
const read = async (response: Response | Promise<Response>) =>
  JSON.parse(await (await response).text())

const sign = (message: string | Uint8Array) =>
  createHmac('sha256', SECRET).update(message).digest('hex')

function call(
  sandbox: VeriffSandbox,
  method: string,
  path: string,
  options: { signed?: string | Uint8Array; body?: unknown; headers?: Record<string, string> } = {},
) {
  const body = options.body === undefined ? undefined : JSON.stringify(options.body)
  const signed = options.signed ?? body
  return fetch(sandbox.url + path, {
    method,
    headers: {
      'x-auth-client': API_KEY,
      ...(signed === undefined ? {} : { 'x-hmac-signature': sign(signed) }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    },
    ...(body === undefined ? {} : { body }),
  })
}

const get = (sandbox: VeriffSandbox, path: string, id: string) =>
  call(sandbox, 'GET', path, { signed: id })

async function createThroughApi(sandbox: VeriffSandbox, verification: unknown = {}) {
  const response = await call(sandbox, 'POST', '/v1/sessions', { body: { verification } })
  expect(response.status).toBe(201)
  return (await read(response)).verification
}

describe('signatures', () => {
  test.each([
    [
      'V-PUBLIC',
      'abcdef12-abcd-abcd-abcd-abcdef012345',
      Buffer.from(
        '{"verification":{"callback":"https://veriff.com","person":{"firstName":"John","lastName":"Smith"},"document":{"type":"PASSPORT","country":"EE"},"vendorData":"unique id of the end-user","timestamp":"2016-05-19T08:30:25.597Z"}}',
      ),
      '0dcab73ddd20062616d104231c7439657546a5c24e4691977da93bb854c31e25',
    ],
    [
      'V-GET-SESSION',
      SECRET,
      Buffer.from('f3a1c2d4-5b6e-4f70-8a91-b2c3d4e5f607'),
      '4e9f3d047a005583bafaa0c9eccd43867a47eb5e5f03458c36e8a0ed4cc55379',
    ],
    [
      'V-GET-ATTEMPT',
      SECRET,
      Buffer.from('0b9d7c1e-2a3f-4c5d-9e8f-7a6b5c4d3e2f'),
      '48b012e14a8a1ea7b6af7180be56b6cbe459f7c798eaa9829d7988366c69ff49',
    ],
    [
      'V-GET-MEDIA',
      SECRET,
      Buffer.from('c4e5f607-1829-4a3b-8c4d-5e6f70819203'),
      'cfd121d9d72f0c9982c07a8bfc02d2000be838d611e9f49ec43fa53a11c56e4f',
    ],
    [
      'V-BIN-JPEG',
      SECRET,
      Buffer.from(JPEG, 'base64'),
      '8e083c79cec54d1f152cda02d7c3449ba227fc054e5c23d511e23e662ee82e91',
    ],
    [
      'V-BIN-PNG',
      SECRET,
      Buffer.from(PNG, 'base64'),
      '5fc33bbdaa26082ba8a44b6ae481b421a7d5c7e278220848bd689d1a96a90436',
    ],
  ])('are those of the vector %s', (_, secret, message, expected) => {
    expect(createSignature(secret, message)).toBe(expected)
  })
})

describe('a session through the API', () => {
  test('goes from create to approved, its pictures served as they were sent', async () => {
    const { received, url } = await startReceiver()
    const sandbox = await start({ webhookUrl: url })
    const endUserId = randomUUID()
    const created = await createThroughApi(sandbox, { vendorData: 'user 1', endUserId })
    expect(created).toEqual({
      id: expect.any(String),
      url: `${sandbox.url}/v/${created.sessionToken}`,
      vendorData: 'user 1',
      host: sandbox.url,
      status: 'created',
      sessionToken: expect.any(String),
    })

    const upload = await call(sandbox, 'POST', `/v1/sessions/${created.id}/media`, {
      body: { image: { context: 'document-front', content: `data:image/jpeg;base64,${JPEG}` } },
    })
    expect((await read(upload)).image).toMatchObject({
      context: 'document-front',
      mimetype: 'image/jpeg',
    })
    const submitted = await call(sandbox, 'PATCH', `/v1/sessions/${created.id}`, {
      body: { verification: { status: 'submitted' } },
    })
    expect((await read(submitted)).verification.status).toBe('submitted')

    const undecided = await get(sandbox, `/v1/sessions/${created.id}/decision`, created.id)
    expect(await undecided.json()).toEqual({ status: 'success', verification: null })
    await sandbox.decide(created.id, 'approved')
    await sandbox.settled()
    expect(received.map(({ code }) => code)).toEqual([7001, 7002, 9001])

    const { verifications } = await read(
      get(sandbox, `/v1/sessions/${created.id}/attempts`, created.id),
    )
    expect(verifications).toEqual([
      { id: expect.any(String), status: 'approved', createdTime: expect.any(String) },
    ])
    const [attempt] = verifications
    const byAttempt = await read(get(sandbox, `/v1/attempts/${attempt.id}/media`, attempt.id))
    const bySession = await read(get(sandbox, `/v1/sessions/${created.id}/media`, created.id))
    expect(byAttempt).toEqual(bySession)
    const [image] = byAttempt.images
    expect(image).toMatchObject({ context: 'document-front', size: '159', sessionId: created.id })

    const media = await get(sandbox, `/v1/media/${image.id}`, image.id)
    const bytes = Buffer.from(await media.arrayBuffer())
    expect(bytes.toString('base64')).toBe(JPEG)
    expect(media.headers.get('content-type')).toBe('image/jpeg')
    expect(media.headers.get('x-hmac-signature')).toBe(sign(bytes))

    const decision = await get(sandbox, `/v1/sessions/${created.id}/decision`, created.id)
    const text = Buffer.from(await decision.arrayBuffer())
    expect(decision.headers.get('x-hmac-signature')).toBe(sign(text))
    expect(JSON.parse(text.toString()).verification).toMatchObject({
      id: created.id,
      attemptId: attempt.id,
      vendorData: 'user 1',
      endUserId,
      status: 'approved',
      code: 9001,
    })
  })

  test.each([
    ['Approve', 'approved'],
    ['Decline', 'declined'],
    ['Resubmit', 'resubmission_requested'],
  ])('decides by itself when the first name is %s', async (firstName, status) => {
    const { received, url } = await startReceiver()
    const sandbox = await start({ webhookUrl: url })
    const { id } = await createThroughApi(sandbox, { person: { firstName, lastName: 'Muestra' } })
    await sandbox.addImage(id, { context: 'face', bytes: Buffer.from(PNG, 'base64') })
    await sandbox.submit(id)
    await sandbox.settled()
    expect(received.at(-1)?.status).toBe(status)
  })

  test('stays open for another attempt after the vendor asked again', async () => {
    const sandbox = await start()
    const { id } = await createThroughApi(sandbox)
    await sandbox.complete(id, 'resubmission_requested')
    await sandbox.complete(id, 'approved')
    const session = await sandbox.findSession(id)
    expect(session?.attempts.map(({ status }) => status)).toEqual([
      'resubmission_requested',
      'approved',
    ])
  })

  test('that is deleted is gone, and says a last word when it was still open', async () => {
    const { received, url } = await startReceiver()
    const sandbox = await start({ webhookUrl: url })
    const { id } = await createThroughApi(sandbox)
    await sandbox.start(id)
    await sandbox.settled()
    const erased = await call(sandbox, 'DELETE', `/v1/sessions/${id}`, { signed: id })
    expect(erased.status).toBe(200)
    await sandbox.settled()
    expect(received.at(-1)?.status).toBe('abandoned')
    expect((await get(sandbox, `/v1/sessions/${id}/media`, id)).status).toBe(404)
  })
})

describe('a request that is not right', () => {
  const codeOf = async (response: Response) => {
    const body = await read(response)
    expect(body.status).toBe('fail')
    return [response.status, body.code]
  }

  test('is refused with the code of its authentication fault', async () => {
    const sandbox = await start()
    const { id } = await createThroughApi(sandbox)
    const path = `/v1/sessions/${id}/media`
    const attempts: [Record<string, string>, string][] = [
      [{ 'x-auth-client': 'no uuid' }, '1802'],
      [{ 'x-auth-client': randomUUID() }, '1803'],
      [{ 'vrf-auth-client': randomUUID() }, '1802'],
      [{ 'x-hmac-signature': 'abc' }, '1812'],
      [{ 'x-hmac-signature': sign('other') }, '1818'],
      [{ 'vrf-hmac-signature': sign('other') }, '1812'],
    ]
    for (const [headers, code] of attempts)
      expect(await codeOf(await call(sandbox, 'GET', path, { signed: id, headers }))).toEqual([
        401,
        code,
      ])
    expect(await codeOf(await fetch(sandbox.url + path))).toEqual([401, '1801'])
    expect(await codeOf(await call(sandbox, 'GET', path))).toEqual([401, '1812'])
    const body = { verification: { status: 'submitted' } }
    expect(
      await codeOf(await call(sandbox, 'PATCH', `/v1/sessions/${id}`, { body, signed: id })),
    ).toEqual([401, '1819'])
  })

  test('passes with the other spelling of the headers and an upper-case signature', async () => {
    const sandbox = await start()
    const { id } = await createThroughApi(sandbox)
    const response = await fetch(`${sandbox.url}/v1/sessions/${id}/media`, {
      headers: { 'vrf-auth-client': API_KEY, 'vrf-hmac-signature': sign(id).toUpperCase() },
    })
    expect(response.status).toBe(200)
  })

  test('is refused with the code of its content', async () => {
    const sandbox = await start()
    const { id } = await createThroughApi(sandbox)
    const post = (path: string, body: unknown) => call(sandbox, 'POST', path, { body })
    const create = (verification: unknown) => post('/v1/sessions', { verification })
    expect(await codeOf(await post('/v1/sessions', {}))).toEqual([400, '1102'])
    expect(await codeOf(await create({ callback: 'http://example.com' }))).toEqual([400, '1302'])
    expect(await codeOf(await create({ callback: 'javascript:alert(1)' }))).toEqual([400, '1302'])
    expect(await codeOf(await create({ vendorData: 7 }))).toEqual([400, '1501'])
    expect(await codeOf(await create({ vendorData: 'x'.repeat(1001) }))).toEqual([400, '1500'])
    const media = (image: unknown) => post(`/v1/sessions/${id}/media`, { image })
    expect(await codeOf(await media({ content: JPEG }))).toEqual([400, '1403'])
    expect(await codeOf(await media({ context: 'cat', content: JPEG }))).toEqual([400, '1402'])
    expect(await codeOf(await media({ context: 'face' }))).toEqual([400, '1400'])
    expect(await codeOf(await media({ context: 'face', content: '%%' }))).toEqual([400, '1401'])
    expect(await codeOf(await get(sandbox, '/v1/media/no-uuid', 'no-uuid'))).toEqual([400, '1002'])
    const stranger = randomUUID()
    expect(await codeOf(await get(sandbox, `/v1/media/${stranger}`, stranger))).toEqual([
      404,
      '1104',
    ])
    await sandbox.complete(id, 'approved')
    expect(await codeOf(await media({ context: 'face', content: JPEG }))).toEqual([409, '1304'])
  })
})

describe('webhooks', () => {
  test('are sent again, the same signed bytes, until the answer is 200', async () => {
    const { received, url } = await startReceiver([500, 204])
    const sandbox = await start({ webhookUrl: url })
    const { id } = await sandbox.createSession()
    await sandbox.decide(id, 'expired')
    await sandbox.settled()
    expect(sandbox.listWebhooks()).toEqual([
      { sessionId: id, kind: 'decision', state: 'delivered', answers: [500, 204, 200] },
    ])
    expect(new Set(received.map(({ body }) => body.toString())).size).toBe(1)
    for (const { body, headers } of received) {
      expect(headers.get('x-hmac-signature')).toBe(sign(body))
      expect(headers.get('x-auth-client')).toBe(API_KEY)
      expect(headers.get('vrf-integration-id')).toBe(sandbox.integrationId)
      expect(headers.get('content-type')).toBe('application/json')
    }
  })

  test('are given up when the tries are used up, and nobody listens', async () => {
    const sandbox = await start({ webhookUrl: 'http://127.0.0.1:9/', retryDelaysInMs: [1, 1] })
    const { id } = await sandbox.createSession()
    await sandbox.decide(id, 'expired')
    await sandbox.settled()
    expect(sandbox.listWebhooks()).toMatchObject([{ state: 'given-up', answers: [0, 0, 0] }])
  })

  test('come twice when twice is ordered', async () => {
    const { received, url } = await startReceiver()
    const sandbox = await start({ webhookUrl: url })
    const { id } = await sandbox.createSession()
    await sandbox.misbehave({ webhooks: { times: 2 } }, id)
    await sandbox.complete(id, 'approved')
    await sandbox.settled()
    expect(received.map(({ code }) => code)).toEqual([7001, 7001, 7002, 7002, 9001, 9001])
    expect(received[4]?.body).toEqual(received[5]?.body)
  })

  test('come in reverse when that is ordered', async () => {
    const { received, url } = await startReceiver()
    const sandbox = await start({ webhookUrl: url })
    await sandbox.misbehave({ webhooks: { order: 'reversed' } })
    const { id } = await sandbox.createSession()
    await sandbox.complete(id, 'approved')
    await sandbox.settled()
    expect(received.map(({ code }) => code)).toEqual([9001, 7002, 7001])
  })

  test('have a wrong signature as long as one is ordered, and the right one after', async () => {
    const { received, url } = await startReceiver([401])
    const sandbox = await start({ webhookUrl: url, retryDelaysInMs: [1_000] })
    const { id } = await sandbox.createSession()
    await sandbox.misbehave({ webhooks: { signature: 'wrong' } })
    await sandbox.decide(id, 'expired')
    await eventually(async () => received.length === 1)
    await sandbox.misbehave({})
    await sandbox.settled()
    const isRight = ({ body, headers }: Received) => headers.get('x-hmac-signature') === sign(body)
    expect(received.map(isRight)).toEqual([false, true])
  })

  test('of full automation go to the URL of their own', async () => {
    const { received, url } = await startReceiver()
    const sandbox = await start()
    sandbox.setWebhookUrl(url, 'fullAuto')
    const { id } = await sandbox.createSession({ vendorData: 'user 2' })
    await sandbox.complete(id, 'approved')
    await sandbox.settled()
    expect(received.map(({ kind }) => kind)).toEqual(['fullauto'])
    expect(JSON.parse(received[0]?.body.toString() ?? '')).toMatchObject({
      sessionId: id,
      vendorData: 'user 2',
      data: { verification: { decision: 'approved' } },
    })
  })
})

describe('faults', () => {
  async function decided(sandbox: VeriffSandbox) {
    const { id } = await sandbox.createSession()
    await sandbox.complete(id, 'approved')
    const session = await sandbox.findSession(id)
    const media = session?.attempts[0]?.media[0]
    if (!media) throw new Error('no media')
    return { id, media, fetchMedia: () => get(sandbox, `/v1/media/${media.id}`, media.id) }
  }

  test('truncate a picture, with a signature that fits what is left', async () => {
    const sandbox = await start()
    const { media, fetchMedia } = await decided(sandbox)
    await sandbox.misbehave({ media: { body: 'truncated' } })
    const response = await fetchMedia()
    const bytes = Buffer.from(await response.arrayBuffer())
    expect(bytes.length).toBe(Math.floor(media.size / 2))
    expect(response.headers.get('x-hmac-signature')).toBe(sign(bytes))
  })

  test('break the connection in the middle of a picture', async () => {
    const sandbox = await start()
    const { media, fetchMedia } = await decided(sandbox)
    await sandbox.misbehave({ media: { body: 'cut-off' } })
    const response = await fetchMedia()
    expect(response.headers.get('content-length')).toBe(String(media.size))
    await expect(response.arrayBuffer()).rejects.toThrow()
  })

  test('announce fewer bytes than they send', async () => {
    const sandbox = await start()
    const { media, fetchMedia } = await decided(sandbox)
    await sandbox.misbehave({ media: { body: 'too-long' } })
    const length = await fetchMedia().then(
      async (response) => (await response.arrayBuffer()).byteLength,
      () => 0,
    )
    expect(length).toBeLessThan(media.size)
  })

  test('send bytes without an end, until the caller hangs up', async () => {
    const sandbox = await start()
    const { fetchMedia } = await decided(sandbox)
    await sandbox.misbehave({ media: { body: 'endless' } })
    const response = await fetchMedia()
    let size = 0
    for await (const chunk of response.body ?? []) {
      size += chunk.length
      if (size > 100_000) break
    }
    expect(size).toBeGreaterThan(100_000)
  })

  test('lie about type, signature, name and address', async () => {
    const sandbox = await start()
    const { id, fetchMedia } = await decided(sandbox)
    await sandbox.misbehave({
      media: { contentType: 'text/html', signature: 'wrong' },
      list: { url: 'http://169.254.169.254/', name: '../../etc/passwd', withoutContext: true },
    })
    const response = await fetchMedia()
    const bytes = Buffer.from(await response.arrayBuffer())
    expect(response.headers.get('content-type')).toBe('text/html')
    expect(response.headers.get('x-hmac-signature')).not.toBe(sign(bytes))
    const { images } = await read(get(sandbox, `/v1/sessions/${id}/media`, id))
    expect(images[0]).toMatchObject({ url: 'http://169.254.169.254/', name: '../../etc/passwd' })
    expect(images[0]).not.toHaveProperty('context')
  })

  test('answer an error to as many requests as ordered, then none', async () => {
    const sandbox = await start()
    const { fetchMedia } = await decided(sandbox)
    await sandbox.misbehave({ api: { times: 2, status: 500, delayInMs: 0 } })
    const statuses = []
    for (let tries = 0; tries < 3; tries++) {
      const response = await fetchMedia()
      await response.arrayBuffer()
      statuses.push(response.status)
    }
    expect(statuses).toEqual([500, 500, 200])
  })

  test('can be ordered from another process, with the API key and not without', async () => {
    const sandbox = await start()
    const { id } = await sandbox.createSession()
    const order = (path: string, method: string, body: unknown, key = API_KEY) =>
      fetch(sandbox.url + path, {
        method,
        headers: { 'x-auth-client': key, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    expect((await order('/sandbox/faults', 'PUT', {}, 'guess')).status).toBe(401)
    expect((await order('/sandbox/faults', 'PUT', { webhook: {} })).status).toBe(400)
    const faults = { media: { body: 'not-an-image' } }
    expect((await order(`/sandbox/sessions/${id}/faults`, 'PUT', faults)).status).toBe(200)
    const completed = await order(`/sandbox/sessions/${id}/complete`, 'POST', {
      status: 'approved',
    })
    expect(await completed.json()).toMatchObject({ id, status: 'approved' })
    const missing = `/sandbox/sessions/${randomUUID()}/start`
    expect((await order(missing, 'POST', {})).status).toBe(404)
  })
})

describe('the page of a session', () => {
  const press = (url: string, outcome: string) =>
    fetch(url, { method: 'POST', redirect: 'manual', body: new URLSearchParams({ outcome }) })

  test('shows drawn pictures, takes a decision and returns to the callback', async () => {
    const sandbox = await start({ images: undefined })
    const callback = 'http://localhost:3000/back'
    const { id, url } = await sandbox.createSession({ callback })
    const page = await (await fetch(url)).text()
    for (const label of ['Approve', 'Decline', 'Ask again']) expect(page).toContain(`>${label}<`)
    const image = await fetch(`${url}/images/face`)
    expect(image.headers.get('content-type')).toBe('image/jpeg')
    expect((await image.arrayBuffer()).byteLength).toBeGreaterThan(750_000)

    expect((await press(url, 'anything')).status).toBe(400)
    const answer = await press(url, 'approved')
    expect([answer.status, answer.headers.get('location')]).toEqual([303, callback])
    const session = await sandbox.findSession(id)
    expect(session?.status).toBe('approved')
    expect(session?.attempts[0]?.media.map(({ context }) => context)).toEqual([
      'document-front',
      'document-back',
      'face',
    ])
    expect(await (await fetch(url)).text()).toContain('This session has ended')
  })

  test('of a session that is over takes no second decision', async () => {
    const sandbox = await start()
    const { id, url } = await sandbox.createSession()
    await sandbox.complete(id, 'declined')
    await press(url, 'approved')
    expect((await sandbox.findSession(id))?.status).toBe('declined')
  })

  test('of an unknown token is 404', async () => {
    const sandbox = await start()
    expect((await fetch(`${sandbox.url}/v/unknown`)).status).toBe(404)
  })
})

test('sessions, pictures and unsent webhooks outlive the process with a state file', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'sandbox-'))
  closers.push(() => rm(dir, { recursive: true }))
  const stateFile = join(dir, 'veriff.json')
  const before = await start({
    stateFile,
    images: undefined,
    webhookUrl: 'http://127.0.0.1:9/',
    retryDelaysInMs: [60_000],
  })
  const { id } = await before.createSession({ vendorData: 'user 3' })
  await before.complete(id, 'approved')
  const session = await before.findSession(id)
  await before.close()

  const { received, url } = await startReceiver()
  const after = await start({ stateFile, images: undefined, webhookUrl: url })
  expect((await after.findSession(id))?.attempts).toEqual(session?.attempts)
  const media = session?.attempts[0]?.media[0]
  const bytes = await after.readMedia(media?.id ?? '')
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(media?.sha256)
  await after.settled()
  expect(received.map(({ code }) => code).sort()).toEqual([7001, 7002, 9001])
})
