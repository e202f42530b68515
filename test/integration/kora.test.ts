import { createHash, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { findVerification, startVerification } from '../../src/id-verification/operations.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { type KoraSandbox, startKoraSandbox } from '../../src/local/sandbox/kora.ts'
import { addResident, DOCUMENT, startPortal, type TestPortal } from '../support/portal.ts'
import { eventually, hasFailedImage } from '../support/sandbox.ts'

let portal: TestPortal
const sandboxes: KoraSandbox[] = []
beforeAll(async () => {
  portal = await startPortal({ worker: true })
})
// Images that cannot be had are asked for again and again, before those of the next test.
afterEach(() => portal.db`delete from pgboss.job`)
afterAll(async () => {
  for (const sandbox of sandboxes) await sandbox.close()
  await portal.close()
})

type Options = Partial<Parameters<typeof startKoraSandbox>[0]>

/** A sandbox that the portal knows under an integration of its own. */
async function connect(options: Options = {}, settings: string[] = []) {
  const name = `k-${randomUUID().slice(0, 8)}`
  const [apiKey, tenantId, secret] = [randomUUID(), randomUUID(), randomUUID()]
  const webhookUrl = `${portal.url}/webhooks/kora/${name}`
  const sandbox = await startKoraSandbox({
    port: 0,
    apiKey,
    tenantId,
    secret,
    webhookUrl,
    persistAfterInMs: 0,
    person: DOCUMENT,
    retryDelaysInMs: [50, 100, 200],
    ...options,
  })
  sandboxes.push(sandbox)
  await setVendorIntegration(portal.db, portal.parts.sealer, {
    vendor: 'kora',
    name,
    baseUrl: sandbox.url,
    apiKey,
    secret,
    settings: [
      `tenantId=${tenantId}`,
      'captureUrl=https://capture.test/?id={sessionId}&back={returnUrl}',
      ...settings,
    ],
  })
  const start = async () => {
    const resident = await addResident(portal.parts)
    const given = { vendor: 'kora', integration: name, accountId: resident.id }
    const started = await startVerification({ ...portal.parts, issuer: portal.issuer }, given)
    return { resident, id: started.id, sessionId: started.vendorSessionId, url: started.url }
  }
  return {
    sandbox,
    start,
    name,
    headers: { Authorization: `Bearer ${apiKey}`, 'X-Tenant-ID': tenantId },
  }
}

type Image = { type: string; state: string; sha256: string; reason: string | null }
const read = async (id: string) =>
  (await findVerification(portal.db, id)) as unknown as {
    status: string
    imagesComplete: boolean
    images: Image[]
    decisions: { status: string }[]
  }
const complete = (id: string, status = 'approved') =>
  eventually(async () => {
    const found = await read(id)
    return found.status === status && found.imagesComplete ? found : undefined
  })

test('a completed verification is asked for, and its images are backed up byte for byte', async () => {
  const { sandbox, start, name } = await connect()
  const { id, sessionId, url } = await start()
  expect(new URL(url).searchParams.get('id')).toBe(sessionId)
  const counted = async () =>
    (
      await portal.db`select integration, times_received from delivery where verification_id = ${id}`
    )[0]
  sandbox.complete(sessionId, 'verified')
  const { images } = await complete(id)
  const held = (await sandbox.findSession(sessionId))?.images
  expect(new Map(images.map(({ type, sha256 }) => [type, sha256]))).toEqual(held)
  const [row] = await portal.db`
    select document_front_key, document_back_key, face_key, document_type from verification where id = ${id}`
  expect(row).toMatchObject({
    documentFrontKey: expect.stringContaining('document_front.jpg'),
    documentBackKey: expect.stringContaining('document_back.jpg'),
    faceKey: expect.stringContaining('selfie.jpg'),
    documentType: 'passport',
  })
  // To the address of the account, and to that of the session.
  await sandbox.settled()
  expect(await counted()).toMatchObject({ integration: name, timesReceived: 2 })
})

test('the return of the browser makes the portal fetch the result, when it has the state of the session', async () => {
  const { sandbox, start, name } = await connect()
  const { id, sessionId, url } = await start()
  sandbox.misbehave({ deliveries: { times: 0 } }, sessionId)
  sandbox.complete(sessionId, 'rejected')
  const back = new URL(new URL(url).searchParams.get('back') ?? '')
  expect(back.pathname).toBe(`/callbacks/kora/${name}`)
  const visit = (search: string) =>
    fetch(new URL(`${back.pathname}${search}`, portal.url), { redirect: 'manual' })
  const nextCheck = async () =>
    (await portal.db`select next_check_at from verification where id = ${id}`)[0]
  const before = await nextCheck()
  const forged = await visit('?state=x')
  expect([forged.status, forged.headers.get('location')]).toEqual([303, '/'])
  expect(await nextCheck()).toEqual(before)
  const answer = await visit(back.search)
  expect([answer.status, answer.headers.get('location')]).toEqual([303, `/verify/${id}`])
  await eventually(async () => (await read(id)).status === 'declined' || undefined)
})

test('deliveries that come twice, or many times, have one effect', async () => {
  const { sandbox, start } = await connect()
  const { id, sessionId } = await start()
  sandbox.misbehave({ deliveries: { times: 5 } }, sessionId)
  sandbox.complete(sessionId, 'verified')
  await complete(id)
  sandbox.resend(sessionId)
  await sandbox.settled()
  const { decisions, images } = await read(id)
  expect(decisions.map(({ status }) => status)).toEqual(['approved'])
  expect(images).toHaveLength(4)
})

test.each([
  ['rejected', 'declined'],
  ['manual_review', 'review'],
  ['expired', 'expired'],
] as const)('what the vendor calls %s is %s here', async (theirs, ours) => {
  const { sandbox, start } = await connect()
  const { id, sessionId } = await start()
  sandbox.complete(sessionId, theirs)
  await eventually(async () => (await read(id)).status === ours || undefined)
})

test('an approval that is overturned later is taken back, and what the delivery says alone is not believed', async () => {
  const { sandbox, start } = await connect()
  const { id, sessionId } = await start()
  sandbox.complete(sessionId, 'verified')
  await complete(id)
  await new Promise((resolve) => setTimeout(resolve, 20))
  sandbox.complete(sessionId, 'rejected')
  await eventually(async () => (await read(id)).status === 'declined' || undefined)
  // The old delivery says "verified"; the vendor, when asked, does not.
  sandbox.resend(sessionId)
  await sandbox.settled()
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  expect((await read(id)).status).toBe('declined')
})

test('images that the vendor keeps later are waited for', async () => {
  const { sandbox, start } = await connect({ persistAfterInMs: 1_500 })
  const { id, sessionId } = await start()
  sandbox.complete(sessionId, 'verified')
  await eventually(async () => (await read(id)).status === 'approved' || undefined)
  expect((await read(id)).imagesComplete).toBe(false)
  expect((await complete(id)).images).toHaveLength(4)
})

test('a vendor’s sandbox that never has images ends approved without them, after a day', async () => {
  const { sandbox, start } = await connect({ persistAfterInMs: undefined })
  const { id, sessionId } = await start()
  sandbox.complete(sessionId, 'verified')
  await eventually(async () => (await read(id)).status === 'approved' || undefined)
  await portal.db`update decision set recorded_at = now() - interval '25 hours' where verification_id = ${id}`
  expect((await complete(id)).images).toEqual([])
})

describe('a signed link', () => {
  test('to an address that is not configured is not followed', async () => {
    const asked: string[] = []
    const elsewhere = createServer((req, res) => {
      asked.push(req.url ?? '')
      res.end()
    })
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve))
    const { port } = elsewhere.address() as AddressInfo
    const { sandbox, start } = await connect()
    const refused = (host: string) =>
      `the image is at ${host}:${port}, which the setting imageHosts does not allow`
    for (const [link, reason] of [
      [`http://127.0.0.1:${port}/x.jpg`, refused('127.0.0.1')],
      [`http://localhost:${port}/x.jpg`, refused('localhost')],
      [`https://user:x@127.0.0.1:${port}/x.jpg`, undefined],
      ['file:///etc/passwd', undefined],
    ] as const) {
      const { id, sessionId } = await start()
      sandbox.misbehave({ link }, sessionId)
      sandbox.complete(sessionId, 'verified')
      await eventually(async () => (await read(id)).images.length === 4 || undefined)
      if (reason) {
        const named = async () => (await read(id)).images.every((image) => image.reason === reason)
        await eventually(async () => (await named()) || undefined)
        expect(portal.logged()).toContain(reason)
      } else await eventually(() => hasFailedImage(portal.db, id))
      expect((await read(id)).images.every(({ state }) => state === 'pending')).toBe(true)
    }
    expect(asked).toEqual([])
    elsewhere.close()
  })

  test.each(['truncated', 'cut-off', 'not-an-image'] as const)(
    'to something %s shows nothing',
    async (image) => {
      const { sandbox, start } = await connect()
      const { id, sessionId } = await start()
      sandbox.misbehave({ image }, sessionId)
      sandbox.complete(sessionId, 'verified')
      await eventually(async () => (await read(id)).images.length === 4 || undefined)
      await eventually(() => hasFailedImage(portal.db, id))
      expect((await read(id)).images.some(({ state }) => state === 'stored')).toBe(false)
    },
  )
})

