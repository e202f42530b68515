import { createHmac, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { findVerification, startVerification } from '../../src/id-verification/operations.ts'
import { createStripe } from '../../src/id-verification/vendors/stripe.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { type StripeSandbox, startStripeSandbox } from '../../src/local/sandbox/stripe.ts'
import { createJobs } from '../../src/platform/jobs.ts'
import { chooseOutcome } from '../support/mosaic.ts'
import { addResident, DOCUMENT, startPortal, type TestPortal } from '../support/portal.ts'
import { eventually, hasFailedImage } from '../support/sandbox.ts'

let portal: TestPortal
const sandboxes: StripeSandbox[] = []
beforeAll(async () => {
  portal = await startPortal({ worker: true })
})
// Images that cannot be had are asked for again and again, before those of the next test.
afterEach(() => portal.db`delete from pgboss.job`)
afterAll(async () => {
  for (const sandbox of sandboxes) await sandbox.close()
  await portal.close()
})

type Options = Partial<Parameters<typeof startStripeSandbox>[0]>

/** A sandbox that the portal knows under an integration of its own. */
async function connect(options: Options = {}, settings: string[] = []) {
  const name = `s-${randomUUID().slice(0, 8)}`
  const [apiKey, webhookSecret] = [randomUUID(), randomUUID()]
  const sandbox = await startStripeSandbox({
    port: 0,
    apiKey,
    webhookSecret,
    webhookUrl: `${portal.url}/webhooks/stripe/${name}`,
    person: DOCUMENT,
    retryDelaysInMs: [50, 100, 200],
    ...options,
  })
  sandboxes.push(sandbox)
  await setVendorIntegration(portal.db, portal.parts.sealer, {
    vendor: 'stripe',
    name,
    baseUrl: sandbox.url,
    apiKey,
    secret: webhookSecret,
    settings,
  })
  const start = async () => {
    const resident = await addResident(portal.parts)
    const given = { vendor: 'stripe', integration: name, accountId: resident.id }
    const started = await startVerification({ ...portal.parts, issuer: portal.issuer }, given)
    return { id: started.id, sessionId: started.vendorSessionId, url: started.url }
  }
  const deliveries = () =>
    portal.db`select state, verification_id, times_received from delivery where integration = ${name}`
  /** Sends a genuine delivery with this body. */
  const deliver = async (body: string) => {
    const time = Math.floor(Date.now() / 1000)
    const signature = createHmac('sha256', webhookSecret).update(`${time}.${body}`).digest('hex')
    const headers = { 'Stripe-Signature': `t=${time},v1=${signature}` }
    const url = `${portal.url}/webhooks/stripe/${name}`
    return (await fetch(url, { method: 'POST', headers, body })).status
  }
  return { sandbox, start, name, deliveries, deliver, webhookSecret }
}

type Image = { type: string; state: string; sha256: string; attemptId: string }
const read = async (id: string) =>
  (await findVerification(portal.db, id)) as unknown as {
    status: string
    imagesComplete: boolean
    images: Image[]
    decisions: { status: string; attemptId: string }[]
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
  expect((await sandbox.findSession(sessionId))?.clientReferenceId).toBe(id)
  const back = await chooseOutcome(url, 'verified')
  expect(back.pathname).toBe(`/callbacks/stripe/${name}`)
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
    select document_front_key, document_back_key, face_key, document_type, match, document_expires_on
    from verification where id = ${id}`
  expect(row).toMatchObject({
    documentFrontKey: expect.stringMatching(/\/vr_\w+\/document_front\.jpg$/),
    documentBackKey: expect.stringContaining('document_back.jpg'),
    faceKey: expect.stringContaining('selfie.jpg'),
    documentType: 'national_id',
    match: 'match',
    documentExpiresOn: expect.any(Date),
  })
  await sandbox.settled()
  // Created, processing, verified.
  const states = async () => (await deliveries()).map(({ state }) => state).toSorted()
  await eventually(async () => !(await states()).includes('received'))
  expect(await states()).toEqual(['applied', 'applied', 'ignored'])
})

test('deliveries that come many times have one effect; a reviewer of the vendor takes an approval back, and gives it again', async () => {
  const { sandbox, start } = await connect()
  const { id, sessionId } = await start()
  sandbox.misbehave({ deliveries: { times: 4 } }, sessionId)
  sandbox.complete(sessionId, 'verified')
  await complete(id)
  sandbox.resend(sessionId)
  await sandbox.settled()
  expect((await read(id)).decisions.map(({ status }) => status)).toEqual(['approved'])
  expect((await read(id)).images).toHaveLength(3)
  sandbox.override(sessionId, 'unverified')
  await becomes(id, 'declined')
  sandbox.override(sessionId, 'verified')
  const { decisions, images } = await complete(id)
  expect(decisions.map(({ status }) => status)).toEqual(['approved', 'declined', 'approved'])
  expect(images).toHaveLength(3)
})

test('who must try again is approved with the images of the new attempt, and those of the first are kept', async () => {
  const { sandbox, start } = await connect()
  const { id, sessionId } = await start()
  sandbox.complete(sessionId, 'consent_declined')
  await becomes(id, 'resubmission')
  sandbox.complete(sessionId, 'selfie_face_mismatch')
  await eventually(async () => (await read(id)).decisions.length === 2)
  await eventually(async () => (await read(id)).images.length === 3)
  sandbox.submit(sessionId)
  sandbox.complete(sessionId, 'verified')
  const { decisions } = await complete(id)
  expect(new Set(decisions.map(({ attemptId }) => attemptId)).size).toBe(3)
  const [row] = await portal.db`
    select encode(image.sha256, 'hex') as sha256, image.type from verification join image on jpeg_key = document_front_key
    where verification.id = ${id}`
  const { images, taken = [] } = (await sandbox.findSession(sessionId)) ?? {}
  expect(row).toMatchObject({ type: 'document_front', sha256: images?.get('document_front') })
  expect(taken).toHaveLength(6)
  await eventually(async () => {
    const stored = new Set((await read(id)).images.map(({ sha256 }) => sha256))
    return taken.every(({ sha256 }) => stored.has(sha256))
  })
})

test('a session that is canceled, or redacted before a decision, is expired; a person who is too young is declined', async () => {
  const { sandbox, start } = await connect()
  const [canceled, redacted, young] = [await start(), await start(), await start()]
  sandbox.cancel(canceled.sessionId)
  sandbox.finishRedaction(redacted.sessionId)
  sandbox.complete(young.sessionId, 'under_supported_age')
  await becomes(canceled.id, 'expired')
  await becomes(redacted.id, 'expired')
  await becomes(young.id, 'declined')
})

test('deliveries whose signature is wrong, missing or old are refused', async () => {
  for (const signature of ['wrong', 'missing', 'stale'] as const) {
    const { sandbox, start, deliveries } = await connect({ retryDelaysInMs: [] })
    sandbox.misbehave({ deliveries: { signature } })
    const { id, sessionId } = await start()
    sandbox.complete(sessionId, 'verified')
    await sandbox.settled()
    expect((await read(id)).status).toBe('pending')
    expect(await deliveries()).toHaveLength(0)
  }
})

test('deliveries that carry the signatures of two secrets are taken, and a vendor that is away is asked again', async () => {
  const { sandbox, start, webhookSecret } = await connect()
  sandbox.useWebhookSecrets([randomUUID(), webhookSecret])
  const { id, sessionId } = await start()
  sandbox.misbehave({ api: { times: 2, status: 503, delayInMs: 0 } })
  sandbox.complete(sessionId, 'verified')
  await complete(id)
})

test('a genuine delivery that is not understood is kept for the operator', async () => {
  const { start, deliver, deliveries, sandbox } = await connect()
  const { id, sessionId } = await start()
  await sandbox.settled()
  const verified = (object: string) =>
    `{"type":"identity.verification_session.verified","data":{"object":${object}}}`
  const bodies = [
    '{"id":"x","id":"y"}',
    '{',
    '[]',
    '{"type":5}',
    verified('null'),
    verified('{"status":"verified"}'),
    verified(`{"id":"${'v'.repeat(201)}"}`),
    verified('{"id":"\\u0000"}'),
    verified(`{"id":"${sessionId}","client_reference_id":"\\u0000"}`),
    verified('{"id":"vs_nobody","created":1e308}'),
    // Of another verification than the one that we started it for.
    verified(`{"id":"${sessionId}","client_reference_id":"${randomUUID()}"}`),
  ]
  for (const body of bodies) expect(await deliver(body)).toBe(200)
  await eventually(async () => {
    const states = (await deliveries()).map(({ state }) => state)
    return states.filter((state) => state === 'quarantined').length === bodies.length
  })
  expect((await read(id)).status).toBe('pending')
})

test('an answer of the vendor that is not an image is not stored, nor one at a host that is not allowed', async () => {
  for (const fault of [{ image: 'not-an-image' }, { link: 'https://elsewhere.test/x' }] as const) {
    const { sandbox, start } = await connect()
    const { id, sessionId } = await start()
    sandbox.misbehave(fault, sessionId)
    sandbox.complete(sessionId, 'verified')
    await eventually(async () => (await read(id)).images.length === 3)
    await eventually(() => hasFailedImage(portal.db, id))
    expect((await read(id)).images.some(({ state }) => state === 'stored')).toBe(false)
  }
})

test('of a report with ten thousand images the first ones are copied', async () => {
  const [sessionId, reportId, name] = ['vs_many', 'vr_many', 'many']
  const files = Array.from({ length: 10_000 }, (_, index) => `file_${index}`)
  const report = {
    id: reportId,
    created: 1,
    verification_session: sessionId,
    document: { status: 'verified', files },
  }
  const server = createServer((req, res) =>
    req.method === 'GET' ? res.end(JSON.stringify(report)) : res.writeHead(404).end('{}'),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const baseUrl = `http://127.0.0.1:${port}`
  const { db, sealer } = portal.parts
  const keys = { apiKey: 'key', secret: 'secret' }
  await setVendorIntegration(db, sealer, { vendor: 'stripe', name, baseUrl, ...keys })
  const resident = await addResident(portal.parts)
  const [row] = await db<{ id: string }[]>`
    insert into verification (account_id, vendor, integration, vendor_session_id, status, attempt_id, match)
    values (${resident.id}, 'stripe', ${name}, ${sessionId}, 'approved', ${reportId}, 'match') returning id`
  const verificationId = row?.id ?? ''
  const jobs = await createJobs(portal.config.database.url, portal.parts.log)
  await jobs.enqueue(db, 'list-images', { verificationId, attemptId: reportId })
  await jobs.stop()
  const images = await eventually(async () => {
    const { images } = await read(verificationId)
    return images.length > 0 && images
  })
  expect(images).toHaveLength(200)
  expect(images.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['document_front', 'document_back']),
  )
  server.close()
})

