import type { Context } from 'hono'
import { findTeamClient, type OwnClient } from '../clients/team-clients.ts'
import type { AppContext } from '../context.ts'
import type { Jobs } from '../platform/jobs.ts'
import { isUuid } from '../platform/uuid.ts'
import type { Guard, GuardParts, Resident } from '../portal/guard.ts'
import { PageError } from '../web/page-error.ts'
import type { PageEnv } from '../web/reader.ts'
import { findMembership, includesRole, type Membership, type TeamRole } from './teams.ts'

/** What the console's routes are given. */
export type DeveloperContext = GuardParts &
  Omit<AppContext, 'close'> & {
    guard: Guard
    sandbox?: { context: AppContext; jobs: Jobs; issuer: string; url: string } | undefined
  }

/** Somebody who is signed in, in a team of theirs. */
export type Developer = { resident: Resident; team: Membership }
export type Form = Record<string, unknown>

/** Where an application is registered: beside invented people, or beside residents. */
export const PLACES = ['sandbox', 'production'] as const
export type Place = (typeof PLACES)[number]

/** Of `/developers/:team/…`: the developer, or the way to the sign-in page. Others do not see that the team exists. */
export async function requireMember(
  parts: DeveloperContext,
  c: Context<PageEnv>,
  role: TeamRole = 'viewer',
): Promise<Developer | Response> {
  const resident = await parts.guard.findResident(c)
  if (!resident) return parts.guard.askToSignIn(c)
  return { resident, team: await requireTeam(parts, c, resident, role) }
}

/** The same for a form, which it returns. A suspended team changes nothing. */
export async function requireMemberForm(
  parts: DeveloperContext,
  c: Context<PageEnv>,
  role: TeamRole = 'developer',
): Promise<Developer & { form: Form }> {
  const sent = await requireLeavingForm(parts, c, role)
  if (sent.team.isSuspended)
    throw new PageError(403, 'team_suspended', ({ errors }) => errors.teamSuspended)
  return sent
}

/** The same for what the members of a suspended team may still do, which is to leave it. */
export async function requireLeavingForm(
  parts: DeveloperContext,
  c: Context<PageEnv>,
  role: TeamRole = 'viewer',
): Promise<Developer & { form: Form }> {
  const { resident, form } = await parts.guard.requireForm(c)
  return { resident, form, team: await requireTeam(parts, c, resident, role) }
}

async function requireTeam(
  { db }: DeveloperContext,
  c: Context<PageEnv>,
  { account }: Resident,
  role: TeamRole,
): Promise<Membership> {
  const teamId = c.req.param('team') ?? ''
  const team = isUuid(teamId)
    ? await findMembership(db, { teamId, accountId: account.id })
    : undefined
  if (!team || !includesRole(team.role, role)) throw notFound()
  return team
}

/** What it takes to change an application: in production, which residents use, an owner of its team. */
export const roleToChange = (place: string | undefined): TeamRole =>
  place === 'production' ? 'owner' : 'developer'

type ApplicationPlace = ReturnType<typeof requirePlace>
/** An application, with the database and the keys of the place where it is. */
export type Application = ApplicationPlace & { client: OwnClient }

/** Of `/developers/:team/:place/:client/…`, after `requireMember` or `requireMemberForm`: the team's application. Throws 404. */
export async function requireApplication(
  parts: DeveloperContext,
  c: Context<PageEnv>,
  team: Membership,
): Promise<Application> {
  const place = requirePlace(parts, c)
  const clientId = c.req.param('client') ?? ''
  const client = await findTeamClient(place.db, { teamId: team.id, clientId })
  if (!client) throw notFound()
  return { ...place, client }
}

/** Somebody at an application of their team. */
export type Opened = Developer & { application: Application }

/** Of a page of an application: `requireMember` and `requireApplication`. */
export async function openApplication(
  parts: DeveloperContext,
  c: Context<PageEnv>,
): Promise<Opened | Response> {
  const developer = await requireMember(parts, c)
  if (developer instanceof Response) return developer
  return { ...developer, application: await requireApplication(parts, c, developer.team) }
}

/** The same for a form that changes the application: in production for owners alone. */
export async function openApplicationForm(
  parts: DeveloperContext,
  c: Context<PageEnv>,
): Promise<Opened & { form: Form }> {
  const developer = await requireMemberForm(parts, c, roleToChange(c.req.param('place')))
  return { ...developer, application: await requireApplication(parts, c, developer.team) }
}

/** Where an application of `/developers/:team/:place/…` is: its database and keys. Throws where there is no such place. */
function requirePlace(
  parts: DeveloperContext,
  c: Context<PageEnv>,
): Pick<AppContext, 'config' | 'db' | 'vault' | 'sealer' | 'storage' | 'outbound'> & {
  place: Place
  issuer: string
} {
  const place = c.req.param('place')
  if (place === 'production') return { ...parts, place }
  if (place !== 'sandbox' || !parts.sandbox) throw notFound()
  return { ...parts.sandbox.context, place, issuer: parts.sandbox.issuer }
}

export const notFound = () => new PageError(404, 'not_found', ({ errors }) => errors.notFound)
