import type { Sql } from '../platform/db.ts'
import type { ComputedGauge } from '../platform/metrics.ts'
import { REFUSED_HOST } from './vendors/call.ts'
import type { VerifierName } from './vendors/vendor-names.ts'

/** How the deliveries and images of one integration are doing. Times are `null` where there is nothing. */
export type VendorHealth = {
  vendor: VerifierName
  /** The integration's. */
  name: string
  tenant: string
  enabled: boolean
  /** When a new delivery last arrived. */
  lastDeliveryAt: Date | null
  /** Deliveries that are not applied yet. */
  deliveriesWaiting: number
  deliveriesWaitingSince: Date | null
  /** Genuine ones that could not be applied: an operator has to look. */
  deliveriesFailed: number
  imagesWaiting: number
  /** Since the decision that they belong to, as the vendor dates it. */
  imagesWaitingSince: Date | null
  imagesRefused: number
  /** Sessions without a final decision. */
  undecided: number
  /** Hosts that vendor's image addresses name, and the setting `imageHosts` does not allow. */
  refusedHosts: string[]
}

/** Every integration, or those of one tenant with its own sessions alone: an integration may have been another tenant's before. */
export async function listVendorHealth(
  sql: Sql,
  { tenant }: { tenant?: string | undefined } = {},
): Promise<VendorHealth[]> {
  const isOfTenant = (table: 'integration' | 'verification') =>
    tenant === undefined ? sql`true` : sql`${sql(table)}.tenant = ${tenant}`
  return await sql<VendorHealth[]>`
    select integration.vendor, integration.name, tenant, enabled, last_delivery_at,
      deliveries_waiting, deliveries_waiting_since, deliveries_failed,
      images_waiting, images_waiting_since, images_refused, undecided, refused_hosts
    from vendor_integration as integration
    cross join lateral (
      select max(received_at) as last_delivery_at from delivery
      where delivery.vendor = integration.vendor and delivery.integration = integration.name) as last
    cross join lateral (
      select count(*) filter (where state = 'received')::int as deliveries_waiting,
        min(received_at) filter (where state = 'received') as deliveries_waiting_since,
        count(*) filter (where state <> 'received')::int as deliveries_failed
      from delivery
      where delivery.vendor = integration.vendor and delivery.integration = integration.name
        and state in ('received', 'failed', 'quarantined')) as deliveries
    cross join lateral (
      select count(*) filter (where image.state = 'pending')::int as images_waiting,
        min(coalesce(decided_at, verification.updated_at)) filter (where image.state = 'pending') as images_waiting_since,
        count(*) filter (where image.state = 'refused')::int as images_refused,
        coalesce(array_agg(distinct substring(reason from ${REFUSED_HOST}))
          filter (where reason ~ ${REFUSED_HOST}), '{}') as refused_hosts
      from image join verification on verification.id = verification_id
      where verification.vendor = integration.vendor and verification.integration = integration.name
        and image.state in ('pending', 'refused') and ${isOfTenant('verification')}) as images
    cross join lateral (
      select count(*)::int as undecided from verification
      where verification.vendor = integration.vendor and verification.integration = integration.name
        and status in ('pending', 'resubmission', 'review') and ${isOfTenant('verification')}) as sessions
    where ${isOfTenant('integration')}
    order by integration.vendor, integration.name`
}

export const VENDOR_GAUGES: readonly ComputedGauge[] = [
  {
    name: 'portal_last_delivery_timestamp_seconds',
    help: 'When a new delivery of an integration last arrived.',
    read: async (sql) => {
      const rows = await sql<{ vendor: string; integration: string; value: number }[]>`
        select vendor, name as integration, extract(epoch from (
          select max(received_at) from delivery
          where delivery.vendor = integration.vendor and delivery.integration = integration.name))::float8 as value
        from vendor_integration as integration`
      return rows
        .filter(({ value }) => value !== null)
        .map(({ value, ...labels }) => ({ labels, value }))
    },
  },
  {
    name: 'portal_images_at_refused_hosts',
    help: 'Images whose address names a host that the setting imageHosts does not allow.',
    read: async (sql) => {
      const rows = await sql<{ vendor: string; integration: string; value: number }[]>`
        select vendor, integration, count(*)::int as value
        from image join verification on verification.id = verification_id
        where image.state in ('pending', 'refused') and reason ~ ${REFUSED_HOST}
        group by vendor, integration`
      return rows.map(({ value, ...labels }) => ({ labels, value }))
    },
  },
]
