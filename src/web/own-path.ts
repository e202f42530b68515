/** The path and query of an address of this portal; `/` for any other, and for one that a browser would read as another host. */
export function ownPath(address: unknown, issuer: string): string {
  const url = typeof address === 'string' ? URL.parse(address, issuer) : null
  if (url?.origin !== new URL(issuer).origin || url.pathname.startsWith('//')) return '/'
  return `${url.pathname}${url.search}`
}
