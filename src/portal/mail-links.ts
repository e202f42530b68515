import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import {
  findAccount,
  hashEmail,
  normalizeEmail,
  recordSignOut,
  setEmail,
  setEmailVerified,
  setPasswordHash,
} from '../accounts/accounts.ts'
import {
  consumeLink,
  deleteUnusedLinks,
  findLink,
  findRecentlyUsedLink,
  type LinkPurpose,
  requestReset,
} from '../accounts/mail-links.ts'
import { emailChangedMail, passwordChangedMail } from '../accounts/mails.ts'
import { listPasskeys, requirePasswordFirst } from '../accounts/passkeys.ts'
import { hashPassword, PasswordRefusedError, TooBusyError } from '../accounts/passwords.ts'
import { resetBrowsers } from '../accounts/security-notices.ts'
import { tooManyAttempts } from '../accounts/sign-in.ts'
import { clearAttempts } from '../accounts/throttle.ts'
import { endTokenFamilies } from '../consents/consents.ts'
import { endSessions, ensureBrowserId } from '../oauth/sessions.ts'
import { ApiError } from '../platform/errors.ts'
import type { Jobs } from '../platform/jobs.ts'
import { enqueueMail } from '../platform/mail.ts'
import type { Sealer } from '../platform/secrets.ts'
import { readForm } from '../web/form-body.ts'
import { type Html, setSecurityHeaders } from '../web/html.ts'
import { listConnectedApplications } from './connected-applications.ts'
import type { GuardParts } from './guard.ts'
import {
  askResetPage,
  confirmEmailPage,
  emailConfirmedPage,
  newPasswordPage,
  passwordSetPage,
  resetSentPage,
} from './mail-link-pages.ts'
import { hasNotice, leaveNotice } from './notices.ts'

type Parts = GuardParts & { sealer: Sealer; jobs: Jobs }
type Env = { Bindings: HttpBindings }

const TOKEN = ':token{[\\w-]{43}}' as const

