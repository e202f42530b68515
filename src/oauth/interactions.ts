import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { errors, type InteractionResults, type Provider } from 'oidc-provider'
import { type Account, takeSnapshot } from '../accounts/accounts.ts'
import type { MailContext } from '../accounts/mails.ts'
import { isRecentSignIn } from '../accounts/session-limits.ts'
import { findSession } from '../accounts/sessions.ts'
import type { FailedSignIn, SecondStep } from '../accounts/sign-in.ts'
import { isSignUpOffered } from '../accounts/sign-up.ts'
import type { Db } from '../platform/db.ts'
import { ApiError } from '../platform/errors.ts'
import type { Jobs } from '../platform/jobs.ts'
import type { Log } from '../platform/log.ts'
import type { Sealer } from '../platform/secrets.ts'
import type { Vault } from '../platform/vault.ts'
import type { ClientAddress } from '../web/client-address.ts'
import { readForm } from '../web/form-body.ts'
import type { FormTokens } from '../web/form-tokens.ts'
import { setSecurityHeaders } from '../web/html.ts'
import { describeError, PageError } from '../web/page-error.ts'
import type { PageEnv, ReaderOf } from '../web/reader.ts'
import type { SecurityEvents } from '../web/security-events.ts'
import {
  allowConsent,
  type FindDocuments,
  type FindVerificationState,
  findDecider,
  type PersonaConsents,
  showConsent,
} from './consent-step.ts'
import { ACR, authenticateForm, chooseAcr, listAcr, toLoginResult } from './logins.ts'
import { errorPage, signInPage } from './pages.ts'
import { personasPage } from './persona-pages.ts'
import { authenticatePersona, type Personas, preselect } from './personas.ts'
import { hasSignedIn, SIGNED_IN } from './requests.ts'
import { secondStepPage } from './second-step-pages.ts'
import { browserOf, endSession, ensureBrowserId, findLogin } from './sessions.ts'
import { answerCreate, CREATE, forgetSession, waitForAccount } from './sign-up.ts'

/**
 * Requires a signed-in resident to prove who they are before `form` is processed. `undefined` when the form contains the proof; the
 * session then counts as just authenticated. `csrfOf`: the value that the form's CSRF token is bound to.
 */
export type RequireProof = (
  c: Context<PageEnv>,
  options: {
    account: Account
    csrfOf: string
    declineBy?: string
    formTargets?: string[]
    /** An account with a second factor needs it here, whatever the policy is. */
    requiresFactor?: boolean
  },
  form: Record<string, unknown>,
) => Promise<Response | undefined>

type InteractionOptions = {
  issuer: string
  db: Db
  vault: Vault
  provider: () => Provider
  forms: FormTokens
  addressOf: ClientAddress
  findDocuments: FindDocuments
  findVerificationState: FindVerificationState
  personaConsents?: PersonaConsents | undefined
  security: SecurityEvents
  requireProof: RequireProof
  /** In the sandbox. */
  personas?: Personas | undefined
  jobs: Jobs
  sealer: Sealer
  config: MailContext['config']
  readerOf: ReaderOf
  log: Log
}
type Form = Record<string, unknown>
type Details = Awaited<ReturnType<Provider['interactionDetails']>>

/** The detour to sign in or consent: `/interaction/:uid`. It continues only in the browser that started it. */
export function interactionRoutes(parts: InteractionOptions): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  routes.use(bodyLimit({ maxSize: 16 * 1024 }))
  routes.get('/interaction/:uid', (c) => showInteraction(parts, c))
  routes.get('/interaction/:uid/sign-up', (c) => startSignUp(parts, c))
  routes.get('/interaction/:uid/continue', (c) => continueSignedUp(parts, c))
  routes.post('/interaction/:uid', (c) => continueInteraction(parts, c))
  routes.onError((error, c) => showError(parts, c, error))
  return routes
}

