import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { apiHeaders } from './api/headers.ts'
import { isMosaicPath, toMosaicBody } from './api/mosaic/errors.ts'
import { errorPage } from './oauth/pages.ts'
import { isUnstorable } from './platform/db.ts'
import { ApiError, TooBusyError, temporarilyUnavailable } from './platform/errors.ts'
import type { Log } from './platform/log.ts'
import { findUnavailable } from './platform/unavailable.ts'
import type { ClientAddress } from './web/client-address.ts'
import { securityHeaders } from './web/html.ts'
import { requestIdOf } from './web/response-headers.ts'
import type { SecurityEvents } from './web/security-events.ts'

type ErrorContext = {
  issuer: string
  addressOf: ClientAddress
  security: SecurityEvents
  log: Log
}
/** Of every request of the app. */
export type AppEnv = { Bindings: HttpBindings; Variables: { requestId: string } }
type AppRequest = Context<AppEnv>

/** Responds to a request of the app that threw. What is not the caller's error is logged, with the id in the response. */
export function respondToError(context: ErrorContext, c: AppRequest, error: Error) {
  if (error instanceof ApiError) emitRefusal(context, c, error)
  return sendError(context, c, toApiError(context.log, requestIdOf(c.env.outgoing), error))
}

/** Responds to a request for an address that does not exist. */
export const respondNotFound = (context: ErrorContext, c: AppRequest) =>
  sendError(context, c, new ApiError(404, 'not_found', 'There is nothing at this address.'))

function emitRefusal({ addressOf, security }: ErrorContext, c: AppRequest, { error }: ApiError) {
  const address = addressOf(c.env.incoming)
  if (error === 'forbidden_form') security.emit('form_refused', { address })
  if (error === 'rate_limit_exceeded' && c.req.path.startsWith('/api/'))
    security.emit('rate_limited', { address, subject: 'api' })
}

function toApiError(log: Log, requestId: string, error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof HTTPException)
    return new ApiError(error.status, 'invalid_request', error.message || undefined)
  if (error instanceof TooBusyError)
    return new ApiError(503, 'busy', undefined, { headers: { 'Retry-After': '5' } })
  if (isUnstorable(error)) return new ApiError(400, 'invalid_request')
  const unavailable = findUnavailable(error)
  if (unavailable) {
    // Without the request's id, so that an outage is summarized.
    log.error(unavailable, { error })
    return temporarilyUnavailable()
  }
  log.error('request failed', { requestId, error })
  return new ApiError(500, 'Internal server error')
}

function sendError({ issuer }: ErrorContext, c: AppRequest, error: ApiError) {
  const requestId = requestIdOf(c.env.outgoing)
  const status = error.status as 400
  for (const [name, value] of Object.entries({
    ...error.headers,
    ...(c.req.path.startsWith('/api/') ? apiHeaders(requestId) : {}),
    ...(isPage(c) ? securityHeaders({ issuer }) : {}),
  }))
    c.header(name, value)
  if (isPage(c)) {
    const message =
      status >= 500
        ? 'Something went wrong on our side. Please try again in a moment.'
        : error.message
    return c.html(errorPage({ title: titleOf(status), message, requestId }), status)
  }
  if (isMosaicPath(c.req.path)) return c.json(toMosaicBody(error), status)
  const isBackOffice = c.req.path.startsWith('/api/v1/idv/')
  return c.json(isBackOffice ? error.toBackOfficeBody() : error.toBody(), status)
}

const isPage = (c: AppRequest): boolean =>
  !/^\/(api|webhooks|health|\.well-known)(\/|$)/.test(c.req.path) &&
  (c.req.header('accept') ?? '').includes('text/html')

function titleOf(status: number): string {
  if (status === 404) return 'Nothing here'
  return status >= 500 ? 'Our mistake' : 'We could not go on'
}

/** Responds to a request that is rejected before it reaches the authorization server or the app, in the same formats. */
export function refuse(
  { issuer, log }: Pick<ErrorContext, 'issuer' | 'log'>,
  req: IncomingMessage,
  res: ServerResponse,
  error: unknown,
): void {
  // The caller closed the connection.
  if (req.destroyed && !req.complete) return
  const requestId = requestIdOf(res)
  const refusal = toApiError(log, requestId, error)
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
