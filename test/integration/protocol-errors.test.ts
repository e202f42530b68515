import { afterAll, beforeAll, expect, test } from 'vitest'
import { addClient, REDIRECT_URI, startPortal, type TestPortal } from '../support/portal.ts'

let portal: TestPortal
let clientId: string
beforeAll(async () => {
  portal = await startPortal()
  clientId = (await addClient(portal.parts)).client_id
})
afterAll(() => portal.close())

const open = (path: string, accept: string, init: RequestInit = {}) =>
  fetch(`${portal.url}${path}`, { redirect: 'manual', ...init, headers: { Accept: accept } })
const authorize = (parameters: Record<string, string>) =>
  `/api/oauth/authorize?${new URLSearchParams({ response_type: 'code', scope: 'openid', ...parameters })}`

const CASES: [string, () => string, string, string][] = [
  [
    'a client that is not registered',
    () => authorize({ client_id: 'nobody', redirect_uri: REDIRECT_URI }),
    'invalid_client',
    'no client with this id is registered here',
  ],
  [
    'an address that is not registered',
    () => authorize({ client_id: clientId, redirect_uri: `${REDIRECT_URI}/other` }),
    'invalid_redirect_uri',
    'equals a registered one character by character',
  ],
  ['no client at all', () => authorize({}), 'invalid_request', 'client_id'],
  [
    'a pushed request that is over',
    () =>
      authorize({
        client_id: clientId,
        request_uri: 'urn:ietf:params:oauth:request_uri:gone',
      }),
    'invalid_request_uri',
    'Push the request again',
  ],
  [
    'a logout that leads to a foreign address',
    () =>
      `/api/oauth/end_session?${new URLSearchParams({ client_id: clientId, post_logout_redirect_uri: 'https://evil.test/<script>' })}`,
    'invalid_request',
    'post_logout_redirect_uri not registered',
  ],
]

test.each(CASES)(
  '%s is named on the page, with a request id that the log has too',
  async (...given) => {
    const [, path, code, words] = given
    const answer = await open(path(), 'text/html')
    const text = await answer.text()
    expect(answer.status).toBe(400)
    expect(text).toContain(`<code>${code}</code>`)
    expect(text).toContain(words)
    expect(text).not.toMatch(/<script>|evil\.test|gone/)
    const requestId = answer.headers.get('x-request-id') ?? ''
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/)
    expect(text).toContain(`<code>${requestId}</code>`)
    const line = portal
      .logged()
      .split('\n')
      .find((each) => each.includes(requestId) && each.includes('oauth request refused'))
    expect(JSON.parse(line ?? '{}')).toMatchObject({
      event: 'oauth request refused',
      code,
      requestId,
    })
  },
)

test.each(CASES)('%s is named to programs in JSON', async (...given) => {
  const [, path, code] = given
  const answer = await open(path(), 'application/json')
  expect(await answer.json()).toEqual({
    error: code,
    error_description: expect.any(String),
    error_uri: `${portal.issuer}/guides/errors#${code}`,
  })
  expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
})

test('a failure of ours is a server_error with every common header, whoever asked', async () => {
  await portal.db`alter table oidc_artifact rename to oidc_artifact_away`
  try {
    for (const [path, init] of [
      ['/device', {}],
      ['/api/oauth/end_session', {}],
      [
        '/api/oauth/token',
        {
          method: 'POST',
          body: new URLSearchParams({
            grant_type: 'authorization_code',
            client_id: clientId,
            code: 'x',
          }),
        },
      ],
    ] as const)
      for (const accept of ['text/html', 'application/json']) {
        const answer = await fetch(`${portal.url}${path}`, {
          ...init,
          headers: { Accept: accept, Cookie: 'session=x; session.sig=y' },
        })
        const text = await answer.text()
        expect(text).not.toMatch(/oidc_artifact|relation|node_modules/)
        expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
        expect(answer.headers.get('cache-control')).toBe('no-store')
        if (answer.status === 500) expect(text).toContain('server_error')
      }
  } finally {
    await portal.db`alter table oidc_artifact_away rename to oidc_artifact`
  }
})

test('what fails after the library has answered is a server_error too, and logged with its id', async () => {
  const started = await fetch(`${portal.url}/api/oauth/device_authorization`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: 'eprospera-cli', scope: 'openid' }),
  })
  const { device_code } = (await started.json()) as { device_code: string }
  // The check for polling too often is made after the library's own answer.
  await portal.db`alter table oidc_artifact rename column polled_at to polled_at_away`
  try {
    const answer = await fetch(`${portal.url}/api/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
        client_id: 'eprospera-cli',
        device_code,
      }),
    })
    expect(answer.status).toBe(500)
    expect(await answer.json()).toMatchObject({ error: 'server_error' })
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const requestId = answer.headers.get('x-request-id') ?? 'none'
    expect(portal.logged()).toContain(requestId)
  } finally {
    await portal.db`alter table oidc_artifact rename column polled_at_away to polled_at`
  }
})
