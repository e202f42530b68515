import { createHash } from 'node:crypto'
import { isStatus } from './call.ts'

type Token = { value: Promise<string>; validUntil: number }
type IssuedToken = { token: string; expiresInSeconds: number }

/** Access tokens that vendors issued to this process. All jobs with the same credentials share one. */
export type TokenCache = { tokens: Map<string, Token>; refusedUntil: Map<string, number> }
export const createTokenCache = (): TokenCache => ({ tokens: new Map(), refusedUntil: new Map() })

// Vendors lock accounts after several refused log-ins.
const REFUSED_MS = 10 * 60_000

/**
 * Calls `send` with the cached token of these credentials, or with a new one. Concurrent calls share one token request. A token
 * that the vendor refuses is replaced once. `candidates` are the current credentials and, while they are replaced, the next ones: those
 * that the vendor refuses are not tried again for ten minutes, unless it refuses all.
 */
export async function sendWithToken<C extends object, T>(
  cache: TokenCache,
  { candidates, request }: { candidates: readonly C[]; request: (of: C) => Promise<IssuedToken> },
  send: (token: string, of: C) => Promise<T>,
): Promise<T> {
  const found = await obtainToken(cache, candidates, request)
  try {
    return await send(await found.token.value, found.credentials)
  } catch (error) {
    const isRefused = isStatus(error, 401) || (candidates.length > 1 && isStatus(error, 403))
    if (!isRefused) throw error
    forget(cache, found.key, found.token)
    const again = await obtainToken(cache, candidates, request)
    return await send(await again.token.value, again.credentials)
  }
}

/** Returns the token of the first credentials that the vendor accepts. */
async function obtainToken<C extends object>(
  cache: TokenCache,
  candidates: readonly C[],
  request: (of: C) => Promise<IssuedToken>,
): Promise<{ key: string; token: Token; credentials: C }> {
  const { refusedUntil } = cache
  const isRefused = ({ key }: { key: string }) => (refusedUntil.get(key) ?? 0) > Date.now()
  const known = candidates.map((credentials) => ({ credentials, key: keyOf(credentials) }))
  const ordered = [...known.filter((each) => !isRefused(each)), ...known.filter(isRefused)]
  for (const [index, { credentials, key }] of ordered.entries()) {
    const token = findToken(cache, key, () => request(credentials))
    try {
      await token.value
      refusedUntil.delete(key)
      return { key, token, credentials }
    } catch (error) {
      const isLast = index === ordered.length - 1
      if (isLast || !isStatus(error, 400, 401, 403)) throw error
      refusedUntil.set(key, Date.now() + REFUSED_MS)
    }
  }
  throw new Error('there are no credentials')
}

/** A digest, so that the cache contains no secrets, and a changed secret gets a new token. */
const keyOf = (credentials: object): string =>
  createHash('sha256').update(JSON.stringify(credentials)).digest('base64url')

function findToken(
  { tokens, refusedUntil }: TokenCache,
  key: string,
  request: () => Promise<IssuedToken>,
): Token {
  const known = tokens.get(key)
  if (known && known.validUntil > Date.now()) return known
  for (const [old, { validUntil }] of tokens) if (validUntil <= Date.now()) tokens.delete(old)
  for (const [old, until] of refusedUntil) if (until <= Date.now()) refusedUntil.delete(old)
  const token: Token = {
    validUntil: Number.POSITIVE_INFINITY,
    value: request().then(({ token: value, expiresInSeconds: seconds }) => {
      // A minute early, for clock skew and requests in flight.
      token.validUntil = Date.now() + Math.max(seconds - 60, seconds / 2) * 1000
      return value
    }),
  }
  tokens.set(key, token)
  token.value.catch(() => forget({ tokens }, key, token))
  return token
}

/** Removes this token from the cache, but not a newer one. */
function forget({ tokens }: Pick<TokenCache, 'tokens'>, key: string, token: Token): void {
  if (tokens.get(key) === token) tokens.delete(key)
}
