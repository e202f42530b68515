import type { Db } from './db.ts'
import type { Log } from './log.ts'

/**
 * By how many seconds this machine's clock is ahead of the database's; negative when it is behind. Exact to half the time that the
 * statement takes.
 */
export async function measureClockOffset(db: Db): Promise<number> {
  const before = Date.now()
  const [row] = await db<{ now: Date }[]>`select clock_timestamp() as now`
  const here = (before + Date.now()) / 2
  if (!row) throw new Error('the database told no time')
  return (here - row.now.getTime()) / 1000
}

/** What tokens, links and signed requests tolerate; NTP keeps clocks a hundred times closer. */
export const MAX_CLOCK_OFFSET_SECONDS = 5

/** Throws when the clocks differ by more than that. A change is logged when a check finds it. */
export function createClockCheck(db: Db, log: Log): () => Promise<void> {
  let wasRight = true
  return async () => {
    const seconds = await measureClockOffset(db)
    const isRight = Math.abs(seconds) <= MAX_CLOCK_OFFSET_SECONDS
    if (isRight !== wasRight)
      if (isRight) log.info('clock agrees with the database again')
      else log.warn('clock differs from the database', { aheadSeconds: Math.round(seconds) })
    wasRight = isRight
    if (!isRight) throw new Error('the clock differs from the database')
  }
}
