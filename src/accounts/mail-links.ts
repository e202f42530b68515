import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Db, Sql } from '../platform/db.ts'
import { type JobData, type Jobs, jobMember } from '../platform/jobs.ts'
import type { Log } from '../platform/log.ts'
import { enqueueMail } from '../platform/mail.ts'
import { hashSecret, randomSecret, type Sealer } from '../platform/secrets.ts'
import type { Vault } from '../platform/vault.ts'
import { emailKey, findAccountByEmail, hashEmail } from './accounts.ts'
import { confirmEmailMail, resetMail } from './mails.ts'
import { countAttempt } from './throttle.ts'

/*
 * A link is good once, for a short time, in the browser that asked for it. Looking at it uses nothing up: scanners of mail
 * open every link. What it does is done by the form behind it, in one transaction with `consumeLink`.
 */

export type LinkPurpose = 'reset' | 'email'
export type MailLink = { accountId: string; email: string; browser: string }

const LIFE_SECONDS = { reset: 30 * 60, email: 24 * 3600 }
const SEALED_FOR = 'reset request'
export const SEALED_RESET_REQUESTS = jobMember('requestSealed', SEALED_FOR)

type Parts = { db: Db; sealer: Sealer; vault: Vault; jobs: Jobs }

const requestSchema = z.object({
  requestId: z.uuid(),
  emailKey: z.string(),
  /** As `identifyBrowser` answers it. */
  browser: z.string(),
  issuer: z.string(),
  askedAt: z.number(),
})

/**
 * Somebody who may own this address forgot their password. What depends on whether there is such a resident is left to
 * a job, so that nobody can tell by the answer or its time. Answers the seconds to wait, 0 when it was taken.
 */
export async function requestReset(
  { db, sealer, vault, jobs }: Parts,
  asked: { email: string; address: string; browser: string; issuer: string },
): Promise<number> {
  const key = emailKey(asked.email).slice(0, 320)
  const wait = await countAttempt(db, {
    what: 'mail',
    emailKey: await hashEmail(db, vault, key),
    address: asked.address,
  })
  if (wait > 0) return wait
  const request: z.infer<typeof requestSchema> = {
    requestId: randomUUID(),
    emailKey: key,
    browser: asked.browser,
    issuer: asked.issuer,
    askedAt: Date.now(),
  }
  const requestSealed = sealer.seal(JSON.stringify(request), SEALED_FOR)
  await jobs.enqueue(db, 'make-reset-link', { requestSealed })
  return 0
}

/** Makes the links that were asked for. */
export async function startResetLinks(parts: Parts & { log: Log }): Promise<void> {
  await parts.jobs.work('make-reset-link', 1, (data) => makeResetLink(parts, data))
}

async function makeResetLink(
  parts: Parts & { log: Log },
  { requestSealed }: JobData<'make-reset-link'>,
): Promise<void> {
  const { db, sealer, vault, log } = parts
  const asked = requestSchema.parse(JSON.parse(sealer.open(requestSealed, SEALED_FOR)))
  const expiresAt = new Date(asked.askedAt + LIFE_SECONDS.reset * 1000)
  if (expiresAt < new Date()) return
  await db.begin(async (sql) => {
    const account = await findAccountByEmail(sql, vault, asked.emailKey)
    if (account?.status !== 'active') return
    const token = await insertLink(sql, vault, {
      requestId: asked.requestId,
      purpose: 'reset',
      accountId: account.id,
      browser: asked.browser,
      email: account.email,
      expiresAt,
    })
    if (!token) return
    const mail = resetMail(account.email, `${asked.issuer}/reset/${token}`, LIFE_SECONDS.reset / 60)
    await enqueueMail(sql, parts, { ...mail, expiresAt: expiresAt.toISOString() })
    log.info('reset link made', { accountId: account.id })
  })
}

/** Asks at a new address whether it is the resident's. Answers the seconds to wait, 0 when the mail is on its way. */
export async function requestEmailChange(
  parts: Parts,
  asked: {
    accountId: string
    email: string
    address: string
    browser: string
    issuer: string
    /** Throws when the resident is not signed in any more. */
    hold: (sql: Sql) => Promise<void>
  },
): Promise<number> {
  const wait = await countAttempt(parts.db, {
    what: 'mail',
    emailKey: await hashEmail(parts.db, parts.vault, asked.email),
    address: asked.address,
  })
  if (wait > 0) return wait
  const expiresAt = new Date(Date.now() + LIFE_SECONDS.email * 1000)
  await parts.db.begin(async (sql) => {
    await asked.hold(sql)
    const token = await insertLink(sql, parts.vault, { ...asked, purpose: 'email', expiresAt })
    const mail = confirmEmailMail(
      asked.email,
      `${asked.issuer}/verify-email/${token}`,
      LIFE_SECONDS.email / 3600,
    )
    await enqueueMail(sql, parts, { ...mail, expiresAt: expiresAt.toISOString() })
  })
  return 0
}

