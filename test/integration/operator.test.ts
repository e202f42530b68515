import { randomUUID } from 'node:crypto'
import { refreshTokenGrant } from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readCommand } from '../../src/commands.ts'
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

test('an approved verification’s images can be asked for again, another’s not', async () => {
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
  const pending = await vendor.start()
  await expect(run('verification', 'retry', pending.id)).rejects.toThrow(
    'no such approved verification',
  )
})