/** Loads the interaction. From then on the request has the language that the application asked for. */
async function loadDetails(
  { provider, readerOf }: InteractionOptions,
  c: Context<PageEnv>,
): Promise<Details> {
  const { incoming, outgoing } = c.env
  try {
    const details = await provider().interactionDetails(incoming, outgoing)
    if (details.uid !== c.req.param('uid')) throw new errors.SessionNotFound('other interaction')
    c.set('reader', readerOf(incoming, details.params.ui_locales))
    return details
  } catch (error) {
    if (!(error instanceof errors.SessionNotFound)) throw error
    throw new PageError(400, 'interaction_expired', (texts) => texts.errors.interactionExpired)
  }
}

async function finish(
  { provider }: InteractionOptions,
  c: Context<PageEnv>,
  result: InteractionResults,
): Promise<Response> {
  const { incoming, outgoing } = c.env
  const options = { mergeWithLastSubmission: false }
  return c.redirect(await provider().interactionResult(incoming, outgoing, result, options), 303)
}

const abort = (parts: InteractionOptions, c: Context<PageEnv>) =>
  finish(parts, c, { error: 'access_denied', error_description: 'The resident declined.' })

/** Whether the interaction ends with a sign-in. `prompt=create` does too, with that of a new account. */
const isSignIn = ({ prompt }: Details): boolean => prompt.name === 'login' || prompt.name === CREATE

/** With `?sign-in`, somebody who was led to sign-up has an account already. */
async function showInteraction(parts: InteractionOptions, c: Context<PageEnv>): Promise<Response> {
  const details = await loadDetails(parts, c)
  const begins = details.prompt.name === CREATE && c.req.query('sign-in') === undefined
  return begins && (await isSignUpOffered(parts.db))
    ? c.redirect(`/interaction/${details.uid}/sign-up`, 303)
    : showPrompt(parts, c, details)
}

/** Leaves for sign-up, which comes back to `continueSignedUp`. */
async function startSignUp(parts: InteractionOptions, c: Context<PageEnv>): Promise<Response> {
  const details = await loadDetails(parts, c)
  if (!isSignIn(details)) return c.redirect(`/interaction/${details.uid}`, 303)
  await waitForAccount(details)
  return c.redirect(`/sign-up?request=${details.uid}`, 303)
}

/** Continues the request with the session that sign-up has started in this browser since the request began. */
async function continueSignedUp(parts: InteractionOptions, c: Context<PageEnv>): Promise<Response> {
  const details = await loadDetails(parts, c)
  const { incoming, outgoing } = c.env
  const login = await findLogin(parts.provider(), incoming, outgoing)
  if (!login || !isSignIn(details) || login.ts < details.iat)
    return c.redirect(`/interaction/${details.uid}`, 303)
  await answerCreate(details)
  const acr = chooseAcr(requestedAcr(details), login.acr)
  return finish(parts, c, { login: { ...login, acr, snapshot: await takeSnapshot(parts.db) } })
}

/** The page of the interaction's prompt. `missing`: what the sign-in that was just tried still lacks. */
async function showPrompt(
  parts: InteractionOptions,
  c: Context<PageEnv>,
  details: Details,
  missing?: (FailedSignIn & { email: string }) | SecondStep,
  entered?: { form: Form; status: 200 | 400 },
): Promise<Response> {
  const { issuer, provider, forms } = parts
  const client = await provider().Client.find(String(details.params.client_id))
  if (!client) throw new PageError(400, 'invalid_client', (texts) => texts.errors.unregistered)
  const isLogin = isSignIn(details)
  const formTargets = [redirectUriOf(details)]
  setSecurityHeaders(c, { issuer, formTargets, passkeys: isLogin })
  const failed = missing?.outcome === 'second-step' ? missing.failed : missing
  if (failed?.retryAfterSeconds) c.header('Retry-After', String(failed.retryAfterSeconds))

  const form = { action: `/interaction/${details.uid}`, csrf: forms.create(details.uid) }
  if (missing?.outcome === 'second-step') {
    const error = failed?.error(c.var.reader.texts)
    const data = { ...form, fields: [], mayCancel: true, ...missing, error }
    return c.html(secondStepPage(c.var.reader, data), failed?.status ?? 200)
  }
  if (isLogin) {
    const clientName = client.clientName ?? client.clientId
    return showSignIn(parts, c, details, { ...form, clientName }, missing)
  }
  const shown = { ...form, entered: entered?.form }
  const page = await showConsent(parts, c.var.reader, details, shown)
  return page ? c.html(page, entered?.status ?? 200) : abort(parts, c)
}

