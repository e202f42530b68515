import type { Db, Sql } from '../db.ts'

/** What the account allowed this client, on whatever device: its scopes, or `undefined`. */
export async function findConsent(
  sql: Sql,
  accountId: string,
  clientId: string,
): Promise<string[] | undefined> {
  const [row] = await sql<{ scopes: string[] }[]>`
    select scopes from consent where account_id = ${accountId} and client_id = ${clientId}`
  return row?.scopes
}

/** Adds to what was allowed before; never narrows it. */
export async function recordConsent(
  sql: Sql,
  accountId: string,
  clientId: string,
  scopes: string[],
): Promise<void> {
  await sql`
    insert into consent (account_id, client_id, scopes) values (${accountId}, ${clientId}, ${scopes})
    on conflict (account_id, client_id) do update set updated_at = now(), scopes =
      array(select distinct unnest(consent.scopes || excluded.scopes))`
}

/** Ends it at once: the grants go, and with them every token. Answers the client's name, or `undefined` when there was none. */
export async function revokeConsent(
  db: Db,
  accountId: string,
  clientId: string,
): Promise<string | undefined> {
  return await db.begin(async (sql) => {
    await sql`
      delete from oidc_artifact where grant_id in (
        select id from oauth_grant where account_id = ${accountId} and client_id = ${clientId})`
    const [row] = await sql<{ name: string }[]>`
      delete from consent using client
      where consent.account_id = ${accountId} and consent.client_id = ${clientId}
        and client.id = consent.client_id
      returning client.name`
    return row?.name
  })
}

export type ConsentedClient = {
  clientId: string
  name: string
  scopes: string[]
  createdAt: Date
}

/** The applications that may see this account's data, newest first. */
export async function listConsents(sql: Sql, accountId: string): Promise<ConsentedClient[]> {
  return await sql<ConsentedClient[]>`
    select client_id, client.name, scopes, consent.created_at
    from consent join client on client.id = consent.client_id
    where account_id = ${accountId} order by consent.created_at desc`
}
