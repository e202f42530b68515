import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import {
  acceptLink,
  declineLink,
  endLink,
  findLinkRequest,
  listLinks,
} from '../id-verification/links.ts'
import type { Db } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import type { Vault } from '../platform/vault.ts'
import type { FormTokens } from '../web/form-tokens.ts'
import { setSecurityHeaders } from '../web/html.ts'
import { PageError } from '../web/page-error.ts'
import type { PageEnv } from '../web/reader.ts'
import type { Guard } from './guard.ts'
import { linkPage, linkSignInPage, linksPage, returnAddress } from './links-page.ts'

type Parts = { issuer: string; db: Db; vault: Vault; forms: FormTokens; guard: Guard; log: Log }

const TOKEN = /^[A-Za-z0-9_-]{43}$/
const RESUME_SECONDS = 15 * 60

const cookieName = (issuer: string) =>
  issuer.startsWith('https:') ? '__Host-resume-link' : 'resume-link'
const cookieOptions = (issuer: string) =>
  ({ path: '/', httpOnly: true, sameSite: 'Lax', secure: issuer.startsWith('https:') }) as const

/** Returns the path of the link that this browser opened before it signed in, and forgets it; or `undefined`. */
export function takeOpenedLink(c: Context, issuer: string): string | undefined {
  const token = getCookie(c, cookieName(issuer))
  if (token === undefined) return undefined
  deleteCookie(c, cookieName(issuer), cookieOptions(issuer))
  return TOKEN.test(token) ? `/link/${token}` : undefined
}

/** `/link` and `/links`: a resident links a tenant's subject to their account, lists the links and ends them. */
export function linkRoutes({ issuer, db, vault, forms, guard, log }: Parts): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  for (const path of ['/link/*', '/links/*']) routes.use(path, bodyLimit({ maxSize: 16 * 1024 }))
  // The same response for a link that was used, has expired or never existed.
  const unusable = () => new PageError(404, 'not_found', ({ errors }) => errors.linkUsed)
  const requireRequest = async (token: string) => {
    const request = TOKEN.test(token) ? await findLinkRequest(db, token) : undefined
    if (!request) throw unusable()
    return request
  }

  routes.get('/link/:token', async (c) => {
    const token = c.req.param('token')
    const { tenant, displayName, isTrusted, returnUrl } = await requireRequest(token)
    const resident = await guard.findResident(c)
    if (!resident) {
      setCookie(c, cookieName(issuer), token, { ...cookieOptions(issuer), maxAge: RESUME_SECONDS })
      setSecurityHeaders(c, { issuer })
      return c.html(linkSignInPage(c.var.reader, { displayName }))
    }
    const links = await listLinks(db, resident.account.id)
    setSecurityHeaders(c, { issuer, formTargets: returnUrl === null ? [] : [returnUrl] })
    return c.html(
      linkPage(c.var.reader, {
        action: `/link/${token}`,
        csrf: forms.create(resident.session.uid),
        displayName,
        isTrusted,
        replaces: links.find((link) => link.tenant === tenant)?.linkedAt,
      }),
    )
  })

  routes.post('/link/:token', async (c) => {
    const { resident, form } = await guard.requireForm(c)
    const token = c.req.param('token')
    await requireRequest(token)
    const accountId = resident.account.id
    if ('decline' in form) {
      const declined = await declineLink(db, token)
      if (!declined) throw unusable()
      log.info('subject link declined', { subjectId: declined.subjectId })
      return c.redirect(returnAddress(declined, 'declined'), 303)
    }
    const confirmation = await guard.requireRecentSignIn(c, resident, form)
    if (confirmation) return confirmation
    const linked = await acceptLink(
      { db, vault },
      { token, accountId, hold: (sql) => guard.holdLiveSession(sql, resident) },
    )
    if (!linked) throw unusable()
    if (linked === 'linked-elsewhere')
      throw new PageError(409, 'conflict', ({ errors }) => errors.linkedElsewhere)
    log.info('subject linked', { accountId, subjectId: linked.subjectId })
    return c.redirect('/links', 303)
  })

  routes.get('/links', async (c) => {
    const resident = await guard.findResident(c)
    if (!resident) return guard.askToSignIn(c)
    const links = await listLinks(db, resident.account.id)
    setSecurityHeaders(c, { issuer })
    return c.html(linksPage(c.var.reader, { links, csrf: forms.create(resident.session.uid) }))
  })

  // Ending a link requires no confirmation, because it only reduces access.
  routes.post('/links/:subjectId/end', async (c) => {
    const { resident } = await guard.requireForm(c)
    const subjectId = c.req.param('subjectId')
    const accountId = resident.account.id
    if (await endLink(db, { subjectId, accountId }))
      log.info('subject link ended', { accountId, subjectId })
    return c.redirect('/links', 303)
  })
  return routes
}
