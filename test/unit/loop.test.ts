import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Log } from '../../src/platform/log.ts'
import { startLoop } from '../../src/platform/loop.ts'

const HOUR = 3600_000

function listen() {
  const failures: unknown[] = []
  const log: Log = {
    debug() {},
    info() {},
    warn() {},
    error: (event) => failures.push(event),
  }
  return { log, failures }
}

test('a run that found something is followed by the next without a pause', async () => {
  const { log } = listen()
  let left = 3
  const done = Promise.withResolvers<void>()
  const loop = startLoop({ event: 'unused', pauseMs: HOUR, log }, async () => {
    if (left === 0) done.resolve()
    return left-- > 0
  })
  await done.promise
  await loop.stop()
  expect(left).toBe(-1)
})

test('it is woken from its pause, and from the next one when it is woken while it runs', async () => {
  const { log } = listen()
  let runs = 0
  const reached = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const loop = startLoop({ event: 'unused', pauseMs: HOUR, firstAfterMs: HOUR, log }, async () => {
    runs++
    if (runs === 1) loop.runNow()
    reached[runs - 1]?.resolve()
  })
  loop.runNow()
  await reached[0]?.promise
  await reached[1]?.promise
  await loop.stop()
  expect(runs).toBe(2)
})

test('a failure is logged, and the loop goes on', async () => {
  const { log, failures } = listen()
  let runs = 0
  const done = Promise.withResolvers<void>()
  const loop = startLoop({ event: 'work failed', pauseMs: 0, log }, async () => {
    if (++runs > 3) return done.resolve()
    throw new Error('an invented fault')
  })
  await done.promise
  await loop.stop()
  expect(failures).toEqual(['work failed', 'work failed', 'work failed'])
})

test('stop waits for the run under way, tells it, and begins no other', async () => {
  const { log } = listen()
  const events: string[] = []
  const began = Promise.withResolvers<void>()
  const loop = startLoop({ event: 'unused', pauseMs: 0, log }, async (stopping) => {
    began.resolve()
    while (!stopping.aborted) await wait(1)
    events.push('ended')
    return true
  })
  await began.promise
  await loop.stop()
  events.push('stopped')
  expect(events).toEqual(['ended', 'stopped'])
})

test('a run that does not end is a stalled one', async () => {
  const { log } = listen()
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const run = Promise.withResolvers<void>()
  const loop = startLoop({ event: 'unused', pauseMs: HOUR, log }, () => run.promise)
  vi.advanceTimersByTime(HOUR / 12)
  expect(loop.isStalled()).toBe(false)
  vi.advanceTimersByTime(1)
  expect(loop.isStalled()).toBe(true)
  run.resolve()
  await run.promise
  await wait(0)
  expect(loop.isStalled()).toBe(false)
  await loop.stop()
})
