import { type Context, Hono } from 'hono'
import { findAccount, normalizeEmail } from '../accounts/accounts.ts'
import { sendLetter } from '../accounts/mails.ts'
import type { Sql } from '../platform/db.ts'
import { OperatorError } from '../platform/errors.ts'
import { isUuid } from '../platform/uuid.ts'
import { isEmailAddress } from '../portal/sign-up.ts'
import { visibleText } from '../web/displayed-text.ts'
import { setSecurityHeaders } from '../web/html.ts'
import type { PageEnv } from '../web/reader.ts'
import {
  type Developer,
  type DeveloperContext,
  type Form,
  notFound,
  requireMember,
  requireMemberForm,
} from './access.ts'
import { requireInvitation } from './creation-limits.ts'
import { CONFLICT, type FieldFaults } from './fields.ts'
import {
  deleteInvitation,
  INVITATION_DAYS,
  insertInvitation,
  listInvitations,
  withdrawInvitationsBy,
} from './invitations.ts'
import { membersPage, type ShownMember } from './members-page.ts'
import { teamInvitationMail } from './team-mails.ts'
import {
  changeMember,
  findMembership,
  includesRole,
  isTeamRole,
  listMembers,
  lockTeam,
  type MemberChange,
  type TeamRole,
} from './teams.ts'

export const MAX_MEMBERS = 50

/** `/developers/:team/members`: who is in a team, and who is invited. */
export function memberRoutes(parts: DeveloperContext): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  routes.get('/developers/:team/members', (c) => showMembers(parts, c))
  routes.post('/developers/:team/invitations', (c) => invite(parts, c))
  routes.post('/developers/:team/invitations/:id/withdraw', (c) => withdraw(parts, c))
  routes.post('/developers/:team/members/:account/role', (c) => setRole(parts, c))
  routes.post('/developers/:team/members/:account/remove', (c) => remove(parts, c))
  return routes
}

type Entered = { email: string; role: TeamRole }

async function showMembers(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const developer = await requireMember(parts, c)
  return developer instanceof Response ? developer : show(parts, c, developer)
}

async function show(
  parts: DeveloperContext,
  c: Context<PageEnv>,
  { resident, team }: Developer,
  {
    entered = { email: '', role: 'developer' },
    faults = {},
    status = 200,
  }: { entered?: Entered; faults?: FieldFaults; status?: 200 | 400 | 409 } = {},
): Promise<Response> {
  const { db, sealer, forms, issuer } = parts
  setSecurityHeaders(c, { issuer })
  return c.html(
    membersPage(c.var.reader, {
      team,
      csrf: forms.create(resident.session.uid),
      members: await presentMembers(parts, team.id, resident.account.id),
      invitations: await listInvitations(db, sealer, team.id),
      mayChange: includesRole(team.role, 'owner') && !team.isSuspended,
      entered,
      faults,
    }),
    status,
  )
}

/** Members see the addresses of each other, which each agreed to when they joined. */
async function presentMembers(
  { db, vault }: DeveloperContext,
  teamId: string,
  ownId: string,
): Promise<ShownMember[]> {
  const members = await listMembers(db, teamId)
  const accounts = await Promise.all(
    members.map(({ accountId }) => findAccount(db, vault, accountId)),
  )
  return members.map((member, index) => ({
    ...member,
    email: visibleText(accounts[index]?.email ?? ''),
    isOwn: member.accountId === ownId,
  }))
}

/** In a transaction: locks the team, and throws 404 unless the account still owns it, so that of two owners who remove each other one does. */
async function lockOwnedTeam(
  sql: Sql,
  { team, resident }: Pick<Developer, 'team' | 'resident'>,
): Promise<void> {
  const isThere = await lockTeam(sql, team.id)
  const now = await findMembership(sql, { teamId: team.id, accountId: resident.account.id })
  if (!isThere || now?.role !== 'owner') throw notFound()
}

async function invite(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const { form, ...developer } = await requireMemberForm(parts, c, 'owner')
  const entered = { email: String(form.email ?? '').trim(), role: readRole(form.role) }
  const refuse = (fault: string) =>
    show(parts, c, developer, { entered, faults: { email: [fault] }, status: 400 })
  if (!isEmailAddress(entered.email)) return refuse('Enter one e-mail address.')
  const accountId = developer.resident.account.id
  await requireInvitation(parts, c, { accountId, email: entered.email })
  try {
    await sendInvitation(parts, c, developer, entered)
  } catch (error) {
    if (error instanceof OperatorError) return refuse(error.message)
    throw error
  }
  report(parts, developer, 'team member invited', {})
  return c.redirect(`/developers/${developer.team.id}/members`, 303)
}

