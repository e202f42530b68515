import { createHash } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { updateClient } from '../../src/clients/clients.ts'
import { listEntries } from '../../src/ledger/entries.ts'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { createInitialAccessToken } from '../../src/oauth/registration.ts'
import { listKeys, retireKey } from '../../src/signing/key-ring.ts'
import { createApplication } from '../support/application.ts'
import {
  ALL_SCOPES,
  addClient,
  addResident,
  PASSWORD,
  REDIRECT_URI,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'

const IMAGES = 'eprospera:person.id_verification.read'
const STATUS = 'eprospera:person.id_verification.status.read'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal()
  await replaceProvider()
})
afterAll(() => portal.close())

/** Changes the keys and waits until a second provider, made after that, answers. */
async function replaceProvider() {
  const { db, sealer } = portal.parts
  const next = (await listKeys(db)).filter(({ status }) => status === 'next')
  for (const { kid } of next) await retireKey(db, sealer, kid)
  await eventually(async () => {
    const response = await fetch(`${portal.url}/api/oauth/.well-known/jwks.json`)
    const { keys } = (await response.json()) as { keys: { kid: string }[] }
    return !keys.some(({ kid }) => next.some((each) => each.kid === kid))
  })
}

const post = async (path: string, body: Record<string, string>, headers = {}) => {
  const response = await fetch(`${portal.url}/api/oauth/${path}`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(body),
  })
  return {
    status: response.status,
    body: (await response.json()) as Record<string, string>,
    headers: response.headers,
  }
}

async function arrange(given: Parameters<typeof addClient>[1] = {}, scope = ALL_SCOPES) {
  const resident = await addResident(portal.parts)
  const client = await addClient(portal.parts, given)
  const application = await createApplication(portal.issuer, client)
  const browser = createUserAgent()
  const tokens = await application.obtainTokens(scope, resident.email, browser)
  return { resident, client, application, browser, tokens }
}

test('after a key rotation, a session that ends during a request stays ended', async () => {
  const { resident, application, browser } = await arrange()
  const { url } = await application.authorizationRequest('openid')
  let answered: Promise<unknown> = Promise.resolve()
  await portal.db.begin(async (sql) => {
    // Writers wait and readers do not: the request has read its session when it stops.
    await sql`lock table oidc_artifact in share row exclusive mode`
    answered = browser.open(url, REDIRECT_URI)
    await eventually(async () => {
      const waiting = await portal.parts.db`
        select from pg_locks where relation = 'oidc_artifact'::regclass and not granted`
      return waiting.length > 0
    })
    await sql`delete from oidc_artifact where kind = 'Session' and account_id = ${resident.id}`
  })
  await answered
  const sessions = await portal.db`
    select from oidc_artifact where kind = 'Session' and account_id = ${resident.id}`
  expect(sessions).toHaveLength(0)
  expect((await browser.open(`${portal.issuer}/`)).text).toContain('name="login"')
})

test('after a key rotation, the device page works in a browser without a session', async () => {
  const response = await createUserAgent().request(`${portal.issuer}/device`, {
    method: 'POST',
    body: new URLSearchParams({ user_code: 'BBBB-BBBB', xsrf: 'x' }),
  })
  expect(response.status).toBe(400)
  expect(await response.text()).toContain('name="user_code"')
})

test('after a key rotation, a client secret is compared with its hash', async () => {
  const client = await addClient(portal.parts, {
    type: 'service',
    redirectUris: [],
    scope: 'idv.read',
  })
  const request = (secret: string) =>
    post('token', {
      grant_type: 'client_credentials',
      client_id: client.client_id,
      client_secret: secret,
    })
  const basic = await addClient(portal.parts, { authMethod: 'client_secret_post' })
  const wrong = await post('introspect', {
    token: 'x',
    client_id: basic.client_id,
    client_secret: 'x'.repeat(43),
  })
  expect(wrong.body.error).toBe('invalid_client')
  const right = await post('introspect', {
    token: 'x',
    client_id: basic.client_id,
    client_secret: basic.client_secret ?? '',
  })
  expect(right.body).toEqual({ active: false })
  expect((await request('x'.repeat(43))).status).toBe(401)
})

