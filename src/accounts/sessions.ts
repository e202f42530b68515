import type { Sql } from '../platform/db.ts'

export type ListedSession = {
  uid: string
  userAgent: string | null
  signedInAt: Date
  usedAt: Date
}

/** The account's sessions on all devices, the most recently used first. */
export async function listSessions(sql: Sql, accountId: string): Promise<ListedSession[]> {
  return await sql<ListedSession[]>`
    select uid, user_agent, to_timestamp((payload->>'loginTs')::bigint) as signed_in_at,
      coalesce(used_at, created_at) as used_at
    from oidc_artifact
    where kind = 'Session' and account_id = ${accountId} and expires_at > now()
    order by 4 desc, uid`
}

type SessionKey = { accountId: string; uid: string }

/** Returns the live session of the account, with the time of the last proof of identity in seconds since 1970. */
export async function findSession(
  sql: Sql,
  { accountId, uid }: SessionKey,
  lock = sql``,
): Promise<{ authenticatedAt: number } | undefined> {
  const [row] = await sql<{ authenticatedAt: number }[]>`
    select coalesce((payload->>'loginTs')::float8, 0) as authenticated_at from oidc_artifact
    where kind = 'Session' and uid = ${uid} and account_id = ${accountId} and expires_at > now() ${lock}`
  return row
}

/** `findSession` in a transaction: the session cannot end before the transaction does. */
export const lockSession = (sql: Sql, of: SessionKey) => findSession(sql, of, sql`for key share`)

/** Stores the `User-Agent` of the browser that uses a session. */
export async function storeSessionUserAgent(
  sql: Sql,
  uid: string,
  userAgent: string | null,
): Promise<void> {
  await sql`
    update oidc_artifact set user_agent = ${userAgent}, used_at = now()
    where kind = 'Session' and uid = ${uid}`
}
