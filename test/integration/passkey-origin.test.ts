import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createUserAgent, type UserAgent } from '../../src/local/sandbox/user-agent.ts'
import { type Ceremony, createAuthenticator } from '../support/passkey.ts'
import { addResident, PASSWORD, startPortal, type TestPortal } from '../support/portal.ts'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal()
})
afterAll(() => portal.close())

const at = (path: string) => `${portal.issuer}${path}`
const csrfOf = (text: string) => /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? ''

async function post(browser: UserAgent, path: string, fields: Record<string, string>) {
  return await browser.request(at(path), {
    method: 'POST',
    headers: { Origin: portal.issuer },
    body: new URLSearchParams(fields),
  })
}

async function askFor(browser: UserAgent, path: string, page: string) {
  const csrf = csrfOf((await browser.open(at(page))).text)
  const response = await post(browser, path, { csrf })
  expect(response.status).toBe(200)
  return { csrf, ...((await response.json()) as { challenge: string }) }
}

/** What the browser of an honest visitor says; `change` is what a relaying site or another device makes of it. */
const ceremony = (challenge: string, change: Partial<Ceremony> = {}): Ceremony => ({
  challenge,
  origin: portal.issuer,
  rpId: new URL(portal.issuer).hostname,
  ...change,
})

const WRONG: [string, () => Partial<Ceremony>][] = [
  ['another site', () => ({ origin: 'https://portal.example.test' })],
  ['another port of the same host', () => ({ origin: 'http://localhost:1' })],
  ['the same host by another scheme', () => ({ origin: at('').replace('http:', 'https:') })],
  ['a host whose name begins the same', () => ({ origin: `${portal.issuer}.example.test` })],
  ['no site', () => ({ origin: '' })],
  ['a key of another relying party', () => ({ rpId: 'example.test' })],
  ['a key of a domain below', () => ({ rpId: `login.${new URL(portal.issuer).hostname}` })],
  ['the other ceremony', () => ({ type: 'payment.get' })],
  ['nobody touching the key', () => ({ isUserPresent: false })],
  ['a key that verified nobody', () => ({ isUserVerified: false })],
  ['another challenge', () => ({ challenge: Buffer.alloc(32).toString('base64url') })],
]

describe('a passkey’s answer signs in', () => {
  async function addPasskeyHolder() {
    const resident = await addResident(portal.parts)
    const authenticator = createAuthenticator()
    await portal.db`
      insert into passkey (id, account_id, public_key, counter, transports, synced, name)
      values (${authenticator.id}, ${resident.id}, ${authenticator.cosePublicKey}, 0, '{}', false, 'Phone')`
    return { resident, authenticator }
  }
  async function signIn(
    authenticator: ReturnType<typeof createAuthenticator>,
    change: Partial<Ceremony> = {},
  ) {
    const browser = createUserAgent()
    const { csrf, challenge } = await askFor(browser, '/passkeys/options', '/')
    const passkey = authenticator.get(ceremony(challenge, change))
    const response = await post(browser, '/sign-in', { csrf, passkey })
    return { status: response.status, home: (await browser.open(at('/'))).text }
  }

  test('when it was given to this portal', async () => {
    const { authenticator } = await addPasskeyHolder()
    const { status, home } = await signIn(authenticator)
    expect(status).toBe(303)
    expect(home).toContain('name="sign-out"')
  })

  test.each(WRONG)('and not when it comes from %s', async (_what, change) => {
    const { authenticator } = await addPasskeyHolder()
    const { status, home } = await signIn(authenticator, change())
    expect(status).toBe(401)
    expect(home).not.toContain('name="sign-out"')
    // The key itself is good.
    expect((await signIn(authenticator)).status).toBe(303)
  })
})

describe('a new passkey is added', () => {
  async function add(change: Partial<Ceremony> = {}) {
    const resident = await addResident(portal.parts)
    const browser = createUserAgent()
    await browser.submit(await browser.open(at('/')), 'login', {
      email: resident.email,
      password: PASSWORD,
    })
    const { csrf, challenge } = await askFor(browser, '/account/passkeys/options', '/account')
    const made = createAuthenticator().create(ceremony(challenge, change))
    const response = await post(browser, '/account/passkeys', {
      csrf,
      name: 'Phone',
      'new-passkey': made,
    })
    const kept = await portal.db`select from passkey where account_id = ${resident.id}`
    return { status: response.status, kept: kept.length }
  }

  test('when it was made for this portal', async () => {
    expect(await add()).toEqual({ status: 200, kept: 1 })
  })

  test.each(WRONG)('and not when it comes from %s', async (_what, change) => {
    expect(await add(change())).toEqual({ status: 400, kept: 0 })
  })
})