/** Answers the token, or `undefined` when this request made its link before. */
async function insertLink(
  sql: Sql,
  vault: Vault,
  link: MailLink & { requestId?: string; purpose: LinkPurpose; expiresAt: Date },
): Promise<string | undefined> {
  const token = randomSecret()
  const hash = hashSecret(token)
  const sealed = await vault.seal(sql, { accountId: link.accountId }, placeOf(hash), link.email)
  const [row] = await sql`
    insert into mail_link (token_hash, request_id, purpose, account_id, browser_hash, email_sealed, expires_at)
    values (${hash}, ${link.requestId ?? randomUUID()}, ${link.purpose}, ${link.accountId},
      ${Buffer.from(link.browser, 'hex')}, ${sealed}, ${link.expiresAt})
    on conflict (request_id) do nothing
    returning 1`
  return row && token
}

const placeOf = (tokenHash: Buffer) => ({
  table: 'mail_link',
  column: 'email_sealed',
  row: tokenHash.toString('hex'),
})

type LinkRow = Omit<MailLink, 'email'> & {
  tokenHash: Buffer
  /** In the clear where an earlier version made the link. */
  email: string | null
  emailSealed: Buffer | null
}

async function openLink(
  sql: Sql,
  vault: Vault,
  { accountId, browser, tokenHash, email, emailSealed }: LinkRow,
): Promise<MailLink> {
  if (!emailSealed) return { accountId, browser, email: email ?? '' }
  const opened = await vault.open(sql, placeOf(tokenHash), emailSealed)
  return { accountId, browser, email: opened.toString() }
}

/** A link that can still be used, whoever opens it; or `undefined`. */
export async function findLink(
  sql: Sql,
  vault: Vault,
  purpose: LinkPurpose,
  token: string,
): Promise<MailLink | undefined> {
  const [row] = await sql<LinkRow[]>`
    select account_id, mail_link.email, email_sealed, token_hash, encode(browser_hash, 'hex') as browser
    from mail_link join account on account.id = account_id and account.status = 'active'
    where token_hash = ${hashSecret(token)} and purpose = ${purpose}
      and used_at is null and expires_at > now()`
  return row && openLink(sql, vault, row)
}

/** Uses it up, in the browser that asked for it; of many at once one gets it. */
export async function consumeLink(
  sql: Sql,
  vault: Vault,
  purpose: LinkPurpose,
  token: string,
  browser: string,
): Promise<MailLink | undefined> {
  const [row] = await sql<LinkRow[]>`
    update mail_link set used_at = now()
    from account
    where token_hash = ${hashSecret(token)} and purpose = ${purpose} and browser_hash = ${Buffer.from(browser, 'hex')}
      and used_at is null and expires_at > now()
      and account.id = account_id and account.status = 'active'
    returning account_id, mail_link.email, email_sealed, token_hash, encode(browser_hash, 'hex') as browser`
  return row && openLink(sql, vault, row)
}

/** Whose link this browser used within the last ten minutes, or `undefined`. */
export async function findLinkUsedLately(
  sql: Sql,
  purpose: LinkPurpose,
  browser: string,
): Promise<string | undefined> {
  const [row] = await sql<{ accountId: string }[]>`
    select account_id from mail_link
    where browser_hash = ${Buffer.from(browser, 'hex')} and purpose = ${purpose}
      and used_at > now() - interval '10 minutes'
    order by used_at desc limit 1`
  return row?.accountId
}

/** Every link of this account that was not used yet: what it was sent for has changed. */
export async function deleteUnusedLinks(sql: Sql, accountId: string): Promise<void> {
  await sql`delete from mail_link where account_id = ${accountId} and used_at is null`
}

/** Links are kept a day longer than they work. */
export async function deleteOldLinks(sql: Sql): Promise<void> {
  await sql`delete from mail_link where expires_at < now() - interval '1 day'`
}
