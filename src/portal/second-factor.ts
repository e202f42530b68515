import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { html } from 'hono/html'
import { factorChangedMail, sendLetter } from '../accounts/mails.ts'
import {
  createRecoveryCodes,
  type RecoveryCodes,
  storeRecoveryCodes,
} from '../accounts/recovery-codes.ts'
import {
  completeFactorRemoval,
  findFactors,
  isEnrolled,
  lockFactors,
} from '../accounts/second-factor.ts'
import type { SignInMethod } from '../accounts/sign-in.ts'
import {
  createTotpSecret,
  findTotpStep,
  insertTotp,
  openEnrolment,
  removeTotp,
  sealEnrolment,
  totpUri,
} from '../accounts/totp.ts'
import { enrolPage, recoveryCodesPage } from '../oauth/second-step-pages.ts'
import { endSessions, renewSession } from '../oauth/sessions.ts'
import type { Sql } from '../platform/db.ts'
import { setSecurityHeaders } from '../web/html.ts'
import { PageError } from '../web/page-error.ts'
import type { PageEnv } from '../web/reader.ts'
import type { Guard, GuardParts, Resident } from './guard.ts'
import { leaveNotice } from './notices.ts'

type Parts = GuardParts & { guard: Guard }

/** `/account/totp` and `/account/recovery-codes`: the second factors that work without JavaScript. */
export function secondFactorRoutes(parts: Parts): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  routes.use(bodyLimit({ maxSize: 16 * 1024 }))
  routes.post('/account/totp/new', (c) => startEnrolment(parts, c))
  routes.get('/account/totp', (c) => showNewEnrolment(parts, c))
  routes.post('/account/totp', (c) => enrolTotp(parts, c))
  routes.post('/account/totp/remove', (c) => unenrolTotp(parts, c))
  routes.post('/account/recovery-codes', (c) => replaceRecoveryCodes(parts, c))
  return routes
}

/** Requires a recent sign-in, then shows the page that adds an app. */
async function startEnrolment({ guard }: Parts, c: Context<PageEnv>): Promise<Response> {
  const { resident, form } = await guard.requireForm(c)
  const confirmation = await guard.requireRecentSignIn(c, resident, form, 'factors')
  return confirmation ?? c.redirect('/account/totp', 303)
}

async function showNewEnrolment(parts: Parts, c: Context<PageEnv>): Promise<Response> {
  const resident = await parts.guard.findResident(c)
  if (!resident) return parts.guard.askToSignIn(c)
  const { hasTotp } = await findFactors(parts.db, resident.account.id)
  if (!resident.mayChangeFactors || hasTotp) return c.redirect('/account#second-step', 303)
  return showEnrolment(parts, c, resident)
}

function showEnrolment(
  { config, issuer, forms, sealer }: Parts,
  c: Context<PageEnv>,
  { account, session }: Resident,
  { secret = createTotpSecret(), error }: { secret?: string | undefined; error?: string } = {},
): Response | Promise<Response> {
  setSecurityHeaders(c, { issuer })
  return c.html(
    enrolPage(c.var.reader, {
      action: '/account/totp',
      csrf: forms.create(session.uid),
      fields: [],
      secret,
      uri: totpUri(secret, account.email, config.site.name),
      enrolment: sealEnrolment(sealer, account.id, secret),
      isDemanded: false,
      error,
    }),
    error ? 400 : 200,
  )
}

async function enrolTotp(parts: Parts, c: Context<PageEnv>): Promise<Response> {
  const { issuer, db, guard, sealer, security } = parts
  const { resident, form } = await guard.requireForm(c)
  const { account } = resident
  if (!resident.mayChangeFactors) return c.redirect('/account#second-step', 303)
  const secret = openEnrolment(sealer, account.id, form.enrolment)
  const step = secret === undefined ? undefined : findTotpStep(secret, String(form.code ?? ''))
  if (secret === undefined || step === undefined)
    return showEnrolment(parts, c, resident, {
      secret,
      error: c.var.reader.texts.enrol.wrongCode,
    })
  const first = await prepareFirstFactor(db, account.id)
  const codes = await db.begin(async (sql) => {
    await lockFactors(sql, account.id)
    await guard.holdLiveSession(sql, resident)
    const made = await settleFirstFactor(sql, parts, resident, first)
    if (!(await insertTotp(sql, sealer, { accountId: account.id, secret, step })))
      throw new PageError(409, 'totp_exists', ({ errors }) => errors.hasTotp)
    await sendLetter(sql, parts, account, factorChangedMail('totp-added'))
    return made
  })
  security.emit('mfa_enrolled', { accountId: account.id, method: 'totp' })
  await strengthenSession(c, parts, resident, 'password-otp')
  if (!codes) {
    leaveNotice(parts, c, { name: 'totp-added' })
    return c.redirect('/account', 303)
  }
  return showRecoveryCodes(c, issuer, { codes, notice: c.var.reader.texts.notices['totp-added'] })
}

