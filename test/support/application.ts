import type { CryptoKey } from 'jose'
import * as client from 'openid-client'
import { createUserAgent, type Page, type UserAgent } from '../../src/local/sandbox/user-agent.ts'
import { PASSWORD, REDIRECT_URI } from './portal.ts'

type Registered = { client_id: string; client_secret?: string }
type Options = {
  /** For a client with private_key_jwt. */
  privateKey?: CryptoKey | undefined
  /** Whether its tokens are bound to a key (DPoP, RFC 9449). */
  dpop?: boolean
  /** Whether it pushes its authorization requests (RFC 9126). */
  par?: boolean
  algorithm?: 'ES256'
}

/** A third-party application with an unmodified, certified client library. */
export async function createApplication(
  issuer: string,
  registered: Registered,
  options: Options = {},
) {
  const { client_id: clientId, client_secret: secret } = registered
  const authentication = options.privateKey
    ? client.PrivateKeyJwt(options.privateKey)
    : secret === undefined
      ? client.None()
      : undefined
  const configuration = await client.discovery(
    new URL(issuer),
    clientId,
    { client_secret: secret, id_token_signed_response_alg: options.algorithm ?? 'RS256' },
    authentication,
    { execute: [client.allowInsecureRequests] },
  )
  const DPoP = options.dpop
    ? client.getDPoPHandle(configuration, await client.randomDPoPKeyPair())
    : undefined
  const bound = DPoP ? { DPoP } : {}

  async function authorizationRequest(scope: string, extra: Record<string, string> = {}) {
    const pkceCodeVerifier = client.randomPKCECodeVerifier()
    const expectedState = client.randomState()
    const expectedNonce = client.randomNonce()
    const openid = scope.split(' ').includes('openid')
    const parameters = {
      redirect_uri: REDIRECT_URI,
      scope,
      state: expectedState,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      ...(openid ? { nonce: expectedNonce } : {}),
      ...extra,
    }
    const url = options.par
      ? await client.buildAuthorizationUrlWithPAR(configuration, parameters, bound)
      : client.buildAuthorizationUrl(configuration, parameters)
    const checks = { pkceCodeVerifier, expectedState, ...(openid ? { expectedNonce } : {}) }
    return { url: url.href, checks }
  }

  return {
    configuration,
    /** For the library's own requests: the key that tokens are bound to, or nothing. */
    bound,
    authorizationRequest,
    /** The complete flow: sign-in and consent if required, then the code is redeemed. */
    async obtainTokens(
      scope: string,
      email: string,
      browser: UserAgent = createUserAgent(),
      extra: Record<string, string> = {},
    ) {
      const { url, checks } = await authorizationRequest(scope, extra)
      const page = await signInAndAllow(browser, await browser.open(url, REDIRECT_URI), email)
      return await client.authorizationCodeGrant(
        configuration,
        new URL(page.url),
        checks,
        undefined,
        bound,
      )
    },
    /** Redeems the code that the browser brought back. */
    redeem: (back: string, checks: Awaited<ReturnType<typeof authorizationRequest>>['checks']) =>
      client.authorizationCodeGrant(configuration, new URL(back), checks, undefined, bound),
    refresh: (refreshToken: string) =>
      client.refreshTokenGrant(configuration, refreshToken, undefined, bound),
    /** The API's response to this token. */
    call: (url: string, token: string) =>
      client.fetchProtectedResource(
        configuration,
        token,
        new URL(url),
        'GET',
        undefined,
        undefined,
        bound,
      ),
    userinfo: (token: string, subject: string) =>
      client.fetchUserInfo(configuration, token, subject, bound),
    introspect: (token: string) => client.tokenIntrospection(configuration, token),
    revoke: (token: string) => client.tokenRevocation(configuration, token),
  }
}

/** Signs in and allows, like a person, until the browser leaves for the application. */
export async function signInAndAllow(browser: UserAgent, page: Page, email: string): Promise<Page> {
  let current = page
  for (let step = 0; step < 4 && !current.url.startsWith(REDIRECT_URI); step++) {
    const signIn = current.text.includes('name="login"')
    current = signIn
      ? await browser.submit(
          current,
          'login',
          { email, password: PASSWORD },
          { leaveAt: REDIRECT_URI },
        )
      : await browser.submit(current, 'allow', {}, { leaveAt: REDIRECT_URI })
  }
  return current
}
