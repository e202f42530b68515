import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import { createRateLimiter, type RateLimits } from './api/rate-limits.ts'
import { createApp } from './app.ts'
import { openSubjectIdentifiers } from './clients/subject-identifiers.ts'
import type { AppContext } from './context.ts'
import { findVerified } from './id-verification/verified.ts'
import { DEVICE_PATH, type Pages } from './oauth/features.ts'
import { isFormRequest, MAX_HEADER_BYTES, redirectForm } from './oauth/form-requests.ts'
import {
  deviceCodePage,
  deviceConfirmPage,
  deviceDonePage,
  errorPage,
  protocolErrorPage,
  signedOutPage,
  signOutPage,
} from './oauth/pages.ts'
import { createProvider, setIssuerHost } from './oauth/provider.ts'
import { createEventSigner, createFindSubject } from './oauth/security-event-tokens.ts'
import { openDb } from './platform/db.ts'
import { ApiError, OperatorError } from './platform/errors.ts'
import { storeIssuer } from './platform/issuer.ts'
import type { Jobs } from './platform/jobs.ts'
import type { Log } from './platform/log.ts'
import { isLoopback } from './platform/loopback.ts'
import { loadSharedKeys } from './platform/shared-keys.ts'
import type { Storage } from './platform/storage.ts'
import { deviceOf } from './portal/devices.ts'
import { createAccessTokens } from './signing/access-token.ts'
import { openKeyRing } from './signing/key-ring.ts'
import { createResponseSigner } from './signing/signed-responses.ts'
import { createClientAddress } from './web/client-address.ts'
import { type CheckHost, createHostCheck } from './web/host-check.ts'
import { securityHeaders } from './web/html.ts'
import {
  createNetworkLimiter,
  type NetworkLimiter,
  type NetworkLimits,
} from './web/network-limits.ts'
import { commonHeaders, PortalResponse, requestIdOf } from './web/response-headers.ts'

export type ServerOptions = {
  issuer: string
  /** For jobs that requests cause; another process may run them. */
  jobs: Jobs
  missingScopeStatus: 401 | 403
  /** Further hosts that requests may name, with or without a port. */
  allowedHosts?: readonly string[]
  /** URIs for `security.txt`; without them there is none. */
  securityContacts?: readonly string[]
  /** Addresses or CIDR ranges of proxies whose `X-Forwarded-For` counts. */
  trustedProxies: readonly string[]
  rateLimits: RateLimits
  networkLimits: NetworkLimits
  /** Whether `/outbox` shows the mails; only with a loopback issuer. */
  outbox: boolean
  /** Called when a delivery was stored, so that this process's worker reads it at once. */
  onDelivery: () => void
  /** Called when a delivery was rejected. */
  onRefused?: ((vendor: string) => void) | undefined
}

export type RunningServer = { url: string; issuer: string; close(): Promise<void> }

// The hot endpoint has its own connections, with one statement each at a time.
const HOT_ENDPOINT_CONNECTIONS = 2

// oidc-provider adds the hash of its one script, which submits a form (`form_post`). `form-action` is not restricted, because browsers
// apply it to the application's own redirects too.
const PROTOCOL_POLICY = "default-src 'none'; script-src; frame-ancestors 'none'; base-uri 'none'"

const ALIASES: Record<string, string> = {
  '/api/oauth/.well-known/openid-configuration': '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server': '/.well-known/openid-configuration',
  '/.well-known/jwks.json': '/api/oauth/.well-known/jwks.json',
}

const OPTIONS = {
  maxHeaderSize: MAX_HEADER_BYTES,
  ServerResponse: PortalResponse as typeof ServerResponse,
}

