import { afterAll, beforeAll, expect, test } from 'vitest'
import { findVerification } from '../../src/id-verification/operations.ts'
import { startPortal, type TestPortal } from '../support/portal.ts'
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

test('a vendor that is away is asked again, and nothing is lost', async () => {
  const { id, sessionId } = await veriff.start()
  await veriff.sandbox.complete(sessionId, 'approved')
  await veriff.sandbox.misbehave({ api: { times: 2, status: 503, delayInMs: 0 } })
  await checkNow(id)
  await eventually(async () => ((await status(id)) === 'approved' ? true : undefined), 40)
}, 60_000)
