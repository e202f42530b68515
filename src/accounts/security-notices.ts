import type { Sql } from '../platform/db.ts'
import { hashSecret, randomSecret } from '../platform/secrets.ts'
import type { Vault } from '../platform/vault.ts'
import type { Texts } from '../web/texts/en.ts'
import type { Locale, Text } from '../web/texts/languages.ts'
import { findAccount } from './accounts.ts'
import { type MailContext, newConsentMail, newSignInMail, sendLetter } from './mails.ts'

/*
 * A resident gets a mail about each new consent, each sign-in from a new browser, and what an application saw first. Its link reports that it was not them; it works
 * once, without a sign-in, in any browser. Opening the link does not use it up, because mail scanners open links; the form behind
 * it does.
 */

/** For how long the link of a notice works. */
export const NOTICE_DAYS = 7
// The browser cookie expires half as long after its last use.
const BROWSER_DAYS = 60

type NoticeContext = MailContext & { issuer: string; vault: Vault }

export type Notice = {
  accountId: string
} & (
  | { kind: 'sign-in'; sessionUid: string; clientId: null; entryId: null }
  | { kind: 'consent'; sessionUid: string; clientId: string; entryId: null }
  /** An application saw something. */
  | { kind: 'entry'; sessionUid: null; clientId: string; entryId: string }
)

/**
 * In a transaction, after a sign-in: stores the browser, and sends a mail when it is new to the account. `browser` is as
 * `ensureBrowserId` returns it, `device` is a description. Returns whether the browser was known.
 */
export async function recordSignIn(
  sql: Sql,
  mailing: NoticeContext,
  signIn: {
    accountId: string
    sessionUid: string
    browser: string
    device: Text
    locale: Locale
  },
): Promise<boolean> {
  const { accountId, sessionUid, device, locale } = signIn
  if (!(await rememberBrowser(sql, accountId, signIn.browser))) return true
  const account = await findAccount(sql, mailing.vault, accountId)
  if (!account) return false
  const token = await insertNotice(sql, { kind: 'sign-in', accountId, clientId: null, sessionUid })
  const link = `${mailing.issuer}/not-me/${token}`
  await sendLetter(
    sql,
    mailing,
    { ...account, requestLocale: locale },
    newSignInMail({ device, at: new Date(), link, days: NOTICE_DAYS }),
  )
  return false
}

/** Returns whether the browser was unknown. */
async function rememberBrowser(sql: Sql, accountId: string, browser: string): Promise<boolean> {
  const hash = Buffer.from(browser, 'hex')
  const [added] = await sql`
    insert into known_browser (account_id, browser_hash) values (${accountId}, ${hash})
    on conflict do nothing returning 1`
  if (!added)
    await sql`
      update known_browser set seen_at = now() where account_id = ${accountId} and browser_hash = ${hash}`
  return added !== undefined
}

/** In a transaction, after a new password by mailed link: only the browser that opened the link is known. */
export async function resetBrowsers(sql: Sql, accountId: string, browser: string): Promise<void> {
  await forgetBrowsers(sql, accountId)
  await rememberBrowser(sql, accountId, browser)
}

/** In a transaction: forgets all browsers, so that the next sign-in from anywhere is reported. */
export async function forgetBrowsers(sql: Sql, accountId: string): Promise<void> {
  await sql`delete from known_browser where account_id = ${accountId}`
}

/** In the transaction that records a consent which allows something new: enqueues the mail. */
export async function notifyOfConsent(
  sql: Sql,
  mailing: NoticeContext,
  consent: {
    accountId: string
    clientId: string
    clientName: string
    sessionUid: string
    /** Titles of the scopes. */
    opened: (texts: Texts) => readonly string[]
    endsAt: Date | null
  },
): Promise<void> {
  const { accountId, clientId, sessionUid } = consent
  const account = await findAccount(sql, mailing.vault, accountId)
  if (!account) return
  const token = await insertNotice(sql, { kind: 'consent', accountId, clientId, sessionUid })
  await sendLetter(
    sql,
    mailing,
    account,
    newConsentMail({
      ...consent,
      at: new Date(),
      link: `${mailing.issuer}/not-me/${token}`,
      page: `${mailing.issuer}/applications/${encodeURIComponent(clientId)}`,
      days: NOTICE_DAYS,
    }),
  )
}

async function insertNotice(
  sql: Sql,
  notice: Pick<
    Exclude<Notice, { kind: 'entry' }>,
    'kind' | 'accountId' | 'clientId' | 'sessionUid'
  >,
): Promise<string> {
  const token = randomSecret()
  await sql`
    insert into security_notice (token_hash, kind, account_id, client_id, session_uid, expires_at)
    values (${hashSecret(token)}, ${notice.kind}, ${notice.accountId}, ${notice.clientId},
      ${notice.sessionUid}, now() + make_interval(days => ${NOTICE_DAYS}))`
  return token
}

/** In the transaction that enqueues the mail: makes the link that reports what an application saw. Returns its token. */
export async function createEntryNotice(
  sql: Sql,
  { accountId, clientId, entryId }: { accountId: string; clientId: string; entryId: string },
): Promise<string> {
  const token = randomSecret()
  await sql`
    insert into security_notice (token_hash, kind, account_id, client_id, entry_id, expires_at)
    values (${hashSecret(token)}, 'entry', ${accountId}, ${clientId}, ${entryId},
      now() + make_interval(days => ${NOTICE_DAYS}))`
  return token
}

/** Returns a notice whose link can still be used, or `undefined`. */
export async function findNotice(sql: Sql, token: string): Promise<Notice | undefined> {
  const [row] = await sql<Notice[]>`
    select kind, account_id, client_id, session_uid, entry_id from security_notice
    where token_hash = ${hashSecret(token)} and used_at is null and expires_at > now()`
  return row
}

/** Returns the notice of a link that was used, for the page that confirms the report. */
export async function findUsedNotice(sql: Sql, token: string): Promise<Notice | undefined> {
  const [row] = await sql<Notice[]>`
    select kind, account_id, client_id, session_uid, entry_id from security_notice
    where token_hash = ${hashSecret(token)} and used_at > now() - interval '1 day'`
  return row
}

/** In a transaction: uses the link up. Of concurrent calls only one gets the notice. */
export async function consumeNotice(
  sql: Sql,
  token: string,
): Promise<(Notice & { createdAt: Date }) | undefined> {
  const [row] = await sql<(Notice & { createdAt: Date })[]>`
    update security_notice set used_at = now()
    where token_hash = ${hashSecret(token)} and used_at is null and expires_at > now()
    returning kind, account_id, client_id, session_uid, entry_id, created_at`
  return row
}

/** Deletes notices a day after they expire, and browsers that were not seen for long. */
export async function deleteOldNotices(sql: Sql): Promise<void> {
  await sql`delete from security_notice where expires_at < now() - interval '1 day'`
  await sql`
    delete from known_browser where seen_at < now() - make_interval(days => ${BROWSER_DAYS})`
}
