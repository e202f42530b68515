import type { ClientChange, NewClient } from '../clients/clients.ts'
import type { ClientMetadata } from '../clients/metadata.ts'
import { MetadataError, type MetadataFault } from '../clients/metadata-faults.ts'
import type { ProfileMetadata } from '../clients/profile.ts'
import { SCOPES } from '../clients/scopes.ts'
import { OperatorError } from '../platform/errors.ts'
import type { Form } from './access.ts'
import type { FieldFaults } from './fields.ts'

/** What a team can register. A service acts for the team's own tenant, without a person. */
export const KINDS = {
  web: 'A website with a server',
  spa: 'A single-page application',
  native: 'An app on a device',
  service: 'A program that acts for itself',
} as const
export type Kind = keyof typeof KINDS

export const readKind = (form: Form): Kind =>
  Object.hasOwn(KINDS, String(form.kind)) ? (String(form.kind) as Kind) : 'web'

/** The kind that a client was registered as. */
export function kindOf({
  grant_types: grants,
  application_type: type,
  token_endpoint_auth_method: method,
}: ClientMetadata): Kind {
  if (grants.includes('client_credentials')) return 'service'
  if (type === 'native') return 'native'
  return method === 'none' ? 'spa' : 'web'
}

/** The scopes that a service of the sandbox may have: those of a back office. */
const BACK_OFFICE_SCOPES = {
  'idv.read': {
    title: 'Read verifications of your tenant',
    sentence: 'Their state, images and data. It costs nothing and no person is asked.',
  },
  'idv.write': {
    title: 'Start and change verifications of your tenant',
    sentence: 'Also uploads, reviews and the erasure of subjects.',
  },
} as const

/** The scopes that an application of this kind may choose from, with what each gives. */
export const offeredScopes = (
  kind: Kind,
): readonly [scope: string, texts: { title: string; sentence: string }][] =>
  Object.entries(kind === 'service' ? BACK_OFFICE_SCOPES : SCOPES)

/** The fields of an application as they were typed. */
export type Entered = Record<TextName, string> & {
  scopes: readonly string[]
  /** Each `SCOPE=SMALLER`. */
  alternatives: readonly string[]
} & Record<SwitchName, boolean>

const TEXTS = [
  'name',
  'redirect-uris',
  'purpose',
  'operator',
  'client-uri',
  'policy-uri',
  'tos-uri',
  'post-logout-uris',
  'backchannel-uri',
  'subject-type',
  'sector-uri',
  'userinfo-alg',
] as const
type TextName = (typeof TEXTS)[number]
const SWITCHES = ['no-pkce', 'par', 'dpop', 'fapi'] as const
type SwitchName = (typeof SWITCHES)[number]

export const EMPTY: Entered = {
  ...(Object.fromEntries(TEXTS.map((name) => [name, ''])) as Record<TextName, string>),
  ...(Object.fromEntries(SWITCHES.map((name) => [name, false])) as Record<SwitchName, boolean>),
  'subject-type': 'pairwise',
  scopes: ['openid'],
  alternatives: [],
}

const listOf = (value: unknown): string[] =>
  [value].flat().flatMap((each) => (typeof each === 'string' && each !== '' ? [each] : []))

/** Reads the form. Scopes that are not offered are left out. */
export function readEntered(form: Form, kind: Kind): Entered {
  const offered = offeredScopes(kind).map(([scope]) => scope)
  const text = (name: string) => (typeof form[name] === 'string' ? form[name].trim() : '')
  return {
    ...(Object.fromEntries(TEXTS.map((name) => [name, text(name)])) as Record<TextName, string>),
    ...(Object.fromEntries(SWITCHES.map((name) => [name, form[name] === 'yes'])) as Record<
      SwitchName,
      boolean
    >),
    scopes: listOf(form.scopes).filter((scope) => offered.includes(scope)),
    alternatives: listOf(form.alternatives),
  }
}

/** The fields as they are stored. */
export const enteredOf = (client: ClientMetadata): Entered => ({
  name: client.client_name,
  'redirect-uris': client.redirect_uris.join('\n'),
  purpose: client.purpose ?? '',
  operator: client.operator ?? '',
  'client-uri': client.client_uri ?? '',
  'policy-uri': client.policy_uri ?? '',
  'tos-uri': client.tos_uri ?? '',
  'post-logout-uris': client.post_logout_redirect_uris?.join('\n') ?? '',
  'backchannel-uri': client.backchannel_logout_uri ?? '',
  'subject-type': client.subject_type ?? 'public',
  'sector-uri': client.sector_identifier_uri ?? '',
  'userinfo-alg': client.userinfo_signed_response_alg ?? '',
  'no-pkce': client.pkce === 'optional',
  par: client.require_pushed_authorization_requests === true,
  dpop: client.dpop_bound_access_tokens === true,
  fapi: client.fapi === true,
  scopes: client.scope.split(' '),
  alternatives: Object.entries(client.scope_alternatives ?? {}).map(
    ([whole, smaller]) => `${whole}=${smaller}`,
  ),
})

