import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { AppContext } from '../../src/context.ts'
import { openBody, type StoredBody } from '../../src/id-verification/deliveries.ts'
import type { Delivered } from '../chaos/history.ts'
import { type Deployment, startDeployment } from '../support/deployment.ts'
import { type Environment, UNLIMITED } from '../support/environment.ts'
import { IMAGES_OF_A_SESSION, startLoad } from '../support/load.ts'
import { FAIL_TIMEOUT_SECONDS, startNginx } from '../support/nginx.ts'
import { findFreePorts } from '../support/ports.ts'
import type { Rehearsal } from './rehearsal.ts'

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname
const SHUTDOWN_SECONDS = 30

export const rehearsal: Rehearsal = {
  summary: 'two web and two worker processes behind nginx, each restarted twice under load',
  run: ({ short, say }) =>
    startDeployment(async (deployment) => {
      try {
        return await restartAll(deployment, {
          rounds: short ? 1 : 2,
          drainSeconds: short ? 1 : 3,
          say,
        })
      } finally {
        await deployment.close()
      }
    }),
}

async function restartAll(
  deployment: Deployment,
  { rounds, drainSeconds, say }: { rounds: number; drainSeconds: number; say(line: string): void },
): Promise<string[]> {
  const { dir, later, parts } = deployment
  const ports = await findFreePorts(7)
  const [front = 0, web1 = 0, web2 = 0, ...metrics] = ports
  const env = {
    ...deployment.env,
    ...UNLIMITED,
    ISSUER: `http://localhost:${front}`,
    TRUSTED_PROXIES: '127.0.0.1',
    LOG_LEVEL: 'warn',
    DRAIN_SECONDS: String(drainSeconds),
    SHUTDOWN_SECONDS: String(SHUTDOWN_SECONDS),
  }
  const processes = [
    {
      name: 'web 1',
      env: { ...env, ROLE: 'web', PORT: String(web1) },
      metricsPort: metrics[0] ?? 0,
    },
    {
      name: 'web 2',
      env: { ...env, ROLE: 'web', PORT: String(web2) },
      metricsPort: metrics[1] ?? 0,
    },
    { name: 'worker 1', env: { ...env, ROLE: 'worker' }, metricsPort: metrics[2] ?? 0 },
    { name: 'worker 2', env: { ...env, ROLE: 'worker' }, metricsPort: metrics[3] ?? 0 },
  ].map((each) => later(createProcess(each), (process) => process.stop()))
  await Promise.all(processes.map((each) => each.start()))
  // After them: when all have refused a connection, it tries each with one request at a time, and answers 502 to others.
  const nginx = later(
    await startNginx({ dir: join(dir, 'nginx'), port: front, webs: [web1, web2] }),
    (each) => each.close(),
  )
  say('started')

  await noteApplied(parts)
  const load = await startLoad(deployment, nginx.url)
  await wait(1_000)
  let restarts = 0
  let longestEnd = 0
  for (let round = 0; round < rounds; round++)
    for (const pair of [
      ['web 1', 'worker 1'],
      ['web 2', 'worker 2'],
    ]) {
      const ends = await Promise.all(
        processes.filter(({ name }) => pair.includes(name)).map((each) => each.restart()),
      )
      restarts += ends.length
      longestEnd = Math.max(longestEnd, ...ends)
      say(`restarted ${pair.join(' and ')}`)
      // nginx tries the process again before the other one goes.
      await wait(1_500 * FAIL_TIMEOUT_SECONDS)
    }
  const { requests, failures, longestMs, sessions, deliveries } = await load.stop()
  if (failures.length > 0)
    throw new Error(
      `${failures.length} requests failed:\n${failures.slice(0, 20).join('\n')}\n${await nginx.readErrors()}`,
    )
  say('the load has ended; waiting for the workers')
  const work = await settle(parts, { sessions, sent: deliveries })
  return [
    `restarts: ${restarts} (${rounds} of each of 2 web and 2 worker processes), each ended with status 0, after ${longestEnd.toFixed(1)} s at most`,
    `requests: ${requests.reads} reads, ${requests.refreshes} token refreshes, ${deliveries.length} signed deliveries`,
    `failures: 0; longest pause ${longestMs.toFixed(0)} ms, the time of the slowest request`,
    `requests that nginx sent to the other process, because the port was closed: ${await nginx.countRepeated()}`,
    `deliveries: ${work.deliveries} stored and applied once; lost 0, doubled 0`,
    `jobs: ${work.jobs} done; lost 0, doubled 0, interrupted ${work.interrupted}; ${work.images} images stored once`,
  ]
}

