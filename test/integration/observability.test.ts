import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClient } from '../../src/clients/clients.ts'
import { setVendorIntegration } from '../../src/id-verification/vendors/vendors.ts'
import { LEDGER_GAUGES } from '../../src/ledger/sequencer.ts'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { openDb, type Sql } from '../../src/platform/db.ts'
import { DUTY_GAUGES, holdDuty, recordSuccess, releaseDuty } from '../../src/platform/duties.ts'
import { JOB_GAUGES } from '../../src/platform/jobs.ts'
import { createMetrics, registerComputed } from '../../src/platform/metrics.ts'
import { PASSWORD, startPortal, type TestPortal } from '../support/portal.ts'
import { findFreePorts } from '../support/ports.ts'
import { UNUSED_PORT } from '../support/program.ts'
import { startRelay } from '../support/relay.ts'
import { connectSandbox, eventually } from '../support/sandbox.ts'
import { type ReceivedSpan, startSpanReceiver } from '../support/span-receiver.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const CALLER = 'b7ad6b7169203331'

let portal: TestPortal
let observed: Awaited<ReturnType<TestPortal['startOther']>>
let metricsUrl: string
let receiver: Awaited<ReturnType<typeof startSpanReceiver>>
let webhook: Awaited<ReturnType<typeof startRelay>>
let vendor: Awaited<ReturnType<typeof startRelay>>
let bucket: Awaited<ReturnType<typeof startRelay>>
let veriff: Awaited<ReturnType<typeof connectSandbox>>
let session: Awaited<ReturnType<(typeof veriff)['start']>>

/** A process that is measured and traced applied one delivery, whose request carried a `traceparent`, and copied its images. */
beforeAll(async () => {
  portal = await startPortal()
  receiver = await startSpanReceiver()
  bucket = await startRelay(portal.s3Endpoint)
  const [port = 0] = await findFreePorts(1)
  metricsUrl = `http://127.0.0.1:${port}/metrics`
  observed = await portal.startOther({
    ROLE: 'all',
    METRICS_PORT: String(port),
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    S3_ENDPOINT: bucket.url,
  })
  // What the caller says of sampling counts for nothing.
  webhook = await startRelay(observed.url, { traceparent: `00-${TRACE}-${CALLER}-00` })
  veriff = await connectSandbox({ ...portal, url: webhook.url })
  vendor = await startRelay(veriff.sandbox.url)
  await setVendorIntegration(portal.db, portal.parts.sealer, {
    vendor: 'veriff',
    baseUrl: vendor.url,
  })
  session = await veriff.start()
  await veriff.sandbox.complete(session.sessionId, 'approved')
  await eventually(async () => {
    const [row] = await portal.db`select images_complete from verification where id = ${session.id}`
    return row?.imagesComplete
  })
})
afterAll(async () => {
  await veriff.sandbox.close()
  await observed.close()
  for (const each of [webhook, vendor, bucket, receiver]) await each.close()
  await portal.close()
})

const tokenRequest = (body: string) =>
  fetch(`${observed.url}/api/oauth/token`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body,
  })
const addService = () =>
  createClient(portal.db, { name: 'Back office', type: 'service', scope: 'idv.read' })
const readMetrics = async () => await (await fetch(metricsUrl)).text()

