import {
  calculatePKCECodeChallenge,
  initiateDeviceAuthorization,
  randomPKCECodeVerifier,
} from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setAccountStatus } from '../../src/accounts/accounts.ts'
import { setClientEnabled } from '../../src/clients/clients.ts'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { createApplication, signInAndAllow } from '../support/application.ts'
import {
  ALL_SCOPES,
  addClient,
  addResident,
  REDIRECT_URI,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal()
})
afterAll(() => portal.close())

type Client = { client_id: string; client_secret?: string }
const basic = ({ client_id, client_secret }: Client) =>
  `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`

const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(`${portal.issuer}/api/oauth/${path}`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(fields),
  })
const answered = async (response: Response) => [
  response.status,
  ((await response.json()) as { error?: string }).error,
]

const authorize = (client: Client, fields: Record<string, string>) =>
  `${portal.issuer}/api/oauth/authorize?${new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: ALL_SCOPES,
    state: 'state',
    nonce: 'nonce',
    ...fields,
  })}`

/** A code for this client, and what redeems it. */
async function obtainCode(client: Client, pkce = true) {
  const resident = await addResident(portal.parts)
  const browser = createUserAgent()
  const code_verifier = randomPKCECodeVerifier()
  const challenge = {
    code_challenge: await calculatePKCECodeChallenge(code_verifier),
    code_challenge_method: 'S256',
  }
  const page = await browser.open(authorize(client, pkce ? challenge : {}), REDIRECT_URI)
  const { url } = await signInAndAllow(browser, page, resident.email)
  const code = new URL(url).searchParams.get('code') ?? ''
  const redeem = (fields: Record<string, string> = {}) =>
    post(
      'token',
      { grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI, ...fields },
      { Authorization: basic(client) },
    )
  return { code, code_verifier, redeem, resident }
}

describe('a code', () => {
  test('lives for a minute at most', async () => {
    const { code_verifier, redeem } = await obtainCode(await addClient(portal.parts))
    const [row] = await portal.db`
      select extract(epoch from expires_at - now()) as seconds from oidc_artifact
      where kind = 'AuthorizationCode' order by created_at desc limit 1`
    expect(Number(row?.seconds)).toBeLessThanOrEqual(60)
    await portal.db`update oidc_artifact set expires_at = now() - interval '1 second'
      where kind = 'AuthorizationCode'`
    expect(await answered(await redeem({ code_verifier }))).toEqual([400, 'invalid_grant'])
  })

  test('that was asked for without a challenge takes no verifier, and one with a challenge needs it', async () => {
    const client = await addClient(portal.parts, { pkce: 'optional' })
    const without = await obtainCode(client, false)
    expect(await answered(await without.redeem({ code_verifier: 'v'.repeat(43) }))).toEqual([
      400,
      'invalid_grant',
    ])
    expect((await (await obtainCode(client, false)).redeem()).status).toBe(200)
    const withChallenge = await obtainCode(client)
    expect(await answered(await withChallenge.redeem())).toEqual([400, 'invalid_grant'])
  })

  test('is asked for with S256 in so many words', async () => {
    const client = await addClient(portal.parts)
    for (const fields of [
      { code_challenge: 'c'.repeat(43) },
      { code_challenge: 'c'.repeat(43), code_challenge_method: 'plain' },
      { code_challenge_method: 'S256' },
      { code_challenge: 'short', code_challenge_method: 'S256' },
    ] as Record<string, string>[]) {
      const response = await fetch(authorize(client, fields), { redirect: 'manual' })
      const location = new URL(response.headers.get('location') ?? '')
      expect(location.searchParams.get('error')).toBe('invalid_request')
      expect(location.searchParams.get('iss')).toBe(portal.issuer)
    }
  })
})

test('a native client’s port on this machine may vary, and nothing else; a web client’s may not', async () => {
  const status = async (type: 'native' | 'web', registered: string, redirect_uri: string) => {
    const client = await addClient(portal.parts, { type, redirectUris: [registered] })
    const fields = {
      redirect_uri,
      code_challenge: 'c'.repeat(43),
      code_challenge_method: 'S256',
    }
    return (await fetch(authorize(client, fields), { redirect: 'manual' })).status
  }
  const registered = 'http://127.0.0.1/callback'
  expect(await status('native', registered, 'http://127.0.0.1:51004/callback')).toBe(303)
  for (const other of [
    'http://127.0.0.1:51004/other',
    'http://127.0.0.2:51004/callback',
    'http://localhost:51004/callback',
    'https://127.0.0.1:51004/callback',
    'http://127.0.0.1:51004/callback?x=1',
  ])
    expect(await status('native', registered, other)).toBe(400)
  expect(await status('web', registered, 'http://127.0.0.1:51004/callback')).toBe(400)
})

