import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { normalizeEmail, recordSignOut, setPasswordHash } from '../accounts/accounts.ts'
import { deleteUnusedLinks, requestEmailChange } from '../accounts/mail-links.ts'
import { passwordChangedMail, sendLetter } from '../accounts/mails.ts'
import { listPasskeys } from '../accounts/passkeys.ts'
import { findFactors } from '../accounts/second-factor.ts'
import { forgetBrowsers } from '../accounts/security-notices.ts'
import { listSessions } from '../accounts/sessions.ts'
import { tooManyAttempts } from '../accounts/sign-in.ts'
import { endTokenFamilies } from '../consents/consents.ts'
import { browserOf, endSessions } from '../oauth/sessions.ts'
import type { Jobs } from '../platform/jobs.ts'
import { findPolicy } from '../platform/policies.ts'
import type { Sealer } from '../platform/secrets.ts'
import { isDisplayable } from '../web/displayed-text.ts'
import { setSecurityHeaders } from '../web/html.ts'
import type { PageEnv } from '../web/reader.ts'
import { accountPage } from './account-pages.ts'
import { listConnectedApplications } from './connected-applications.ts'
import type { Guard, GuardParts, Resident } from './guard.ts'
import { hashNewPassword } from './new-password.ts'
import { leaveNotice, sentenceOf, takeNotice } from './notices.ts'

type Parts = GuardParts & { guard: Guard; sealer: Sealer; jobs: Jobs }

/** `/account`: sign-in methods of the resident, and the way to everything else about the account. */
export function accountRoutes(parts: Parts): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  routes.use(bodyLimit({ maxSize: 16 * 1024 }))
  routes.get('/account', (c) => showAccount(parts, c))
  routes.post('/account/email', (c) => changeEmail(parts, c))
  routes.post('/account/password/new', (c) => startPasswordChange(parts, c))
  routes.post('/account/password', (c) => changePassword(parts, c))
  return routes
}

async function showAccount(parts: Parts, c: Context<PageEnv>): Promise<Response> {
  const resident = await parts.guard.findResident(c)
  return resident ? show(parts, c, resident) : parts.guard.askToSignIn(c)
}

/** What is wrong with the form that was sent, and the status of the response. */
type Problem =
  | { error: string; newEmail: string; status: 400 | 429 }
  | { passwordError: string; status: 400 | 503 }

async function show(
  parts: Parts,
  c: Context<PageEnv>,
  { session, account, mayChangeFactors }: Resident,
  problem?: Problem,
): Promise<Response> {
  const { issuer, db, forms } = parts
  const [sessions, passkeys, factors, developers] = await Promise.all([
    listSessions(db, parts.vault, account.id),
    listPasskeys(db, account.id),
    findFactors(db, account.id),
    findPolicy(db, 'developers'),
  ])
  const { reader } = c.var
  setSecurityHeaders(c, { issuer, passkeys: mayChangeFactors })
  return c.html(
    accountPage(reader, {
      mayDevelop: reader.site.hasConsole && developers === 'open',
      csrf: forms.create(session.uid),
      email: account.email,
      mayChangeFactors,
      factors,
      passkeys,
      sessions: sessions.length,
      notice: problem ? undefined : sentenceOf(reader.texts, takeNotice(parts, c)),
      ...problem,
    }),
    problem?.status ?? 200,
  )
}

async function changeEmail(parts: Parts, c: Context<PageEnv>): Promise<Response> {
  const { issuer, guard } = parts
  const { resident, form } = await guard.requireForm(c)
  const { locale, texts } = c.var.reader
  const newEmail = String(form.email ?? '').trim()
  const refuse = (error: string, status: 400 | 429 = 400) =>
    show(parts, c, resident, { error, newEmail, status })
  if (!/^[^\s@]+@[^\s@]+$/.test(newEmail) || newEmail.length > 320 || !isDisplayable(newEmail))
    return refuse(texts.account.noAddress)
  if (normalizeEmail(newEmail) === normalizeEmail(resident.account.email))
    return refuse(texts.account.sameAddress)
  const confirmation = await guard.requireRecentSignIn(c, resident, form)
  if (confirmation) return confirmation
  const wait = await requestEmailChange(parts, {
    accountId: resident.account.id,
    email: newEmail,
    address: parts.addressOf(c.env.incoming),
    browser: browserOf(parts, c),
    issuer,
    locale: resident.account.locale ?? locale,
    requireSession: (sql) => guard.holdLiveSession(sql, resident),
  })
  if (wait > 0) {
    c.header('Retry-After', String(wait))
    return refuse(tooManyAttempts(wait).error(texts), 429)
  }
  return c.redirect('/verify-email/sent', 303)
}

/** Requires a recent sign-in, then shows the form for a new password. */
async function startPasswordChange({ guard }: Parts, c: Context<PageEnv>): Promise<Response> {
  const { resident, form } = await guard.requireForm(c)
  const confirmation = await guard.requireRecentSignIn(c, resident, form, 'factors')
  return confirmation ?? c.redirect('/account#password', 303)
}

async function changePassword(parts: Parts, c: Context<PageEnv>): Promise<Response> {
  const { issuer, db, vault, guard, security } = parts
  const { resident, form } = await guard.requireForm(c)
  const { account } = resident
  if (!resident.mayChangeFactors) return c.redirect('/account#password', 303)
  const hashed = await hashNewPassword(c, form['new-password'], { ...account, issuer })
  if ('error' in hashed) {
    const { error, status } = hashed
    return show(parts, c, resident, { passwordError: error, status })
  }
  await db.begin(async (sql) => {
    await guard.holdLiveSession(sql, resident)
    await setPasswordHash(sql, vault, account.id, hashed.passwordHash)
    await recordSignOut(sql, account.id)
    await endSessions(sql, parts, account.id, 'all')
    await endTokenFamilies(sql, account.id, 'all')
    await deleteUnusedLinks(sql, account.id)
    await forgetBrowsers(sql, account.id)
    const applications = await listConnectedApplications(sql, issuer, account.id)
    await sendLetter(sql, parts, account, passwordChangedMail(applications))
  })
  security.emit('password_changed', { accountId: account.id, method: 'account_page' })
  leaveNotice(parts, c, { name: 'password-set' })
  return c.redirect('/reset/done', 303)
}
