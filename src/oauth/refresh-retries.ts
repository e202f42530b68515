import { setTimeout as wait } from 'node:timers/promises'
import type { Db, Sql } from '../platform/db.ts'
import { hashSecret } from '../platform/secrets.ts'
import type { SuccessorOf } from './patches/patch.ts'

/** So long a rotated refresh token may be presented again, by a client that lost the response. */
export const RETRY_SECONDS = 10
const PAUSE_MS = 500
// The clients of an outage that lasts longer ask the resident again.
const PATIENCE_SECONDS = 10 * 60
// Beyond this many at once, the tokens have their usual time.
const MAX_PENDING = 10_000

/**
 * Gives refresh tokens whose use ended in a failure of ours their time for a retry anew, as soon as the database is back: until then
 * no retry could succeed. Only tokens that could be used when the request began are given it.
 */
export function createRefreshRetries(db: Db, successorOf: SuccessorOf) {
  let pending = 0
  return async (refreshToken: string, startedAt: number): Promise<void> => {
    if (pending >= MAX_PENDING) return
    pending++
    try {
      const giveUpAt = performance.now() + PATIENCE_SECONDS * 1000
      while (performance.now() < giveUpAt) {
        const isDone = await extend(db, successorOf, refreshToken, startedAt).catch(() => false)
        if (isDone) return
        await wait(PAUSE_MS, undefined, { ref: false })
      }
    } finally {
      pending--
    }
  }
}

async function extend(
  sql: Sql,
  successorOf: SuccessorOf,
  refreshToken: string,
  startedAt: number,
): Promise<true> {
  const elapsedSeconds = (performance.now() - startedAt) / 1000
  await sql`
    update oidc_artifact set consumed_at = now()
    where kind = 'RefreshToken' and id = ${hashSecret(refreshToken)}
      and consumed_at > now() - make_interval(secs => ${elapsedSeconds + RETRY_SECONDS})
      and not exists (
        select from oidc_artifact where kind = 'RefreshToken' and id = ${hashSecret(successorOf(refreshToken))}
          and consumed_at is not null)`
  return true
}
