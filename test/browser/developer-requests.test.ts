import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTeam } from '../../src/developers/teams.ts'
import { findAccessibilityFaults } from '../support/accessibility.ts'
import { findChromium, launchChromium } from '../support/chromium.ts'
import {
  addClient,
  addResident,
  PASSWORD,
  startPortal,
  startSandbox,
  type TestPortal,
} from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'

const executable = findChromium()
const LONG = `https://harbour.example/${'callback-of-the-second-environment/'.repeat(6)}`

describe.skipIf(!executable)('the request log in a browser', () => {
  let browser: Browser
  let sandbox: Awaited<ReturnType<typeof startSandbox>>
  let portal: TestPortal
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
    { width: 320, javaScriptEnabled: false, colorScheme: 'dark', locale: 'es-HN' },
    { width: 1280, javaScriptEnabled: true, colorScheme: 'light', locale: 'en-US' },
  ] as const)('from an error page to the request and the list, $width px', async (given) => {
    const { width, ...options } = given
    const owner = await addResident(portal.parts)
    const teamId = await portal.db.begin((sql) =>
      createTeam(sql, { name: 'Harbour Insurance', ownerId: owner.id }),
    )
    const { client_id: clientId } = await addClient(portal.parts, { name: `Harbour ${width}` })
    await portal.db`update client set team_id = ${teamId} where id = ${clientId}`
    const viewport = { width, height: 640 }
    const page = await (await browser.newContext({ ...options, viewport })).newPage()
    const check = async () => {
      expect(await findAccessibilityFaults(page)).toEqual([])
      const root = page.locator('html')
      expect(await root.evaluate(({ scrollWidth }) => scrollWidth)).toBeLessThanOrEqual(width)
    }
    await page.goto(`${portal.issuer}/sign-in`)
    await page.locator('input[name=email]').fill(owner.email)
    await page.locator('input[name=password]').fill(PASSWORD)
    await page.locator('button[name=login]').click()
    await page.locator('button[name=sign-out]').waitFor()

    const query = new URLSearchParams({ client_id: clientId, redirect_uri: LONG })
    const refused = await page.goto(`${portal.issuer}/api/oauth/authorize?${query}`)
    await page
      .getByText(given.locale === 'es-HN' ? 'Lo que se esperaba' : 'What was expected')
      .first()
      .waitFor()
    await check()

    const requestId = refused?.headers()['x-request-id'] ?? ''
    await eventually(async () => {
      const [row] = await portal.db`select from request_log where request_id = ${requestId}`
      return row !== undefined
    })
    await page.locator('a[href*="/developers/requests"]').click()
    await page.getByRole('heading', { name: 'What to do' }).waitFor()
    await check()

    await page.getByRole('link', { name: 'All requests' }).click()
    await page.getByLabel('Endpoint').selectOption('authorization')
    await page.getByRole('button', { name: 'Show' }).click()
    await page.waitForURL(/endpoint=authorization/)
    expect(await page.locator('.requests > li').count()).toBe(1)
    await check()

    await page.getByRole('link', { name: 'find a request by its id' }).click()
    await page.getByLabel('Request id').fill('nothing')
    await page.getByRole('button', { name: 'Find' }).click()
    await page.locator('#id-error').waitFor()
    await check()
    await page.context().close()
  })
})