test('after a key rotation, a registration update may contain the client’s own secret, and no other', async () => {
  const { initial_access_token } = await createInitialAccessToken(portal.db, { expiresInDays: 1 })
  const send = async (method: string, url: string, token: string, body: object) => {
    const response = await fetch(url, {
      method,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
    return { status: response.status, body: (await response.json()) as Record<string, string> }
  }
  const metadata = { client_name: 'Registered', redirect_uris: [REDIRECT_URI] }
  const { body } = await send(
    'POST',
    `${portal.issuer}/api/oauth/register`,
    initial_access_token,
    metadata,
  )
  const update = (client_secret: string) =>
    send('PUT', body.registration_client_uri ?? '', body.registration_access_token ?? '', {
      ...metadata,
      client_id: body.client_id,
      client_secret,
    })
  expect((await update('x'.repeat(43))).status).toBe(400)
  expect((await update(body.client_secret ?? '')).status).toBe(200)
})

test('after a key rotation, offline_access needs no prompt=consent', async () => {
  const { tokens } = await arrange({}, 'openid offline_access')
  expect(tokens.refresh_token).toBeTypeOf('string')
})

test('after a key rotation, a request may name this portal as its resource', async () => {
  const { resident, client } = await arrange()
  const application = await createApplication(portal.issuer, client)
  const tokens = await application.obtainTokens('openid', resident.email, createUserAgent(), {
    resource: portal.issuer,
  })
  expect(tokens.scope).toBe('openid')
})

test('after a key rotation, a resident can allow a smaller scope in place of the requested one', async () => {
  const resident = await addResident(portal.parts)
  const client = await addClient(portal.parts, { scope: `openid ${IMAGES} ${STATUS}` })
  await portal.db.begin((sql) =>
    updateClient(sql, client.client_id, { alternatives: { [IMAGES]: STATUS } }),
  )
  const application = await createApplication(portal.issuer, client)
  const browser = createUserAgent()
  const { url } = await application.authorizationRequest(`openid ${IMAGES}`)
  const signIn = await browser.open(url)
  const consent = await browser.submit(signIn, 'login', {
    email: resident.email,
    password: PASSWORD,
  })
  await browser.submit(
    consent,
    'allow',
    { [`permission ${IMAGES}`]: STATUS },
    {
      leaveAt: REDIRECT_URI,
    },
  )
  const [code] = await portal.db<{ scope: string }[]>`
    select scope from oidc_artifact where kind = 'AuthorizationCode' and account_id = ${resident.id}`
  expect(code?.scope.split(' ').sort()).toEqual([STATUS, 'openid'].sort())
})

test('after a key rotation, access tokens are JWTs that open the API and can be revoked', async () => {
  const { application, tokens } = await arrange()
  expect(tokens.access_token.split('.')).toHaveLength(3)
  const url = `${portal.issuer}/api/v1/me/natural-person/id-verification`
  expect((await application.call(url, tokens.access_token)).status).toBe(200)
  await application.revoke(tokens.access_token)
  const refused = await fetch(url, { headers: { Authorization: `Bearer ${tokens.access_token}` } })
  expect(refused.status).toBe(401)
})

test('after a key rotation, ID tokens have the hash of the access token, with both algorithms', async () => {
  // OpenID Connect Core §3.1.3.6: the left half of the SHA-256.
  const hashOf = (token: string) =>
    createHash('sha256').update(token).digest().subarray(0, 16).toString('base64url')
  for (const algorithm of [undefined, 'ES256'] as const) {
    const resident = await addResident(portal.parts)
    const client = await addClient(portal.parts)
    await portal.db`
      update client set metadata = metadata || ${portal.db.json(algorithm ? { id_token_signed_response_alg: algorithm } : {})}
      where id = ${client.client_id}`
    const application = await createApplication(portal.issuer, client, algorithm && { algorithm })
    const tokens = await application.obtainTokens(ALL_SCOPES, resident.email)
    const { id_token, access_token } = await application.refresh(tokens.refresh_token ?? '')
    for (const issued of [tokens, { id_token, access_token }]) {
      expect(decodeProtectedHeader(issued.id_token ?? '').alg).toBe(algorithm ?? 'RS256')
      expect(decodeJwt(issued.id_token ?? '').at_hash).toBe(hashOf(issued.access_token))
    }
  }
})

test('after a key rotation, a repeated refresh gets the same refresh token', async () => {
  const { application, tokens } = await arrange()
  const first = await application.refresh(tokens.refresh_token ?? '')
  const second = await application.refresh(tokens.refresh_token ?? '')
  expect(second.refresh_token).toBe(first.refresh_token)
  expect(first.refresh_token).not.toBe(tokens.refresh_token)
})

test('after a key rotation, one of many equal client assertions is accepted', async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const { client_id } = await addClient(portal.parts, {
    authMethod: 'private_key_jwt',
    jwks: { keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256' }] },
  })
  const client_assertion = await new SignJWT({})
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer(client_id)
    .setSubject(client_id)
    .setAudience(portal.issuer)
    .setJti(crypto.randomUUID())
    .setIssuedAt()
    .setExpirationTime('1 minute')
    .sign(privateKey)
  const responses = await Promise.all(
    Array.from({ length: 20 }, () =>
      post('introspect', {
        token: 'x',
        client_id,
        client_assertion,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      }),
    ),
  )
  expect(responses.filter(({ status }) => status === 200)).toHaveLength(1)
})

test('after a key rotation, a sign-out enqueues the logout tokens', async () => {
  const given = { backchannelLogoutUri: 'http://127.0.0.1:9/logout' }
  const { client, browser, tokens } = await arrange(given)
  const page = await browser.open(
    `${portal.issuer}/api/oauth/end_session?id_token_hint=${tokens.id_token}`,
  )
  await browser.submit(page, 'logout', { logout: 'yes' })
  const queued = await portal.db`
    select from pgboss.job where name = 'notify-logout' and data->>'clientId' = ${client.client_id}`
  expect(queued).toHaveLength(1)
})

test('after a key rotation, responses are completed: polling interval and cache time', async () => {
  const device = await post('device_authorization', { client_id: 'eprospera-cli', scope: 'openid' })
  expect(device.body.interval).toBe(5)
  const keys = await fetch(`${portal.url}/api/oauth/.well-known/jwks.json`)
  expect(keys.headers.get('cache-control')).toBe('public, max-age=300')
})

test('after a key rotation, claims at userinfo leave one ledger row', async () => {
  const { resident, application, tokens } = await arrange({}, 'openid profile')
  const before = await listEntries(portal.db, resident.id)
  await application.userinfo(tokens.access_token, resident.id)
  const after = await listEntries(portal.db, resident.id)
  expect(after.length - before.length).toBe(1)
})
