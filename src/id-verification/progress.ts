import type { Db, Sql } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'
import { isAwaitingReview } from './operations.ts'
import { allImagesRefused } from './store.ts'

/** Registers metrics of deliveries, images and verifications. `portal_deliveries{state="failed"}` above zero needs an operator. */
export function measureIngestion(metrics: Metrics, sql: Sql): void {
  const seconds = (of: Date | null | undefined) =>
    of ? Math.max(0, (Date.now() - of.getTime()) / 1000) : 0

  metrics.gauge(
    'portal_deliveries',
    'Deliveries that are not applied yet, or could not be: failed and quarantined ones need an operator.',
    ['vendor', 'state'],
    async () =>
      (
        await sql<{ vendor: string; state: string; count: number }[]>`
          select vendor, state, count(*)::int as count from delivery
          where state in ('received', 'failed', 'quarantined') group by vendor, state`
      ).map(({ vendor, state, count }) => ({ labels: { vendor, state }, value: count })),
  )
  metrics.gauge(
    'portal_delivery_lag_seconds',
    'Age of the oldest delivery that is not applied yet.',
    [],
    async () => {
      const [row] = await sql<{ oldest: Date | null }[]>`
        select min(received_at) as oldest from delivery where state = 'received'`
      return [{ labels: {}, value: seconds(row?.oldest) }]
    },
  )
  metrics.gauge(
    'portal_images',
    'Images that are pending (retrying: refused so far), were refused, or have no clean copy yet (unclean).',
    ['vendor', 'state'],
    async () =>
      (
        await sql<{ vendor: string; state: string; count: number }[]>`
          select vendor, count(*)::int as count,
            case when state = 'stored' then 'unclean' when state = 'pending' and refusals > 0 then 'retrying'
              else state end as state
          from image join verification on verification.id = verification_id
          where state = 'pending' or state = 'refused' or state = 'stored' and clean_key is null
          group by 1, 3`
      ).map(({ vendor, state, count }) => ({ labels: { vendor, state }, value: count })),
  )
  metrics.gauge(
    'portal_verifications_without_images',
    'Approved verifications of which every image was refused: they need an operator.',
    ['vendor'],
    async () =>
      (
        await sql<{ vendor: string; count: number }[]>`
          select vendor, count(*)::int as count from verification
          where status = 'approved' and not images_complete and ${allImagesRefused(sql)} group by vendor`
      ).map(({ vendor, count }) => ({ labels: { vendor }, value: count })),
  )
  metrics.gauge(
    'portal_verifications_undecided',
    'Sessions at a vendor without a final decision.',
    ['vendor'],
    async () =>
      (
        await sql<{ vendor: string; count: number }[]>`
          select vendor, count(*)::int as count from verification
          where status in ('pending', 'resubmission', 'review') group by vendor`
      ).map(({ vendor, count }) => ({ labels: { vendor }, value: count })),
  )
  metrics.gauge(
    'portal_verifications_to_review',
    "Approved verifications whose document does not fit the account: they need an operator's review.",
    [],
    async () => {
      const [row] = await sql<{ count: number }[]>`
        select count(*)::int as count from verification
        where ${isAwaitingReview(sql)}`
      return [{ labels: {}, value: row?.count ?? 0 }]
    },
  )
  metrics.gauge(
    'portal_erasures_open',
    'Erased verifications whose objects or vendor copy are not deleted yet.',
    [],
    async () => {
      const [row] = await sql<{ count: number }[]>`
        select count(*)::int as count from erased_verification
        where objects_deleted_at is null or vendor_answer is null`
      return [{ labels: {}, value: row?.count ?? 0 }]
    },
  )
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
