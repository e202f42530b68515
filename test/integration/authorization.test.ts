import { calculatePKCECodeChallenge, randomPKCECodeVerifier } from 'openid-client'
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

const authorize = (parameters: Record<string, string> | [string, string][]) =>
  `${portal.issuer}/api/oauth/authorize?${new URLSearchParams(parameters)}`

async function valid(clientId: string, change: Record<string, string> = {}) {
  return {
    client_id: clientId,
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: 'openid eprospera:person.id_verification.read',
    state: 'some-state',
    nonce: 'some-nonce',
    code_challenge: await calculatePKCECodeChallenge(randomPKCECodeVerifier()),
    code_challenge_method: 'S256',
    ...change,
  }
}

const readJson = async (response: Response) =>
  (await response.json()) as Record<string, never> & { keys: object[] }

/** Where an authorization request ends without a person: the error at the application, or the status of our own page. */
async function refusal(parameters: Record<string, string> | [string, string][]) {
  const response = await fetch(authorize(parameters), { redirect: 'manual' })
  const location = response.headers.get('location')
  if (!location) return { status: response.status, error: (await readJson(response)).error }
  // An answer to `response_type=token` is in the fragment.
  const searchParams = new URLSearchParams(location.split(/[?#]/, 2)[1])
  expect(searchParams.get('iss')).toBe(portal.issuer)
  return { status: response.status, error: searchParams.get('error') }
}

describe('discovery', () => {
  test('is one content at three addresses, of the configured origin whatever a stranger’s headers say', async () => {
    const read = async (path: string) =>
      (
        await fetch(`${portal.url}${path}`, {
          headers: {
            'X-Forwarded-Host': 'evil.test',
            'X-Forwarded-Proto': 'https',
            Forwarded: 'host=evil.test',
          },
        })
      ).json()
    const first = await read('/.well-known/openid-configuration')
    expect(await read('/api/oauth/.well-known/openid-configuration')).toEqual(first)
    expect(await read('/.well-known/oauth-authorization-server')).toEqual(first)
    expect(JSON.stringify(first)).not.toContain('evil')
    expect(first).toMatchObject({
      issuer: portal.issuer,
      authorization_endpoint: `${portal.issuer}/api/oauth/authorize`,
      token_endpoint: `${portal.issuer}/api/oauth/token`,
      jwks_uri: `${portal.issuer}/api/oauth/.well-known/jwks.json`,
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
      // ES256 is what clients of the FAPI 2.0 profile are answered with.
      id_token_signing_alg_values_supported: ['ES256', 'RS256'],
      subject_types_supported: ['public', 'pairwise'],
    })
  })

  test('the key set has public members only', async () => {
    const { keys } = await readJson(await fetch(`${portal.url}/.well-known/jwks.json`))
    expect(keys.length).toBeGreaterThan(0)
    for (const key of keys)
      for (const name of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'])
        expect(key).not.toHaveProperty(name)
  })
})

describe('sign-in and consent', () => {
  test('lead an application to tokens that list every granted scope, and leave out what this portal does not hold', async () => {
    const resident = await addResident(portal.parts)
    const application = await createApplication(portal.issuer, await addClient(portal.parts))
    const tokens = await application.obtainTokens(
      `${ALL_SCOPES} eprospera:entity.read`,
      resident.email,
    )
    expect(tokens.scope?.split(' ').sort()).toEqual(ALL_SCOPES.split(' ').sort())
    expect(tokens.token_type.toLowerCase()).toBe('bearer')
    expect(tokens.expires_in).toBe(3600)
    expect(tokens.refresh_token).toBeTypeOf('string')
    const [header, payload] = tokens.access_token
      .split('.')
      .slice(0, 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()))
    expect(header).toMatchObject({ alg: 'RS256', typ: 'at+jwt', kid: expect.any(String) })
    expect(payload).toMatchObject({
      iss: portal.issuer,
      aud: portal.issuer,
      sub: resident.id,
      scope: tokens.scope,
    })
  })

  test('an application that was allowed is not asked for again, on another device either, until it asks for more', async () => {
    const resident = await addResident(portal.parts)
    const application = await createApplication(portal.issuer, await addClient(portal.parts))
    await application.obtainTokens('openid email', resident.email)

    const otherDevice = createUserAgent()
    const { url } = await application.authorizationRequest('openid email')
    const signIn = await otherDevice.open(url, REDIRECT_URI)
    const fields = { email: resident.email, password: PASSWORD }
    const after = await otherDevice.submit(signIn, 'login', fields, { leaveAt: REDIRECT_URI })
    expect(after.url.startsWith(REDIRECT_URI)).toBe(true)

    const more = await application.authorizationRequest('openid email profile')
    const page = await otherDevice.open(more.url, REDIRECT_URI)
    expect(page.text).toContain('name="allow"')
  })

  test('a refusal answers access_denied with the state', async () => {
    const resident = await addResident(portal.parts)
    const browser = createUserAgent()
    const { client_id } = await addClient(portal.parts)
    const signIn = await browser.open(authorize(await valid(client_id)))
    const consent = await browser.submit(signIn, 'login', {
      email: resident.email,
      password: PASSWORD,
    })
    const { url } = await browser.submit(consent, 'deny', {}, { leaveAt: REDIRECT_URI })
    const { searchParams } = new URL(url)
    expect(searchParams.get('error')).toBe('access_denied')
    expect(searchParams.get('state')).toBe('some-state')
  })

  test('a wrong password and an unknown address get the same page, and the old session identifier dies at sign-in', async () => {
    const resident = await addResident(portal.parts)
    const { client_id } = await addClient(portal.parts)
    const attempt = async (email: string) => {
      const browser = createUserAgent()
      const signIn = await browser.open(authorize(await valid(client_id)))
      const page = await browser.submit(signIn, 'login', {
        email,
        password: 'not the right password',
      })
      const text = page.text.replaceAll(email, '').replaceAll(/(value|action)="[^"]*"/g, '')
      return { status: page.status, text }
    }
    const wrong = await attempt(resident.email)
    expect(wrong.status).toBe(401)
    expect(await attempt('nobody@example.test')).toEqual(wrong)

    const browser = createUserAgent()
    const before = await browser.open(authorize(await valid(client_id)))
    const sessionOf = () => [...browser.jar].find(([key]) => key.endsWith(' session'))?.[1].value
    const old = sessionOf()
    await browser.submit(before, 'login', { email: resident.email, password: PASSWORD })
    expect(sessionOf()).toBeDefined()
    expect(sessionOf()).not.toBe(old)
  })

  test('only the browser that began an interaction can go on with it', async () => {
    const { client_id } = await addClient(portal.parts)
    const mine = createUserAgent()
    const page = await mine.open(authorize(await valid(client_id)))
    const other = createUserAgent()
    expect((await other.open(page.url)).status).toBe(400)
  })

  test('a form from another site, or without its hidden value, is refused', async () => {
    const resident = await addResident(portal.parts)
    const { client_id } = await addClient(portal.parts)
    const browser = createUserAgent()
    const page = await browser.open(authorize(await valid(client_id)))
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
    const fields = { email: resident.email, password: PASSWORD, login: '' }
    const send = (body: Record<string, string>, headers: Record<string, string>) =>
      browser.request(page.url, { method: 'POST', body: new URLSearchParams(body), headers })
    expect((await send({ ...fields, csrf }, { Origin: 'https://evil.test' })).status).toBe(403)
    expect((await send({ ...fields, csrf }, { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403)
    expect((await send({ ...fields, csrf: 'x' }, {})).status).toBe(403)
    expect((await send({ ...fields, csrf }, {})).status).toBe(303)
  })
})

describe('an authorization request is refused', () => {
  test.each([
    ['without PKCE', { code_challenge: '', code_challenge_method: '' }, 'invalid_request'],
    ['with plain PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['for another response type', { response_type: 'token' }, 'unsupported_response_type'],
    ['for an unknown scope', { scope: 'openid eprospera:person.everything' }, 'invalid_scope'],
    ['for a scope the client is not registered for', { scope: 'openid profile' }, 'invalid_scope'],
    ['silently without a session', { prompt: 'none' }, 'login_required'],
    ['by a request object', { request: 'a.b.c' }, 'request_not_supported'],
  ])('%s', async (_what, change, error) => {
    const { client_id } = await addClient(portal.parts, {
      scope: 'openid eprospera:person.id_verification.read',
    })
    const parameters = Object.entries(await valid(client_id, change)).filter(([, value]) => value)
    expect((await refusal(parameters)).error).toBe(error)
  })

  test.each([
    'http://localhost:9/callback/',
    'http://localhost:9/callback/../callback',
    'http://localhost:9/callback#x',
    'http://localhost:9/callback?x=1',
    'http://localhost:9/CALLBACK',
    'http://localhost:9@evil.test/callback',
    'http://localhost:8/callback',
    'http://127.0.0.1:9/callback',
    'http://localhost:9/call%62ack',
    'javascript:alert(1)',
  ])('and never sent to the unregistered %s', async (redirect_uri) => {
    const { client_id } = await addClient(portal.parts)
    const response = await fetch(authorize(await valid(client_id, { redirect_uri })), {
      redirect: 'manual',
    })
    expect([response.status, response.headers.get('location')]).toEqual([400, null])
  })

  test('when a parameter comes twice', async () => {
    const { client_id } = await addClient(portal.parts)
    for (const name of ['client_id', 'redirect_uri', 'scope', 'state']) {
      const parameters = await valid(client_id)
      const twice: [string, string][] = [...Object.entries(parameters), [name, 'other']]
      const response = await fetch(authorize(twice), { redirect: 'manual' })
      expect(response.headers.get('location') ?? '').not.toContain('code=')
    }
  })

  test('with a page for a person that repeats nothing of it', async () => {
    const hostile = '"><svg onload=alert(1)>'
    const response = await fetch(
      authorize({ client_id: hostile, state: hostile, ui_locales: hostile }),
      {
        headers: { Accept: 'text/html' },
      },
    )
    expect(response.status).toBe(400)
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(await response.text()).not.toContain('<svg')
  })
})

describe('the token endpoint', () => {
  async function code(
    client: { client_id: string },
    email: string,
    verifier = randomPKCECodeVerifier(),
  ) {
    const browser = createUserAgent()
    const page = await browser.open(
      authorize(
        await valid(client.client_id, {
          code_challenge: await calculatePKCECodeChallenge(verifier),
        }),
      ),
    )
    const { url } = await signInAndAllow(browser, page, email)
    return { verifier, code: new URL(url).searchParams.get('code') ?? '' }
  }
  const redeem = (
    client: { client_id: string; client_secret?: string },
    fields: Record<string, string>,
    url = portal.url,
  ) =>
    fetch(`${url}/api/oauth/token`, {
      method: 'POST',
      headers: {
        Authorization: `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}`,
      },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        redirect_uri: REDIRECT_URI,
        ...fields,
      }),
    })

  test('refuses a wrong verifier, a missing one, another redirect URI, another client and a wrong secret', async () => {
    const resident = await addResident(portal.parts)
    const client = await addClient(portal.parts)
    const fresh = () => code(client, resident.email)
    const error = async (response: Response) => [response.status, (await readJson(response)).error]
    const a = await fresh()
    expect(
      await error(await redeem(client, { code: a.code, code_verifier: randomPKCECodeVerifier() })),
    ).toEqual([400, 'invalid_grant'])
    expect(await error(await redeem(client, { code: a.code }))).toEqual([400, 'invalid_grant'])
    const other = await addClient(portal.parts)
    expect(await error(await redeem(other, { code: a.code, code_verifier: a.verifier }))).toEqual([
      400,
      'invalid_grant',
    ])
    expect(
      await error(
        await redeem(client, {
          code: a.code,
          code_verifier: a.verifier,
          redirect_uri: 'http://localhost:9/other',
        }),
      ),
    ).toEqual([400, 'invalid_grant'])
    expect(
      await error(
        await redeem(
          { ...client, client_secret: 'wrong' },
          { code: a.code, code_verifier: a.verifier },
        ),
      ),
    ).toEqual([401, 'invalid_client'])
    const good = await redeem(client, { code: a.code, code_verifier: a.verifier })
    expect(good.status).toBe(200)
    expect(good.headers.get('cache-control')).toContain('no-store')
  })

  test('takes the verifier of RFC 7636, appendix B, for its challenge', async () => {
    const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
    expect(await calculatePKCECodeChallenge(verifier)).toBe(
      'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    )
    const resident = await addResident(portal.parts)
    const client = await addClient(portal.parts)
    const { code: value } = await code(client, resident.email, verifier)
    expect((await redeem(client, { code: value, code_verifier: verifier })).status).toBe(200)
  })

  test('gives one of twelve parallel redemptions of a code its tokens, over two processes', async () => {
    const another = await portal.startAnother()
    try {
      const resident = await addResident(portal.parts)
      const client = await addClient(portal.parts)
      for (let round = 0; round < 5; round++) {
        const { code: value, verifier } = await code(client, resident.email)
        const answers = await Promise.all(
          Array.from({ length: 12 }, (_, index) =>
            redeem(
              client,
              { code: value, code_verifier: verifier },
              index % 2 ? portal.url : another.url,
            ),
          ),
        )
        expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
      }
    } finally {
      await another.close()
    }
  })

  test('a code presented again ends the tokens that it gave', async () => {
    const resident = await addResident(portal.parts)
    const client = await addClient(portal.parts)
    const { code: value, verifier } = await code(client, resident.email)
    const first = await readJson(await redeem(client, { code: value, code_verifier: verifier }))
    const api = () =>
      fetch(`${portal.url}/api/v1/me/natural-person/id-verification`, {
        headers: { Authorization: `Bearer ${first.access_token}` },
      })
    expect((await api()).status).toBe(200)
    expect((await redeem(client, { code: value, code_verifier: verifier })).status).toBe(400)
    expect((await api()).status).toBe(401)
  })

  test('keeps no token, code or secret that could be used from a copy of the database', async () => {
    const resident = await addResident(portal.parts)
    const client = await addClient(portal.parts)
    const application = await createApplication(portal.issuer, client)
    const tokens = await application.obtainTokens(ALL_SCOPES, resident.email)
    const { jti } = JSON.parse(
      Buffer.from(tokens.access_token.split('.')[1] ?? '', 'base64url').toString(),
    )
    const rows = await portal.db`select row_to_json(oidc_artifact)::text as text from oidc_artifact
      union all select row_to_json(client)::text from client`
    const everything = rows.map(({ text }) => text).join('\n')
    for (const secret of [tokens.refresh_token, jti, client.client_secret])
      expect(everything).not.toContain(secret)
  })
})

test('an address below the endpoints that is none answers 404 as JSON', async () => {
  for (const path of ['/api/oauth/nothing', '/api/oauth/token', '/device/nothing/here']) {
    const response = await fetch(`${portal.url}${path}`)
    expect([path, response.status, await response.text()]).toEqual([
      path,
      404,
      `{"error":"not_found","error_uri":"${portal.issuer}/guides/errors#not_found"}`,
    ])
  }
})

test('what has ended a day ago is deleted, and nothing that still counts', async () => {
  const { deleteExpired } = await import('../../src/oauth/expired.ts')
  const kinds = async () => (await portal.db`select kind from oidc_artifact`).length
  await deleteExpired(portal.db)
  const before = await kinds()
  await portal.db`
    insert into oidc_artifact (kind, id, payload, expires_at)
    values ('AuthorizationCode', 'old', '{}', now() - interval '2 days')`
  expect(await deleteExpired(portal.db)).toBe(1)
  expect(await kinds()).toBe(before)
})

test('oidc-provider has nothing to complain of', async () => {
  const complaints: string[] = []
  const { emitWarning } = process
  const { info, warn } = console
  console.info = console.warn = (...words) => void complaints.push(words.join(' '))
  process.emitWarning = ((warning: string) =>
    void complaints.push(String(warning))) as typeof emitWarning
  try {
    const quiet = await startPortal()
    const resident = await addResident(quiet.parts)
    const application = await createApplication(quiet.issuer, await addClient(quiet.parts))
    await application.obtainTokens(ALL_SCOPES, resident.email)
    await quiet.close()
  } finally {
    Object.assign(console, { info, warn })
    process.emitWarning = emitWarning
  }
  expect(complaints.filter((line) => /oidc-provider|MUST|SHOULD/.test(line))).toEqual([])
})
