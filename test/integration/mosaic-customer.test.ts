import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mosaicErrorSchema } from '../../src/api/mosaic/errors.ts'
import { createStartToken } from '../../src/api/mosaic/start-page.ts'
import { setRetention } from '../../src/id-verification/retention.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { type MosaicSandbox, startMosaicSandbox } from '../../src/local/sandbox/mosaic.ts'
import { connectMosaic } from '../support/mosaic.ts'
import { addClient, DOCUMENT, startPortal, type TestPortal } from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'

/** What a customer of Mosaic is given: the address, and how to get tokens for it. */
type Account = {
  baseUrl: string
  credentials: { tokenUrl: string; clientId: string; clientSecret: string; resource: string }
}
type Json = Record<string, unknown>
type Finish = (page: string, outcome: string) => Promise<URL>

const CALLBACK = 'https://office.example.org/back'

/* The customer's program, written from Mosaic's printed API. It knows nothing of who answers. */

async function authorize({ credentials }: Account): Promise<{ Authorization: string }> {
  const { tokenUrl, clientId, clientSecret, resource } = credentials
  const answer = await fetch(tokenUrl, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
      resource,
    }),
  })
  const { access_token } = (await answer.json()) as { access_token: string }
  return { Authorization: `Bearer ${access_token}` }
}

