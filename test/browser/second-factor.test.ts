import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { setPolicy } from '../../src/platform/policies.ts'
import {
  type EmptyApplication,
  findChromium,
  launchChromium,
  startEmptyApplication,
} from '../support/chromium.ts'
import { addResident, PASSWORD, startPortal, type TestPortal } from '../support/portal.ts'
import { addResidentWithTotp, codeOf } from '../support/second-factor.ts'

const executable = findChromium()

describe.skipIf(!executable)('the second step in a browser', () => {
  let browser: Browser
  let portal: TestPortal
  let anywhere: EmptyApplication
  let context: BrowserContext
  let page: Page
  beforeAll(async () => {
    portal = await startPortal({ worker: true })
    browser = await launchChromium(executable ?? '')
    anywhere = await startEmptyApplication()
  })
  beforeEach(async () => {
    await setPolicy(portal.db, 'mfa', 'when-enrolled')
    await open({ javaScriptEnabled: true })
  })
  afterAll(async () => {
    await browser?.close()
    await portal?.close()
    anywhere?.close()
  })

  async function open({ javaScriptEnabled }: { javaScriptEnabled: boolean }) {
    await context?.close()
    context = await browser.newContext({ viewport: { width: 360, height: 740 }, javaScriptEnabled })
    page = await context.newPage()
  }
  const at = (path: string) => `${portal.issuer}${path}`
  const main = () => page.locator('main').textContent()
  async function typePassword(email: string) {
    await page.getByLabel('E-mail').fill(email)
    await page.getByLabel('Password').fill(PASSWORD)
    await page.locator('button[name=login]').click()
  }
  async function addAuthenticator() {
    const client = await context.newCDPSession(page)
    await client.send('WebAuthn.enable')
    await client.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    })
  }

  test('an authenticator app is set up and used with scripts off, on a small screen', async () => {
    await open({ javaScriptEnabled: false })
    const resident = await addResident(portal.parts)
    await page.goto(at('/'))
    await typePassword(resident.email)
    await page.goto(at('/account'))
    await page.getByRole('button', { name: 'Set up an authenticator app' }).click()
    const code = page.getByRole('img', { name: 'QR code for the authenticator app' })
    const box = await code.boundingBox()
    expect(box?.width).toBeGreaterThan(150)
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(360)
    const secret = (await page.locator('p.code').textContent())?.replaceAll(' ', '') ?? ''
    expect(await page.getByLabel('Code', { exact: true }).getAttribute('autocomplete')).toBe(
      'one-time-code',
    )
    await page.getByLabel('Code', { exact: true }).fill(codeOf(secret))
    await page.getByRole('button', { name: 'Continue' }).click()
    expect(await page.locator('.recovery-codes li').count()).toBe(10)
    const [recoveryCode = ''] = await page.locator('.recovery-codes code').allTextContents()
    expect((await page.locator('main').boundingBox())?.width).toBeLessThanOrEqual(360)
    await page.getByRole('link', { name: 'I have saved them' }).click()
    expect(await main()).toContain('10 recovery codes are left')

    for (const [how, use] of [
      [
        'a code',
        async () => {
          await page.getByLabel('Code', { exact: true }).fill(codeOf(secret, 1))
          await page.getByRole('button', { name: 'Continue' }).first().click()
        },
      ],
      [
        'a recovery code',
        async () => {
          await page.getByText('Use a recovery code').click()
          await page.getByLabel('Recovery code').fill(recoveryCode)
          await page.getByRole('button', { name: 'Continue' }).last().click()
        },
      ],
    ] as const) {
      await page.goto(at('/'))
      await page.locator('button[name=sign-out]').click()
      await typePassword(resident.email)
      expect(await main(), how).toContain('Second step')
      await use()
      expect(await main(), how).toContain('Good to see you')
    }
  })

  test('a passkey is the second step after a password, and only one of the same account', async () => {
    await addAuthenticator()
    const owner = await addResident(portal.parts)
    await page.goto(at('/'))
    await typePassword(owner.email)
    await page.goto(at('/account'))
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.getByText('Your recovery codes').first().waitFor()
    await page.getByRole('link', { name: 'I have saved them' }).click()
    const useAfterPassword = async (email: string) => {
      await page.goto(at('/'))
      await page.locator('button[name=sign-out]').click()
      await typePassword(email)
      expect(await main()).toContain('Second step')
      const brought = page.waitForEvent('domcontentloaded')
      await page.locator('button[data-passkey]').click()
      await brought
    }
    await useAfterPassword(owner.email)
    expect(await main()).toContain('Good to see you')
    const [session] = await portal.db<{ amr: string[] }[]>`
      select payload->'amr' as amr from oidc_artifact
      where kind = 'Session' and account_id = ${owner.id}`
    expect(session?.amr).toEqual(['hwk', 'user', 'mfa'])

    const other = await addResidentWithTotp(portal)
    await portal.db`
      insert into passkey (id, account_id, public_key, counter, transports, synced, name)
      values ('elsewhere', ${other.id}, '\\x00', 0, '{}', false, 'Elsewhere')`
    await useAfterPassword(other.email)
    expect(await main()).toContain('That passkey belongs to another account')
    await page.getByLabel('Code', { exact: true }).fill(codeOf(other.secret))
    await page.getByRole('button', { name: 'Continue' }).first().click()
    expect(await main()).toContain('Good to see you')
  })

  test('a policy that demands one leads through it to the application', async () => {
    await setPolicy(portal.db, 'mfa', 'required')
    const resident = await addResident(portal.parts)
    await page.goto(await anywhere.authorizationUrl(portal, 'openid'))
    await typePassword(resident.email)
    const secret = (await page.locator('p.code').textContent())?.replaceAll(' ', '') ?? ''
    await page.getByLabel('Code', { exact: true }).fill(codeOf(secret))
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('button', { name: 'I have saved them' }).click()
    await page.locator('button[name=allow]').click()
    await page.waitForURL(`${anywhere.redirectUri}**`)
    expect(page.url()).toContain('code=')
  })
})
