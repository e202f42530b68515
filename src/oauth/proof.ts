import { hash } from 'node:crypto'
import { calculateJwkThumbprint, decodeJwt, EmbeddedJWK, errors, jwtVerify } from 'jose'

/** Signature algorithms of DPoP proofs, published in discovery (RFC 9449 §5.1). */
export const PROOF_ALGORITHMS = ['ES256', 'PS256', 'Ed25519', 'EdDSA'] as const

/** How old a proof may be: the same as at oidc-provider's endpoints. */
const WINDOW_SECONDS = 300

/** FAPI 2.0 Security Profile §5.3.2.1: up to 10 seconds ahead are accepted, more than 60 rejected. */
export const ACCEPTED_AHEAD_SECONDS = 10
const LONGEST_AHEAD_SECONDS = 60

/** Whether a time claim of a JWT is further ahead than a clock's deviation explains. */
export const isTooFarAhead = (seconds: unknown, now = Date.now()): boolean =>
  typeof seconds === 'number' && seconds > now / 1000 + LONGEST_AHEAD_SECONDS

/** The same for the `iat` of a DPoP proof. `false` for a proof that cannot be decoded; its verification rejects it. */
export function isProofTooFarAhead(proof: string): boolean {
  try {
    return isTooFarAhead(decodeJwt(proof).iat)
  } catch {
    return false
  }
}

/**
 * Verifies a DPoP proof at the resource (RFC 9449 §4.3, §7): made for this request and this token, by the key that the token is
 * bound to, not too old. The caller claims its `jti` until `expiresAt` (seconds). `undefined`: the proof is invalid.
 */
export async function verifyProof(input: {
  proof: string
  method: string
  /** Without query and fragment. */
  url: string
  token: string
  jkt: string
  now?: number
}): Promise<{ jti: string; expiresAt: number } | undefined> {
  const now = input.now ?? Date.now()
  const verified = await jwtVerify(input.proof, EmbeddedJWK, {
    typ: 'dpop+jwt',
    algorithms: [...PROOF_ALGORITHMS],
    clockTolerance: ACCEPTED_AHEAD_SECONDS,
    currentDate: new Date(now),
  }).catch((error: unknown) => {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined
    // WebCrypto throws this for a key that it cannot import.
    if (error instanceof DOMException) return undefined
    throw error
  })
  if (!verified) return undefined
  const { jti, iat, htm, htu, ath } = verified.payload
  const { jwk } = verified.protectedHeader
  const target = typeof htu === 'string' ? URL.parse(htu) : null
  const holds =
    typeof jti === 'string' &&
    jti !== '' &&
    typeof iat === 'number' &&
    now / 1000 - iat <= WINDOW_SECONDS &&
    !isTooFarAhead(iat, now) &&
    htm === input.method &&
    target !== null &&
    `${target.origin}${target.pathname}` === input.url &&
    ath === hash('sha256', input.token, 'base64url') &&
    jwk !== undefined &&
    (await calculateJwkThumbprint(jwk)) === input.jkt
  return holds ? { jti, expiresAt: iat + 2 * WINDOW_SECONDS } : undefined
}
