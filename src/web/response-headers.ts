import { type OutgoingHttpHeader, type OutgoingHttpHeaders, ServerResponse } from 'node:http'

type Headers = Readonly<Record<string, string>>

/**
 * What every response carries, whoever answers. A handler may set another value (a page its own policy, a key set its
 * lifetime); what it does not mention stays as strict as here. HSTS only with TLS: browsers ignore it without.
 */
export const commonHeaders = (issuer: string): Headers => ({
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
  'cache-control': 'no-store',
  ...(issuer.startsWith('https:') ? { 'strict-transport-security': HSTS } : {}),
})

export const HSTS = 'max-age=31536000; includeSubDomains'

/**
 * Adds `common` and the request id where the head is written: nothing that answers can leave it out, not even Koa, which
 * drops every header when it fails. For an answer of Hono it is merged into a plain object, which costs a tenth of
 * `setHeader` for each.
 */
export class PortalResponse extends ServerResponse {
  common: Headers = commonHeaders('http:')
  #requestId: string | undefined

  get requestId(): string {
    this.#requestId ??= crypto.randomUUID()
    return this.#requestId
  }

  override writeHead(
    status: number,
    reason?: string | OutgoingHttpHeaders | OutgoingHttpHeader[],
    given?: OutgoingHttpHeaders | OutgoingHttpHeader[],
  ): this {
    const headers = typeof reason === 'string' ? given : reason
    const message = typeof reason === 'string' ? reason : undefined
    if (headers === undefined || Array.isArray(headers) || this.getHeaderNames().length > 0) {
      const named = new Set(namesOf(headers))
      for (const [name, value] of Object.entries(this.common))
        if (!named.has(name) && !this.hasHeader(name)) this.setHeader(name, value)
      if (!named.has(ID) && !this.hasHeader(ID)) this.setHeader(ID, this.requestId)
      return super.writeHead(status, message as string, headers)
    }
    const merged: OutgoingHttpHeaders = { ...this.common }
    for (const name in headers) merged[name.toLowerCase()] = headers[name]
    merged[ID] ??= this.requestId
    return super.writeHead(status, message as string, merged)
  }
}

const ID = 'x-request-id'

/** Lower-case names of an object, of a list of pairs, or of names and values in turn. */
function namesOf(headers: OutgoingHttpHeaders | OutgoingHttpHeader[] | undefined): string[] {
  const names = Array.isArray(headers)
    ? Array.isArray(headers[0])
      ? headers.map((pair) => (pair as unknown as string[])[0])
      : headers.filter((_, at) => at % 2 === 0)
    : Object.keys(headers ?? {})
  return names.map((name) => String(name).toLowerCase())
}

/** The id that `X-Request-Id` tells the caller, and that log lines and error pages repeat. */
export const requestIdOf = (response: ServerResponse): string =>
  response instanceof PortalResponse ? response.requestId : crypto.randomUUID()