/** `/reset` and `/verify-email`: what residents do with links from mails. */
export function mailLinkRoutes(parts: Parts): Hono<Env> {
  const { issuer, db, vault, forms, security, log } = parts
  const routes = new Hono<Env>()
  routes.use(bodyLimit({ maxSize: 16 * 1024 }))

  function show(c: Context<Env>, page: Html, status: 200 | 400 | 429 | 503 = 200) {
    setSecurityHeaders(c, { issuer })
    return c.html(page, status)
  }
  const browserOf = (c: Context<Env>) =>
    ensureBrowserId(parts.provider(), c.env.incoming, c.env.outgoing)

  async function requireForm(c: Context<Env>, of: string) {
    const form = await readForm(c)
    forms.require(c.req.raw, of, form.csrf)
    return form
  }

  /** Returns the link if this browser requested it; throws otherwise. Does not consume the link. */
  async function requireLink(c: Context<Env>, purpose: LinkPurpose) {
    const token = c.req.param('token') ?? ''
    const browser = browserOf(c)
    const link = await findLink(db, vault, purpose, token)
    if (!link) throw linkExpired()
    if (link.browser !== browser)
      throw new ApiError(
        403,
        'other_browser',
        'Please open this link in the browser in which you requested it. It still works there.',
      )
    return { ...link, token, form: `link ${browser} ${token}` }
  }
  const linkExpired = () =>
    new ApiError(
      410,
      'link_expired',
      'This link was already used or has expired. Please request a new one.',
    )

  routes.get('/reset', (c) =>
    show(c, askResetPage({ csrf: forms.create(`reset ${browserOf(c)}`) })),
  )

  routes.post('/reset', async (c) => {
    const browser = browserOf(c)
    const form = await requireForm(c, `reset ${browser}`)
    const email = String(form.email ?? '').trim()
    const again = (error: string) => askResetPage({ csrf: String(form.csrf), email, error })
    if (!/^[^\s@]+@[^\s@]+$/.test(email) || email.length > 320)
      return show(c, again('Please enter your e-mail address.'), 400)
    const address = parts.addressOf(c.env.incoming)
    const wait = await requestReset(parts, { email, address, browser, issuer })
    if (wait > 0) {
      c.header('Retry-After', String(wait))
      return show(c, again(tooManyAttempts(wait).error), 429)
    }
    security.emit('reset_requested', { address })
    leaveNotice(parts, c, { name: 'reset-sent' })
    return c.redirect('/reset/sent', 303)
  })

  routes.get('/reset/sent', (c) =>
    hasNotice(parts, c, 'reset-sent') ? show(c, resetSentPage({})) : c.redirect('/reset', 303),
  )
  routes.get('/reset/done', async (c) => {
    if (!hasNotice(parts, c, 'password-set')) return c.redirect('/', 303)
    // Nobody is signed in, but the browser that has just used a link may see what the mail contains.
    const accountId = await findRecentlyUsedLink(db, 'reset', browserOf(c))
    const applications = accountId ? await listConnectedApplications(db, issuer, accountId) : []
    const passkeys = accountId ? await listPasskeys(db, accountId) : []
    return show(
      c,
      passwordSetPage({
        applications,
        passkeys: passkeys.filter(({ needsPassword }) => needsPassword),
      }),
    )
  })

  routes.get(`/reset/${TOKEN}`, async (c) => {
    const { email, token, form } = await requireLink(c, 'reset')
    return show(c, newPasswordPage({ action: `/reset/${token}`, csrf: forms.create(form), email }))
  })

  routes.post(`/reset/${TOKEN}`, async (c) => {
    const link = await requireLink(c, 'reset')
    const { password, csrf } = await requireForm(c, link.form)
    const again = (error: string) =>
      newPasswordPage({
        action: `/reset/${link.token}`,
        csrf: String(csrf),
        email: link.email,
        error,
      })
    const owner = await findAccount(db, vault, link.accountId)
    if (!owner) throw linkExpired()
    let passwordHash: string
    try {
      passwordHash = await hashPassword(String(password ?? ''), { ...owner, issuer })
    } catch (error) {
      if (error instanceof PasswordRefusedError) return show(c, again(error.message), 400)
      if (!(error instanceof TooBusyError)) throw error
      c.header('Retry-After', '5')
      return show(c, again('Many people are signing in just now. Please try again.'), 503)
    }
    await db.begin(async (sql) => {
      const used = await consumeLink(sql, vault, 'reset', link.token, link.browser)
      const account = used && (await setPasswordHash(sql, vault, used.accountId, passwordHash))
      if (!account) throw linkExpired()
      await recordSignOut(sql, account.id)
      // The link was mailed to `used.email`; the address may have been changed since.
      if (normalizeEmail(used.email) === normalizeEmail(account.email))
        await setEmailVerified(sql, account.id)
      await endSessions(sql, parts, account.id, 'all')
      await endTokenFamilies(sql, account.id, 'all')
      const list = await requirePasswordFirst(sql, account.id)
      await deleteUnusedLinks(sql, account.id)
      await clearAttempts(sql, await hashEmail(sql, vault, account.email))
      await resetBrowsers(sql, account.id, link.browser)
      const applications = await listConnectedApplications(sql, issuer, account.id)
      await enqueueMail(
        sql,
        parts,
        passwordChangedMail(account.email, applications, { list, page: `${issuer}/account` }),
      )
    })
    security.emit('password_changed', { accountId: link.accountId, method: 'mail_link' })
    log.info('password set', { accountId: link.accountId })
    leaveNotice(parts, c, { name: 'password-set' })
    return c.redirect('/reset/done', 303)
  })

  routes.get('/verify-email/done', (c) =>
    hasNotice(parts, c, 'email-confirmed') ? show(c, emailConfirmedPage({})) : c.redirect('/', 303),
  )

  routes.get(`/verify-email/${TOKEN}`, async (c) => {
    const { email, token, form } = await requireLink(c, 'email')
    return show(
      c,
      confirmEmailPage({ action: `/verify-email/${token}`, csrf: forms.create(form), email }),
    )
  })

  routes.post(`/verify-email/${TOKEN}`, async (c) => {
    const link = await requireLink(c, 'email')
    await requireForm(c, link.form)
    await db.begin(async (sql) => {
      const used = await consumeLink(sql, vault, 'email', link.token, link.browser)
      const before = used && (await findAccount(sql, vault, used.accountId))
      if (!used || !before) throw linkExpired()
      if (!(await setEmail(sql, vault, used.accountId, used.email)))
        throw new ApiError(409, 'email_taken', 'This address belongs to another account.')
      await deleteUnusedLinks(sql, used.accountId)
      await enqueueMail(sql, parts, emailChangedMail(before.email, used.email))
    })
    security.emit('email_changed', { accountId: link.accountId })
    log.info('e-mail changed', { accountId: link.accountId })
    leaveNotice(parts, c, { name: 'email-confirmed' })
    return c.redirect('/verify-email/done', 303)
  })
  return routes
}
