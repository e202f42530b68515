import * as jose from 'jose'
import * as oauth from 'openid-client'
import { createIdentityPortal, type IdentityPortal } from './api.ts'

const DOCUMENTS = 'openid offline_access eprospera:person.id_verification.read'
/** A token that expires within this time is replaced before it is used. */
const RENEWED_BEFORE_IN_MS = 10_000

export type Application = {
  /** The portal's address, such as https://portal.example.org. Plain HTTP is accepted on this machine only. */
  issuer: string
  clientId: string
  /** Absent for a public client: an app on a device, a page in a browser. */
  clientSecret?: string | undefined
  /** Another way to authenticate, such as openid-client's `PrivateKeyJwt(key)`. */
  authentication?: oauth.ClientAuth | undefined
  redirectUri: string
  /** By default what documents need: `openid offline_access eprospera:person.id_verification.read`. */
  scope?: string | undefined
}

/** What is stored for a signed-in person. Both tokens are secrets. */
export type Tokens = {
  accessToken: string
  /** With the scope `offline_access`. Another one after each refresh. */
  refreshToken: string | undefined
  /** Milliseconds since 1970. */
  expiresAt: number
  /** What was granted, which can be less than what was requested. */
  scope: string
  /** The person, as this application knows them. */
  subject: string
}

export type Session = {
  /** The API with its types, as this person allowed. Each call has a token that is still valid: an expiring one is replaced first. */
  api: IdentityPortal
  /** What to store, now. */
  tokens(): Tokens
  /** Revokes all tokens of this session. */
  end(): Promise<void>
}

type SessionOptions = {
  /** Called, and awaited, with the new tokens of every refresh: the refresh token before them is used up. */
  onTokens?: ((tokens: Tokens) => void | Promise<void>) | undefined
}

export type SignIn = {
  /** Where the browser goes. */
  url: string
  /** What `finishSignIn` checks. Keep it in this browser's session: an `HttpOnly` cookie with `SameSite=Lax` will do. */
  checks: string
}

/** A member for each kind of event: `events[0]` says what happened (RFC 8417). */
export type SecurityEvent = jose.JWTPayload & {
  events: Record<string, Record<string, unknown>>
  sub_id?: { format: string; iss?: string; sub?: string; id?: string }
}

export type PortalConnection = {
  /** `parameters` are further ones of the authorization request, such as `prompt` or `login_hint`. */
  startSignIn(parameters?: Record<string, string>): Promise<SignIn>
  /**
   * Exchanges the code for tokens, after the checks of `state`, `nonce`, PKCE, issuer and ID token (its signature too). `callbackUrl` is the address at which
   * the browser arrived, whole or without its origin. Throws openid-client's errors: `AuthorizationResponseError` when the person said no.
   */
  finishSignIn(
    callbackUrl: string | URL,
    checks: string | undefined,
    options?: SessionOptions,
  ): Promise<Session>
  /** The session of a person whose tokens were stored. */
  openSession(tokens: Tokens, options?: SessionOptions): Session
  /** Verifies a Security Event Token, pushed or polled. Throws jose's errors when it is not the portal's or not for this application. */
  verifySecurityEvent(token: string): Promise<SecurityEvent>
}

type Connected = { application: Application; configuration: oauth.Configuration }

/** Reads the portal's metadata, and returns the whole sign-in of one application. */
export async function connectToPortal(application: Application): Promise<PortalConnection> {
  const { issuer, clientId, clientSecret, authentication } = application
  const configuration = await oauth.discovery(
    new URL(issuer),
    clientId,
    clientSecret,
    authentication ??
      (clientSecret === undefined ? oauth.None() : oauth.ClientSecretBasic(clientSecret)),
    { execute: isLoopback(issuer) ? [oauth.allowInsecureRequests] : [] },
  )
  // openid-client trusts TLS alone for an ID token from the token endpoint (OpenID Connect Core §3.1.3.7, 6). This checks its signature.
  oauth.enableNonRepudiationChecks(configuration)
  const connected: Connected = { application, configuration }
  const keys = jose.createRemoteJWKSet(new URL(configuration.serverMetadata().jwks_uri ?? ''))
  return {
    startSignIn: (parameters) => startSignIn(connected, parameters),
    finishSignIn: (callbackUrl, checks, options) =>
      finishSignIn(connected, callbackUrl, checks, options),
    openSession: (tokens, options) => openSession(connected, tokens, options),
    async verifySecurityEvent(token) {
      const { payload } = await jose.jwtVerify<SecurityEvent>(token, keys, {
        issuer: configuration.serverMetadata().issuer,
        audience: clientId,
        typ: 'secevent+jwt',
        requiredClaims: ['jti', 'iat', 'events'],
      })
      return payload
    },
  }
}

