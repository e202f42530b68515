import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findAccessibilityFaults } from '../support/accessibility.ts'
import { findChromium, launchChromium } from '../support/chromium.ts'
import { findKeyboardFaults } from '../support/keyboard.ts'
import { addClient, startPortal, startSandbox } from '../support/portal.ts'

const executable = findChromium()
const PHONE = { width: 320, height: 640 }
const DESK = { width: 1280, height: 800 }

describe.skipIf(!executable)('the documentation in a browser', () => {
  let browser: Browser
  let sandbox: Awaited<ReturnType<typeof startSandbox>>
  let portal: Awaited<ReturnType<typeof startPortal>>
  beforeAll(async () => {
    sandbox = await startSandbox()
    portal = await startPortal({ developerSandbox: sandbox })
    browser = await launchChromium(executable ?? '')
  })
  afterAll(async () => {
    await browser?.close()
    await portal?.close()
    await sandbox?.close()
  })

  async function obtainToken(): Promise<string> {
    const office = await addClient(sandbox.parts, {
      type: 'service',
      redirectUris: [],
      scope: 'idv.read',
    })
    const answer = await fetch(`${sandbox.issuer}/api/oauth/token`, {
      method: 'POST',
      headers: { Authorization: `Basic ${btoa(`${office.client_id}:${office.client_secret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
    return ((await answer.json()) as { access_token: string }).access_token
  }

  test.each([
    ['a phone, without scripts', PHONE, false, 'light'],
    ['a desk, in the dark', DESK, true, 'dark'],
  ] as const)('leads from the front page to a call of the sandbox: %s', async (...given) => {
    const [, viewport, javaScriptEnabled, colorScheme] = given
    const context = await browser.newContext({ viewport, javaScriptEnabled, colorScheme })
    const page = await context.newPage()
    const problems: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text())
    })
    const judge = async () => {
      const isTooWide = await page.evaluate(
        'document.documentElement.scrollWidth > document.documentElement.clientWidth',
      )
      const faults = [...problems.splice(0), ...(await findAccessibilityFaults(page))]
      expect([page.url(), isTooWide, faults]).toEqual([page.url(), false, []])
    }
    await page.goto(`${portal.issuer}/developers`)
    await judge()
    await page.getByRole('link', { name: 'Reference', exact: true }).first().click()
    const field = page.getByRole('textbox', { name: 'Search the documentation' })
    await field.fill('document types')
    await field.press('Enter')
    await judge()
    await page.getByRole('link', { name: 'The kinds of documents there are' }).first().click()
    await page.getByText('Python', { exact: true }).click()
    expect(await page.getByRole('group', { name: 'Code in Python' }).isVisible()).toBe(true)
    await judge()
    if (javaScriptEnabled) expect(await findKeyboardFaults(page)).toEqual([])
    const token = page.getByLabel('Token', { exact: true })
    await token.fill('no token')
    await page.getByRole('button', { name: 'Call' }).click()
    expect(page.url()).toContain(sandbox.issuer)
    expect(await page.getByRole('alert').innerText()).toContain('That is not a token')
    problems.splice(0)
    await judge()
    await token.fill(await obtainToken())
    await page.getByRole('button', { name: 'Call' }).click()
    expect(await page.getByRole('heading', { name: 'The sandbox answered 200' }).count()).toBe(1)
    expect(await token.inputValue()).toBe('')
    await judge()
    await page.emulateMedia({ media: 'print' })
    // On paper every language is shown, and nothing that can only be used on a screen.
    expect(await page.getByRole('button').count()).toBe(0)
    expect(await page.getByRole('group', { name: 'Code in Go' }).isVisible()).toBe(true)
    await context.close()
  })
})
