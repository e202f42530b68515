import type { AdapterPayload } from 'oidc-provider'
import { CLAIMS, isScope, type Scope, UNAVAILABLE_SCOPES } from '../clients/scopes.ts'
import { VERIFYING_SCOPES } from './verified-claims.ts'

// `sub` is in every answer, and nobody asks for it by name.
const SCOPES_WITH_CLAIMS = (Object.keys(CLAIMS) as Scope[]).filter((scope) => scope !== 'openid')

/** What oidc-provider's Grant says: what is granted, and what need not be asked for again because it was declined. */
type Terms = {
  openid: { scope: string; claims: string[] }
  rejected: { openid: { scope: string; claims: string[] } }
}

/**
 * A consent in the words of a Grant. Single claims (OIDC Core §5.5) go with the scope that hands them over: asking for
 * one is asking for its scope, and a client that is not registered for that scope does not get it.
 */
export function termsOf(
  { scopes, declined }: { scopes: string[]; declined: string[] },
  registered: string,
): Terms {
  const askable = new Set(registered.split(' '))
  const never = SCOPES_WITH_CLAIMS.filter((scope) => !askable.has(scope))
  // A registration may have been narrowed after the consent.
  const allowed = scopes.filter((scope) => askable.has(scope))
  const granted = claimsOf(allowed)
  const rejected = claimsOf([...declined, ...never])
  return {
    openid: { scope: allowed.join(' '), claims: granted },
    rejected: {
      openid: {
        scope: [...declined, ...UNAVAILABLE_SCOPES].join(' '),
        // Asking for verified claims asks for no scope: without one they are silently left out.
        claims: [...new Set([...rejected, 'verified_claims'])].filter(
          (claim) => claim !== 'verified_claims' || !granted.includes(claim),
        ),
      },
    },
  }
}

/** The scopes whose claims are asked for one by one, by the request's `claims` parameter. */
export function scopesOfClaims(parameter: unknown): Scope[] {
  if (typeof parameter !== 'string') return []
  const { userinfo, id_token } = JSON.parse(parameter) as Record<string, object | undefined>
  const asked = new Set(Object.keys({ ...userinfo, ...id_token }))
  return SCOPES_WITH_CLAIMS.filter((scope) => claimsOf([scope]).some((claim) => asked.has(claim)))
}

/** A grant as it stands today: what was withdrawn from its consent since is not in it. */
export function withinConsent(payload: AdapterPayload, scopes: string[]): AdapterPayload {
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
  const verified = VERIFYING_SCOPES.some((scope) => scopes.includes(scope))
  return verified ? [...claims, 'verified_claims'] : claims
}
