import { randomUUID } from 'node:crypto'
import type { AdapterPayload } from 'oidc-provider'
import { z } from 'zod'
import type { Sql } from '../db.ts'
import { OperatorError } from '../errors.ts'
import { hashSecret, randomSecret } from '../secrets.ts'
import { profileSchema } from './client-profile.ts'
import { KNOWN_UNGRANTED, SCOPES, SERVICE_SCOPES } from './scopes.ts'

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'

const AUTH_METHODS = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'none',
] as const

const redirectUri = z.string().refine(
  (value) => {
    if (!URL.canParse(value) || value.includes('#')) return false
    const { protocol, hostname } = new URL(value)
    if (protocol === 'https:') return true
    if (protocol === 'http:') return ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
    return /^[a-z][a-z0-9+-]*\.[a-z0-9.+-]+:$/.test(protocol)
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
const publicJwk = z
  .looseObject({ kty: z.enum(['RSA', 'EC', 'OKP'], { error: 'a key must be RSA, EC or OKP' }) })
  .refine((jwk) => !['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'].some((member) => member in jwk), {
    error: 'the key set holds a private key: give the public half alone',
  })

/** RFC 7591 names, as the outside uses them, and two of ours: `pkce` and `fapi`. */
const metadataSchema = z.object({
  client_name: z.string().trim().min(1, 'a client needs a name').max(100),
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
  jwks_uri: webUri('jwks_uri').optional(),
  backchannel_logout_uri: webUri('backchannel_logout_uri').optional(),
  backchannel_logout_session_required: z.boolean().optional(),
  require_pushed_authorization_requests: z.boolean().optional(),
  dpop_bound_access_tokens: z.boolean().optional(),
  id_token_signed_response_alg: z.enum(['RS256', 'ES256']).optional(),
  default_max_age: z.int().min(0).optional(),
  require_auth_time: z.boolean().optional(),
  default_acr_values: z.array(z.string()).optional(),
  contacts: z.array(z.string()).optional(),
  /** Whether the operator lets this client come without PKCE. */
  pkce: z.enum(['required', 'optional'], { error: 'pkce must be required or optional' }),
  /** FAPI 2.0 Security Profile Final. */
  fapi: z.boolean().optional(),
  ...profileSchema.shape,
})

export type ClientMetadata = { client_id: string } & z.infer<typeof metadataSchema>
type Kept = Omit<ClientMetadata, 'client_id'>

/** What is wrong with a client as a whole, in words for who registers it; nothing when it may be. */
function clientFaults(metadata: unknown): string[] {
  const parsed = metadataSchema.safeParse(metadata)
  if (!parsed.success)
    return [
      ...parsed.error.issues.map((issue) => issue.message),
      ...scopeFaults(metadata as Partial<Kept>),
    ]
  const client = parsed.data
  const isService = client.grant_types.includes('client_credentials')
  const isPublic = client.token_endpoint_auth_method === 'none'
  const faults: [boolean, string][] = [
    [
      isService && client.grant_types.length > 1,
      'a service client has the grant client_credentials and no other',
    ],
    [
      isService && (client.redirect_uris.length > 0 || client.response_types.length > 0),
      'a service client has no redirect URI: no person is sent anywhere',
    ],
    [isService && isPublic, 'a service client must authenticate'],
    [
      client.response_types.includes('code') && client.redirect_uris.length === 0,
      'a client needs a redirect URI',
    ],
    [
      client.pkce === 'optional' && isPublic,
      'a public client cannot go without PKCE (RFC 9700 §2.1.1)',
    ],
    [
      client.jwks !== undefined && client.jwks_uri !== undefined,
      'a client has a key set or the address of one, not both',
    ],
    [
      client.token_endpoint_auth_method === 'private_key_jwt' && !client.jwks && !client.jwks_uri,
      'private_key_jwt needs the public keys: --jwks-file or --jwks-uri',
    ],
    [
      client.fapi === true &&
        (client.token_endpoint_auth_method !== 'private_key_jwt' ||
          client.pkce !== 'required' ||
          !client.dpop_bound_access_tokens ||
          (!isService && !client.require_pushed_authorization_requests)),
      'a FAPI 2.0 client has private_key_jwt, DPoP, PKCE and pushed authorization requests',
    ],
  ]
  return [...scopeFaults(client), ...faults.flatMap(([isWrong, fault]) => (isWrong ? [fault] : []))]
}

function scopeFaults({ grant_types: grants = [], scope = '' }: Partial<Kept>): string[] {
  const known: readonly string[] = grants.includes('client_credentials')
    ? SERVICE_SCOPES
    : Object.keys(SCOPES)
  return String(scope)
    .split(' ')
    .every((word) => known.includes(word))
    ? []
    : [`the scope must be a list of: ${known.join(' ')}`]
}

export type NewClient = {
  name: string
  redirectUris?: string[] | undefined
  postLogoutRedirectUris?: string[] | undefined
  scope: string
  type?: 'web' | 'native' | 'service' | undefined
  authMethod?: string | undefined
  jwks?: unknown
  jwksUri?: string | undefined
  backchannelLogoutUri?: string | undefined
  pkce?: string | undefined
  /** Whether authorization requests must be pushed (RFC 9126). */
  par?: boolean | undefined
  /** Whether its tokens are bound to a key (RFC 9449). */
  dpop?: boolean | undefined
  fapi?: boolean | undefined
  tenant?: string | undefined
}

const TENANT = /^[a-z0-9][a-z0-9-]{0,62}$/

/** Registers a client. The secret is in the answer once and kept only as a hash. Throws OperatorError on bad input. */
export async function createClient(
  sql: Sql,
  input: NewClient,
): Promise<ClientMetadata & { client_secret?: string }> {
  const { type = 'web', tenant = 'default', fapi = false } = input
  if (!['web', 'native', 'service'].includes(type))
    throw new OperatorError('the type must be web, native or service')
  if (!TENANT.test(tenant))
    throw new OperatorError('a tenant is lower-case letters, digits and dashes')
  const kept = completed({
    client_name: input.name,
    redirect_uris: input.redirectUris ?? [],
    scope: input.scope,
    application_type: type === 'native' ? 'native' : 'web',
    token_endpoint_auth_method:
      input.authMethod ?? (fapi || input.jwks || input.jwksUri ? 'private_key_jwt' : undefined),
    grant_types: type === 'service' ? ['client_credentials'] : ['authorization_code'],
    post_logout_redirect_uris: input.postLogoutRedirectUris,
    jwks: input.jwks,
    jwks_uri: input.jwksUri,
    backchannel_logout_uri: input.backchannelLogoutUri,
    pkce: input.pkce,
    require_pushed_authorization_requests: input.par,
    dpop_bound_access_tokens: input.dpop,
    fapi: fapi || undefined,
  })
  const id = randomUUID()
  const secret = needsSecret(kept) ? randomSecret() : undefined
  await insertClient(sql, { id, tenant, kept, secretHash: secret ? hashSecret(secret) : null })
  return { client_id: id, ...kept, ...(secret ? { client_secret: secret } : {}) }
}

/**
 * Metadata with what follows from the rest, checked. `refresh_token` follows from the scope `offline_access`; a FAPI
 * client has what its profile asks for. Throws OperatorError with every fault.
 */
export function completed(given: Record<string, unknown>): Kept {
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
    // Its ID tokens then name the session that a logout notice is about.
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
  const faults = clientFaults(metadata)
  if (faults.length > 0) throw new OperatorError(faults.join('; '))
  return metadataSchema.parse(metadata)
}

const needsSecret = ({ token_endpoint_auth_method: method }: Kept) =>
  method === 'client_secret_basic' || method === 'client_secret_post'

const insertClient = (
  sql: Sql,
  client: { id: string; tenant: string; kept: Kept; secretHash: Buffer | null },
) => sql`
  insert into client (id, name, tenant, metadata, secret_hash)
  values (${client.id}, ${client.kept.client_name}, ${client.tenant},
    ${sql.json(client.kept as never)}, ${client.secretHash})`

/**
 * In a transaction: changes what is given and leaves the rest. `undefined`: no such client. A client that now needs a secret gets one,
 * in the answer once. Throws OperatorError when the whole would not hold.
 */
export async function updateClient(
  sql: Sql,
  id: string,
  change: Partial<Omit<NewClient, 'type' | 'tenant'>>,
): Promise<(ClientMetadata & { client_secret?: string }) | undefined> {
  const [row] = await sql<{ metadata: Kept; secretHash: Buffer | null }[]>`
      select metadata, secret_hash from client where id = ${id} for update`
  if (!row) return undefined
  const before = row.metadata
  const kept = completed({
    ...before,
    client_name: change.name ?? before.client_name,
    redirect_uris: change.redirectUris ?? before.redirect_uris,
    post_logout_redirect_uris: change.postLogoutRedirectUris ?? before.post_logout_redirect_uris,
    scope: change.scope ?? before.scope,
    token_endpoint_auth_method:
      change.authMethod ?? (change.fapi ? 'private_key_jwt' : before.token_endpoint_auth_method),
    jwks: change.jwksUri ? undefined : (change.jwks ?? before.jwks),
    jwks_uri: change.jwks ? undefined : (change.jwksUri ?? before.jwks_uri),
    backchannel_logout_uri: change.backchannelLogoutUri ?? before.backchannel_logout_uri,
    pkce: change.pkce ?? before.pkce,
    require_pushed_authorization_requests:
      change.par ?? before.require_pushed_authorization_requests,
    dpop_bound_access_tokens: change.dpop ?? before.dpop_bound_access_tokens,
    fapi: (change.fapi ?? before.fapi) || undefined,
  })
  const secret = needsSecret(kept) && !row.secretHash ? randomSecret() : undefined
  const secretHash = secret ? hashSecret(secret) : needsSecret(kept) ? row.secretHash : null
  await writeClient(sql, id, kept, secretHash)
  return { client_id: id, ...kept, ...(secret ? { client_secret: secret } : {}) }
}

const writeClient = (sql: Sql, id: string, kept: Kept, secretHash: Buffer | null) => sql`
  update client set name = ${kept.client_name}, metadata = ${sql.json(kept as never)},
    secret_hash = ${secretHash}, updated_at = now()
  where id = ${id} returning id`

// Marks the hash that stands where oidc-provider expects the secret, so that it is never hashed again.
const HASHED = 'sha256:'

/** The hash of a client's secret, from what `findClientMetadata` puts in its place. */
export const hashOfSecret = (kept: string): Buffer =>
  Buffer.from(kept.startsWith(HASHED) ? kept.slice(HASHED.length) : '', 'base64url')

/** What oidc-provider reads of a client; a disabled client is no client. `client_secret` is a hash: see `hashOfSecret`. */
export async function findClientMetadata(
  sql: Sql,
  id: string,
): Promise<AdapterPayload | undefined> {
  const [row] = await sql<{ metadata: Kept; secretHash: Buffer | null; createdAt: Date }[]>`
    select metadata, secret_hash, created_at from client where id = ${id} and enabled`
  if (!row) return undefined
  const isService = row.metadata.grant_types.includes('client_credentials')
  return {
    ...row.metadata,
    client_id: id,
    client_id_issued_at: Math.floor(row.createdAt.getTime() / 1000),
    // Scopes the real portal has and this system does not hold may be asked for, and are not granted.
    scope: isService ? row.metadata.scope : [row.metadata.scope, ...KNOWN_UNGRANTED].join(' '),
    ...(row.secretHash
      ? {
          client_secret: `${HASHED}${row.secretHash.toString('base64url')}`,
          client_secret_expires_at: 0,
        }
      : {}),
  } as AdapterPayload
}

/** RFC 7591 and 7592: what oidc-provider took in, its secret hashed. The metadata was checked by `registrationRules`. */
export async function storeRegistered(
  sql: Sql,
  id: string,
  payload: AdapterPayload,
): Promise<void> {
  const { client_secret: secret, scope, ...given } = payload as Record<string, unknown>
  const granted = String(scope ?? '')
    .split(' ')
    .filter((word) => !KNOWN_UNGRANTED.includes(word))
    .join(' ')
  const kept = completed(metadataSchema.partial().parse({ ...given, scope: granted }))
  const hashed =
    typeof secret !== 'string'
      ? null
      : secret.startsWith(HASHED)
        ? hashOfSecret(secret)
        : hashSecret(secret)
  const secretHash = needsSecret(kept) ? hashed : null
  const [updated] = await writeClient(sql, id, kept, secretHash)
  if (!updated) await insertClient(sql, { id, tenant: 'default', kept, secretHash })
}

/** A client as the operator sees it: everything but the secret. */
export async function findClient(
  sql: Sql,
  id: string,
): Promise<(ClientMetadata & { tenant: string; enabled: boolean }) | undefined> {
  const [row] = await sql<{ metadata: Kept; tenant: string; enabled: boolean }[]>`
    select metadata, tenant, enabled from client where id = ${id}`
  return row && { client_id: id, ...row.metadata, tenant: row.tenant, enabled: row.enabled }
}

export async function findClientName(sql: Sql, id: string): Promise<string | undefined> {
  const [row] = await sql<{ name: string }[]>`select name from client where id = ${id}`
  return row?.name
}

export async function listClients(sql: Sql) {
  return await sql<
    { id: string; name: string; tenant: string; enabled: boolean; createdAt: Date }[]
  >`
    select id, name, tenant, enabled, created_at from client order by created_at`
}

/** Answers whether there was such a client. A disabled client gets nothing new, and its tokens open nothing. */
export async function setClientEnabled(sql: Sql, id: string, enabled: boolean): Promise<boolean> {
  const rows = await sql`
    update client set enabled = ${enabled}, updated_at = now() where id = ${id} returning id`
  return rows.length > 0
}

/** A new secret, in the answer once; the old one is no good from now on. `undefined`: no such client, or one without a secret. */
export async function rotateClientSecret(sql: Sql, id: string): Promise<string | undefined> {
  const secret = randomSecret()
  const rows = await sql`
    update client set secret_hash = ${hashSecret(secret)}, updated_at = now()
    where id = ${id} and secret_hash is not null returning id`
  return rows.length > 0 ? secret : undefined
}

/** The client, what residents allowed it, and every token of it. Answers whether there was such a client. */
export async function deleteClient(sql: Sql, id: string): Promise<boolean> {
  const rows = await sql`delete from client where id = ${id} returning id`
  return rows.length > 0
}
