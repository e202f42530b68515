import { randomBytes } from 'node:crypto'
import type { Sql } from '../platform/db.ts'
import { OperatorError } from '../platform/errors.ts'
import { isHttpsOrLoopback } from '../platform/loopback.ts'
import type { SealedColumn } from '../platform/resealing.ts'
import { hashSecret, randomSecret, type Sealer } from '../platform/secrets.ts'

const DELIVERY_METHODS = ['webhook', 'push', 'poll'] as const
export type DeliveryMethod = (typeof DELIVERY_METHODS)[number]

/** Where an application's events go, as the operator sees it: no secret. */
export type Stream = {
  clientId: string
  delivery: DeliveryMethod
  endpoint: string | null
  enabled: boolean
  createdAt: Date
  updatedAt: Date
}

/** In the answer once, each kept only as a hash or sealed. */
type IssuedSecrets = {
  /** `whsec_…`, as the libraries of Standard Webhooks take it. */
  signing_secret?: string
  /** What the application shows us to fetch events and to answer them. */
  events_token?: string
}

const contextOf = (clientId: string) => `events ${clientId}`
export const SEALED_EVENT_SECRETS: SealedColumn[] = [
  { table: 'event_stream', column: 'authorization_sealed', key: ['client_id'], contextOf },
  {
    table: 'event_secret',
    column: 'secret_sealed',
    key: ['client_id', 'id'],
    contextOf: (key) => contextOf(key.slice(0, key.lastIndexOf(' '))),
  },
]
// Standard Webhooks asks for 24 to 64 bytes.
const createSigningSecret = () => `whsec_${randomBytes(32).toString('base64')}`

/**
 * Sets how a client is told, and where. A new stream gets its token, a webhook its secret. Throws OperatorError on bad input;
 * `undefined`: no such client.
 */
export async function setStream(
  sql: Sql,
  sealer: Sealer,
  given: {
    clientId: string
    delivery: string
    endpoint?: string | undefined
    /** The whole value of the header, sent with what is pushed. */
    authorization?: string | undefined
  },
): Promise<(Stream & IssuedSecrets) | undefined> {
  const { clientId, delivery, endpoint, authorization } = given
  if (!isDeliveryMethod(delivery))
    throw new OperatorError(`--delivery is one of ${DELIVERY_METHODS.join(', ')}, or none`)
  if ((delivery === 'poll') !== (endpoint === undefined))
    throw new OperatorError(
      delivery === 'poll'
        ? 'a stream that is polled has no --url: the application comes to us'
        : 'where to? Give --url',
    )
  if (endpoint !== undefined) checkEndpoint(endpoint)
  if (
    authorization !== undefined &&
    (delivery !== 'push' || !/^[\x20-\x7e]{1,4000}$/.test(authorization))
  )
    throw new OperatorError('an authorization is one line, and for what is pushed')
  const [client] = await sql`select from client where id = ${clientId} for share`
  if (!client) return undefined
  const token = randomSecret()
  const sealed =
    authorization === undefined ? null : sealer.seal(authorization, contextOf(clientId))
  const [row] = await sql<(Stream & { isNew: boolean })[]>`
    insert into event_stream (client_id, delivery, endpoint, authorization_sealed, token_hash)
    values (${clientId}, ${delivery}, ${endpoint ?? null}, ${sealed}, ${hashSecret(token)})
    on conflict (client_id) do update set delivery = excluded.delivery, endpoint = excluded.endpoint,
      authorization_sealed = excluded.authorization_sealed, enabled = true, resume_at = null, updated_at = now()
    returning client_id, delivery, endpoint, enabled, created_at, updated_at, xmax = 0 as is_new`
  if (!row) throw new Error('the stream was not written')
  const { isNew, ...stream } = row
  // Whatever waited for an endpoint that works need not wait longer.
  await sql`
    update event set run_at = ${delivery === 'poll' ? sql`'infinity'` : sql`now()`}, first_tried_at = null
    where client_id = ${clientId} and state = 'pending'`
  const [secret] = await sql`select from event_secret where client_id = ${clientId} limit 1`
  return {
    ...stream,
    ...(isNew ? { events_token: token } : {}),
    ...(delivery === 'webhook' && !secret
      ? { signing_secret: await addSecret(sql, sealer, clientId) }
      : {}),
  }
}

