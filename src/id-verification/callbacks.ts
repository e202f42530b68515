import { timingSafeEqual } from 'node:crypto'
import { Hono } from 'hono'
import type { Db } from '../platform/db.ts'
import { ApiError } from '../platform/errors.ts'
import type { Log } from '../platform/log.ts'
import { hashSecret } from '../platform/secrets.ts'
import { securityHeaders } from '../web/html.ts'
import { findByState, listReturnStates, type ReturningSession, scheduleRecheck } from './store.ts'
import { isVendorName } from './vendors/vendor.ts'

// Others are none of ours, or of any vendor's.
const PLAUSIBLE = /^[\x21-\x7e]{1,300}$/
const NO_STATE = hashSecret('')

/**
 * `GET /callbacks/:vendor`: the browser comes back from the vendor. Anybody can write this address, so it decides nothing:
 * where it proves that it belongs to a session of ours, the vendor is asked at once.
 */
export function callbackRoutes({ issuer, db, log }: { issuer: string; db: Db; log: Log }): Hono {
  const routes = new Hono()
  routes.use('/callbacks/*', async (c, next) => {
    for (const [name, value] of Object.entries(securityHeaders({ issuer }))) c.header(name, value)
    await next()
  })

  routes.get('/callbacks/mosaic', async (c) => {
    const { sessionId = [], state = [] } = c.req.queries()
    const session = await matchReturn(db, one(sessionId), one(state))
    // The same words whatever was wrong: they tell nobody which sessions exist.
    if (!session)
      throw new ApiError(
        400,
        'invalid_callback',
        'This address does not belong to an identity check that was started here. If you have just finished one, its result appears with your documents by itself.',
      )
    await scheduleRecheck(db, session.id)
    log.info('browser returned', { verificationId: session.id })
    return c.redirect(returnAddress(session), 303)
  })

  routes.get('/callbacks/:vendor', async (c, next) => {
    const vendor = c.req.param('vendor')
    if (!isVendorName(vendor)) return next()
    const state = one(c.req.queries('state') ?? [])
    const session = PLAUSIBLE.test(state)
      ? await findByState(db, vendor, hashSecret(state))
      : undefined
    return c.redirect(session ? returnAddress(session) : '/', 303)
  })
  return routes
}

/** To where whoever started the session wanted the person back, with what they wanted back. */
function returnAddress({ id, returnUrl, returnState }: ReturningSession): string {
  if (returnUrl === null) return '/'
  const url = new URL(returnUrl)
  url.searchParams.set('verificationId', id)
  if (returnState !== null) url.searchParams.set('state', returnState)
  return url.href
}

const one = (values: string[]) => (values.length === 1 ? (values[0] ?? '') : '')

/** Our verification, where the state is the one that was sent with this session; compared in constant time. */
async function matchReturn(
  db: Db,
  sessionId: string,
  state: string,
): Promise<ReturningSession | undefined> {
  if (!PLAUSIBLE.test(sessionId) || !PLAUSIBLE.test(state)) return undefined
  const given = hashSecret(state)
  const found = await listReturnStates(db, 'mosaic', sessionId)
  // Compared also where there is none, so that the answer takes as long.
  const isNobodys = timingSafeEqual(NO_STATE, given)
  const session = found.find(({ stateSha256 }) => timingSafeEqual(stateSha256, given))
  return isNobodys ? undefined : session
}
