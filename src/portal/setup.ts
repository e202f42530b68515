import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { html } from 'hono/html'
import { type Account, EmailTakenError, insertAccount } from '../accounts/accounts.ts'
import { sendLetter } from '../accounts/mails.ts'
import { findOperatorRole, findSetup, makeFirstOperator, takeSetup } from '../accounts/operators.ts'
import { createRegistrationOptions, registerPasskey } from '../accounts/passkeys.ts'
import { createRecoveryCodes, storeRecoveryCodes } from '../accounts/recovery-codes.ts'
import { continueAfterPassword } from '../accounts/second-step.ts'
import { resetBrowsers } from '../accounts/security-notices.ts'
import { accountCreatedMail } from '../accounts/sign-up-mails.ts'
import { recoveryCodesPage } from '../oauth/second-step-pages.ts'
import { browserOf } from '../oauth/sessions.ts'
import type { Sql } from '../platform/db.ts'
import { readForm } from '../web/form-body.ts'
import { setSecurityHeaders } from '../web/html.ts'
import { PageError } from '../web/page-error.ts'
import type { PageEnv } from '../web/reader.ts'
import { deviceOf } from './devices.ts'
import type { Guard, GuardParts } from './guard.ts'
import { type Names, readNames, showSecondStep, startFirstSession } from './new-account.ts'
import { hashNewPassword } from './new-password.ts'
import { hasNotice, leaveNotice, takeNotice } from './notices.ts'
import { operatorPage, type SetupTexts, setupPage } from './setup-pages.ts'
import { isEmailAddress } from './sign-up.ts'

type Parts = GuardParts & { guard: Guard }
type Again = { values: SetupTexts; errors: SetupTexts; status: 400 | 409 | 503 }
/** What was typed into the form of a link that can be used. */
type Typed = { token: string; browser: string; email: string; names: Names }

/** `/setup`, by a link from the machine's terminal: creates the first operator. `/operator`: what an operator can do. */
export function setupRoutes(parts: Parts): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  const path = '/setup/:token{[\\w-]{43}}' as const
  routes.use('/setup/*', bodyLimit({ maxSize: 32 * 1024 }))
  routes.get(path, (c) => showSetup(parts, c, c.req.param('token')))
  routes.post(path, (c) => createOperator(parts, c, c.req.param('token')))
  routes.post(`${path}/passkey-options`, (c) => sendPasskeyOptions(parts, c, c.req.param('token')))
  routes.get('/operator', (c) => showOperator(parts, c))
  return routes
}

const linkUsed = () => new PageError(410, 'setup_used', ({ errors }) => errors.setupUsed)

/** Whether the operator was created in this browser a moment ago, and was not welcomed yet. */
export const isNewOperator = (parts: Parts, c: Context<PageEnv>): boolean =>
  hasNotice(parts, c, 'operator-created')

async function requireSetup(parts: Parts, c: Context<PageEnv>, token: string) {
  const accountId = await findSetup(parts.db, token)
  if (accountId === undefined) throw linkUsed()
  const browser = browserOf(parts, c)
  return { accountId, browser, csrfOf: `setup ${browser} ${token}` }
}

async function requireForm(parts: Parts, c: Context<PageEnv>, token: string) {
  const opened = await requireSetup(parts, c, token)
  const form = await readForm(c)
  parts.forms.require(c.req.raw, opened.csrfOf, form.csrf)
  return { ...opened, form, email: String(form.email ?? '').trim() }
}

async function showSetup(
  parts: Parts,
  c: Context<PageEnv>,
  token: string,
  again?: Again,
): Promise<Response> {
  const { csrfOf } = await requireSetup(parts, c, token)
  setSecurityHeaders(c, { issuer: parts.issuer, passkeys: true })
  const csrf = parts.forms.create(csrfOf)
  const page = setupPage(c.var.reader, { action: `/setup/${token}`, csrf, ...again })
  return c.html(page, again?.status ?? 200)
}

async function sendPasskeyOptions(
  parts: Parts,
  c: Context<PageEnv>,
  token: string,
): Promise<Response> {
  const { accountId, browser, email } = await requireForm(parts, c, token)
  c.header('Cache-Control', 'no-store')
  return c.json(
    await createRegistrationOptions(parts.db, {
      issuer: parts.issuer,
      browser,
      account: { id: accountId, email, displayName: email },
      isNew: true,
    }),
  )
}

