import type { Db, Fragment, Sql } from './db.ts'
import type { Log } from './log.ts'
import { type Loop, startLoop } from './loop.ts'

/** Work that waits in a table: how it is seen that some is due, and who does it. */
export type DueWork = {
  /** A condition in SQL, which one index answers. */
  isDue: (sql: Sql) => Fragment
  loops: readonly Loop[]
}

const PULSE_MS = 1_000
/** For loops that the pulse wakes: if it fails, they look for themselves. */
export const OWN_LOOK_MS = 30_000

/** Looks for due work of all kinds in one statement a second: each loop would otherwise ask for its own. */
export function startPulse({ db, log }: { db: Db; log: Log }, works: readonly DueWork[]): Loop {
  return startLoop({ event: 'due work cannot be read', pauseMs: PULSE_MS, log }, async () => {
    const [first, ...others] = works.map(({ isDue }) => db`(${isDue(db)})`)
    if (!first) return
    const list = others.reduce<Fragment>((all, each) => db`${all}, ${each}`, first)
    const [row] = await db<{ due: boolean[] }[]>`select array[${list}] as due`
    for (const [at, { loops }] of works.entries())
      if (row?.due[at]) for (const loop of loops) loop.runNow()
  })
}
