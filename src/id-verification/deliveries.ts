import { randomUUID } from 'node:crypto'
import { currentTraceparent } from '../platform/correlation.ts'
import type { Db, Sql } from '../platform/db.ts'
import { destroyUnusedKeys, type Vault } from '../platform/vault.ts'
import { ownerOf } from './findings.ts'

/*
 * The bodies of deliveries, sealed. The owner of a body is unknown on arrival, so it is sealed under the day's key; the
 * transaction that applies the delivery seals it again under the owner's key.
 */

const COLUMN = { table: 'delivery', column: 'body_sealed' }
// Of a sealed value: version, key id, initialisation vector and tag.
const OVERHEAD_BYTES = 45
const BATCH = 100

const macOf = (sql: Sql, vault: Vault, body: Uint8Array) =>
  vault.mac(sql, { table: 'delivery', column: 'body_mac' }, body)

/** Stores a body, or counts a repetition of the same one, in one statement that commits by itself. */
export async function storeDelivery(
  db: Db,
  vault: Vault,
  { vendor, integration, body }: { vendor: string; integration: string; body: Uint8Array },
): Promise<{ timesReceived: number; verificationId: string | null } | undefined> {
  const id = randomUUID()
  const mac = await macOf(db, vault, body)
  const sealed = await vault.seal(db, { purpose: 'delivery' }, { ...COLUMN, row: id }, body)
  const [stored] = await db<{ timesReceived: number; verificationId: string | null }[]>`
    insert into delivery (id, vendor, integration, body_sealed, body_mac, traceparent)
    values (${id}, ${vendor}, ${integration}, ${sealed}, ${mac}, ${currentTraceparent() ?? null})
    on conflict (vendor, integration, body_mac) do update
      set times_received = delivery.times_received + 1, last_received_at = now()
    returning times_received, verification_id`
  return stored
}

/** A body as stored: sealed, or in the clear in rows of an earlier version. */
export type StoredBody = { id: string; body: Buffer | null; bodySealed: Buffer | null }

/** Returns the bytes as they were received. */
export async function openBody(
  sql: Sql,
  vault: Vault,
  { id, body, bodySealed }: StoredBody,
): Promise<Buffer> {
  if (body) return body
  return await vault.open(sql, { ...COLUMN, row: id }, bodySealed ?? Buffer.alloc(0))
}

/** In the transaction that finds the delivery's verification: seals the body under the key of its owner. */
export async function resealForOwner(
  sql: Sql,
  vault: Vault,
  delivery: { id: string; body: Buffer; isOwned: boolean },
  verification: { accountId: string | null; subjectId: string | null },
): Promise<void> {
  const owner = ownerOf(verification)
  if (!owner || delivery.isOwned) return
  const { id, body } = delivery
  const sealed = await vault.seal(sql, owner, { ...COLUMN, row: id }, body)
  const mac = await macOf(sql, vault, body)
  await sql`
    update delivery set body_sealed = ${sealed}, body_mac = coalesce(body_mac, ${mac}), body = null,
      body_sha256 = null, is_owned = true
    where id = ${id}`
}

/** The size of the body, for a `select` from `delivery`. */
export const bodySize = (sql: Sql) =>
  sql`coalesce(octet_length(body), octet_length(body_sealed) - ${OVERHEAD_BYTES}::int)`

/**
 * Seals a batch of the bodies that were stored in the clear. Returns its size, 0 when all are sealed. A body that was
 * received again meanwhile has a second row: the two are merged into that one.
 */
export async function sealStoredBodies(db: Db, vault: Vault): Promise<number> {
  return await db.begin(async (sql) => {
    const rows = await sql<
      (StoredBody & {
        vendor: string
        integration: string
        accountId: string | null
        subjectId: string | null
      })[]
    >`
      select delivery.id, body, body_sealed, delivery.vendor, delivery.integration, account_id, subject_id
      from delivery left join verification on verification.id = verification_id
      where body is not null order by delivery.id limit ${BATCH} for update of delivery skip locked`
    for (const { id, body, vendor, integration, ...verification } of rows) {
      if (!body) continue
      const owner = ownerOf(verification)
      const place = { ...COLUMN, row: id }
      const sealed = await vault.seal(sql, owner ?? { purpose: 'delivery' }, place, body)
      const mac = await macOf(sql, vault, body)
      const [repeated] = await sql`
        update delivery known set times_received = known.times_received + old.times_received
        from delivery old
        where old.id = ${id} and known.vendor = ${vendor} and known.integration = ${integration}
          and known.body_mac = ${mac} returning known.id`
      if (repeated) await sql`delete from delivery where id = ${id}`
      else
        await sql`
          update delivery set body_sealed = ${sealed}, body_mac = ${mac}, body = null, body_sha256 = null,
            is_owned = ${owner !== undefined}
          where id = ${id}`
    }
    return rows.length
  })
}

/** Destroys the keys of past days that seal no body any more. */
export async function destroyOldDeliveryKeys(sql: Sql): Promise<void> {
  const rows = await sql<{ keyId: Buffer }[]>`
    select distinct substring(body_sealed from 2 for 16) as key_id from delivery
    where not is_owned and body_sealed is not null`
  await destroyUnusedKeys(
    sql,
    'delivery',
    rows.map(({ keyId }) => keyId),
  )
}

export async function findLastDeliveryTime(sql: Sql): Promise<Date | undefined> {
  const [row] = await sql<{ at: Date | null }[]>`select max(last_received_at) as at from delivery`
  return row?.at ?? undefined
}

/** How many deliveries arrived after this time. */
export async function countDeliveriesSince(sql: Sql, since: Date): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from delivery where received_at > ${since}`
  return row?.count ?? 0
}
