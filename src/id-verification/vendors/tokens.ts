import { createHash } from 'node:crypto'
import { VendorStatusError } from './call.ts'

type Token = { value: Promise<string>; goodUntil: number }
type IssuedToken = { token: string; expiresInSeconds: number }

/** The access tokens that vendors issued to this process: one for all jobs that have the same credentials. */
export type TokenCache = Map<string, Token>
export const createTokenCache = (): TokenCache => new Map()

/**
 * Calls `send` with the cached token of these credentials, or with a new one. All who need a token at the same time share
 * one request for it. A token that the vendor refuses (401) is replaced once.
 */
export async function sendWithToken<T>(
  cache: TokenCache,
  { credentials, request }: { credentials: object; request: () => Promise<IssuedToken> },
  send: (token: string) => Promise<T>,
): Promise<T> {
  // A digest, so that the cache holds no secrets, and a changed secret asks for a new token.
  const key = createHash('sha256').update(JSON.stringify(credentials)).digest('base64url')
  const token = findToken(cache, key, request)
  // Outside of what follows: a refused log-in must not be tried again at once, because vendors lock accounts.
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
  if (known && known.goodUntil > Date.now()) return known
  for (const [old, { goodUntil }] of cache) if (goodUntil <= Date.now()) cache.delete(old)
  const token: Token = {
    goodUntil: Number.POSITIVE_INFINITY,
    value: request().then(({ token: value, expiresInSeconds: seconds }) => {
      // A minute early, for a clock that differs and a request under way.
      token.goodUntil = Date.now() + Math.max(seconds - 60, seconds / 2) * 1000
      return value
    }),
  }
  cache.set(key, token)
  token.value.catch(() => forget(cache, key, token))
  return token
}

/** A newer token stays. */
function forget(cache: TokenCache, key: string, token: Token): void {
  if (cache.get(key) === token) cache.delete(key)
}
