import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { errors, type InteractionResults, type Provider } from 'oidc-provider'
import { findAccount } from '../accounts/accounts.ts'
import type { FailedSignIn } from '../accounts/sign-in.ts'
import type { ClientAddress } from '../client-address.ts'
import type { Db } from '../db.ts'
import { ApiError } from '../errors.ts'
import { securityHeaders } from '../html.ts'
import type { Log } from '../log.ts'
import { recordConsent } from './consents.ts'
import { judgeLogin, loginOf } from './logins.ts'
import { consentPage, errorPage, signInPage } from './pages.ts'
import { isScope, KNOWN_UNGRANTED, type Scope } from './scopes.ts'
import { type FormTokens, identifyBrowser, isSameOrigin } from './sessions.ts'

type Parts = {
  issuer: string
  db: Db
  provider: () => Provider
  forms: FormTokens
  addressOf: ClientAddress
  log: Log
}
type Env = { Bindings: HttpBindings }

/** The detour to sign in or consent: `/interaction/:uid`. Only the browser that began it can go on. */
export function interactionRoutes(parts: Parts): Hono<Env> {
  const { issuer, db, forms, log } = parts
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
        'This step has expired, or was begun in another browser. Go back to the application and start again.',
      )
    }
  }

  async function loadForm(c: Context<Env>) {
    const details = await load(c)
    const form = await c.req.parseBody()
    if (!isSameOrigin(c.req.raw.headers, issuer) || !forms.matches(details.uid, form.csrf))
      throw new ApiError(
        403,
        'forbidden_form',
        'This form was not sent from our page. Please go back and try again.',
      )
    return { details, form }
  }

  async function finish(c: Context<Env>, result: InteractionResults) {
    const { incoming, outgoing } = c.env
    const location = await parts
      .provider()
      .interactionResult(incoming, outgoing, result, { mergeWithLastSubmission: false })
    return c.redirect(location, 303)
  }

  type Details = Awaited<ReturnType<typeof load>>

  const abort = (c: Context<Env>) =>
    finish(c, { error: 'access_denied', error_description: 'The person said no.' })

  async function show(
    c: Context<Env>,
    details: Details,
    failed?: FailedSignIn & { email: string },
  ) {
    const provider = parts.provider()
    const client = await provider.Client.find(String(details.params.client_id))
    if (!client)
      throw new ApiError(400, 'invalid_client', 'This application is not registered any more.')
    const action = `/interaction/${details.uid}`
    const csrf = forms.create(details.uid)
    const name = client.clientName ?? client.clientId
    // Browsers hold form-action against the whole chain of redirects, which ends at the application.
    for (const [header, value] of Object.entries(
      securityHeaders({
        issuer,
        formTargets: [String(details.params.redirect_uri ?? '')],
        passkeys: details.prompt.name === 'login',
      }),
    ))
      c.header(header, value)

    if (failed?.retryAfterSeconds) c.header('Retry-After', String(failed.retryAfterSeconds))
    if (details.prompt.name === 'login') {
      identifyBrowser(provider, c.env.incoming, c.env.outgoing)
      const hint = details.params.login_hint
      return c.html(
        signInPage({
          action,
          csrf,
          clientName: name,
          email: failed?.email ?? (typeof hint === 'string' ? hint : undefined),
          error: failed?.error,
        }),
        failed?.status ?? 200,
      )
    }
    const account = await findAccount(db, details.session?.accountId ?? '')
    if (!account) throw new ApiError(400, 'interaction_expired', 'Please start again.')
    return c.html(
      consentPage({
        action,
        csrf,
        client: { name },
        account: { name: `${account.givenName} ${account.surname}`, email: account.email },
        scopes: requestedScopes(details),
      }),
    )
  }

  routes.get('/interaction/:uid', async (c) => show(c, await load(c)))

  routes.post('/interaction/:uid', async (c) => {
    const { details, form } = await loadForm(c)
    if ('abort' in form || 'deny' in form) return abort(c)

    if (details.prompt.name === 'login') {
      const email = String(form.email ?? '')
      const { incoming, outgoing } = c.env
      const tried = await judgeLogin(parts, {
        form,
        address: parts.addressOf(incoming),
        browser: identifyBrowser(parts.provider(), incoming, outgoing),
      })
      if (tried.outcome === 'failed') return show(c, details, { ...tried, email })
      log.info('signed in', { accountId: tried.accountId })
      return finish(c, { login: loginOf(tried.accountId, tried.method) })
    }

    if (details.prompt.name === 'consent' && 'allow' in form) {
      const accountId = details.session?.accountId
      const clientId = String(details.params.client_id)
      if (!accountId) return abort(c)
      const provider = parts.provider()
      const scopes = requestedScopes(details)
      await recordConsent(db, accountId, clientId, scopes)
      const known = details.grantId ? await provider.Grant.find(details.grantId) : undefined
      const grant = known ?? new provider.Grant({ accountId, clientId })
      grant.addOIDCScope(scopes.join(' '))
      grant.rejectOIDCScope(KNOWN_UNGRANTED.join(' '))
      log.info('consent given', { accountId, clientId })
      return finish(c, { consent: { grantId: await grant.save() } })
    }
    return show(c, details)
  })

  routes.onError((error, c) => {
    if (!(error instanceof ApiError)) throw error
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

function requestedScopes(details: { params: Record<string, unknown> }): Scope[] {
  return String(details.params.scope ?? '')
    .split(' ')
    .filter(isScope)
}
