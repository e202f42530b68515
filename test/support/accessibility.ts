import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'

// `axe.source` is twice as long, and is sent to every page.
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** WCAG 2.2 A and AA, and the practices that axe recommends beyond them. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/**
 * What axe finds wrong with the page as it is shown now: the rule and the elements, one line each. `rules` are ids of rules or sets of
 * rules.
 */
export async function findAccessibilityFaults(page: Page, rules = RULES): Promise<string[]> {
  const hasScripts = await page.evaluate(() => matchMedia('(scripting: enabled)').matches)
  return hasScripts ? runAxe(page, rules) : runAxeOnCopy(page, rules)
}

/** One window for the copies of each browser. */
const copies = new WeakMap<Browser, Promise<Page>>()

/** Axe cannot run where scripts are off, so it is given the same document in a window that allows them. */
async function runAxeOnCopy(page: Page, rules: string[]): Promise<string[]> {
  const browser = page.context().browser()
  const size = page.viewportSize()
  if (!browser || !size) throw new Error('The page has no window of a browser.')
  const opened = copies.get(browser) ?? browser.newPage()
  copies.set(browser, opened)
  const copy = await opened
  const body = await page.content()
  const answer: Parameters<Page['route']>[1] = (route) =>
    route.fulfill({ body, contentType: 'text/html' })
  const isDark = await page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches)
  await copy.emulateMedia({ colorScheme: isDark ? 'dark' : 'light' })
  await copy.setViewportSize(size)
  await copy.route(page.url(), answer)
  await copy.goto(page.url())
  await copy.unroute(page.url(), answer)
  return runAxe(copy, rules)
}

async function runAxe(page: Page, rules: string[]): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(AXE)
  const violations = await page.evaluate(async (rules) => {
    const { axe: runner } = globalThis as unknown as { axe: typeof axe }
    const result = await runner.run({ runOnly: rules, resultTypes: ['violations'] })
    return result.violations.map(({ id, nodes }) => ({
      id,
      elements: nodes.map(({ html, failureSummary }) => `${html}: ${failureSummary}`),
    }))
  }, rules)
  return violations.map(({ id, elements }) => `${id}: ${elements.join('; ')}`)
}
