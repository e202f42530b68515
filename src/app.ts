import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { Provider } from 'oidc-provider'
import { TooBusyError } from './accounts/passwords.ts'
import { backOfficeRoutes } from './api/back-office.ts'
import { eventRoutes, transmitterRoutes } from './api/events.ts'
import { apiHeaders } from './api/headers.ts'
import { createFindLatestApproved, idVerificationRoutes } from './api/id-verification.ts'
import { imageRoutes, residentReader, tenantReader } from './api/images.ts'
import { ledgerRoutes } from './api/ledger.ts'
import { naturalPersonRoutes } from './api/natural-person.ts'
import { openApiRoutes } from './api/openapi.ts'
import type { RateLimiter } from './api/rate-limits.ts'
import { smallerRoutes } from './api/smaller.ts'
import type { ClientAddress } from './client-address.ts'
import { type Db, isUnstorable } from './db.ts'
import { ApiError } from './errors.ts'
import type { FindSubject } from './events/events.ts'
import type { SignEvent } from './events/sender.ts'
import { passkeyScript, securityHeaders, stylesheet } from './html.ts'
import { callbackRoutes } from './id-verification/callbacks.ts'
import { findLatestDocuments } from './id-verification/store.ts'
import { webhookRoutes } from './id-verification/webhook.ts'
import type { Jobs } from './jobs.ts'
import { record } from './ledger/disclosure.ts'
import type { Log } from './log.ts'
import type { AccessTokens } from './oauth/access-token.ts'
import { createBearer } from './oauth/bearer.ts'
import { clientLogoRoutes } from './oauth/client-logo.ts'
import { interactionRoutes } from './oauth/interactions.ts'
import { errorPage } from './oauth/pages.ts'
import { SCOPES } from './oauth/scopes.ts'
import { createFormTokens } from './oauth/sessions.ts'
import type { SignAnswer } from './oauth/signed-answers.ts'
import { accountRoutes } from './portal/account.ts'
import { consentRoutes } from './portal/consents.ts'
import { createGuard } from './portal/guard.ts'
import { linkRoutes } from './portal/links.ts'
import { lookRoutes } from './portal/looks.ts'
import { mailLinkRoutes } from './portal/mail-links.ts'
import { notMeRoutes } from './portal/not-me.ts'
import { outboxRoutes } from './portal/outbox.ts'
import { passkeyRoutes } from './portal/passkeys.ts'
import { portalRoutes } from './portal/routes.ts'
import { secondFactorRoutes } from './portal/second-factor.ts'
import { wellKnownRoutes } from './portal/well-known.ts'
import { requestIdOf } from './response-headers.ts'
import type { Sealer } from './secrets.ts'
import type { SecurityEvents } from './security-events.ts'
import type { Storage } from './storage.ts'
import type { Vault } from './vault.ts'

export type AppParts = {
  issuer: string
  missingScopeStatus: 401 | 403
  limiter: RateLimiter
  db: Db
  /** Clients of one connection each, for the hot endpoint. */
  lanes: readonly Db[]
  storage: Storage
  /** Where presigned URLs point, for the pages that show images. */
  imageOrigin: string
  sealer: Sealer
  vault: Vault
  jobs: Jobs
  cookieKeys: readonly string[]
  tokens: AccessTokens
  signAnswer: SignAnswer
  signEvent: SignEvent
  findSubject: FindSubject
  provider: () => Provider
  security: SecurityEvents
  log: Log
  addressOf: ClientAddress
  outbox: boolean
  securityContacts: readonly string[]
  /** A delivery was stored: the worker of this process need not wait for its next look. */
  onDelivery: () => void
  onRefused?: ((vendor: string) => void) | undefined
  /** Counts a delivery with a wrong signature: the seconds to wait, or 0. */
  countSignature: (address: string) => number
}

type Env = { Bindings: HttpBindings; Variables: { requestId: string } }

