import { createServer } from 'node:net'
import { expect } from 'vitest'
import { createDatabase } from '../support/database.ts'
import { startNetworkProxy } from '../support/network-proxy.ts'
import { test, withDatabase } from '../support/program.ts'

const SHUTDOWN_SECONDS = 8

for (const weather of ['black-hole', 'refusing'] as const)
  test(`SIGTERM ends a process whose database is ${weather === 'refusing' ? 'gone' : 'a black hole'}, in time`, async ({
    program: { serve },
  }) => {
    const database = await createDatabase()
    const proxy = await startNetworkProxy(Number(new URL(database.url).port))
    const { child, url } = await serve({
      ...withDatabase(Object.assign(new URL(database.tcpUrl), { port: String(proxy.port) }).href),
      SHUTDOWN_SECONDS: String(SHUTDOWN_SECONDS),
    })
    proxy.become(weather)
    // Somebody waits for an answer, and the worker is at work.
    const waiting = fetch(`${url}/api/v1/openid`).catch(() => {})
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
    const asked = Date.now()
    child.kill('SIGTERM')
    expect([0, 1]).toContain(await ended)
    expect(Date.now() - asked).toBeLessThan((SHUTDOWN_SECONDS + 5) * 1000)
    await waiting
    await proxy.close()
    await database.drop()
  })

test('a signal ends a process at once that is still starting', async ({ program: { start } }) => {
  const database = createServer()
  await new Promise<void>((resolve) => database.listen(0, '127.0.0.1', resolve))
  const { port } = database.address() as { port: number }
  const connected = new Promise((resolve) => database.once('connection', resolve))
  const child = start(['serve'], withDatabase(`postgres://portal@127.0.0.1:${port}/portal`))
  const ended = new Promise((resolve) => child.once('exit', resolve))
  await connected
  child.kill('SIGTERM')
  // As a shell reports it; without a handler there is no status, and as process 1 of a container no end.
  expect(await ended).toBe(143)
  database.close()
})

test('a second signal ends the process at once', async ({ program: { serve } }) => {
  const database = await createDatabase()
  const proxy = await startNetworkProxy(Number(new URL(database.url).port))
  const { child } = await serve(
    withDatabase(Object.assign(new URL(database.tcpUrl), { port: String(proxy.port) }).href),
  )
  proxy.become('black-hole')
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await new Promise((resolve) => setTimeout(resolve, 300))
  child.kill('SIGTERM')
  expect([0, 130]).toContain(await ended)
  await proxy.close()
  await database.drop()
})

test('a taken port for metrics is one clear line, and the process ends', async ({
  program: { expectRefusal },
}) => {
  const database = await createDatabase()
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as { port: number }
  await expectRefusal(
    ['serve'],
    { ...withDatabase(database.url), ROLE: 'worker', METRICS_PORT: String(port) },
    new RegExp(`Port ${port} is taken.*METRICS_PORT=${port + 1}`),
  )
  taken.close()
  await database.drop()
})
