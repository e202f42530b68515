import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { type Logo, readLogo } from '../clients/logo.ts'
import { OperatorError } from '../platform/errors.ts'
import { setSecurityHeaders } from '../web/html.ts'
import { PageError } from '../web/page-error.ts'
import type { PageEnv } from '../web/reader.ts'
import {
  type Application,
  type Developer,
  type DeveloperContext,
  type Form,
  notFound,
  requireApplication,
  requireMember,
  requireMemberForm,
} from './access.ts'
import { applicationPath } from './application-frame.ts'
import { requireCreation } from './creation-limits.ts'
import type { FieldFaults } from './fields.ts'
import { type Ask, askOf, findFaults, listChanges, readAsk, settingsOf } from './production-ask.ts'
import { listSteps } from './production-checklist.ts'
import type { ProductionForm } from './production-form.ts'
import { productionPage } from './production-pages.ts'
import { findClientInProduction, sendRequest, withdrawRequest } from './production-requests.ts'
import {
  type Draft,
  deleteDraft,
  findDraft,
  findRequestContact,
  findRequestLogo,
  listRequestsOf,
  type ProductionRequest,
  saveDraft,
} from './production-store.ts'
import { holdMembership } from './team-operations.ts'
import { includesRole } from './teams.ts'

const PAGE = '/developers/:team/:place/:client/production'
// A logo that is too large is answered beside its field, unless it is far too large.
const LARGEST_BODY = 2 * 1024 * 1024

/** Where a team asks to offer an application to residents, or to change what it offers. */
export function productionRoutes(parts: DeveloperContext): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  routes.use(`${PAGE}/*`, bodyLimit({ maxSize: LARGEST_BODY, onError: tooLarge }))
  routes.get(PAGE, (c) => showProduction(parts, c))
  routes.post(PAGE, (c) => takeForm(parts, c))
  routes.post(`${PAGE}/discard`, (c) => discard(parts, c))
  routes.post(`${PAGE}/withdraw`, (c) => withdraw(parts, c))
  routes.get(`${PAGE}/logo`, (c) => showLogo(parts, c))
  return routes
}

const tooLarge = () => {
  throw new PageError(413, 'payload_too_large', ({ errors }) => errors.unreadableForm)
}

/** What the form begins with: the draft; else what was last asked and not granted; else the application as it is registered. */
async function findBase(
  parts: DeveloperContext,
  { client }: Application,
  requests: readonly ProductionRequest[],
): Promise<Draft> {
  const { db, sealer } = parts
  const draft = await findDraft(db, sealer, client.id)
  if (draft) return draft
  const [latest] = requests
  const contact = (latest && (await findRequestContact(db, sealer, latest.id))) ?? ''
  if (latest && latest.status !== 'approved')
    return { ask: latest.ask, contact, logo: await findRequestLogo(db, latest.id), revision: 0 }
  return { ask: askOf(client.metadata, latest?.ask.reasons), contact, logo: undefined, revision: 0 }
}

async function showProduction(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const developer = await requireMember(parts, c)
  if (developer instanceof Response) return developer
  return show(parts, c, developer, await requireApplication(parts, c, developer.team))
}

type Entered = Omit<ProductionForm, 'hasLogo'> & { hasLogo: boolean; status: 400 | 409 }

async function show(
  parts: DeveloperContext,
  c: Context<PageEnv>,
  { resident, team }: Developer,
  application: Application,
  entered?: Entered,
): Promise<Response> {
  const { db, issuer, forms } = parts
  const { client, place } = application
  const requests = await listRequestsOf(db, client.id)
  const base = await findBase(parts, application, requests)
  const { logo, ...prepared } = base
  setSecurityHeaders(c, { issuer })
  return c.html(
    productionPage(c.var.reader, {
      team,
      place,
      client,
      csrf: forms.create(resident.session.uid),
      latest: requests[0],
      inProduction:
        place === 'sandbox'
          ? await findClientInProduction(db, { teamId: team.id, applicationId: client.id })
          : undefined,
      form: entered ?? { ...prepared, hasLogo: logo !== undefined, faults: {} },
      changes:
        place === 'production' ? changesOf(application, requests, entered?.ask ?? base.ask) : [],
      steps: place === 'sandbox' ? await listSteps(application.db, client.id) : [],
      mayEdit: includesRole(team.role, 'developer') && !team.isSuspended,
      mayDecide: includesRole(team.role, 'owner') && !team.isSuspended,
    }),
    entered?.status ?? 200,
  )
}

/** Of the request that waits, else of what is in the form. */
function changesOf({ client }: Application, [latest]: readonly ProductionRequest[], prepared: Ask) {
  return listChanges(askOf(client.metadata), latest?.status === 'waiting' ? latest.ask : prepared)
}

