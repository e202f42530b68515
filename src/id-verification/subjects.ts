import { announceVerification } from '../events/events.ts'
import type { Db, Sql } from '../platform/db.ts'
import type { JobData, Jobs } from '../platform/jobs.ts'
import { isUuid } from '../platform/uuid.ts'

/** A person whom a tenant identifies by an id of its own. */
export type Subject = {
  id: string
  tenant: string
  externalId: string
  /** The resident who linked it; never disclosed to the tenant. */
  accountId: string | null
  createdAt: Date
}

const columns = (sql: Sql) => sql`id, tenant, external_id, account_id, created_at`

/** Returns our id of the tenant's subject, which is created on first use. */
export async function findOrCreateSubject(
  sql: Sql,
  { tenant, externalId }: { tenant: string; externalId: string },
): Promise<string> {
  const [row] = await sql<{ id: string }[]>`
    insert into subject (tenant, external_id) values (${tenant}, ${externalId})
    on conflict (tenant, external_id) do update set external_id = excluded.external_id
    returning id`
  if (!row) throw new Error('the subject was not written')
  return row.id
}

/** The tenant's subject; `undefined` for any other id, whatever it belongs to. */
export async function findSubject(
  sql: Sql,
  { tenant, subjectId }: { tenant: string; subjectId: string },
): Promise<Subject | undefined> {
  if (!isUuid(subjectId)) return undefined
  const [row] = await sql<Subject[]>`
    select ${columns(sql)} from subject where id = ${subjectId} and tenant = ${tenant}`
  return row
}

/** The tenant's subjects, newest first, at most 500; or the one of this external id. */
export async function listSubjects(
  sql: Sql,
  { tenant, externalId }: { tenant: string; externalId: string | undefined },
): Promise<Subject[]> {
  return await sql<Subject[]>`
    select ${columns(sql)} from subject
    where tenant = ${tenant} and ${externalId === undefined ? sql`true` : sql`external_id = ${externalId}`}
    order by created_at desc, id limit 500`
}

const BATCH = 200

/** In the transaction that changes the tenant's trust: residents' applications are notified in the background. */
export async function scheduleTenantAnnouncement(
  sql: Sql,
  jobs: Jobs,
  tenant: string,
): Promise<void> {
  await jobs.enqueue(sql, 'announce-tenant', { tenant })
}

/** Runs these jobs. Each handles one batch of residents, in order of their ids, and can run twice. */
export async function startTenantAnnouncements({
  db,
  jobs,
}: {
  db: Db
  jobs: Jobs
}): Promise<void> {
  await jobs.work('announce-tenant', 1, (data) => announceTenant(db, jobs, data))
}

async function announceTenant(
  db: Db,
  jobs: Jobs,
  { tenant, after = NO_UUID }: JobData<'announce-tenant'>,
): Promise<void> {
  const rows = await db<{ accountId: string }[]>`
    select distinct account_id from verification
    where tenant = ${tenant} and account_id > ${after} order by account_id limit ${BATCH}`
  for (const { accountId } of rows) await db.begin((sql) => announceVerification(sql, accountId))
  const last = rows.at(-1)
  if (last && rows.length === BATCH)
    await jobs.enqueue(db, 'announce-tenant', { tenant, after: last.accountId })
}

const NO_UUID = '00000000-0000-0000-0000-000000000000'
