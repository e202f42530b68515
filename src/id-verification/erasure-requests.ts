import { type Account, findAccount } from '../accounts/accounts.ts'
import { erasedMail, erasureReminderMail, erasureRequestedMail } from '../accounts/leaving-mails.ts'
import { type MailContext, sendLetter } from '../accounts/mails.ts'
import { endAllConsents } from '../consents/consents.ts'
import type { Db, Sql } from '../platform/db.ts'
import { findIssuer } from '../platform/issuer.ts'
import type { Log } from '../platform/log.ts'
import { findPolicy } from '../platform/policies.ts'
import { hashSecret, randomSecret } from '../platform/secrets.ts'
import type { Vault } from '../platform/vault.ts'
import { eraseResident } from './retention.ts'

/*
 * A resident who asks to be erased waits for the days of the policy `erasure-wait-days`. Every consent ends at the request. What changes a
 * request, and the erasure itself, locks the account first, so of a cancellation and an erasure at one instant one finds nothing to do.
 */

const RECEIPT_DAYS = 365

type Context = MailContext & { db: Db; vault: Vault; log: Log }

/** When the account will be erased; `undefined`: nobody asked for it. */
export async function findErasureTime(sql: Sql, accountId: string): Promise<Date | undefined> {
  const [row] = await sql<{ eraseAt: Date }[]>`
    select erase_at from erasure_request where account_id = ${accountId}`
  return row?.eraseAt
}

/** How many days a resident who asks today will wait. */
export const findWaitingDays = async (sql: Sql): Promise<number> =>
  Number(await findPolicy(sql, 'erasure-wait-days'))

/**
 * Requests the erasure, and ends every consent. Without a waiting time, returns the token of the link to its proof. A second request
 * changes nothing. `requireSession` throws when the resident is no longer signed in, and locks the account.
 */
export async function requestErasure(
  context: Context,
  {
    account,
    issuer,
    requireSession,
  }: { account: Account; issuer: string; requireSession: (sql: Sql) => Promise<void> },
): Promise<{ receipt: string | undefined }> {
  const { db, jobs } = context
  const accountId = account.id
  return await db.begin(async (sql) => {
    await requireSession(sql)
    const days = await findWaitingDays(sql)
    const [row] = await sql<{ eraseAt: Date }[]>`
      insert into erasure_request (account_id, erase_at)
      values (${accountId}, now() + make_interval(days => ${days}))
      on conflict do nothing returning erase_at`
    if (!row) return { receipt: undefined }
    await endAllConsents(sql, accountId)
    if (days === 0) {
      await jobs.enqueue(sql, 'erase-resident', { accountId })
      return { receipt: await insertReceipt(sql, accountId) }
    }
    const letter = erasureRequestedMail({ at: row.eraseAt, page: `${issuer}/account/erase` })
    await sendLetter(sql, context, account, letter)
    return { receipt: undefined }
  })
}

/** Returns whether there was a request. `requireSession` as above. */
export async function cancelErasure(
  db: Db,
  { accountId, requireSession }: { accountId: string; requireSession: (sql: Sql) => Promise<void> },
): Promise<boolean> {
  return await db.begin(async (sql) => {
    await requireSession(sql)
    const rows = await sql`
      delete from erasure_request where account_id = ${accountId} returning 1`
    return rows.length > 0
  })
}

/**
 * Erases a resident, and mails a link to the proof. `onlyIfDue`: unless the request was cancelled meanwhile, or the operator suspended the
 * resident. Returns the ids of the erased verifications; `undefined`: nothing was erased.
 */
export async function eraseWithProof(
  context: Context,
  accountId: string,
  { onlyIfDue = false }: { onlyIfDue?: boolean } = {},
): Promise<string[] | undefined> {
  const { vault, log } = context
  const erased = await eraseResident(context, accountId, async (sql) => {
    const account = await findAccount(sql, vault, accountId)
    if (!account) return false
    if (onlyIfDue && !(account.status === 'active' && (await isDue(sql, accountId)))) return false
    const link = `${(await findIssuer(sql)) ?? ''}/erasure/${await insertReceipt(sql, accountId)}`
    await sendLetter(sql, context, account, erasedMail({ link, days: RECEIPT_DAYS }))
    return true
  })
  if (erased) log.info('resident erased', { accountId })
  return erased
}

async function isDue(sql: Sql, accountId: string): Promise<boolean> {
  const [row] = await sql`
    select from erasure_request where account_id = ${accountId} and erase_at <= now()`
  return row !== undefined
}

/** Works on the queue of erasures without a waiting time. */
export async function startErasures(context: Context): Promise<void> {
  await context.jobs.work('erase-resident', 1, async ({ accountId }) => {
    await eraseWithProof(context, accountId, { onlyIfDue: true })
  })
}

/**
 * Erases the residents whose waiting time is over, and reminds those whose last day begins. One that fails holds up no other; throws
 * afterwards.
 */
export async function runDueErasures(context: Context): Promise<void> {
  const { db, log } = context
  const failures: unknown[] = []
  const attempt = async (accountId: string, work: () => Promise<unknown>) => {
    try {
      await work()
    } catch (error) {
      failures.push(error)
      log.error('a resident could not be erased or reminded', { accountId, error })
    }
  }
  const due = await db<{ accountId: string }[]>`
    select account_id from erasure_request where erase_at <= now() order by erase_at`
  for (const { accountId } of due)
    await attempt(accountId, () => eraseWithProof(context, accountId, { onlyIfDue: true }))
  const soon = await db<{ accountId: string }[]>`
    select account_id from erasure_request
    where erase_at between now() and now() + interval '1 day'
      and erase_at > requested_at + interval '2 days' and reminded_at is null
    order by erase_at`
  for (const { accountId } of soon) await attempt(accountId, () => remind(context, accountId))
  if (failures.length > 0) throw new AggregateError(failures, 'not every due erasure was done')
}

async function remind(context: Context, accountId: string): Promise<void> {
  const { db, vault } = context
  await db.begin(async (sql) => {
    const [row] = await sql<{ eraseAt: Date }[]>`
      update erasure_request set reminded_at = now()
      where account_id = ${accountId} and reminded_at is null returning erase_at`
    const account = row && (await findAccount(sql, vault, accountId))
    if (!row || !account) return
    const page = `${(await findIssuer(sql)) ?? ''}/account/erase`
    await sendLetter(sql, context, account, erasureReminderMail({ at: row.eraseAt, page }))
  })
}

/** Returns the token of a link to the proof of an erasure, which works without an account. */
async function insertReceipt(sql: Sql, accountId: string): Promise<string> {
  const token = randomSecret()
  await sql`
    insert into erasure_receipt (token_hash, account_id, expires_at)
    values (${hashSecret(token)}, ${accountId}, now() + make_interval(days => ${RECEIPT_DAYS}))`
  return token
}

/** The id that the resident had whose erasure this link proves. */
export async function findReceiptOwner(sql: Sql, token: string): Promise<string | undefined> {
  const [row] = await sql<{ accountId: string }[]>`
    select account_id from erasure_receipt
    where token_hash = ${hashSecret(token)} and expires_at > now()`
  return row?.accountId
}

export async function deleteOldReceipts(sql: Sql): Promise<void> {
  await sql`delete from erasure_receipt where expires_at < now()`
}
