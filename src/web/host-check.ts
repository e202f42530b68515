import type { IncomingMessage } from 'node:http'
import { isLoopback } from '../config.ts'
import { ApiError } from '../platform/errors.ts'

/** Throws ApiError 400 or 421 for a request that names another host than one of ours. */
export type CheckHost = (request: IncomingMessage) => void

const HEALTH = ['/health', '/health/ready']

/**
 * Accepts the issuer's host, those in `allowedHosts` (`name`, or `name:port` for that port alone) and, for an issuer on
 * this machine, every loopback address and `localhost`: no DNS answer can put a stranger's page behind those names. Health
 * endpoints answer for any host, because probes use addresses. `X-Forwarded-Host` is never read.
 */
export function createHostCheck(issuer: string, allowedHosts: readonly string[]): CheckHost {
  const { host: issuerHost, protocol } = new URL(issuer)
  const named = new Set(allowedHosts.map((each) => each.toLowerCase()))
  const isLocal = isLoopback(issuer)

  function isOurs(given: string): boolean {
    if (given === issuerHost) return true
    const url = /^[\w.-]+(:\d{1,5})?$|^\[[\d:a-f.]+\](:\d{1,5})?$/i.test(given)
      ? URL.parse(`${protocol}//${given}`)
      : null
    if (!url) return false
    const { host, hostname } = url
    if (host === issuerHost || named.has(host) || named.has(hostname)) return true
    return isLocal && isLoopback(url.href)
  }

  return (request) => {
    const given = hostOf(request)
    if (isOurs(given)) return
    const [path = ''] = (request.url ?? '').split('?', 1)
    if (HEALTH.includes(path)) return
    throw new ApiError(
      421,
      'misdirected_request',
      'This server does not answer for this host. Whoever runs it can name the host in ALLOWED_HOSTS.',
    )
  }
}

/** The one host that the request names, in its target (RFC 9112 §3.2.2) or in `Host`. */
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
