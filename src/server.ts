import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
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
import { storeIssuer } from './platform/issuer.ts'
import { listenOn } from './platform/listen.ts'
import { createHostCheck } from './web/host-check.ts'
import { NETWORK_RULES } from './web/network-limits.ts'
import { createRequestObserver, type Route } from './web/request-observation.ts'
import { commonHeaders, PortalResponse } from './web/response-headers.ts'
import { openWebContext, type WebContext, type WebOptions } from './web-context.ts'

export type RunningServer = {
  url: string
  issuer: string
  /** Of the connections that only requests use. */
  poolUsage(): PoolUsage[]
  close(): Promise<void>
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
  return { server, port: await listenOn(server, { host, port, variable: 'PORT' }) }
}

/** Serves on the listening `server`. The caller closes the context, after the server. */
export async function startServer(
  server: Server,
  context: AppContext,
  options: WebOptions,
): Promise<RunningServer> {
  await storeIssuer(context.db, options.issuer)
  const web = await openWebContext(context, options)
  serve(server, web)
  return {
    url: urlOf(server),
    issuer: options.issuer,
    poolUsage: () => web.lanes.map(usageOf),
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeIdleConnections()
        setTimeout(() => server.closeAllConnections(), 5_000).unref()
      })
      await web.close()
    },
  }
}

type Listener = (req: IncomingMessage, res: ServerResponse) => void

/** Passes each request on to the authorization server or the app, unless it is rejected before. */
function serve(server: Server, web: WebContext): void {
  const { config, issuer, network } = web
  const routes = createApp(web)
  const app: Listener = getRequestListener(routes.fetch)
  const authorizationServer = createAuthorizationServer(web.provider)
  const checkHost = createHostCheck(issuer, config.allowedHosts)
  const common = commonHeaders(issuer)
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
  server.on('request', (req, res) => correlate(observeRequest(req, res), () => respond(req, res)))
}

/** The routes of both halves, and the other addresses of the authorization server. */
const listRoutes = (app: readonly Route[]): Route[] =>
  [
    ...app,
    ...NETWORK_RULES.map(([method, path]) => ({ method, path })),
    ...Object.keys(ALIASES).map((path) => ({ method: 'GET', path })),
  ].filter(({ method, path }) => /^[A-Z]+$/.test(method) && method !== 'ALL' && !path.endsWith('*'))

function createAuthorizationServer(provider: () => Provider): Listener {
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
