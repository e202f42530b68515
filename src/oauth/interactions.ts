import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { errors, type InteractionResults, type Provider } from 'oidc-provider'
import { type Account, takeSnapshot } from '../accounts/accounts.ts'
import type { FailedSignIn, SecondStep } from '../accounts/sign-in.ts'
import type { Db } from '../platform/db.ts'
import { ApiError } from '../platform/errors.ts'
import type { Jobs } from '../platform/jobs.ts'
import type { Log } from '../platform/log.ts'
import type { Sealer } from '../platform/secrets.ts'
import type { Vault } from '../platform/vault.ts'
import type { ClientAddress } from '../web/client-address.ts'
import { readForm } from '../web/form-body.ts'
import type { FormTokens } from '../web/form-tokens.ts'
import { securityHeaders } from '../web/html.ts'
import type { SecurityEvents } from '../web/security-events.ts'
import { createConsentStep, type FindDocuments } from './consent-step.ts'
import { ACR, authenticateForm, chooseAcr, toLoginResult } from './logins.ts'
import { errorPage, signInPage } from './pages.ts'
import { secondStepPage } from './second-step-pages.ts'
import { ensureBrowserId } from './sessions.ts'

/**
 * Requires a signed-in resident to prove who they are before `form` is processed. `undefined` when the form contains the proof; the
 * session then counts as just authenticated. `csrfOf`: the value that the form's CSRF token is bound to.
 */
export type RequireProof = (
  c: Context<Env>,
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
  security: SecurityEvents
  requireProof: RequireProof
  jobs: Jobs
  sealer: Sealer
  log: Log
}
type Env = { Bindings: HttpBindings }
type Details = Awaited<ReturnType<Provider['interactionDetails']>>

/** The detour to sign in or consent: `/interaction/:uid`. It continues only in the browser that started it. */
export function interactionRoutes(parts: InteractionOptions): Hono<Env> {
  const { issuer, forms, log } = parts
  const consent = createConsentStep(parts)
  const routes = new Hono<Env>()
  routes.use(bodyLimit({ maxSize: 16 * 1024 }))

  async function load(c: Context<Env>) {
    const { incoming, outgoing } = c.env
    try {
      const details = await parts.provider().interactionDetails(incoming, outgoing)
      if (details.uid !== c.req.param('uid')) throw new errors.SessionNotFound('other interaction')
      return details
    } catch (error) {
      if (!(error instanceof errors.SessionNotFound)) throw error
      throw new ApiError(
        400,
        'interaction_expired',
        'This step has expired, or was started in another browser. Go back to the application and start again.',
      )
    }
  }

  async function loadForm(c: Context<Env>) {
    const details = await load(c)
    const form = await readForm(c, { all: true })
    forms.require(c.req.raw, details.uid, form.csrf)
    return { details, form }
  }

  async function finish(c: Context<Env>, result: InteractionResults) {
    const { incoming, outgoing } = c.env
    const location = await parts
      .provider()
      .interactionResult(incoming, outgoing, result, { mergeWithLastSubmission: false })
    return c.redirect(location, 303)
  }

  const abort = (c: Context<Env>) =>
    finish(c, { error: 'access_denied', error_description: 'The resident declined.' })

  async function show(
    c: Context<Env>,
    details: Details,
    failed?: FailedSignIn & { email: string },
    secondStep?: SecondStep,
  ) {
    const provider = parts.provider()
    const client = await provider.Client.find(String(details.params.client_id))
    if (!client)
      throw new ApiError(400, 'invalid_client', 'This application is not registered any more.')
    const action = `/interaction/${details.uid}`
    const csrf = forms.create(details.uid)
    const name = client.clientName ?? client.clientId
    // Browsers apply `form-action` to the whole chain of redirects, which ends at the application.
    for (const [header, value] of Object.entries(
      securityHeaders({
        issuer,
        formTargets: [String(details.params.redirect_uri ?? '')],
        passkeys: details.prompt.name === 'login',
      }),
    ))
      c.header(header, value)

    const why = failed ?? secondStep?.failed
    if (why?.retryAfterSeconds) c.header('Retry-After', String(why.retryAfterSeconds))
    if (secondStep)
      return c.html(
        secondStepPage({
          action,
          csrf,
          fields: [],
          mayCancel: true,
          ...secondStep,
          error: why?.error,
        }),
        why?.status ?? 200,
      )
    if (details.prompt.name === 'login') {
      const acrValues = requestedAcr(details)
      if (acrValues && !acrValues.some((acr) => Object.values<unknown>(ACR).includes(acr)))
        return finish(c, {
          error: 'unmet_authentication_requirements',
          error_description: 'This portal does not offer the requested way to sign in.',
        })
      ensureBrowserId(provider, c.env.incoming, c.env.outgoing)
      const hint = details.params.login_hint
      return c.html(
        signInPage({
          action,
          csrf,
          clientName: name,
          needs: requiredFactor(acrValues),
          email: failed?.email ?? (typeof hint === 'string' ? hint : undefined),
          error: failed?.error,
        }),
        failed?.status ?? 200,
      )
    }
    const page = await consent.show(details, { action, csrf })
    return page ? c.html(page) : abort(c)
  }

  routes.get('/interaction/:uid', async (c) => show(c, await load(c)))

  routes.post('/interaction/:uid', async (c) => {
    const { details, form } = await loadForm(c)
    if ('abort' in form || 'deny' in form) return abort(c)

    if (details.prompt.name === 'login') {
      const email = String(form.email ?? '')
      const { incoming, outgoing } = c.env
      const snapshot = await takeSnapshot(parts.db)
      const result = await authenticateForm(parts, {
        form,
        address: parts.addressOf(incoming),
        browser: ensureBrowserId(parts.provider(), incoming, outgoing),
        requiresFactor: requiredFactor(requestedAcr(details)) !== undefined,
      })
      if (result.outcome === 'failed') return show(c, details, { ...result, email })
      if (result.outcome === 'second-step') return show(c, details, undefined, result)
      log.info('signed in', { accountId: result.accountId })
      const login = toLoginResult(result.accountId, result.method)
      const acr = chooseAcr(requestedAcr(details), login.acr)
      // `completeSignIns` completes the sign-in after the provider stored the session.
      return finish(c, { login: { ...login, acr, snapshot } })
    }

    if (details.prompt.name === 'consent' && 'allow' in form) {
      let outcome = await consent.allow(details, form)
      if (typeof outcome === 'object') {
        const formTargets = [String(details.params.redirect_uri ?? '')]
        const proofRequest = {
          account: outcome,
          csrfOf: details.uid,
          declineBy: 'deny',
          formTargets,
        }
        const page = await parts.requireProof(c, proofRequest, form)
        if (page) return page
        outcome = await consent.allow(details, form)
      }
      if (outcome === 'nothing') return abort(c)
      // The provider's `loadGrant` makes the grant from the consent.
      if (outcome === 'allowed') return finish(c, { consent: {} })
    }
    return show(c, details)
  })

  routes.onError((error, c) => {
    if (!(error instanceof ApiError)) throw error
    if (error.error === 'forbidden_form')
      parts.security.emit('form_refused', { address: parts.addressOf(c.env.incoming) })
    for (const [header, value] of Object.entries(securityHeaders({ issuer })))
      c.header(header, value)
    return c.html(
      errorPage({
        title: 'We could not go on',
        message: error.message,
        requestId: c.res.headers.get('X-Request-Id') ?? undefined,
      }),
      error.status as 400,
    )
  })
  return routes
}

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
