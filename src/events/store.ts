import type { Sql } from '../platform/db.ts'
import type { ComputedGauge } from '../platform/metrics.ts'
import { isUuid } from '../platform/uuid.ts'
import { type EventKind, isDeliverable, type PortalEvent, recordEventDisclosure } from './events.ts'
import { KORA_KINDS } from './kora-webhook.ts'
import type { DeliveryMethod, StreamFormat } from './streams.ts'

/** An event that is being sent, with its destination. */
export type DueEvent = PortalEvent & {
  tries: number
  firstTriedAt: Date
  delivery: Exclude<DeliveryMethod, 'poll'>
  format: StreamFormat
  endpoint: string
  authorizationSealed: string | null
  /** The client's. */
  tenant: string
}

const columns = (sql: Sql) => sql`
  event.id, event.client_id, kind, account_id, verification_id, data, occurred_at`

// Longer than one attempt takes. After that another process claims the event of one that died.
const LEASE_SECONDS = 60

/**
 * Claims the next due event for this process; `undefined` when there is none. Each application has one event in flight, so a
 * slow application delays no other.
 */
export async function claimDueEvent(sql: Sql): Promise<DueEvent | undefined> {
  const [row] = await sql<DueEvent[]>`
    with due as (
      select event.id, stream.client_id, tenant ${fromDue(sql)}
      order by run_at limit 1 for update of event, stream skip locked),
    busy as (
      update event_stream stream set busy_until = now() + make_interval(secs => ${LEASE_SECONDS})
      from due where stream.client_id = due.client_id
      returning stream.client_id, delivery, format, endpoint, authorization_sealed)
    update event set run_at = now() + make_interval(secs => ${LEASE_SECONDS}), tries = tries + 1,
      first_tried_at = coalesce(first_tried_at, now())
    from due join busy using (client_id)
    where event.id = due.id
    returning ${columns(sql)}, tries, first_tried_at, delivery, format, endpoint, authorization_sealed, tenant`
  return row
}

const fromDue = (sql: Sql) => sql`
  from event join event_stream stream on stream.client_id = event.client_id
    join client on client.id = event.client_id and client.enabled
  where state = 'pending' and run_at <= now() and delivery <> 'poll' and stream.enabled
    and (delivery <> 'webhook' or format = 'standard' or kind = any (${[...KORA_KINDS]}))
    and (resume_at is null or resume_at <= now()) and (busy_until is null or busy_until <= now())`

/** Whether an event is to be sent. */
export const isEventDue = (sql: Sql) => sql`exists (select ${fromDue(sql)})`

/**
 * Makes parked events due whose stream can send them: they were written while the stream was being set up. To be called
 * periodically.
 */
export async function requeueParked(sql: Sql): Promise<void> {
  await sql`
    update event set run_at = now()
    where state = 'pending' and run_at = 'infinity'
      and client_id in (select client_id from event_stream where enabled and delivery <> 'poll')`
}

export type NotificationAttempt = {
  /** Of the response; `null` without one. */
  status: number | null
  milliseconds: number
  outcome: string
}

const recordAttempt = (
  sql: Sql,
  id: string,
  attempt: NotificationAttempt,
  exchangeSealed: string | null = null,
) => sql`
  insert into event_attempt (event_id, status, milliseconds, outcome, exchange_sealed)
  values (${id}, ${attempt.status}, ${attempt.milliseconds}, ${attempt.outcome}, ${exchangeSealed})`

export type AttemptOutcome =
  | { state: 'delivered' | 'failed' | 'dropped' }
  /** To be retried after `afterSeconds`. For `holdSeconds` the endpoint gets no other event either. */
  | { state: 'pending'; afterSeconds: number; holdSeconds: number }
  /** The endpoint is gone for good: the stream is disabled, and its events stay pending. */
  | { state: 'paused' }