test('a vendor that asks to wait is asked again', async () => {
  const { sandbox, start } = await connect()
  const { id, sessionId } = await start()
  sandbox.misbehave({ api: { times: 1, status: 429, delayInMs: 0 } })
  sandbox.complete(sessionId, 'verified')
  await complete(id)
})

test('a session is started once, read in part after 48 hours, and redacted once', async () => {
  let time = Date.now()
  const now = () => time
  const sandbox = await startStripeSandbox({ port: 0, apiKey: 'key', person: DOCUMENT, now })
  sandboxes.push(sandbox)
  const secrets = { apiKey: 'key', sharedSecrets: ['secret'] }
  const integration = { name: 'default', tenant: 'default', settings: {}, secrets }
  const vendor = createStripe({ vendor: 'stripe', baseUrl: sandbox.url, ...integration }, now)
  const session = { verificationId: randomUUID(), returnUrl: 'https://portal.test/', state: 's' }
  const { sessionId } = await vendor.startSession(session)
  expect(await vendor.startSession(session)).toMatchObject({ sessionId })
  sandbox.complete(sessionId, 'verified')
  const [decision] = await vendor.fetchResult(sessionId)
  const { dateOfBirth, surname } = DOCUMENT
  expect(decision?.findings).toMatchObject({ surname, dateOfBirth })
  time += 49 * 3_600_000
  const [later] = await vendor.fetchResult(sessionId)
  expect(later).toMatchObject({ status: 'approved', attemptId: decision?.attemptId })
  expect(later?.findings).toMatchObject({ surname, dateOfBirth: undefined })
  const attempt = { sessionId, attemptId: decision?.attemptId, listing: 1 }
  const [{ mediaId } = { mediaId: '' }] = await vendor.listMedia(attempt)
  expect(await vendor.deleteSession(sessionId)).toBe('deleted')
  expect((await sandbox.findSession(sessionId))?.redaction).toBe('processing')
  expect(await vendor.deleteSession(sessionId)).toBe('deleted')
  expect(await vendor.fetchResult(sessionId)).toMatchObject([{ status: 'expired' }])
  await expect(vendor.download({ sessionId, mediaId }, 1e7)).rejects.toThrow('no such image')
})

test('the vendor’s API refuses another key', async () => {
  const { start, name, sandbox } = await connect()
  await setVendorIntegration(portal.db, portal.parts.sealer, {
    vendor: 'stripe',
    name,
    baseUrl: sandbox.url,
    apiKey: 'rk_another',
  })
  await expect(start()).rejects.toThrow(
    'The session could not be started: the vendor answered 401. Check its API key and secret',
  )
})
