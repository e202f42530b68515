import { expect, test } from 'vitest'
import type { Log } from '../../src/platform/log.ts'
import { createReadiness, PROBES } from '../../src/platform/readiness.ts'

function create() {
  const events: unknown[] = []
  const note = (event: string, fields = {}) => events.push([event, fields])
  const log: Log = { debug: note, info: note, warn: note, error: note }
  let time = 0
  return {
    events,
    readiness: createReadiness(log, () => time),
    pass: (milliseconds: number) => {
      time += milliseconds
    },
  }
}

const fail = async () => {
  throw new Error('postgres://secret@10.0.0.1')
}

test('a required part makes the process unready, another one is only reported, and no error is shown', async () => {
  const { readiness, events, pass } = create()
  let database = async () => {}
  readiness.add('database', () => database())
  readiness.add('bucket', fail, { isRequired: false })
  const ready = { status: 'ready', parts: { database: 'ok', bucket: 'unavailable' } }
  expect(await readiness.report()).toEqual(ready)
  database = fail
  pass(1_000)
  expect(await readiness.report()).toEqual({
    status: 'unavailable',
    parts: { database: 'unavailable', bucket: 'unavailable' },
  })
  database = async () => {}
  pass(1_000)
  expect(await readiness.report()).toEqual(ready)
  expect(events).toEqual([
    ['process is not ready', { parts: ['database'] }],
    ['process is ready again', {}],
  ])
})

test('a result is used again for a second, and one check answers all who ask meanwhile', async () => {
  const { readiness, pass } = create()
  let checks = 0
  readiness.add('database', async () => checks++)
  await Promise.all([readiness.report(), readiness.report()])
  pass(999)
  await readiness.report()
  expect(checks).toBe(1)
  pass(1)
  await readiness.report()
  expect(checks).toBe(2)
})

test('a check that does not end fails within its limit, at once for who asks later, and is not begun again', async () => {
  const { readiness, pass } = create()
  const hanging = Promise.withResolvers<void>()
  let checks = 0
  readiness.add(
    'database',
    () => {
      checks++
      return hanging.promise
    },
    { limitMs: 20 },
  )
  for (let times = 0; times < 3; times++)
    expect((await readiness.report()).status).toBe('unavailable')
  expect(checks).toBe(1)
  hanging.resolve()
  await new Promise((resolve) => setImmediate(resolve))
  expect((await readiness.report()).status).toBe('ready')
  pass(1_000)
  await readiness.report()
  expect(checks).toBe(2)
})

test('a process that drains is not ready, and runs; so is one that starts', async () => {
  const { readiness } = create()
  let checks = 0
  readiness.add('database', async () => checks++)
  const { '/health/live': live, '/health/ready': ready } = PROBES
  expect(await ready?.(undefined)).toEqual({ status: 503, body: { status: 'starting' } })
  expect((await ready?.(readiness))?.status).toBe(200)
  readiness.drain()
  expect(await ready?.(readiness)).toEqual({ status: 503, body: { status: 'draining', parts: {} } })
  expect(checks).toBe(1)
  for (const each of [readiness, undefined])
    expect(await live?.(each)).toEqual({ status: 200, body: { status: 'ok' } })
})
