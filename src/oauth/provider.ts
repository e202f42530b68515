import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { type ClientMetadata, errors, type KoaContextWithOIDC, Provider } from 'oidc-provider'
import { findAccount } from '../accounts/accounts.ts'
import type { Db } from '../db.ts'
import type { Jobs } from '../jobs.ts'
import type { Log } from '../log.ts'
import type { Outbound } from '../outbound.ts'
import { hashSecret, randomSecret, type Sealer } from '../secrets.ts'
import type { AccessTokens } from './access-token.ts'
import { createAdapter, type SuccessorOf } from './adapter.ts'
import { mendAnswers } from './answers.ts'
import { noteClaims, type ShownVerified } from './claims-ledger.ts'
import { hashOfSecret } from './clients.ts'
import { type Consent, chosenInstead, findConsent } from './consents.ts'
import { termsOf } from './grants.ts'
import type { SigningKeys } from './keys.ts'
import { ACR } from './logins.ts'
import { notifyLogout } from './logout.ts'
import { PROOF_ALGORITHMS } from './proof.ts'
import { REGISTRATION_RULES, registrationRules } from './registration.ts'
import {
  assertJwtClientAuthClaimsAndHeader,
  createPolicy,
  nameOneResource,
  offerOfflineAccess,
  refuseUnknownScopes,
  takeOwnSecret,
} from './requests.ts'
import { CLAIMS, KNOWN_UNGRANTED, SCOPES, SERVICE_SCOPES } from './scopes.ts'
import { sessionTtlSeconds } from './session-limits.ts'
import { spendOnce } from './spent.ts'
import type { SubjectIdentifiers } from './subject-identifiers.ts'
import { VERIFIED_CLAIMS_METADATA, type Verified, verifiedClaims } from './verified-claims.ts'
import { deriveSuccessors, putTokensOnTheWire, subjectAt } from './wire.ts'

const HOUR = 3600
const DAY = 24 * HOUR

const ACCESS_TOKEN_TTL_SECONDS = HOUR
/** Where a person types the code of a device, and where its interaction comes back to. */
export const DEVICE_PATH = '/device'

export type Pages = {
  /** A failure that may not be redirected, for a person to read. */
  error(
    ctx: KoaContextWithOIDC,
    failure: { error: string; description: string | undefined; status: number },
  ): void
  signOut(ctx: KoaContextWithOIDC, form: { action: string; xsrf: string }): void
  signedOut(ctx: KoaContextWithOIDC): void
  deviceCode(ctx: KoaContextWithOIDC, form: DeviceForm & { error: string | undefined }): void
  deviceConfirm(ctx: KoaContextWithOIDC, form: DeviceForm & { clientName: string }): void
  deviceDone(ctx: KoaContextWithOIDC, clientName: string): void
}

/** What the forms of the device pages carry (RFC 8628 §3.3). */
type DeviceForm = { action: string; xsrf: string; userCode: string }

type Parts = {
  issuer: string
  db: Db
  sealer: Sealer
  keys: SigningKeys
  tokens: AccessTokens
  subjects: SubjectIdentifiers
  outbound: Outbound
  jobs: Jobs
  /** For `verified_claims`; handed in, because this folder knows no documents. */
  findVerified: (accountId: string) => Promise<Verified | undefined>
  cookieKeys: string[]
  pages: Pages
  log: Log
}

