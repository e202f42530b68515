import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { openDb } from '../src/db.ts'
import { createJobs } from '../src/jobs.ts'
import { createLog } from '../src/log.ts'
import { openParts, type Runtime } from '../src/parts.ts'
import { listen, startServer } from '../src/server.ts'

/** What the benchmark's parent asks this process to be. */
export type Task =
  | { be: 'hello' }
  | { be: 'insert'; databaseUrl: string }
  | { be: 'portal'; runtime: Omit<Runtime, 'encryptionKeys'> & { encryptionKeys: string[] } }

/** One server under load, in a process of its own so that its CPU time is its own. Started by `main.ts`. */
process.on('message', async (message: Task | 'cpu') => {
  if (message === 'cpu') {
    const { user, system } = process.cpuUsage()
    process.send?.({ microseconds: user + system })
    return
  }
  process.send?.({ url: await start(message) })
})
process.on('disconnect', () => process.exit(0))

async function start(task: Task): Promise<string> {
  if (task.be === 'portal') {
    const encryptionKeys = task.runtime.encryptionKeys.map((key) => Buffer.from(key, 'base64url'))
    const parts = await openParts({ ...task.runtime, encryptionKeys }, createLog('error'))
    const jobs = await createJobs(parts.runtime.databaseUrl, parts.log)
    const { server, port } = await listen('127.0.0.1', 0)
    const issuer = `http://localhost:${port}`
    const running = await startServer(server, parts, {
      issuer: process.env.BENCH_ISSUER ?? issuer,
      jobs,
      missingScopeStatus: 401,
      trustedProxies: [],
      outbox: false,
      onDelivery: () => {},
    })
    return running.url
  }
  const app = new Hono()
  if (task.be === 'hello') app.get('/', (c) => c.json({ hello: 'world' }))
  else {
    const db = openDb(task.databaseUrl)
    await db`create table if not exists bench_body (
      id uuid primary key default gen_random_uuid(), body bytea not null, received_at timestamptz default now())`
    app.post('/', async (c) => {
      await db`insert into bench_body (body) values (${new Uint8Array(await c.req.arrayBuffer())})`
      return c.json({ status: 'ok' })
    })
  }
  return new Promise((resolve) => {
    serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) =>
      resolve(`http://127.0.0.1:${port}`),
    )
  })
}
