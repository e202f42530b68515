import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import { html } from 'hono/html'
import { type Account, EmailTakenError, takeSnapshot } from '../accounts/accounts.ts'
import { createRegistrationOptions, registerPasskey } from '../accounts/passkeys.ts'
import { createRecoveryCodes, storeRecoveryCodes } from '../accounts/recovery-codes.ts'
import { continueAfterPassword } from '../accounts/second-step.ts'
import { resetBrowsers } from '../accounts/security-notices.ts'
import type { SecondStep, SignInMethod } from '../accounts/sign-in.ts'
import { createSignedUpAccount, findSignUp, type SignUp } from '../accounts/sign-up.ts'
import { accountCreatedMail } from '../accounts/sign-up-mails.ts'
import { findClientName } from '../clients/clients.ts'
import { completeSignIn } from '../oauth/new-sign-ins.ts'
import { recoveryCodesPage, secondStepPage } from '../oauth/second-step-pages.ts'
import { browserOf, startSession } from '../oauth/sessions.ts'
import { type ApplicationRequest, findApplicationRequest } from '../oauth/sign-up.ts'
import type { Sql } from '../platform/db.ts'
import { ApiError } from '../platform/errors.ts'
import { enqueueMail } from '../platform/mail.ts'
import { displayedText } from '../web/displayed-text.ts'
import { readForm } from '../web/form-body.ts'
import { setSecurityHeaders } from '../web/html.ts'
import { deviceOf } from './devices.ts'
import type { GuardParts } from './guard.ts'
import { hashNewPassword } from './new-password.ts'
import { leaveNotice } from './notices.ts'
import { type FieldTexts, newAccountPage } from './sign-up-pages.ts'

type Env = { Bindings: HttpBindings }
type Form = Record<string, unknown>

const linkExpired = () =>
  new ApiError(
    410,
    'link_expired',
    'This link was already used or has expired. If you have no account yet, please start again.',
  )

/** Returns the sign-up if this browser may use the link; throws otherwise. Does not use the link up. */
async function requireSignUp(parts: GuardParts, c: Context<Env>, token: string) {
  const browser = browserOf(parts, c)
  const signUp = await findSignUp(parts.db, parts.sealer, token)
  if (!signUp) throw linkExpired()
  if (signUp.browser !== undefined && signUp.browser !== browser)
    throw new ApiError(
      403,
      'other_browser',
      'Please open this link in the browser in which you began, or type the code from the e-mail there.',
    )
  return { signUp, browser, csrfOf: `sign-up ${browser} ${token}` }
}

/** The page behind the mailed link: name, and password or passkey. */
export async function showNewAccount(
  parts: GuardParts,
  c: Context<Env>,
  token: string,
  again: {
    values?: FieldTexts
    errors?: FieldTexts
    status?: 400 | 503
  } = {},
): Promise<Response> {
  const { signUp, csrfOf } = await requireSignUp(parts, c, token)
  const { waiting, email } = signUp
  const request = await findApplicationRequest(parts.provider(), waiting?.interactionUid)
  const clientName =
    request?.clientName ?? (waiting && (await findClientName(parts.db, waiting.clientId)))
  const { values = {}, errors = {}, status = 200 } = again
  setPageHeaders(parts, c, request)
  return c.html(
    newAccountPage({
      action: `/sign-up/${token}`,
      csrf: parts.forms.create(csrfOf),
      email,
      clientName,
      hasExpired: waiting !== undefined && request === undefined,
      values,
      errors,
    }),
    status,
  )
}

/** Options for the passkey with which the account will be created. */
export async function sendPasskeyOptions(
  parts: GuardParts,
  c: Context<Env>,
  token: string,
): Promise<Response> {
  const { signUp, browser, csrfOf } = await requireSignUp(parts, c, token)
  const form = await readForm(c)
  parts.forms.require(c.req.raw, csrfOf, form.csrf)
  const { id, email } = signUp
  c.header('Cache-Control', 'no-store')
  return c.json(
    await createRegistrationOptions(parts.db, {
      issuer: parts.issuer,
      browser,
      account: { id, email, displayName: email },
      isNew: true,
    }),
  )
}

