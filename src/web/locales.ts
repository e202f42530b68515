import type { IncomingMessage } from 'node:http'
import { parse } from 'hono/utils/cookie'
import { isLocale, LOCALES, type Locale } from './texts/languages.ts'

/*
 * The language of a request: the one that was chosen with the switch, then `ui_locales` of the waiting authorization request (OpenID
 * Connect Core §3.1.2.1), then `Accept-Language`, then the operator's default.
 */

// No browser has more, and what is sent here costs time.
const MAX_HEADER_CHARACTERS = 1_000
const MAX_RANGES = 30

const RANGE = /^[a-z]{1,8}(-[a-z0-9]{1,8})*$/i
const WEIGHT = /^q=(0(\.\d{0,3})?|1(\.0{0,3})?)$/i

/** The name of the cookie that the switch sets. Its value is a language. */
export const localeCookie = (issuer: string): string =>
  issuer.startsWith('https:') ? '__Host-language' : 'language'

/** Chooses the language of a request. `uiLocales` is the parameter of the authorization request that waits for it. */
export function chooseLocale(
  req: Pick<IncomingMessage, 'headers'>,
  { issuer, defaultLocale }: { issuer: string; defaultLocale: Locale },
  uiLocales?: unknown,
): Locale {
  const name = localeCookie(issuer)
  const remembered = parse(req.headers.cookie ?? '', name)[name]
  if (isLocale(remembered)) return remembered
  return (
    lookUpLocale(typeof uiLocales === 'string' ? shorten(uiLocales).split(' ') : []) ??
    lookUpLocale(readAcceptLanguage(req.headers['accept-language'] ?? '')) ??
    defaultLocale
  )
}

/** Returns the first language that a list of ranges asks for (RFC 4647 §3.4), or `undefined`. Ignores what is not a range. */
export function lookUpLocale(ranges: readonly string[]): Locale | undefined {
  for (const range of ranges.slice(0, MAX_RANGES)) {
    if (!RANGE.test(range)) continue
    const subtags = range.toLowerCase().split('-')
    while (subtags.length > 0) {
      const found = LOCALES.find((locale) => locale.toLowerCase() === subtags.join('-'))
      if (found) return found
      subtags.pop()
      // A subtag of one letter introduces the next one.
      if (subtags.at(-1)?.length === 1) subtags.pop()
    }
  }
  return undefined
}

/** The ranges of an `Accept-Language` header (RFC 9110 §12.5.4), the most wanted first. */
export function readAcceptLanguage(header: string): string[] {
  return shorten(header)
    .split(',', MAX_RANGES)
    .flatMap((part) => {
      const [range = '', weight = 'q=1', ...more] = part.split(';').map((word) => word.trim())
      if (!RANGE.test(range) || !WEIGHT.test(weight) || more.length > 0) return []
      const quality = Number(weight.slice(2))
      return quality > 0 ? [{ range, quality }] : []
    })
    .sort((a, b) => b.quality - a.quality)
    .map(({ range }) => range)
}

const shorten = (text: string) => text.slice(0, MAX_HEADER_CHARACTERS)
