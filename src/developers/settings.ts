import { type Context, Hono } from 'hono'
import { setClientEnabled } from '../clients/clients.ts'
import { setSecurityHeaders } from '../web/html.ts'
import type { PageEnv } from '../web/reader.ts'
import {
  type DeveloperContext,
  type Opened,
  openApplication,
  openApplicationForm,
  requireApplication,
  roleToChange,
} from './access.ts'
import { type Entered, enteredOf, faultsIn, kindOf, readEntered } from './application-form.ts'
import { applicationPath } from './application-frame.ts'
import {
  ConflictError,
  changeApplication,
  changeClient,
  deleteApplication,
  readBasedOn,
} from './application-store.ts'
import { requireCreation } from './creation-limits.ts'
import { CONFLICT, type FieldFaults } from './fields.ts'
import { settingsPage } from './settings-page.ts'
import { includesRole } from './teams.ts'

const APPLICATION = '/developers/:team/:place/:client'

/** `/developers/:team/:place/:client/settings`: changes an application, disables it and deletes it. */
export function settingsRoutes(parts: DeveloperContext): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  routes.get(`${APPLICATION}/settings`, (c) => showSettings(parts, c))
  routes.post(`${APPLICATION}/settings`, (c) => change(parts, c))
  routes.post(`${APPLICATION}/enabled`, (c) => enable(parts, c))
  routes.post(`${APPLICATION}/delete`, (c) => remove(parts, c))
  return routes
}

type Shown = { entered?: Entered; faults?: FieldFaults; status?: 200 | 400 | 409 }

async function showSettings(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const opened = await openApplication(parts, c)
  return opened instanceof Response ? opened : show(parts, c, opened)
}

function show(
  { issuer, forms }: DeveloperContext,
  c: Context<PageEnv>,
  { resident, team, application }: Opened,
  { entered, faults = {}, status = 200 }: Shown = {},
): Response | Promise<Response> {
  const { client, place } = application
  setSecurityHeaders(c, { issuer })
  return c.html(
    settingsPage(c.var.reader, {
      team,
      place,
      client,
      csrf: forms.create(resident.session.uid),
      mayChange: includesRole(team.role, roleToChange(place)) && !team.isSuspended,
      entered: entered ?? enteredOf(client.metadata),
      faults,
    }),
    status,
  )
}

/** What residents see in production is reviewed, so it is changed here in the sandbox only. */
async function change(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const { form, ...opened } = await openApplicationForm(parts, c)
  const { application, team, resident } = opened
  const { client, place } = application
  if (place === 'production')
    return show(parts, c, opened, { faults: { '': [REVIEWED] }, status: 400 })
  const kind = kindOf(client.metadata)
  const entered = readEntered(form, kind)
  await requireCreation(parts, c, resident.account.id)
  try {
    const basedOn = readBasedOn(form.based)
    await changeApplication(application, { teamId: team.id, basedOn, kind, entered })
  } catch (error) {
    if (error instanceof ConflictError) return showConflict(parts, c, opened, entered)
    return show(parts, c, opened, { entered, faults: faultsIn(error, entered), status: 400 })
  }
  report(parts, opened, 'application changed')
  return c.redirect(applicationPath(team.id, place, client.id, '/settings'), 303)
}

const REVIEWED = 'In production, this is changed by a new request for review.'

/** Shows what was typed over what is stored now, which the form is then based on. */
async function showConflict(
  parts: DeveloperContext,
  c: Context<PageEnv>,
  opened: Opened,
  entered?: Entered,
): Promise<Response> {
  const application = await requireApplication(parts, c, opened.team)
  const faults = { '': [entered ? `${CONFLICT} ${TYPED}` : CONFLICT] }
  return show(
    parts,
    c,
    { ...opened, application },
    { ...(entered ? { entered } : {}), faults, status: 409 },
  )
}

const TYPED = 'What you typed is still below: saving it again replaces what they changed.'

const STOPPED = 'The operator of this portal has disabled it, and enables it again.'

async function enable(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const { form, ...opened } = await openApplicationForm(parts, c)
  const { application, team } = opened
  const { client, place, db } = application
  const isEnabled = form.enabled === 'yes'
  const based = { teamId: team.id, clientId: client.id, basedOn: readBasedOn(form.based) }
  try {
    const isDone = await changeClient(db, based, (sql) =>
      setClientEnabled(sql, client.id, isEnabled, 'team'),
    )
    if (!isDone) return show(parts, c, opened, { faults: { '': [STOPPED] }, status: 409 })
  } catch (error) {
    if (error instanceof ConflictError) return showConflict(parts, c, opened)
    throw error
  }
  report(parts, opened, isEnabled ? 'application enabled' : 'application disabled')
  return c.redirect(applicationPath(team.id, place, client.id, '/settings'), 303)
}

async function remove(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const { form, ...opened } = await openApplicationForm(parts, c)
  const { application, team, resident } = opened
  const { client, db } = application
  if (String(form.confirmation ?? '').trim() !== client.name) {
    const faults = { confirmation: ['This is not the name of the application.'] }
    return show(parts, c, opened, { faults, status: 400 })
  }
  const asked = await parts.guard.requireRecentSignIn(c, resident, form)
  if (asked) return asked
  const based = { teamId: team.id, clientId: client.id, basedOn: readBasedOn(form.based) }
  try {
    await changeClient(db, based, (sql) => deleteApplication(sql, client.id))
  } catch (error) {
    if (error instanceof ConflictError) return showConflict(parts, c, opened)
    throw error
  }
  report(parts, opened, 'application deleted')
  return c.redirect(`/developers/${team.id}`, 303)
}

const report = (
  { log }: DeveloperContext,
  { resident, team, application }: Opened,
  event: string,
): void =>
  log.info(event, {
    accountId: resident.account.id,
    teamId: team.id,
    clientId: application.client.id,
    place: application.place,
  })
