import { createHash } from 'node:crypto'
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  type JSONWebKeySet,
  type JWTPayload,
  jwtVerify,
} from 'jose'
import type { Run } from './try-runs.ts'

/** A token, read as anybody can read it. */
export type DecodedToken = { header: Record<string, unknown>; claims: JWTPayload }
/** One rule of a token, and whether it holds. */
export type Check = { rule: string; isMet: boolean }

/** `undefined`: no JWT. */
export function decodeToken(token: string): DecodedToken | undefined {
  try {
    return { header: { ...decodeProtectedHeader(token) }, claims: decodeJwt(token) }
  } catch {
    return undefined
  }
}

/** The checks of an application on its ID token (OpenID Core §3.1.3.7), as of now. */
export async function checkIdToken(run: Run, issuer: string): Promise<Check[]> {
  const { tokens, client } = run
  const decoded = tokens?.idToken ? decodeToken(tokens.idToken) : undefined
  if (!tokens?.idToken || !decoded) return []
  const { claims, header } = decoded
  const audiences = [claims.aud ?? []].flat()
  return [
    {
      rule: `signature: by the key ${String(header.kid)} of the issuer's key set`,
      isMet: await isSigned(tokens.idToken, run.keys),
    },
    { rule: `iss is the issuer, ${issuer}`, isMet: claims.iss === issuer },
    { rule: 'aud is this client', isMet: audiences.includes(client.id) },
    { rule: 'exp is not past', isMet: (claims.exp ?? 0) > Date.now() / 1000 },
    // OpenID Core §12.2: a refreshed ID token need not have one.
    ...(claims.nonce === undefined
      ? []
      : [{ rule: 'nonce is the one that was sent', isMet: claims.nonce === tokens.nonce }]),
    ...(claims.at_hash === undefined
      ? []
      : [
          {
            rule: 'at_hash is of the access token beside it',
            isMet: claims.at_hash === halfHash(tokens.accessToken),
          },
        ]),
  ]
}

/** Whether a token's signature is by one of the fetched keys, whatever its claims say. */
export async function isSigned(token: string, keys: Run['keys']): Promise<boolean> {
  if (!keys) return false
  try {
    // Long past, so that `exp` of an old token is no reason: it is a check of its own.
    await jwtVerify(token, createLocalJWKSet(keys as unknown as JSONWebKeySet), {
      currentDate: new Date(((decodeJwt(token).iat ?? 0) + 1) * 1000),
    })
    return true
  } catch {
    return false
  }
}

// OpenID Core §3.1.3.6, for RS256 and ES256.
const halfHash = (token: string): string =>
  createHash('sha256').update(token).digest().subarray(0, 16).toString('base64url')

/** One line for each claim that this portal puts into tokens. */
export const CLAIM_MEANINGS: Readonly<Record<string, string>> = {
  iss: 'Who issued it.',
  sub: 'The person, by the identifier that your application gets. It never changes.',
  aud: 'Whom it is for: the client in an ID token, the API in an access token.',
  exp: 'Until when it counts, in seconds since 1970.',
  iat: 'When it was issued.',
  nbf: 'From when it counts.',
  jti: 'Its own identifier.',
  nonce: 'The nonce of your authorization request: the token answers that request, and no other.',
  auth_time: 'When the person signed in.',
  acr: 'How surely the person signed in.',
  amr: 'With what the person signed in (RFC 8176).',
  at_hash: 'Half the hash of the access token: the two belong together.',
  sid: 'The session, which a logout token names.',
  name: 'The whole name, from the scope profile.',
  given_name: 'The given name.',
  family_name: 'The surname.',
  email: 'The e-mail address, from the scope email.',
  email_verified: 'Whether the address was confirmed.',
  client_id: 'The client that obtained it.',
  scope: 'What the person allowed.',
}
