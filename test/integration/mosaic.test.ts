import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findVerification } from '../../src/id-verification/operations.ts'
import { findTenantVerification } from '../../src/id-verification/reading.ts'
import { chooseOutcome, connectMosaic } from '../support/mosaic.ts'
import { startPortal, type TestPortal } from '../support/portal.ts'
import { eventually, retryNowUntil } from '../support/sandbox.ts'

let portal: TestPortal
let mosaic: Awaited<ReturnType<typeof connectMosaic>>
beforeAll(async () => {
  portal = await startPortal({ worker: true })
  mosaic = await connectMosaic(portal)
})
afterAll(async () => {
  await mosaic.sandbox.close()
  await portal.close()
})

type Image = { type: string; state: string; sha256: string }
const read = async (id: string) =>
  (await findVerification(portal.db, id)) as unknown as {
    status: string
    documentType: string | null
    imagesComplete: boolean
    images: Image[]
    decisions: { status: string }[]
  }
const hasStatus = (id: string, status: string) =>
  eventually(async () => (await read(id)).status === status)
const complete = (id: string) =>
  eventually(async () => {
    const verification = await read(id)
    return verification.imagesComplete && verification
  })
const schedule = async (id: string) => {
  const [row] = await portal.db<
    { checks: number; seconds: number | null }[]
  >`select checks, extract(epoch from next_check_at - now())::float8 as seconds from verification where id = ${id}`
  if (!row) throw new Error('no such verification')
  return row
}
/** Nobody asks about it meanwhile. */
const postpone = (id: string) =>
  portal.db`update verification set next_check_at = now() + interval '1 hour' where id = ${id}`
/** Asks at the next turn of the schedule instead of after five seconds and more. */
const askNow = (id: string) =>
  portal.db`update verification set next_check_at = now() where id = ${id}`
const keys = async (id: string) => {
  const [row] = await portal.db<
    { documentFrontKey: string | null; documentBackKey: string | null; faceKey: string | null }[]
  >`select document_front_key, document_back_key, face_key from verification where id = ${id}`
  if (!row) throw new Error('no such verification')
  return row
}
const digestOf = async (key: string | null) =>
  createHash('sha256')
    .update(await portal.parts.storage.get(key ?? ''))
    .digest('hex')
const asked = (sessionId: string, end = 'result') =>
  mosaic.sandbox.listRequests().filter(({ path }) => path.endsWith(`${sessionId}/${end}`)).length
const askedForImages = (sessionId: string) =>
  mosaic.sandbox.listRequests().filter(({ path }) => path.includes(`${sessionId}/images/`)).length
const visit = (address: string | URL, init: RequestInit = {}) =>
  fetch(address, { redirect: 'manual', headers: { accept: 'text/html' }, ...init })

/** The documents that are shown are, byte for byte, the last of each type that the vendor holds. */
async function expectDocuments(id: string, sessionId: string) {
  const held = (await mosaic.sandbox.findSession(sessionId))?.images ?? []
  const last = (type: string) => held.findLast((image) => image.type === type)?.sha256
  const { documentFrontKey, documentBackKey, faceKey } = await keys(id)
  expect(await digestOf(documentFrontKey)).toBe(last('document_front'))
  expect(await digestOf(documentBackKey)).toBe(last('document_back'))
  expect(await digestOf(faceKey)).toBe(last('selfie'))
}

