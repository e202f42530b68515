import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findClock } from '../../src/personas/clock.ts'
import { findPersona, listPersonas } from '../../src/personas/personas.ts'
import { findAccessibilityFaults } from '../support/accessibility.ts'
import { findChromium, launchChromium } from '../support/chromium.ts'
import { addResident, PASSWORD, startPortal, startSandbox } from '../support/portal.ts'

const executable = findChromium()
const PHONE = { width: 320, height: 640 }

describe.skipIf(!executable)('the page of a sandbox in a browser', () => {
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

  /** A team, and its sandbox's page as its owner sees it. */
  async function open(options: BrowserContextOptions) {
    const { id, email } = await addResident(portal.parts)
    const page = await (await browser.newContext(options)).newPage()
    await page.goto(portal.issuer)
    await page.locator('input[name=email]').fill(email)
    await page.locator('input[name=password]').fill(PASSWORD)
    await page.locator('button[name=login]').click()
    await page.locator('button[name=sign-out]').waitFor()
    await page.goto(`${portal.issuer}/developers`)
    await page.getByLabel('Name').fill('Harbour Insurance')
    await page.getByRole('button', { name: 'Create team' }).click()
    await page.getByRole('link', { name: 'Sandbox', exact: true }).click()
    await page.getByRole('heading', { name: 'Clock' }).waitFor()
    const [, teamId = ''] = /developers\/([0-9a-f-]{36})\//.exec(page.url()) ?? []
    return { accountId: id, page, teamId }
  }

  const expectSound = async (page: Page) => {
    expect(await findAccessibilityFaults(page)).toEqual([])
    const width = await page.evaluate(() => document.documentElement.scrollWidth)
    expect(width).toBeLessThanOrEqual(page.viewportSize()?.width ?? 0)
  }

  test('on a phone with scripts off a developer moves the clock and resets a persona, then everything', async () => {
    const { page, teamId } = await open({
      javaScriptEnabled: false,
      viewport: PHONE,
      colorScheme: 'dark',
    })
    await expectSound(page)
    const clock = page.locator('section', { has: page.locator('#clock') })
    await expect.poll(() => clock.textContent()).toContain('shows the time of day')
    await page.getByRole('button', { name: '30 days' }).click()
    await clock.getByText('30 days', { exact: true }).first().waitFor()
    expect(await clock.textContent()).toContain('is 30 days ahead')

    await page.getByLabel('Move it forward by').fill('1.5')
    await page.getByLabel('Unit').selectOption('days')
    await page.getByRole('button', { name: 'Move the clock' }).click()
    await page.getByRole('alert').waitFor()
    expect(await page.title()).toMatch(/^Error: /)
    expect(await page.getByLabel('Move it forward by').inputValue()).toBe('1.5')
    expect(await page.getByLabel('Unit').inputValue()).toBe('days')
    await expectSound(page)
    await page.getByLabel('Move it forward by').fill('3640')
    await page.getByRole('button', { name: 'Move the clock' }).click()
    await page.getByText('ten years ahead at most').waitFor()
    expect(await findClock(sandbox.db, teamId)).toMatchObject({ aheadSeconds: 30 * 24 * 3600 })

    const before = await listPersonas(sandbox.db, teamId)
    await page.getByRole('button', { name: 'Reset Alma' }).click()
    await page.waitForURL(/sandbox$/)
    const after = await listPersonas(sandbox.db, teamId)
    const changed = after.filter(
      ({ accountId }) => !before.some((each) => each.accountId === accountId),
    )
    expect(changed.map(({ kind }) => kind)).toEqual(['approved'])

    await page.getByRole('button', { name: 'Reset the sandbox' }).click()
    await clock.getByText('shows the time of day').waitFor()
    const kept = await Promise.all(after.map((each) => findPersona(sandbox.db, each.accountId)))
    expect(kept.filter(Boolean)).toEqual([])
  })

  test('at a desk a viewer sees what happens next and changes nothing; a stranger sees nothing', async () => {
    const { page, teamId, accountId } = await open({ viewport: { width: 1280, height: 800 } })
    const gael = (await listPersonas(sandbox.db, teamId)).find(
      ({ kind }) => kind === 'images-arriving',
    )
    await sandbox.db`
      insert into persona_step (account_id, what, due_at)
      values (${gael?.accountId ?? ''}, 'photos', now() + interval '90 seconds')`
    const form = page.locator('form', { hasText: 'Reset Alma' })
    const csrf = await form.locator('input[name=csrf]').inputValue()
    await portal.db`update developer_member set role = 'viewer' where team_id = ${teamId}`
    await page.reload()
    await expectSound(page)
    const item = page.locator('li', { hasText: 'Gael Pineda' })
    expect(await item.textContent()).toMatch(/the photos arrive in 1 minute/)
    expect(await page.locator('main button').count()).toBe(0)
    const post = () =>
      page.request.post(`${portal.issuer}/developers/${teamId}/sandbox/clock`, {
        form: { csrf, amount: '1', unit: 'days' },
        headers: { Origin: portal.issuer },
        maxRedirects: 0,
      })
    expect((await post()).status()).toBe(404)
    await portal.db`delete from developer_member where account_id = ${accountId}`
    expect((await post()).status()).toBe(404)
    expect((await page.goto(page.url()))?.status()).toBe(404)
    expect(await findClock(sandbox.db, teamId)).toMatchObject({ aheadSeconds: 0 })
  })
})