async function verifyCustomer(account: Account, finish: Finish, outcome: string) {
  const headers = await authorize(account)
  const sessions = `${account.baseUrl}/api/v1/verification`
  const read = async (path: string) => {
    const answer = await fetch(`${sessions}${path}`, { headers })
    expect(answer.status, path).toBe(200)
    return (await answer.json()) as Json
  }

  const state = randomUUID()
  const answer = await fetch(sessions, {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify({ callback_url: CALLBACK, state, time_to_live: '30d' }),
  })
  expect(answer.ok).toBe(true)
  const created = (await answer.json()) as Json
  const open = await read(`/${created.session_id}/result`)

  const back = await finish(`${account.baseUrl}/app/${created.start_token}`, outcome)
  expect(back.searchParams.get('state')).toBe(state)
  const sessionId = back.searchParams.get('sessionId')

  const result = await eventually(async () => {
    const found = await read(`/${sessionId}/result`)
    return ['complete', 'error'].includes(String(found.status)) && found
  })
  const deprecated = await read(`/${sessionId}/result?detailed=false`)
  const { session_images: images } = (await read(`/${sessionId}/images`)) as {
    session_images: { id: string; type: string }[]
  }
  const bytes: Buffer[] = []
  for (const { id } of images) {
    const image = await fetch(`${sessions}/${sessionId}/images/${id}`, { headers })
    expect([image.status, image.headers.get('content-type')]).toEqual([
      200,
      expect.stringMatching(/^image\//),
    ])
    bytes.push(Buffer.from(await image.arrayBuffer()))
  }
  const deleted = await fetch(`${sessions}/${sessionId}`, { method: 'DELETE', headers })
  await deleted.arrayBuffer()
  const gone = await fetch(`${sessions}/${sessionId}/result`, { headers })
  return {
    created,
    open,
    sessionId,
    result,
    deprecated,
    images,
    bytes,
    deleted: deleted.status,
    gone: { status: gone.status, body: (await gone.json()) as Json },
  }
}

/** The person's browser: follows redirects, chooses on the stand-in's page, and stops where the customer's own pages begin. */
async function finishInBrowser(page: string, outcome: string): Promise<URL> {
  let at = new URL(page)
  let hasChosen = false
  for (let redirects = 0; redirects < 10; redirects++) {
    const answer = await fetch(at, { redirect: 'manual' })
    let location = answer.headers.get('location')
    if (location === null && !hasChosen) {
      expect(answer.status).toBe(200)
      const body = new URLSearchParams({ outcome })
      const chosen = await fetch(at, { method: 'POST', body, redirect: 'manual' })
      location = chosen.headers.get('location')
      hasChosen = true
    }
    at = new URL(location ?? '', at)
    if (at.href.startsWith(CALLBACK)) return at
  }
  throw new Error('the browser did not come back')
}

let portal: TestPortal
let vendor: MosaicSandbox
let behind: Awaited<ReturnType<typeof connectMosaic>>
let atVendor: Account
let atPortal: Account
let office: { Authorization: string }
beforeAll(async () => {
  portal = await startPortal({ worker: true })
  behind = await connectMosaic(portal)
  const [clientId, clientSecret] = [randomUUID(), randomUUID()]
  vendor = await startMosaicSandbox({ port: 0, clientId, clientSecret, person: DOCUMENT })
  atVendor = {
    baseUrl: `${vendor.url}/verify`,
    credentials: {
      tokenUrl: `${vendor.url}/oidc/token`,
      clientId,
      clientSecret,
      resource: 'https://verify.identity.security',
    },
  }
  atPortal = await accountOf('default')
  office = await authorize(atPortal)
})
afterAll(async () => {
  await vendor.close()
  await behind.sandbox.close()
  await portal.close()
})

async function accountOf(tenant: string, scope = 'idv.read idv.write'): Promise<Account> {
  const client = await addClient(portal.parts, {
    name: `${tenant} back office`,
    type: 'service',
    redirectUris: [],
    authMethod: 'client_secret_post',
    scope,
    tenant,
  })
  return {
    baseUrl: portal.issuer,
    credentials: {
      tokenUrl: `${portal.issuer}/api/oauth/token`,
      clientId: client.client_id,
      clientSecret: client.client_secret ?? '',
      resource: portal.issuer,
    },
  }
}

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

/** A value with the type of each of its members in the place of the member. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return [...new Set(value.map((part) => JSON.stringify(shapeOf(part))))]
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([name, part]) => [name, shapeOf(part)]),
  )
}

/** What the vendor says beyond its printed members, and what of a person is not stored here. */
function comparable({ verification_images: _images, checks, person, ...result }: Json) {
  const { gender: _gender, ...known } = person as Json
  return { ...result, person: known, checks: checks === undefined ? undefined : {}, session_id: '' }
}

describe('one program of a customer of Mosaic', () => {
  test('gets the same from the vendor and from this portal', async () => {
    const direct = await verifyCustomer(atVendor, finishInBrowser, 'ALLOW')
    const here = await verifyCustomer(atPortal, finishInBrowser, 'ALLOW')

    expect(shapeOf(here.created)).toEqual(shapeOf(direct.created))
    expect(here.created.missing_images).toEqual(direct.created.missing_images)
    expect(shapeOf(here.open)).toEqual(shapeOf(direct.open))
    expect([here.open.status, direct.open.status]).toEqual(['pending', 'pending'])
    for (const { created, sessionId, result, open } of [direct, here])
      expect([created.session_id, open.session_id, result.session_id]).toEqual(
        Array(3).fill(sessionId),
      )
    expect(here.result).toMatchObject({ status: 'complete', recommendation: 'ALLOW' })
    expect(comparable(here.result)).toEqual(comparable(direct.result))
    for (const { checks } of [direct.result, here.result])
      for (const check of Object.values(checks as Json))
        expect(check).toEqual({ recommendation: 'ALLOW' })

    // The stand-in writes this country in two ways.
    const documentOf = ({ verified_info: info }: Json) => ({
      ...((info as Json).document as Json),
      country: '',
    })
    expect(documentOf(here.deprecated)).toEqual(documentOf(direct.deprecated))

    expect(shapeOf(here.images)).toEqual(shapeOf(direct.images))
    const types = (images: { type: string }[]) => images.map(({ type }) => type).sort()
    expect(types(here.images)).toEqual(['document_back', 'document_front', 'selfie'])
    expect(types(here.images)).toEqual(types(direct.images))
    for (const { bytes } of [direct, here]) {
      // Of two sessions, so only their kind can be compared.
      for (const image of bytes) expect(image.subarray(0, 3).toString('hex')).toBe('ffd8ff')
      expect(new Set(bytes.map(digest)).size).toBe(3)
    }
    expect([here.deleted, here.gone.status]).toEqual([direct.deleted, direct.gone.status])
    expect(here.gone).toEqual({
      status: 404,
      body: { message: 'Session not found', error_code: 404 },
    })
    expect(here.gone).toEqual(direct.gone)
  })

  test('reads a refusal with its reasons', async () => {
    const direct = await verifyCustomer(atVendor, finishInBrowser, 'DENY')
    const here = await verifyCustomer(atPortal, finishInBrowser, 'DENY')
    expect(here.result).toMatchObject({ status: 'complete', recommendation: 'DENY' })
    expect(comparable(here.result)).toEqual(comparable(direct.result))
    expect(here.images).toHaveLength(direct.images.length)
    expect(here.result.checks).toEqual({
      vendor: { recommendation: 'DENY', reasons: ['document_liveness: presentation_attack'] },
    })
    expect(here.deprecated).toMatchObject({
      rejection_description: ['document_liveness: presentation_attack'],
    })
  })
})

type Request = { method?: string; json?: unknown; headers?: Record<string, string> }
async function call(path: string, { method, json, headers = office }: Request = {}) {
  const answer = await fetch(`${portal.url}/api/v1/verification${path}`, {
    method: method ?? (json === undefined ? 'GET' : 'POST'),
    headers: { ...headers, ...(json === undefined ? {} : { 'Content-Type': 'application/json' }) },
    body: json === undefined ? null : JSON.stringify(json),
  })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, text, body: JSON.parse(text) as Json }
}
const create = async (json: Json = {}, headers = office) => {
  const { status, body } = await call('', { json, headers })
  expect([status, body]).toEqual([200, expect.anything()])
  return { id: String(body.session_id), token: String(body.start_token), ...body }
}
const visit = (token: string) =>
  fetch(`${portal.url}/app/${token}`, { redirect: 'manual', headers: { accept: 'text/html' } })