describe.concurrent('each session for itself:', () => {
  test('from the start to the images: page, way back, polling, and each image byte for byte', async () => {
    const { id, sessionId, url } = await mosaic.start()
    await postpone(id)
    const back = await chooseOutcome(url, 'ALLOW')
    expect(back.href).toBe(
      `${portal.issuer}/callbacks/mosaic?sessionId=${sessionId}&state=${back.searchParams.get('state')}`,
    )
    const response = await visit(back)
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe(`/verify/${id}`)
    expect(response.headers.get('referrer-policy')).toBe('no-referrer')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")

    // Long before the hour that it was postponed by.
    const { status, documentType, images, decisions } = await complete(id)
    expect({ status, documentType }).toEqual({ status: 'approved', documentType: 'national_id' })
    expect(images.map(({ type, state }) => [type, state])).toEqual([
      ['document_back', 'stored'],
      ['document_front', 'stored'],
      ['selfie', 'stored'],
    ])
    expect(decisions.map((decision) => decision.status)).toEqual(['approved'])
    await expectDocuments(id, sessionId)
    // Decided ones are checked daily.
    expect((await schedule(id)).seconds).toBeGreaterThan(23 * 3600)
    const times = asked(sessionId)
    await visit(back)
    // Decided ones are checked daily.
    expect((await schedule(id)).seconds).toBeGreaterThan(23 * 3600)
    expect(asked(sessionId)).toBe(times)
  })

  test('polling alone does it when the browser never comes back, and ends when it is decided', async () => {
    const { id, sessionId, url } = await mosaic.start()
    expect((await schedule(id)).seconds).toBeLessThanOrEqual(5)
    await eventually(async () => asked(sessionId) > 0)
    expect(await read(id)).toMatchObject({ status: 'pending', decisions: [] })
    await chooseOutcome(url, 'ALLOW')
    await askNow(id)
    await complete(id)
    await expectDocuments(id, sessionId)
    // Decided ones are checked daily.
    expect((await schedule(id)).seconds).toBeGreaterThan(23 * 3600)
  })

  test('what is asked about again and again and stays the same is recorded once', async () => {
    const { id, sessionId } = await mosaic.start()
    mosaic.sandbox.complete(sessionId, 'CHALLENGE')
    await askNow(id)
    await hasStatus(id, 'review')
    const times = asked(sessionId)
    await askNow(id)
    await eventually(async () => asked(sessionId) > times)
    const { decisions } = await read(id)
    expect(decisions.map(({ status }) => status)).toEqual(['review'])
    // It may still be decided, so it stays in the schedule, once the answer has been taken in.
    await eventually(async () => ((await schedule(id)).seconds ?? 0) > 0)
    mosaic.sandbox.complete(sessionId, 'ALLOW')
    await postpone(id)
    await askNow(id)
    await hasStatus(id, 'approved')
  })

  test('DENY is declined: its images are kept all the same', async () => {
    const { id, url } = await mosaic.start()
    await visit(await chooseOutcome(url, 'DENY'))
    await hasStatus(id, 'declined')
    const said = await findTenantVerification(portal.db, portal.parts.vault, {
      tenant: 'default',
      verificationId: id,
    })
    expect(said?.reason).toBe('document_liveness: presentation_attack')
    const { images } = await complete(id)
    expect(images.map(({ state }) => state)).toEqual(['stored', 'stored', 'stored'])
    expect(await read(id)).toMatchObject({ status: 'declined' })
    // Decided ones are checked daily.
    expect((await schedule(id)).seconds).toBeGreaterThan(23 * 3600)
  })

  test('pictures that are asked for again: "new photos", then in progress, then approved with the newer ones', async () => {
    const { id, sessionId, url } = await mosaic.start()
    expect((await chooseOutcome(url, 'recapture')).href).toBe(url)
    await askNow(id)
    await hasStatus(id, 'resubmission')
    mosaic.sandbox.misbehave({ result: { status: 'processing' } }, sessionId)
    const back = await chooseOutcome(url, 'ALLOW')
    await visit(back)
    await hasStatus(id, 'pending')
    mosaic.sandbox.misbehave({}, sessionId)
    await visit(back)
    await hasStatus(id, 'approved')
    const { images } = await complete(id)
    expect(images).toHaveLength(6)
    await expectDocuments(id, sessionId)
    const objects = await portal.db<
      { objectKey: string }[]
    >`select object_key from image where verification_id = ${id} order by object_key`
    expect(objects.map(({ objectKey }) => objectKey.replace(`default/${id}/session/`, ''))).toEqual(
      [
        'document_back-2.jpg',
        'document_back.jpg',
        'document_front-2.jpg',
        'document_front.jpg',
        'selfie-2.jpg',
        'selfie.jpg',
      ],
    )
  })

  test('the choice among images is kept where the result does not name them', async () => {
    const { id, sessionId } = await mosaic.start()
    mosaic.sandbox.misbehave({ result: { structure: 'deprecated' } }, sessionId)
    mosaic.sandbox.addImage(sessionId, { type: 'selfie' })
    mosaic.sandbox.complete(sessionId, 'ALLOW')
    const cut = mosaic.sandbox.addImage(sessionId, { type: 'document_front', original: false })
    mosaic.sandbox.addImage(sessionId, { type: 'document_back', rejected: true })
    mosaic.sandbox.addImage(sessionId, {})
    await askNow(id)
    const { images } = await complete(id)
    expect(images.map(({ type }) => type)).toEqual([
      'document_back',
      'document_back_rejected',
      'document_front',
      'document_front',
      'selfie',
    ])
    const held = (await mosaic.sandbox.findSession(sessionId))?.images ?? []
    const front = held.find((image) => image.type === 'document_front' && image.id !== cut)
    const back = held.find((image) => image.type === 'document_back' && !image.rejected)
    const shown = await keys(id)
    expect(await digestOf(shown.documentFrontKey)).toBe(front?.sha256)
    expect(await digestOf(shown.documentBackKey)).toBe(back?.sha256)
  })

  test('a session that fails, and one that is gone, say so; the first is asked about no more', async () => {
    const failing = await mosaic.start()
    const gone = await mosaic.start()
    mosaic.sandbox.fail(failing.sessionId)
    mosaic.sandbox.misbehave({ api: { times: 1000, status: 404, delayInMs: 0 } }, gone.sessionId)
    for (const { id } of [failing, gone]) await askNow(id)
    await hasStatus(failing.id, 'error')
    await hasStatus(gone.id, 'expired')
    expect((await schedule(failing.id)).seconds).toBeNull()
    // Should it be there after all, what it says then counts.
    mosaic.sandbox.misbehave({}, gone.sessionId)
    mosaic.sandbox.complete(gone.sessionId, 'ALLOW')
    await askNow(gone.id)
    await complete(gone.id)
    expect((await read(gone.id)).status).toBe('approved')
  })

  test.each([
    ['cut in half', 'truncated' as const],
    ['ending before its announced length', 'cut-off' as const],
    ['without an end', 'endless' as const],
  ])('an image %s is not shown, and tried again', async (_what, body) => {
    const { id, sessionId } = await mosaic.start()
    mosaic.sandbox.misbehave({ images: { body } }, sessionId)
    mosaic.sandbox.complete(sessionId, 'ALLOW')
    await askNow(id)
    await hasStatus(id, 'approved')
    await eventually(async () => askedForImages(sessionId) > 3)
    expect(await keys(id)).toEqual({
      documentFrontKey: null,
      documentBackKey: null,
      faceKey: null,
    })
    expect((await read(id)).imagesComplete).toBe(false)
    mosaic.sandbox.misbehave({}, sessionId)
    await retryNowUntil(portal.db, id, () => complete(id))
    await expectDocuments(id, sessionId)
  })

  test('an answer about another session is not believed', async () => {
    const { id, sessionId } = await mosaic.start()
    mosaic.sandbox.complete(sessionId, 'ALLOW')
    mosaic.sandbox.misbehave({ result: { sessionId: randomUUID() } }, sessionId)
    await askNow(id)
    await eventually(async () => asked(sessionId) > 1)
    expect(await read(id)).toMatchObject({ status: 'pending', decisions: [] })
  })

  test('while a vendor is away, one job for each session goes on trying: the newest', async () => {
    const { id, sessionId } = await mosaic.start()
    mosaic.sandbox.misbehave({ api: { times: 1000, delayInMs: 0, status: 503 } }, sessionId)
    await askNow(id)
    await eventually(async () => asked(sessionId) > 0)
    for (const checks of [2, 3, 4]) {
      await askNow(id)
      await eventually(async () => (await schedule(id)).checks >= checks)
    }
    const waiting = async () => {
      const rows = await portal.db`
      select id from pgboss.job where name = 'fetch-result' and state in ('created', 'retry', 'active')
        and data ->> 'verificationId' = ${id}`
      return rows.length
    }
    await eventually(async () => (await waiting()) === 1)
  })
})

