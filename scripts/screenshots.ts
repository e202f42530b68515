import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

// Writes new docs/screenshots from a demo of its own: `npm exec -- node scripts/screenshots.ts [folder] [width]`.
const [folder = new URL('../docs/screenshots', import.meta.url).pathname, width = '900'] =
  process.argv.slice(2)
const PORT = 4310
const dir = await mkdtemp(join(tmpdir(), 'portal-screenshots-'))
const demo = spawn(
  process.execPath,
  [new URL('../src/main.ts', import.meta.url).pathname, 'demo'],
  {
    env: { PATH: process.env.PATH, PORT: String(PORT), DATA_DIR: join(dir, 'data') },
    stdio: ['ignore', 'pipe', 'inherit'],
  },
)
try {
  let said = ''
  for await (const chunk of demo.stdout) {
    said += chunk
    if (said.includes('Ctrl-C')) break
  }
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  })
  const page = await browser.newPage({ viewport: { width: Number(width), height: 800 } })
  const shoot = (name: string) =>
    page.screenshot({ path: join(folder, `${name}.png`), fullPage: true })

  await page.goto(`http://localhost:${PORT + 1}/`)
  await page
    .getByRole('button')
    .or(page.getByRole('link', { name: /identity/i }))
    .first()
    .click()
  await page.getByLabel('E-mail').fill('ana.mejia@example.test')
  await page.getByLabel('Password').fill('lantern orchard violet drum')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.waitForSelector('button[name="allow"]')
  await shoot('consent')
  await page.locator('button[name="allow"]').click()
  await page.waitForURL(`http://localhost:${PORT + 1}/**`)
  await page.goto(`http://localhost:${PORT}/`)
  await page.waitForLoadState('networkidle')
  await shoot('home')
  await browser.close()
} finally {
  demo.kill('SIGINT')
  await new Promise((resolve) => demo.once('exit', resolve))
  await rm(dir, { recursive: true, force: true })
}
