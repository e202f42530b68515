import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hashEmail } from '../../src/accounts/accounts.ts'
import { signIn } from '../../src/accounts/sign-in.ts'
import { countAttempt, uncountAttempt } from '../../src/accounts/throttle.ts'
import { addResident, PASSWORD, startPortal, type TestPortal } from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'
import { mostJudged } from '../support/timing.ts'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal()
})
afterAll(() => portal.close())

const wrong = 'lantern orchard violet drums'
const tryOnce = (email: string, address: string, password = wrong) =>
  signIn(portal.parts, { email, password, address }, async ({ accountId }) => ({
    outcome: 'signed-in',
    accountId,
    method: 'password',
  }))
const statusOf = (answer: Awaited<ReturnType<typeof tryOnce>>) =>
  answer.outcome === 'failed' ? answer.status : 200

test('of a hundred wrong passwords at one instant, a handful is judged, whether or not there is such a resident', async () => {
  const resident = await addResident(portal.parts)
  for (const email of [resident.email, `nobody-${randomUUID()}@example.test`]) {
    const address = `2001:db8:${Math.floor(Math.random() * 65536).toString(16)}::1`
    const started = performance.now()
    const answers = await Promise.all(Array.from({ length: 100 }, () => tryOnce(email, address)))
    const seconds = (performance.now() - started) / 1000
    const statuses = answers.map(statusOf)
    const judged = statuses.filter((status) => status === 401).length
    expect(judged).toBeGreaterThanOrEqual(6)
    expect(judged).toBeLessThanOrEqual(mostJudged(5, seconds))
    expect(statuses.every((status) => status === 401 || status === 429)).toBe(true)
    expect(answers.find((answer) => statusOf(answer) === 429)).toMatchObject({
      retryAfterSeconds: expect.toSatisfy((wait: number) => wait >= 1 && wait <= 2 ** (judged - 5)),
    })
  }
})

test('after a hundred tries the resident gets in from another address', async () => {
  const resident = await addResident(portal.parts)
  for (let round = 0; round < 100; round++) await tryOnce(resident.email, '192.0.2.10')
  // The next try then comes during the wait.
  await eventually(async () => {
    const answer = await tryOnce(resident.email, '192.0.2.10')
    return answer.outcome === 'failed' && (answer.retryAfterSeconds ?? 0) > 2
  })
  expect(statusOf(await tryOnce(resident.email, '192.0.2.10', PASSWORD))).toBe(429)
  expect(statusOf(await tryOnce(resident.email, '192.0.2.11', PASSWORD))).toBe(200)
})

test('guesses from everywhere slow a resident for seconds at most, and not where they have signed in before', async () => {
  const resident = await addResident(portal.parts)
  expect(statusOf(await tryOnce(resident.email, '198.51.100.1', PASSWORD))).toBe(200)
  const key = await hashEmail(portal.db, portal.parts.vault, resident.email)
  let waited = 0
  for (let address = 1; address <= 80 && waited === 0; address++)
    waited = await countAttempt(portal.db, {
      what: 'sign-in',
      emailKey: key,
      address: `203.0.113.${address}`,
    })
  expect(waited).toBeGreaterThan(0)
  await portal.db`
    update sign_in_throttle set failures = 10000 where key = ${`sign-in account ${key}`}`
  await portal.db`
    update sign_in_throttle set blocked_until = now() where key = ${`sign-in account ${key}`}`
  expect(statusOf(await tryOnce(resident.email, '203.0.113.200'))).toBe(401)
  const answer = await tryOnce(resident.email, '203.0.113.201', PASSWORD)
  expect(answer).toMatchObject({ status: 429 })
  expect((answer as { retryAfterSeconds: number }).retryAfterSeconds).toBeLessThanOrEqual(5)
  expect(statusOf(await tryOnce(resident.email, '198.51.100.1', PASSWORD))).toBe(200)
})

test('tries while waiting are not counted, and do not make the wait longer', async () => {
  const attempt = {
    what: 'sign-in',
    emailKey: `${randomUUID()}@x.test`,
    address: '192.0.2.30',
  } as const
  expect(await countAttempt(portal.db, attempt)).toBe(0)
  const key = `sign-in pair ${attempt.emailKey} ${attempt.address}`
  await portal.db`
    update sign_in_throttle set failures = 12, blocked_until = now() + interval '100 seconds'
    where key = ${key}`
  const waits = await Promise.all(
    Array.from({ length: 50 }, () => countAttempt(portal.db, attempt)),
  )
  expect(Math.min(...waits)).toBeGreaterThan(0)
  expect(Math.max(...waits)).toBeLessThanOrEqual(100)
  const [row] = await portal.db`select failures from sign_in_throttle where key = ${key}`
  expect(row?.failures).toBe(12)
})

test('right passwords from one address are not counted, however many', async () => {
  const residents = await Promise.all(Array.from({ length: 4 }, () => addResident(portal.parts)))
  for (let round = 0; round < 12; round++)
    for (const { email } of residents)
      expect(statusOf(await tryOnce(email, '192.0.2.40', PASSWORD))).toBe(200)
})

test('addresses of one IPv6 network count as one, and a try that was given back was none', async () => {
  const emailKey = `${randomUUID()}@x.test`
  const at = (last: string) =>
    ({ what: 'sign-in', emailKey, address: `2001:db8:7:1::${last}` }) as const
  for (let round = 1; round <= 20; round++) {
    expect(await countAttempt(portal.db, at(String(round)))).toBe(0)
    await uncountAttempt(portal.db, at(String(round)))
  }
  for (let round = 1; round <= 6; round++)
    expect(await countAttempt(portal.db, at(String(round)))).toBe(0)
  expect(await countAttempt(portal.db, at('ffff'))).toBeGreaterThan(0)
})
