import type { Sql } from '../db.ts'
import { displayedText, isDisplayable, visibleText } from '../displayed-text.ts'
import { OperatorError } from '../errors.ts'
import { findIssuer } from '../issuer.ts'
import { hashPassword } from './passwords.ts'

export type Account = {
  id: string
  email: string
  emailVerified: boolean
  givenName: string
  surname: string
  /** Who stated the name. A document is not compared with what residents typed about themselves. */
  nameSource: NameSource
  status: 'active' | 'suspended'
}
export type NameSource = 'registry' | 'operator' | 'resident' | 'document'

/** One form for every spelling of an address, so that look-ups neither miss nor collide. */
export const emailKey = (email: string): string => email.normalize('NFKC').trim().toLowerCase()

/**
 * Throws OperatorError when the address is taken or the password is refused. Without a password the account cannot sign in by one.
 * `emailVerified`: the operator has seen that the address is the resident's; else a link that is mailed to it shows that.
 */
export async function createAccount(
  sql: Sql,
  account: {
    email: string
    emailVerified?: boolean
    givenName: string
    surname: string
    nameSource?: NameSource
    password?: string
  },
): Promise<Account> {
  const email = account.email.trim()
  if (!isDisplayable(email)) throw new OperatorError('The e-mail address has invisible characters.')
  const [givenName, surname] = [
    readName('the given name', account.givenName),
    readName('the surname', account.surname),
  ]
  const passwordHash = account.password
    ? await hashPassword(account.password, { ...account, issuer: await findIssuer(sql) })
    : null
  const [row] = await sql<Account[]>`
    insert into account (email, email_key, email_verified, given_name, surname, name_source, password_hash)
    values (${email}, ${emailKey(email)}, ${account.emailVerified ?? false}, ${givenName}, ${surname},
      ${account.nameSource ?? 'operator'}, ${passwordHash})
    on conflict (email_key) do nothing
    returning id, email, email_verified, given_name, surname, name_source, status`
  if (!row) throw new OperatorError('A resident with this e-mail exists already.')
  return row
}

function readName(what: string, name: string): string {
  const parsed = displayedText(what, 100).safeParse(name)
  if (!parsed.success)
    throw new OperatorError(parsed.error.issues.map(({ message }) => message).join('; '))
  return parsed.data
}

/** As pages and applications are given it. */
export const fullNameOf = ({
  givenName,
  surname,
}: Pick<Account, 'givenName' | 'surname'>): string => visibleText(`${givenName} ${surname}`)

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export async function findAccount(sql: Sql, id: string): Promise<Account | undefined> {
  if (!UUID.test(id)) return undefined
  const [row] = await sql<Account[]>`
    select id, email, email_verified, given_name, surname, name_source, status from account where id = ${id}`
  return row
}

/** With the password's hash: for sign-in alone. */
export async function findCredentials(
  sql: Sql,
  email: string,
): Promise<{ id: string; passwordHash: string | null } | undefined> {
  const [row] = await sql<{ id: string; passwordHash: string | null }[]>`
    select id, password_hash from account where email_key = ${emailKey(email)} and status = 'active'`
  return row
}

export async function findAccountByEmail(sql: Sql, email: string): Promise<Account | undefined> {
  const [row] = await sql<Account[]>`
    select id, email, email_verified, given_name, surname, name_source, status from account
    where email_key = ${emailKey(email)}`
  return row
}

export async function listAccounts(sql: Sql): Promise<Account[]> {
  return await sql<Account[]>`
    select id, email, email_verified, given_name, surname, name_source, status from account order by created_at`
}

/** The name that the resident's own document bears, after they confirmed it. */
export async function setNameFromDocument(
  sql: Sql,
  id: string,
  { givenName, surname }: { givenName: string; surname: string },
): Promise<void> {
  await sql`
    update account set given_name = ${givenName}, surname = ${surname}, name_source = 'document',
      updated_at = now()
    where id = ${id}`
}

/** In a transaction: whether the account is active, and holds a suspension back until the transaction ends. */
export async function lockActiveAccount(sql: Sql, id: string): Promise<boolean> {
  const rows = await sql`select from account where id = ${id} and status = 'active' for share`
  return rows.length > 0
}

/** A link that was mailed to the account's address was used. */
export async function setEmailVerified(sql: Sql, id: string): Promise<void> {
  await sql`update account set email_verified = true, updated_at = now() where id = ${id}`
}

/** `passwordHash` as `hashPassword` makes it. Answers the account, or `undefined` when it is not in good standing. */
export async function setPasswordHash(
  sql: Sql,
  id: string,
  passwordHash: string,
): Promise<Account | undefined> {
  const [row] = await sql<Account[]>`
    update account set password_hash = ${passwordHash}, updated_at = now()
    where id = ${id} and status = 'active'
    returning id, email, email_verified, given_name, surname, name_source, status`
  // What was begun with the old password does not go on.
  await sql`delete from pending_sign_in where account_id = ${id}`
  return row
}

/**
 * In the transaction that ends every session of the account, and before it does: a sign-in under way finds out by
 * `wasSignedOutSince`, which waits for this transaction.
 */
export async function markSignedOut(sql: Sql, id: string): Promise<void> {
  await sql`
    update account set signed_out_at = now(), signed_out_by = pg_current_xact_id() where id = ${id}`
}

/** What is committed now, as PostgreSQL writes a snapshot: take it before a sign-in is judged. */
export async function takeSnapshot(sql: Sql): Promise<string> {
  const [row] = await sql<{ snapshot: string }[]>`
    select pg_current_snapshot()::text as snapshot`
  return row?.snapshot ?? ''
}

/**
 * Whether everything of this account was signed out by a transaction that is not part of `snapshot`: then a sign-in
 * that began with it was judged by what counted before. To be asked after the sign-in was stored.
 */
export async function wasSignedOutSince(sql: Sql, id: string, snapshot: string): Promise<boolean> {
  // Transaction ids mean nothing in a restored database, so only a fresh one counts: longer than an interaction lives.
  const [row] = await sql<{ isOver: boolean }[]>`
    select coalesce(signed_out_at > now() - interval '2 hours'
      and not pg_visible_in_snapshot(signed_out_by, ${snapshot}::pg_snapshot), false) as is_over
    from account where id = ${id} for share`
  return row?.isOver ?? true
}

/** An address that is proven to be the resident's. Answers `false` when another account has it. */
export async function setEmail(sql: Sql, id: string, email: string): Promise<boolean> {
  const [taken] = await sql`
    select from account where email_key = ${emailKey(email)} and id <> ${id}`
  if (taken) return false
  await sql`
    update account set email = ${email.trim()}, email_key = ${emailKey(email)}, email_verified = true,
      updated_at = now()
    where id = ${id}`
  return true
}

/** A suspended resident signs in nowhere, and every token of theirs opens nothing. Answers the account, or `undefined`. */
export async function setAccountStatus(
  sql: Sql,
  id: string,
  status: Account['status'],
): Promise<Account | undefined> {
  const [row] = await sql<Account[]>`
    update account set status = ${status}, updated_at = now() where id = ${id}
    returning id, email, email_verified, given_name, surname, name_source, status`
  return row
}
