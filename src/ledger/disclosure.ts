import type { Sql } from '../platform/db.ts'
import { type Act, type Detail, type Disclosure, storeDetail } from './details.ts'

/** One ledger row: who read what about whom, and with which permission. Never content, never a link. */
type NewEntry<What extends Detail> = {
  detail: What
  requestId?: string | undefined
  /** `undefined`: the operator, at the command line. */
  clientId?: string | undefined
  accountId?: string | undefined
  verificationId?: string | undefined
  scope?: string | undefined
  /** The id of the access token's row. */
  tokenId?: Uint8Array | undefined
}

/**
 * Discloses personal data: writes the ledger row, or one for each person, then calls `respond` and returns its result. When
 * the row cannot be written it throws, and `respond` is never called. In a transaction the row is durable after the commit, so the result
 * must not be sent before.
 */
export async function disclose<T>(
  sql: Sql,
  entry: NewEntry<Disclosure> | readonly NewEntry<Disclosure>[],
  respond: () => T | Promise<T>,
): Promise<T> {
  await append(sql, [entry].flat())
  return await respond()
}

/** Writes a row that is not a disclosure, such as a refusal or an erasure, in the caller's transaction or in one of its own. */
export async function record(sql: Sql, entry: NewEntry<Act>): Promise<void> {
  await append(sql, [entry])
}

async function append(sql: Sql, entries: readonly NewEntry<Detail>[]): Promise<void> {
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