const setStatus = (id: string, status: string) =>
  portal.db`update verification set status = ${status} where id = ${id}`

describe('the session', () => {
  test('lists what the vendor rejected as rejected', async () => {
    const { id, token } = await create({ callback_url: CALLBACK })
    const [row] = await portal.db<{ vendorSessionId: string }[]>`
      select vendor_session_id from verification where id = ${id}`
    behind.sandbox.addImage(row?.vendorSessionId ?? '', { type: 'selfie', rejected: true })
    await finishInBrowser(`${portal.url}/app/${token}`, 'ALLOW')
    await eventually(async () => (await call(`/${id}/result`)).body.status === 'complete')
    const { session_images: images } = (await call(`/${id}/images`)).body as {
      session_images: { type: string; rejected: boolean }[]
    }
    expect(images.map(({ type, rejected }) => `${type} ${rejected}`).sort()).toEqual([
      'document_back false',
      'document_front false',
      'selfie false',
      'selfie true',
    ])
  })

  test('belongs to a subject of its own, which goes with it', async () => {
    const { id } = await create()
    const subjects = () => portal.db`
      select id from subject where external_id = ${`mosaic-session-${id}`}`
    expect(await subjects()).toHaveLength(1)
    expect((await call(`/${id}`, { method: 'DELETE' })).body).toEqual({})
    expect(await subjects()).toHaveLength(0)
    expect((await call(`/${id}`, { method: 'DELETE' })).status).toBe(404)
  })

  test('leaves a subject that has another verification', async () => {
    const { id } = await create()
    const [subject] = await portal.db<{ id: string }[]>`
      select id from subject where external_id = ${`mosaic-session-${id}`}`
    const subjectId = subject?.id ?? ''
    const another = await fetch(`${portal.url}/api/v1/idv/verifications`, {
      method: 'POST',
      headers: { ...office, 'Content-Type': 'application/json' },
      body: JSON.stringify({ vendor: 'mosaic', subjectId }),
    })
    expect(another.status).toBe(201)
    expect((await call(`/${id}`, { method: 'DELETE' })).status).toBe(200)
    const rest = await portal.db`select from verification where subject_id = ${subjectId}`
    expect(rest).toHaveLength(1)
  })

  test('keeps the parameters of the return address, and gets both names of the id', async () => {
    const { id, token } = await create({ callback_url: `${CALLBACK}?a=b`, state: 'x y' })
    const back = await finishInBrowser(`${portal.url}/app/${token}`, 'CHALLENGE')
    expect(back.href).toBe(`${CALLBACK}?a=b&sessionId=${id}&verificationId=${id}&state=x+y`)
  })

  test.each([
    ['resubmission', 'recapture'],
    ['error', 'error'],
  ])('%s is %s', async (status, word) => {
    const { id } = await create()
    await setStatus(id, status)
    expect((await call(`/${id}/result`)).body).toEqual({ session_id: id, status: word })
  })

  test('that expired is gone for its result', async () => {
    const { id } = await create()
    await setStatus(id, 'expired')
    expect((await call(`/${id}/result`)).status).toBe(404)
    expect((await call(`/${id}`, { method: 'DELETE' })).status).toBe(200)
  })

  test('that was decided is in processing until its images are stored, for a quarter of an hour', async () => {
    const { id } = await create()
    const decide = (minutes: number) => portal.db`
      update verification set status = 'approved', decided_at = now() - make_interval(mins => ${minutes})
      where id = ${id}`
    await decide(14)
    expect((await call(`/${id}/result`)).body).toEqual({ session_id: id, status: 'processing' })
    await decide(16)
    expect((await call(`/${id}/result`)).body).toMatchObject({ recommendation: 'ALLOW' })
  })
})

