import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createRateLimiter } from '../../src/api/rate-limits.ts'
import { createLog } from '../../src/platform/log.ts'
import { createApplication } from '../support/application.ts'
import {
  ALL_SCOPES,
  addClient,
  addResident,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'

const PATH = '/api/v1/me/natural-person/id-verification'
const log = createLog('silent')
let portal: TestPortal
beforeAll(async () => {
  // The clock stands still, so that all requests are of one minute.
  vi.useFakeTimers({ toFake: ['Date'] })
  portal = await startPortal({ rateLimits: { perResident: 20, perClient: 45 } })
})
afterAll(async () => {
  await portal.close()
  vi.useRealTimers()
})

const call = async (token: string, url = portal.url, path = PATH) => {
  const answer = await fetch(`${url}${path}`, { headers: { Authorization: `Bearer ${token}` } })
  return { status: answer.status, text: await answer.text(), headers: answer.headers }
}

/** Waits until the processes have shared that the client sent this many requests. */
const shared = (clientId: string, requests: number) =>
  eventually(async () => {
    const [row] = await portal.db`select count from rate_window where key = ${`client ${clientId}`}`
    return row?.count === requests
  })

test('too many requests of an application for a resident are told when to come back; others go on', async () => {
  const client = await addClient(portal.parts)
  const application = await createApplication(portal.issuer, client)
  const tokens: string[] = []
  for (let number = 0; number < 3; number++) {
    const { email } = await addResident(portal.parts)
    tokens.push((await application.obtainTokens(ALL_SCOPES, email)).access_token)
  }
  const [first = '', second = '', third = ''] = tokens
  const answers = await Promise.all(Array.from({ length: 30 }, () => call(first)))
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(20)
  const refused = answers.filter(({ status }) => status === 429)
  expect(refused).toHaveLength(10)
  for (const { text, headers } of refused) {
    expect(JSON.parse(text)).toMatchObject({ error: 'rate_limit_exceeded' })
    const seconds = Number(headers.get('retry-after'))
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThanOrEqual(60)
    expect(headers.get('cache-control')).toBe('no-store')
  }
  expect((await call(first, portal.url, `${PATH}/images`)).status).toBe(429)
  expect((await call(second)).status).toBe(200)
  // All of the application's together.
  await Promise.all(Array.from({ length: 30 }, () => call(second)))
  const last = await Promise.all(Array.from({ length: 10 }, () => call(third)))
  expect(last.filter(({ status }) => status === 200)).toHaveLength(5)
})

test('what one process counted the other knows within a second', async () => {
  const client = await addClient(portal.parts)
  const application = await createApplication(portal.issuer, client)
  const { email } = await addResident(portal.parts)
  const token = (await application.obtainTokens(ALL_SCOPES, email)).access_token
  const another = await portal.startAnother()
  await Promise.all(Array.from({ length: 12 }, () => call(token)))
  await Promise.all(Array.from({ length: 4 }, () => call(token, another.url)))
  await shared(client.client_id, 16)
  // One more from each tells them of the other's.
  await Promise.all([call(token), call(token, another.url)])
  await shared(client.client_id, 18)
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, index) => call(token, index % 2 ? another.url : portal.url)),
  )
  const taken = answers.filter(({ status }) => status === 200)
  // Two were left, for either of them.
  expect(taken.length).toBeGreaterThanOrEqual(2)
  expect(taken.length).toBeLessThanOrEqual(4)
  await another.close()
})

test('a new minute begins anew, a restart does not, and a database that is away stops nobody', async () => {
  const minute = 30_000_000
  let time = minute * 60_000
  const limits = { perResident: 3, perClient: 0 }
  const of = { clientId: `c-${Math.random()}`, accountId: 'a' }
  const open = () => createRateLimiter(portal.db, limits, log, () => time)
  const first = open()
  for (let number = 0; number < 3; number++) first.take(of)
  expect(() => first.take(of)).toThrow('3 requests a minute')
  await first.close()
  const second = open()
  second.take(of)
  await new Promise((resolve) => setTimeout(resolve, 1_200))
  expect(() => second.take(of)).toThrow('3 requests a minute')
  time += 60_000
  await new Promise((resolve) => setTimeout(resolve, 1_200))
  second.take(of)
  await second.close()
  const away = createRateLimiter(
    (() => Promise.reject(new Error('away'))) as never,
    limits,
    log,
    () => time,
  )
  away.take(of)
  await new Promise((resolve) => setTimeout(resolve, 700))
  away.take(of)
  await away.close()
})
