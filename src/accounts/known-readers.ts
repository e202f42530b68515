import type { Sql } from '../platform/db.ts'

/** The applications that the workers have found in the ledger's entries about this account. */
export async function listKnownReaders(sql: Sql, accountId: string): Promise<string[]> {
  const rows = await sql<{ clientId: string }[]>`
    select distinct client_id from known_reader where account_id = ${accountId}`
  return rows.map(({ clientId }) => clientId)
}
