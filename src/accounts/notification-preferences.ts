import type { Sql } from '../platform/db.ts'

/**
 * How much mail a resident wants about applications that see their data. `each`: the first look and each new kind of data. `daily`: one
 * summary of a day on which something was seen. `security`: only the mails that always come.
 */
export const LOOK_MAILS = ['each', 'daily', 'security'] as const
export type LookMails = (typeof LOOK_MAILS)[number]

/** How much the resident has chosen; `each` where nothing was. */
export async function findLookMails(sql: Sql, accountId: string): Promise<LookMails> {
  const [row] = await sql<{ lookMails: LookMails }[]>`
    select look_mails from notification_preference where account_id = ${accountId}`
  return row?.lookMails ?? 'each'
}

/** Takes effect at the next mail. The first daily summary begins now. */
export async function setLookMails(
  sql: Sql,
  accountId: string,
  lookMails: LookMails,
): Promise<void> {
  await sql`
    insert into notification_preference as known (account_id, look_mails)
    values (${accountId}, ${lookMails})
    on conflict (account_id) do update set look_mails = excluded.look_mails,
      summarized_at = case when known.look_mails = excluded.look_mails then known.summarized_at else now() end`
}

/** Accounts whose daily summary is due, the longest overdue first. */
export async function listDueSummaries(sql: Sql, limit: number): Promise<string[]> {
  const rows = await sql<{ accountId: string }[]>`
    select account_id from notification_preference
    where look_mails = 'daily' and summarized_at < now() - interval '1 day'
    order by summarized_at limit ${limit}`
  return rows.map(({ accountId }) => accountId)
}

// What was read in the last minute may not be known yet: the next summary tells of it.
const MARGIN = '1 minute'

/** In the transaction that tells of it: takes a due summary, and returns since when it is. `undefined`: another worker has it. */
export async function takeSummary(sql: Sql, accountId: string): Promise<Date | undefined> {
  const [row] = await sql<{ since: Date }[]>`
    select summarized_at as since from notification_preference
    where account_id = ${accountId} and look_mails = 'daily' and summarized_at < now() - interval '1 day'
    for update skip locked`
  if (row)
    await sql`
      update notification_preference set summarized_at = now() - ${MARGIN}::interval
      where account_id = ${accountId}`
  return row?.since
}
