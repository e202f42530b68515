import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listVendorHealth, VENDOR_GAUGES } from '../../src/id-verification/vendor-health.ts'
import { ImageHostRefusedError } from '../../src/id-verification/vendors/call.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { addClient, addResident, startPortal, type TestPortal } from '../support/portal.ts'
import { addVerification } from '../support/verifications.ts'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal()
})
afterAll(() => portal.close())

test('each integration has its own deliveries, sessions, images and refused hosts, of its tenant alone', async () => {
  const { db, sealer } = portal.parts
  const integrations = [
    { name: 'default', tenant: 'default' },
    { name: 'acme', tenant: 'acme' },
  ]
  for (const of of integrations)
    await setVendorIntegration(db, sealer, {
      vendor: 'veriff',
      baseUrl: 'http://127.0.0.1:9',
      apiKey: 'key',
      secret: 'secret',
      ...of,
    })
  const nothing = {
    vendor: 'veriff',
    enabled: true,
    lastDeliveryAt: null,
    deliveriesWaiting: 0,
    deliveriesWaitingSince: null,
    deliveriesFailed: 0,
    imagesWaiting: 0,
    imagesWaitingSince: null,
    imagesRefused: 0,
    undecided: 0,
    refusedHosts: [],
  }
  const ofAcme = { ...nothing, name: 'acme', tenant: 'acme' }
  expect(await listVendorHealth(db)).toEqual([ofAcme, { ...nothing, ...integrations[0] }])

  const { id } = await addVerification(portal.parts, (await addResident(portal.parts)).id)
  const times = ['2026-01-01T10:00:00.000Z', '2026-01-02T10:00:00.000Z', '2026-01-03T10:00:00.000Z']
  for (const [index, state] of ['received', 'received', 'quarantined'].entries())
    await db`
      insert into delivery (vendor, integration, body, body_sha256, state, received_at)
      values ('veriff', 'default', '{}', sha256(${randomUUID()}::bytea), ${state}, ${times[index] ?? null})`
  const { message } = new ImageHostRefusedError('elsewhere.example:8443')
  await db`
    update image set state = case type when 'selfie' then 'refused' else 'pending' end, reason = ${message}
    where verification_id = ${id} and type in ('selfie', 'document_back')`
  const [row] =
    await db`select coalesce(decided_at, updated_at) as since from verification where id = ${id}`
  const health = await listVendorHealth(db)
  expect(health).toEqual([
    ofAcme,
    {
      ...nothing,
      ...integrations[0],
      lastDeliveryAt: new Date(times[2] ?? ''),
      deliveriesWaiting: 2,
      deliveriesWaitingSince: new Date(times[0] ?? ''),
      deliveriesFailed: 1,
      imagesWaiting: 1,
      imagesWaitingSince: row?.since,
      imagesRefused: 1,
      refusedHosts: ['elsewhere.example:8443'],
    },
  ])
  expect(await listVendorHealth(db, { tenant: 'acme' })).toEqual([ofAcme])

  const labels = { vendor: 'veriff', integration: 'default' }
  const samples = Object.fromEntries(
    await Promise.all(VENDOR_GAUGES.map(async ({ name, read }) => [name, await read(db)])),
  )
  expect(samples).toEqual({
    portal_last_delivery_timestamp_seconds: [{ labels, value: Date.parse(times[2] ?? '') / 1000 }],
    portal_images_at_refused_hosts: [{ labels, value: 2 }],
  })
})

test('a back office reads how its own integrations are doing, and nothing of other tenants', async () => {
  const { db, sealer } = portal.parts
  const client = await addClient(portal.parts, {
    type: 'service',
    redirectUris: [],
    scope: 'idv.read idv.write',
    tenant: 'north',
  })
  const credentials = Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')
  const getToken = async (scope: string) => {
    const answer = await fetch(`${portal.issuer}/api/oauth/token`, {
      method: 'POST',
      headers: { Authorization: `Basic ${credentials}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope }),
    })
    return ((await answer.json()) as { access_token: string }).access_token
  }
  const call = async (scope: string) => {
    const answer = await fetch(`${portal.url}/api/v1/idv/vendors`, {
      headers: { Authorization: `Bearer ${await getToken(scope)}` },
    })
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }
  const give = (name: string) =>
    setVendorIntegration(db, sealer, {
      vendor: 'veriff',
      name,
      tenant: 'north',
      baseUrl: 'http://127.0.0.1:9',
      apiKey: 'an api key',
      secret: 'a secret',
    })
  expect(await call('idv.write')).toMatchObject({ status: 401, body: { code: 'UNAUTHORIZED' } })
  expect(await call('idv.read')).toEqual({ status: 200, body: { vendors: [] } })
  await give('north')
  const nothing = {
    vendor: 'veriff',
    integration: 'north',
    enabled: true,
    lastDeliveryAt: null,
    deliveriesWaiting: 0,
    deliveriesWaitingSince: null,
    deliveriesFailed: 0,
    imagesWaiting: 0,
    imagesWaitingSince: null,
    imagesRefused: 0,
    undecided: 0,
    refusedHosts: [],
  }
  expect(await call('idv.read')).toEqual({ status: 200, body: { vendors: [nothing] } })

  // It was the operator's, and has sessions of that time.
  const { id } = await addVerification(portal.parts, (await addResident(portal.parts)).id)
  const { message } = new ImageHostRefusedError('elsewhere.example')
  await db`
    update image set state = 'refused', reason = ${message}
    where verification_id = ${id} and type = 'selfie'`
  const at = '2026-02-03T10:00:00.000Z'
  await db`
    insert into delivery (vendor, integration, body, body_sha256, received_at)
    values ('veriff', 'default', '{}', sha256(${randomUUID()}::bytea), ${at})`
  await give('default')
  const [all] = (await listVendorHealth(db)).filter(({ name }) => name === 'default')
  expect(all?.imagesRefused).toBeGreaterThan(0)
  const { body } = await call('idv.read')
  expect(body).toMatchObject({
    vendors: [
      {
        ...nothing,
        integration: 'default',
        lastDeliveryAt: at,
        deliveriesWaiting: expect.any(Number),
        deliveriesWaitingSince: expect.stringMatching(/Z$/),
        deliveriesFailed: expect.any(Number),
      },
      nothing,
    ],
  })
  expect(JSON.stringify(body)).not.toMatch(/secret|an api key|127\.0\.0\.1|acme|elsewhere/)
})
