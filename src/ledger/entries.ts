import type { Sql } from '../platform/db.ts'
import { isUuid } from '../platform/uuid.ts'
import type { StoredDetail } from './details.ts'

/**
 * The text of an entry that is hashed: a JSON array, byte for byte. An SQL expression for a row that the query calls
 * `entry`. The time is UTC with microseconds.
 */
export const canonical = (sql: Sql) => sql`
  jsonb_build_array(entry.id, to_char(entry.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), entry.kind,
    entry.request_id, entry.client_id, entry.account_id, entry.verification_id, entry.scope, entry.purpose,
    entry.images, entry.result, encode(entry.token_id, 'hex'))::text`

/** A stored row; `readDetail` reads what happened. */
export type ListedEntry = StoredDetail & {
  id: string
  at: Date
  requestId: string | null
  clientId: string | null
  accountId: string | null
  verificationId: string | null
  scope: string | null
  purpose: string | null
  index: string | null
}

const listed = (sql: Sql) => sql`
  select entry.id, at, kind, request_id, client_id, account_id, verification_id, scope, purpose, images, result,
    leaf.index
  from ledger_entry entry left join ledger_leaf leaf on entry_id = entry.id`

/** The entries about this account's data, newest first. */
export async function listEntries(
  sql: Sql,
  accountId: string,
  {
    before,
    since,
    limit = 100,
  }: { before?: string | undefined; since?: Date | undefined; limit?: number } = {},
): Promise<ListedEntry[]> {
  if (!isUuid(accountId)) return []
  return await sql<ListedEntry[]>`
    ${listed(sql)}
    where account_id = ${accountId} and ${before ? sql`entry.id < ${before}` : sql`true`}
      and ${since ? sql`at >= ${since}` : sql`true`}
    order by entry.id desc limit ${limit}`
}

const RECENT = 1_000

/**
 * When each client last read data of the account, according to its newest entries alone, so that a page costs the same for a busy
 * account. `isAll`: there are no older ones. Events and empty answers do not count.
 */
export async function findRecentReads(
  sql: Sql,
  accountId: string,
): Promise<{ reads: Map<string, Date>; isAll: boolean }> {
  // Not `account_id = …`: as in `searchEntries`.
  const rows = await sql<{ clientId: string | null; at: Date | null; entries: number }[]>`
    select client_id, max(at) filter (where kind = 'disclosure' and result <> 'nothing' and result not like 'event: %') as at,
      (sum(count(*)) over ())::int as entries
    from (
      select client_id, at, kind, result from ledger_entry
      where account_id = any (${[accountId]}::uuid[]) order by account_id, id desc limit ${RECENT}) recent
    group by client_id`
  const reads = rows.flatMap(({ clientId, at }) =>
    clientId && at ? [[clientId, at] as const] : [],
  )
  return { reads: new Map(reads), isAll: (rows[0]?.entries ?? 0) < RECENT }
}

/** Whether this application has read data of the account at the API since then. Claims of a sign-in and events do not count. */
export async function hasRead(
  sql: Sql,
  { accountId, clientId, since }: { accountId: string; clientId: string; since: Date },
): Promise<boolean> {
  const [row] = await sql`
    select from ledger_entry
    where account_id = ${accountId} and client_id = ${clientId} and at >= ${since} and kind = 'disclosure'
      and request_id is not null and result not like 'claims: %' and result not like 'event: %' limit 1`
  return row !== undefined
}

/** What an entry says happened, by what a reader of the list looks for. */
export const ENTRY_TOPICS = [
  'documents',
  'details',
  'status',
  'refusals',
  'organisations',
  'operator',
  'changes',
] as const
export type EntryTopic = (typeof ENTRY_TOPICS)[number]

export type EntryFilter = {
  clientId?: string | undefined
  topic?: EntryTopic | undefined
  /** Inclusive. */
  from?: Date | undefined
  /** Exclusive. */
  until?: Date | undefined
}

/** A condition on a row called `entry`. Each topic is a set of what `storeDetail` writes. */
function isAbout(sql: Sql, topic: EntryTopic) {
  switch (topic) {
    case 'documents':
      return sql`kind = 'disclosure' and (result in ('shown', 'image metadata') or images <> '[]')`
    case 'details':
      return sql`kind = 'disclosure' and (result in ('person', 'residency') or result like 'claims: %')`
    case 'status':
      return sql`kind = 'disclosure' and (result in ('status', 'nothing') or result like 'age over %' or result like 'event: %')`
    case 'refusals':
      return sql`kind = 'refusal'`
    case 'organisations':
      return sql`(kind = 'tenant-look' or kind = 'review' and client_id is not null)`
    case 'operator':
      return sql`(kind in ('operator-look', 'operator-change', 'export') or kind = 'review' and client_id is null)`
    case 'changes':
      return sql`kind in ('erasure', 'link', 'trust')`
  }
}

/**
 * One page of the entries about this account's data, newest first: those before the entry `before`. The index on account and id gives
 * them in this order, so a page costs the same wherever it is; a filter that few entries fit costs at most one pass over the account's.
 */
export async function searchEntries(
  sql: Sql,
  accountId: string,
  { clientId, topic, from, until }: EntryFilter,
  { before, limit }: { before: string | undefined; limit: number },
): Promise<ListedEntry[]> {
  // Not `account_id = …`: then the order by id alone would do, and the planner may read everybody's newest entries for it.
  return await sql<ListedEntry[]>`
    ${listed(sql)}
    where account_id = any (${[accountId]}::uuid[]) and ${before ? sql`entry.id < ${before}` : sql`true`}
      and ${clientId === undefined ? sql`true` : sql`client_id = ${clientId}`}
      and ${topic ? isAbout(sql, topic) : sql`true`}
      and ${from ? sql`at >= ${from}` : sql`true`} and ${until ? sql`at < ${until}` : sql`true`}
    order by account_id, entry.id desc limit ${limit}`
}

/** One entry about this account's data; `undefined` for any other. */
export async function findEntry(
  sql: Sql,
  accountId: string,
  id: string,
): Promise<ListedEntry | undefined> {
  if (!/^\d{1,18}$/.test(id)) return undefined
  const [row] = await sql<ListedEntry[]>`
    ${listed(sql)} where entry.id = ${id} and account_id = ${accountId}`
  return row
}

/** What follows from an entry. */
export type SequencedEntry = Pick<
  ListedEntry,
  'id' | 'at' | 'kind' | 'result' | 'images' | 'clientId' | 'accountId'
> & { index: string }

/** Entries in the order of the tree, from this place on. */
export async function listSequenced(
  sql: Sql,
  { from, limit }: { from: string; limit: number },
): Promise<SequencedEntry[]> {
  return await sql<SequencedEntry[]>`
    select leaf.index, entry.id, at, kind, result, images, client_id, account_id
    from ledger_leaf leaf join ledger_entry entry on entry.id = entry_id
    where leaf.index >= ${from} order by leaf.index limit ${limit}`
}

/** The entries of one access token, newest first. */
export async function listEntriesOfToken(
  sql: Sql,
  tokenId: Uint8Array,
  { since, limit }: { since?: Date | undefined; limit: number },
): Promise<ListedEntry[]> {
  return await sql<ListedEntry[]>`
    ${listed(sql)}
    where token_id = ${Buffer.from(tokenId)} and ${since ? sql`at >= ${since}` : sql`true`}
    order by entry.id desc limit ${limit}`
}

/** How many entries were written after this time. */
export async function countEntriesSince(sql: Sql, since: Date): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from ledger_entry where at > ${since}`
  return row?.count ?? 0
}
