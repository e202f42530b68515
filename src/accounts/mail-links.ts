import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Db, Sql } from '../platform/db.ts'
import { type JobData, jobMember } from '../platform/jobs.ts'
import type { Log } from '../platform/log.ts'
import { hashSecret, randomSecret } from '../platform/secrets.ts'
import type { Vault } from '../platform/vault.ts'
import { isLocale, type Locale } from '../web/texts/languages.ts'
import { findAccountByEmail, hashEmail, normalizeEmail } from './accounts.ts'
import { createCode, findRequestByCode, insertCode } from './mail-codes.ts'
import { confirmEmailMail, type MailContext, resetMail, sendLetter } from './mails.ts'
import { countAttempt } from './throttle.ts'

/*
 * A link works once, for a short time, in the browser that requested it. Opening it does not use it up, because mail scanners open
 * every link: the form behind it calls `consumeLink`, in the transaction that makes the change. Where the mail is read on another
 * device, its code gives that browser a link in place of the mailed one (`acceptCode`).
 */

export type LinkPurpose = 'reset' | 'email'
export type MailLink = { accountId: string; email: string; browser: string }

const LIFE_SECONDS = { reset: 30 * 60, email: 24 * 3600 }
const expiryOf = (purpose: LinkPurpose, askedAt: number) =>
  new Date(askedAt + LIFE_SECONDS[purpose] * 1000)

const SEALED_FOR = 'reset request'
export const SEALED_RESET_REQUESTS = jobMember('requestSealed', SEALED_FOR)

type MailLinkContext = MailContext & { db: Db; vault: Vault }

const requestSchema = z.object({
  requestId: z.uuid(),
  /** Jobs of an earlier version have none; their browsers show no page to type it. */
  code: z.string().default(createCode),
  emailKey: z.string(),
  /** As `ensureBrowserId` returns it. */
  browser: z.string(),
  issuer: z.string(),
  askedAt: z.number(),
  /** The language of the request. Jobs of an earlier version have none. */
  locale: z.string().refine(isLocale).optional().catch(undefined),
})

/**
 * Requests a link for a new password. A job looks up whether the address is a resident's, so that neither the response nor its time
 * reveals that. Returns the seconds to wait, 0 when the request was accepted.
 */
export async function requestReset(
  { db, sealer, vault, jobs }: MailLinkContext,
  input: { email: string; address: string; browser: string; issuer: string; locale: Locale },
): Promise<number> {
  const key = normalizeEmail(input.email).slice(0, 320)
  const wait = await countAttempt(db, {
    what: 'mail',
    emailKey: await hashEmail(db, vault, key),
    address: input.address,
  })
  if (wait > 0) return wait
  const { browser } = input
  const request: z.infer<typeof requestSchema> = {
    requestId: randomUUID(),
    code: createCode(),
    emailKey: key,
    browser,
    issuer: input.issuer,
    askedAt: Date.now(),
    locale: input.locale,
  }
  const requestSealed = sealer.seal(JSON.stringify(request), SEALED_FOR)
  const { requestId, code, askedAt } = request
  await db.begin(async (sql) => {
    // Before anybody looks whether the address is known, so that the page for the code is the same.
    const expiresAt = expiryOf('reset', askedAt)
    await insertCode(sql, sealer, { requestId, purpose: 'reset', browser, code, expiresAt })
    await jobs.enqueue(sql, 'make-reset-link', { requestSealed })
  })
  return 0
}

/** Works on the queue of requested links. */
export async function startResetLinks(parts: MailLinkContext & { log: Log }): Promise<void> {
  await parts.jobs.work('make-reset-link', 1, (data) => createResetLink(parts, data))
}

async function createResetLink(
  parts: MailLinkContext & { log: Log },
  { requestSealed }: JobData<'make-reset-link'>,
): Promise<void> {
  const { db, sealer, vault, log } = parts
  const request = requestSchema.parse(JSON.parse(sealer.open(requestSealed, SEALED_FOR)))
  const expiresAt = expiryOf('reset', request.askedAt)
  if (expiresAt < new Date()) return
  await db.begin(async (sql) => {
    const account = await findAccountByEmail(sql, vault, request.emailKey)
    if (account?.status !== 'active') return
    const token = await insertLink(sql, vault, {
      requestId: request.requestId,
      purpose: 'reset',
      accountId: account.id,
      browser: request.browser,
      email: account.email,
      expiresAt,
    })
    if (!token) return
    const letter = resetMail({
      to: account.email,
      link: `${request.issuer}/reset/${token}`,
      code: request.code,
      minutes: LIFE_SECONDS.reset / 60,
      expiresAt,
    })
    await sendLetter(sql, parts, { ...account, requestLocale: request.locale }, letter)
    log.info('reset link created', { accountId: account.id })
  })
}

