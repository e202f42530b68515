import { createRemoteJWKSet, jwtVerify } from 'jose'
import * as openid from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { createApplication, signInAndAllow } from '../support/application.ts'
import {
  ALL_SCOPES,
  addClient,
  addResident,
  PASSWORD,
  REDIRECT_URI,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal()
})
afterAll(() => portal.close())

async function arrange() {
  const resident = await addResident(portal.parts)
  const client = await addClient(portal.parts)
  const application = await createApplication(portal.issuer, client)
  const browser = createUserAgent()
  /** The page that a request leads to, or the application's address with what it is told. */
  const open = async (scope: string, extra: Record<string, string> = {}) => {
    const { url, checks } = await application.authorizationRequest(scope, extra)
    return { page: await browser.open(url, REDIRECT_URI), checks }
  }
  const errorAt = (url: string) => new URL(url).searchParams.get('error')
  return { resident, client, application, browser, open, errorAt }
}

describe('userinfo', () => {
  test('answers the same by GET and by POST, with what the scopes say', async () => {
    const { application, resident } = await arrange()
    const { access_token } = await application.obtainTokens('openid email', resident.email)
    const headers = { Authorization: `Bearer ${access_token}` }
    const url = `${portal.issuer}/api/oauth/userinfo`
    const [got, posted] = await Promise.all([
      fetch(url, { headers }),
      fetch(url, { method: 'POST', headers }),
    ])
    const body = { sub: resident.id, email: resident.email, email_verified: true }
    expect(await got.json()).toEqual(body)
    expect(await posted.json()).toEqual(body)
    expect(got.headers.get('cache-control')).toContain('no-store')
  })

  test('is a JWT for a client that registered for it, with a row in the ledger for what it names', async () => {
    const resident = await addResident(portal.parts)
    for (const algorithm of ['RS256', 'ES256']) {
      const client = await addClient(portal.parts, { userinfoAlgorithm: algorithm })
      expect(client.userinfo_signed_response_alg).toBe(algorithm)
      const application = await createApplication(portal.issuer, client)
      const { access_token } = await application.obtainTokens('openid email', resident.email)
      const answer = await fetch(`${portal.issuer}/api/oauth/userinfo`, {
        headers: { Authorization: `Bearer ${access_token}` },
      })
      expect(answer.headers.get('content-type')).toMatch(/^application\/jwt/)
      expect(answer.headers.get('cache-control')).toBe('no-store')
      const keys = createRemoteJWKSet(new URL(`${portal.issuer}/api/oauth/.well-known/jwks.json`))
      const { payload, protectedHeader } = await jwtVerify(await answer.text(), keys, {
        issuer: portal.issuer,
        audience: client.client_id,
        subject: resident.id,
        algorithms: [algorithm],
      })
      expect(protectedHeader).toMatchObject({ alg: algorithm, kid: expect.any(String) })
      expect(payload).toMatchObject({ email: resident.email, email_verified: true })
      const rows = await portal.db`
        select result from ledger_entry
        where request_id = ${answer.headers.get('x-request-id') ?? ''}`
      expect([...rows]).toEqual([{ result: 'claims: email, email_verified' }])
    }
    const discovery = await fetch(`${portal.issuer}/.well-known/openid-configuration`)
    expect(await discovery.json()).toMatchObject({
      userinfo_signing_alg_values_supported: ['ES256', 'RS256'],
    })
    await expect(addClient(portal.parts, { userinfoAlgorithm: 'none' })).rejects.toThrow(
      'userinfo is signed with RS256 or ES256',
    )
  })

  test('refuses a token without openid, a revoked one and none, and says so in the challenge', async () => {
    const { application, resident } = await arrange()
    const without = await application.obtainTokens(
      'eprospera:person.id_verification.read',
      resident.email,
    )
    const url = `${portal.issuer}/api/oauth/userinfo`
    const call = (token?: string) =>
      fetch(url, token ? { headers: { Authorization: `Bearer ${token}` } } : {})
    const refused = await call(without.access_token)
    expect(refused.status).toBe(403)
    expect(refused.headers.get('www-authenticate')).toContain('insufficient_scope')
    const { access_token } = await application.obtainTokens('openid', resident.email)
    await application.revoke(access_token)
    for (const answer of [await call(access_token), await call('x.y.z')]) {
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"')
    }
    expect((await call()).status).toBe(401)
  })
})

