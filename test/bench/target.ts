import { randomUUID } from 'node:crypto'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { exportJWK, generateKeyPair } from 'jose'
import { Provider } from 'oidc-provider'
import { openContext } from '../../src/context.ts'
import { openDb } from '../../src/platform/db.ts'
import { createJobs } from '../../src/platform/jobs.ts'
import { createLog } from '../../src/platform/log.ts'
import { createMetrics } from '../../src/platform/metrics.ts'
import { prepareListener, startServer } from '../../src/server.ts'
import { createWebMetrics } from '../../src/web/web-metrics.ts'
import { startWorker } from '../../src/worker.ts'
import { type Environment, readEnvironment } from '../support/environment.ts'
import { CALLBACK, MEMORY_CLIENT } from './flow.ts'

/** The kind of server that the benchmark's parent process requests. */
export type Task =
  | { be: 'hello' }
  | { be: 'insert'; databaseUrl: string }
  | { be: 'memory' }
  | { be: 'worker'; env: Environment }
  | { be: 'portal'; env: Environment }

/** One server under load, in a separate process so that its CPU time can be measured. Started by `main.ts`. */
process.on('message', async (message: Task | 'cpu') => {
  if (message === 'cpu') {
    const { user, system } = process.cpuUsage()
    process.send?.({ microseconds: user + system, bytes: process.memoryUsage.rss() })
    return
  }
  process.send?.({ url: await start(message) })
})
process.on('disconnect', () => process.exit(0))

const LISTEN = { host: '127.0.0.1', port: 0, keepAliveSeconds: 60 }

async function start(task: Task): Promise<string> {
  if (task.be === 'worker') {
    const context = await openContext(readEnvironment(task.env), createLog('error'))
    await startWorker(context, await createJobs(context.config.database.url, context.log))
    return 'worker'
  }
  if (task.be === 'portal') {
    const context = await openContext(readEnvironment(task.env), createLog('error'))
    const jobs = await createJobs(context.config.database.url, context.log)
    const listener = await prepareListener(LISTEN)
    const issuer = `http://localhost:${listener.port}`
    // Counted, as in production.
    const metrics = createWebMetrics(await createMetrics(), [])
    const running = await startServer(listener, context, {
      issuer,
      jobs,
      metrics,
      onDelivery: () => {},
    })
    return running.url
  }
  if (task.be === 'memory') return startMemory()
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

/** An unchanged oidc-provider with the in-memory adapter; `/sign-in` creates a session. */
async function startMemory(): Promise<string> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const { server, port, open } = await prepareListener(LISTEN)
  const issuer = `http://localhost:${port}`
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: MEMORY_CLIENT.id,
        client_secret: MEMORY_CLIENT.secret,
        redirect_uris: [CALLBACK],
        grant_types: ['authorization_code', 'client_credentials'],
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig' }] },
    cookies: { keys: ['benchmark'] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      // JWTs, like our access tokens.
      resourceIndicators: {
        enabled: true,
        defaultResource: () => issuer,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: 'idv.read',
          audience: issuer,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    claims: { openid: ['sub'], email: ['email'] },
    findAccount: (_ctx, accountId) => ({
      accountId,
      claims: () => ({ sub: accountId, email: 'resident@example.test' }),
    }),
    async loadExistingGrant(ctx) {
      const { client, session, provider } = ctx.oidc
      const known = session?.grantIdFor(client?.clientId ?? '')
      if (known) return provider.Grant.find(known)
      const grant = new provider.Grant({
        accountId: session?.accountId ?? '',
        clientId: client?.clientId ?? '',
      })
      grant.addOIDCScope('openid email')
      grant.addResourceScope(issuer, 'idv.read')
      await grant.save()
      return grant
    },
  })
  const callback = provider.callback()
  server.on('request', async (req, res) => {
    if (req.url !== '/sign-in') return void callback(req, res)
    const session = new provider.Session()
    session.loginAccount({ accountId: randomUUID() })
    await session.save(3600)
    provider.createContext(req, res).cookies.set('_session', session.jti, { signed: true })
    res.end()
  })
  await open()
  return issuer
}
