import { randomUUID } from 'node:crypto'
import type { AdapterPayload } from 'oidc-provider'
import { deleteClientEvents, resumeEvents } from '../events/store.ts'
import type { Sql } from '../platform/db.ts'
import { OperatorError } from '../platform/errors.ts'
import { hashSecret, randomSecret } from '../platform/secrets.ts'
import { visibleText } from '../web/displayed-text.ts'
import {
  type ClientMetadata,
  metadataSchema,
  type StoredMetadata,
  withDefaults,
} from './metadata.ts'
import { UNAVAILABLE_SCOPES } from './scopes.ts'
import { findSimilarClient, NAMELESS } from './similar-names.ts'
import { sectorOf } from './subject-identifiers.ts'
import { ensureTenant } from './tenants.ts'

export type NewClient = {
  /** A UUID; without it, a random one. */
  id?: string | undefined
  name: string
  /** The team of developers that owns it. */
  teamId?: string | undefined
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
  /** The algorithm of userinfo as a signed JWT: RS256 or ES256. */
  userinfoAlgorithm?: string | undefined
  /** For a scope, a smaller one that residents may choose instead. */
  alternatives?: Record<string, string> | undefined
  tenant?: string | undefined
  /** In production, no address may use http:, loopback included. */
  production?: boolean | undefined
  /** How residents are identified to it; the default is `pairwise`. */
  subjectType?: string | undefined
  /** Verified before, by `verifySector`. */
  sectorIdentifierUri?: string | undefined
}

/** A registration has a name that is similar to another client's. */
export class SimilarNameError extends OperatorError {}

/** Registers a client. The secret is returned once and stored as a hash. Throws OperatorError on bad input. */
export async function createClient(
  sql: Sql,
  input: NewClient,
): Promise<ClientMetadata & { client_secret?: string }> {
  const { type = 'web', tenant = 'default', fapi = false } = input
  if (!['web', 'native', 'service'].includes(type))
    throw new OperatorError('the type must be web, native or service')
  const metadata = {
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
    userinfo_signed_response_alg: input.userinfoAlgorithm,
    scope_alternatives: input.alternatives,
    // A service client is given no resident.
    subject_type: input.subjectType ?? (type === 'service' ? undefined : 'pairwise'),
    sector_identifier_uri: input.sectorIdentifierUri,
  }
  const stored = withDefaults(metadata, input)
  const { id = randomUUID(), teamId } = input
  const secret = needsSecret(stored) ? randomSecret() : undefined
  await ensureTenant(sql, tenant)
  await insertClient(sql, {
    id,
    tenant,
    teamId,
    stored,
    secretHash: secret ? hashSecret(secret) : null,
  })
  return { client_id: id, ...stored, ...(secret ? { client_secret: secret } : {}) }
}

const needsSecret = ({ token_endpoint_auth_method: method }: StoredMetadata) =>
  method === 'client_secret_basic' || method === 'client_secret_post'

const insertClient = (
  sql: Sql,
  client: {
    id: string
    tenant: string
    teamId?: string | undefined
    stored: StoredMetadata
    secretHash: Buffer | null
  },
) => sql`
  insert into client (id, name, tenant, team_id, metadata, secret_hash)
  values (${client.id}, ${client.stored.client_name}, ${client.tenant}, ${client.teamId ?? null},
    ${sql.json(client.stored as never)}, ${client.secretHash})`

/** A change of a client: what is not given stays, and `null` removes what was there. */
export type ClientChange = Partial<
  Omit<
    NewClient,
    | 'id'
    | 'teamId'
    | 'type'
    | 'tenant'
    | 'jwks'
    | 'jwksUri'
    | 'backchannelLogoutUri'
    | 'sectorIdentifierUri'
    | 'userinfoAlgorithm'
  >
> & {
  jwks?: unknown
  jwksUri?: string | null | undefined
  backchannelLogoutUri?: string | null | undefined
  sectorIdentifierUri?: string | null | undefined
  userinfoAlgorithm?: string | null | undefined
}

