import { setTimeout as wait } from 'node:timers/promises'
import { type Answered, countMedia } from './load.ts'
import type { World } from './world.ts'

const SETTLE_SECONDS = 90

/** Waits until every delivery, job and notification has come to its end. */
export async function untilSettled({ parts: { db }, vendor }: World): Promise<void> {
  await vendor.sandbox.settled(SETTLE_SECONDS * 1000)
  for (const end = Date.now() + SETTLE_SECONDS * 1000; ; await wait(250)) {
    const [row] = await db<{ left: number; unfinished: number }[]>`
      select (select count(*)::int from delivery where state = 'received')
        + (select count(*)::int from event where state = 'pending')
        + (select count(*)::int from pgboss.job where state in ('created', 'retry', 'active')) as left,
      (select count(*)::int from verification where not images_complete) as unfinished`
    if (row?.left === 0 && row.unfinished === 0) return
    if (Date.now() > end)
      throw new Error(
        `not everything came to its end: ${row?.left} jobs, deliveries and notifications, ${row?.unfinished} verifications`,
      )
  }
}

/** Throws when a request failed, or when something is lost or doubled. Returns the figures. */
export async function check(
  world: World,
  answers: readonly Answered[],
  verified: readonly string[],
) {
  const { parts, processes, receiver, vendor } = world
  const faults = answers.flatMap(({ kind, fault }) => (fault ? [`${kind}: ${fault}`] : []))
  for (const each of processes) {
    const crash = each.crash()
    if (crash) faults.push(`a process ended by itself: ${crash}`)
  }
  const expect = (what: string, found: unknown, wanted: unknown) => {
    if (found !== wanted) faults.push(`${what}: ${found}, and not ${wanted}`)
  }
  const [rows] = await parts.db`
    select
      (select count(*)::int from verification where status = 'approved' and images_complete) as approved,
      (select count(*)::int from decision where status = 'approved') as decisions,
      (select count(*)::int from delivery) as deliveries,
      (select count(*)::int from delivery where state in ('applied', 'ignored')) as applied,
      (select count(*)::int from image) as images,
      (select count(*)::int from image where state = 'stored') as stored,
      (select count(*)::int from pgboss.job) as jobs,
      (select count(*)::int from pgboss.job where state = 'completed') as completed,
      (select count(distinct data->>'imageId')::int from pgboss.job where name = 'backup-image') as backups,
      (select sum(retry_count)::int from pgboss.job) as retries,
      (select count(*)::int from event where state = 'delivered') as notified,
      (select count(*)::int from event) as events`
  const webhooks = vendor.sandbox.listWebhooks().length
  const media = await countMedia(vendor.sandbox)
  expect('approved verifications with all images', rows?.approved, verified.length)
  expect('decisions', rows?.decisions, verified.length)
  expect('deliveries stored', rows?.deliveries, webhooks)
  expect('deliveries applied', rows?.applied, webhooks)
  expect('images', rows?.images, media)
  expect('images stored', rows?.stored, media)
  expect('jobs that ended well', rows?.completed, rows?.jobs)
  // More than one job of an image is no fault: a delivery that is applied after the decision lists the images again.
  expect('images with a job', rows?.backups, media)
  expect('jobs that ran twice', rows?.retries, 0)
  expect('notifications sent', rows?.notified, rows?.events)
  expect('notifications received', receiver.received.size, rows?.events)
  const doubled = [...receiver.received.values()].filter((times) => times > 1).length
  expect('notifications received twice', doubled, 0)
  if (faults.length > 0)
    throw new Error(`${faults.length} faults:\n${faults.slice(0, 20).join('\n')}`)
  const count = (kind: string) => answers.filter((each) => each.kind === kind).length
  return [
    `requests: ${count('read')} reads, ${count('refresh')} refreshes, ${count('delivery')} deliveries; failed: 0`,
    `jobs: ${rows?.jobs}, lost 0, run twice 0; ${verified.length} verifications with ${media} images; ${rows?.events} notifications, lost 0, doubled 0`,
  ]
}
