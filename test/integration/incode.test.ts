import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findVerification } from '../../src/id-verification/operations.ts'
import { eraseVerification, findErased } from '../../src/id-verification/retention.ts'
import type { IncodeSandbox } from '../../src/local/sandbox/incode.ts'
import { createJobs } from '../../src/platform/jobs.ts'
import { addWebhookClient, connectIncode, withDrawing } from '../support/incode.ts'
import { chooseOutcome } from '../support/mosaic.ts'
import { startPortal, type TestPortal } from '../support/portal.ts'
import { eventually, hasFailedImage, retryNowUntil } from '../support/sandbox.ts'

let portal: TestPortal
const sandboxes: IncodeSandbox[] = []
beforeAll(async () => {
  portal = await startPortal({ worker: true })
})
afterAll(async () => {
  for (const sandbox of sandboxes) await sandbox.close()
  await portal.close()
})

async function connect(options: Parameters<typeof connectIncode>[1] = {}) {
  const connected = await connectIncode(portal, options)
  sandboxes.push(connected.sandbox)
  return connected
}

type Image = { type: string; state: string; sha256: string | null; reason: string | null }
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
const complete = (id: string, status = 'approved') =>
  eventually(async () => {
    const found = await read(id)
    return found.status === status && found.imagesComplete && found
  })
const countDeliveries = async (integration: string) =>
  (await portal.db`select from delivery where integration = ${integration}`).length
const askNow = (id: string) =>
  portal.db`update verification set next_check_at = now() where id = ${id}`

/** What the endpoint hands out is, byte for byte, the latest of each type that the vendor holds. */
async function expectDocuments(id: string, sandbox: IncodeSandbox, sessionId: string) {
  const held = (await sandbox.findSession(sessionId))?.images
  const [row] = await portal.db<
    { documentFrontKey: string; documentBackKey: string; faceKey: string }[]
  >`select document_front_key, document_back_key, face_key from verification where id = ${id}`
  const digestOf = async (key: string | undefined) =>
    createHash('sha256')
      .update(await portal.parts.storage.get(key ?? ''))
      .digest('hex')
  expect(await digestOf(row?.documentFrontKey)).toBe(held?.get('fullFrameFrontID'))
  expect(await digestOf(row?.documentBackKey)).toBe(held?.get('fullFrameBackID'))
  expect(await digestOf(row?.faceKey)).toBe(held?.get('selfie'))
}

describe.concurrent('from the start to the images:', () => {
  test('the vendor signs in here, delivers, and each image is backed up byte for byte', async () => {
    const { sandbox, start, name, client } = await connect()
    const { id, sessionId, url } = await start()
    expect((await sandbox.findSession(sessionId))?.externalId).toBe(id)
    expect((await chooseOutcome(url, 'OK')).href).toMatch(
      /\/callbacks\/incode\/[\w-]+\?state=[\w-]{43}$/,
    )
    const { images, documentType, decisions } = await complete(id)
    const held = (await sandbox.findSession(sessionId))?.images
    expect(images.map(({ sha256 }) => sha256).toSorted()).toEqual(
      [...(held?.values() ?? [])].sort(),
    )
    expect(images.every(({ state }) => state === 'stored')).toBe(true)
    await expectDocuments(id, sandbox, sessionId)
    expect(documentType).toBe('drivers_license')
    expect(decisions.map(({ status }) => status)).toEqual(['approved'])

    await sandbox.settled()
    const states = await portal.db`
      select state, explanation from delivery where integration = ${name} order by received_at`
    expect(states.map(({ state }) => state)).toEqual(['ignored', 'ignored', 'applied'])
    expect(sandbox.countTokens()).toBe(1)
    for (const canary of [client.clientSecret, 'Bearer', 'Alma', 'signature='])
      expect(portal.logged()).not.toContain(canary)
  })

  test('with a static header instead, and images as links', async () => {
    const { sandbox, start, webhookSecret } = await connect({ header: true, links: true })
    const { id, sessionId } = await start()
    sandbox.complete(sessionId, 'OK')
    const { images } = await complete(id)
    expect(images.map(({ type }) => type)).toEqual(['document_back', 'document_front', 'selfie'])
    await expectDocuments(id, sandbox, sessionId)
    expect(portal.logged()).not.toContain(webhookSecret)
    expect(portal.logged()).not.toContain('incode-images')
  })

  test('a passport has no back, and is complete without', async () => {
    const { sandbox, start } = await connect()
    const { id, sessionId } = await start()
    sandbox.complete(sessionId, 'OK', { passport: true })
    const { images, documentType } = await complete(id)
    const states = Object.fromEntries(images.map(({ type, state }) => [type, state]))
    expect(states).toEqual({
      document_front: 'stored',
      document_front_cropped: 'stored',
      document_back: 'refused',
      document_back_cropped: 'refused',
      selfie: 'stored',
      selfie_cropped: 'stored',
    })
    expect(documentType).toBe('passport')
  })
})

