import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, isIPv6 } from 'node:net'

/** Where a request came from: the socket's own address, or what trusted proxies say of it. */
export type ClientAddress = (request: IncomingMessage) => string

/**
 * `trusted` are addresses or CIDR ranges of our own proxies. `X-Forwarded-For` counts only from them, read from its right end:
 * what a stranger writes stands to the left of what our proxy adds.
 */
export function createClientAddress(trusted: readonly string[]): ClientAddress {
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
    let address = plain(request.socket.remoteAddress ?? '')
    const forwarded = [request.headers['x-forwarded-for'] ?? []].flat().join(',').split(',')
    while (isTrusted(address)) {
      const before = plain(forwarded.pop()?.trim() ?? '')
      if (isIP(before) === 0) break
      address = before
    }
    return address
  }
}

/** The network that an address is counted for: an IPv4 address itself, and the /64 that one subscriber of IPv6 has at least. */
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

// An IPv4 client of a socket that listens on both.
const plain = (address: string) => address.replace(/^::ffff:(?=\d+\.)/i, '')
