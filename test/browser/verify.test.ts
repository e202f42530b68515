import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findOwnProgress, type ProgressState } from '../../src/id-verification/own-progress.ts'
import { setVendorOrder } from '../../src/id-verification/vendors/vendor-order.ts'
import { startApplication } from '../../src/local/sandbox/application.ts'
import { findAccessibilityFaults } from '../support/accessibility.ts'
import {
  agreeToEverything,
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
import { findFreePorts } from '../support/ports.ts'
import { connectSandbox, eventually } from '../support/sandbox.ts'

const executable = findChromium()

describe.skipIf(!executable)('verification in a browser', () => {
  let browser: Browser
  let portal: TestPortal
  let vendor: Awaited<ReturnType<typeof connectSandbox>>
  beforeAll(async () => {
    portal = await startPortal({ worker: true })
    vendor = await connectSandbox(portal)
    browser = await launchChromium(executable ?? '')
  })
  afterAll(async () => {
    await browser?.close()
    await vendor?.sandbox.close()
    await portal?.close()
  })

  async function signIn(page: Page) {
    const resident = await addResident(portal.parts)
    await page.locator('input[name=email]').fill(resident.email)
    await page.locator('input[name=password]').fill(PASSWORD)
    await page.locator('button[name=login]').click()
    return resident
  }

  /** The session that the vendor was asked for last. */
  const newestSession = () => vendor.sandbox.listSessions().at(-1) ?? ''

  test('on a phone with scripts off, in Spanish: from an application without documents to the vendor and back, in one go', async () => {
    const [port = 0] = await findFreePorts(1)
    const redirectUri = `http://localhost:${port}/callback`
    const client = await addClient(portal.parts, { redirectUris: [redirectUri] })
    const application = await startApplication({
      port,
      issuer: portal.issuer,
      clientId: client.client_id,
      clientSecret: client.client_secret ?? '',
      redirectUri,
      log: portal.parts.log,
    })
    const context = await browser.newContext({
      javaScriptEnabled: false,
      locale: 'es-HN',
      viewport: { width: 320, height: 640 },
    })
    try {
      const page = await context.newPage()
      await page.goto(new URL(redirectUri).origin)
      await page.locator('main').getByRole('button').or(page.locator('main a')).first().click()
      const resident = await signIn(page)
      await page.getByRole('heading', { name: 'Su identidad todavía no está verificada' }).waitFor()
      await expectSound(page)
      await page.getByRole('link', { name: 'Verificar primero su identidad' }).click()
      expect(await page.locator('main').textContent()).toContain('Bluewater Bank pide su documento')
      await expectSound(page, 'Verifique su identidad')
      await page.getByRole('button', { name: 'Empezar' }).click()
      await expectSound(page, 'Tome sus fotos')
      expect(await page.locator('[aria-current=step]').textContent()).toContain('Tomar las fotos')
      await page.getByRole('link', { name: 'Continuar con Veriff' }).click()
      await page.locator('button[value=approved]').click()
      await follow(page, resident, 'done')
      await expectSound(page, 'Su identidad está verificada')
      await page.getByRole('link', { name: 'Continuar con Bluewater Bank' }).click()
      expect(await page.getByRole('heading', { name: 'todavía no está verificada' }).count()).toBe(
        0,
      )
      await agreeToEverything(page)
      await page.locator('button[name=allow]').click()
      await page.waitForURL((url) => url.origin === new URL(redirectUri).origin)
      expect(await page.locator('img').count()).toBeGreaterThanOrEqual(3)
    } finally {
      await context.close()
      await application.close()
    }
  })

  test('on a desk: each state, and a decision before the check is done', async () => {
    const anywhere = await startEmptyApplication()
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
    try {
      const page = await context.newPage()
      await page.goto(portal.issuer)
      const resident = await signIn(page)
      const card = page.getByRole('region', { name: 'Verify your identity' })
      expect(await findAccessibilityFaults(page)).toEqual([])
      await card.getByRole('link').click()
      await page.getByRole('button', { name: 'Start' }).dblclick()
      await follow(page, resident, 'at-vendor')
      await expectSound(page, 'Take your photos')

      await vendor.sandbox.complete(newestSession(), 'resubmission_requested')
      await follow(page, resident, 'new-photos')
      await expectSound(page, 'New photos are needed')
      await page.getByText('If something is not right').click()
      expect(await findAccessibilityFaults(page)).toEqual([])
      await page.getByRole('button', { name: 'Cancel the check' }).click()
      expect(await page.getByRole('status').textContent()).toContain('was cancelled')
      // The way on is at the check that ended, and only there.
      expect(await card.count()).toBe(0)
      await page.getByRole('link', { name: 'Try again' }).click()
      await page.getByRole('button', { name: 'Start' }).click()
      await vendor.sandbox.complete(newestSession(), 'declined')
      await follow(page, resident, 'declined')
      await expectSound(page, 'The check was declined')

      await setVendorOrder(portal.db, 'none')
      await page.goto(`${portal.issuer}/verify`)
      await expectSound(page, 'Verify your identity')
      await setVendorOrder(portal.db, 'default')

      await page.goto(await anywhere.authorizationUrl(portal, ALL_SCOPES))
      await page.getByRole('link', { name: 'Verify your identity first' }).click()
      await page.getByRole('button', { name: 'Start' }).click()
      await page.getByRole('link', { name: 'Continue with Veriff' }).waitFor()
      await vendor.sandbox.start(newestSession())
      await vendor.sandbox.submit(newestSession())
      await follow(page, resident, 'checking')
      await expectSound(page, 'Your photos are being checked')
      expect(await page.locator('main').textContent()).toContain('Bluewater Bank is waiting')
      await page.getByRole('link', { name: 'Back to the request of Bluewater Bank' }).click()
      expect(await page.locator('main').textContent()).toContain('Your photos are being checked')
      expect(await findAccessibilityFaults(page)).toEqual([])
      await agreeToEverything(page)
      await page.locator('button[name=allow]').click()
      await page.waitForURL(`${anywhere.redirectUri}**`)
      expect(page.url()).toContain('code=')
    } finally {
      await context.close()
      anywhere.close()
    }
  })

  /** Waits until the verification is in this state, and loads the page that shows it. */
  async function follow(page: Page, { id: accountId }: { id: string }, state: ProgressState) {
    await page.waitForURL(/\/verify\/[0-9a-f-]{36}$/)
    await eventually(async () => (await findOwnProgress(portal.db, accountId))?.state === state)
    await page.reload()
  }
})

/** The title names the state, nothing is wider than the screen, and axe finds nothing. */
async function expectSound(page: Page, title?: string) {
  if (title) expect(await page.title()).toContain(`${title} · `)
  expect(await findAccessibilityFaults(page)).toEqual([])
  expect(
    await page.locator('html').evaluate((root) => {
      const { scrollWidth, clientWidth } = root as unknown as Record<string, number>
      return Number(scrollWidth) > Number(clientWidth)
    }),
  ).toBe(false)
  expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1)
}
