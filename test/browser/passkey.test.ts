import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { setAccountStatus } from '../../src/accounts/accounts.ts'
import { ACR } from '../../src/oauth/logins.ts'
import {
  agreeToEverything,
  type EmptyApplication,
  findChromium,
  launchChromium,
  startEmptyApplication,
} from '../support/chromium.ts'
import { receiveMail } from '../support/mailbox.ts'
import { createAuthenticator } from '../support/passkey.ts'
import {
  ALL_SCOPES,
  addResident,
  PASSWORD,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'

const executable = findChromium()

describe.skipIf(!executable)('passkeys in a browser', () => {
  let browser: Browser
  let portal: TestPortal
  let anywhere: EmptyApplication
  let context: BrowserContext
  let page: Page
  let authenticator: { client: CDPSession; id: string }
  beforeAll(async () => {
    portal = await startPortal({ worker: true })
    browser = await launchChromium(executable ?? '')
    anywhere = await startEmptyApplication()
  })
  beforeEach(async () => {
    await context?.close()
    context = await browser.newContext({ viewport: { width: 360, height: 740 } })
    page = await context.newPage()
    authenticator = await addAuthenticator(page)
  })
  afterAll(async () => {
    await browser?.close()
    await portal?.close()
    anywhere?.close()
  })

  async function addAuthenticator(of: Page) {
    const client = await of.context().newCDPSession(of)
    await client.send('WebAuthn.enable')
    const { authenticatorId } = await client.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    })
    return { client, id: authenticatorId }
  }

  const at = (path: string) => `${portal.issuer}${path}`
  const passkeyButton = () => page.locator('button[data-passkey]')
  const main = () => page.locator('main').textContent()

  async function signInByPassword(email: string) {
    await page.goto(at('/'))
    await page.getByLabel('E-mail').fill(email)
    await page.getByLabel('Password').fill(PASSWORD)
    await page.locator('button[name=login]').click()
    await page.locator('button[name=sign-out]').waitFor()
  }
  async function signOut() {
    await page.goto(at('/'))
    await page.locator('button[name=sign-out]').click()
    await page.locator('button[name=login]').waitFor()
  }
  /** A resident with a passkey, as after the first test; the sign-in page is open. */
  async function withPasskey() {
    const resident = await addResident(portal.parts)
    const { id, cosePublicKey, privateKey } = createAuthenticator()
    await portal.db`
      insert into passkey (id, account_id, public_key, counter, transports, synced, name)
      values (${id}, ${resident.id}, ${cosePublicKey}, 1, '{}', false, 'Kitchen laptop')`
    await authenticator.client.send('WebAuthn.addCredential', {
      authenticatorId: authenticator.id,
      credential: {
        credentialId: Buffer.from(id, 'base64url').toString('base64'),
        isResidentCredential: true,
        rpId: 'localhost',
        privateKey: privateKey.toString('base64'),
        userHandle: Buffer.from(resident.id.replaceAll('-', ''), 'hex').toString('base64'),
        signCount: 1,
      },
    })
    await page.goto(at('/'))
    return resident
  }
  /** Clicks it, and waits for the page that its form brings. */
  const usePasskey = async () => {
    await page.waitForLoadState('domcontentloaded')
    const brought = page.waitForEvent('domcontentloaded')
    await passkeyButton().click()
    await brought
  }
  const isSignedIn = async () => (await page.locator('button[name=sign-out]').count()) === 1
  /** The form that a click would send, kept from being sent. */
  async function captureAnswer(): Promise<string> {
    await page.evaluate(() => {
      const { HTMLFormElement } = globalThis as never as { HTMLFormElement: { prototype: object } }
      Object.assign(HTMLFormElement.prototype, { submit() {} })
    })
    const field = page.locator('input[name=passkey]')
    await field.evaluate((input) => Object.assign(input, { value: '' }))
    await passkeyButton().click()
    return await eventually(async () => (await field.inputValue()) || undefined)
  }

  test('a passkey is added, named, used to sign in, renamed and removed', async () => {
    const resident = await addResident(portal.parts)
    await signInByPassword(resident.email)
    await page.goto(at('/account'))
    await page.getByLabel('Name of a new passkey').fill('Kitchen laptop')
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.getByRole('status').waitFor()
    expect(await main()).toContain('Kitchen laptop')
    await receiveMail(portal, resident.email, 'A passkey was added')
    expect((await page.locator('main').boundingBox())?.width).toBeLessThanOrEqual(360)
    await signOut()

    await usePasskey()
    expect(await main()).toContain('Good to see you')
    const [session] = await portal.db<{ amr: string[]; acr: string }[]>`
      select payload->'amr' as amr, payload->>'acr' as acr from oidc_artifact
      where kind = 'Session' and account_id = ${resident.id}`
    expect(session).toEqual({ amr: ['hwk', 'user', 'mfa'], acr: ACR.passkey })

    await page.goto(at('/account'))
    await page.getByLabel('Name', { exact: true }).fill('Study laptop')
    await page.getByRole('button', { name: 'Rename Kitchen laptop' }).click()
    expect(await main()).toContain('Study laptop')
    await page.getByRole('button', { name: 'Remove Study laptop' }).click()
    await page.getByText('The passkey was removed').waitFor()
    await signOut()
    await usePasskey()
    expect(await isSignedIn()).toBe(false)
    expect(await main()).toContain('belongs to no account here')
  })

  test('an application’s request is answered by a passkey, with how it was', async () => {
    await withPasskey()
    await page.goto(await anywhere.authorizationUrl(portal, 'openid'))
    expect(await main()).toContain('would like to know who you are')
    await usePasskey()
    expect(await page.locator('button[name=allow]').count()).toBe(1)
    await page.locator('button[name=allow]').click()
    await page.waitForURL(`${anywhere.redirectUri}**`)
    expect(page.url()).toContain('code=')
  })

  test('a resident who signed in a while ago confirms by passkey, and what was begun goes on', async () => {
    const resident = await withPasskey()
    await usePasskey()
    await portal.db`
      update oidc_artifact set payload = payload ||
        jsonb_build_object('loginTs', extract(epoch from now())::bigint - 1000)
      where kind = 'Session' and account_id = ${resident.id}`
    await page.goto(at('/account'))
    expect(await page.locator('button[data-passkey=create]').count()).toBe(0)
    await page.getByRole('button', { name: 'Remove Kitchen laptop' }).click()
    expect(await main()).toContain('Confirm that it is you')
    await usePasskey()
    expect(await main()).toContain('The passkey was removed')
    expect(await page.locator('button[data-passkey=create]').count()).toBe(1)
  })

  test('a resident who signed in a while ago allows an application by passkey, and comes back to it', async () => {
    const resident = await withPasskey()
    await usePasskey()
    await portal.db`
      update oidc_artifact set payload = payload ||
        jsonb_build_object('loginTs', extract(epoch from now())::bigint - 1000)
      where kind = 'Session' and account_id = ${resident.id}`
    await page.goto(await anywhere.authorizationUrl(portal, ALL_SCOPES))
    await agreeToEverything(page)
    await page.locator('button[name=allow]').click()
    expect(await main()).toContain('Confirm that it is you')
    await usePasskey()
    await page.waitForURL(`${anywhere.redirectUri}**`)
    expect(page.url()).toContain('code=')
  })

  test('another resident’s passkey confirms nothing', async () => {
    await withPasskey()
    const resident = await addResident(portal.parts)
    await signInByPassword(resident.email)
    await portal.db`
      update oidc_artifact set payload = payload ||
        jsonb_build_object('loginTs', extract(epoch from now())::bigint - 1000)
      where kind = 'Session' and account_id = ${resident.id}`
    await page.goto(at('/account'))
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await usePasskey()
    expect(await main()).toContain('That belongs to another account')
  })

  test('an answer is good once, for five minutes, in the browser that was asked, and not when altered', async () => {
    await withPasskey()
    const post = (passkey: string) =>
      page.evaluate(async (answer) => {
        const { document } = globalThis as never as {
          document: { querySelector(selector: string): { value: string } }
        }
        const { value: csrf } = document.querySelector('input[name=csrf]')
        const body = new URLSearchParams({ csrf, passkey: answer })
        return (await fetch('/sign-in', { method: 'POST', body, redirect: 'manual' })).type
      }, passkey)
    const SIGNED_IN = 'opaqueredirect'

    const altered = JSON.parse(await captureAnswer())
    const flip = (text: string) =>
      `${text.slice(0, -3)}${text.at(-3) === 'A' ? 'B' : 'A'}${text.slice(-2)}`
    altered.response.signature = flip(altered.response.signature)
    expect(await post(JSON.stringify(altered))).toBe('basic')

    const late = await captureAnswer()
    await portal.db`update passkey_challenge set expires_at = now() - interval '1 second'`
    expect(await post(late)).toBe('basic')

    const other = await browser.newContext()
    const elsewhere = await other.newPage()
    await elsewhere.goto(at('/'))
    const answer = await captureAnswer()
    const mine = page
    page = elsewhere
    expect(await post(answer)).toBe('basic')
    page = mine
    await other.close()

    for (const nonsense of ['{}', 'x', '[]', JSON.stringify({ id: 'a'.repeat(40) })])
      expect(await post(nonsense)).toBe('basic')
    // The throttle of this address has counted all that.
    await portal.db`delete from sign_in_throttle`
    expect(await post(answer)).toBe(SIGNED_IN)
    // The counter alone would refuse it too.
    await portal.db`update passkey set counter = 0`
    expect(await post(answer)).toBe('basic')
  })

  test('a counter that went back, a suspended resident and an unverified person are refused', async () => {
    const resident = await withPasskey()
    await portal.db`update passkey set counter = 1000 where account_id = ${resident.id}`
    await usePasskey()
    expect(await isSignedIn()).toBe(false)
    await portal.db`update passkey set counter = 1 where account_id = ${resident.id}`
    await setAccountStatus(portal.db, resident.id, 'suspended')
    await usePasskey()
    expect(await isSignedIn()).toBe(false)
    await setAccountStatus(portal.db, resident.id, 'active')
    const { client, id } = authenticator
    await client.send('WebAuthn.setUserVerified', { authenticatorId: id, isUserVerified: false })
    await passkeyButton().click()
    await page.getByText('That did not work.').waitFor()
    await client.send('WebAuthn.setUserVerified', { authenticatorId: id, isUserVerified: true })
    await usePasskey()
    expect(await isSignedIn()).toBe(true)
  })

  test('wrong answers wait like wrong passwords do', async () => {
    await withPasskey()
    await portal.db`delete from sign_in_throttle`
    await portal.db`update passkey set counter = 100000`
    await usePasskey()
    expect(await main()).toContain('belongs to no account here')
    await portal.db`update sign_in_throttle set failures = 20`
    await usePasskey()
    await usePasskey()
    expect(await main()).toContain('Too many tries')
    await portal.db`delete from sign_in_throttle`
  })

  test('the policy lets no other script run, and without scripts the button is not there', async () => {
    const answer = await page.goto(at('/'))
    const policy = (await answer?.headerValue('content-security-policy')) ?? ''
    expect(policy).toContain("script-src 'self';")
    expect(policy).not.toContain('unsafe')
    expect(await passkeyButton().isVisible()).toBe(true)
    const asset = await page.locator('script').getAttribute('src')
    const script = await fetch(at(asset ?? ''))
    expect(script.headers.get('cache-control')).toContain('immutable')
    expect(script.headers.get('content-type')).toContain('text/javascript')

    const scriptless = await browser.newContext({ javaScriptEnabled: false })
    const plain = await scriptless.newPage()
    await plain.goto(at('/'))
    expect(await plain.locator('button[data-passkey]').isVisible()).toBe(false)
    await scriptless.close()
    const home = await fetch(at('/reset'))
    expect(home.headers.get('content-security-policy')).not.toContain('script-src')
  })

  test('the options for a new passkey are for somebody who has lately proven who they are', async () => {
    const resident = await addResident(portal.parts)
    await signInByPassword(resident.email)
    await page.goto(at('/account'))
    await portal.db`
      update oidc_artifact set payload = payload ||
        jsonb_build_object('loginTs', extract(epoch from now())::bigint - 1000)
      where kind = 'Session' and account_id = ${resident.id}`
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.getByText('No passkey was added.').waitFor()
    expect(await portal.db`select 1 from passkey where account_id = ${resident.id}`).toHaveLength(0)
  })
})
