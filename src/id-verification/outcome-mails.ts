import { findAccount } from '../accounts/accounts.ts'
import { type Letter, type MailContext, sendLetter, sign } from '../accounts/mails.ts'
import type { Db, Sql } from '../platform/db.ts'
import { findIssuer } from '../platform/issuer.ts'
import type { Log } from '../platform/log.ts'
import { type Loop, startLoop } from '../platform/loop.ts'
import { OWN_LOOK_MS } from '../platform/pulse.ts'
import type { Vault } from '../platform/vault.ts'
import type { Texts } from '../web/texts/en.ts'
import {
  canTryAgain,
  describeReasons,
  outcomeIn,
  REMINDER_DAYS,
  reasonsToTell,
  settleOutcome,
} from './outcome.ts'
import { isCounted, lockVerification } from './store.ts'
import type { Reason } from './vendors/reasons/reason.ts'

type Context = MailContext & { db: Db; vault: Vault; log: Log }

const RETRY_SECONDS = 5 * 60

/**
 * Sends the mails that are due about outcomes. A row of `verification_notice` is the queue entry: the transaction that enqueues its mail
 * settles it, so each is sent once, by whichever process.
 */
export function startOutcomeMails(context: Context): Loop {
  const { db, log } = context
  return startLoop(
    { event: 'mails about verifications cannot be sent', pauseMs: OWN_LOOK_MS, log },
    async () => {
      let claimed: Due | undefined
      try {
        return await db.begin(async (sql) => {
          claimed = await claim(sql)
          if (!claimed) return false
          await sendOutcome(sql, context, claimed)
          return true
        })
      } catch (error) {
        if (!claimed) throw error
        log.warn('a mail about a verification could not be sent', {
          verificationId: claimed.verificationId,
          error,
        })
        await db`
          update verification_notice set due_at = now() + make_interval(secs => ${RETRY_SECONDS})
          where verification_id = ${claimed.verificationId} and due is not null`
        return true
      } finally {
        if (claimed) context.jobs.pollNow()
      }
    },
  )
}

/** Whether a mail about an outcome is to be sent. */
export const isOutcomeDue = (sql: Sql) => sql`
  exists (select from verification_notice where due_at <= now())`

type Due = { verificationId: string; due: string }

async function claim(sql: Sql): Promise<Due | undefined> {
  const [row] = await sql<Due[]>`
    select verification_id, due from verification_notice
    where due_at <= now() order by due_at limit 1 for update skip locked`
  return row
}

async function sendOutcome(sql: Sql, context: Context, { verificationId, due }: Due) {
  const outcome = outcomeIn(due)
  const [row] = await sql<
    {
      accountId: string
      status: string
      reasons: Reason[] | null
      hasLater: boolean
      hasCounted: boolean
    }[]
  >`
    select account_id, status, ${reasonsToTell(sql)} as reasons,
      exists (${othersOfAccount(sql)} and other.session_created_at > verification.session_created_at) as has_later,
      exists (${othersOfAccount(sql)} and ${isCounted(sql, 'other')}) as has_counted
    from verification where id = ${verificationId} and account_id is not null`
  await settleOutcome(sql, verificationId)
  // Who has begun again, or is verified, knows that the other session was left.
  if (!row || (outcome === 'ended' && (row.hasLater || row.hasCounted))) return
  const issuer = await requireIssuer(sql)
  const page = `${issuer}/verifications/${verificationId}`
  await sendTo(sql, context, row.accountId, (texts) => {
    const { outcomes } = texts.mails
    if (outcome === 'approved') return sign(texts, outcomes.approved({ link: `${issuer}/` }))
    const paragraphs = describeReasons(texts, row).map(({ why, next }) => `${why} ${next}`)
    if (row.hasCounted) paragraphs.push(outcomes.otherCounts)
    const given = { reasons: paragraphs.join('\n\n'), link: `${issuer}/verify`, page }
    const isLast = outcome === 'declined' && !canTryAgain(row.reasons)
    return sign(texts, outcomes[isLast ? 'declined-for-good' : outcome](given))
  })
  context.log.info('mail about a verification enqueued', { verificationId, outcome })
}

const othersOfAccount = (sql: Sql) => sql`
  select from verification other
  where other.account_id = verification.account_id and other.id <> verification.id`

async function sendTo(sql: Sql, context: Context, accountId: string, letter: Letter) {
  const account = await findAccount(sql, context.vault, accountId)
  if (account) await sendLetter(sql, context, account, letter)
}

async function requireIssuer(sql: Sql): Promise<string> {
  const issuer = await findIssuer(sql)
  if (issuer === undefined) throw new Error('no web process has been started yet')
  return issuer
}

/** A document that expired longer ago is no news, for example after an upgrade from a version without these mails. */
const NEWS_DAYS = 30
const BATCH = 200

/**
 * Sends the mails about documents that expire within `REMINDER_DAYS`, or have expired: one each. It is about the document that is valid
 * longest among those that count. Returns how many.
 */
export async function sendExpiryMails(context: Context): Promise<number> {
  const { db } = context
  let sent = 0
  for (let after = '00000000-0000-0000-0000-000000000000'; ; ) {
    const rows = await db<{ id: string }[]>`
      select id from verification
      where account_id is not null and status = 'approved' and ${isExpiring(db)} and id > ${after}
      order by id limit ${BATCH}`
    for (const { id } of rows) {
      if (await db.begin((sql) => sendExpiry(sql, context, id))) sent++
      after = id
    }
    if (rows.length < BATCH) return sent
  }
}

const today = (sql: Sql) => sql`(now() at time zone 'UTC')::date`

/** What a mail about this verification's document would be, as `verification_notice` keeps it. */
const expiryNews = (sql: Sql) => sql`(
  case when verification.document_expires_on < ${today(sql)} then 'expired ' else 'soon ' end
  || to_char(verification.document_expires_on, 'YYYY-MM-DD'))`

/** A condition on an approved verification, which uses the index of expiry dates. Of several checks of one document it is the newest. */
const isExpiring = (sql: Sql) => sql`
  document_expires_on between ${today(sql)} - ${NEWS_DAYS}::int and ${today(sql)} + ${REMINDER_DAYS}::int
  and ${isCounted(sql, 'verification')}
  and not exists (
    ${othersOfAccount(sql)} and ${isCounted(sql, 'other')} and (
      other.document_expires_on is null
      or (other.document_expires_on, other.session_created_at, other.id)
        > (verification.document_expires_on, verification.session_created_at, verification.id)))
  and not exists (
    select from verification_notice join verification told on told.id = verification_id
    where told.account_id = verification.account_id and told_expiry = ${expiryNews(sql)})`

async function sendExpiry(sql: Sql, context: Context, id: string): Promise<boolean> {
  if (!(await lockVerification(sql, id))) return false
  const [row] = await sql<{ accountId: string; day: Date; news: string }[]>`
    select account_id, document_expires_on as day, ${expiryNews(sql)} as news
    from verification where id = ${id} and account_id is not null and status = 'approved' and ${isExpiring(sql)}`
  if (!row) return false
  const { accountId, day, news } = row
  await sql`
    insert into verification_notice (verification_id, told_expiry) values (${id}, ${news})
    on conflict (verification_id) do update set told_expiry = excluded.told_expiry`
  const told = news.startsWith('expired') ? 'expired' : 'soon'
  const link = `${await requireIssuer(sql)}/verify`
  await sendTo(sql, context, accountId, (texts: Texts) =>
    sign(texts, texts.mails.outcomes[told]({ day: texts.format.day(day), link })),
  )
  return true
}
