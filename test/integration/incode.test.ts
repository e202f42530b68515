import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findVerification } from '../../src/id-verification/operations.ts'
import { eraseVerification } from '../../src/id-verification/retention.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { createJobs } from '../../src/jobs.ts'
import { connectIncode } from '../support/incode.ts'
import { addClient, startPortal, type TestPortal } from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'

let portal: TestPortal
let incode: Awaited<ReturnType<typeof connectIncode>>
const opened: Awaited<ReturnType<typeof connectIncode>>[] = []
const connect = async (options: Parameters<typeof connectIncode>[1] = {}) => {
  const connected = await connectIncode(portal, options)
  opened.push(connected)
  return connected
}
beforeAll(async () => {
  portal = await startPortal({ worker: true })
  incode = await connect()
})
afterAll(async () => {
  for (const { sandbox } of opened) await sandbox.close()
  await portal.close()
})

type Image = { type: string; state: string; sha256: string; reason: string | null }
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
const complete = (id: string, seconds = 40) =>
  eventually(async () => {
    const found = await read(id)
    return found.imagesComplete && found
  }, seconds)
const askNow = (id: string) =>
  portal.db`update verification set next_check_at = now() where id = ${id}`

type Connected = Awaited<ReturnType<typeof connectIncode>>

/** The documents that are shown are, byte for byte, the latest of each type that the vendor holds. */
async function expectDocuments({ sandbox }: Connected, id: string, sessionId: string) {
  const held = (await sandbox.findSession(sessionId))?.images ?? []
  const [row] = await portal.db<Record<string, string>[]>`
    select document_front_key, document_back_key, face_key from verification where id = ${id}`
  for (const [key, type] of [
    [row?.documentFrontKey, 'fullFrameFrontID'],
    [row?.documentBackKey, 'fullFrameBackID'],
    [row?.faceKey, 'selfie'],
  ] as const) {
    const bytes = await portal.parts.storage.get(key ?? '')
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(
      held.findLast((image) => image.type === type)?.sha256,
    )
  }
}

const visit = (url: string, outcome: string) =>
  fetch(url, { method: 'POST', body: new URLSearchParams({ outcome }), redirect: 'manual' })