const changed = <T>(change: T | null | undefined, before: T | undefined): T | undefined =>
  change === undefined ? before : (change ?? undefined)

/**
 * In a transaction: changes the given members. `undefined`: no such client. A client that now needs a secret gets one, returned
 * once. Throws OperatorError when the result would be invalid.
 */
export async function updateClient(
  sql: Sql,
  id: string,
  change: ClientChange,
): Promise<(ClientMetadata & { client_secret?: string }) | undefined> {
  const [row] = await sql<{ metadata: StoredMetadata; secretHash: Buffer | null }[]>`
      select metadata, secret_hash from client where id = ${id} for update`
  if (!row) return undefined
  const before = row.metadata
  const metadata = {
    ...before,
    client_name: change.name ?? before.client_name,
    redirect_uris: change.redirectUris ?? before.redirect_uris,
    post_logout_redirect_uris: change.postLogoutRedirectUris ?? before.post_logout_redirect_uris,
    scope: change.scope ?? before.scope,
    token_endpoint_auth_method:
      change.authMethod ?? (change.fapi ? 'private_key_jwt' : before.token_endpoint_auth_method),
    jwks: change.jwksUri ? undefined : changed(change.jwks, before.jwks),
    jwks_uri: change.jwks ? undefined : changed(change.jwksUri, before.jwks_uri),
    backchannel_logout_uri: changed(change.backchannelLogoutUri, before.backchannel_logout_uri),
    ...(change.backchannelLogoutUri === null
      ? { backchannel_logout_session_required: undefined }
      : {}),
    pkce: change.pkce ?? before.pkce,
    require_pushed_authorization_requests:
      change.par ?? before.require_pushed_authorization_requests,
    dpop_bound_access_tokens: change.dpop ?? before.dpop_bound_access_tokens,
    fapi: (change.fapi ?? before.fapi) || undefined,
    userinfo_signed_response_alg: changed(
      change.userinfoAlgorithm,
      before.userinfo_signed_response_alg,
    ),
    scope_alternatives: change.alternatives ?? before.scope_alternatives,
    subject_type: change.subjectType ?? before.subject_type,
    sector_identifier_uri: changed(change.sectorIdentifierUri, before.sector_identifier_uri),
  }
  const stored = withDefaults(metadata, change)
  const secret = needsSecret(stored) && !row.secretHash ? randomSecret() : undefined
  const secretHash = secret ? hashSecret(secret) : needsSecret(stored) ? row.secretHash : null
  await writeClient(sql, id, stored, secretHash)
  return { client_id: id, ...stored, ...(secret ? { client_secret: secret } : {}) }
}

const writeClient = (
  sql: Sql,
  id: string,
  stored: StoredMetadata,
  secretHash: Buffer | null,
) => sql`
  update client set name = ${stored.client_name}, metadata = ${sql.json(stored as never)},
    secret_hash = ${secretHash}, updated_at = now(),
    -- Of a client without a secret, no earlier one becomes valid again with the next.
    previous_secret_hash = case when ${secretHash !== null} then previous_secret_hash end,
    previous_secret_until = case when ${secretHash !== null} then previous_secret_until end,
    secret_used_at = case when secret_hash = ${secretHash} then secret_used_at end
  where id = ${id} returning id`

// Marks hashes where oidc-provider expects the secret, so that they are not hashed again.
const HASH_PREFIX = 'sha256:'

/** Returns the hashes from what `findClientMetadata` returns as the secret: of the current secret, then of one that is still valid. */
export const hashesOfSecret = (storedSecret: string): [Buffer, ...Buffer[]] => {
  const stored = storedSecret.startsWith(HASH_PREFIX) ? storedSecret.slice(HASH_PREFIX.length) : ''
  const [current = '', ...others] = stored.split('.')
  const decode = (hash: string) => Buffer.from(hash, 'base64url')
  return [decode(current), ...others.map(decode)]
}

