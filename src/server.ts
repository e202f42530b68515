import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import { createRateLimiter, type RateLimits } from './api/rate-limits.ts'
import { createApp } from './app.ts'
import { createClientAddress } from './client-address.ts'
import { isLoopback } from './config.ts'
import { openDb } from './db.ts'
import { OperatorError } from './errors.ts'
import { securityHeaders } from './html.ts'
import { findVerified } from './id-verification/verified.ts'
import { rememberIssuer } from './issuer.ts'
import type { Jobs } from './jobs.ts'
import { createAccessTokens } from './oauth/access-token.ts'
import { openKeyRing } from './oauth/keys.ts'
import {
  deviceCodePage,
  deviceConfirmPage,
  deviceDonePage,
  errorPage,
  signedOutPage,
  signOutPage,
} from './oauth/pages.ts'
import { createProvider, DEVICE_PATH, type Pages, pinHost } from './oauth/provider.ts'
import { createEventSigner, createFindSubject } from './oauth/security-event-tokens.ts'
import { guardSessions } from './oauth/sessions.ts'
import { createAnswerSigner } from './oauth/signed-answers.ts'
import { openSubjectIdentifiers } from './oauth/subject-identifiers.ts'
import type { Parts } from './parts.ts'
import type { Storage } from './storage.ts'

export type ServerOptions = {
  issuer: string
  /** What a request causes and another process may do. */
  jobs: Jobs
  missingScopeStatus: 401 | 403
  /** Addresses or CIDR ranges whose `X-Forwarded-For` counts. */
  trustedProxies: readonly string[]
  rateLimits: RateLimits
  /** Whether `/outbox` shows the mails, for as long as the issuer is this machine. */
  outbox: boolean
  /** A delivery was stored: the worker of this process, if any, need not wait for its next look. */
  onDelivery: () => void
  /** A delivery was refused. */
  onRefused?: ((vendor: string) => void) | undefined
}

export type RunningServer = { url: string; issuer: string; close(): Promise<void> }

// The hot endpoint's own connections, one statement each at a time.
const LANES = 2

// oidc-provider adds the hash of the one script it writes, which submits a form (`form_post`). Where that form may
// lead is not narrowed: browsers hold it against the application's own redirects too.
const PROTOCOL_POLICY = "default-src 'none'; script-src; frame-ancestors 'none'; base-uri 'none'"

const ALIASES: Record<string, string> = {
  '/api/oauth/.well-known/openid-configuration': '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server': '/.well-known/openid-configuration',
  '/.well-known/jwks.json': '/api/oauth/.well-known/jwks.json',
}

/** Takes the address first, so that a taken port is found before anything else is started. */
export async function listen(
  host: string,
  port: number,
): Promise<{ server: Server; port: number }> {
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

/** Serves on the listening `server`; the parts stay the caller's to close, after this. */
export async function startServer(
  server: Server,
  parts: Parts,
  options: ServerOptions,
): Promise<RunningServer> {
  const { issuer } = options
  const { db, storage, sealer, log, runtime } = parts
  const lanes = Array.from({ length: LANES }, () => openDb(runtime.databaseUrl, { connections: 1 }))
  await rememberIssuer(db, issuer)
  const ring = await openKeyRing(db, sealer, log)
  const limiter = createRateLimiter(db, options.rateLimits, log)
  const tokens = createAccessTokens(issuer, ring)
  const subjects = await openSubjectIdentifiers(db, sealer)
  // oidc-provider takes its keys once: other keys are another instance, which the next request meets.
  const create = () =>
    createProvider({
      issuer,
      db,
      sealer,
      keys: ring.current(),
      tokens,
      subjects,
      outbound: parts.outbound,
      jobs: options.jobs,
      findVerified: (accountId) => findVerified({ db, storage }, accountId),
      cookieKeys: runtime.cookieKeys,
      pages,
      log,
    })
  const pages = createPages(issuer)
  let provider = create()
  ring.onChange(() => {
    provider = create()
  })
  guardSessions(provider, db)
  const app = createApp({
    issuer,
    missingScopeStatus: options.missingScopeStatus,
    limiter,
    db,
    jobs: options.jobs,
    lanes,
    storage,
    imageOrigin: new URL(await sampleUrl(storage)).origin,
    sealer,
    vault: parts.vault,
    cookieKeys: runtime.cookieKeys,
    tokens,
    signAnswer: createAnswerSigner(issuer, ring),
    signEvent: createEventSigner(db, ring),
    findSubject: createFindSubject(db, subjects),
    provider: () => provider,
    log,
    addressOf: createClientAddress(options.trustedProxies),
    outbox: options.outbox && isLoopback(issuer),
    onDelivery: options.onDelivery,
    onRefused: options.onRefused,
  })
  serve(server, issuer, () => provider, getRequestListener(app.fetch))

  return {
    url: addressOf(server),
    issuer,
    async close() {
      ring.close()
      await limiter.close()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeIdleConnections()
        setTimeout(() => server.closeAllConnections(), 5_000).unref()
      })
      await Promise.all(lanes.map((lane) => lane.end({ timeout: 5 })))
    },
  }
}

type Listener = (req: IncomingMessage, res: ServerResponse) => void

function serve(server: Server, issuer: string, provider: () => Provider, app: Listener): void {
  const callbacks = new WeakMap<Provider, ReturnType<Provider['callback']>>()
  const authorizationServer: Listener = (req, res) => {
    const current = provider()
    const callback = callbacks.get(current) ?? current.callback()
    callbacks.set(current, callback)
    void callback(req, res)
  }
  server.removeAllListeners('request')
  server.on('request', (req, res) => {
    pinHost(req.headers, issuer)
    const [path = '/', query] = (req.url ?? '/').split('?', 2)
    const target = ALIASES[path] ?? path
    if (
      target.startsWith('/api/oauth/') ||
      target === DEVICE_PATH ||
      target.startsWith(`${DEVICE_PATH}/`) ||
      target === '/.well-known/openid-configuration'
    ) {
      if (target !== path) req.url = query === undefined ? target : `${target}?${query}`
      res.setHeader('X-Content-Type-Options', 'nosniff')
      res.setHeader('Referrer-Policy', 'no-referrer')
      res.setHeader('Content-Security-Policy', PROTOCOL_POLICY)
      authorizationServer(req, res)
    } else app(req, res)
  })
}

const addressOf = (server: Server): string => {
  const { address, port, family } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

const sampleUrl = async (storage: Storage) =>
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
    deviceCode: (ctx, form) => send(ctx, form.error ? 400 : 200, deviceCodePage(form)),
    deviceConfirm: (ctx, form) => send(ctx, 200, deviceConfirmPage(form)),
    deviceDone: (ctx, clientName) => send(ctx, 200, deviceDonePage({ clientName })),
  }
}