/** Saves the draft, whatever it contains. The button `send` also sends it, where nothing is wrong and an owner presses it. */
async function takeForm(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const developer = await requireMemberForm(parts, c)
  const { team, resident, form } = developer
  const application = await requireApplication(parts, c, team)
  const { client, place } = application
  await requireCreation(parts, c, resident.account.id)
  const requests = await listRequestsOf(parts.db, client.id)
  const base = await findBase(parts, application, requests)
  const uploaded = await readUpload(form)
  const ask = readAsk(form)
  const contact = String(form.contact ?? '')
    .trim()
    .slice(0, 400)
  const logo = uploaded.logo ?? (form['remove-logo'] === undefined ? base.logo : undefined)
  const draft = { ask, contact, logo, revision: Number(form.revision) || 0 }
  const of = { teamId: team.id, applicationId: client.id }
  const saved =
    requests[0]?.status === 'waiting'
      ? undefined
      : await save(parts, { ...draft, ...of }, resident.account.id)
  const again = (
    status: 400 | 409,
    given: { revision: number; faults: FieldFaults; problem?: string },
  ) =>
    show(parts, c, developer, application, {
      ...{ ask, contact, hasLogo: logo !== undefined },
      ...given,
      status,
    })
  if (saved === undefined)
    return again(409, { revision: base.revision, faults: {}, problem: CHANGED_MEANWHILE })
  const wants = form.send !== undefined
  const faults: FieldFaults = {
    ...(wants ? listFaults(application, draft) : {}),
    ...(uploaded.fault ? { logo: [uploaded.fault] } : {}),
  }
  if (Object.keys(faults).length > 0) return again(400, { revision: saved, faults })
  const page = applicationPath(team.id, place, client.id, '/production')
  if (!wants) return c.redirect(page, 303)
  if (!includesRole(team.role, 'owner')) throw notFound()
  const sent = await sendRequest(parts, {
    ...draft,
    teamId: team.id,
    accountId: resident.account.id,
    application: { id: client.id, clientId: place === 'production' ? client.id : undefined },
    settings: settingsOf(client.metadata),
    revision: saved,
  })
  if (sent === 'forbidden') throw notFound()
  if (typeof sent === 'string')
    return again(409, { revision: saved, faults: {}, problem: CHANGED_MEANWHILE })
  parts.log.info('production requested', { requestId: sent.id, teamId: team.id })
  return c.redirect(page, 303)
}

const CHANGED_MEANWHILE =
  'Somebody of your team has saved or sent this request in the meantime. Below is what you entered: saving it again replaces what they saved.'

const save = (
  { db, sealer }: DeveloperContext,
  draft: Parameters<typeof saveDraft>[2],
  accountId: string,
): Promise<number | undefined> =>
  db.begin(async (sql) => {
    const { teamId } = draft
    if (!(await holdMembership(sql, { teamId, accountId, role: 'developer' }))) throw notFound()
    const [latest] = await listRequestsOf(sql, draft.applicationId)
    return latest?.status === 'waiting' ? undefined : await saveDraft(sql, sealer, draft)
  })

function listFaults({ client, place }: Application, { ask, contact, logo }: Draft): FieldFaults {
  const faults = findFaults(ask, contact, settingsOf(client.metadata))
  const isSame =
    place === 'production' && !logo && listChanges(askOf(client.metadata), ask).length === 0
  return isSame ? { ...faults, '': ['Nothing here differs from what is in production.'] } : faults
}

/** The file of the form, if there is one, checked as the logo of any application. */
async function readUpload(form: Form): Promise<{ logo?: Logo; fault?: string }> {
  const file = [form.logo].flat().find((each) => each instanceof File && each.size > 0)
  if (!(file instanceof File)) return {}
  try {
    return { logo: readLogo(new Uint8Array(await file.arrayBuffer())) }
  } catch (error) {
    if (error instanceof OperatorError) return { fault: error.message }
    throw error
  }
}

async function discard(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const { team, resident } = await requireMemberForm(parts, c)
  const { client, place } = await requireApplication(parts, c, team)
  await parts.db.begin(async (sql) => {
    const of = { teamId: team.id, accountId: resident.account.id }
    if (!(await holdMembership(sql, { ...of, role: 'developer' }))) throw notFound()
    await deleteDraft(sql, client.id)
  })
  return c.redirect(applicationPath(team.id, place, client.id, '/production'), 303)
}

async function withdraw(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const { team, resident, form } = await requireMemberForm(parts, c, 'owner')
  const { client, place } = await requireApplication(parts, c, team)
  const [latest] = await listRequestsOf(parts.db, client.id)
  // What it shows next says what became of the request, when it was decided first.
  if (latest && latest.id === form.request)
    await withdrawRequest(parts.db, {
      id: latest.id,
      teamId: team.id,
      accountId: resident.account.id,
    })
  return c.redirect(applicationPath(team.id, place, client.id, '/production'), 303)
}

/** The logo that is asked for, for the team alone. */
async function showLogo(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const developer = await requireMember(parts, c)
  if (developer instanceof Response) return developer
  const application = await requireApplication(parts, c, developer.team)
  const requests = await listRequestsOf(parts.db, application.client.id)
  const { logo } = await findBase(parts, application, requests)
  if (!logo) throw notFound()
  return c.body(new Uint8Array(logo.bytes), 200, {
    'Content-Type': logo.contentType,
    'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Resource-Policy': 'same-origin',
  })
}
