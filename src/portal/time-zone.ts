import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { setTimeZone } from '../accounts/accounts.ts'
import { setSecurityHeaders } from '../web/html.ts'
import type { PageEnv } from '../web/reader.ts'
import { isTimeZone } from '../web/texts/formats.ts'
import type { Guard, GuardParts, Resident } from './guard.ts'
import { leaveNotice } from './notices.ts'
import { timeZonePage } from './time-zone-page.ts'

type Parts = GuardParts & { guard: Guard }

/** `/account/time-zone`: the zone in which the resident reads times, on pages and in mails. */
export function timeZoneRoutes(parts: Parts): Hono<PageEnv> {
  const { db, guard } = parts
  const routes = new Hono<PageEnv>()
  routes.use('/account/time-zone', bodyLimit({ maxSize: 16 * 1024 }))
  routes.get('/account/time-zone', async (c) => {
    const resident = await guard.findResident(c)
    return resident ? show(parts, c, resident) : guard.askToSignIn(c)
  })
  routes.post('/account/time-zone', async (c) => {
    const { resident, form } = await guard.requireForm(c)
    const chosen = form['time-zone'] || null
    if (chosen !== null && !isTimeZone(chosen)) return show(parts, c, resident, 400)
    await setTimeZone(db, resident.account.id, chosen)
    leaveNotice(parts, c, { name: 'time-zone-set' })
    return c.redirect('/account', 303)
  })
  return routes
}

function show(
  { config, issuer, forms }: Parts,
  c: Context<PageEnv>,
  { account, session }: Resident,
  status: 200 | 400 = 200,
): Response | Promise<Response> {
  const { reader } = c.var
  setSecurityHeaders(c, { issuer })
  return c.html(
    timeZonePage(reader, {
      csrf: forms.create(session.uid),
      chosen: account.timeZone,
      ofPortal: config.site.timeZone,
      zones: Intl.supportedValuesOf('timeZone'),
      error: status === 400 ? reader.texts.timeZone.unknown : undefined,
    }),
    status,
  )
}
