import type { Sql } from '../platform/db.ts'
import type { Vault } from '../platform/vault.ts'

export type ListedSession = {
  uid: string
  userAgent: string | null
  /** How its resident signed in last (RFC 8176). */
  amr: string[]
  /** The applications that it was used for. */
  clientIds: string[]
  signedInAt: Date
  usedAt: Date
}

type Row = ListedSession & { userAgentSealed: Buffer | null }

const placeOf = (uid: string) => ({
  table: 'oidc_artifact',
  column: 'user_agent_sealed',
  row: uid,
})

/** The account's sessions on all devices, the most recently used first. */
export async function listSessions(
  sql: Sql,
  vault: Vault,
  accountId: string,
): Promise<ListedSession[]> {
  const rows = await sql<Row[]>`
    select uid, user_agent, user_agent_sealed, to_timestamp((payload->>'loginTs')::bigint) as signed_in_at,
      coalesce(used_at, created_at) as used_at,
      array(select jsonb_array_elements_text(coalesce(payload->'amr', '[]'))) as amr,
      array(select jsonb_object_keys(coalesce(payload->'authorizations', '{}'))) as client_ids
    from oidc_artifact
    where kind = 'Session' and account_id = ${accountId} and expires_at > now()
    order by used_at desc, uid`
  return await Promise.all(
    rows.map(async ({ userAgentSealed, ...row }) => ({
      ...row,
      userAgent: userAgentSealed
        ? (await vault.open(sql, placeOf(row.uid), userAgentSealed)).toString()
        : row.userAgent,
    })),
  )
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

/** Stores the `User-Agent` of the browser that uses a session, sealed. It is deleted with the session. */
export async function storeSessionUserAgent(
  sql: Sql,
  vault: Vault,
  { accountId, uid }: SessionKey,
  userAgent: string | null,
): Promise<void> {
  const sealed =
    userAgent === null ? null : await vault.seal(sql, { accountId }, placeOf(uid), userAgent)
  await sql`
    update oidc_artifact set user_agent_sealed = ${sealed}, user_agent = null, used_at = now()
    where kind = 'Session' and uid = ${uid} and account_id = ${accountId}`
}
