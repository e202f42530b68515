import { createHash } from 'node:crypto'
import * as oauth from 'openid-client'
import { createIdentityPortal, type IdVerification } from '../../../clients/typescript/index.ts'
import { isLoopback } from '../../platform/loopback.ts'

const SCOPE = 'openid offline_access eprospera:person.id_verification.read'
const IMAGE_LIMIT_IN_BYTES = 25 * 1024 * 1024
const TIME_ALLOWED_IN_MS = 15_000

/** What the application stores until the browser returns from the portal. */
export type SignIn = { state: string; nonce: string; codeVerifier: string }

export type Tokens = {
  accessToken: string
  refreshToken: string | undefined
  /** Milliseconds since 1970. */
  expiresAt: number
  scope: string
  subject: string
}

export type ImageName = keyof IdVerification['documents']

export type VerificationAnswer = {
  status: number
  /** The JSON of the response. */
  body: unknown
  /** The `WWW-Authenticate` header of an error. */
  challenge: string | undefined
  /** Set when the status is 200. */
  verification: IdVerification | undefined
}

export type DownloadedImage = { bytes: Uint8Array; contentType: string; sha256: string }

/** The OAuth client of a third-party application. It works without the pages too, for scripts. */
export type ApplicationClient = {
  /** Where to redirect the browser, and what to store until it returns. `asksAgain`: also for what was declined before. */
  startSignIn(options?: { asksAgain: boolean }): Promise<{ url: string; signIn: SignIn }>
  /** Exchanges the code for tokens. Throws openid-client's errors when the response is an error or invalid. */
  finishSignIn(callbackUrl: string | URL, signIn: SignIn): Promise<Tokens>
  /** Throws when the refresh token is no longer valid. */
  refresh(tokens: Tokens): Promise<Tokens>
  /** Revokes the refresh token, and with it all tokens from it. */
  revoke(tokens: Tokens): Promise<void>
  /** Calls the resource API. An error response is returned, not thrown. */
  readVerification(accessToken: string): Promise<VerificationAnswer>
}

/** Makes no request before the first call; caches the issuer's metadata. */
export function createApplicationClient(options: {
  issuer: string
  clientId: string
  clientSecret: string
  redirectUri: string
  scope?: string | undefined
}): ApplicationClient {
  const { issuer, redirectUri, scope = SCOPE } = options
  let discovered: Promise<oauth.Configuration> | undefined

  function configuration(): Promise<oauth.Configuration> {
    discovered ??= oauth
      .discovery(
        new URL(issuer),
        options.clientId,
        undefined,
        oauth.ClientSecretBasic(options.clientSecret),
        { execute: isLoopback(issuer) ? [oauth.allowInsecureRequests] : [] },
      )
      .catch((error: unknown) => {
        // Try again next time: the issuer may not have started yet.
        discovered = undefined
        throw error
      })
    return discovered
  }

  return {
    async startSignIn({ asksAgain } = { asksAgain: false }) {
      const config = await configuration()
      const signIn = {
        state: oauth.randomState(),
        nonce: oauth.randomNonce(),
        codeVerifier: oauth.randomPKCECodeVerifier(),
      }
      const url = oauth.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope,
        state: signIn.state,
        nonce: signIn.nonce,
        code_challenge: await oauth.calculatePKCECodeChallenge(signIn.codeVerifier),
        code_challenge_method: 'S256',
        ...(asksAgain && { prompt: 'consent' }),
      })
      return { url: url.href, signIn }
    },

    async finishSignIn(callbackUrl, signIn) {
      // Use only the parameters of the request. The address is the registered one, whatever the Host header is.
      const current = new URL(redirectUri)
      current.search = new URL(callbackUrl, redirectUri).search
      const answer = await oauth.authorizationCodeGrant(await configuration(), current, {
        expectedState: signIn.state,
        expectedNonce: signIn.nonce,
        pkceCodeVerifier: signIn.codeVerifier,
        idTokenExpected: true,
      })
      return readTokens(answer, answer.claims()?.sub ?? '', answer.refresh_token, scope)
    },

    async refresh(tokens) {
      if (tokens.refreshToken === undefined) throw new Error('there is no refresh token')
      const answer = await oauth.refreshTokenGrant(await configuration(), tokens.refreshToken)
      // Without a new refresh token in the response, the old one stays valid (RFC 6749 §6).
      const refreshToken = answer.refresh_token ?? tokens.refreshToken
      return readTokens(answer, tokens.subject, refreshToken, tokens.scope)
    },

    async revoke(tokens) {
      const config = await configuration()
      if (tokens.refreshToken !== undefined)
        await oauth.tokenRevocation(config, tokens.refreshToken, {
          token_type_hint: 'refresh_token',
        })
      await oauth.tokenRevocation(config, tokens.accessToken, { token_type_hint: 'access_token' })
    },

    async readVerification(accessToken) {
      const portal = createIdentityPortal({ issuer, accessToken: () => accessToken })
      const { data, error, response } = await portal.GET(
        '/api/v1/me/natural-person/id-verification',
      )
      return {
        status: response.status,
        body: data ?? error,
        challenge: response.headers.get('www-authenticate') ?? undefined,
        verification: data,
      }
    },
  }
}

/** Why the bank sees nothing, as far as the portal's answer says. `undefined`: it sees what it was allowed to. */
export function refusalOf({ status, challenge = '' }: VerificationAnswer): Refusal | undefined {
  if (status === 200) return undefined
  // 401 on the real portal, 403 by RFC 6750 §3.1.
  if (challenge.includes('insufficient_scope')) return 'declined'
  return status === 401 ? 'ended' : 'unavailable'
}
/** `declined`: the documents are not allowed. `ended`: the token is not valid. `unavailable`: anything else. */
export type Refusal = 'declined' | 'ended' | 'unavailable'

/** The images that exist and that the resident did not allow. */
export function withheldImages({ body }: VerificationAnswer): ImageName[] {
  const { withheld } = (body ?? {}) as { withheld?: unknown }
  return Array.isArray(withheld) ? IMAGE_NAMES.filter((name) => withheld.includes(name)) : []
}
export const IMAGE_NAMES = ['documentFront', 'documentBack', 'face'] as const

function readTokens(
  answer: oauth.TokenEndpointResponse & oauth.TokenEndpointResponseHelpers,
  subject: string,
  refreshToken: string | undefined,
  askedScope: string,
): Tokens {
  return {
    accessToken: answer.access_token,
    refreshToken,
    expiresAt: Date.now() + (answer.expiresIn() ?? 0) * 1000,
    // Omitted when it equals the requested scope (RFC 6749 §5.1).
    scope: answer.scope ?? askedScope,
    subject,
  }
}

/** Downloads from one presigned URL, without other authentication. Errors never contain the URL. */
export async function downloadImage(url: string): Promise<DownloadedImage> {
  const response = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(TIME_ALLOWED_IN_MS),
  })
  if (!response.ok || !response.body) {
    await response.body?.cancel()
    throw new Error(`the image store answered ${response.status}`)
  }
  const hash = createHash('sha256')
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body) {
    size += chunk.length
    if (size > IMAGE_LIMIT_IN_BYTES) throw new Error('the image is larger than 25 MB')
    hash.update(chunk)
    chunks.push(chunk)
  }
  return {
    bytes: Buffer.concat(chunks),
    contentType: response.headers.get('content-type') ?? 'application/octet-stream',
    sha256: hash.digest('hex'),
  }
}
