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
  const body = ctx.body as { error?: unknown } | null | undefined
  if (ctx.status < 400 || typeof body?.error !== 'string') return
  Object.assign(body, { error_uri: errorUri(issuer, body.error) })
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