const readRole = (value: unknown): TeamRole => {
  const role = String(value ?? '')
  return isTeamRole(role) ? role : 'viewer'
}

/** Nobody looks whether the address has an account: the mail and the answer are the same. Throws OperatorError. */
async function sendInvitation(
  parts: DeveloperContext,
  c: Context<PageEnv>,
  developer: Developer,
  { email, role }: Entered,
): Promise<void> {
  const { db, sealer, issuer } = parts
  const { team, resident } = developer
  const key = normalizeEmail(email)
  const isSame = (each: { email: string }) => normalizeEmail(each.email) === key
  const members = await presentMembers(parts, team.id, resident.account.id)
  await db.begin(async (sql) => {
    await lockOwnedTeam(sql, developer)
    if (members.some(isSame)) throw new OperatorError('A member of the team has this address.')
    const invitations = await listInvitations(sql, sealer, team.id)
    for (const { id } of invitations.filter(isSame))
      await deleteInvitation(sql, { teamId: team.id, id })
    const waiting = invitations.filter((each) => !isSame(each)).length
    if ((await listMembers(sql, team.id)).length + waiting >= MAX_MEMBERS)
      throw new OperatorError(`A team has at most ${MAX_MEMBERS} members and invitations.`)
    const invitation = { teamId: team.id, email, role, invitedBy: resident.account.id }
    const { token, expiresAt } = await insertInvitation(sql, sealer, invitation)
    const link = `${issuer}/developers/invitations/${token}`
    const letter = teamInvitationMail({ to: email, link, days: INVITATION_DAYS, expiresAt })
    const to = { email, locale: null, requestLocale: c.var.reader.locale }
    await sendLetter(sql, parts, to, letter)
  })
}

async function withdraw(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const { form: _form, ...developer } = await requireMemberForm(parts, c, 'owner')
  const { team } = developer
  const id = c.req.param('id') ?? ''
  const isWithdrawn =
    isUuid(id) &&
    (await parts.db.begin(async (sql) => {
      await lockOwnedTeam(sql, developer)
      return await deleteInvitation(sql, { teamId: team.id, id })
    }))
  if (!isWithdrawn) return show(parts, c, developer, { faults: { '': [OVER] }, status: 409 })
  report(parts, developer, 'team invitation withdrawn', {})
  return c.redirect(`/developers/${team.id}/members`, 303)
}

const OVER = 'This invitation was accepted or withdrawn meanwhile, or it has expired.'

async function setRole(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const { form, ...developer } = await requireMemberForm(parts, c, 'owner')
  const role = readRole(form.role)
  return changeOther(parts, c, developer, form, role)
}

async function remove(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const { form, ...developer } = await requireMemberForm(parts, c, 'owner')
  return changeOther(parts, c, developer, form, undefined)
}

/** Gives a member another role, or removes them, after a recent sign-in: an owner may do everything. */
async function changeOther(
  parts: DeveloperContext,
  c: Context<PageEnv>,
  developer: Developer,
  form: Form,
  role: TeamRole | undefined,
): Promise<Response> {
  const { team, resident } = developer
  const memberId = c.req.param('account') ?? ''
  if (!isUuid(memberId)) throw notFound()
  const asked = await parts.guard.requireRecentSignIn(c, resident, form)
  if (asked) return asked
  const change = { teamId: team.id, accountId: memberId, was: readRole(form.was), role }
  const outcome = await parts.db.begin(async (sql): Promise<MemberChange> => {
    await lockOwnedTeam(sql, developer)
    const outcome = await changeMember(sql, change)
    if (outcome === 'done' && role !== 'owner') await withdrawInvitationsBy(sql, change)
    return outcome
  })
  if (outcome !== 'done') {
    const faults = { '': [outcome === 'last-owner' ? LAST_OWNER : CONFLICT] }
    return show(parts, c, developer, { faults, status: 409 })
  }
  const event = role ? 'team member given a role' : 'team member removed'
  report(parts, developer, event, { memberId, role })
  const isGone = memberId === resident.account.id && role === undefined
  return c.redirect(isGone ? '/developers' : `/developers/${team.id}/members`, 303)
}

export const LAST_OWNER =
  'A team always has an owner. Make somebody else an owner first, or delete the team.'

const report = (
  { log }: DeveloperContext,
  { team, resident }: Developer,
  event: string,
  more: { memberId?: string; role?: string | undefined },
): void => log.info(event, { accountId: resident.account.id, teamId: team.id, ...more })
