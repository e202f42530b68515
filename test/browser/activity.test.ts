import { randomUUID } from 'node:crypto'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHeadSigner } from '../../src/ledger/heads.ts'
import { sequence } from '../../src/ledger/sequencer.ts'
import { openKeyRing } from '../../src/signing/key-ring.ts'
import { findAccessibilityFaults } from '../support/accessibility.ts'
import { findChromium, launchChromium } from '../support/chromium.ts'
import {
  addClient,
  addResident,
  PASSWORD,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'
import { addVerification } from '../support/verifications.ts'

const executable = findChromium()

describe.skipIf(!executable)('activity in a browser', () => {
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

  /** A resident whose photos an application saw three times yesterday, and whom the operator looked up. */
  async function arrange() {
    const resident = await addResident(portal.parts)
    const client = await addClient(portal.parts, { name: 'Bluewater Bank' })
    const { id } = await addVerification(portal.parts, resident.id)
    const images = ['document_front', 'document_back', 'selfie'].map((type) => ({
      ...{ id: randomUUID(), type, sha256: 'ab'.repeat(32) },
    }))
    await portal.db`
      insert into consent (account_id, client_id, scopes)
      values (${resident.id}, ${client.client_id}, '{openid,eprospera:person.id_verification.read}')`
    await portal.db`
      insert into ledger_entry (at, kind, client_id, account_id, verification_id, purpose, images, result)
      select now() - make_interval(days => 1, mins => n), 'disclosure', ${client.client_id}, ${resident.id}, ${id},
        'To open your account.', ${portal.db.json(images)}, 'shown' from generate_series(1, 3) n`
    await portal.db`
      insert into ledger_entry (kind, account_id, result) values ('operator-look', ${resident.id}, 'resident')`
    await portal.db`
      insert into ended_consent (account_id, client_id, client_name, scopes, given_at, ended_at, ended_by)
      values (${resident.id}, 'gone', 'Harbour Notary', '{openid}', now() - interval '90 days', now() - interval '60 days', 'expiry')`
    return resident
  }

  async function signIn(email: string, options: BrowserContextOptions): Promise<Page> {
    const page = await (await browser.newContext(options)).newPage()
    await page.goto(portal.issuer)
    await page.locator('input[name=email]').fill(email)
    await page.locator('input[name=password]').fill(PASSWORD)
    await page.locator('button[name=login]').click()
    await page.locator('button[name=sign-out]').waitFor()
    return page
  }

  test('on a phone with scripts off a resident finds an entry, proves it, reports it, and chooses the mails', async () => {
    const resident = await arrange()
    const ring = await openKeyRing(portal.db, portal.parts.sealer, portal.parts.log)
    const sign = createHeadSigner(ring)
    ring.close()
    const page = await signIn(resident.email, {
      javaScriptEnabled: false,
      viewport: { width: 320, height: 640 },
      colorScheme: 'dark',
    })
    await page.goto(`${portal.issuer}/activity`)
    await expectTitle(page, 'Activity')
    const main = page.locator('main')
    await page.getByText('Choose entries').click()
    await page.getByLabel('What happened').selectOption({ label: 'Photos were seen' })
    await page.getByLabel('Application', { exact: true }).selectOption({ label: 'Bluewater Bank' })
    await page.getByRole('button', { name: 'Show' }).click()
    await page.waitForURL(/topic=documents/)
    expect(page.url()).not.toContain(encodeURIComponent(resident.email))
    expect(await main.textContent()).not.toContain('The people who run this portal read')
    expect(await main.textContent()).toContain(
      'Bluewater Bank saw the front and back of your passport and your face.',
    )
    await page.getByText('3 times, last on').click()
    await expectSound(page, 'Activity')
    await eventually(async () => (await sequence({ db: portal.db, sign })) > 0)
    await page.locator('.seen a').first().click()
    await page.getByRole('link', { name: 'Download the proof' }).waitFor()
    for (const summary of await page.locator('summary').all()) await summary.click()
    await expectSound(page, /^Entry \d+$/)
    const saved = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Download the proof' }).click()
    expect((await saved).suggestedFilename()).toMatch(/^entry-\d+\.json$/)

    await page.getByRole('link', { name: 'I did not expect this' }).click()
    await expectTitle(page, 'I did not expect this')
    await page.getByLabel('What should they know?').fill('a\u202eb')
    await page.getByRole('button', { name: 'Report, and freeze Bluewater Bank' }).click()
    await page.getByText('characters that cannot be shown').waitFor()
    await expectSound(page, 'Error: I did not expect this')
    await page.getByLabel('What should they know?').fill('My account there is closed.')
    await page.getByRole('button', { name: 'Report, and freeze Bluewater Bank' }).click()
    await page.getByRole('heading', { name: 'You reported this' }).waitFor()
    expect(await main.textContent()).toContain('My account there is closed.')
    await expectSound(page, 'You reported this')

    await page.goto(`${portal.issuer}/account`)
    await page.getByRole('link', { name: 'Mails about your data' }).click()
    await page.getByLabel('One summary a day').check()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('status').waitFor()
    expect(await page.getByLabel('One summary a day').isChecked()).toBe(true)
    await expectSound(page, 'Mails about your data')
    await page.context().close()
  })

  test('on a desk in Spanish it reads the same, by keyboard too', async () => {
    const resident = await arrange()
    const page = await signIn(resident.email, {
      locale: 'es-HN',
      viewport: { width: 1280, height: 900 },
    })
    await page.goto(`${portal.issuer}/activity`)
    const main = page.locator('main')
    expect(await main.textContent()).toContain(
      'Bluewater Bank vio el frente y el reverso de su pasaporte y su rostro.',
    )
    expect(await main.textContent()).toContain('Aplicaciones que ya no ven sus datos')
    await page.getByText('3 veces; la última').focus()
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: /^Registro \d+$/ }).waitFor()
    await page.getByRole('link', { name: 'No esperaba esto' }).click()
    await expectTitle(page, 'No esperaba esto', 'Portal de identidad')
    await page.goto(`${portal.issuer}/activity?from=2026-03-02&to=2026-03-01`)
    await expectTitle(page, 'Error: actividad', 'Portal de identidad')
    const fault = page.getByLabel('Hasta el día')
    expect(await fault.getAttribute('aria-describedby')).toBe('to-fault')
    await page.goto(`${portal.issuer}/account/notifications`)
    await expectTitle(page, 'Correos sobre sus datos', 'Portal de identidad')
    await page.context().close()
  })
})

/** Of pages that every-page.test.ts judges in the same state. */
async function expectTitle(page: Page, title: string | RegExp, portalName = 'Identity portal') {
  const [shown, name] = (await page.title()).split(' · ')
  expect(shown).toMatch(title)
  expect(name).toBe(portalName)
}

/** The title names the page, nothing is wider than the screen, and axe finds nothing. */
async function expectSound(page: Page, title: string | RegExp) {
  await expectTitle(page, title)
  expect(await findAccessibilityFaults(page)).toEqual([])
  const isTooWide = await page.locator('html').evaluate((root) => {
    const { scrollWidth, clientWidth } = root as unknown as Record<string, number>
    return Number(scrollWidth) > Number(clientWidth)
  })
  expect(isTooWide).toBe(false)
}
