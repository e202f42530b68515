import { readFileSync } from 'node:fs'
import { Hono } from 'hono'
import type { PageEnv } from '../web/reader.ts'
import type { Guard } from './guard.ts'

const favicon = readFileSync(new URL('../web/favicon.ico', import.meta.url))

const DAY_MS = 24 * 3600_000
// RFC 9116 §2.5.5 recommends less than a year.
const SECURITY_TXT_LIFE_DAYS = 180

/** Well-known addresses: the icon, `security.txt` and `change-password`. */
export function wellKnownRoutes({
  issuer,
  guard,
  config: { securityContacts },
}: {
  issuer: string
  guard: Guard
  /** URIs (RFC 9116 §2.5.3); without one there is no `security.txt`. */
  config: { securityContacts: readonly string[] }
}): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  routes.get('/favicon.ico', (c) =>
    c.body(favicon, 200, {
      'Content-Type': 'image/x-icon',
      'Cache-Control': 'public, max-age=86400',
    }),
  )
  // https://w3c.github.io/webappsec-change-password-url/
  routes.get('/.well-known/change-password', async (c) =>
    c.redirect((await guard.findResident(c)) ? '/account#password' : '/reset', 303),
  )
  if (securityContacts.length > 0)
    routes.get('/.well-known/security.txt', (c) =>
      c.text(securityTxt({ issuer, contacts: securityContacts, now: Date.now() }), 200, {
        'Cache-Control': 'public, max-age=3600',
      }),
    )
  return routes
}

/** RFC 9116. It expires half a year after `now` (milliseconds), at the start of a day in UTC. */
function securityTxt({
  issuer,
  contacts,
  now,
}: {
  issuer: string
  contacts: readonly string[]
  now: number
}): string {
  const expires = new Date(Math.floor(now / DAY_MS) * DAY_MS + SECURITY_TXT_LIFE_DAYS * DAY_MS)
  return [
    ...contacts.map((contact) => `Contact: ${contact}`),
    `Expires: ${expires.toISOString()}`,
    'Preferred-Languages: en',
    `Canonical: ${issuer}/.well-known/security.txt`,
    '',
  ].join('\n')
}
