import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import { errorUri } from '../../web/error-uri.ts'
import type { PatchContext } from './patch.ts'

/**
 * Adds `error_uri` to every error in JSON and in a redirect (RFC 6749 §4.1.2.1, §5.2), and the description of what to do where the
 * library's says less. Unnecessary when the library has an option for it; 9.13 has none.
 */
export function linkErrors(provider: Provider, { issuer }: PatchContext): void {
  provider.use(async (ctx: KoaContextWithOIDC, next: () => Promise<void>) => {
    await next()
    const location = ctx.response.get('location')
    if (location) linkRedirect(ctx, issuer, location)
    else if (typeof ctx.body === 'string') linkForm(ctx, issuer, ctx.body)
    else linkBody(ctx, issuer)
  })
}

function linkBody(ctx: KoaContextWithOIDC, issuer: string): void {
  const body = ctx.body as { error?: unknown; error_description?: unknown } | null | undefined
  if (ctx.status < 400 || typeof body?.error !== 'string') return
  const advice = ADVICE[String(body.error_description)]
  Object.assign(body, {
    ...(advice ? { error_description: advice } : {}),
    error_uri: errorUri(issuer, body.error),
  })
}

/** What the library says of failures whose reason only the client's developers may read, and what to do. In the characters of RFC 6749 §5.2. */
const ADVICE: Readonly<Record<string, string>> = {
  'client authentication failed':
    'client authentication failed: check the client_id, the registered authentication method, and the secret or key; the request log of the client names the reason',
  'grant request is invalid':
    'the code or token is unknown, expired or used, is of another client, or came with another redirect_uri or code_verifier than its request; the request log of the client names the reason',
  'invalid token provided':
    'the token has expired, was revoked, or is of another portal; the request log of the client names the reason',
}

function linkRedirect(ctx: KoaContextWithOIDC, issuer: string, location: string): void {
  const address = URL.parse(location)
  if (!address || address.origin === issuer) return
  // As text, because parsing and printing would change the application's own part.
  const separator = /[?#&]error=([a-z_]+)&/.exec(location)
  if (!separator?.[1]) return
  ctx.set('Location', `${location}&error_uri=${encodeURIComponent(errorUri(issuer, separator[1]))}`)
}

/** `form_post`. */
function linkForm(ctx: KoaContextWithOIDC, issuer: string, body: string): void {
  const [field = '', code] =
    /<input type="hidden" name="error" value="([a-z_]+)"\/>/.exec(body) ?? []
  if (code === undefined) return
  const link = `<input type="hidden" name="error_uri" value="${errorUri(issuer, code)}"/>`
  ctx.body = body.replace(field, `${field}\n    ${link}`)
}
