import { hash } from 'node:crypto'
import { createLocalJWKSet, errors, jwtVerify } from 'jose'
import { hashSecret } from '../platform/secrets.ts'
import type { Algorithm, KeyRing, SigningKeys } from './key-ring.ts'

/*
 * On the wire an access token is a JWT by RFC 9068; in the database it is a row like any other of
 * oidc-provider's tokens. The `jti` names the row, and the row is what counts: it goes with its grant.
 */

export type AccessTokens = {
  sign(token: {
    jti: string
    /** The resident, as this client knows them; for client credentials the client itself (RFC 9068 §2.2). */
    subject: string
    clientId: string
    scope: string | undefined
    issuedAt: number
    expiresAt: number
    algorithm?: Algorithm
    /** The thumbprint of the key that the token is bound to (RFC 9449 §6.1). */
    jkt?: string | undefined
  }): Promise<string>
  /** The `jti` and the row's key, or `undefined` for anything that is not a token of ours that still runs. */
  verify(token: string): Promise<VerifiedToken | undefined>
}

export type VerifiedToken = {
  jti: string
  rowId: Buffer
  clientId: string
  /** The resident, as this client knows them; for client credentials the client itself. */
  subject: string
  expiresAt: number
  jkt: string | undefined
}

const REMEMBERED = 20_000

/** `issuer` is also the audience: the resource of RFC 9728 is the origin. */
export function createAccessTokens(
  issuer: string,
  ring: Pick<KeyRing, 'current' | 'refresh' | 'sign'>,
  now: () => number = Date.now,
): AccessTokens {
  // Verified tokens by their hash, the oldest forgotten first. It spares the signature check, never the database's.
  const remembered = new Map<string, VerifiedToken>()
  let keys: SigningKeys | undefined
  let jwks: ReturnType<typeof createLocalJWKSet> = createLocalJWKSet({ keys: [] })

  function follow() {
    if (keys === ring.current()) return
    keys = ring.current()
    jwks = createLocalJWKSet(keys.publicJwks)
    remembered.clear()
  }

  async function verifyAnew(token: string): Promise<VerifiedToken | undefined> {
    try {
      const { payload } = await jwtVerify(token, jwks, {
        issuer,
        audience: issuer,
        typ: 'at+jwt',
        algorithms: ['RS256', 'ES256'],
        requiredClaims: ['jti', 'sub', 'exp', 'iat', 'client_id'],
        currentDate: new Date(now()),
      })
      const { jti = '', exp = 0, sub = '' } = payload
      const clientId = String(payload.client_id)
      const { jkt } = (payload.cnf ?? {}) as { jkt?: string }
      return { jti, rowId: hashSecret(jti), clientId, subject: sub, expiresAt: exp, jkt }
    } catch (error) {
      // Perhaps of a key that another process made a moment ago.
      if (error instanceof errors.JWKSNoMatchingKey) {
        const before = ring.current()
        await ring.refresh()
        follow()
        if (ring.current() !== before) return await verifyAnew(token)
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
      follow()
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
