import { Agent } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { createApplication } from '../support/application.ts'
import { sendRaw } from '../support/http.ts'
import {
  addClient,
  addResident,
  PASSWORD,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal()
})
afterAll(() => portal.close())

const PATHS = [
  '/',
  '/?ended=%00',
  '/device',
  '/device?user_code=%00',
  '/device/x',
  '/account',
  '/outbox',
  '/reset',
  '/reset/x',
  '/sign-in',
  '/sign-out',
  '/photos',
  '/passkeys/options',
  '/applications/x',
  '/applications/%00/logo',
  '/applications/%ff',
  '/applications/x/revoke',
  '/interaction/x',
  '/interaction/%00',
  '/health',
  '/nothing',
  '/%00',
  '/%ff',
  '/..%2f..%2fetc',
  '//evil.test',
  '/.well-known/openid-configuration',
  '/.well-known/jwks.json',
  '/.well-known/oauth-protected-resource',
  '/api/oauth/authorize',
  '/api/oauth/authorize/x',
  '/api/oauth/authorize?client_id=%00&redirect_uri=%00',
  '/api/oauth/authorize?client_id[]=x',
  '/api/oauth/token',
  '/api/oauth/userinfo',
  '/api/oauth/revoke',
  '/api/oauth/introspect',
  '/api/oauth/device_authorization',
  '/api/oauth/par',
  '/api/oauth/register',
  '/api/oauth/register/x',
  '/api/oauth/end_session',
  '/api/oauth/end_session?id_token_hint=%00',
  '/api/oauth/end_session/confirm',
  '/api/v1/me/natural-person/id-verification',
  '/api/v1/me/x',
  '/webhooks/veriff',
  '/webhooks/x/y',
]
const BODIES: [string, string][] = [
  ['application/x-www-form-urlencoded', ''],
  [
    'application/x-www-form-urlencoded',
    'grant_type=authorization_code&client_id=%00&code=%00&redirect_uri=%00&token=%00&user_code=%00&xsrf=%00&csrf=%00&email=%00&password=%00&scope=%00',
  ],
  [
    'application/x-www-form-urlencoded',
    'grant_type=client_credentials&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJcdTAwMDAifQ.AAAA',
  ],
  ['application/json', '{"redirect_uris":5,"__proto__":{"x":1}}'],
  ['application/json', 'null'],
  [
    'multipart/form-data; boundary=x',
    '--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n\0\r\n--x--',
  ],
  ['application/x-www-form-urlencoded; charset=nonsense', 'a=b'],
  ['application/x-www-form-urlencoded', `a=${'x'.repeat(100_000)}`],
]

test('whatever is sent to whichever address, the answer is not ours to be ashamed of', async () => {
  const client = await addClient(portal.parts)
  const resident = await addResident(portal.parts)
  const application = await createApplication(portal.issuer, client)
  const browser = createUserAgent()
  const { access_token } = await application.obtainTokens('openid email', resident.email, browser)
  const cookies = [...browser.jar].map(([key, { value }]) => `${key.split(' ')[1]}=${value}`)
  const headers: Record<string, string>[] = [
    {},
    {
      Authorization: `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}`,
    },
    { Authorization: `DPoP ${access_token}`, DPoP: 'a.b.c' },
    { Authorization: `Basic ${Buffer.from('%00:%ff').toString('base64')}` },
    { Cookie: cookies.join('; ') },
    { Cookie: 'session=%00; browser=x; interaction=x; resume=x' },
  ]
  // Whole words, in their own case: three letters in a random value are not a library's name.
  const ours = /node_modules|\.ts:\d|\b(?:oidc-provider|[Pp]ostgres(?:ql)?|PostgreSQL|Koa|koa)\b/
  const wrong: string[] = []
  // These are four thousand requests, and `fetch` costs more than Node's own client.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const send = async (
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: string,
  ) => {
    const { status, text } = await sendRaw(`${portal.url}${path}`, {
      method,
      headers,
      agent,
      ...(body !== undefined && {
        headers: { ...headers, 'Content-Length': Buffer.byteLength(body) },
        body,
      }),
    })
    if (status >= 500 || ours.test(text))
      wrong.push(`${status} ${method} ${path} ${String(body).slice(0, 60)}`)
  }
  for (const path of PATHS)
    for (const given of headers) {
      const html = { Accept: 'text/html', ...given }
      for (const method of ['GET', 'HEAD', 'OPTIONS', 'DELETE']) await send(method, path, html)
      await send('PATCH', path, html, '')
      for (const [type, body] of BODIES)
        await send('POST', path, { 'Content-Type': type, ...given }, body)
      const json = { 'Content-Type': 'application/json', ...given }
      await send('PUT', path, json, '{"client_id":"\\u0000"}')
    }
  agent.destroy()
  expect(wrong).toEqual([])
  // And nothing escaped into the log as a failure of ours.
  expect(portal.logged()).not.toMatch(/"event":"(request failed|authorization server failed)"/)
})

test('a malformed address is a page for people, whether signed in or not', async () => {
  const resident = await addResident(portal.parts)
  const signedIn = createUserAgent()
  await signedIn.submit(await signedIn.open(`${portal.issuer}/`), 'login', {
    email: resident.email,
    password: PASSWORD,
  })
  for (const browser of [createUserAgent(), signedIn])
    for (const folder of [
      '/applications/',
      '/verifications/',
      '/photos/',
      '/link/',
      '/reset/',
      '/sign-up/',
      '/verify-email/',
      '/not-me/',
      '/app/',
      '/',
    ])
      for (const id of ['%00', '%ff', '%', 'x%00y', '%e0%80', 'x'.repeat(3_000)]) {
        const { status, text, url } = await browser.open(`${portal.issuer}${folder}${id}`)
        const isSignIn = browser !== signedIn && new URL(url).pathname === '/sign-in'
        expect([folder, id, isSignIn ? 404 : status]).toEqual([folder, id, 404])
        expect(text).toContain('</html>')
        expect(text).not.toMatch(/invalid_request|could not process|We could not go on/)
      }
})

test('a form that is not what its content type says is the sender’s mistake', async () => {
  const path = `/link/${'x'.repeat(43)}`
  for (const at of ['/sign-in', '/reset', '/account/email', path]) {
    const answer = await fetch(`${portal.url}${at}`, {
      method: 'POST',
      headers: { 'Content-Type': 'multipart/form-data; boundary=x' },
      body: '--x\r\n\r\n\0\r\n--x--',
    })
    expect([at, answer.status]).toEqual([at, 400])
  }
})

test('the device page without a session of one’s own is shown again, and then works', async () => {
  const browser = createUserAgent()
  const answer = await browser.request(`${portal.issuer}/device`, {
    method: 'POST',
    body: new URLSearchParams({ user_code: 'BBBB-BBBB', xsrf: 'x' }),
  })
  expect(answer.status).toBe(400)
  const text = await answer.text()
  expect(text).toContain('name="user_code"')
  const again = await browser.submitFirst(
    { url: `${portal.issuer}/device`, status: 400, text, headers: answer.headers },
    { user_code: 'BBBB-BBBB' },
  )
  expect(again.text).toContain('This code is unknown')
})
