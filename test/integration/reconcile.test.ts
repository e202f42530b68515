import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findVerification, startVerification } from '../../src/id-verification/operations.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { addResident, startPortal, type TestPortal } from '../support/portal.ts'
import { connectSandbox, eventually } from '../support/sandbox.ts'

let portal: TestPortal
let veriff: Awaited<ReturnType<typeof connectSandbox>>
beforeAll(async () => {
  portal = await startPortal({ worker: true })
  veriff = await connectSandbox(portal, { webhooks: false })
})
afterAll(async () => {
  await veriff.sandbox.close()
  await portal.close()
})

const checkNow = (id: string) =>
  portal.db`update verification set next_check_at = now() where id = ${id}`
const status = async (id: string) => (await findVerification(portal.db, id))?.status

test('a session whose deliveries never came is asked about, and its images are backed up', async () => {
  const { id, sessionId } = await veriff.start()
  const [row] = await portal.db`
    select extract(epoch from next_check_at - now()) as seconds from verification where id = ${id}`
  expect(Number(row?.seconds)).toBeGreaterThan(500)
  await veriff.sandbox.complete(sessionId, 'approved')
  await checkNow(id)
  await eventually(async () => (await findVerification(portal.db, id))?.imagesComplete || undefined)
  expect(await status(id)).toBe('approved')
  const [after] = await portal.db`select next_check_at, checks from verification where id = ${id}`
  expect(after?.checks).toBe(1)
})

test('one that is undecided stays so, and is asked about less and less often', async () => {
  const { id, sessionId } = await veriff.start()
  await checkNow(id)
  const once = await eventually(async () => {
    const [row] = await portal.db`
      select checks, extract(epoch from next_check_at - now()) as seconds from verification
      where id = ${id} and checks = 1`
    return row
  })
  expect(Number(once.seconds)).toBeGreaterThan(1000)
  expect(await status(id)).toBe('pending')
  await veriff.sandbox.complete(sessionId, 'declined')
  await checkNow(id)
  await eventually(async () => ((await status(id)) === 'declined' ? true : undefined))
})

test('a decided session is asked about daily for a week, so that an overturn is seen whose deliveries were lost', async () => {
  const { id, sessionId } = await veriff.start()
  await veriff.sandbox.complete(sessionId, 'approved')
  await checkNow(id)
  await eventually(async () => (await findVerification(portal.db, id))?.imagesComplete || undefined)
  const hoursToNext = async () => {
    const [row] = await portal.db<{ hours: number | null }[]>`
      select round(extract(epoch from next_check_at - now()) / 3600)::int as hours
      from verification where id = ${id}`
    return row?.hours
  }
  expect(await hoursToNext()).toBe(24)

  // Also while the vendor is away: nothing is retried until tomorrow.
  await veriff.sandbox.misbehave({ api: { times: 1, status: 503, delayInMs: 0 } })
  await checkNow(id)
  await eventually(async () => portal.logged().includes('decided session could not be checked'))
  expect([await status(id), await hoursToNext()]).toEqual(['approved', 24])

  await veriff.sandbox.complete(sessionId, 'declined')
  await checkNow(id)
  await eventually(async () => ((await status(id)) === 'declined' ? true : undefined))
  expect(await hoursToNext()).toBe(24)

  await portal.db`update decision set recorded_at = now() - interval '8 days' where verification_id = ${id}`
  await checkNow(id)
  await eventually(async () => (await hoursToNext()) === null)
})

test('a vendor that is away is asked again, and nothing is lost', async () => {
  const { id, sessionId } = await veriff.start()
  await veriff.sandbox.complete(sessionId, 'approved')
  await veriff.sandbox.misbehave({ api: { times: 2, status: 503, delayInMs: 0 } })
  await checkNow(id)
  await eventually(async () => ((await status(id)) === 'approved' ? true : undefined))
})

test('an answer that was on its way while a newer one came is not believed', async () => {
  const gate = Promise.withResolvers<void>()
  let asked = 0
  const says = (recommendation: string) => ({
    session_id: 'slow-1',
    status: 'complete',
    recommendation,
    verification_images: [],
  })
  const server = createServer(async (req, res) => {
    const reply = (body: object) => res.end(JSON.stringify(body))
    if (req.url === '/oidc/token') return reply({ access_token: 'token', expires_in: 3600 })
    if (req.url?.endsWith('/verification'))
      return reply({ session_id: 'slow-1', start_token: 'start' })
    if (!req.url?.endsWith('/result')) return reply({ session_images: [] })
    if (++asked > 1) return reply(says('DENY'))
    await gate.promise
    reply(says('ALLOW'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    await setVendorIntegration(portal.db, portal.parts.sealer, {
      vendor: 'mosaic',
      baseUrl: `http://127.0.0.1:${port}`,
      apiKey: 'id',
      secret: 'secret',
    })
    const { id } = await startVerification(
      { ...portal.parts, issuer: portal.issuer },
      { vendor: 'mosaic', accountId: (await addResident(portal.parts)).id },
    )
    await checkNow(id)
    await eventually(async () => asked === 1)
    await checkNow(id)
    await eventually(async () => (await status(id)) === 'declined')
    gate.resolve()
    const answers = () =>
      portal
        .logged()
        .split('\n')
        .filter((line) => line.includes('"vendor result fetched"') && line.includes(id))
    await eventually(async () => answers().length === 2)
    expect(await status(id)).toBe('declined')
    const { decisions } = (await findVerification(portal.db, id)) as unknown as {
      decisions: { status: string }[]
    }
    expect(decisions.map((decision) => decision.status)).toEqual(['declined'])
  } finally {
    gate.resolve()
    server.close()
  }
})