describe('an authorization request', () => {
  test('names single claims', async () => {
    const { application, resident } = await arrange()
    const claims = JSON.stringify({
      id_token: { email: { essential: true }, given_name: null },
      userinfo: { family_name: null },
    })
    const tokens = await application.obtainTokens(
      'openid profile email',
      resident.email,
      createUserAgent(),
      { claims },
    )
    expect(tokens.claims()).toMatchObject({ email: resident.email, given_name: 'Ana' })
    expect(await application.userinfo(tokens.access_token, resident.id)).toMatchObject({
      family_name: 'Mejia',
    })
  })

  test('with prompt=none goes through for who is signed in and has allowed it, and asks nobody else', async () => {
    const { application, resident, browser, open, errorAt } = await arrange()
    expect(errorAt((await open('openid', { prompt: 'none' })).page.url)).toBe('login_required')
    await application.obtainTokens('openid', resident.email, browser)
    const { page } = await open('openid', { prompt: 'none' })
    expect(new URL(page.url).searchParams.get('code')).toBeTruthy()
    expect(new URL(page.url).searchParams.get('iss')).toBe(portal.issuer)
    const more = await open('openid email', { prompt: 'none' })
    expect(errorAt(more.page.url)).toBe('consent_required')
  })

  test('with prompt=login or an old max_age asks again, and the new sign-in is in auth_time', async () => {
    const { application, resident, browser, open } = await arrange()
    const first = await application.obtainTokens('openid', resident.email, browser)
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    for (const extra of [{ prompt: 'login' }, { max_age: '0' }] as Record<string, string>[]) {
      const { page, checks } = await open('openid', extra)
      expect(page.text).toContain('name="login"')
      const back = await signInAndAllow(browser, page, resident.email)
      const tokens = await openid.authorizationCodeGrant(
        application.configuration,
        new URL(back.url),
        { ...checks, ...(extra.max_age ? { maxAge: 5 } : {}) },
      )
      expect(tokens.claims()?.auth_time ?? 0).toBeGreaterThan(
        first.claims()?.iat === undefined ? 0 : (first.claims()?.iat ?? 0) - 1,
      )
    }
    const recent = await open('openid', { max_age: '3600' })
    expect(new URL(recent.page.url).searchParams.get('code')).toBeTruthy()
  })

  test('learns how the person signed in, and can insist on a way', async () => {
    const { application, resident, open, errorAt } = await arrange()
    const tokens = await application.obtainTokens('openid', resident.email)
    expect(tokens.claims()).toMatchObject({
      acr: 'urn:identity-portal:acr:password',
      amr: ['pwd'],
      auth_time: expect.any(Number),
    })
    const insist = (value: string) =>
      open('openid', {
        claims: JSON.stringify({ id_token: { acr: { essential: true, value } } }),
      })
    const passkey = await insist('urn:identity-portal:acr:passkey')
    expect(passkey.page.text).toContain('requires that you sign in with a passkey')
    const password = await insist('urn:identity-portal:acr:password')
    expect(password.page.text).not.toContain('requires that you sign in with a passkey')
    const unknown = await insist('urn:other:acr')
    expect(errorAt(unknown.page.url)).toBe('unmet_authentication_requirements')
  })

  test('with prompt=consent shows the consent again', async () => {
    const { application, resident, browser, open } = await arrange()
    await application.obtainTokens('openid', resident.email, browser)
    expect((await open('openid', { prompt: 'consent' })).page.text).toContain('name="allow"')
  })

  test('with login_hint has the address filled in, and nothing else of it', async () => {
    const { open } = await arrange()
    const { page } = await open('openid', { login_hint: 'ana@example.test"><script>' })
    expect(page.text).toContain('value="ana@example.test&quot;&gt;&lt;script&gt;"')
  })

  test('with an id_token_hint of another person asks who it is', async () => {
    const { application, resident, browser, open, errorAt } = await arrange()
    await application.obtainTokens('openid', resident.email, browser)
    const second = await addResident(portal.parts)
    const theirs = await application.obtainTokens('openid', second.email)
    const { page } = await open('openid', {
      prompt: 'none',
      id_token_hint: theirs.id_token ?? '',
    })
    expect(errorAt(page.url)).toBe('login_required')
  })

  test('by form_post is answered with a page that runs nothing but its own script', async () => {
    const { application, resident, browser } = await arrange()
    const state = `</script><script>alert(1)</script>"><img src=x onerror=alert(1)>${'s'.repeat(2000)}`
    const { url } = await application.authorizationRequest('openid', {
      response_mode: 'form_post',
      state,
    })
    const page = await signInAndAllow(browser, await browser.open(url), resident.email).catch(
      () => undefined,
    )
    expect(page).toBeUndefined()
    const again = await browser.open(url)
    expect(again.status).toBe(200)
    expect(again.text).toContain(`action="${REDIRECT_URI}"`)
    expect(again.text).not.toContain('<script>alert')
    expect(again.text).not.toContain('<img')
    expect(again.text).toContain('name="code"')
    const policy = again.headers.get('content-security-policy') ?? ''
    expect(policy).toMatch(/script-src +'sha256-/)
    expect(policy).not.toContain('unsafe-inline')
    expect(policy).toContain("default-src 'none'")
    expect(again.headers.get('cache-control')).toContain('no-store')
    expect(again.headers.get('referrer-policy')).toBe('no-referrer')
  })

  test('may name this portal as the resource, and no other (RFC 8707)', async () => {
    const { application, resident, open, errorAt } = await arrange()
    for (const resource of [portal.issuer, `${portal.issuer}/`, `${portal.issuer}/api/v1`]) {
      const tokens = await application.obtainTokens(ALL_SCOPES, resident.email, createUserAgent(), {
        resource,
      })
      expect(tokens.scope?.split(' ')).toContain('openid')
    }
    const { page } = await open('openid', { resource: 'https://other.test/' })
    expect(errorAt(page.url)).toBe('invalid_target')
  })

  test('keeps a state of 2 KB and a nonce of 256 characters, and one of 100 KB is refused as too long', async () => {
    const { application, resident, browser } = await arrange()
    const state = 's'.repeat(2048)
    const nonce = 'n'.repeat(256)
    const { url, checks } = await application.authorizationRequest('openid', { state, nonce })
    const back = await signInAndAllow(
      browser,
      await browser.open(url, REDIRECT_URI),
      resident.email,
    )
    const tokens = await openid.authorizationCodeGrant(
      application.configuration,
      new URL(back.url),
      { ...checks, expectedState: state, expectedNonce: nonce },
    )
    expect(tokens.claims()?.nonce).toBe(nonce)
    const long = await fetch(`${portal.url}/api/oauth/authorize?state=${'s'.repeat(100_000)}`)
    expect([414, 431]).toContain(long.status)
  })

  test('by reference goes nowhere: nothing is fetched', async () => {
    const { client, errorAt, browser } = await arrange()
    const send = async (extra: Record<string, string>) => {
      const parameters = {
        client_id: client.client_id,
        redirect_uri: REDIRECT_URI,
        response_type: 'code',
        scope: 'openid',
        state: 's',
        ...extra,
      }
      return browser.open(
        `${portal.issuer}/api/oauth/authorize?${new URLSearchParams(parameters)}`,
        REDIRECT_URI,
      )
    }
    const byUri = await send({ request_uri: 'https://other.test/request' })
    expect(byUri.status === 400 || errorAt(byUri.url) === 'request_uri_not_supported').toBe(true)
  })
})

describe('a pushed authorization request (RFC 9126)', () => {
  const push = (
    client: { client_id: string; client_secret?: string },
    fields: Record<string, string>,
    secret = client.client_secret,
  ) =>
    fetch(`${portal.issuer}/api/oauth/par`, {
      method: 'POST',
      headers: {
        Authorization: `Basic ${Buffer.from(`${client.client_id}:${secret}`).toString('base64')}`,
      },
      body: new URLSearchParams({ client_id: client.client_id, ...fields }),
    })
  const request = async () => ({
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: 'openid',
    state: 's',
    nonce: 'n',
    code_challenge: await openid.calculatePKCECodeChallenge(openid.randomPKCECodeVerifier()),
    code_challenge_method: 'S256',
  })

  test('is good once, for its client, for a minute', async () => {
    const { client, resident, browser } = await arrange()
    const pushed = await push(client, await request())
    expect(pushed.status).toBe(201)
    expect(pushed.headers.get('cache-control')).toContain('no-store')
    const { request_uri, expires_in } = (await pushed.json()) as {
      request_uri: string
      expires_in: number
    }
    expect(expires_in).toBeLessThanOrEqual(60)
    const open = (clientId: string) =>
      browser.open(
        `${portal.issuer}/api/oauth/authorize?${new URLSearchParams({ client_id: clientId, request_uri })}`,
        REDIRECT_URI,
      )
    const other = await addClient(portal.parts)
    expect((await open(other.client_id)).status).toBe(400)
    const back = await signInAndAllow(browser, await open(client.client_id), resident.email)
    expect(new URL(back.url).searchParams.get('code')).toBeTruthy()
    expect((await open(client.client_id)).status).toBe(400)
  })

  test('needs the client’s authentication, and takes no request_uri of its own', async () => {
    const { client } = await arrange()
    expect((await push(client, await request(), 'wrong')).status).toBe(401)
    const nested = await push(client, { ...(await request()), request_uri: 'urn:x' })
    expect(nested.status).toBe(400)
  })

  test('is asked of a client that is registered for nothing else', async () => {
    const client = await addClient(portal.parts, { par: true })
    const browser = createUserAgent()
    const parameters = { client_id: client.client_id, ...(await request()) }
    const { url } = await browser.open(
      `${portal.issuer}/api/oauth/authorize?${new URLSearchParams(parameters)}`,
      REDIRECT_URI,
    )
    expect(new URL(url).searchParams.get('error')).toBe('invalid_request')
  })
})

describe('one kind of value is never taken for another', () => {
  test('in any place where a stranger can put it', async () => {
    const { application, client, resident, browser, open } = await arrange()
    const tokens = await application.obtainTokens(ALL_SCOPES, resident.email, browser)
    const { page } = await open(ALL_SCOPES)
    const code = new URL(page.url).searchParams.get('code') ?? ''
    const session = [...browser.jar].find(([key]) => key.endsWith(' session'))?.[1].value ?? ''
    const values = {
      code,
      session,
      refresh_token: tokens.refresh_token ?? '',
      access_token: tokens.access_token,
      id_token: tokens.id_token ?? '',
    }
    const token = (fields: Record<string, string>) =>
      fetch(`${portal.issuer}/api/oauth/token`, {
        method: 'POST',
        headers: {
          Authorization: `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}`,
        },
        body: new URLSearchParams({
          redirect_uri: REDIRECT_URI,
          code_verifier: 'x'.repeat(43),
          ...fields,
        }),
      })
    for (const [kind, value] of Object.entries(values)) {
      if (kind !== 'refresh_token')
        expect((await token({ grant_type: 'refresh_token', refresh_token: value })).status).toBe(
          400,
        )
      if (kind !== 'code')
        expect((await token({ grant_type: 'authorization_code', code: value })).status).toBe(400)
      expect(
        (
          await token({
            grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
            device_code: value,
          })
        ).status,
      ).toBe(400)
      if (kind !== 'access_token') {
        const answer = await fetch(`${portal.issuer}/api/v1/me/natural-person/id-verification`, {
          headers: { Authorization: `Bearer ${value}` },
        })
        expect(answer.status).toBe(401)
      }
      const pushed = await fetch(
        `${portal.issuer}/api/oauth/authorize?${new URLSearchParams({ client_id: client.client_id, request_uri: `urn:ietf:params:oauth:request_uri:${value}` })}`,
        { redirect: 'manual' },
      )
      expect(pushed.status).toBe(400)
      if (kind !== 'session') {
        const page = await fetch(`${portal.issuer}/interaction/${encodeURIComponent(value)}`)
        expect(page.status).toBe(400)
      }
    }
  })

  test('and a refresh token stays with its client, and its scope only shrinks', async () => {
    const { application, resident } = await arrange()
    const { refresh_token = '' } = await application.obtainTokens(ALL_SCOPES, resident.email)
    const other = await createApplication(portal.issuer, await addClient(portal.parts))
    await expect(other.refresh(refresh_token)).rejects.toMatchObject({ error: 'invalid_grant' })
    const less = await openid.refreshTokenGrant(application.configuration, refresh_token, {
      scope: 'openid',
    })
    expect(less.scope).toBe('openid')
    await expect(
      openid.refreshTokenGrant(application.configuration, less.refresh_token ?? '', {
        scope: `${ALL_SCOPES} eprospera:person.details.read`,
      }),
    ).rejects.toMatchObject({ error: 'invalid_scope' })
  })

  test('and no grant is given that is not offered', async () => {
    const { client, resident } = await arrange()
    for (const grant_type of [
      'password',
      'implicit',
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
      'x',
    ]) {
      const answer = await fetch(`${portal.issuer}/api/oauth/token`, {
        method: 'POST',
        headers: {
          Authorization: `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}`,
        },
        body: new URLSearchParams({ grant_type, username: resident.email, password: PASSWORD }),
      })
      expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([
        400,
        'unsupported_grant_type',
      ])
      expect(answer.headers.get('cache-control')).toContain('no-store')
    }
  })
})
