import type { IncomingMessage } from 'node:http'
import { ApiError } from '../platform/errors.ts'
import { isLoopback } from '../platform/loopback.ts'

/** Throws ApiError 400 or 421 for a request that names a foreign host. */
export type CheckHost = (request: IncomingMessage) => void

const HEALTH_PATHS = ['/health', '/health/live', '/health/ready']

/**
 * Accepts the issuer's host, those in `allowedHosts` (`name`, or `name:port` for that port only) and, for a loopback issuer, every
 * loopback address and `localhost`, because no DNS record can point those names elsewhere. Health endpoints accept any host, because
 * probes use addresses. `X-Forwarded-Host` is ignored.
 */
export function createHostCheck(issuer: string, allowedHosts: readonly string[]): CheckHost {
  const { host: issuerHost, protocol } = new URL(issuer)
  const named = new Set(allowedHosts.map((each) => each.toLowerCase()))
  const isLocal = isLoopback(issuer)

  function isOurs(requestHost: string): boolean {
    if (requestHost === issuerHost) return true
    const url = /^[\w.-]+(:\d{1,5})?$|^\[[\d:a-f.]+\](:\d{1,5})?$/i.test(requestHost)
      ? URL.parse(`${protocol}//${requestHost}`)
      : null
    if (!url) return false
    const { host, hostname } = url
    if (host === issuerHost || named.has(host) || named.has(hostname)) return true
    return isLocal && isLoopback(url.href)
  }

  return (request) => {
    const requestHost = hostOf(request)
    if (isOurs(requestHost)) return
    const [path = ''] = (request.url ?? '').split('?', 1)
    if (HEALTH_PATHS.includes(path)) return
    throw new ApiError(
      421,
      'misdirected_request',
      'This server does not answer for this host. Whoever runs it can name the host in ALLOWED_HOSTS.',
    )
  }
}

/** Returns the one host of the request, from its target (RFC 9112 §3.2.2) or from `Host`. */
function hostOf(request: IncomingMessage): string {
  const { rawHeaders } = request
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2)
    if (rawHeaders[at]?.length === 4 && rawHeaders[at]?.toLowerCase() === 'host') hosts++
  // RFC 9112 §3.2
  if (hosts !== 1)
    throw new ApiError(400, 'invalid_request', 'A request has exactly one Host header.')
  const target = request.url ?? ''
  if (target.startsWith('/')) return request.headers.host ?? ''
  const absolute = URL.parse(target)
  if (!absolute || !/^https?:$/.test(absolute.protocol))
    throw new ApiError(400, 'invalid_request', 'The target of the request is not a path.')
  return absolute.host
}