/** The metadata as oidc-provider reads it; `undefined` for a disabled client. `client_secret` has hashes: see `hashesOfSecret`. */
export async function findClientMetadata(
  sql: Sql,
  id: string,
): Promise<AdapterPayload | undefined> {
  const [row] = await sql<
    {
      metadata: StoredMetadata
      secretHash: Buffer | null
      previousSecretHash: Buffer | null
      createdAt: Date
    }[]
  >`
    select metadata, secret_hash, created_at,
      case when previous_secret_until > now() then previous_secret_hash end as previous_secret_hash
    from client where id = ${id} and enabled`
  if (!row) return undefined
  const isService = row.metadata.grant_types.includes('client_credentials')
  return {
    ...row.metadata,
    client_name: visibleText(row.metadata.client_name),
    ...impliedSector({ client_id: id, ...row.metadata }),
    client_id: id,
    client_id_issued_at: Math.floor(row.createdAt.getTime() / 1000),
    // Scopes of the real portal that this system does not have may be requested, and are not granted.
    scope: isService ? row.metadata.scope : [row.metadata.scope, ...UNAVAILABLE_SCOPES].join(' '),
    ...(row.secretHash
      ? {
          client_secret: `${HASH_PREFIX}${[row.secretHash, row.previousSecretHash]
            .flatMap((hash) => hash?.toString('base64url') ?? [])
            .join('.')}`,
          client_secret_expires_at: 0,
        }
      : {}),
  } as AdapterPayload
}

/** The library requires a sector wherever hosts differ; our rule ignores loopback addresses. */
function impliedSector(client: ClientMetadata): { sector_identifier_uri?: string } {
  if (client.subject_type !== 'pairwise' || client.sector_identifier_uri !== undefined) return {}
  const hosts = new Set(client.redirect_uris.map((uri) => new URL(uri).host))
  return hosts.size > 1 ? { sector_identifier_uri: `https://${sectorOf(client)}/` } : {}
}

/** Stores a registration or its update (RFC 7591 and 7592). `createRegistrationRules` verified the metadata. */
export async function storeRegistered(
  sql: Sql,
  id: string,
  payload: AdapterPayload,
): Promise<void> {
  const { client_secret: secret, scope, ...given } = payload as Record<string, unknown>
  const granted = String(scope ?? '')
    .split(' ')
    .filter((word) => !UNAVAILABLE_SCOPES.includes(word))
    .join(' ')
  const stored = withDefaults(metadataSchema.partial().parse({ ...given, scope: granted }))
  const hashed =
    typeof secret !== 'string'
      ? null
      : secret.startsWith(HASH_PREFIX)
        ? hashesOfSecret(secret)[0]
        : hashSecret(secret)
  await requireDistinctName(sql, id, stored.client_name)
  const secretHash = needsSecret(stored) ? hashed : null
  const [updated] = await writeClient(sql, id, stored, secretHash)
  if (!updated) await insertClient(sql, { id, tenant: 'default', stored, secretHash })
}

/** A registration may keep its name, and must not choose one that is similar to another client's; an operator may allow that. */
async function requireDistinctName(sql: Sql, id: string, name: string): Promise<void> {
  if (name === NAMELESS || name === (await findClientName(sql, id))) return
  if (await findSimilarClient(sql, name, id))
    throw new SimilarNameError(
      'client_name could be taken for the name of another client: choose another one, or ask the operator to register it',
    )
}

/** A client without its secret. */
export async function findClient(
  sql: Sql,
  id: string,
): Promise<(ClientMetadata & { tenant: string; enabled: boolean; trusted: boolean }) | undefined> {
  const [row] = await sql<
    { metadata: StoredMetadata; tenant: string; enabled: boolean; trusted: boolean }[]
  >`
    select metadata, tenant, enabled, exists (
      select from trusted_client where client_id = id and trusted_client.name = client.name) as trusted
    from client where id = ${id}`
  if (!row) return undefined
  const { metadata, ...state } = row
  return { client_id: id, ...metadata, ...state }
}