/** In a transaction: records how the attempt ended. Locks the stream before the event, as every writer of both does. */
export async function settleAttempt(
  sql: Sql,
  { id, clientId, endpoint }: DueEvent,
  outcome: AttemptOutcome,
  /** With what was sent and came back, as `sealExchange` returns it. */
  made?: { attempt: NotificationAttempt; exchangeSealed: string },
): Promise<void> {
  const hold = outcome.state === 'pending' ? outcome.holdSeconds : 0
  // The outcome must not affect an endpoint that was set during the attempt.
  const isSame = sql`endpoint is not distinct from ${endpoint}`
  await sql`
    update event_stream set busy_until = null,
      resume_at = case when ${hold}::float8 > 0 and ${isSame} then now() + make_interval(secs => ${hold}) else resume_at end,
      enabled = enabled and not (${outcome.state === 'paused'} and ${isSame})
    where client_id = ${clientId}`
  if (made) await recordAttempt(sql, id, made.attempt, made.exchangeSealed)
  if (outcome.state === 'paused')
    // Due at once where another endpoint was set meanwhile.
    await sql`
      update event set run_at = ${runAt(sql)} where client_id = ${clientId} and state = 'pending'`
  else if (outcome.state === 'pending')
    await sql`
      update event set run_at = now() + make_interval(secs => ${outcome.afterSeconds})
      where id = ${id} and state = 'pending'`
  else await settle(sql, id, outcome.state)
}

async function settle(
  sql: Sql,
  id: string,
  state: 'delivered' | 'failed' | 'dropped',
): Promise<void> {
  await sql`
    update event set state = ${state}, delivered_at = ${state === 'delivered' ? new Date() : null}
    where id = ${id} and state = 'pending'`
}

/** For polling applications: the events that are not acknowledged, oldest first, and whether there are more. Records their disclosure. */
export async function listPendingEvents(
  sql: Sql,
  clientId: string,
  limit: number,
): Promise<{ events: PortalEvent[]; isMore: boolean }> {
  const rows = await sql<PortalEvent[]>`
    select ${columns(sql)} from event
    where client_id = ${clientId} and state = 'pending' order by occurred_at, id limit ${limit + 1}`
  const events: PortalEvent[] = []
  for (const event of rows.slice(0, limit))
    if (await isDeliverable(sql, event)) events.push(event)
    else await settle(sql, event.id, 'dropped')
  if (events.length > 0)
    await recordEventDisclosure(
      sql,
      events.map(({ id }) => id),
    )
  return { events, isMore: rows.length > limit }
}

/** Settles fetched events as the application reports them. Events of other clients, and settled ones, stay as they are. */
export async function acknowledge(
  sql: Sql,
  clientId: string,
  { ids, failures }: { ids: readonly string[]; failures: Readonly<Record<string, string>> },
): Promise<void> {
  const refused = Object.keys(failures)
  const settled = await sql<{ id: string; state: string }[]>`
    update event set state = case when id = any (${[...ids]}::uuid[]) then 'delivered' else 'failed' end,
      delivered_at = case when id = any (${[...ids]}::uuid[]) then now() end, tries = tries + 1
    where client_id = ${clientId} and state = 'pending' and id = any (${[...ids, ...refused]}::uuid[])
    returning id, state`
  for (const { id, state } of settled)
    await recordAttempt(sql, id, {
      status: null,
      milliseconds: 0,
      outcome: state === 'delivered' ? 'acknowledged' : `refused: ${failures[id]}`,
    })
}

export const ERASURE_ANSWERS = ['erased', 'kept', 'nothing-held'] as const
export type ErasureAnswer = (typeof ERASURE_ANSWERS)[number]

/**
 * Records what the application did with its copies; the last answer counts. Returns whether this client has such an erasure event.
 * An answered event counts as delivered.
 */
export async function recordAnswer(
  sql: Sql,
  /** `undefined`: the operator, who got the answer by other means. */
  clientId: string | undefined,
  id: string,
  { outcome, reason }: { outcome: ErasureAnswer; reason?: string | undefined },
): Promise<boolean> {
  const rows = await sql`
    update event set answer = ${outcome}, answer_reason = ${reason ?? null}, answered_at = now(),
      state = 'delivered', delivered_at = coalesce(delivered_at, now())
    where id = ${id} and ${clientId === undefined ? sql`true` : sql`client_id = ${clientId}`}
      and kind in ('resident.erased', 'verification.erased')
    returning id`
  return rows.length > 0
}

export type ListedEvent = {
  id: string
  clientId: string
  kind: EventKind
  accountId: string | null
  verificationId: string | null
  state: string
  tries: number
  occurredAt: Date
  deliveredAt: Date | null
  lastOutcome: string | null
  answer: ErasureAnswer | null
  answerReason: string | null
}

const listed = (sql: Sql) => sql`
  select id, client_id, kind, account_id, verification_id, state, tries, occurred_at, delivered_at,
    (select outcome from event_attempt where event_id = event.id order by event_attempt.id desc limit 1) as last_outcome,
    answer, answer_reason
  from event`

