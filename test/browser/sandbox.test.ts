import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findAccessibilityFaults } from '../support/accessibility.ts'
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
  startSandbox,
  type TestPortal,
} from '../support/portal.ts'

const executable = findChromium()
// WCAG 2.2 §1.4.10: a screen of 1280 at 400 %.
const PHONE = { width: 320, height: 640 }
const DESK = { width: 1280, height: 800 }
const BANNER = {
  en: 'Sandbox Invented people: nothing here is real.',
  es: 'Entorno de pruebas Personas inventadas: aquí nada es real.',
}

describe.skipIf(!executable)('the sandbox in a browser', () => {
  let browser: Browser
  let sandbox: Awaited<ReturnType<typeof startSandbox>>
  let portal: TestPortal
  let anywhere: EmptyApplication
  beforeAll(async () => {
    sandbox = await startSandbox()
    portal = await startPortal({ developerSandbox: sandbox })
    browser = await launchChromium(executable ?? '')
    anywhere = await startEmptyApplication()
  })
  afterAll(async () => {
    await browser?.close()
    await portal?.close()
    await sandbox?.close()
    anywhere?.close()
  })

  async function request(parameters: Record<string, string> = {}) {
    const { redirectUri } = anywhere
    const client = await addClient(sandbox.parts, { redirectUris: [redirectUri] })
    const application = await createApplication(sandbox.issuer, client)
    return application.authorizationRequest(ALL_SCOPES, {
      ...parameters,
      redirect_uri: redirectUri,
    })
  }

  const open = (options: Parameters<Browser['newContext']>[0]) => browser.newContext(options)

  test('a persona is chosen with the keyboard, decides and looks back, without scripts, on a phone', async () => {
    const context = await open({ javaScriptEnabled: false, viewport: PHONE })
    const page = await context.newPage()
    await page.goto((await request()).url)
    await judge(page, 'en')
    const personas = page.getByRole('group', { name: 'Personas' })
    expect(await personas.getByRole('radio').count()).toBe(15)
    const chosen = personas.getByRole('radio', { name: 'Alma Rivas' })
    expect(await chosen.isChecked()).toBe(true)
    await chosen.focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.locator('button[name=allow]').waitFor()
    await judge(page, 'en')
    await page.locator('button[name=allow]').click()
    await page.waitForURL(`${anywhere.redirectUri}**`)
    await page.goto(`${sandbox.issuer}/`)
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain('Pablo')
    expect(await page.getByRole('link', { name: 'Your account' }).count()).toBe(0)
    await judge(page, 'en')
    for (const path of ['/activity', '/account']) {
      await page.goto(sandbox.issuer + path)
      await judge(page, 'en')
    }
    await context.close()
  })

  test('a hinted persona is chosen already, and confirms by its button, in Spanish, in the dark', async () => {
    const context = await open({ viewport: DESK, colorScheme: 'dark', locale: 'es-HN' })
    const page = await context.newPage()
    await page.goto((await request({ login_hint: 'mismatch' })).url)
    expect(await page.getByRole('radio', { name: 'Mateo Aguilar' }).isChecked()).toBe(true)
    await judge(page, 'es')
    await page.locator('button[name=login]').click()
    await page.locator('button[name=allow]').waitFor()
    await sandbox.db`
      update oidc_artifact set payload = payload ||
        jsonb_build_object('loginTs', extract(epoch from now())::bigint - 5000)
      where kind = 'Session'`
    await page.locator('button[name=allow]').click()
    await page.getByRole('button', { name: 'Continuar como Mateo Aguilar' }).waitFor()
    await judge(page, 'es')
    await page.locator('button[name=confirm]').click()
    await page.waitForURL(`${anywhere.redirectUri}**`)
    await context.close()
  })

  test('forced colours keep the banner apart from the page', async () => {
    const context = await open({ viewport: PHONE, forcedColors: 'active' })
    const page = await context.newPage()
    await page.goto(`${sandbox.issuer}/sign-in`)
    const border = await page
      .locator('.sandbox')
      .evaluate((banner) => getComputedStyle(banner).borderBottomStyle)
    expect(border).toBe('dashed')
    await context.close()
  })

  test('a developer stays signed in at the portal beside a persona at the sandbox, and each signs out alone', async () => {
    const context = await open({ viewport: DESK })
    const { email } = await addResident(portal.parts)
    const [developer, persona] = [await context.newPage(), await context.newPage()]
    await developer.goto(`${portal.issuer}/sign-in?return=/account`)
    await developer.locator('#email').fill(email)
    await developer.locator('#password').fill(PASSWORD)
    await developer.locator('button[name=login]').click()
    await developer.waitForURL('**/account')
    await persona.goto(`${sandbox.issuer}/`)
    await persona.getByRole('radio', { name: 'Sara Velásquez' }).check()
    await persona.locator('button[name=login]').click()
    await persona.getByRole('heading', { name: /Sara/ }).waitFor()
    await developer.reload()
    expect(new URL(developer.url()).pathname).toBe('/account')
    await persona.locator('button[name=sign-out]').click()
    await persona.getByRole('radio').first().waitFor()
    await developer.goto(`${portal.issuer}/`)
    expect(await developer.getByText(email).count()).toBeGreaterThan(0)
    expect(await hostsOf(context)).toEqual({
      localhost: expect.arrayContaining(['session']),
      '127.0.0.1': expect.not.arrayContaining(['session']),
    })
    await context.close()
  })

  /** Every page: no fault of accessibility, nothing to be scrolled sideways, and it says that it is the sandbox. */
  async function judge(page: Page, language: keyof typeof BANNER) {
    expect(await findAccessibilityFaults(page)).toEqual([])
    expect(await page.locator('header .sandbox').textContent()).toBe(BANNER[language])
    expect(await page.title()).toContain(language === 'en' ? '· Sandbox' : '· Entorno de pruebas')
    const width = await page.evaluate(() => document.documentElement.scrollWidth)
    expect(width).toBeLessThanOrEqual(page.viewportSize()?.width ?? 0)
  }
})

/** The names of the cookies of each host. */
async function hostsOf(context: BrowserContext): Promise<Record<string, string[]>> {
  const cookies = Map.groupBy(await context.cookies(), ({ domain }) => domain)
  return Object.fromEntries([...cookies].map(([host, all]) => [host, all.map(({ name }) => name)]))
}
