import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Db, Sql } from '../platform/db.ts'
import { OperatorError } from '../platform/errors.ts'
import type { JobData } from '../platform/jobs.ts'
import type { Log } from '../platform/log.ts'
import { findPolicy } from '../platform/policies.ts'
import type { SealedColumn } from '../platform/resealing.ts'
import { hashSecret, randomSecret, type Sealer } from '../platform/secrets.ts'
import type { Vault } from '../platform/vault.ts'
import { isLocale, type Locale } from '../web/texts/languages.ts'
import { type Account, findAccountByEmail, hashEmail, insertAccount } from './accounts.ts'
import { CODE_TRIES, createCode, isSameCode } from './mail-codes.ts'
import { type MailContext, sendLetter } from './mails.ts'
import { accountExistsMail, invitationMail, signUpMail } from './sign-up-mails.ts'
import { countAttempt } from './throttle.ts'

/*
 * A sign-up is one row until the account exists. A browser's request stores the row before anybody looks whether the address is
 * known; a job does that and sends one of two mails. So the request, its page and the code's form work in the same way for both. The link
 * works in the browser that asked, and the code of the mail gives that browser a link of its own. An invitation is a row without a
 * browser: whoever receives the mail may open its link anywhere.
 */

const REQUEST_MINUTES = 30
const INVITATION_DAYS = 7
// Everything about an address without an account is gone after a day.
const MAIL_KEPT_SECONDS = 3600

/** The application's request that waits for the account, and its client. */
export type WaitingRequest = { interactionUid: string; clientId: string }
export type SignUp = {
  /** The id that the account will have. */
  id: string
  email: string
  /** As `ensureBrowserId` returns it; `undefined` for an invitation. */
  browser: string | undefined
  waiting: WaitingRequest | undefined
}

type SignUpContext = MailContext & { db: Db; vault: Vault }

const detailsSchema = z.object({
  email: z.string(),
  code: z.string(),
  /** The language of the request; an invitation has none. */
  locale: z.string().refine(isLocale).optional().catch(undefined),
})
type Details = z.infer<typeof detailsSchema>

const contextOf = (id: string) => `sign_up ${id}`
export const SEALED_SIGN_UPS: SealedColumn = {
  table: 'sign_up',
  column: 'details_sealed',
  key: ['id'],
  contextOf,
}

type Row = {
  id: string
  detailsSealed: string
  browser: string | null
  interactionUid: string | null
  clientId: string | null
}

const columns = (sql: Sql) => sql`
  id, details_sealed, encode(browser_hash, 'hex') as browser, interaction_uid, client_id`

const openDetails = (sealer: Sealer, { id, detailsSealed }: Row): Details =>
  detailsSchema.parse(JSON.parse(sealer.open(detailsSealed, contextOf(id))))

function openRow(sealer: Sealer, row: Row): SignUp {
  const { id, browser, interactionUid, clientId } = row
  return {
    id,
    email: openDetails(sealer, row).email,
    browser: browser ?? undefined,
    waiting: interactionUid && clientId ? { interactionUid, clientId } : undefined,
  }
}

/** Whether the policy lets anybody create an account by themselves: everybody, or those who are invited. */
export const isSignUpOffered = async (sql: Sql): Promise<boolean> =>
  (await findPolicy(sql, 'sign-up')) !== 'closed'

/** Whether the policy lets the owner of this address create an account now. */
async function isPermitted(sql: Sql, emailMac: Buffer): Promise<boolean> {
  const policy = await findPolicy(sql, 'sign-up')
  if (policy !== 'invitation') return policy === 'open'
  const [invitation] = await sql`
    select from sign_up
    where email_mac = ${emailMac} and browser_hash is null and expires_at > now() limit 1`
  return invitation !== undefined
}

const macOf = async (sql: Sql, vault: Vault, email: string) =>
  Buffer.from(await hashEmail(sql, vault, email), 'hex')

/**
 * Requests a link to create an account. Returns the seconds to wait, 0 when the request was accepted, which says nothing about the
 * address.
 */
