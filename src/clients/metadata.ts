import { z } from 'zod'
import { isHttpsOrLoopback, isLoopback } from '../platform/loopback.ts'
import { displayedText } from '../web/displayed-text.ts'
import { MetadataError, type MetadataFault, schemaFaults } from './metadata-faults.ts'
import { profileSchema } from './profile.ts'
import { isScope, SCOPE_ALTERNATIVES, SCOPES, SERVICE_SCOPES } from './scopes.ts'
import { publicHosts } from './subject-identifiers.ts'

export const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'

const AUTH_METHODS = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'none',
] as const

const redirectUri = z.string().refine(
  (value) => {
    if (!URL.canParse(value) || value.includes('#')) return false
    if (isHttpsOrLoopback(value)) return true
    // RFC 8252 §7.1
    return /^[a-z][a-z0-9+-]*\.[a-z0-9.+-]+:$/.test(new URL(value).protocol)
  },
  {
    error:
      'a redirect URI must be https:, or http: on this machine, or a private-use scheme with a dot; no fragment',
  },
)
const webUri = (name: string) =>
  z.string().refine((value) => /^https?:$/.test(URL.parse(value)?.protocol ?? ''), {
    error: `${name} must be an https: URL`,
  })
/** Whether the address may provide keys that a client authenticates with: https:, or in development loopback. */
export const isKeySetUri = (value: string, { production = false } = {}): boolean => {
  const protocol = URL.parse(value)?.protocol
  return protocol === 'https:' || (!production && protocol === 'http:' && isLoopback(value))
}
const KEY_SET_URI = 'jwks_uri must be an https: address, or http: on this machine in development'
const publicJwk = z
  .looseObject({ kty: z.enum(['RSA', 'EC', 'OKP'], { error: 'a key must be RSA, EC or OKP' }) })
  .refine((jwk) => !['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'].some((member) => member in jwk), {
    error: 'the key set contains a private key: give only the public keys',
  })

/** The names of RFC 7591 as clients use them, and two of our own: `pkce` and `fapi`. */
export const metadataSchema = z.object({
  client_name: displayedText('the name of a client', 100),
  redirect_uris: z.array(redirectUri).max(50),
  post_logout_redirect_uris: z.array(redirectUri).max(50).optional(),
  scope: z.string(),
  application_type: z.enum(['web', 'native']),
  token_endpoint_auth_method: z.enum(AUTH_METHODS, {
    error: `the authentication method must be one of ${AUTH_METHODS.join(', ')}`,
  }),
  grant_types: z.array(
    z.enum(['authorization_code', 'refresh_token', 'client_credentials', DEVICE_CODE], {
      error: 'this grant type is not offered',
    }),
  ),
  response_types: z.array(z.literal('code', { error: 'the only response type is code' })),
  response_modes: z.array(z.enum(['query', 'fragment', 'form_post'])).optional(),
  jwks: z.object({ keys: z.array(publicJwk).min(1, 'the key set is empty').max(20) }).optional(),
  jwks_uri: z
    .string()
    .refine((value) => isKeySetUri(value), { error: KEY_SET_URI })
    .optional(),
  backchannel_logout_uri: webUri('backchannel_logout_uri').optional(),
  backchannel_logout_session_required: z.boolean().optional(),
  require_pushed_authorization_requests: z.boolean().optional(),
  dpop_bound_access_tokens: z.boolean().optional(),
  id_token_signed_response_alg: z.enum(['RS256', 'ES256']).optional(),
  /** Userinfo is then a JWT (OpenID Connect Core §5.3.2). */
  userinfo_signed_response_alg: z
    .enum(['RS256', 'ES256'], { error: 'userinfo is signed with RS256 or ES256' })
    .optional(),
  default_max_age: z.int().min(0).optional(),
  require_auth_time: z.boolean().optional(),
  default_acr_values: z.array(z.string()).optional(),
  contacts: z.array(z.string()).optional(),
  /** Default `public`: for clients that registered before the choice existed, and for service clients. */
  subject_type: z
    .enum(['public', 'pairwise'], { error: 'the subject type must be public or pairwise' })
    .optional(),
  sector_identifier_uri: z
    .string()
    .refine((value) => URL.parse(value)?.protocol === 'https:', {
      error: 'sector_identifier_uri must be an https: URL',
    })
    .optional(),
  /** Whether the operator lets this client omit PKCE. */
  pkce: z.enum(['required', 'optional'], { error: 'pkce must be required or optional' }),
  /** FAPI 2.0 Security Profile Final. */
  fapi: z.boolean().optional(),
  /** For a scope, a smaller one that is sufficient: residents may choose it instead. */
  scope_alternatives: z.record(z.string(), z.string()).optional(),
  ...profileSchema.shape,
})

export type ClientMetadata = { client_id: string } & z.infer<typeof metadataSchema>
/** The metadata as stored, beside the client's id. */
export type StoredMetadata = Omit<ClientMetadata, 'client_id'>

