import { Hono } from 'hono'
import { z } from 'zod'
import { awaitsPerson } from '../../id-verification/reading.ts'
import type { Db } from '../../platform/db.ts'
import { ApiError } from '../../platform/errors.ts'
import type { Sealer } from '../../platform/secrets.ts'
import { setSecurityHeaders } from '../../web/html.ts'

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
}): Hono {
  const routes = new Hono()
  routes.get('/app/:token', async (c) => {
    setSecurityHeaders(c, { issuer })
    const start = readStartToken(sealer, c.req.param('token'))
    const isOpen =
      start && start.expiresAt > new Date() && (await awaitsPerson(db, start.sessionId))
    if (!isOpen || start.url === null)
      throw new ApiError(
        404,
        'not_found',
        'This identity check has ended, or its link is incomplete. Ask the organisation that sent it for a new link.',
      )
    return c.redirect(start.url, 303)
  })
  return routes
}
