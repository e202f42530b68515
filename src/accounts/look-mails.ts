import type { Db, Sql } from '../platform/db.ts'
import { findIssuer } from '../platform/issuer.ts'
import type { Log } from '../platform/log.ts'
import { type Loop, startLoop } from '../platform/loop.ts'
import type { Vault } from '../platform/vault.ts'
import { findAccount } from './accounts.ts'
import { listDueNews, listSeenSince, type News, readLedger, takeNews } from './known-readers.ts'
import { lookMail, type MailContext, sendLetter, summaryMail } from './mails.ts'
import { findLookMails, listDueSummaries, takeSummary } from './notification-preferences.ts'
import { createEntryNotice, NOTICE_DAYS } from './security-notices.ts'

/* Mails about applications that saw a resident's data for the first time, or a kind of it that they had not seen. */

type Parts = MailContext & {
  db: Db
  vault: Vault
  log: Log
  /** The names of those ids that are applications. */
  namesOf: (sql: Sql, clientIds: readonly string[]) => Promise<ReadonlyMap<string, string>>
}

const PAUSE_MS = 5_000
/** What an application reads within this time is one mail. */
const COLLECT_SECONDS = 60
const BATCH = 50

/** Reads the ledger and sends the mails that follow from it, until it is stopped. Any number of workers may. */
export function startLookMails(parts: Parts): Loop {
  const { db, log } = parts
  return startLoop(
    {
      event: 'looks cannot be told of',
      pauseMs: PAUSE_MS,
      firstAfterMs: PAUSE_MS,
      log,
    },
    async () => {
      const isBehind = await readLedger(db)
      await sendLookMails(parts)
      await sendSummaries(parts)
      return isBehind
    },
  )
}

/** Sends the due mails about news. Each is enqueued in the transaction that takes its news, so it is sent once. */
export async function sendLookMails(
  parts: Parts,
  { olderThanSeconds = COLLECT_SECONDS } = {},
): Promise<void> {
  const { db, log } = parts
  for (const of of await listDueNews(db, { olderThanSeconds, limit: BATCH }))
    try {
      await db.begin(async (sql) => tellOf(sql, parts, of, await takeNews(sql, of)))
    } catch (error) {
      // One that fails does not hold up the others, and is tried again in the next round.
      log.warn('a look could not be told of', { ...of, error })
    }
}

async function tellOf(
  sql: Sql,
  parts: Parts,
  { accountId, clientId }: { accountId: string; clientId: string },
  news: readonly News[],
): Promise<void> {
  // The latest entry says best what the report link is about.
  const [latest] = [...news].sort((one, other) => other.at.getTime() - one.at.getTime())
  if (!latest || (await findLookMails(sql, accountId)) !== 'each') return
  const account = await findAccount(sql, parts.vault, accountId)
  const application = (await parts.namesOf(sql, [clientId])).get(clientId)
  if (!account || application === undefined) return
  const issuer = (await findIssuer(sql)) ?? ''
  const { entryId, at } = latest
  const token = await createEntryNotice(sql, { accountId, clientId, entryId })
  await sendLetter(
    sql,
    parts,
    account,
    lookMail({
      ...{ application, news, at, days: NOTICE_DAYS, issuer },
      link: `${issuer}/not-me/${token}`,
      page: `${issuer}/activity/${entryId}`,
    }),
  )
}

/** Sends the due daily summaries. On a day without looks there is none. */
export async function sendSummaries(parts: Parts): Promise<void> {
  const { db, log } = parts
  for (const accountId of await listDueSummaries(db, BATCH))
    try {
      await db.begin((sql) => summarize(sql, parts, accountId))
    } catch (error) {
      log.warn('a summary could not be sent', { accountId, error })
    }
}

async function summarize(sql: Sql, parts: Parts, accountId: string): Promise<void> {
  const since = await takeSummary(sql, accountId)
  if (!since) return
  const seen = await listSeenSince(sql, accountId, since)
  const account = await findAccount(sql, parts.vault, accountId)
  if (seen.length === 0 || !account) return
  const names = await parts.namesOf(
    sql,
    seen.map(({ clientId }) => clientId),
  )
  const applications = seen.flatMap(({ clientId, kinds }) => {
    const application = names.get(clientId)
    return application === undefined ? [] : [{ application, kinds }]
  })
  if (applications.length === 0) return
  const issuer = (await findIssuer(sql)) ?? ''
  await sendLetter(sql, parts, account, summaryMail({ applications, since, issuer }))
}
