import { randomUUID } from 'node:crypto'
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSetupLink } from '../../src/accounts/operators.ts'
import { setStream } from '../../src/events/streams.ts'
import { startApplication } from '../../src/local/sandbox/application.ts'
import { setPolicy } from '../../src/platform/policies.ts'
import { findAccessibilityFaults } from '../support/accessibility.ts'
import { agreeToEverything, findChromium, launchChromium } from '../support/chromium.ts'
import { addClient, startPortal, type TestPortal } from '../support/portal.ts'
import { findFreePorts } from '../support/ports.ts'
import { connectSandbox, eventually } from '../support/sandbox.ts'

const executable = findChromium()
const PASSWORD = 'seventeen copper kites over the bay'

describe.skipIf(!executable)('as the demo is gone by hand', () => {
  let browser: Browser
  let portal: TestPortal
  let vendor: Awaited<ReturnType<typeof connectSandbox>>
  let bank: Awaited<ReturnType<typeof openBank>>
  beforeAll(async () => {
    portal = await startPortal({ worker: true, outboundAllow: ['127.0.0.1/32', '::1/128'] })
    await setPolicy(portal.db, 'sign-up', 'open')
    vendor = await connectSandbox(portal)
    bank = await openBank(portal)
    browser = await launchChromium(executable ?? '')
  })
  afterAll(async () => {
    await browser?.close()
    await bank?.close()
    await vendor?.sandbox.close()
    await portal?.close()
  })

  test.each<[string, BrowserContextOptions & { byCode: boolean }]>([
    ['on a phone, in English', { viewport: { width: 360, height: 740 }, byCode: false }],
    [
      'on a desk, in Spanish, with scripts off',
      {
        viewport: { width: 1280, height: 800 },
        locale: 'es-HN',
        javaScriptEnabled: false,
        byCode: true,
      },
    ],
  ])('a newcomer becomes a verified customer of the bank and leaves it, %s', async (_, options) => {
    const { byCode, ...browserOptions } = options
    const context = await browser.newContext(browserOptions)
    const page = await context.newPage()
    await page.goto(bank.url)
    await page.locator('main').getByRole('link').first().click()
    await page.locator('main a[href$="/sign-up"]').click()
    await signUp(page, byCode)

    // The bank asks for documents that nobody has yet.
    await page.locator('main a[href^="/verify?request="]').click()
    await page.locator('button[name=start]').click()
    await page.locator('a[href$="/continue"]').click()
    await page.getByRole('button', { name: 'Approve' }).click()
    await page.waitForURL(/\/verify\/[\w-]+/)
    const goOn = page.locator('main .buttons a.primary[href^="/interaction/"]')
    await reloadUntil(page, goOn)
    await goOn.click()
    await allowEverything(page)
    await page.getByRole('heading', { name: 'Your identity is confirmed' }).waitFor()
    // The bank is told when the last photo is stored.
    await reloadUntil(page, page.locator('figure').nth(2))

    const own = await context.newPage()
    await own.goto(portal.issuer)
    await own.locator('button[name=revoke]').click()
    await own.getByRole('status').waitFor()
    // The open page learns it by itself, or without scripts when it is loaded again.
    const ended = page.getByRole('heading', { name: 'You ended our access' })
    if (options.javaScriptEnabled === false) await reloadUntil(page, ended)
    await ended.waitFor()
    expect(await page.locator('figure').count()).toBe(0)
    await page.getByRole('link', { name: 'Allow access again' }).click()
    await allowEverything(page)
    await page.getByRole('heading', { name: 'Your identity is confirmed' }).waitFor()
    await context.close()
  })

  /** Reads the mail where the page says that it is: by its link, or by typing its code. */
  async function signUp(page: Page, byCode: boolean) {
    const email = `${randomUUID()}@example.test`
    await page.locator('#email').fill(email)
    await page.locator('button[name=send]').click()
    const waiting = page.url()
    expect(await findAccessibilityFaults(page)).toEqual([])
    await page.locator('main a[href="/outbox"]').click()
    const mail = page.locator('article').filter({ hasText: email })
    await reloadUntil(page, mail)
    if (byCode) {
      const [code = ''] = /\b\d{4} \d{4}\b/.exec(await mail.innerText()) ?? []
      await page.goto(waiting)
      await page.locator('#code').fill(code)
      await page.locator('button[name=verify]').click()
    } else await mail.getByRole('link').first().click()
    await page.locator('#given-name').fill('Nora')
    await page.locator('#family-name').fill('Paz')
    await page.locator('#password').fill(PASSWORD)
    await page.locator('button[name=create]').click()
  }

  test('the first operator creates the account with a passkey, and reads what is next', async () => {
    const context = await browser.newContext({ viewport: { width: 320, height: 640 } })
    const page = await context.newPage()
    const client = await context.newCDPSession(page)
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
    await page.goto((await createSetupLink(portal.db, portal.issuer))?.link ?? '')
    await page.getByLabel('E-mail').fill('carla@example.test')
    await page.getByLabel('Given name').fill('Carla')
    await page.getByLabel('Surname').fill('Paz')
    await page.getByLabel('Password').fill('short')
    await page.getByRole('button', { name: 'Create the account' }).click()
    await page.getByRole('alert').waitFor()
    expect(await findAccessibilityFaults(page)).toEqual([])
    await page.getByRole('button', { name: 'Use a passkey instead of a password' }).click()
    await page.getByRole('heading', { name: 'Your recovery codes' }).waitFor()
    await page.getByRole('link', { name: 'I have saved them' }).click()
    await page.getByText('Your role is administrator').waitFor()
    expect(await findAccessibilityFaults(page)).toEqual([])
    expect(
      await page.locator('html').evaluate((root) => {
        const { scrollWidth, clientWidth } = root as unknown as Record<string, number>
        return Number(scrollWidth) > Number(clientWidth)
      }),
    ).toBe(false)
    await context.close()
  })
})

async function allowEverything(page: Page) {
  const allow = page.locator('button[name=allow]')
  await allow.waitFor()
  await agreeToEverything(page)
  await allow.click()
}

const reloadUntil = (page: Page, shown: Locator) =>
  eventually(async () => {
    if ((await shown.count()) > 0) return true
    // The page may be loading itself again at this moment.
    await page.reload().catch(() => {})
    return false
  })

/** The demo's bank, which gets the portal's events. */
async function openBank({ parts, issuer }: TestPortal) {
  const [port = 0] = await findFreePorts(1)
  const redirectUri = `http://localhost:${port}/callback`
  const { client_id: clientId, client_secret: clientSecret = '' } = await addClient(parts, {
    redirectUris: [redirectUri],
  })
  const stream = await setStream(parts.db, parts.sealer, {
    clientId,
    delivery: 'webhook',
    endpoint: `http://localhost:${port}/hooks`,
  })
  const events = {
    signingSecret: stream?.signing_secret ?? '',
    token: stream?.events_token ?? '',
  }
  const log = parts.log
  return await startApplication({ port, issuer, clientId, clientSecret, redirectUri, events, log })
}
