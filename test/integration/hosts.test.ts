import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sendRaw } from '../support/http.ts'
import { startPortal, type TestPortal } from '../support/portal.ts'

const PAGES = ['/', '/outbox', '/reset', '/device', '/.well-known/openid-configuration']
const API = '/api/v1/me/natural-person/id-verification'

const ask = (portal: TestPortal, path: string, host: string, more: Record<string, string> = {}) =>
  sendRaw(new URL(path, portal.url), { headers: { Host: host, ...more } })

describe('a portal on this machine', () => {
  let portal: TestPortal
  beforeAll(async () => {
    portal = await startPortal({ allowedHosts: [] })
  })
  afterAll(() => portal.close())

  test('answers 421 to a page that a foreign name was pointed at it for', async () => {
    const { port } = new URL(portal.issuer)
    for (const path of [...PAGES, API, '/webhooks/veriff', '/nothing'])
      for (const host of [
        `evil.test:${port}`,
        'evil.test',
        `localhost.evil.test:${port}`,
        `127.0.0.1.evil.test:${port}`,
        `localhost:${port}@evil.test`,
        `localhost:${port}/x`,
        `localhost.:${port}`,
        'a b',
      ])
        expect([path, host, (await ask(portal, path, host)).status]).toEqual([path, host, 421])
  })

  test('answers for every name that only this machine has', async () => {
    const { host, port } = new URL(portal.issuer)
    for (const name of [
      host,
      host.toUpperCase(),
      'localhost',
      `127.0.0.1:${port}`,
      `[::1]:${port}`,
    ])
      expect([name, (await ask(portal, '/reset', name)).status]).toEqual([name, 200])
  })

  test('never takes a host from X-Forwarded-Host', async () => {
    const { host } = new URL(portal.issuer)
    const foreign = { 'X-Forwarded-Host': 'evil.test', Forwarded: 'host=evil.test' }
    const own = await ask(portal, '/.well-known/openid-configuration', host, foreign)
    expect(own.status).toBe(200)
    expect(own.text).not.toContain('evil')
    const other = { 'X-Forwarded-Host': host }
    expect((await ask(portal, '/outbox', 'evil.test', other)).status).toBe(421)
  })

  test('answers 400 to two Host headers, and to none', async () => {
    const { host } = new URL(portal.issuer)
    const send = (path: string, headers: string[]) =>
      sendRaw(new URL(path, portal.url), { headers })
    for (const path of ['/reset', '/health', API]) {
      expect((await send(path, ['Host', host, 'host', host])).status).toBe(400)
      expect((await send(path, ['Host', host, 'HOST', 'evil.test'])).status).toBe(400)
    }
    expect((await send('/reset', ['Host', ''])).status).toBe(421)
    const refused = await send('/reset', ['Host', host, 'Host', 'evil.test'])
    expect(JSON.parse(refused.text)).toEqual({
      error: 'invalid_request',
      error_description: 'A request has exactly one Host header.',
    })
  })

  test('goes by the target where that names a host (RFC 9112 §3.2.2)', async () => {
    const { host } = new URL(portal.issuer)
    const send = (target: string, given: string) =>
      sendRaw(portal.url, { target, headers: { Host: given } })
    expect((await send(`http://${host}/reset`, 'evil.test')).status).toBe(200)
    expect(
      (await send(`http://${host}/.well-known/openid-configuration?x=1`, 'evil.test')).status,
    ).toBe(200)
    expect((await send('http://evil.test/outbox', host)).status).toBe(421)
    expect((await send('ftp://evil.test/', host)).status).toBe(400)
  })

  test('the refusal says what to do, to people and to programs', async () => {
    const program = await ask(portal, '/outbox', 'evil.test')
    expect(JSON.parse(program.text)).toMatchObject({ error: 'misdirected_request' })
    expect(program.text).toContain('ALLOWED_HOSTS')
    const person = await ask(portal, '/outbox', 'evil.test', { Accept: 'text/html' })
    expect(person.headers['content-type']).toContain('text/html')
    expect(person.text).toContain('does not answer for this host')
    expect(person.text).not.toContain('evil.test')
  })
})

describe('a public portal', () => {
  let portal: TestPortal
  beforeAll(async () => {
    portal = await startPortal({
      issuer: 'https://id.test',
      allowedHosts: ['portal.internal', 'other.test:8080'],
    })
  })
  afterAll(() => portal.close())

  test('answers for the host of its issuer and for those that are named', async () => {
    const answers: [string, number][] = [
      ['id.test', 200],
      ['ID.test', 200],
      ['id.test:443', 200],
      ['portal.internal', 200],
      ['portal.internal:3000', 200],
      ['other.test:8080', 200],
      ['other.test', 421],
      ['id.test:8443', 421],
      ['localhost', 421],
      [new URL(portal.url).host, 421],
      ['evil.test', 421],
    ]
    for (const [host, status] of answers)
      expect([host, (await ask(portal, '/reset', host)).status]).toEqual([host, status])
  })

  test('answers health probes by address, and nothing else', async () => {
    expect((await ask(portal, '/health', '10.0.0.7:3000')).status).toBe(200)
    expect((await ask(portal, '/health/ready?x=1', '10.0.0.7')).status).toBe(200)
    expect((await ask(portal, '/health/other', '10.0.0.7')).status).toBe(421)
    expect((await ask(portal, '/openapi.json', '10.0.0.7')).status).toBe(421)
  })
})
