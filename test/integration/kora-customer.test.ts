import { randomUUID } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { REFUSED_CAPTURES } from '../../src/api/captures.ts'
import { OPERATIONS } from '../../src/api/openapi.ts'
import { isBackOffice } from '../../src/api/refusals.ts'
import { readCommand } from '../../src/cli/commands.ts'
import { addressEvent, announceCompleted, announceTest } from '../../src/events/events.ts'
import { listPendingEvents } from '../../src/events/store.ts'
import { rotateSigningSecret, setStream } from '../../src/events/streams.ts'
import { eraseVerification } from '../../src/id-verification/retention.ts'
import { createKora } from '../../src/id-verification/vendors/kora.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { type KoraSandbox, startKoraSandbox } from '../../src/local/sandbox/kora.ts'
import { createJobs } from '../../src/platform/jobs.ts'
import { openBackOffice } from '../support/back-office.ts'
import { addClient, DOCUMENT, startPortal, type TestPortal } from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'

/* What Kora's own customers use (`docs/vendor-protocols.md` §4), asked of this portal. */

const IDV = '/api/v1/idv'

let portal: TestPortal
let kora: KoraSandbox
let acme: Office
let receiver: Server
type Delivery = { headers: IncomingHttpHeaders; body: string }
const received: Delivery[] = []
/** What is sent to `/kora` is for a receiver that was written for Kora. Returns the status of its answer. */
let receiveFromKora = (_delivery: Delivery) => 404
const koraKey = randomUUID()
beforeAll(async () => {
  portal = await startPortal({ worker: true, outboundAllow: ['127.0.0.1/32'] })
  const secret = randomUUID()
  kora = await startKoraSandbox({
    port: 0,
    apiKey: koraKey,
    tenantId: 'acme',
    secret,
    webhookUrl: `${portal.url}/webhooks/kora/acme`,
    persistAfterInMs: 0,
    person: DOCUMENT,
    retryDelaysInMs: [50, 100, 200, 400, 800, 1600],
  })
  await setVendorIntegration(portal.db, portal.parts.sealer, {
    vendor: 'kora',
    name: 'acme',
    tenant: 'acme',
    baseUrl: kora.url,
    apiKey: koraKey,
    secret,
    settings: ['tenantId=acme', 'captureUrl=https://capture.test/?id={sessionId}'],
  })
  acme = await openOffice('acme')
  receiver = createServer(async (req, res) => {
    let body = ''
    for await (const chunk of req) body += chunk
    const delivery = { headers: req.headers, body }
    if (req.url === '/kora') return res.writeHead(receiveFromKora(delivery)).end()
    received.push(delivery)
    return res.writeHead(204).end()
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  receiver.close()
  await kora.close()
  await portal.close()
})

type Body = Record<string, unknown>
type Office = Awaited<ReturnType<typeof openOffice>>

/** A tenant's back office, and requests with its token. */
async function openOffice(tenant: string) {
  const { clientId, token } = await openBackOffice(portal, { tenant })
  return {
    clientId,
    token,
    async call(
      path: string,
      { json, method, headers }: { json?: Body; method?: string; headers?: HeadersInit } = {},
    ) {
      const response = await fetch(`${portal.url}${IDV}${path}`, {
        method: method ?? (json ? 'POST' : 'GET'),
        headers: {
          Authorization: `Bearer ${token}`,
          ...(json ? { 'Content-Type': 'application/json' } : {}),
          ...headers,
        },
        body: json ? JSON.stringify(json) : null,
      })
      const text = await response.text()
      return { status: response.status, body: (text ? JSON.parse(text) : {}) as Body }
    },
  }
}

test('X-Tenant-ID is compared with the token on every route of a tenant', async () => {
  // Mosaic, whose paths are elsewhere, has no such header.
  const routes = OPERATIONS.filter(isBackOffice).filter(({ path }) => path.startsWith(IDV))
  expect(routes.length).toBeGreaterThan(15)
  const send = async (tenant: string | undefined, { method, path }: (typeof routes)[number]) =>
    await acme.call(path.replace(IDV, '').replaceAll(/:\w+/g, randomUUID()), {
      method: method.toUpperCase(),
      headers: {
        'Content-Type': 'application/json',
        ...(tenant === undefined ? {} : { 'X-Tenant-ID': tenant }),
      },
    })
  for (const route of routes) {
    const { operationId } = route
    expect([operationId, await send('rival', route)]).toEqual([
      operationId,
      {
        status: 403,
        body: {
          code: 'FORBIDDEN',
          error: 'The token belongs to another tenant than X-Tenant-ID names.',
          details: { field: 'X-Tenant-ID' },
        },
      },
    ])
    for (const malformed of ['', 'acme, rival', 'ACME!'])
      expect([operationId, await send(malformed, route)]).toMatchObject([
        operationId,
        {
          status: 400,
          body: {
            code: 'VALIDATION_ERROR',
            details: { field: 'X-Tenant-ID', constraint: 'format' },
          },
        },
      ])
    expect([operationId, await send('acme', route)]).toEqual([
      operationId,
      await send(undefined, route),
    ])
  }
})

test('what is missing, wrong or unknown is named as Kora names it', async () => {
  const start = (json: Body) => acme.call('/verifications', { json })
  expect(await start({ vendor: 'kora' })).toEqual({
    status: 400,
    body: {
      code: 'VALIDATION_ERROR',
      error: "Missing required field 'externalId'",
      details: { field: 'externalId', constraint: 'required' },
    },
  })
  for (const [given, field, constraint] of [
    [{ externalId: 4711 }, 'externalId', 'type'],
    [{ externalId: '', vendor: 'kora' }, 'externalId', 'format'],
    [{ externalId: 'a', vendor: 'none' }, 'vendor', 'enum'],
    [{ externalId: 'a', vendor: 'kora', tire: 'standard' }, 'tire', 'unknown'],
  ] as const)
    expect((await start(given)).body).toMatchObject({
      code: 'VALIDATION_ERROR',
      details: { field, constraint },
    })
})

/** Starts a verification and lets the vendor decide it. Resolves when its images are stored, if it has any. */
async function verify(externalId: string, status: 'verified' | 'rejected' = 'verified') {
  const { body } = await acme.call('/verifications', {
    json: { externalId },
  })
  const id = String(body.id)
  const [row] = await portal.db<{ vendorSessionId: string }[]>`
    select vendor_session_id from verification where id = ${id}`
  kora.complete(row?.vendorSessionId ?? '', status)
  await eventually(async () => (await acme.call(`/verifications/${id}`)).body.imagePersisted)
  return id
}

test('the list of images has every usual type, also those that the vendor did not have', async () => {
  const id = await verify(randomUUID())
  const list = async (of: string) => {
    const { images } = (await acme.call(`/verifications/${of}/images`)).body
    return images as (Body & { type: string })[]
  }
  const types = ['document_front', 'document_back', 'selfie', 'liveness_frame']
  expect((await list(id)).map(({ type, available }) => [type, available])).toEqual(
    types.map((type) => [type, true]),
  )
  await portal.db`
    update image set type = 'liveness_blink' where verification_id = ${id} and type = 'liveness_frame'`
  await portal.db`delete from image where verification_id = ${id} and type = 'document_back'`
  const left = await list(id)
  expect(left.map(({ type, available }) => [type, available])).toEqual([
    ['document_front', true],
    ['selfie', true],
    ['liveness_blink', true],
    ['document_back', false],
    ['liveness_frame', false],
  ])
  expect(left.at(-1)).toEqual({
    id: null,
    type: 'liveness_frame',
    available: false,
    contentType: null,
    size: null,
    sha256: null,
    capturedAt: null,
  })
  expect((await acme.call(`/verifications/${id}/images/liveness_frame`)).status).toBe(404)
})

test('health answers without a token, as the vendor does', async () => {
  for (const base of [`${portal.url}${IDV}`, kora.url]) {
    const answer = await fetch(`${base}/health`)
    expect([answer.status, await answer.json()]).toEqual([200, { status: 'ok' }])
  }
})

test('a verification starts as Kora’s does, with an external id and a tier', async () => {
  const externalId = randomUUID()
  const started = await acme.call('/verifications', { json: { externalId, tier: 'enhanced_2' } })
  const { id } = started.body
  expect([started.status, started.body]).toMatchObject([
    201,
    { externalId, tier: 'enhanced_2', status: 'pending', vendor: 'kora' },
  ])
  expect((await acme.call(`/verifications/${id}`)).body.tier).toBe('enhanced_2')
  const usual = await acme.call('/verifications', { json: { externalId } })
  expect(usual.body.tier).toBe('standard')
  const { body } = await acme.call(`/subjects/${usual.body.subjectId}/verifications`)
  expect(body.verifications).toMatchObject([{ tier: 'standard' }, { id, tier: 'enhanced_2' }])
  for (const tier of ['', 'a b', 'x'.repeat(51), 4]) {
    const refused = await acme.call('/verifications', { json: { externalId, tier } })
    expect([refused.status, refused.body.details]).toMatchObject([400, { field: 'tier' }])
  }
})

test('the vendor may be left out where the tenant has one integration', async () => {
  const office = await openOffice('several')
  const start = (json: Body) =>
    office.call('/verifications', { json: { externalId: 'a', ...json } })
  const nothing = await start({})
  expect([nothing.status, nothing.body.details]).toMatchObject([400, { field: 'vendor' }])
  for (const name of ['several-1', 'several-2'])
    await setVendorIntegration(portal.db, portal.parts.sealer, {
      vendor: 'kora',
      name,
      tenant: 'several',
      baseUrl: kora.url,
      apiKey: koraKey,
      secret: randomUUID(),
      settings: ['tenantId=acme', 'captureUrl=https://capture.test/?id={sessionId}'],
    })
  expect(await start({})).toMatchObject({
    status: 400,
    body: {
      error: "Missing required field 'vendor'",
      details: { field: 'vendor', constraint: 'required' },
    },
  })
  expect((await start({ integration: 'several-2' })).status).toBe(201)
  // Of one vendor the one named default counts, which may be another tenant's.
  expect(await start({ vendor: 'kora' })).toMatchObject({
    status: 400,
    body: { details: { field: 'integration', constraint: 'required' } },
  })
  expect((await start({ vendor: 'kora', integration: 'several-1' })).status).toBe(201)
  expect((await start({ vendor: 'kora', integration: 'acme' })).status).toBe(400)
  await portal.db`update vendor_integration set enabled = false where name = 'several-2'`
  expect((await start({})).status).toBe(201)
  expect((await start({ vendor: 'kora' })).status).toBe(201)
  expect((await start({ vendor: 'veriff' })).status).toBe(400)
  expect((await start({ integration: 'acme' })).status).toBe(400)
})

test('verification.completed is sent to the tenant at each decision, and when the images are stored', async () => {
  const rival = await openOffice('rival')
  const endpoint = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hooks`
  const stream = await setStream(portal.db, portal.parts.sealer, {
    clientId: acme.clientId,
    delivery: 'webhook',
    endpoint,
  })
  await setStream(portal.db, portal.parts.sealer, { clientId: rival.clientId, delivery: 'poll' })
  const webhook = new Webhook(stream?.signing_secret ?? '')
  type Told = { type: string; data: Body }
  const toldOf = (id: string) =>
    received
      .map(({ headers, body }) => webhook.verify(body, headers as Record<string, string>) as Told)
      .filter(({ data }) => data.verification_id === id)
  const externalId = randomUUID()
  const id = await verify(externalId)
  const { subjectId } = (await acme.call(`/verifications/${id}`)).body
  await eventually(async () => toldOf(id).length === 2)
  const state = (status: string, imagePersisted: boolean) => ({
    type: 'verification.completed',
    timestamp: expect.any(String),
    data: { verification_id: id, externalId, subjectId, status, tier: 'standard', imagePersisted },
  })
  expect(toldOf(id)).toEqual([state('approved', false), state('approved', true)])

  await acme.call(`/verifications/${id}/review`, { json: { decision: 'reject' } })
  await eventually(async () => toldOf(id).length === 3)
  expect(toldOf(id)[2]?.data.status).toBe('declined')

  const rows = await portal.db<{ clientId: string }[]>`
    select client_id from event where kind = 'verification.completed' and verification_id = ${id}`
  expect(new Set(rows.map(({ clientId }) => clientId))).toEqual(new Set([acme.clientId]))
  const ledger = await portal.db`
    select kind, scope, result from ledger_entry
    where verification_id = ${id} and result like 'event: %' and client_id = ${acme.clientId}`
  expect([...ledger]).toEqual(
    rows.map(() => ({
      kind: 'disclosure',
      scope: 'idv.read',
      result: 'event: verification.completed',
    })),
  )

  // Erased before it is sent: nobody hears of it.
  const office = await openOffice('acme')
  await setStream(portal.db, portal.parts.sealer, { clientId: office.clientId, delivery: 'poll' })
  const [late] = await portal.db<{ id: string }[]>`
    insert into event (client_id, kind, verification_id)
    values (${office.clientId}, 'verification.completed', ${id}) returning id`
  const jobs = await createJobs(portal.config.database.url, portal.parts.log)
  await eraseVerification({ db: portal.db, jobs }, id, 'operator')
  await jobs.stop()
  const poll = (await listPendingEvents(portal.db, office.clientId, 10)).events
  expect(poll.map((event) => event.id)).not.toContain(late?.id)
  // Erased between the look at it and the sending.
  const event = {
    id: late?.id ?? '',
    clientId: office.clientId,
    kind: 'verification.completed',
    accountId: null,
    verificationId: id,
    data: { status: 'approved' },
    occurredAt: new Date(),
  } as const
  expect(await addressEvent(portal.db, async () => undefined, event)).toBeUndefined()
})

test('a state is announced once by any number of transactions, to back offices with a stream and the scope', async () => {
  const id = await verify(randomUUID())
  const [office, without] = [await openOffice('acme'), await openOffice('acme')]
  for (const { clientId } of [office, without])
    await setStream(portal.db, portal.parts.sealer, { clientId, delivery: 'poll' })
  const pending = async ({ clientId }: Office) =>
    (await listPendingEvents(portal.db, clientId, 10)).events.map(({ data }) => data)
  // What happened before there was a stream is not sent.
  await portal.db.begin((sql) => announceCompleted(sql, id))
  expect(await pending(office)).toEqual([])

  await portal.db`update verification set announced = null where id = ${id}`
  await Promise.all([1, 2, 3, 4].map(() => portal.db.begin((sql) => announceCompleted(sql, id))))
  const state = { status: 'approved', tier: 'standard', imagePersisted: true }
  expect(await pending(office)).toEqual([state])
  // The scope is taken away while the event waits.
  await portal.db`
    update client set metadata = metadata || '{"scope":"idv.write"}' where id = ${without.clientId}`
  expect(await pending(without)).toEqual([])
  const states = await portal.db`
    select state from event where client_id = ${without.clientId}`
  expect([...states]).toEqual([{ state: 'dropped' }])
})

test('a receiver that was written for Kora takes verification.completed in its format', async () => {
  const { db, parts } = portal
  const office = await openOffice('acme')
  let secret = ''
  const taken: { headers: IncomingHttpHeaders; body: Body; report: unknown }[] = []
  receiveFromKora = ({ headers, body }) => {
    const { isGenuine, read } = createKora({
      vendor: 'kora',
      name: 'theirs',
      tenant: 'acme',
      baseUrl: 'https://api.korastratum.com/api/v1/idv',
      settings: {},
      secrets: { apiKey: 'live_x', sharedSecrets: [secret] },
    })
    const bytes = Buffer.from(body)
    const readHeader = (name: string) => headers[name] as string | undefined
    if (!isGenuine(bytes, readHeader, async () => false)) return 401
    taken.push({ headers, body: JSON.parse(body), report: read(bytes) })
    return 200
  }
  const endpoint = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/kora`
  const stream = {
    clientId: office.clientId,
    delivery: 'webhook',
    format: 'kora',
    endpoint,
  } as const
  const set = await setStream(db, parts.sealer, stream)
  secret = set?.signing_secret ?? ''
  expect(set).toMatchObject({ delivery: 'webhook', format: 'kora' })

  const externalId = randomUUID()
  const id = await verify(externalId)
  await eventually(async () => taken.length === 2)
  const bodyOf = (status: string, decision: string | null, imagePersisted: boolean) => ({
    id: expect.stringMatching(/^evt_[0-9a-f-]{36}$/),
    eventType: 'verification.completed',
    resourceType: 'verification',
    resourceId: id,
    tenantId: 'acme',
    timestamp: expect.stringMatching(/^20.*Z$/),
    data: {
      verificationId: id,
      externalId,
      status,
      decision,
      decisionReason: null,
      overallScore: null,
      tier: 'standard',
      imagePersisted,
    },
  })
  expect(taken.map(({ body }) => body)).toEqual([
    bodyOf('verified', 'auto_approve', false),
    bodyOf('verified', 'auto_approve', true),
  ])
  for (const { headers, body, report } of taken) {
    expect(report).toMatchObject({ kind: 'notice', sessionId: id, echoed: externalId })
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-webhook-id': body.id,
      'x-event-type': 'verification.completed',
      'x-signature-algorithm': 'sha256',
    })
  }
  await acme.call(`/verifications/${id}/review`, { json: { decision: 'reject' } })
  await eventually(async () => taken.length === 3)
  expect(taken[2]?.body).toEqual(bodyOf('rejected', null, true))

  // The receiver has the secret of before: the second attempt is signed with that one.
  await db.begin((sql) =>
    rotateSigningSecret(sql, parts.sealer, { clientId: office.clientId, keepHours: 1 }),
  )
  await acme.call(`/verifications/${id}/review`, { json: { decision: 'approve' } })
  await eventually(async () => {
    const tried = await db`
      update event set run_at = now()
      where client_id = ${office.clientId} and state = 'pending'
        and exists (select from event_attempt where event_id = event.id and status = 401) returning id`
    return tried.length > 0
  })
  await eventually(async () => taken.length === 4)
  // People approved it.
  expect(taken[3]?.body).toEqual(bodyOf('verified', null, true))

  // What Kora has no words for.
  await expect(announceTest(db, office.clientId)).rejects.toThrow('has no test event')
  const insert = async (kind: string, data: Record<string, string | boolean>) => {
    const [row] = await db<{ id: string }[]>`
      insert into event (client_id, kind, verification_id, data)
      values (${office.clientId}, ${kind}, ${id}, ${db.json(data)}) returning id`
    return row?.id ?? ''
  }
  const stateOf = async (eventId: string) => {
    const [row] = await db<{ state: string; tries: number }[]>`
      select state, tries from event where id = ${eventId}`
    return row
  }
  const erased = await insert('verification.erased', {})
  const again = await insert('verification.completed', { status: 'resubmission' })
  await eventually(async () => (await stateOf(again))?.state === 'dropped')
  await insert('verification.completed', {
    status: 'review',
    tier: 'standard',
    imagePersisted: true,
  })
  await eventually(async () => {
    await db`update event set run_at = now() where state = 'pending' and client_id = ${office.clientId}`
    return taken.length === 5
  })
  expect(taken[4]?.body).toEqual(bodyOf('manual_review', null, true))
  expect(await stateOf(erased)).toEqual({ state: 'pending', tries: 0 })
  // A changed format drops what it cannot send, and keeps erasures.
  await setStream(db, parts.sealer, {
    ...stream,
    delivery: 'poll',
    format: 'standard',
    endpoint: undefined,
  })
  const tested = (await announceTest(db, office.clientId)) ?? ''
  await setStream(db, parts.sealer, stream)
  expect([await stateOf(tested), await stateOf(erased)]).toMatchObject([
    { state: 'dropped' },
    { state: 'pending' },
  ])
})

