import type { Sql } from '../platform/db.ts'
import { isUuid } from '../platform/uuid.ts'
import { findMembership, includesRole, lockTeam, type Team, type TeamRole } from './teams.ts'

/* Teams as the operator sees them. */

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
  if (!(await lockTeam(sql, teamId))) return false
  const membership = await findMembership(sql, { teamId, accountId })
  return membership?.isSuspended === false && includesRole(membership.role, role)
}
