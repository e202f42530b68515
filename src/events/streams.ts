import { randomBytes } from 'node:crypto'
import type { Sql } from '../platform/db.ts'
import { OperatorError } from '../platform/errors.ts'
import { isHttpsOrLoopback } from '../platform/loopback.ts'
import type { SealedColumn } from '../platform/resealing.ts'
import { hashSecret, randomSecret, type Sealer } from '../platform/secrets.ts'
import { isBackOffice } from './events.ts'
import { KORA_KINDS } from './kora-webhook.ts'

const DELIVERY_METHODS = ['webhook', 'push', 'poll'] as const
export type DeliveryMethod = (typeof DELIVERY_METHODS)[number]
export const STREAM_FORMATS = ['standard', 'kora'] as const
/** `standard`: Standard Webhooks, or Security Event Tokens. `kora`: webhooks as Kora sends them. */
export type StreamFormat = (typeof STREAM_FORMATS)[number]

/** How an application receives its events, without secrets. */
export type Stream = {
  clientId: string
  delivery: DeliveryMethod
  format: StreamFormat
  endpoint: string | null
  enabled: boolean
  createdAt: Date
  updatedAt: Date
}

/** Returned once; stored only as a hash, or sealed. */
type IssuedSecrets = {
  /** `whsec_…`, the format of Standard Webhooks. */
  signing_secret?: string
  /** The bearer token with which the application fetches events and answers erasures. */
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
// Standard Webhooks requires 24 to 64 bytes.
const createSigningSecret = () => `whsec_${randomBytes(32).toString('base64')}`

/**
 * Sets how and where a client receives events. Returns the token of a new stream and the secret of a new webhook. Throws OperatorError on
 * invalid input. `undefined`: no such client.
 */
export async function setStream(
  sql: Sql,
  sealer: Sealer,
  given: {
    clientId: string
    delivery: string
    format?: StreamFormat | undefined
    endpoint?: string | undefined
    /** The whole value of the `Authorization` header of pushes. */
    authorization?: string | undefined
  },
): Promise<(Stream & IssuedSecrets) | undefined> {
  const { clientId, delivery, format = 'standard', endpoint, authorization } = given
  if (!isDeliveryMethod(delivery))
    throw new OperatorError(`--delivery is one of ${DELIVERY_METHODS.join(', ')}, or none`)
  if ((delivery === 'poll') !== (endpoint === undefined))
    throw new OperatorError(
      delivery === 'poll'
        ? 'a polled stream has no --url: the application fetches its events'
        : 'an address is needed: --url',
    )
  if (endpoint !== undefined) checkEndpoint(endpoint)
  if (
    authorization !== undefined &&
    (delivery !== 'push' || !/^[\x20-\x7e]{1,4000}$/.test(authorization))
  )
    throw new OperatorError('an authorization is one line, and only for --delivery push')
  if (format === 'kora' && delivery !== 'webhook')
    throw new OperatorError('the format of Kora is one of webhooks: --delivery webhook')
  const [client] = await sql<{ isBackOffice: boolean }[]>`
    select coalesce(${isBackOffice(sql)}, false) as is_back_office
    from client where id = ${clientId} for share`
  if (!client) return undefined
  if (format === 'kora' && !client.isBackOffice)
    throw new OperatorError(
      'events in the format of Kora are for back offices: clients with the scope idv.read',
    )
  const token = randomSecret()
  const sealed =
    authorization === undefined ? null : sealer.seal(authorization, contextOf(clientId))
  const [row] = await sql<(Stream & { isNew: boolean })[]>`
    insert into event_stream (client_id, delivery, format, endpoint, authorization_sealed, token_hash)
    values (${clientId}, ${delivery}, ${format}, ${endpoint ?? null}, ${sealed}, ${hashSecret(token)})
    on conflict (client_id) do update set delivery = excluded.delivery, format = excluded.format,
      endpoint = excluded.endpoint, authorization_sealed = ${sealed}, enabled = true,
      resume_at = null, updated_at = now()
    returning client_id, delivery, format, endpoint, enabled, created_at, updated_at,
      token_hash = ${hashSecret(token)} as is_new`
  if (!row) throw new Error('the stream was not written')
  const { isNew, ...stream } = row
  if (format === 'kora')
    await sql`
      update event set state = 'dropped'
      where client_id = ${clientId} and state = 'pending' and not ${isErasure(sql)}
        and kind <> all (${[...KORA_KINDS]})`
  // Pending events are due at the new endpoint at once.
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
 * In a transaction: adds a signing secret; the earlier ones sign beside it for `keepHours` more. `undefined`: no such stream, or none of
 * webhooks. Throws OperatorError.
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

/** Replaces the token; the old one is invalid at once. `undefined`: no such stream. */
export async function rotateStreamToken(sql: Sql, clientId: string): Promise<string | undefined> {
  const token = randomSecret()
  const rows = await sql`
    update event_stream set token_hash = ${hashSecret(token)}, updated_at = now()
    where client_id = ${clientId} returning client_id`
  return rows.length > 0 ? token : undefined
}

/** Deletes the stream and drops its pending events, except erasures. Returns whether there was a stream. */
export async function removeStream(sql: Sql, clientId: string): Promise<boolean> {
  const rows = await sql`delete from event_stream where client_id = ${clientId} returning client_id`
  await sql`
    update event set state = case when ${isErasure(sql)} then state else 'dropped' end, run_at = 'infinity'
    where client_id = ${clientId} and state = 'pending'`
  return rows.length > 0
}

const isErasure = (sql: Sql) => sql`kind in ('resident.erased', 'verification.erased')`

export async function findStream(sql: Sql, clientId: string): Promise<Stream | undefined> {
  const [row] = await sql<Stream[]>`
    select client_id, delivery, format, endpoint, enabled, created_at, updated_at
    from event_stream where client_id = ${clientId}`
  return row
}

/** The stream that this token belongs to, of any delivery method; `undefined` also when its application is suspended. */
export async function findStreamByToken(sql: Sql, token: string): Promise<Stream | undefined> {
  const [row] = await sql<Stream[]>`
    select client_id, delivery, format, endpoint, event_stream.enabled, event_stream.created_at, event_stream.updated_at
    from event_stream join client on client.id = client_id and client.enabled
    where token_hash = ${hashSecret(token)}`
  return row
}

/** The secrets that webhooks are signed with, the newest first, because some receivers verify the first signature only. */
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

/** Makes an endpoint that did not answer due at once. One that is paused stays so. */
export async function endHold(sql: Sql, clientId: string): Promise<void> {
  await sql`update event_stream set resume_at = null where client_id = ${clientId}`
}

/** Ends the pause of a stream whose endpoint had answered 410. Returns whether there is a stream. */
export async function resumeStream(sql: Sql, clientId: string): Promise<boolean> {
  const rows = await sql`
    update event_stream set enabled = true, resume_at = null, updated_at = now()
    where client_id = ${clientId} returning client_id`
  return rows.length > 0
}

/** When the secrets that sign now were made, and until when each signs; the newest first. */
export async function listSecretTimes(
  sql: Sql,
  clientId: string,
): Promise<{ createdAt: Date; retiresAt: Date | null }[]> {
  return await sql<{ createdAt: Date; retiresAt: Date | null }[]>`
    select created_at, retires_at from event_secret
    where client_id = ${clientId} and (retires_at is null or retires_at > now()) order by created_at desc`
}
