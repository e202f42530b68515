import type { Sql } from '../platform/db.ts'
import { isUuid } from '../platform/uuid.ts'
import { includesRole, type Team, type TeamRole } from './teams.ts'

/* Teams as the operator sees them. */

export type TeamMember = { accountId: string; role: TeamRole; createdAt: Date }

/** Any team; `undefined` when there is none. */
export async function findTeam(
  sql: Sql,
  id: string,
): Promise<(Team & { createdAt: Date; suspendedAt: Date | null }) | undefined> {
  if (!isUuid(id)) return undefined
  const [row] = await sql<(Team & { createdAt: Date; suspendedAt: Date | null })[]>`
    select id, name, suspended_at is not null as is_suspended, created_at, suspended_at
    from developer_team where id = ${id}`
  return row
}

/** All teams, the oldest first, with the number of their members. */
export async function listTeams(
  sql: Sql,
): Promise<(Team & { members: number; createdAt: Date })[]> {
  return await sql<(Team & { members: number; createdAt: Date })[]>`
    select id, name, suspended_at is not null as is_suspended, created_at,
      (select count(*)::int from developer_member where team_id = developer_team.id) as members
    from developer_team order by created_at, id limit 1000`
}

export async function listTeamMembers(sql: Sql, teamId: string): Promise<TeamMember[]> {
  return await sql<TeamMember[]>`
    select account_id, role, created_at from developer_member
    where team_id = ${teamId} order by created_at, account_id`
}

/** Suspends a team, whose members then look and change nothing, or ends that. Returns whether it exists. */
export async function setTeamSuspended(
  sql: Sql,
  teamId: string,
  suspended: boolean,
): Promise<boolean> {
  if (!isUuid(teamId)) return false
  const rows = await sql`
    update developer_team set suspended_at = case when ${suspended} then coalesce(suspended_at, now()) end
    where id = ${teamId} returning id`
  return rows.length > 0
}

/**
 * In a transaction: whether the account has this role in a team that is not suspended. Both stay so until the transaction ends, and
 * others that hold the team wait for it.
 */
export async function holdMembership(
  sql: Sql,
  { teamId, accountId, role }: { teamId: string; accountId: string; role: TeamRole },
): Promise<boolean> {
  const [team] = await sql<{ isSuspended: boolean }[]>`
    select suspended_at is not null as is_suspended from developer_team
    where id = ${teamId} for no key update`
  const [member] = await sql<{ role: TeamRole }[]>`
    select role from developer_member where team_id = ${teamId} and account_id = ${accountId} for share`
  return team?.isSuspended === false && member !== undefined && includesRole(member.role, role)
}