describe.concurrent('the score decides:', () => {
  test.each([
    ['FAIL', 'declined'],
    ['MANUAL_FAIL', 'declined'],
    ['WARN', 'review'],
    ['MANUAL_PENDING', 'review'],
  ] as const)('%s is %s, although the session is finished', async (score, ours) => {
    const { sandbox, start } = await connect()
    const { id, sessionId } = await start()
    sandbox.complete(sessionId, score)
    await hasStatus(id, ours)
    const { documentFrontKey } = (
      await portal.db`
      select document_front_key from verification where id = ${id} and status = 'approved'`
    )[0] ?? {
      documentFrontKey: undefined,
    }
    expect(documentFrontKey).toBeUndefined()
  })

  test('a person at the vendor may overturn it, both ways, and an old delivery brings nothing back', async () => {
    const { sandbox, start } = await connect()
    const { id, sessionId } = await start()
    sandbox.complete(sessionId, 'FAIL')
    await hasStatus(id, 'declined')
    sandbox.review(sessionId, 'APPROVED')
    await complete(id)
    await expectDocuments(id, sandbox, sessionId)
    sandbox.review(sessionId, 'REJECTED')
    await hasStatus(id, 'declined')
    // These say "approved" again; the vendor, when asked, does not.
    sandbox.resend(sessionId)
    await sandbox.settled()
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    const { status, decisions } = await read(id)
    expect(status).toBe('declined')
    expect(decisions.map((decision) => decision.status)).toEqual([
      'declined',
      'approved',
      'declined',
    ])
    // The very bytes of the first time, and yet something new.
    sandbox.review(sessionId, 'APPROVED')
    await complete(id)
    await expectDocuments(id, sandbox, sessionId)
  })

  test('an answer that was overtaken by a newer one does not undo it', async () => {
    const { sandbox, start } = await connect()
    const { id, sessionId } = await start()
    // The vendor says how it stands, and the line keeps that for two seconds.
    sandbox.misbehave({ api: { times: 1, delayInMs: 2_000 } }, sessionId)
    sandbox.complete(sessionId, 'FAIL')
    const asked = () =>
      sandbox.listRequests().filter(({ path }) => path.endsWith('onboarding/status')).length
    await eventually(async () => asked() === 1)
    sandbox.review(sessionId, 'APPROVED')
    await hasStatus(id, 'approved')
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    const { status, decisions } = await read(id)
    expect([status, ...decisions.map((decision) => decision.status)]).toEqual([
      'approved',
      'approved',
    ])
  })

  test('a session that the vendor holds no more is expired', async () => {
    const { sandbox, start } = await connect()
    const { id, sessionId } = await start()
    sandbox.forget(sessionId)
    await askNow(id)
    await hasStatus(id, 'expired')
  })

  test('a session that ran out is expired', async () => {
    const { sandbox, start } = await connect()
    const { id, sessionId } = await start()
    sandbox.expire(sessionId)
    await hasStatus(id, 'expired')
  })
})

