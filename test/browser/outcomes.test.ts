import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LANGUAGES } from '../../src/web/texts/languages.ts'
import { findAccessibilityFaults } from '../support/accessibility.ts'
import { findChromium, launchChromium } from '../support/chromium.ts'
import { addResident, PASSWORD, startPortal, type TestPortal } from '../support/portal.ts'
import { addVerification } from '../support/verifications.ts'

const executable = findChromium()

const CASES = [
  { locale: 'es', width: 320, javaScriptEnabled: false, colorScheme: 'dark' },
  { locale: 'en', width: 1280, javaScriptEnabled: true, colorScheme: 'light' },
] as const

describe.skipIf(!executable)('why a check did not succeed', () => {
  let browser: Browser
  let portal: TestPortal
  beforeAll(async () => {
    portal = await startPortal()
    browser = await launchChromium(executable ?? '')
  })
  afterAll(async () => {
    await browser?.close()
    await portal?.close()
  })

  /** A resident with a check of each result; the newest is declined. Returns its id. */
  async function withResults() {
    const resident = await addResident(portal.parts)
    const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000)
    const findings = { expiresOn: daysAgo(1).toISOString().slice(0, 10) }
    await addVerification(portal.parts, resident.id, { createdAt: daysAgo(9), findings })
    const add = async (status: string, createdAt: Date, reasons: string[]) => {
      const [row] = await portal.db<{ id: string }[]>`
        with added as (
          insert into verification (account_id, vendor, integration, status, attempt_id, session_created_at)
          values (${resident.id}, 'veriff', 'default', ${status}, '1', ${createdAt}) returning id),
        decided as (
          insert into decision (verification_id, attempt_id, status, decided_at)
          select id, '1', ${status}, ${createdAt} from added returning id, verification_id)
        insert into told_reason (verification_id, decision_id, reasons)
        select verification_id, id, ${reasons} from decided returning verification_id as id`
      return row?.id ?? ''
    }
    await add('expired', daysAgo(3), [])
    await add('resubmission', daysAgo(2), ['document-incomplete'])
    const id = await add('declined', daysAgo(1), ['photo-unclear', 'face-different'])
    return { resident, id }
  }

  test.each(CASES)('in $locale on $width pixels', async ({ locale, width, ...options }) => {
    const { resident, id } = await withResults()
    const viewport = { width, height: 740 }
    const context = await browser.newContext({ locale, viewport, ...options })
    const page = await context.newPage()
    await page.goto(portal.issuer)
    await page.locator('input[name=email]').fill(resident.email)
    await page.locator('input[name=password]').fill(PASSWORD)
    await page.locator('button[name=login]').click()
    await page.locator('button[name=sign-out]').waitFor()
    const { reasons } = LANGUAGES[locale]
    const told = ['photo-unclear', 'face-different'] as const
    const others = ['document-incomplete', 'unfinished'] as const
    for (const [path, expected] of [
      ['/', [...told, ...others]],
      [`/verifications/${id}`, told],
    ] as const) {
      if (path !== '/') await page.goto(`${portal.issuer}${path}`)
      const text = await page.locator('main').textContent()
      for (const reason of expected)
        expect(text).toContain(`${reasons[reason].why} ${reasons[reason].next}`)
      // Only the newest check leads on.
      const button = page.getByRole('link', { name: reasons.tryAgain })
      expect(await page.locator('a[href="/verify"]').count()).toBe(1)
      expect((await button.boundingBox())?.height).toBeGreaterThanOrEqual(24)
      expect((await page.locator('main').boundingBox())?.width).toBeLessThanOrEqual(width)
      expect(await findAccessibilityFaults(page)).toEqual([])
    }
    await context.close()
  })
})