describe('the start token', () => {
  test('leads to the page while the session is open', async () => {
    const { id, token } = await create()
    const opened = await visit(token)
    expect([opened.status, opened.headers.get('location')]).toEqual([
      303,
      expect.stringMatching(`^${behind.sandbox.url}/verify/app/`),
    ])
    expect(opened.headers.get('referrer-policy')).toBe('no-referrer')
    expect(opened.headers.get('cache-control')).toBe('no-store')
    await setStatus(id, 'declined')
    const ended = await visit(token)
    expect([ended.status, await ended.text()]).toEqual([
      404,
      expect.stringContaining('This identity check has ended'),
    ])
  })

  test('that was altered opens nothing', async () => {
    const { token } = await create()
    for (const wrong of [`${token.slice(0, -2)}AA`, 'x', `${token}.x`.slice(1)])
      expect((await visit(wrong)).status).toBe(404)
  })

  test('works no longer than the tenant keeps unfinished sessions', async () => {
    const days = ({ expiration }: Json) =>
      Math.round((Date.parse(String(expiration)) - Date.now()) / 86_400_000)
    expect(days(await create())).toBe(90)
    await setRetention(portal.db, { vendor: 'mosaic' }, ['unfinished=7'])
    expect(days(await create())).toBe(7)
    await setRetention(portal.db, { vendor: 'mosaic' }, ['unfinished=forever'])
    expect(days(await create())).toBe(90)
    const { id } = await create()
    const tokenUntil = (expiresAt: Date) =>
      createStartToken(portal.parts.sealer, { sessionId: id, url: CALLBACK, expiresAt })
    expect((await visit(tokenUntil(new Date(Date.now() + 60_000)))).status).toBe(303)
    expect((await visit(tokenUntil(new Date(Date.now() - 1)))).status).toBe(404)
  })
})