async function showSignIn(
  parts: InteractionOptions,
  c: Context<PageEnv>,
  details: Details,
  form: { action: string; csrf: string; clientName: string },
  failed: (FailedSignIn & { email: string }) | undefined,
): Promise<Response> {
  const { personas } = parts
  const acrValues = requestedAcr(details)
  if (
    acrValues &&
    !acrValues.some((acr) => listAcr({ isSandbox: Boolean(personas) }).includes(acr))
  )
    return finish(parts, c, {
      error: 'unmet_authentication_requirements',
      error_description: 'This portal does not offer the requested way to sign in.',
    })
  ensureBrowserId(parts.provider(), c.env.incoming, c.env.outgoing)
  const { login_hint: hint, client_id: clientId } = details.params
  const status = failed?.status ?? 200
  const error = failed?.error(c.var.reader.texts)
  if (personas) {
    const offered = await personas.listForClient(String(clientId))
    const chosen = preselect(offered, { hint, before: details.session?.accountId })
    return c.html(personasPage(c.var.reader, { ...form, offered, chosen, error }), status)
  }
  return c.html(
    signInPage(c.var.reader, {
      ...form,
      needs: requiredFactor(acrValues),
      signUpPath: (await isSignUpOffered(parts.db)) ? `${form.action}/sign-up` : undefined,
      email: failed?.email ?? (typeof hint === 'string' ? hint : undefined),
      error,
    }),
    status,
  )
}

/** Processes the form of the prompt's page. */
async function continueInteraction(
  parts: InteractionOptions,
  c: Context<PageEnv>,
): Promise<Response> {
  const details = await loadDetails(parts, c)
  const form = await readForm(c, { all: true })
  parts.forms.require(c.req.raw, details.uid, form.csrf)
  if ('abort' in form || 'deny' in form) return abort(parts, c)
  if (isSignIn(details)) return signIn(parts, c, details, form)
  if (details.prompt.name !== 'consent') return showPrompt(parts, c, details)
  if ('allow' in form) return allow(parts, c, details, form)
  if ('show' in form) return showHidden(parts, c, details, form)
  if ('other-account' in form) return changeAccount(parts, c, details)
  return showPrompt(parts, c, details)
}

/** Shows the consent page with what only a recent sign-in shows, and with what was entered already. */
async function showHidden(
  parts: InteractionOptions,
  c: Context<PageEnv>,
  details: Details,
  form: Form,
): Promise<Response> {
  const account = await findDecider(parts, details)
  const session = await findSession(parts.db, {
    accountId: account.id,
    uid: details.session?.uid ?? '',
  })
  const isRecent = session !== undefined && isRecentSignIn(session.authenticatedAt)
  const page = isRecent
    ? undefined
    : await parts.requireProof(c, proofRequest(details, account), form)
  return page ?? showPrompt(parts, c, details, undefined, { form, status: 200 })
}

/** Signs this browser out, and asks for a sign-in to the same request. */
async function changeAccount(
  parts: InteractionOptions,
  c: Context<PageEnv>,
  details: Details,
): Promise<Response> {
  await leaveSession(parts, c, details)
  return c.redirect(details.returnTo, 303)
}

async function leaveSession(
  parts: InteractionOptions,
  c: Context<PageEnv>,
  details: Details,
): Promise<void> {
  const { incoming, outgoing } = c.env
  await endSession({ ...parts, provider: parts.provider() }, incoming, outgoing)
  await forgetSession(details)
}