export async function requestSignUp(
  { db, sealer, vault, jobs }: SignUpContext,
  input: {
    email: string
    address: string
    browser: string
    waiting: WaitingRequest | undefined
    issuer: string
    locale: Locale
  },
): Promise<number> {
  const { email, address, browser, waiting, issuer, locale } = input
  const emailMac = await macOf(db, vault, email)
  const emailKey = emailMac.toString('hex')
  const wait = await countAttempt(db, { what: 'mail', emailKey, address })
  if (wait > 0) return wait
  const id = randomUUID()
  const details: Details = { email, code: createCode(), locale }
  await db.begin(async (sql) => {
    await sql`
      insert into sign_up (id, email_mac, details_sealed, browser_hash, interaction_uid, client_id, expires_at)
      values (${id}, ${emailMac}, ${sealer.seal(JSON.stringify(details), contextOf(id))},
        ${Buffer.from(browser, 'hex')}, ${waiting?.interactionUid ?? null}, ${waiting?.clientId ?? null},
        now() + make_interval(mins => ${REQUEST_MINUTES}))`
    await jobs.enqueue(sql, 'make-sign-up-link', { signUpId: id, issuer })
  })
  return 0
}

/** Works on the queue of requested sign-ups. */
export async function startSignUpLinks(parts: SignUpContext & { log: Log }): Promise<void> {
  await parts.jobs.work('make-sign-up-link', 1, (data) => createSignUpLink(parts, data))
}

async function createSignUpLink(
  parts: SignUpContext & { log: Log },
  { signUpId, issuer }: JobData<'make-sign-up-link'>,
): Promise<void> {
  const { db, sealer, vault, log } = parts
  await db.begin(async (sql) => {
    const token = randomSecret()
    // A job that runs twice finds the token of the first time, and mails nothing.
    const [row] = await sql<(Row & { emailMac: Buffer; expiresAt: Date })[]>`
      update sign_up set token_hash = ${hashSecret(token)}
      where id = ${signUpId} and token_hash is null and expires_at > now()
      returning ${columns(sql)}, email_mac, expires_at`
    if (!row) return
    const { email, code, locale } = openDetails(sealer, row)
    const { expiresAt } = row
    const account = await findAccountByEmail(sql, vault, email)
    if (!account && !(await isPermitted(sql, row.emailMac))) return
    const link = `${issuer}/sign-up/${token}`
    const to = { ...(account ?? { email, locale: null }), requestLocale: locale }
    const letter = account
      ? accountExistsMail({ to: account.email, issuer, expiresAt })
      : signUpMail({ to: email, link, code, minutes: REQUEST_MINUTES, expiresAt })
    await sendLetter(sql, parts, to, letter, { keptForSeconds: MAIL_KEPT_SECONDS })
    log.info('sign-up answered', { signUpId })
  })
}

/**
 * Invites the owner of an address to create an account; an earlier invitation ends. Returns when it ends. Throws OperatorError where
 * the policy is `closed`, or an account has the address.
 */
export async function inviteResident(
  parts: SignUpContext,
  { email, issuer }: { email: string; issuer: string },
): Promise<Date> {
  const { db, sealer, vault } = parts
  if (!(await isSignUpOffered(db)))
    throw new OperatorError(
      'Sign-up is closed. Open it for those you invite: policy set sign-up invitation',
    )
  if (await findAccountByEmail(db, vault, email))
    throw new OperatorError('A resident with this e-mail exists already.')
  const id = randomUUID()
  const token = randomSecret()
  const emailMac = await macOf(db, vault, email)
  const details: Details = { email, code: createCode() }
  const expiresAt = new Date(Date.now() + INVITATION_DAYS * 24 * 3600 * 1000)
  await db.begin(async (sql) => {
    await sql`delete from sign_up where email_mac = ${emailMac} and browser_hash is null`
    await sql`
      insert into sign_up (id, email_mac, details_sealed, token_hash, expires_at)
      values (${id}, ${emailMac}, ${sealer.seal(JSON.stringify(details), contextOf(id))},
        ${hashSecret(token)}, ${expiresAt})`
    const link = `${issuer}/sign-up/${token}`
    const letter = invitationMail({ to: email, link, days: INVITATION_DAYS, expiresAt })
    const to = { email, locale: null }
    await sendLetter(sql, parts, to, letter, { keptForSeconds: MAIL_KEPT_SECONDS })
  })
  return expiresAt
}

