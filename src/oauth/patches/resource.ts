import type { Provider } from 'oidc-provider'
import type { PatchContext } from './patch.ts'

/**
 * Ignores a `resource` parameter (RFC 8707) that names this portal. The library would issue a token of another audience and format for
 * it. Any other resource is rejected by `getResourceServerInfo`.
 * Unnecessary when a resource server of the library can be the default audience; in 9.13 it cannot.
 */
export function acceptOwnResource(provider: Provider, { issuer }: PatchContext): void {
  const own = [issuer, `${issuer}/`, `${issuer}/api/v1`]
  const stored = new WeakMap<object, Record<string, unknown> | undefined>()
  Object.defineProperty(provider.OIDCContext.prototype, 'params', {
    configurable: true,
    get() {
      return stored.get(this)
    },
    set(params: Record<string, unknown> | undefined) {
      const named = params?.resource
      const isOwn =
        typeof named === 'string'
          ? own.includes(named)
          : Array.isArray(named) && named.length === 1 && own.includes(named[0])
      if (params && isOwn) params.resource = undefined
      stored.set(this, params)
    },
  })
}
