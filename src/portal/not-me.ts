import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { findAccount } from '../accounts/accounts.ts'
import { createCase } from '../accounts/cases.ts'
import { deleteUnusedLinks } from '../accounts/mail-links.ts'
import { factorChangedMail, type MailContext, sendLetter } from '../accounts/mails.ts'
import { lockFactors, removeFactorsSince } from '../accounts/second-factor.ts'
import {
  consumeNotice,
  findNotice,
  findUsedNotice,
  forgetBrowsers,
  type Notice,
} from '../accounts/security-notices.ts'
import { findClientName } from '../clients/clients.ts'
import { endTokenFamilies, freezeConsent } from '../consents/consents.ts'
import { endSessions } from '../oauth/sessions.ts'
import type { Db } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import type { Vault } from '../platform/vault.ts'
import { readForm } from '../web/form-body.ts'
import type { FormTokens } from '../web/form-tokens.ts'
import { type Html, setSecurityHeaders } from '../web/html.ts'
import { PageError } from '../web/page-error.ts'
import type { PageEnv, Reader } from '../web/reader.ts'
import type { SecurityEvents } from '../web/security-events.ts'
import { notMeDonePage, notMePage } from './not-me-pages.ts'

type Parts = MailContext & {
  issuer: string
  db: Db
  forms: FormTokens
  vault: Vault
  security: SecurityEvents
  log: Log
}

const TOKEN = ':token{[\\w-]{43}}' as const

/** `/not-me`: a resident reports a sign-in or a consent by somebody else, with the link of a mail and without signing in. */
export function notMeRoutes(parts: Parts): Hono<PageEnv> {
  const { issuer, db, forms, security, log } = parts
  const routes = new Hono<PageEnv>()
  routes.use('/not-me/*', bodyLimit({ maxSize: 16 * 1024 }))

  function show(c: Context<PageEnv>, page: Html) {
    setSecurityHeaders(c, { issuer })
    return c.html(page)
  }
  const linkExpired = () => new PageError(410, 'link_expired', ({ errors }) => errors.noticeExpired)

  async function aboutOf({ texts }: Reader, { clientId }: Notice) {
    if (clientId === null) return { kind: 'sign-in' } as const
    const clientName = (await findClientName(db, clientId)) ?? texts.notMe.theApplication
    const path = `/applications/${encodeURIComponent(clientId)}`
    return { kind: 'consent', clientName, path } as const
  }

  routes.get(`/not-me/${TOKEN}`, async (c) => {
    const token = c.req.param('token')
    const notice = await findNotice(db, token)
    if (!notice) throw linkExpired()
    const csrf = forms.create(`not-me ${token}`)
    const about = await aboutOf(c.var.reader, notice)
    return show(c, notMePage(c.var.reader, { action: `/not-me/${token}`, csrf, about }))
  })

  routes.post(`/not-me/${TOKEN}`, async (c) => {
    const token = c.req.param('token')
    const { csrf } = await readForm(c)
    forms.require(c.req.raw, `not-me ${token}`, csrf)
    const report = await db.begin(async (sql) => {
      const notice = await consumeNotice(sql, token)
      if (!notice) throw linkExpired()
      await lockFactors(sql, notice.accountId)
      const { accountId, clientId, sessionUid } = notice
      if (clientId !== null) await freezeConsent(sql, { accountId, clientId })
      await endSessions(sql, parts, accountId, { uid: sessionUid })
      // Mail links requested in any browser become invalid, and no browser counts as known any more.
      await deleteUnusedLinks(sql, accountId)
      await forgetBrowsers(sql, accountId)
      if (notice.kind === 'sign-in') {
        await endTokenFamilies(sql, accountId, { sessionUid })
        const account = await findAccount(sql, parts.vault, accountId)
        const removed = await removeFactorsSince(sql, accountId, notice.createdAt)
        if (removed && account) await sendLetter(sql, parts, account, factorChangedMail('disowned'))
      }
      return { ...notice, caseId: await createCase(sql, notice) }
    })
    const { caseId, kind, accountId, clientId } = report
    security.emit(clientId === null ? 'session_disowned' : 'access_frozen', {
      accountId,
      clientId: clientId ?? undefined,
    })
    log.warn('security case opened', { caseId, kind, accountId, clientId: clientId ?? undefined })
    return c.redirect(`/not-me/${token}/done`, 303)
  })

  routes.get(`/not-me/${TOKEN}/done`, async (c) => {
    const notice = await findUsedNotice(db, c.req.param('token'))
    if (!notice) throw linkExpired()
    const about = await aboutOf(c.var.reader, notice)
    return show(c, notMeDonePage(c.var.reader, { about }))
  })
  return routes
}
