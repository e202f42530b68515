import { z } from 'zod'
import { deleteAccount, lockAccount, lockAccountForErasure } from '../accounts/accounts.ts'
import { announceErasure, announceVerification, forgetAnnouncement } from '../events/events.ts'
import type { ErasureReason } from '../ledger/details.ts'
import { record } from '../ledger/disclosure.ts'
import type { Db, Sql } from '../platform/db.ts'
import { OperatorError } from '../platform/errors.ts'
import type { JobData, Jobs } from '../platform/jobs.ts'
import type { Log } from '../platform/log.ts'
import type { Sealer } from '../platform/secrets.ts'
import type { Storage } from '../platform/storage.ts'
import { isUuid } from '../platform/uuid.ts'
import { endLinks } from './links.ts'
import type { TokenCache } from './vendors/tokens.ts'
import { requireVendor } from './vendors/vendors.ts'

/**
 * How many days data is kept, by purpose; `null` is until the resident or the operator erases it. `approved`: verifications to
 * disclose to applications. `declined`: to answer complaints. `unfinished`: to be continued. `delivery`: the bodies of
 * deliveries, to investigate faults.
 */
const DEFAULT_DAYS = { approved: null, declined: 365, unfinished: 90, delivery: 90 } as const
type Purpose = keyof typeof DEFAULT_DAYS

// By then an image whose download was running during the erasure has been stored, or never will be.
const SECOND_DELETION_SECONDS = 15 * 60

const daysSchema = z.partialRecord(
  z.enum(['approved', 'declined', 'unfinished', 'delivery']),
  z.int('the days are a number').min(1).max(36_500).nullable(),
)

/** Sets how long an integration's data is kept. Each of `words` is `purpose=days` or `purpose=forever`. Throws OperatorError. */
export async function setRetention(
  sql: Sql,
  { vendor, name = 'default' }: { vendor: string; name?: string | undefined },
  words: readonly string[],
): Promise<void> {
  const given = words.map((word) => {
    const [purpose = '', days = ''] = word.split('=', 2)
    return [purpose, days === 'forever' ? null : Number(days)] as const
  })
  const unknown = given.find(([purpose]) => !Object.hasOwn(DEFAULT_DAYS, purpose))
  if (unknown) throw new OperatorError('A purpose is approved, declined, unfinished or delivery.')
  const parsed = daysSchema.safeParse(Object.fromEntries(given))
  if (!parsed.success)
    throw new OperatorError('--retain is purpose=days, from 1 to 36500, or purpose=forever.')
  await sql`
    update vendor_integration set retention = retention || ${sql.json(parsed.data)}, updated_at = now()
    where vendor = ${vendor} and name = ${name}`
}

/** How many days this integration keeps an unfinished verification; `null`: without end. */
export async function findUnfinishedDays(
  sql: Sql,
  { vendor, name }: { vendor: string; name: string },
): Promise<number | null> {
  const [row] = await sql<{ retention: Partial<Record<Purpose, number | null>> }[]>`
    select retention from vendor_integration where vendor = ${vendor} and name = ${name}`
  return daysOf(row?.retention ?? {}, 'unfinished')
}

/** For each purpose, how many days it is kept by the integration that keeps it longest; `null`: without end. */
export async function findLongestRetention(sql: Sql): Promise<Record<Purpose, number | null>> {
  const rows = await sql<{ retention: Partial<Record<Purpose, number | null>> }[]>`
    select retention from vendor_integration`
  const longest = (purpose: Purpose) => {
    const days = rows.map(({ retention }) => daysOf(retention, purpose))
    if (days.length === 0) return DEFAULT_DAYS[purpose]
    return days.includes(null) ? null : Math.max(...days.map(Number))
  }
  return {
    approved: longest('approved'),
    declined: longest('declined'),
    unfinished: longest('unfinished'),
    delivery: longest('delivery'),
  }
}

const daysOf = (retention: Partial<Record<Purpose, number | null>>, purpose: Purpose) =>
  retention[purpose] === undefined ? DEFAULT_DAYS[purpose] : retention[purpose]

type Due = { purpose: Purpose; vendor: string; integration: string; olderThanDays: number }
type RetentionReport = (Due & { found: number })[]

/** Erases what is kept for longer than its retention, by purpose and integration. With `dryRun` it only counts. */
export async function runRetention(
  context: { db: Db; jobs: Jobs; log: Log },
  { dryRun = false }: { dryRun?: boolean } = {},
): Promise<RetentionReport> {
  const { db, log } = context
  const report: RetentionReport = []
  for (const due of await listDue(db)) {
    let found = 0
    if (due.purpose === 'delivery') found = await removeOldDeliveries(db, due, dryRun)
    else {
      const ids = await listOld(db, due)
      found = ids.length
      if (!dryRun) for (const id of ids) await eraseVerification(context, id, 'retention')
    }
    report.push({ ...due, found })
    if (!dryRun && found > 0) log.info('retention', { ...due, found })
  }
  return report
}

