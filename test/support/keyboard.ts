import type { Page } from 'playwright-core'

/**
 * What somebody with a keyboard alone does not reach with Tab, or reaches without seeing where they are (WCAG 2.2 §2.1.1, §2.4.7,
 * §2.4.11): one line each.
 */
export async function findKeyboardFaults(page: Page): Promise<string[]> {
  const count = await page.evaluate(watchFocus)
  // One after the other in the browser, which need not be asked in between.
  await Promise.all(Array.from({ length: count + 2 }, () => page.keyboard.press('Tab')))
  return page.evaluate(() => finishWatch())
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
  focus(): void
  contains(other: object | null): boolean
  getClientRects(): ArrayLike<Rectangle>
}
declare const document: {
  activeElement: Control | null
  querySelectorAll(selector: string): Iterable<Control>
  elementFromPoint(x: number, y: number): Control | null
}
declare const getComputedStyle: (element: object) => Record<string, string>
declare const addEventListener: (name: 'focusin', listener: () => void) => void
declare const removeEventListener: typeof addEventListener
/** Returns what is wrong, after all presses. */
declare const finishWatch: () => string[]

/** Watches where Tab stops. Returns at how many places it should. */
function watchFocus(): number {
  const all = [
    ...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]'),
  ].filter(
    (control) =>
      !control.disabled &&
      control.type !== 'hidden' &&
      control.tabIndex >= 0 &&
      control.checkVisibility({ visibilityProperty: true }),
  )
  const stops = new Set(all)
  const faults: string[] = []
  const report = (control: Control, fault: string) =>
    faults.push(`${fault}: ${control.outerHTML.slice(0, 120)}`)

  function arrive() {
    const control = document.activeElement
    if (!control) return
    stops.delete(control)
    // Of several radio buttons, Tab reaches the chosen one.
    if (control.type === 'radio')
      for (const other of stops)
        if (other.type === 'radio' && other.name === control.name && other.form === control.form)
          stops.delete(other)
    const { outlineStyle, outlineWidth = '' } = getComputedStyle(control)
    if (outlineStyle === 'none' || Number.parseFloat(outlineWidth) < 2)
      report(control, 'has no outline')
  }
  function isSeen(control: Control): boolean {
    const [box] = Array.from(control.getClientRects())
    const seen =
      box && document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2)
    return !!seen && (control.contains(seen) || seen.contains(control))
  }
  addEventListener('focusin', arrive)
  Object.assign(globalThis, {
    finishWatch() {
      removeEventListener('focusin', arrive)
      for (const control of stops) report(control, 'is not reached')
      for (const control of all) {
        // Scrolls to it, as Tab does.
        control.focus()
        if (!isSeen(control)) report(control, 'is covered, or outside of the window')
      }
      return faults
    },
  })
  return stops.size
}
