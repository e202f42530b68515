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
import { endTokenFamilies, freezeConsent, freezeLiveConsent } from '../consents/consents.ts'
import { endSessions } from '../oauth/sessions.ts'
import type { Db, Sql } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import type { Vault } from '../platform/vault.ts'
import { readForm } from '../web/form-body.ts'
import type { FormTokens } from '../web/form-tokens.ts'
import { type Html, setSecurityHeaders } from '../web/html.ts'
import { PageError } from '../web/page-error.ts'
import type { PageEnv, Reader } from '../web/reader.ts'
import type { SecurityEvents } from '../web/security-events.ts'
import { type About, notMeDonePage, notMePage } from './not-me-pages.ts'
import { openEntryCase } from './unexpected.ts'

type Parts = MailContext & {
  issuer: string
  db: Db
  forms: FormTokens
  vault: Vault
  security: SecurityEvents
  log: Log
}

const TOKEN = ':token{[\\w-]{43}}' as const

const linkExpired = () => new PageError(410, 'link_expired', ({ errors }) => errors.noticeExpired)

/** `/not-me`: a resident reports a sign-in or a consent by somebody else, with the link of a mail and without signing in. */
export function notMeRoutes(parts: Parts): Hono<PageEnv> {
  const { issuer, db, forms, security, log } = parts
  const routes = new Hono<PageEnv>()
  routes.use('/not-me/*', bodyLimit({ maxSize: 16 * 1024 }))

  function show(c: Context<PageEnv>, page: Html) {
    setSecurityHeaders(c, { issuer })
    return c.html(page)
  }
  async function aboutOf({ texts }: Reader, { kind, clientId, entryId }: Notice): Promise<About> {
    if (kind === 'sign-in') return { kind }
    const clientName = (await findClientName(db, clientId)) ?? texts.notMe.theApplication
    const path = `/applications/${encodeURIComponent(clientId)}`
    return kind === 'consent'
      ? { kind, clientName, path }
      : { kind, clientName, path, report: `/activity/${entryId}/unexpected` }
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
      if (notice.kind === 'entry') return await reportEntry(sql, parts, notice)
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
      return { ...notice, isFrozen: clientId !== null, caseId: await createCase(sql, notice) }
    })
    const { caseId, kind, isFrozen, accountId, clientId } = report
    const about = { accountId, clientId: clientId ?? undefined }
    if (kind === 'sign-in') security.emit('session_disowned', about)
    if (isFrozen) security.emit('access_frozen', about)
    if (kind === 'entry') security.emit('entry_reported', about)
    if (caseId) log.warn('security case opened', { caseId, kind, ...about })
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

/** What the page of the entry does, for whoever has the mail. No session ends: the application read with its own token. */
async function reportEntry(sql: Sql, parts: Parts, notice: Extract<Notice, { kind: 'entry' }>) {
  const { accountId, clientId, entryId } = notice
  const account = await findAccount(sql, parts.vault, accountId)
  if (!account) throw linkExpired()
  const isFrozen = await freezeLiveConsent(sql, { accountId, clientId })
  const frozen = isFrozen ? await findClientName(sql, clientId) : undefined
  const of = { account, clientId, entryId, frozen, note: undefined }
  return { ...notice, isFrozen, caseId: await openEntryCase(sql, parts, of) }
}
