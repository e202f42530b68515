import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { loadConfig } from '../../src/config.ts'
import { openDb } from '../../src/platform/db.ts'
import { randomSecret } from '../../src/platform/secrets.ts'
import { type Deployment, startDeployment } from '../support/deployment.ts'
import { type Environment, UNLIMITED } from '../support/environment.ts'
import { describeTally, type Kind, prepareLoad, type Tally } from '../support/mixed-load.ts'
import { startPgBouncer } from '../support/pgbouncer.ts'
import { findFreePorts } from '../support/ports.ts'
import { runCommand, startServerProcess } from '../support/server-process.ts'
import type { Rehearsal } from './rehearsal.ts'

const POOL_SIZE = 8
const EACH: Readonly<Record<Kind, number>> = { read: 4, refresh: 2, flow: 2, delivery: 2 }
const POOLED = { DATABASE_POOLER: 'transaction' }

type Pooler = Awaited<ReturnType<typeof startPgBouncer>>
/** The addresses of the portal's roles at the server itself. */
type Urls = Record<'app' | 'web' | 'worker', string>

/** Web and worker processes, each with its own role, that reach the database only through PgBouncer in transaction mode. */
export const rehearsal: Rehearsal = {
  summary:
    'serve through PgBouncer in transaction mode; restart it, and kill PostgreSQL, under load',
  run: ({ short, say }) =>
    startDeployment(async (deployment) => {
      const { pooler, urls, env } = await setUp(deployment)
      const count = short ? 1 : 2
      const portal = await startPortal(deployment, {
        env: { ...env, ...POOLED },
        urls,
        count,
        pooler,
      })
      say(`PgBouncer ${pooler.version}, ${count} web and ${count} worker processes`)
      const { load } = portal
      const [calm] = await Promise.all([
        load.run(short ? 5 : 60, EACH),
        requireSlowStatement(pooler.through(urls.web), short),
        short ? undefined : requireReason({ ...env, DATABASE_URL: pooler.through(urls.app) }),
      ])
      requireNoFailure('through PgBouncer', calm)
      const connections = await countConnections(deployment)

      // Its clients lose all their connections.
      const [stormy] = await Promise.all([load.run(short ? 3 : 20, EACH), pooler.restart()])
      const after = await load.run(short ? 2 : 20, EACH)
      requireNoFailure('after the restart of PgBouncer', after)
      const [crashed] = await Promise.all([load.run(short ? 5 : 20, EACH), killServer(deployment)])
      const recovered = await load.run(short ? 2 : 20, EACH)
      requireNoFailure('after the crash of PostgreSQL', recovered)
      const delivered = await load.settle()
      await portal.close()

      await deployment.close()
      return [
        `PgBouncer ${pooler.version}, transaction mode, pools of ${POOL_SIZE}: ${count} web, ${count} worker`,
        ...describeAll(calm),
        `${connections} connections to the server`,
        `PgBouncer restarted under load: ${countFailed(stormy)} of ${countAll(stormy)} requests failed meanwhile, ${countFailed(after)} of ${countAll(after)} afterwards`,
        `PostgreSQL killed under load: ${countFailed(crashed)} of ${countAll(crashed)} requests failed meanwhile, ${countFailed(recovered)} of ${countAll(recovered)} afterwards`,
        `${delivered} acknowledged deliveries, all applied; no process ended`,
      ]
    }),
}

/** PgBouncer in front of the deployment's server, and the roles of the portal. */
async function setUp({ env: shared, later }: Deployment) {
  const owner = shared.DATABASE_URL ?? ''
  const urlOf = (username: string) =>
    Object.assign(new URL(owner), { username, password: randomSecret() }).href
  const urls = {
    app: urlOf('portal_app'),
    web: urlOf('portal_web'),
    worker: urlOf('portal_worker'),
  }
  const pooler = later(
    await startPgBouncer({
      urls: Object.values(urls),
      target: owner,
      poolMode: 'transaction',
      poolSize: POOL_SIZE,
    }),
    (each) => each.close(),
  )
  const env = { ...shared, ...UNLIMITED, LOG_LEVEL: 'warn' }
  await runCommand(['migrate'], {
    ...env,
    ...POOLED,
    MIGRATION_DATABASE_URL: owner,
    DATABASE_URL: pooler.through(urls.app),
    WEB_DATABASE_URL: pooler.through(urls.web),
    WORKER_DATABASE_URL: pooler.through(urls.worker),
  })
  return { pooler, urls, env }
}

