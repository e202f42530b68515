import { type Context, Hono } from 'hono'
import { countTeamClients, listTeamClients } from '../clients/team-clients.ts'
import { deleteSandbox } from '../personas/clock.ts'
import { OperatorError } from '../platform/errors.ts'
import { visibleText } from '../web/displayed-text.ts'
import { setSecurityHeaders } from '../web/html.ts'
import type { PageEnv } from '../web/reader.ts'
import {
  type Developer,
  type DeveloperContext,
  notFound,
  requireLeavingForm,
  requireMember,
  requireMemberForm,
} from './access.ts'
import { deleteApplication } from './application-store.ts'
import { CONFLICT, type FieldFaults } from './fields.ts'
import { withdrawInvitationsBy } from './invitations.ts'
import { LAST_OWNER } from './members.ts'
import { parseTeamName } from './team-name.ts'
import { teamSettingsPage } from './team-settings-page.ts'
import {
  changeMember,
  deleteTeam,
  findMembership,
  includesRole,
  lockTeam,
  renameTeam,
} from './teams.ts'

/** `/developers/:team/settings`: renames a team, leaves it and deletes it. */
export function teamSettingsRoutes(parts: DeveloperContext): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  routes.get('/developers/:team/settings', (c) => showSettings(parts, c))
  routes.post('/developers/:team/name', (c) => rename(parts, c))
  routes.post('/developers/:team/leave', (c) => leave(parts, c))
  routes.post('/developers/:team/delete', (c) => remove(parts, c))
  return routes
}

async function showSettings(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const developer = await requireMember(parts, c)
  return developer instanceof Response ? developer : show(parts, c, developer)
}

function show(
  { issuer, forms }: DeveloperContext,
  c: Context<PageEnv>,
  { resident, team }: Developer,
  {
    name = team.name,
    faults = {},
    status = 200,
  }: { name?: string; faults?: FieldFaults; status?: 200 | 400 | 409 } = {},
): Response | Promise<Response> {
  setSecurityHeaders(c, { issuer })
  return c.html(
    teamSettingsPage(c.var.reader, {
      team,
      csrf: forms.create(resident.session.uid),
      isOwner: includesRole(team.role, 'owner') && !team.isSuspended,
      name,
      faults,
    }),
    status,
  )
}

async function rename(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const { form, ...developer } = await requireMemberForm(parts, c, 'owner')
  const { team } = developer
  const typed = String(form.name ?? '')
  const name = parseTeamName(typed)
  if ('fault' in name)
    return show(parts, c, developer, { name: typed, faults: { name: [name.fault] }, status: 400 })
  const change = { teamId: team.id, was: String(form.was ?? ''), name: name.value }
  if (!(await renameTeam(parts.db, change)))
    return show(parts, c, developer, { name: typed, faults: { '': [CONFLICT] }, status: 409 })
  report(parts, developer, 'developer team renamed')
  return c.redirect(`/developers/${team.id}/settings`, 303)
}

async function leave(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const { form: _form, ...developer } = await requireLeavingForm(parts, c)
  const { team, resident } = developer
  const own = { teamId: team.id, accountId: resident.account.id }
  const outcome = await parts.db.begin(async (sql) => {
    await lockTeam(sql, team.id)
    const now = await findMembership(sql, own)
    if (!now) return 'done'
    const change = await changeMember(sql, { ...own, was: now.role, role: undefined })
    if (change === 'done') await withdrawInvitationsBy(sql, own)
    return change
  })
  if (outcome !== 'done')
    return show(parts, c, developer, { faults: { '': [LAST_OWNER] }, status: 409 })
  report(parts, developer, 'team member left')
  return c.redirect('/developers', 303)
}

async function remove(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const { form, ...developer } = await requireMemberForm(parts, c, 'owner')
  const { team, resident } = developer
  if (String(form.confirmation ?? '').trim() !== visibleText(team.name)) {
    const faults = { confirmation: ['This is not the name of the team.'] }
    return show(parts, c, developer, { faults, status: 400 })
  }
  const asked = await parts.guard.requireRecentSignIn(c, resident, form)
  if (asked) return asked
  try {
    await deleteWithApplications(parts, developer)
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    return show(parts, c, developer, { faults: { '': [error.message] }, status: 409 })
  }
  report(parts, developer, 'developer team deleted')
  return c.redirect('/developers', 303)
}

const IN_PRODUCTION =
  'The team has an application in production. Delete it first: residents may be using it.'

/**
 * Deletes the team with its applications and personas in the sandbox: a process that ends in between leaves a team that can be deleted again. Throws
 * OperatorError for a team with an application in production.
 */
async function deleteWithApplications(
  { db, sandbox }: DeveloperContext,
  { team, resident }: Developer,
): Promise<void> {
  await db.begin(async (sql) => {
    await lockTeam(sql, team.id)
    const now = await findMembership(sql, { teamId: team.id, accountId: resident.account.id })
    if (now?.role !== 'owner') throw notFound()
    // First, because it waits for whoever is approving a request of the team.
    await deleteTeam(sql, team.id)
    if ((await countTeamClients(sql, team.id)) > 0) throw new OperatorError(IN_PRODUCTION)
    await sandbox?.context.db.begin(async (inner) => {
      for (const { id } of await listTeamClients(inner, team.id)) await deleteApplication(inner, id)
    })
    if (sandbox) await deleteSandbox({ ...sandbox.context, jobs: sandbox.jobs }, team.id)
  })
}

const report = ({ log }: DeveloperContext, { team, resident }: Developer, event: string): void =>
  log.info(event, { accountId: resident.account.id, teamId: team.id })
