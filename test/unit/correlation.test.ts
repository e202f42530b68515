import { expect, test } from 'vitest'
import {
  correlate,
  currentCorrelation,
  currentTraceparent,
  parseTraceparent,
} from '../../src/platform/correlation.ts'
import { createLog } from '../../src/platform/log.ts'
import { createRouteFinder } from '../../src/web/request-observation.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'

test('a traceparent is read as W3C Trace Context says', () => {
  const read = { traceId: TRACE, spanId: SPAN }
  expect(parseTraceparent(`00-${TRACE}-${SPAN}-01`)).toEqual({ ...read, isSampled: true })
  expect(parseTraceparent(`00-${TRACE}-${SPAN}-00`)).toEqual({ ...read, isSampled: false })
  // Flags that are not known yet, and members of a later version.
  expect(parseTraceparent(`00-${TRACE}-${SPAN}-fe`)).toEqual({ ...read, isSampled: false })
  expect(parseTraceparent(`cc-${TRACE}-${SPAN}-01-more`)).toEqual({ ...read, isSampled: true })
  for (const invalid of [
    undefined,
    '',
    'none',
    [`00-${TRACE}-${SPAN}-01`],
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.slice(1)}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-1`,
    ` 00-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01\r\nX: y`,
    `cc-${TRACE}-${SPAN}-01-${'x'.repeat(1000)}`,
  ])
    expect(parseTraceparent(invalid)).toBeUndefined()
})

test('work has the correlation it was started with, whatever runs beside it', async () => {
  const seen = await Promise.all(
    ['a', 'b'].map((requestId) =>
      correlate({ requestId, trace: parseTraceparent(`00-${TRACE}-${SPAN}-01`) }, async () => {
        await new Promise((resolve) => setTimeout(resolve, 5))
        return [currentCorrelation()?.requestId, currentTraceparent()]
      }),
    ),
  )
  expect(seen).toEqual([
    ['a', `00-${TRACE}-${SPAN}-01`],
    ['b', `00-${TRACE}-${SPAN}-01`],
  ])
  expect([currentCorrelation(), currentTraceparent()]).toEqual([undefined, undefined])
})

test('a failure that repeats in many requests is summarised all the same', () => {
  const lines: Record<string, unknown>[] = []
  const log = createLog('info', (line) => lines.push(JSON.parse(line)))
  for (const requestId of ['a', 'b', 'c'])
    correlate({ requestId }, () => {
      log.error('database is unavailable', { error: new Error('gone') })
      log.info('something else')
    })
  expect(lines.map(({ event, requestId }) => [event, requestId])).toEqual([
    ['database is unavailable', 'a'],
    ['something else', 'a'],
    ['something else', 'b'],
    ['something else', 'c'],
  ])
})

test('a path is named by its route, and by nothing of itself', () => {
  const find = createRouteFinder([
    { method: 'GET', path: '/' },
    { method: 'GET', path: '/reset/:token' },
    { method: 'POST', path: '/reset/:token' },
    { method: 'GET', path: '/reset/sent' },
    { method: 'GET', path: '/.well-known/security.txt' },
    { method: 'GET', path: '/not-me/:token/done' },
  ])
  for (const [path, route] of [
    ['/', '/'],
    ['/reset/sent', '/reset/sent'],
    ['/Reset/Sent/', '/reset/sent'],
    ['/reset/abc', '/reset/:token'],
    ['/reset/', 'unmatched'],
    ['/reset/a/b', 'unmatched'],
    ['/not-me/x/done', '/not-me/:token/done'],
    ['/xwell-known/security.txt', 'unmatched'],
    ['/.well-known/securityxtxt', 'unmatched'],
    ['//', '/'],
    ['', 'unmatched'],
    ['*', 'unmatched'],
  ] as const)
    expect(find(path).path, path).toBe(route)
  expect([...find('/reset/abc').methods].sort()).toEqual(['GET', 'HEAD', 'POST'])
})
