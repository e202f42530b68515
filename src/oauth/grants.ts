import type { AdapterPayload } from 'oidc-provider'
import { CLAIMS, isScope, type Scope, UNAVAILABLE_SCOPES } from '../clients/scopes.ts'
import { VERIFICATION_SCOPES } from './verified-claims.ts'

// Without `openid`: `sub` is in every response and is not requested by name.
const SCOPES_WITH_CLAIMS = (Object.keys(CLAIMS) as Scope[]).filter((scope) => scope !== 'openid')

/** The members of oidc-provider's Grant: what is granted, and what is not requested again because it was declined. */
type GrantTerms = {
  openid: { scope: string; claims: string[] }
  rejected: { openid: { scope: string; claims: string[] } }
}

/**
 * Converts a consent to the members of a Grant. A single claim (OIDC Core §5.5) belongs to the scope that discloses it: requesting
 * the claim requests the scope, and a client that is not registered for that scope does not get it.
 */
export function toGrantTerms(
  { scopes, declined }: { scopes: string[]; declined: string[] },
  registered: string,
): GrantTerms {
  const askable = new Set(registered.split(' '))
  const never = SCOPES_WITH_CLAIMS.filter((scope) => !askable.has(scope))
  // The registration may have been narrowed after the consent.
  const allowed = scopes.filter((scope) => askable.has(scope))
  const granted = claimsOf(allowed)
  const rejected = claimsOf([...declined, ...never])
  return {
    openid: { scope: allowed.join(' '), claims: granted },
    rejected: {
      openid: {
        scope: [...declined, ...UNAVAILABLE_SCOPES].join(' '),
        // Requesting verified claims requests no scope: without a fitting scope they are omitted without an error.
        claims: [...new Set([...rejected, 'verified_claims'])].filter(
          (claim) => claim !== 'verified_claims' || !granted.includes(claim),
        ),
      },
    },
  }
}

/** The scopes whose claims the request's `claims` parameter names one by one. */
export function scopesOfClaims(parameter: unknown): Scope[] {
  if (typeof parameter !== 'string') return []
  const { userinfo, id_token } = JSON.parse(parameter) as Record<string, object | undefined>
  const requested = new Set(Object.keys({ ...userinfo, ...id_token }))
  return SCOPES_WITH_CLAIMS.filter((scope) =>
    claimsOf([scope]).some((claim) => requested.has(claim)),
  )
}

/** Returns a stored grant without what was withdrawn from its consent since. */
export function limitToConsent(payload: AdapterPayload, scopes: string[]): AdapterPayload {
  const { openid } = payload as { openid?: { scope?: string; claims?: string[] } }
  if (!openid) return payload
  const allowed = new Set(scopes)
  const claims = new Set(claimsOf(scopes))
  return {
    ...payload,
    openid: {
      ...openid,
      scope: (openid.scope ?? '')
        .split(' ')
        .filter((scope) => allowed.has(scope))
        .join(' '),
      ...(openid.claims ? { claims: openid.claims.filter((claim) => claims.has(claim)) } : {}),
    },
  }
}

function claimsOf(scopes: readonly string[]): string[] {
  const claims = scopes.flatMap((scope) => (isScope(scope) ? (CLAIMS[scope] ?? []) : []))
  const verified = VERIFICATION_SCOPES.some((scope) => scopes.includes(scope))
  return verified ? [...claims, 'verified_claims'] : claims
}
