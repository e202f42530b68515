import { timingSafeEqual } from 'node:crypto'
import { Hono } from 'hono'
import type { Db } from '../db.ts'
import { ApiError } from '../errors.ts'
import { securityHeaders } from '../html.ts'
import type { Log } from '../log.ts'
import { hashSecret } from '../secrets.ts'
import { askSoon, listReturnStates } from './store.ts'
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
    const verificationId = await matchReturn(db, one(sessionId), one(state))
    // The same words whatever was wrong: they tell nobody which sessions exist.
    if (verificationId === undefined)
      throw new ApiError(
        400,
        'invalid_callback',
        'This address does not belong to an identity check that was started here. If you have just finished one, its result appears with your documents by itself.',
      )
    await askSoon(db, verificationId)
    log.info('browser returned', { verificationId })
    return c.redirect('/', 303)
  })

  routes.get('/callbacks/:vendor', (c, next) =>
    isVendorName(c.req.param('vendor')) ? Promise.resolve(c.redirect('/', 303)) : next(),
  )
  return routes
}

const one = (values: string[]) => (values.length === 1 ? (values[0] ?? '') : '')

/** Our verification, where the state is the one that was sent with this session; compared in constant time. */
async function matchReturn(db: Db, sessionId: string, state: string): Promise<string | undefined> {
  if (!PLAUSIBLE.test(sessionId) || !PLAUSIBLE.test(state)) return undefined
  const given = hashSecret(state)
  const found = await listReturnStates(db, 'mosaic', sessionId)
  // Compared also where there is none, so that the answer takes as long.
  const [first = { id: undefined, stateSha256: NO_STATE }, ...others] = found
  return [first, ...others].find(({ stateSha256 }) => timingSafeEqual(stateSha256, given))?.id
}
