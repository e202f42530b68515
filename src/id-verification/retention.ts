import { z } from 'zod'
import type { Db, Sql } from '../db.ts'
import { OperatorError } from '../errors.ts'
import { announceErasure, announceVerification } from '../events/events.ts'
import type { JobData, Jobs } from '../jobs.ts'
import type { ErasureReason } from '../ledger/details.ts'
import { record } from '../ledger/disclosure.ts'
import type { Log } from '../log.ts'
import type { Sealer } from '../secrets.ts'
import type { Storage } from '../storage.ts'
import { endLinks } from './links.ts'
import { createVendor, findVendorIntegration } from './vendors/vendors.ts'

/**
 * Days that things are kept, by what they are for. `approved`: to be shown to applications, so until its resident or the
 * operator ends it. `declined`: to answer complaints. `unfinished`: to be gone on with. `delivery`: the vendor's own words,
 * to look into what went wrong.
 */
const DEFAULT_DAYS = { approved: null, declined: 365, unfinished: 90, delivery: 90 } as const
type Purpose = keyof typeof DEFAULT_DAYS

// Images that were on their way when their verification was erased have arrived, or never will.
const SECOND_LOOK_SECONDS = 15 * 60

const daysSchema = z.partialRecord(
  z.enum(['approved', 'declined', 'unfinished', 'delivery']),
  z.int('the days are a number').min(1).max(36_500).nullable(),
)

/** Sets how long an integration's data is kept: `purpose=days`, or `purpose=forever`, each. Throws OperatorError. */
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

type Due = { purpose: Purpose; vendor: string; integration: string; olderThanDays: number }
type RetentionReport = (Due & { found: number })[]

/** What is due today, by purpose and integration; with `dryRun` it is only counted, otherwise it is gone. */
export async function runRetention(
  parts: { db: Db; jobs: Jobs; log: Log },
  { dryRun = false }: { dryRun?: boolean } = {},
): Promise<RetentionReport> {
  const { db, log } = parts
  const report: RetentionReport = []
  for (const due of await listDue(db)) {
    let found = 0
    if (due.purpose === 'delivery') found = await handleDeliveries(db, due, dryRun)
    else {
      const ids = await listOld(db, due)
      found = ids.length
      if (!dryRun) for (const id of ids) await eraseVerification(parts, id, 'retention')
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
      const days = retention[purpose] === undefined ? DEFAULT_DAYS[purpose] : retention[purpose]
      return days === null ? [] : [{ purpose, vendor, integration: name, olderThanDays: days }]
    }),
  )
}

const PURPOSES: Record<Exclude<Purpose, 'delivery'>, string[]> = {
  approved: ['approved'],
  declined: ['declined'],
  unfinished: ['pending', 'resubmission', 'review', 'expired', 'error'],
}

async function listOld(sql: Sql, { purpose, vendor, integration, olderThanDays }: Due) {
  const rows = await sql<{ id: string }[]>`
    select id from verification
    where vendor = ${vendor} and integration = ${integration}
      and status = any (${PURPOSES[purpose as keyof typeof PURPOSES]})
      and coalesce(decided_at, session_created_at) < now() - make_interval(days => ${olderThanDays})
    order by session_created_at`
  return rows.map(({ id }) => id)
}

