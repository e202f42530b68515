/** What a form says by how much a clock is to be moved: one of the buttons, or an amount with its unit. */
type Span = { amount: string; unit: Unit; seconds: number }

const UNITS = { minutes: 60, hours: 3600, days: 24 * 3600 } as const
export type Unit = keyof typeof UNITS
export const UNIT_NAMES = Object.keys(UNITS) as Unit[]
const LONGEST_DAYS = 3650

const isUnit = (value: unknown): value is Unit => UNIT_NAMES.some((each) => each === value)

/** The span in seconds, or what is wrong with the amount. A button sends both as `preset`. */
export function readSpan(
  form: Record<string, unknown>,
): Span | { amount: string; unit: Unit; fault: string } {
  const [pressed, pressedUnit] = typeof form.preset === 'string' ? form.preset.split(' ') : []
  const amount = pressed ?? String(form.amount ?? '').trim()
  const given = pressedUnit ?? form.unit
  const unit = isUnit(given) ? given : 'hours'
  if (!/^\d{1,9}$/.test(amount) || Number(amount) === 0)
    return { amount, unit, fault: 'Enter a whole number, 1 or more: the clock only moves forward.' }
  const seconds = Number(amount) * UNITS[unit]
  if (seconds > LONGEST_DAYS * UNITS.days)
    return { amount, unit, fault: `Enter at most ${LONGEST_DAYS} days.` }
  return { amount, unit, seconds }
}

/** `2 days, 3 hours`: its parts that are not zero, without the seconds of a longer one. */
export function describeSpan(seconds: number): string {
  if (seconds < 60) return count(Math.max(0, Math.ceil(seconds)), 'second')
  const days = Math.floor(seconds / UNITS.days)
  const hours = Math.floor((seconds % UNITS.days) / UNITS.hours)
  const minutes = Math.floor((seconds % UNITS.hours) / UNITS.minutes)
  return [count(days, 'day'), count(hours, 'hour'), count(minutes, 'minute')]
    .filter((part) => !part.startsWith('0 '))
    .join(', ')
}

const count = (value: number, noun: string) => `${value} ${noun}${value === 1 ? '' : 's'}`
