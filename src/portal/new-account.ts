import type { Context } from 'hono'
import { html } from 'hono/html'
import { type Account, EmailTakenError, takeSnapshot } from '../accounts/accounts.ts'
import { sendLetter } from '../accounts/mails.ts'
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
import { displayedText } from '../web/displayed-text.ts'
import { readForm } from '../web/form-body.ts'
import { setSecurityHeaders } from '../web/html.ts'
import { PageError } from '../web/page-error.ts'
import type { PageEnv } from '../web/reader.ts'
import type { Texts } from '../web/texts/en.ts'
import type { Locale } from '../web/texts/languages.ts'
import { deviceOf } from './devices.ts'
import type { GuardParts } from './guard.ts'
import { hashNewPassword } from './new-password.ts'
import { leaveNotice } from './notices.ts'
import { type FieldTexts, newAccountPage } from './sign-up-pages.ts'

type Form = Record<string, unknown>

const linkExpired = () => new PageError(410, 'link_expired', ({ errors }) => errors.signUpExpired)

/** The application's request, if it still waits. From then on the response has the language that the application asked for. */
export async function findRequest(
  { provider, readerOf }: GuardParts,
  c: Context<PageEnv>,
  uid: unknown,
): Promise<ApplicationRequest | undefined> {
  const request = await findApplicationRequest(provider(), uid)
  if (request) c.set('reader', readerOf(c.env.incoming, request.uiLocales))
  return request
}

/** Returns the sign-up if this browser may use the link; throws otherwise. Does not use the link up. */
async function requireSignUp(parts: GuardParts, c: Context<PageEnv>, token: string) {
  const browser = browserOf(parts, c)
  const signUp = await findSignUp(parts.db, parts.sealer, token)
  if (!signUp) throw linkExpired()
  if (signUp.browser !== undefined && signUp.browser !== browser)
    throw new PageError(403, 'other_browser', ({ errors }) => errors.signUpElsewhere)
  const request = await findRequest(parts, c, signUp.waiting?.interactionUid)
  return { signUp, request, browser, csrfOf: `sign-up ${browser} ${token}` }
}

/** The page behind the mailed link: name, and password or passkey. */
export async function showNewAccount(
  parts: GuardParts,
  c: Context<PageEnv>,
  token: string,
  again: {
    values?: FieldTexts
    errors?: FieldTexts
    status?: 400 | 503
  } = {},
): Promise<Response> {
  const { signUp, request, csrfOf } = await requireSignUp(parts, c, token)
  const { waiting, email } = signUp
  const clientName =
    request?.clientName ?? (waiting && (await findClientName(parts.db, waiting.clientId)))
  const { values = {}, errors = {}, status = 200 } = again
  setPageHeaders(parts, c, request)
  return c.html(
    newAccountPage(c.var.reader, {
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
  c: Context<PageEnv>,
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
      name: parts.config.site.name,
      browser,
      account: { id, email, displayName: email },
      isNew: true,
    }),
  )
}

/** Reads the two names of the form. `errors` is `undefined` when both are valid. */
export function readNames(
  texts: Texts,
  form: Form,
): {
  names: Names
  errors: FieldTexts | undefined
} {
  const given = readName(texts, form['given-name'], texts.newAccount.noGivenName)
  const family = readName(texts, form['family-name'], texts.newAccount.noSurname)
  const errors = {
    ...(given.error === undefined ? {} : { 'given-name': given.error }),
    ...(family.error === undefined ? {} : { 'family-name': family.error }),
  }
  return {
    names: { givenName: given.name, surname: family.name },
    errors: Object.keys(errors).length > 0 ? errors : undefined,
  }
}

function readName(
  { newAccount }: Texts,
  typed: unknown,
  missing: string,
): { name: string; error?: string } {
  const name = String(typed ?? '')
  if (name.trim() === '') return { name, error: missing }
  const parsed = displayedText('A name', 100).safeParse(name)
  return parsed.success
    ? { name: parsed.data }
    : { name, error: name.length > 100 ? newAccount.longName : newAccount.strangeName }
}

export type Names = { givenName: string; surname: string }
/** The form of a link that this browser may use. */
type Opened = { token: string; browser: string; signUp: SignUp; names: Names }

