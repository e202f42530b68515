import { randomUUID } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { deleteClient } from '../../src/clients/clients.ts'
import { changeConsent, revokeConsent } from '../../src/consents/consents.ts'
import { announceTest } from '../../src/events/events.ts'
import {
  claimDueEvent,
  deleteOldEvents,
  findEvent,
  listErasureNotices,
  listEvents,
  recordAnswer,
  replayEvent,
  requeueParked,
} from '../../src/events/store.ts'
import {
  findStream,
  removeStream,
  rotateSigningSecret,
  rotateStreamToken,
  setStream,
} from '../../src/events/streams.ts'
import { webhookHeaders } from '../../src/events/webhook-signature.ts'
import { startVerification } from '../../src/id-verification/operations.ts'
import { eraseResident, eraseVerification } from '../../src/id-verification/retention.ts'
import { listEntries } from '../../src/ledger/entries.ts'
import { startApplication } from '../../src/local/sandbox/application.ts'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { createJobs, type Jobs } from '../../src/platform/jobs.ts'
import { createApplication } from '../support/application.ts'
import { addEntry } from '../support/ledger.ts'
import {
  ALL_SCOPES,
  addClient,
  addResident,
  PASSWORD,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { findFreePorts } from '../support/ports.ts'
import { connectSandbox, eventually } from '../support/sandbox.ts'
import { addVerification } from '../support/verifications.ts'

const API = '/api/v1/me/natural-person/id-verification'
type Received = { headers: IncomingHttpHeaders; body: string }
type Told = { type: string; timestamp: string; data: Record<string, unknown> }

let portal: TestPortal
let veriff: Awaited<ReturnType<typeof connectSandbox>>
let jobs: Jobs
let receiver: Server
let origin = ''
const received = new Map<string, Received[]>()
type Answer = { status: number; body?: string; headers?: object; after?: Promise<void> }
const answers = new Map<string, Answer[]>()
beforeAll(async () => {
  portal = await startPortal({ worker: true, outboundAllow: ['127.0.0.1/32'] })
  veriff = await connectSandbox(portal)
  jobs = await createJobs(portal.config.database.url, portal.parts.log)
  receiver = createServer((req, res) => {
    let body = ''
    req.on('data', (chunk) => {
      body += chunk
    })
    req.on('end', async () => {
      const path = req.url ?? ''
      received.set(path, [...(received.get(path) ?? []), { headers: req.headers, body }])
      const answer: Answer = answers.get(path)?.shift() ?? { status: 202 }
      await answer.after
      res.writeHead(answer.status, answer.headers as never).end(answer.body)
    })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`
})
afterAll(async () => {
  receiver.close()
  await jobs.stop()
  await veriff.sandbox.close()
  await portal.close()
})

const parts = () => ({ ...portal.parts, jobs })

/** An application that is told, in one of the ways. */
async function addListener(delivery: 'webhook' | 'push' | 'poll', authorization?: string) {
  const client = await addClient(portal.parts)
  const path = `/${randomUUID()}`
  const stream = await setStream(portal.db, portal.parts.sealer, {
    clientId: client.client_id,
    delivery,
    ...(delivery === 'poll' ? {} : { endpoint: `${origin}${path}` }),
    authorization,
  })
  const application = await createApplication(portal.issuer, client)
  const webhooks = () => received.get(path) ?? []
  return {
    id: client.client_id,
    path,
    application,
    secret: stream?.signing_secret ?? '',
    token: stream?.events_token ?? '',
    webhooks,
    told: () => webhooks().map(({ body }) => JSON.parse(body) as Told),
    kinds: () => webhooks().map(({ body }) => (JSON.parse(body) as Told).type),
    allow: (email: string, scope = ALL_SCOPES) => application.obtainTokens(scope, email),
    call: (path: string, body: object, token = stream?.events_token ?? '') =>
      fetch(`${portal.url}/api/v1/events${path}`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      }),
  }
}

async function verify(accountId: string, decision: 'approved' | 'declined' = 'approved') {
  const started = await startVerification(
    { ...portal.parts, issuer: portal.issuer },
    { vendor: 'veriff', accountId },
  )
  await veriff.sandbox.complete(started.vendorSessionId, decision)
  await eventually(async () => {
    const [row] =
      await portal.db`select status, images_complete from verification where id = ${started.id}`
    return row?.status === decision && (decision === 'declined' || row.imagesComplete === true)
  })
  return started
}

const poll = async (listener: Awaited<ReturnType<typeof addListener>>, body: object) => {
  const answer = await listener.call('/poll', { returnImmediately: true, ...body })
  expect(answer.status).toBe(200)
  return (await answer.json()) as { sets: Record<string, string>; moreAvailable?: boolean }
}

describe.concurrent('what is told, to whom', () => {
  test('approved, its images, another one, and its end: to whom may see it, by ids alone', async () => {
    const resident = await addResident(portal.parts)
    const [bank, shop, stranger] = [
      await addListener('webhook'),
      await addListener('webhook'),
      await addListener('webhook'),
    ]
    await bank.allow(resident.email)
    // May know the name and no more.
    await shop.allow(resident.email, 'openid profile')
    const first = await verify(resident.id)
    await eventually(async () => bank.kinds().includes('verification.images-ready'))
    const second = await verify(resident.id)
    await eventually(async () => bank.kinds().includes('verification.replaced'))
    await verify(resident.id, 'declined')
    await eraseVerification(parts(), second.id, 'retention')
    await eventually(async () => bank.kinds().length >= 4)
    await eraseVerification(parts(), first.id, 'retention')
    await eventually(async () => bank.kinds().length >= 5)

    const told = bank.told().sort((a, b) => a.timestamp.localeCompare(b.timestamp))
    const sub = resident.id
    expect(told.map(({ type, data }) => ({ type, ...data }))).toEqual([
      { type: 'verification.approved', sub, verification_id: first.id, images_complete: false },
      { type: 'verification.images-ready', sub, verification_id: first.id, images_complete: true },
      {
        type: 'verification.replaced',
        sub,
        verification_id: second.id,
        previous_verification_id: first.id,
        images_complete: true,
      },
      {
        type: 'verification.replaced',
        sub,
        verification_id: first.id,
        previous_verification_id: second.id,
        images_complete: true,
      },
      { type: 'verification.withdrawn', sub, verification_id: first.id },
    ])
    expect(shop.told()).toEqual([])
    expect(stranger.told()).toEqual([])
    // Each stands in the ledger, once.
    const entries = await listEntries(portal.db, resident.id)
    expect(
      entries
        .filter(({ result }) => result.startsWith('event: '))
        .map(({ result }) => result)
        .sort(),
    ).toEqual(told.map(({ type }) => `event: ${type}`).sort())
    expect(entries.find(({ result }) => result === 'event: verification.approved')).toMatchObject({
      kind: 'disclosure',
      clientId: bank.id,
      verificationId: first.id,
      scope: 'eprospera:person.id_verification.read',
    })
  })

  test('a consent that is narrowed, and one that is ended; after that nothing more', async () => {
    const resident = await addResident(portal.parts)
    const bank = await addListener('webhook')
    await bank.allow(resident.email)
    const of = { accountId: resident.id, clientId: bank.id }
    await changeConsent(portal.db, {
      ...of,
      allowed: ['openid', 'eprospera:person.id_verification.read'],
      endsAt: undefined,
    })
    await eventually(async () => bank.kinds().includes('consent.changed'))
    await revokeConsent(portal.db, resident.id, bank.id)
    // A second time there is nothing to end.
    await revokeConsent(portal.db, resident.id, bank.id)
    await eventually(async () => bank.kinds().includes('consent.revoked'))
    await verify(resident.id)
    expect(bank.told().map(({ type, data }) => [type, data])).toEqual([
      [
        'consent.changed',
        { sub: resident.id, scopes: ['openid', 'eprospera:person.id_verification.read'] },
      ],
      ['consent.revoked', { sub: resident.id }],
    ])
  })

  test('what waits is not said any more once the consent has ended', async () => {
    const resident = await addResident(portal.parts)
    const bank = await addListener('poll')
    await bank.allow(resident.email)
    await verify(resident.id)
    await revokeConsent(portal.db, resident.id, bank.id)
    const { sets } = await poll(bank, {})
    expect(Object.keys(sets)).toHaveLength(1)
    const states = (await listEvents(portal.db, { clientId: bank.id })).map(
      ({ kind, state }) => `${kind} ${state}`,
    )
    expect(states.sort()).toEqual([
      'consent.revoked pending',
      'verification.approved dropped',
      'verification.images-ready dropped',
    ])
  })

  test('an erased resident: every application that ever read is told, and its answer is kept', async () => {
    const resident = await addResident(portal.parts)
    const [bank, left, deaf, stranger] = [
      await addListener('webhook'),
      await addListener('poll'),
      await addListener('webhook'),
      await addListener('webhook'),
    ]
    await removeStream(portal.db, deaf.id)
    await verify(resident.id)
    for (const one of [bank, left, deaf]) {
      const { access_token } = await one.allow(resident.email)
      const read = await one.application.call(`${portal.issuer}${API}`, access_token)
      expect(read.status).toBe(200)
    }
    // It has no consent any more, and its copies still.
    await revokeConsent(portal.db, resident.id, left.id)
    await eraseResident(parts(), resident.id)

    const notice = await eventually(async () =>
      bank.told().find(({ type }) => type === 'resident.erased'),
    )
    expect(notice.data).toEqual({ sub: resident.id, answer_uri: expect.any(String) })
    const fetched = Object.keys((await poll(left, {})).sets)
    expect(fetched).toHaveLength(2)
    const notices = () => listErasureNotices(portal.db, resident.id)
    const of = async (id: string) => (await notices()).find(({ clientId }) => clientId === id)
    expect((await notices()).map(({ clientId }) => clientId).sort()).toEqual(
      [bank.id, left.id, deaf.id].sort(),
    )
    await eventually(async () => (await of(bank.id))?.state === 'delivered')
    expect(await of(bank.id)).toMatchObject({ answer: null })
    expect(await of(deaf.id)).toMatchObject({ state: 'pending' })

    const answer = (path: string, body: object, token: string) => bank.call(path, body, token)
    const mine = `/${(await of(bank.id))?.id}/answer`
    expect(`${portal.issuer}/api/v1/events${mine}`).toBe(notice.data.answer_uri)
    expect((await answer(mine, { outcome: 'erased' }, stranger.token)).status).toBe(404)
    expect(
      (await answer(`/${randomUUID()}/answer`, { outcome: 'erased' }, bank.token)).status,
    ).toBe(404)
    expect((await answer(mine, { outcome: 'gone' }, bank.token)).status).toBe(400)
    expect((await answer(mine, { outcome: 'erased' }, 'invented')).status).toBe(401)
    expect((await answer(mine, { outcome: 'erased' }, bank.token)).status).toBe(204)
    const kept = { outcome: 'kept', reason: 'Seven years, by the law on banking.' }
    expect((await answer(mine, { outcome: 'kept' }, bank.token)).status).toBe(400)
    expect((await answer(`/${(await of(left.id))?.id}/answer`, kept, left.token)).status).toBe(204)
    expect(await of(bank.id)).toMatchObject({ answer: 'erased', answerReason: null })
    expect(await of(left.id)).toMatchObject({ answer: 'kept', answerReason: kept.reason })

    // Given a stream later, it is told at last.
    await setStream(portal.db, portal.parts.sealer, {
      clientId: deaf.id,
      delivery: 'webhook',
      endpoint: `${origin}${deaf.path}`,
    })
    await eventually(async () => deaf.kinds().includes('resident.erased'))
    await eventually(async () => (await of(deaf.id))?.state === 'delivered')
    // The operator asked them by letter.
    const id = (await of(deaf.id))?.id ?? ''
    const written = { outcome: 'nothing-held', reason: 'By letter.' } as const
    expect(await recordAnswer(portal.db, undefined, id, written)).toBe(true)
    expect(await of(deaf.id)).toMatchObject({ answer: 'nothing-held', answerReason: 'By letter.' })
    expect(stranger.told()).toEqual([])
  })

  test('a verification that the operator erases: who read it, or may, is to erase its copies', async () => {
    const resident = await addResident(portal.parts)
    const [bank, left, shop] = [
      await addListener('webhook'),
      await addListener('webhook'),
      await addListener('webhook'),
    ]
    const { id } = await verify(resident.id)
    await bank.allow(resident.email)
    const { access_token } = await left.allow(resident.email)
    await left.application.call(`${portal.issuer}${API}`, access_token)
    await revokeConsent(portal.db, resident.id, left.id)
    await shop.allow(resident.email, 'openid profile')
    await eraseVerification(parts(), id, 'operator')
    await eventually(async () => bank.kinds().length === 2 && left.kinds().length === 2)
    expect(bank.kinds().sort()).toEqual(['verification.erased', 'verification.withdrawn'])
    expect(left.kinds().sort()).toEqual(['consent.revoked', 'verification.erased'])
    expect(shop.kinds()).toEqual([])
  })
})

describe('webhooks', () => {
  test('verify with the library of Standard Webhooks, by the old secret and the new one', async () => {
    const bank = await addListener('webhook')
    await announceTest(portal.db, bank.id)
    const [first] = await eventually(async () => bank.webhooks().length > 0 && bank.webhooks())
    const verified = (secret: string, { headers, body }: Received) =>
      new Webhook(secret).verify(body, headers as Record<string, string>) as Told
    if (!first) throw new Error('nothing came')
    expect(verified(bank.secret, first).type).toBe('test')
    expect(() => verified(bank.secret, { ...first, body: `${first.body} ` })).toThrow()
    expect(first.headers['content-type']).toBe('application/json')

    const rotate = (keepHours: number) =>
      portal.db.begin((sql) =>
        rotateSigningSecret(sql, portal.parts.sealer, { clientId: bank.id, keepHours }),
      )
    const next = (await rotate(1)) ?? ''
    await announceTest(portal.db, bank.id)
    const [, second] = await eventually(async () => bank.webhooks().length > 1 && bank.webhooks())
    if (!second) throw new Error('nothing came')
    for (const secret of [bank.secret, next]) expect(verified(secret, second).type).toBe('test')
    const last = (await rotate(0)) ?? ''
    await announceTest(portal.db, bank.id)
    const third = (await eventually(async () => bank.webhooks().length > 2 && bank.webhooks()))[2]
    if (!third) throw new Error('nothing came')
    expect(verified(last, third).type).toBe('test')
    for (const secret of [bank.secret, next]) expect(() => verified(secret, third)).toThrow()
    // Neither a secret nor what was sent is in the log.
    for (const secret of [bank.secret, next, last])
      expect(portal.logged()).not.toContain(secret.slice(6))
  })

  test('are sent again, the same bytes by the same id, until they are heard; each try is written down', async () => {
    const bank = await addListener('webhook')
    answers.set(bank.path, [{ status: 500 }, { status: 302, headers: { Location: '/elsewhere' } }])
    const id = (await announceTest(portal.db, bank.id)) ?? ''
    const hurry = () =>
      portal.db.begin(async (sql) => {
        await sql`update event set run_at = now() where id = ${id}`
        await sql`update event_stream set resume_at = null where client_id = ${bank.id}`
      })
    for (const times of [1, 2])
      await eventually(async () => {
        const tried = (await findEvent(portal.db, id))?.attempts.length === times
        if (tried) await hurry()
        return tried
      })
    const event = await eventually(async () => {
      const found = await findEvent(portal.db, id)
      return found?.state === 'delivered' && found
    })
    expect(event.attempts.map(({ status, outcome }) => [status, outcome])).toEqual([
      [500, 'refused'],
      [302, 'refused'],
      [202, 'delivered'],
    ])
    const sent = bank.webhooks()
    expect(new Set(sent.map(({ body }) => body)).size).toBe(1)
    expect(new Set(sent.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([id]))
    expect(received.get('/elsewhere')).toBeUndefined()

    expect(await replayEvent(portal.db, id)).toBe(true)
    await eventually(async () => bank.webhooks().length === 4)
    expect(await replayEvent(portal.db, randomUUID())).toBe(false)
  })

  test('who does not answer is left alone for a while, and others are not kept waiting', async () => {
    const [dead, alive] = [await addListener('webhook'), await addListener('webhook')]
    await setStream(portal.db, portal.parts.sealer, {
      clientId: dead.id,
      delivery: 'webhook',
      endpoint: 'http://127.0.0.1:9/closed',
    })
    for (let times = 0; times < 20; times++) await announceTest(portal.db, dead.id)
    await announceTest(portal.db, alive.id)
    await eventually(async () => alive.kinds().length === 1)
    const undelivered = () => listEvents(portal.db, { clientId: dead.id, undelivered: true })
    await eventually(async () =>
      (await undelivered()).some(({ lastOutcome }) => lastOutcome === 'no answer: ECONNREFUSED'),
    )
    const events = await undelivered()
    expect(events).toHaveLength(20)
    // What was on its way when the first failed, and no more.
    expect(events.filter(({ tries }) => tries > 0).length).toBeLessThanOrEqual(5)
  })

  test('410 pauses the stream: nothing is sent, nothing is lost', async () => {
    const bank = await addListener('webhook')
    answers.set(bank.path, [{ status: 410 }])
    await announceTest(portal.db, bank.id)
    await eventually(async () => (await findStream(portal.db, bank.id))?.enabled === false)
    await announceTest(portal.db, bank.id)
    await setStream(portal.db, portal.parts.sealer, {
      clientId: bank.id,
      delivery: 'webhook',
      endpoint: `${origin}${bank.path}`,
    })
    await eventually(async () => bank.kinds().length === 3)
    expect(new Set(bank.webhooks().map(({ headers }) => headers['webhook-id'])).size).toBe(2)
  })

  test('what is too old is given up, an erasure much later, and settled ones are cleared away', async () => {
    const bank = await addListener('webhook')
    answers.set(
      bank.path,
      Array.from({ length: 4 }, () => ({ status: 400 })),
    )
    const id = (await announceTest(portal.db, bank.id)) ?? ''
    const [erasure] = await portal.db<{ id: string }[]>`
      insert into event (client_id, kind, first_tried_at)
      values (${bank.id}, 'resident.erased', now() - interval '4 days') returning id`
    await portal.db`update event set first_tried_at = now() - interval '4 days' where id = ${id}`
    const stateOf = async (event: string) => (await findEvent(portal.db, event))?.state
    const again = () =>
      portal.db`update event set run_at = now() where client_id = ${bank.id} and state = 'pending'`
    await eventually(async () => {
      await again()
      return (await stateOf(id)) === 'failed'
    })
    await eventually(async () => bank.webhooks().length >= 2)
    expect(await stateOf(erasure?.id ?? '')).not.toBe('failed')
    await portal.db`update event set occurred_at = now() - interval '91 days' where client_id = ${bank.id}`
    await deleteOldEvents(portal.db)
    expect((await listEvents(portal.db, { clientId: bank.id })).map((event) => event.id)).toEqual([
      erasure?.id,
    ])
  })

  test('go to public addresses alone, and an endpoint is an https: address', async () => {
    const bank = await addListener('webhook')
    const set = (endpoint: string) =>
      setStream(portal.db, portal.parts.sealer, {
        clientId: bank.id,
        delivery: 'webhook',
        endpoint,
      })
    for (const bad of [
      'http://example.com/',
      'ftp://x/',
      'https://u:p@x.test/',
      'https://x/#y',
      'x',
    ])
      await expect(set(bad)).rejects.toThrow('--url must be')
    await set('https://169.254.169.254/latest/meta-data')
    await announceTest(portal.db, bank.id)
    const [event] = await eventually(async () => {
      const events = await listEvents(portal.db, { clientId: bank.id })
      return events[0]?.lastOutcome ? events : undefined
    })
    expect(event?.lastOutcome).toContain('OUTBOUND_ALLOW')
  })

  test('two that look at once take different ones, and one of each application', async () => {
    const banks = [
      await addListener('webhook'),
      await addListener('webhook'),
      await addListener('webhook'),
    ]
    const ids = banks.map(({ id }) => id)
    const hold = (until: string) =>
      portal.db`update event_stream set resume_at = ${until}::text::timestamptz where client_id = any (${ids})`
    await hold('infinity')
    for (const { id } of [...banks, ...banks]) await announceTest(portal.db, id)
    await hold('-infinity')
    const taken = await Promise.all(Array.from({ length: 6 }, () => claimDueEvent(portal.db)))
    const mine = taken.flatMap((event) => (event && ids.includes(event.clientId) ? [event] : []))
    expect(new Set(mine.map(({ clientId }) => clientId)).size).toBe(mine.length)
  })
})

describe('nothing is lost, and nobody waits for another', () => {
  const point = (clientId: string, path: string) =>
    setStream(portal.db, portal.parts.sealer, {
      clientId,
      delivery: 'webhook',
      endpoint: `${origin}${path}`,
    })

  test('what is written while its stream is being set up is sent all the same', async () => {
    const { client_id: id } = await addClient(portal.parts)
    const path = `/${randomUUID()}`
    await portal.db.begin(async (sql) => {
      await sql`insert into event (client_id, kind) values (${id}, 'resident.erased')`
      // By another connection, which cannot see the row.
      await point(id, path)
    })
    await requeueParked(portal.db)
    await eventually(async () => received.get(path)?.length === 1)
  })

  test('what waited long for a stream is tried as if it were new', async () => {
    const { client_id: id } = await addClient(portal.parts)
    const path = `/${randomUUID()}`
    answers.set(path, [{ status: 503 }])
    const [row] = await portal.db<{ id: string }[]>`
      insert into event (client_id, kind, occurred_at)
      values (${id}, 'resident.erased', now() - interval '31 days') returning id`
    await point(id, path)
    const event = await eventually(async () => {
      const found = await findEvent(portal.db, row?.id ?? '')
      return found?.attempts.length === 1 && found
    })
    expect(event.state).toBe('pending')
  })

  test('a late 410 of the endpoint before does not switch off the one after', async () => {
    const bank = await addListener('webhook')
    const moved = Promise.withResolvers<void>()
    answers.set(bank.path, [{ status: 410, after: moved.promise }])
    const id = (await announceTest(portal.db, bank.id)) ?? ''
    await eventually(async () => bank.webhooks().length === 1)
    await point(bank.id, `${bank.path}/new`)
    moved.resolve()
    await eventually(async () => (await findEvent(portal.db, id))?.state === 'delivered')
    expect(received.get(`${bank.path}/new`)).toHaveLength(1)
    expect((await findStream(portal.db, bank.id))?.enabled).toBe(true)
  })

  test('what a sender took and never ended is sent by another, after its minute', async () => {
    const bank = await addListener('webhook')
    await portal.db`update event_stream set enabled = false where client_id = ${bank.id}`
    const id = (await announceTest(portal.db, bank.id)) ?? ''
    // As a process leaves it that ended in the middle.
    await portal.db`
      update event_stream set enabled = true, busy_until = now() + interval '1 minute' where client_id = ${bank.id}`
    await portal.db`
      update event set run_at = now() + interval '1 minute', tries = 1, first_tried_at = now() where id = ${id}`
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    expect(bank.webhooks()).toHaveLength(0)
    await portal.db`update event_stream set busy_until = now() where client_id = ${bank.id}`
    await portal.db`update event set run_at = now() where id = ${id}`
    await eventually(async () => (await findEvent(portal.db, id))?.state === 'delivered')
    expect(bank.webhooks()).toHaveLength(1)
  })

  test('a long page with a good status is an answer', async () => {
    const bank = await addListener('webhook')
    answers.set(bank.path, [{ status: 200, body: 'x'.repeat(200_000) }])
    const id = (await announceTest(portal.db, bank.id)) ?? ''
    await eventually(async () => (await findEvent(portal.db, id))?.state === 'delivered')
  })

  test('a slow application keeps nobody waiting but itself, and is told one thing at a time', async () => {
    const [slow, quick] = [await addListener('webhook'), await addListener('webhook')]
    const answered = Promise.withResolvers<void>()
    answers.set(slow.path, [{ status: 200, after: answered.promise }])
    for (let times = 0; times < 4; times++) await announceTest(portal.db, slow.id)
    await eventually(async () => slow.webhooks().length === 1)
    const id = (await announceTest(portal.db, quick.id)) ?? ''
    await eventually(async () => (await findEvent(portal.db, id))?.state === 'delivered')
    expect(slow.webhooks()).toHaveLength(1)
    answered.resolve()
    await removeStream(portal.db, slow.id)
  })

  test('refusals and goodbyes at the same moment end each in its own way', async () => {
    const before = portal.logged()
    const applications = Array.from({ length: 4 }, async () => {
      const bank = await addListener('webhook')
      answers.set(bank.path, [{ status: 503 }, { status: 410 }])
      for (let times = 0; times < 4; times++) await announceTest(portal.db, bank.id)
      await eventually(async () => {
        await portal.db`update event_stream set resume_at = null where client_id = ${bank.id}`
        return (await findStream(portal.db, bank.id))?.enabled === false
      })
    })
    await Promise.all(applications)
    expect(portal.logged().slice(before.length)).not.toContain('could not be handled')
  })

  test('who read the status, and who is reading at this very moment, is to erase it too', async () => {
    const STATUS = 'eprospera:person.id_verification.status.read'
    const resident = await addResident(portal.parts)
    const { id } = await addVerification(portal.parts, resident.id)
    const client = await addClient(portal.parts, { scope: `openid ${STATUS}` })
    const reading = await addListener('poll')
    await reading.allow(resident.email)
    const application = await createApplication(portal.issuer, client)
    const tokens = await application.obtainTokens(`openid ${STATUS}`, resident.email)
    await application.call(`${portal.issuer}${API}/status`, tokens.access_token)
    await revokeConsent(portal.db, resident.id, client.client_id)
    await portal.db.begin(async (sql) => {
      await addEntry(sql, {
        clientId: reading.id,
        accountId: resident.id,
        verificationId: id,
      })
      await eraseVerification(parts(), id, 'operator')
    })
    for (const clientId of [client.client_id, reading.id])
      expect((await listEvents(portal.db, { clientId })).map(({ kind }) => kind)).toContain(
        'verification.erased',
      )
  })

  test('the proof of who was told stays when the application goes', async () => {
    const resident = await addResident(portal.parts)
    const bank = await addListener('poll')
    await bank.allow(resident.email)
    await announceTest(portal.db, bank.id)
    await eraseResident(parts(), resident.id)
    await deleteClient(portal.db, bank.id)
    expect((await listEvents(portal.db, { clientId: bank.id })).map(({ kind }) => kind)).toEqual([
      'resident.erased',
    ])
  })
})

describe('security event tokens', () => {
  const keys = () => createRemoteJWKSet(new URL(`${portal.issuer}/api/oauth/.well-known/jwks.json`))
  const read = async (token: string, audience: string) =>
    await jwtVerify(token, keys(), { issuer: portal.issuer, audience, typ: 'secevent+jwt' })
  const CAEP = 'https://schemas.openid.net/secevent/caep/event-type'

  test('are pushed as RFC 8935 has it', async () => {
    const resident = await addResident(portal.parts)
    const bank = await addListener('push', 'Bearer the-receivers-own')
    await bank.allow(resident.email)
    const { id } = await verify(resident.id)
    await eventually(async () => bank.webhooks().length === 2)
    const pushed = await Promise.all(bank.webhooks().map(({ body }) => read(body, bank.id)))
    const byType = new Map(
      pushed.map(({ payload }) => Object.entries(payload.events as object)[0] as [string, object]),
    )
    expect(byType.get(`${CAEP}/assurance-level-change`)).toEqual({
      event_timestamp: expect.any(Number),
      verification_id: id,
      images_complete: false,
      namespace: 'eprospera:person.id_verification',
      current_level: 'approved',
      change_direction: 'increase',
    })
    expect([...byType.keys()]).toContain(`${portal.issuer}/events/verification-images-ready`)
    for (const { payload } of pushed) {
      expect(payload.sub_id).toEqual({ format: 'iss_sub', iss: portal.issuer, sub: resident.id })
      // Of no use as another kind of token.
      expect(payload).not.toHaveProperty('sub')
      expect(payload).not.toHaveProperty('exp')
    }
    for (const { headers } of bank.webhooks())
      expect(headers).toMatchObject({
        'content-type': 'application/secevent+jwt',
        accept: 'application/json',
        authorization: 'Bearer the-receivers-own',
      })
    for (const { body } of bank.webhooks()) {
      const asAccess = await fetch(`${portal.url}${API}`, {
        headers: { Authorization: `Bearer ${body}` },
      })
      expect(asAccess.status).toBe(401)
    }
    await revokeConsent(portal.db, resident.id, bank.id)
    await eventually(async () => bank.webhooks().length === 3)
    const { payload } = await read(bank.webhooks()[2]?.body ?? '', bank.id)
    expect(Object.keys(payload.events as object)).toEqual([
      'https://schemas.openid.net/secevent/oauth/event-type/tokens-revoked',
    ])
    expect(portal.logged()).not.toContain('the-receivers-own')
  })

  test('why one was refused is written down, if it is a code', async () => {
    const bank = await addListener('push')
    answers.set(bank.path, [
      { status: 400, body: '{"err":"invalid_audience","description":"<script>"}' },
    ])
    const id = (await announceTest(portal.db, bank.id)) ?? ''
    const [attempt] = await eventually(async () => {
      const attempts = (await findEvent(portal.db, id))?.attempts ?? []
      return attempts.length > 0 && attempts
    })
    expect(attempt).toMatchObject({ status: 400, outcome: 'refused: invalid_audience' })
  })

  test('are fetched as RFC 8936 has it: until they are acknowledged', async () => {
    const [bank, other] = [await addListener('poll'), await addListener('poll')]
    expect(await poll(bank, {})).toEqual({ sets: {} })
    const ids = [await announceTest(portal.db, bank.id), await announceTest(portal.db, bank.id)]
    const one = await poll(bank, { maxEvents: 1 })
    expect([Object.keys(one.sets), one.moreAvailable]).toEqual([[ids[0]], true])
    const both = await poll(bank, { maxEvents: 1000 })
    expect(Object.keys(both.sets).sort()).toEqual([...ids].sort())
    expect(both.moreAvailable).toBeUndefined()
    for (const [jti, token] of Object.entries(both.sets)) {
      const { payload } = await read(token, bank.id)
      expect(payload.jti).toBe(jti)
      expect(Object.keys(payload.events as object)).toEqual([
        'https://schemas.openid.net/secevent/ssf/event-type/verification',
      ])
    }
    // Another's acknowledgement changes nothing.
    expect(await poll(other, { ack: ids })).toEqual({ sets: {} })
    expect(
      Object.keys((await poll(bank, { ack: [ids[0], 'unknown'], maxEvents: 0 })).sets),
    ).toEqual([])
    expect(Object.keys((await poll(bank, {})).sets)).toEqual([ids[1]])
    await poll(bank, { setErrs: { [ids[1] ?? '']: { err: 'invalid_key', description: 'x' } } })
    expect(await poll(bank, {})).toEqual({ sets: {} })
    expect(await findEvent(portal.db, ids[1] ?? '')).toMatchObject({
      state: 'failed',
      lastOutcome: 'refused: invalid_key',
    })
    await replayEvent(portal.db, ids[1] ?? '')
    expect(Object.keys((await poll(bank, {})).sets)).toEqual([ids[1]])
  })

  test('who waits is answered when something happens', async () => {
    const bank = await addListener('poll')
    const waiting = bank.call('/poll', {})
    const id = await announceTest(portal.db, bank.id)
    const { sets } = (await (await waiting).json()) as { sets: object }
    expect(Object.keys(sets)).toEqual([id])
  })

  test('are for the holder of the token alone, who is in good standing', async () => {
    const [bank, pushed] = [await addListener('poll'), await addListener('push')]
    const status = async (token: string, listener = bank) =>
      (await listener.call('/poll', { returnImmediately: true }, token)).status
    expect(await status(bank.token)).toBe(200)
    expect(await status('invented')).toBe(401)
    expect(await status(pushed.token, pushed)).toBe(409)
    const next = (await rotateStreamToken(portal.db, bank.id)) ?? ''
    expect([await status(bank.token), await status(next)]).toEqual([401, 200])
    await portal.db`update client set enabled = false where id = ${bank.id}`
    expect(await status(next)).toBe(401)
    const bare = await fetch(`${portal.url}/api/v1/events/poll`, { method: 'POST' })
    expect([bare.status, bare.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
  })

  test('what this transmitter can do is published', async () => {
    const answer = await fetch(`${portal.url}/.well-known/ssf-configuration`)
    expect(await answer.json()).toMatchObject({
      issuer: portal.issuer,
      jwks_uri: `${portal.issuer}/api/oauth/.well-known/jwks.json`,
      delivery_methods_supported: ['urn:ietf:rfc:8935', 'urn:ietf:rfc:8936'],
    })
  })
})

/** The demo's bank, with which a resident was signed in and has allowed everything. */
async function openBank(email: string) {
  const [port = 0] = await findFreePorts(1)
  const redirectUri = `http://127.0.0.1:${port}/callback`
  const { client_id: clientId, client_secret: clientSecret = '' } = await addClient(portal.parts, {
    redirectUris: [redirectUri],
  })
  const hooks = `${new URL(redirectUri).origin}/hooks`
  const stream = await setStream(portal.db, portal.parts.sealer, {
    clientId,
    delivery: 'webhook',
    endpoint: hooks,
  })
  const signingSecret = stream?.signing_secret ?? ''
  const bank = await startApplication({
    port,
    issuer: portal.issuer,
    clientId,
    clientSecret,
    redirectUri,
    events: { signingSecret, token: stream?.events_token ?? '' },
    log: portal.parts.log,
  })
  onTestFinished(() => bank.close())
  const browser = createUserAgent()
  const { url } = bank
  const signIn = await browser.open(`${url}/sign-in`)
  const consent = await browser.submit(signIn, 'login', { email, password: PASSWORD })
  const account = await browser.submit(consent, 'allow', {})
  expect(account.text).toContain('Your identity is confirmed')
  return { url, clientId, hooks, signingSecret, browser }
}

test('the demo application takes what is signed for it, and erases when it is told to', async () => {
  const resident = await addResident(portal.parts)
  await verify(resident.id)
  const { url, clientId, hooks, signingSecret, browser } = await openBank(resident.email)
  expect((await browser.request(`${url}/images/face`)).status).toBe(200)

  const body = JSON.stringify({
    type: 'consent.revoked',
    timestamp: new Date().toISOString(),
    data: { sub: resident.id },
  })
  const forge = (headers: Record<string, string>) =>
    fetch(hooks, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body,
    })
  const signed = (at: Date, secret = signingSecret) =>
    webhookHeaders({ id: randomUUID(), at, body, secrets: [secret] })
  expect((await forge({})).status).toBe(401)
  expect((await forge(signed(new Date(), `whsec_${btoa('x'.repeat(32))}`))).status).toBe(401)
  expect((await forge(signed(new Date(Date.now() - 3600_000)))).status).toBe(401)

  await changeConsent(portal.db, {
    accountId: resident.id,
    clientId,
    allowed: ['openid', 'eprospera:person.id_verification.read'],
    endsAt: undefined,
  })
  await eventually(async () => (await browser.open(url)).text.includes('consent.changed'))
  await eraseResident(parts(), resident.id)
  await eventually(async () => {
    const [notice] = await listErasureNotices(portal.db, resident.id)
    return notice?.answer === 'erased'
  })
  expect((await browser.request(`${url}/images/face`)).status).toBe(404)
})

test('the demo application shows at once what the resident decided, and reads again what is given back', async () => {
  const resident = await addResident(portal.parts)
  await verify(resident.id)
  const { url, clientId, browser } = await openBank(resident.email)
  const shown = async (text: string) => {
    await eventually(async () => (await browser.open(url)).text.includes(text))
    return await browser.request(`${url}/images/face`)
  }
  const change = { accountId: resident.id, clientId, endsAt: undefined }

  await changeConsent(portal.db, { ...change, allowed: ['openid', 'offline_access'] })
  expect((await shown('You did not let us see your documents')).status).toBe(404)
  const asked = await browser.open(`${url}/sign-in?again`)
  const back = await browser.submit(asked, 'allow', { scope: ALL_SCOPES.split(' ') })
  expect(back.text).toContain('Your identity is confirmed')

  await revokeConsent(portal.db, resident.id, clientId)
  expect((await shown('You ended our access')).status).toBe(404)
  const again = await browser.open(`${url}/sign-in`)
  expect((await browser.submit(again, 'allow', {})).text).toContain('Your identity is confirmed')

  await portal.db`update consent set ends_at = now() where client_id = ${clientId}`
  const expired = await browser.submit(await browser.open(url), '', {}, { action: '/ask' })
  expect(expired.text).toContain('Our access has expired')
  expect((await browser.request(`${url}/images/face`)).status).toBe(404)
  // As it is once a report was withdrawn: nobody tells the bank.
  await portal.db`update consent set ends_at = null where client_id = ${clientId}`
  expect((await browser.open(url)).text).toContain('Your identity is confirmed')
})
