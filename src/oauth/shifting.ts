import type { Sql } from '../platform/db.ts'

/** The times in what oidc-provider stores, in seconds since 1970. Those of a sealed payload stay: its row ends it. */
const TIMES = ['iat', 'exp', 'loginTs', 'authTime']

/**
 * For the sandbox, in a transaction: sessions, grants, codes and tokens of these accounts and these clients lie that much further in the past.
 * So what would have ended meanwhile has ended.
 */
export async function shiftTokens(
  sql: Sql,
  { accountIds, clientIds }: { accountIds: readonly string[]; clientIds: readonly string[] },
  seconds: number,
): Promise<void> {
  const span = sql`make_interval(secs => ${seconds}::float8)`
  const isTheirs = sql`(account_id = any (${[...accountIds]}::uuid[]) or client_id = any (${[...clientIds]}))`
  const payload = sql`payload || (
    select coalesce(jsonb_object_agg(key, value::text::numeric - ${seconds}::numeric), '{}') from jsonb_each(payload)
    where key = any (${TIMES}) and jsonb_typeof(value) = 'number')`
  await sql`
    update oauth_grant set payload = ${payload}, created_at = created_at - ${span}, expires_at = expires_at - ${span}
    where ${isTheirs}`
  await sql`
    update oidc_artifact set payload = ${payload}, created_at = created_at - ${span},
      expires_at = expires_at - ${span}, consumed_at = consumed_at - ${span}, used_at = used_at - ${span}
    where ${isTheirs}`
}