test('after a form the browser is sent on with 303; pages tell no other site where it was', async () => {
  const resident = await addResident(portal.parts)
  const client = await addClient(portal.parts)
  const browser = createUserAgent()
  const challenge = { code_challenge: 'c'.repeat(43), code_challenge_method: 'S256' }
  const page = await browser.open(authorize(client, challenge))
  expect(page.headers.get('referrer-policy')).toBe('no-referrer')
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
  const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
  const sent = await browser.request(page.url, {
    method: 'POST',
    body: new URLSearchParams({
      csrf,
      email: resident.email,
      password: 'lantern orchard violet drum',
      login: '',
    }),
  })
  expect(sent.status).toBe(303)
  const resumed = await browser.request(sent.headers.get('location') ?? '')
  expect([resumed.status, resumed.headers.get('referrer-policy')]).toEqual([303, 'no-referrer'])
})

describe('a client', () => {
  test('authenticates by one way, in the right form', async () => {
    const client = await addClient(portal.parts)
    const { client_id, client_secret = '' } = client
    const grant = { grant_type: 'authorization_code', code: 'x', redirect_uri: REDIRECT_URI }
    expect(
      await answered(
        await post(
          'token',
          { ...grant, client_id, client_secret },
          { Authorization: basic(client) },
        ),
      ),
    ).toEqual([400, 'invalid_request'])
    const wrong = await post('token', grant, {
      Authorization: basic({ client_id, client_secret: `${client_secret}x` }),
    })
    expect(wrong.headers.get('www-authenticate')).toMatch(/^Basic/)
    expect(await answered(wrong)).toEqual([401, 'invalid_client'])
    expect(
      await answered(await post('token', { ...grant, client_id, client_secret: 'wrong' })),
    ).toEqual([401, 'invalid_client'])
    // A confidential client is none without its secret.
    expect(await answered(await post('token', { ...grant, client_id }))).toEqual([
      401,
      'invalid_client',
    ])
    const json = await fetch(`${portal.issuer}/api/oauth/token`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: basic(client) },
      body: JSON.stringify(grant),
    })
    expect(json.status).toBe(400)
    for (const path of ['token', 'introspect', 'revoke', 'par'])
      expect((await post(path, { ...grant, client_id: 'nobody' })).status).toBe(401)
  })

  test('repeats no parameter', async () => {
    const client = await addClient(portal.parts)
    const response = await fetch(`${portal.issuer}/api/oauth/token`, {
      method: 'POST',
      headers: {
        Authorization: basic(client),
        'Content-Type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=authorization_code&code=a&code=b&redirect_uri=x',
    })
    expect(await answered(response)).toEqual([400, 'invalid_request'])
  })

  test('or resident that is disabled gets nothing by any grant', async () => {
    const client = await addClient(portal.parts)
    const { code_verifier, redeem, resident } = await obtainCode(client)
    const tokens = (await (await redeem({ code_verifier })).json()) as { refresh_token: string }
    const refresh = () =>
      post(
        'token',
        { grant_type: 'refresh_token', refresh_token: tokens.refresh_token },
        { Authorization: basic(client) },
      )
    await setAccountStatus(portal.db, resident.id, 'suspended')
    expect(await answered(await refresh())).toEqual([400, 'invalid_grant'])
    await setAccountStatus(portal.db, resident.id, 'active')
    await setClientEnabled(portal.db, client.client_id, false)
    expect(await answered(await refresh())).toEqual([401, 'invalid_client'])
    expect((await fetch(authorize(client, {}), { redirect: 'manual' })).status).toBe(400)
    const service = await addClient(portal.parts, {
      type: 'service',
      redirectUris: [],
      scope: 'idv.read',
    })
    await setClientEnabled(portal.db, service.client_id, false)
    expect(
      await answered(
        await post(
          'token',
          { grant_type: 'client_credentials' },
          { Authorization: basic(service) },
        ),
      ),
    ).toEqual([401, 'invalid_client'])
  })
})

