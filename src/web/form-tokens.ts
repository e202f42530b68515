import { createHmac, timingSafeEqual } from 'node:crypto'
import { PageError } from './page-error.ts'

/** CSRF tokens for forms: each is bound to one session or interaction, and never part of a URL. */
export type FormTokens = {
  create(of: string): string
  /** Throws PageError 403 unless our own page sent the request, with the token of this session or interaction, if there is one. */
  require(request: Request, of: string | undefined, given: unknown): void
  /** The same for a request without a form. */
  requireSameOrigin(request: Request): void
}

/** `keys` are the cookie keys; the first creates tokens, all verify them. */
export function createFormTokens(issuer: string, keys: readonly string[]): FormTokens {
  const make = (key: string, of: string) =>
    createHmac('sha256', key).update(`form ${of}`).digest('base64url')
  const matches = (of: string | undefined, given: unknown) =>
    of !== undefined &&
    typeof given === 'string' &&
    keys.some((key) => {
      const expected = Buffer.from(make(key, of))
      const actual = Buffer.from(given)
      return expected.length === actual.length && timingSafeEqual(expected, actual)
    })
  const [current = ''] = keys
  return {
    create: (of) => make(current, of),
    require(request, of, given) {
      if (!isSameOrigin(request.headers, issuer) || !matches(of, given)) throw forbiddenForm()
    },
    requireSameOrigin(request) {
      if (!isSameOrigin(request.headers, issuer)) throw forbiddenForm()
    },
  }
}

const forbiddenForm = () => new PageError(403, 'forbidden_form', ({ errors }) => errors.foreignForm)

/** Whether one of our own pages sent the request, by the browser's `Sec-Fetch-Site`, else by `Origin`. */
function isSameOrigin(headers: Headers, issuer: string): boolean {
  const site = headers.get('sec-fetch-site')
  if (site) return site === 'same-origin' || site === 'none'
  const origin = headers.get('origin')
  return origin === null || origin === issuer
}
