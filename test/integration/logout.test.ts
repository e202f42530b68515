import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import * as openid from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { createApplication } from '../support/application.ts'
import {
  addClient,
  addResident,
  PASSWORD,
  REDIRECT_URI,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'

const AFTER = 'http://localhost:9/signed-out'
const SCOPE = 'openid offline_access eprospera:person.id_verification.read'

let portal: TestPortal
let receiver: Server
const notices: { path: string; token: string }[] = []
const answers = new Map<string, number[]>()
let origin = ''
beforeAll(async () => {
  portal = await startPortal({ worker: true, outboundAllow: ['127.0.0.1/32'] })
  receiver = createServer((req, res) => {
    let body = ''
    req.on('data', (chunk) => {
      body += chunk
    })
    req.on('end', () => {
      expect(req.headers['content-type']).toBe('application/x-www-form-urlencoded')
      const path = req.url ?? ''
      notices.push({ path, token: new URLSearchParams(body).get('logout_token') ?? '' })
      res.writeHead(answers.get(path)?.shift() ?? 200).end()
    })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`
})
afterAll(async () => {
  receiver.close()
  await portal.close()
})

async function arrange() {
  const resident = await addResident(portal.parts)
  const path = `/${randomUUID()}`
  const client = await addClient(portal.parts, {
    backchannelLogoutUri: `${origin}${path}`,
    postLogoutRedirectUris: [AFTER],
    scope: SCOPE,
  })
  const application = await createApplication(portal.issuer, client)
  const browser = createUserAgent()
  const tokens = await application.obtainTokens(SCOPE, resident.email, browser)
  const url = openid.buildEndSessionUrl(application.configuration, {
    post_logout_redirect_uri: AFTER,
    id_token_hint: tokens.id_token ?? '',
    state: 'after',
  })
  /** The logout tokens that this application was sent. */
  const received = () => notices.filter((notice) => notice.path === path).map(({ token }) => token)
  return { resident, client, application, browser, tokens, url: url.href, path, received }
}

const apiStatus = async (token: string) =>
  (
    await fetch(`${portal.url}/api/v1/me/natural-person/id-verification`, {
      headers: { Authorization: `Bearer ${token}` },
    })
  ).status

describe('RP-initiated logout', () => {
  test('asks, ends the session and goes back to the application with its state', async () => {
    const { browser, url, application, tokens } = await arrange()
    const page = await browser.open(url)
    expect(page.text).toContain('name="logout"')
    const after = await browser.submit(page, 'logout', { logout: 'yes' }, { leaveAt: AFTER })
    expect(after.url).toBe(`${AFTER}?state=after`)
    const silent = await application.authorizationRequest('openid', { prompt: 'none' })
    const { url: refused } = await browser.open(silent.url, REDIRECT_URI)
    expect(new URL(refused).searchParams.get('error')).toBe('login_required')
    // Without offline access nothing would be left; with it the application was allowed to go on.
    expect(await apiStatus(tokens.access_token)).toBe(200)
  })

  test('goes to no address that is not registered, and shows a page of ours without one', async () => {
    const { browser, client } = await arrange()
    const send = (parameters: Record<string, string>) =>
      browser.open(`${portal.issuer}/api/oauth/end_session?${new URLSearchParams(parameters)}`)
    for (const uri of [`${AFTER}/`, `${AFTER}?x=1`, 'https://evil.test/', REDIRECT_URI])
      expect(
        (await send({ client_id: client.client_id, post_logout_redirect_uri: uri })).status,
      ).toBe(400)
    const page = await send({ post_logout_redirect_uri: 'https://evil.test/' })
    const after = await browser.submit(page, 'logout', { logout: 'yes' })
    expect(after.text).toContain('You are signed out')
  })

  test('of another’s making ends nothing: the form is bound to this browser', async () => {
    const { browser, url, application } = await arrange()
    await browser.open(url)
    const forged = await browser.request(`${portal.issuer}/api/oauth/end_session/confirm`, {
      method: 'POST',
      body: new URLSearchParams({ logout: 'yes', xsrf: 'invented' }),
    })
    expect(forged.status).toBe(400)
    const silent = await application.authorizationRequest('openid', { prompt: 'none' })
    const { url: back } = await browser.open(silent.url, REDIRECT_URI)
    expect(new URL(back).searchParams.get('code')).toBeTruthy()
  })

  test('leaves the next person in the same browser nothing of the first', async () => {
    const { browser, url, application, resident } = await arrange()
    const page = await browser.open(url)
    await browser.submit(page, 'logout', { logout: 'yes' }, { leaveAt: AFTER })
    const second = await addResident(portal.parts)
    const tokens = await application.obtainTokens(SCOPE, second.email, browser)
    expect(tokens.claims()?.sub).toBe(second.id)
    expect(tokens.claims()?.sub).not.toBe(resident.id)
  })
})

describe('back-channel logout', () => {
  async function check(token: string, given: Awaited<ReturnType<typeof arrange>>) {
    const keys = createRemoteJWKSet(new URL(`${portal.issuer}/api/oauth/.well-known/jwks.json`))
    const { payload } = await jwtVerify(token, keys, {
      issuer: portal.issuer,
      audience: given.client.client_id,
      typ: 'logout+jwt',
      maxTokenAge: 60,
    })
    expect(payload).toMatchObject({
      sub: given.resident.id,
      sid: given.tokens.claims()?.sid,
      jti: expect.any(String),
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    })
    expect(payload).not.toHaveProperty('nonce')
  }

  test('tells the application when the person signs out at another, and again until it is heard', async () => {
    const given = await arrange()
    answers.set(given.path, [503, 500])
    const page = await given.browser.open(given.url)
    await given.browser.submit(page, 'logout', { logout: 'yes' }, { leaveAt: AFTER })
    await eventually(async () => (given.received().length >= 3 ? true : undefined))
    for (const token of given.received()) await check(token, given)
    const ids = given.received().map((token) => JSON.parse(atob(token.split('.')[1] ?? '')).jti)
    expect(new Set(ids).size).toBe(3)
  })

  test('tells it when the person signs out of the portal itself', async () => {
    const given = await arrange()
    const home = await given.browser.open(`${portal.issuer}/`)
    await given.browser.submit(home, 'sign-out')
    await eventually(async () => (given.received().length > 0 ? true : undefined))
    await check(given.received()[0] ?? '', given)
  })

  test('does not ask twice an application that refuses the notice', async () => {
    const given = await arrange()
    answers.set(given.path, [400])
    const home = await given.browser.open(`${portal.issuer}/`)
    await given.browser.submit(home, 'sign-out')
    await eventually(async () =>
      portal.logged().includes('logout notice rejected') ? true : undefined,
    )
    expect(given.received()).toHaveLength(1)
  })

  test('a session that a new sign-in replaces ends for its applications too', async () => {
    const given = await arrange()
    // The same browser, another person: the portal’s own page after the cookie was kept.
    const { url } = await given.application.authorizationRequest(SCOPE, { prompt: 'login' })
    const page = await given.browser.open(url, REDIRECT_URI)
    const second = await addResident(portal.parts)
    const leaving = await given.browser.submit(page, 'login', {
      email: second.email,
      password: PASSWORD,
    })
    // Without scripts the person presses the button of the page in between.
    await given.browser.submitFirst(leaving, {})
    await eventually(async () => (given.received().length > 0 ? true : undefined))
    await check(given.received()[0] ?? '', given)
  })
})
