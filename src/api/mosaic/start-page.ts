import { Hono } from 'hono'
import { z } from 'zod'
import { awaitsPerson } from '../../id-verification/reading.ts'
import type { Db } from '../../platform/db.ts'
import type { Sealer } from '../../platform/secrets.ts'
import { setSecurityHeaders } from '../../web/html.ts'
import { PageError } from '../../web/page-error.ts'
import type { PageEnv } from '../../web/reader.ts'

const CONTEXT = 'start_token'

// Without an address where there is no page for the person: of `manual`.
const startSchema = z.object({
  sessionId: z.uuid(),
  url: z.url().nullable(),
  expiresAt: z.coerce.date(),
})
type Start = z.infer<typeof startSchema>

/** The `start_token` of a session: the vendor's page, sealed, so that nothing is stored that opens the session. */
export const createStartToken = (sealer: Sealer, start: Start): string =>
  sealer.seal(JSON.stringify(start), CONTEXT)

function readStartToken(sealer: Sealer, token: string): Start | undefined {
  try {
    return startSchema.parse(JSON.parse(sealer.open(token, CONTEXT)))
  } catch {
    // Altered, or sealed under a key that was dropped since: for the person it is a link that does not work.
    return undefined
  }
}

/** `GET /app/{start_token}`: leads the person to the vendor's page while the session is open. */
export function startPageRoutes({
  issuer,
  db,
  sealer,
}: {
  issuer: string
  db: Db
  sealer: Sealer
}): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  routes.get('/app/:token', async (c) => {
    setSecurityHeaders(c, { issuer })
    const start = readStartToken(sealer, c.req.param('token'))
    const isOpen =
      start && start.expiresAt > new Date() && (await awaitsPerson(db, start.sessionId))
    if (!isOpen || start.url === null)
      throw new PageError(404, 'not_found', ({ errors }) => errors.checkEnded)
    return c.redirect(start.url, 303)
  })
  return routes
}
