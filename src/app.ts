import { Hono, type MiddlewareHandler } from 'hono'
import { createMiddleware } from 'hono/factory'
import { backOfficeRoutes } from './api/back-office.ts'
import { eventRoutes, transmitterRoutes } from './api/events.ts'
import { apiHeaders } from './api/headers.ts'
import { healthRoutes } from './api/health.ts'
import { idVerificationRoutes } from './api/id-verification.ts'
import {
  RESIDENT_IMAGES,
  residentReader,
  TENANT_IMAGES,
  tenantReader,
} from './api/image-reading.ts'
import { imageRoutes } from './api/images.ts'
import { createFindLatestApproved } from './api/latest-approved.ts'
import { ledgerRoutes } from './api/ledger.ts'
import { mosaicImageRoutes } from './api/mosaic/images.ts'
import { mosaicSessionRoutes } from './api/mosaic/sessions.ts'
import { startPageRoutes } from './api/mosaic/start-page.ts'
import { naturalPersonRoutes } from './api/natural-person.ts'
import { openApiRoutes } from './api/openapi.ts'
import { createApiLog, noteSuccesses } from './api/request-log.ts'
import { resourceMetadataRoutes } from './api/resource-metadata.ts'
import { minimalDisclosureRoutes } from './api/smaller.ts'
import { createUploadTurns } from './api/uploads.ts'
import { clientLogoRoutes } from './clients/logo.ts'
import type { DeveloperContext } from './developers/access.ts'
import { consoleRoutes } from './developers/console.ts'
import { credentialRoutes } from './developers/credentials.ts'
import { eventConsoleRoutes } from './developers/events.ts'
import { joiningRoutes } from './developers/joining.ts'
import { memberRoutes } from './developers/members.ts'
import { newApplicationRoutes } from './developers/new-application.ts'
import { overviewRoutes } from './developers/overview.ts'
import { productionRoutes } from './developers/production.ts'
import { requestRoutes } from './developers/requests.ts'
import { sandboxRoutes } from './developers/sandbox.ts'
import { settingsRoutes } from './developers/settings.ts'
import { teamSettingsRoutes } from './developers/team-settings.ts'
import { tryRoutes } from './developers/try-routes.ts'
import { type AppEnv, respondNotFound, respondToError } from './error-responses.ts'
import { callbackRoutes } from './id-verification/callbacks.ts'
import { findVerificationState } from './id-verification/own-progress.ts'
import { findLatestDocuments } from './id-verification/store.ts'
import { webhookRoutes } from './id-verification/webhook.ts'
import { record } from './ledger/disclosure.ts'
import { type Bearer, createBearer } from './oauth/bearer.ts'
import { interactionRoutes } from './oauth/interactions.ts'
import { beforeRead, findConsentLimit, startBranch } from './personas/reactions.ts'
import { aboutRoutes } from './portal/about.ts'
import { accountRoutes } from './portal/account.ts'
import { activityRoutes } from './portal/activity.ts'
import { consentRoutes } from './portal/consents.ts'
import { eraseRoutes } from './portal/erase.ts'
import { exportRoutes } from './portal/export.ts'
import { createGuard } from './portal/guard.ts'
import { languageRoutes } from './portal/language.ts'
import { linkRoutes } from './portal/links.ts'
import { mailLinkRoutes } from './portal/mail-links.ts'
import { manualRoutes } from './portal/manual.ts'
import { phoneRoutes } from './portal/manual-phone.ts'
import { createPhotoSteps } from './portal/manual-photos.ts'
import { notMeRoutes } from './portal/not-me.ts'
import { notificationRoutes } from './portal/notifications.ts'
import { outboxRoutes, showsOutbox } from './portal/outbox.ts'
import { passkeyRoutes } from './portal/passkeys.ts'
import { photoRoutes } from './portal/photos.ts'
import { portalRoutes } from './portal/routes.ts'
import { secondFactorRoutes } from './portal/second-factor.ts'
import { sessionRoutes } from './portal/sessions.ts'
import { setupRoutes } from './portal/setup.ts'
import { signUpRoutes } from './portal/sign-up.ts'
import { timeZoneRoutes } from './portal/time-zone.ts'
import { unexpectedRoutes } from './portal/unexpected.ts'
import { verifyRoutes } from './portal/verify.ts'
import { wellKnownRoutes } from './portal/well-known.ts'
import { frontPageRoutes } from './reference/front-page.ts'
import { referenceRoutes, tryOperationRoutes } from './reference/routes.ts'
import { createFormTokens } from './web/form-tokens.ts'
import { cameraScript, copyScript, passkeyScript } from './web/html.ts'
import { addReader, type PageEnv } from './web/reader.ts'
import { requestIdOf } from './web/response-headers.ts'
import type { Site } from './web/site.ts'
import type { WebContext } from './web-context.ts'

type ApiContext = WebContext & { bearer: Bearer; uploadTurns: MiddlewareHandler }

