import type { Sql } from '../platform/db.ts'
import { visibleText } from '../web/displayed-text.ts'

export type TeamClient = { id: string; name: string; enabled: boolean; createdAt: Date }

/** The clients of a team of developers, oldest first. */
export async function listTeamClients(sql: Sql, teamId: string): Promise<TeamClient[]> {
  const rows = await sql<TeamClient[]>`
    select id, name, enabled, created_at from client where team_id = ${teamId}
    order by created_at, id limit 100`
  return rows.map((row) => ({ ...row, name: visibleText(row.name) }))
}

/** The team that owns a client, if one does. */
export async function findClientTeam(sql: Sql, clientId: string): Promise<string | undefined> {
  const [row] = await sql<{ teamId: string | null }[]>`
    select team_id from client where id = ${clientId}`
  return row?.teamId ?? undefined
}
