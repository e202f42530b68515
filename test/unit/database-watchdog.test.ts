import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import {
  type SupervisedPool,
  type Working,
  watchPool,
} from '../../src/platform/database-watchdog.ts'

type Fake = { silentSince: number | null; pid: number | null; resets: (string | undefined)[] }
let connections: Fake[]
let pool: SupervisedPool
let rejected: { before: number; message: string }[]
let probe: () => Promise<Working>
let stop: () => void
beforeEach(() => {
  vi.useFakeTimers()
  connections = []
  rejected = []
  pool = {
    get connections() {
      return connections.map((each) => ({
        get silentSince() {
          return each.silentSince
        },
        get pid() {
          return each.pid
        },
        reset: (error?: Error) => void each.resets.push(error?.message),
      }))
    },
    rejectWaiting: (before, error) => void rejected.push({ before, message: error().message }),
    refusal: null,
  }
  probe = async () => new Set<number>()
  stop = watchPool(pool, () => probe())
})
afterEach(() => {
  stop()
  vi.useRealTimers()
})
const add = (given: Partial<Fake> = {}) => {
  const each = { silentSince: performance.now(), pid: 1, resets: [], ...given }
  connections.push(each)
  return each
}

test('a silent connection for which the server does nothing is replaced; one with a slow statement is not', async () => {
  const lost = add({ pid: 1 })
  const slow = add({ pid: 2 })
  const idle = add({ pid: 3, silentSince: null })
  const connecting = add({ pid: null })
  probe = async () => new Set([2])
  await vi.advanceTimersByTimeAsync(3_000)
  expect(lost.resets).toEqual([])
  await vi.advanceTimersByTimeAsync(2_000)
  expect(lost.resets).toEqual(['the connection was lost'])
  for (const each of [slow, idle, connecting]) expect(each.resets).toEqual([])
  expect(pool.refusal).toBeNull()
})

test('one that answers while the server is asked is kept', async () => {
  const late = add()
  probe = async () => {
    late.silentSince = performance.now()
    return new Set<number>()
  }
  await vi.advanceTimersByTimeAsync(5_000)
  expect(late.resets).toEqual([])
})

test('where it is unknown what the server works on, a connection may be silent as long as a statement may take', async () => {
  const silent = add()
  probe = async () => 'unknown'
  await vi.advanceTimersByTimeAsync(18_000)
  expect(silent.resets).toEqual([])
  await vi.advanceTimersByTimeAsync(8_000)
  expect(silent.resets[0]).toBe('the connection was lost')
})

test('while the server does not answer, everything fails at once, until it does', async () => {
  const silent = add()
  const other = add({ silentSince: null })
  let isBack = false
  probe = async () => {
    if (!isBack) throw new Error('it does not answer')
    return new Set<number>()
  }
  await vi.advanceTimersByTimeAsync(5_000)
  for (const each of [silent, other]) expect(each.resets[0]).toBe('the database does not answer')
  expect(rejected).toContainEqual({ before: Infinity, message: 'the database does not answer' })
  expect(pool.refusal?.().message).toBe('the database does not answer')
  silent.silentSince = null
  await vi.advanceTimersByTimeAsync(60_000)
  expect(pool.refusal).not.toBeNull()
  isBack = true
  await vi.advanceTimersByTimeAsync(1_000)
  expect(pool.refusal).toBeNull()
})

test('who waits for a connection waits ten seconds', async () => {
  await vi.advanceTimersByTimeAsync(500)
  expect(rejected).toEqual([
    {
      before: performance.now() - 10_000,
      message: 'no connection to the database was free in time',
    },
  ])
})
