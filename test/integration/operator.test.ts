import { randomUUID } from 'node:crypto'
import { refreshTokenGrant } from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAccount, findAccountByEmail } from '../../src/accounts/accounts.ts'
import { HelpRequested, UsageError } from '../../src/cli/command.ts'
import { readCommand } from '../../src/cli/commands.ts'
import { createApplication } from '../support/application.ts'
import {
  ALL_SCOPES,
  addClient,
  addResident,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { connectSandbox, eventually } from '../support/sandbox.ts'

let portal: TestPortal
let vendor: Awaited<ReturnType<typeof connectSandbox>>
beforeAll(async () => {
  portal = await startPortal({ worker: true })
  vendor = await connectSandbox(portal)
})
afterAll(async () => {
  await vendor.sandbox.close()
  await portal.close()
})

const run = async <T>(...words: string[]) =>
  (await readCommand(words).run({ ...portal.parts, issuer: portal.issuer })) as T
const api = async (token: string) =>
  (
    await fetch(`${portal.url}/api/v1/me/natural-person/id-verification`, {
      headers: { Authorization: `Bearer ${token}` },
    })
  ).status

test('a suspended resident’s tokens open nothing, and open again when they resume', async () => {
  const resident = await addResident(portal.parts)
  const application = await createApplication(portal.issuer, await addClient(portal.parts))
  const { access_token: token } = await application.obtainTokens(ALL_SCOPES, resident.email)
  expect(await run('resident', 'suspend', resident.email)).toMatchObject({ status: 'suspended' })
  expect(await api(token)).toBe(401)
  expect(await run('resident', 'resume', resident.id)).toMatchObject({ status: 'active' })
  expect(await api(token)).toBe(200)
  await expect(run('resident', 'suspend', randomUUID())).rejects.toThrow('no such resident')
})

test('an operator cannot give a resident a password that is easy to guess', async () => {
  const resident = { email: `${randomUUID()}@example.test`, givenName: 'Ana', surname: 'Mejia' }
  for (const password of ['iloveyou1234567', resident.email, 'Ana-Mejia-prospera'])
    await expect(createAccount(portal.parts, { ...resident, password })).rejects.toThrow(
      'too easy to guess',
    )
  expect(await findAccountByEmail(portal.db, portal.parts.vault, resident.email)).toBeUndefined()
})

test('a rotated secret is good at once, and the old one no more', async () => {
  const resident = await addResident(portal.parts)
  const client = await addClient(portal.parts)
  const before = await createApplication(portal.issuer, client)
  const tokens = await before.obtainTokens(ALL_SCOPES, resident.email)
  const rotated = await run<{ client_secret: string }>('client', 'rotate-secret', client.client_id)
  const refresh = (application: typeof before) =>
    refreshTokenGrant(application.configuration, tokens.refresh_token ?? '').then(
      () => 'refreshed',
      (error: { error?: string }) => error.error,
    )
  expect(await refresh(before)).toBe('invalid_client')
  expect(await refresh(await createApplication(portal.issuer, { ...client, ...rotated }))).toBe(
    'refreshed',
  )
})

test('a secret that is kept for a time is valid beside the new one', async () => {
  const client = await addClient(portal.parts, {
    type: 'service',
    redirectUris: [],
    scope: 'idv.read',
  })
  const authenticate = async (secret: string | undefined) => {
    const { status } = await fetch(`${portal.issuer}/api/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: client.client_id,
        client_secret: secret ?? '',
      }),
    })
    return status
  }
  const rotate = async (...words: string[]) =>
    (await run<{ client_secret: string }>('client', 'rotate-secret', client.client_id, ...words))
      .client_secret
  const second = await rotate('--keep-hours', '1')
  expect([await authenticate(client.client_secret), await authenticate(second)]).toEqual([200, 200])
  expect(await authenticate(`${second}x`)).toBe(401)
  await portal.db`
    update client set previous_secret_until = now() where id = ${client.client_id}`
  expect([await authenticate(client.client_secret), await authenticate(second)]).toEqual([401, 200])
  const third = await rotate()
  expect([await authenticate(second), await authenticate(third)]).toEqual([401, 200])
  await expect(rotate('--keep-hours', 'x')).rejects.toThrow('0 to 720 hours')
})

test('a delivery is listed, explained, and applied again with no second effect', async () => {
  const { id, sessionId } = await vendor.start()
  await vendor.sandbox.complete(sessionId, 'approved')
  const delivery = await eventually(async () =>
    (
      await run<
        { id: string; state: string; verificationId: string | null; explanation: string }[]
      >('delivery', 'list')
    ).find((each) => each.verificationId === id && each.explanation === 'recorded: approved'),
  )
  const shown = await run<{ decisions: object[] }>('delivery', 'show', delivery.id)
  const decisions = shown.decisions.length
  expect(JSON.stringify(shown)).not.toContain('"body":')
  expect(await run('delivery', 'replay', delivery.id)).toEqual({
    id: delivery.id,
    state: 'received',
  })
  await eventually(async () => {
    const again = await run<{ state: string; decisions: object[] }>('delivery', 'show', delivery.id)
    return again.state === 'applied' && again.decisions.length === decisions
  })
  await expect(run('delivery', 'show', randomUUID())).rejects.toThrow('no such delivery')
})

test('an approved verification’s images can be asked for again, and another’s decision', async () => {
  const approved = await vendor.start()
  await vendor.sandbox.complete(approved.sessionId, 'approved')
  await eventually(async () => {
    const { imagesComplete } = await run<{ imagesComplete: boolean }>(
      'verification',
      'show',
      approved.id,
    )
    return imagesComplete
  })
  const before = await run<{ images: object[] }>('verification', 'show', approved.id)
  expect(await run('verification', 'retry', approved.id)).toMatchObject({ queued: true })
  const after = await run<{ images: object[] }>('verification', 'show', approved.id)
  expect(after.images).toEqual(before.images)
  // One that is not decided is asked about at once, and not when its turn comes.
  const pending = await vendor.start()
  await portal.db`update verification set next_check_at = now() + interval '1 day' where id = ${pending.id}`
  expect(await run('verification', 'retry', pending.id)).toMatchObject({ queued: true })
  const [row] =
    await portal.db`select next_check_at <= now() as is_due from verification where id = ${pending.id}`
  expect(row?.isDue).toBe(true)
  await expect(run('verification', 'retry', randomUUID())).rejects.toThrow('no such verification')
  for (const verb of ['retry', 'show', 'erase'])
    await expect(run('verification', verb, 'nope')).rejects.toThrow('no such verification')
})

test('help is an answer, and a stream of events has the names that clients have', async () => {
  expect(() => readCommand(['--help'])).toThrow(HelpRequested)
  expect(() => readCommand(['client', 'create', '--help'])).toThrow(
    /^Usage: npm run -s cli -- client create /,
  )
  const created = await run<{ client_id: string }>(
    ...['client', 'create', '--name', 'Bank', '--redirect-uri', 'https://bank.test/cb'],
    ...['--scope', 'openid'],
  )
  const { client_id: id } = created
  await expect(run('client', 'update', id, '--alternative', 'openid')).rejects.toThrow(UsageError)
  await expect(run('client', 'events', id)).rejects.toThrow('no such stream of events')
  const stream = await run('client', 'events', id, '--delivery', 'poll')
  expect(stream).toMatchObject({
    client_id: id,
    delivery: 'poll',
    endpoint: null,
    enabled: true,
    created_at: expect.any(Date),
    events_token: expect.any(String),
  })
  expect(await run('client', 'events', id)).not.toHaveProperty('events_token')
  expect(await run('event', 'test', id)).toMatchObject({ state: 'pending' })
  expect(await run('event', 'list', '--client', id)).toHaveLength(1)
  await expect(run('event', 'list', '--client', 'nope')).rejects.toThrow('no such client')
  expect(await run('client', 'events', id, '--delivery', 'none')).toEqual({
    client_id: id,
    delivery: 'none',
  })
})
