import { randomUUID } from 'node:crypto'
import type { AdapterPayload } from 'oidc-provider'
import { z } from 'zod'
import type { Sql } from '../db.ts'
import { OperatorError } from '../errors.ts'
import { hashSecret, randomSecret } from '../secrets.ts'
import type { ProfileMetadata } from './client-profile.ts'
import { KNOWN_UNGRANTED, SCOPES } from './scopes.ts'

/** RFC 7591 names, as the outside uses them. */
export type ClientMetadata = {
  client_id: string
  client_name: string
  redirect_uris: string[]
  scope: string
  application_type: 'web' | 'native'
  token_endpoint_auth_method: AuthMethod
  grant_types: string[]
  response_types: ['code']
  /** Ours: whether the operator lets this client come without PKCE. */
  pkce: 'required' | 'optional'
} & ProfileMetadata

type AuthMethod = 'client_secret_basic' | 'client_secret_post' | 'none'

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

const newClient = z.object({
  name: z.string().trim().min(1, 'a client needs a name').max(100),
  redirectUris: z.array(redirectUri).min(1, 'a client needs a redirect URI'),
  scope: z.string().refine((value) => unknownScopes(value).length === 0, {
    error: `the scope must be a list of: ${Object.keys(SCOPES).join(' ')}`,
  }),
  type: z.enum(['web', 'native'], { error: 'the type must be web or native' }).default('web'),
  authMethod: z
    .enum(['client_secret_basic', 'client_secret_post', 'none'], {
      error: 'the authentication method must be client_secret_basic, client_secret_post or none',
    })
    .optional(),
  pkce: z
    .enum(['required', 'optional'], { error: 'pkce must be required or optional' })
    .default('required'),
  tenant: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'a tenant is lower-case letters, digits and dashes')
    .default('default'),
})

const unknownScopes = (scope: string) =>
  scope.split(' ').filter((word) => !Object.hasOwn(SCOPES, word))

/** Registers a client. The secret is in the answer once and kept only as a hash. Throws OperatorError on bad input. */
export async function createClient(
  sql: Sql,
  input: z.input<typeof newClient>,
): Promise<ClientMetadata & { client_secret?: string }> {
  const parsed = newClient.safeParse(input)
  if (!parsed.success)
    throw new OperatorError(parsed.error.issues.map((issue) => issue.message).join('; '))
  const { name, redirectUris, scope, type, pkce, tenant } = parsed.data
  const authMethod = parsed.data.authMethod ?? (type === 'native' ? 'none' : 'client_secret_basic')
  if (pkce === 'optional' && authMethod === 'none')
    throw new OperatorError('a public client cannot go without PKCE (RFC 9700 §2.1.1)')
  const metadata: ClientMetadata = {
    client_id: randomUUID(),
    client_name: name,
    redirect_uris: redirectUris,
    scope,
    application_type: type,
    token_endpoint_auth_method: authMethod,
    grant_types: scope.split(' ').includes('offline_access')
      ? ['authorization_code', 'refresh_token']
      : ['authorization_code'],
    response_types: ['code'],
    pkce,
  }
  const secret = authMethod === 'none' ? undefined : randomSecret()
  const { client_id: id, ...kept } = metadata
  await sql`
    insert into client (id, name, tenant, metadata, secret_hash)
    values (${id}, ${name}, ${tenant}, ${sql.json(kept)}, ${secret ? hashSecret(secret) : null})`
  return secret ? { ...metadata, client_secret: secret } : metadata
}

/** What oidc-provider reads of a client; a disabled client is no client. `client_secret` is the hash, which `compareSecret` knows. */
export async function findClientMetadata(
  sql: Sql,
  id: string,
): Promise<AdapterPayload | undefined> {
  const [row] = await sql<
    { metadata: Omit<ClientMetadata, 'client_id'>; secretHash: Buffer | null }[]
  >`
    select metadata, secret_hash from client where id = ${id} and enabled`
  if (!row) return undefined
  return {
    ...row.metadata,
    client_id: id,
    // Scopes the real portal has and this system does not hold may be asked for, and are not granted.
    scope: [row.metadata.scope, ...KNOWN_UNGRANTED].join(' '),
    ...(row.secretHash ? { client_secret: row.secretHash.toString('base64url') } : {}),
  }
}

/** A client as the operator sees it: everything but the secret. */
export async function findClient(
  sql: Sql,
  id: string,
): Promise<(ClientMetadata & { tenant: string; enabled: boolean }) | undefined> {
  const [row] = await sql<
    { metadata: Omit<ClientMetadata, 'client_id'>; tenant: string; enabled: boolean }[]
  >`select metadata, tenant, enabled from client where id = ${id}`
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
