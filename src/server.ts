import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { getRequestListener } from '@hono/node-server'
import type { Provider } from 'oidc-provider'
import { createApp } from './app.ts'
import type { AppContext } from './context.ts'
import { refuse } from './error-responses.ts'
import { DEVICE_PATH } from './oauth/features.ts'
import { isFormRequest, MAX_HEADER_BYTES, redirectForm } from './oauth/form-requests.ts'
import { setIssuerHost } from './oauth/provider.ts'
import { correlate } from './platform/correlation.ts'
import { type PoolUsage, usageOf } from './platform/db.ts'
import { temporarilyUnavailable } from './platform/errors.ts'
import { storeIssuer } from './platform/issuer.ts'
import { createCloseServer, listenOn, requireFreePort } from './platform/listen.ts'
import { withoutObservers } from './platform/operations.ts'
import { createHostCheck } from './web/host-check.ts'
import { NETWORK_RULES } from './web/network-limits.ts'
import { createRequestObserver, type Route } from './web/request-observation.ts'
import { commonHeaders, PortalResponse } from './web/response-headers.ts'
import { openWebContext, type WebContext, type WebOptions } from './web-context.ts'

export type RunningServer = {
  url: string
  issuer: string
  /**
   * Serves for `drainMs` more, each response being the last of its connection. Then it accepts no more connections, and finishes
   * what is under way for up to `limitMs`.
   */
  close(times?: { drainMs: number; limitMs: number }): Promise<void>
  /** Of the connections that only requests use. */
  poolUsage(): PoolUsage[]
}

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
  // A request arrives within a minute. Idle connections have a limit of their own, `keepAliveSeconds`.
  headersTimeout: 60_000,
  requestTimeout: 60_000,
}

/** A server whose port is known, because the issuer may depend on it, and which accepts no connection before `open`. */
export type Listener = { server: Server; port: number; open(): Promise<void>; close(): void }

/** Throws OperatorError when the port is taken. Port 0 is bound already, but closes its connections until `open`. */
export async function prepareListener(given: {
  host: string
  port: number
  keepAliveSeconds: number
  /** Where the port comes from. */
  variable?: string
}): Promise<Listener> {
  const { host, port, keepAliveSeconds, variable = 'PORT' } = given
  const address = { host, port, variable }
  const server = createServer({ ...OPTIONS, keepAliveTimeout: keepAliveSeconds * 1000 })
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  if (port !== 0) {
    await requireFreePort(address)
    return { server, port, open: async () => void (await listenOn(server, address)), close }
  }
  const refuse = (socket: Socket) => socket.destroy()
  server.on('connection', refuse)
  const bound = await listenOn(server, address)
  return { server, port: bound, open: async () => void server.off('connection', refuse), close }
}

/** Opens the listener, and serves, when everything else is open. The caller closes the context, after the server. */
export async function startServer(
  { server, open }: Listener,
  context: AppContext,
  options: WebOptions,
): Promise<RunningServer> {
  // Without an ISSUER it follows the port.
  await storeIssuer(context.db, options.issuer, { mayChange: !context.config.production })
  const web = await openWebContext(context, options)
  const common: Record<string, string> = { ...commonHeaders(options.issuer) }
  const closeServer = createCloseServer(server)
  serve(server, web, common)
  try {
    await open()
  } catch (error) {
    await web.close()
    throw error
  }
  return {
    url: urlOf(server),
    issuer: options.issuer,
    poolUsage: () => web.lanes.map(usageOf),
    async close({ drainMs, limitMs } = { drainMs: 0, limitMs: 5_000 }) {
      // The responses to requests that are under way have it too.
      common.connection = 'close'
      await wait(drainMs)
      await closeServer({ limitMs, idle: drainMs > 0 ? 'when quiet' : 'at once' })
      await web.close()
    },
  }
}

type RequestHandler = (req: IncomingMessage, res: ServerResponse) => void

/** Passes each request on to the authorization server or the app, unless it is rejected before. */
function serve(server: Server, web: WebContext, common: Readonly<Record<string, string>>): void {
  const { config, issuer, network } = web
  const routes = createApp(web)
  const app: RequestHandler = getRequestListener(routes.fetch)
  const authorizationServer = createAuthorizationServer(web.provider)
  const checkHost = createHostCheck(issuer, config.allowedHosts)
  const observeRequest = createRequestObserver({ ...web, routes: listRoutes(routes.routes) })

  function respond(req: IncomingMessage, res: ServerResponse) {
    if (res instanceof PortalResponse) res.common = common
    try {
      checkHost(req)
    } catch (error) {
      refuse(web, req, res, error)
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
        redirectForm(req, res).catch((error) => refuse(web, req, res, error))
      else authorizationServer(req, res)
    } else app(req, res)
  }

  server.removeAllListeners('request')
  const observe = (req: IncomingMessage, res: ServerResponse) =>
    correlate(observeRequest(req, res), () => respond(req, res))
  server.on('request', (req, res) =>
    config.isSandbox ? withoutObservers(() => observe(req, res)) : observe(req, res),
  )
}

/** Serves a place that could not be started: it says so to probes and to everybody else. */
export async function serveUnavailable({ server, open }: Listener): Promise<void> {
  server.removeAllListeners('request')
  server.on('request', (_req, res: ServerResponse) => {
    const { status, error, message } = temporarilyUnavailable()
    const body = JSON.stringify({ status: 'unavailable', error, error_description: message })
    res.writeHead(status, { 'Content-Type': 'application/json', 'Retry-After': '60' }).end(body)
  })
  await open()
}

/** The routes of both halves, and the other addresses of the authorization server. */
const listRoutes = (app: readonly Route[]): Route[] =>
  [
    ...app,
    ...NETWORK_RULES.map(([method, path]) => ({ method, path })),
    ...Object.keys(ALIASES).map((path) => ({ method: 'GET', path })),
  ].filter(({ method, path }) => /^[A-Z]+$/.test(method) && method !== 'ALL' && !path.endsWith('*'))

function createAuthorizationServer(provider: () => Provider): RequestHandler {
  const callbacks = new WeakMap<Provider, ReturnType<Provider['callback']>>()
  return (req, res) => {
    const current = provider()
    const callback = callbacks.get(current) ?? current.callback()
    callbacks.set(current, callback)
    void callback(req, res)
  }
}

const urlOf = (server: Server): string => {
  const { address, port, family } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
