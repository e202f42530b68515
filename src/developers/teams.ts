import { randomUUID } from 'node:crypto'
import { findTeamOf } from '../clients/team-clients.ts'
import type { Sql } from '../platform/db.ts'

/** What a member may do: read, change applications, or also decide about members and production. Each includes the ones before. */
const TEAM_ROLES = ['viewer', 'developer', 'owner'] as const
export type TeamRole = (typeof TEAM_ROLES)[number]

export const MAX_TEAMS = 10

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

export const isTeamRole = (value: string): value is TeamRole =>
  (TEAM_ROLES as readonly string[]).includes(value)

export type Member = { accountId: string; role: TeamRole; createdAt: Date }

/** The members of a team, oldest first. */
export const listMembers = async (sql: Sql, teamId: string): Promise<Member[]> =>
  await sql<Member[]>`
    select account_id, role, created_at from developer_member
    where team_id = ${teamId} order by created_at, account_id`

/** In a transaction: adds a member; one who is there already keeps their role. */
export async function addMember(
  sql: Sql,
  { teamId, accountId, role }: { teamId: string; accountId: string; role: TeamRole },
): Promise<void> {
  await sql`
    insert into developer_member (team_id, account_id, role) values (${teamId}, ${accountId}, ${role})
    on conflict do nothing`
}

/** What became of a change of a member; `changed-before`: somebody else was first. */
export type MemberChange = 'done' | 'last-owner' | 'changed-before'

/**
 * In a transaction, after `lockTeam`: gives a member who has the role `was` another one, or with `undefined` removes them. A team is
 * never without an owner.
 */
export async function changeMember(
  sql: Sql,
  {
    teamId,
    accountId,
    was,
    role,
  }: { teamId: string; accountId: string; was: TeamRole; role: TeamRole | undefined },
): Promise<MemberChange> {
  const members = await listMembers(sql, teamId)
  if (!members.some((each) => each.accountId === accountId && each.role === was))
    return 'changed-before'
  const isOwnedByOthers = members.some(
    (each) => each.accountId !== accountId && each.role === 'owner',
  )
  if (role !== 'owner' && !isOwnedByOthers) return 'last-owner'
  if (role === undefined)
    await sql`
      delete from developer_member where team_id = ${teamId} and account_id = ${accountId}`
  else
    await sql`
      update developer_member set role = ${role}
      where team_id = ${teamId} and account_id = ${accountId}`
  return 'done'
}

/** Renames a team that is still called `was`. Returns whether it is. */
export async function renameTeam(
  sql: Sql,
  { teamId, was, name }: { teamId: string; was: string; name: string },
): Promise<boolean> {
  const rows = await sql`
    update developer_team set name = ${name} where id = ${teamId} and name = ${was} returning id`
  return rows.length > 0
}

/** In a transaction: deletes a team with its members and invitations. */
export async function deleteTeam(sql: Sql, teamId: string): Promise<void> {
  await sql`delete from developer_team where id = ${teamId}`
}

/** Whether this account is in the team that owns the client. */
export async function isDeveloperOf(
  sql: Sql,
  { accountId, clientId }: { accountId: string; clientId: string },
): Promise<boolean> {
  const teamId = await findTeamOf(sql, clientId)
  return teamId !== undefined && (await findMembership(sql, { teamId, accountId })) !== undefined
}
