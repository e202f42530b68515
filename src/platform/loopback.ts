/** Whether the URL's host can only be this machine. */
export function isLoopback(value: string): boolean {
  const { hostname = '' } = URL.parse(value) ?? {}
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}
