import { type Context, Hono } from 'hono'
import { listSeenEvents } from '../events/attempts.ts'
import { announceTest } from '../events/events.ts'
import { replayEvent, replayFailed, resumeEvents } from '../events/store.ts'
import {
  endHold,
  findStream,
  listSecretTimes,
  removeStream,
  resumeStream,
  rotateSigningSecret,
  rotateStreamToken,
  setStream,
} from '../events/streams.ts'
import { isUuid } from '../platform/uuid.ts'
import { setSecurityHeaders } from '../web/html.ts'
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
  roleToChange,
} from './access.ts'
import { applicationPath } from './application-frame.ts'
import { requireCreation } from './creation-limits.ts'
import { type Endpoint, findEndpointFaults, readEndpoint } from './events-endpoint.ts'
import { eventsPage, type Issued } from './events-page.ts'
import type { FieldFaults } from './fields.ts'
import { includesRole } from './teams.ts'

const PAGE = '/developers/:team/:place/:client/events'
const EVENTS_A_PAGE = 20
const TESTS_A_MINUTE = 5

/** Where the events of an application go, and what became of each. */
export function eventConsoleRoutes(parts: DeveloperContext): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  routes.get(PAGE, (c) => showEvents(parts, c))
  routes.post(`${PAGE}/:action`, (c) => takeAction(parts, c))
  return routes
}

async function showEvents(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const developer = await requireMember(parts, c)
  if (developer instanceof Response) return developer
  return show(parts, c, developer, await requireApplication(parts, c, developer.team))
}

type Outcome = {
  entered?: Endpoint
  faults?: FieldFaults
  /** Of a form other than the endpoint's. */
  problem?: string
  /** Shown once. */
  issued?: Issued
}

async function show(
  parts: DeveloperContext,
  c: Context<PageEnv>,
  { resident, team }: Developer,
  { db, sealer, client, place }: Application,
  outcome: Outcome = {},
): Promise<Response> {
  const before = c.req.query('before')
  const failed = c.req.query('state') === 'failed'
  const of = { clientId: client.id, failed, limit: EVENTS_A_PAGE + 1 }
  const [stream, secrets, events] = await Promise.all([
    findStream(db, client.id),
    listSecretTimes(db, client.id),
    listSeenEvents(db, sealer, {
      ...of,
      before: before !== undefined && isUuid(before) ? before : undefined,
    }),
  ])
  setSecurityHeaders(c, { issuer: parts.issuer })
  const isRefused = outcome.faults !== undefined || outcome.problem !== undefined
  return c.html(
    eventsPage(c.var.reader, {
      ...{ team, place, client, stream, secrets, failed },
      csrf: parts.forms.create(resident.session.uid),
      events: events.slice(0, EVENTS_A_PAGE),
      isMore: events.length > EVENTS_A_PAGE,
      mayAct: includesRole(team.role, 'developer') && !team.isSuspended,
      maySet: includesRole(team.role, roleToChange(place)) && !team.isSuspended,
      ...outcome,
    }),
    isRefused ? 400 : 200,
  )
}

type Doing = { parts: DeveloperContext; application: Application; form: Form }
/** `undefined`: done, and the page is shown anew. */
type Action = { isSecret?: true; run(doing: Doing): Promise<Outcome | undefined> }

/** By the last part of the address. Those that reveal or replace a secret, or send elsewhere, need a recent sign-in, and in production an owner. */
const ACTIONS: ReadonlyMap<string, Action> = new Map(
  Object.entries({
    set: { isSecret: true, run: set },
    remove: { isSecret: true, run: remove },
    'rotate-secret': { isSecret: true, run: rotateSecret },
    'rotate-token': { isSecret: true, run: rotateToken },
    resume: { run: resume },
    test: { run: sendTest },
    replay: { run: replay },
    'replay-failed': { run: replayAllFailed },
  } satisfies Record<string, Action>),
)

