import type { Sql } from '../platform/db.ts'
import { visibleText } from '../web/displayed-text.ts'
import type { ClientMetadata, StoredMetadata } from './metadata.ts'

export type TeamClient = { id: string; name: string; enabled: boolean; createdAt: Date }

// Those that only try an application in the console are none of its applications.
const isOf = (sql: Sql, teamId: string) =>
  sql`team_id = ${teamId} and not exists (select from try_client where client_id = client.id)`

/** The clients of a team of developers, oldest first. */
export async function listTeamClients(sql: Sql, teamId: string): Promise<TeamClient[]> {
  const rows = await sql<TeamClient[]>`
    select id, name, enabled, created_at from client where ${isOf(sql, teamId)}
    order by created_at, id limit 100`
  return rows.map((row) => ({ ...row, name: visibleText(row.name) }))
}

/** The team that owns the client; `undefined` for one that the operator registered, and where there is no such client. */
export async function findTeamOf(sql: Sql, clientId: string): Promise<string | undefined> {
  const [row] = await sql<{ teamId: string | null }[]>`
    select team_id from client where id = ${clientId}`
  return row?.teamId ?? undefined
}

/** An application as its team sees it. Its secret is not part of it. */
export type OwnClient = {
  id: string
  name: string
  enabled: boolean
  metadata: ClientMetadata
  createdAt: Date
  /** What a form was based on, when two people change the application at the same time. */
  updatedAt: Date
}

/** A client of this team; `undefined` for anybody else's. */
export async function findTeamClient(
  sql: Sql,
  { teamId, clientId }: { teamId: string; clientId: string },
): Promise<OwnClient | undefined> {
  const [row] = await sql<(Omit<OwnClient, 'metadata'> & { metadata: StoredMetadata })[]>`
    select id, name, enabled, metadata, created_at, updated_at from client
    where id = ${clientId} and ${isOf(sql, teamId)}`
  return (
    row && {
      ...row,
      name: visibleText(row.name),
      metadata: { client_id: row.id, ...row.metadata },
    }
  )
}

/** How many clients a team has. */
export async function countTeamClients(sql: Sql, teamId: string): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from client where ${isOf(sql, teamId)}`
  return row?.count ?? 0
}

/** In a transaction: locks the team's client if it is still as it was at `basedOn`, its `updatedAt`. Returns whether it is. */
export async function lockTeamClient(
  sql: Sql,
  { teamId, clientId, basedOn }: { teamId: string; clientId: string; basedOn: Date },
): Promise<boolean> {
  // A Date has milliseconds, PostgreSQL microseconds.
  const rows = await sql`
    select from client where id = ${clientId} and team_id = ${teamId}
      and date_trunc('milliseconds', updated_at) = ${basedOn} for update`
  return rows.length > 0
}