test('what is granted for good ends at its day, however often it was refreshed', async () => {
  const client = await addClient(portal.parts)
  const application = await createApplication(portal.issuer, client)
  const resident = await addResident(portal.parts)
  const tokens = await application.obtainTokens(ALL_SCOPES, resident.email)
  const again = await application.refresh(tokens.refresh_token ?? '')
  await portal.db`update oauth_grant set expires_at = now() - interval '1 second'
    where account_id = ${resident.id}`
  await expect(application.refresh(again.refresh_token ?? '')).rejects.toMatchObject({
    error: 'invalid_grant',
  })
  expect(await application.introspect(again.access_token)).toEqual({ active: false })
})

test('only a public client’s own pages may call the token endpoint from a browser, never with cookies', async () => {
  const publicClient = await addClient(portal.parts, {
    authMethod: 'none',
    redirectUris: ['https://app.example.test/callback'],
  })
  const call = (origin: string, client: Client, headers: Record<string, string> = {}) =>
    post(
      'token',
      { grant_type: 'authorization_code', code: 'x', client_id: client.client_id },
      { Origin: origin, ...headers },
    )
  const own = await call('https://app.example.test', publicClient)
  expect(own.headers.get('access-control-allow-origin')).toBe('https://app.example.test')
  const stranger = await call('https://evil.test', publicClient)
  expect(stranger.headers.get('access-control-allow-origin')).toBeNull()
  // A private-use scheme has the origin "null", and so has every sandboxed frame of a stranger.
  const native = await addClient(portal.parts, {
    type: 'native',
    redirectUris: ['com.example.app:/callback'],
  })
  const opaque = await call('null', native)
  expect(opaque.headers.get('access-control-allow-origin')).toBeNull()
  const confidential = await addClient(portal.parts, {
    redirectUris: ['https://app.example.test/callback'],
  })
  const secret = await call('https://app.example.test', confidential, {
    Authorization: basic(confidential),
  })
  expect(secret.headers.get('access-control-allow-origin')).toBeNull()
  for (const answer of [own, stranger, secret])
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
})

test('nothing that holds a token may be kept by a cache, errors included', async () => {
  const client = await addClient(portal.parts)
  const headers = { Authorization: basic(client) }
  for (const path of ['token', 'introspect', 'par'])
    for (const fields of [{}, { token: 'x' }] as Record<string, string>[])
      expect((await post(path, fields, headers)).headers.get('cache-control')).toContain('no-store')
})

test('discovery offers no unsigned and no shared-key algorithm, and no grant that would need one', async () => {
  const read = (await (
    await fetch(`${portal.issuer}/.well-known/openid-configuration`)
  ).json()) as Record<string, unknown>
  for (const [member, values] of Object.entries(read))
    if (/alg_values_supported$/.test(member))
      for (const value of values as string[]) expect(value).not.toMatch(/^(none|HS)/)
  expect([...(read.grant_types_supported as string[])].sort()).toEqual([
    'authorization_code',
    'client_credentials',
    'refresh_token',
    'urn:ietf:params:oauth:grant-type:device_code',
  ])
  expect(read).toMatchObject({
    request_uri_parameter_supported: false,
    authorization_response_iss_parameter_supported: true,
    backchannel_logout_supported: true,
    claims_parameter_supported: true,
    registration_endpoint: `${portal.issuer}/api/oauth/register`,
    pushed_authorization_request_endpoint: `${portal.issuer}/api/oauth/par`,
    end_session_endpoint: `${portal.issuer}/api/oauth/end_session`,
    token_endpoint_auth_methods_supported: expect.arrayContaining([
      'client_secret_basic',
      'client_secret_post',
      'private_key_jwt',
      'none',
    ]),
  })
})

test('a device that asks too often is told to slow down', async () => {
  const application = await createApplication(portal.issuer, { client_id: 'eprospera-cli' })
  const device = await initiateDeviceAuthorization(application.configuration, { scope: 'openid' })
  const poll = async () =>
    (
      await answered(
        await post('token', {
          grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
          device_code: device.device_code,
          client_id: 'eprospera-cli',
        }),
      )
    )[1]
  expect(await poll()).toBe('authorization_pending')
  expect(await poll()).toBe('slow_down')
  await portal.db`update oidc_artifact set polled_at = now() - interval '5 seconds' where kind = 'DeviceCode'`
  expect(await poll()).toBe('authorization_pending')
})
