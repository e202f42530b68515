import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import { createApp } from './app.ts'
import { migrate, openDb } from './db.ts'
import { OperatorError } from './errors.ts'
import { securityHeaders } from './html.ts'
import { installJobs } from './jobs.ts'
import type { Log } from './log.ts'
import { createAccessTokens } from './oauth/access-token.ts'
import { loadSigningKeys } from './oauth/keys.ts'
import { errorPage, signedOutPage, signOutPage } from './oauth/pages.ts'
import { createProvider, type Pages, pinHost } from './oauth/provider.ts'
import { createSealer } from './secrets.ts'
import { createStorage } from './storage.ts'
import type { S3Config } from './config.ts'
import { startWorker } from './worker.ts'

/** Everything a process needs, resolved: where the database and the bucket are, and the secrets. */
export type Runtime = {
  databaseUrl: string
  s3: S3Config
  /** `undefined`: the AWS SDK's usual chain. */
  s3Credentials: { accessKeyId: string; secretAccessKey: string } | undefined
  cookieKeys: string[]
  encryptionKeys: Uint8Array[]
}

export type ServerOptions = {
  host: string
  issuer: string
  role: 'web' | 'worker' | 'all'
  missingScopeStatus: 401 | 403
  log: Log
}

export type RunningServer = { url: string; issuer: string; close(): Promise<void> }

// The hot endpoint's own connections: each pipelines, so two keep the database busy.
const LANES = 2

const ALIASES: Record<string, string> = {
  '/api/oauth/.well-known/openid-configuration': '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server': '/.well-known/openid-configuration',
  '/.well-known/jwks.json': '/api/oauth/.well-known/jwks.json',
}

/** Takes the address first, so that a taken port is found before anything else is started. */
export async function listen(host: string, port: number): Promise<{ server: Server; port: number }> {
  const server = createServer((_req, res) => {
    res.writeHead(503, { 'Retry-After': '1', 'Content-Type': 'application/json' })
    res.end('{"error":"starting"}')
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new OperatorError(
              `Port ${port} is taken. Stop the program that uses it, or choose another: PORT=${port + 1}`,
            )
          : error,
      ),
    )
    server.listen(port, host, resolve)
  })
  return { server, port: (server.address() as AddressInfo).port }
}

/** Opens the parts, serves on the listening `server`, and closes cleanly. */
export async function startServer(
  server: Server,
  runtime: Runtime,
  options: ServerOptions,
): Promise<RunningServer> {
  const { issuer, log, role } = options
  const db = openDb(runtime.databaseUrl)
  const lanes = Array.from({ length: LANES }, () => openDb(runtime.databaseUrl, { connections: 1 }))
  const storage = createStorage(runtime.s3, runtime.s3Credentials)
  const sealer = createSealer(runtime.encryptionKeys)
  await migrate(db).catch(explainDatabase)
  await installJobs(db)

  const keys = await loadSigningKeys(db, sealer)
  const tokens = createAccessTokens(issuer, keys)
  const provider = createProvider({
    issuer,
    db,
    keys,
    tokens,
    cookieKeys: runtime.cookieKeys,
    pages: createPages(issuer),
    log,
  })
  const worker = role === 'web' ? undefined : await startWorker({ db, storage, sealer, log })

  const app = createApp({
    issuer,
    missingScopeStatus: options.missingScopeStatus,
    db,
    lanes,
    storage,
    imageOrigin: new URL(await sampleUrl(storage)).origin,
    sealer,
    cookieKeys: runtime.cookieKeys,
    tokens,
    provider: () => provider,
    log,
    onDelivery: () => worker?.wake(),
  })
  serve(server, issuer, provider, getRequestListener(app.fetch, { overrideGlobalObjects: false }))

  return {
    url: addressOf(server),
    issuer,
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeIdleConnections()
        setTimeout(() => server.closeAllConnections(), 5_000).unref()
      })
      await worker?.stop()
      await Promise.all([db, ...lanes].map((each) => each.end({ timeout: 5 })))
      storage.close()
    },
  }
}

type Listener = (req: IncomingMessage, res: ServerResponse) => void

function serve(server: Server, issuer: string, provider: Provider, app: Listener): void {
  const authorizationServer = provider.callback()
  server.removeAllListeners('request')
  server.on('request', (req, res) => {
    pinHost(req.headers, issuer)
    const [path = '/', query] = (req.url ?? '/').split('?', 2)
    const target = ALIASES[path] ?? path
    if (target.startsWith('/api/oauth/') || target === '/.well-known/openid-configuration') {
      if (target !== path) req.url = query === undefined ? target : `${target}?${query}`
      res.setHeader('X-Content-Type-Options', 'nosniff')
      res.setHeader('Referrer-Policy', 'no-referrer')
      void authorizationServer(req, res)
    } else app(req, res)
  })
}

const addressOf = (server: Server): string => {
  const { address, port, family } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

const sampleUrl = async (storage: ReturnType<typeof createStorage>) =>
  (await storage.signer())('health/none', { expiresInSeconds: 60 })

function createPages(issuer: string): Pages {
  const send = (ctx: KoaContextWithOIDC, status: number, body: unknown) => {
    for (const [name, value] of Object.entries(securityHeaders({ issuer }))) ctx.set(name, value)
    ctx.status = status
    ctx.type = 'html'
    ctx.body = String(body)
  }
  return {
    error: (ctx, { status }) =>
      send(
        ctx,
        status,
        errorPage({
          title: 'This request could not be completed',
          message:
            'The application sent a request that we cannot answer. Go back to it and try again; if it happens again, tell the people who run it.',
          requestId: undefined,
        }),
      ),
    signOut: (ctx, { action, xsrf }) => send(ctx, 200, signOutPage({ action, xsrf })),
    signedOut: (ctx) => send(ctx, 200, signedOutPage({})),
  }
}

function explainDatabase(error: unknown): never {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const why: Record<string, string> = {
    ECONNREFUSED: 'nothing answers at its address',
    ENOTFOUND: 'its host is not known',
    CONNECT_TIMEOUT: 'it does not answer in time',
    '28P01': 'it refuses the password',
    '28000': 'it refuses the user',
    '3D000': 'it has no database of that name',
    '42501': 'the user may not create tables',
  }
  const reason = why[code]
  if (reason) throw new OperatorError(`The database of DATABASE_URL cannot be used: ${reason}.`)
  throw error
}
