import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { calculatePKCECodeChallenge, randomPKCECodeVerifier } from 'openid-client'
import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findChromium, launchChromium } from '../support/chromium.ts'
import {
  addClient,
  addResident,
  PASSWORD,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'

const executable = findChromium()

// To a browser 127.0.0.1 is another site than localhost, which is where the portal is.
describe.skipIf(!executable)('a form that another site posts in a browser', () => {
  let browser: Browser
  let portal: TestPortal
  let context: BrowserContext
  let site: string
  let page = ''
  const server = createServer((req, res) => {
    res.setHeader('Content-Type', 'text/html')
    res.end(req.url === '/form' ? page : '<title>back</title>')
  })
  beforeAll(async () => {
    portal = await startPortal()
    browser = await launchChromium(executable ?? '')
    context = await browser.newContext()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(async () => {
    await browser?.close()
    await portal?.close()
    server.close()
  })

  const formTo = (action: string, fields: Record<string, string>) =>
    `<form method="post" action="${action}">${Object.entries(fields)
      .map(([name, value]) => `<input name="${name}" value="${value}">`)
      .join('')}<button>Go</button></form>`

  test('finds the session of the resident at the authorization endpoint and at the end of it', async () => {
    const resident = await addResident(portal.parts)
    const redirectUri = `${site}/callback`
    const client = await addClient(portal.parts, {
      redirectUris: [redirectUri],
      postLogoutRedirectUris: [`${site}/signed-out`],
    })
    const request = {
      client_id: client.client_id,
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: 'openid email',
      code_challenge: await calculatePKCECodeChallenge(randomPKCECodeVerifier()),
      code_challenge_method: 'S256',
    }
    const authorize = `${portal.issuer}/api/oauth/authorize`
    const tab = await context.newPage()
    page = formTo(authorize, request)
    await tab.goto(`${site}/form`)
    await tab.click('button')
    await tab.fill('#email', resident.email)
    await tab.fill('#password', PASSWORD)
    await tab.click('button[name=login]')
    await tab.click('button[name=allow]')
    await tab.waitForURL(`${redirectUri}?**`)
    expect(new URL(tab.url()).searchParams.get('code')).toBeTruthy()
    const cookies = await context.cookies(portal.issuer)
    expect(cookies.map(({ sameSite }) => sameSite)).toEqual(cookies.map(() => 'Lax'))
    expect(cookies.map(({ name }) => name)).toContain('session')

    // Nobody is asked: it succeeds only when the session's cookie came along.
    page = formTo(authorize, { ...request, prompt: 'none' })
    await tab.goto(`${site}/form`)
    await tab.click('button')
    await tab.waitForURL(`${redirectUri}?**`)
    expect(new URL(tab.url()).searchParams.get('error')).toBeNull()
    expect(new URL(tab.url()).searchParams.get('code')).toBeTruthy()

    page = formTo(`${portal.issuer}/api/oauth/end_session`, {
      client_id: client.client_id,
      post_logout_redirect_uri: `${site}/signed-out`,
      state: 'after',
    })
    await tab.goto(`${site}/form`)
    await tab.click('button')
    await tab.click('button[name=logout]')
    await tab.waitForURL(`${site}/signed-out?state=after`)
  })
})
