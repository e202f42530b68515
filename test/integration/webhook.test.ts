import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createVerification, setVendorSession } from '../../src/id-verification/store.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { addResident, startPortal, type TestPortal } from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'
import { API_KEY, bytesOf, SECRET, vector } from '../support/veriff-vectors.ts'
import { findDeliveryOf } from '../support/verifications.ts'

let portal: TestPortal
let another: Awaited<ReturnType<TestPortal['startAnother']>>
beforeAll(async () => {
  portal = await startPortal({ worker: true })
  another = await portal.startAnother()
  await setVendorIntegration(portal.db, portal.parts.sealer, {
    vendor: 'veriff',
    // Nobody listens there: what is decided is recorded all the same.
    baseUrl: 'http://127.0.0.1:9',
    apiKey: API_KEY,
    secret: SECRET,
  })
})
afterAll(async () => {
  await another.close()
  await portal.close()
})

const signature = (body: Uint8Array | string, secret = SECRET) =>
  createHmac('sha256', secret).update(body).digest('hex')

function deliver(
  body: Uint8Array | string,
  headers: Record<string, string> = {},
  url = `${portal.url}/webhooks/veriff`,
) {
  return fetch(url, {
    method: 'POST',
    body: body as string,
    headers: {
      'content-type': 'application/json',
      'x-auth-client': API_KEY,
      'x-hmac-signature': signature(body),
      ...headers,
    },
  })
}

/** A session of ours at the vendor, and what Veriff would say of it. */
async function session() {
  const resident = await addResident(portal.parts)
  const sessionId = randomUUID()
  const created = await createVerification(portal.db, {
    tenant: 'default',
    whose: { accountId: resident.id },
    vendor: 'veriff',
    integration: 'default',
    stateSha256: randomBytes(32),
  })
  const id = String(created)
  await setVendorSession(portal.db, id, { sessionId, checkAfterSeconds: 600 })
  const decision = (status: string, decisionTime: string, change: object = {}) =>
    JSON.stringify({
      status: 'success',
      verification: {
        id: sessionId,
        attemptId: '0b9d7c1e-2a3f-4c5d-9e8f-7a6b5c4d3e2f',
        vendorData: id,
        status,
        decisionTime,
        document: { type: 'PASSPORT' },
        ...change,
      },
    })
  const status = async () => {
    const [row] = await portal.db`select status from verification where id = ${id}`
    return row?.status
  }
  return { id, sessionId, decision, status }
}

const find = (body: Uint8Array | string) => findDeliveryOf(portal.parts, body)
const settled = (body: Uint8Array | string) =>
  eventually(async () => {
    const row = await find(body)
    return row && row.state !== 'received' ? row : undefined
  })
const count = async () => {
  const [row] = await portal.db`select count(*)::int as count from delivery`
  return row?.count
}