/** oidc-provider with every option in this one place. */
export function createProvider({
  issuer,
  db,
  sealer,
  keys,
  tokens,
  subjects,
  outbound,
  jobs,
  findVerified,
  cookieKeys,
  pages,
  log,
}: Parts): Provider {
  const [successorKey = ''] = cookieKeys
  const successorOf: SuccessorOf = (refreshToken) =>
    createHmac('sha256', successorKey).update(`refresh ${refreshToken}`).digest('base64url')
  const secure = issuer.startsWith('https:')
  const cookie = { httpOnly: true, sameSite: 'lax', secure, signed: true, overwrite: true } as const

  const shown = new WeakMap<KoaContextWithOIDC, ShownVerified>()
  const provider = new Provider(issuer, {
    adapter: (name: string) => createAdapter(db, name, { sealer, jobs, successorOf }),
    jwks: keys.privateJwks as never,
    findAccount: async (ctx, accountId) => {
      const account = await findAccount(db, accountId)
      if (account?.status !== 'active') return undefined
      return {
        accountId,
        claims: async (use, scope, claims) => {
          const asked = use === 'userinfo' ? claims?.verified_claims : undefined
          const verified =
            asked && (await verifiedClaims(asked, scope, () => findVerified(accountId)))
          if (verified) shown.set(ctx, verified)
          return {
            sub: accountId,
            name: `${account.givenName} ${account.surname}`,
            given_name: account.givenName,
            family_name: account.surname,
            email: account.email,
            email_verified: account.emailVerified,
            ...(verified ? { verified_claims: verified.claims } : {}),
          }
        },
      }
    },
    loadExistingGrant: (ctx) => loadGrant(ctx, db),

    routes: {
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
    },
    interactions: {
      url: (_ctx, interaction) => `/interaction/${interaction.uid}`,
      policy: createPolicy(),
    },
    cookies: {
      keys: cookieKeys,
      // The prefix makes a browser refuse a copy set by a neighbouring host; it asks for https and path /.
      names: {
        session: secure ? '__Host-session' : 'session',
        interaction: secure ? '__Secure-interaction' : 'interaction',
        resume: secure ? '__Secure-resume' : 'resume',
      },
      long: { ...cookie, path: '/' },
      short: cookie,
    },

    scopes: [...Object.keys(SCOPES), ...SERVICE_SCOPES, ...KNOWN_UNGRANTED],
    claims: { ...CLAIMS, verified_claims: null },
    discovery: VERIFIED_CLAIMS_METADATA,
    acrValues: Object.values(ACR),
    // In the ID token too, as the real portal has it: Auth.js and Firebase look nowhere else.
    conformIdTokenClaims: false,
    responseTypes: ['code'],
    subjectTypes: ['public', 'pairwise'],
    pairwiseIdentifier: (_ctx, accountId, client) => subjectAt(subjects, client, accountId),
    // Once, when it is registered: what is stored was verified then.
    sectorIdentifierUriValidate: () =>
      ['registration', 'client_update'].includes(Provider.ctx?.oidc?.route ?? ''),
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    assertJwtClientAuthClaimsAndHeader,
    extraClientMetadata: { properties: ['pkce', 'fapi'] },
    pkce: { required: (_ctx, client) => client.pkce !== 'optional' },
    allowOmittingSingleRegisteredRedirectUri: false,
    clockTolerance: 5,
    enabledJWA: {
      idTokenSigningAlgValues: ['RS256', 'ES256'],
      userinfoSigningAlgValues: ['RS256', 'ES256'],
      clientAuthSigningAlgValues: ['ES256', 'PS256', 'Ed25519', 'EdDSA', 'RS256'],
      dPoPSigningAlgValues: [...PROOF_ALGORITHMS],
    },
    fetch: async (url, options) => {
      const { method, headers } = options ?? {}
      return await outbound(url as URL, {
        method: method ?? 'GET',
        headers: Object.fromEntries(new Headers(headers as Record<string, string>)),
      })
    },
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: isOwnToken },
      revocation: { enabled: true, allowedPolicy: isOwnToken },
      deviceFlow: {
        enabled: true,
        deviceInfo: () => ({}),
        userCodeInputSource: (ctx, _form, _out, error) =>
          pages.deviceCode(ctx, { ...deviceForm(ctx), error: error && whyNoDevice(error) }),
        userCodeConfirmSource: (ctx, _form, client, _info, userCode) =>
          pages.deviceConfirm(ctx, {
            ...deviceForm(ctx),
            userCode,
            clientName: client.clientName ?? client.clientId,
          }),
        successSource: (ctx) =>
          pages.deviceDone(ctx, ctx.oidc.client?.clientName ?? ctx.oidc.client?.clientId ?? ''),
      },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx) =>
          pages.signOut(ctx, {
            action: '/api/oauth/end_session/confirm',
            xsrf: String(ctx.oidc.session?.state?.secret ?? ''),
          }),
        postLogoutSuccessSource: (ctx) => pages.signedOut(ctx),
      },
      // One audience, so there is nothing to choose; the library asks this before it drops scopes it does not know.
      resourceIndicators: {
        enabled: true,
        defaultResource: async (ctx) => {
          refuseUnknownScopes(ctx)
          return []
        },
        useGrantedResource: () => false,
        getResourceServerInfo: () => {
          throw new errors.InvalidTarget()
        },
      },
      claimsParameter: { enabled: true },
      clientCredentials: { enabled: true },
      dPoP: {
        enabled: true,
        // The same on every process: a nonce of one is known to the other.
        nonceSecret: createHmac('sha256', successorKey).update('dpop nonce').digest(),
        requireNonce: () => false,
      },
      pushedAuthorizationRequests: { enabled: true },
      fapi: {
        enabled: true,
        profile: (_ctx, client) => (client?.fapi ? '2.0' : undefined),
      },
      registration: {
        enabled: true,
        initialAccessToken: true,
        idFactory: () => randomUUID(),
        secretFactory: () => randomSecret(),
        policies: { [REGISTRATION_RULES]: registrationRules },
      },
      registrationManagement: { enabled: true, rotateRegistrationAccessToken: true },
      backchannelLogout: { enabled: true },
    },
    ttl: {
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
    },
    // FAPI 2.0 §5.3.2.1 forbids rotation: there the token is bound to the client's keys.
    rotateRefreshToken: (ctx) => !ctx.oidc.client?.fapi,
    issueRefreshToken: (_ctx, client, source) =>
      client.grantTypeAllowed('refresh_token') && source.scopes.has('offline_access'),
    expiresWithSession: (_ctx, source) => !source.scopes.has('offline_access'),
    // Browser applications, which hold no secret, may call the token endpoint from their own origin.
    clientBasedCORS: (_ctx, origin, client) =>
      client.clientAuthMethod === 'none' &&
      (client.redirectUris ?? []).some((uri) => URL.parse(uri)?.origin === origin),
    renderError: (ctx, out) => {
      const { error, error_description: description } = out
      if (ctx.accepts('json', 'html') === 'html')
        pages.error(ctx, { error, description, status: ctx.status })
      else ctx.body = { error, ...(description ? { error_description: description } : {}) }
    },
  })

  // The host of what is answered is the issuer's, whatever a stranger's headers say: see `pinHost`.
  provider.proxy = true
  hashClientSecrets(provider)
  offerOfflineAccess(provider)
  deriveSuccessors(provider, successorOf)
  putTokensOnTheWire(provider, tokens, subjects, ACCESS_TOKEN_TTL_SECONDS)
  nameOneResource(provider, issuer)
  takeOwnSecret(provider)
  provider.ReplayDetection.unique = (by, jti, expiresAt) => spendOnce(db, by, jti, expiresAt)
  provider.Client.prototype.backchannelLogout = async function (
    this: { clientId: string },
    accountId: string,
    sid: string,
  ) {
    await notifyLogout(db, jobs, {
      issuer,
      accountId,
      authorizations: { [this.clientId]: { sid } },
    })
  }
  provider.use(mendAnswers(issuer, db, subjects))
  provider.use(async (ctx: KoaContextWithOIDC, next: () => Promise<void>) => {
    await next()
    await noteClaims(db, ctx, shown.get(ctx))
  })
  // Koa's own: whatever escaped, and hang-ups of callers.
  provider.on('error' as never, (error: unknown) =>
    log.error('authorization server failed', { error }),
  )
  provider.on('server_error', (_ctx, error) => log.error('authorization server failed', { error }))
  const refused = (ctx: KoaContextWithOIDC, error: errors.OIDCProviderError) => {
    if (error.error === 'unsupported_token_type') return
    log.info('oauth request refused', {
      route: ctx.oidc?.route,
      code: error.error,
      reason: error.error_detail ?? error.error_description,
      clientId: ctx.oidc?.client?.clientId,
    })
  }
  provider.on('authorization.error', refused)
  provider.on('grant.error', refused)
  provider.on('introspection.error', refused)
  provider.on('revocation.error', refused)
  provider.on('userinfo.error', refused)
  return provider
}

