import type { Provider } from 'oidc-provider'
import { createRateLimiter, type RateLimiter } from './api/rate-limits.ts'
import { findClientStates } from './clients/clients.ts'
import { createSecretUses } from './clients/secret-uses.ts'
import { openSubjectIdentifiers } from './clients/subject-identifiers.ts'
import type { AppContext } from './context.ts'
import { isDeveloperOf } from './developers/teams.ts'
import { refuse } from './error-responses.ts'
import type { FindSubject } from './events/events.ts'
import type { SignEvent } from './events/sender.ts'
import type { SignReceipt } from './id-verification/erasure.ts'
import { findVerified } from './id-verification/verified.ts'
import { createProofSigner } from './ledger/heads.ts'
import { createOtherPlace, type OtherPlace } from './oauth/other-place.ts'
import type { Personas } from './oauth/personas.ts'
import { createProvider } from './oauth/provider.ts'
import { createEventSigner, createFindSubject } from './oauth/security-event-tokens.ts'
import { createFindPresentedToken, type FindPresentedToken } from './oauth/token-state.ts'
import { createPersonaOffers } from './personas/offers.ts'
import { type Db, openDb } from './platform/db.ts'
import type { Jobs } from './platform/jobs.ts'
import { isPublicAddress } from './platform/outbound.ts'
import { loadSharedKeys } from './platform/shared-keys.ts'
import type { Tracer } from './platform/tracing.ts'
import { deviceOf } from './portal/devices.ts'
import { createRequestLog, type RequestLog } from './request-log/recorder.ts'
import { type AccessTokens, createAccessTokens } from './signing/access-token.ts'
import { type KeyRing, openKeyRing, type SigningKeys } from './signing/key-ring.ts'
import { createResponseSigner, type SignResponse } from './signing/signed-responses.ts'
import { type ClientAddress, createClientAddress } from './web/client-address.ts'
import { createNetworkLimiter, type NetworkLimiter } from './web/network-limits.ts'
import { PageError } from './web/page-error.ts'
import { createReaderOf, type ReaderOf } from './web/reader.ts'
import { createSite, type Site } from './web/site.ts'
import type { WebMetrics } from './web/web-metrics.ts'

/** The sandbox that the portal's console manages: its own database, bucket, queue and addresses, of which `url` is this process's. */
export type Sandbox = { context: AppContext; jobs: Jobs; issuer: string; url: string }

/** What a web process is started with and no configuration says. */
export type WebOptions = {
  /** The public origin: `config.issuer`, or derived from the port once it is known. */
  issuer: string
  /** For jobs that requests cause; another process may run them. */
  jobs: Jobs
  /** Called when a delivery was stored, so that this process's worker reads it at once. */
  onDelivery: () => void
  /** `undefined`: there is none, or this is it. */
  sandbox?: Sandbox | undefined
  /** For the sandbox: the portal whose sandbox it is. */
  portal?: { issuer: string; context: Pick<AppContext, 'db'> } | undefined
  /** `undefined`: nothing is counted. */
  metrics?: WebMetrics | undefined
  /** `undefined`: nothing is traced. */
  tracer?: Tracer | undefined
}

/** The context of a web process: what every process has, and what only requests need. */
export type WebContext = Omit<AppContext, 'close'> &
  WebOptions & {
    /** Database clients of one connection each, for the hot endpoint. */
    lanes: readonly Db[]
    tokens: AccessTokens
    signAnswer: SignResponse
    signEvent: SignEvent
    signReceipt: SignReceipt
    findSubject: FindSubject
    provider: () => Provider
    limiter: RateLimiter
    network: NetworkLimiter
    requestLog: RequestLog
    findPresentedToken: FindPresentedToken
    addressOf: ClientAddress
    readerOf: ReaderOf
    site: Site
    /** In the sandbox: who can sign in. */
    personas: Personas | undefined
    /** The sandbox, or the portal whose sandbox this is. */
    otherPlace: OtherPlace | undefined
    /** Closes what only requests need. The caller closes the AppContext. */
    close(): Promise<void>
  }

