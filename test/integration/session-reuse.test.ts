import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readCommand } from '../../src/cli/commands.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { addClient, addResident, startPortal, type TestPortal } from '../support/portal.ts'

const sessionId = randomUUID()
let status = 201
// A vendor that answers every request for a session with the same one.
const vendor = createServer((_req, res) => {
  res.writeHead(status, { 'Content-Type': 'application/json' })
  res.end(
    JSON.stringify({ status: 'success', verification: { id: sessionId, url: 'https://v.test/s' } }),
  )
})
let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal()
  await new Promise<void>((resolve) => vendor.listen(0, '127.0.0.1', resolve))
  await setVendorIntegration(portal.db, portal.parts.sealer, {
    vendor: 'veriff',
    baseUrl: `http://127.0.0.1:${(vendor.address() as AddressInfo).port}`,
    apiKey: randomUUID(),
    secret: randomUUID(),
  })
})
afterAll(async () => {
  vendor.close()
  await portal.close()
})

const start = async () => {
  const resident = await addResident(portal.parts)
  return await readCommand([
    'verification',
    'start',
    '--vendor',
    'veriff',
    '--resident',
    resident.id,
  ]).run({ ...portal.parts, issuer: portal.issuer })
}
const rows = () =>
  portal.db`select status, vendor_session_id from verification order by session_created_at`

test('a session id that the vendor used before is refused with the reason, and the older verification stays as it was', async () => {
  await start()
  await expect(start()).rejects.toThrow(
    'The session could not be started: the vendor answered with the id of a session that exists already.',
  )
  expect(await rows()).toEqual([
    { status: 'pending', vendorSessionId: sessionId },
    { status: 'error', vendorSessionId: null },
  ])
})

test('a back office reads 502 vendor_unavailable for it', async () => {
  const client = await addClient(portal.parts, {
    type: 'service',
    redirectUris: [],
    scope: 'idv.read idv.write',
  })
  const granted = await fetch(`${portal.issuer}/api/oauth/token`, {
    method: 'POST',
    headers: {
      Authorization: `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}`,
    },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  const { access_token: token } = (await granted.json()) as { access_token: string }
  const answer = await fetch(`${portal.url}/api/v1/idv/verifications`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ vendor: 'veriff', externalId: 'customer-1' }),
  })
  expect([answer.status, await answer.json()]).toEqual([
    502,
    {
      code: 'VENDOR_UNAVAILABLE',
      error:
        'The session could not be started: the vendor answered with the id of a session that exists already.',
      details: {},
    },
  ])
})

test('a vendor that refuses the credentials: the operator reads how to correct them', async () => {
  status = 401
  await expect(start()).rejects.toThrow(
    /the vendor answered 401\. Check its API key and secret, and correct them with `vendor set veriff`\.$/,
  )
  status = 500
  await expect(start()).rejects.toThrow(/the vendor answered 500\.$/)
})
