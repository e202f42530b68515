import { type Context, Hono } from 'hono'
import { findClock, moveClock, resetSandbox } from '../personas/clock.ts'
import { ensurePersonas, resetPersona } from '../personas/personas.ts'
import { listNextSteps } from '../personas/state.ts'
import { setSecurityHeaders } from '../web/html.ts'
import type { PageEnv } from '../web/reader.ts'
import {
  type Developer,
  type DeveloperContext,
  notFound,
  requireMember,
  requireMemberForm,
} from './access.ts'
import { requireCreation } from './creation-limits.ts'
import { type FieldFaults, hasFaults } from './fields.ts'
import { type EnteredSpan, sandboxPage } from './sandbox-pages.ts'
import { readSpan } from './span.ts'
import { includesRole } from './teams.ts'

/** `/developers/:team/sandbox`: the team's personas and its clock. */
export function sandboxRoutes(parts: DeveloperContext): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  routes.get('/developers/:team/sandbox', async (c) => {
    const developer = await requireMember(parts, c)
    return developer instanceof Response ? developer : await show(parts, c, developer)
  })
  routes.post('/developers/:team/sandbox/clock', (c) => move(parts, c))
  routes.post('/developers/:team/sandbox/reset', (c) => reset(parts, c))
  return routes
}

type Entered = { entered?: EnteredSpan; faults?: FieldFaults }

async function show(
  parts: DeveloperContext,
  c: Context<PageEnv>,
  { resident, team }: Developer,
  { entered = { amount: '', unit: 'hours' }, faults = {} }: Entered = {},
): Promise<Response> {
  const { context, issuer } = requireSandbox(parts)
  const personas = await ensurePersonas(context, team.id)
  const [clock, steps] = await Promise.all([
    findClock(context.db, team.id),
    listNextSteps(context.db, team.id),
  ])
  setSecurityHeaders(c, { issuer: parts.issuer })
  const page = sandboxPage(c.var.reader, {
    team,
    address: issuer,
    csrf: parts.forms.create(resident.session.uid),
    mayChange: includesRole(team.role, 'developer') && !team.isSuspended,
    personas: personas.map((persona) => ({ ...persona, next: steps.get(persona.accountId) })),
    clock,
    entered,
    faults,
    now: new Date(),
  })
  return c.html(page, hasFaults(faults) ? 400 : 200)
}

async function move(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const { form, ...developer } = await requireMemberForm(parts, c)
  const { team } = developer
  const { context, jobs } = requireSandbox(parts)
  const span = readSpan(form)
  const refuse = (fault: string) =>
    show(parts, c, developer, { entered: span, faults: { amount: [fault] } })
  if ('fault' in span) return await refuse(span.fault)
  await requireCreation(parts, c, developer.resident.account.id)
  // The personas that the page shows are there before their clock moves.
  await ensurePersonas(context, team.id)
  const moved = await moveClock({ ...context, jobs }, team.id, span.seconds)
  if (moved === 'too-far')
    return await refuse(
      'The clock can be ten years ahead at most. Reset the sandbox to begin at today again.',
    )
  return c.redirect(`/developers/${team.id}/sandbox`, 303)
}

/** Of one persona, or with `kind=all` of the whole sandbox. */
async function reset(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const { form, resident, team } = await requireMemberForm(parts, c)
  const { context, jobs } = requireSandbox(parts)
  await requireCreation(parts, c, resident.account.id)
  const inSandbox = { ...context, jobs }
  if (form.kind === 'all') await resetSandbox(inSandbox, team.id)
  else {
    const personas = await ensurePersonas(context, team.id)
    const persona = personas.find(({ kind }) => kind === form.kind)
    if (!persona) throw notFound()
    await resetPersona(inSandbox, persona)
  }
  parts.log.info('personas reset', { teamId: team.id, accountId: resident.account.id })
  return c.redirect(`/developers/${team.id}/sandbox`, 303)
}

function requireSandbox({ sandbox }: DeveloperContext) {
  if (!sandbox) throw notFound()
  return sandbox
}