async function listDue(sql: Sql): Promise<Due[]> {
  const rows = await sql<
    { vendor: string; name: string; retention: Partial<Record<Purpose, number | null>> }[]
  >`
    select vendor, name, retention from vendor_integration order by vendor, name`
  return rows.flatMap(({ vendor, name, retention }) =>
    (Object.keys(DEFAULT_DAYS) as Purpose[]).flatMap((purpose) => {
      const days = daysOf(retention, purpose)
      return days === null ? [] : [{ purpose, vendor, integration: name, olderThanDays: days }]
    }),
  )
}

const STATUSES: Record<Exclude<Purpose, 'delivery'>, string[]> = {
  approved: ['approved'],
  declined: ['declined'],
  unfinished: ['pending', 'resubmission', 'review', 'expired', 'error'],
}

async function listOld(sql: Sql, { purpose, vendor, integration, olderThanDays }: Due) {
  const rows = await sql<{ id: string }[]>`
    select id from verification
    where vendor = ${vendor} and integration = ${integration}
      and status = any (${STATUSES[purpose as keyof typeof STATUSES]})
      and coalesce(decided_at, session_created_at) < now() - make_interval(days => ${olderThanDays})
    order by session_created_at`
  return rows.map(({ id }) => id)
}

async function removeOldDeliveries(
  sql: Sql,
  { vendor, integration, olderThanDays }: Due,
  dryRun: boolean,
): Promise<number> {
  const old = sql`vendor = ${vendor} and integration = ${integration} and state <> 'received'
    and last_received_at < now() - make_interval(days => ${olderThanDays})`
  const rows = dryRun
    ? await sql`select from delivery where ${old}`
    : await sql`delete from delivery where ${old} returning 1`
  return rows.length
}

/**
 * Erases a verification: its rows, decisions, images and deliveries; then, by a job, every version of its objects and the
 * vendor's copy. An `erased_verification` row remains as proof. Returns whether there was such a verification.
 */
export async function eraseVerification(
  { db, jobs }: { db: Db; jobs: Jobs },
  id: string,
  reason: ErasureReason,
  /** The tenant's client that requested it. */
  by?: string,
): Promise<boolean> {
  return await db.begin((sql) => eraseWithin(sql, jobs, id, reason, by))
}

/** The same in the caller's transaction. */
export async function eraseWithin(
  sql: Sql,
  jobs: Jobs,
  id: string,
  reason: ErasureReason,
  by?: string,
): Promise<boolean> {
  if (!isUuid(id)) return false
  const [locked] = await sql<{ accountId: string | null }[]>`
    select account_id from verification where id = ${id} for update`
  if (!locked) return false
  await record(sql, {
    detail: { what: 'verification-erasure', reason },
    accountId: locked.accountId ?? undefined,
    verificationId: id,
    clientId: by,
  })
  const images = await sql`select from image where verification_id = ${id}`
  await sql`
    insert into erased_verification (id, tenant, vendor, integration, status, images, reason, vendor_session_id,
      vendor_answer)
    select id, tenant, vendor, integration, status, ${images.length}, ${reason}, vendor_session_id,
      case when vendor_session_id is null then 'deleted' end
    from verification where id = ${id}`
  // The end of retention here does not oblige applications. For a whole resident, they get one event.
  if (reason !== 'retention')
    await announceErasure(sql, {
      accountId: locked.accountId,
      verificationId: id,
      toTenantsAlone: reason === 'resident',
    })
  await sql`delete from delivery where verification_id = ${id}`
  await sql`delete from verification where id = ${id}`
  if (locked.accountId && reason !== 'resident') await announceVerification(sql, locked.accountId)
  // Jobs of this verification or its images that still run find no row, and do nothing.
  await jobs.enqueue(sql, 'delete-remains', { verificationId: id })
  await jobs.enqueue(
    sql,
    'delete-remains',
    { verificationId: id },
    { afterSeconds: SECOND_DELETION_SECONDS },
  )
  return true
}

/**
 * Erases a resident in one transaction: every verification as above, then the account with its consents, grants, tokens,
 * sessions and passkeys. After the commit no token is valid. Returns the ids of the erased verifications; `undefined`: no such account.
 * Within the transaction, `prepare` is called with the account locked, and can still stop the erasure by returning `false`.
 */
