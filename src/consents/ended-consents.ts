import type { Sql } from '../platform/db.ts'
import { visibleText } from '../web/displayed-text.ts'

/** `removal`: the application was removed from the portal. */
export type ConsentEnd = 'resident' | 'expiry' | 'removal'

/** An access that is over. */
export type EndedConsent = {
  clientId: string
  clientName: string
  scopes: string[]
  givenAt: Date
  endedAt: Date
  endedBy: ConsentEnd
}

/** In the transaction that deletes or replaces a consent, before it does: keeps since when and until when it was given. */
export async function keepEnded(
  sql: Sql,
  { accountId, clientId }: { accountId: string; clientId: string },
  endedBy: Exclude<ConsentEnd, 'removal'>,
): Promise<void> {
  await sql`
    insert into ended_consent (account_id, client_id, client_name, scopes, given_at, ended_at, ended_by)
    select account_id, client_id, name, scopes, consent.created_at,
      ${endedBy === 'expiry' ? sql`coalesce(ends_at, now())` : sql`now()`}, ${endedBy}
    from consent join client on client.id = client_id
    where account_id = ${accountId} and client_id = ${clientId} and scopes <> '{}'`
}

/** In the transaction that deletes a client, before it does: keeps what its residents had allowed. */
export async function keepConsentsOfRemoved(sql: Sql, clientId: string): Promise<void> {
  await sql`
    insert into ended_consent (account_id, client_id, client_name, scopes, given_at, ended_at, ended_by)
    select account_id, client_id, name, scopes, consent.created_at, least(ends_at, now()),
      case when ends_at <= now() then 'expiry' else 'removal' end
    from consent join client on client.id = client_id
    where client_id = ${clientId} and scopes <> '{}'`
}

const MOST = 100

/**
 * The ended accesses to this account's data of applications that have none now, the latest first. An access whose time is over counts
 * at once, although its row is deleted later.
 */
export async function listEndedConsents(sql: Sql, accountId: string): Promise<EndedConsent[]> {
  const rows = await sql<EndedConsent[]>`
    select client_id, client_name, scopes, given_at, ended_at, ended_by from (
      select client_id, client_name, scopes, given_at, ended_at, ended_by from ended_consent
      where account_id = ${accountId}
      union all
      select client_id, name, scopes, consent.created_at, ends_at, 'expiry'
      from consent join client on client.id = client_id
      where account_id = ${accountId} and ends_at <= now() and scopes <> '{}') ended
    where not exists (
      select from consent where account_id = ${accountId} and consent.client_id = ended.client_id
        and scopes <> '{}' and (ends_at is null or ends_at > now()))
    order by ended_at desc limit ${MOST}`
  return rows.map((row) => ({ ...row, clientName: visibleText(row.clientName) }))
}

/** All of them, for the resident's archive. */
export async function listAllEndedConsents(sql: Sql, accountId: string): Promise<EndedConsent[]> {
  return await sql<EndedConsent[]>`
    select client_id, client_name, scopes, given_at, ended_at, ended_by from ended_consent
    where account_id = ${accountId} order by ended_at desc`
}

/** For the sandbox, in a transaction: these were given, and ended, that much earlier. */
export async function shiftEnded(
  sql: Sql,
  accountIds: readonly string[],
  seconds: number,
): Promise<void> {
  const span = sql`make_interval(secs => ${seconds}::float8)`
  await sql`
    update ended_consent set given_at = given_at - ${span}, ended_at = ended_at - ${span}
    where account_id = any (${[...accountIds]}::uuid[])`
}

/** The accounts whose consent to this client ended within the hour, as far as the last thousand ended consents say. */
export async function findRecentlyEnded(sql: Sql, clientId: string): Promise<string[]> {
  const rows = await sql<{ accountId: string }[]>`
    select account_id
    from (select account_id, client_id, ended_at from ended_consent order by id desc limit 1000) recent
    where client_id = ${clientId} and ended_at > now() - interval '1 hour'`
  return rows.map(({ accountId }) => accountId)
}
