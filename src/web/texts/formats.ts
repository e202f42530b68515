import type { html } from 'hono/html'

/** Escaped text for pages, as `` html`…` `` returns it. */
export type Html = ReturnType<typeof html>

/** The forms of a word for numbers: every language has `other`, English and Spanish have `one`. */
type Forms = { other: string } & Partial<Record<Intl.LDMLPluralRule, string>>

const DAY = { year: 'numeric', month: 'long', day: 'numeric' } as const
const TIME = { hour: 'numeric', minute: '2-digit' } as const

/**
 * How a language writes dates, lists and numbers. `tag` names the region too: `es-HN`. Points in time are in UTC; `in` returns the same
 * formats for the time zone of a reader.
 */
export function createFormats(tag: string) {
  const dates = new Intl.DateTimeFormat(tag, { ...DAY, timeZone: 'UTC' })
  const lists = new Intl.ListFormat(tag)
  const plurals = new Intl.PluralRules(tag)
  const kilobytes = new Intl.NumberFormat(tag, {
    style: 'unit',
    unit: 'kilobyte',
    maximumFractionDigits: 0,
  })
  const regions = new Intl.DisplayNames(tag, { type: 'region', fallback: 'none' })
  return {
    ...createTimes(tag, 'UTC'),
    /** The formats of points in time in another zone. */
    in: (timeZone: string) => createTimes(tag, timeZone),
    /** A date of the calendar that is no point in time, such as the last day of a document: the day that it is in UTC. */
    date: (date: Date) => dates.format(date),
    list: (words: readonly string[]) => lists.format(words),
    /** A size in bytes, rounded up. */
    kilobytes: (bytes: number) => kilobytes.format(Math.ceil(bytes / 1000)),
    /** The name of a country; `undefined` for what is no code of ISO 3166-1 alpha-2. */
    country: (code: string) => (/^[A-Z]{2}$/.test(code) ? regions.of(code) : undefined),
    plural: (count: number, forms: Forms) => forms[plurals.select(count)] ?? forms.other,
  }
}

/** The formats are made when they are first used, because most pages show no time. */
function createTimes(tag: string, timeZone: string) {
  const format = (options: Intl.DateTimeFormatOptions) => {
    let made: Intl.DateTimeFormat | undefined
    return () => (made ??= new Intl.DateTimeFormat(tag, { ...options, timeZone }))
  }
  const days = format(DAY)
  const moments = format({ ...DAY, ...TIME })
  const zones = format({ timeZoneName: 'shortGeneric' })
  return {
    /** The day of a point in time. */
    day: (at: Date) => days().format(at),
    /** The day and time of a point in time, without its zone. */
    moment: (at: Date) => moments().format(at),
    /** The name of the zone: `Honduras Time`. */
    zone: () =>
      timeZone === 'UTC'
        ? timeZone
        : (zones()
            .formatToParts()
            .find(({ type }) => type === 'timeZoneName')?.value ?? timeZone),
  }
}

/** Whether it is the name of a time zone (IANA) that can be computed with. An offset such as `+05:00` is none. */
export function isTimeZone(name: unknown): name is string {
  if (typeof name !== 'string' || !/^[A-Za-z][\w+/-]{0,63}$/.test(name)) return false
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined
  } catch {
    return false
  }
}
