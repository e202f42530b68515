import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setPolicy } from '../../src/platform/policies.ts'
import { findAccessibilityFaults } from '../support/accessibility.ts'
import { findChromium, launchChromium } from '../support/chromium.ts'
import { receiveMail } from '../support/mailbox.ts'
import { addResident, PASSWORD, startPortal, type TestPortal } from '../support/portal.ts'
import { addVerification } from '../support/verifications.ts'

const executable = findChromium()
const NEW_PASSWORD = 'seventeen copper kites over the bay'
const PHONE = { width: 320, height: 640 }
const DESK = { width: 1280, height: 800 }

describe.skipIf(!executable)('leaving, in a browser', () => {
  let browser: Browser
  let portal: TestPortal
  beforeAll(async () => {
    portal = await startPortal({ worker: true })
    browser = await launchChromium(executable ?? '')
  })
  afterAll(async () => {
    await browser?.close()
    await portal?.close()
  })

  test('on a phone with scripts off: a new password by code, the file, and the erasure with its proof', async () => {
    const resident = await addResident(portal.parts)
    await addVerification(portal.parts, resident.id)
    const context = await browser.newContext({ viewport: PHONE, javaScriptEnabled: false })
    const page = await context.newPage()
    await page.goto(`${portal.issuer}/reset`)
    await page.getByLabel('E-mail').fill(resident.email)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Check your e-mail' }).waitFor()
    await expectTitle(page, 'Check your e-mail')
    await page.getByLabel('Code').fill('1234')
    await page.keyboard.press('Enter')
    await page.getByText('That code is not right').waitFor()
    await expectSound(page, 'Error: check your e-mail')
    const { text } = await receiveMail(portal, resident.email, 'Set a new password')
    await page.getByLabel('Code').fill(/^\d{4} \d{4}$/m.exec(text)?.[0] ?? '')
    await page.keyboard.press('Enter')
    await page.getByLabel('New password').fill(NEW_PASSWORD)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Your password is set' }).waitFor()
    await signIn(page, resident.email, NEW_PASSWORD)

    await page.getByRole('link', { name: 'Your account' }).click()
    await expectTitle(page, 'Your account')
    await page.getByRole('link', { name: 'See where, and sign out' }).click()
    await expectTitle(page, 'Where you are signed in')
    await page.getByRole('link', { name: 'Back to your account' }).click()
    await page.getByRole('link', { name: 'Download your data' }).click()
    await expectTitle(page, 'Download your data')
    await page.getByRole('button', { name: 'Prepare the file' }).click()
    await page.getByText('Your archive is being prepared').waitFor()
    await expectSound(page, 'Download your data')
    await receiveMail(portal, resident.email, 'Your data is ready to download')
    await page.goto(`${portal.issuer}/account/export`)
    await page.getByText('Your file is ready').waitFor()
    await expectSound(page, 'Download your data')
    const file = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Download the file' }).click()
    expect((await file).suggestedFilename()).toBe('identity-portal.zip')

    await page.goto(`${portal.issuer}/account/erase`)
    await expectTitle(page, 'Erase your account')
    await page.getByLabel('I understand what is erased').check()
    await page.getByRole('button', { name: 'Erase my account' }).click()
    await page.getByRole('heading', { name: 'Your account will be erased' }).waitFor()
    await expectSound(page, 'Your account will be erased')
    await page.goto(portal.issuer)
    await expectSound(page, 'Your documents')
    await page.getByRole('button', { name: 'Keep my account' }).click()
    await page.getByText('Your account stays').waitFor()

    await setPolicy(portal.db, 'erasure-wait-days', '0')
    await page.goto(`${portal.issuer}/account/erase`)
    await page.getByLabel('I understand what is erased').check()
    await page.getByRole('button', { name: 'Erase my account' }).click()
    await page.waitForURL('**/erasure/*')
    await receiveMail(portal, resident.email, 'Your account is erased')
    await page.goto(page.url())
    await page.getByRole('heading', { name: 'Your account is erased' }).waitFor()
    await expectSound(page, 'Your account is erased')
    const proof = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Download the proof' }).click()
    expect((await proof).suggestedFilename()).toBe('erasure-receipt.jws')
    await setPolicy(portal.db, 'erasure-wait-days', '14')
    await context.close()
  })

  test('on a desk in Spanish: sessions, an empty request to be erased, and another device signed out', async () => {
    const resident = await addResident(portal.parts)
    const contexts = await Promise.all(
      [1, 2].map(() => browser.newContext({ viewport: DESK, locale: 'es-HN' })),
    )
    const [page, other] = await Promise.all(contexts.map((context) => context.newPage()))
    if (!page || !other) throw new Error('there are two contexts')
    for (const each of [page, other]) await signIn(each, resident.email, PASSWORD)
    await page.goto(`${portal.issuer}/account/devices`)
    await expectSound(page, 'Dónde tiene la sesión iniciada', 'Portal de identidad')
    expect(await page.getByText('Este navegador').count()).toBe(1)
    await page.getByRole('button', { name: /^Cerrar sesión en Chrome/ }).click()
    await page.getByText('Se cerró la sesión').waitFor()
    await other.goto(`${portal.issuer}/account`)
    await other.locator('button[name=login]').waitFor()

    await page.goto(`${portal.issuer}/account/erase`)
    await page.locator('form.card').evaluate((form) => {
      form.setAttribute('novalidate', '')
    })
    await page.getByRole('button', { name: 'Borrar mi cuenta' }).click()
    await page.getByText('Marque esta casilla').waitFor()
    await expectSound(page, 'Error: borrar su cuenta', 'Portal de identidad')
    expect(await page.getByLabel('Entiendo qué se borra').getAttribute('aria-invalid')).toBe('true')
    await page.goto(`${portal.issuer}/account/export`)
    await expectTitle(page, 'Descargar sus datos', 'Portal de identidad')
    for (const context of contexts) await context.close()
  })

  async function signIn(page: Page, email: string, password: string) {
    await page.goto(portal.issuer)
    await page.locator('#email').fill(email)
    await page.locator('#password').fill(password)
    await page.locator('button[name=login]').click()
    await page.locator('button[name=sign-out]').waitFor()
  }
})

/** Of pages as they are before anything is done on them: every-page.test.ts judges the rest. */
async function expectTitle(page: Page, title: string, portalName = 'Identity portal') {
  expect(await page.title()).toBe(`${title} · ${portalName}`)
}

/** The title names the page, nothing is wider than the screen, and axe finds nothing. */
async function expectSound(page: Page, title: string, portalName = 'Identity portal') {
  await expectTitle(page, title, portalName)
  expect(await findAccessibilityFaults(page)).toEqual([])
  expect(
    await page.locator('html').evaluate((root) => {
      const { scrollWidth, clientWidth } = root as unknown as Record<string, number>
      return Number(scrollWidth) > Number(clientWidth)
    }),
  ).toBe(false)
}
