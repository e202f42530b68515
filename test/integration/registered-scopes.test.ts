import { authorizationCodeGrant, fetchUserInfo } from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { updateClient } from '../../src/clients/clients.ts'
import { createUserAgent, type Page, type UserAgent } from '../../src/local/sandbox/user-agent.ts'
import { createApplication } from '../support/application.ts'
import {
  addClient,
  addResident,
  PASSWORD,
  REDIRECT_URI,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'

let portal: TestPortal
beforeAll(async () => {
  portal = await startPortal()
})
afterAll(() => portal.close())

const EMAIL_CLAIMS = JSON.stringify({
  userinfo: { email: { essential: true }, email_verified: null },
  id_token: { email: null },
})
const isAsked = (page: Page) => page.text.includes('name="allow"')

async function begin(scope: string) {
  const resident = await addResident(portal.parts)
  const client = await addClient(portal.parts, { scope })
  const application = await createApplication(portal.issuer, client)
  const browser = createUserAgent()
  async function arrive(
    asked: string,
    extra: Record<string, string> = {},
    by: UserAgent = browser,
  ) {
    const { url, checks } = await application.authorizationRequest(asked, extra)
    let page = await by.open(url, REDIRECT_URI)
    if (page.text.includes('name="login"'))
      page = await by.submit(
        page,
        'login',
        { email: resident.email, password: PASSWORD },
        { leaveAt: REDIRECT_URI },
      )
    return { page, checks }
  }
  /** What the application learns: the granted scope, the ID token's claims, and userinfo's. */
  async function redeem(page: Page, checks: Awaited<ReturnType<typeof arrive>>['checks']) {
    const tokens = await authorizationCodeGrant(
      application.configuration,
      new URL(page.url),
      checks,
    )
    const userinfo = await fetchUserInfo(
      application.configuration,
      tokens.access_token,
      resident.id,
    )
    return { scope: tokens.scope, idToken: tokens.claims() ?? {}, userinfo }
  }
  const findConsent = async () => {
    const [row] = await portal.db<{ scopes: string[]; declined: string[] }[]>`
      select scopes, declined from consent where account_id = ${resident.id}`
    return row
  }
  return { resident, client, browser, arrive, redeem, findConsent }
}

describe('a client that is not registered for a scope', () => {
  test('gets none of its claims by naming them, whatever the form says, and is not asked about it again', async () => {
    const { browser, arrive, redeem, findConsent } = await begin('openid profile')
    const { page, checks } = await arrive('openid profile', { claims: EMAIL_CLAIMS })
    expect(isAsked(page)).toBe(true)
    expect(page.text).toContain('Your name')
    expect(page.text).not.toContain('Your e-mail address')

    const choice = { scope: ['profile', 'email'] }
    const back = await browser.submit(page, 'allow', choice, { leaveAt: REDIRECT_URI })
    expect(back.url).toContain(`${REDIRECT_URI}?code=`)
    expect(await findConsent()).toEqual({ scopes: ['openid', 'profile'], declined: [] })
    const learned = await redeem(back, checks)
    expect(learned.scope).toBe('openid profile')
    expect(learned.userinfo).toMatchObject({ given_name: 'Ana' })
    for (const claims of [learned.idToken, learned.userinfo]) {
      expect(claims).not.toHaveProperty('email')
      expect(claims).not.toHaveProperty('email_verified')
    }

    const again = await arrive('openid profile', { claims: EMAIL_CLAIMS })
    expect(again.page.url).toContain(`${REDIRECT_URI}?code=`)
    expect((await redeem(again.page, again.checks)).userinfo).not.toHaveProperty('email')
  })

  test('and one that is gets them, after they were shown', async () => {
    const { browser, arrive, redeem, findConsent } = await begin('openid profile email')
    const { page, checks } = await arrive('openid profile', { claims: EMAIL_CLAIMS })
    expect(page.text).toContain('Your e-mail address')
    const back = await browser.submit(page, 'allow', {}, { leaveAt: REDIRECT_URI })
    expect((await findConsent())?.scopes).toEqual(['openid', 'profile', 'email'])
    const { userinfo } = await redeem(back, checks)
    expect(userinfo).toMatchObject({ email: expect.stringContaining('@example.test') })
  })

  test('does not get it when the registration is narrowed while the page is open', async () => {
    const { client, browser, arrive, redeem, findConsent } = await begin('openid profile email')
    const { page, checks } = await arrive('openid profile email')
    expect(page.text).toContain('Your e-mail address')
    await updateClient(portal.db, client.client_id, { scope: 'openid profile' })
    const choice = { scope: ['profile', 'email'] }
    const back = await browser.submit(page, 'allow', choice, { leaveAt: REDIRECT_URI })
    expect((await findConsent())?.scopes).toEqual(['openid', 'profile'])
    if (new URL(back.url).searchParams.has('code')) {
      const learned = await redeem(back, checks)
      expect(learned.scope).toBe('openid profile')
      expect(learned.userinfo).not.toHaveProperty('email')
    }
  })

  test('does not get it any more when the registration is narrowed after the consent', async () => {
    const { client, browser, arrive, redeem } = await begin('openid profile email')
    const { page, checks } = await arrive('openid profile email')
    const back = await browser.submit(page, 'allow', {}, { leaveAt: REDIRECT_URI })
    expect((await redeem(back, checks)).userinfo).toHaveProperty('email')
    await updateClient(portal.db, client.client_id, { scope: 'openid profile' })
    const later = await arrive('openid profile', { claims: EMAIL_CLAIMS })
    expect(isAsked(later.page)).toBe(false)
    const learned = await redeem(later.page, later.checks)
    for (const claims of [learned.idToken, learned.userinfo])
      expect(claims).not.toHaveProperty('email')
  })
})
