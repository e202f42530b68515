import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import { UNAVAILABLE_SCOPES } from '../../clients/scopes.ts'
import type { Db } from '../../platform/db.ts'
import { hashSecret } from '../../platform/secrets.ts'
import { listPrompts } from '../sign-up.ts'
import { respondForJwt } from './jwt-access-tokens.ts'
import type { PatchContext } from './patch.ts'

const POLL_SECONDS = 5
const GRANT_NOT_ALLOWED = 'requested grant type is not allowed for this client'

/** RFC 8628 §3.5. One second of tolerance, because network delays vary. */
async function polledTooSoon(db: Db, ctx: KoaContextWithOIDC): Promise<boolean> {
  const id = hashSecret(String(ctx.oidc.params?.device_code ?? ''))
  const [row] = await db<{ tooSoon: boolean | null }[]>`
    update oidc_artifact code set polled_at = now()
    from (
      select id, polled_at from oidc_artifact where kind = 'DeviceCode' and id = ${id} for update
    ) before
    where code.kind = 'DeviceCode' and code.id = before.id
    returning before.polled_at > now() - make_interval(secs => ${POLL_SECONDS - 1}) as too_soon`
  return row?.tooSoon === true
}

/**
 * Completes and corrects responses: caching of keys and discovery, `prompt_values_supported`, the polling interval of the device flow and `slow_down` (RFC 8628),
 * introspection and revocation of JWTs, `unauthorized_client` (RFC 6749 §5.2), a body for 404, and what a registration reads of itself (RFC 7592 §3).
 * Unnecessary, each part alone, when the library does so itself; 9.13 does none of them.
 */
export function patchResponses(provider: Provider, { issuer, db, subjects }: PatchContext): void {
  provider.use(async (ctx: KoaContextWithOIDC, next: () => Promise<void>) => {
    await next()
    const route = ctx.oidc?.route
    if (route === 'jwks' || route === 'discovery') ctx.set('Cache-Control', 'public, max-age=300')
    // Initiating User Registration 1.0 §4: the operator's policy decides, so it can change at any time.
    if (route === 'discovery')
      Object.assign(ctx.body as object, { prompt_values_supported: await listPrompts(db) })
    // RFC 8628 §3.2: the library omits the default, and some clients require it.
    if (route === 'device_authorization' && ctx.status === 200)
      Object.assign(ctx.body as object, { interval: POLL_SECONDS })
    if (ctx.status === 404 && ctx.body === undefined) {
      ctx.status = 404
      ctx.body = { error: 'not_found' }
      return
    }
    const body = ctx.body as
      | Partial<Record<'error' | 'error_description' | 'scope' | 'client_secret', string>>
      | undefined
    if (body?.error === 'unsupported_token_type') await respondForJwt(ctx, issuer, subjects)
    if (body?.error === 'authorization_pending' && (await polledTooSoon(db, ctx)))
      Object.assign(body, { error: 'slow_down', error_description: 'poll less often' })
    // RFC 6749 §5.2 has a code of its own for this.
    if (route === 'token' && body?.error_description === GRANT_NOT_ALLOWED)
      body.error = 'unauthorized_client'
    // RFC 7592 §3: the registered metadata, without scopes that the provider adds and without the secret's hash.
    if ((route === 'client' || route === 'client_update') && body?.scope !== undefined) {
      body.scope = body.scope
        .split(' ')
        .filter((scope) => !UNAVAILABLE_SCOPES.includes(scope))
        .join(' ')
      delete body.client_secret
    }
  })
}
