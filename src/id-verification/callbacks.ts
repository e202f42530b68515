import { timingSafeEqual } from 'node:crypto'
import { Hono } from 'hono'
import type { Db } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import { hashSecret } from '../platform/secrets.ts'
import { setSecurityHeaders } from '../web/html.ts'
import { PageError } from '../web/page-error.ts'
import type { PageEnv } from '../web/reader.ts'
import { findByState, listReturnStates, type ReturningSession, scheduleRecheck } from './store.ts'
import { isVendorName } from './vendors/vendor-names.ts'

// Printable ASCII, as all states and vendors' session ids are.
const SESSION_OR_STATE = /^[\x21-\x7e]{1,300}$/
const HASH_OF_NO_STATE = hashSecret('')

/**
 * `GET /callbacks/:vendor`: the browser returns from the vendor. Anybody can construct this address, so it decides nothing. When it
 * proves that it belongs to a session of ours, the session's result is fetched from the vendor at once.
 */
export function callbackRoutes({
  issuer,
  db,
  log,
}: {
  issuer: string
  db: Db
  log: Log
}): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  routes.use('/callbacks/*', async (c, next) => {
    setSecurityHeaders(c, { issuer })
    await next()
  })

  routes.get('/callbacks/mosaic', async (c) => {
    const { sessionId = [], state = [] } = c.req.queries()
    const session = await findReturningSession(db, singleValue(sessionId), singleValue(state))
    // The same text for every fault, so that it does not reveal which sessions exist.
    if (!session) throw new PageError(400, 'invalid_callback', ({ errors }) => errors.unknownReturn)
    await scheduleRecheck(db, session.id)
    log.info('browser returned', { verificationId: session.id })
    return c.redirect(returnAddress(session), 303)
  })

  // The name of the integration is for deliveries to the same address; the state says it all here.
  for (const path of ['/callbacks/:vendor', '/callbacks/:vendor/:integration'])
    routes.get(path, async (c, next) => {
      const vendor = c.req.param('vendor') ?? ''
      if (!isVendorName(vendor)) return next()
      const state = singleValue(c.req.queries('state') ?? [])
      const session = SESSION_OR_STATE.test(state)
        ? await findByState(db, vendor, hashSecret(state))
        : undefined
      if (!session) return c.redirect('/', 303)
      await scheduleRecheck(db, session.id)
      log.info('browser returned', { verificationId: session.id })
      return c.redirect(returnAddress(session), 303)
    })
  return routes
}

/**
 * The return address that was given when the session was started, with the verification's id and the `state`; for a resident of the
 * portal the page that shows how far the verification is.
 */
function returnAddress({ id, returnUrl, returnState, isOwn }: ReturningSession): string {
  if (returnUrl === null) return isOwn ? `/verify/${id}` : '/'
  const url = new URL(returnUrl)
  url.searchParams.set('verificationId', id)
  if (returnState !== null) url.searchParams.set('state', returnState)
  return url.href
}

const singleValue = (values: string[]) => (values.length === 1 ? (values[0] ?? '') : '')

/** The verification of this session, when the state is the one that was sent with it. Compared in constant time. */
async function findReturningSession(
  db: Db,
  sessionId: string,
  state: string,
): Promise<ReturningSession | undefined> {
  if (!SESSION_OR_STATE.test(sessionId) || !SESSION_OR_STATE.test(state)) return undefined
  const given = hashSecret(state)
  const found = await listReturnStates(db, 'mosaic', sessionId)
  // Compared also when no session was found, so that the response takes as long.
  const isNoState = timingSafeEqual(HASH_OF_NO_STATE, given)
  const session = found.find(({ stateSha256 }) => timingSafeEqual(stateSha256, given))
  return isNoState ? undefined : session
}