describe('the way back', () => {
  const address = (query: Record<string, string> | string) =>
    `${portal.url}/callbacks/mosaic?${typeof query === 'string' ? query : new URLSearchParams(query)}`
  const rows = async () => [
    ...(await portal.db`select id, status, checks, next_check_at, updated_at from verification order by id`),
    ...(await portal.db`select count(*) as deliveries from delivery`),
  ]

  test('with a wrong state, the state of another session, or no session: nothing changes, and all answers are alike', async () => {
    // Those of earlier tests are not asked about meanwhile.
    await portal.db`update verification set next_check_at = now() + interval '1 hour'
      where next_check_at is not null`
    const [mine, other] = [await mosaic.start(), await mosaic.start()]
    const stateOf = async (url: string) =>
      (await chooseOutcome(url, 'ALLOW')).searchParams.get('state') ?? ''
    const state = await stateOf(mine.url)
    const othersState = await stateOf(other.url)
    // Everything is decided and nothing moves any more but by what follows.
    for (const { id } of [mine, other]) await askNow(id)
    await complete(mine.id)
    await complete(other.id)
    await portal.db`update verification set status = 'pending', next_check_at = now() + interval '1 hour'
      where id in (${mine.id}, ${other.id})`
    const before = await rows()
    const answers: string[] = []
    for (const query of [
      { sessionId: mine.sessionId, state: 'wrong' },
      { sessionId: mine.sessionId, state: othersState },
      { sessionId: mine.sessionId, state: '' },
      { sessionId: mine.sessionId },
      { sessionId: randomUUID(), state },
      { sessionId: '', state },
      { state },
      {} as Record<string, string>,
      { sessionId: `${mine.sessionId}\0`, state },
      { sessionId: "' or true --", state },
      { sessionId: 'x'.repeat(5000), state },
      { sessionId: mine.sessionId, state: `${state}\0` },
      `sessionId=${mine.sessionId}&state=${state}&state=${state}`,
      `sessionId=${other.sessionId}&sessionId=${mine.sessionId}&state=${state}`,
      `sessionId[]=${mine.sessionId}&state=${state}`,
      `sessionId=%ff&state=%`,
    ]) {
      const response = await visit(address(query))
      expect(response.status).toBe(400)
      expect(response.headers.get('location')).toBeNull()
      expect(response.headers.get('referrer-policy')).toBe('no-referrer')
      expect(response.headers.get('set-cookie')).toBeNull()
      // Each page names its own request, and nothing else tells them apart.
      const id = response.headers.get('x-request-id') ?? ''
      answers.push((await response.text()).replaceAll(id, '…'))
    }
    expect(new Set(answers).size).toBe(1)
    expect(answers[0]).toContain('does not belong to an identity check')
    expect(await rows()).toEqual(before)

    const program = await fetch(address({ sessionId: mine.sessionId, state: 'wrong' }))
    expect(program.headers.get('referrer-policy')).toBe('no-referrer')
    expect(await program.json()).toMatchObject({ error: 'invalid_callback' })
    expect(portal.logged()).not.toContain(state)

    const times = asked(mine.sessionId)
    const right = await visit(address({ sessionId: mine.sessionId, state }))
    expect(right.status).toBe(303)
    await eventually(async () => asked(mine.sessionId) > times)
  })

  test('of other vendors without a state of ours is a way home and no more', async () => {
    for (const vendor of ['veriff', 'kora', 'incode']) {
      const response = await visit(`${portal.url}/callbacks/${vendor}?sessionId=x`)
      expect(response.status).toBe(303)
      expect(response.headers.get('location')).toBe('/')
      expect(response.headers.get('referrer-policy')).toBe('no-referrer')
    }
    expect((await visit(`${portal.url}/callbacks/nobody`)).status).toBe(404)
    const sent = await visit(address({ sessionId: 'a', state: 'b' }), { method: 'POST' })
    expect(sent.status).toBe(404)
  })
})