const isDeliveryMethod = (value: string): value is DeliveryMethod =>
  (DELIVERY_METHODS as readonly string[]).includes(value)

function checkEndpoint(endpoint: string): void {
  const { username, hash } = URL.parse(endpoint) ?? {}
  if (!isHttpsOrLoopback(endpoint) || username || hash)
    throw new OperatorError(
      '--url must be an https: address, or http: on this machine, without a user or a fragment',
    )
}

async function addSecret(sql: Sql, sealer: Sealer, clientId: string): Promise<string> {
  const secret = createSigningSecret()
  await sql`
    insert into event_secret (client_id, secret_sealed)
    values (${clientId}, ${sealer.seal(secret, contextOf(clientId))})`
  return secret
}

/**
 * In a transaction: a new signing secret; the ones before sign beside it for so many hours more. `undefined`: no such stream, or one
 * that signs no webhooks. Throws OperatorError.
 */
export async function rotateSigningSecret(
  sql: Sql,
  sealer: Sealer,
  { clientId, keepHours }: { clientId: string; keepHours: number },
): Promise<string | undefined> {
  if (!Number.isInteger(keepHours) || keepHours < 0 || keepHours > 720)
    throw new OperatorError('the hours must be a number from 0 to 720')
  const [stream] = await sql`
    select from event_stream where client_id = ${clientId} and delivery = 'webhook' for update`
  if (!stream) return undefined
  await sql`
    update event_secret set retires_at = least(retires_at, now() + make_interval(hours => ${keepHours}))
    where client_id = ${clientId}`
  await sql`delete from event_secret where client_id = ${clientId} and retires_at <= now()`
  return await addSecret(sql, sealer, clientId)
}

/** A new token; the old one is no good from now on. `undefined`: no such stream. */
export async function rotateStreamToken(sql: Sql, clientId: string): Promise<string | undefined> {
  const token = randomSecret()
  const rows = await sql`
    update event_stream set token_hash = ${hashSecret(token)}, updated_at = now()
    where client_id = ${clientId} returning client_id`
  return rows.length > 0 ? token : undefined
}

/** Nothing more is sent, and what waits is kept only where it is an erasure. Answers whether there was a stream. */
export async function removeStream(sql: Sql, clientId: string): Promise<boolean> {
  const rows = await sql`delete from event_stream where client_id = ${clientId} returning client_id`
  const isErasure = sql`kind in ('resident.erased', 'verification.erased')`
  await sql`
    update event set state = case when ${isErasure} then state else 'dropped' end, run_at = 'infinity'
    where client_id = ${clientId} and state = 'pending'`
  return rows.length > 0
}

export async function findStream(sql: Sql, clientId: string): Promise<Stream | undefined> {
  const [row] = await sql<Stream[]>`
    select client_id, delivery, endpoint, enabled, created_at, updated_at
    from event_stream where client_id = ${clientId}`
  return row
}

/** Whose token this is: an application in good standing, by whatever way it is told. */
export async function findStreamByToken(sql: Sql, token: string): Promise<Stream | undefined> {
  const [row] = await sql<Stream[]>`
    select client_id, delivery, endpoint, event_stream.enabled, event_stream.created_at, event_stream.updated_at
    from event_stream join client on client.id = client_id and client.enabled
    where token_hash = ${hashSecret(token)}`
  return row
}

/** What a webhook is signed with: the newest first, because some receivers look at the first signature alone. */
export async function listSigningSecrets(
  sql: Sql,
  sealer: Sealer,
  clientId: string,
): Promise<string[]> {
  const rows = await sql<{ secretSealed: string }[]>`
    select secret_sealed from event_secret
    where client_id = ${clientId} and (retires_at is null or retires_at > now()) order by created_at desc`
  return rows.map(({ secretSealed }) => sealer.open(secretSealed, contextOf(clientId)))
}

export const openAuthorization = (sealer: Sealer, clientId: string, sealed: string): string =>
  sealer.open(sealed, contextOf(clientId))
