import { type Context, Hono } from 'hono'
import { setSecurityHeaders } from '../web/html.ts'
import type { PageEnv } from '../web/reader.ts'
import { type DeveloperContext, requireApplication, requireMember } from './access.ts'
import { overviewPage } from './overview-page.ts'

/** `/developers/:team/:place/:client`: what a program needs to know of an application. */
export function overviewRoutes(parts: DeveloperContext): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  routes.get('/developers/:team/:place/:client', (c) => showOverview(parts, c))
  return routes
}

async function showOverview(parts: DeveloperContext, c: Context<PageEnv>): Promise<Response> {
  const developer = await requireMember(parts, c)
  if (developer instanceof Response) return developer
  const { team } = developer
  const { client, place, issuer } = await requireApplication(parts, c, team)
  setSecurityHeaders(c, { issuer: parts.issuer, copies: true })
  return c.html(overviewPage(c.var.reader, { team, place, client, issuer }))
}
