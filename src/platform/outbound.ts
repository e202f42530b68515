import { lookup as resolveName } from 'node:dns'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Requests an address that others chose: a client's key set, its logo, its logout endpoint. */
export type Outbound = (
  url: string | URL,
  options?: {
    method?: string
    headers?: Record<string, string>
    body?: string
    /** A longer response is an error, or is cut off, as `whenLonger` says. */
    maxBytes?: number
    whenLonger?: 'error' | 'cut'
    timeoutMs?: number
  },
) => Promise<Response>

/** Thrown before anything is sent: the name resolves to an address that is not public. */
class ForbiddenAddressError extends Error {
  override readonly name = 'ForbiddenAddressError'
}

// RFC 4291 §2.4, as assigned by IANA. Forms that embed an IPv4 address are outside this range (mapped, compatible, translated,
// NAT64), or have a range of their own in the library (6to4, Teredo).
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')

/** Whether an IP address, in any notation, is public: in none of IANA's special-purpose ranges (RFC 6890). */
export function isPublicAddress(address: string): boolean {
  const parsed = ipaddr.parse(address)
  if (parsed.range() !== 'unicast') return false
  return parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_UNICAST)
}

const MAX_BYTES = 256 * 1024
const TIMEOUT_MS = 5_000

/**
 * Connects only to public addresses (RFC 6890), whatever a name resolves to, and follows no redirect. `allowed`: internal addresses or
 * CIDR ranges of the operator's own applications.
 */
export function createOutbound(allowed: readonly string[]): Outbound {
  const inside = new BlockList()
  for (const entry of allowed) {
    const [address = '', bits] = entry.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) inside.addAddress(address, family)
    else inside.addSubnet(address, Number(bits), family)
  }
  const mayReach = (address: string) =>
    isPublicAddress(address) || inside.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')

  // Checks the addresses that are then connected to, so that a name cannot resolve differently in between.
  const lookup: LookupFunction = (hostname, options, callback) =>
    resolveName(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, '')
      const reachable = found.filter(({ address }) => mayReach(address))
      const [first] = reachable
      if (!first) return callback(new ForbiddenAddressError('the address is not public'), '')
      if (options.all) callback(null, reachable)
      else callback(null, first.address, first.family)
    })

  return (url, options = {}) =>
    new Promise((resolve, reject) => {
      const { protocol, hostname } = new URL(url)
      const literal = hostname.replace(/^\[|\]$/g, '')
      if (isIP(literal) !== 0 && !mayReach(literal))
        throw new ForbiddenAddressError('the address is not public')
      const { maxBytes = MAX_BYTES, timeoutMs = TIMEOUT_MS, whenLonger = 'error' } = options
      const send = protocol === 'https:' ? requestHttps : requestHttp
      const request = send(
        url,
        {
          method: options.method ?? 'GET',
          headers: options.headers,
          lookup,
          signal: AbortSignal.timeout(timeoutMs),
        },
        (answer) => {
          const status = answer.statusCode ?? 0
          // A `Response` rejects these statuses (RFC 9110 §15), and an exception outside this promise would end the process.
          if (status < 200 || status > 599) {
            answer.destroy()
            return reject(new Error('invalid HTTP status'))
          }
          const chunks: Buffer[] = []
          let length = 0
          const finish = () => {
            const bare = status === 204 || status === 205 || status === 304
            const headers = Object.entries(answer.headers).flatMap(([name, value]) =>
              typeof value === 'string' ? [[name, value]] : [],
            ) as [string, string][]
            try {
              resolve(new Response(bare ? null : Buffer.concat(chunks), { status, headers }))
            } catch (error) {
              reject(error)
            }
          }
          answer.on('error', reject)
          answer.on('data', (chunk: Buffer) => {
            length += chunk.length
            if (length <= maxBytes) chunks.push(chunk)
            else if (whenLonger === 'error')
              answer.destroy(new Error(`more than ${maxBytes} bytes received`))
            else {
              finish()
              answer.destroy()
            }
          })
          answer.on('end', finish)
        },
      )
      request.on('error', reject)
      request.end(options.body)
    })
}