/** Reads the two names of the form. `errors` is `undefined` when both are valid. */
function readNames(form: Form): {
  names: Names
  errors: FieldTexts | undefined
} {
  const given = readName(form['given-name'], 'Please enter your given name.')
  const family = readName(form['family-name'], 'Please enter your surname.')
  const errors = {
    ...(given.error === undefined ? {} : { 'given-name': given.error }),
    ...(family.error === undefined ? {} : { 'family-name': family.error }),
  }
  return {
    names: { givenName: given.name, surname: family.name },
    errors: Object.keys(errors).length > 0 ? errors : undefined,
  }
}

function readName(typed: unknown, missing: string): { name: string; error?: string } {
  const name = String(typed ?? '')
  if (name.trim() === '') return { name, error: missing }
  const parsed = displayedText('A name', 100).safeParse(name)
  return parsed.success
    ? { name: parsed.data }
    : { name, error: `${parsed.error.issues.map(({ message }) => message).join('; ')}.` }
}

type Names = { givenName: string; surname: string }
/** The form of a link that this browser may use. */
type Opened = { token: string; browser: string; signUp: SignUp; names: Names }

/** Creates the account, signs its owner in, and goes on where they came from. */
export async function createAccount(
  parts: GuardParts,
  c: Context<Env>,
  token: string,
): Promise<Response> {
  const { signUp, browser, csrfOf } = await requireSignUp(parts, c, token)
  const form = await readForm(c)
  parts.forms.require(c.req.raw, csrfOf, form.csrf)
  const { names, errors } = readNames(form)
  const values = { 'given-name': names.givenName, 'family-name': names.surname }
  if (errors) return showNewAccount(parts, c, token, { values, errors, status: 400 })
  const opened = { token, browser, signUp, names }
  if (form['new-passkey']) return createWithPasskey(parts, c, opened, String(form['new-passkey']))
  const owner = { ...names, email: signUp.email, issuer: parts.issuer }
  const hashed = await hashNewPassword(c, form.password, owner)
  if ('passwordHash' in hashed) return createWithPassword(parts, c, opened, hashed.passwordHash)
  const { error, status } = hashed
  return showNewAccount(parts, c, token, { values, errors: { password: error }, status })
}

async function createWithPassword(
  parts: GuardParts,
  c: Context<Env>,
  opened: Opened,
  passwordHash: string,
): Promise<Response> {
  const { browser, signUp } = opened
  const { id: accountId } = await inTransaction(parts, (sql) =>
    storeAccount(sql, parts, opened, passwordHash),
  )
  reportCreated(parts, c, accountId, 'password')
  const next = await continueAfterPassword(parts, {
    accountId,
    passwordHash,
    browser,
    always: false,
  })
  if (next.outcome === 'second-step') return showSecondStep(parts, c, next, signUp)
  if (next.outcome === 'signed-in') await startFirstSession(parts, c, next, browser)
  return c.redirect(await findNextPath(parts, c, signUp), 303)
}

/** Shows the recovery codes at once: without a password, they help when the passkey is lost. */
async function createWithPasskey(
  parts: GuardParts,
  c: Context<Env>,
  opened: Opened,
  response: string,
): Promise<Response> {
  const { issuer } = parts
  const { browser, signUp } = opened
  const recovery = await createRecoveryCodes()
  const { accountId, method } = await inTransaction(parts, async (sql) => {
    const account = await storeAccount(sql, parts, opened, null)
    const added = await registerPasskey(sql, {
      issuer,
      browser,
      accountId: account.id,
      response,
      name: deviceOf(c.req.header('user-agent') ?? null),
      isNew: true,
    })
    if (!added)
      throw new ApiError(
        400,
        'passkey_refused',
        'This passkey could not be added. Please go back, reload the page and try again.',
      )
    await storeRecoveryCodes(sql, account.id, recovery)
    return { accountId: account.id, method: added.method }
  })
  reportCreated(parts, c, accountId, 'passkey')
  await startFirstSession(parts, c, { accountId, method }, browser)
  const path = await findNextPath(parts, c, signUp)
  setSecurityHeaders(c, { issuer })
  return c.html(
    recoveryCodesPage({
      codes: recovery.codes,
      notice: 'Your account was created. You sign in with the passkey.',
      next: html`<p><a class="button" href="${path}">I have saved them</a></p>`,
    }),
  )
}

