import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Db } from '../../src/platform/db.ts'
import type { Log } from '../../src/platform/log.ts'
import { cleanDetail, cleanText, maskAddress } from '../../src/request-log/foreign-text.ts'
import { createRequestLog, type NotedRequest } from '../../src/request-log/recorder.ts'

type Row = { request_id: string; client_id: string; left_out: number; reason: string | null }

let stored: Row[]
let warned: object[]
let isAway: boolean
beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-01-15T10:00:00Z') })
  stored = []
  warned = []
  isAway = false
})
afterEach(() => void vi.useRealTimers())

/** Takes the rows of each statement, which is given them as JSON. */
const db = Object.assign(
  async (_: TemplateStringsArray, rows: Row[]) => {
    stored.push(...rows)
  },
  { json: (rows: unknown) => rows },
) as unknown as Db
const log = { warn: (_: string, fields: object) => warned.push(fields) } as unknown as Log

const open = ({ keepsSuccesses = false } = {}) =>
  createRequestLog({
    db,
    log,
    keepsSuccesses,
    async findClients(_, ids) {
      if (isAway) throw new Error('the database is away')
      return new Map(
        ids
          .filter((id) => id.startsWith('client'))
          .map((id) => [id, { enabled: id !== 'client-off' }]),
      )
    },
  })

const noted = (given: Partial<NotedRequest> = {}): NotedRequest => ({
  requestId: 'r',
  clientId: 'client',
  endpoint: 'token',
  method: 'POST',
  status: 400,
  error: 'invalid_grant',
  reason: null,
  detail: null,
  isKnown: true,
  isAuthenticated: true,
  ...given,
})
const times = (count: number, given: Partial<NotedRequest> = {}) =>
  Array.from({ length: count }, (_, at) => noted({ requestId: `${at + 1}`, ...given }))
const ids = () => stored.map(({ request_id: id }) => id)

test('requests are stored together, a moment later', async () => {
  const requests = open()
  for (const each of times(3)) requests.note(each)
  expect(stored).toEqual([])
  await vi.advanceTimersByTimeAsync(250)
  expect(ids()).toEqual(['1', '2', '3'])
  expect(stored[0]).toMatchObject({ at: new Date('2026-01-15T10:00:00Z'), left_out: 0 })
})

test('what waits is stored when the process ends', async () => {
  const requests = open()
  requests.note(noted())
  await requests.close()
  expect(ids()).toEqual(['r'])
})

test('of more than 60 in a minute the last is stored after it, with the number that is missing', async () => {
  const requests = open()
  for (const each of times(100)) requests.note(each)
  // Neither another client nor what anybody sends with this id has part in that.
  requests.note(noted({ requestId: 'other', clientId: 'client-2' }))
  requests.note(noted({ requestId: 'anybody', isAuthenticated: false }))
  await vi.advanceTimersByTimeAsync(1_000)
  expect(stored).toHaveLength(62)
  expect(ids()).toEqual(expect.arrayContaining(['60', 'other', 'anybody']))
  await vi.advanceTimersByTimeAsync(61_000)
  expect(stored).toHaveLength(63)
  expect(stored.at(-1)).toMatchObject({ request_id: '100', left_out: 39 })
  requests.note(noted({ requestId: 'next' }))
  await vi.advanceTimersByTimeAsync(250)
  expect(ids().at(-1)).toBe('next')
  await requests.close()
  expect(stored).toHaveLength(64)
})

test('unknown clients leave nothing, share one limit, and a disabled one has its reason', async () => {
  const requests = open()
  for (let at = 0; at < 500; at++)
    requests.note(noted({ clientId: `nobody-${at}`, isKnown: false, isAuthenticated: false }))
  requests.note(noted({ requestId: 'known' }))
  await vi.advanceTimersByTimeAsync(61_000)
  requests.note(noted({ requestId: 'off', clientId: 'client-off', isKnown: false }))
  await requests.close()
  expect(ids()).toEqual(['known', 'off'])
  expect(stored[1]?.reason).toBe('The client is disabled.')
})

