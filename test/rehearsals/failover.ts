import { setTimeout as wait } from 'node:timers/promises'
import type { Db, Sql } from '../../src/platform/db.ts'
import { type Fleet, withFleet } from '../support/fleet.ts'
import { listChildren, signalAll } from '../support/operating-system.ts'
import { type Answer, countStatuses, recoverySeconds, startProbe } from '../support/probe.ts'
import type { Rehearsal } from './rehearsal.ts'

const READ_EVERY_MS = 10
const EACH = { read: 0, refresh: 1, flow: 1, delivery: 2 }
const MAX_RECOVERY_SECONDS = 5

/** What happens to the database: resolves at the moment of its return. */
type Failover = { name: string; happen: (fleet: Fleet, seconds: number) => Promise<void> }

const FAILOVERS: Failover[] = [
  {
    name: 'all connections are ended, again and again',
    async happen({ parts: { db } }, seconds) {
      for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
        await endConnections(db)
        await wait(1_000)
      }
    },
  },
  {
    name: 'PostgreSQL is restarted',
    async happen({ findPostmaster, parts: { db } }) {
      const before = await findPostmaster()
      process.kill(before, 'SIGINT')
      await untilAnswered(db, async () => (await findPostmaster()) !== before)
    },
  },
  {
    name: 'PostgreSQL is killed',
    async happen({ findPostmaster, parts: { db } }) {
      const before = await findPostmaster()
      process.kill(before, 'SIGKILL')
      await untilAnswered(db, async () => (await findPostmaster()) !== before)
    },
  },
  {
    name: 'the network to PostgreSQL is a black hole',
    async happen({ network }, seconds) {
      network.become('black-hole')
      await wait(seconds * 1000)
      network.become('clear')
    },
  },
  {
    name: 'PostgreSQL is stopped by SIGSTOP',
    async happen({ findPostmaster }, seconds) {
      const postmaster = await findPostmaster()
      const pids = [postmaster, ...(await listChildren(postmaster))]
      signalAll(pids, 'SIGSTOP')
      await wait(seconds * 1000)
      signalAll(pids, 'SIGCONT')
    },
  },
  {
    // The processes have the old one until the administrator sets it again.
    name: 'the password is changed, and the connections ended',
    async happen({ parts: { db }, env }, seconds) {
      const { username, password } = new URL(env.DATABASE_URL ?? '')
      const role = `"${decodeURIComponent(username)}"`
      const administrator = await db.reserve()
      try {
        await administrator.unsafe(`alter role ${role} password 'another'`)
        await endConnections(administrator)
        await wait(seconds * 1000)
        await administrator.unsafe(`alter role ${role} password '${decodeURIComponent(password)}'`)
      } finally {
        administrator.release()
      }
    },
  },
]

export const rehearsal: Rehearsal = {
  summary: 'lose the database in six ways under load; nothing hangs, nothing ends, work goes on',
  run: ({ short, say }) =>
    withFleet({}, async (fleet) => {
      const figures: string[] = []
      for (const failover of short ? FAILOVERS.slice(0, 1) : FAILOVERS) {
        say(failover.name)
        figures.push(`${failover.name}: ${await suffer(fleet, failover, short ? 4 : 12)}`)
      }
      const delivered = await fleet.load.settle()
      return [...figures, `${delivered} acknowledged deliveries, all applied; no process ended`]
    }),
}

/** Reads are 200 or 503, and all 200 again within five seconds of the database's return. */
async function suffer(fleet: Fleet, { happen }: Failover, seconds: number): Promise<string> {
  const probe = startProbe(READ_EVERY_MS, fleet.read)
  const load = fleet.load.run(seconds + 6, EACH)
  let returned = 0
  try {
    await wait(1_000)
    await happen(fleet, seconds)
    returned = performance.now()
    await wait((MAX_RECOVERY_SECONDS + 2) * 1000)
  } finally {
    await probe.stop()
    await load
  }
  const { answers } = probe
  const recovery = recoverySeconds(answers, returned)
  const longest = Math.max(...answers.map(({ milliseconds }) => milliseconds))
  const wrong = answers.filter(({ status }) => status !== 200 && status !== 503)
  const figures = `reads ${countStatuses(answers)}; longest ${(longest / 1000).toFixed(1)} s; all well ${recovery.toFixed(1)} s after its return`
  if (wrong.length > 0 || recovery > MAX_RECOVERY_SECONDS) throw new Error(explain(figures, wrong))
  return figures
}

const explain = (figures: string, wrong: Answer[]) =>
  `${figures}${wrong.length > 0 ? `; neither 200 nor 503: ${countStatuses(wrong)}` : ''}`

const endConnections = (db: Sql) =>
  db`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`.catch(() => {})

/** Resolves when the restarted server answers. */
async function untilAnswered(db: Db, isRestarted: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const isBack = (await isRestarted().catch(() => false)) && (await db`select 1`.catch(() => []))
    if (isBack && isBack.length > 0) return
    await wait(50)
  }
  throw new Error('PostgreSQL did not come back')
}