/** Runs `work` in a transaction. Throws ApiError 409 when another account has the address. */
async function inTransaction<T>(
  { db }: GuardParts,
  work: (sql: Sql) => Promise<T>,
): Promise<Awaited<T>> {
  try {
    return (await db.begin(work)) as Awaited<T>
  } catch (error) {
    if (!(error instanceof EmailTakenError)) throw error
    throw new ApiError(
      409,
      'email_taken',
      'There is an account with this address already. Please sign in, or set a new password.',
    )
  }
}

/** In a transaction: uses the link up and creates the account, which knows this browser. */
async function storeAccount(
  sql: Sql,
  parts: GuardParts,
  { token, browser, names }: Opened,
  passwordHash: string | null,
): Promise<Account> {
  const account = await createSignedUpAccount(
    sql,
    parts,
    { token, browser },
    { ...names, passwordHash },
  )
  if (!account) throw linkExpired()
  await resetBrowsers(sql, account.id, browser)
  await enqueueMail(sql, parts, accountCreatedMail(account.email, parts.issuer))
  return account
}

function reportCreated(
  { security, addressOf, log }: GuardParts,
  c: Context<Env>,
  accountId: string,
  method: 'password' | 'passkey',
): void {
  security.emit('account_created', { accountId, method, address: addressOf(c.env.incoming) })
  log.info('account created', { accountId })
}

async function startFirstSession(
  parts: GuardParts,
  c: Context<Env>,
  login: { accountId: string; method: SignInMethod },
  browser: string,
): Promise<void> {
  const { incoming, outgoing } = c.env
  const snapshot = await takeSnapshot(parts.db)
  const provider = parts.provider()
  const started = await startSession({ ...parts, provider }, incoming, outgoing, login)
  const device = deviceOf(c.req.header('user-agent') ?? null)
  await completeSignIn(parts, { ...started, accountId: login.accountId, browser, device, snapshot })
}

/** Where the new resident goes on: at the application's request, or on the page that says that it has expired, or at home. */
async function findNextPath(
  parts: GuardParts,
  c: Context<Env>,
  { waiting }: SignUp,
): Promise<string> {
  if (!waiting) return '/'
  const request = await findApplicationRequest(parts.provider(), waiting.interactionUid)
  if (request) return `/interaction/${request.interactionUid}/continue`
  leaveNotice(parts, c, { name: 'request-expired', clientId: waiting.clientId })
  return '/sign-up/done'
}

/** The policy requires a second factor: the pages for signing in set it up, and go on from there. */
async function showSecondStep(
  parts: GuardParts,
  c: Context<Env>,
  step: SecondStep,
  { waiting }: SignUp,
): Promise<Response> {
  const request = await findApplicationRequest(parts.provider(), waiting?.interactionUid)
  const form = request
    ? {
        action: `/interaction/${request.interactionUid}`,
        csrf: parts.forms.create(request.interactionUid),
        mayCancel: true,
      }
    : { action: '/sign-in', csrf: parts.forms.create(`sign-in ${browserOf(parts, c)}`) }
  setPageHeaders(parts, c, request)
  return c.html(secondStepPage({ ...step, ...form, fields: [] }))
}

/** The headers of a page with a form that may end at the application, and with the passkeys' script. */
function setPageHeaders(
  { issuer }: GuardParts,
  c: Context<Env>,
  request: ApplicationRequest | undefined,
): void {
  const formTargets = request ? [request.redirectUri] : []
  setSecurityHeaders(c, { issuer, passkeys: true, formTargets })
}