async function unenrolTotp(parts: Parts, c: Context<PageEnv>): Promise<Response> {
  const { guard, security } = parts
  const { resident, form } = await guard.requireForm(c)
  const confirmation = await guard.requireRecentSignIn(c, resident, form, 'factors')
  if (confirmation) return confirmation
  const { account } = resident
  await removeFactor(parts, account.id, async (sql) => {
    if (await removeTotp(sql, account.id))
      await sendLetter(sql, parts, account, factorChangedMail('totp-removed'))
  })
  security.emit('mfa_removed', { accountId: account.id, method: 'totp' })
  leaveNotice(parts, c, { name: 'totp-removed' })
  return c.redirect('/account', 303)
}

async function replaceRecoveryCodes(parts: Parts, c: Context<PageEnv>): Promise<Response> {
  const { issuer, db, guard, security } = parts
  const { resident, form } = await guard.requireForm(c)
  const confirmation = await guard.requireRecentSignIn(c, resident, form, 'factors')
  if (confirmation) return confirmation
  const { account } = resident
  const made = await createRecoveryCodes()
  await db.begin(async (sql) => {
    await lockFactors(sql, account.id)
    await guard.holdLiveSession(sql, resident)
    if (!isEnrolled(await findFactors(sql, account.id)))
      throw new PageError(409, 'no_factor', ({ errors }) => errors.noFactor)
    await storeRecoveryCodes(sql, account.id, made)
    await sendLetter(sql, parts, account, factorChangedMail('recovery-codes-made'))
  })
  security.emit('mfa_enrolled', { accountId: account.id, method: 'recovery_codes' })
  return showRecoveryCodes(c, issuer, { codes: made.codes })
}

/** Creates recovery codes if the account has no second factor yet. Call it before the transaction: hashing takes too long inside. */
export async function prepareFirstFactor(
  sql: Sql,
  accountId: string,
): Promise<RecoveryCodes | undefined> {
  return isEnrolled(await findFactors(sql, accountId)) ? undefined : await createRecoveryCodes()
}

/**
 * Call it in the transaction that adds a factor, before adding it. For the first factor it stores the recovery codes and ends the
 * sessions on other devices, which a password alone opened. Returns the codes to show.
 */
export async function settleFirstFactor(
  sql: Sql,
  parts: GuardParts,
  { account, session }: Resident,
  recovery: RecoveryCodes | undefined,
): Promise<string[] | undefined> {
  if (!recovery || isEnrolled(await findFactors(sql, account.id))) return undefined
  await storeRecoveryCodes(sql, account.id, recovery)
  await endSessions(sql, parts, account.id, { exceptUid: session.uid })
  return recovery.codes
}

/** Marks the session, which has just used a new factor, as opened with that factor. */
export async function strengthenSession(
  c: Context<PageEnv>,
  parts: GuardParts,
  { account, session }: Resident,
  method: SignInMethod,
): Promise<void> {
  if (session.isMultiFactor) return
  const { incoming, outgoing } = c.env
  const login = { accountId: account.id, method }
  await renewSession({ db: parts.db, provider: parts.provider() }, incoming, outgoing, login)
}

/** Removes a factor in a transaction. Throws `last_factor` when the policy requires it. */
export async function removeFactor(
  { db }: GuardParts,
  accountId: string,
  remove: (sql: Sql) => Promise<void>,
): Promise<void> {
  await db.begin(async (sql) => {
    await lockFactors(sql, accountId)
    await remove(sql)
    await completeFactorRemoval(sql, accountId)
  })
}

/** Responds to the POST itself instead of redirecting, so that reloading a page does not show the codes again. */
export function showRecoveryCodes(
  c: Context<PageEnv>,
  issuer: string,
  data: { codes: string[]; notice?: string },
) {
  setSecurityHeaders(c, { issuer })
  return c.html(
    recoveryCodesPage(c.var.reader, {
      ...data,
      next: html`<p><a class="button" href="/account">${c.var.reader.texts.recoveryCodes.saved}</a></p>`,
    }),
  )
}