/** Returns the sign-up of a link that can still be used, in whatever browser; or `undefined`. */
export async function findSignUp(
  sql: Sql,
  sealer: Sealer,
  token: string,
): Promise<SignUp | undefined> {
  const [row] = await sql<Row[]>`
    select ${columns(sql)} from sign_up where token_hash = ${hashSecret(token)} and expires_at > now()`
  return row && openRow(sealer, row)
}

/** Returns what this browser asked for last, while its mail can still be used. */
export async function findRequestedSignUp(
  sql: Sql,
  sealer: Sealer,
  browser: string,
): Promise<SignUp | undefined> {
  const [row] = await sql<Row[]>`
    select ${columns(sql)} from sign_up where id = ${newestOf(sql, browser)}`
  return row && openRow(sealer, row)
}

const newestOf = (sql: Sql, browser: string) => sql`(
  select id from sign_up where browser_hash = ${Buffer.from(browser, 'hex')} and expires_at > now()
  order by created_at desc, id limit 1)`

/**
 * Accepts the code of the last mail in the browser that asked, and returns the token of a link; the mailed one ends. A try is counted
 * before it is compared, and the sixth is wrong whatever it is.
 */
export async function acceptSignUpCode(
  sql: Sql,
  sealer: Sealer,
  { browser, typed }: { browser: string; typed: string },
): Promise<string | undefined> {
  const [row] = await sql<Row[]>`
    update sign_up set code_tries = code_tries + 1
    where id = ${newestOf(sql, browser)} and code_tries < ${CODE_TRIES}
    returning ${columns(sql)}`
  if (!row || !isSameCode(typed, openDetails(sealer, row).code)) return undefined
  const token = randomSecret()
  await sql`update sign_up set token_hash = ${hashSecret(token)} where id = ${row.id}`
  return token
}

/**
 * In a transaction: uses up the link, and every other sign-up of its address, and creates the account. Returns `undefined` when the
 * link was used or has ended, or the policy does not permit the account any more. Of concurrent calls for one address only one gets an
 * account. Throws EmailTakenError.
 */
export async function createSignedUpAccount(
  sql: Sql,
  { sealer, vault }: { sealer: Sealer; vault: Vault },
  { token, browser }: { token: string; browser: string },
  given: { givenName: string; surname: string; passwordHash: string | null },
): Promise<Account | undefined> {
  const tokenHash = hashSecret(token)
  const [found] = await sql<(Row & { emailMac: Buffer })[]>`
    select ${columns(sql)}, email_mac from sign_up
    where token_hash = ${tokenHash} and expires_at > now()
      and (browser_hash is null or browser_hash = ${Buffer.from(browser, 'hex')})`
  if (!found || !(await isPermitted(sql, found.emailMac))) return undefined
  // In one order, so that two links of one address do not deadlock.
  const locked = await sql<{ id: string; tokenHash: Buffer | null }[]>`
    select id, token_hash from sign_up where email_mac = ${found.emailMac} order by id for update`
  if (!locked.some((each) => each.tokenHash?.equals(tokenHash))) return undefined
  await sql`delete from sign_up where id = any(${locked.map(({ id }) => id)})`
  return await insertAccount(sql, vault, {
    ...given,
    id: found.id,
    email: openDetails(sealer, found).email,
    emailVerified: true,
    nameSource: 'resident',
  })
}

/** Deletes expired sign-ups and invitations: nothing is left of an address that got no account. */
export async function deleteOldSignUps(sql: Sql): Promise<void> {
  await sql`delete from sign_up where expires_at < now()`
}