/** Sends a link to a new address, to prove that it is the resident's. Returns the seconds to wait, 0 when the mail is enqueued. */
export async function requestEmailChange(
  parts: MailLinkContext,
  input: {
    accountId: string
    email: string
    address: string
    browser: string
    issuer: string
    /** The language of the mail. */
    locale: Locale
    /** Throws when the resident is no longer signed in. */
    requireSession: (sql: Sql) => Promise<void>
  },
): Promise<number> {
  const wait = await countAttempt(parts.db, {
    what: 'mail',
    emailKey: await hashEmail(parts.db, parts.vault, input.email),
    address: input.address,
  })
  if (wait > 0) return wait
  const request = {
    ...input,
    requestId: randomUUID(),
    purpose: 'email',
    code: createCode(),
    expiresAt: expiryOf('email', Date.now()),
  } as const
  const { code, expiresAt } = request
  await parts.db.begin(async (sql) => {
    await input.requireSession(sql)
    await insertCode(sql, parts.sealer, request)
    const token = await insertLink(sql, parts.vault, request)
    const letter = confirmEmailMail({
      to: input.email,
      link: `${input.issuer}/verify-email/${token}`,
      code,
      hours: LIFE_SECONDS.email / 3600,
      expiresAt,
    })
    await sendLetter(sql, parts, input, letter)
  })
  return 0
}

/** Returns the token, or `undefined` when this request has a link already. */
async function insertLink(
  sql: Sql,
  vault: Vault,
  link: MailLink & { requestId: string; purpose: LinkPurpose; expiresAt: Date },
): Promise<string | undefined> {
  const token = randomSecret()
  const hash = hashSecret(token)
  const sealed = await vault.seal(sql, { accountId: link.accountId }, placeOf(hash), link.email)
  const [row] = await sql`
    insert into mail_link (token_hash, request_id, purpose, account_id, browser_hash, email_sealed, expires_at)
    values (${hash}, ${link.requestId}, ${link.purpose}, ${link.accountId},
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
  /** In the clear where an earlier version stored the link. */
  email: string | null
  emailSealed: Buffer | null
}

async function unsealLink(
  sql: Sql,
  vault: Vault,
  { accountId, browser, tokenHash, email, emailSealed }: LinkRow,
): Promise<MailLink> {
  if (!emailSealed) return { accountId, browser, email: email ?? '' }
  const opened = await vault.open(sql, placeOf(tokenHash), emailSealed)
  return { accountId, browser, email: opened.toString() }
}

/**
 * Accepts the code of the last mail in the browser that asked, and returns the token of a link; the mailed one ends. `undefined`: the code
 * is wrong, or its link was used or has ended.
 */
export async function acceptCode(
  { db, sealer, vault }: Pick<MailLinkContext, 'db' | 'sealer' | 'vault'>,
  asked: { purpose: LinkPurpose; browser: string; typed: string },
): Promise<string | undefined> {
  // Outside of the transaction: a try counts whatever comes of it.
  const requestId = await findRequestByCode(db, sealer, asked)
  if (requestId === undefined) return undefined
  return await db.begin(async (sql) => {
    const [row] = await sql<(LinkRow & { expiresAt: Date })[]>`
      delete from mail_link using account
      where request_id = ${requestId} and purpose = ${asked.purpose} and used_at is null and expires_at > now()
        and account.id = account_id and account.status = 'active'
      returning account_id, mail_link.email, email_sealed, token_hash, encode(browser_hash, 'hex') as browser, expires_at`
    if (!row) return undefined
    const link = await unsealLink(sql, vault, row)
    const { purpose } = asked
    return await insertLink(sql, vault, { ...link, requestId, purpose, expiresAt: row.expiresAt })
  })
}

/** Returns a link that can still be used, in whatever browser; or `undefined`. */
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
  return row && unsealLink(sql, vault, row)
}

/** Uses a link up, in the browser that requested it. Of concurrent calls only one gets it. */
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
  return row && unsealLink(sql, vault, row)
}

/** The account whose link this browser used within the last ten minutes, or `undefined`. */
export async function findRecentlyUsedLink(
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

/** Deletes the account's unused links, when what they were sent for has changed. */
export async function deleteUnusedLinks(sql: Sql, accountId: string): Promise<void> {
  await sql`delete from mail_link where account_id = ${accountId} and used_at is null`
}

/** Deletes links a day after they expire. */
export async function deleteOldLinks(sql: Sql): Promise<void> {
  await sql`delete from mail_link where expires_at < now() - interval '1 day'`
}
