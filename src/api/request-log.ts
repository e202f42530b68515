import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { describeProof } from '../oauth/request-details.ts'
import {
  bearerTokenOf,
  type FindPresentedToken,
  type PresentedToken,
} from '../oauth/token-state.ts'
import type { ApiError } from '../platform/errors.ts'
import type { Log } from '../platform/log.ts'
import type { RequestLog } from '../request-log/recorder.ts'
import type { RequestDetail } from '../request-log/store.ts'
import { createRouteFinder } from '../web/request-observation.ts'
import { requestIdOf } from '../web/response-headers.ts'
import { ALIAS } from './id-verification.ts'
import { OPERATIONS } from './openapi.ts'

type ApiRequest = Pick<Context<{ Bindings: HttpBindings }>, 'req' | 'env' | 'var'>
type Parts = {
  issuer: string
  requestLog: RequestLog
  findPresentedToken: FindPresentedToken
  log: Log
}

/** Notes a request to the API that was answered, with its error if it has one. Returns at once, and never throws. */
export type NoteApiRequest = (c: ApiRequest, status: number, error?: ApiError) => void

/**
 * The API's door to the request log. A refusal is noted where errors become responses, and the token is read a second time then, so that
 * a request that succeeds does nothing for the log.
 */
export function createApiLog(parts: Parts): NoteApiRequest {
  const nameOf = createEndpointNames()
  return (c, status, error) => {
    if (!c.req.path.startsWith('/api/v1/')) return
    const endpoint = nameOf(c.req.method, c.req.path)
    if (endpoint === undefined) return
    note(parts, c, { endpoint, status, error }).catch((failure: unknown) =>
      parts.log.warn('a request cannot be logged', { error: failure }),
    )
  }
}

/** Notes what succeeds: in the sandbox alone. */
export const noteSuccesses = (note: NoteApiRequest) =>
  createMiddleware<{ Bindings: HttpBindings }>(async (c, next) => {
    await next()
    if (c.res.status < 400) note(c, c.res.status)
  })

/** The names are the operations' ids in the OpenAPI document. */
function createEndpointNames(): (method: string, path: string) => string | undefined {
  // `images/links` before `images/:type`.
  const routes = OPERATIONS.map((each) => ({ ...each, method: each.method.toUpperCase() })).sort(
    (a, b) => a.path.split(':').length - b.path.split(':').length,
  )
  const findRoute = createRouteFinder([...routes, { method: 'GET', path: ALIAS }])
  return (method, path) => {
    const found = findRoute(path).path
    const canonical = found === ALIAS ? ALIAS.replace('id_', 'id-') : found
    const ofPath = routes.filter((each) => each.path === canonical)
    const wanted = method === 'HEAD' ? 'GET' : method
    return (ofPath.find((each) => each.method === wanted) ?? ofPath[0])?.operationId
  }
}

async function note(
  { issuer, requestLog, findPresentedToken }: Parts,
  c: ApiRequest,
  { endpoint, status, error }: { endpoint: string; status: number; error: ApiError | undefined },
): Promise<void> {
  const request = {
    requestId: requestIdOf(c.env.outgoing),
    endpoint,
    method: c.req.method,
    status,
    isKnown: true,
    isAuthenticated: true,
    error: error?.error ?? null,
    reason: error?.description ?? null,
  }
  // Set by the routes of events, whose tokens are of another kind.
  const { stream } = c.var as { stream?: { clientId: string } }
  if (stream) {
    requestLog.note({ ...request, clientId: stream.clientId, detail: detailOf(error) })
    return
  }
  const token = bearerTokenOf(c.req.header('authorization'))
  const presented = token === undefined ? undefined : await findPresentedToken(token)
  if (!presented) return
  const { clientId } = presented
  const url = `${issuer}${c.req.path}`
  const proof = { given: c.req.header('dpop'), method: c.req.method, url }
  requestLog.note({
    ...request,
    clientId,
    detail: detailOf(error, { presented, proof }),
    ...(status === 401 ? { explain: presented.explain } : {}),
  })
}

type Presented = {
  presented: PresentedToken
  proof: { given: string | undefined; method: string; url: string }
}

function detailOf(error: ApiError | undefined, given?: Presented): RequestDetail | null {
  if (!error) return null
  if (given && error.error.startsWith('missing_scopes: ')) {
    const expected = error.error.slice('missing_scopes: '.length)
    return [{ name: 'scope of the token', arrived: given.presented.scope, expected }]
  }
  if (given && JSON.stringify(error.headers).includes('DPoP')) {
    const { given: proof, ...request } = given.proof
    return describeProof(proof, request)
      .filter(({ holds }) => !holds)
      .map(({ name, arrived, expected }) => ({ name, arrived, expected }))
  }
  if (!error.details) return null
  return Object.entries(error.details).map(([name, arrived]) => ({ name, arrived }))
}
