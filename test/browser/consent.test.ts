import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readLogo, setClientLogo } from '../../src/clients/logo.ts'
import { setClientProfile } from '../../src/clients/profile.ts'
import { drawBankLogo } from '../../src/local/sandbox/images.ts'
import { createApplication } from '../support/application.ts'
import {
  type EmptyApplication,
  findChromium,
  launchChromium,
  startEmptyApplication,
} from '../support/chromium.ts'
import {
  ALL_SCOPES,
  addClient,
  addResident,
  PASSWORD,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { addVerification } from '../support/verifications.ts'

const executable = findChromium()
// WCAG 2.2 §1.4.10: a screen of 1280 at 400 %, and narrower than any telephone sold.
const NARROWEST = { width: 320, height: 640 }

describe.skipIf(!executable)('consent in a browser with scripts off', () => {
  let browser: Browser
  let portal: TestPortal
  let context: BrowserContext
  let anywhere: EmptyApplication
  let redirectUri: string
  beforeAll(async () => {
    portal = await startPortal()
    browser = await launchChromium(executable ?? '')
    context = await browser.newContext({ javaScriptEnabled: false, viewport: NARROWEST })
    anywhere = await startEmptyApplication()
    redirectUri = anywhere.redirectUri
  })
  afterAll(async () => {
    await browser?.close()
    await portal?.close()
    anywhere?.close()
  })

  test('is given, shaped and narrowed with the keyboard alone', async () => {
    const resident = await addResident(portal.parts)
    await addVerification(portal.parts, resident.id)
    const client = await addClient(portal.parts, { redirectUris: [redirectUri] })
    await setClientProfile(portal.db, client.client_id, {
      operator: 'Bluewater Ltd',
      purpose: 'To open your account.',
      policy_uri: 'https://bank.test/privacy',
    })
    await setClientLogo(portal.db, client.client_id, readLogo(await drawBankLogo()))
    const application = await createApplication(portal.issuer, client)
    const { url } = await application.authorizationRequest(ALL_SCOPES, {
      redirect_uri: redirectUri,
    })

    const page = await context.newPage()
    await page.goto(url)
    await type(page, '#email', resident.email)
    await type(page, '#password', PASSWORD)
    await page.keyboard.press('Enter')
    await page.locator('button[name=allow]').waitFor()
    expect(await isTooWide(page)).toBe(false)
    const logo = page.getByRole('img', { name: 'Logo of Bluewater Bank' })
    expect(await logo.evaluate((image) => (image as { naturalWidth?: number }).naturalWidth)).toBe(
      256,
    )
    // What a screen reader hears: the groups by their names, each box with what it hands over.
    const permissions = page.getByRole('group', { name: 'What it may see and do' })
    expect(await permissions.getByRole('checkbox', { checked: true }).count()).toBe(4)
    const period = page.getByRole('group', { name: 'For how long' })
    expect(await period.getByRole('radio').count()).toBe(4)
    const images = page.getByRole('checkbox', { name: 'The photos of your identity document' })
    const described = (await images.getAttribute('aria-describedby')) ?? ''
    expect(await page.locator(`#${described}`).textContent()).toContain(
      'the front and back of your passport, your face, from the check of',
    )

    await tabTo(page, 'input[value=email]')
    await page.keyboard.press('Space')
    await tabTo(page, 'input[value=offline_access]')
    await page.keyboard.press('Space')
    await tabTo(page, 'input[name=until]')
    await page.keyboard.press('ArrowUp')
    expect(await page.getByRole('radio', { checked: true }).getAttribute('value')).toBe('year')
    await tabTo(page, 'button[name=allow]')
    await page.keyboard.press('Enter')
    await page.waitForURL(`${redirectUri}**`)
    expect(new URL(page.url()).searchParams.has('code')).toBe(true)

    await page.goto(portal.issuer)
    const card = page.getByRole('article').filter({ hasText: client.client_name })
    expect(await card.textContent()).toMatch(/Declined.*Your e-mail address/s)
    await tabTo(page, `a[href="/applications/${client.client_id}"]`)
    await page.keyboard.press('Enter')
    await page.locator('button[name=save]').waitFor()
    expect(await isTooWide(page)).toBe(false)
    await tabTo(page, 'input[value$="id_verification.read"]')
    await page.keyboard.press('Space')
    await tabTo(page, 'button[name=save]')
    await page.keyboard.press('Enter')
    expect(await page.getByRole('status').textContent()).toContain(
      'Saved. The change applies at once',
    )
    expect(await images.isChecked()).toBe(false)
    const [row] = await portal.db`
      select scopes, ends_at is not null as ends from consent where account_id = ${resident.id}`
    expect(row).toEqual({ scopes: ['openid', 'profile'], ends: true })
  })

  test('is in the browser’s language, fits its longer words, and changes with the keyboard alone', async () => {
    const resident = await addResident(portal.parts)
    await addVerification(portal.parts, resident.id)
    const client = await addClient(portal.parts, { redirectUris: [redirectUri] })
    const application = await createApplication(portal.issuer, client)
    const { url } = await application.authorizationRequest(ALL_SCOPES, {
      redirect_uri: redirectUri,
    })
    const options = { locale: 'es-HN', javaScriptEnabled: false, viewport: NARROWEST }
    const page = await (await browser.newContext(options)).newPage()
    await page.goto(url)
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Iniciar sesión')
    expect(await isTooWide(page)).toBe(false)
    await tabTo(page, 'button[name=locale]')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await tabTo(page, 'button[name=locale]')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Iniciar sesión' }).waitFor()
    await type(page, '#email', resident.email)
    await type(page, '#password', PASSWORD)
    await page.keyboard.press('Enter')
    const images = page.getByRole('checkbox', { name: 'Las fotos de su documento de identidad' })
    const described = (await images.getAttribute('aria-describedby')) ?? ''
    expect(await page.locator(`#${described}`).textContent()).toContain(
      'el frente y el reverso de su pasaporte, su rostro, de la verificación del',
    )
    for (const path of ['', '/', '/account', '/activity', '/links']) {
      if (path) await page.goto(`${portal.issuer}${path}`)
      expect(await page.locator('html').getAttribute('lang')).toBe('es')
      expect(await isTooWide(page), path).toBe(false)
    }
    await page.context().close()
  })
})

/** Presses Tab until it is there, as somebody without a mouse does. */
async function tabTo(page: Page, selector: string) {
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press('Tab')
    if ((await page.locator(`${selector}:focus`).count()) > 0) return
  }
  throw new Error(`the keyboard does not reach ${selector}`)
}

async function type(page: Page, selector: string, text: string) {
  await tabTo(page, selector)
  await page.keyboard.type(text)
}

const isTooWide = (page: Page) =>
  page.locator('html').evaluate((root) => {
    const { scrollWidth, clientWidth } = root as unknown as Record<string, number>
    return Number(scrollWidth) > Number(clientWidth)
  })
