import { createHash } from 'node:crypto'
import { VendorStatusError } from './call.ts'

type Token = { value: Promise<string>; validUntil: number }
type IssuedToken = { token: string; expiresInSeconds: number }

/** Access tokens that vendors issued to this process. All jobs with the same credentials share one. */
export type TokenCache = Map<string, Token>
export const createTokenCache = (): TokenCache => new Map()

/**
 * Calls `send` with the cached token of these credentials, or with a new one. Concurrent calls share one token request. A token
 * that the vendor refuses (401) is replaced once.
 */
export async function sendWithToken<T>(
  cache: TokenCache,
  { credentials, request }: { credentials: object; request: () => Promise<IssuedToken> },
  send: (token: string) => Promise<T>,
): Promise<T> {
  // A digest, so that the cache contains no secrets, and a changed secret gets a new token.
  const key = createHash('sha256').update(JSON.stringify(credentials)).digest('base64url')
  const token = findToken(cache, key, request)
  // Outside of the `try`: a refused log-in must not be retried at once, because vendors lock accounts.
  const value = await token.value
  try {
    return await send(value)
  } catch (error) {
    if (!(error instanceof VendorStatusError) || error.status !== 401) throw error
    forget(cache, key, token)
    return await send(await findToken(cache, key, request).value)
  }
}

function findToken(cache: TokenCache, key: string, request: () => Promise<IssuedToken>): Token {
  const known = cache.get(key)
  if (known && known.validUntil > Date.now()) return known
  for (const [old, { validUntil }] of cache) if (validUntil <= Date.now()) cache.delete(old)
  const token: Token = {
    validUntil: Number.POSITIVE_INFINITY,
    value: request().then(({ token: value, expiresInSeconds: seconds }) => {
      // A minute early, for clock skew and requests in flight.
      token.validUntil = Date.now() + Math.max(seconds - 60, seconds / 2) * 1000
      return value
    }),
  }
  cache.set(key, token)
  token.value.catch(() => forget(cache, key, token))
  return token
}

/** Removes this token from the cache, but not a newer one. */
function forget(cache: TokenCache, key: string, token: Token): void {
  if (cache.get(key) === token) cache.delete(key)
}
