import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../../src/app.ts'
import { listOutbox } from '../../src/platform/mail.ts'
import { createSite, PLAIN_SITE } from '../../src/web/site.ts'
import type { WebContext } from '../../src/web-context.ts'
import { findAccessibilityFaults } from '../support/accessibility.ts'
import { findChromium, launchChromium } from '../support/chromium.ts'
import { findKeyboardFaults } from '../support/keyboard.ts'
import { createWorld, NOT_PAGES, PAGES, type Visit, type World } from '../support/pages.ts'
import { startPortal, type TestPortal } from '../support/portal.ts'
import { eventually } from '../support/sandbox.ts'

const executable = findChromium()
const MAX_BYTES = 150_000
// WCAG 2.2 §1.4.10: a screen of 1280 at 400 %.
const PHONE = { width: 320, height: 640 }
const DESK = { width: 1280, height: 800 }
// What the design and the width of the window change.
const LAYOUT_AND_COLOURS = ['color-contrast', 'target-size']

describe.skipIf(!executable)('every page', () => {
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let portal: TestPortal
  let world: World
  const problems: string[] = []
  beforeAll(async () => {
    portal = await startPortal({ worker: true })
    world = await createWorld(portal, (to, path) => receiveLink(portal, to, path))
    browser = await launchChromium(executable ?? '')
    context = await browser.newContext({ viewport: PHONE })
    page = await context.newPage()
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text())
    })
    page.on('pageerror', (error) => problems.push(error.message))
  })
  afterAll(async () => {
    await browser?.close()
    await portal?.close()
  })

  test('is in the list of pages, or known to be none', () => {
    const app = createApp({
      ...portal.parts,
      config: portal.config,
      issuer: portal.issuer,
      lanes: [],
      limiter: { take() {} },
      network: {},
      site: createSite(PLAIN_SITE),
    } as unknown as WebContext)
    const routes = new Set(
      app.routes
        .filter(({ method, path }) => method === 'GET' && !isForPrograms(path))
        .map(({ path }) => path.replaceAll(/\{.*?\}+(?=\/|$)/g, '')),
    )
    const listed = new Set([...Object.keys(PAGES), ...NOT_PAGES])
    expect([...routes].filter((path) => !listed.has(path))).toEqual([])
    const gone = [...listed].filter((path) => !routes.has(path) && !OUTSIDE.includes(path))
    expect(gone).toEqual([])
  })

  const visits = Object.entries(PAGES).flatMap(([route, list]) =>
    list.map((visit, index) => ({ route, visit, state: `${visit.who} ${index + 1}` })),
  )

  test.each(visits)('$route for $state is sound', async ({ route, visit }) => {
    // The longer words of Spanish have to fit; what a form has answered is in English.
    const isEnglish = /^\/(developers|reference|guides)(\/|$)/.test(route)
    const language = visit.act || isEnglish ? 'en' : 'es'
    await open(visit, language)
    if (visit.act) await visit.act(page, world)
    // The console reports the status of an error page as an error.
    const reported = problems.splice(0).filter((text) => !/status of 4\d\d/.test(text))
    const { isTooWide, lang, bytes } = await page.evaluate(measure)
    const faults = [
      ...reported,
      ...(isTooWide ? ['has to be scrolled sideways on a phone'] : []),
      ...(lang === language ? [] : [`is in ${lang}`]),
      ...(bytes <= MAX_BYTES ? [] : [`weighs ${bytes} bytes`]),
      ...(await findAccessibilityFaults(page)),
      ...(await findKeyboardFaults(page)),
    ]
    await page.setViewportSize(DESK)
    await page.emulateMedia({ colorScheme: 'dark' })
    if ((await page.evaluate(measure)).isTooWide) faults.push('has to be scrolled sideways')
    faults.push(...(await findAccessibilityFaults(page, LAYOUT_AND_COLOURS)))
    expect(faults).toEqual([])
  })

  /** Opens a page on a phone, in light design. */
  async function open({ who, path }: Visit, language: string) {
    await context.clearCookies()
    await context.addCookies([
      ...world.cookiesOf(who),
      { name: 'language', value: language, url: portal.issuer },
    ])
    await page.setViewportSize(PHONE)
    await page.emulateMedia({ colorScheme: 'light' })
    const at = typeof path === 'string' ? path : await path(world)
    await page.goto(new URL(at, portal.issuer).href)
  }

  test('shows what can be used when the system chooses the colours', async () => {
    await page.emulateMedia({ forcedColors: 'active' })
    for (const [who, path] of [
      ['nobody', '/sign-in'],
      ['full', '/'],
      ['old', '/account'],
      ['full', `/applications/${world.clients.allowed}`],
    ] as const) {
      await open({ who, path }, 'es')
      expect([path, await page.evaluate(findInvisibleControls)]).toEqual([path, []])
      expect([path, await findKeyboardFaults(page)]).toEqual([path, []])
    }
    await page.emulateMedia({ forcedColors: null })
  })

  test('shows on paper what it says, and nothing to press', async () => {
    for (const path of ['/activity', `/verifications/${world.verifications.full}`]) {
      await open({ who: 'full', path }, 'en')
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
      expect(await page.getByRole('button').count()).toBe(0)
      expect(await page.getByRole('navigation').getByRole('link').count()).toBe(0)
      const { backgroundColor, color } = await page.evaluate(() => {
        const styles = getComputedStyle(document.body)
        return { backgroundColor: styles.backgroundColor, color: styles.color }
      })
      expect({ backgroundColor, color }).toEqual({
        backgroundColor: 'rgb(255, 255, 255)',
        color: 'rgb(0, 0, 0)',
      })
      expect((await page.locator('main').innerText()).length).toBeGreaterThan(100)
      await page.emulateMedia({ media: null })
    }
  })

  test('of a resident leads to signing in, and back', async () => {
    for (const [route, list] of Object.entries(PAGES)) {
      if (list.some(({ who }) => who === 'nobody') || OUTSIDE.includes(route)) continue
      // It only says that a mail is on its way to this browser.
      if (route === '/verify-email/sent') continue
      const [visit] = list
      const at = typeof visit?.path === 'string' ? visit.path : ((await visit?.path(world)) ?? '')
      if (at.startsWith('http')) continue
      const answer = await fetch(`${portal.issuer}${at}`, {
        redirect: 'manual',
        headers: { Accept: 'text/html' },
      })
      const to = `/sign-in?return=${encodeURIComponent(at)}`
      expect([route, answer.status, answer.headers.get('location')]).toEqual([route, 303, to])
    }
  })
})