async function startPortal(
  { parts, later }: Deployment,
  given: { env: Environment; urls: Urls; count: number; pooler: Pooler },
) {
  const { env, urls, count, pooler } = given
  const ports = await findFreePorts(count)
  const issuer = `http://localhost:${ports[0]}`
  const start = async (role: 'web' | 'worker', port: number) =>
    later(
      await startServerProcess({
        ...env,
        ISSUER: issuer,
        ROLE: role,
        PORT: String(port),
        DATABASE_URL: pooler.through(urls[role]),
      }),
      (each) => each.close(),
    )
  const processes = await Promise.all([
    ...ports.map((port) => start('web', port)),
    ...ports.map(() => start('worker', 0)),
  ])
  const load = await prepareLoad({
    parts,
    issuer,
    urls: ports.map((port) => `http://localhost:${port}`),
    residents: 4,
  })
  return {
    load,
    async close() {
      for (const each of processes) {
        const end = each.unplannedEnd()
        if (end !== undefined) throw new Error(`a process ended: ${end}`)
        await each.close()
      }
    },
  }
}

/** A statement that takes long is not given up, and one that takes too long is ended by the server. */
async function requireSlowStatement(url: string, short: boolean): Promise<void> {
  const { pools } = loadConfig(POOLED)
  const db = openDb(url, { connections: 2, pools })
  try {
    const [row] = await db<{ statementTimeout: string }[]>`show statement_timeout`
    if (row?.statementTimeout !== '15s')
      throw new Error(`the time limit of a statement is ${row?.statementTimeout}`)
    if (short) return
    const error = await db`select pg_sleep(60), 6 as slept`.catch((cause: unknown) => cause)
    await db`select pg_sleep(6)`
    if ((error as { code?: string }).code !== '57014')
      throw new Error(`a statement of 60 seconds ended with ${error}`)
  } finally {
    await db.end({ timeout: 1 })
  }
}

/** The embedded server is started again, and recovers. */
async function killServer({ dir }: Deployment): Promise<void> {
  await wait(500)
  const [pid] = (await readFile(join(dir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')
  process.kill(Number(pid), 'SIGKILL')
}

/** A process without `DATABASE_POOLER` says what it lacks. */
async function requireReason(env: Environment): Promise<void> {
  const { stderr } = await runCommand(['doctor'], env, { allowed: [1] })
  if (!stderr.includes('DATABASE_POOLER=transaction'))
    throw new Error(`without DATABASE_POOLER the reason is not said: ${stderr}`)
}

async function countConnections({ parts }: Deployment): Promise<number> {
  const [row] = await parts.db<{ count: number }[]>`
    select count(*)::int as count from pg_stat_activity
    where datname = current_database() and usename in ('portal_web', 'portal_worker')`
  const count = row?.count ?? 0
  if (count > 2 * POOL_SIZE) throw new Error(`PgBouncer opened ${count} connections`)
  return count
}

type Tallies = Record<Kind, Tally>
const countFailed = (tallies: Tallies) =>
  Object.values(tallies).reduce((sum, { failed }) => sum + failed, 0)
const countAll = (tallies: Tallies) =>
  Object.values(tallies).reduce((sum, { done, failed }) => sum + done + failed, 0)
const describeAll = (tallies: Tallies) =>
  (Object.entries(tallies) as [Kind, Tally][]).map((entry) => describeTally(...entry))

function requireNoFailure(when: string, tallies: Tallies): void {
  const failures = Object.values(tallies).flatMap((tally) => tally.failures)
  if (failures.length > 0)
    throw new Error(`${when}, ${countFailed(tallies)} requests failed: ${failures.join('; ')}`)
}
