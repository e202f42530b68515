import type { Sql } from '../platform/db.ts'
import { type Act, type Detail, type Disclosure, storeDetail } from './details.ts'

/** One ledger row: who read what of whom, and by which right. Never content, never a link. */
type Entry<What extends Detail> = {
  detail: What
  requestId?: string | undefined
  /** None is the operator, at the command line. */
  clientId?: string | undefined
  accountId?: string | undefined
  verificationId?: string | undefined
  scope?: string | undefined
  /** The row of the access token. */
  tokenId?: Uint8Array | undefined
}

/**
 * The way out for personal data. Writes the ledger row, or one for each person, and only then calls `answer` and returns what it makes. When
 * the row cannot be written it throws, and `answer` is never called. In a transaction the row is durable when that commits, so the result
 * must not leave before.
 */
export async function disclose<T>(
  sql: Sql,
  entry: Entry<Disclosure> | readonly Entry<Disclosure>[],
  answer: () => T | Promise<T>,
): Promise<T> {
  await append(sql, [entry].flat())
  return await answer()
}

/** Writes the row of what is no disclosure: a refusal or an erasure. In the caller's transaction, or in one of its own. */
export async function record(sql: Sql, entry: Entry<Act>): Promise<void> {
  await append(sql, [entry])
}

async function append(sql: Sql, entries: readonly Entry<Detail>[]): Promise<void> {
  if (entries.length === 0) return
  const rows = entries.map(({ detail, tokenId, ...entry }) => ({
    ...storeDetail(detail),
    request_id: entry.requestId ?? null,
    client_id: entry.clientId ?? null,
    account_id: entry.accountId ?? null,
    verification_id: entry.verificationId ?? null,
    scope: entry.scope ?? null,
    token_id: tokenId ? Buffer.from(tokenId).toString('hex') : null,
  }))
  await sql`
    insert into ledger_entry (kind, request_id, client_id, account_id, verification_id, scope, purpose, images, result, token_id)
    select kind, request_id, client_id, account_id, verification_id, scope,
      (select purpose from consent where consent.account_id = entry.account_id and consent.client_id = entry.client_id),
      images, result, decode(token_id, 'hex')
    from jsonb_to_recordset(${sql.json(rows)}) as entry (kind text, request_id uuid, client_id text, account_id uuid,
      verification_id uuid, scope text, images jsonb, result text, token_id text)`
}
