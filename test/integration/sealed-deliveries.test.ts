import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { destroyOldDeliveryKeys, sealStoredBodies } from '../../src/id-verification/deliveries.ts'
import { createVerification, setVendorSession } from '../../src/id-verification/store.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { createLocalKeyService } from '../../src/platform/key-service.ts'
import { createVault } from '../../src/platform/vault.ts'
import { addResident, startPortal, type TestPortal } from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'
import { API_KEY, SECRET } from '../support/veriff-vectors.ts'
import { findDeliveryOf } from '../support/verifications.ts'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal({ worker: true })
  await setVendorIntegration(portal.db, portal.parts.sealer, {
    vendor: 'veriff',
    baseUrl: 'http://127.0.0.1:9',
    apiKey: API_KEY,
    secret: SECRET,
  })
})
afterAll(() => portal.close())

const place = (row: string) => ({ table: 'delivery', column: 'body_sealed', row })

async function deliver(body: string) {
  const response = await fetch(`${portal.url}/webhooks/veriff`, {
    method: 'POST',
    body,
    headers: {
      'x-auth-client': API_KEY,
      'x-hmac-signature': createHmac('sha256', SECRET).update(body).digest('hex'),
    },
  })
  expect(response.status).toBe(200)
}

async function session() {
  const { id: accountId } = await addResident(portal.parts)
  const sessionId = randomUUID()
  const created = await createVerification(portal.db, {
    tenant: 'default',
    whose: { accountId },
    vendor: 'veriff',
    integration: 'default',
    stateSha256: randomBytes(32),
  })
  const id = String(created)
  await setVendorSession(portal.db, id, { sessionId, checkAfterSeconds: undefined })
  const body = JSON.stringify({
    status: 'success',
    verification: {
      id: sessionId,
      attemptId: randomUUID(),
      vendorData: id,
      status: 'declined',
      decisionTime: '2026-01-15T10:30:00.000Z',
      person: { firstName: 'Xiomara', lastName: 'Villeda' },
    },
  })
  return { id, accountId, body }
}

const settled = (body: string) =>
  eventually(async () => {
    const row = await findDeliveryOf(portal.parts, body)
    return row && row.state !== 'received' ? row : undefined
  })

/** As an earlier version stored it. */
async function storeInTheClear(body: string, verificationId?: string) {
  const sha256 = createHash('sha256').update(body).digest()
  await portal.db`
    insert into delivery (vendor, integration, body, body_sha256, state, verification_id)
    values ('veriff', 'default', ${Buffer.from(body)}, ${sha256}, 'applied', ${verificationId ?? null})`
}

const keyOf = (sealed: Uint8Array) => Buffer.from(sealed).subarray(1, 17).toString('hex')
const keyIds = async (rows: PromiseLike<{ id: string }[]>) =>
  (await rows).map(({ id }) => id.replaceAll('-', ''))

test('a delivery of a known resident is kept sealed under that resident, and opens nothing after they are gone', async () => {
  const { db, parts } = portal
  const { accountId, body } = await session()
  await deliver(body)
  const row = await settled(body)
  expect(row.bodySealed.includes('Xiomara')).toBe(false)
  expect(row.isOwned).toBe(true)
  expect((await parts.vault.open(db, place(row.id), row.bodySealed)).toString()).toBe(body)
  const keys = await keyIds(
    db<{ id: string }[]>`select id from data_key where account_id = ${accountId}`,
  )
  expect(keys).toContain(keyOf(row.bodySealed))
  await db`delete from account where id = ${accountId}`
  // Another process, which never had the key.
  const vault = createVault(db, createLocalKeyService(parts.sealer))
  await expect(vault.open(db, place(row.id), row.bodySealed)).rejects.toThrow('destroyed')
})

test('a delivery of nobody known is sealed under the key of the day', async () => {
  const body = JSON.stringify({ nobody: randomUUID(), surname: 'Villeda' })
  await deliver(body)
  const row = await settled(body)
  expect(row.state).toBe('quarantined')
  expect(row.bodySealed.includes('Villeda')).toBe(false)
  const today = new Date().toISOString().slice(0, 10)
  const keys = await keyIds(
    portal.db<{ id: string }[]>`
      select id from data_key where purpose = 'delivery' and period = ${today}`,
  )
  expect(keys).toEqual([keyOf(row.bodySealed)])
})

test('the hash by which a repeated delivery is known cannot be computed from its body', async () => {
  const body = JSON.stringify({ nobody: randomUUID() })
  await deliver(body)
  await deliver(body)
  expect(await settled(body)).toMatchObject({ timesReceived: 2 })
  const guess = createHash('sha256').update(body).digest()
  const found = await portal.db`
    select from delivery where body_mac = ${guess} or body_sha256 = ${guess}`
  expect(found).toHaveLength(0)
})

test('what was stored in the clear is sealed, batch by batch, and a delivery that came again stays one', async () => {
  const { db, parts } = portal
  const { id, body } = await session()
  const again = JSON.stringify({ nobody: randomUUID(), surname: 'Villeda' })
  await storeInTheClear(body, id)
  await storeInTheClear(again)
  await deliver(again)
  while ((await sealStoredBodies(db, parts.vault)) > 0);
  expect(await db`select from delivery where body is not null`).toHaveLength(0)
  const owned = await findDeliveryOf(parts, body)
  expect(owned?.isOwned).toBe(true)
  expect((await parts.vault.open(db, place(owned?.id), owned?.bodySealed)).toString()).toBe(body)
  expect(await findDeliveryOf(parts, again)).toMatchObject({ timesReceived: 2 })
})

test('the key of a past day is destroyed when nothing is sealed under it any more', async () => {
  const { db } = portal
  const body = JSON.stringify({ nobody: randomUUID() })
  await deliver(body)
  const { bodySealed } = await settled(body)
  const past = async () =>
    (await db`select from data_key where purpose = 'delivery' and period = '2020-01-01'`).length
  await db`update data_key set period = '2020-01-01' where purpose = 'delivery'`
  await destroyOldDeliveryKeys(db)
  expect(await past()).toBe(1)
  await db`delete from delivery where substring(body_sealed from 2 for 16) = ${bodySealed.subarray(1, 17)}`
  await destroyOldDeliveryKeys(db)
  expect(await past()).toBe(0)
})
