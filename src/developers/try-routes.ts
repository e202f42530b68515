import { setTimeout } from 'node:timers/promises'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { findTeamClient, type OwnClient } from '../clients/team-clients.ts'
import { ensureTryClient, hasPeople } from '../clients/try-clients.ts'
import { shiftTokens } from '../oauth/shifting.ts'
import { isUuid } from '../platform/uuid.ts'
import { setSecurityHeaders } from '../web/html.ts'
import type { PageEnv } from '../web/reader.ts'
import { type Developer, type Form, notFound, requireMember, requireMemberForm } from './access.ts'
import { includesRole } from './teams.ts'
import { answerCallback, CALLBACK_PATH } from './try-callback.ts'
import { tryRunPage } from './try-run-page.ts'
import {
  changeRun,
  createRun,
  findRun,
  listRuns,
  newRequestValues,
  type Run,
  type Wanted,
} from './try-runs.ts'
import { createSandboxSender, type TryParts, type WithSandbox } from './try-sender.ts'
import { ACR_VALUES, PROMPTS, tryPath, tryStartPage, type WantedFaults } from './try-start-page.ts'
import { ACTIONS, discover, leave } from './try-steps.ts'
import { checkIdToken, isSigned } from './try-tokens.ts'

const BUSY_TRIES = 50
const BUSY_PAUSE_MS = 100
const HOUR_SECONDS = 3600

/** The whole flow of an application of the sandbox, step by step, with the console in the place of the application. */
export function tryRoutes(
  context: WithSandbox,
  send = createSandboxSender(context.sandbox),
): Hono<PageEnv> {
  const parts: TryParts = { ...context, send }
  const routes = new Hono<PageEnv>()
  const path = '/developers/:team/sandbox/:client/try'
  routes.use(`${path}/*`, bodyLimit({ maxSize: 64 * 1024 }))
  routes.get(CALLBACK_PATH, (c) => answerCallback(parts, c))
  routes.get(path, (c) => showStart(parts, c))
  routes.post(path, (c) => start(parts, c))
  routes.get(`${path}/:run`, (c) => showRun(parts, c))
  routes.post(`${path}/:run/leave`, (c) => goToSandbox(parts, c))
  routes.post(`${path}/:run/:action`, (c) => act(parts, c))
  return routes
}

const ownerOf = ({ resident, team }: Developer) => ({
  teamId: team.id,
  accountId: resident.account.id,
  sessionUid: resident.session.uid,
})

async function requireApplication(
  { sandbox }: TryParts,
  c: Context<PageEnv>,
  { team }: Developer,
): Promise<OwnClient> {
  const clientId = c.req.param('client') ?? ''
  const application = await findTeamClient(sandbox.context.db, { teamId: team.id, clientId })
  if (!application) throw notFound()
  return application
}

async function showStart(parts: TryParts, c: Context<PageEnv>): Promise<Response> {
  const developer = await requireMember(parts, c)
  if (developer instanceof Response) return developer
  const application = await requireApplication(parts, c, developer)
  const wanted = {
    scope: application.metadata.scope.split(' '),
    ...{ prompt: '', acrValues: '', claims: '', isPushed: false },
  }
  return answerStart(parts, c, developer, { application, wanted, faults: {} })
}

async function answerStart(
  { db, issuer, forms }: TryParts,
  c: Context<PageEnv>,
  developer: Developer,
  shown: { application: OwnClient; wanted: Wanted; faults: WantedFaults },
): Promise<Response> {
  const { application, faults } = shown
  const runs = await listRuns(db, ownerOf(developer), application.id)
  setSecurityHeaders(c, { issuer })
  const csrf = forms.create(developer.resident.session.uid)
  const { team } = developer
  return c.html(
    tryStartPage(c.var.reader, {
      ...shown,
      team,
      csrf,
      runs,
      obstacle: obstacleOf(developer, application),
    }),
    Object.keys(faults).length > 0 ? 400 : 200,
  )
}

function obstacleOf({ team }: Developer, application: OwnClient): string | undefined {
  if (!includesRole(team.role, 'developer'))
    return 'You can look at this team’s applications. Its developers can try them.'
  if (!application.enabled) return 'This application is disabled: enable it to try it.'
  return hasPeople(application)
    ? undefined
    : 'Nobody signs in at this application: it acts for itself, with the client credentials grant.'
}

async function start(parts: TryParts, c: Context<PageEnv>): Promise<Response> {
  const developer = await requireMemberForm(parts, c)
  const application = await requireApplication(parts, c, developer)
  const { wanted, faults } = readWanted(developer.form, application)
  if (obstacleOf(developer, application) || Object.keys(faults).length > 0)
    return answerStart(parts, c, developer, { application, wanted, faults })
  const { db, issuer, sandbox, sealer, guard } = parts
  const redirectUri = `${issuer}${CALLBACK_PATH}`
  const client = await ensureTryClient(sandbox.context, { application, redirectUri })
  const empty: Run = { wanted, client, redirectUri, ...newRequestValues(), exchanges: [] }
  const run = await discover({ send: parts.send, issuer: sandbox.issuer }, empty)
  const id = await db.begin(async (sql) => {
    // So that two requests at once do not both keep the newest.
    await guard.holdLiveSession(sql, developer.resident)
    const owner = ownerOf(developer)
    return await createRun(sql, sealer, { owner, applicationId: application.id, run })
  })
  return c.redirect(`${tryPath(developer.team.id, application.id)}/${id}`, 303)
}

