import { type Context, Hono } from 'hono'
import { findTeamOf } from '../clients/team-clients.ts'
import { findTriedApplication } from '../clients/try-clients.ts'
import type { Sql } from '../platform/db.ts'
import { isUuid } from '../platform/uuid.ts'
import {
  findRequests,
  type ListedRequest,
  listRequests,
  type RequestFilter,
} from '../request-log/store.ts'
import { setSecurityHeaders } from '../web/html.ts'
import type { PageEnv } from '../web/reader.ts'
import {
  type DeveloperContext,
  notFound,
  type Place,
  requireApplication,
  requireMember,
} from './access.ts'
import {
  ENDPOINTS,
  requestPage,
  requestSearchPage,
  requestsPage,
  requestsPath,
} from './requests-pages.ts'
import { findMembership } from './teams.ts'

const PAGE_SIZE = 50
const DAY_MS = 24 * 60 * 60_000

/** The request log of an application, and the search by request id that error pages link to. */
export function requestRoutes(parts: DeveloperContext): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  routes.get('/developers/requests', (c) => search(parts, c))
  routes.get('/developers/:team/:place/:client/requests', (c) => showRequests(parts, c))
  routes.get('/developers/:team/:place/:client/requests/:request', (c) => showRequest(parts, c))
  return routes
}

/** Leads to the request, wherever a team of this developer has it. Another team's is answered like one that does not exist. */
async function search(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const { db, issuer, guard, sandbox } = parts
  const resident = await guard.findResident(c)
  if (!resident) return guard.askToSignIn(c)
  const given = c.req.query('id')?.trim() ?? ''
  const places: [Place, typeof db][] = [['production', db]]
  if (sandbox) places.push(['sandbox', sandbox.context.db])
  for (const [place, placeDb] of isUuid(given) ? places : [])
    for (const { clientId, requestId } of await findRequests(placeDb, given)) {
      const teamId = await findTeamOf(placeDb, clientId)
      const accountId = resident.account.id
      if (teamId && (await findMembership(db, { teamId, accountId })))
        return c.redirect(
          `${requestsPath(teamId, place, await applicationOf(placeDb, clientId))}/${requestId}`,
          303,
        )
    }
  setSecurityHeaders(c, { issuer })
  const isMissing = c.req.query('id') !== undefined
  return c.html(requestSearchPage(c.var.reader, { given, isMissing }), isMissing ? 404 : 200)
}

/** What is tried in the console is looked up with the application that it tries. */
const applicationOf = async (sql: Sql, clientId: string): Promise<string> =>
  (await findTriedApplication(sql, clientId)) ?? clientId

async function showRequests(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const opened = await openLog(parts, c)
  if (opened instanceof Response) return opened
  const { db, shown } = opened
  const clientId = shown.client.id
  const days = lastDays(Date.now())
  const filter = readFilter(c, days)
  const before = /^\d{1,18}$/.exec(c.req.query('before') ?? '')?.[0]
  // One more than is shown says whether there are older ones.
  const found = await listRequests(db, { clientId, before, limit: PAGE_SIZE + 1, ...filter })
  const requests = found.slice(0, PAGE_SIZE)
  const older = found.length > PAGE_SIZE ? requests.at(-1)?.id : undefined
  setSecurityHeaders(c, { issuer: parts.issuer })
  return c.html(
    requestsPage(c.var.reader, { ...shown, requests, filter, days, older, isFirst: !before }),
  )
}

async function showRequest(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const opened = await openLog(parts, c)
  if (opened instanceof Response) return opened
  const { db, shown } = opened
  const requestId = c.req.param('request') ?? ''
  const found = isUuid(requestId) ? await findRequests(db, requestId) : []
  let request: ListedRequest | undefined
  for (const each of found)
    if ((await applicationOf(db, each.clientId)) === shown.client.id) request ??= each
  if (!request) throw notFound()
  setSecurityHeaders(c, { issuer: parts.issuer })
  return c.html(requestPage(c.var.reader, { ...shown, request }))
}

async function openLog(parts: DeveloperContext, c: Context<PageEnv>) {
  const developer = await requireMember(parts, c)
  if (developer instanceof Response) return developer
  const { team } = developer
  const { db, place, client } = await requireApplication(parts, c, team)
  return { db, shown: { team, place, client } }
}

/** What is not one of the choices of the form is not looked at. */
function readFilter(c: Context<PageEnv>, days: readonly string[]): RequestFilter {
  const endpoint = c.req.query('endpoint')
  const day = c.req.query('day')
  const isKnown = Object.values(ENDPOINTS).some((names) => names.includes(endpoint ?? ''))
  return {
    endpoint: isKnown ? endpoint : undefined,
    day: day && days.includes(day) ? day : undefined,
    onlyFailures: c.req.query('failures') === '1',
  }
}

/** The days for which there can be requests, in UTC. */
const lastDays = (now: number): string[] =>
  Array.from({ length: 8 }, (_, ago) => new Date(now - ago * DAY_MS).toISOString().slice(0, 10))
