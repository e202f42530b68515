import type { Sql } from '../platform/db.ts'
import { OperatorError } from '../platform/errors.ts'
import { visibleText } from '../web/displayed-text.ts'
import { findSimilar, lockNames } from './similar-names.ts'

/**
 * The clients that the operator has checked: pages say so, and warn of others that people could take for one of them. Trust is in a
 * client under a name, so that it ends when the name changes.
 */
export async function listTrustedClients(sql: Sql): Promise<{ id: string; name: string }[]> {
  const clients = await sql<{ id: string; name: string }[]>`
    select client.id, client.name from client join trusted_client on client_id = client.id
    where trusted_client.name = client.name`
  return clients.map(({ id, name }) => ({ id, name: visibleText(name) }))
}

/**
 * In a transaction: trusts a client under its present name. Returns whether it exists. Throws OperatorError when people could take it
 * for another trusted client.
 */
export async function trustClient(sql: Sql, clientId: string): Promise<boolean> {
  await lockNames(sql)
  const [client] = await sql<{ name: string }[]>`
    select name from client where id = ${clientId} for update`
  if (!client) return false
  const others = (await listTrustedClients(sql)).filter(({ id }) => id !== clientId)
  const similar = findSimilar(others, client.name)
  if (similar)
    throw new OperatorError(
      `Residents could take "${visibleText(client.name)}" for "${similar.name}", the client ${similar.id}, which is trusted. Two clients with such names cannot both be trusted: rename one of them, or run client distrust ${similar.id} first.`,
    )
  await sql`
    insert into trusted_client (client_id, name) values (${clientId}, ${client.name})
    on conflict (client_id) do update set name = excluded.name, trusted_at = now()`
  return true
}

/** Ends the trust in a client. Returns whether it was trusted. */
export async function distrustClient(sql: Sql, clientId: string): Promise<boolean> {
  const rows = await sql`delete from trusted_client where client_id = ${clientId} returning 1`
  return rows.length > 0
}