/** Creates the account, signs its owner in, and goes on where they came from. */
export async function createAccount(
  parts: GuardParts,
  c: Context<PageEnv>,
  token: string,
): Promise<Response> {
  const { signUp, browser, csrfOf } = await requireSignUp(parts, c, token)
  const form = await readForm(c)
  parts.forms.require(c.req.raw, csrfOf, form.csrf)
  const { names, errors } = readNames(c.var.reader.texts, form)
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
  c: Context<PageEnv>,
  opened: Opened,
  passwordHash: string,
): Promise<Response> {
  const { browser, signUp } = opened
  const { id: accountId } = await inTransaction(parts, (sql) =>
    storeAccount(sql, parts, c.var.reader.locale, opened, passwordHash),
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
  c: Context<PageEnv>,
  opened: Opened,
  response: string,
): Promise<Response> {
  const { issuer } = parts
  const { browser, signUp } = opened
  const recovery = await createRecoveryCodes()
  const { accountId, method } = await inTransaction(parts, async (sql) => {
    const account = await storeAccount(sql, parts, c.var.reader.locale, opened, null)
    const added = await registerPasskey(sql, {
      issuer,
      browser,
      accountId: account.id,
      response,
      name: deviceOf(c.var.reader.texts, c.req.header('user-agent') ?? null),
      isNew: true,
    })
    if (!added) throw new PageError(400, 'passkey_refused', (texts) => texts.errors.passkeyRefused)
    await storeRecoveryCodes(sql, account.id, recovery)
    return { accountId: account.id, method: added.method }
  })
  reportCreated(parts, c, accountId, 'passkey')
  await startFirstSession(parts, c, { accountId, method }, browser)
  const path = await findNextPath(parts, c, signUp)
  const { texts } = c.var.reader
  setSecurityHeaders(c, { issuer })
  return c.html(
    recoveryCodesPage(c.var.reader, {
      codes: recovery.codes,
      notice: texts.newAccount.createdWithPasskey,
      next: html`<p><a class="button" href="${path}">${texts.recoveryCodes.saved}</a></p>`,
    }),
  )
}

/** Runs `work` in a transaction. Throws PageError 409 when another account has the address. */
async function inTransaction<T>(
  { db }: GuardParts,
  work: (sql: Sql) => Promise<T>,
): Promise<Awaited<T>> {
  try {
    return (await db.begin(work)) as Awaited<T>
  } catch (error) {
    if (!(error instanceof EmailTakenError)) throw error
    throw new PageError(409, 'email_taken', ({ errors }) => errors.accountExists)
  }
}

/** In a transaction: uses the link up and creates the account, which knows this browser. */
async function storeAccount(
  sql: Sql,
  parts: GuardParts,
  locale: Locale,
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
  const letter = accountCreatedMail({ to: account.email, issuer: parts.issuer })
  await sendLetter(sql, parts, { ...account, requestLocale: locale }, letter)
  return account
}

function reportCreated(
  { security, addressOf, log }: GuardParts,
  c: Context<PageEnv>,
  accountId: string,
  method: 'password' | 'passkey',
): void {
  security.emit('account_created', { accountId, method, address: addressOf(c.env.incoming) })
  log.info('account created', { accountId })
}

/** Signs the browser in to the account that was created in it. */
export async function startFirstSession(
  parts: GuardParts,
  c: Context<PageEnv>,
  login: { accountId: string; method: SignInMethod },
  browser: string,
): Promise<void> {
  const { incoming, outgoing } = c.env
  const snapshot = await takeSnapshot(parts.db)
  const provider = parts.provider()
  const started = await startSession({ ...parts, provider }, incoming, outgoing, login)
  const { accountId } = login
  const { locale } = c.var.reader
  const userAgent = c.req.header('user-agent') ?? null
  const device = (texts: Texts) => deviceOf(texts, userAgent)
  await completeSignIn(parts, { ...started, accountId, browser, device, locale, snapshot })
}

/** Where the new resident goes on: at the application's request, or on the page that says that it has expired, or at home. */
async function findNextPath(
  parts: GuardParts,
  c: Context<PageEnv>,
  { waiting }: SignUp,
): Promise<string> {
  if (!waiting) return '/'
  const request = await findRequest(parts, c, waiting.interactionUid)
  if (request) return `/interaction/${request.interactionUid}/continue`
  leaveNotice(parts, c, { name: 'request-expired', clientId: waiting.clientId })
  return '/sign-up/done'
}

/** The policy requires a second factor: the pages for signing in set it up, and go on from there. */
export async function showSecondStep(
  parts: GuardParts,
  c: Context<PageEnv>,
  step: SecondStep,
  { waiting }: Pick<SignUp, 'waiting'>,
): Promise<Response> {
  const request = await findRequest(parts, c, waiting?.interactionUid)
  const form = request
    ? {
        action: `/interaction/${request.interactionUid}`,
        csrf: parts.forms.create(request.interactionUid),
        mayCancel: true,
      }
    : { action: '/sign-in', csrf: parts.forms.create(`sign-in ${browserOf(parts, c)}`) }
  setPageHeaders(parts, c, request)
  return c.html(secondStepPage(c.var.reader, { ...step, ...form, fields: [] }))
}

/** The headers of a page with a form that may end at the application, and with the passkeys' script. */
function setPageHeaders(
  { issuer }: GuardParts,
  c: Context<PageEnv>,
  request: ApplicationRequest | undefined,
): void {
  const formTargets = request ? [request.redirectUri] : []
  setSecurityHeaders(c, { issuer, passkeys: true, formTargets })
}
