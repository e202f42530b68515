import type { Db } from './db.ts'
import type { Log } from './log.ts'
import { startLoop } from './loop.ts'

const MINUTE = 60_000
const SYNC_MS = 500

type Count = {
  others: number
  own: number
  unshared: number
  /** Shared at the previous turn: other processes may have counted since. */
  isFresh: boolean
}

/** Counts requests of one minute by key. No call waits for the database. */
export type WindowCounter = {
  /** Counts a request and returns 0, or returns the seconds to wait when `limit` is reached. A limit of 0 means none. */
  count(key: string, limit: number): number
  /** Subtracts a request of this minute. */
  uncount(key: string): void
  /** As `count`, without counting. */
  secondsToWait(key: string, limit: number): number
  close(): Promise<void>
}

/**
 * Counts in memory, and shares the counts with other processes twice a second by one statement, so that a limit holds across processes
 * to within half a second. Beyond `mostKeys` in one minute new keys are not counted, which limits the memory.
 */
export function createWindowCounter(
  db: Db,
  log: Log,
  {
    now = Date.now,
    mostKeys = Number.POSITIVE_INFINITY,
  }: { now?: () => number; mostKeys?: number } = {},
): WindowCounter {
  const counts = new Map<string, Count>()
  let minute = Math.floor(now() / MINUTE)

  function secondsToWait(key: string, limit: number): number {
    const found = counts.get(key)
    if (limit === 0 || !found || found.others + found.own < limit) return 0
    return Math.max(1, Math.ceil(((minute + 1) * MINUTE - now()) / 1000))
  }

  async function share() {
    const dirty = [...counts].filter(([, { unshared, isFresh }]) => unshared !== 0 || isFresh)
    if (dirty.length === 0) return
    const at = new Date(minute * MINUTE)
    const sent = dirty.map(([key, found]) => {
      const { unshared } = found
      found.unshared = 0
      found.isFresh = unshared !== 0
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
        // The total does not include what this process counted since.
        const shared = found.own - found.unshared
        found.others = Math.max(found.others, (totals.get(key) ?? 0) - shared)
      }
    } catch (error) {
      for (const { found, unshared } of sent) found.unshared += unshared
      throw error
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
  const sharing = startLoop(
    { event: 'rate limits cannot be shared', pauseMs: SYNC_MS, firstAfterMs: SYNC_MS, log },
    turn,
  )

  return {
    secondsToWait,
    count(key, limit) {
      const wait = secondsToWait(key, limit)
      if (limit === 0 || wait > 0) return wait
      const found = counts.get(key) ?? { others: 0, own: 0, unshared: 0, isFresh: false }
      if (found.own === 0 && found.others === 0 && counts.size >= mostKeys) return 0
      found.own++
      found.unshared++
      counts.set(key, found)
      return 0
    },
    uncount(key) {
      const found = counts.get(key)
      if (!found || found.own === 0) return
      found.own--
      found.unshared--
    },
    async close() {
      await sharing.stop()
      await share().catch((error: unknown) => log.warn('rate limits cannot be shared', { error }))
    },
  }
}
