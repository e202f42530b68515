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
import { hasCode } from '../accounts/mail-codes.ts'
import {
  acceptCode,
  consumeLink,
  deleteUnusedLinks,
  findLink,
  findRecentlyUsedLink,
  type LinkPurpose,
  requestReset,
} from '../accounts/mail-links.ts'
import { emailChangedMail, passwordChangedMail, sendLetter } from '../accounts/mails.ts'
import { listPasskeys, requirePasswordFirst } from '../accounts/passkeys.ts'
import { resetBrowsers } from '../accounts/security-notices.ts'
import { tooManyAttempts } from '../accounts/sign-in.ts'
import { clearAttempts } from '../accounts/throttle.ts'
import { endTokenFamilies } from '../consents/consents.ts'
import { browserOf, endSessions } from '../oauth/sessions.ts'
import type { Sql } from '../platform/db.ts'
import type { Jobs } from '../platform/jobs.ts'
import type { Sealer } from '../platform/secrets.ts'
import { readForm } from '../web/form-body.ts'
import { type Html, setSecurityHeaders } from '../web/html.ts'
import { PageError } from '../web/page-error.ts'
import type { PageEnv } from '../web/reader.ts'
import { listConnectedApplications } from './connected-applications.ts'
import type { GuardParts } from './guard.ts'
import {
  askResetPage,
  confirmEmailPage,
  emailConfirmedPage,
  emailSentPage,
  newPasswordPage,
  passwordSetPage,
  resetSentPage,
} from './mail-link-pages.ts'
import { hashNewPassword } from './new-password.ts'
import { hasNotice, leaveNotice } from './notices.ts'

type Parts = GuardParts & { sealer: Sealer; jobs: Jobs }

const TOKEN = ':token{[\\w-]{43}}' as const

/** `/reset` and `/verify-email`: what residents do with links from mails. */
export function mailLinkRoutes(parts: Parts): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  routes.use(bodyLimit({ maxSize: 16 * 1024 }))
  routes.get('/reset', (c) => showResetForm(parts, c))
  routes.post('/reset', (c) => acceptResetRequest(parts, c))
  routes.get('/reset/sent', (c) => showSent(parts, c, 'reset'))
  routes.post('/reset/code', (c) => takeCode(parts, c, 'reset'))
  routes.get('/reset/done', (c) => showPasswordSet(parts, c))
  routes.get(`/reset/${TOKEN}`, (c) => showNewPasswordForm(parts, c, c.req.param('token')))
  routes.post(`/reset/${TOKEN}`, (c) => setNewPassword(parts, c, c.req.param('token')))
  routes.get('/verify-email/sent', (c) => showSent(parts, c, 'email'))
  routes.post('/verify-email/code', (c) => takeCode(parts, c, 'email'))
  routes.get('/verify-email/done', (c) => showEmailConfirmed(parts, c))
  routes.get(`/verify-email/${TOKEN}`, (c) => showConfirmEmail(parts, c, c.req.param('token')))
  routes.post(`/verify-email/${TOKEN}`, (c) => confirmEmail(parts, c, c.req.param('token')))
  return routes
}

function show(
  { issuer }: Parts,
  c: Context<PageEnv>,
  page: Html,
  status: 200 | 400 | 429 | 503 = 200,
): Response | Promise<Response> {
  setSecurityHeaders(c, { issuer })
  return c.html(page, status)
}

async function requireForm({ forms }: Parts, c: Context<PageEnv>, of: string) {
  const form = await readForm(c)
  forms.require(c.req.raw, of, form.csrf)
  return form
}

/** Returns the link if this browser requested it; throws otherwise. Does not consume the link. */
async function requireLink(parts: Parts, c: Context<PageEnv>, purpose: LinkPurpose, token: string) {
  const browser = browserOf(parts, c)
  const link = await findLink(parts.db, parts.vault, purpose, token)
  if (!link) throw linkExpired()
  if (link.browser !== browser)
    throw new PageError(403, 'other_browser', ({ errors }) => errors.otherBrowser)
  return { ...link, form: `link ${browser} ${token}` }
}

const linkExpired = () => new PageError(410, 'link_expired', ({ errors }) => errors.mailLinkExpired)

function showResetForm(parts: Parts, c: Context<PageEnv>) {
  const csrf = parts.forms.create(`reset ${browserOf(parts, c)}`)
  return show(parts, c, askResetPage(c.var.reader, { csrf }))
}

async function acceptResetRequest(parts: Parts, c: Context<PageEnv>): Promise<Response> {
  const { issuer, security } = parts
  const browser = browserOf(parts, c)
  const form = await requireForm(parts, c, `reset ${browser}`)
  const email = String(form.email ?? '').trim()
  const { reader } = c.var
  const again = (error: string) => askResetPage(reader, { csrf: String(form.csrf), email, error })
  if (!/^[^\s@]+@[^\s@]+$/.test(email) || email.length > 320)
    return show(parts, c, again(reader.texts.reset.noAddress), 400)
  const address = parts.addressOf(c.env.incoming)
  const wait = await requestReset(parts, {
    email,
    address,
    browser,
    issuer,
    locale: reader.locale,
  })
  if (wait > 0) {
    c.header('Retry-After', String(wait))
    return show(parts, c, again(tooManyAttempts(wait).error(reader.texts)), 429)
  }
  security.emit('reset_requested', { address })
  return c.redirect('/reset/sent', 303)
}

/** Where a link of each purpose is requested, where it leads, and the page in between. */
const STEPS = {
  reset: { start: '/reset', link: '/reset', sentPage: resetSentPage },
  email: { start: '/account', link: '/verify-email', sentPage: emailSentPage },
} as const

