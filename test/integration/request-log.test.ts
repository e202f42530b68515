import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { OPERATIONS } from '../../src/api/openapi.ts'
import { createApp } from '../../src/app.ts'
import { revokeConsent } from '../../src/consents/consents.ts'
import { setStream } from '../../src/events/streams.ts'
import { findRequests, type ListedRequest } from '../../src/request-log/store.ts'
import { createSite, PLAIN_SITE } from '../../src/web/site.ts'
import type { WebContext } from '../../src/web-context.ts'
import { createApplication } from '../support/application.ts'
import {
  ALL_SCOPES,
  addClient,
  addResident,
  REDIRECT_URI,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'

/* The portal logs failures alone; the sandbox, which logs everything, is in `developer-requests.test.ts`. */

let portal: TestPortal
let bank: { client_id: string; client_secret?: string }
let email: string
let accountId: string
let application: Awaited<ReturnType<typeof createApplication>>
beforeAll(async () => {
  portal = await startPortal()
  bank = await addClient(portal.parts)
  const resident = await addResident(portal.parts)
  email = resident.email
  accountId = resident.id
  application = await createApplication(portal.issuer, bank)
})
afterAll(() => portal.close())

/** The row of an answer, which is written after it. */
async function rowOf(answer: Response): Promise<ListedRequest> {
  const requestId = answer.headers.get('x-request-id') ?? ''
  let found: ListedRequest | undefined
  await eventually(async () => {
    found = (await findRequests(portal.db, requestId))[0]
    return found !== undefined
  })
  return found as ListedRequest
}

const authorize = (parameters: Record<string, string>) =>
  fetch(
    `${portal.url}/api/oauth/authorize?${new URLSearchParams({
      client_id: bank.client_id,
      redirect_uri: REDIRECT_URI,
      response_type: 'code',
      scope: 'openid',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
      ...parameters,
    })}`,
    { redirect: 'manual' },
  )
const post = (path: string, body: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(`${portal.url}/api/oauth/${path}`, {
    method: 'POST',
    body: new URLSearchParams(body),
    headers,
    redirect: 'manual',
  })
const withSecret = (body: Record<string, string>) => ({
  client_id: bank.client_id,
  client_secret: bank.client_secret ?? '',
  ...body,
})
const call = (path: string, token: string, method = 'GET') =>
  fetch(`${portal.url}${path}`, { method, headers: { Authorization: `Bearer ${token}` } })

const OAUTH: [endpoint: string, send: () => Promise<Response>, expected: object][] = [
  [
    'authorization',
    () => authorize({ redirect_uri: 'https://other.example/callback?user=ana&fixed=1#x' }),
    {
      error: 'invalid_redirect_uri',
      detail: [
        {
          name: 'redirect_uri',
          arrived: 'https://other.example/callback?user=…&fixed=…#…',
          expected: [REDIRECT_URI],
        },
      ],
      isAuthenticated: false,
    },
  ],
  [
    'authorization',
    () => authorize({ scope: 'openid wrong ana@example.test' }),
    {
      status: 303,
      error: 'invalid_scope',
      detail: [
        { name: 'scope', arrived: 'openid wrong [an e-mail address]', expected: ALL_SCOPES },
      ],
    },
  ],
  [
    'authorization',
    () => authorize({ code_challenge_method: 'plain' }),
    {
      error: 'invalid_request',
      reason: 'not supported value of code_challenge_method',
      detail: [{ name: 'code_challenge_method', arrived: 'plain', expected: 'S256' }],
    },
  ],
  [
    'authorization',
    () => authorize({ response_type: 'token' }),
    { detail: [{ name: 'response_type', arrived: 'token', expected: 'code' }] },
  ],
  [
    'authorization',
    () => authorize({ request_uri: 'urn:ietf:params:oauth:request_uri:gone' }),
    { error: 'invalid_request_uri', reason: expect.stringContaining('expired') },
  ],
  [
    'pushed_authorization_request',
    () => post('par', withSecret({ response_type: 'code', redirect_uri: REDIRECT_URI })),
    { error: 'invalid_request', isAuthenticated: true },
  ],
  [
    'device_authorization',
    () => post('device_authorization', withSecret({ scope: 'openid' })),
    { error: 'invalid_request' },
  ],
  [
    'token',
    () =>
      post(
        'token',
        withSecret({ grant_type: 'authorization_code', code: 'x', redirect_uri: REDIRECT_URI }),
      ),
    { error: 'invalid_grant', reason: 'authorization code not found', isAuthenticated: true },
  ],
  [
    'token',
    () => post('token', withSecret({ grant_type: 'authorization_code', client_secret: 'wrong' })),
    { error: 'invalid_client', reason: 'invalid secret provided', isAuthenticated: false },
  ],
  [
    'token',
    () => post('token', { grant_type: 'authorization_code', client_id: bank.client_id }),
    {
      error: 'invalid_client',
      detail: [{ name: 'client authentication', arrived: 'none', expected: 'client_secret_basic' }],
    },
  ],
  [
    'introspection',
    () => post('introspect', withSecret({})),
    { error: 'invalid_request', isAuthenticated: true },
  ],
  [
    'revocation',
    () => post('revoke', withSecret({ client_secret: 'wrong', token: 'x' })),
    { error: 'invalid_client' },
  ],
  [
    'end_session',
    () =>
      fetch(
        `${portal.url}/api/oauth/end_session?${new URLSearchParams({ client_id: bank.client_id, post_logout_redirect_uri: 'https://other.example/' })}`,
      ),
    {
      error: 'invalid_request',
      detail: [
        { name: 'post_logout_redirect_uri', arrived: 'https://other.example/', expected: [] },
      ],
    },
  ],
  [
    'registration',
    () =>
      fetch(`${portal.url}/api/oauth/register/${bank.client_id}`, {
        headers: { Authorization: 'Bearer wrong' },
      }),
    { error: 'invalid_token', isAuthenticated: false },
  ],
]

test.each(OAUTH)('%s: a refusal is logged with its reason', async (endpoint, send, expected) => {
  const answer = await send()
  const row = await rowOf(answer)
  expect(row).toMatchObject({ endpoint, clientId: bank.client_id, status: answer.status })
  expect(row).toMatchObject(expected)
})

test('userinfo and every operation of the API that takes a token log a refusal', async () => {
  const { access_token: resident } = await application.obtainTokens('openid', email)
  const service = await serviceToken()
  const stream = await setStream(portal.db, portal.parts.sealer, {
    clientId: bank.client_id,
    delivery: 'poll',
  })
  const id = crypto.randomUUID()
  const pathOf = (path: string) => path.replaceAll(/:\w+/g, id)
  const operations = OPERATIONS.filter(({ scope, stream: isStream }) => scope || isStream)
  const answers = await Promise.all(
    operations.map(async ({ path, method, scope, stream: isStream }) => {
      const token = isStream ? stream?.events_token : scope?.startsWith('idv.') ? service : resident
      return await call(pathOf(path), token ?? '', method.toUpperCase())
    }),
  )
  const rows: (string | undefined)[] = []
  for (const answer of answers) {
    const { endpoint, error } = await rowOf(answer)
    rows.push(error === null ? undefined : endpoint)
  }
  expect(rows).toEqual(operations.map(({ operationId }) => operationId))
  const userinfo = await rowOf(await call('/api/oauth/userinfo?scope=email', resident))
  expect(userinfo).toMatchObject({ endpoint: 'userinfo', error: 'insufficient_scope' })
})

async function serviceToken(): Promise<string> {
  const service = await addClient(portal.parts, {
    type: 'service',
    redirectUris: [],
    scope: 'webhook.incode',
  })
  const answer = await post('token', {
    grant_type: 'client_credentials',
    client_id: service.client_id,
    client_secret: service.client_secret ?? '',
  })
  return ((await answer.json()) as { access_token: string }).access_token
}

test('what a token lacks is named, and nothing of the person', async () => {
  const { access_token } = await application.obtainTokens('openid', email)
  const row = await rowOf(await call('/api/v1/me/natural-person/id-verification', access_token))
  expect(row).toMatchObject({
    endpoint: 'getIdVerification',
    status: 401,
    error: 'missing_scopes: eprospera:person.id_verification.read',
    detail: [
      {
        name: 'scope of the token',
        arrived: 'openid',
        expected: 'eprospera:person.id_verification.read',
      },
    ],
    isAuthenticated: true,
  })
  const stored = JSON.stringify(await portal.db`select * from request_log`)
  for (const secret of [accountId, email, access_token.slice(-20), bank.client_secret ?? '?'])
    expect(stored).not.toContain(secret)
})

test('each state of a token has its own reason', async () => {
  const scope = 'openid offline_access eprospera:person.id_verification.read'
  const path = '/api/v1/me/natural-person/id-verification'
  const reasonOf = async (token: string) => (await rowOf(await call(path, token))).reason
  const first = await application.obtainTokens(scope, email)
  await application.revoke(first.access_token)
  expect(await reasonOf(first.access_token)).toMatch('revoked')

  const { access_token } = await application.obtainTokens(scope, email)
  await portal.db`update consent set frozen_at = now() where account_id = ${accountId}`
  expect(await reasonOf(access_token)).toMatch('frozen')
  await portal.db`update consent set frozen_at = null where account_id = ${accountId}`
  await portal.db`update account set status = 'suspended' where id = ${accountId}`
  expect(await reasonOf(access_token)).toMatch('suspended')
  await portal.db`update account set status = 'active' where id = ${accountId}`
  await portal.db`update client set enabled = false where id = ${bank.client_id}`
  expect(await reasonOf(access_token)).toMatch('disabled')
  expect((await rowOf(await authorize({}))).reason).toMatch('disabled')
  await portal.db`update client set enabled = true where id = ${bank.client_id}`
  await revokeConsent(portal.db, accountId, bank.client_id)
  expect(await reasonOf(access_token)).toMatch('consent has ended')
})

test('a wrong key and a wrong clock of an assertion are told apart', async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const { privateKey: other } = await generateKeyPair('ES256')
  const { client_id: clientId } = await addClient(portal.parts, {
    jwks: { keys: [{ ...(await exportJWK(publicKey)), kid: 'key-of-june' }] },
  })
  const send = async (key: typeof privateKey, kid: string, iat: number) => {
    const assertion = await new SignJWT({ jti: crypto.randomUUID() })
      .setProtectedHeader({ alg: 'ES256', kid })
      .setIssuer(clientId)
      .setSubject(clientId)
      .setAudience(portal.issuer)
      .setIssuedAt(iat)
      .setExpirationTime(iat + 60)
      .sign(key)
    return await rowOf(
      await post('token', {
        grant_type: 'authorization_code',
        code: 'x',
        redirect_uri: REDIRECT_URI,
        code_verifier: 'x'.repeat(43),
        client_assertion: assertion,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      }),
    )
  }
  const now = Math.floor(Date.now() / 1000)
  expect(await send(other, 'key-of-july', now)).toMatchObject({
    error: 'invalid_client',
    detail: [{ name: 'assertion: kid', arrived: 'key-of-july', expected: ['key-of-june'] }],
  })
  const { detail } = await send(privateKey, 'key-of-june', now + 100)
  expect(detail).toContainEqual({
    name: 'assertion: iat, seconds ahead of this server',
    arrived: expect.closeTo(100, -1),
    expected: '-300 to 10',
  })
})

test('requests that name no client, a client that does not exist, or succeed leave no row', async () => {
  const before = await portal.db`select from request_log`
  await authorize({ client_id: 'nobody' })
  await authorize({ client_id: '' })
  await call('/api/v1/me/natural-person', 'garbage')
  await application.obtainTokens('openid', email)
  const last = await rowOf(await authorize({ response_type: 'none' }))
  const after = await portal.db`select from request_log`
  expect(last.clientId).toBe(bank.client_id)
  expect(after.length).toBe(before.length + 1)
})

test('in production the hot endpoint is the first route: no middleware runs for a read that succeeds', () => {
  const app = createApp({
    ...portal.parts,
    config: portal.config,
    issuer: portal.issuer,
    lanes: [],
    limiter: { take() {} },
    network: {},
    site: createSite(PLAIN_SITE),
  } as unknown as WebContext)
  const path = '/api/v1/me/natural-person/id-verification'
  expect(app.routes[0]).toMatchObject({ method: 'GET', path })
})
