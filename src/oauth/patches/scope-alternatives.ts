import type { Provider } from 'oidc-provider'
import { type Consent, chosenAlternatives } from '../../consents/consents.ts'

const CONSENT = Symbol('consent')

type Grant = InstanceType<Provider['Grant']> & { [CONSENT]?: Consent }

/** Attaches the consent to a loaded grant, for `grantScopeAlternatives`. It is not stored with the grant. */
export const withConsent = (grant: InstanceType<Provider['Grant']>, consent: Consent) =>
  Object.assign(grant, { [CONSENT]: consent })

/**
 * Grants the smaller scope that the resident chose in place of a requested one (RFC 6749 §3.3). The library grants a subset of the
 * requested scopes and nothing else; every grant type reads that subset from the Grant.
 * Unnecessary when the library lets a grant hold scopes that were not requested; 9.13 does not.
 */
export function grantScopeAlternatives(provider: Provider): void {
  const { prototype } = provider.Grant
  const { getOIDCScopeFiltered } = prototype
  prototype.getOIDCScopeFiltered = function (this: Grant, requested: Set<string>) {
    const granted = getOIDCScopeFiltered.call(this, requested)
    const consent = this[CONSENT]
    if (!consent) return granted
    return [...new Set([...granted.split(' '), ...chosenAlternatives(consent, [...requested])])]
      .filter(Boolean)
      .join(' ')
  }
}