describe('a genuine delivery', () => {
  test('answers 200 with JSON and is kept as it came, byte for byte', async () => {
    const body = bytesOf('V-RAW-BYTES')
    const response = await deliver(body, { 'x-hmac-signature': vector('V-RAW-BYTES').expected })
    expect([response.status, await response.json()]).toEqual([200, { success: true }])
    expect(await find(body)).toBeDefined()
  })

  test('decides the verification of our own row', async () => {
    const { decision, status, id } = await session()
    const body = decision('approved', '2026-01-15T10:34:12.481Z')
    expect((await deliver(body)).status).toBe(200)
    expect(await settled(body)).toMatchObject({ state: 'applied', verificationId: id })
    expect(await status()).toBe('approved')
  })

  test('with a key twice is kept for the operator, and decides nothing', async () => {
    const { decision, status } = await session()
    const body = decision('declined', '2026-01-15T10:34:12.481Z').replace(
      '"status":"declined"',
      '"status":"declined","st\\u0061tus":"approved"',
    )
    expect((await deliver(body)).status).toBe(200)
    expect(await settled(body)).toMatchObject({
      state: 'quarantined',
      explanation: 'not understood: an object in it has a key twice',
    })
    expect(await status()).toBe('pending')
  })

  test('sent a hundred times at once, to two processes, is stored once and has one effect', async () => {
    const { decision, id } = await session()
    const body = decision('declined', '2026-01-15T10:35:00.000Z')
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        deliver(body, {}, `${index % 2 ? portal.url : another.url}/webhooks/veriff`),
      ),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(await settled(body)).toMatchObject({ state: 'applied', timesReceived: 100 })
    const decisions = await portal.db`select from decision where verification_id = ${id}`
    expect(decisions).toHaveLength(1)
  })

  test.each([
    ['in order', [0, 1, 2]],
    ['the other way round', [2, 1, 0]],
    ['mixed', [1, 2, 0]],
  ])('and its sequence %s ends the same', async (_what, order) => {
    const { decision, status } = await session()
    const bodies = [
      decision('resubmission_requested', '2026-01-15T10:32:00.000Z', { attemptId: 'one' }),
      decision('approved', '2026-01-15T10:34:12.481Z', { attemptId: 'two' }),
      decision('abandoned', '2026-01-22T10:30:00.000Z', { attemptId: null }),
    ]
    for (const index of order) await deliver(bodies[index] ?? '')
    for (const body of bodies) await settled(body)
    expect(await status()).toBe('approved')
  })

  test('that is declined later takes the approval back', async () => {
    const { decision, status } = await session()
    const bodies = [
      decision('declined', '2026-01-16T00:00:00.000Z'),
      decision('approved', '2026-01-15T00:00:00.000Z'),
    ]
    for (const body of bodies) await deliver(body)
    for (const body of bodies) await settled(body)
    expect(await status()).toBe('declined')
  })

  test('that echoes another session’s data is quarantined, and changes nothing', async () => {
    const mine = await session()
    const other = await session()
    const body = mine.decision('approved', '2026-01-15T10:34:12.481Z', { vendorData: other.id })
    expect((await deliver(body)).status).toBe(200)
    expect(await settled(body)).toMatchObject({
      state: 'quarantined',
      explanation: expect.stringContaining('echoed verification id'),
    })
    expect(await mine.status()).toBe('pending')
    expect(await other.status()).toBe('pending')
  })

  test('for a session that was not started here is kept, and explained', async () => {
    const body = bytesOf('V-DEC-APPROVED')
    expect((await deliver(body)).status).toBe(200)
    expect(await settled(body)).toMatchObject({
      state: 'quarantined',
      explanation: expect.stringContaining('not started here'),
    })
  })

  test('with a NUL in an attempt id is quarantined at the first try, with the reason', async () => {
    const mine = await session()
    const change = { attemptId: 'a\u0000b' }
    const body = mine.decision('declined', '2026-01-15T10:34:12.481Z', change)
    expect((await deliver(body)).status).toBe(200)
    expect(await settled(body)).toMatchObject({
      state: 'quarantined',
      explanation: expect.stringContaining('NUL'),
    })
    expect(await mine.status()).toBe('pending')
  })

  test('with a NUL in the session id is quarantined too', async () => {
    const body = '{"status":"success","verification":{"id":"a\\u0000b","status":"approved"}}'
    expect((await deliver(body)).status).toBe(200)
    expect(await settled(body)).toMatchObject({ state: 'quarantined' })
  })

  test('with a value that the database cannot hold is quarantined at the first try', async () => {
    const mine = await session()
    await portal.db`
      alter table decision add constraint no_such_attempt check (attempt_id <> 'forbidden')`
    const body = mine.decision('declined', '2026-01-15T10:34:12.481Z', { attemptId: 'forbidden' })
    expect((await deliver(body)).status).toBe(200)
    expect(await settled(body)).toMatchObject({
      state: 'quarantined',
      explanation: expect.stringContaining('SQLSTATE 23514'),
    })
    await portal.db`alter table decision drop constraint no_such_attempt`
    expect(await mine.status()).toBe('pending')
  })

  test.each([
    ['not JSON', 'x'],
    ['not UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['empty', ''],
    ['nested deep', '['.repeat(50_000)],
    ['with __proto__', '{"__proto__":{"a":1},"constructor":1}'],
    ['with a status nobody knows', '{"verification":{"id":"x","status":"weird"}}'],
  ])('that is %s is kept for the operator and answered 200', async (_what, body) => {
    expect((await deliver(body)).status).toBe(200)
    expect(await settled(body)).toMatchObject({ state: 'quarantined' })
  })
})

