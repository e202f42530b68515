import { setTimeout as wait } from 'node:timers/promises'
import { type Db as BossDb, fromBunSql, PgBoss } from 'pg-boss'
import { z } from 'zod'
import { type Db, openDb, type PoolConfig, type Sql } from './db.ts'
import { LOCKS } from './locks.ts'
import type { Log } from './log.ts'
import { startLoop } from './loop.ts'
import type { SealedColumn } from './resealing.ts'

/** The jobs by name, with the data of each. */
const JOBS = {
  /** Lists the images of a verification's decided attempt and enqueues the backup of each. */
  'list-images': z.object({ verificationId: z.uuid(), attemptId: z.string() }),
  /** Deletes what remains outside the database of an erased verification: its objects, and the vendor's copy. */
  'delete-remains': z.object({ verificationId: z.uuid() }),
  /**
   * Requests a session's result from the vendor, after a hint that it changed, or on schedule; `check` is the number of the scheduled
   * check.
   */
  'fetch-result': z.object({
    verificationId: z.uuid(),
    deliveryId: z.uuid().optional(),
    check: z.int().optional(),
  }),
  /** Copies one image from the vendor into the bucket. */
  'backup-image': z.object({ imageId: z.uuid() }),
  /** Fetches the logo that a registration names. */
  'fetch-logo': z.object({ clientId: z.string() }),
  /** Sends an application a logout token. Times are ISO 8601. */
  'notify-logout': z.object({
    issuer: z.string(),
    clientId: z.string(),
    accountId: z.uuid(),
    sid: z.string(),
    endedAt: z.iso.datetime(),
  }),
  /** Announces to applications what a change of this tenant's trust means for residents, in the order of account ids after `after`. */
  'announce-tenant': z.object({ tenant: z.string(), after: z.uuid().optional() }),
  /** Creates the link for a new password and its mail, if the address is a resident's. */
  'make-reset-link': z.object({ requestSealed: z.string() }),
  /** Sends one mail. Its text is sealed, because it may contain a link that opens an account. */
  'send-mail': z.object({ mailId: z.uuid(), mailSealed: z.string() }),
} as const
type JobName = keyof typeof JOBS
export type JobData<N extends JobName> = z.infer<(typeof JOBS)[N]>

export type Jobs = {
  /** In the caller's transaction: the job is stored if that commits. */
  enqueue<N extends JobName>(
    sql: Sql,
    name: N,
    data: JobData<N>,
    options?: { afterSeconds?: number },
  ): Promise<void>
  /** Runs up to `atOnce` jobs in this process at a time. A job that throws is retried later, and its last error is stored. */
  work<N extends JobName>(
    name: N,
    atOnce: number,
    handler: (data: JobData<N>) => Promise<void>,
  ): Promise<void>
  /** Polls now instead of at the next interval. */
  pollNow(): void
  /** Whether due jobs are looked for. */
  isPolling(): boolean
  /** Takes no more jobs, and finishes the running ones, for up to 20 seconds. Jobs can still be enqueued. */
  rest(): Promise<void>
  /** Rests, and closes. Other workers take the jobs that are still running. */
  stop(): Promise<void>
}

const SCHEMA = 'pgboss'
// Workers send heartbeats; a job without one for this long is given to another worker.
const HEARTBEAT_SECONDS = 20
const MONITOR_SECONDS = 10
const POLL_MS = 500
const REST_MS = 20_000
// Workers are woken when a job is due. If that fails, they look for themselves.
const OWN_POLL_SECONDS = 30
const QUEUE = {
  heartbeatSeconds: HEARTBEAT_SECONDS,
  expireInSeconds: 15 * 60,
  // From 2 seconds to 15 minutes apart, with jitter: a vendor or a bucket may be unavailable for a day and more.
  retryLimit: 150,
  retryDelay: 2,
  retryBackoff: true,
  retryDelayMax: 15 * 60,
  retentionSeconds: 30 * 24 * 3600,
}

/**
 * Opens pg-boss on a pool of its own, whose columns keep their names. No job runs until `work` is called. A role that may only
 * enqueue leaves the creation and maintenance of the tables to others; throws where the tables are missing.
 */
