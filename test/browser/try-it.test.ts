import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTeam } from '../../src/developers/teams.ts'
import { findAccessibilityFaults } from '../support/accessibility.ts'
import { agreeToEverything, findChromium, launchChromium } from '../support/chromium.ts'
import { addClient, addResident, PASSWORD, startPortal, startSandbox } from '../support/portal.ts'

const executable = findChromium()

describe.skipIf(!executable)('an application is tried in a browser', () => {
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

  test.each([
    { at: 'a desk', viewport: { width: 1280, height: 800 }, scripts: true },
    { at: 'a phone without scripts', viewport: { width: 320, height: 640 }, scripts: false },
  ])('from the request to a document, and to the end of it, at $at', async (given) => {
    const { viewport, scripts: javaScriptEnabled } = given
    const context = await browser.newContext({
      viewport,
      javaScriptEnabled,
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    const problems: string[] = []
    const page = await context.newPage()
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text())
    })
    await page.goto(await createTried())
    await judge(page)
    await page.getByRole('button', { name: 'Start' }).click()
    await judge(page)
    if (javaScriptEnabled) await copies(page)

    await page.getByRole('button', { name: 'Go to the sandbox' }).click()
    await page.getByLabel('Alma Rivas').check()
    await page.locator('button[name=login]').click()
    await agreeToEverything(page)
    await page.locator('button[name=allow]').click()
    await page.waitForURL((url) => url.hash === '#callback')
    await page.getByRole('button', { name: 'Exchange the code' }).click()
    await page.getByText('The latest approved identity verification').click()
    await page.getByRole('button', { name: 'Send' }).first().click()
    await page.getByText('The latest approved identity verification: 200').waitFor()
    await page.getByRole('button', { name: 'Code used twice' }).click()
    await page.getByText('A code used twice: 400').waitFor()
    await judge(page)
    expect(problems).toEqual([])
    await context.close()

    /** Signs in, and returns the address that tries an application of a team. */
    async function createTried(): Promise<string> {
      const developer = await addResident(portal.parts)
      const team = { name: 'Harbour Insurance', ownerId: developer.id }
      const teamId = await portal.db.begin((sql) => createTeam(sql, team))
      const client = await addClient(sandbox.parts, { teamId })
      await page.goto(`${portal.issuer}/sign-in`)
      await page.getByLabel(/e-?mail/i).fill(developer.email)
      await page.getByLabel(/password/i).fill(PASSWORD)
      await page.locator('button[name=login]').click()
      return `${portal.issuer}/developers/${teamId}/sandbox/${client.client_id}/try`
    }
  })
})

async function judge(page: Page) {
  expect(await findAccessibilityFaults(page)).toEqual([])
  expect(
    await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
  ).toBeLessThanOrEqual(0)
}

async function copies(page: Page) {
  await page.getByText('Ask the issuer where its endpoints are').click()
  await page.getByRole('button', { name: 'Copy' }).first().click()
  await page.getByRole('button', { name: 'Copied' }).waitFor()
  const text = await page.evaluate(() => navigator.clipboard.readText())
  expect(text).toMatch(/^curl -i 'http:\/\/127\.0\.0\.1:\d+\/\.well-known\/openid-configuration'/)
}
