import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createJobs, listFailedJobs, retryFailedJob } from '../../src/platform/jobs.ts'
import { createLog } from '../../src/platform/log.ts'
import { createDatabase } from '../support/database.ts'
import { eventually } from '../support/sandbox.ts'

test('processes that start at the same moment on a new database all get a queue that works', async () => {
  const database = await createDatabase()
  await database.db`drop schema if exists pgboss cascade`
  const log = createLog('silent')
  const all = await Promise.all(Array.from({ length: 5 }, () => createJobs(database.url, log)))
  const done = Promise.withResolvers<string>()
  await all[0]?.work('fetch-logo', 1, async ({ clientId }) => done.resolve(clientId))
  await database.db.begin(async (sql) => {
    await all[4]?.enqueue(sql, 'fetch-logo', { clientId: 'some-client' })
  })
  expect(await done.promise).toBe('some-client')
  for (const jobs of all) await jobs.stop()
  await database.drop()
})

test('jobs of one queue run side by side, as many as may, and the next one follows at once', async () => {
  const database = await createDatabase()
  const jobs = await createJobs(database.url, createLog('silent'))
  await database.db.begin(async (sql) => {
    for (const clientId of ['a', 'b', 'c', 'd', 'e'])
      await jobs.enqueue(sql, 'fetch-logo', { clientId })
  })
  const begun: string[] = []
  const three = Promise.withResolvers<void>()
  const all = Promise.withResolvers<void>()
  await jobs.work('fetch-logo', 3, async ({ clientId }) => {
    begun.push(clientId)
    if (begun.length === 3) three.resolve()
    if (begun.length === 5) all.resolve()
    // The first two end when the third has begun beside them.
    await three.promise
  })
  await three.promise
  expect(begun).toHaveLength(3)
  await all.promise
  expect(begun.sort()).toEqual(['a', 'b', 'c', 'd', 'e'])
  await jobs.stop()
  await database.drop()
})

test('queues that exist get new settings once, from the newest version alone', async () => {
  const { db, url, drop } = await createDatabase()
  const start = async () => {
    const jobs = await createJobs(url, createLog('silent'))
    await jobs.stop()
    const rows =
      await db`select distinct retry_limit, retry_delay, heartbeat_seconds from pgboss.queue`
    expect(rows).toHaveLength(1)
    return rows[0]
  }
  const applied = async (version: string, settings: string) =>
    await db`
      update portal_setting set value = ${JSON.stringify({ version, settings })}
      where name = 'job-queues'`
  await db`update pgboss.queue set retry_limit = 3, retry_delay = 99, heartbeat_seconds = null`
  const byHand = { retryLimit: 3, retryDelay: 99, heartbeatSeconds: null }
  expect(await start()).toEqual(byHand)
  // A newer version is here, and this process is an old one that restarts.
  await applied('99.0.0', '{}')
  expect(await start()).toEqual(byHand)
  // This process is the first of its version.
  await applied('0.1.0', '{}')
  expect(await start()).toEqual({ retryLimit: 150, retryDelay: 2, heartbeatSeconds: 20 })
  await db`update pgboss.queue set retry_limit = 3, retry_delay = 99, heartbeat_seconds = null`
  expect(await start()).toEqual(byHand)
  await drop()
})

test('a queue that rests takes no more jobs at once, and finishes those under way; jobs can be enqueued', async () => {
  const database = await createDatabase()
  const jobs = await createJobs(database.url, createLog('silent'))
  const enqueue = (clientId: string) =>
    database.db.begin((sql) => jobs.enqueue(sql, 'fetch-logo', { clientId }))
  const begun = Promise.withResolvers<void>()
  const end = Promise.withResolvers<void>()
  const done: string[] = []
  await jobs.work('fetch-logo', 2, async ({ clientId }) => {
    begun.resolve()
    await end.promise
    done.push(clientId)
  })
  await enqueue('first')
  await begun.promise
  // The other worker was woken too, and looks for a job.
  await wait(500)
  const resting = jobs.rest()
  await enqueue('second')
  jobs.pollNow()
  // Twice as long as it takes to look for due jobs.
  await wait(1_000)
  expect(done).toEqual([])
  end.resolve()
  await resting
  expect(done).toEqual(['first'])
  await jobs.stop()
  const states = await database.db<{ state: string }[]>`
    select state from pgboss.job where name = 'fetch-logo' order by created_on`
  expect(states.map(({ state }) => state)).toEqual(['completed', 'created'])
  await database.drop()
})