/** Events, newest first; all, one client's, or those not delivered. */
export async function listEvents(
  sql: Sql,
  {
    clientId,
    undelivered = false,
  }: { clientId?: string | undefined; undelivered?: boolean | undefined } = {},
): Promise<ListedEvent[]> {
  return await sql<ListedEvent[]>`
    ${listed(sql)}
    where ${clientId ? sql`client_id = ${clientId}` : sql`true`}
      and ${undelivered ? sql`state in ('pending', 'failed')` : sql`true`}
    order by occurred_at desc limit 500`
}

/** The requests to applications to erase this account's data, with their state and answer. */
export async function listErasureNotices(sql: Sql, accountId: string): Promise<ListedEvent[]> {
  return await sql<ListedEvent[]>`
    ${listed(sql)} where account_id = ${accountId} and kind = 'resident.erased' order by client_id`
}

/** An event with its attempts, for the operator; `undefined` when there is none. */
export async function findEvent(sql: Sql, id: string) {
  if (!isUuid(id)) return undefined
  const [row] = await sql<ListedEvent[]>`${listed(sql)} where id = ${id}`
  if (!row) return undefined
  const attempts = await sql<(NotificationAttempt & { at: Date })[]>`
    select at, status, milliseconds, outcome from event_attempt where event_id = ${id} order by id`
  return { ...row, attempts: [...attempts] }
}

/** Queues the event again, in whatever state it is; with `clientId`, only one of this client. Returns whether there is such an event. */
export async function replayEvent(sql: Sql, id: string, clientId?: string): Promise<boolean> {
  if (!isUuid(id)) return false
  const rows = await sql`
    update event set state = 'pending', run_at = ${runAt(sql)}, first_tried_at = null
    where id = ${id} and ${clientId === undefined ? sql`true` : sql`client_id = ${clientId}`} returning id`
  return rows.length > 0
}

/** Queues every event of the client again that failed for good and happened since then. Returns how many. */
export async function replayFailed(sql: Sql, clientId: string, since: Date): Promise<number> {
  const rows = await sql`
    update event set state = 'pending', run_at = ${runAt(sql)}, first_tried_at = null
    where client_id = ${clientId} and state = 'failed' and occurred_at >= ${since} returning id`
  return rows.length
}

/** After an application is enabled again: its pending events are due, with a new retry period. */
export async function resumeEvents(sql: Sql, clientId: string): Promise<void> {
  await sql`
    update event set first_tried_at = null, run_at = ${runAt(sql)}
    where client_id = ${clientId} and state = 'pending'`
}

/** Deletes the events of a deleted application, except erasures, which are kept as proof. */
export async function deleteClientEvents(sql: Sql, clientId: string): Promise<void> {
  await sql`
    delete from event
    where client_id = ${clientId} and kind not in ('resident.erased', 'verification.erased')`
}

/** For an `event` row: now where the portal sends it; `infinity` (parked) where it is fetched, or has no enabled stream. */
const runAt = (sql: Sql) => sql`
  case when exists (select from event_stream stream
      where stream.client_id = event.client_id and stream.delivery <> 'poll' and stream.enabled)
    then now() else 'infinity' end`

export const EVENT_GAUGES: readonly ComputedGauge[] = [
  {
    name: 'portal_events',
    help: 'Notifications to applications that are pending, or failed for good.',
    async read(sql) {
      const rows = await sql<{ delivery: string; state: string; count: number }[]>`
        select coalesce(delivery, 'none') as delivery, state, count(*)::int as count
        from event left join event_stream using (client_id)
        where state in ('pending', 'failed') group by 1, 2`
      return rows.map(({ count, ...labels }) => ({ labels, value: count }))
    },
  },
]

const KEPT_DAYS = 90

/** Deletes settled events after 90 days, except erasures, which prove who was notified; of those, what was sent and what came back. */
export async function deleteOldEvents(sql: Sql): Promise<void> {
  await sql`
    delete from event where state <> 'pending' and kind not in ('resident.erased', 'verification.erased')
      and occurred_at < now() - make_interval(days => ${KEPT_DAYS})`
  await sql`
    update event_attempt set exchange_sealed = null
    where exchange_sealed is not null and at < now() - make_interval(days => ${KEPT_DAYS})
      and event_id in (select id from event where occurred_at < now() - make_interval(days => ${KEPT_DAYS}))`
}

/** The notifications to applications about this resident, the oldest first. */
export async function listEventsAbout(sql: Sql, accountId: string) {
  return await sql`
    select id, client_id, kind, verification_id, data, occurred_at, state, delivered_at
    from event where account_id = ${accountId} order by occurred_at`
}
