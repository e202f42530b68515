import { hash } from 'node:crypto'
import { createLocalJWKSet, decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose'
import { hashSecret } from '../platform/secrets.ts'
import type { Algorithm, KeyRing, SigningKeys } from './key-ring.ts'

/*
 * Clients receive an access token as a JWT by RFC 9068; the database has a row for it, as for oidc-provider's other tokens. The `jti`
 * identifies the row. The row decides whether the token is valid, and is deleted with its grant.
 */

export type AccessTokens = {
  sign(token: {
    jti: string
    /** The resident's `sub` at this client; for client credentials the client itself (RFC 9068 §2.2). */
    subject: string
    clientId: string
    scope: string | undefined
    issuedAt: number
    expiresAt: number
    algorithm?: Algorithm
    /** The thumbprint of the key that the token is bound to (RFC 9449 §6.1). */
    jkt?: string | undefined
  }): Promise<string>
  /** Returns the claims of a token of this portal that has not expired, else `undefined`. Whether it was revoked is for the caller to look up. */
  verify(token: string): Promise<VerifiedToken | undefined>
  /** Says what `verify` does not: what is wrong with a token, and whose it is when this portal signed it. Not for deciding about access. */
  inspect(token: string): Promise<InspectedToken>
}

export type InspectedToken =
  /** Not a JWT; of another issuer; signed by no key of this portal, or for another purpose. */
  | { fault: 'unreadable' | 'foreign' | 'forged' }
  | ({ fault: 'expired' | undefined; scope: string } & VerifiedToken)

export type VerifiedToken = {
  jti: string
  rowId: Buffer
  clientId: string
  /** The resident's `sub` at this client; for client credentials the client itself. */
  subject: string
  expiresAt: number
  jkt: string | undefined
}

const MAX_CACHED = 20_000

/** `issuer` is also the audience, because the resource of RFC 9728 is the origin. */
export function createAccessTokens(
  issuer: string,
  ring: Pick<KeyRing, 'current' | 'refresh' | 'refreshIfOld' | 'sign'>,
  now: () => number = Date.now,
): AccessTokens {
  // Verified tokens by their hash; the oldest is removed first. Saves the signature check, never the database's.
  const cache = new Map<string, VerifiedToken>()
  let keys: SigningKeys | undefined
  let jwks: ReturnType<typeof createLocalJWKSet> = createLocalJWKSet({ keys: [] })

  function loadKeys() {
    if (keys === ring.current()) return
    keys = ring.current()
    jwks = createLocalJWKSet(keys.publicJwks)
    cache.clear()
  }

  const readClaims = (token: string, at: number) =>
    jwtVerify(token, jwks, {
      issuer,
      audience: issuer,
      typ: 'at+jwt',
      algorithms: ['RS256', 'ES256'],
      requiredClaims: ['jti', 'sub', 'exp', 'iat', 'client_id'],
      currentDate: new Date(at),
    })

  async function verifySignature(token: string): Promise<VerifiedToken | undefined> {
    try {
      return toVerified((await readClaims(token, now())).payload)
    } catch (error) {
      // Another process may have created the key a moment ago.
      if (error instanceof errors.JWKSNoMatchingKey) {
        const before = ring.current()
        await ring.refresh()
        loadKeys()
        if (ring.current() !== before) return await verifySignature(token)
      }
      return undefined
    }
  }

  return {
    sign(token) {
      const { algorithm = 'RS256', jkt, scope } = token
      const claims = {
        iss: issuer,
        aud: issuer,
        sub: token.subject,
        jti: token.jti,
        iat: token.issuedAt,
        exp: token.expiresAt,
        client_id: token.clientId,
        ...(scope ? { scope } : {}),
        ...(jkt ? { cnf: { jkt } } : {}),
      }
      return ring.sign('at+jwt', claims, algorithm)
    },

    async verify(token) {
      if (token.length > 4096) return undefined
      await ring.refreshIfOld()
      loadKeys()
      const key = hash('sha256', token, 'base64url')
      const known = cache.get(key)
      if (known) return known.expiresAt * 1000 > now() ? known : undefined
      const verified = await verifySignature(token)
      if (!verified) return undefined
      if (cache.size >= MAX_CACHED)
        for (const oldest of cache.keys()) {
          cache.delete(oldest)
          break
        }
      cache.set(key, verified)
      return verified
    },

    async inspect(token) {
      const claims = token.length > 4096 ? undefined : readUnverified(token)
      if (!claims) return { fault: 'unreadable' }
      if (claims.iss !== issuer) return { fault: 'foreign' }
      loadKeys()
      try {
        const at = Math.min(now(), (Number(claims.exp) - 1) * 1000)
        const { payload } = await readClaims(token, at)
        const verified = toVerified(payload)
        const fault = verified.expiresAt * 1000 > now() ? undefined : 'expired'
        return { ...verified, fault, scope: String(payload.scope ?? '') }
      } catch {
        return { fault: 'forged' }
      }
    },
  }
}

function toVerified(payload: JWTPayload): VerifiedToken {
  const { jti = '', exp = 0, sub = '' } = payload
  const clientId = String(payload.client_id)
  const { jkt } = (payload.cnf ?? {}) as { jkt?: string }
  return { jti, rowId: hashSecret(jti), clientId, subject: sub, expiresAt: exp, jkt }
}

function readUnverified(token: string): JWTPayload | undefined {
  try {
    return decodeJwt(token)
  } catch {
    return undefined
  }
}
