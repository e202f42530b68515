import { calculatePKCECodeChallenge, randomPKCECodeVerifier } from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { createApplication, signInAndAllow } from '../support/application.ts'
import { sendRaw } from '../support/http.ts'
import {
  addClient,
  addResident,
  REDIRECT_URI,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }
const LARGEST = 16 * 1024

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal()
})
afterAll(() => portal.close())

const AUTHORIZE = '/api/oauth/authorize'
const END_SESSION = '/api/oauth/end_session'

async function parameters(clientId: string, more: Record<string, string> = {}) {
  return new URLSearchParams({
    client_id: clientId,
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: 'openid email',
    state: 'ümlaut & space + plus',
    code_challenge: await calculatePKCECodeChallenge(randomPKCECodeVerifier()),
    code_challenge_method: 'S256',
    ...more,
  })
}

const send = (
  method: string,
  path: string,
  headers: Record<string, string | number> = {},
  body: string | string[] = '',
) => sendRaw(new URL(path, portal.url), { method, headers, body })

const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  send('POST', path, { ...FORM, ...headers, 'Content-Length': Buffer.byteLength(body) }, body)

test('an authorization request sent as a form leads to sign-in and back to the application', async () => {
  const resident = await addResident(portal.parts)
  const client = await addClient(portal.parts)
  const browser = createUserAgent()
  const answer = await browser.request(`${portal.issuer}${AUTHORIZE}`, {
    method: 'POST',
    body: await parameters(client.client_id),
  })
  expect(answer.status).toBe(303)
  expect(answer.headers.getSetCookie()).toEqual([])
  expect(answer.headers.get('cache-control')).toBe('no-store')
  const location = new URL(answer.headers.get('location') ?? '', portal.issuer)
  expect(location.origin + location.pathname).toBe(`${portal.issuer}${AUTHORIZE}`)
  const page = await signInAndAllow(browser, await browser.open(location.href), resident.email)
  const { searchParams } = new URL(page.url)
  expect(page.url.startsWith(REDIRECT_URI)).toBe(true)
  expect(searchParams.get('code')).toBeTruthy()
  expect(searchParams.get('state')).toBe('ümlaut & space + plus')
})

test('a logout request sent as a form asks, and goes back to the application', async () => {
  const after = 'http://localhost:9/signed-out'
  const resident = await addResident(portal.parts)
  const client = await addClient(portal.parts, { postLogoutRedirectUris: [after] })
  const browser = createUserAgent()
  const application = await createApplication(portal.issuer, client)
  const tokens = await application.obtainTokens('openid', resident.email, browser)
  const answer = await browser.request(`${portal.issuer}${END_SESSION}`, {
    method: 'POST',
    body: new URLSearchParams({
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: after,
      state: 'here',
    }),
  })
  expect(answer.status).toBe(303)
  const page = await browser.open(new URL(answer.headers.get('location') ?? '', portal.issuer).href)
  const done = await browser.submit(page, 'logout', { logout: 'yes' }, { leaveAt: after })
  expect(done.url).toBe(`${after}?state=here`)
})

test('a form of 16 KiB is answered, and the address that it leads to as well', async () => {
  const client = await addClient(portal.parts)
  const given = await parameters(client.client_id)
  const body = `${given}&ui_locales=${'x'.repeat(LARGEST - String(given).length - 12)}`
  expect(body.length).toBe(LARGEST)
  const answer = await post(AUTHORIZE, body)
  expect(answer.status).toBe(303)
  const next = await send('GET', String(answer.headers.location), { Accept: 'text/html' })
  expect(next.status).toBe(303)
  expect(next.headers.location).toMatch(/^\/interaction\//)
})

test('a larger form is 413, announced or streamed', async () => {
  const body = `state=${'x'.repeat(LARGEST)}`
  const announced = await post(AUTHORIZE, body)
  expect(announced.status).toBe(413)
  expect(JSON.parse(announced.text)).toMatchObject({ error: 'payload_too_large' })
  const streamed = await send('POST', END_SESSION, FORM, ['state=', body, body])
  expect(streamed.status).toBe(413)
})

test('any other content type is 415, and says which is taken', async () => {
  for (const type of ['application/json', 'multipart/form-data; boundary=x', 'text/plain'])
    for (const path of [AUTHORIZE, END_SESSION]) {
      const answer = await send('POST', path, { 'Content-Type': type }, '{}')
      expect(answer.status).toBe(415)
      expect(answer.text).toContain('application/x-www-form-urlencoded')
    }
  expect((await send('POST', AUTHORIZE, {}, 'a=b')).status).toBe(415)
  expect((await post(AUTHORIZE, 'a=b', { 'Content-Encoding': 'gzip' })).status).toBe(415)
  const withCharset = await send(
    'POST',
    AUTHORIZE,
    { 'Content-Type': 'application/x-www-form-urlencoded;charset=UTF-8' },
    'a=b',
  )
  expect(withCharset.status).toBe(303)
})

test('a repeated parameter is refused, in the form alone and between form and address', async () => {
  const client = await addClient(portal.parts)
  const given = String(await parameters(client.client_id))
  const twice = await post(AUTHORIZE, `${given}&scope=openid`)
  const between = await post(`${AUTHORIZE}?scope=openid`, given)
  for (const answer of [twice, between]) {
    const refused = await send('GET', String(answer.headers.location))
    const { searchParams } = new URL(String(refused.headers.location))
    expect(searchParams.get('error')).toBe('invalid_request')
    expect(searchParams.get('error_description')).toContain('must not be provided twice')
  }
})

test('what stands in a form cannot lead elsewhere: the answer names this path, in printable characters', async () => {
  for (const body of [
    'a=b\r\nX-Injected: 1',
    '#fragment',
    'a=ü\u0000',
    '//evil.test/',
    '&a=%0d%0a',
  ]) {
    const answer = await post(AUTHORIZE, body)
    expect(answer.status).toBe(303)
    expect(answer.headers).not.toHaveProperty('x-injected')
    expect(answer.headers.location).toMatch(/^\/api\/oauth\/authorize\?[!-"$-~]*$/)
  }
  expect((await post(AUTHORIZE, '')).headers.location).toBe(AUTHORIZE)
})
