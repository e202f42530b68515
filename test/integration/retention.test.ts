import { afterAll, beforeAll, expect, test } from 'vitest'
import { findVerification } from '../../src/id-verification/operations.ts'
import {
  eraseResident,
  eraseVerification,
  findErased,
  runRetention,
  setRetention,
} from '../../src/id-verification/retention.ts'
import { createJobs, type Jobs } from '../../src/platform/jobs.ts'
import { createApplication } from '../support/application.ts'
import { ALL_SCOPES, addClient, startPortal, type TestPortal } from '../support/portal.ts'
import { connectSandbox, eventually } from '../support/sandbox.ts'

let portal: TestPortal
let veriff: Awaited<ReturnType<typeof connectSandbox>>
let jobs: Jobs
beforeAll(async () => {
  portal = await startPortal({ worker: true })
  veriff = await connectSandbox(portal)
  jobs = await createJobs(portal.config.database.url, portal.parts.log)
})
afterAll(async () => {
  await jobs.stop()
  await veriff.sandbox.close()
  await portal.close()
})

const parts = () => ({ ...portal.parts, jobs })
const API = '/api/v1/me/natural-person/id-verification'

async function approved() {
  const started = await veriff.start()
  await veriff.sandbox.complete(started.sessionId, 'approved')
  await eventually(
    async () => (await findVerification(portal.db, started.id))?.imagesComplete || undefined,
  )
  return started
}

/** Everything in the database that this id, or this session of the vendor's, stands in, but the row that remains, the ledger, and who was told of the erasure. */
async function traces(id: string, sessionId: string): Promise<string[]> {
  const tables = await portal.db<{ name: string }[]>`
    select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname in ('public', 'pgboss') and tablename not in ('erased_verification', 'ledger_entry', 'event')`
  const found: string[] = []
  for (const { name } of tables) {
    const rows = await portal.db.unsafe(
      `select 1 from ${name} t where t::text like '%${id}%' or t::text like '%${sessionId}%'`,
    )
    // A completed or waiting job of the erasure itself names the id of the erased verification, and nothing else.
    if (rows.length > 0 && !name.startsWith('pgboss.')) found.push(name)
  }
  return found
}

test('an erased verification is gone: rows, deliveries, jobs, every object, and at the vendor; one row remains as proof', async () => {
  const { resident, id, sessionId } = await approved()
  const application = await createApplication(portal.issuer, await addClient(portal.parts))
  const tokens = await application.obtainTokens(ALL_SCOPES, resident.email)
  const before = (await (
    await application.call(`${portal.issuer}${API}`, tokens.access_token)
  ).json()) as { documents: Record<string, string> }
  const links = Object.values(before.documents).filter(Boolean)
  for (const link of links) expect((await fetch(link)).status).toBe(200)

  expect(await eraseVerification(parts(), id, 'operator')).toBe(true)
  const after = await application.call(`${portal.issuer}${API}`, tokens.access_token)
  expect(await after.json()).toMatchObject({ id: null, status: null })
  await eventually(async () => (await findErased(portal.db, id))?.vendorDeletedAt || undefined)
  for (const link of links) expect((await fetch(link)).status).toBe(404)
  expect(await veriff.sandbox.findSession(sessionId)).toBeUndefined()
  expect(await traces(id, sessionId)).toEqual([])
  // The ledger says that it was seen and erased, by ids alone.
  const looks =
    await portal.db`select t::text as text, kind from ledger_entry t where t::text like ${`%${id}%`}`
  expect(looks.map(({ kind }) => kind)).toEqual(['disclosure', 'erasure'])
  for (const { text } of looks)
    for (const secret of [sessionId, resident.email, 'X-Amz']) expect(text).not.toContain(secret)
  expect(await findErased(portal.db, id)).toMatchObject({
    vendor: 'veriff',
    reason: 'operator',
    status: 'approved',
    images: 3,
    objectsDeletedAt: expect.any(Date),
  })
  const [remaining] = await portal.db`select * from erased_verification where id = ${id}`
  expect(remaining?.vendorSessionId).toBeNull()
  expect(JSON.stringify(remaining)).not.toContain(resident.id)
  expect(await eraseVerification(parts(), id, 'operator')).toBe(false)
})

