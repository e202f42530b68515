import { afterAll, beforeAll, expect, test } from 'vitest'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { passkeyScript } from '../../src/web/html.ts'
import { createSite, PLAIN_SITE } from '../../src/web/site.ts'
import { type RawAnswer, sendRaw } from '../support/http.ts'
import { addResident, PASSWORD, startPortal, type TestPortal } from '../support/portal.ts'

const CONTACTS = ['mailto:security@id.test', 'https://id.test/report']
const API = '/api/v1/me/natural-person/id-verification'

const { stylesheet } = createSite(PLAIN_SITE)

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal({ issuer: 'https://id.test', securityContacts: CONTACTS })
})
afterAll(() => portal.close())

const ask = (path: string, options: Parameters<typeof sendRaw>[1] = {}) =>
  sendRaw(new URL(path, portal.url), {
    ...options,
    headers: { Host: 'id.test', Accept: 'text/html', ...options.headers },
  })
const form = { 'Content-Type': 'application/x-www-form-urlencoded' }

/** Every kind of answer: who gives it, and its status. */
const ANSWERS: [string, string, Parameters<typeof sendRaw>[1], number][] = [
  ['a page', '/', {}, 200],
  ['a page with a form', '/reset', {}, 200],
  ['a redirect of the portal', '/account', {}, 303],
  ['the device page', '/device', {}, 200],
  ['the device page with a wrong code', '/device', { method: 'POST', headers: form }, 400],
  ['an interaction that is over', '/interaction/x', {}, 400],
  ['discovery', '/.well-known/openid-configuration', {}, 200],
  ['discovery by its alias', '/.well-known/oauth-authorization-server', {}, 200],
  ['the key set', '/.well-known/jwks.json', {}, 200],
  ['the resource', '/.well-known/oauth-protected-resource', {}, 200],
  ['an authorization request', '/api/oauth/authorize?client_id=x', {}, 400],
  ['a form request', '/api/oauth/authorize', { method: 'POST', headers: form, body: 'a=b' }, 303],
  ['a form of the wrong type', '/api/oauth/authorize', { method: 'POST', body: '{}' }, 415],
  [
    'a form that is too large',
    '/api/oauth/end_session',
    { method: 'POST', headers: form, body: 'x'.repeat(17_000) },
    413,
  ],
  ['a logout page', '/api/oauth/end_session', {}, 200],
  ['the end of a logout', '/api/oauth/end_session/success', {}, 200],
  ['a token request', '/api/oauth/token', { method: 'POST', headers: form, body: 'a=b' }, 400],
  ['userinfo', '/api/oauth/userinfo', {}, 401],
  ['a path of the protocol that does not exist', '/api/oauth/nothing', {}, 404],
  ['the hot endpoint', API, {}, 401],
  ['the API', '/api/v1/me/natural-person', {}, 401],
  ['a method that the API does not have', API, { method: 'DELETE' }, 405],
  ['a path of the API that does not exist', '/api/v1/nothing', {}, 404],
  ['a webhook', '/webhooks/veriff', { method: 'POST', body: '{}' }, 404],
  ['the stylesheet', stylesheet.path, {}, 200],
  ['the script', passkeyScript.path, {}, 200],
  ['the icon', '/favicon.ico', {}, 200],
  ['security.txt', '/.well-known/security.txt', {}, 200],
  ['change-password', '/.well-known/change-password', {}, 303],
  ['the description of the API', '/openapi.json', {}, 200],
  ['the reference', '/reference', {}, 200],
  ['health', '/health', {}, 200],
  ['a path that does not exist', '/nothing', {}, 404],
  ['a foreign host', '/reset', { headers: { Host: 'evil.test' } }, 421],
]

/** What may be kept, and by whom; all else is not. */
const CACHEABLE = new Set([
  '/.well-known/openid-configuration',
  '/.well-known/oauth-authorization-server',
  '/.well-known/jwks.json',
  '/.well-known/oauth-protected-resource',
  '/.well-known/security.txt',
  '/openapi.json',
  '/favicon.ico',
  stylesheet.path,
  passkeyScript.path,
])

test('every response, whoever gives it, carries the common headers', async () => {
  const ids = new Set<string>()
  for (const [what, path, options, status] of ANSWERS) {
    const answer: RawAnswer = await ask(path, options)
    const { headers } = answer
    expect([what, answer.status]).toEqual([what, status])
    const label = (name: string) => `${what}: ${name}`
    expect(headers['x-content-type-options'], label('nosniff')).toBe('nosniff')
    expect(headers['referrer-policy'], label('referrer')).toBe('no-referrer')
    expect(headers['strict-transport-security'], label('HSTS')).toMatch(/^max-age=31536000/)
    const policy = headers['content-security-policy']
    expect(policy, label('policy')).toContain("default-src 'none'")
    expect(policy, label('frames')).toContain("frame-ancestors 'none'")
    const mayBeKept = CACHEABLE.has(path)
    expect(headers['cache-control'], label('cache')).toMatch(mayBeKept ? /^public, / : /^no-store$/)
    expect(headers['x-request-id'], label('id')).toMatch(/^[0-9a-f-]{36}$/)
    ids.add(String(headers['x-request-id']))
  }
  expect(ids.size).toBe(ANSWERS.length)
})

test('security.txt names the contacts and a day within the year', async () => {
  const { text, headers } = await ask('/.well-known/security.txt')
  expect(headers['content-type']).toBe('text/plain; charset=UTF-8')
  for (const contact of CONTACTS) expect(text).toContain(`Contact: ${contact}\n`)
  expect(text).toContain('Canonical: https://id.test/.well-known/security.txt\n')
  const [, expires = ''] = /^Expires: (.+)$/m.exec(text) ?? []
  const days = (Date.parse(expires) - Date.now()) / 86_400_000
  expect(days).toBeGreaterThan(170)
  expect(days).toBeLessThan(181)
})

test('security.txt does not exist where no contact is configured', async () => {
  const silent = await startPortal()
  try {
    expect((await fetch(`${silent.url}/.well-known/security.txt`)).status).toBe(404)
  } finally {
    await silent.close()
  }
})

test('change-password leads to where a password is set, whether one is signed in or not', async () => {
  const { headers } = await ask('/.well-known/change-password')
  expect(headers.location).toBe('/reset')
  // By the same specification: a server that answers 200 to everything cannot be trusted about it.
  const unlikely = '/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200'
  expect((await ask(unlikely)).status).toBe(404)

  const local = await startPortal()
  try {
    const { email } = await addResident(local.parts)
    const browser = createUserAgent()
    const signIn = await browser.open(`${local.issuer}/`)
    await browser.submit(signIn, 'login', { email, password: PASSWORD })
    const answer = await browser.request(`${local.issuer}/.well-known/change-password`)
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/account#password'])
    const account = await browser.open(`${local.issuer}/.well-known/change-password`)
    expect(account.text).toContain('id="password"')
  } finally {
    await local.close()
  }
})

test('the icon is one that browsers read', async () => {
  const icon = Buffer.from(await (await fetch(`${portal.url}/favicon.ico`)).arrayBuffer())
  expect(icon.subarray(0, 6)).toEqual(Buffer.from([0, 0, 1, 0, 1, 0]))
  expect(icon.subarray(22, 30).toString('latin1')).toBe('\x89PNG\r\n\x1a\n')
})