describe.concurrent('earlier attempts', () => {
  test('come by links with when they were taken, and are kept apart from the latest', async () => {
    const { sandbox, start } = await connect({ links: true })
    const { id, sessionId } = await start()
    const first = await withDrawing(sandbox, sessionId, 'selfie')
    const second = await withDrawing(sandbox, sessionId, 'selfie')
    sandbox.misbehave({ spelling: 'prevAttemps' }, sessionId)
    sandbox.complete(sessionId, 'OK')
    await complete(id)
    await expectDocuments(id, sandbox, sessionId)
    const captures = (await sandbox.findSession(sessionId))?.captures ?? []
    const times = captures.filter(({ type }) => type === 'selfie').map(({ takenAt }) => takenAt)
    const rows = await portal.db<{ sha256: Buffer; capturedAt: Date; objectKey: string }[]>`
      select sha256, captured_at, object_key from image
      where verification_id = ${id} and type = 'selfie' order by captured_at`
    expect(rows.map(({ sha256 }) => sha256.toString('hex'))).toEqual([first, second])
    expect(rows.map(({ capturedAt }) => capturedAt.getTime())).toEqual(times)
    expect(new Set(rows.map(({ objectKey }) => objectKey)).size).toBe(2)
  })

  test.each([
    ['as base64', false],
    ['as links', true],
  ])(
    'pictures taken once more are shown after a new decision, and the earlier ones stay: %s',
    async (_what, links) => {
      const { sandbox, start } = await connect({ links })
      const { id, sessionId } = await start()
      const before = await withDrawing(sandbox, sessionId, 'fullFrameFrontID')
      sandbox.complete(sessionId, 'WARN')
      await complete(id, 'review')
      const after = await withDrawing(sandbox, sessionId, 'fullFrameFrontID')
      sandbox.complete(sessionId, 'OK')
      const { images } = await complete(id)
      await expectDocuments(id, sandbox, sessionId)
      const fronts = images.filter(({ type }) => type === 'document_front')
      expect(fronts.map(({ sha256 }) => sha256)).toEqual([before, after])
    },
  )
})

describe.concurrent('a delivery without a good token', () => {
  const body = (sessionId: string) =>
    JSON.stringify({ interviewId: sessionId, onboardingStatus: 'MANUAL_REVIEW_APPROVED' })
  const deliver = (url: string, sessionId: string, headers: Record<string, string>) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: body(sessionId),
    })
  const signIn = async (
    { clientId, clientSecret }: { clientId: string; clientSecret: string },
    scope?: string,
  ) => {
    const answer = await fetch(`${portal.issuer}/api/oauth/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
      },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        ...(scope ? { scope } : {}),
      }),
    })
    return (await answer.json()) as { access_token: string; expires_in: number; token_type: string }
  }
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

  test('is refused and nothing of it stored: of another client, another scope, revoked, made up, none', async () => {
    const { start, name, client, webhookUrl } = await connect({
      webhooks: false,
      scope: 'webhook.incode idv.read',
    })
    const { id, sessionId } = await start()
    const other = await signIn(await addWebhookClient(portal))
    const narrow = await signIn(client, 'idv.read')
    const revoked = await signIn(client)
    expect(revoked).toMatchObject({ token_type: 'Bearer', expires_in: expect.any(Number) })
    const basic = Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64')
    const revocation = await fetch(`${portal.issuer}/api/oauth/revoke`, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}` },
      body: new URLSearchParams({ token: revoked.access_token }),
    })
    expect(revocation.status).toBe(200)
    for (const headers of [
      bearer(other.access_token),
      bearer(narrow.access_token),
      bearer(revoked.access_token),
      bearer('made-up'),
      { authorization: `Basic ${basic}` },
      { 'x-portal-key': client.clientSecret },
      {},
    ] as Record<string, string>[]) {
      const answer = await deliver(webhookUrl, sessionId, headers)
      expect(answer.status).toBe(401)
      expect(await answer.json()).toEqual({ error: 'invalid_signature' })
    }
    expect(await countDeliveries(name)).toBe(0)
    expect((await read(id)).status).toBe('pending')

    const good = await signIn(client, 'webhook.incode')
    const taken = await deliver(webhookUrl, sessionId, bearer(good.access_token))
    expect(taken.status).toBe(200)
    expect(taken.headers.get('content-type')).toMatch(/^application\/json/)
    expect(await taken.json()).toEqual({ success: true })
    expect(await countDeliveries(name)).toBe(1)
    // And for nothing else.
    for (const path of ['me/natural-person/id-verification', 'idv/document-types']) {
      const response = await fetch(`${portal.issuer}/api/v1/${path}`, {
        headers: bearer(good.access_token),
      })
      expect(response.status).toBe(401)
    }
  })

  test('by a static header is refused when the header is wrong, short or missing', async () => {
    const { start, name, webhookUrl, webhookSecret } = await connect({
      header: true,
      webhooks: false,
    })
    const { sessionId } = await start()
    const token = await signIn(await addWebhookClient(portal))
    for (const headers of [
      { 'x-portal-key': 'wrong' },
      { 'x-portal-key': webhookSecret.slice(1) },
      { 'x-portal-key': '' },
      bearer(token.access_token),
      {},
    ] as Record<string, string>[])
      expect((await deliver(webhookUrl, sessionId, headers)).status).toBe(401)
    expect(await countDeliveries(name)).toBe(0)
    const good = await deliver(webhookUrl, sessionId, { 'x-portal-key': webhookSecret })
    expect(good.status).toBe(200)
  })

  test('that the vendor sends again with a good one is taken then', async () => {
    const { sandbox, start, name } = await connect({ retryDelaysInMs: [600, 600, 600] })
    const { id, sessionId } = await start()
    sandbox.misbehave({ deliveries: { authentication: 'wrong' } }, sessionId)
    sandbox.complete(sessionId, 'OK')
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(await countDeliveries(name)).toBe(0)
    sandbox.misbehave({}, sessionId)
    await complete(id)
  })
})