async function takeAction(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const action = ACTIONS.get(c.req.param('action') ?? '')
  const role = action?.isSecret ? roleToChange(c.req.param('place')) : 'developer'
  const developer = await requireMemberForm(parts, c, role)
  const { team, resident, form } = developer
  const application = await requireApplication(parts, c, team)
  if (!action) throw notFound()
  if (action.isSecret) {
    const confirmation = await parts.guard.requireRecentSignIn(c, resident, form)
    if (confirmation) return confirmation
  }
  await requireCreation(parts, c, resident.account.id)
  const outcome = await action.run({ parts, application, form })
  if (outcome) return show(parts, c, developer, application, outcome)
  const { place, client } = application
  parts.log.info('events changed', { action: c.req.param('action'), place, clientId: client.id })
  return c.redirect(applicationPath(team.id, place, client.id, '/events'), 303)
}

async function set({ application, form }: Doing): Promise<Outcome | undefined> {
  const { db, sealer, outbound, client } = application
  const entered = readEndpoint(form)
  const faults = await findEndpointFaults(outbound, entered)
  if (Object.keys(faults).length > 0) return { entered, faults }
  const { delivery, url, authorization } = entered
  const before = await findStream(db, client.id)
  const stream = await db.begin((sql) =>
    setStream(sql, sealer, {
      clientId: client.id,
      delivery,
      // Only the operator chooses another format.
      format: delivery === 'webhook' ? before?.format : undefined,
      endpoint: delivery === 'poll' ? undefined : url,
      authorization: delivery === 'push' && authorization !== '' ? authorization : undefined,
    }),
  )
  if (!stream) throw notFound()
  return stream.events_token || stream.signing_secret
    ? { issued: { token: stream.events_token, secret: stream.signing_secret } }
    : undefined
}

async function remove({ application: { db, client } }: Doing): Promise<undefined> {
  await db.begin((sql) => removeStream(sql, client.id))
}

async function rotateSecret({ application, form }: Doing): Promise<Outcome> {
  const { db, sealer, client } = application
  const keepHours = [0, 1, 24, 168].find((hours) => String(hours) === form['keep-hours']) ?? 24
  const secret = await db.begin((sql) =>
    rotateSigningSecret(sql, sealer, { clientId: client.id, keepHours }),
  )
  return secret === undefined ? { problem: NO_STREAM } : { issued: { secret, token: undefined } }
}

async function rotateToken({ application: { db, client } }: Doing): Promise<Outcome> {
  const token = await rotateStreamToken(db, client.id)
  return token === undefined ? { problem: NO_STREAM } : { issued: { token, secret: undefined } }
}

const NO_STREAM = 'There is no such endpoint any more: somebody has changed it in the meantime.'

async function resume({ application: { db, client } }: Doing): Promise<Outcome | undefined> {
  const isResumed = await db.begin(async (sql) => {
    if (!(await resumeStream(sql, client.id))) return false
    await resumeEvents(sql, client.id)
    return true
  })
  return isResumed ? undefined : { problem: NO_STREAM }
}

async function sendTest({
  application: { db, sealer, client },
}: Doing): Promise<Outcome | undefined> {
  const stream = await findStream(db, client.id)
  if (!stream) return { problem: NO_STREAM }
  if (stream.format === 'kora')
    return { problem: 'This stream has the format of Kora, which has no test event.' }
  const latest = await listSeenEvents(db, sealer, { clientId: client.id, limit: TESTS_A_MINUTE })
  const isTooOften =
    latest.length === TESTS_A_MINUTE &&
    latest.every(
      ({ kind, occurredAt }) => kind === 'test' && Date.now() - occurredAt.getTime() < 60_000,
    )
  if (isTooOften) return { problem: 'Wait a minute before you send another test event.' }
  await announceTest(db, client.id)
  await endHold(db, client.id)
  return undefined
}

async function replay({ application: { db, client }, form }: Doing): Promise<undefined> {
  if (!(await replayEvent(db, String(form.event ?? ''), client.id))) throw notFound()
  await endHold(db, client.id)
}

async function replayAllFailed({ application, form }: Doing): Promise<Outcome | undefined> {
  const { db, client } = application
  // Without a zone, the field's time is in UTC, as its label says.
  const since = new Date(`${String(form.since ?? '')}Z`)
  if (Number.isNaN(since.getTime()))
    return { problem: 'Enter since when, as a day and a time: 2026-03-04T15:30.' }
  await replayFailed(db, client.id, since)
  await endHold(db, client.id)
  return undefined
}
