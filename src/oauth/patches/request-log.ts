import { decodeJwt } from 'jose'
import type { errors, KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { NotedRequest } from '../../request-log/recorder.ts'
import { requestIdOf } from '../../web/response-headers.ts'
import { LOGGED_ROUTES } from '../logged-endpoints.ts'
import { describeRequest, parametersOf } from '../request-details.ts'
import { bearerTokenOf } from '../token-state.ts'
import { ERROR_EVENTS } from './error-events.ts'
import type { PatchContext } from './patch.ts'

/** Those that authenticate the client before they do anything else. */
const AUTHENTICATING = [
  'pushed_authorization_request',
  'device_authorization',
  'token',
  'introspection',
  'revocation',
]

type Failure = { error: string; reason: string | null }

/**
 * Notes the requests of clients in the request log, with the reason that the library keeps to itself (`error_detail`).
 * Unnecessary when the library emits one event for each request, with its client; 9.13 emits none where the client was not found.
 */
export function logRequests(provider: Provider, parts: PatchContext): void {
  const failures = new WeakMap<KoaContextWithOIDC, errors.OIDCProviderError>()
  for (const event of [...ERROR_EVENTS, 'server_error'])
    provider.on(event as 'grant.error', (ctx, error) => void failures.set(ctx, error))
  provider.use(async (ctx: KoaContextWithOIDC, next: () => Promise<void>) => {
    await next()
    const endpoint = LOGGED_ROUTES[ctx.oidc?.route ?? '']
    if (endpoint === undefined) return
    const failure = failureOf(ctx, failures.get(ctx))
    if (!failure && !parts.requestLog.keepsSuccesses) return
    await note(parts, ctx, endpoint, failure).catch((error: unknown) =>
      parts.log.warn('a request cannot be logged', { error }),
    )
  })
}

function failureOf(
  ctx: KoaContextWithOIDC,
  thrown: errors.OIDCProviderError | undefined,
): Failure | undefined {
  const body = (ctx.status >= 400 ? ctx.body : undefined) as { error?: unknown } | undefined
  const answered = typeof body?.error === 'string' ? body.error : undefined
  if (!thrown && ctx.status < 400) return undefined
  // The library answers every token at revocation with this error, and a patch answers instead.
  if (thrown?.error === 'unsupported_token_type' && ctx.status < 400) return undefined
  const reason = thrown?.error_detail ?? thrown?.error_description
  if (thrown?.expose === false || ctx.status >= 500)
    return { error: answered ?? 'server_error', reason: 'The server failed.' }
  return {
    error: answered ?? thrown?.error ?? String(ctx.status),
    reason: reason === undefined ? null : String(reason),
  }
}

async function note(
  { requestLog, findPresentedToken }: PatchContext,
  ctx: KoaContextWithOIDC,
  endpoint: string,
  failure: Failure | undefined,
): Promise<void> {
  const { client } = ctx.oidc
  const request = {
    requestId: requestIdOf(ctx.res),
    endpoint,
    method: ctx.method,
    status: ctx.status,
    error: failure?.error ?? null,
    reason: failure ? failure.reason : outcomeOf(ctx),
    detail: describeRequest(ctx),
  } satisfies Partial<NotedRequest>
  if (client) {
    const { clientId } = client
    requestLog.note({
      ...request,
      clientId,
      isKnown: true,
      isAuthenticated: hasAuthenticated(ctx, failure),
    })
    return
  }
  const token = endpoint === 'userinfo' ? bearerTokenOf(ctx.get('authorization')) : undefined
  const presented = token === undefined ? undefined : await findPresentedToken(token)
  const clientId = presented?.clientId ?? claimedClient(ctx)
  if (clientId === undefined) return
  requestLog.note({
    ...request,
    clientId,
    isKnown: presented !== undefined,
    isAuthenticated: presented !== undefined,
    explain: presented?.explain,
  })
}

const hasAuthenticated = (ctx: KoaContextWithOIDC, failure: Failure | undefined): boolean => {
  const { client, route } = ctx.oidc
  if (failure?.error === 'invalid_client') return false
  if (AUTHENTICATING.includes(route)) return client?.clientAuthMethod !== 'none'
  return route === 'userinfo' || LOGGED_ROUTES[route] === 'registration'
}

/** What became of a request that did not fail, where its status does not say so. */
function outcomeOf(ctx: KoaContextWithOIDC): string | null {
  const location = ctx.response.get('location')
  if (LOGGED_ROUTES[ctx.oidc.route] !== 'authorization') return null
  return location.includes('/interaction/')
    ? 'The person is asked to sign in or to decide.'
    : 'The application was given a code.'
}

/** The client that a request says it is from, which the library did not find or did not look for. */
function claimedClient(ctx: KoaContextWithOIDC): string | undefined {
  const { client_id: given, client_assertion: assertion } = parametersOf(ctx)
  const [, basic] = /^basic ([A-Za-z0-9+/=]+)$/i.exec(ctx.get('authorization')) ?? []
  const [, registered] = /\/register\/([^/]+)$/.exec(ctx.path) ?? []
  const found = given ?? registered ?? (basic ? userOf(basic) : undefined) ?? subjectOf(assertion)
  return typeof found === 'string' && found !== '' && !found.includes('\0') ? found : undefined
}

const userOf = (basic: string): string | undefined =>
  Buffer.from(basic, 'base64').toString('utf8').split(':', 1)[0]

function subjectOf(assertion: unknown): string | undefined {
  try {
    return decodeJwt(String(assertion)).sub
  } catch {
    return undefined
  }
}
