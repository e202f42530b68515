import type { NewClient } from '../clients/clients.ts'
import { type ClientMetadata, isKeySetUri } from '../clients/metadata.ts'
import { isScope, SCOPES, type Scope } from '../clients/scopes.ts'
import { publicHosts } from '../clients/subject-identifiers.ts'
import { isHttpsOrLoopback, isLoopback } from '../platform/loopback.ts'
import { displayedText, isDisplayable, visibleText } from '../web/displayed-text.ts'
import type { FieldFaults } from './fields.ts'

/** What a team asks to offer to residents. That of a draft is whatever was typed. */
export type Ask = {
  name: string
  operator: string
  purpose: string
  clientUri: string
  policyUri: string
  tosUri: string
  redirectUris: string[]
  postLogoutRedirectUris: string[]
  /** Of each scope that is asked for, why it is needed. */
  reasons: Partial<Record<Scope, string>>
}

/** What the application takes with it from the sandbox, as its team set it up there. */
export type Settings = Pick<
  NewClient,
  | 'type'
  | 'authMethod'
  | 'jwks'
  | 'jwksUri'
  | 'backchannelLogoutUri'
  | 'par'
  | 'dpop'
  | 'fapi'
  | 'userinfoAlgorithm'
  | 'alternatives'
  | 'subjectType'
  | 'sectorIdentifierUri'
>

const LONGEST = { name: 100, operator: 100, purpose: 300, reason: 300, uri: 2000, contact: 320 }
const MOST_URIS = 50

/** The name of the field with the reason for a scope. */
export const reasonField = (scope: Scope): string => `reason-${scope}`

export const scopesOf = ({ reasons }: Pick<Ask, 'reasons'>): Scope[] =>
  (Object.keys(SCOPES) as Scope[]).filter((scope) => reasons[scope] !== undefined)

/** What the form contains, bounded and otherwise as it was typed. */
export function readAsk(form: Record<string, unknown>): Ask {
  const text = (name: string, longest = LONGEST.uri) =>
    String(form[name] ?? '')
      // PostgreSQL stores no text with it.
      .replaceAll('\0', '')
      .trim()
      .slice(0, longest + 1)
  const lines = (name: string) =>
    text(name, MOST_URIS * LONGEST.uri)
      .split(/\s+/)
      .filter(Boolean)
      .slice(0, MOST_URIS + 1)
  const chosen = [form.scope]
    .flat()
    .filter((each): each is Scope => typeof each === 'string' && isScope(each))
  return {
    name: text('name'),
    operator: text('operator'),
    purpose: text('purpose'),
    clientUri: text('client-uri'),
    policyUri: text('policy-uri'),
    tosUri: text('tos-uri'),
    redirectUris: lines('redirect-uris'),
    postLogoutRedirectUris: lines('post-logout-redirect-uris'),
    reasons: Object.fromEntries(chosen.map((scope) => [scope, text(reasonField(scope))])),
  }
}

/** What a form offers first: the application as it is registered. */
export const askOf = (
  client: Omit<ClientMetadata, 'client_id'>,
  reasons: Ask['reasons'] = {},
): Ask => ({
  name: client.client_name,
  operator: client.operator ?? '',
  purpose: client.purpose ?? '',
  clientUri: client.client_uri ?? '',
  policyUri: client.policy_uri ?? '',
  tosUri: client.tos_uri ?? '',
  redirectUris: client.redirect_uris,
  postLogoutRedirectUris: client.post_logout_redirect_uris ?? [],
  reasons: Object.fromEntries(
    client.scope
      .split(' ')
      .flatMap((scope) => (isScope(scope) ? [[scope, reasons[scope] ?? '']] : [])),
  ),
})

/** The settings of an application of the sandbox. Only the operator lets a client omit PKCE. */
export const settingsOf = (client: Omit<ClientMetadata, 'client_id'>): Settings => ({
  type: client.application_type,
  authMethod: client.token_endpoint_auth_method,
  jwks: client.jwks,
  jwksUri: client.jwks_uri,
  backchannelLogoutUri: client.backchannel_logout_uri,
  par: client.require_pushed_authorization_requests,
  dpop: client.dpop_bound_access_tokens,
  fapi: client.fapi,
  userinfoAlgorithm: client.userinfo_signed_response_alg,
  alternatives: client.scope_alternatives,
  subjectType: client.subject_type,
  sectorIdentifierUri: client.sector_identifier_uri,
})

/** Of the alternatives, those of which both scopes are asked for. */
export function alternativesFor(
  ask: Ask,
  alternatives: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const scopes: readonly string[] = scopesOf(ask)
  return Object.fromEntries(
    Object.entries(alternatives).filter((pair) => pair.every((scope) => scopes.includes(scope))),
  )
}