test('a queue that cannot be set up leaves nothing running behind', async () => {
  const database = await createDatabase()
  await database.db`drop schema if exists pgboss cascade`
  // A table of another kind where the queue would put its own.
  await database.db.unsafe('create schema pgboss; create table pgboss.version (other text)')
  await expect(createJobs(database.url, createLog('silent'))).rejects.toThrow()
  const [row] = await database.db<{ count: number }[]>`
    select count(*)::int as count from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and state is not null`
  expect(row?.count).toBe(0)
  await database.drop()
})

test('a job that has used up its tries is listed, and runs again when it is told to', async () => {
  const database = await createDatabase()
  const { db } = database
  const jobs = await createJobs(database.url, createLog('silent'))
  await db.begin((sql) => jobs.enqueue(sql, 'fetch-logo', { clientId: 'some-client' }))
  await db`update pgboss.job set retry_limit = 0`
  const done = Promise.withResolvers<string>()
  let isReachable = false
  await jobs.work('fetch-logo', 1, async ({ clientId }) => {
    if (!isReachable) throw new Error('unreachable')
    done.resolve(clientId)
  })
  const failed = await eventually(async () => {
    const [job] = await listFailedJobs(db)
    return job
  })
  expect(failed).toMatchObject({ queue: 'fetch-logo', tries: 1, error: 'Error: unreachable' })
  isReachable = true
  expect(await retryFailedJob(db, failed.id)).toBe(true)
  expect(await done.promise).toBe('some-client')
  expect(await retryFailedJob(db, failed.id)).toBe(false)
  await jobs.stop()
  expect(await listFailedJobs(db)).toEqual([])
  await database.drop()
})

test('jobs that fail do not keep the others waiting', async () => {
  const database = await createDatabase()
  const jobs = await createJobs(database.url, createLog('silent'))
  const done = Promise.withResolvers<void>()
  const enqueue = (clientId: string) =>
    database.db.begin((sql) => jobs.enqueue(sql, 'fetch-logo', { clientId }))
  // Many more than the polls of the time below could take, one at each.
  for (let n = 1; n <= 120; n++) await enqueue('unreachable')
  await enqueue('reachable')
  await jobs.work('fetch-logo', 1, async ({ clientId }) => {
    if (clientId === 'unreachable') throw new Error('unreachable')
    done.resolve()
  })
  const inTime = AbortSignal.timeout(40_000)
  inTime.addEventListener('abort', () => done.reject(new Error('the others starved')))
  await done.promise
  await jobs.stop()
  await database.drop()
})

test('a job that has failed for a day is still tried, in a quarter of an hour at most, and is done when the vendor is back', async () => {
  const database = await createDatabase()
  const { db } = database
  const jobs = await createJobs(database.url, createLog('silent'))
  await db.begin((sql) => jobs.enqueue(sql, 'fetch-logo', { clientId: 'some-client' }))
  // Nine failures take half an hour; from then on there are four an hour, and 150 in a day and a half.
  await db`update pgboss.job set retry_count = 105, retry_delay = 2, retry_delay_max = 900`
  const done = Promise.withResolvers<string>()
  let isReachable = false
  await jobs.work('fetch-logo', 1, async ({ clientId }) => {
    if (!isReachable) throw new Error('unreachable')
    done.resolve(clientId)
  })
  await eventually(async () => {
    const [job] = await db<{ seconds: number }[]>`
      select extract(epoch from start_after - now())::float8 as seconds from pgboss.job where state = 'retry'`
    if (job) expect(job.seconds).toBeLessThanOrEqual(900)
    return job
  })
  isReachable = true
  await db`update pgboss.job set start_after = now()`
  jobs.pollNow()
  expect(await done.promise).toBe('some-client')
  await jobs.stop()
  await database.drop()
})
