import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApplication } from '../../src/local/sandbox/application.ts'
import { agreeToEverything, findChromium, launchChromium } from '../support/chromium.ts'
import {
  addClient,
  addResident,
  PASSWORD,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { findFreePorts } from '../support/ports.ts'
import { addVerification } from '../support/verifications.ts'

const executable = findChromium()

describe.skipIf(!executable)('in a browser with scripts off', () => {
  let browser: Browser
  let portal: TestPortal
  let context: BrowserContext
  const requested: string[] = []
  beforeAll(async () => {
    portal = await startPortal()
    browser = await launchChromium(executable ?? '')
    context = await browser.newContext({
      javaScriptEnabled: false,
      viewport: { width: 360, height: 740 },
    })
    context.on('request', (request) => requested.push(request.url()))
  })
  afterAll(async () => {
    await browser?.close()
    await portal?.close()
  })

  test('a resident signs in, allows an application, sees it listed, and ends it', async () => {
    const resident = await addResident(portal.parts)
    await addVerification(portal.parts, resident.id, { photo: { width: 900, height: 600 } })
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
    try {
      const page = await context.newPage()
      await page.goto(new URL(redirectUri).origin)
      await page
        .locator('main')
        .getByRole('button')
        .or(page.locator('main').getByRole('link'))
        .first()
        .click()
      await page.getByLabel(/e-?mail/i).fill(resident.email)
      await page.getByLabel(/password/i).fill(PASSWORD)
      await page.locator('button[name=login]').click()
      expect(await page.locator('main').textContent()).toContain(client.client_name)
      expect(await scrollsSideways(page)).toBe(false)
      await agreeToEverything(page)
      await page.locator('button[name=allow]').click()
      await page.waitForURL((url) => url.origin === new URL(redirectUri).origin)
      expect(await page.locator('img').count()).toBeGreaterThanOrEqual(3)

      await page.goto(portal.issuer)
      const home = await page.locator('main').textContent()
      expect(home).toContain(client.client_name)
      expect(await page.locator('main img').count()).toBe(3)
      await page.getByRole('link', { name: 'Front of the document' }).click()
      const photo = page.getByRole('img', { name: 'Front of the document' })
      await page.waitForURL(/\/photos\//)
      expect(await scrollsSideways(page)).toBe(false)
      const fitted = (await photo.boundingBox())?.width ?? 0
      expect(fitted).toBeGreaterThan(200)
      expect(fitted).toBeLessThan(360)
      await page.getByLabel('Show in actual size').check()
      expect((await photo.boundingBox())?.width).toBe(900)
      expect(await scrollsSideways(page)).toBe(false)
      const saved = page.waitForEvent('download')
      await page.getByRole('link', { name: 'Download' }).click()
      expect((await saved).suggestedFilename()).toBe('document-front.jpg')
      await page.getByRole('link', { name: 'Back to the identity check' }).click()
      expect(await page.locator('main').textContent()).toContain('E123456')
      expect(await scrollsSideways(page)).toBe(false)
      await page.getByRole('link', { name: 'Back to your documents' }).click()
      await page.locator('button[name=revoke]').click()
      expect(await page.getByRole('status').textContent()).toContain(
        'can no longer see your documents',
      )
      expect(await page.locator('button[name=revoke]').count()).toBe(0)
      await page.locator('button[name=sign-out]').click()
      await page.getByLabel(/password/i).waitFor()
    } finally {
      await application.close()
    }
    const origins = new Set(requested.map((url) => new URL(url).origin))
    const known = [portal.issuer, new URL(redirectUri).origin, portal.s3Endpoint]
    expect([...origins].filter((origin) => !known.includes(origin))).toEqual([])
  })
})

async function scrollsSideways(page: {
  locator(selector: string): { boundingBox(): Promise<{ width: number } | null> }
}) {
  return ((await page.locator('main').boundingBox())?.width ?? 0) > 360
}
