import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import sharp from 'sharp'
import { ANA, PASSWORD } from '../src/local/demo/people.ts'

// Writes docs/screenshots from a demo of its own: `npm run screenshots [-- --folder FOLDER]`.
const { values } = parseArgs({ options: { folder: { type: 'string' } } })
const folder = values.folder ?? new URL('../docs/screenshots', import.meta.url).pathname

const PORT = 4310
const PORTAL = `http://localhost:${PORT}`
const BANK = `http://localhost:${PORT + 1}`
const DESK = { width: 900, height: 1_200 }
const PHONE = { width: 390, height: 844 }
const MAX_BYTES = 60_000

/** From the best picture to the smallest: worse, then smaller. JPEG, because the photos on the pages have grain. */
const ATTEMPTS = [900, 750, 600].flatMap((width) =>
  [85, 75, 65, 55].map((quality) => ({ width, quality })),
)

async function shoot(page: Page, name: string): Promise<void> {
  await page.waitForLoadState('networkidle')
  const { width, height } = page.viewportSize() ?? DESK
  // Of a long page its beginning, and no empty space below a short one.
  const content = (await page.locator('body').boundingBox())?.height ?? height
  const clip = { x: 0, y: 0, width, height: Math.min(height, Math.ceil(content)) }
  const whole = await page.screenshot({ fullPage: true, clip })
  for (const { width, quality } of ATTEMPTS) {
    const picture = await sharp(whole)
      .resize({ width, withoutEnlargement: true })
      .jpeg({ quality, mozjpeg: true })
      .toBuffer()
    if (picture.length > MAX_BYTES) continue
    await writeFile(join(folder, `${name}.jpg`), picture)
    process.stdout.write(`${name}.jpg  ${picture.length} bytes, quality ${quality}\n`)
    return
  }
  throw new Error(`${name} does not fit in ${MAX_BYTES} bytes`)
}

async function open(browser: Browser, url: string, options: BrowserContextOptions): Promise<Page> {
  const context = await browser.newContext({ colorScheme: 'light', ...options })
  const page = await context.newPage()
  // A page that was changed fails soon, with the name of what is missing.
  page.setDefaultTimeout(15_000)
  await page.goto(url)
  return page
}

async function signIn(page: Page): Promise<void> {
  await page.locator('input[name=email]').fill(ANA.email)
  await page.locator('input[name=password]').fill(PASSWORD)
  await page.locator('button[name=login]').click()
}

/** On the consent page: shares all that the application asks for, each photo too. */
async function agreeToEverything(page: Page): Promise<void> {
  await page.locator('button[name=allow]').waitFor()
  for (const question of await page.locator('input[name=asked]').all()) {
    const scope = await question.getAttribute('value')
    await page.locator(`input[name="permission ${scope}"][value="${scope}"]`).check()
  }
  for (const photo of await page.locator('input[name=image]').all()) await photo.check()
}

/** Reloads a page that waits for the work of the background. */
async function reloadUntil(page: Page, selector: string): Promise<void> {
  const end = Date.now() + 60_000
  while ((await page.locator(selector).count()) === 0) {
    if (Date.now() > end) throw new Error(`${page.url()} never had ${selector}`)
    await page.waitForTimeout(300)
    await page.reload()
  }
}

/** Ana, at a desk: what the bank asks for, what it gets, and her own pages. */
async function shootResident(browser: Browser): Promise<void> {
  const page = await open(browser, BANK, { viewport: DESK })
  await page.locator('a[href="/sign-in"]').click()
  await signIn(page)
  await agreeToEverything(page)
  await shoot(page, 'consent')
  await page.locator('button[name=allow]').click()
  await page.getByRole('heading', { name: 'Your identity is confirmed' }).waitFor()
  await shoot(page, 'bank')
  await page.goto(PORTAL)
  await page.locator('button[name=sign-out]').waitFor()
  await shoot(page, 'home')
  await page.locator('main a[href^="/verifications/"]').first().click()
  await shoot(page, 'verification')
  await page.goto(`${PORTAL}/activity`)
  await page.getByRole('heading', { level: 1 }).waitFor()
  await shoot(page, 'activity')
  await page.context().close()
}

