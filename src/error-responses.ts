import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { helpLink, toErrorBody } from './api/error-bodies.ts'
import { apiHeaders } from './api/headers.ts'
import type { NoteApiRequest } from './api/request-log.ts'
import { errorPage } from './oauth/pages.ts'
import { isUnstorable } from './platform/db.ts'
import { ApiError, TooBusyError, temporarilyUnavailable } from './platform/errors.ts'
import type { Log } from './platform/log.ts'
import { findUnavailable } from './platform/unavailable.ts'
import type { ClientAddress } from './web/client-address.ts'
import { type Html, securityHeaders } from './web/html.ts'
import { describeError, PageError } from './web/page-error.ts'
import type { Reader, ReaderOf } from './web/reader.ts'
import { requestIdOf } from './web/response-headers.ts'
import type { SecurityEvents } from './web/security-events.ts'

type ErrorContext = {
  issuer: string
  addressOf: ClientAddress
  readerOf: ReaderOf
  security: SecurityEvents
  noteRequest: NoteApiRequest
  log: Log
}
/** Of every request of the app. */
export type AppEnv = { Bindings: HttpBindings; Variables: { requestId: string; reader?: Reader } }
type AppRequest = Context<AppEnv>

/** Responds to a request of the app that threw. What is not the caller's error is logged, with the id in the response. */
export function respondToError(context: ErrorContext, c: AppRequest, error: Error) {
  if (error instanceof ApiError) emitRefusal(context, c, error)
  // What cannot be stored is in no row, so that nothing has this address.
  if (isUnstorable(error) && isPage(c) && ['GET', 'HEAD'].includes(c.req.method))
    return respondNotFound(context, c)
  return sendError(context, c, toApiError(context.log, requestIdOf(c.env.outgoing), error))
}

/** Responds to a request for an address that does not exist. */
export const respondNotFound = (context: ErrorContext, c: AppRequest) =>
  sendError(
    context,
    c,
    new PageError(404, 'not_found', ({ errors, sandbox }) =>
      isPage(c) && c.var.reader?.site.isSandbox ? sandbox.notHere : errors.notFound,
    ),
  )

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

function sendError(
  { issuer, readerOf, noteRequest }: ErrorContext,
  c: AppRequest,
  error: ApiError,
) {
  const requestId = requestIdOf(c.env.outgoing)
  const status = error.status as 400
  noteRequest(c, status, error)
  const reader = isPage(c) ? (c.var.reader ?? readerOf(c.env.incoming)) : undefined
  for (const [name, value] of Object.entries({
    ...error.headers,
    ...headersOfApi(c.req.path, { requestId, error, issuer }),
    ...(reader ? securityHeaders({ issuer, locale: reader.locale }) : {}),
  }))
    c.header(name, value)
  if (reader) return c.html(describe(reader, error, requestId), status)
  return c.json(toErrorBody(error, c.req.path, issuer), status)
}

const headersOfApi = (
  path: string,
  { requestId, error, issuer }: { requestId: string; error: ApiError; issuer: string },
): Record<string, string> =>
  path.startsWith('/api/') ? { ...apiHeaders(requestId), ...helpLink(error, issuer) } : {}

const isPage = (c: AppRequest): boolean =>
  !/^\/(api|webhooks|health|\.well-known)(\/|$)/.test(c.req.path) &&
  (c.req.header('accept') ?? '').includes('text/html')

function describe(reader: Reader, error: ApiError, requestId: string): Html {
  const { errors } = reader.texts
  const title =
    error.status === 404
      ? errors.nothingHere
      : error.status >= 500
        ? errors.ourMistake
        : errors.cannotGoOn
  return errorPage(reader, { title, message: describeError(reader.texts, error), requestId })
}

/** Responds to a request that is rejected before it reaches the authorization server or the app, in the same formats. */
export function refuse(
  { issuer, readerOf, log }: Pick<ErrorContext, 'issuer' | 'readerOf' | 'log'>,
  req: IncomingMessage,
  res: ServerResponse,
  error: unknown,
): void {
  // The caller closed the connection.
  if (req.destroyed && !req.complete) return
  const path = req.url?.split('?', 1)[0] ?? ''
  const requestId = requestIdOf(res)
  const refusal = toApiError(log, requestId, error)
  const reader = (req.headers.accept ?? '').includes('text/html') ? readerOf(req) : undefined
  const body = reader
    ? String(describe(reader, refusal, requestId))
    : JSON.stringify(toErrorBody(refusal, path, issuer))
  res.writeHead(refusal.status, {
    'Content-Type': reader ? 'text/html; charset=utf-8' : 'application/json',
    'Content-Length': Buffer.byteLength(body),
    ...headersOfApi(path, { requestId, error: refusal, issuer }),
    ...(reader ? securityHeaders({ issuer, locale: reader.locale }) : {}),
    ...refusal.headers,
  })
  res.end(body)
}
