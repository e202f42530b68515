import { type Context, Hono } from 'hono'
import { findAccount, normalizeEmail } from '../accounts/accounts.ts'
import type { Sql } from '../platform/db.ts'
import { findPolicy } from '../platform/policies.ts'
import { leaveContinuation, takeContinuation } from '../portal/continuation.ts'
import { type Resident, signInPath } from '../portal/guard.ts'
import { setSecurityHeaders } from '../web/html.ts'
import { PageError } from '../web/page-error.ts'
import type { PageEnv } from '../web/reader.ts'
import type { DeveloperContext } from './access.ts'
import { deleteInvitation, findInvitation, type OpenedInvitation } from './invitations.ts'
import { invitationPage, type JoinFault, strangerPage } from './joining-page.ts'
import { MAX_MEMBERS } from './members.ts'
import { addMember, listMembers, listMemberships, lockTeam, MAX_TEAMS } from './teams.ts'

const PATH = '/developers/invitations/:token'
const TOKEN = /^[\w-]{43}$/

/** `/developers/invitations/:token`: the link of an invitation, which leads through sign-in or sign-up and back. */
export function joiningRoutes(parts: DeveloperContext): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  routes.get(PATH, (c) => showInvitation(parts, c))
  routes.post(PATH, (c) => accept(parts, c))
  return routes
}

/** The same answer for a link that was used, withdrawn, has expired or never existed. */
const unusable = () =>
  new PageError(410, 'invitation_over', ({ errors }) => errors.teamInvitationOver)

async function requireOpened(
  { db, sealer }: DeveloperContext,
  c: Context<PageEnv>,
): Promise<{ invitation: OpenedInvitation; token: string }> {
  const token = c.req.param('token') ?? ''
  const isClosed = (await findPolicy(db, 'developers')) === 'closed'
  const invitation =
    TOKEN.test(token) && !isClosed ? await findInvitation(db, sealer, token) : undefined
  if (!invitation) throw unusable()
  return { invitation, token }
}

async function showInvitation(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const { issuer, guard } = parts
  const { invitation, token } = await requireOpened(parts, c)
  const path = `/developers/invitations/${token}`
  const resident = await guard.findResident(c)
  if (resident) {
    takeContinuation(c, issuer)
    return show(parts, c, resident, invitation, addressFault(invitation, resident))
  }
  leaveContinuation(c, issuer, path)
  setSecurityHeaders(c, { issuer })
  const mayRegister = (await findPolicy(parts.db, 'sign-up')) === 'open'
  return c.html(
    strangerPage(c.var.reader, {
      teamName: invitation.teamName,
      signInPath: signInPath(path),
      signUpPath: mayRegister ? '/sign-up' : undefined,
    }),
  )
}

/** The account has to have confirmed that it reads the mails of the invited address. */
function addressFault(
  { email }: OpenedInvitation,
  { account }: { account: { email: string; emailVerified: boolean } },
): 'other' | 'unconfirmed' | undefined {
  if (normalizeEmail(account.email) !== normalizeEmail(email)) return 'other'
  return account.emailVerified ? undefined : 'unconfirmed'
}

function show(
  { issuer, forms }: DeveloperContext,
  c: Context<PageEnv>,
  { session, account }: Resident,
  { teamName, role }: OpenedInvitation,
  fault: JoinFault | undefined,
): Response | Promise<Response> {
  setSecurityHeaders(c, { issuer })
  const csrf = forms.create(session.uid)
  const page = invitationPage(c.var.reader, { teamName, role, csrf, email: account.email, fault })
  return c.html(page, fault ? 403 : 200)
}

async function accept(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const { resident } = await parts.guard.requireForm(c)
  const { invitation } = await requireOpened(parts, c)
  const fault = await parts.db.begin((sql) => join(sql, parts, resident, invitation))
  if (fault === 'over') throw unusable()
  if (fault) return show(parts, c, resident, invitation, fault)
  const { teamId } = invitation
  parts.log.info('team member joined', { accountId: resident.account.id, teamId })
  return c.redirect(`/developers/${teamId}`, 303)
}

/** In a transaction: uses the invitation up, for an account that still has the invited address. */
async function join(
  sql: Sql,
  { guard, vault }: DeveloperContext,
  resident: Resident,
  invitation: OpenedInvitation,
): Promise<JoinFault | 'over' | undefined> {
  const { teamId, role } = invitation
  const accountId = resident.account.id
  await guard.holdLiveSession(sql, resident)
  const account = await findAccount(sql, vault, accountId)
  const fault = account ? addressFault(invitation, { account }) : 'other'
  if (fault) return fault
  if (!(await lockTeam(sql, teamId))) return 'over'
  if ((await listMembers(sql, teamId)).length >= MAX_MEMBERS) return 'full'
  if ((await listMemberships(sql, accountId)).length >= MAX_TEAMS) return 'too-many-teams'
  if (!(await deleteInvitation(sql, invitation))) return 'over'
  await addMember(sql, { teamId, accountId, role })
  return undefined
}
