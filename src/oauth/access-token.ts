import { hash } from 'node:crypto'
import { createLocalJWKSet, jwtVerify, SignJWT } from 'jose'
import { hashSecret } from '../secrets.ts'
import type { SigningKeys } from './keys.ts'

/*
 * On the wire an access token is a JWT by RFC 9068; in the database it is a row like any other of
 * oidc-provider's tokens. The `jti` names the row, and the row is what counts: it goes with its grant.
 */

export type AccessTokens = {
  sign(token: {
    jti: string
    accountId: string
    clientId: string
    scope: string | undefined
    issuedAt: number
    expiresAt: number
  }): Promise<string>
  /** The `jti` and the row's key, or `undefined` for anything that is not a live token of ours. */
  verify(token: string): Promise<VerifiedToken | undefined>
}

export type VerifiedToken = { jti: string; rowId: Buffer; expiresAt: number }

const REMEMBERED = 20_000

/** `issuer` is also the audience: the resource of RFC 9728 is the origin. */
export function createAccessTokens(
  issuer: string,
  keys: SigningKeys,
  now: () => number = Date.now,
): AccessTokens {
  const jwks = createLocalJWKSet(keys.publicJwks)
  // Verified tokens by their hash, the oldest forgotten first. It spares the RSA check, never the database's.
  const remembered = new Map<string, VerifiedToken>()

  async function verifyAnew(token: string): Promise<VerifiedToken | undefined> {
    try {
      const { payload } = await jwtVerify(token, jwks, {
        issuer,
        audience: issuer,
        typ: 'at+jwt',
        algorithms: ['RS256'],
        requiredClaims: ['jti', 'sub', 'exp', 'iat', 'client_id'],
        currentDate: new Date(now()),
      })
      const { jti = '', exp = 0 } = payload
      return { jti, rowId: hashSecret(jti), expiresAt: exp }
    } catch {
      return undefined
    }
  }

  return {
    sign: ({ jti, accountId, clientId, scope, issuedAt, expiresAt }) =>
      new SignJWT({ client_id: clientId, ...(scope ? { scope } : {}) })
        .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: keys.active.kid })
        .setIssuer(issuer)
        .setAudience(issuer)
        .setSubject(accountId)
        .setJti(jti)
        .setIssuedAt(issuedAt)
        .setExpirationTime(expiresAt)
        .sign(keys.active.privateKey),

    async verify(token) {
      if (token.length > 4096) return undefined
      const key = hash('sha256', token, 'base64url')
      const known = remembered.get(key)
      if (known) return known.expiresAt * 1000 > now() ? known : undefined
      const verified = await verifyAnew(token)
      if (!verified) return undefined
      if (remembered.size >= REMEMBERED)
        for (const oldest of remembered.keys()) {
          remembered.delete(oldest)
          break
        }
      remembered.set(key, verified)
      return verified
    },
  }
}
