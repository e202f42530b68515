import type { Db, Sql } from '../platform/db.ts'
import type { SealedColumn } from '../platform/resealing.ts'
import { hashSecret, type Sealer } from '../platform/secrets.ts'
import { createClient } from './clients.ts'
import { withDefaults } from './metadata.ts'
import { sectorOf } from './subject-identifiers.ts'
import type { OwnClient } from './team-clients.ts'

/*
 * The console tries an application of the sandbox with a client of its own, because it knows no secret and no private key of the
 * application, and so that no address is ever accepted that is not registered. That client mirrors what the application asks of people,
 * and returns to the console alone. Its `sub` is the application's: both are of one sector.
 */

export type TryClient = { id: string; secret: string }

const sealedFor = (id: string) => `try_client.secret_sealed ${id}`
export const SEALED_TRY_CLIENTS: SealedColumn = {
  table: 'try_client',
  column: 'secret_sealed',
  key: ['client_id'],
  contextOf: sealedFor,
}

/** Whether people sign in at the application: a service client acts for itself. */
export const hasPeople = ({ metadata }: OwnClient): boolean =>
  !metadata.grant_types.includes('client_credentials')

/** The application that this client tries; `undefined` for every other client. */
export async function findTriedApplication(
  sql: Sql,
  clientId: string,
): Promise<string | undefined> {
  const [row] = await sql<{ applicationId: string }[]>`
    select application_id from try_client where client_id = ${clientId}`
  return row?.applicationId
}

/** The client that tries this application, as the application is registered now. Creates it once, whoever asks at the same time. */
export async function ensureTryClient(
  { db, sealer }: { db: Db; sealer: Sealer },
  { application, redirectUri }: { application: OwnClient; redirectUri: string },
): Promise<TryClient> {
  return await db.begin(async (sql) => {
    const { id: applicationId } = application
    await sql`select from client where id = ${applicationId} for update`
    const [known] = await sql<{ clientId: string; secretSealed: string }[]>`
      select client_id, secret_sealed from try_client where application_id = ${applicationId}`
    const client = known
      ? { id: known.clientId, secret: sealer.open(known.secretSealed, sealedFor(known.clientId)) }
      : await createTryClient(sql, sealer, { application, redirectUri })
    await mirror(sql, client, { application, redirectUri })
    return client
  })
}

type Mirrored = { application: OwnClient; redirectUri: string }

async function createTryClient(
  sql: Sql,
  sealer: Sealer,
  { application, redirectUri }: Mirrored,
): Promise<TryClient> {
  const { metadata } = application
  const { client_id: id, client_secret: secret = '' } = await createClient(sql, {
    name: metadata.client_name,
    redirectUris: [redirectUri],
    scope: metadata.scope,
    authMethod: 'client_secret_basic',
  })
  await sql`
    insert into try_client (client_id, application_id, secret_sealed)
    values (${id}, ${application.id}, ${sealer.seal(secret, sealedFor(id))})`
  return { id, secret }
}

// What the console cannot do for the application: hold its keys, prove possession of them, be told of a sign-out.
const NOT_MIRRORED: readonly string[] = [
  'client_id',
  'jwks',
  'jwks_uri',
  'fapi',
  'dpop_bound_access_tokens',
  'backchannel_logout_uri',
  'backchannel_logout_session_required',
  'post_logout_redirect_uris',
  'response_modes',
]

/** Gives the client what people and requests meet at the application. */
async function mirror(
  sql: Sql,
  { id, secret }: TryClient,
  { application, redirectUri }: Mirrored,
): Promise<void> {
  const { metadata, enabled } = application
  const shared = Object.entries(metadata).filter(([name]) => !NOT_MIRRORED.includes(name))
  const sector = sectorOf(metadata)
  const stored = withDefaults({
    ...Object.fromEntries(shared),
    application_type: 'web',
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_basic',
    pkce: 'required',
    ...(metadata.subject_type === 'pairwise'
      ? { sector_identifier_uri: `https://${sector}/` }
      : {}),
  })
  await sql`
    update client set name = ${stored.client_name}, metadata = ${sql.json(stored as never)},
      team_id = (select team_id from client where id = ${application.id}),
      secret_hash = ${hashSecret(secret)}, enabled = ${enabled}, updated_at = now()
    where id = ${id}`
}