/** The page that says to look for the mail, and takes its code. */
async function showSent(
  parts: Parts,
  c: Context<PageEnv>,
  purpose: LinkPurpose,
  error?: string,
): Promise<Response> {
  const browser = browserOf(parts, c)
  const { start, sentPage } = STEPS[purpose]
  if (!(await hasCode(parts.db, { purpose, browser }))) return c.redirect(start, 303)
  const csrf = parts.forms.create(`${purpose} code ${browser}`)
  return show(parts, c, sentPage(c.var.reader, { csrf, error }), error === undefined ? 200 : 400)
}

async function takeCode(
  parts: Parts,
  c: Context<PageEnv>,
  purpose: LinkPurpose,
): Promise<Response> {
  const browser = browserOf(parts, c)
  const form = await requireForm(parts, c, `${purpose} code ${browser}`)
  const typed = String(form.code ?? '')
  const token = await acceptCode(parts, { purpose, browser, typed })
  if (token) return c.redirect(`${STEPS[purpose].link}/${token}`, 303)
  return showSent(parts, c, purpose, c.var.reader.texts.mailCode.wrong)
}

async function showPasswordSet(parts: Parts, c: Context<PageEnv>): Promise<Response> {
  const { issuer, db } = parts
  if (!hasNotice(parts, c, 'password-set')) return c.redirect('/', 303)
  // Nobody is signed in, but the browser that has just used a link may see what the mail contains.
  const accountId = await findRecentlyUsedLink(db, 'reset', browserOf(parts, c))
  const applications = accountId ? await listConnectedApplications(db, issuer, accountId) : []
  const passkeys = accountId ? await listPasskeys(db, accountId) : []
  return show(
    parts,
    c,
    passwordSetPage(c.var.reader, {
      applications,
      passkeys: passkeys.filter(({ needsPassword }) => needsPassword),
    }),
  )
}

async function showNewPasswordForm(
  parts: Parts,
  c: Context<PageEnv>,
  token: string,
): Promise<Response> {
  const { email, form } = await requireLink(parts, c, 'reset', token)
  const csrf = parts.forms.create(form)
  return show(parts, c, newPasswordPage(c.var.reader, { action: `/reset/${token}`, csrf, email }))
}

async function setNewPassword(parts: Parts, c: Context<PageEnv>, token: string): Promise<Response> {
  const { issuer, db, vault, security, log } = parts
  const link = await requireLink(parts, c, 'reset', token)
  const { password, csrf } = await requireForm(parts, c, link.form)
  const owner = await findAccount(db, vault, link.accountId)
  if (!owner) throw linkExpired()
  const hashed = await hashNewPassword(c, password, { ...owner, issuer })
  if ('error' in hashed) {
    const { error, status } = hashed
    const form = { action: `/reset/${token}`, csrf: String(csrf), email: link.email }
    return show(parts, c, newPasswordPage(c.var.reader, { ...form, error }), status)
  }
  const { browser } = link
  const { passwordHash } = hashed
  await db.begin((sql) => resetPassword(sql, parts, { token, browser, passwordHash }))
  security.emit('password_changed', { accountId: link.accountId, method: 'mail_link' })
  log.info('password set', { accountId: link.accountId })
  leaveNotice(parts, c, { name: 'password-set' })
  return c.redirect('/reset/done', 303)
}

/** Consumes the link and stores the password. Ends every session and every family of tokens. */
async function resetPassword(
  sql: Sql,
  parts: Parts,
  { token, browser, passwordHash }: { token: string; browser: string; passwordHash: string },
): Promise<void> {
  const { issuer, vault } = parts
  const used = await consumeLink(sql, vault, 'reset', token, browser)
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
  await resetBrowsers(sql, account.id, browser)
  const applications = await listConnectedApplications(sql, issuer, account.id)
  const passkeys = { list, page: `${issuer}/account` }
  await sendLetter(sql, parts, account, passwordChangedMail(applications, passkeys))
}

const showEmailConfirmed = (parts: Parts, c: Context<PageEnv>) =>
  hasNotice(parts, c, 'email-confirmed')
    ? show(parts, c, emailConfirmedPage(c.var.reader))
    : c.redirect('/', 303)

async function showConfirmEmail(
  parts: Parts,
  c: Context<PageEnv>,
  token: string,
): Promise<Response> {
  const { email, form } = await requireLink(parts, c, 'email', token)
  const csrf = parts.forms.create(form)
  return show(
    parts,
    c,
    confirmEmailPage(c.var.reader, { action: `/verify-email/${token}`, csrf, email }),
  )
}

async function confirmEmail(parts: Parts, c: Context<PageEnv>, token: string): Promise<Response> {
  const { db, vault, security, log } = parts
  const link = await requireLink(parts, c, 'email', token)
  await requireForm(parts, c, link.form)
  await db.begin(async (sql) => {
    const used = await consumeLink(sql, vault, 'email', token, link.browser)
    const before = used && (await findAccount(sql, vault, used.accountId))
    if (!used || !before) throw linkExpired()
    if (!(await setEmail(sql, vault, used.accountId, used.email)))
      throw new PageError(409, 'email_taken', ({ errors }) => errors.emailTaken)
    await deleteUnusedLinks(sql, used.accountId)
    const letter = emailChangedMail({ to: before.email, now: used.email })
    await sendLetter(sql, parts, before, letter)
  })
  security.emit('email_changed', { accountId: link.accountId })
  log.info('e-mail changed', { accountId: link.accountId })
  leaveNotice(parts, c, { name: 'email-confirmed' })
  return c.redirect('/verify-email/done', 303)
}