/** Before oidc-provider sees a request: it builds addresses from Host and X-Forwarded-*, so they are the issuer's. */
export function pinHost(headers: Record<string, unknown>, issuer: string): void {
  const { host, protocol } = new URL(issuer)
  headers.host = host
  headers['x-forwarded-host'] = host
  headers['x-forwarded-proto'] = protocol.slice(0, -1)
}

/**
 * A grant is one session's; the consent behind it is remembered for every device of the resident, with what was declined.
 * Where no consent counts, the library finds everything missing and asks.
 */
async function loadGrant(ctx: KoaContextWithOIDC, db: Db) {
  const { client, session, provider } = ctx.oidc
  const accountId = session?.accountId
  if (!client || !session || !accountId) return undefined
  const consent = await findConsent(db, accountId, client.clientId)
  if (!consent?.isCurrent) return undefined
  const grantId = session.grantIdFor(client.clientId)
  const existing = grantId ? await provider.Grant.find(grantId) : undefined
  const mine = existing?.accountId === accountId && existing.clientId === client.clientId
  const grant =
    mine && existing ? existing : new provider.Grant({ accountId, clientId: client.clientId })
  const terms = termsOf(consent, client.scope ?? '')
  if (!(mine && isDeepStrictEqual({ openid: grant.openid, rejected: grant.rejected }, terms))) {
    Object.assign(grant, terms)
    await grant.save()
  }
  return withAlternatives(grant, consent)
}

