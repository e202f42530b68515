import type { Db } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import type { ComputedGauge, Sample } from '../platform/metrics.ts'
import { isAwaitingReview } from './operations.ts'
import { allImagesRefused } from './store.ts'

const counted = (rows: readonly ({ count: number } & Record<string, unknown>)[]): Sample[] =>
  rows.map(({ count, ...labels }) => ({ labels: labels as Record<string, string>, value: count }))

/** Of deliveries, images and verifications. */
export const INGESTION_GAUGES: readonly ComputedGauge[] = [
  {
    name: 'portal_deliveries',
    help: 'Deliveries that are not applied yet (received), or could not be (failed, quarantined).',
    read: async (sql) =>
      counted(
        await sql<{ vendor: string; state: string; count: number }[]>`
          select vendor, state, count(*)::int as count from delivery
          where state in ('received', 'failed', 'quarantined') group by vendor, state`,
      ),
  },
  {
    name: 'portal_delivery_lag_seconds',
    help: 'Age of the oldest delivery that is not applied yet.',
    read: async (sql) => [
      {
        labels: {},
        value: await readSeconds(sql`
          select extract(epoch from now() - min(received_at))::float8 as seconds from delivery
          where state = 'received'`),
      },
    ],
  },
  {
    name: 'portal_images',
    help: 'Images that are not stored yet (pending; retrying: refused so far), were refused, or have no clean copy yet (unclean).',
    read: async (sql) =>
      counted(
        await sql<{ vendor: string; state: string; count: number }[]>`
          select vendor, count(*)::int as count,
            case when state = 'stored' then 'unclean' when state = 'pending' and refusals > 0 then 'retrying'
              else state end as state
          from image join verification on verification.id = verification_id
          where state = 'pending' or state = 'refused' or state = 'stored' and clean_key is null
          group by 1, 3`,
      ),
  },
  {
    name: 'portal_image_lag_seconds',
    help: 'Age of the oldest decision of which an image is not stored yet.',
    read: async (sql) => [
      {
        labels: {},
        value: await readSeconds(sql`
          select extract(epoch from now() - min(recorded_at))::float8 as seconds from decision
          where verification_id in (select verification_id from image where state = 'pending')`),
      },
    ],
  },
  {
    name: 'portal_verifications_without_images',
    help: 'Approved verifications of which every image was refused.',
    read: async (sql) =>
      counted(
        await sql<{ vendor: string; count: number }[]>`
          select vendor, count(*)::int as count from verification
          where status = 'approved' and not images_complete and ${allImagesRefused(sql)} group by vendor`,
      ),
  },
  {
    name: 'portal_verifications_undecided',
    help: 'Sessions at a vendor without a final decision.',
    read: async (sql) =>
      counted(
        await sql<{ vendor: string; count: number }[]>`
          select vendor, count(*)::int as count from verification
          where status in ('pending', 'resubmission', 'review') group by vendor`,
      ),
  },
  {
    name: 'portal_verifications_to_review',
    help: 'Approved verifications whose document does not fit the account.',
    read: async (sql) =>
      counted(
        await sql<{ count: number }[]>`
          select count(*)::int as count from verification where ${isAwaitingReview(sql)}`,
      ),
  },
  {
    name: 'portal_erasures_open',
    help: 'Erased verifications whose objects or vendor copy are not deleted yet.',
    read: async (sql) =>
      counted(
        await sql<{ count: number }[]>`
          select count(*)::int as count from erased_verification
          where objects_deleted_at is null or vendor_answer is null`,
      ),
  },
  {
    name: 'portal_erasure_lag_seconds',
    help: 'Age of the oldest erasure whose objects or vendor copy are not deleted yet.',
    read: async (sql) => [
      {
        labels: {},
        value: await readSeconds(sql`
          select extract(epoch from now() - min(erased_at))::float8 as seconds from erased_verification
          where objects_deleted_at is null or vendor_answer is null`),
      },
    ],
  },
]

/** Returns the seconds that a query found, 0 where it found nothing. */
async function readSeconds(query: Promise<Iterable<unknown>>): Promise<number> {
  const [row] = (await query) as Iterable<{ seconds: number | null }>
  return Math.max(0, row?.seconds ?? 0)
}

const LATE_SECONDS = 300

/** Logs how much work is pending, if any; as a warning when it is late, or needs an operator. */
export async function logProgress({ db, log }: { db: Db; log: Log }): Promise<void> {
  const [row] = await db<
    {
      waiting: number
      lagSeconds: number
      failed: number
      images: number
      imageLagSeconds: number
    }[]
  >`
    select
      count(*) filter (where state = 'received')::int as waiting,
      coalesce(extract(epoch from now() - min(received_at) filter (where state = 'received')), 0)::int as lag_seconds,
      count(*) filter (where state = 'failed')::int as failed,
      (select count(*)::int from image where state = 'pending') as images,
      coalesce((
        select extract(epoch from now() - min(recorded_at))::int from decision
        where verification_id in (select verification_id from image where state = 'pending')), 0) as image_lag_seconds
    from delivery where state in ('received', 'failed')`
  if (!row || row.waiting + row.failed + row.images === 0) return
  const isLate = Math.max(row.lagSeconds, row.imageLagSeconds) > LATE_SECONDS || row.failed > 0
  log[isLate ? 'warn' : 'info']('ingestion', {
    deliveriesWaiting: row.waiting,
    deliveryLagSeconds: row.lagSeconds,
    deliveriesFailed: row.failed,
    imagesWaiting: row.images,
    imageLagSeconds: row.imageLagSeconds,
  })
}
