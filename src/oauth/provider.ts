import { createHmac, timingSafeEqual } from 'node:crypto'
import {
  type ClientMetadata,
  errors,
  interactionPolicy,
  type KoaContextWithOIDC,
  Provider,
} from 'oidc-provider'
import { findAccount } from '../accounts/accounts.ts'
import type { Db } from '../db.ts'
import type { Log } from '../log.ts'
import { hashSecret, type Sealer } from '../secrets.ts'
import type { AccessTokens } from './access-token.ts'
import { createAdapter, type SuccessorOf } from './adapter.ts'
import { findConsent } from './consents.ts'
import type { SigningKeys } from './keys.ts'
import { KNOWN_UNGRANTED, SCOPES } from './scopes.ts'
import { sessionTtlSeconds } from './session-limits.ts'

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
  cookieKeys,
  pages,
  log,
}: Parts): Provider {
  const [successorKey = ''] = cookieKeys
  const successorOf: SuccessorOf = (refreshToken) =>
    createHmac('sha256', successorKey).update(`refresh ${refreshToken}`).digest('base64url')
  const secure = issuer.startsWith('https:')
  const cookie = { httpOnly: true, sameSite: 'lax', secure, signed: true, overwrite: true } as const

  const provider = new Provider(issuer, {
    adapter: (name: string) => createAdapter(db, name, { sealer, successorOf }),
    jwks: keys.privateJwks as never,
    findAccount: async (_ctx, accountId) => {
      const account = await findAccount(db, accountId)
      if (account?.status !== 'active') return undefined
      return {
        accountId,
        claims: () => ({
          sub: accountId,
          name: `${account.givenName} ${account.surname}`,
          given_name: account.givenName,
          family_name: account.surname,
          email: account.email,
          email_verified: account.emailVerified,
        }),
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

    scopes: [...Object.keys(SCOPES), ...KNOWN_UNGRANTED],
    claims: {
      openid: ['sub'],
      profile: ['name', 'given_name', 'family_name'],
      email: ['email', 'email_verified'],
    },
    responseTypes: ['code'],
    subjectTypes: ['public'],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    extraClientMetadata: { properties: ['pkce'] },
    pkce: { required: (_ctx, client) => client.pkce !== 'optional' },
    allowOmittingSingleRegisteredRedirectUri: false,
    clockTolerance: 5,
    enabledJWA: { idTokenSigningAlgValues: ['RS256'], userinfoSigningAlgValues: ['RS256'] },
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
      dPoP: { enabled: false },
    },
    ttl: {
      AccessToken: ACCESS_TOKEN_TTL_SECONDS,
      AuthorizationCode: 60,
      IdToken: HOUR,
      DeviceCode: 600,
      Interaction: HOUR,
      PushedAuthorizationRequest: 60,
      RefreshToken: 30 * DAY,
      Grant: 90 * DAY,
      Session: (_ctx, session) => sessionTtlSeconds(session.loginTs),
    },
    rotateRefreshToken: true,
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
  putTokensOnTheWire(provider, tokens)
  provider.use(answerForJwts(issuer))
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

/** A grant is one session's; the consent behind it is remembered for every device of the resident. */
async function loadGrant(ctx: KoaContextWithOIDC, db: Db) {
  const { client, session, provider, result } = ctx.oidc
  const accountId = session?.accountId
  if (!client || !session || !accountId) return undefined
  const scopes = await findConsent(db, accountId, client.clientId)
  if (!scopes) return undefined

  const grantId = result?.consent?.grantId ?? session.grantIdFor(client.clientId)
  const existing = grantId ? await provider.Grant.find(grantId) : undefined
  const mine = existing?.accountId === accountId && existing.clientId === client.clientId
  const grant =
    mine && existing ? existing : new provider.Grant({ accountId, clientId: client.clientId })
  const known = new Set(grant.getOIDCScopeEncountered().split(' '))
  if (mine && scopes.every((scope) => known.has(scope))) return grant
  grant.addOIDCScope(scopes.join(' '))
  grant.rejectOIDCScope(KNOWN_UNGRANTED.join(' '))
  await grant.save()
  return grant
}

/** The library's prompts, but what is asked for is read from the request itself: see `offerOfflineAccess`. */
function createPolicy() {
  const { Check, base } = interactionPolicy
  const policy = base()
  const consent = policy.get('consent')
  consent?.checks.remove('consent_prompt')
  consent?.checks.add(
    new Check('consent_prompt', 'consent was asked for', 'consent_required', (ctx) => {
      const asked = String(ctx.oidc.params?.prompt ?? '').split(' ')
      return asked.includes('consent') && !ctx.oidc.result?.consent
    }),
    0,
  )
  return policy
}

/**
 * The library drops `offline_access` unless `prompt=consent` comes with it (OIDC Core §11, "unless other conditions
 * are in place"). Here consent is always asked for and remembered, which is that other condition.
 */
function offerOfflineAccess(provider: Provider): void {
  Object.defineProperty(provider.OIDCContext.prototype, 'prompts', {
    configurable: true,
    get(this: { params: { prompt?: string; scope?: string } }) {
      const prompts = new Set(this.params.prompt ? this.params.prompt.split(' ') : [])
      if (!prompts.has('none') && this.params.scope?.split(' ').includes('offline_access'))
        prompts.add('consent')
      return prompts
    },
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

/** RFC 6749 §4.1.2.1: a scope that nobody knows is an error, not something to overlook. */
function refuseUnknownScopes(ctx: KoaContextWithOIDC): void {
  if (
    !['authorization', 'pushed_authorization_request', 'device_authorization'].includes(
      ctx.oidc.route,
    )
  )
    return
  const asked = String(ctx.oidc.params?.scope ?? '')
  if (!asked) throw new errors.InvalidScope('a scope is required', '')
  const unknown = asked
    .split(' ')
    .find((scope) => !Object.hasOwn(SCOPES, scope) && !KNOWN_UNGRANTED.includes(scope))
  if (unknown !== undefined) throw new errors.InvalidScope('requested scope is unknown', unknown)
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
      const kept = Buffer.from(this.clientSecret ?? '', 'base64url')
      const given = hashSecret(actual)
      return kept.length === given.length && timingSafeEqual(kept, given)
    },
  })
}

/** A rotated refresh token's value follows from the one before it: see the adapter's `forLostAnswers`. */
function deriveSuccessors(provider: Provider, successorOf: SuccessorOf): void {
  const { prototype } = provider.RefreshToken as unknown as {
    prototype: { generateTokenId(): string }
  }
  const { generateTokenId } = prototype
  prototype.generateTokenId = function () {
    const entities = Provider.ctx?.oidc.entities as { RotatedRefreshToken?: { jti: string } }
    const before = entities?.RotatedRefreshToken?.jti
    return before === undefined ? generateTokenId.call(this) : successorOf(before)
  }
}

/** Tokens are the library's stored ones; what leaves is a JWT that names the row, and only that JWT finds it again. */
function putTokensOnTheWire(provider: Provider, tokens: AccessTokens): void {
  const { AccessToken } = provider
  const { save } = AccessToken.prototype
  AccessToken.prototype.save = async function (this: InstanceType<typeof AccessToken>, ...args) {
    const jti = await save.apply(this, args)
    return await tokens.sign({
      jti,
      accountId: this.accountId,
      clientId: this.clientId ?? '',
      scope: this.scope,
      issuedAt: this.iat ?? Math.floor(Date.now() / 1000),
      expiresAt: this.exp ?? Math.floor(Date.now() / 1000) + ACCESS_TOKEN_TTL_SECONDS,
    })
  }
  const find = AccessToken.find.bind(AccessToken)
  Object.defineProperty(AccessToken, 'find', {
    async value(token: unknown, options?: { ignoreExpiration?: boolean }) {
      const verified = typeof token === 'string' ? await tokens.verify(token) : undefined
      return verified && (await find(verified.jti, options))
    },
  })
}

/** RFC 7662 and RFC 7009 for JWTs, which the library's two endpoints refuse after they have authenticated the client. */
function answerForJwts(issuer: string) {
  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>) => {
    await next()
    // RFC 8628 §3.2; the library leaves the default unsaid, and some clients want it said.
    if (ctx.oidc?.route === 'device_authorization' && ctx.status === 200)
      Object.assign(ctx.body as object, { interval: 5 })
    if (ctx.status === 404 && ctx.body === undefined) {
      ctx.status = 404
      ctx.body = { error: 'not_found' }
      return
    }
    const body = ctx.body as { error?: string } | undefined
    if (body?.error !== 'unsupported_token_type') return
    const { client, params, provider, route } = ctx.oidc
    const found = await provider.AccessToken.find(String(params?.token ?? ''))
    const grant = found?.grantId ? await provider.Grant.find(found.grantId) : undefined
    const token = client && found?.clientId === client.clientId && grant ? found : undefined
    ctx.status = 200
    if (route === 'revocation') {
      if (token) await token.destroy()
      ctx.body = ''
      return
    }
    ctx.body = token
      ? {
          active: true,
          iss: issuer,
          aud: issuer,
          sub: token.accountId,
          client_id: token.clientId,
          scope: token.scope,
          token_type: token.tokenType,
          exp: token.exp,
          iat: token.iat,
          jti: token.jti,
        }
      : { active: false }
  }
}