describe('what is not offered is refused by name', () => {
  test.each([
    [{ mock_behavior: { recommendation: 'ALLOW' } }, /^mock_behavior: is not offered here/],
    [{ start: {} }, /^start: is not offered here/],
    [{ auto_start: true }, /^auto_start: is not offered here/],
    [{ time_to_live: 'for ever' }, /^time_to_live: must be a number of days/],
    [{ callback_url: 'http://office.example.org' }, /^callback_url: must be an https: address/],
    [{ customer_information: {} }, /customer_information/],
  ])('%j', async (json, message) => {
    expect(await call('', { json })).toMatchObject({
      status: 400,
      body: { message: expect.stringMatching(message), error_code: 400 },
    })
  })

  test('but null and false ask for nothing', async () => {
    await create({ mock_behavior: null, start: null, auto_start: false, time_to_live: '90d' })
  })

  test('parameters too', async () => {
    const { id } = await create()
    for (const path of [`/${id}/result?detailed=x`, `/${id}/result?x=1`, `/${id}/images?x=1`])
      expect(await call(path)).toMatchObject({ status: 400, body: { error_code: 400 } })
    const image = await call(`/${id}/images/${randomUUID()}?format=base64`)
    expect(image.body.message).toMatch(/^format: must be raw/)
  })

  test('images cannot be added', async () => {
    const { id } = await create()
    const image = { format: 'jpg', image_type: 'selfie', content: 'AAAA' }
    const early = await call(`/${id}/images`, { json: { image } })
    expect(early).toMatchObject({
      status: 405,
      body: { message: expect.stringContaining('start_token'), error_code: 405 },
    })
    expect(early.headers.get('allow')).toBe('GET, HEAD')
    await setStatus(id, 'expired')
    expect((await call(`/${id}/images`, { json: { image } })).status).toBe(405)
    await setStatus(id, 'approved')
    expect(await call(`/${id}/images`, { json: { image } })).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining('complete'), error_code: 409 },
    })
    expect((await call(`/${randomUUID()}/images`, { json: {} })).status).toBe(404)
  })
})

describe('who may', () => {
  test("another tenant's session is as one that does not exist", async () => {
    const { id } = await create()
    const rival = await authorize(await accountOf('rival'))
    for (const [path, init] of [
      ['/result', {}],
      ['/images', {}],
      [`/images/${randomUUID()}`, {}],
      ['/images', { json: {} }],
      ['', { method: 'DELETE' }],
    ] as [string, Request][]) {
      const [foreign, none] = [
        await call(`/${id}${path}`, { ...init, headers: rival }),
        await call(`/${randomUUID()}${path}`, { ...init, headers: rival }),
      ]
      expect([foreign.status, foreign.body]).toEqual([404, none.body])
      expect(mosaicErrorSchema.strict().parse(foreign.body)).toBeDefined()
    }
    expect((await call(`/${id}/result`)).status).toBe(200)
  })

  test('a token is needed, with the scope', async () => {
    const { id } = await create()
    const reader = await authorize(await accountOf('default', 'idv.read'))
    for (const answer of [
      await call(`/${id}/result`, { headers: {} }),
      await call(`/${id}/result`, { headers: { Authorization: 'Bearer x' } }),
      await call('', { json: {}, headers: reader }),
      await call(`/${id}/images`, { json: {}, headers: reader }),
      await call(`/${id}`, { method: 'DELETE', headers: reader }),
    ])
      expect([answer.status, answer.body.error_code]).toEqual([401, 401])
  })
})

describe('the vendor is', () => {
  const tenant = `tenant-${randomUUID()}`
  const configure = (vendor: string, name: string) =>
    setVendorIntegration(portal.db, portal.parts.sealer, {
      vendor,
      name,
      tenant,
      baseUrl: 'http://127.0.0.1:9',
      apiKey: 'key',
      secret: 'secret',
    })
  test('the only one, or that of Mosaic; else the answer says what decides', async () => {
    const headers = await authorize(await accountOf(tenant))
    const start = async () => {
      const { status, body } = await call('', { json: {}, headers })
      return [status, body.message]
    }
    expect(await start()).toEqual([400, expect.stringContaining('No vendor is configured')])
    await configure('veriff', 'one')
    // Chosen, and not there.
    const [status] = await start()
    expect(status).toBe(502)
    await configure('kora', 'two')
    expect(await start()).toEqual([400, expect.stringContaining('`vendor set mosaic`')])
    await configure('mosaic', 'three')
    expect((await start())[0]).toBe(502)
    const [last] = await portal.db`
      select integration from verification where tenant = ${tenant}
      order by session_created_at desc limit 1`
    expect(last).toEqual({ integration: 'three' })
    await configure('mosaic', 'four')
    expect((await start())[0]).toBe(400)
  })
})