/** What keeps the request from being sent, in words for who typed it. */
export function findFaults(ask: Ask, contact: string, settings: Settings): FieldFaults {
  const scopes = scopesOf(ask)
  const found: [field: string, fault: string | undefined][] = [
    ['name', textFault('The name', LONGEST.name, ask.name)],
    ['operator', textFault('The organisation', LONGEST.operator, ask.operator)],
    ['purpose', textFault('The purpose', LONGEST.purpose, ask.purpose)],
    ['scope', scopes.length === 0 ? 'Choose at least one permission.' : undefined],
    ...scopes
      .filter((scope) => scope !== 'openid')
      .map((scope): [string, string | undefined] => [
        reasonField(scope),
        textFault(
          `The reason for “${SCOPES[scope].title}”`,
          LONGEST.reason,
          ask.reasons[scope] ?? '',
        ),
      ]),
    ['redirect-uris', redirectFault(ask.redirectUris, settings)],
    ['post-logout-redirect-uris', addressesFault(ask.postLogoutRedirectUris, settings)],
    ['client-uri', ask.clientUri === '' ? undefined : webFault(ask.clientUri)],
    [
      'policy-uri',
      ask.policyUri === ''
        ? 'Enter the address of your privacy policy: residents read it before they consent.'
        : webFault(ask.policyUri),
    ],
    ['tos-uri', ask.tosUri === '' ? undefined : webFault(ask.tosUri)],
    ['contact', contactFault(contact)],
    ['settings', settingsFault(settings)],
  ]
  return Object.fromEntries(
    found.flatMap(([field, fault]) => (fault === undefined ? [] : [[field, [fault]]])),
  )
}

function textFault(what: string, longest: number, text: string): string | undefined {
  if (text === '') return `${what} is missing.`
  const parsed = displayedText(what, longest).safeParse(text)
  return parsed.success ? undefined : `${parsed.error.issues[0]?.message}.`
}

function contactFault(contact: string): string | undefined {
  if (contact === '') return 'Enter an e-mail address: the operator may have questions.'
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(contact) &&
    contact.length <= LONGEST.contact &&
    isDisplayable(contact)
    ? undefined
    : 'This is no e-mail address.'
}

function webFault(uri: string): string | undefined {
  const { protocol, username } = URL.parse(uri) ?? {}
  if (protocol !== 'https:' || username || isLoopback(uri) || uri.length > LONGEST.uri)
    return 'Enter an address that begins with https:// and that everybody can open.'
  return isDisplayable(uri) ? undefined : 'This address contains characters that nobody sees.'
}

function redirectFault(uris: readonly string[], settings: Settings): string | undefined {
  if (uris.length === 0) return 'Enter at least one address: residents come back to it.'
  const fault = addressesFault(uris, settings)
  if (fault) return fault
  const isOneSector = settings.subjectType !== 'pairwise' || settings.sectorIdentifierUri
  return !isOneSector && publicHosts(uris).length > 1
    ? 'These addresses are on several hosts. Identifiers of residents belong to one host: use one, or give the application a sector identifier address in the sandbox.'
    : undefined
}

/** In production, only an app on a device has addresses that are not https. */
function addressesFault(uris: readonly string[], { type }: Settings): string | undefined {
  if (uris.length > MOST_URIS) return `Enter at most ${MOST_URIS} addresses.`
  const wrong = uris.find((uri) => !isAddress(uri, type === 'native'))
  if (wrong === undefined) return undefined
  const shown = visibleText(wrong.slice(0, 200))
  return `“${shown}” cannot be used: ${
    type === 'native'
      ? 'enter https://, a private-use scheme with a dot, or http:// on this device, without a fragment.'
      : 'in production an address begins with https://, has no fragment, and is not on your own machine.'
  }`
}

function isAddress(uri: string, isNative: boolean): boolean {
  const url = URL.parse(uri)
  if (!url || uri.includes('#') || url.username || uri.length > LONGEST.uri || !isDisplayable(uri))
    return false
  if (!isNative) return url.protocol === 'https:' && !isLoopback(uri)
  // RFC 8252 §7.1
  return isHttpsOrLoopback(uri) || /^[a-z][a-z0-9+-]*\.[a-z0-9.+-]+:$/.test(url.protocol)
}

function settingsFault(settings: Settings): string | undefined {
  const { jwksUri, backchannelLogoutUri } = settings
  if (jwksUri !== undefined && !isKeySetUri(jwksUri, { production: true }))
    return 'The address of its keys is on your own machine. Set an https address in the sandbox first.'
  if (backchannelLogoutUri !== undefined && webFault(backchannelLogoutUri))
    return 'The address for back-channel logout is not https. Change it in the sandbox first.'
  return undefined
}

/** One field that differs: what goes and what comes. */
export type Change = { field: string; before: string[]; after: string[] }

/** What would be different, in the order of the form. */
export function listChanges(before: Ask, after: Ask): Change[] {
  const one = (field: string, of: (ask: Ask) => string) => many(field, (ask) => [of(ask)])
  const many = (field: string, of: (ask: Ask) => readonly string[]): Change => {
    const [had, has] = [of(before), of(after)]
    return {
      field,
      before: had.filter((each) => each !== '' && !has.includes(each)),
      after: has.filter((each) => each !== '' && !had.includes(each)),
    }
  }
  return [
    one('Name', ({ name }) => name),
    one('Organisation', ({ operator }) => operator),
    one('Purpose', ({ purpose }) => purpose),
    many('Permissions', scopesOf),
    many('Redirect addresses', ({ redirectUris }) => redirectUris),
    many('Addresses after sign-out', (ask) => ask.postLogoutRedirectUris),
    one('Its own page', ({ clientUri }) => clientUri),
    one('Privacy policy', ({ policyUri }) => policyUri),
    one('Terms', ({ tosUri }) => tosUri),
  ].filter(({ before: had, after: has }) => had.length + has.length > 0)
}
