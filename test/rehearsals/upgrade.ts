import { cp, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { withOwner } from '../../src/platform/database-role.ts'
import { migrate } from '../../src/platform/migrations.ts'
import type { Environment } from '../support/environment.ts'
import type { Rehearsal } from './rehearsal.ts'
import { type Answered, startLoad } from './upgrade/load.ts'
import { check, untilSettled } from './upgrade/outcome.ts'
import { MIGRATE, watchPhases } from './upgrade/phases.ts'
import { type RunningProcess, runCommand, startProcess } from './upgrade/process.ts'
import { PRESENT, type Release } from './upgrade/release.ts'
import { addRows, ROWS, startWorld, type World } from './upgrade/world.ts'

type Say = (line: string) => void

// Migrations that a version to come could have. So there are some even where the last release has today's.
const NEXT = new URL('./upgrade/next/', import.meta.url)
const LOCK_HELD_MS = 3_000

export const rehearsal: Rehearsal = {
  summary: 'migrate, and replace the processes of the last release while they serve',
  async run({ short, say }) {
    const world = await startWorld()
    try {
      return await upgrade(world, { short, say })
    } finally {
      await world.close()
    }
  },
}

async function upgrade(
  world: World,
  { short, say }: { short: boolean; say: Say },
): Promise<string[]> {
  const { last, people, vendor, pickWeb, roles, otherPort } = world
  if (!short) {
    say(`${ROWS} rows`)
    await addRows(world)
  }
  const verified = []
  for (const { id } of people.readers) verified.push(await vendor.verify(id))
  await untilSettled(world)

  const load = startLoad({
    pickWeb,
    client: people.client,
    readers: people.readers.map(({ tokens }) => tokens),
    refresher: people.refresher.tokens,
    async verify() {
      verified.push(await vendor.verify(people.verified.id))
    },
  })
  vendor.listen(load.noteDelivery)
  const phases = watchPhases(load.answers, say)
  const figures: string[] = []
  try {
    phases.begin(`${last.name} alone`)
    await wait(short ? 3_000 : 20_000)

    phases.begin(MIGRATE)
    const { stdout } = await runCommand(PRESENT, ['migrate', '--json'], roles.migrate)
    const { applied } = JSON.parse(stdout) as { applied: string[] }
    const next = await migrateFurther(world, say)
    figures.push(
      `migrations applied: ${applied.length} of today, ${next.applied.length} of a version to come; ${next.refusals} tries gave up waiting for a lock`,
    )

    phases.begin('the present code beside it')
    const old = [...world.processes]
    await Promise.all([
      launch(world, PRESENT, { ...roles.web, PORT: `${otherPort}` }),
      launch(world, PRESENT, roles.worker),
    ])
    await wait(short ? 1_000 : 20_000)

    phases.begin(`${last.name} restarts`)
    const restarted: RunningProcess[] = []
    for (const each of old) {
      await retire(world, each)
      restarted.push(await launch(world, last, each.env))
    }
    for (const each of restarted) requireNotice(each)
    await wait(short ? 1_000 : 20_000)

    phases.begin('the present code alone')
    for (const each of restarted) await retire(world, each)
    await wait(short ? 1_000 : 20_000)
    phases.end()
    if (!short) figures.push(...(await measureLocks(world, load.answers, say)))
  } finally {
    await load.stop()
  }
  await untilSettled(world)
  return [...phases.report(), ...figures, ...(await check(world, load.answers, verified))]
}

/** Applies the migrations of a version to come, while a transaction holds a lock that they need. */
async function migrateFurther({ dir, env, parts: { db } }: World, say: Say) {
  const folder = join(dir, 'migrations')
  await cp(new URL('../../src/migrations/', import.meta.url), folder, { recursive: true })
  for (const name of await readdir(NEXT)) await cp(new URL(name, NEXT), join(folder, name))
  const holding = db.begin(async (sql) => {
    await sql`select from oidc_artifact limit 1`
    await wait(LOCK_HELD_MS)
  })
  let refusals = 0
  const applied = await migrate(env.DATABASE_URL ?? '', {
    folder: pathToFileURL(`${folder}/`),
    report(event, { migration, milliseconds }) {
      if (event === 'migration waits for locks') refusals++
      say(`  ${migration}: ${event}${milliseconds === undefined ? '' : ` (${milliseconds} ms)`}`)
    },
  })
  await holding
  if (refusals === 0) throw new Error('no migration met the lock that a transaction held')
  return { applied, refusals }
}

async function launch({ webs, processes }: World, release: Release, env: Environment) {
  const started = await startProcess(release, env)
  processes.push(started)
  if (started.url) webs.push(started.url)
  return started
}

/** Takes a process out of service as a load balancer does, and stops it. */
async function retire({ webs, processes }: World, old: RunningProcess) {
  if (old.url) webs.splice(webs.indexOf(old.url), 1)
  // For what it already answers.
  await wait(500)
  const crash = old.crash()
  if (crash) throw new Error(`a process ended by itself (${crash}): ${old.logged().slice(-2_000)}`)
  await old.stop()
  processes.splice(processes.indexOf(old), 1)
}

/** Throws unless the process said once that the schema is newer. */
function requireNotice(process: RunningProcess) {
  const notices = process.logged().match(/schema is newer than this version/g) ?? []
  if (notices.length !== 1)
    throw new Error(`a restarted process said ${notices.length} times that the schema is newer`)
}

/** What migrations cost that the rules forbid. */
async function measureLocks({ env }: World, answers: readonly Answered[], say: Say) {
  const forbidden = [
    'alter table oidc_artifact add column upgrade_random double precision default random()',
    'alter table oidc_artifact alter column upgrade_note type varchar(100)',
    'create index on oidc_artifact (upgrade_note, expires_at)',
  ]
  const figures: string[] = []
  for (const statement of forbidden) {
    say(`  forbidden: ${statement}`)
    const from = performance.now()
    await withOwner(env.DATABASE_URL ?? '', (owner) =>
      owner.begin(async (sql) => {
        await sql`set local statement_timeout = 0`
        await sql.unsafe(statement)
      }),
    )
    const took = Math.round(performance.now() - from)
    await wait(2_000)
    const longestOf = (kinds: readonly string[]) =>
      Math.round(
        Math.max(
          ...answers
            .filter(({ kind, at }) => kinds.includes(kind) && at > from - 1_000)
            .map(({ milliseconds }) => milliseconds),
        ),
      )
    figures.push(
      `what a lock on ${ROWS} rows costs: ${statement}: ${took} ms; longest read ${longestOf(['read'])} ms, longest refresh ${longestOf(['refresh'])} ms`,
    )
  }
  return figures
}