const proofRequest = (details: Details, account: Account) => ({
  account,
  csrfOf: details.uid,
  declineBy: 'deny',
  formTargets: [redirectUriOf(details)],
})

async function signIn(
  parts: InteractionOptions,
  c: Context<PageEnv>,
  details: Details,
  form: Form,
): Promise<Response> {
  const email = String(form.email ?? '')
  const acrValues = requestedAcr(details)
  const snapshot = await takeSnapshot(parts.db)
  const address = parts.addressOf(c.env.incoming)
  const { personas } = parts
  const result = personas
    ? authenticatePersona(parts, {
        offered: await personas.listForClient(String(details.params.client_id)),
        form,
        address,
      })
    : await authenticateForm(parts, {
        form,
        address,
        browser: browserOf(parts, c),
        requiresFactor: requiredFactor(acrValues) !== undefined,
      })
  if (result.outcome === 'failed') return showPrompt(parts, c, details, { ...result, email })
  if (result.outcome === 'second-step') return showPrompt(parts, c, details, result)
  parts.log.info('signed in', { accountId: result.accountId })
  const login = toLoginResult(result.accountId, result.method)
  const acr = chooseAcr(acrValues, login.acr)
  // The library's own way from one account to another needs a script, and in the sandbox everybody changes.
  if (personas && details.session && details.session.accountId !== result.accountId)
    await leaveSession(parts, c, details)
  await answerCreate(details)
  // `completeSignIns` completes the sign-in after the provider stored the session.
  return finish(parts, c, { login: { ...login, acr, snapshot } })
}

async function allow(
  parts: InteractionOptions,
  c: Context<PageEnv>,
  details: Details,
  form: Form,
): Promise<Response> {
  let outcome = await allowConsent(parts, details, form)
  if (typeof outcome === 'object') {
    const page = await parts.requireProof(c, proofRequest(details, outcome), form)
    if (page) return page
    outcome = await allowConsent(parts, details, form)
  }
  if (outcome === 'nothing') return abort(parts, c)
  // The provider's `loadGrant` makes the grant from the consent.
  if (outcome === 'allowed')
    return finish(parts, c, {
      consent: {},
      ...(hasSignedIn(details.lastSubmission) ? { [SIGNED_IN]: true } : {}),
    })
  if (outcome === 'unanswered')
    return showPrompt(parts, c, details, undefined, { form, status: 400 })
  return showPrompt(parts, c, details)
}

function showError(
  parts: InteractionOptions,
  c: Context<PageEnv>,
  error: Error,
): Response | Promise<Response> {
  if (!(error instanceof ApiError)) throw error
  if (error.error === 'forbidden_form')
    parts.security.emit('form_refused', { address: parts.addressOf(c.env.incoming) })
  const { texts } = c.var.reader
  setSecurityHeaders(c, { issuer: parts.issuer })
  return c.html(
    errorPage(c.var.reader, {
      title: texts.errors.cannotGoOn,
      message: describeError(texts, error),
      requestId: c.res.headers.get('X-Request-Id') ?? undefined,
    }),
    error.status as 400,
  )
}

/** Browsers apply `form-action` to the whole chain of redirects, which ends at the application. */
const redirectUriOf = (details: Details): string => String(details.params.redirect_uri ?? '')

/** The values of `acr` of which the application requires one (OIDC Core §5.5.1.1). */
function requestedAcr(details: Details): unknown[] | undefined {
  const { acr } = details.prompt.details as { acr?: { value?: unknown; values?: unknown[] } }
  return acr && (acr.values ?? [acr.value])
}

/** What a sign-in requires besides the password, for one of the requested values of `acr`. */
function requiredFactor(acrValues: unknown[] | undefined): 'passkey' | 'code' | undefined {
  if (!acrValues || acrValues.includes(ACR.password)) return undefined
  return acrValues.includes(ACR.passwordOtp) ? 'code' : 'passkey'
}