/** Opens what only requests need. */
export async function openWebContext(
  context: AppContext,
  options: WebOptions,
): Promise<WebContext> {
  const { config, db, storage, sealer, vault, log } = context
  const { issuer } = options
  const { database, pools } = config
  const lanes = Array.from({ length: pools.sizes.hotEndpoint }, () =>
    openDb(database.url, { connections: 1, pools }),
  )
  const ring = await openKeyRing(db, sealer, log)
  const sharedKeys = await loadSharedKeys(db, sealer, log)
  const subjects = await openSubjectIdentifiers(db, sealer)
  const secretUses = createSecretUses(db, log)
  const limiter = createRateLimiter(db, config.rateLimits, log)
  const tokens = createAccessTokens(issuer, ring)
  const addressOf = createClientAddress(config.trustedProxies, reportUnknownProxies(context))
  const site = createSite(config.site, {
    isSandbox: config.isSandbox,
    hasConsole: options.sandbox !== undefined,
  })
  const readerOf = createReaderOf({
    issuer,
    defaultLocale: config.defaultLocale,
    site,
    setting: config.site,
  })
  const network = createNetworkLimiter({
    ...context,
    limits: config.networkLimits,
    addressOf,
    refuse: (req, res, seconds) =>
      refuse({ issuer, readerOf, log }, req, res, tooManyRequests(seconds)),
  })
  const personas = config.isSandbox ? createPersonaOffers(context) : undefined
  const other = options.sandbox ?? options.portal
  const otherPlace = other && createOtherPlace(other, { isSandbox: !config.isSandbox, log })
  const requestLog = createRequestLog({
    db,
    log,
    keepsSuccesses: config.isSandbox,
    findClients: findClientStates,
  })
  const findPresentedToken = createFindPresentedToken({ db, tokens, subjects })
  const provider = followKeys(ring, (keys) =>
    createProvider({
      ...context,
      ...options,
      keys,
      sharedKeys,
      tokens,
      subjects,
      secretUses,
      findVerified: (of) => findVerified({ db, storage, vault }, of),
      deviceOf,
      readerOf,
      addressOf,
      personas,
      otherPlace,
      requestLog,
      findPresentedToken,
      consoleIssuer: options.sandbox ? issuer : options.portal?.issuer,
      isDeveloperOf: (pair) => isDeveloperOf(db, pair),
      onAuthenticatedClient: network.uncount,
      onTokens: options.metrics?.onTokens,
    }),
  )
  return {
    ...context,
    ...options,
    lanes,
    tokens,
    signAnswer: createResponseSigner(issuer, ring),
    signEvent: createEventSigner(db, ring),
    signReceipt: createProofSigner(ring, 'erasure-receipt+jwt'),
    findSubject: createFindSubject(db, subjects),
    provider,
    limiter,
    network,
    requestLog,
    findPresentedToken,
    addressOf,
    readerOf,
    site,
    personas,
    otherPlace,
    async close() {
      await requestLog.close()
      ring.close()
      await limiter.close()
      await network.close()
      await secretUses.close()
      await Promise.all(lanes.map((lane) => lane.end({ timeout: 5 })))
    },
  }
}

/**
 * Says once that somebody sends forwarding headers who is not trusted. Anybody on the internet may do that; somebody of the own network
 * is probably a proxy, and stays in the reports of readiness, because all visitors then count as one network.
 */
function reportUnknownProxies({ log, readiness }: AppContext): (address: string) => void {
  const reported = new Set<boolean>()
  return (address) => {
    const isPublic = isPublicAddress(address)
    if (reported.has(isPublic)) return
    reported.add(isPublic)
    // The address of a person is not logged.
    log.warn('forwarding header ignored', {
      from: isPublic ? 'a public address' : address,
      advice: 'if that is your proxy, name it in TRUSTED_PROXIES',
    })
    if (isPublic) return
    const check = () => Promise.reject(new Error('a proxy that TRUSTED_PROXIES does not name'))
    readiness.add('proxy', check, { isRequired: false })
  }
}

/** Returns the provider of the current keys. oidc-provider reads its keys once, so changed keys need another instance; the next request uses it. */
function followKeys(ring: KeyRing, create: (keys: SigningKeys) => Provider): () => Provider {
  let provider = create(ring.current())
  ring.onChange((keys) => {
    provider = create(keys)
  })
  return () => provider
}

const tooManyRequests = (seconds: number) =>
  new PageError(429, 'rate_limit_exceeded', ({ errors }) => errors.tooManyRequests(seconds), {
    headers: { 'Retry-After': String(seconds) },
  })