test('a delivery in its name is refused, and nothing is stored', async () => {
  for (const path of ['mosaic', 'mosaic/default']) {
    const response = await fetch(`${portal.url}/webhooks/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer x' },
      body: '{"session_id":"x","status":"complete","recommendation":"ALLOW"}',
    })
    expect(response.status).toBe(401)
    expect(await response.json()).toEqual({ error: 'invalid_signature' })
  }
  const [row] = await portal.db`select count(*)::int as deliveries from delivery`
  expect(row?.deliveries).toBe(0)
})

test('a token that the vendor takes no more is replaced once', async () => {
  const { id, sessionId } = await mosaic.start()
  mosaic.sandbox.complete(sessionId, 'ALLOW')
  const before = mosaic.sandbox.countTokens()
  mosaic.sandbox.endTokens()
  await askNow(id)
  await complete(id)
  expect(mosaic.sandbox.countTokens()).toBe(before + 1)
})

test('a vendor that is away for a while, and then says "too many", is asked until it answers', async () => {
  const { id, sessionId, url } = await mosaic.start()
  const back = await chooseOutcome(url, 'ALLOW')
  mosaic.sandbox.misbehave({ api: { times: 3, delayInMs: 0, status: 503 } })
  await visit(back)
  await retryNowUntil(portal.db, id, () => eventually(async () => asked(sessionId) >= 3))
  mosaic.sandbox.misbehave({
    api: { times: 2, delayInMs: 0, status: 429, retryAfterInSeconds: 1 },
    tokens: { times: 1, status: 500 },
  })
  mosaic.sandbox.endTokens()
  await retryNowUntil(portal.db, id, () => complete(id))
  await expectDocuments(id, sessionId)
})
