import type { Page } from 'playwright-core'

/**
 * What somebody with a keyboard alone does not reach with Tab, or reaches without seeing where they are (WCAG 2.2 §2.1.1, §2.4.7,
 * §2.4.11): one line each.
 */
export async function findKeyboardFaults(page: Page): Promise<string[]> {
  const count = await page.evaluate(listStops)
  const faults = new Set<string>()
  for (let presses = 0; presses < count + 2; presses++) {
    await page.keyboard.press('Tab')
    for (const fault of await page.evaluate(visitStop)) faults.add(fault)
  }
  for (const missed of await page.evaluate(listMissed)) faults.add(`is not reached: ${missed}`)
  return [...faults]
}

// What follows runs in the page, whose types Node's do not have.
type Rectangle = { left: number; top: number; width: number; height: number }
type Control = {
  outerHTML: string
  tabIndex: number
  disabled?: boolean
  type?: string
  name?: string
  form?: object
  checkVisibility(options: object): boolean
  contains(other: object | null): boolean
  getClientRects(): ArrayLike<Rectangle>
}
declare const document: {
  activeElement: Control | null
  body: object
  querySelectorAll(selector: string): Iterable<Control>
  elementFromPoint(x: number, y: number): Control | null
}
declare const getComputedStyle: (element: object) => Record<string, string>
/** The places where Tab should stop that were not visited yet. */
declare let stops: Set<Control>

function listStops(): number {
  const found = [
    ...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]'),
  ].filter(
    (control) =>
      !control.disabled &&
      control.type !== 'hidden' &&
      control.tabIndex >= 0 &&
      control.checkVisibility({ visibilityProperty: true }),
  )
  Object.assign(globalThis, { stops: new Set(found) })
  return found.length
}

function visitStop(): string[] {
  const control = document.activeElement
  if (!control || control === document.body) return []
  const what = control.outerHTML.slice(0, 120)
  stops.delete(control)
  // Of several radio buttons, Tab reaches the chosen one.
  if (control.type === 'radio')
    for (const other of stops)
      if (other.type === 'radio' && other.name === control.name && other.form === control.form)
        stops.delete(other)
  const { outlineStyle, outlineWidth = '' } = getComputedStyle(control)
  const isOutlined = outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2
  const [box] = Array.from(control.getClientRects())
  const seen = box && document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2)
  const isSeen = !!seen && (control.contains(seen) || seen.contains(control))
  return [
    ...(isOutlined ? [] : [`has no outline: ${what}`]),
    ...(isSeen ? [] : [`is covered, or outside of the window: ${what}`]),
  ]
}

const listMissed = () => Array.from(stops, (control) => control.outerHTML.slice(0, 120))