/** Binds the address, so that a taken port is found before anything else is started. Responds 503 until `startServer`. */
export async function listen(
  host: string,
  port: number,
): Promise<{ server: Server; port: number }> {
  const server = createServer(OPTIONS, (_req, res) => {
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

/** Serves on the listening `server`. The caller closes the context, after the server. */
export async function startServer(
  server: Server,
  parts: AppContext,
  options: ServerOptions,
): Promise<RunningServer> {
  const { issuer } = options
  const { db, storage, sealer, log, runtime } = parts
  const lanes = Array.from({ length: HOT_ENDPOINT_CONNECTIONS }, () =>
    openDb(runtime.databaseUrl, { connections: 1 }),
  )
  await storeIssuer(db, issuer)
  const ring = await openKeyRing(db, sealer, log)
  const sharedKeys = await loadSharedKeys(db, sealer, log)
  const limiter = createRateLimiter(db, options.rateLimits, log)
  const tokens = createAccessTokens(issuer, ring)
  const addressOf = createClientAddress(options.trustedProxies)
  const refuse = createRefusal(issuer, log)
  const network = createNetworkLimiter({
    db,
    limits: options.networkLimits,
    addressOf,
    security: parts.security,
    log,
    refuse: (req, res, seconds) =>
      refuse(
        req,
        res,
        new ApiError(
          429,
          'rate_limit_exceeded',
          `Too many requests came from your network. Please try again in ${seconds} seconds.`,
          { headers: { 'Retry-After': String(seconds) } },
        ),
      ),
  })
  const subjects = await openSubjectIdentifiers(db, sealer)
  // oidc-provider reads its keys once, so changed keys need another instance; the next request uses it.
  const create = () =>
    createProvider({
      issuer,
      db,
      sealer,
      vault: parts.vault,
      keys: ring.current(),
      tokens,
      subjects,
      outbound: parts.outbound,
      jobs: options.jobs,
      findVerified: (accountId) => findVerified({ db, storage, vault: parts.vault }, accountId),
      deviceOf,
      cookieKeys: runtime.cookieKeys,
      sharedKeys,
      production: runtime.production ?? false,
      pages,
      addressOf,
      onAuthenticatedClient: network.uncount,
      security: parts.security,
      log,
    })
  const pages = createPages(issuer)
  let provider = create()
  ring.onChange(() => {
    provider = create()
  })
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
    signAnswer: createResponseSigner(issuer, ring),
    signEvent: createEventSigner(db, ring),
    findSubject: createFindSubject(db, subjects),
    provider: () => provider,
    security: parts.security,
    log,
    addressOf,
    outbox: options.outbox && isLoopback(issuer),
    securityContacts: options.securityContacts ?? [],
    onDelivery: options.onDelivery,
    onRefused: options.onRefused,
    countSignature: network.countSignature,
  })
  serve(server, () => provider, getRequestListener(app.fetch), {
    issuer,
    checkHost: createHostCheck(issuer, options.allowedHosts ?? []),
    network,
    refuse,
  })

  return {
    url: urlOf(server),
    issuer,
    async close() {
      ring.close()
      await limiter.close()
      await network.close()
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

function serve(
  server: Server,
  provider: () => Provider,
  app: Listener,
  {
    issuer,
    checkHost,
    network,
    refuse,
  }: { issuer: string; checkHost: CheckHost; network: NetworkLimiter; refuse: Refuse },
): void {
  const common = commonHeaders(issuer)
  const callbacks = new WeakMap<Provider, ReturnType<Provider['callback']>>()
  const authorizationServer: Listener = (req, res) => {
    const current = provider()
    const callback = callbacks.get(current) ?? current.callback()
    callbacks.set(current, callback)
    void callback(req, res)
  }
  server.removeAllListeners('request')
  server.on('request', (req, res) => {
    if (res instanceof PortalResponse) res.common = common
    try {
      checkHost(req)
    } catch (error) {
      refuse(req, res, error)
      return
    }
    if (req.url && !req.url.startsWith('/')) {
      const { pathname, search } = new URL(req.url)
      req.url = `${pathname}${search}`
    }
    if (!network.admit(req, res)) return
    setIssuerHost(req.headers, issuer)
    const [path = '/', query] = (req.url ?? '/').split('?', 2)
    const target = ALIASES[path] ?? path
    if (
      target.startsWith('/api/oauth/') ||
      target === DEVICE_PATH ||
      target.startsWith(`${DEVICE_PATH}/`) ||
      target === '/.well-known/openid-configuration'
    ) {
      if (target !== path) req.url = query === undefined ? target : `${target}?${query}`
      res.setHeader('Content-Security-Policy', PROTOCOL_POLICY)
      if (isFormRequest(req.method, target))
        redirectForm(req, res).catch((error) => refuse(req, res, error))
      else authorizationServer(req, res)
    } else app(req, res)
  })
}

type Refuse = (req: IncomingMessage, res: ServerResponse, error: unknown) => void

/** Responds to requests that are rejected before they reach the authorization server or the app, in the same formats. */
function createRefusal(issuer: string, log: Log): Refuse {
  return (req, res, error) => {
    // The caller closed the connection.
    if (req.destroyed && !req.complete) return
    const requestId = requestIdOf(res)
    if (!(error instanceof ApiError)) log.error('request failed', { requestId, error })
    const refusal =
      error instanceof ApiError ? error : new ApiError(500, 'Internal server error', undefined)
    const isPage = (req.headers.accept ?? '').includes('text/html')
    const body = isPage
      ? String(errorPage({ title: 'We could not go on', message: refusal.message, requestId }))
      : JSON.stringify(refusal.toBody())
    res.writeHead(refusal.status, {
      'Content-Type': isPage ? 'text/html; charset=utf-8' : 'application/json',
      'Content-Length': Buffer.byteLength(body),
      ...(isPage ? securityHeaders({ issuer }) : {}),
      ...refusal.headers,
    })
    res.end(body)
  }
}

const urlOf = (server: Server): string => {
  const { address, port, family } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

const sampleUrl = async (storage: Storage) =>
  (await storage.signer())('health/none', { expiresInSeconds: 60 })

function createPages(issuer: string): Pages {
  const send = (
    ctx: KoaContextWithOIDC,
    status: number,
    body: unknown,
    formTargets: string[] = [],
  ) => {
    for (const [name, value] of Object.entries(securityHeaders({ issuer, formTargets })))
      ctx.set(name, value)
    ctx.status = status
    ctx.type = 'html'
    ctx.body = String(body)
  }
  return {
    error: (ctx, { error, description, status }) =>
      send(
        ctx,
        status,
        protocolErrorPage({ code: error, description, requestId: requestIdOf(ctx.res) }),
      ),
    signOut: (ctx, { action, xsrf, returnsTo }) =>
      send(ctx, 200, signOutPage({ action, xsrf }), returnsTo ? [returnsTo] : []),
    signedOut: (ctx) => send(ctx, 200, signedOutPage({})),
    deviceCode: (ctx, form) => send(ctx, form.error ? 400 : 200, deviceCodePage(form)),
    deviceConfirm: (ctx, form) => send(ctx, 200, deviceConfirmPage(form)),
    deviceDone: (ctx, clientName) => send(ctx, 200, deviceDonePage({ clientName })),
  }
}