/** The name of one client, as pages and mails show it. */
export const findClientName = async (sql: Sql, id: string): Promise<string | undefined> =>
  (await findClientNames(sql, [id])).get(id)

/** The names of those ids that are clients, as pages and mails show them. */
export async function findClientNames(
  sql: Sql,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await sql<{ id: string; name: string }[]>`
    select id, name from client where id = any (${[...ids]})`
  return new Map(rows.map(({ id, name }) => [id, visibleText(name)]))
}

/** Those ids that are clients, with whether each is enabled. */
export async function findClientStates(
  sql: Sql,
  ids: readonly string[],
): Promise<ReadonlyMap<string, { enabled: boolean }>> {
  const rows = await sql<{ id: string; enabled: boolean }[]>`
    select id, enabled from client where id = any (${[...ids]})`
  return new Map(rows.map(({ id, enabled }) => [id, { enabled }]))
}

export async function listClients(sql: Sql) {
  return await sql<
    { id: string; name: string; tenant: string; enabled: boolean; createdAt: Date }[]
  >`
    select id, name, tenant, enabled, created_at from client
    where id not in (select client_id from try_client) order by created_at`
}

/**
 * Enables or disables a client: a disabled one gets no tokens, and its tokens are invalid. One that the operator disabled is enabled by the
 * operator alone. Returns whether there is such a client.
 */
export async function setClientEnabled(
  sql: Sql,
  id: string,
  enabled: boolean,
  by: 'operator' | 'team' = 'operator',
): Promise<boolean> {
  if (by === 'team' && enabled && (await findClientStop(sql, id))) return false
  const stop = by === 'team' ? sql`` : sql`, stopped_at = ${enabled ? null : sql`now()`}`
  const rows = await sql`
    update client set enabled = ${enabled}, updated_at = now() ${stop}
    where id = ${id} or id in (select client_id from try_client where application_id = ${id})
    returning id`
  if (enabled) await resumeEvents(sql, id)
  return rows.length > 0
}

/** When the operator disabled a client; `undefined` for one that they did not. */
export async function findClientStop(sql: Sql, id: string): Promise<Date | undefined> {
  const [row] = await sql<{ stoppedAt: Date | null }[]>`
    select stopped_at from client where id = ${id}`
  return row?.stoppedAt ?? undefined
}

export const LONGEST_SECRET_OVERLAP_HOURS = 24 * 30

/**
 * Replaces the secret, and returns the new one this once; the old one stays valid for `keepHours`, by default not at all. `undefined`:
 * no such client, or one without a secret. Throws OperatorError.
 */
export async function rotateClientSecret(
  sql: Sql,
  id: string,
  { keepHours = 0 } = {},
): Promise<string | undefined> {
  if (!Number.isInteger(keepHours) || keepHours < 0 || keepHours > 24 * 30)
    throw new OperatorError(
      `The old secret is kept for 0 to ${LONGEST_SECRET_OVERLAP_HOURS} hours.`,
    )
  const secret = randomSecret()
  const rows = await sql`
    update client set secret_hash = ${hashSecret(secret)}, updated_at = now(),
      previous_secret_hash = case when ${keepHours} > 0 then secret_hash end,
      previous_secret_used_at = case when ${keepHours} > 0 then secret_used_at end, secret_used_at = null,
      previous_secret_until = case when ${keepHours} > 0 then now() + make_interval(hours => ${keepHours}) end
    where id = ${id} and secret_hash is not null returning id`
  return rows.length > 0 ? secret : undefined
}

/** Deletes the client, its consents and its tokens. Returns whether it existed. */
export async function deleteClient(sql: Sql, id: string): Promise<boolean> {
  await deleteClientEvents(sql, id)
  await sql`
    delete from client where id in (select client_id from try_client where application_id = ${id})`
  const rows = await sql`delete from client where id = ${id} returning id`
  return rows.length > 0
}
