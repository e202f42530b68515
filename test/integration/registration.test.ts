import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as openid from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fetchRegisteredLogo } from '../../src/clients/logo.ts'
import { createInitialAccessToken } from '../../src/clients/registration.ts'
import { createApplication } from '../support/application.ts'
import {
  addClient,
  addResident,
  REDIRECT_URI,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'

let portal: TestPortal
let initial: string
beforeAll(async () => {
  portal = await startPortal({ worker: true, outboundAllow: ['127.0.0.2/32'] })
  initial = (await createInitialAccessToken(portal.db, { expiresInDays: 1 })).initial_access_token
})
afterAll(() => portal.close())

type Body = Record<string, never> & {
  client_id: string
  client_secret: string
  registration_access_token: string
  registration_client_uri: string
  error: string
  error_description: string
}

async function send(method: string, url: string, token?: string, body?: object) {
  const response = await fetch(url, {
    method,
    headers: {
      'Content-Type': 'application/json',
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const text = await response.text()
  return { status: response.status, body: (text ? JSON.parse(text) : {}) as Body }
}
const register = (metadata: object, token: string | undefined = initial) =>
  send('POST', `${portal.issuer}/api/oauth/register`, token, {
    client_name: `Registered by itself ${randomUUID()}`,
    redirect_uris: [REDIRECT_URI],
    ...metadata,
  })

test('a program registers itself with an initial access token, and works', async () => {
  const configuration = await openid.dynamicClientRegistration(
    new URL(portal.issuer),
    {
      client_name: 'Registered by a library',
      redirect_uris: [REDIRECT_URI],
      grant_types: ['authorization_code', 'refresh_token'],
      scope: 'openid email offline_access',
    },
    undefined,
    { initialAccessToken: initial, execute: [openid.allowInsecureRequests] },
  )
  const { client_id, client_secret } = configuration.clientMetadata()
  const application = await createApplication(portal.issuer, {
    client_id,
    ...(client_secret ? { client_secret } : {}),
  })
  const resident = await addResident(portal.parts)
  const tokens = await application.obtainTokens('openid email offline_access', resident.email)
  expect(tokens.refresh_token).toBeTypeOf('string')
  // The secret is kept as a hash alone.
  const [row] = await portal.db`select client::text as text from client where id = ${client_id}`
  expect(row?.text).not.toContain(client_secret)
})

test('strangers register nothing: no token, a wrong one, one that has ended, an access token', async () => {
  for (const token of ['', 'x'.repeat(43)]) expect((await register({}, token)).status).toBe(401)
  const { initial_access_token: ended } = await createInitialAccessToken(portal.db, {
    expiresInDays: 1,
  })
  await portal.db`update oidc_artifact set expires_at = now() - interval '1 second'
    where kind = 'InitialAccessToken' and id = sha256(${ended}::bytea)`
  expect((await register({}, ended)).status).toBe(401)
})

test.each([
  ['a service client', { grant_types: ['client_credentials'], redirect_uris: [] }],
  ['a scope of service clients', { scope: 'idv.read' }],
  ['an unknown scope', { scope: 'openid everything' }],
  ['going without PKCE', { pkce: 'optional' }],
  ['another response type', { response_types: ['token'], grant_types: ['implicit'] }],
  ['a script as redirect URI', { redirect_uris: ['javascript:alert(1)'] }],
  ['a plain redirect URI to elsewhere', { redirect_uris: ['http://other.test/callback'] }],
  ['a fragment in the redirect URI', { redirect_uris: ['https://other.test/callback#x'] }],
  ['no redirect URI', { redirect_uris: [] }],
  ['a private key', { jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: 'd' }] } }],
  ['a shared key', { jwks: { keys: [{ kty: 'oct', k: 'x' }] } }],
  ['an assertion by a shared secret', { token_endpoint_auth_method: 'client_secret_jwt' }],
  [
    'a key set by http:',
    { jwks_uri: 'http://keys.test/jwks', token_endpoint_auth_method: 'private_key_jwt' },
  ],
  ['unsigned ID tokens', { id_token_signed_response_alg: 'none' }],
])('%s is not to be had', async (_what, metadata) => {
  const { status, body } = await register(metadata)
  expect([status, body.error]).toEqual([
    400,
    expect.stringMatching(/^invalid_(client_metadata|redirect_uri)$/),
  ])
  expect(body.error_description).toBeTruthy()
})

test('the address of a key set is https: in production, at registration and at each change', async () => {
  const production = await portal.startAnother({ production: true })
  const keys = (jwks_uri: string) => ({ jwks_uri, token_endpoint_auth_method: 'private_key_jwt' })
  const at = (url: string, metadata: object) =>
    send('POST', `${url}/api/oauth/register`, initial, {
      client_name: `Keys ${randomUUID()}`,
      redirect_uris: [REDIRECT_URI],
      ...metadata,
    })
  try {
    const local = keys('http://localhost:9/jwks')
    expect((await at(portal.url, local)).status).toBe(201)
    expect((await at(production.url, local)).body).toMatchObject({
      error: 'invalid_client_metadata',
      error_description: expect.stringContaining('jwks_uri must be an https: address'),
    })
    const { status, body } = await at(production.url, keys('https://keys.test/jwks'))
    expect(status).toBe(201)
    const { registration_access_token, registration_client_uri, ...made } = body
    const { client_id_issued_at: _, ...metadata } = made as Body
    for (const jwks_uri of ['http://localhost:9/jwks', 'http://keys.test/jwks']) {
      const { pathname } = new URL(registration_client_uri)
      const changed = await send('PUT', `${production.url}${pathname}`, registration_access_token, {
        ...metadata,
        jwks_uri,
      })
      expect([changed.status, changed.body.error]).toEqual([400, 'invalid_client_metadata'])
    }
  } finally {
    await production.close()
  }
})

test('a registration is read, changed and deleted with its own token, which changes too (RFC 7592)', async () => {
  const { status, body: made } = await register({ scope: 'openid' })
  expect(status).toBe(201)
  const read = await send('GET', made.registration_client_uri, made.registration_access_token)
  expect(read.status).toBe(200)
  expect(read.body).toMatchObject({ client_id: made.client_id, scope: 'openid' })
  expect(JSON.stringify(read.body)).not.toContain('sha256:')

  const { registration_access_token: _, registration_client_uri: _uri, ...shown } = read.body
  const { client_id_issued_at: _at, client_secret_expires_at: _end, ...metadata } = shown as Body
  const changed = await send('PUT', made.registration_client_uri, made.registration_access_token, {
    ...metadata,
    client_name: 'Another name',
    scope: 'openid email',
  })
  expect([changed.status, changed.body.client_name, changed.body.scope]).toEqual([
    200,
    'Another name',
    'openid email',
  ])
  // A client may send its secret along, and no other (RFC 7592 §2.2).
  const withSecret = (client_secret: string) =>
    send('PUT', made.registration_client_uri, changed.body.registration_access_token, {
      ...metadata,
      scope: 'openid email',
      client_secret,
    })
  expect((await withSecret('x'.repeat(43))).status).toBe(400)
  const [row] =
    await portal.db`select encode(secret_hash, 'base64') as hash from client where id = ${made.client_id}`
  expect((await withSecret(`sha256:${row?.hash}`)).status).toBe(400)
  const kept = await withSecret(made.client_secret)
  expect(kept.status).toBe(200)
  changed.body.registration_access_token = kept.body.registration_access_token
  // The secret goes on, the old registration token does not.
  const resident = await addResident(portal.parts)
  const application = await createApplication(portal.issuer, made)
  const tokens = await application.obtainTokens('openid email', resident.email)
  expect(
    (await send('GET', made.registration_client_uri, made.registration_access_token)).status,
  ).toBe(401)
  const more = { ...metadata, scope: 'openid idv.read' }
  const token = changed.body.registration_access_token
  expect((await send('PUT', made.registration_client_uri, token, more)).status).toBe(400)

  expect((await send('DELETE', made.registration_client_uri, token)).status).toBe(204)
  const after = await fetch(`${portal.issuer}/api/oauth/userinfo`, {
    headers: { Authorization: `Bearer ${tokens.access_token}` },
  })
  expect(after.status).toBe(401)
  expect((await send('GET', made.registration_client_uri, token)).status).toBe(401)
})

test('one registration’s token opens no other', async () => {
  const [mine, other] = [(await register({})).body, (await register({})).body]
  const answer = await send('GET', other.registration_client_uri, mine.registration_access_token)
  expect(answer.status).toBe(401)
})

test('a logo that a registration names is fetched once, and served by the portal itself', async () => {
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNoAAAAggCB2kUIOwAAAABJRU5ErkJggg==',
    'base64',
  )
  const asked: string[] = []
  const server = createServer((req, res) => {
    asked.push(req.url ?? '')
    res.end(png)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.2', resolve))
  const { port } = server.address() as AddressInfo
  const { body } = await register({ logo_uri: `http://127.0.0.2:${port}/logo.png` })
  expect(body.error_description).toMatch('https:')
  const { client_id } = await addClient(portal.parts)
  await portal.db`update client set metadata = metadata || ${portal.db.json({ logo_uri: `http://127.0.0.2:${port}/logo.png` })}
    where id = ${client_id}`
  await fetchRegisteredLogo(portal.parts, client_id)
  const shown = await fetch(`${portal.issuer}/applications/${client_id}/logo`)
  expect(Buffer.from(await shown.arrayBuffer()).equals(png)).toBe(true)
  expect(asked).toEqual(['/logo.png'])
  server.close()
})

test('no address in a registration makes the portal call inside', async () => {
  const asked: string[] = []
  const server = createServer((req, res) => {
    asked.push(req.url ?? '')
    res.end('[]')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  for (const host of ['127.0.0.1', 'localhost', '[::ffff:7f00:1]', '169.254.169.254']) {
    const inside = `${host}:${port}`
    for (const metadata of [
      { jwks_uri: `http://${inside}/jwks`, token_endpoint_auth_method: 'private_key_jwt' },
      { logo_uri: `http://${inside}/logo` },
      { sector_identifier_uri: `https://${inside}/sector` },
      { backchannel_logout_uri: `http://${inside}/logout` },
      { initiate_login_uri: `https://${inside}/login` },
      { client_uri: `http://${inside}/` },
    ])
      await register(metadata)
  }
  // Two of these hosts may be named, for development; neither is called.
  await eventually(async () => portal.logged().split('logo refused').length > 2 || undefined)
  expect(asked).toEqual([])
  server.close()
})
