import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, isIPv6 } from 'node:net'

/** Returns the address of a request's sender: the socket's own, or the one that trusted proxies report. */
export type ClientAddress = (request: IncomingMessage) => string

/**
 * `trusted` are addresses or CIDR ranges of our own proxies. `X-Forwarded-For` counts only from them. It is read from the right end,
 * because what a client writes is left of what our proxy adds. `onUntrusted` is called with the address of whoever sends a forwarding
 * header and is not trusted: a client, or a proxy that `trusted` does not name.
 */
export function createClientAddress(
  trusted: readonly string[],
  onUntrusted: (address: string) => void = () => {},
): ClientAddress {
  const proxies = new BlockList()
  for (const entry of trusted) {
    const [address = '', bits] = entry.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) proxies.addAddress(address, family)
    else proxies.addSubnet(address, Number(bits), family)
  }
  const isTrusted = (address: string) =>
    isIP(address) !== 0 && proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')

  return (request) => {
    let address = withoutIpv4Mapping(request.socket.remoteAddress ?? '')
    if (isForwarded(request) && !isTrusted(address)) onUntrusted(address)
    const forwarded = [request.headers['x-forwarded-for'] ?? []].flat().join(',').split(',')
    while (isTrusted(address)) {
      const before = withoutIpv4Mapping(forwarded.pop()?.trim() ?? '')
      if (isIP(before) === 0) break
      address = before
    }
    return address
  }
}

const isForwarded = ({ headers }: IncomingMessage) =>
  [headers['x-forwarded-for'], headers.forwarded, headers['x-real-ip']].some(
    (value) => value !== undefined,
  )

/** The network by which an address is counted: an IPv4 address itself, or the /64 of an IPv6 address, the least that a subscriber has. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address
  const [left = '', right] = address.split('%', 1).join('').split('::')
  const groups = left.split(':').filter(Boolean)
  const after = (right ?? '').split(':').filter(Boolean)
  if (right !== undefined) while (groups.length + after.length < 8) groups.push('0')
  return `${[...groups, ...after]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}

/** Whether it is an address or a CIDR range. */
export function isAddressRange(value: string): boolean {
  const [address = '', bits, more] = value.split('/')
  const family = isIP(address)
  if (family === 0 || more !== undefined) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32))
}

/**
 * Whether so many addresses are in the range that it cannot be one's own: IPv4 ranges larger than a /8, and IPv6 ranges larger than a
 * /16 that are not in the private fc00::/7 or fe80::/10, or that contain mapped IPv4 addresses.
 */
export function isRangeOfEveryone(value: string): boolean {
  const [address = '', bits] = value.split('/')
  if (bits === undefined) return false
  if (isIP(address) === 4) return Number(bits) < 8
  const range = new BlockList()
  range.addSubnet(address, Number(bits), 'ipv6')
  const isPrivate =
    (Number(bits) >= 7 && /^f[cd]/i.test(address)) ||
    (Number(bits) >= 10 && /^fe[89ab]/i.test(address))
  return (
    (Number(bits) < 16 && !isPrivate) ||
    (range.check('::ffff:0:1', 'ipv6') && range.check('::ffff:ff00:0', 'ipv6'))
  )
}

// A dual-stack socket reports IPv4 addresses in mapped form.
const withoutIpv4Mapping = (address: string) => address.replace(/^::ffff:(?=\d+\.)/i, '')