test('a vendor that is away is asked again, and the objects are gone meanwhile', async () => {
  const { id } = await approved()
  await veriff.sandbox.misbehave({ api: { times: 1_000, status: 503, delayInMs: 0 } })
  await eraseVerification(parts(), id, 'operator')
  const half = await eventually(async () => {
    const found = await findErased(portal.db, id)
    return found?.objectsDeletedAt ? found : undefined
  })
  expect(half.vendorDeletedAt).toBeNull()
  await veriff.sandbox.misbehave({})
  await eventually(async () => (await findErased(portal.db, id))?.vendorDeletedAt || undefined)
})

test('images that are on their way when it is erased leave nothing behind', async () => {
  const { id, sessionId } = await veriff.start()
  await veriff.sandbox.misbehave({ api: { times: 50, delayInMs: 300 } })
  await veriff.sandbox.complete(sessionId, 'approved')
  await eventually(async () => {
    const found = await findVerification(portal.db, id)
    return (found?.images.length ?? 0) > 0 || undefined
  })
  await eraseVerification(parts(), id, 'operator')
  await veriff.sandbox.misbehave({})
  await eventually(async () => (await findErased(portal.db, id))?.objectsDeletedAt || undefined)
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  expect(await portal.parts.storage.deleteAll(`default/${id}/`)).toBe(0)
})

test('an erased resident’s token opens nothing at the next request, and of every verification one row remains', async () => {
  const { resident, id } = await approved()
  const application = await createApplication(portal.issuer, await addClient(portal.parts))
  const tokens = await application.obtainTokens(ALL_SCOPES, resident.email)
  expect(await eraseResident(parts(), resident.id)).toEqual([id])
  const refused = await fetch(`${portal.issuer}${API}`, {
    headers: { Authorization: `Bearer ${tokens.access_token}` },
  })
  expect([refused.status, await refused.json()]).toEqual([401, { error: 'invalid_token' }])
  await expect(application.refresh(tokens.refresh_token ?? '')).rejects.toMatchObject({
    error: 'invalid_grant',
  })
  expect(await eraseResident(parts(), resident.id)).toBeUndefined()
})

test('what is due goes by purpose and vendor, is only counted in a dry run, and the rest stays', async () => {
  const old = await approved()
  const recent = await approved()
  const { id: unfinished } = await veriff.start()
  await portal.db`
    update verification set session_created_at = session_created_at - interval '100 days',
      decided_at = decided_at - interval '100 days' where id in (${old.id}, ${unfinished})`
  const count = async (dryRun: boolean) =>
    Object.fromEntries(
      (await runRetention(parts(), { dryRun })).map(({ purpose, found }) => [purpose, found]),
    )
  // Approved ones are kept until somebody says otherwise.
  expect(await count(true)).toMatchObject({ declined: 0, unfinished: 1, delivery: 0 })
  await setRetention(portal.db, { vendor: 'veriff' }, ['approved=99'])
  expect(await count(true)).toMatchObject({ approved: 1, unfinished: 1 })
  expect(await findVerification(portal.db, old.id)).toBeDefined()
  expect(await count(false)).toMatchObject({ approved: 1, unfinished: 1 })
  expect(await findVerification(portal.db, old.id)).toBeUndefined()
  expect(await findVerification(portal.db, unfinished)).toBeUndefined()
  expect(await findVerification(portal.db, recent.id)).toBeDefined()
  expect((await findErased(portal.db, old.id))?.reason).toBe('retention')

  await portal.db`update delivery set last_received_at = now() - interval '91 days'`
  expect((await count(false)).delivery).toBeGreaterThan(0)
  await expect(setRetention(portal.db, { vendor: 'veriff' }, ['passports=1'])).rejects.toThrow(
    'A purpose is',
  )
  await expect(setRetention(portal.db, { vendor: 'veriff' }, ['declined=soon'])).rejects.toThrow()
})
