import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { approveRequest, declineRequest } from '../../src/developers/production-requests.ts'
import { listAllRequests } from '../../src/developers/production-store.ts'
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

const executable = findChromium()
const PHONE = { width: 320, height: 640 }
const DESK = { width: 1280, height: 800 }

describe.skipIf(!executable)('going to production, in a browser', () => {
  let browser: Browser
  let sandbox: Awaited<ReturnType<typeof startSandbox>>
  let portal: TestPortal
  let receiver: Server
  let hooks: string
  beforeAll(async () => {
    sandbox = await startSandbox()
    portal = await startPortal({
      ...{ developerSandbox: sandbox, worker: true },
      outboundAllow: ['127.0.0.1/32'],
    })
    browser = await launchChromium(executable ?? '')
    receiver = createServer((_req, res) => res.writeHead(500).end('The queue is full.'))
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
    hooks = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hooks`
  })
  afterAll(async () => {
    receiver?.close()
    await browser?.close()
    await portal?.close()
    await sandbox?.close()
  })

  async function signIn(page: Page): Promise<string> {
    const { email } = await addResident(portal.parts)
    await page.goto(`${portal.issuer}/sign-in?return=/developers`)
    await page.getByLabel('E-mail').fill(email)
    await page.getByLabel('Password').fill(PASSWORD)
    await page.keyboard.press('Enter')
    await page.getByLabel('Name').fill('Harbour')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Harbour' }).waitFor()
    return page.url().split('/').at(-1) ?? ''
  }

  async function expectSound(page: Page) {
    expect(await findAccessibilityFaults(page)).toEqual([])
    const width = await page.evaluate(() => document.documentElement.scrollWidth)
    expect(width).toBeLessThanOrEqual(page.viewportSize()?.width ?? 0)
  }

  const waiting = async () => (await listAllRequests(portal.db, { waiting: true }))[0]?.id ?? ''
  const decider = () => ({ ...portal.parts, jobs: portal.jobs })

  test('on a phone with scripts off: a request with faults, declined, sent again and approved', async () => {
    const context = await browser.newContext({ viewport: PHONE, javaScriptEnabled: false })
    const page = await context.newPage()
    const team = await signIn(page)
    const { client_id: id } = await addClient(sandbox.parts, {
      scope: 'openid email',
      teamId: team,
    })
    await page.goto(`${portal.issuer}/developers/${team}/sandbox/${id}/production`)
    await expectSound(page)

    await page.getByLabel('Organisation that runs it').fill('Harbour Ltd')
    await page.getByRole('button', { name: 'Send to the operator' }).click()
    await page.getByText('It was saved as a draft, and not sent').waitFor()
    expect(await page.title()).toMatch(/^Error: /)
    await expectSound(page)
    await page.getByRole('link', { name: 'The purpose is missing.' }).click()
    expect(page.url()).toMatch(/#purpose$/)
    expect(await page.getByLabel('Organisation that runs it').inputValue()).toBe('Harbour Ltd')

    await page.getByLabel('Purpose').fill('To write to you about your policy.')
    await page.getByLabel('Reason for “Your e-mail address”').fill('Policies are sent by mail.')
    await page.getByLabel('Privacy policy').fill('https://harbour.example/privacy')
    await page.getByLabel('Redirect addresses').fill('https://harbour.example/callback')
    await page.getByLabel('E-mail address for questions').fill('it@harbour.example')
    await page.getByRole('button', { name: 'Send to the operator' }).click()
    await page.getByText('Waiting for the operator').waitFor()
    await expectSound(page)

    const reason = 'The privacy policy does not mention the e-mail address.'
    await declineRequest(decider(), { id: await waiting(), decidedBy: null, reason })
    await page.reload()
    await page.getByText(reason).waitFor()
    await expectSound(page)
    await page.getByRole('button', { name: 'Send to the operator' }).click()
    await page.getByText('Waiting for the operator').waitFor()
    await approveRequest(decider(), { id: await waiting(), decidedBy: null })
    await page.reload()
    await page.getByRole('link', { name: 'ask for a change' }).click()
    await page.getByLabel('Purpose').fill('To write to you.')
    await page.getByRole('button', { name: 'Save draft' }).click()
    await page.getByRole('heading', { name: 'What this draft would change' }).waitFor()
    await expectSound(page)
    await context.close()
  })

  test('at a desk: events are set up, and a try is read with what came back', async () => {
    const context = await browser.newContext({ viewport: DESK, colorScheme: 'dark' })
    const page = await context.newPage()
    const team = await signIn(page)
    const { client_id: id } = await addClient(portal.parts, {
      name: 'Harbour Events',
      teamId: team,
    })
    await page.goto(`${portal.issuer}/developers/${team}/production/${id}/events`)
    await page.getByLabel('Address').fill('http://harbour.example')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Enter an address that begins with https://').waitFor()
    await expectSound(page)
    await page.getByLabel('Address').fill(hooks)
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText(/whsec_/).waitFor()
    await expectSound(page)
    await page.goto(`${portal.issuer}/developers/${team}/production/${id}/events`)
    await page.getByRole('button', { name: 'Send a test event' }).click()
    const attempt = page.getByText(/Attempt 1: 500/)
    while ((await attempt.count()) === 0) await page.reload()
    await attempt.click()
    await page.getByText('The queue is full.').waitFor()
    await expectSound(page)
    await page.setViewportSize(PHONE)
    await expectSound(page)
    await context.close()
  })
})
