import axe from 'axe-core'
import type { Page } from 'playwright-core'

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

/** Axe cannot run where scripts are off, so it is given the same document in a window that allows them. */
async function runAxeOnCopy(page: Page, rules: string[]): Promise<string[]> {
  const browser = page.context().browser()
  if (!browser) throw new Error('The page has no browser.')
  const copy = await browser.newPage({ viewport: page.viewportSize() })
  try {
    const body = await page.content()
    await copy.route(page.url(), (route) => route.fulfill({ body, contentType: 'text/html' }))
    await copy.goto(page.url())
    return await runAxe(copy, rules)
  } finally {
    await copy.close()
  }
}

async function runAxe(page: Page, rules: string[]): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source)
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
