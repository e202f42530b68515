import { en, type Texts } from './en.ts'
import { es } from './es.ts'

/** Every language of the pages and mails. A new one is a file like `es.ts`, and a line here. */
export const LANGUAGES = { en, es } satisfies Record<string, Texts>

/** The tag of a language (RFC 5646): `en`. */
export type Locale = keyof typeof LANGUAGES

/** A text that is chosen when it is known who reads it. */
export type Text = (texts: Texts) => string

/** What the texts of all languages have from the operator and the reader. */
export type Setting = {
  /** The name of this portal; `undefined`: each language calls it an identity portal. */
  name?: string | undefined
  /** The zone of the reader (IANA). */
  timeZone: string
}

export const LOCALES = Object.keys(LANGUAGES) as Locale[]

export const isLocale = (value: unknown): value is Locale =>
  typeof value === 'string' && Object.hasOwn(LANGUAGES, value)

/** The catalogue of a language with the name of this portal, and times in the zone of the reader. */
export function textsFor(locale: Locale, { name, timeZone }: Setting): Texts {
  const texts = inTimeZone(LANGUAGES[locale], timeZone)
  if (name === undefined) return texts
  const { frame, mails } = texts
  return { ...texts, frame: { ...frame, portal: name }, mails: { ...mails, signature: name } }
}

/** The same texts with times in another zone. */
export const inTimeZone = (texts: Texts, timeZone: string): Texts => ({
  ...texts,
  format: { ...texts.format, ...texts.format.in(timeZone) },
})

/** A point in time, with the name of the zone. */
export const momentInWords = ({ common, format }: Texts, at: Date): string =>
  common.momentIn(format.moment(at), format.zone())

/** The word for a code of our own; `undefined` for one that has none. */
export const wordFor = (
  words: Readonly<Record<string, string>>,
  code: string | null,
): string | undefined => (code !== null && Object.hasOwn(words, code) ? words[code] : undefined)
