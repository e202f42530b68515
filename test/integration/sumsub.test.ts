import { createHmac, randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { findVerification, startVerification } from '../../src/id-verification/operations.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { type SumsubSandbox, startSumsubSandbox } from '../../src/local/sandbox/sumsub.ts'
import { chooseOutcome } from '../support/mosaic.ts'
import { addResident, DOCUMENT, startPortal, type TestPortal } from '../support/portal.ts'
import { eventually, hasFailedImage } from '../support/sandbox.ts'

let portal: TestPortal
const sandboxes: SumsubSandbox[] = []
beforeAll(async () => {
  portal = await startPortal({ worker: true })
})
// Images that cannot be had are asked for again and again, before those of the next test.
afterEach(() => portal.db`delete from pgboss.job`)
afterAll(async () => {
  for (const sandbox of sandboxes) await sandbox.close()
  await portal.close()
})

type Options = Partial<Parameters<typeof startSumsubSandbox>[0]>

/** A sandbox that the portal knows under an integration of its own. */
async function connect(options: Options = {}, settings: string[] = []) {
  const name = `s-${randomUUID().slice(0, 8)}`
  const [appToken, secretKey, webhookSecret] = [randomUUID(), randomUUID(), randomUUID()]
  const sandbox = await startSumsubSandbox({
    port: 0,
    appToken,
    secretKey,
    webhookSecret,
    webhookUrl: `${portal.url}/webhooks/sumsub/${name}`,
    person: DOCUMENT,
    retryDelaysInMs: [50, 100, 200],
    ...options,
  })
  sandboxes.push(sandbox)
  await setVendorIntegration(portal.db, portal.parts.sealer, {
    vendor: 'sumsub',
    name,
    baseUrl: sandbox.url,
    apiKey: appToken,
    secret: secretKey,
    webhookSecret,
    settings,
  })
  const start = async () => {
    const resident = await addResident(portal.parts)
    const given = { vendor: 'sumsub', integration: name, accountId: resident.id }
    const started = await startVerification({ ...portal.parts, issuer: portal.issuer }, given)
    return { id: started.id, sessionId: started.vendorSessionId, url: started.url }
  }
  const deliveries = () =>
    portal.db`select state, verification_id, times_received from delivery where integration = ${name}`
  /** Sends a genuine delivery with this body. */
  const deliver = async (body: string) => {
    const digest = createHmac('sha512', webhookSecret).update(body).digest('hex')
    const headers = { 'X-Payload-Digest': digest, 'X-Payload-Digest-Alg': 'HMAC_SHA512_HEX' }
    const url = `${portal.url}/webhooks/sumsub/${name}`
    return (await fetch(url, { method: 'POST', headers, body })).status
  }
  return { sandbox, start, name, deliveries, deliver }
}

type Image = { type: string; state: string; sha256: string; attemptId: string }
const read = async (id: string) =>
  (await findVerification(portal.db, id)) as unknown as {
    status: string
    imagesComplete: boolean
    images: Image[]
    decisions: { status: string }[]
  }
const becomes = (id: string, status: string) =>
  eventually(async () => {
    const found = await read(id)
    return found.status === status && found
  })
const complete = (id: string) =>
  eventually(async () => {
    const found = await read(id)
    return found.status === 'approved' && found.imagesComplete && found
  })

test('a person finishes on the vendor’s page and returns; the result is fetched, and the images are backed up byte for byte', async () => {
  const { sandbox, start, name, deliveries } = await connect()
  const { id, sessionId, url } = await start()
  const back = await chooseOutcome(url, 'GREEN')
  expect(back.pathname).toBe(`/callbacks/sumsub/${name}`)
  const answer = await fetch(new URL(`${back.pathname}${back.search}`, portal.url), {
    redirect: 'manual',
  })
  expect([answer.status, answer.headers.get('location')]).toEqual([303, `/verify/${id}`])
  const { images, decisions } = await complete(id)
  const held = (await sandbox.findSession(sessionId))?.images
  expect(held?.size).toBe(3)
  expect(new Map(images.map(({ type, sha256 }) => [type, sha256]))).toEqual(held)
  expect(decisions.map(({ status }) => status)).toEqual(['approved'])
  const [row] = await portal.db`
    select document_front_key, document_back_key, face_key, document_type, match from verification where id = ${id}`
  expect(row).toMatchObject({
    documentFrontKey: expect.stringContaining('document_front.jpg'),
    documentBackKey: expect.stringContaining('document_back.jpg'),
    faceKey: expect.stringContaining('selfie.jpg'),
    documentType: 'national_id',
    match: 'match',
  })
  await sandbox.settled()
  // Created, pending, reviewed.
  const states = async () => (await deliveries()).map(({ state }) => state).toSorted()
  await eventually(async () => !(await states()).includes('received'))
  expect(await states()).toEqual(['applied', 'applied', 'ignored'])
})

test('deliveries that come many times have one effect, and an overturned approval is taken back', async () => {
  const { sandbox, start } = await connect({}, ['imagePath=applicants'])
  const { id, sessionId } = await start()
  sandbox.misbehave({ deliveries: { times: 4 } }, sessionId)
  sandbox.complete(sessionId, 'GREEN')
  await complete(id)
  sandbox.resend(sessionId)
  await sandbox.settled()
  expect((await read(id)).decisions.map(({ status }) => status)).toEqual(['approved'])
  expect((await read(id)).images).toHaveLength(3)
  sandbox.complete(sessionId, 'FINAL')
  await becomes(id, 'declined')
  // The old deliveries say GREEN; the vendor, when asked, does not.
  sandbox.resend(sessionId)
  await sandbox.settled()
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect((await read(id)).status).toBe('declined')
})

test('who must try again is approved with the images of the new attempt, after a hold', async () => {
  const { sandbox, start } = await connect()
  const { id, sessionId } = await start()
  sandbox.complete(sessionId, 'RETRY')
  await becomes(id, 'resubmission')
  sandbox.complete(sessionId, 'onHold')
  await becomes(id, 'review')
  sandbox.complete(sessionId, 'GREEN')
  await complete(id)
  const [row] = await portal.db`
    select encode(image.sha256, 'hex') as sha256, image.type from verification join image on jpeg_key = document_front_key
    where verification.id = ${id}`
  const { images, taken = [] } = (await sandbox.findSession(sessionId)) ?? {}
  expect(row).toMatchObject({ type: 'document_front', sha256: images?.get('document_front') })
  // The refused ones are kept too.
  const stored = new Set((await read(id)).images.map(({ sha256 }) => sha256))
  expect(taken).toHaveLength(6)
  for (const { sha256 } of taken) expect(stored).toContain(sha256)
})

test('an applicant who is deleted at the vendor before a decision is expired', async () => {
  const { sandbox, start } = await connect()
  const { id, sessionId } = await start()
  sandbox.forget(sessionId)
  await becomes(id, 'expired')
})

test('deliveries whose signature is wrong, missing or of the legacy algorithm are refused', async () => {
  for (const [options, signature] of [
    [{}, 'wrong'],
    [{}, 'missing'],
    [{ signatureAlgorithm: 'HMAC_SHA1_HEX' }, undefined],
  ] as const) {
    const { sandbox, start, deliveries } = await connect({ retryDelaysInMs: [], ...options })
    if (signature) sandbox.misbehave({ deliveries: { signature } })
    const { id, sessionId } = await start()
    sandbox.complete(sessionId, 'GREEN')
    await sandbox.settled()
    expect((await read(id)).status).toBe('pending')
    expect(await deliveries()).toHaveLength(0)
  }
})

test('the legacy algorithm is taken where the operator said so, and a vendor that is away is asked again', async () => {
  const { sandbox, start } = await connect({ signatureAlgorithm: 'HMAC_SHA1_HEX' }, [
    'legacySignature=true',
  ])
  const { id, sessionId } = await start()
  sandbox.misbehave({ api: { times: 2, status: 503, delayInMs: 0 } })
  sandbox.complete(sessionId, 'GREEN')
  await complete(id)
})

test('a genuine delivery that is not understood is kept for the operator', async () => {
  const { start, deliver, deliveries, sandbox } = await connect()
  const { id, sessionId } = await start()
  await sandbox.settled()
  const bodies = [
    '{"applicantId":"x","applicantId":"y"}',
    '{',
    '[]',
    '{"type":"applicantReviewed"}',
    `{"type":"applicantReviewed","applicantId":"${'a'.repeat(201)}"}`,
    '{"type":"applicantReviewed","applicantId":"\\u0000"}',
    `{"type":"applicantReviewed","applicantId":"${'0'.repeat(24)}"}`,
    // Of another applicant than the one of this verification.
    `{"type":"applicantReviewed","applicantId":"${'0'.repeat(24)}","externalUserId":"${id}"}`,
    // Of another verification than the one that we started it for.
    `{"type":"applicantReviewed","applicantId":"${sessionId}","externalUserId":"${randomUUID()}"}`,
  ]
  for (const body of bodies) expect(await deliver(body)).toBe(200)
  await eventually(async () => {
    const states = (await deliveries()).map(({ state }) => state)
    return states.filter((state) => state === 'quarantined').length === bodies.length
  })
  expect((await read(id)).status).toBe('pending')
})

test('a delivery with unknown words, or sent again, makes the portal ask once and is not believed', async () => {
  const { sandbox, start, deliver, deliveries } = await connect()
  const { id, sessionId } = await start()
  const asked = () => sandbox.listRequests().filter(({ path }) => path.endsWith('/one')).length
  await sandbox.settled()
  const body = JSON.stringify({
    type: 'applicantTeleported',
    applicantId: sessionId,
    externalUserId: id,
    reviewStatus: 'completed',
    reviewResult: { reviewAnswer: 'GREEN' },
    createdAtMs: '9999-12-31 23:59:59.999',
    levelName: { nested: [5, '\0'] },
  })
  expect(await deliver(body)).toBe(200)
  await eventually(async () => asked() === 1)
  for (let times = 0; times < 3; times++) expect(await deliver(body)).toBe(200)
  await eventually(async () => (await deliveries()).every(({ state }) => state !== 'received'))
  const [kept] = (await deliveries()).filter((each) => each.timesReceived === 4)
  expect(kept).toMatchObject({ state: 'applied', verificationId: id })
  const [row] = await portal.db`
    select checks, next_check_at > now() + interval '1 minute' as is_later from verification where id = ${id}`
  expect([asked(), row]).toEqual([1, { checks: 0, isLater: true }])
  expect((await read(id)).status).toBe('pending')
})

test('a reset begins a new attempt, and takes back no approval until the next review', async () => {
  const { sandbox, start } = await connect()
  const asked = () => sandbox.listRequests().filter(({ path }) => path.endsWith('/one')).length
  const { id, sessionId } = await start()
  sandbox.complete(sessionId, 'RETRY')
  await becomes(id, 'resubmission')
  sandbox.reset(sessionId)
  await becomes(id, 'pending')
  sandbox.complete(sessionId, 'GREEN')
  const before = await complete(id)
  await sandbox.settled()
  const earlier = asked()
  sandbox.reset(sessionId)
  await eventually(async () => asked() > earlier)
  await eventually(async () => (await read(id)).decisions.length > before.decisions.length)
  expect(await read(id)).toMatchObject({ status: 'approved', imagesComplete: true })
  sandbox.complete(sessionId, 'FINAL')
  await becomes(id, 'declined')
})

test('an answer of the vendor that is not an image is not stored', async () => {
  const { sandbox, start } = await connect()
  const { id, sessionId } = await start()
  sandbox.misbehave({ image: 'not-an-image' }, sessionId)
  sandbox.complete(sessionId, 'GREEN')
  await eventually(async () => (await read(id)).images.length === 3)
  await eventually(() => hasFailedImage(portal.db, id))
  expect((await read(id)).images.some(({ state }) => state === 'stored')).toBe(false)
})

test('the vendor’s API refuses a request that is not signed for it, or is old', async () => {
  const now = Date.now() + 61_000
  const { start } = await connect({ now: () => now })
  await expect(start()).rejects.toThrow(
    'The session could not be started: the vendor answered 401. Check its API key and secret',
  )
})
