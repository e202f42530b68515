import { Hono } from 'hono'
import { findLongestRetention } from '../id-verification/retention.ts'
import type { Db } from '../platform/db.ts'
import { setSecurityHeaders } from '../web/html.ts'
import type { PageEnv } from '../web/reader.ts'
import { accessibilityPage, contactPage, helpPage, privacyPage } from './about-pages.ts'

/** `/help`, `/contact`, `/privacy` and `/accessibility`: for everybody, signed in or not. */
export function aboutRoutes({
  issuer,
  db,
  config: { securityContacts },
}: {
  issuer: string
  db: Db
  config: { securityContacts: readonly string[] }
}): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  routes.get('/help', (c) => {
    setSecurityHeaders(c, { issuer })
    return c.html(helpPage(c.var.reader))
  })
  routes.get('/contact', (c) => {
    setSecurityHeaders(c, { issuer })
    return c.html(contactPage(c.var.reader, { hasSecurityTxt: securityContacts.length > 0 }))
  })
  routes.get('/privacy', async (c) => {
    const retention = await findLongestRetention(db)
    setSecurityHeaders(c, { issuer })
    return c.html(privacyPage(c.var.reader, retention))
  })
  routes.get('/accessibility', (c) => {
    setSecurityHeaders(c, { issuer })
    return c.html(accessibilityPage(c.var.reader))
  })
  return routes
}
