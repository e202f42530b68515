import { errors, interactionPolicy, type KoaContextWithOIDC, type Provider } from 'oidc-provider'
import { isTooFarAhead } from './proof.ts'
import { KNOWN_UNGRANTED, SCOPES, SERVICE_SCOPES } from './scopes.ts'

/* What a request may ask for, where the library overlooks it or would have it otherwise. */

/** The library's prompts, but what is asked for is read from the request itself: see `offerOfflineAccess`. */
export function createPolicy() {
  const { Check, base } = interactionPolicy
  const policy = base()
  const consent = policy.get('consent')
  consent?.checks.remove('consent_prompt')
  consent?.checks.add(
    new Check('consent_prompt', 'consent was asked for', 'consent_required', (ctx) => {
      const asked = String(ctx.oidc.params?.prompt ?? '').split(' ')
      return asked.includes('consent') && !ctx.oidc.result?.consent
    }),
    0,
  )
  return policy
}

/**
 * The library drops `offline_access` unless `prompt=consent` comes with it (OIDC Core §11, "unless other conditions
 * are in place"). Here consent is always asked for and remembered, which is that other condition.
 */
export function offerOfflineAccess(provider: Provider): void {
  Object.defineProperty(provider.OIDCContext.prototype, 'prompts', {
    configurable: true,
    get(this: { params: { prompt?: string; scope?: string } }) {
      const prompts = new Set(this.params.prompt ? this.params.prompt.split(' ') : [])
      if (!prompts.has('none') && this.params.scope?.split(' ').includes('offline_access'))
        prompts.add('consent')
      return prompts
    },
  })
}

/** RFC 6749 §3.3: a scope that nobody knows is an error, not something to overlook. */
export function refuseUnknownScopes(ctx: KoaContextWithOIDC): void {
  const params = ctx.oidc.params ?? {}
  const isService = ctx.oidc.route === 'token' && params.grant_type === 'client_credentials'
  // A service client that names no scope gets those it is registered for.
  if (isService) params.scope ??= ctx.oidc.client?.scope
  else if (!ASKING_ROUTES.includes(ctx.oidc.route)) return
  const asked = String(params.scope ?? '')
  if (!asked) throw new errors.InvalidScope('a scope is required', '')
  const known: readonly string[] = isService
    ? SERVICE_SCOPES
    : [...Object.keys(SCOPES), ...KNOWN_UNGRANTED]
  const unknown = asked.split(' ').find((scope) => !known.includes(scope))
  if (unknown !== undefined) throw new errors.InvalidScope('requested scope is unknown', unknown)
}

const ASKING_ROUTES = ['authorization', 'pushed_authorization_request', 'device_authorization']

/** RFC 8707: there is one resource, this origin. Naming it changes nothing; another is refused by `getResourceServerInfo`. */
export function nameOneResource(provider: Provider, issuer: string): void {
  const ours = [issuer, `${issuer}/`, `${issuer}/api/v1`]
  const kept = new WeakMap<object, Record<string, unknown> | undefined>()
  Object.defineProperty(provider.OIDCContext.prototype, 'params', {
    configurable: true,
    get() {
      return kept.get(this)
    },
    set(params: Record<string, unknown> | undefined) {
      const named = params?.resource
      const isOurs =
        typeof named === 'string'
          ? ours.includes(named)
          : Array.isArray(named) && named.length === 1 && ours.includes(named[0])
      if (params && isOurs) params.resource = undefined
      kept.set(this, params)
    },
  })
}

/**
 * RFC 7592 §2.2: a client that sends its secret along sends the right one. Ours is kept as a hash, which the library would
 * compare it with; so the right one is replaced by what is kept, before the library looks.
 */
export function takeOwnSecret(provider: Provider): void {
  const kept = new WeakMap<object, unknown>()
  type Context = {
    route: string
    client?: { clientSecret?: string; compareClientSecret(secret: string): boolean }
  }
  Object.defineProperty(provider.OIDCContext.prototype, 'body', {
    configurable: true,
    get() {
      return kept.get(this)
    },
    set(this: Context, body: { client_secret?: unknown } | undefined) {
      const secret = this.route === 'client_update' ? body?.client_secret : undefined
      if (body && typeof secret === 'string')
        body.client_secret = this.client?.compareClientSecret(secret)
          ? this.client.clientSecret
          : ''
      kept.set(this, body)
    },
  })
}

const LONGEST_ASSERTION_SECONDS = 600

/**
 * RFC 7523 §3 with the audience of FAPI 2.0 §5.3.2.1: the issuer, as one string. Outside that profile the address of the
 * token endpoint is accepted as well, because widespread client libraries send it (OpenID Connect Core §9).
 */
export async function assertJwtClientAuthClaimsAndHeader(
  ctx: KoaContextWithOIDC,
  claims: Record<string, unknown>,
  header: Record<string, unknown>,
  client: { clientId: string; fapi?: unknown },
): Promise<void> {
  const { issuer } = ctx.oidc
  if (claims.aud !== issuer && (client.fapi || claims.aud !== `${issuer}/api/oauth/token`))
    throw new errors.InvalidClientAuth('audience (aud) must be the issuer, as one string')
  if (isTooFarAhead(claims.iat))
    throw new errors.InvalidClientAuth('the assertion was issued in the future')
  const left = Number(claims.exp) - Date.now() / 1000
  if (left > LONGEST_ASSERTION_SECONDS)
    throw new errors.InvalidClientAuth('the assertion expires too late')
  if (client.fapi && header.alg === 'RS256')
    throw new errors.InvalidClientAuth('FAPI 2.0 clients sign with PS256, ES256 or EdDSA')
}
