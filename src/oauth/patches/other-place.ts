import { decodeJwt } from 'jose'
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { PatchContext } from './patch.ts'

const CLIENT_ROUTES = [
  'authorization',
  'pushed_authorization_request',
  'device_authorization',
  'token',
  'introspection',
  'revocation',
]
const INVALID_TOKEN = 'invalid token provided'

/**
 * Tells a program that confuses the sandbox with the portal where its client is registered, or where its token was issued. The refusals
 * stay the library's. Unnecessary when the library has a hook that describes them; 9.13 has none.
 */
export function describeOtherPlace(provider: Provider, parts: PatchContext): void {
  if (!parts.otherPlace) return
  provider.use(async (ctx: KoaContextWithOIDC, next: () => Promise<void>) => {
    await next()
    const route = ctx.oidc?.route
    if (route === 'userinfo' && ctx.status === 401) describeToken(ctx, parts)
    const isUnknown = [400, 401].includes(ctx.status) && !ctx.oidc?.client
    if (isUnknown && CLIENT_ROUTES.includes(route)) await describeClient(ctx, parts)
  })
}

function describeToken(ctx: KoaContextWithOIDC, { otherPlace }: PatchContext): void {
  const [, token = ctx.oidc.body?.access_token] =
    /^(?:bearer|dpop) +(\S+)$/i.exec(ctx.get('Authorization')) ?? []
  const description = typeof token === 'string' ? otherPlace?.describeToken(token) : undefined
  if (!description) return
  Object.assign(ctx.body as object, { error_description: description })
  const challenge = ctx.response.get('WWW-Authenticate')
  ctx.set('WWW-Authenticate', challenge.replace(INVALID_TOKEN, description))
}

async function describeClient(
  ctx: KoaContextWithOIDC,
  { otherPlace, renderError }: PatchContext,
): Promise<void> {
  const description = await otherPlace?.describeClient(findClientId(ctx))
  if (!description) return
  const { status } = ctx
  await renderError(ctx, { error: 'invalid_client', error_description: description })
  ctx.status = status
}

/** The client that the request says it is of: by parameter, by password (RFC 6749 §2.3.1), or by assertion (RFC 7523 §3). */
function findClientId(ctx: KoaContextWithOIDC): unknown {
  const { params = {} } = ctx.oidc
  if (params.client_id !== undefined) return params.client_id
  try {
    if (typeof params.client_assertion === 'string') return decodeJwt(params.client_assertion).sub
    const [, encoded] = /^basic +(\S+)$/i.exec(ctx.get('Authorization')) ?? []
    const [name] = Buffer.from(encoded ?? '', 'base64')
      .toString('utf8')
      .split(':')
    return name && decodeURIComponent(name)
  } catch {
    return undefined
  }
}
