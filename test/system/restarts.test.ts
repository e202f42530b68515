import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { expect } from 'vitest'
import { createDatabase } from '../support/database.ts'
import { startNetworkProxy } from '../support/network-proxy.ts'
import { findFreePorts } from '../support/ports.ts'
import { test as base, withDatabase } from '../support/program.ts'
import { eventually } from '../support/sandbox.ts'

const DRAIN_SECONDS = 3

const test = base.extend<{ database: Awaited<ReturnType<typeof openDatabase>> }>({
  database: async ({ onTestFinished }, use) => {
    const database = await openDatabase()
    onTestFinished(database.close)
    await use(database)
  },
})

/** A database behind a network that can fail. */
async function openDatabase() {
  const { tcpUrl: url, drop } = await createDatabase()
  const network = await startNetworkProxy(Number(new URL(url).port))
  return {
    network,
    env: withDatabase(Object.assign(new URL(url), { port: String(network.port) }).href),
    async close() {
      await network.close()
      await drop()
    },
  }
}

async function probe(port: number, path = '/health/ready') {
  const response = await fetch(`http://127.0.0.1:${port}${path}`)
  return { status: response.status, headers: response.headers, body: await response.json() }
}

const isRefused = (port: number) =>
  fetch(`http://127.0.0.1:${port}/health`).then(
    () => false,
    (error: Error) => (error.cause as { code?: string }).code === 'ECONNREFUSED',
  )

test('a web process listens when it is ready, and drains before it closes the port', async ({
  program,
  database: { network, env },
}) => {
  const [port = 0, metricsPort = 0] = await findFreePorts(2)
  network.become('black-hole')
  const starting = program.serve({
    ...env,
    ROLE: 'web',
    PORT: String(port),
    METRICS_PORT: String(metricsPort),
    DRAIN_SECONDS: String(DRAIN_SECONDS),
    SHUTDOWN_SECONDS: '30',
  })
  const early = await eventually(() => probe(metricsPort).catch(() => undefined))
  expect([early.status, early.body]).toEqual([503, { status: 'starting' }])
  expect((await probe(metricsPort, '/health/live')).status).toBe(200)
  expect(await isRefused(port)).toBe(true)
  network.become('clear')
  const { child } = await starting

  // The bucket cannot be reached, which is reported.
  const ready = { status: 'ready', parts: { database: 'ok', clock: 'ok', bucket: 'unavailable' } }
  for (const each of [port, metricsPort]) {
    const { status, body } = await probe(each)
    expect([status, body]).toMatchObject([200, ready])
  }
  expect((await probe(port)).headers.get('keep-alive')).toBe('timeout=620')

  // Under way when the signal comes, and until after the port is closed.
  const slow = connect(port, '127.0.0.1')
  const response = text(slow)
  slow.write(
    `POST /api/oauth/token HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 4\r\n\r\na=`,
  )
  await once(slow, 'ready')
  await wait(300)
  const ended = once(child, 'exit')
  const asked = performance.now()
  child.kill('SIGTERM')

  const draining = await eventually(async () => {
    const found = await probe(port)
    return found.status === 503 && found
  })
  expect(draining.body).toEqual({ status: 'draining', parts: {} })
  expect((await probe(metricsPort)).body).toEqual(draining.body)
  const served = await probe(port, '/health')
  expect([served.status, served.headers.get('connection')]).toEqual([200, 'close'])
  expect(
    (await fetch(`http://127.0.0.1:${port}/api/oauth/.well-known/jwks.json`)).headers.get(
      'connection',
    ),
  ).toBe('close')

  await eventually(() => isRefused(port))
  expect(performance.now() - asked).toBeGreaterThan(DRAIN_SECONDS * 1000 - 100)
  expect((await probe(metricsPort)).status).toBe(503)
  expect((await probe(metricsPort, '/health/live')).status).toBe(200)
  slow.write('bc')
  const [head = '', body = ''] = (await response).split('\r\n\r\n')
  expect(head).toMatch(/^HTTP\/1\.1 400 /)
  expect(head.toLowerCase()).toContain('\r\nconnection: close')
  expect(JSON.parse(body)).toMatchObject({ error: 'invalid_request' })
  expect(await ended).toEqual([0, null])
})

test('a worker has probes on its metrics port, and is not ready without the database', async ({
  program,
  database: { network, env },
}) => {
  const [port = 0] = await findFreePorts(1)
  const child = program.start(['serve'], { ...env, ROLE: 'worker', METRICS_PORT: String(port) })
  await eventually(async () => (await probe(port).catch(() => undefined))?.status === 200)
  expect((await probe(port)).body).toMatchObject({
    status: 'ready',
    parts: { database: 'ok', clock: 'ok', bucket: 'unavailable', work: 'ok' },
  })
  network.become('refusing')
  const away = await eventually(async () => {
    const found = await probe(port)
    return found.status === 503 && found
  })
  expect(away.body).toMatchObject({ status: 'unavailable', parts: { database: 'unavailable' } })
  expect((await probe(port, '/health/live')).body).toEqual({ status: 'ok' })
  network.become('clear')
  await eventually(async () => (await probe(port)).status === 200)
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
})
