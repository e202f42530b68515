import { Provider } from 'oidc-provider'
import type { PatchContext } from './patch.ts'

/**
 * Derives the value of a rotated refresh token from the one before it, so that a client that lost the response can repeat the request
 * and gets the same successor (FAPI 2.0 §5.3.2.1; see the adapter). The library chooses a random value.
 * Unnecessary when the library offers a grace period for rotated refresh tokens; 9.13 has none.
 */
export function deriveRefreshTokens(provider: Provider, { successorOf }: PatchContext): void {
  const { prototype } = provider.RefreshToken as unknown as {
    prototype: { generateTokenId(): string }
  }
  const { generateTokenId } = prototype
  prototype.generateTokenId = function () {
    const entities = Provider.ctx?.oidc.entities as { RotatedRefreshToken?: { jti: string } }
    const before = entities?.RotatedRefreshToken?.jti
    return before === undefined ? generateTokenId.call(this) : successorOf(before)
  }
}
