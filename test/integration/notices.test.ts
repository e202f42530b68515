import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createUserAgent } from '../../src/local/sandbox/user-agent.ts'
import { createApplication } from '../support/application.ts'
import {
  ALL_SCOPES,
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

const at = (path: string) => `${portal.issuer}${path}`

async function signedIn() {
  const resident = await addResident(portal.parts)
  const browser = createUserAgent()
  const page = await browser.open(at('/'))
  await browser.submit(page, 'login', { email: resident.email, password: PASSWORD })
  return { resident, browser }
}

async function withConsent() {
  const { resident, browser } = await signedIn()
  const client = await addClient(portal.parts)
  const application = await createApplication(portal.issuer, client)
  await application.obtainTokens(ALL_SCOPES, resident.email, browser)
  return { resident, browser, client }
}

const hasNotice = (text: string) => text.includes('class="notice good"')

describe('no address makes a notice appear', () => {
  test.each([
    '/account?done=passkey-added',
    '/account?done=sessions-ended',
    '/account?done=constructor',
    '/account?done=__proto__',
  ])('%s', async (path) => {
    const { browser } = await signedIn()
    const page = await browser.open(at(path))
    expect([page.status, hasNotice(page.text), page.text.includes('native code')]).toEqual([
      200,
      false,
      false,
    ])
  })

  test('/?ended and /applications/…?saved, of an application that can still see the documents', async () => {
    const { browser, client } = await withConsent()
    for (const path of [`/?ended=${client.client_id}`, `/applications/${client.client_id}?saved`]) {
      const page = await browser.open(at(path))
      expect([page.status, hasNotice(page.text)]).toEqual([200, false])
    }
  })

  test.each(['/reset/sent', '/reset/done', '/verify-email/sent', '/verify-email/done'])(
    '%s leads elsewhere when nothing was done',
    async (path) => {
      const page = await createUserAgent().open(at(path))
      expect(page.url).not.toBe(at(path))
      expect(page.status).toBe(200)
    },
  )
})

describe('a notice', () => {
  test('is shown once, by the page after the action', async () => {
    const { browser, client } = await withConsent()
    const application = await browser.open(at(`/applications/${client.client_id}`))
    const saved = await browser.submit(application, 'save')
    expect(saved.url).toBe(at(`/applications/${client.client_id}`))
    expect(saved.text).toContain('Saved.')
    expect((await browser.open(saved.url)).text).not.toContain('Saved.')

    const home = await browser.submit(saved, 'revoke')
    expect([home.url, home.text.includes('can no longer see your documents')]).toEqual([
      at('/'),
      true,
    ])
    expect(hasNotice((await browser.open(at('/'))).text)).toBe(false)
  })

  test('says nothing of what did not happen: a session that is not there', async () => {
    const { browser } = await signedIn()
    const page = await browser.open(at('/account'))
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
    const answer = await browser.request(at('/account/sessions/nobody/end'), {
      method: 'POST',
      body: new URLSearchParams({ csrf }),
      headers: { Origin: portal.issuer },
    })
    expect(answer.headers.get('location')).toBe('/account')
    expect(hasNotice((await browser.open(at('/account'))).text)).toBe(false)
  })

  test('is taken from the browser that acted alone, as it was signed', async () => {
    const { browser, client } = await withConsent()
    const application = await browser.open(at(`/applications/${client.client_id}`))
    const form = /name="csrf" value="([^"]+)"/.exec(application.text)?.[1] ?? ''
    const answer = await browser.request(at(`/applications/${client.client_id}/revoke`), {
      method: 'POST',
      body: new URLSearchParams({ csrf: form }),
      headers: { Origin: portal.issuer },
    })
    const [cookie = ''] = answer.headers.getSetCookie().filter((line) => /^notice=/.test(line))
    expect(cookie).toMatch(/httponly/i)
    const left = [...browser.jar].filter(([key]) => / notice(\.sig)?$/.test(key))
    expect(left).toHaveLength(2)

    const { browser: other } = await signedIn()
    for (const [key, value] of left) other.jar.set(key, value)
    expect(hasNotice((await other.open(at('/'))).text)).toBe(false)

    const [[key = '', value] = []] = left.filter(([name]) => name.endsWith(' notice'))
    const changed = JSON.parse(Buffer.from(value?.value ?? '', 'base64url').toString())
    changed.notice = { name: 'passkey-added' }
    const forged = Buffer.from(JSON.stringify(changed)).toString('base64url')
    browser.jar.set(key, { value: forged, path: '/' })
    expect(hasNotice((await browser.open(at('/account'))).text)).toBe(false)
  })
})