/**
 * RFC 6749 §3.3: where the resident chose a smaller scope in the place of one that is asked for, that one is granted. The
 * library asks this Grant which of the requested scopes it grants, for whatever it issues now; the request stays as it came.
 */
function withAlternatives<T extends { getOIDCScopeFiltered(asked: Set<string>): string }>(
  grant: T,
  consent: Consent,
): T {
  const granted = grant.getOIDCScopeFiltered.bind(grant)
  return Object.assign(grant, {
    getOIDCScopeFiltered: (asked: Set<string>) =>
      [...new Set([...granted(asked).split(' '), ...chosenInstead(consent, [...asked])])]
        .filter(Boolean)
        .join(' '),
  })
}

const deviceForm = (ctx: KoaContextWithOIDC): DeviceForm => ({
  action: DEVICE_PATH,
  xsrf: String(ctx.oidc.session?.state?.secret ?? ''),
  userCode: String(ctx.oidc.params?.user_code ?? ''),
})

function whyNoDevice(error: Error): string {
  if (error.name === 'AbortedError') return 'Nothing was allowed. You can close this page.'
  if (error.name === 'NoCodeError') return 'Type the code that your device shows.'
  return 'This code is not known, has expired, or was used already. Look at your device, and try again.'
}

function isOwnToken(
  _ctx: unknown,
  client: { clientId: string },
  token: { clientId?: string | undefined },
): boolean {
  return token.clientId === client.clientId
}

/** Secrets are kept as SHA-256: what a client sends is hashed, and the hashes compared in constant time. */
function hashClientSecrets(provider: Provider): void {
  Object.defineProperty(provider.Client.prototype, 'compareClientSecret', {
    value(this: ClientMetadata & { clientSecret?: string }, actual: string) {
      const kept = hashOfSecret(this.clientSecret ?? '')
      const given = hashSecret(actual)
      return kept.length === given.length && timingSafeEqual(kept, given)
    },
  })
}