test('an image is stored when two downloads have the same bytes', async () => {
  const { sandbox, start } = await connect()
  const { id, sessionId } = await start()
  sandbox.misbehave({ image: 'unstable' }, sessionId)
  sandbox.complete(sessionId, 'verified')
  await eventually(async () => {
    const { images } = await read(id)
    return images.length === 4 && images.every(({ reason }) => reason?.startsWith('two downloads'))
  })
  expect((await read(id)).images.map(({ state }) => state)).toEqual(Array(4).fill('pending'))
  sandbox.misbehave({}, sessionId)
  const held = (await sandbox.findSession(sessionId))?.images
  const { images } = await complete(id)
  expect(new Map(images.map(({ type, sha256 }) => [type, sha256]))).toEqual(held)
})

test('deliveries whose signature is wrong, missing, stale or of the older generation are refused', async () => {
  for (const [options, signature] of [
    [{}, 'wrong'],
    [{}, 'missing'],
    [{}, 'stale'],
    [{ isOlder: true }, undefined],
  ] as const) {
    const { sandbox, start, name } = await connect({ retryDelaysInMs: [], ...options })
    const { id, sessionId } = await start()
    if (signature) sandbox.misbehave({ deliveries: { signature } }, sessionId)
    sandbox.complete(sessionId, 'verified')
    await sandbox.settled()
    expect((await read(id)).status).toBe('pending')
    expect(await portal.db`select from delivery where integration = ${name}`).toHaveLength(0)
  }
})