describe.concurrent('each session for itself:', () => {
  test('from the page to the images, byte for byte; the vendor signed in here to tell', async () => {
    const { id, sessionId, url } = await incode.start()
    const back = await visit(url, 'OK')
    const location = back.headers.get('location') ?? ''
    expect(location).toMatch(/\/callbacks\/incode\?state=[\w-]{43}$/)
    expect((await fetch(location, { redirect: 'manual' })).headers.get('location')).toBe('/')
    const { status, documentType, images, decisions } = await complete(id)
    expect({ status, documentType }).toEqual({
      status: 'approved',
      documentType: 'drivers_license',
    })
    expect(decisions.map((each) => each.status)).toEqual(['approved'])
    expect(images.map(({ type, state }) => [type, state])).toEqual([
      ['document_back', 'stored'],
      ['document_back_cropped', 'refused'],
      ['document_front', 'stored'],
      ['document_front_cropped', 'refused'],
      ['selfie', 'stored'],
      ['selfie_cropped', 'refused'],
    ])
    expect(images[1]?.reason).toBe('the vendor has it not')
    await expectDocuments(incode, id, sessionId)
  })

  test.each([
    ['FAIL', 'declined'],
    ['WARN', 'review'],
    ['MANUAL_PENDING', 'review'],
  ] as const)('finished with the score %s is %s', async (score, status) => {
    const { id, sessionId } = await incode.start()
    incode.sandbox.complete(sessionId, score)
    await hasStatus(id, status)
  })

  test('finished and not yet scored is pending', async () => {
    const { id, sessionId } = await incode.start()
    incode.sandbox.complete(sessionId, 'UNKNOWN')
    await eventually(async () => {
      const [row] = await portal.db`select answers from verification where id = ${id}`
      return row?.answers === 1
    })
    expect((await read(id)).status).toBe('pending')
    incode.sandbox.complete(sessionId, 'OK')
    await askNow(id)
    await hasStatus(id, 'approved')
  })

  test('what a person at the vendor decides stands over the score', async () => {
    const failed = await incode.start()
    incode.sandbox.complete(failed.sessionId, 'FAIL')
    await hasStatus(failed.id, 'declined')
    incode.sandbox.review(failed.sessionId, 'approved')
    await hasStatus(failed.id, 'approved')
    await complete(failed.id)
    const passed = await incode.start()
    incode.sandbox.complete(passed.sessionId, 'OK')
    await hasStatus(passed.id, 'approved')
    incode.sandbox.review(passed.sessionId, 'rejected')
    await hasStatus(passed.id, 'declined')
  })

  test('the same words a second time tell of something new', async () => {
    const { id, sessionId } = await incode.start()
    incode.sandbox.complete(sessionId, 'OK')
    await hasStatus(id, 'approved')
    for (const [verdict, status] of [
      ['rejected', 'declined'],
      ['approved', 'approved'],
      ['rejected', 'declined'],
      ['approved', 'approved'],
    ] as const) {
      incode.sandbox.review(sessionId, verdict)
      await hasStatus(id, status)
    }
    await complete(id)
  })

  test('a session that ran out is expired', async () => {
    const { id, sessionId } = await incode.start()
    incode.sandbox.expire(sessionId)
    await hasStatus(id, 'expired')
  })

  test('deliveries doubled and reordered have one effect, and steps on the way none', async () => {
    const { id, sessionId } = await incode.start()
    incode.sandbox.misbehave({ deliveries: { times: 4 } }, sessionId)
    incode.sandbox.reach(sessionId, 'ID_VALIDATION_FINISHED')
    incode.sandbox.complete(sessionId, 'FAIL')
    incode.sandbox.review(sessionId, 'approved')
    await complete(id)
    incode.sandbox.resend(sessionId)
    await incode.sandbox.settled()
    await eventually(async () => {
      const [row] = await portal.db`
        select count(*)::int as count from delivery where verification_id = ${id} and state = 'received'`
      return row?.count === 0
    })
    const { status, decisions } = await read(id)
    expect(status).toBe('approved')
    expect(decisions.filter((each) => each.status === 'approved')).toHaveLength(1)
  })

  test('deliveries that never came are made up for by asking', async () => {
    const { id, sessionId } = await incode.start()
    incode.sandbox.misbehave({ deliveries: { authentication: 'missing' } }, sessionId)
    incode.sandbox.complete(sessionId, 'OK')
    await incode.sandbox.settled()
    expect((await read(id)).status).toBe('pending')
    await askNow(id)
    await complete(id)
    await expectDocuments(incode, id, sessionId)
  })

  test.each([
    ['behind a data: prefix', 'prefixed'],
    ['in lines', 'wrapped'],
  ] as const)('base64 %s is read', async (_what, base64) => {
    const { id, sessionId } = await incode.start()
    incode.sandbox.misbehave({ base64 }, sessionId)
    incode.sandbox.complete(sessionId, 'OK')
    await complete(id)
    await expectDocuments(incode, id, sessionId)
  })

  test.each([
    ['cut in half', { image: 'truncated' }],
    ['ending early', { image: 'cut-off' }],
    ['without an end', { image: 'endless' }],
    ['no base64', { base64: 'broken' }],
  ] as const)(
    'an image that is %s is not shown, and tried again',
    async (_what, fault) => {
      const { id, sessionId } = await incode.start()
      incode.sandbox.misbehave(fault, sessionId)
      incode.sandbox.complete(sessionId, 'OK')
      await hasStatus(id, 'approved')
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      const found = await read(id)
      expect(found.imagesComplete).toBe(false)
      expect(found.images.filter(({ state }) => state === 'stored')).toEqual([])
      incode.sandbox.misbehave({}, sessionId)
      await complete(id, 80)
      await expectDocuments(incode, id, sessionId)
    },
    120_000,
  )
})

test('an executive token that ended is replaced', async () => {
  const { sandbox, start } = await connect()
  const first = await start()
  sandbox.complete(first.sessionId, 'OK')
  await complete(first.id)
  sandbox.endTokens()
  const second = await start()
  sandbox.complete(second.sessionId, 'OK')
  await complete(second.id)
  const logIns = sandbox.listRequests().filter(({ path }) => path === '/executive/log-in')
  expect(logIns).toHaveLength(2)
})

test('as links, every earlier attempt is kept and told apart, and the latest is shown', async () => {
  const connected = await connect({ settings: ['imageLinksPath=/omni/get/images/v2'] })
  const { id, sessionId } = await connected.start()
  connected.sandbox.capture(sessionId, 'fullFrameFrontID')
  connected.sandbox.capture(sessionId, 'selfie')
  connected.sandbox.capture(sessionId, 'selfie')
  connected.sandbox.complete(sessionId, 'OK')
  connected.sandbox.capture(sessionId, 'selfie')
  const { images } = await complete(id)
  const held = (await connected.sandbox.findSession(sessionId))?.images ?? []
  expect(images.map(({ type }) => type)).toEqual([
    'document_back',
    'document_front',
    'selfie',
    'selfie',
    'selfie',
  ])
  expect(images.map(({ sha256 }) => sha256).sort()).toEqual(held.map(({ sha256 }) => sha256).sort())
  await expectDocuments(connected, id, sessionId)
  const times = await portal.db<{ capturedAt: Date }[]>`
    select captured_at from image where verification_id = ${id} and type = 'selfie' order by captured_at`
  expect(times.map(({ capturedAt }) => capturedAt.getTime())).toEqual(
    held.filter(({ type }) => type === 'selfie').map(({ takenAt }) => takenAt),
  )
})

