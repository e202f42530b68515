import type { Sql } from '../platform/db.ts'
import type { SealedColumn } from '../platform/resealing.ts'
import type { Sealer } from '../platform/secrets.ts'
import type { EventKind } from './events.ts'
import type { DueEvent, NotificationAttempt } from './store.ts'

/* What an application's developers see of its events: each attempt, with what was sent and what came back. */

/** `sent` is `null` where it is not kept. */
type Exchange = { sent: string | null; answer: string | null }

const contextOf = (eventId: string) => `event attempt ${eventId}`
export const SEALED_EXCHANGES: SealedColumn = {
  table: 'event_attempt',
  column: 'exchange_sealed',
  key: ['event_id', 'id'],
  contextOf: (key) => contextOf(key.slice(0, key.lastIndexOf(' '))),
}

const KEPT_CHARACTERS = { sent: 2_000, answer: 1_000 }

/**
 * Seals the beginning of what was sent and of what came back. A Security Event Token is stored as its claims. Events with a tenant's own ids
 * of people are not stored, because those are erased with their subject.
 */
export function sealExchange(
  sealer: Sealer,
  { id, kind, delivery }: Pick<DueEvent, 'id' | 'kind' | 'delivery'>,
  { sent, answer }: { sent: string; answer: string | null },
): string {
  const shown =
    kind === 'verification.completed' ? null : delivery === 'push' ? claimsOf(sent) : sent
  const exchange: Exchange = {
    sent: shown && cut(shown, KEPT_CHARACTERS.sent),
    answer: answer && cut(answer, KEPT_CHARACTERS.answer),
  }
  return sealer.seal(JSON.stringify(exchange), contextOf(id))
}

const cut = (text: string, longest: number) =>
  text.length > longest ? `${text.slice(0, longest)}…` : text

const claimsOf = (token: string) =>
  Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')

export type SeenAttempt = NotificationAttempt & {
  /** 1 for the first one. */
  number: number
  at: Date
  /** `undefined` where nothing was kept. */
  exchange: Exchange | undefined
}
export type SeenEvent = {
  id: string
  kind: EventKind
  state: 'pending' | 'delivered' | 'failed' | 'dropped'
  occurredAt: Date
  /** When it is tried next; `null`: not by us. */
  nextAt: Date | null
  /** The latest first, at most ten. */
  attempts: SeenAttempt[]
}

const ATTEMPTS = 10

/** The events of one client with their latest attempts, newest first; `before` is the id of the last one of the page before. */
export async function listSeenEvents(
  sql: Sql,
  sealer: Sealer,
  {
    clientId,
    before,
    failed = false,
    limit,
  }: { clientId: string; before?: string | undefined; failed?: boolean; limit: number },
): Promise<SeenEvent[]> {
  const events = await sql<Omit<SeenEvent, 'attempts'>[]>`
    select id, kind, state, occurred_at,
      case when state = 'pending' and isfinite(run_at) then run_at end as next_at
    from event where client_id = ${clientId} and ${failed ? sql`state = 'failed'` : sql`true`}
      and ${before === undefined ? sql`true` : sql`(occurred_at, id) < (select occurred_at, id from event where id = ${before} and client_id = ${clientId})`}
    order by occurred_at desc, id desc limit ${limit}`
  const attempts = await listAttempts(
    sql,
    sealer,
    events.map(({ id }) => id),
  )
  return events.map((event) => ({ ...event, attempts: attempts.get(event.id) ?? [] }))
}

async function listAttempts(
  sql: Sql,
  sealer: Sealer,
  eventIds: readonly string[],
): Promise<Map<string, SeenAttempt[]>> {
  const rows = await sql<
    (Omit<SeenAttempt, 'exchange'> & { eventId: string; exchangeSealed: string | null })[]
  >`
    select event_id, number, at, status, milliseconds, outcome, exchange_sealed from (
      select event_id, at, status, milliseconds, outcome, exchange_sealed,
        row_number() over (partition by event_id order by id)::int as number,
        row_number() over (partition by event_id order by id desc) as place
      from event_attempt where event_id = any (${[...eventIds]}::uuid[])) numbered
    where place <= ${ATTEMPTS} order by number desc`
  const found = new Map<string, SeenAttempt[]>()
  for (const { eventId, exchangeSealed, ...attempt } of rows) {
    const exchange =
      exchangeSealed === null
        ? undefined
        : (JSON.parse(sealer.open(exchangeSealed, contextOf(eventId))) as Exchange)
    found.set(eventId, [...(found.get(eventId) ?? []), { ...attempt, exchange }])
  }
  return found
}
