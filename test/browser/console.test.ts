import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findAccessibilityFaults } from '../support/accessibility.ts'
import { findChromium, launchChromium } from '../support/chromium.ts'
import { receiveMail } from '../support/mailbox.ts'
import { addResident, PASSWORD, startPortal, startSandbox } from '../support/portal.ts'

const executable = findChromium()
// WCAG 2.2 §1.4.10: a screen of 1280 at 400 %.
const PHONE = { width: 320, height: 640 }
// What the design and the width of the window change.
const LAYOUT_AND_COLOURS = ['color-contrast', 'target-size']
const DESK = { width: 1280, height: 800 }

describe.skipIf(!executable)('the console in a browser', () => {
  let browser: Browser
  let sandbox: Awaited<ReturnType<typeof startSandbox>>
  let portal: Awaited<ReturnType<typeof startPortal>>
  beforeAll(async () => {
    sandbox = await startSandbox()
    portal = await startPortal({ worker: true, developerSandbox: sandbox })
    browser = await launchChromium(executable ?? '')
  })
  afterAll(async () => {
    await browser?.close()
    await portal?.close()
    await sandbox?.close()
  })

  async function signIn(page: Page, path = '/developers') {
    const { email } = await addResident(portal.parts)
    await page.goto(`${portal.issuer}/sign-in?return=${path}`)
    await page.locator('#email').fill(email)
    await page.locator('#password').fill(PASSWORD)
    await page.locator('button[name=login]').click()
    await page.waitForURL(`**${path}`)
    return email
  }

  /** Nothing that axe finds, and nothing to be scrolled sideways, on a phone and on a desk. */
  async function judge(page: Page) {
    const size = page.viewportSize() ?? PHONE
    for (const viewport of [PHONE, DESK]) {
      await page.setViewportSize(viewport)
      const width = await page.evaluate(() => document.documentElement.scrollWidth)
      expect([page.url(), width <= viewport.width]).toEqual([page.url(), true])
      const rules = viewport === PHONE ? undefined : LAYOUT_AND_COLOURS
      expect(await findAccessibilityFaults(page, rules)).toEqual([])
    }
    await page.setViewportSize(size)
  }

  const press = async (page: Page, name: string) => {
    await page.locator(`button[name=${name}]`).click()
  }
  const follow = async (page: Page, name: string) => {
    await page.getByRole('link', { name, exact: true }).click()
  }

  test('a team, an application, its secrets, and a member who comes and goes', async () => {
    const context = await browser.newContext({ viewport: PHONE, javaScriptEnabled: false })
    const page = await context.newPage()
    await signIn(page, '/account')
    await page.getByRole('link', { name: 'For developers' }).click()
    await judge(page)
    await page.getByRole('textbox', { name: 'Name' }).fill('Harbour Insurance')
    await press(page, 'create-team')
    await judge(page)

    await follow(page, 'New application')
    await page.getByRole('textbox', { name: 'Name' }).fill('Bluewater Bank')
    await page.getByLabel('Redirect addresses').fill('http://bank.example/callback')
    await press(page, 'create')
    expect(await page.getByLabel('Redirect addresses').getAttribute('aria-invalid')).toBe('true')
    expect(await page.getByRole('textbox', { name: 'Name' }).inputValue()).toBe('Bluewater Bank')
    await page.getByText('Advanced').click()
    await judge(page)
    await page.getByLabel('Redirect addresses').fill('https://bank.example/callback')
    await press(page, 'create')
    const [clientId = '', secret = ''] = await page.locator('dd pre').allTextContents()
    expect(await accepts(clientId, secret)).toBe(true)
    await judge(page)
    await follow(page, 'I have copied it')
    await judge(page)

    await follow(page, 'Keys and secrets')
    await judge(page)
    await page.getByLabel('The present secret stays valid').selectOption('168')
    await press(page, 'new-secret')
    const [, next = ''] = await page.locator('dd pre').allTextContents()
    expect([await accepts(clientId, secret), await accepts(clientId, next)]).toEqual([true, true])
    await follow(page, 'Keys and secrets')
    await judge(page)
    await press(page, 'withdraw')
    expect([await accepts(clientId, secret), await accepts(clientId, next)]).toEqual([false, true])
    await page.locator('#jwks').fill('{"keys": []}')
    await press(page, 'set-keys')
    await judge(page)
    await follow(page, 'Settings')
    await judge(page)

    const guestPage = await (await browser.newContext({ viewport: DESK })).newPage()
    const guest = await signIn(guestPage)
    await follow(page, 'Members')
    await page.getByLabel('E-mail address').fill(guest)
    await press(page, 'invite')
    await judge(page)
    const { link } = await receiveMail(portal, guest, 'You are invited to a team of developers')
    const stranger = await (await browser.newContext({ viewport: DESK })).newPage()
    await stranger.goto(link)
    await judge(stranger)
    await guestPage.goto(link)
    await judge(guestPage)
    await press(guestPage, 'accept')
    await guestPage.getByRole('heading', { name: 'Harbour Insurance' }).waitFor()
    await page.reload()
    await judge(page)
    await page.getByRole('button', { name: `Remove from the team: ${guest}` }).click()
    expect((await guestPage.reload())?.status()).toBe(404)
    await page.getByRole('navigation', { name: 'Team' }).getByRole('link', { name: 'Team' }).click()
    await judge(page)
  })

  async function accepts(clientId: string, secret: string): Promise<boolean> {
    const answer = await fetch(`${sandbox.issuer}/api/oauth/introspect`, {
      method: 'POST',
      body: new URLSearchParams({ token: 'none' }),
      headers: { Authorization: `Basic ${btoa(`${clientId}:${secret}`)}` },
    })
    return answer.ok
  }
})
