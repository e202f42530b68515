import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { listTeamClients } from '../clients/team-clients.ts'
import { findPolicy, type PolicyValue } from '../platform/policies.ts'
import { showFrontPage } from '../reference/front-page.ts'
import { setSecurityHeaders } from '../web/html.ts'
import type { PageEnv } from '../web/reader.ts'
import { type DeveloperContext, notFound, requireMember } from './access.ts'
import { teamPage, teamsPage } from './console-pages.ts'
import { requireCreation } from './creation-limits.ts'
import { parseTeamName } from './team-name.ts'
import { createTeam, listMemberships, MAX_TEAMS } from './teams.ts'

/** `/developers`: the teams of a developer, and what each has. */
export function consoleRoutes(parts: DeveloperContext): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  routes.use('/developers/*', bodyLimit({ maxSize: 64 * 1024 }))
  routes.get('/developers', (c) => showTeams(parts, c))
  routes.post('/developers/teams', (c) => addTeam(parts, c))
  routes.get('/developers/:team', (c) => showTeam(parts, c))
  return routes
}

async function showTeams(
  parts: DeveloperContext,
  c: Context<PageEnv>,
  entered?: { name: string; fault: string },
): Promise<Response> {
  const { db, issuer, guard, forms } = parts
  const resident = await guard.findResident(c)
  if (!resident) return showFrontPage(parts, c)
  const { account, session } = resident
  const [teams, policy] = await Promise.all([
    listMemberships(db, account.id),
    findPolicy(db, 'developers'),
  ])
  setSecurityHeaders(c, { issuer })
  const csrf = forms.create(session.uid)
  const mayCreate = mayCreateTeam(policy, teams.length)
  return c.html(
    teamsPage(c.var.reader, { teams, csrf, mayCreate, policy, entered }),
    entered ? 400 : 200,
  )
}

/** By invitation: whoever a team has invited is a developer, and may have teams of their own. */
const mayCreateTeam = (policy: PolicyValue<'developers'>, teams: number): boolean =>
  teams < MAX_TEAMS && (policy === 'open' || (policy === 'invitation' && teams > 0))

async function addTeam(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const { resident, form } = await parts.guard.requireForm(c)
  const name = parseTeamName(form.name)
  if ('fault' in name)
    return showTeams(parts, c, { name: String(form.name ?? ''), fault: name.fault })
  const ownerId = resident.account.id
  await requireCreation(parts, c, ownerId)
  const id = await parts.db.begin(async (sql) => {
    // So that two requests at once do not both count what was there before.
    await parts.guard.holdLiveSession(sql, resident)
    const policy = await findPolicy(sql, 'developers')
    const teams = await listMemberships(sql, ownerId)
    if (!mayCreateTeam(policy, teams.length)) throw notFound()
    return await createTeam(sql, { name: name.value, ownerId })
  })
  parts.log.info('developer team created', { teamId: id, accountId: ownerId })
  return c.redirect(`/developers/${id}`, 303)
}

async function showTeam(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const developer = await requireMember(parts, c)
  if (developer instanceof Response) return developer
  const { team } = developer
  const { db, issuer, sandbox } = parts
  const [tried, offered] = await Promise.all([
    sandbox ? listTeamClients(sandbox.context.db, team.id) : [],
    listTeamClients(db, team.id),
  ])
  setSecurityHeaders(c, { issuer })
  return c.html(teamPage(c.var.reader, { team, sandbox: tried, production: offered }))
}
