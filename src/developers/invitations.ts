import { randomUUID } from 'node:crypto'
import type { Db, Sql } from '../platform/db.ts'
import type { SealedColumn } from '../platform/resealing.ts'
import { hashSecret, randomSecret, type Sealer } from '../platform/secrets.ts'
import { isTeamRole, type TeamRole } from './teams.ts'

export const INVITATION_DAYS = 7

export type Invitation = { id: string; email: string; role: TeamRole; expiresAt: Date }
/** An invitation as its link opens it. */
export type OpenedInvitation = Invitation & { teamId: string; teamName: string }

const contextOf = (id: string) => `developer_invitation ${id}`
export const SEALED_INVITATIONS: SealedColumn = {
  table: 'developer_invitation',
  column: 'email_sealed',
  key: ['id'],
  contextOf,
}

type Row = Omit<Invitation, 'email' | 'role'> & { emailSealed: string; role: string }

function openRow<T extends Row>(sealer: Sealer, row: T) {
  const { emailSealed, role, ...rest } = row
  return {
    ...rest,
    role: isTeamRole(role) ? role : 'viewer',
    email: sealer.open(emailSealed, contextOf(row.id)),
  }
}

/** In a transaction: stores an invitation, and returns the token of its link, which is stored nowhere. */
export async function insertInvitation(
  sql: Sql,
  sealer: Sealer,
  given: { teamId: string; email: string; role: TeamRole; invitedBy: string },
): Promise<{ token: string; expiresAt: Date }> {
  const id = randomUUID()
  const token = randomSecret()
  const expiresAt = new Date(Date.now() + INVITATION_DAYS * 24 * 3600 * 1000)
  await sql`
    insert into developer_invitation (id, team_id, role, email_sealed, token_hash, invited_by, expires_at)
    values (${id}, ${given.teamId}, ${given.role}, ${sealer.seal(given.email, contextOf(id))},
      ${hashSecret(token)}, ${given.invitedBy}, ${expiresAt})`
  return { token, expiresAt }
}

/** The invitations of a team that wait for an answer, oldest first. */
export async function listInvitations(
  sql: Sql,
  sealer: Sealer,
  teamId: string,
): Promise<Invitation[]> {
  const rows = await sql<Row[]>`
    select id, role, email_sealed, expires_at from developer_invitation
    where team_id = ${teamId} and expires_at > now() order by created_at, id limit 100`
  return rows.map((row) => openRow(sealer, row))
}

/** The invitation of a link that can still be used; its team is not suspended. */
export async function findInvitation(
  sql: Sql,
  sealer: Sealer,
  token: string,
): Promise<OpenedInvitation | undefined> {
  const [row] = await sql<(Row & { teamId: string; teamName: string })[]>`
    select invitation.id, invitation.role, email_sealed, expires_at, team.id as team_id, team.name as team_name
    from developer_invitation invitation join developer_team team on team.id = invitation.team_id
    where token_hash = ${hashSecret(token)} and expires_at > now() and suspended_at is null`
  return row && openRow(sealer, row)
}

/** Uses an invitation up, or withdraws it. Of concurrent calls only one gets `true`. */
export async function deleteInvitation(
  sql: Sql,
  { teamId, id }: { teamId: string; id: string },
): Promise<boolean> {
  const rows = await sql`
    delete from developer_invitation
    where id = ${id} and team_id = ${teamId} and expires_at > now() returning id`
  return rows.length > 0
}

/** Withdraws what a member has offered who may not invite any more. */
export async function withdrawInvitationsBy(
  sql: Sql,
  { teamId, accountId }: { teamId: string; accountId: string },
): Promise<void> {
  await sql`
    delete from developer_invitation where team_id = ${teamId} and invited_by = ${accountId}`
}

/** Deletes expired invitations: nothing is left of an address that nobody answered from. */
export async function deleteOldInvitations(db: Db): Promise<void> {
  await db`delete from developer_invitation where expires_at < now()`
}
