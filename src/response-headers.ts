import type { ServerResponse } from 'node:http'

/**
 * What every response carries, whoever answers. A handler may set another value (a page its own policy, a key set its
 * lifetime); what it does not mention stays as strict as here. HSTS only with TLS: browsers ignore it without.
 */
export function commonHeaders(issuer: string): readonly (readonly [string, string])[] {
  return [
    ['X-Content-Type-Options', 'nosniff'],
    ['Referrer-Policy', 'no-referrer'],
    ['Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"],
    ['Cache-Control', 'no-store'],
    ...(issuer.startsWith('https:') ? [['Strict-Transport-Security', HSTS] as const] : []),
  ]
}

export const HSTS = 'max-age=31536000; includeSubDomains'

/** The request's id, which `X-Request-Id` tells the caller and log lines and error pages repeat. */
export const requestIdOf = (res: ServerResponse): string => String(res.getHeader('X-Request-Id'))
