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
  return {
    day: (date: Date) => days.format(date),
    moment: (date: Date) => moments.format(date),
    list: (words: readonly string[]) => lists.format(words),
    plural: (count: number, forms: Forms) => forms[plurals.select(count)] ?? forms.other,
  }
}
