import { Auth, type AuthConfig, skipCSRFCheck } from '@auth/core'
import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { signInAndAllow } from '../support/application.ts'
import {
  addClient,
  addResident,
  PASSWORD,
  REDIRECT_URI,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'

/*
 * Other people's client libraries, as they come from npm, through real HTTP. `openid-client` drives most other tests.
 */

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal()
})
afterAll(() => portal.close())

const INSECURE = { [oauth.allowInsecureRequests]: true } as const

test('oauth4webapi: discovery, PAR with DPoP, code, userinfo, refresh, introspection, revocation', async () => {
  const resident = await addResident(portal.parts)
  const registered = await addClient(portal.parts)
  const issuer = new URL(portal.issuer)
  const server = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, INSECURE),
  )
  const client: oauth.Client = { client_id: registered.client_id }
  const basic = oauth.ClientSecretBasic(registered.client_secret ?? '')
  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
  const verifier = oauth.generateRandomCodeVerifier()
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()]
  const pushed = await oauth.processPushedAuthorizationResponse(
    server,
    client,
    await oauth.pushedAuthorizationRequest(
      server,
      client,
      basic,
      new URLSearchParams({
        redirect_uri: REDIRECT_URI,
        response_type: 'code',
        scope: 'openid email offline_access',
        state,
        nonce,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      }),
      { ...INSECURE, DPoP },
    ),
  )
  const url = new URL(server.authorization_endpoint ?? '')
  url.searchParams.set('client_id', client.client_id)
  url.searchParams.set('request_uri', pushed.request_uri)
  const browser = createUserAgent()
  const back = await signInAndAllow(
    browser,
    await browser.open(url.href, REDIRECT_URI),
    resident.email,
  )
  const parameters = oauth.validateAuthResponse(server, client, new URL(back.url), state)
  const tokens = await oauth.processAuthorizationCodeResponse(
    server,
    client,
    await oauth.authorizationCodeGrantRequest(
      server,
      client,
      basic,
      parameters,
      REDIRECT_URI,
      verifier,
      { ...INSECURE, DPoP },
    ),
    { expectedNonce: nonce, requireIdToken: true },
  )
  const userinfo = await oauth.processUserInfoResponse(
    server,
    client,
    resident.id,
    await oauth.userInfoRequest(server, client, tokens.access_token, { ...INSECURE, DPoP }),
  )
  expect(userinfo.email).toBe(resident.email)
  const again = await oauth.processRefreshTokenResponse(
    server,
    client,
    await oauth.refreshTokenGrantRequest(server, client, basic, tokens.refresh_token ?? '', {
      ...INSECURE,
      DPoP,
    }),
  )
  const introspect = async (token: string) =>
    oauth.processIntrospectionResponse(
      server,
      client,
      await oauth.introspectionRequest(server, client, basic, token, INSECURE),
    )
  expect(await introspect(again.access_token)).toMatchObject({ active: true, token_type: 'DPoP' })
  await oauth.processRevocationResponse(
    await oauth.revocationRequest(server, client, basic, again.refresh_token ?? '', INSECURE),
  )
  expect(await introspect(again.access_token)).toEqual({ active: false })
})

test('Auth.js: sign-in by discovery with pkce, nonce and state, as the portal’s documents show it', async () => {
  const resident = await addResident(portal.parts)
  const site = 'http://localhost:9'
  const callback = `${site}/api/auth/callback/eprospera`
  const client = await addClient(portal.parts, {
    redirectUris: [callback],
    scope: 'openid email profile offline_access',
  })
  const config: AuthConfig = {
    basePath: '/api/auth',
    secret: 'x'.repeat(32),
    trustHost: true,
    skipCSRFCheck,
    providers: [
      {
        id: 'eprospera',
        name: 'e-Próspera',
        type: 'oidc',
        issuer: portal.issuer,
        clientId: client.client_id,
        clientSecret: client.client_secret ?? '',
        checks: ['pkce', 'nonce', 'state'],
        authorization: { params: { scope: 'openid email profile offline_access' } },
      },
    ],
    callbacks: {
      jwt: ({ token, account, profile }) => ({
        ...token,
        ...(account && profile
          ? { refreshed: typeof account.refresh_token, sub: profile.sub ?? '' }
          : {}),
      }),
      session: ({ session, token }) => ({ ...session, sub: token.sub, refreshed: token.refreshed }),
    },
  }
  // The site, and the cookies that the browser keeps for it.
  const cookies = new Map<string, string>()
  const visit = async (path: string, init: RequestInit = {}) => {
    const response = await Auth(
      new Request(`${site}${path}`, {
        ...init,
        headers: {
          ...(init.headers as Record<string, string>),
          Cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        },
      }),
      config,
    )
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    return response
  }
  const started = await visit('/api/auth/signin/eprospera', {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ callbackUrl: `${site}/home` }),
  })
  const browser = createUserAgent()
  const location = started.headers.get('location') ?? ''
  expect(location.startsWith(`${portal.issuer}/api/oauth/authorize`)).toBe(true)
  let page = await browser.open(location, callback)
  page = await browser.submit(page, 'login', {
    email: resident.email,
    password: PASSWORD,
  })
  page = await browser.submit(page, 'allow', {}, { leaveAt: callback })
  const { pathname, search } = new URL(page.url)
  const finished = await visit(`${pathname}${search}`)
  expect(finished.headers.get('location')).toBe(`${site}/home`)
  const session = (await (await visit('/api/auth/session')).json()) as Record<string, unknown>
  expect(session).toMatchObject({
    sub: resident.id,
    refreshed: 'string',
    user: { name: 'Ana Mejia', email: resident.email },
  })
})
