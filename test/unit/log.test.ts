import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createLog } from '../../src/platform/log.ts'

let lines: Record<string, unknown>[]
let log: ReturnType<typeof createLog>
beforeEach(() => {
  vi.useFakeTimers()
  lines = []
  log = createLog('info', (line) => lines.push(JSON.parse(line)))
})
afterEach(() => {
  vi.useRealTimers()
})
const failure = (message: string, code?: string) => Object.assign(new Error(message), { code })
const written = () => lines.map(({ event, repeated }) => [event, repeated])

test('a failure that repeats is written at once, then each minute with its number, until it is over', () => {
  for (let n = 0; n < 500; n++)
    log.error('deliveries cannot be applied', {
      error: failure(`connect 127.0.0.1:${n}`, 'ECONNREFUSED'),
    })
  expect(written()).toEqual([['deliveries cannot be applied', undefined]])
  vi.advanceTimersByTime(60_000)
  expect(written().slice(1)).toEqual([['deliveries cannot be applied', 499]])
  log.error('deliveries cannot be applied', {
    error: failure('connect 127.0.0.1:1', 'ECONNREFUSED'),
  })
  vi.advanceTimersByTime(60_000)
  expect(written().slice(2)).toEqual([['deliveries cannot be applied', 1]])
  vi.advanceTimersByTime(60_000)
  // It was over for a minute: the next one is news.
  log.error('deliveries cannot be applied', {
    error: failure('connect 127.0.0.1:1', 'ECONNREFUSED'),
  })
  expect(written().slice(3)).toEqual([['deliveries cannot be applied', undefined]])
})

test('failures of another kind, of another job, or with another cause are written beside each other', () => {
  const error = failure('it did not respond')
  log.warn('job failed', { job: 'send-mail', jobId: 1, error })
  log.warn('job failed', { job: 'send-mail', jobId: 2, error })
  log.warn('job failed', { job: 'fetch-logo', jobId: 3, error })
  log.warn('job failed', { job: 'send-mail', jobId: 4, error: failure('it did respond') })
  log.error('job failed', { job: 'send-mail', jobId: 5, error })
  expect(lines.map(({ jobId }) => jobId)).toEqual([1, 3, 4, 5])
})

test('what names a request, and what is no failure, is always written', () => {
  for (const requestId of ['a', 'b'])
    log.error('request failed', { requestId, error: failure('no') })
  for (const address of ['a', 'b']) log.warn('form refused', { address })
  for (const n of [1, 2]) log.info('ready', { n })
  expect(lines).toHaveLength(6)
})
