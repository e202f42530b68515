import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readLogo, setClientLogo } from '../../src/clients/logo.ts'
import { setClientProfile } from '../../src/clients/profile.ts'
import { drawBankLogo } from '../../src/local/sandbox/images.ts'
import { setPolicy } from '../../src/platform/policies.ts'
import { findAccessibilityFaults } from '../support/accessibility.ts'
import { createApplication } from '../support/application.ts'
import {
  agreeToEverything,
  type EmptyApplication,
  findChromium,
  launchChromium,
  startEmptyApplication,
} from '../support/chromium.ts'
import {
  ALL_SCOPES,
  addClient,
  addResident,
  EVERYTHING,
  PASSWORD,
  startPortal,
  type TestPortal,
} from '../support/portal.ts'
import { addVerification, loadPerson } from '../support/verifications.ts'

const executable = findChromium()
// WCAG 2.2 §1.4.10: a screen of 1280 at 400 %, and narrower than any telephone sold.
const NARROWEST = { width: 320, height: 640 }

const DETAILS = 'eprospera:person.details.read'
const AGE_OVER = 'eprospera:person.age_over.read'

describe.skipIf(!executable)('consent in a browser', () => {
  let browser: Browser
  let portal: TestPortal
  let context: BrowserContext
  let anywhere: EmptyApplication
  let redirectUri: string
  beforeAll(async () => {
    portal = await startPortal()
    await setPolicy(portal.db, 'sensitive-scopes', 'documents')
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

  /** A request for everything, by an application with a logo and a purpose, of a verified resident; and the consent page it leads to. */
  async function arrive(page: Page, scope: string) {
    const resident = await addResident(portal.parts)
    await addVerification(portal.parts, resident.id)
    await loadPerson(portal.parts, resident.id, { dateOfBirth: '1990-02-03' })
    const client = await addClient(portal.parts, {
      redirectUris: [redirectUri],
      scope: EVERYTHING,
      alternatives: { [DETAILS]: AGE_OVER },
    })
    await setClientProfile(portal.db, client.client_id, {
      operator: 'Bluewater Ltd',
      purpose: 'To open your account.',
      policy_uri: 'https://bank.test/privacy',
    })
    await setClientLogo(portal.db, client.client_id, readLogo(await drawBankLogo()))
    const application = await createApplication(portal.issuer, client)
    const { url } = await application.authorizationRequest(scope, { redirect_uri: redirectUri })
    await page.goto(url)
    await type(page, '#email', resident.email)
    await type(page, '#password', PASSWORD)
    await page.keyboard.press('Enter')
    await page.locator('button[name=allow]').waitFor()
    return { resident, client, url }
  }

  test('is given, shaped and narrowed with the keyboard alone', async () => {
    const page = await context.newPage()
    const { resident, client } = await arrive(page, ALL_SCOPES)
    expect(await isTooWide(page)).toBe(false)
    expect(await findAccessibilityFaults(page)).toEqual([])
    const logo = page.getByRole('img', { name: 'Logo of Bluewater Bank' })
    expect(await widthOf(logo)).toBe(256)
    // What a screen reader hears: the groups by their names, each box with what it hands over.
    const permissions = page.getByRole('group', { name: 'What it may see and do' })
    expect(await permissions.getByRole('checkbox', { checked: true }).count()).toBe(3)
    const period = page.getByRole('group', { name: 'For how long' })
    expect(await period.getByRole('radio').count()).toBe(5)
    const documents = page.getByRole('group', {
      name: 'The photos of your identity document and your face',
    })
    expect(await documents.getByRole('radio', { checked: true }).count()).toBe(0)
    const share = documents.getByRole('radio', { name: 'Share this', exact: true })
    const described = (await share.getAttribute('aria-describedby')) ?? ''
    expect(await page.locator(`#${described}`).textContent()).toContain(
      'the front and back of your passport, your face, from the check of',
    )
    // The button is in sight before anything was scrolled, and hides nothing that has the focus.
    const allow = page.locator('button[name=allow]')
    expect(await isInSight(page, allow)).toBe(true)

    await tabTo(page, 'input[value=email]')
    await page.keyboard.press('Space')
    await tabTo(page, 'input[value=offline_access]')
    await page.keyboard.press('Space')
    await tabTo(page, 'input[name=until]')
    await page.keyboard.press('ArrowDown')
    expect(await period.getByRole('radio', { checked: true }).getAttribute('value')).toBe('year')
    expect(await bottomOf(page.locator('input:focus'))).toBeLessThan(
      (await page.locator('.decide').boundingBox())?.y ?? 0,
    )
    await tabTo(page, 'button[name=allow]')
    await page.keyboard.press('Enter')

    // A question is open: nothing was shared, and what was entered is still there.
    const alert = page.getByRole('alert')
    expect(await alert.textContent()).toContain('Nothing has been shared yet')
    expect(await page.title()).toContain('Error: ')
    expect(await findAccessibilityFaults(page)).toEqual([])
    expect(await page.locator('input[value=email]').isChecked()).toBe(false)
    expect(await period.getByRole('radio', { checked: true }).getAttribute('value')).toBe('year')
    await tabTo(page, '[role=alert] a')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Space')
    expect(await share.isChecked()).toBe(true)
    await tabTo(page, 'input[value=document_front]')
    await page.keyboard.press('Space')
    await tabTo(page, 'button[name=allow]')
    await page.keyboard.press('Enter')
    await page.waitForURL(`${redirectUri}**`)
    expect(new URL(page.url()).searchParams.has('code')).toBe(true)

    await page.goto(portal.issuer)
    const card = page.getByRole('article').filter({ hasText: client.client_name })
    expect(await card.textContent()).toMatch(/To open your account.*Declined.*Your e-mail address/s)
    expect(await card.textContent()).toMatch(
      /Photos not shared.*Back of the document and Your face/s,
    )
    await tabTo(page, `a[href="/applications/${client.client_id}"]`)
    await page.keyboard.press('Enter')
    const save = page.locator('button[name=save]')
    await save.waitFor()
    expect(await isTooWide(page)).toBe(false)
    expect(await isInSight(page, save)).toBe(true)
    expect(await findAccessibilityFaults(page)).toEqual([])
    expect(await page.getByLabel('Front of the document').isChecked()).toBe(true)
    expect(await page.getByLabel('Your face').isChecked()).toBe(false)
    await tabTo(page, 'input[type=radio][value$="id_verification.read"]')
    await page.keyboard.press('ArrowDown')
    await tabTo(page, 'button[name=save]')
    await page.keyboard.press('Enter')
    expect(await page.getByRole('status').textContent()).toContain(
      'Saved. The change applies at once',
    )
    expect(await share.isChecked()).toBe(false)
    const [row] = await portal.db`
      select scopes, ends_at is not null as ends from consent where account_id = ${resident.id}`
    expect(row).toEqual({ scopes: ['openid', 'profile'], ends: true })
    await page.close()
  })

  test('is in the browser’s language, fits its longer words, and changes with the keyboard alone', async () => {
    const options = { locale: 'es-HN', javaScriptEnabled: false, viewport: NARROWEST }
    const page = await (await browser.newContext(options)).newPage()
    const { url } = await arrive(page, EVERYTHING)
    expect(await page.locator('html').getAttribute('lang')).toBe('es')
    expect(await findAccessibilityFaults(page)).toEqual([])
    // Of all scopes too: the list comes first, and the button is in sight from the start.
    const allow = page.locator('button[name=allow]')
    expect(await isInSight(page, allow)).toBe(true)
    expect(await allow.textContent()).toBe('Permitir lo que elegí')
    const names = await page
      .locator('input[name], button[name]')
      .evaluateAll((all) => all.map((each) => each.getAttribute('name')))
    expect(names.indexOf('scope')).toBeLessThan(names.indexOf('allow'))
    // The smaller alternative is first.
    const pair = page.locator(`input[name="permission ${DETAILS}"]`)
    expect(await pair.evaluateAll((all) => all.map((each) => each.getAttribute('value')))).toEqual([
      AGE_OVER,
      DETAILS,
      '',
    ])
    const documents = page.getByRole('group', { name: 'Las fotos de su documento de identidad' })
    expect(await documents.textContent()).toContain(
      'el frente y el reverso de su pasaporte, su rostro, de la verificación del',
    )
    for (const path of ['', '/', '/account', '/activity', '/links']) {
      if (path) await page.goto(`${portal.issuer}${path}`)
      expect(await page.locator('html').getAttribute('lang')).toBe('es')
      expect(await isTooWide(page), path).toBe(false)
    }
    await page.goto(url)
    await tabTo(page, 'button[name=locale]')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Allow Bluewater Bank to see this?' }).waitFor()
    await page.context().close()
  })

  test('on a desk with scripts shows the photos after a proof of identity, and lets another resident sign in', async () => {
    const options = { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' as const }
    const page = await (await browser.newContext(options)).newPage()
    const { resident, url } = await arrive(page, EVERYTHING)
    await portal.db`
      update oidc_artifact set payload = payload ||
        jsonb_build_object('loginTs', extract(epoch from now())::bigint - 1000)
      where kind = 'Session' and account_id = ${resident.id}`
    await page.goto(url)
    expect(await page.locator('main').textContent()).not.toContain('3 February 1990')
    expect(await page.locator('main img[src^="/photos/"]').count()).toBe(0)
    expect(await findAccessibilityFaults(page)).toEqual([])
    await page.getByLabel('Front of the document').check()
    await page.getByRole('button', { name: 'Show what would be shared' }).click()
    await page.getByLabel('Password').fill(PASSWORD)
    await page.locator('button[name=confirm]').click()
    await page.getByText('3 February 1990').waitFor()
    expect(await findAccessibilityFaults(page)).toEqual([])
    const front = page.getByRole('img', { name: 'Front of the document' })
    expect(await widthOf(front)).toBeGreaterThan(0)
    expect(await page.getByLabel('Front of the document').isChecked()).toBe(true)
    expect(await page.getByLabel('Back of the document').isChecked()).toBe(false)

    await page.getByRole('button', { name: 'Not you? Use another account' }).click()
    const other = await addResident(portal.parts)
    await page.getByLabel('E-mail').fill(other.email)
    await page.getByLabel('Password').fill(PASSWORD)
    await page.keyboard.press('Enter')
    await page.getByText(`You are signed in as Ana Mejia (${other.email})`).waitFor()
    await agreeToEverything(page)
    await page.locator('button[name=allow]').click()
    await page.waitForURL(`${redirectUri}**`)
    const consents = await portal.db`
      select from consent where account_id = any (${[resident.id, other.id]})`
    expect(consents).toHaveLength(1)
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

const bottomOf = async (locator: Locator) => {
  const box = await locator.boundingBox()
  return box ? box.y + box.height : 0
}

/** Whether the whole of it is in the window, which nobody has scrolled. */
const isInSight = async (page: Page, locator: Locator) =>
  (await page.evaluate('scrollY')) === 0 &&
  (await bottomOf(locator)) <= (page.viewportSize()?.height ?? 0)

const widthOf = (image: Locator) =>
  image.evaluate((each) => (each as { naturalWidth?: number }).naturalWidth)

const isTooWide = (page: Page) =>
  page.locator('html').evaluate((root) => {
    const { scrollWidth, clientWidth } = root as unknown as Record<string, number>
    return Number(scrollWidth) > Number(clientWidth)
  })