/** Maps paths to features, and every error to a response. */
export function createApp(context: WebContext): Hono<AppEnv> {
  const { config, db, lanes, limiter, network } = context
  const bearer = createBearer({
    ...context,
    missingScopeStatus: config.missingScopeStatus,
    onUse: limiter.take,
    beforeRead: config.isSandbox ? (token) => beforeRead(db, token) : undefined,
    onRefused: (by) => record(db, { detail: { what: 'refusal' }, ...by }),
  })
  const api: ApiContext = { ...context, bearer, uploadTurns: createUploadTurns() }

  const noteRequest = createApiLog(context)
  const errors = { ...context, noteRequest }
  const app = new Hono<AppEnv>()
  if (config.isSandbox) app.use('/api/v1/*', noteSuccesses(noteRequest))
  // Before the middleware, because its headers cost more than these routes' own work. They set their headers themselves.
  app.route(
    '/',
    idVerificationRoutes({ ...api, findLatestApproved: createFindLatestApproved(lanes) }),
  )
  app.route(
    '/',
    webhookRoutes({
      ...context,
      isServiceToken: bearer.isServiceToken,
      countSignature: network.countSignature,
      onReceived: context.metrics?.onReceived,
    }),
  )
  app.use(addRequestId)
  app.use('/api/v1/*', addApiHeaders)
  app.route('/', apiRoutes(api))
  app.use(addReader(context.readerOf))
  app.route('/', publicRoutes(context))
  if (config.isSandbox)
    app.route(
      '/',
      tryOperationRoutes({ ...context, callOwn: (request, env) => app.fetch(request, env) }),
    )
  app.route('/', config.isSandbox ? personaRoutes(context) : residentRoutes(context))
  app.notFound((c) => respondNotFound(errors, c))
  app.onError((error, c) => respondToError(errors, c, error))
  return app
}

const addRequestId = createMiddleware<AppEnv>(async (c, next) => {
  const requestId = requestIdOf(c.env.outgoing)
  c.set('requestId', requestId)
  c.header('X-Request-Id', requestId)
  await next()
})

const addApiHeaders = createMiddleware<AppEnv>(async (c, next) => {
  await next()
  for (const [name, value] of Object.entries(apiHeaders(c.var.requestId))) c.header(name, value)
})

/** For applications and back offices, by access token. */
function apiRoutes(api: ApiContext): Hono {
  const { bearer } = api
  const routes = new Hono()
  routes.route('/', naturalPersonRoutes(api))
  routes.route('/', minimalDisclosureRoutes(api))
  routes.route('/', imageRoutes(RESIDENT_IMAGES, { ...api, readerOf: residentReader(bearer) }))
  routes.route('/', imageRoutes(TENANT_IMAGES, { ...api, readerOf: tenantReader(bearer) }))
  routes.route('/', backOfficeRoutes(api))
  routes.route('/', mosaicSessionRoutes(api))
  routes.route('/', mosaicImageRoutes(api))
  routes.route('/', eventRoutes(api))
  return routes
}

/** For anyone: programs that look up what this server is, and pages that need no session. */
function publicRoutes(context: WebContext): Hono<PageEnv> {
  const { config, issuer } = context
  const routes = new Hono<PageEnv>()
  routes.route('/', transmitterRoutes(issuer))
  routes.route('/', ledgerRoutes(context))
  routes.route('/', openApiRoutes(context))
  routes.route('/', healthRoutes(context))
  routes.route('/', resourceMetadataRoutes(issuer, config.site.name))
  routes.route('/', assetRoutes(context.site))
  routes.route('/', callbackRoutes(context))
  routes.route('/', startPageRoutes(context))
  routes.route('/', clientLogoRoutes(context))
  if (config.isSandbox) routes.route('/', sharedPageRoutes(context))
  else {
    routes.route('/', aboutRoutes(context))
    routes.route('/', referenceRoutes(context))
  }
  return routes
}

/** Pages that are the same for both places are at the portal, where their links lead on. */
function sharedPageRoutes({ otherPlace }: WebContext): Hono {
  const routes = new Hono()
  if (!otherPlace) return routes
  for (const path of SHARED_PAGES)
    routes.get(path, (c) => {
      const { pathname, search } = new URL(c.req.url)
      return c.redirect(`${otherPlace.issuer}${pathname}${search}`, 302)
    })
  return routes
}
const SHARED_PAGES = [
  '/help',
  '/contact',
  '/privacy',
  '/accessibility',
  '/developers',
  '/reference',
  '/reference/search',
  '/reference/:group',
  '/reference/:group/:operation',
  '/guides',
  '/guides/:name',
]

function assetRoutes({ stylesheet, logo }: Site): Hono {
  const routes = new Hono()
  const assets = [stylesheet, passkeyScript, cameraScript, copyScript, ...(logo ? [logo] : [])]
  for (const { path, contentType, body } of assets)
    routes.get(path, (c) =>
      c.body(body, 200, {
        'Content-Type': contentType,
        'Cache-Control': 'public, max-age=31536000, immutable',
      }),
    )
  return routes
}

