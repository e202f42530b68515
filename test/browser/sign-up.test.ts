import { randomUUID } from 'node:crypto'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setPolicy } from '../../src/platform/policies.ts'
import { findAccessibilityFaults } from '../support/accessibility.ts'
import {
  type EmptyApplication,
  findChromium,
  launchChromium,
  startEmptyApplication,
} from '../support/chromium.ts'
import { receiveMail } from '../support/mailbox.ts'
import { startPortal, type TestPortal } from '../support/portal.ts'

const executable = findChromium()
const PASSWORD = 'seventeen copper kites over the bay'

describe.skipIf(!executable)('sign-up in a browser', () => {
  let browser: Browser
  let portal: TestPortal
  let anywhere: EmptyApplication
  beforeAll(async () => {
    portal = await startPortal({ worker: true })
    await setPolicy(portal.db, 'sign-up', 'open')
    browser = await launchChromium(executable ?? '')
    anywhere = await startEmptyApplication()
  })
  afterAll(async () => {
    await browser?.close()
    await portal?.close()
    anywhere?.close()
  })

  async function openPhone(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 320, height: 640 }, ...options })
    const page = await context.newPage()
    await page.goto(await anywhere.authorizationUrl(portal, 'openid profile email'))
    await page.getByRole('link', { name: 'Create an account' }).click()
    return page
  }

  test('with scripts off goes from an application to its consent and back, by code and password', async () => {
    const email = `${randomUUID()}@example.test`
    const page = await openPhone({ javaScriptEnabled: false })
    expect(await page.locator('main').textContent()).toContain('Bluewater Bank would like to know')
    await expectSound(page, 'Create an account')
    const address = page.getByLabel('E-mail')
    expect(await address.getAttribute('autocomplete')).toBe('email')
    await address.fill(email)
    await page.keyboard.press('Enter')

    await page.getByRole('heading', { name: 'Check your e-mail' }).waitFor()
    const code = page.getByLabel('Code')
    expect(await code.getAttribute('autocomplete')).toBe('one-time-code')
    await code.fill('1234')
    await page.keyboard.press('Enter')
    await page.getByText('That code is not right').waitFor()
    await expectSound(page, 'Error: check your e-mail')
    await expectFault(page, 'Code', 'That code is not right')
    const { text } = await receiveMail(portal, email, 'Create your account')
    await code.fill(/^\d{4} \d{4}$/m.exec(text)?.[0] ?? '')
    await page.keyboard.press('Enter')

    await page.getByRole('heading', { name: 'Your new account' }).waitFor()
    await expectSound(page, 'Your new account')
    expect(await page.locator('button[data-passkey]').isVisible()).toBe(false)
    for (const [label, autocomplete] of [
      ['E-mail', 'username'],
      ['Given name', 'given-name'],
      ['Surname', 'family-name'],
      ['Password', 'new-password'],
    ] as const)
      expect(await page.getByLabel(label).getAttribute('autocomplete')).toBe(autocomplete)
    await page.getByLabel('Given name').fill('Ana')
    await page.getByLabel('Surname').fill('Mejía')
    await page.getByLabel('Password').fill('too short')
    await page.getByRole('button', { name: 'Create the account' }).click()
    await page.getByRole('alert').waitFor()
    await expectSound(page, 'Error: your new account')
    await expectFault(page, 'Password', '15 characters or more')
    expect(await page.getByLabel('Given name').inputValue()).toBe('Ana')
    await page.getByLabel('Password').fill(PASSWORD)
    await page.keyboard.press('Enter')

    await page.locator('button[name=allow]').click()
    await page.waitForURL(`${anywhere.redirectUri}**`)
    expect(page.url()).toContain('code=')
    await page.context().close()
  })

  test('with scripts offers a passkey in place of the password, once the names are filled in', async () => {
    const email = `${randomUUID()}@example.test`
    const page = await openPhone()
    const client = await page.context().newCDPSession(page)
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
    await page.getByLabel('E-mail').fill(email)
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.goto((await receiveMail(portal, email, 'Create your account')).link)
    const passkey = page.getByRole('button', { name: 'Use a passkey instead of a password' })
    await passkey.click()
    expect(await page.locator('input:focus').getAttribute('id')).toBe('given-name')
    await page.getByLabel('Given name').fill('Ana')
    await page.getByLabel('Surname').fill('Mejía')
    await passkey.click()
    await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor()
    await expectSound(page, 'Your recovery codes')
    await page.getByRole('link', { name: 'I have saved them' }).click()
    await page.locator('button[name=allow]').click()
    await page.waitForURL(`${anywhere.redirectUri}**`)

    await page.goto(portal.issuer)
    await page.locator('button[name=sign-out]').click()
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.locator('button[name=sign-out]').waitFor()
    expect(await page.locator('main').textContent()).toContain('Good to see you, Ana Mejía')
    await page.context().close()
  })
})

/** The title names the page, nothing is wider than the screen, and axe finds nothing. */
async function expectSound(page: Page, title: string) {
  expect(await page.title()).toBe(`${title} · Identity portal`)
  expect(await findAccessibilityFaults(page)).toEqual([])
  expect(
    await page.locator('html').evaluate((root) => {
      const { scrollWidth, clientWidth } = root as unknown as Record<string, number>
      return Number(scrollWidth) > Number(clientWidth)
    }),
  ).toBe(false)
  const ids = await page.locator('[id]').evaluateAll((all) => all.map(({ id }) => id))
  expect(new Set(ids).size).toBe(ids.length)
  expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1)
  for (const field of await page.getByRole('textbox').all())
    expect(
      await field.evaluate((input) => (input as { labels?: ArrayLike<unknown> }).labels?.length),
    ).toBe(1)
  for (const button of await page.getByRole('button').all())
    expect((await button.textContent())?.trim()).not.toBe('')
}

/** The field is marked, and described by the text beside it. */
async function expectFault(page: Page, label: string, text: string) {
  const field = page.getByLabel(label)
  expect(await field.getAttribute('aria-invalid')).toBe('true')
  const ids = (await field.getAttribute('aria-describedby'))?.split(' ') ?? []
  const described = await Promise.all(ids.map((id) => page.locator(`#${id}`).textContent()))
  expect(described.join(' ')).toContain(text)
}