test.concurrent('deliveries that come many times and in the wrong order have one effect', async () => {
  const { sandbox, start, name } = await connect()
  const { id, sessionId } = await start()
  sandbox.misbehave({ deliveries: { times: 4, order: 'reversed' } }, sessionId)
  sandbox.complete(sessionId, 'OK')
  await complete(id)
  sandbox.resend(sessionId)
  await sandbox.settled()
  const rows = await portal.db<{ timesReceived: number }[]>`
    select times_received from delivery where integration = ${name}`
  expect(rows.map(({ timesReceived }) => timesReceived)).toEqual([5, 5, 5])
  await eventually(async () => {
    const [row] = await portal.db`
      select count(*)::int as waiting from delivery where integration = ${name} and state = 'received'`
    return row?.waiting === 0
  })
  const { decisions, images } = await read(id)
  expect(decisions.map(({ status }) => status)).toEqual(['approved'])
  expect(images).toHaveLength(6)
})

test.concurrent('what a delivery says of another session, or of ours with another id, changes nothing', async () => {
  const { start, name, webhookUrl, webhookSecret } = await connect({
    header: true,
    webhooks: false,
  })
  const [mine, other] = [await start(), await start()]
  const bodies = [
    { interviewId: mine.sessionId, onboardingStatus: 'EXPIRED', externalId: other.id },
    { interviewId: '65a4f0c2d1b3e4f5a6978801', onboardingStatus: 'EXPIRED' },
    { interviewId: 'a\0b', onboardingStatus: 'EXPIRED' },
    { interviewId: mine.sessionId, onboardingStatus: 'a\0b' },
    { event: 'verification.completed', object: 'x', id: 'x', timestamp: 1, token: 'canary-token' },
    { interviewId: mine.sessionId, status: 'PENDING_REVIEW' },
  ]
  for (const body of bodies) {
    const headers = { 'content-type': 'application/json', 'x-portal-key': webhookSecret }
    const answer = await fetch(webhookUrl, { method: 'POST', headers, body: JSON.stringify(body) })
    expect(answer.status).toBe(200)
  }
  const states = await eventually(async () => {
    const rows = await portal.db<{ state: string }[]>`
      select state from delivery where integration = ${name} order by received_at`
    return rows.every(({ state }) => state !== 'received') && rows.map(({ state }) => state)
  })
  const quarantined = 'quarantined'
  expect(states).toEqual([quarantined, quarantined, quarantined, quarantined, 'ignored', 'ignored'])
  for (const { id } of [mine, other])
    expect(await read(id)).toMatchObject({ status: 'pending', decisions: [] })
  expect(portal.logged()).not.toContain('canary-token')
})

