import { afterAll, beforeAll, expect, test } from 'vitest'
import { INGESTION_GAUGES, logProgress } from '../../src/id-verification/progress.ts'
import { createMetrics, registerComputed, serveMetrics } from '../../src/platform/metrics.ts'
import { startPortal, type TestPortal } from '../support/portal.ts'
import { connectSandbox } from '../support/sandbox.ts'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal()
})
afterAll(() => portal.close())

test('metrics say what waits, for how long, and what wants an operator; and hold no person', async () => {
  const veriff = await connectSandbox(portal)
  const { resident, sessionId, id } = await veriff.start()
  await veriff.sandbox.complete(sessionId, 'approved')
  await veriff.sandbox.settled()
  await portal.db`update delivery set received_at = now() - interval '100 seconds'`
  await portal.db`update delivery set state = 'failed' where id = (select id from delivery limit 1)`

  const metrics = await createMetrics()
  await registerComputed(metrics, INGESTION_GAUGES).compute(portal.db, (_, error) => {
    throw error
  })
  metrics.counter('portal_deliveries_refused_total', 'x', ['vendor']).inc({ vendor: 'veriff' })
  const served = await serveMetrics(metrics, { host: '127.0.0.1', port: 0 }, () => undefined)
  const read = await fetch(`http://127.0.0.1:${served.port}/metrics`)
  const text = await read.text()
  expect(text).toContain('portal_deliveries{vendor="veriff",state="failed"} 1')
  expect(text).toMatch(/portal_deliveries\{vendor="veriff",state="received"\} [1-9]/)
  expect(Number(/^portal_delivery_lag_seconds (\S+)/m.exec(text)?.[1])).toBeGreaterThan(99)
  expect(text).toContain('portal_verifications_undecided{vendor="veriff"} 1')
  expect(text).toContain('portal_deliveries_refused_total{vendor="veriff"} 1')
  expect(text).toContain('process_cpu_seconds_total')
  for (const secret of [resident.email, resident.id, sessionId, id])
    expect(text).not.toContain(secret)
  expect((await fetch(`http://127.0.0.1:${served.port}/`)).status).toBe(404)
  await served.close()

  await logProgress(portal.parts)
  const lines = portal.logged().split('\n')
  const line = JSON.parse(lines.find((each) => each.includes('"ingestion"')) ?? '{}')
  expect(line).toMatchObject({ level: 'warn', deliveriesFailed: 1, imagesWaiting: 0 })
  expect(line.deliveriesWaiting).toBeGreaterThan(0)
  expect(line.deliveryLagSeconds).toBeGreaterThan(99)
  await portal.db`update delivery set state = 'applied'`
  await logProgress(portal.parts)
  expect(portal.logged().split('"ingestion"')).toHaveLength(2)
  await veriff.sandbox.close()
})