test('the format of Kora is for webhooks of back offices', async () => {
  const { db, parts } = portal
  const set = (clientId: string, delivery: string) =>
    setStream(db, parts.sealer, {
      clientId,
      delivery,
      format: 'kora',
      ...(delivery === 'poll' ? {} : { endpoint: 'https://acme.example/kora' }),
    })
  for (const delivery of ['poll', 'push'])
    await expect(set(acme.clientId, delivery)).rejects.toThrow('--delivery webhook')
  const { client_id: bank } = await addClient(parts)
  await expect(set(bank, 'webhook')).rejects.toThrow('idv.read')

  const { clientId } = await openOffice('rival')
  const run = (...words: string[]) =>
    readCommand(['client', 'events', clientId, ...words]).run({ ...parts, issuer: portal.issuer })
  const to = ['--delivery', 'webhook', '--url', 'https://acme.example/kora']
  expect(await run(...to, '--format', 'kora')).toMatchObject({
    format: 'kora',
    signing_secret: expect.any(String),
  })
  expect(await run()).toMatchObject({ delivery: 'webhook', format: 'kora' })
  expect(await run(...to)).toMatchObject({ format: 'standard' })
  expect(() => run(...to, '--format', 'veriff')).toThrow('standard or kora')
})

/** A program of a customer of Kora, as the vendor's documentation prints it. `capture`: the person is verified. */
async function runCustomer(
  { base, apiKey, tenantId }: { base: string; apiKey: string; tenantId: string },
  capture: (id: string) => Promise<void>,
) {
  const headers = { Authorization: `Bearer ${apiKey}`, 'X-Tenant-ID': tenantId }
  const read = async (path: string, init?: RequestInit) => {
    const answer = await fetch(`${base}${path}`, {
      ...init,
      headers: { ...headers, ...init?.headers },
    })
    return { status: answer.status, body: (await answer.json()) as Body }
  }
  const create = (json: Body) =>
    read('/verifications', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(json),
    })
  const externalId = `customer-${randomUUID()}`
  const created = await create({ externalId, tier: 'standard' })
  const id = String(created.body.id)
  await capture(id)
  const persisted = await eventually(async () => {
    const found = await read(`/verifications/${id}`)
    return found.body.imagePersisted === true && found
  })
  const { images } = (await read(`/verifications/${id}/images`)).body as { images: Body[] }
  const link = await read(`/verifications/${id}/images/document_front`)
  const picture = await fetch(String(link.body.url))
  const { verifications } = (await read(`/subjects/${externalId}/verifications`)).body as {
    verifications: Body[]
  }
  const types = (await read('/document-types')).body.documentTypes as Body[]
  const essential = ({ status, body }: typeof created) => ({
    status,
    isNamed: typeof body.id === 'string' && body.externalId === externalId,
    tier: body.tier,
    isDated: !Number.isNaN(Date.parse(String(body.createdAt))),
  })
  return {
    created: { ...essential(created), state: created.body.status },
    persisted: essential(persisted),
    images: images.map(({ type, available }) => ({ type, available })),
    link: { status: link.status, expiresIn: link.body.expiresIn, imageType: link.body.imageType },
    picture: {
      status: picture.status,
      type: picture.headers.get('content-type'),
      isJpeg:
        Buffer.from(await picture.arrayBuffer())
          .subarray(0, 2)
          .toString('hex') === 'ffd8',
    },
    ofSubject: verifications.map((each) => each.id === id),
    hasTypes: types.every(({ code, name }) => typeof code === 'string' && typeof name === 'string'),
    health: await (await fetch(`${base}/health`)).json(),
    incomplete: await create({}),
    otherTenant: (await read(`/verifications/${id}`, { headers: { 'X-Tenant-ID': 'other' } }))
      .status,
  }
}

