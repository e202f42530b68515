import { createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import {
  type Configuration,
  type ErrorOut,
  type errors,
  type KoaContextWithOIDC,
  Provider,
} from 'oidc-provider'
import { findAccount, fullNameOf } from '../accounts/accounts.ts'
import type { MailContext } from '../accounts/mails.ts'
import { evaluatePasswordAlone } from '../accounts/second-factor.ts'
import { sessionTtlSeconds } from '../accounts/session-limits.ts'
import { isKeySetUri } from '../clients/metadata.ts'
import { CLAIMS, SCOPES, SERVICE_SCOPES, UNAVAILABLE_SCOPES } from '../clients/scopes.ts'
import type { SecretUses } from '../clients/secret-uses.ts'
import type { SubjectIdentifiers } from '../clients/subject-identifiers.ts'
import { findConsent } from '../consents/consents.ts'
import type { Db } from '../platform/db.ts'
import type { Jobs } from '../platform/jobs.ts'
import type { Log } from '../platform/log.ts'
import type { Outbound } from '../platform/outbound.ts'
import type { Sealer } from '../platform/secrets.ts'
import type { SharedKeys } from '../platform/shared-keys.ts'
import type { Vault } from '../platform/vault.ts'
import type { RequestLog } from '../request-log/recorder.ts'
import type { AccessTokens } from '../signing/access-token.ts'
import type { SigningKeys } from '../signing/key-ring.ts'
import type { ClientAddress } from '../web/client-address.ts'
import type { ReaderOf } from '../web/reader.ts'
import { requestIdOf } from '../web/response-headers.ts'
import type { SecurityEvents } from '../web/security-events.ts'
import type { Texts } from '../web/texts/en.ts'
import { LOCALES } from '../web/texts/languages.ts'
import { createAdapter } from './adapter.ts'
import { DEVICE_PATH, providerFeatures } from './features.ts'
import { toGrantTerms } from './grants.ts'
import { listAcr } from './logins.ts'
import type { OtherPlace } from './other-place.ts'
import { ERROR_EVENTS } from './patches/error-events.ts'
import { subjectAt } from './patches/jwt-access-tokens.ts'
import type { SuccessorOf } from './patches/patch.ts'
import { applyPatches } from './patches/patches.ts'
import { withConsent } from './patches/scope-alternatives.ts'
import type { Personas } from './personas.ts'
import { ACCEPTED_AHEAD_SECONDS, PROOF_ALGORITHMS } from './proof.ts'
import { createProviderPages } from './provider-pages.ts'
import { describeRequest } from './request-details.ts'
import { assertJwtClientAuthClaimsAndHeader, createInteractionPolicy } from './requests.ts'
import { bindGrant } from './sessions.ts'
import type { FindPresentedToken } from './token-state.ts'
import type { DisclosedVerification } from './verified-claims.ts'
import {
  type ApprovedVerification,
  VERIFIED_CLAIMS_METADATA,
  verifiedClaims,
} from './verified-claims.ts'

const HOUR = 3600
const DAY = 24 * HOUR

const ACCESS_TOKEN_TTL_SECONDS = HOUR

type ProviderOptions = {
  config: MailContext['config'] & {
    production: boolean
    isSandbox: boolean
    secrets: { cookieKeys: string[] }
  }
  issuer: string
  db: Db
  sealer: Sealer
  vault: Vault
  keys: SigningKeys
  tokens: AccessTokens
  subjects: SubjectIdentifiers
  outbound: Outbound
  jobs: Jobs
  /** For `verified_claims`. Passed in, because this folder does not import `id-verification/`. */
  findVerified: (of: {
    accountId: string
    clientId: string
  }) => Promise<ApprovedVerification | undefined>
  /** Describes a `User-Agent` in words. */
  deviceOf: (texts: Texts, userAgent: string | null) => string
  readerOf: ReaderOf
  sharedKeys: SharedKeys
  /** In the sandbox. */
  personas?: Personas | undefined
  otherPlace?: OtherPlace | undefined
  addressOf: ClientAddress
  secretUses: SecretUses
  /** Called when the client of this request has authenticated. */
  onAuthenticatedClient: (req: IncomingMessage) => void
  /** Called after each response of the token endpoint, with its error if it has one. */
  onTokens?: ((grantType: unknown, error?: string) => void) | undefined
  security: SecurityEvents
  requestLog: RequestLog
  findPresentedToken: FindPresentedToken
  /** The portal with the console in which the clients are, if there is one. */
  consoleIssuer: string | undefined
  /** Whether an account is in the team of a client. */
  isDeveloperOf: (pair: { accountId: string; clientId: string }) => Promise<boolean>
  log: Log
}

const ROUTES = {
  authorization: '/api/oauth/authorize',
  token: '/api/oauth/token',
  userinfo: '/api/oauth/userinfo',
  revocation: '/api/oauth/revoke',
  introspection: '/api/oauth/introspect',
  pushed_authorization_request: '/api/oauth/par',
  end_session: '/api/oauth/end_session',
  jwks: '/api/oauth/.well-known/jwks.json',
  device_authorization: '/api/oauth/device_authorization',
  registration: '/api/oauth/register',
  code_verification: DEVICE_PATH,
}

const LIFETIMES_SECONDS = {
  AccessToken: ACCESS_TOKEN_TTL_SECONDS,
  ClientCredentials: ACCESS_TOKEN_TTL_SECONDS,
  AuthorizationCode: 60,
  IdToken: HOUR,
  DeviceCode: 600,
  Interaction: HOUR,
  PushedAuthorizationRequest: 60,
  RefreshToken: 30 * DAY,
  Grant: 90 * DAY,
  Session: (_ctx, session) => sessionTtlSeconds(session.loginTs),
} satisfies Configuration['ttl']

/** What requests may ask for. */
const REQUEST_OPTIONS = {
  scopes: [...Object.keys(SCOPES), ...SERVICE_SCOPES, ...UNAVAILABLE_SCOPES],
  claims: { ...CLAIMS, verified_claims: null },
  discovery: { ...VERIFIED_CLAIMS_METADATA, ui_locales_supported: LOCALES },
  // Claims also go into the ID token, as at the real portal: Auth.js and Firebase read them only there.
  conformIdTokenClaims: false,
  responseTypes: ['code'],
} satisfies Configuration

/** What clients may register, and how they authenticate. */
const CLIENT_OPTIONS = {
  subjectTypes: ['public', 'pairwise'],
  // Verified once, when it is registered.
  sectorIdentifierUriValidate: () =>
    ['registration', 'client_update'].includes(Provider.ctx?.oidc?.route ?? ''),
  clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
  assertJwtClientAuthClaimsAndHeader,
  extraClientMetadata: { properties: ['pkce', 'fapi'] },
  pkce: { required: (_ctx, client) => client.pkce !== 'optional' },
  allowOmittingSingleRegisteredRedirectUri: false,
  clockTolerance: ACCEPTED_AHEAD_SECONDS,
  enabledJWA: {
    idTokenSigningAlgValues: ['RS256', 'ES256'],
    userinfoSigningAlgValues: ['RS256', 'ES256'],
    clientAuthSigningAlgValues: ['ES256', 'PS256', 'Ed25519', 'EdDSA', 'RS256'],
    dPoPSigningAlgValues: [...PROOF_ALGORITHMS],
  },
  // Browser applications, which have no secret, may call the token endpoint from their own origin.
  clientBasedCORS: (_ctx, origin, client) =>
    client.clientAuthMethod === 'none' &&
    // Every private-use scheme and every sandboxed frame has the origin `null`.
    origin !== 'null' &&
    (client.redirectUris ?? []).some((uri) => URL.parse(uri)?.origin === origin),
} satisfies Configuration

/** How long tokens live, and which are issued again. */
const TOKEN_OPTIONS = {
  ttl: LIFETIMES_SECONDS,
  // FAPI 2.0 §5.3.2.1 forbids rotation: there the token is bound to the client's keys.
  rotateRefreshToken: (ctx) => !ctx.oidc.client?.fapi,
  issueRefreshToken: (_ctx, client, source) =>
    client.grantTypeAllowed('refresh_token') && source.scopes.has('offline_access'),
  expiresWithSession: (_ctx, source) => !source.scopes.has('offline_access'),
} satisfies Configuration

/** Creates oidc-provider with all its options, and applies every patch of `patches/`. */
export function createProvider(options: ProviderOptions): Provider {
  const { config, issuer, db, sealer, jobs, subjects, sharedKeys } = options
  const pages = createProviderPages(issuer, options.readerOf, options.consoleIssuer)
  const successorOf: SuccessorOf = (refreshToken) =>
    createHmac('sha256', sharedKeys['refresh-successor']).update(refreshToken).digest('base64url')
  const renderError = async (ctx: KoaContextWithOIDC, out: ErrorOut) => {
    const { error, error_description: description } = out
    if (ctx.accepts('json', 'html') === 'html') {
      const detail = (await isReadByDeveloper(ctx, options)) ? describeRequest(ctx) : null
      pages.error(ctx, { code: error, description, detail, status: ctx.status })
    } else ctx.body = { error, ...(description ? { error_description: description } : {}) }
  }
  const disclosed = new WeakMap<KoaContextWithOIDC, DisclosedVerification>()

  const provider = new Provider(issuer, {
    ...REQUEST_OPTIONS,
    ...CLIENT_OPTIONS,
    ...TOKEN_OPTIONS,
    acrValues: listAcr({ isSandbox: config.isSandbox }) as string[],
    adapter: (name: string) =>
      createAdapter(db, name, { sealer, jobs, successorOf, userCodeKey: sharedKeys['user-code'] }),
    jwks: options.keys.privateJwks as never,
    findAccount: accountFinder(options, disclosed),
    loadExistingGrant: (ctx) => loadGrant(ctx, db),
    routes: ROUTES,
    interactions: {
      url: (_ctx, interaction) => `/interaction/${interaction.uid}`,
      policy: createInteractionPolicy({
        passwordSuffices: async (accountId) =>
          (await evaluatePasswordAlone(db, accountId)).suffices,
        personas: options.personas,
      }),
    },
    cookies: cookieOptions(issuer, config.secrets.cookieKeys),
    pairwiseIdentifier: (_ctx, accountId, client) => subjectAt(subjects, client, accountId),
    fetch: keySetFetch(options),
    features: providerFeatures({ ...options, pages }),
    renderError,
  })
  // `setIssuerHost` sets the forwarded headers, so addresses in responses are the issuer's.
  provider.proxy = true
  applyPatches(provider, {
    ...options,
    accessTokenTtlSeconds: ACCESS_TOKEN_TTL_SECONDS,
    successorOf,
    findDisclosed: (ctx) => disclosed.get(ctx),
    renderError,
  })
  logFailures(provider, options)
  if (options.onTokens) reportTokens(provider, options.onTokens)
  return provider
}

/** Whether the person who is shown an error is signed in here and in the team of the client. */
async function isReadByDeveloper(
  { oidc, status }: KoaContextWithOIDC,
  { isDeveloperOf, log }: Pick<ProviderOptions, 'isDeveloperOf' | 'log'>,
): Promise<boolean> {
  const accountId = oidc?.session?.accountId
  const clientId = oidc?.client?.clientId
  if (!accountId || !clientId || status >= 500) return false
  try {
    return await isDeveloperOf({ accountId, clientId })
  } catch (error) {
    log.warn('a team cannot be read', { error })
    return false
  }
}

function cookieOptions(issuer: string, keys: string[]): NonNullable<Configuration['cookies']> {
  const secure = issuer.startsWith('https:')
  const cookie = { httpOnly: true, sameSite: 'lax', secure, signed: true, overwrite: true } as const
  return {
    keys,
    // The prefix makes browsers reject a copy that a neighbouring host sets; it requires https and path `/`.
    names: {
      session: secure ? '__Host-session' : 'session',
      interaction: secure ? '__Secure-interaction' : 'interaction',
      resume: secure ? '__Secure-resume' : 'resume',
    },
    long: { ...cookie, path: '/' },
    short: cookie,
  }
}

/** Fetches what clients name by an address: their key sets. */
const keySetFetch =
  ({
    config,
    outbound,
  }: Pick<ProviderOptions, 'config' | 'outbound'>): NonNullable<Configuration['fetch']> =>
  async (url, options) => {
    const { method, headers } = options ?? {}
    if (!isKeySetUri(String(url), config)) throw new Error('the address of a key set is not https:')
    return await outbound(url as URL, {
      method: method ?? 'GET',
      headers: Object.fromEntries(new Headers(headers as Record<string, string>)),
    })
  }

/** Finds active accounts and their claims; records in `disclosed` what `verified_claims` of a response contain. */
const accountFinder =
  (
    { db, vault, findVerified }: Pick<ProviderOptions, 'db' | 'vault' | 'findVerified'>,
    disclosed: WeakMap<KoaContextWithOIDC, DisclosedVerification>,
  ): NonNullable<Configuration['findAccount']> =>
  async (ctx, accountId) => {
    const account = await findAccount(db, vault, accountId)
    if (account?.status !== 'active') return undefined
    return {
      accountId,
      claims: async (use, scope, claims) => {
        const request = use === 'userinfo' ? claims?.verified_claims : undefined
        const clientId = ctx.oidc.client?.clientId ?? ''
        const verified =
          request &&
          (await verifiedClaims(request, scope, () => findVerified({ accountId, clientId })))
        if (verified) disclosed.set(ctx, verified)
        return {
          sub: accountId,
          name: fullNameOf(account),
          given_name: account.givenName,
          family_name: account.surname,
          email: account.email,
          email_verified: account.emailVerified,
          ...(verified ? { verified_claims: verified.claims } : {}),
        }
      },
    }
  }

/** Logs what the library rejects and what fails, with the request id that the response carries. */
function logFailures(
  provider: Provider,
  { security, addressOf, log }: Pick<ProviderOptions, 'security' | 'addressOf' | 'log'>,
): void {
  // Koa emits this when a caller closes the connection.
  provider.on('error' as never, (error: unknown) =>
    log.error('authorization server failed', { error }),
  )
  const refused = (ctx: KoaContextWithOIDC, error: errors.OIDCProviderError) => {
    if (/already (used|consumed)|was used already/.test(reasonOf(error)))
      security.emit('token_reused', {
        clientId: ctx.oidc?.client?.clientId,
        address: addressOf(ctx.req),
      })
    if (error.error === 'unsupported_token_type') return
    log.info('oauth request refused', {
      requestId: requestIdOf(ctx.res),
      route: ctx.oidc?.route,
      code: error.error,
      reason: reasonOf(error),
      clientId: ctx.oidc?.client?.clientId,
    })
  }
  for (const event of ERROR_EVENTS) provider.on(event as 'grant.error', refused)
}

function reportTokens(
  provider: Provider,
  onTokens: NonNullable<ProviderOptions['onTokens']>,
): void {
  const report = (ctx: KoaContextWithOIDC, error?: string) =>
    onTokens(ctx.oidc?.params?.grant_type, error)
  provider.on('grant.success', (ctx) => report(ctx))
  provider.on('grant.error', (ctx, { error }) => report(ctx, error))
  provider.on('server_error', (ctx) => {
    if (ctx.oidc?.route === 'token') report(ctx, 'server_error')
  })
}

/** Replaces the host headers of a request by the issuer's. oidc-provider builds addresses from Host and X-Forwarded-*. */
export function setIssuerHost(headers: Record<string, unknown>, issuer: string): void {
  const { host, protocol } = new URL(issuer)
  headers.host = host
  headers['x-forwarded-host'] = host
  headers['x-forwarded-proto'] = protocol.slice(0, -1)
}

/**
 * Loads the session's grant, as its consent allows today. A consent counts for every device of the resident, with what was
 * declined. Without a current consent the library finds everything missing and prompts.
 */
async function loadGrant(ctx: KoaContextWithOIDC, db: Db) {
  const { client, session, provider } = ctx.oidc
  const accountId = session?.accountId
  if (!client || !session || !accountId) return undefined
  const consent = await findConsent(db, accountId, client.clientId)
  if (!consent?.isCurrent || consent.isFrozen) return undefined
  const grantId = session.grantIdFor(client.clientId)
  const existing = grantId ? await provider.Grant.find(grantId) : undefined
  const isOwn = existing?.accountId === accountId && existing.clientId === client.clientId
  const grant =
    isOwn && existing ? existing : new provider.Grant({ accountId, clientId: client.clientId })
  const terms = toGrantTerms(consent, client.scope ?? '')
  if (!(isOwn && isDeepStrictEqual({ openid: grant.openid, rejected: grant.rejected }, terms))) {
    Object.assign(grant, terms)
    const saved = { accountId, sessionUid: session.uid, isNew: Boolean(ctx.oidc.result?.login) }
    if (!(await bindGrant(db, { ...saved, grantId: await grant.save() }))) return undefined
  }
  return withConsent(grant, consent)
}

const reasonOf = (error: errors.OIDCProviderError): string =>
  String(error.error_detail ?? error.error_description ?? '')