export async function createJobs(databaseUrl: string, log: Log, pools?: PoolConfig): Promise<Jobs> {
  const db = openDb(databaseUrl, {
    connections: pools?.sizes.queue ?? 4,
    columns: 'asNamed',
    pools,
  })
  const maintains = await mayMaintain(db).catch(async (error: unknown) => {
    await db.end({ timeout: 5 })
    throw error
  })
  const boss = new PgBoss({
    // Adapts the client, whose interface is that of postgres.js.
    db: fromBunSql(db as never),
    schema: SCHEMA,
    schedule: false,
    migrate: maintains,
    supervise: maintains,
    superviseIntervalSeconds: MONITOR_SECONDS,
    monitorIntervalSeconds: MONITOR_SECONDS,
  })
  boss.on('error', (error) => log.error('job queue failed', { error }))
  const idle = new Map<JobName, Set<string>>()
  const wakeOne = (name: JobName) => {
    const [id] = idle.get(name) ?? []
    if (id) boss.notifyWorker(id)
  }
  try {
    await db.begin(async (sql) => {
      // The library creates its tables on other connections, and concurrent processes would fail.
      await sql`select pg_advisory_xact_lock(${LOCKS.queueInstallation})`
      await boss.start()
      if (!maintains) return
      for (const name of Object.keys(JOBS)) await boss.createQueue(name, QUEUE)
    })
  } catch (error) {
    // The library's timers would keep the process alive.
    await boss.stop({ graceful: false }).catch(() => {})
    await db.end({ timeout: 5 })
    throw error
  }

  // One query for all queues: each worker would otherwise ask for each of its own.
  const polling = startLoop(
    { event: 'due jobs cannot be read', pauseMs: POLL_MS, firstAfterMs: POLL_MS, log },
    async () => {
      for (const name of await listDueQueues(db, [...idle.keys()])) wakeOne(name)
    },
  )

  let resting: Promise<void> | undefined
  function rest(): Promise<void> {
    const stopAll = async () => {
      await Promise.all([
        polling.stop(),
        ...[...idle.keys()].map((name) => boss.offWork(name, { wait: true })),
      ])
    }
    resting ??= Promise.race([stopAll(), wait(REST_MS, undefined, { ref: false })])
    return resting
  }

  return {
    async enqueue(sql, name, data, { afterSeconds } = {}) {
      const later = afterSeconds === undefined ? {} : { startAfter: afterSeconds }
      await boss.send(name, data, { db: transactionOf(sql), ...later })
    },
    async work(name, atOnce, handler) {
      const free = new Set<string>()
      idle.set(name, free)
      for (let count = 0; count < atOnce; count++) {
        const options = { pollingIntervalSeconds: OWN_POLL_SECONDS, batchSize: 1 }
        const id: string = await boss.work(name, options, async ([job]) => {
          if (!job) return
          free.delete(id)
          // There may be more jobs, for the others now and for this worker afterwards. After a failure too, or many jobs that
          // fail, say while a vendor is away, would take up all the polls and starve the others.
          wakeOne(name)
          try {
            await handler(JOBS[name].parse(job.data) as JobData<typeof name>)
          } catch (error) {
            log.warn('job failed, will be retried', { job: name, jobId: job.id, error })
            throw error
          } finally {
            free.add(id)
            boss.notifyWorker(id)
          }
        })
        free.add(id)
      }
    },
    pollNow: () => polling.runNow(),
    isPolling: () => !polling.isStalled(),
    rest,
    async stop() {
      await rest()
      // It takes the jobs that still run from this process, so that another one need not wait for its heartbeats to stop.
      await boss.stop({ graceful: true, timeout: 1_000 })
      await db.end({ timeout: 5 })
    },
  }
}

/** Whether the role may create and maintain the queue's tables. */
async function mayMaintain(db: Db): Promise<boolean> {
  const [row] = await db<{ maintains: boolean | null }[]>`
    select has_table_privilege(to_regclass(${`${SCHEMA}.queue`}), 'insert') as maintains`
  return row?.maintains ?? true
}

/** Returns those of the queues that have a job to be taken. */
async function listDueQueues(sql: Sql, names: JobName[]): Promise<JobName[]> {
  if (names.length === 0) return []
  const due = await sql<{ name: JobName }[]>`
    select name from unnest(${names}::text[]) as queue (name)
    where exists (
      select from pgboss.job
      where job.name = queue.name and state < 'active' and not blocked and start_after <= now())`
  return due.map(({ name }) => name)
}

/** Creates or migrates the queue's tables. Safe in concurrent processes. */
export async function installJobs(
  databaseUrl: string,
  log: Log,
  pools?: PoolConfig,
): Promise<void> {
  await (await createJobs(databaseUrl, log, pools)).stop()
}

/** The place of a sealed member in job data. */
export const jobMember = (member: string, sealedFor: string): SealedColumn => ({
  table: `${SCHEMA}.job`,
  column: 'data',
  member,
  key: ['name', 'id'],
  contextOf: () => sealedFor,
})

const transactionOf = (sql: Sql): BossDb => ({
  async executeSql(text, values = []) {
    return { rows: [...(await sql.unsafe(text, values as never[]))] }
  },
})
