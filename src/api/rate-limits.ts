import type { Db } from '../db.ts'
import { ApiError } from '../errors.ts'
import type { Log } from '../log.ts'

/** How many requests a minute; 0 is as many as they like. */
export type RateLimits = { perResident: number; perClient: number }

export type RateLimiter = {
  /** Counts a request of this client, for this resident or for none. Throws 429 with `Retry-After` when it is one too many. */
  take(of: { clientId: string; accountId?: string | undefined }): void
  close(): Promise<void>
}

const MINUTE = 60_000
const SHARE_MS = 500

type Count = {
  others: number
  own: number
  unshared: number
  /** Shared at the turn before: the others may have counted since. */
  isFresh: boolean
}

/**
 * Counts in memory and shares the counts with the other processes twice a second through one statement, so that a limit
 * holds across them to within half a second, and no request waits for it.
 */
export function createRateLimiter(
  db: Db,
  limits: RateLimits,
  log: Log,
  now: () => number = Date.now,
): RateLimiter {
  const counts = new Map<string, Count>()
  let minute = Math.floor(now() / MINUTE)

  function count(key: string, limit: number) {
    if (limit === 0) return
    const found = counts.get(key) ?? { others: 0, own: 0, unshared: 0, isFresh: false }
    if (found.others + found.own >= limit)
      throw new ApiError(429, 'rate_limit_exceeded', `There are ${limit} requests a minute.`, {
        'Retry-After': String(Math.max(1, Math.ceil(((minute + 1) * MINUTE - now()) / 1000))),
      })
    found.own++
    found.unshared++
    counts.set(key, found)
  }

  async function share() {
    const dirty = [...counts].filter(([, { unshared, isFresh }]) => unshared > 0 || isFresh)
    if (dirty.length === 0) return
    const at = new Date(minute * MINUTE)
    const sent = dirty.map(([key, found]) => {
      const { unshared } = found
      found.unshared = 0
      found.isFresh = unshared > 0
      return { key, found, unshared }
    })
    try {
      const rows = await db<{ key: string; count: number }[]>`
        insert into rate_window (key, minute, count)
        select key, ${at}, count from unnest(${sent.map(({ key }) => key)}::text[],
          ${sent.map(({ unshared }) => unshared)}::int[]) as given (key, count)
        -- The same order everywhere: two processes never wait for each other's rows.
        order by key
        on conflict (key, minute) do update set count = rate_window.count + excluded.count
        returning key, count`
      const totals = new Map(rows.map(({ key, count }) => [key, count]))
      for (const { key, found } of sent) {
        // What this process counted since is not in the total.
        const shared = found.own - found.unshared
        found.others = Math.max(found.others, (totals.get(key) ?? 0) - shared)
      }
    } catch (error) {
      for (const { found, unshared } of sent) found.unshared += unshared
      log.warn('rate limits are not shared', { error })
    }
  }

  async function turn() {
    await share()
    const current = Math.floor(now() / MINUTE)
    if (current === minute) return
    minute = current
    counts.clear()
    await db`delete from rate_window where minute < ${new Date((minute - 1) * MINUTE)}`.catch(
      () => {},
    )
  }
  let turning: Promise<void> | undefined
  const timer = setInterval(() => {
    turning ??= turn().finally(() => {
      turning = undefined
    })
  }, SHARE_MS).unref()

  return {
    take({ clientId, accountId }) {
      if (accountId !== undefined) count(`resident ${accountId} ${clientId}`, limits.perResident)
      count(`client ${clientId}`, limits.perClient)
    },
    async close() {
      clearInterval(timer)
      await turning
      await share()
    },
  }
}
