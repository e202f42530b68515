import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { normalizeEmail, recordSignOut, setPasswordHash } from '../accounts/accounts.ts'
import { deleteUnusedLinks, requestEmailChange } from '../accounts/mail-links.ts'
import { passwordChangedMail } from '../accounts/mails.ts'
import { listPasskeys } from '../accounts/passkeys.ts'
import { hashPassword, PasswordRefusedError, TooBusyError } from '../accounts/passwords.ts'
import { findFactors } from '../accounts/second-factor.ts'
import { forgetBrowsers } from '../accounts/security-notices.ts'
import { listSessions } from '../accounts/sessions.ts'
import { tooManyAttempts } from '../accounts/sign-in.ts'
import { endTokenFamilies } from '../consents/consents.ts'
import { endSessions, ensureBrowserId } from '../oauth/sessions.ts'
import type { Jobs } from '../platform/jobs.ts'
import { enqueueMail } from '../platform/mail.ts'
import type { Sealer } from '../platform/secrets.ts'
import { isDisplayable } from '../web/displayed-text.ts'
import { securityHeaders } from '../web/html.ts'
import { accountPage } from './account-pages.ts'
import { listConnectedApplications } from './connected-applications.ts'
import { deviceOf } from './devices.ts'
import type { Guard, GuardParts, Resident } from './guard.ts'
import { leaveNotice, sentenceOf, takeNotice } from './notices.ts'

type Parts = GuardParts & { guard: Guard; sealer: Sealer; jobs: Jobs }
type Env = { Bindings: HttpBindings }

/** `/account`: sign-in methods and sessions of the resident. */
export function accountRoutes(parts: Parts): Hono<Env> {
  const { issuer, db, forms, guard, security, log } = parts
  const routes = new Hono<Env>()
  routes.use(bodyLimit({ maxSize: 16 * 1024 }))

  async function show(
    c: Context<Env>,
    { session, account, mayChangeFactors }: Resident,
    failed?: { error: string; newEmail: string; status: 400 | 429 },
    refused?: { passwordError: string; status: 400 | 503 },
  ) {
    const [sessions, passkeys, factors] = await Promise.all([
      listSessions(db, account.id),
      listPasskeys(db, account.id),
      findFactors(db, account.id),
    ])
    const headers = securityHeaders({ issuer, passkeys: mayChangeFactors })
    for (const [name, value] of Object.entries(headers)) c.header(name, value)
    return c.html(
      accountPage({
        csrf: forms.create(session.uid),
        email: account.email,
        mayChangeFactors,
        factors,
        passkeys,
        devices: sessions.map(({ uid, userAgent, signedInAt, usedAt }) => ({
          uid,
          name: deviceOf(userAgent),
          signedInAt,
          usedAt,
          isThis: uid === session.uid,
        })),
        notice: failed || refused ? undefined : sentenceOf(takeNotice(parts, c)),
        ...failed,
        ...refused,
      }),
      (failed ?? refused)?.status ?? 200,
    )
  }

  routes.get('/account', async (c) => {
    const resident = await guard.findResident(c)
    return resident ? show(c, resident) : c.redirect('/', 303)
  })

  routes.post('/account/email', async (c) => {
    const { resident, form } = await guard.requireForm(c)
    const newEmail = String(form.email ?? '').trim()
    const refuse = (error: string, status: 400 | 429 = 400) =>
      show(c, resident, { error, newEmail, status })
    if (!/^[^\s@]+@[^\s@]+$/.test(newEmail) || newEmail.length > 320 || !isDisplayable(newEmail))
      return refuse('Please enter an e-mail address.')
    if (normalizeEmail(newEmail) === normalizeEmail(resident.account.email))
      return refuse('This is already your address.')
    const confirmation = await guard.requireRecentSignIn(c, resident, form)
    if (confirmation) return confirmation
    const { incoming, outgoing } = c.env
    const wait = await requestEmailChange(parts, {
      accountId: resident.account.id,
      email: newEmail,
      address: parts.addressOf(incoming),
      browser: ensureBrowserId(parts.provider(), incoming, outgoing),
      issuer,
      requireSession: (sql) => guard.holdLiveSession(sql, resident),
    })
    if (wait > 0) {
      c.header('Retry-After', String(wait))
      return refuse(tooManyAttempts(wait).error, 429)
    }
    leaveNotice(parts, c, { name: 'email-sent' })
    return c.redirect('/account', 303)
  })

  // Requires a recent sign-in, then shows the form for a new password.
  routes.post('/account/password/new', async (c) => {
    const { resident, form } = await guard.requireForm(c)
    const confirmation = await guard.requireRecentSignIn(c, resident, form, 'factors')
    return confirmation ?? c.redirect('/account#password', 303)
  })

  routes.post('/account/password', async (c) => {
    const { resident, form } = await guard.requireForm(c)
    const { account } = resident
    if (!resident.mayChangeFactors) return c.redirect('/account#password', 303)
    let passwordHash: string
    try {
      passwordHash = await hashPassword(String(form['new-password'] ?? ''), { ...account, issuer })
    } catch (error) {
      if (error instanceof PasswordRefusedError)
        return show(c, resident, undefined, { passwordError: error.message, status: 400 })
      if (!(error instanceof TooBusyError)) throw error
      c.header('Retry-After', '5')
      const passwordError = 'Many people are signing in just now. Please try again.'
      return show(c, resident, undefined, { passwordError, status: 503 })
    }
    await db.begin(async (sql) => {
      await guard.holdLiveSession(sql, resident)
      await setPasswordHash(sql, parts.vault, account.id, passwordHash)
      await recordSignOut(sql, account.id)
      await endSessions(sql, parts, account.id, 'all')
      await endTokenFamilies(sql, account.id, 'all')
      await deleteUnusedLinks(sql, account.id)
      await forgetBrowsers(sql, account.id)
      const applications = await listConnectedApplications(sql, issuer, account.id)
      await enqueueMail(sql, parts, passwordChangedMail(account.email, applications))
    })
    security.emit('password_changed', { accountId: account.id, method: 'account_page' })
    leaveNotice(parts, c, { name: 'password-set' })
    return c.redirect('/reset/done', 303)
  })

  routes.post('/account/sessions/end-others', async (c) => {
    const { resident, form } = await guard.requireForm(c)
    const confirmation = await guard.requireRecentSignIn(c, resident, form)
    if (confirmation) return confirmation
    const { session, account } = resident
    const ended = await db.begin((sql) =>
      endSessions(sql, parts, account.id, { exceptUid: session.uid }),
    )
    if (ended > 0) security.emit('session_ended', { accountId: account.id, count: ended })
    log.info('sessions ended', { accountId: account.id, count: ended })
    if (ended > 0) leaveNotice(parts, c, { name: 'sessions-ended' })
    return c.redirect('/account', 303)
  })

  routes.post('/account/sessions/:uid/end', async (c) => {
    const { resident, form } = await guard.requireForm(c)
    const confirmation = await guard.requireRecentSignIn(c, resident, form)
    if (confirmation) return confirmation
    const { account } = resident
    const ended = await db.begin((sql) =>
      endSessions(sql, parts, account.id, { uid: c.req.param('uid') }),
    )
    if (ended > 0) security.emit('session_ended', { accountId: account.id, count: ended })
    log.info('sessions ended', { accountId: account.id, count: ended })
    if (ended > 0) leaveNotice(parts, c, { name: 'session-ended' })
    return c.redirect('/account', 303)
  })
  return routes
}