/** What is invalid about a client as a whole. */
function clientFaults(
  metadata: unknown,
  rules: { production?: boolean | undefined },
): MetadataFault[] {
  const parsed = metadataSchema.safeParse(metadata)
  if (!parsed.success)
    return [...schemaFaults(parsed.error), ...scopeFaults(metadata as Partial<StoredMetadata>)]
  const client = parsed.data
  const isService = client.grant_types.includes('client_credentials')
  const isPublic = client.token_endpoint_auth_method === 'none'
  const faults: [boolean, keyof StoredMetadata, string][] = [
    [
      isService && client.grant_types.length > 1,
      'grant_types',
      'a service client has the grant client_credentials and no other',
    ],
    [
      isService && (client.redirect_uris.length > 0 || client.response_types.length > 0),
      'redirect_uris',
      'a service client has no redirect URI: no person is sent anywhere',
    ],
    [isService && isPublic, 'token_endpoint_auth_method', 'a service client must authenticate'],
    [
      client.response_types.includes('code') && client.redirect_uris.length === 0,
      'redirect_uris',
      'a client needs a redirect URI',
    ],
    [
      client.pkce === 'optional' && isPublic,
      'pkce',
      'a public client cannot go without PKCE (RFC 9700 §2.1.1)',
    ],
    [
      client.jwks_uri !== undefined && !isKeySetUri(client.jwks_uri, rules),
      'jwks_uri',
      KEY_SET_URI,
    ],
    [
      client.subject_type === 'pairwise' &&
        client.sector_identifier_uri === undefined &&
        publicHosts(client.redirect_uris).length > 1,
      'sector_identifier_uri',
      'the redirect URIs are on several hosts: give a sector_identifier_uri, or the subject type public (OpenID Core §8.1)',
    ],
    // The library's own rules: it would reject every request of a client that breaks them.
    [
      client.subject_type === 'pairwise' &&
        client.grant_types.includes(DEVICE_CODE) &&
        (client.token_endpoint_auth_method !== 'private_key_jwt' || client.jwks_uri === undefined),
      'subject_type',
      'the device grant has pairwise identifiers with private_key_jwt and a jwks_uri alone: give these, or the subject type public',
    ],
    [
      client.subject_type === 'pairwise' &&
        client.grant_types.includes(DEVICE_CODE) &&
        client.response_types.length > 0 &&
        client.sector_identifier_uri === undefined,
      'subject_type',
      'the device grant beside redirect URIs has pairwise identifiers with a sector_identifier_uri alone',
    ],
    [
      client.jwks !== undefined && client.jwks_uri !== undefined,
      'jwks',
      'a client has a key set or the address of one, not both',
    ],
    [
      client.token_endpoint_auth_method === 'private_key_jwt' && !client.jwks && !client.jwks_uri,
      'jwks',
      'private_key_jwt needs the public keys: a key set, or its address',
    ],
    [
      client.fapi === true &&
        (client.token_endpoint_auth_method !== 'private_key_jwt' ||
          client.pkce !== 'required' ||
          !client.dpop_bound_access_tokens ||
          (!isService && !client.require_pushed_authorization_requests)),
      'fapi',
      'a FAPI 2.0 client has private_key_jwt, DPoP, PKCE and pushed authorization requests',
    ],
  ]
  return [
    ...scopeFaults(client),
    ...alternativeFaults(client),
    ...faults.flatMap(([isWrong, member, message]) => (isWrong ? [{ member, message }] : [])),
  ]
}

function alternativeFaults({
  scope,
  scope_alternatives: alternatives = {},
}: StoredMetadata): MetadataFault[] {
  const member = 'scope_alternatives'
  const registered = scope.split(' ')
  return Object.entries(alternatives).flatMap(([whole, less]) => {
    const may: readonly string[] = (isScope(whole) && SCOPE_ALTERNATIVES[whole]) || []
    if (!may.includes(less))
      return [
        {
          member,
          message: `an alternative is one of: ${Object.entries(SCOPE_ALTERNATIVES)
            .flatMap(([each, smaller]) => smaller.map((one) => `${each}=${one}`))
            .join(' ')}`,
        },
      ]
    if (registered.includes(whole) && registered.includes(less)) return []
    return [
      {
        member,
        message: `both scopes of an alternative must be in the scope of the client: ${whole} ${less}`,
      },
    ]
  })
}

function scopeFaults({
  grant_types: grants = [],
  scope = '',
}: Partial<StoredMetadata>): MetadataFault[] {
  const known: readonly string[] = grants.includes('client_credentials')
    ? SERVICE_SCOPES
    : Object.keys(SCOPES)
  return String(scope)
    .split(' ')
    .every((word) => known.includes(word))
    ? []
    : [{ member: 'scope', message: `the scope must be a list of: ${known.join(' ')}` }]
}

/**
 * Adds to metadata what follows from it, and verifies the result. `refresh_token` follows from the scope `offline_access`; a FAPI
 * client gets what its profile requires. Throws MetadataError with every fault.
 */
export function withDefaults(
  given: Record<string, unknown>,
  rules: { production?: boolean | undefined } = {},
): StoredMetadata {
  const grants = Array.isArray(given.grant_types) ? given.grant_types : ['authorization_code']
  const isService = grants.includes('client_credentials')
  const scope = String(given.scope ?? '')
  const defaults = {
    application_type: 'web',
    token_endpoint_auth_method:
      given.application_type === 'native' ? 'none' : 'client_secret_basic',
    response_types: grants.includes('authorization_code') ? ['code'] : [],
    redirect_uris: [],
    pkce: 'required',
    scope: '',
    // So that its ID tokens name the session that a logout token is about.
    ...(given.backchannel_logout_uri ? { backchannel_logout_session_required: true } : {}),
  }
  const present = Object.entries(given).filter(([, value]) => value !== undefined && value !== null)
  const metadata = {
    ...defaults,
    ...Object.fromEntries(present),
    grant_types: [
      ...grants.filter((grant) => grant !== 'refresh_token'),
      ...(scope.split(' ').includes('offline_access') && !isService ? ['refresh_token'] : []),
    ],
    ...(given.fapi
      ? {
          dpop_bound_access_tokens: true,
          id_token_signed_response_alg: 'ES256',
          ...(isService ? {} : { require_pushed_authorization_requests: true }),
        }
      : {}),
  }
  const faults = clientFaults(metadata, rules)
  if (faults.length > 0) throw new MetadataError(faults)
  return metadataSchema.parse(metadata)
}
