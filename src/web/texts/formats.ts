import type { html } from 'hono/html'

/** Escaped text for pages, as `` html`…` `` returns it. */
export type Html = ReturnType<typeof html>

/** The forms of a word for numbers: every language has `other`, English and Spanish have `one`. */
type Forms = { other: string } & Partial<Record<Intl.LDMLPluralRule, string>>

/** How a language writes dates, lists and numbers. `tag` names the region too: `es-HN`. Times are in UTC for every reader. */
export function createFormats(tag: string) {
  const days = new Intl.DateTimeFormat(tag, { dateStyle: 'long', timeZone: 'UTC' })
  const moments = new Intl.DateTimeFormat(tag, {
    dateStyle: 'long',
    timeStyle: 'short',
    timeZone: 'UTC',
  })
  const lists = new Intl.ListFormat(tag)
  const plurals = new Intl.PluralRules(tag)
  const kilobytes = new Intl.NumberFormat(tag, {
    style: 'unit',
    unit: 'kilobyte',
    maximumFractionDigits: 0,
  })
  const regions = new Intl.DisplayNames(tag, { type: 'region', fallback: 'none' })
  return {
    day: (date: Date) => days.format(date),
    moment: (date: Date) => moments.format(date),
    list: (words: readonly string[]) => lists.format(words),
    /** A size in bytes, rounded up. */
    kilobytes: (bytes: number) => kilobytes.format(Math.ceil(bytes / 1000)),
    /** The name of a country; `undefined` for what is no code of ISO 3166-1 alpha-2. */
    country: (code: string) => (/^[A-Z]{2}$/.test(code) ? regions.of(code) : undefined),
    plural: (count: number, forms: Forms) => forms[plurals.select(count)] ?? forms.other,
  }
}
