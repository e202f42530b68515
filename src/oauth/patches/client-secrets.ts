import { timingSafeEqual } from 'node:crypto'
import type { Provider } from 'oidc-provider'
import { hashesOfSecret } from '../../clients/clients.ts'
import { hashSecret } from '../../platform/secrets.ts'
import type { PatchContext } from './patch.ts'

/**
 * Compares the SHA-256 of a client secret in constant time. The library compares with the secret itself, and we store only the hash.
 * Unnecessary when the library takes a function that verifies a client secret; 9.13 has none.
 */
export function compareHashedSecrets(
  provider: Provider,
  { secretUses }: Pick<PatchContext, 'secretUses'>,
): void {
  Object.defineProperty(provider.Client.prototype, 'compareClientSecret', {
    value(this: { clientId: string; clientSecret?: string }, actual: string) {
      const given = hashSecret(actual)
      const used = hashesOfSecret(this.clientSecret ?? '').find(
        (stored) => stored.length === given.length && timingSafeEqual(stored, given),
      )
      if (used) secretUses.note(this.clientId, used)
      return used !== undefined
    },
  })
}

/**
 * Lets a client send its own secret in a registration update (RFC 7592 §2.2). The library requires it to equal
 * `client.clientSecret`, which is the hash here; so a correct secret is replaced by that hash, and any other by an empty one.
 * Unnecessary when the library's update uses `compareClientSecret`; 9.13 compares with the stored value.
 */
export function acceptOwnSecret(provider: Provider): void {
  const bodies = new WeakMap<object, unknown>()
  type Context = {
    route: string
    client?: { clientSecret?: string; compareClientSecret(secret: string): boolean }
  }
  Object.defineProperty(provider.OIDCContext.prototype, 'body', {
    configurable: true,
    get() {
      return bodies.get(this)
    },
    set(this: Context, body: { client_secret?: unknown } | undefined) {
      const secret = this.route === 'client_update' ? body?.client_secret : undefined
      if (body && typeof secret === 'string')
        body.client_secret = this.client?.compareClientSecret(secret)
          ? this.client.clientSecret
          : ''
      bodies.set(this, body)
    },
  })
}