/** The addresses of a field, one a line, each once. */
export const linesOf = (text: string): string[] => [
  ...new Set(
    text
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  ),
]

/** What `updateClient` is given: every field of the form, the empty ones removed. */
export const clientChange = (entered: Entered, kind: Kind): ClientChange => ({
  name: entered.name,
  scope: entered.scopes.join(' '),
  alternatives: Object.fromEntries(
    entered.alternatives.flatMap((each) => {
      const [whole, smaller] = each.split('=', 2)
      return whole && smaller ? [[whole, smaller]] : []
    }),
  ),
  ...(kind === 'service'
    ? {}
    : {
        redirectUris: linesOf(entered['redirect-uris']),
        postLogoutRedirectUris: linesOf(entered['post-logout-uris']),
        backchannelLogoutUri: entered['backchannel-uri'] || null,
        subjectType: entered['subject-type'] || 'pairwise',
        sectorIdentifierUri: entered['sector-uri'] || null,
        userinfoAlgorithm: entered['userinfo-alg'] || null,
        pkce: entered['no-pkce'] ? 'optional' : 'required',
        par: entered.par || entered.fapi,
      }),
  dpop: entered.dpop || entered.fapi,
  fapi: entered.fapi,
})

/** What `createClient` is given. */
export function newClient(entered: Entered, kind: Kind): NewClient {
  const given = Object.entries(clientChange(entered, kind)).filter(([, value]) => value !== null)
  return {
    ...(Object.fromEntries(given) as Omit<NewClient, 'name' | 'scope'>),
    name: entered.name,
    scope: entered.scopes.join(' '),
    type: kind === 'spa' ? 'web' : kind,
    ...(kind === 'spa' ? { authMethod: 'none' } : {}),
  }
}

/** What `setClientProfile` is given: an empty text removes what was there. */
export const profileOf = (entered: Entered): ProfileMetadata => ({
  operator: entered.operator,
  purpose: entered.purpose,
  client_uri: entered['client-uri'],
  policy_uri: entered['policy-uri'],
  tos_uri: entered['tos-uri'],
})

/** The field of each member of the metadata; what is not listed concerns the form as a whole. */
const FIELDS: Readonly<Record<string, TextName | SwitchName | 'scopes' | 'alternatives'>> = {
  client_name: 'name',
  redirect_uris: 'redirect-uris',
  post_logout_redirect_uris: 'post-logout-uris',
  backchannel_logout_uri: 'backchannel-uri',
  scope: 'scopes',
  scope_alternatives: 'alternatives',
  subject_type: 'subject-type',
  sector_identifier_uri: 'sector-uri',
  userinfo_signed_response_alg: 'userinfo-alg',
  pkce: 'no-pkce',
  require_pushed_authorization_requests: 'par',
  dpop_bound_access_tokens: 'dpop',
  fapi: 'fapi',
  jwks: 'fapi',
  purpose: 'purpose',
  operator: 'operator',
  client_uri: 'client-uri',
  policy_uri: 'policy-uri',
  tos_uri: 'tos-uri',
}

// Beside its field, the name of the member says nothing.
function asSentence(message: string, member: string): string {
  const text = message.startsWith(`${member} `) ? `it${message.slice(member.length)}` : message
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

/** Puts each fault beside the field that it is about; of a list, with the line. */
function fieldFaults(faults: readonly MetadataFault[], entered: Entered): FieldFaults {
  const byField: Record<string, string[]> = {}
  for (const { member, index, message } of faults) {
    const field = FIELDS[member] ?? ''
    const line = index === undefined ? undefined : linesOf(String(entered[field || 'name']))[index]
    const sentence = asSentence(message, member)
    byField[field] = [
      ...(byField[field] ?? []),
      line === undefined ? sentence : `${line} — ${sentence}`,
    ]
  }
  return byField
}

/** What an error says about the fields of a form. Throws any other error again. */
export function faultsIn(error: unknown, entered: Entered): FieldFaults {
  if (error instanceof MetadataError) return fieldFaults(error.faults, entered)
  if (error instanceof OperatorError) return { '': [error.message] }
  throw error
}