async function handleDeliveries(
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
 * Removes it: the rows with what was said and every image of it, the vendor's own words; then, by the queue,
 * every version of its objects and what the vendor holds. A stub stays as proof. Answers whether there was one.
 */
export async function eraseVerification(
  { db, jobs }: { db: Db; jobs: Jobs },
  id: string,
  reason: ErasureReason,
  /** The tenant's client, where one asked for it. */
  by?: string,
): Promise<boolean> {
  return await db.begin((sql) => erase(sql, jobs, id, reason, by))
}

async function erase(
  sql: Sql,
  jobs: Jobs,
  id: string,
  reason: ErasureReason,
  by?: string,
): Promise<boolean> {
  if (!UUID.test(id)) return false
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
  // What goes because its time is over here need not go elsewhere; and of a whole resident applications are told once.
  if (reason !== 'retention')
    await announceErasure(sql, {
      accountId: locked.accountId,
      verificationId: id,
      toTenantsAlone: reason === 'resident',
    })
  await sql`delete from delivery where verification_id = ${id}`
  await sql`delete from verification where id = ${id}`
  if (locked.accountId && reason !== 'resident') await announceVerification(sql, locked.accountId)
  // Jobs that name it or its images find no row, and do nothing.
  await jobs.enqueue(sql, 'delete-remains', { verificationId: id })
  await jobs.enqueue(
    sql,
    'delete-remains',
    { verificationId: id },
    { afterSeconds: SECOND_LOOK_SECONDS },
  )
  return true
}

/**
 * Removes a resident whole: every verification as above, then the account with its consents, grants, tokens, sessions
 * and passkeys, in one transaction: from its end on every token opens nothing. Answers the ids of the stubs.
 */
export async function eraseResident(
  { db, jobs }: { db: Db; jobs: Jobs },
  accountId: string,
): Promise<string[] | undefined> {
  return await db.begin(async (sql) => {
    // Without its key: whoever holds a verification may be about to reference the account.
    const [locked] = await sql`select from account where id = ${accountId} for no key update`
    if (!locked) return undefined
    // Before the rows are chosen: what a tenant verified of its own subject stays the tenant's.
    await endLinks(sql, accountId)
    const erased: string[] = []
    const eraseAll = async () => {
      const rows = await sql<{ id: string }[]>`
        select id from verification where account_id = ${accountId} order by session_created_at`
      for (const { id } of rows) await erase(sql, jobs, id, 'resident')
      erased.push(...rows.map(({ id }) => id))
    }
    await eraseAll()
    await sql`select from account where id = ${accountId} for update`
    // Those that were started meanwhile; from here on none can be, and no consent either.
    await eraseAll()
    await announceErasure(sql, { accountId })
    await sql`delete from told_verification where account_id = ${accountId}`
    await record(sql, { detail: { what: 'account-erasure' }, accountId })
    await sql`delete from account where id = ${accountId}`
    return erased
  })
}

/**
 * Erases a tenant's subject: every verification as above, then the subject with its link and its data key. Answers whether
 * the tenant has such a subject.
 */
export async function eraseSubject(
  { db, jobs }: { db: Db; jobs: Jobs },
  { tenant, subjectId }: { tenant: string; subjectId: string },
  /** The tenant's client. */
  by: string,
): Promise<boolean> {
  if (!UUID.test(subjectId)) return false
  return await db.begin(async (sql) => {
    // The account first, as everything that ends a link locks them; a link that is made meanwhile is seen afterwards.
    const [before] = await sql<{ accountId: string | null }[]>`
      select account.id as account_id from subject left join account on account.id = account_id
      where subject.id = ${subjectId} and tenant = ${tenant}`
    if (!before) return false
    if (before.accountId)
      await sql`select from account where id = ${before.accountId} for no key update`
    const [subject] = await sql<{ accountId: string | null }[]>`
      select account_id from subject where id = ${subjectId} for no key update`
    if (!subject) return false
    // All of them before the first one is announced: whoever holds one of them waits for that announcement.
    const rows = await sql<{ id: string }[]>`
      select id from verification where subject_id = ${subjectId} order by id for update`
    for (const { id } of rows) await erase(sql, jobs, id, 'tenant', by)
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

/** The stub of an erased verification, or `undefined`. */
export async function findErased(sql: Sql, id: string) {
  if (!UUID.test(id)) return undefined
  const [row] = await sql`
    select id, tenant, vendor, integration, status, images, reason, erased_at, objects_deleted_at,
      vendor_deleted_at, vendor_answer
    from erased_verification where id = ${id}`
  return row
}

type Parts = { db: Db; sealer: Sealer; storage: Storage; jobs: Jobs; log: Log }

/** The jobs that follow from an erasure. Each can run twice. */
export async function startErasing(parts: Parts): Promise<void> {
  await parts.jobs.work('delete-remains', 2, (data) => deleteRemains(parts, data))
}

async function deleteRemains(
  { db, sealer, storage, log }: Parts,
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
  const integration = await findVendorIntegration(db, sealer, erased.vendor, erased.integration)
  if (!integration) throw new OperatorError('the integration of this verification is gone')
  const answer = await createVendor(integration).deleteSession(erased.vendorSessionId)
  await db`
    update erased_verification set vendor_answer = ${answer}, vendor_session_id = null,
      vendor_deleted_at = ${answer === 'deleted' ? new Date() : null} where id = ${id}`
  log.info('vendor asked to delete', { verificationId: id, answer })
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
