/** Whether the URL's host is a loopback address or `localhost`. */
export function isLoopback(value: string): boolean {
  const { hostname = '' } = URL.parse(value) ?? {}
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}

/** Whether the URL is `https:`, or `http:` to this machine by one of its usual names, which needs no TLS (RFC 8252 §8.3). */
export const isHttpsOrLoopback = (value: string): boolean => {
  const { protocol, hostname = '' } = URL.parse(value) ?? {}
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  return protocol === 'https:' || (protocol === 'http:' && isLocal)
}
