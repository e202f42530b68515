import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import { createRefreshRetries } from '../refresh-retries.ts'
import type { PatchContext } from './patch.ts'

/**
 * Lets a client repeat a refresh that failed because of us, however long the database was away: its token was rotated, and it never
 * got the successor. Unnecessary when the library rotates within a transaction; 9.13 stores each step by itself.
 */
export function allowRetriesAfterFailure(
  provider: Provider,
  { db, successorOf }: PatchContext,
): void {
  const retries = createRefreshRetries(db, successorOf)
  provider.use(async (ctx: KoaContextWithOIDC, next: () => Promise<void>) => {
    const startedAt = performance.now()
    await next()
    const token = ctx.oidc?.params?.refresh_token
    if (ctx.status >= 500 && typeof token === 'string') void retries(token, startedAt)
  })
}
