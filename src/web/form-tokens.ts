import { createHmac, timingSafeEqual } from 'node:crypto'

/** CSRF tokens for forms: each is bound to one session or interaction, and never part of a URL. */
export type FormTokens = {
  create(of: string): string
  matches(of: string, given: unknown): boolean
}

/** `keys` are the cookie keys; the first creates tokens, all verify them. */
export function createFormTokens(keys: readonly string[]): FormTokens {
  const make = (key: string, of: string) =>
    createHmac('sha256', key).update(`form ${of}`).digest('base64url')
  const [current = ''] = keys
  return {
    create: (of) => make(current, of),
    matches: (of, given) =>
      typeof given === 'string' &&
      keys.some((key) => {
        const expected = Buffer.from(make(key, of))
        const actual = Buffer.from(given)
        return expected.length === actual.length && timingSafeEqual(expected, actual)
      }),
  }
}

/** Whether one of our own pages sent the form, by the browser's `Sec-Fetch-Site`, else by `Origin`. */
export function isSameOrigin(headers: Headers, issuer: string): boolean {
  const site = headers.get('sec-fetch-site')
  if (site) return site === 'same-origin' || site === 'none'
  const origin = headers.get('origin')
  return origin === null || origin === issuer
}
