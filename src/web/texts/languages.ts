import { en, type Texts } from './en.ts'
import { es } from './es.ts'

/** Every language of the pages and mails. A new one is a file like `es.ts`, and a line here. */
export const LANGUAGES = { en, es } satisfies Record<string, Texts>

/** The tag of a language (RFC 5646): `en`. */
export type Locale = keyof typeof LANGUAGES

/** A text that is chosen when it is known who reads it. */
export type Text = (texts: Texts) => string

export const LOCALES = Object.keys(LANGUAGES) as Locale[]

export const isLocale = (value: unknown): value is Locale =>
  typeof value === 'string' && Object.hasOwn(LANGUAGES, value)

/** The word for a code of our own; `undefined` for one that has none. */
export const wordFor = (
  words: Readonly<Record<string, string>>,
  code: string | null,
): string | undefined => (code !== null && Object.hasOwn(words, code) ? words[code] : undefined)
