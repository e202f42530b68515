import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { PatchContext } from './patch.ts'

const AUTHENTICATING_ROUTES = ['pushed_authorization_request', 'device_authorization']

/**
 * Emits security events for failed client authentication and for registrations, and reports clients that authenticated. The library has events for some of its
 * endpoints only; unnecessary when every endpoint that authenticates a client emits one. 9.13 does not.
 */
export function emitSecurityEvents(
  provider: Provider,
  { security, addressOf, onAuthenticatedClient }: PatchContext,
): void {
  provider.use(async (ctx: KoaContextWithOIDC, next: () => Promise<void>) => {
    await next()
    const { error } = (ctx.body ?? {}) as { error?: unknown }
    const clientId = ctx.oidc?.client?.clientId
    const address = addressOf(ctx.req)
    if (ctx.oidc?.client && ctx.oidc.client.clientAuthMethod !== 'none' && ctx.status < 400)
      if (AUTHENTICATING_ROUTES.includes(ctx.oidc.route)) onAuthenticatedClient(ctx.req)
    if (error === 'invalid_client')
      security.emit('client_authentication_failed', { clientId, address })
    if (ctx.oidc?.route === 'registration' && ctx.status === 201)
      security.emit('client_registered', { clientId, address })
  })
}