function readWanted(form: Form, { metadata }: OwnClient): { wanted: Wanted; faults: WantedFaults } {
  const text = (name: string) => {
    const [value] = [form[name]].flat()
    return typeof value === 'string' ? value.trim() : ''
  }
  const chosen = [form.scope].flat()
  const wanted: Wanted = {
    scope: metadata.scope.split(' ').filter((each) => chosen.includes(each)),
    prompt: text('prompt'),
    acrValues: text('acr_values'),
    claims: text('claims'),
    isPushed: text('par') === 'yes' || metadata.require_pushed_authorization_requests === true,
  }
  const isOffered =
    Object.hasOwn(PROMPTS, wanted.prompt) && Object.hasOwn(ACR_VALUES, wanted.acrValues)
  return {
    wanted,
    faults: {
      ...(wanted.scope.length === 0 ? { scope: 'Choose at least one scope.' } : {}),
      ...(isJsonObject(wanted.claims) ? {} : { claims: 'Enter a JSON object, or nothing.' }),
      ...(isOffered ? {} : { other: 'Choose prompt and acr_values from the lists.' }),
    },
  }
}

function isJsonObject(text: string): boolean {
  if (text === '') return true
  if (text.length > 2000) return false
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

const runOf = (c: Context<PageEnv>): string => {
  const id = c.req.param('run') ?? ''
  if (!isUuid(id)) throw notFound()
  return id
}

async function showRun(parts: TryParts, c: Context<PageEnv>): Promise<Response> {
  const developer = await requireMember(parts, c, 'developer')
  if (developer instanceof Response) return developer
  const application = await requireApplication(parts, c, developer)
  const { db, sealer, issuer, sandbox, forms } = parts
  const id = runOf(c)
  const owner = ownerOf(developer)
  const found = await findRun(db, sealer, { owner, applicationId: application.id, id })
  if (!found) throw notFound()
  const { run } = found
  const [idToken, isAccessTokenSigned] = await Promise.all([
    checkIdToken(run, sandbox.issuer),
    isSigned(run.tokens?.accessToken ?? '', run.keys),
  ])
  // The form that leaves redirects to the sandbox.
  setSecurityHeaders(c, { issuer, formTargets: [sandbox.issuer], copies: true })
  return c.html(
    tryRunPage(c.var.reader, {
      ...found,
      ...{ team: developer.team, application, id, issuer: sandbox.issuer },
      csrf: forms.create(developer.resident.session.uid),
      checks: { idToken, isAccessTokenSigned },
    }),
  )
}

/** Runs an action of a form on its run. Waits for a while for another one that is under way. */
async function change(
  parts: TryParts,
  { owner, id }: { owner: ReturnType<typeof ownerOf>; id: string },
  action: (run: Run) => Promise<Run>,
): Promise<void> {
  for (let tries = 0; tries < BUSY_TRIES; tries++) {
    const outcome = await changeRun(parts, { owner, id }, action)
    if (outcome === undefined) throw notFound()
    if (outcome === 'changed') return
    await setTimeout(BUSY_PAUSE_MS)
  }
}

async function act(parts: TryParts, c: Context<PageEnv>): Promise<Response> {
  const developer = await requireMemberForm(parts, c)
  const application = await requireApplication(parts, c, developer)
  const name = c.req.param('action') ?? ''
  const [action, shows] = (Object.hasOwn(ACTIONS, name) && ACTIONS[name]) || []
  if (!action) throw notFound()
  const { form } = developer
  const given = (name: string) => String([form[name]].flat()[0] ?? '').trim()
  const id = runOf(c)
  const letHourPass = (clientId: string) =>
    parts.sandbox.context.db.begin((sql) =>
      shiftTokens(sql, { accountIds: [], clientIds: [clientId] }, HOUR_SECONDS),
    )
  await change(parts, { owner: ownerOf(developer), id }, (run) =>
    action({ ...{ send: parts.send, issuer: parts.sandbox.issuer, given }, letHourPass }, run),
  )
  return c.redirect(`${tryPath(developer.team.id, application.id)}/${id}#${shows}`, 303)
}

/** Sends the browser to the authorization endpoint. */
async function goToSandbox(parts: TryParts, c: Context<PageEnv>): Promise<Response> {
  const developer = await requireMemberForm(parts, c)
  const application = await requireApplication(parts, c, developer)
  const id = runOf(c)
  let address: string | undefined
  await change(parts, { owner: ownerOf(developer), id }, async (run) => {
    if (!run.endpoints || run.callback) return run
    const left = await leave(parts, run)
    address = left.address
    return left.run
  })
  const back = `${tryPath(developer.team.id, application.id)}/${id}#authorization`
  return c.redirect(address ?? back, 303)
}
