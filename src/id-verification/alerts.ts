import type { Db, Sql } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import type { ComputedGauge } from '../platform/metrics.ts'

/*
 * Alerts: what the portal noticed and somebody should look at. Each is raised in the transaction that makes it true. A tenant sees what
 * concerns its own subjects and integrations alone; what involves a resident's account, or more than one tenant, is the operator's.
 */

/** The types that a tenant can see. */
export const TENANT_ALERT_TYPES = [
  'reused_document',
  'forged_deliveries',
  'repeated_declines',
] as const
/** `person_mismatch` would tell a tenant what a resident's account says, so it is the operator's alone. */
export const ALERT_TYPES = [...TENANT_ALERT_TYPES, 'person_mismatch'] as const
export type AlertType = (typeof ALERT_TYPES)[number]

const DECLINES = 3
const DECLINES_WITHIN_DAYS = 30
const WRITE_FORGERIES_AFTER_MS = 1_000
const MAX_OCCURRENCES = 2 ** 31 - 1

/** After the comparison with the account: the document is not of the account's person, and no operator has decided about it. */
export async function raisePersonMismatch(sql: Sql, verificationId: string): Promise<void> {
  await sql`
    insert into alert (type, occasion, verification_id, subject_id)
    select 'person_mismatch', concat_ws(' ', id, attempt_id), id, subject_id from verification
    where id = ${verificationId} and match = 'mismatch' and match_review is null
    on conflict do nothing`
}

/** Removes what the comparison with a resident raised, when the resident's link to the subject ends. */
export async function withdrawPersonMismatches(sql: Sql, subjectId: string): Promise<void> {
  await sql`delete from alert where type = 'person_mismatch' and subject_id = ${subjectId}`
}

/**
 * To be called before the verification is locked: of two transactions that store the same picture, the second then sees the image of the
 * first, and neither waits for the other's verification.
 */
export async function lockDigest(sql: Sql, sha256: Uint8Array): Promise<void> {
  await lockName(sql, `image ${Buffer.from(sha256).toString('hex')}`)
}

const lockName = (sql: Sql, name: string) =>
  sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`

/**
 * After an image was stored: the same picture of a document or a face, apart from metadata, belongs to somebody else too. A tenant
 * sees it of two of its own subjects. Any other two persons, residents or subjects of several tenants, are the operator's to compare.
 */
export async function raiseReusedDocument(sql: Sql, imageId: string): Promise<void> {
  const isPerson = (table: 'image' | 'other_image') =>
    sql`(${sql(table)}.type like 'document%' or ${sql(table)}.type like 'selfie%')`
  const ofOneTenant = sql`(verification.tenant = other.tenant
    and num_nonnulls(verification.subject_id, other.subject_id) = 2)`
  await sql`
    insert into alert (type, tenant, occasion, verification_id, related_verification_id, subject_id)
    select distinct on (audience) 'reused_document', case when ${ofOneTenant} then verification.tenant end as audience,
      verification.id, verification.id, other.id, verification.subject_id
    from image join verification on verification.id = image.verification_id
      join image other_image on other_image.clean_sha256 = image.clean_sha256 and other_image.state = 'stored'
      join verification other on other.id = other_image.verification_id
    where image.id = ${imageId} and image.state = 'stored' and ${isPerson('image')} and ${isPerson('other_image')}
      and coalesce(verification.account_id, verification.subject_id) <> coalesce(other.account_id, other.subject_id)
    order by audience, other.session_created_at, other.id
    on conflict do nothing`
}

/** After a verification was declined: it is at least the third of its subject, or of its resident, within 30 days. */
export async function raiseRepeatedDeclines(sql: Sql, verificationId: string): Promise<void> {
  const [owner] = await sql<{ accountId: string | null; subjectId: string | null }[]>`
    select account_id, subject_id from verification where id = ${verificationId}`
  const ofOwner = owner?.subjectId
    ? sql`subject_id = ${owner.subjectId}`
    : sql`account_id = ${owner?.accountId ?? null} and subject_id is null`
  // Of two that are declined at the same moment, the second counts the first.
  await lockName(sql, `declines ${owner?.subjectId ?? owner?.accountId}`)
  await sql`
    insert into alert (type, tenant, occasion, verification_id, subject_id)
    select 'repeated_declines', case when subject_id is not null then tenant end, id, id, subject_id
    from verification
    where id = ${verificationId} and status = 'declined'
      and ${DECLINES} <= (select count(*) from verification where ${ofOwner} and status = 'declined'
        and coalesce(decided_at, updated_at) > now() - make_interval(days => ${DECLINES_WITHIN_DAYS}))
      and not exists (select from alert where type = 'repeated_declines' and resolved_at is null
        and verification_id in (select id from verification where ${ofOwner}))
    on conflict do nothing`
}

/**
 * Returns a function that counts a delivery with an invalid signature. Anybody can send those, so each process writes at most once a
 * second for an integration, and always to one row: the integration's open alert, or else one for each hour. A process that is
 * killed loses what it counted in its last second.
 */
export function createForgeryCounter(
  db: Db,
  log: Log,
): (vendor: string, integration: string) => void {
  const counted = new Map<string, { vendor: string; integration: string; count: number }>()

  async function write() {
    const batch = [...counted.values()]
    counted.clear()
    try {
      for (const each of batch) await db.begin((sql) => raiseForgedDeliveries(sql, each))
    } catch (error) {
      log.warn('forged deliveries could not be counted', { error })
    }
  }

  return (vendor, integration) => {
    const key = `${vendor}/${integration}`
    const count = (counted.get(key)?.count ?? 0) + 1
    if (counted.size === 0) setTimeout(() => void write(), WRITE_FORGERIES_AFTER_MS).unref()
    counted.set(key, { vendor, integration, count })
  }
}

async function raiseForgedDeliveries(
  sql: Sql,
  { vendor, integration, count }: { vendor: string; integration: string; count: number },
): Promise<void> {
  const isCounted = await sql`
    update alert set occurrences = least(occurrences + ${count}::bigint, ${MAX_OCCURRENCES})
    from vendor_integration
    where type = 'forged_deliveries' and resolved_at is null and alert.tenant = vendor_integration.tenant
      and alert.vendor = vendor_integration.vendor and integration = name
      and name = ${integration} and vendor_integration.vendor = ${vendor} returning alert.id`
  if (isCounted.length > 0) return
  await sql`
    insert into alert (type, tenant, occasion, vendor, integration, occurrences)
    select 'forged_deliveries', tenant,
      concat(vendor, '/', name, to_char(now() at time zone 'UTC', ' YYYY-MM-DD"T"HH24')), vendor, name, ${count}
    from vendor_integration where vendor = ${vendor} and name = ${integration}
    on conflict (type, tenant, occasion) do update
      set occurrences = least(alert.occurrences + ${count}::bigint, ${MAX_OCCURRENCES})`
}

export const ALERT_GAUGES: readonly ComputedGauge[] = [
  {
    name: 'portal_alerts_open',
    help: 'Alerts that nobody has resolved.',
    read: async (sql) => {
      const rows = await sql<{ type: string; count: number }[]>`
        select type, count(*)::int as count from alert where resolved_at is null group by type`
      return rows.map(({ type, count }) => ({ labels: { type }, value: count }))
    },
  },
]