/** The same in Spanish, on a phone. */
async function shootSpanish(browser: Browser): Promise<void> {
  const page = await open(browser, PORTAL, { viewport: PHONE, locale: 'es-HN' })
  await signIn(page)
  await page.locator('button[name=sign-out]').waitFor()
  await shoot(page, 'home-spanish')
  await page.context().close()
}

const NEWCOMER = 'nora.paz@example.test'

/** A newcomer with a phone: sign-up, and the way to a verified identity. */
async function shootNewcomer(browser: Browser): Promise<void> {
  const page = await open(browser, BANK, { viewport: PHONE })
  await page.locator('a[href="/sign-in"]').click()
  await page.locator('main a[href$="/sign-up"]').click()
  await page.locator('#email').fill(NEWCOMER)
  await shoot(page, 'sign-up')
  await page.locator('button[name=send]').click()
  await page.locator('main a[href="/outbox"]').click()
  const mail = `article:has-text("${NEWCOMER}") a`
  await reloadUntil(page, mail)
  await page.locator(mail).first().click()
  await page.locator('#given-name').fill('Nora')
  await page.locator('#family-name').fill('Paz')
  await page.locator('#password').fill(PASSWORD)
  await page.locator('button[name=create]').click()
  await page.locator('main a[href^="/verify?request="]').click()
  await shoot(page, 'verify')
  await page.locator('button[name=start]').click()
  await page.locator('a[href$="/continue"]').click()
  await page.getByRole('button', { name: 'Approve' }).click()
  await reloadUntil(page, '.buttons a[href^="/interaction/"]')
  await shoot(page, 'verified')
  await page.locator('.buttons a[href^="/interaction/"]').click()
  await agreeToEverything(page)
  await shoot(page, 'consent-phone')
  await page.context().close()
}

const CALLBACK = 'http://localhost:4000/callback'

/** Ana as a developer: an application of her own, the flow with a persona, and the reference. */
async function shootDeveloper(browser: Browser): Promise<void> {
  const page = await open(browser, `${PORTAL}/sign-in?return=%2Fdevelopers`, { viewport: DESK })
  await signIn(page)
  await page.locator('input[name=name]').fill('Harbour Bank')
  await page.locator('button[name=create-team]').click()
  await page.locator('a[href$="/sandbox/new"]').click()
  await page.locator('input[name=name]').fill('Harbour Bank accounts')
  await page.locator('textarea[name=redirect-uris]').fill(CALLBACK)
  await page.locator('input[value="eprospera:person.id_verification.read"]').first().check()
  await page.locator('button[name=create]').click()
  // What follows needs no secret.
  await page.locator('main p a.button').click()
  await page.getByRole('heading', { name: 'What next' }).waitFor()
  await shoot(page, 'developer')
  await page.locator('nav a[href$="/try"]').click()
  await page.locator('button[name=start]').click()
  await page.getByRole('button', { name: 'Go to the sandbox' }).click()
  await page.getByRole('button', { name: 'Continue as this person' }).click()
  await page.getByRole('button', { name: 'Allow what is ticked' }).click()
  await page.getByRole('button', { name: 'Exchange the code' }).click()
  await page.getByRole('heading', { name: 'ID token' }).waitFor()
  await shoot(page, 'developer-try')
  await page.goto(`${PORTAL}/reference/residents/getIdVerification`)
  await shoot(page, 'reference')
  await page.context().close()
}

const directory = await mkdtemp(join(tmpdir(), 'portal-screenshots-'))
const demo = spawn(
  process.execPath,
  [new URL('../src/main.ts', import.meta.url).pathname, 'demo'],
  {
    env: { PATH: process.env.PATH, PORT: String(PORT), DATA_DIR: join(directory, 'data') },
    stdio: ['ignore', 'pipe', 'inherit'],
  },
)
try {
  let said = ''
  for await (const chunk of demo.stdout) {
    said += chunk
    if (said.includes('Ctrl-C')) break
  }
  // It has said on standard error why.
  if (demo.exitCode !== null) throw new Error('the demo did not start')
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  })
  try {
    await shootResident(browser)
    await shootSpanish(browser)
    await shootNewcomer(browser)
    await shootDeveloper(browser)
  } finally {
    await browser.close()
  }
} finally {
  if (demo.exitCode === null) {
    const ended = new Promise((resolve) => demo.once('exit', resolve))
    demo.kill('SIGINT')
    await ended
  }
  await rm(directory, { recursive: true, force: true })
}
