import type { Sql } from '../db.ts'

/** One thing that is written down: who looked at whose, by which right, what came of it. Never content, never a link. */
export type Entry = {
  kind:
    | 'disclosure'
    | 'refusal'
    | 'operator-look'
    | 'tenant-look'
    | 'review'
    | 'export'
    | 'erasure'
    | 'link'
    | 'trust'
  requestId?: string | undefined
  /** None is the operator, at the command line. */
  clientId?: string | undefined
  accountId?: string | undefined
  verificationId?: string | undefined
  scope?: string | undefined
  /** Whose subject was linked, or whose trust was changed; recorded in the place of a scope. */
  tenant?: string | undefined
  /** The row of the access token. */
  tokenId?: Uint8Array | undefined
  images?: readonly { id: string; type: string; sha256: string | null }[] | undefined
  result: string
}

/** In the caller's transaction, or in one of its own: when this has answered, it is durable. */
export async function append(sql: Sql, entry: Entry): Promise<void> {
  const { clientId = null, accountId = null } = entry
  const images = (entry.images ?? []).map(({ id, type, sha256 }) => ({ id, type, sha256 }))
  await sql`
    insert into ledger_entry (kind, request_id, client_id, account_id, verification_id, scope, purpose, images, result, token_id)
    values (${entry.kind}, ${entry.requestId ?? null}, ${clientId}, ${accountId}, ${entry.verificationId ?? null},
      ${entry.scope ?? entry.tenant ?? null},
      (select purpose from consent where account_id = ${accountId}::uuid and client_id = ${clientId}),
      ${sql.json(images)}, ${entry.result}, ${entry.tokenId ? Buffer.from(entry.tokenId) : null})`
}

/**
 * What is hashed of an entry: this JSON array as text, byte for byte. `sql` for one that is called `entry` in the
 * query. The time is UTC with microseconds.
 */
export const canonical = (sql: Sql) => sql`
  jsonb_build_array(entry.id, to_char(entry.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), entry.kind,
    entry.request_id, entry.client_id, entry.account_id, entry.verification_id, entry.scope, entry.purpose,
    entry.images, entry.result, encode(entry.token_id, 'hex'))::text`

export type ListedEntry = Omit<Entry, 'tokenId'> & {
  id: string
  at: Date
  purpose: string | null
  index: string | null
}

const listed = (sql: Sql) => sql`
  select entry.id, at, kind, request_id, client_id, account_id, verification_id, scope, purpose, images, result,
    leaf.index
  from ledger_entry entry left join ledger_leaf leaf on entry_id = entry.id`

/** What was done with this account's data, the newest first. */
export async function listEntries(
  sql: Sql,
  accountId: string,
  {
    before,
    since,
    limit = 100,
  }: { before?: string | undefined; since?: Date | undefined; limit?: number } = {},
): Promise<ListedEntry[]> {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(accountId)) return []
  return await sql<ListedEntry[]>`
    ${listed(sql)}
    where account_id = ${accountId} and ${before ? sql`entry.id < ${before}` : sql`true`}
      and ${since ? sql`at >= ${since}` : sql`true`}
    order by entry.id desc limit ${limit}`
}

/** What was opened with one access token, the newest first: all rows are read for it. */
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
