import { type Db as BossDb, fromBunSql, PgBoss } from 'pg-boss'
import { z } from 'zod'
import { type Db, openDb, type Sql } from './db.ts'
import type { Log } from './log.ts'
import type { SealedColumn } from './resealing.ts'

/** The work that follows from what is stored, by name, with what each carries. */
const JOBS = {
  /** Lists the images of a verification's decided attempt and has each backed up. */
  'list-images': z.object({ verificationId: z.uuid(), attemptId: z.string() }),
  /** What is outside the database of an erased verification: its objects, and what the vendor holds. */
  'delete-remains': z.object({ verificationId: z.uuid() }),
  /**
   * Asks the vendor what became of a session, because something said that it changed, or because its time has come;
   * `check` says the how-manieth time that is.
   */
  'fetch-result': z.object({
    verificationId: z.uuid(),
    deliveryId: z.uuid().optional(),
    check: z.int().optional(),
  }),
  /** Copies one image from the vendor into the bucket. */
  'backup-image': z.object({ imageId: z.uuid() }),
  /** Fetches the logo that a registration names, once. */
  'fetch-logo': z.object({ clientId: z.string() }),
  /** Tells an application that a session ended: the times are ISO 8601. */
  'notify-logout': z.object({
    issuer: z.string(),
    clientId: z.string(),
    accountId: z.uuid(),
    sid: z.string(),
    endedAt: z.iso.datetime(),
  }),
  /** Has applications notified of what a change of this tenant's trust means for residents, from this account on. */
  'announce-tenant': z.object({ tenant: z.string(), after: z.uuid().optional() }),
  /** Makes the link for a new password and its mail, if the address is a resident's. */
  'make-reset-link': z.object({ requestSealed: z.string() }),
  /** Sends one mail; what it says is sealed, because it may hold a link that opens an account. */
  'send-mail': z.object({ mailId: z.uuid(), mailSealed: z.string() }),
} as const
type JobName = keyof typeof JOBS
export type JobData<N extends JobName> = z.infer<(typeof JOBS)[N]>

export type Jobs = {
  /** In the caller's transaction: the job exists if and only if what caused it does. */
  enqueue<N extends JobName>(
    sql: Sql,
    name: N,
    data: JobData<N>,
    options?: { afterSeconds?: number },
  ): Promise<void>
  /** `atOnce` jobs of this process at a time; one that throws is tried again later, and its last error kept. */
  work<N extends JobName>(
    name: N,
    atOnce: number,
    handler: (data: JobData<N>) => Promise<void>,
  ): Promise<void>
  /** Looks now instead of at the next turn. */
  wake(): void
  /** Finishes what is running, up to 20 seconds; the rest is taken by another worker. */
  stop(): Promise<void>
}

const SCHEMA = 'pgboss'
// Any number known to this project alone.
const INSTALL_LOCK = 7_031_906
// A worker says every few seconds that it lives; a job whose worker has not for this long is given to another.
const HEARTBEAT_SECONDS = 20
const MONITOR_SECONDS = 10
const POLL_SECONDS = 0.5
const QUEUE = {
  heartbeatSeconds: HEARTBEAT_SECONDS,
  expireInSeconds: 15 * 60,
  // From 2 seconds to 15 minutes apart, with jitter: a vendor or a bucket may be away for a day and more.
  retryLimit: 150,
  retryDelay: 2,
  retryBackoff: true,
  retryDelayMax: 15 * 60,
  retentionSeconds: 30 * 24 * 3600,
}

/**
 * pg-boss on a pool of its own, whose columns keep their names. Nothing runs until `work` is called. A role that may only
 * enqueue leaves the tables and their maintenance to others; throws where those have not made them.
 */
export async function createJobs(databaseUrl: string, log: Log): Promise<Jobs> {
  const db = openDb(databaseUrl, { connections: 4, columns: 'asNamed' })
  const maintains = await mayMaintain(db).catch(async (error: unknown) => {
    await db.end({ timeout: 5 })
    throw error
  })
  const boss = new PgBoss({
    // Its adapter for the client of the same interface as postgres.js.
    db: fromBunSql(db as never),
    schema: SCHEMA,
    schedule: false,
    migrate: maintains,
    supervise: maintains,
    superviseIntervalSeconds: MONITOR_SECONDS,
    monitorIntervalSeconds: MONITOR_SECONDS,
  })
  boss.on('error', (error) => log.error('job queue failed', { error }))
  const workers: string[] = []
  try {
    await db.begin(async (sql) => {
      // It makes its tables on other connections, and processes that do so at the same moment fail.
      await sql`select pg_advisory_xact_lock(${INSTALL_LOCK})`
      await boss.start()
      if (!maintains) return
      for (const name of Object.keys(JOBS)) await boss.createQueue(name, QUEUE)
    })
  } catch (error) {
    // Its timers would keep the process from ending.
    await boss.stop({ graceful: false }).catch(() => {})
    await db.end({ timeout: 5 })
    throw error
  }

  return {
    async enqueue(sql, name, data, { afterSeconds } = {}) {
      const later = afterSeconds === undefined ? {} : { startAfter: afterSeconds }
      await boss.send(name, data, { db: transactionOf(sql), ...later })
    },
    async work(name, atOnce, handler) {
      const options = {
        pollingIntervalSeconds: POLL_SECONDS,
        batchSize: 1,
        localConcurrency: atOnce,
      }
      const id: string = await boss.work(name, options, async ([job]) => {
        if (!job) return
        try {
          await handler(JOBS[name].parse(job.data) as JobData<typeof name>)
          // Where one was, there may be more: the next look need not wait for its turn.
          boss.notifyWorker(id)
        } catch (error) {
          log.warn('job failed and will be tried again', { job: name, jobId: job.id, error })
          throw error
        }
      })
      workers.push(id)
    },
    wake() {
      for (const id of workers) boss.notifyWorker(id)
    },
    async stop() {
      await boss.stop({ graceful: true, timeout: 20_000 })
      await db.end({ timeout: 5 })
    },
  }
}

/** Whether the role may work on the queue's tables, or has to make them. */
async function mayMaintain(db: Db): Promise<boolean> {
  const [row] = await db<{ maintains: boolean | null }[]>`
    select has_table_privilege(to_regclass(${`${SCHEMA}.queue`}), 'insert') as maintains`
  return row?.maintains ?? true
}

/** Makes or migrates the queue's tables; safe to run from several processes. */
export async function installJobs(databaseUrl: string, log: Log): Promise<void> {
  await (await createJobs(databaseUrl, log)).stop()
}

/** Where a sealed member of what jobs carry is kept. */
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
