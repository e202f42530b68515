import { LANGUAGES } from '../web/texts/languages.ts'

/** Every scope that can be granted. Its title and description are texts; these are the English ones, for documents and programs. */
export const SCOPES = LANGUAGES.en.scopes

export type Scope = keyof typeof SCOPES

/** For a scope, the smaller ones that a resident may choose instead, where the application declared them sufficient. */
export const SCOPE_ALTERNATIVES: Partial<Record<Scope, readonly Scope[]>> = {
  'eprospera:person.id_verification.read': [
    'eprospera:person.id_verification.status.read',
    'eprospera:person.age_over.read',
  ],
  'eprospera:person.details.read': ['profile', 'eprospera:person.age_over.read'],
}

/** For each scope, the smaller one that the application declared sufficient. */
export type ScopeAlternatives = Partial<Record<Scope, Scope>>

/**
 * Whether a scope discloses documents or details of the person, so that allowing it requires a recent sign-in. True for all
 * `eprospera:` scopes, the smaller ones included; false for `profile` and `email`, which any sign-in button requests.
 */
export const isPersonal = (scope: string): boolean => scope.startsWith('eprospera:')

export const isScope = (value: string): value is Scope => Object.hasOwn(SCOPES, value)

/**
 * The scopes of service clients, which act for their tenant (`docs/contract.md` §4); residents do not grant them.
 * `webhook.incode` allows a vendor that authenticates here to send deliveries, and nothing else.
 */
export const SERVICE_SCOPES = ['idv.read', 'idv.write', 'webhook.incode'] as const
export type ServiceScope = (typeof SERVICE_SCOPES)[number]

/** The claims that a scope discloses (OIDC Core §5.4). */
export const CLAIMS: Partial<Record<Scope, string[]>> = {
  // Every ID token contains how and when the person signed in.
  openid: ['sub', 'acr', 'amr', 'auth_time'],
  profile: ['name', 'given_name', 'family_name'],
  email: ['email', 'email_verified'],
}

/** Scopes of the real portal for data that this system does not have: accepted in requests, never granted (RFC 6749 §3.3). */
export const UNAVAILABLE_SCOPES: readonly string[] = [
  'eprospera:person.documents.read',
  'eprospera:person.tax.read',
  'eprospera:entity.read',
  'eprospera:entity.documents.read',
  'eprospera:entity.tax.read',
]