/** For residents: sign-in, consent, and their own pages. */
function residentRoutes(context: WebContext): Hono<PageEnv> {
  const { config, db, issuer } = context
  const forms = createFormTokens(issuer, config.secrets.cookieKeys)
  const guard = createGuard({ ...context, forms })
  const portal = { ...context, forms, guard }
  const photoSteps = createPhotoSteps(context)
  const routes = new Hono<PageEnv>()
  // Before the pages that limit every form to a few kilobytes, because these take photos, key sets and logos.
  routes.route('/', manualRoutes({ ...portal, photoSteps }))
  routes.route('/', phoneRoutes({ ...portal, photoSteps }))
  if (context.sandbox) routes.route('/', productionRoutes(portal))
  routes.route('/', context.sandbox ? developerRoutes(portal) : frontPageRoutes(context))
  routes.route(
    '/',
    interactionRoutes({
      ...portal,
      findDocuments: (accountId) => findLatestDocuments(db, accountId),
      findVerificationState: (accountId) => findVerificationState(db, accountId),
      personaConsents: config.isSandbox
        ? {
            findLimit: (accountId) => findConsentLimit(db, accountId),
            onConsent: (sql, accountId) => startBranch(sql, context, accountId),
          }
        : undefined,
      requireProof: guard.askForProof,
    }),
  )
  routes.route('/', languageRoutes(portal))
  routes.route('/', portalRoutes(portal))
  routes.route('/', photoRoutes(portal))
  routes.route('/', verifyRoutes(portal))
  routes.route('/', consentRoutes(portal))
  routes.route('/', activityRoutes(portal))
  routes.route('/', unexpectedRoutes(portal))
  routes.route('/', linkRoutes(portal))
  routes.route('/', accountRoutes(portal))
  routes.route('/', sessionRoutes(portal))
  routes.route('/', exportRoutes(portal))
  routes.route('/', eraseRoutes(portal))
  routes.route('/', timeZoneRoutes(portal))
  routes.route('/', notificationRoutes(portal))
  routes.route('/', passkeyRoutes(portal))
  routes.route('/', secondFactorRoutes(portal))
  routes.route('/', mailLinkRoutes(portal))
  routes.route('/', signUpRoutes(portal))
  routes.route('/', setupRoutes(portal))
  routes.route('/', wellKnownRoutes(portal))
  routes.route('/', notMeRoutes(portal))
  if (showsOutbox(context)) routes.route('/', outboxRoutes(portal))
  return routes
}

/**
 * What a persona has of the residents' pages: signing in, deciding, and seeing and ending what applications may see. Nobody owns a
 * persona, so it has no account to change, nothing to prove, and no way to the people who run the portal.
 */
const PERSONA_PAGES: readonly string[] = [
  '/',
  '/sign-in',
  '/sign-out',
  '/language',
  '/interaction/:uid',
  '/verifications/:id',
  '/photos',
  '/photos/:id',
  '/photos/:id/image',
  '/photos/:id/thumbnail',
  '/applications/:clientId',
  '/applications/:clientId/revoke',
  '/applications/:clientId/lift',
  '/activity',
  '/activity/:id',
  '/activity/:id/proof',
  // A back office's own link, which its customer opens.
  '/link/:token',
  '/links',
  '/links/:subjectId/end',
  '/favicon.ico',
  '/.well-known/security.txt',
  '/outbox',
]

/** For the personas of the sandbox. A page that is new at the portal is not here before the list has it. */
function personaRoutes(context: WebContext): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  for (const { method, path, handler } of residentRoutes(context).routes) {
    const pattern = path.replace(/\{[^/]*\}/g, '')
    // Middleware belongs to all methods.
    if (method === 'ALL' || PERSONA_PAGES.includes(pattern)) routes.on(method, path, handler)
  }
  return routes
}

/** The console, where there is a sandbox to try applications in. */
function developerRoutes(context: DeveloperContext): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  const { sandbox } = context
  // Before the routes of teams: its redirect address has none.
  if (sandbox) routes.route('/', tryRoutes({ ...context, sandbox }))
  // Before the team's page: `requests` is no team.
  routes.route('/', requestRoutes(context))
  routes.route('/', consoleRoutes(context))
  routes.route('/', joiningRoutes(context))
  routes.route('/', memberRoutes(context))
  routes.route('/', teamSettingsRoutes(context))
  routes.route('/', sandboxRoutes(context))
  // Before the pages of an application, whose path is of the same form.
  routes.route('/', newApplicationRoutes(context))
  routes.route('/', overviewRoutes(context))
  routes.route('/', eventConsoleRoutes(context))
  routes.route('/', settingsRoutes(context))
  routes.route('/', credentialRoutes(context))
  return routes
}