/** Creates the account with its role. With a password, the second factor is set up right after. */
async function createOperator(parts: Parts, c: Context<PageEnv>, token: string): Promise<Response> {
  const { form, browser, email } = await requireForm(parts, c, token)
  const { texts } = c.var.reader
  const { names, errors } = readNames(texts, form)
  const values = { email, 'given-name': names.givenName, 'family-name': names.surname }
  const refuse = (wrong: SetupTexts, status: Again['status'] = 400) =>
    showSetup(parts, c, token, { values, errors: wrong, status })
  if (!isEmailAddress(email)) return refuse({ ...errors, email: texts.signUp.noAddress })
  if (errors) return refuse(errors)
  const typed = { token, browser, email, names }
  try {
    if (form['new-passkey'])
      return await createWithPasskey(parts, c, typed, String(form['new-passkey']))
    const owner = { ...names, email, issuer: parts.issuer }
    const hashed = await hashNewPassword(c, form.password, owner)
    if ('error' in hashed) return refuse({ password: hashed.error }, hashed.status)
    return await createWithPassword(parts, c, typed, hashed.passwordHash)
  } catch (error) {
    if (!(error instanceof EmailTakenError)) throw error
    return refuse({ email: texts.setup.emailTaken }, 409)
  }
}

async function createWithPassword(
  parts: Parts,
  c: Context<PageEnv>,
  typed: Typed,
  passwordHash: string,
): Promise<Response> {
  const { browser } = typed
  const { id: accountId } = await parts.db.begin((sql) =>
    storeOperator(sql, parts, c, typed, passwordHash),
  )
  reportCreated(parts, c, accountId)
  const next = await continueAfterPassword(parts, {
    accountId,
    passwordHash,
    browser,
    always: true,
  })
  if (next.outcome === 'second-step') return showSecondStep(parts, c, next, { waiting: undefined })
  return c.redirect('/', 303)
}

async function createWithPasskey(
  parts: Parts,
  c: Context<PageEnv>,
  typed: Typed,
  response: string,
): Promise<Response> {
  const { issuer, db } = parts
  const { browser } = typed
  const { texts } = c.var.reader
  const recovery = await createRecoveryCodes()
  const { accountId, method } = await db.begin(async (sql) => {
    const account = await storeOperator(sql, parts, c, typed, null)
    const name = deviceOf(texts, c.req.header('user-agent') ?? null)
    const passkey = { issuer, browser, accountId: account.id, response, name, isNew: true }
    const added = await registerPasskey(sql, passkey)
    if (!added) throw new PageError(400, 'passkey_refused', ({ errors }) => errors.passkeyRefused)
    await storeRecoveryCodes(sql, account.id, recovery)
    return { accountId: account.id, method: added.method }
  })
  reportCreated(parts, c, accountId)
  await startFirstSession(parts, c, { accountId, method }, browser)
  setSecurityHeaders(c, { issuer })
  return c.html(
    recoveryCodesPage(c.var.reader, {
      codes: recovery.codes,
      notice: texts.newAccount.createdWithPasskey,
      next: html`<p><a class="button" href="/operator">${texts.recoveryCodes.saved}</a></p>`,
    }),
  )
}

/** In a transaction: uses the link up, and creates the account with its role. Throws EmailTakenError. */
async function storeOperator(
  sql: Sql,
  parts: Parts,
  c: Context<PageEnv>,
  { token, browser, email, names }: Typed,
  passwordHash: string | null,
): Promise<Account> {
  const id = await takeSetup(sql, token)
  if (id === undefined) throw linkUsed()
  const account = await insertAccount(sql, parts.vault, {
    ...names,
    id,
    email,
    // Nobody mailed anything to it yet.
    emailVerified: false,
    nameSource: 'resident',
    passwordHash,
  })
  await makeFirstOperator(sql, id)
  await resetBrowsers(sql, id, browser)
  const letter = accountCreatedMail({ to: email, issuer: parts.issuer })
  await sendLetter(sql, parts, { ...account, requestLocale: c.var.reader.locale }, letter)
  return account
}

function reportCreated(parts: Parts, c: Context<PageEnv>, accountId: string): void {
  const address = parts.addressOf(c.env.incoming)
  parts.security.emit('operator_action', { action: 'setup', subject: accountId, address })
  parts.log.info('first operator created', { accountId })
  leaveNotice(parts, c, { name: 'operator-created' })
}

async function showOperator(parts: Parts, c: Context<PageEnv>): Promise<Response> {
  const resident = await parts.guard.findResident(c)
  if (!resident) return parts.guard.askToSignIn(c)
  const role = await findOperatorRole(parts.db, resident.account.id)
  if (!role) throw new PageError(404, 'not_found', ({ errors }) => errors.notFound)
  const isNew = isNewOperator(parts, c)
  if (isNew) takeNotice(parts, c)
  setSecurityHeaders(c, { issuer: parts.issuer })
  return c.html(operatorPage(c.var.reader, { role, isNew }))
}