test('a link to another host is followed nowhere', async () => {
  const { sandbox, start } = await connect({ settings: ['imageLinksPath=/omni/get/images/v2'] })
  const { id, sessionId } = await start()
  sandbox.misbehave({ link: 'http://169.254.169.254/latest/meta-data' }, sessionId)
  sandbox.complete(sessionId, 'OK')
  await hasStatus(id, 'approved')
  await eventually(async () =>
    portal.logged().includes('the vendor named an address that is not configured'),
  )
  expect((await read(id)).images.every(({ state }) => state === 'pending')).toBe(true)
})

test('a base URL with a slash at its end is the same', async () => {
  const { sandbox, name, apiKey, password, start, clientId } = await connect()
  await setVendorIntegration(portal.db, portal.parts.sealer, {
    vendor: 'incode',
    name,
    baseUrl: `${sandbox.url}/`,
    apiKey,
    secret: password,
    settings: ['executiveEmail=portal@example.test', `webhookClientId=${clientId}`],
  })
  const { id, sessionId } = await start()
  sandbox.complete(sessionId, 'OK')
  await complete(id)
})

describe('who may deliver', () => {
  const BODY = JSON.stringify({ interviewId: 'x', onboardingStatus: 'EXPIRED' })
  const post = (url: string, headers: Record<string, string>) =>
    fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: BODY,
    })
  const tokenOf = async (id: string, secret: string) => {
    const answer = await fetch(`${portal.issuer}/api/oauth/token`, {
      method: 'POST',
      headers: { Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
    expect(answer.status).toBe(200)
    return ((await answer.json()) as { access_token: string }).access_token
  }
  const kept = async (name: string) => {
    const [row] = await portal.db<{ count: number }[]>`
      select count(*)::int as count from delivery where integration = ${name}`
    return row?.count
  }

  test('the client that was made for it; not another one, not another scope, not after a revocation, nobody else', async () => {
    const { url, name, clientId, clientSecret } = await connect()
    const other = await addClient(portal.parts, {
      name: 'Another',
      type: 'service',
      redirectUris: [],
      scope: 'webhook.incode',
    })
    const reader = await addClient(portal.parts, {
      name: 'Back office',
      type: 'service',
      redirectUris: [],
      scope: 'idv.read',
    })
    const own = await tokenOf(clientId, clientSecret)
    const revoked = await tokenOf(clientId, clientSecret)
    await fetch(`${portal.issuer}/api/oauth/revoke`, {
      method: 'POST',
      headers: {
        Authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
      },
      body: new URLSearchParams({ token: revoked }),
    })
    for (const headers of [
      {},
      { Authorization: `Bearer ${await tokenOf(other.client_id, other.client_secret ?? '')}` },
      { Authorization: `Bearer ${await tokenOf(reader.client_id, reader.client_secret ?? '')}` },
      { Authorization: `Bearer ${revoked}` },
      { Authorization: `Bearer ${own}x` },
      { Authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
    ] as Record<string, string>[]) {
      const answer = await post(url, headers)
      expect([answer.status, await answer.json()]).toEqual([401, { error: 'invalid_signature' }])
    }
    expect(await kept(name)).toBe(0)
    expect((await post(url, { Authorization: `Bearer ${own}` })).status).toBe(200)
    expect(await kept(name)).toBe(1)
  })

  test('such a token opens nothing else', async () => {
    const { clientId, clientSecret } = await connect()
    const token = await tokenOf(clientId, clientSecret)
    const answer = await fetch(`${portal.issuer}/api/v1/me/natural-person/id-verification`, {
      headers: { Authorization: `Bearer ${token}` },
    })
    expect(answer.status).toBe(401)
  })

  test('a header that the two agreed on', async () => {
    const { sandbox, name, url, apiKey, password } = await connect({
      webhook: undefined,
    })
    await setVendorIntegration(portal.db, portal.parts.sealer, {
      vendor: 'incode',
      name,
      baseUrl: sandbox.url,
      apiKey,
      secret: password,
      webhookSecret: 'agreed-upon',
      settings: ['executiveEmail=portal@example.test', 'webhookHeader=X-Portal-Webhook'],
    })
    // Integrations are remembered for two seconds.
    await eventually(
      async () => (await post(url, { 'X-Portal-Webhook': 'agreed-upon' })).status === 200,
    )
    expect((await post(url, { 'X-Portal-Webhook': 'agreed' })).status).toBe(401)
    expect((await post(url, {})).status).toBe(401)
  })
})

test('erasing asks the vendor to delete', async () => {
  const { id, sessionId } = await incode.start()
  incode.sandbox.complete(sessionId, 'OK')
  await complete(id)
  const jobs = await createJobs(portal.runtime.databaseUrl, portal.parts.log)
  await eraseVerification({ ...portal.parts, jobs }, id, 'operator')
  await jobs.stop()
  await eventually(async () => (await incode.sandbox.findSession(sessionId)) === undefined)
  const [stub] = await portal.db`select vendor_answer from erased_verification where id = ${id}`
  await eventually(async () => {
    const [row] = await portal.db`select vendor_answer from erased_verification where id = ${id}`
    return row?.vendorAnswer === 'deleted'
  })
  expect(stub).toBeDefined()
})