/** Which path goes to which feature; every failure becomes a response here. */
export function createApp(parts: AppParts): Hono<Env> {
  const { issuer, db, storage, tokens, provider, addressOf, security, log } = parts
  const bearer = createBearer({
    issuer,
    db,
    tokens,
    missingScopeStatus: parts.missingScopeStatus,
    onUse: parts.limiter.take,
    onRefused: (by) => record(db, { detail: { what: 'refusal' }, ...by }),
  })
  const forms = createFormTokens(parts.cookieKeys)
  const findLatestApproved = createFindLatestApproved(parts.lanes)

  const app = new Hono<Env>()
  // These two before the middleware, whose headers cost more than their own work: they bring theirs themselves.
  app.route(
    '/api/v1',
    idVerificationRoutes({
      bearer,
      findLatestApproved,
      storage,
      signAnswer: parts.signAnswer,
    }),
  )
  app.route(
    '/',
    webhookRoutes({
      db,
      sealer: parts.sealer,
      vault: parts.vault,
      security,
      addressOf,
      log,
      isServiceToken: bearer.isServiceToken,
      onRefused: parts.onRefused,
      countSignature: parts.countSignature,
      onDelivery: parts.onDelivery,
    }),
  )
  app.use(async (c, next) => {
    const requestId = requestIdOf(c.env.outgoing)
    c.set('requestId', requestId)
    c.header('X-Request-Id', requestId)
    await next()
  })

  app.use('/api/v1/*', async (c, next) => {
    await next()
    for (const [name, value] of Object.entries(apiHeaders(c.var.requestId))) c.header(name, value)
  })
  const api = { bearer, db, storage, vault: parts.vault }
  app.route('/api/v1', naturalPersonRoutes(api))
  app.route('/api/v1', smallerRoutes(api))
  app.route(
    '/api/v1',
    imageRoutes('/me/natural-person/id-verification', { ...api, readerOf: residentReader(bearer) }),
  )
  app.route(
    '/api/v1',
    imageRoutes('/idv/verifications/:verificationId', { ...api, readerOf: tenantReader(bearer) }),
  )
  app.route(
    '/api/v1',
    backOfficeRoutes({
      issuer,
      bearer,
      db,
      sealer: parts.sealer,
      vault: parts.vault,
      jobs: parts.jobs,
      log,
    }),
  )
  app.route(
    '/api/v1',
    eventRoutes({
      issuer,
      db,
      sign: parts.signEvent,
      findSubject: parts.findSubject,
      use: bearer.use,
    }),
  )
  app.route('/', transmitterRoutes(issuer))
  app.route('/', ledgerRoutes({ db }))
  app.route('/', openApiRoutes(issuer))
  app.get('/health', (c) => c.json({ status: 'ok' }))
  app.get('/health/ready', async (c) => {
    try {
      await Promise.all([db`select 1`, storage.head('health/start')])
      return c.json({ status: 'ready' })
    } catch {
      return c.json({ status: 'unavailable' }, 503)
    }
  })
  app.get('/.well-known/oauth-protected-resource', (c) =>
    // RFC 9728 §3.2
    c.json(
      {
        resource: issuer,
        authorization_servers: [issuer],
        jwks_uri: `${issuer}/api/oauth/.well-known/jwks.json`,
        scopes_supported: Object.keys(SCOPES).filter((scope) => scope.startsWith('eprospera:')),
        bearer_methods_supported: ['header'],
        resource_name: 'Identity portal',
      },
      200,
      { 'Cache-Control': 'public, max-age=300' },
    ),
  )
  for (const [asset, type] of [
    [stylesheet, 'text/css'],
    [passkeyScript, 'text/javascript'],
  ] as const)
    app.get(asset.path, (c) =>
      c.body(asset.body, 200, {
        'Content-Type': `${type}; charset=utf-8`,
        'Cache-Control': 'public, max-age=31536000, immutable',
      }),
    )

  const { vault } = parts
  const mailing = { sealer: parts.sealer, jobs: parts.jobs }
  const guarded = { issuer, db, vault, provider, forms, addressOf, security, log, ...mailing }
  app.route('/', callbackRoutes({ issuer, db, log }))
  app.route('/', clientLogoRoutes({ db }))
  const guard = createGuard(guarded)
  app.route(
    '/',
    interactionRoutes({
      ...guarded,
      ...mailing,
      findDocuments: (accountId) => findLatestDocuments(db, accountId),
      askForProof: guard.askForProof,
    }),
  )
  app.route(
    '/',
    portalRoutes({
      ...guarded,
      ...mailing,
      guard,
      storage,
      imageOrigin: parts.imageOrigin,
    }),
  )
  app.route('/', consentRoutes({ ...guarded, ...mailing, guard }))
  app.route('/', lookRoutes({ issuer, db, vault, guard }))
  app.route('/', linkRoutes({ issuer, db, vault: parts.vault, forms, guard, log }))
  app.route('/', accountRoutes({ ...guarded, ...mailing, guard }))
  app.route('/', passkeyRoutes({ ...guarded, ...mailing, guard }))
  app.route('/', secondFactorRoutes({ ...guarded, guard }))
  app.route('/', mailLinkRoutes({ ...guarded, ...mailing }))
  app.route('/', wellKnownRoutes({ issuer, guard, securityContacts: parts.securityContacts }))
  app.route('/', notMeRoutes({ issuer, db, forms, security, log, vault: parts.vault, ...mailing }))
  if (parts.outbox) app.route('/', outboxRoutes({ issuer, db, sealer: parts.sealer }))

  app.notFound((c) =>
    answer(c, new ApiError(404, 'not_found', 'There is nothing at this address.')),
  )
  app.onError((error, c) => {
    if (error instanceof ApiError) {
      const address = addressOf(c.env.incoming)
      if (error.error === 'forbidden_form') security.emit('form_refused', { address })
      if (error.error === 'rate_limit_exceeded' && c.req.path.startsWith('/api/'))
        security.emit('rate_limited', { address, subject: 'api' })
      return answer(c, error)
    }
    if (error instanceof HTTPException)
      return answer(c, new ApiError(error.status, 'invalid_request', error.message || undefined))
    if (error instanceof TooBusyError)
      return answer(c, new ApiError(503, 'busy', undefined, { 'Retry-After': '5' }))
    if (isUnstorable(error)) return answer(c, new ApiError(400, 'invalid_request'))
    const requestId = requestIdOf(c.env.outgoing)
    log.error('request failed', { requestId, method: c.req.method, error })
    return answer(c, new ApiError(500, 'Internal server error'))
  })

  function answer(c: Context<Env>, error: ApiError) {
    for (const [name, value] of Object.entries(error.headers)) c.header(name, value)
    const status = error.status as 400
    if (c.req.path.startsWith('/api/')) {
      const headers = apiHeaders(requestIdOf(c.env.outgoing))
      for (const [name, value] of Object.entries(headers)) c.header(name, value)
    }
    if (isForPeople(c)) {
      for (const [name, value] of Object.entries(securityHeaders({ issuer }))) c.header(name, value)
      const message =
        status >= 500
          ? 'Something went wrong on our side. Please try again in a moment.'
          : error.message
      return c.html(
        errorPage({
          title: titleOf(error.status),
          message,
          requestId: requestIdOf(c.env.outgoing),
        }),
        status,
      )
    }
    const isBackOffice = c.req.path.startsWith('/api/v1/idv/')
    return c.json(isBackOffice ? error.toBackOfficeBody() : error.toBody(), status)
  }
  return app
}

const isForPeople = (c: Context): boolean =>
  !/^\/(api|webhooks|health|\.well-known)(\/|$)/.test(c.req.path) &&
  (c.req.header('accept') ?? '').includes('text/html')

function titleOf(status: number): string {
  if (status === 404) return 'Nothing here'
  return status >= 500 ? 'Our mistake' : 'We could not go on'
}
