import { randomUUID } from 'node:crypto'
import { findTeamOf } from '../clients/team-clients.ts'
import type { Sql } from '../platform/db.ts'

/** What a member may do: read, change applications, or also decide about members and production. Each includes the ones before. */
export const TEAM_ROLES = ['viewer', 'developer', 'owner'] as const
export type TeamRole = (typeof TEAM_ROLES)[number]

export type Team = { id: string; name: string; isSuspended: boolean }
export type Membership = Team & { role: TeamRole }

/** Whether `role` includes what `required` may do. */
export const includesRole = (role: TeamRole, required: TeamRole): boolean =>
  TEAM_ROLES.indexOf(role) >= TEAM_ROLES.indexOf(required)

/** In a transaction: creates a team, whose first owner is this account. Returns its id. */
export async function createTeam(
  sql: Sql,
  { name, ownerId }: { name: string; ownerId: string },
): Promise<string> {
  const id = randomUUID()
  await sql`insert into developer_team (id, name) values (${id}, ${name})`
  await sql`
    insert into developer_member (team_id, account_id, role) values (${id}, ${ownerId}, 'owner')`
  return id
}

const membershipColumns = (sql: Sql) => sql`
  team.id, team.name, team.suspended_at is not null as is_suspended, member.role`

/** The teams of an account, by name. */
export async function listMemberships(sql: Sql, accountId: string): Promise<Membership[]> {
  return await sql<Membership[]>`
    select ${membershipColumns(sql)} from developer_member member
    join developer_team team on team.id = member.team_id
    where member.account_id = ${accountId} order by team.name, team.id limit 100`
}

/** The team, as this account may see it; `undefined` for anybody who is not a member. */
export async function findMembership(
  sql: Sql,
  { teamId, accountId }: { teamId: string; accountId: string },
): Promise<Membership | undefined> {
  const [row] = await sql<Membership[]>`
    select ${membershipColumns(sql)} from developer_member member
    join developer_team team on team.id = member.team_id
    where member.account_id = ${accountId} and team.id = ${teamId}`
  return row
}

/** In a transaction: locks the team against deletion and against every other change of its members. Returns whether it exists. */
export async function lockTeam(sql: Sql, teamId: string): Promise<boolean> {
  const rows = await sql`select from developer_team where id = ${teamId} for no key update`
  return rows.length > 0
}

/** Whether this account is in the team that owns the client. */
export async function isDeveloperOf(
  sql: Sql,
  { accountId, clientId }: { accountId: string; clientId: string },
): Promise<boolean> {
  const teamId = await findTeamOf(sql, clientId)
  return teamId !== undefined && (await findMembership(sql, { teamId, accountId })) !== undefined
}