describe('what is not a genuine delivery leaves nothing behind', () => {
  test.each([
    ['a wrong signature', { 'x-hmac-signature': 'f'.repeat(64) }],
    ['a short signature', { 'x-hmac-signature': 'f'.repeat(63) }],
    ['an empty signature', { 'x-hmac-signature': '' }],
    ['another client', { 'x-auth-client': randomUUID() }],
    ['two signatures that differ', { 'vrf-hmac-signature': 'f'.repeat(64) }],
    [
      'the legacy signature',
      { 'x-hmac-signature': '', 'x-signature': vector('V-LEGACY').expected },
    ],
  ])('%s answers 401 invalid_signature', async (_what, headers) => {
    const before = await count()
    const response = await deliver(bytesOf('V-LEGACY'), headers)
    expect([response.status, await response.text()]).toEqual([401, '{"error":"invalid_signature"}'])
    expect(await count()).toBe(before)
  })

  test('no signature at all answers 401', async () => {
    const response = await fetch(`${portal.url}/webhooks/veriff`, { method: 'POST', body: '{}' })
    expect(response.status).toBe(401)
  })

  test('an unknown vendor or integration answers 404, another method 405', async () => {
    for (const path of ['nobody', 'kora', 'veriff/other', '..%2fveriff'])
      expect((await deliver('{}', {}, `${portal.url}/webhooks/${path}`)).status).toBe(404)
    const response = await fetch(`${portal.url}/webhooks/veriff`)
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
  })

  test('a body over 1 MiB answers 413, announced or streamed', async () => {
    const body = Buffer.alloc(1024 * 1024 + 1, 'x')
    expect((await deliver(body)).status).toBe(413)
    const status = await new Promise((resolve, reject) => {
      const outgoing = request(`${portal.url}/webhooks/veriff`, { method: 'POST' }, (response) => {
        resolve(response.statusCode)
        response.resume()
      })
      outgoing.on('error', reject)
      outgoing.write(body)
      outgoing.end()
    })
    expect(status).toBe(413)
    expect((await deliver(Buffer.alloc(1024 * 1024, 'x'))).status).toBe(200)
  })

  test('a compressed body answers 415 and is not inflated', async () => {
    expect((await deliver('x', { 'content-encoding': 'gzip' })).status).toBe(415)
  })
})

test('after a secret was replaced, deliveries signed with either are taken', async () => {
  await setVendorIntegration(portal.db, portal.parts.sealer, {
    vendor: 'veriff',
    baseUrl: 'http://127.0.0.1:9',
    secret: 'the new secret',
  })
  const taken = async (secret: string) => {
    const body = JSON.stringify({ id: randomUUID() })
    return (await deliver(body, { 'x-hmac-signature': signature(body, secret) })).status
  }
  expect(await eventually(async () => (await taken('the new secret')) === 200)).toBe(true)
  expect(await taken(SECRET)).toBe(200)
  expect(await taken('neither')).toBe(401)
})

test('while the table cannot be written, a delivery answers 503 and is asked for again', async () => {
  const away = await startPortal()
  try {
    await setVendorIntegration(away.db, away.parts.sealer, {
      vendor: 'veriff',
      baseUrl: 'http://127.0.0.1:9',
      apiKey: API_KEY,
      secret: SECRET,
    })
    await away.db`alter table delivery rename to hidden`
    const response = await deliver('{}', {}, `${away.url}/webhooks/veriff`)
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('30')
    await away.db`alter table hidden rename to delivery`
    expect((await deliver('{}', {}, `${away.url}/webhooks/veriff`)).status).toBe(200)
  } finally {
    await away.close()
  }
})

test('no body, signature or key of a delivery is logged', async () => {
  const { decision } = await session()
  const body = decision('approved', '2026-01-15T10:34:12.481Z', {
    person: { lastName: 'CANARY-NAME' },
  })
  await deliver(body)
  await settled(body)
  for (const secret of ['CANARY', signature(body), SECRET, API_KEY])
    expect(portal.logged()).not.toContain(secret)
})