export async function eraseResident(
  { db, jobs }: { db: Db; jobs: Jobs },
  accountId: string,
  prepare: (sql: Sql) => Promise<boolean> = async () => true,
): Promise<string[] | undefined> {
  return await db.begin(async (sql) => {
    // `no key update`: a transaction that holds a verification may be about to insert a reference to the account.
    if (!(await lockAccount(sql, accountId))) return undefined
    if (!(await prepare(sql))) return undefined
    // Before the rows are selected: verifications of a tenant's subject stay the tenant's.
    await endLinks(sql, accountId)
    const erased: string[] = []
    const eraseAll = async () => {
      const rows = await sql<{ id: string }[]>`
        select id from verification where account_id = ${accountId} order by session_created_at`
      for (const { id } of rows) await eraseWithin(sql, jobs, id, 'resident')
      erased.push(...rows.map(({ id }) => id))
    }
    await eraseAll()
    await lockAccountForErasure(sql, accountId)
    // Those started meanwhile. With this lock no more can be started, and no consent given.
    await eraseAll()
    await announceErasure(sql, { accountId })
    await forgetAnnouncement(sql, accountId)
    await record(sql, { detail: { what: 'account-erasure' }, accountId })
    await deleteAccount(sql, accountId)
    return erased
  })
}

/**
 * Erases a tenant's subject: every verification as above, then the subject with its link and its data key. Returns whether
 * the tenant has such a subject.
 */
export async function eraseSubject(
  { db, jobs }: { db: Db; jobs: Jobs },
  { tenant, subjectId }: { tenant: string; subjectId: string },
  /** The tenant's client. */
  by: string,
): Promise<boolean> {
  if (!isUuid(subjectId)) return false
  return await db.begin(async (sql) => {
    // The account first, in the order of everything that ends a link. The second select sees a link made meanwhile.
    const [before] = await sql<{ accountId: string | null }[]>`
      select account_id from subject where id = ${subjectId} and tenant = ${tenant}`
    if (!before) return false
    if (before.accountId) await lockAccount(sql, before.accountId)
    const [subject] = await sql<{ accountId: string | null }[]>`
      select account_id from subject where id = ${subjectId} for no key update`
    if (!subject) return false
    // All are locked before the first is announced: a transaction that holds one of them waits for that announcement's lock.
    const rows = await sql<{ id: string }[]>`
      select id from verification where subject_id = ${subjectId} order by id for update`
    for (const { id } of rows) await eraseWithin(sql, jobs, id, 'tenant', by)
    const { accountId } = subject
    if (accountId)
      await record(sql, {
        detail: { what: 'link', change: 'ended' },
        accountId,
        clientId: by,
        scope: tenant,
      })
    await sql`delete from subject where id = ${subjectId}`
    await record(sql, {
      detail: { what: 'subject-erasure' },
      accountId: accountId ?? undefined,
      clientId: by,
      scope: tenant,
    })
    return true
  })
}

/** What remains of an erased verification: that it was, and what became of its copies. */
export async function findErased(sql: Sql, id: string) {
  if (!isUuid(id)) return undefined
  const [row] = await sql`
    select id, tenant, vendor, integration, status, images, reason, erased_at, objects_deleted_at,
      vendor_deleted_at, vendor_answer
    from erased_verification where id = ${id}`
  return row
}

/** The same of several verifications, as far as a receipt of their erasure reports it. */
export async function listErased(sql: Sql, ids: readonly string[]) {
  return await sql<
    {
      id: string
      vendor: string
      images: number
      objectsDeletedAt: Date | null
      vendorAnswer: string | null
    }[]
  >`
    select id, vendor, images, objects_deleted_at, vendor_answer
    from erased_verification where id = any (${[...ids]}::uuid[])`
}

type ErasureContext = {
  db: Db
  sealer: Sealer
  tokens: TokenCache
  storage: Storage
  jobs: Jobs
  log: Log
}

/** Runs the jobs that follow an erasure. Each can run twice. */
export async function startErasureJobs(context: ErasureContext): Promise<void> {
  await context.jobs.work('delete-remains', 2, (data) => deleteRemains(context, data))
}

async function deleteRemains(
  { db, sealer, storage, tokens, log }: ErasureContext,
  { verificationId: id }: JobData<'delete-remains'>,
): Promise<void> {
  const [erased] = await db<
    { tenant: string; vendor: string; integration: string; vendorSessionId: string | null }[]
  >`select tenant, vendor, integration, vendor_session_id from erased_verification where id = ${id}`
  if (!erased) return
  const objects = await storage.deleteAll(`${erased.tenant}/${id}/`)
  await db`
    update erased_verification set objects_deleted_at = coalesce(objects_deleted_at, now()) where id = ${id}`
  log.info('objects deleted', { verificationId: id, objects })
  if (erased.vendorSessionId === null) return
  const vendor = await requireVendor(db, sealer, erased, tokens)
  const answer = await vendor.deleteSession(erased.vendorSessionId)
  await db`
    update erased_verification set vendor_answer = ${answer}, vendor_session_id = null,
      vendor_deleted_at = ${answer === 'deleted' ? new Date() : null} where id = ${id}`
  log.info('vendor deletion finished', { verificationId: id, answer })
}