test.concurrent('lost deliveries are healed: the vendor is asked about sessions gone quiet', async () => {
  const { sandbox, start, name } = await connect()
  const [approved, declined] = [await start(), await start()]
  sandbox.misbehave({ deliveries: { times: 0 } })
  sandbox.complete(approved.sessionId, 'OK')
  sandbox.complete(declined.sessionId, 'FAIL')
  const [row] = await portal.db`
    select extract(epoch from next_check_at - now())::float8 as seconds from verification
    where id = ${approved.id}`
  expect(row?.seconds).toBeLessThanOrEqual(300)
  for (const { id } of [approved, declined]) await askNow(id)
  await complete(approved.id)
  await hasStatus(declined.id, 'declined')
  await expectDocuments(approved.id, sandbox, approved.sessionId)
  expect(await countDeliveries(name)).toBe(0)
})

describe.concurrent('a vendor that fails', () => {
  test('by refusing its token is signed in to once more, for all who ask', async () => {
    const { sandbox, start } = await connect()
    const { id, sessionId } = await start()
    sandbox.complete(sessionId, 'WARN')
    await complete(id, 'review')
    sandbox.endTokens()
    sandbox.complete(sessionId, 'OK')
    await complete(id)
    expect(sandbox.countTokens()).toBe(2)
  })

  test('by being away is asked until it answers', async () => {
    const { sandbox, start } = await connect()
    const { id, sessionId } = await start()
    sandbox.misbehave({ api: { times: 2, status: 503, delayInMs: 0 } })
    sandbox.complete(sessionId, 'OK')
    await retryNowUntil(portal.db, id, () => complete(id))
    await expectDocuments(id, sandbox, sessionId)
  })

  test.each([
    ['truncated', false],
    ['truncated', true],
    ['cut-off', false],
    ['cut-off', true],
    ['endless', false],
    ['endless', true],
    ['junk', false],
  ] as const)(
    'by images that are %s (links: %s) shows none of them, and heals',
    async (image, links) => {
      const { sandbox, start } = await connect({ links })
      const { id, sessionId } = await start()
      sandbox.misbehave({ image }, sessionId)
      sandbox.complete(sessionId, 'OK')
      await hasStatus(id, 'approved')
      await eventually(() => hasFailedImage(portal.db, id))
      expect((await read(id)).images.every(({ state }) => state === 'pending')).toBe(true)
      sandbox.misbehave({}, sessionId)
      await retryNowUntil(portal.db, id, () => complete(id))
      await expectDocuments(id, sandbox, sessionId)
    },
  )

  test('by answering a web page for an image is not believed', async () => {
    const { sandbox, start } = await connect()
    const { id, sessionId } = await start()
    sandbox.misbehave({ image: 'not-an-image' }, sessionId)
    sandbox.complete(sessionId, 'OK')
    await retryNowUntil(portal.db, id, () =>
      eventually(async () => {
        const { images } = await read(id)
        return images.length > 0 && images.every(({ state }) => state === 'refused')
      }),
    )
    expect((await read(id)).imagesComplete).toBe(false)
  })

  test('by links to elsewhere has nobody follow them', async () => {
    const { sandbox, start } = await connect({ links: true })
    const { id, sessionId } = await start()
    sandbox.misbehave({ link: 'http://169.254.169.254/latest/meta-data' }, sessionId)
    sandbox.complete(sessionId, 'OK')
    await eventually(async () => (await read(id)).images.length === 3)
    await eventually(() => hasFailedImage(portal.db, id))
    expect((await read(id)).images.every(({ state }) => state === 'pending')).toBe(true)
  })
})

test.concurrent('an erased verification is deleted at the vendor too, and one that is gone there is no error', async () => {
  const { sandbox, start, name } = await connect()
  const jobs = await createJobs(portal.config.database.url, portal.parts.log)
  try {
    const [held, gone] = [await start(), await start()]
    sandbox.complete(held.sessionId, 'OK')
    await complete(held.id)
    await sandbox.settled()
    sandbox.forget(gone.sessionId)
    for (const { id } of [held, gone])
      expect(await eraseVerification({ ...portal.parts, jobs }, id, 'operator')).toBe(true)
    for (const { id, sessionId } of [held, gone]) {
      await eventually(async () => (await findErased(portal.db, id))?.vendorDeletedAt ?? undefined)
      expect(await sandbox.findSession(sessionId)).toBeUndefined()
      expect(await portal.parts.storage.deleteAll(`default/${id}/`)).toBe(0)
    }
    // The steps on the way, of which nothing was to be done, went with it.
    expect(await countDeliveries(name)).toBe(0)
  } finally {
    await jobs.stop()
  }
})