test('the older generation is taken where the operator said so, and a vendor that is away is asked again', async () => {
  const { sandbox, start } = await connect({ isOlder: true }, ['legacySignature=true'])
  const { id, sessionId } = await start()
  sandbox.misbehave({ api: { times: 2, status: 503, delayInMs: 0 } })
  sandbox.complete(sessionId, 'verified')
  await complete(id)
})

test('the examples of the vendor’s documents work against the sandbox', async () => {
  const { sandbox, headers } = await connect()
  const call = async (method: string, path: string, body?: object) => {
    const answer = await fetch(`${sandbox.url}${path}`, {
      method,
      headers: { ...headers, 'Content-Type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    return { status: answer.status, body: (await answer.json()) as Record<string, never> }
  }
  const missing = await call('POST', '/verifications', {})
  expect(missing).toEqual({
    status: 400,
    body: {
      code: 'VALIDATION_ERROR',
      error: "Missing required field 'externalId'",
      details: { field: 'externalId', constraint: 'required' },
    },
  })
  const created = await call('POST', '/verifications', {
    externalId: 'test-approve-1',
    tier: 'standard',
  })
  const { id } = created.body
  expect(created.body).toMatchObject({ status: 'pending', tier: 'standard' })
  const image = Buffer.from('ffd8ff', 'hex').toString('base64')
  for (const path of ['document', 'document/back', 'selfie', 'liveness/frames'])
    expect((await call('POST', `/verifications/${id}/${path}`, { image })).status).toBe(200)
  expect((await call('POST', `/verifications/${id}/liveness/session`)).status).toBe(201)
  expect((await call('POST', `/verifications/${id}/liveness/challenge`, {})).body).toEqual({
    passed: true,
  })
  expect((await call('GET', `/verifications/${id}/liveness`)).body).toMatchObject({ isLive: true })
  expect((await call('POST', `/verifications/${id}/complete`)).body).toMatchObject({
    status: 'verified',
  })
  expect((await call('POST', `/verifications/${id}/complete`)).status).toBe(409)
  expect((await call('GET', `/verifications/${id}`)).body).toMatchObject({ imagePersisted: true })
  expect((await call('GET', '/subjects/test-approve-1/verifications')).body).toMatchObject({
    verifications: [{ id }],
  })
  expect((await call('GET', `/verifications/${id}/images`)).body).toEqual({
    images: ['document_front', 'document_back', 'selfie', 'liveness_frame'].map((type) => ({
      type,
      available: true,
    })),
  })
  const link = (await call('GET', `/verifications/${id}/images/document_front`)).body
  expect(link).toMatchObject({ expiresIn: 900, imageType: 'document_front' })
  const bytes = Buffer.from(await (await fetch(link.url ?? '')).arrayBuffer())
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(
    createHash('sha256').update(Buffer.from('ffd8ff', 'hex')).digest('hex'),
  )
  expect((await fetch(`${link.url}0`)).status).toBe(403)
  expect(
    (await call('POST', `/verifications/${id}/review`, { decision: 'reject' })).body,
  ).toMatchObject({
    status: 'rejected',
  })
  expect((await call('GET', '/document-types')).status).toBe(200)
  expect((await call('GET', '/alerts')).body).toEqual({ alerts: [] })
  expect((await fetch(`${sandbox.url}/health`)).status).toBe(200)
  expect((await fetch(`${sandbox.url}/verifications/${id}`)).status).toBe(401)
  await sandbox.settled()
})
