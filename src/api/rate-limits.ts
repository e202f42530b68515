import type { Config } from '../config.ts'
import type { Db } from '../platform/db.ts'
import { ApiError } from '../platform/errors.ts'
import type { Log } from '../platform/log.ts'
import { createWindowCounter } from '../platform/window-counter.ts'

export type RateLimiter = {
  /** Counts a request of this client, for this resident or for none. Throws 429 with `Retry-After` when it is one too many. */
  take(of: { clientId: string; accountId?: string | undefined }): void
  close(): Promise<void>
}

/** The limits of the resource API, over all processes. */
export function createRateLimiter(
  db: Db,
  limits: Config['rateLimits'],
  log: Log,
  now: () => number = Date.now,
): RateLimiter {
  const counter = createWindowCounter(db, log, { now })
  const count = (key: string, limit: number) => {
    const wait = counter.count(key, limit)
    if (wait > 0)
      throw new ApiError(429, 'rate_limit_exceeded', `There are ${limit} requests a minute.`, {
        headers: {
          'Retry-After': String(wait),
        },
      })
  }
  return {
    take({ clientId, accountId }) {
      if (accountId !== undefined) count(`resident ${accountId} ${clientId}`, limits.perResident)
      count(`client ${clientId}`, limits.perClient)
    },
    close: () => counter.close(),
  }
}
