import type { Sql } from '../platform/db.ts'

export type ListedSession = {
  uid: string
  userAgent: string | null
  signedInAt: Date
  usedAt: Date
}

/** The sessions of this account on every device, the one used last first. */
export async function listSessions(sql: Sql, accountId: string): Promise<ListedSession[]> {
  return await sql<ListedSession[]>`
    select uid, user_agent, to_timestamp((payload->>'loginTs')::bigint) as signed_in_at,
      coalesce(used_at, created_at) as used_at
    from oidc_artifact
    where kind = 'Session' and account_id = ${accountId} and expires_at > now()
    order by 4 desc, uid`
}

type SessionKey = { accountId: string; uid: string }

/** Returns the live session of the account: when the person last proved who they are, in seconds since 1970. */
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

/** The same in a transaction: until that ends, the session is not ended either. */
export const lockSession = (sql: Sql, of: SessionKey) => findSession(sql, of, sql`for key share`)

/** Stores which browser uses a session. */
export async function storeSessionUserAgent(
  sql: Sql,
  uid: string,
  userAgent: string | null,
): Promise<void> {
  await sql`
    update oidc_artifact set user_agent = ${userAgent}, used_at = now()
    where kind = 'Session' and uid = ${uid}`
}