/** Pages of the authorization server, and what is at no route. */
const OUTSIDE = ['/device', '/api/oauth/authorize', '/api/oauth/end_session', 'no route']

const isForPrograms = (path: string) =>
  /^\/(api|webhooks|health|assets|\.well-known)(\/|$)/.test(path) &&
  path !== '/.well-known/change-password'

async function receiveLink({ db, parts }: TestPortal, to: string, path: string): Promise<string> {
  return eventually(async () => {
    for (const mail of await listOutbox(db, parts.sealer)) {
      const link = /https?:\/\/\S+/.exec(mail.text)?.[0]
      if (mail.to === to && link?.includes(path)) return link
    }
    return undefined
  })
}

// These run in the page, whose types Node's do not have.
type Timing = { encodedBodySize: number }
declare const document: {
  body: object
  documentElement: { scrollWidth: number; clientWidth: number; lang: string }
  querySelectorAll(selector: string): Iterable<object>
}
declare const getComputedStyle: (element: object) => Record<string, string>

function measure() {
  const { scrollWidth, clientWidth, lang } = document.documentElement
  const loaded = ['navigation', 'resource'].flatMap(
    (type) => performance.getEntriesByType(type) as unknown as Timing[],
  )
  const bytes = loaded.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)
  return { isTooWide: scrollWidth > clientWidth, lang, bytes }
}

/** Buttons and fields without a border that one sees, where the system removes all backgrounds. */
function findInvisibleControls(): string[] {
  const controls = [
    ...document.querySelectorAll('button, a.button, input:not([type=hidden]), select'),
  ]
  return controls.flatMap((control) => {
    const { borderTopWidth = '', borderTopStyle, appearance } = getComputedStyle(control)
    const { outerHTML, checkVisibility } = control as {
      outerHTML: string
      checkVisibility(): boolean
    }
    if (!checkVisibility.call(control) || appearance === 'auto') return []
    return borderTopStyle === 'none' || Number.parseFloat(borderTopWidth) < 1 ? [outerHTML] : []
  })
}
