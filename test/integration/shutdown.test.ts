import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { constants } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { expect } from 'vitest'
import { createDatabase } from '../support/database.ts'
import { startNetworkProxy } from '../support/network-proxy.ts'
import { test, withDatabase } from '../support/program.ts'

const SHUTDOWN_SECONDS = 8
const { SIGTERM } = constants.signals

/** Whether the process has a handler for the signal, as Linux knows it. */
async function catchesSignal(pid: number | undefined, signal: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const [, caught = '0'] = /^SigCgt:\s*([0-9a-f]+)/m.exec(status) ?? []
  return (BigInt(`0x${caught}`) & (1n << BigInt(signal - 1))) !== 0n
}

for (const weather of ['black-hole', 'refusing'] as const)
  test(`SIGTERM ends a process whose database is ${weather === 'refusing' ? 'gone' : 'a black hole'}, in time`, async ({
    program: { serve },
  }) => {
    const database = await createDatabase()
    const proxy = await startNetworkProxy(Number(new URL(database.url).port))
    const { child, url } = await serve({
      ...withDatabase(Object.assign(new URL(database.url), { port: String(proxy.port) }).href),
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

test.runIf(process.platform === 'linux')(
  'SIGTERM ends a process that has only begun to start',
  async ({ program: { start } }) => {
    const database = await createDatabase()
    const child = start(['serve'], { ...withDatabase(database.url), ROLE: 'worker' })
    const ended = new Promise((resolve) =>
      child.once('exit', (status, signal) => resolve(signal ?? status)),
    )
    // The program is loaded, and its parts are not.
    while (!(await catchesSignal(child.pid, SIGTERM))) await wait(5)
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
    await database.drop()
  },
)

test('a second signal ends the process at once', async ({ program: { serve } }) => {
  const database = await createDatabase()
  const proxy = await startNetworkProxy(Number(new URL(database.url).port))
  const { child } = await serve(
    withDatabase(Object.assign(new URL(database.url), { port: String(proxy.port) }).href),
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