test('without the database requests are lost and counted, memory is bounded, and it goes on afterwards', async () => {
  const requests = open({ keepsSuccesses: true })
  isAway = true
  for (let client = 0; client < 10; client++)
    for (const each of times(500, { clientId: `client-${client}` })) requests.note(each)
  await vi.advanceTimersByTimeAsync(250)
  expect(warned).toEqual([{ count: 5_000, error: expect.any(Error) }])
  isAway = false
  requests.note(noted({ requestId: 'later', clientId: 'client-99' }))
  await requests.close()
  expect(ids()).toEqual(['later'])
})

test('an explanation that fails costs the explanation alone', async () => {
  const requests = open()
  requests.note(noted({ requestId: 'a', explain: () => Promise.reject(new Error('away')) }))
  requests.note(noted({ requestId: 'b', explain: async () => 'It was revoked.' }))
  await requests.close()
  expect(stored.map(({ reason }) => reason)).toEqual([null, 'It was revoked.'])
})

test('foreign text is one line, short, and has no secret and no address of a person', () => {
  expect(cleanText('a\u0000b\nc\u202ed')).toBe('a\\u{0}b\\u{a}c\\u{202e}d')
  expect(cleanText('x'.repeat(1000))).toHaveLength(300)
  expect(cleanText('\u0000'.repeat(1000)).length).toBeLessThanOrEqual(300)
  expect(cleanText('openid ana.mejia@example.test')).toBe('openid [an e-mail address]')
  expect(cleanText('https://a.test/?u=ana%40example.test')).not.toContain('ana')
  const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl'
  expect(cleanText(`scope ${token}`)).toBe('scope [a secret]')
  expect(cleanText('q0Xk3vG7nM1pR5tW9yB2dF6hJ8lN4sV0xZ3cE7gK1mQ')).toBe('[a secret]')
  for (const harmless of [
    'eprospera:person.id_verification.read',
    '0e6f1c56-3a8b-4f5e-8a77-2f1d9c0b7a11',
    'https://app.example/oauth/callback/of-the-second-environment',
  ])
    expect(cleanText(harmless)).toBe(harmless)
})

test('foreign text is looked through before it is cut', () => {
  const secret = 'q0Xk3vG7nM1pR5tW9yB2dF6hJ8lN4sV0xZ3cE7gK1mQ'
  const found: string[] = []
  for (const [personal, part] of [
    [secret, secret.slice(0, 8)],
    ['ana.mejia@example.test', 'ana.mejia'],
  ] as const)
    for (let before = 250; before < 640; before++) {
      // In words, so that the text before it is none of these.
      const text = `${'word '.repeat(200).slice(0, before)} ${personal} and more ${'word '.repeat(100)}`
      if (cleanText(text).includes(part)) found.push(`${part} after ${before}`)
      expect(cleanText(text).length).toBeLessThanOrEqual(300)
    }
  expect(found).toEqual([])
  expect(cleanText(`It was ${secret}.`)).toBe('It was [a secret].')
  expect(cleanText('https://a.test/?u=ana%2540example.test')).not.toContain('ana')
})

test('a detail is bounded in every direction', () => {
  const deep = { a: { b: { c: { d: { e: 'x' } } } } }
  const detail = cleanDetail([
    { name: 'list', arrived: Array(1000).fill('x') },
    { name: 'deep', arrived: deep, expected: (() => 1) as never },
    ...Array.from({ length: 100 }, (_, at) => ({ name: `n${at}`, arrived: at })),
  ])
  expect(detail).toHaveLength(20)
  expect(detail[0]?.arrived).toHaveLength(20)
  expect(JSON.stringify(detail[1])).not.toContain('"x"')
  expect(detail[1]?.expected).toBeNull()
})

test('of an address only what is registered keeps its values', () => {
  const registered = ['https://a.test/callback?tenant=1']
  expect(maskAddress('https://a.test/callback?tenant=1&name=Ana#token', registered)).toBe(
    'https://a.test/callback?tenant=1&name=…#…',
  )
  expect(maskAddress('https://user:word@a.test/', registered)).toBe('https://[user]a.test/')
  expect(maskAddress('not an address', registered)).toBe('not an address')
})