describe('a trace', () => {
  const attributeOf = (span: ReceivedSpan, key: string) => {
    const { stringValue, intValue } =
      span.attributes.find((attribute) => attribute.key === key)?.value ?? {}
    return stringValue ?? intValue
  }
  /** The names of a span and of what it is below, up to the caller. */
  function wayOf(span: ReceivedSpan): string[] {
    if (span.parentSpanId === CALLER) return [span.name, 'the caller']
    const parent = receiver.spans.find(({ spanId }) => spanId === span.parentSpanId)
    return [span.name, ...(parent ? wayOf(parent) : ['nothing'])]
  }

  test('leads from the request through the queue and the worker to the vendor and the bucket', async () => {
    const ways = await eventually(async () => {
      const ended = receiver.spans.filter(({ traceId }) => traceId === TRACE).map(wayOf)
      const stored = ended.filter(([name]) => name === 'S3.PutObject')
      return stored.length > 0 && stored.every((way) => way.at(-1) === 'the caller') && ended
    })
    const origin = ['process delivery', 'POST /webhooks/:vendor', 'the caller']
    const listing = ['process list-images', ...origin]
    const backup = ['process backup-image', ...listing]
    for (const way of [
      origin,
      ['veriff list_media', ...listing],
      ['veriff download', ...backup],
      ['S3.PutObject', ...backup],
      ['S3.HeadObject', ...backup],
    ])
      expect(ways).toContainEqual(way)
  })

  test('is known to the vendor and the bucket, below the span of the call', () => {
    for (const { relayed, path, name } of [
      { relayed: vendor.relayed, path: /^\/v1\/media\//, name: 'veriff download' },
      { relayed: bucket.relayed, path: /document_front\.jpg/, name: 'S3.PutObject' },
    ]) {
      const ids = receiver.spans.filter((span) => span.name === name).map(({ spanId }) => spanId)
      const requests = relayed.filter(
        (each) => path.test(each.path) && each.headers.traceparent?.includes(TRACE),
      )
      expect(requests.length).toBeGreaterThan(0)
      const put = requests.find(({ method }) => method === (name.startsWith('S3') ? 'PUT' : 'GET'))
      const [, , spanId, flags] = String(put?.headers.traceparent).split('-')
      expect(ids).toContain(spanId)
      expect(flags).toBe('01')
    }
  })

  test('has times, kinds and outcomes, and names the service', () => {
    const spans = receiver.spans.filter(({ traceId }) => traceId === TRACE)
    for (const span of spans) {
      const [start, end] = [BigInt(span.startTimeUnixNano), BigInt(span.endTimeUnixNano)]
      expect(end >= start && Math.abs(Date.now() - Number(start / 1_000_000n)) < 3_600_000).toBe(
        true,
      )
      expect(span.status).toEqual({})
    }
    const server = spans.find(({ kind }) => kind === 2)
    expect(server && attributeOf(server, 'http.route')).toBe('/webhooks/:vendor')
    expect(server && attributeOf(server, 'http.response.status_code')).toBe('200')
    const [{ resourceSpans } = { resourceSpans: [] }] = receiver.requests
    expect(resourceSpans[0]?.resource.attributes).toContainEqual({
      key: 'service.name',
      value: { stringValue: 'identity-portal' },
    })
  })

  test('without a valid parent begins at the request', async () => {
    await fetch(`${observed.url}/health`, { headers: { traceparent: `00-${'0'.repeat(32)}-x` } })
    const span = await eventually(async () =>
      receiver.spans.find(({ name }) => name === 'GET /health'),
    )
    expect(span.parentSpanId).toBeUndefined()
    expect(span.traceId).toMatch(/^[0-9a-f]{32}$/)
  })

  test('contains nothing of a person, no token, query, address or key', async () => {
    await fetch(`${observed.url}/api/v1/me/natural-person?secret-query=1`, {
      headers: { Authorization: 'Bearer secret-token' },
    })
    await eventually(async () =>
      receiver.spans.some(({ name }) => name === 'GET /api/v1/me/natural-person'),
    )
    const exported = JSON.stringify(receiver.requests)
    for (const secret of [
      'secret-',
      session.resident.email,
      session.resident.id,
      session.id,
      session.sessionId,
      'X-Amz',
      'document_front',
      'http://',
      '127.0.0.1',
    ])
      expect(exported).not.toContain(secret)
  })

  test('waits while the collector is away, and is exported when it is back', async () => {
    receiver.status = 503
    const before = receiver.refused
    await fetch(`${observed.url}/openapi.json`)
    await eventually(async () => receiver.refused > before)
    receiver.status = 200
    await eventually(async () => receiver.spans.some(({ name }) => name === 'GET /openapi.json'))
  })
})

describe('metrics', () => {
  /** Names, types, and the names of the labels of each series. */
  function parse(text: string) {
    const types = new Map(
      [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]),
    )
    const labels = new Map<string, Set<string>>()
    for (const [, name = '', given = ''] of text.matchAll(/^([a-z]\w*)(?:\{(.*)\})? \S+$/gm)) {
      const family = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '')
      const names = [...given.matchAll(/(\w+)="/g)].map(([, label = '']) => label)
      const known = labels.get(family) ?? labels.set(family, new Set()).get(family)
      known?.add(names.filter((label) => label !== 'le').join(', '))
    }
    return { types, labels }
  }

  test('are those that docs/metrics.md lists, with their types and labels', async () => {
    const { client_id } = await addService()
    await tokenRequest(`grant_type=client_credentials&client_id=${client_id}&client_secret=wrong`)
    const text = await eventually(async () => {
      const read = await readMetrics()
      return read.includes('portal_jobs{') && read
    })
    const { types, labels } = parse(text)
    const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8')
    const listed = [...page.matchAll(/^\| `([a-z_]+)` \| (\w+) \| (.*?) \| /gm)].map(
      ([, name = '', type = '', label = '']) => ({ name, type, labels: label.replaceAll('`', '') }),
    )
    const ofProcess = (name: string) => /^(process|nodejs)_/.test(name)
    expect(
      listed
        .map(({ name }) => name)
        .filter((name) => !ofProcess(name))
        .sort(),
    ).toEqual([...types.keys()].filter((name) => !ofProcess(name)).sort())
    for (const each of listed) {
      expect(types.get(each.name), each.name).toBe(each.type)
      for (const found of labels.get(each.name) ?? [])
        expect(found, each.name).toBe(each.labels === '–' ? '' : each.labels)
    }
  })

  test('name routes by their templates, and everything else by one label', async () => {
    await fetch(`${observed.url}/API/V1/me/natural-person/`)
    await fetch(`${observed.url}/applications/secret-id/logo?x=secret-query`)
    for (const path of ['/secret-path', '/.well-known/secret-path', '/assets/secret-path'])
      await fetch(`${observed.url}${path}`)
    await fetch(`${observed.url}/health`, { method: 'PUT' })
    const text = await readMetrics()
    const count = (route: string, method: string, statusClass: string) =>
      Number(
        new RegExp(
          `^http_server_request_duration_seconds_count\\{http_route="${route}",http_request_method="${method}",http_response_status_class="${statusClass}"\\} (\\d+)`,
          'm',
        ).exec(text)?.[1] ?? 0,
      )
    expect(count('/webhooks/:vendor', 'POST', '2xx')).toBeGreaterThan(0)
    expect(count('/api/v1/me/natural-person', 'GET', '4xx')).toBeGreaterThan(0)
    expect(count('/applications/:clientId/logo', 'GET', '4xx')).toBe(1)
    expect(count('unmatched', '_OTHER', '4xx')).toBe(3)
    expect(count('/health', '_OTHER', '4xx')).toBe(1)
    for (const secret of ['secret-', session.resident.id, session.id, session.sessionId])
      expect(text).not.toContain(secret)
  })

  test('count tokens by grant type and error, of which a caller can invent none', async () => {
    const { client_id, client_secret } = await addService()
    const credentials = `client_id=${client_id}&client_secret=${client_secret}`
    expect((await tokenRequest(`grant_type=client_credentials&${credentials}`)).status).toBe(200)
    expect((await tokenRequest(`grant_type=secret-grant&${credentials}`)).status).toBe(400)
    const text = await readMetrics()
    expect(text).toMatch(/^portal_tokens_issued_total\{grant_type="client_credentials"\} 1$/m)
    expect(text).toMatch(
      /^portal_tokens_refused_total\{grant_type="client_credentials",error="invalid_client"\} 1$/m,
    )
    expect(text).toMatch(
      /^portal_tokens_refused_total\{grant_type="other",error="unsupported_grant_type"\} 1$/m,
    )
    expect(text).not.toContain('secret-grant')
  })

  test('follow a delivery: received, applied, its images copied; and sign-ins', async () => {
    await fetch(`${observed.url}/webhooks/veriff`, { method: 'POST', body: '{}' })
    const { email } = session.resident
    for (const password of ['wrong', PASSWORD]) {
      const browser = createUserAgent({ 'Sec-Fetch-Site': 'same-origin' })
      await browser.submit(await browser.open(`${observed.url}/`), 'login', { email, password })
    }
    const text = await readMetrics()
    for (const series of [
      'portal_deliveries_received_total{vendor="veriff",outcome="stored"} [1-9]',
      'portal_deliveries_received_total{vendor="veriff",outcome="invalid_signature"} 1',
      'portal_delivery_duration_seconds_count{vendor="veriff",outcome="applied"} [1-9]',
      'portal_job_duration_seconds_count{queue="backup-image",outcome="ok"} [1-9]',
      'portal_vendor_call_duration_seconds_count{vendor="veriff",operation="download",outcome="ok"} [1-9]',
      'portal_bucket_call_duration_seconds_count{operation="PutObject",outcome="ok"} [1-9]',
      'portal_security_events_total{event="webhook_signature_invalid"} 1',
      'db_client_connection_max{db_client_connection_pool_name="main"} 10',
      'portal_database_reachable 1',
      'portal_sign_ins_total{outcome="failed",method="password"} 1',
      'portal_sign_ins_total{outcome="succeeded",method="password"} 1',
    ])
      expect(text).toMatch(new RegExp(`^${series.replace(/[{}"]/g, '\\$&')}`, 'm'))
  })
})

describe('gauges that SQL computes', () => {
  test('are served as they were last, at once, whatever the database does', async () => {
    const metrics = await createMetrics()
    const gauges = registerComputed(metrics, [
      {
        name: 'portal_one',
        help: 'One.',
        read: async (sql) =>
          [...(await sql<{ value: number }[]>`select 1 as value`)].map(({ value }) => ({
            labels: {},
            value,
          })),
      },
    ])
    const failures: string[] = []
    const compute = (sql: Sql) => gauges.compute(sql, (name) => failures.push(name))
    await compute(portal.db)
    const before = await metrics.text()
    expect(before).toContain('portal_one 1')
    const gone = openDb(`postgres://nobody@127.0.0.1:${UNUSED_PORT}/none`)
    await compute(gone)
    expect(failures).toEqual(['portal_one'])
    const stamp = /^portal_computed_timestamp_seconds \S+$/m
    const after = await metrics.text()
    expect(after).toContain('portal_one 1')
    expect(stamp.exec(after)?.[0]).toBe(stamp.exec(before)?.[0])
    gauges.clear()
    expect(await metrics.text()).not.toMatch(/^portal_(one|gauge_computed_timestamp_seconds) /m)
    await gone.end()
  })

  test('say what waits, what was given up, and what was done when', async () => {
    const isOver = new Error('nothing of this stays')
    const seen: Record<string, number> = {}
    const measured = portal.db.begin(async (sql) => {
      await sql`
        insert into pgboss.job (name, data, start_after) values ('fetch-logo', '{}', now() - interval '100 seconds')`
      await sql`update pgboss.queue set failed_count = 3 where name = 'fetch-logo'`
      await sql`insert into ledger_entry (kind, result) values ('refusal', 'refused')`
      await sql`
        insert into ledger_head (size, root, at, jws) values (${10 ** 12}, '', now(), 'none')`
      await recordSuccess(sql, 'retention')
      for (const gauge of [...JOB_GAUGES, ...LEDGER_GAUGES, ...DUTY_GAUGES])
        for (const { labels, value } of await gauge.read(sql))
          seen[[gauge.name, ...Object.values(labels)].join(' ')] = value
      throw isOver
    })
    await expect(measured).rejects.toBe(isOver)
    expect(seen['portal_job_lag_seconds fetch-logo']).toBeGreaterThan(99)
    expect(seen['portal_job_lag_seconds fetch-result']).toBe(0)
    expect(seen['portal_jobs fetch-logo failed']).toBe(3)
    expect(seen.portal_ledger_unsequenced_entries).toBeGreaterThan(0)
    for (const name of [
      'portal_duty_last_success_timestamp_seconds retention',
      'portal_ledger_head_timestamp_seconds',
    ])
      expect(Math.abs((seen[name] ?? 0) - Date.now() / 1000)).toBeLessThan(600)
  })

  test('are of one process: the next one takes over when that one ends, or is silent', async () => {
    const { db } = portal
    const [a, b] = ['00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b']
    const hold = (holder: string) => holdDuty(db, 'test', { holder, seconds: 60 })
    expect([await hold(a), await hold(b), await hold(a)]).toEqual([true, false, true])
    await releaseDuty(db, 'test', b)
    expect(await hold(b)).toBe(false)
    await releaseDuty(db, 'test', a)
    expect([await hold(b), await hold(a)]).toEqual([true, false])
    await db`update duty set held_until = now() - interval '1 second' where name = 'test'`
    expect(await hold(a)).toBe(true)
  })
})

test('log lines carry the ids of their request and its trace, without an exporter too', async () => {
  const traceparent = `00-${TRACE}-${CALLER}-01`
  const answer = await fetch(`${portal.url}/api/oauth/token`, {
    method: 'POST',
    headers: { traceparent, 'Content-Type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=client_credentials&client_id=nobody&client_secret=wrong',
  })
  const requestId = answer.headers.get('x-request-id')
  const lines = portal
    .logged()
    .split('\n')
    .filter((line) => line.includes(String(requestId)))
    .map((line) => JSON.parse(line))
  expect(lines.map(({ event }) => event).sort()).toEqual([
    'client_authentication_failed',
    'oauth request refused',
  ])
  for (const line of lines) expect(line).toMatchObject({ requestId, traceId: TRACE })
})
