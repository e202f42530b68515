import * as client from 'openid-client'
import { createUserAgent, type Page, type UserAgent } from '../../src/sandbox/user-agent.ts'
import { PASSWORD, REDIRECT_URI } from './portal.ts'

type Registered = { client_id: string; client_secret?: string }

/** A third-party application on an unmodified certified client library. */
export async function createApplication(issuer: string, registered: Registered) {
  const configuration = await client.discovery(
    new URL(issuer),
    registered.client_id,
    registered.client_secret,
    registered.client_secret ? undefined : client.None(),
    { execute: [client.allowInsecureRequests] },
  )

  async function authorizationRequest(scope: string, extra: Record<string, string> = {}) {
    const pkceCodeVerifier = client.randomPKCECodeVerifier()
    const expectedState = client.randomState()
    const expectedNonce = client.randomNonce()
    const openid = scope.split(' ').includes('openid')
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: REDIRECT_URI,
      scope,
      state: expectedState,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      ...(openid ? { nonce: expectedNonce } : {}),
      ...extra,
    })
    const checks = { pkceCodeVerifier, expectedState, ...(openid ? { expectedNonce } : {}) }
    return { url: url.href, checks }
  }

  return {
    configuration,
    authorizationRequest,
    /** The whole way: sign-in and consent where they are asked for, then the code redeemed. */
    async obtainTokens(scope: string, email: string, browser: UserAgent = createUserAgent()) {
      const { url, checks } = await authorizationRequest(scope)
      const page = await agree(browser, await browser.open(url, REDIRECT_URI), email)
      return await client.authorizationCodeGrant(configuration, new URL(page.url), checks)
    },
  }
}

/** Signs in and allows, as a person would, until the browser leaves for the application. */
export async function agree(browser: UserAgent, page: Page, email: string): Promise<Page> {
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
