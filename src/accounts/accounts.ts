import type { Sql } from '../db.ts'
import { OperatorError } from '../errors.ts'
import { hashPassword } from './passwords.ts'

export type Account = {
  id: string
  email: string
  emailVerified: boolean
  givenName: string
  surname: string
  status: 'active' | 'suspended'
}

/** One form for every spelling of an address, so that look-ups neither miss nor collide. */
export const emailKey = (email: string): string => email.normalize('NFKC').trim().toLowerCase()

/**
 * Throws OperatorError when the address is taken. Without a password the account cannot sign in by one. `emailVerified`:
 * the operator has seen that the address is the resident's; else a link that is mailed to it shows that.
 */
export async function createAccount(
  sql: Sql,
  account: {
    email: string
    emailVerified?: boolean
    givenName: string
    surname: string
    password?: string
  },
): Promise<Account> {
  const passwordHash = account.password ? await hashPassword(account.password) : null
  const [row] = await sql<Account[]>`
    insert into account (email, email_key, email_verified, given_name, surname, password_hash)
    values (${account.email.trim()}, ${emailKey(account.email)}, ${account.emailVerified ?? false}, ${account.givenName},
      ${account.surname}, ${passwordHash})
    on conflict (email_key) do nothing
    returning id, email, email_verified, given_name, surname, status`
  if (!row) throw new OperatorError('A resident with this e-mail exists already.')
  return row
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export async function findAccount(sql: Sql, id: string): Promise<Account | undefined> {
  if (!UUID.test(id)) return undefined
  const [row] = await sql<Account[]>`
    select id, email, email_verified, given_name, surname, status from account where id = ${id}`
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
    select id, email, email_verified, given_name, surname, status from account
    where email_key = ${emailKey(email)}`
  return row
}

export async function listAccounts(sql: Sql): Promise<Account[]> {
  return await sql<Account[]>`
    select id, email, email_verified, given_name, surname, status from account order by created_at`
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
    returning id, email, email_verified, given_name, surname, status`
  return row
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
    returning id, email, email_verified, given_name, surname, status`
  return row
}
