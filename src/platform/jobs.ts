import { setTimeout as wait } from 'node:timers/promises'
import type { Db as BossDb, PgBoss } from 'pg-boss'
import { z } from 'zod'
import { correlate, currentTraceparent, parseTraceparent } from './correlation.ts'
import { type Db, openDb, type PoolConfig, type PoolUsage, type Sql, usageOf } from './db.ts'
import { LOCKS } from './locks.ts'
import type { Log } from './log.ts'
import { startLoop } from './loop.ts'
import type { ComputedGauge } from './metrics.ts'
import { observe } from './operations.ts'
import type { SealedColumn } from './resealing.ts'
import { isUuid } from './uuid.ts'
import { isOlder, readVersion } from './version.ts'

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
  /** Makes the thumbnail of an image that was stored before there were any. */
  'make-thumbnail': z.object({ imageId: z.uuid() }),
  /** Takes in what was uploaded for a verification: an image, or the request to complete it. */
  'take-upload': z.object({ uploadId: z.uuid() }),
  /** Prepares the archive that a resident requested. */
  'make-export': z.object({ exportId: z.uuid() }),
  /** Erases a resident whose waiting time is over. */
  'erase-resident': z.object({ accountId: z.uuid() }),
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
  /** Creates the link of a sign-up and its mail, or tells a resident that there is an account already. */
  'make-sign-up-link': z.object({ signUpId: z.uuid(), issuer: z.string() }),
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
    options?: {
      afterSeconds?: number
      /** How long a finished job is kept, instead of a week. */
      keptForSeconds?: number
      /** No job is added where one with this key was added in about the last ten minutes. */
      uniqueKey?: string
    },
  ): Promise<void>
  /** Runs up to `atOnce` jobs in this process at a time. A job that throws is retried later, and its last error is stored. */
  work<N extends JobName>(
    name: N,
    atOnce: number,
    handler: (data: JobData<N>) => Promise<void>,
  ): Promise<void>
  /** Of the queue's own connections. */
  poolUsage(): PoolUsage
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
const UNIQUE_SECONDS = 600
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

const SETTINGS_ROW = 'job-queues'
const AppliedSettings = z.object({ version: z.string(), settings: z.string() })

/**
 * Opens pg-boss on a pool of its own, whose columns keep their names. No job runs until `work` is called. A role that may only
 * enqueue leaves the creation and maintenance of the tables to others; throws where the tables are missing.
 */
export async function createJobs(databaseUrl: string, log: Log, pools?: PoolConfig): Promise<Jobs> {
  // Most commands enqueue nothing.
  const { PgBoss, fromBunSql } = await import('pg-boss')
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
      await createMissingQueues(sql, boss)
      await updateSettings(sql, boss)
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
    async enqueue(sql, name, data, { afterSeconds, keptForSeconds, uniqueKey } = {}) {
      const later = afterSeconds === undefined ? {} : { startAfter: afterSeconds }
      const kept = keptForSeconds === undefined ? {} : { deleteAfterSeconds: keptForSeconds }
      const unique =
        uniqueKey === undefined ? {} : { singletonKey: uniqueKey, singletonSeconds: UNIQUE_SECONDS }
      // Beside the data: `work` passes on what the schema names, and continues the trace.
      const traceparent = currentTraceparent()
      const sent = traceparent ? { ...data, traceparent } : data
      await boss.send(name, sent, { db: transactionOf(sql), ...later, ...kept, ...unique })
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
            await correlate(correlationOf(job.data), () =>
              observe({ kind: 'job', queue: name }, async () =>
                handler(JOBS[name].parse(job.data) as JobData<typeof name>),
              ),
            )
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
    poolUsage: () => usageOf(db),
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

const correlationOf = (data: unknown) => ({
  trace: parseTraceparent((data as { traceparent?: unknown } | null)?.traceparent),
})

/** The counts are the queue's own, which it refreshes every few seconds. */
export const JOB_GAUGES: readonly ComputedGauge[] = [
  {
    name: 'portal_jobs',
    help: 'Jobs that are due (waiting), due later (deferred), running (active), or have used up their tries (failed).',
    async read(sql) {
      const rows = await sql<
        { name: string; waiting: number; deferred: number; active: number; failed: number }[]
      >`
        select name, ready_count as waiting, deferred_count as deferred, active_count as active, failed_count as failed
        from pgboss.queue where name = any (${Object.keys(JOBS)})`
      return rows.flatMap(({ name: queue, ...counts }) =>
        Object.entries(counts).map(([state, value]) => ({ labels: { queue, state }, value })),
      )
    },
  },
  {
    name: 'portal_job_lag_seconds',
    help: 'For how long the oldest due job has been waiting.',
    async read(sql) {
      const rows = await sql<{ queue: string; seconds: number }[]>`
        select queue.name as queue, greatest(0, coalesce((
          select extract(epoch from now() - min(start_after)) from pgboss.job
          where job.name = queue.name and state < 'active' and not blocked and start_after <= now()), 0))::float8 as seconds
        from unnest(${Object.keys(JOBS)}::text[]) as queue (name)`
      return rows.map(({ queue, seconds }) => ({ labels: { queue }, value: seconds }))
    },
  },
]

/** The newest 500 jobs that have used up their tries. Their data is not returned, only the last error's name and message. */
export async function listFailedJobs(sql: Sql) {
  return await sql`
    select id, name as queue, retry_count + 1 as tries, completed_on as failed_at,
      concat_ws(': ', output ->> 'name', output ->> 'message') as error
    from pgboss.job where state = 'failed' and name = any (${Object.keys(JOBS)})
    order by completed_on desc limit 500`
}

/** Makes a job due again that has used up its tries, with as many as a new one. Returns whether there is such a job. */
export async function retryFailedJob(sql: Sql, id: string): Promise<boolean> {
  if (!isUuid(id)) return false
  const rows = await sql`
    update pgboss.job set state = 'retry', retry_count = 0, start_after = now(), completed_on = null
    where id = ${id} and state = 'failed' returning id`
  return rows.length > 0
}

async function createMissingQueues(sql: Sql, boss: PgBoss): Promise<void> {
  const rows = await sql<{ name: string }[]>`select name from pgboss.queue`
  const existing = new Set(rows.map(({ name }) => name))
  for (const name of Object.keys(JOBS)) if (!existing.has(name)) await boss.createQueue(name, QUEUE)
}

/**
 * Gives the settings to queues that existed, which the library leaves as they are. Once for each change of the settings, and by the
 * newest version alone: what an operator set since, and what a newer version set, stays.
 */
async function updateSettings(sql: Sql, boss: PgBoss): Promise<void> {
  const [row] = await sql<{ value: string }[]>`
    select value from portal_setting where name = ${SETTINGS_ROW}`
  const applied = row && AppliedSettings.parse(JSON.parse(row.value))
  const settings = JSON.stringify(QUEUE)
  const version = readVersion()
  if (applied && (applied.settings === settings || isOlder(version, applied.version))) return
  for (const name of Object.keys(JOBS)) await boss.updateQueue(name, QUEUE)
  await sql`
    insert into portal_setting (name, value)
    values (${SETTINGS_ROW}, ${JSON.stringify({ version, settings })})
    on conflict (name) do update set value = excluded.value`
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
