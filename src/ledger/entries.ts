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

/** When each of these clients last read data of the account; without those that never did. Events and empty answers do not count. */
export async function findLastReads(
  sql: Sql,
  accountId: string,
  clientIds: readonly string[],
): Promise<Map<string, Date>> {
  const rows = await sql<{ clientId: string; at: Date }[]>`
    select asked.client_id, last.at from unnest(${[...clientIds]}::text[]) as asked (client_id) cross join lateral (
      select at from ledger_entry
      where account_id = ${accountId} and ledger_entry.client_id = asked.client_id and kind = 'disclosure'
        and result <> 'nothing' and result not like 'event: %'
      order by id desc limit 1) last`
  return new Map(rows.map(({ clientId, at }) => [clientId, at]))
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