async function startSignIn(
  { application, configuration }: Connected,
  parameters: Record<string, string> = {},
): Promise<SignIn> {
  const state = oauth.randomState()
  const nonce = oauth.randomNonce()
  const verifier = oauth.randomPKCECodeVerifier()
  const url = oauth.buildAuthorizationUrl(configuration, {
    redirect_uri: application.redirectUri,
    scope: application.scope ?? DOCUMENTS,
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...parameters,
  })
  return { url: url.href, checks: [state, nonce, verifier].join('.') }
}

async function finishSignIn(
  connected: Connected,
  callbackUrl: string | URL,
  checks: string | undefined,
  options?: SessionOptions,
): Promise<Session> {
  const { application, configuration } = connected
  const [expectedState = '', expectedNonce = '', pkceCodeVerifier = ''] = checks?.split('.') ?? []
  // An empty one would be no check at all.
  if (!expectedState || !expectedNonce || !pkceCodeVerifier)
    throw new Error('this browser did not start a sign-in, or its cookie is gone')
  // The address is the registered one, whatever proxies and the Host header made of it.
  const current = new URL(application.redirectUri)
  current.search = new URL(callbackUrl, application.redirectUri).search
  const answer = await oauth.authorizationCodeGrant(configuration, current, {
    expectedState,
    expectedNonce,
    pkceCodeVerifier,
    idTokenExpected: true,
  })
  const scope = application.scope ?? DOCUMENTS
  const subject = answer.claims()?.sub ?? ''
  return openSession(connected, readTokens(answer, { scope, subject }), options)
}

function openSession(
  { application, configuration }: Connected,
  given: Tokens,
  { onTokens }: SessionOptions = {},
): Session {
  let tokens = given
  let refreshing: Promise<void> | undefined

  async function refresh(refreshToken: string) {
    const answer = await oauth.refreshTokenGrant(configuration, refreshToken)
    tokens = readTokens(answer, tokens)
    await onTokens?.(tokens)
  }

  async function accessToken() {
    const { expiresAt, refreshToken } = tokens
    if (refreshToken !== undefined && expiresAt - RENEWED_BEFORE_IN_MS <= Date.now()) {
      // Calls at the same time share one refresh, because a refresh token works once.
      refreshing ??= refresh(refreshToken).finally(() => {
        refreshing = undefined
      })
      await refreshing
    }
    return tokens.accessToken
  }

  return {
    api: createIdentityPortal({ issuer: application.issuer, accessToken }),
    tokens: () => tokens,
    end: () => oauth.tokenRevocation(configuration, tokens.refreshToken ?? tokens.accessToken),
  }
}

function readTokens(
  answer: oauth.TokenEndpointResponse & oauth.TokenEndpointResponseHelpers,
  before: { scope: string; subject: string; refreshToken?: string | undefined },
): Tokens {
  return {
    accessToken: answer.access_token,
    // Both are absent where they are what they were (RFC 6749 §6, §5.1).
    refreshToken: answer.refresh_token ?? before.refreshToken,
    scope: answer.scope ?? before.scope,
    expiresAt: Date.now() + (answer.expiresIn() ?? 0) * 1000,
    subject: before.subject,
  }
}

const isLoopback = (issuer: string) =>
  ['localhost', '127.0.0.1', '[::1]'].includes(new URL(issuer).hostname)
