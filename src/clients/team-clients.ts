import type { Sql } from '../platform/db.ts'
import { visibleText } from '../web/displayed-text.ts'

export type TeamClient = { id: string; name: string; enabled: boolean; createdAt: Date }

/** The clients of a team of developers, oldest first. */
export async function listTeamClients(sql: Sql, teamId: string): Promise<TeamClient[]> {
  const rows = await sql<TeamClient[]>`
    select id, name, enabled, created_at from client
    where team_id = ${teamId} and not exists (select from try_client where client_id = client.id)
    order by created_at, id limit 100`
  return rows.map((row) => ({ ...row, name: visibleText(row.name) }))
}

/** The team that owns the client; `undefined` for one that the operator registered, and where there is no such client. */
export async function findTeamOf(sql: Sql, clientId: string): Promise<string | undefined> {
  const [row] = await sql<{ teamId: string | null }[]>`
    select team_id from client where id = ${clientId}`
  return row?.teamId ?? undefined
}