/** One process of the portal, and the probes of its orchestrator. */
function createProcess(given: { name: string; env: Environment; metricsPort: number }) {
  const { name, metricsPort } = given
  let child: ChildProcess | undefined

  async function start() {
    const started = spawn(process.execPath, [MAIN, 'serve'], {
      env: { ...given.env, METRICS_PORT: String(metricsPort) },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    child = started
    const isReady = async () =>
      (await fetch(`http://127.0.0.1:${metricsPort}/health/ready`).catch(() => undefined))?.ok
    while (!(await isReady())) {
      if (started.exitCode !== null) throw new Error(`${name} did not start`)
      await wait(50)
    }
  }

  /** Returns after how many seconds it ended. */
  async function stop(): Promise<number> {
    if (!child || child.exitCode !== null) return 0
    const asked = performance.now()
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    const [status] = await ended
    if (status !== 0) throw new Error(`${name} ended with status ${status}`)
    return (performance.now() - asked) / 1000
  }

  return {
    name,
    start,
    stop,
    async restart(): Promise<number> {
      const seconds = await stop()
      await start()
      return seconds
    },
  }
}

const SETTLE_MS = 180_000

/** The database itself writes down each time a delivery is applied. */
async function noteApplied({ db }: AppContext): Promise<void> {
  await db.unsafe(`
    create table applied_delivery (id uuid not null);
    create function note_applied() returns trigger language plpgsql as $$ begin
      insert into applied_delivery (id) values (new.id);
      return null;
    end $$;
    create trigger note_applied after update on delivery
      for each row when (new.state = 'applied' and old.state <> 'applied') execute function note_applied();
    grant insert on applied_delivery to public`)
}

/** Waits until nothing is left to do, and throws unless everything was done exactly once. */
async function settle(
  parts: AppContext,
  { sessions, sent }: { sessions: number; sent: readonly Delivered[] },
) {
  await waitUntilDone(parts)
  await requireAppliedOnce(parts, sent)
  const images = await countImages(parts)
  if (images !== sessions * IMAGES_OF_A_SESSION)
    throw new Error(`${images} images are stored, of ${sessions} sessions`)
  return { deliveries: sent.length, images, ...(await requireDoneOnce(parts)) }
}

async function waitUntilDone({ db }: AppContext): Promise<void> {
  const countWaiting = async () => {
    const [row] = await db<{ waiting: number }[]>`
      select (select count(*) from delivery where state = 'received')::int
        + (select count(*) from pgboss.job where state < 'completed')::int
        + (select count(*) from image where state = 'pending')::int as waiting`
    return row?.waiting ?? 0
  }
  for (const end = Date.now() + SETTLE_MS; (await countWaiting()) > 0; await wait(500))
    if (Date.now() > end)
      throw new Error(`${await countWaiting()} deliveries, jobs and images still wait`)
}

async function requireAppliedOnce({ db, vault }: AppContext, sent: readonly Delivered[]) {
  const rows = await db<(StoredBody & { timesReceived: number; timesApplied: number })[]>`
    select id, body, body_sealed, times_received,
      (select count(*) from applied_delivery where applied_delivery.id = delivery.id)::int as times_applied
    from delivery`
  const stored = new Map<string, { timesReceived: number; timesApplied: number }>()
  for (const { timesReceived, timesApplied, ...row } of rows) {
    const sha256 = createHash('sha256')
      .update(await openBody(db, vault, row))
      .digest('hex')
    stored.set(sha256, { timesReceived, timesApplied })
  }
  const wrong = sent.filter(({ sha256 }) => {
    const { timesReceived, timesApplied } = stored.get(sha256) ?? {}
    return timesReceived !== 1 || timesApplied !== 1
  })
  if (wrong.length > 0 || stored.size !== sent.length)
    throw new Error(
      `${sent.length} deliveries were sent, ${stored.size} are stored, and ${wrong.length} were not received and applied exactly once`,
    )
}

async function countImages({ db }: AppContext): Promise<number> {
  const [row] = await db<{ images: number }[]>`
    select count(distinct (verification_id, type))::int as images from image where state = 'stored'`
  return row?.images ?? 0
}

/** Each delivery of an approved session may have its images listed, and each list has each image copied; nothing else may. */
async function requireDoneOnce({ db }: AppContext) {
  const [jobs] = await db<{ all: number; undone: number; interrupted: number }[]>`
    select count(*)::int as all, (count(*) filter (where state <> 'completed'))::int as undone,
      (count(*) filter (where retry_count > 0))::int as interrupted
    from pgboss.job`
  if (!jobs || jobs.undone > 0) throw new Error(`${jobs?.undone} jobs were not done`)
  const doubled = await db`
    with listing as (
      select (data ->> 'verificationId')::uuid as verification_id, count(*) as times from pgboss.job
      where name = 'list-images' group by 1),
    copy as (
      select image.verification_id, image.id, count(*) as times from pgboss.job
        join image on image.id = (data ->> 'imageId')::uuid
      where name = 'backup-image' group by 1, 2)
    select verification_id from listing
    where times > (select count(*) from delivery where delivery.verification_id = listing.verification_id)
    union all
    select verification_id from copy join listing using (verification_id) where copy.times > listing.times`
  if (doubled.length > 0) throw new Error(`jobs of ${doubled.length} sessions were doubled`)
  return { jobs: jobs.all, interrupted: jobs.interrupted }
}