test('a program of a customer of Kora runs here with another base URL and credentials', async () => {
  const there = { base: kora.url, apiKey: koraKey, tenantId: 'acme' }
  const here = { base: `${portal.url}${IDV}`, apiKey: acme.token, tenantId: 'acme' }
  const theirs = await runCustomer(there, async (id) => kora.complete(id, 'verified'))
  const ours = await runCustomer(here, async (id) => {
    const [row] = await portal.db<{ vendorSessionId: string }[]>`
      select vendor_session_id from verification where id = ${id}`
    kora.complete(row?.vendorSessionId ?? '', 'verified')
  })
  expect(theirs).toMatchObject({
    created: { status: 201, state: 'pending', tier: 'standard', isNamed: true, isDated: true },
    persisted: { status: 200 },
    link: { status: 200, expiresIn: 900, imageType: 'document_front' },
    picture: { status: 200, isJpeg: true },
    ofSubject: [true],
    otherTenant: 403,
  })
  expect(ours).toEqual(theirs)
})

test('uploads, liveness and completion are refused by the name of the vendor that does it', async () => {
  const { body } = await acme.call('/verifications', { json: { externalId: randomUUID() } })
  const rival = await openOffice('rival')
  for (const { method, path } of REFUSED_CAPTURES) {
    const at = (id: unknown) => path.replace(IDV, '').replace(':id', String(id))
    const refused = await acme.call(at(body.id), { method })
    expect([path, refused]).toEqual([
      path,
      {
        status: 409,
        body: {
          code: 'CONFLICT',
          error: expect.stringContaining(', kora, at the url that started it'),
          details: { vendor: 'kora' },
        },
      },
    ])
    const headers = { 'X-Tenant-ID': 'rival' }
    expect((await acme.call(at(body.id), { method, headers })).status).toBe(403)
    expect((await rival.call(at(body.id), { method })).status).toBe(404)
    expect((await acme.call(at(randomUUID()), { method })).status).toBe(404)
  }
})
