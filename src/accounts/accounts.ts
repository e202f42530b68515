import { randomUUID } from 'node:crypto'
import { type Db, isDuplicateKey, type Sql } from '../platform/db.ts'
import { OperatorError } from '../platform/errors.ts'
import { findIssuer } from '../platform/issuer.ts'
import { isUuid } from '../platform/uuid.ts'
import type { Vault } from '../platform/vault.ts'
import { displayedText, isDisplayable, visibleText } from '../web/displayed-text.ts'
import { isTimeZone } from '../web/texts/formats.ts'
import { isLocale, type Locale } from '../web/texts/languages.ts'
import { hashPassword } from './passwords.ts'

/*
 * E-mail and name are one sealed document; an account is found by the keyed hash of its e-mail. Rows of an earlier version have both
 * in the clear until `sealStoredAccounts` seals them; every look-up finds either form.
 */

export type Account = {
  id: string
  email: string
  emailVerified: boolean
  givenName: string
  surname: string
  /** The source of the name. Documents are not compared with a name that the resident typed. */
  nameSource: NameSource
  status: 'active' | 'suspended'
  /** The language of mails; `null` before the first sign-in. */
  locale: Locale | null
  /** The zone (IANA) in which the resident reads times; `null`: the operator's default. */
  timeZone: string | null
}
export type NameSource = 'registry' | 'operator' | 'resident' | 'document'

type Details = Pick<Account, 'email' | 'givenName' | 'surname'>
type Row = Omit<Account, keyof Details> & {
  detailsSealed: Buffer | null
} & { [Name in keyof Details]: string | null }

/** Normalizes an address, so that different spellings are one key. */
export const normalizeEmail = (email: string): string =>
  email.normalize('NFKC').trim().toLowerCase()

const macOf = (sql: Sql, vault: Vault, email: string) =>
  vault.mac(sql, { table: 'account', column: 'email_mac' }, normalizeEmail(email))

/** Returns the keyed hash of an address, hexadecimal, for uses that only compare addresses. */
export const hashEmail = async (sql: Sql, vault: Vault, email: string): Promise<string> =>
  (await macOf(sql, vault, email)).toString('hex')

const placeOf = (id: string) => ({ table: 'account', column: 'details_sealed', row: id })

const columns = (sql: Sql) => sql`
  id, details_sealed, email, given_name, surname, email_verified, name_source, status, locale,
  time_zone`

async function openRow(sql: Sql, vault: Vault, row: Row): Promise<Account> {
  const { id, detailsSealed, emailVerified, nameSource, status } = row
  // A language or zone that this version does not have counts as none.
  const locale = isLocale(row.locale) ? row.locale : null
  const timeZone = isTimeZone(row.timeZone) ? row.timeZone : null
  const { email, givenName, surname } = detailsSealed
    ? (JSON.parse((await vault.open(sql, placeOf(id), detailsSealed)).toString()) as Details)
    : (row as Details)
  return { id, email, emailVerified, givenName, surname, nameSource, status, locale, timeZone }
}

async function writeDetails(
  sql: Sql,
  vault: Vault,
  id: string,
  { email, givenName, surname }: Details,
): Promise<void> {
  const details = JSON.stringify({ email, givenName, surname })
  const sealed = await vault.seal(sql, { accountId: id }, placeOf(id), details)
  await sql`
    update account set details_sealed = ${sealed}, email_mac = ${await macOf(sql, vault, email)},
      email = null, email_key = null, given_name = null, surname = null, updated_at = now()
    where id = ${id}`
}

/** In a transaction: changes the details, and blocks other changes of them. */
async function changeDetails(
  sql: Sql,
  vault: Vault,
  id: string,
  change: Partial<Details>,
): Promise<void> {
  const [row] = await sql<
    Row[]
  >`select ${columns(sql)} from account where id = ${id} for no key update`
  if (!row) return
  const { email, givenName, surname } = await openRow(sql, vault, row)
  await writeDetails(sql, vault, id, { email, givenName, surname, ...change })
}

/**
 * Throws OperatorError when the address is taken or the password is rejected. An account without a password cannot sign in by one.
 * `emailVerified`: the operator has verified the address; else a mailed link does.
 */
export async function createAccount(
  { db, vault }: { db: Db; vault: Vault },
  account: {
    email: string
    emailVerified?: boolean
    givenName: string
    surname: string
    nameSource?: NameSource
    password?: string
  },
): Promise<Account> {
  const details = {
    email: account.email.trim(),
    givenName: readName('the given name', account.givenName),
    surname: readName('the surname', account.surname),
  }
  if (!isDisplayable(details.email))
    throw new OperatorError('The e-mail address contains invisible characters.')
  const passwordHash = account.password
    ? await hashPassword(account.password, { ...account, issuer: await findIssuer(db) })
    : null
  const { emailVerified = false, nameSource = 'operator' } = account
  return await db.begin((sql) =>
    insertAccount(sql, vault, {
      id: randomUUID(),
      ...details,
      emailVerified,
      nameSource,
      passwordHash,
    }),
  )
}

/** Another account has the address. */
export class EmailTakenError extends OperatorError {}

/** In a transaction. The details are valid, `passwordHash` is from `hashPassword`. Throws EmailTakenError. */
export async function insertAccount(
  sql: Sql,
  vault: Vault,
  account: Omit<Account, 'status' | 'locale' | 'timeZone'> & { passwordHash: string | null },
): Promise<Account> {
  const { id, email, givenName, surname, emailVerified, nameSource, passwordHash } = account
  const taken = () => new EmailTakenError('A resident with this e-mail exists already.')
  if (await findIdByEmail(sql, vault, email)) throw taken()
  try {
    await sql`
      insert into account (id, email_verified, name_source, password_hash, email_mac)
      values (${id}, ${emailVerified}, ${nameSource}, ${passwordHash}, ${await macOf(sql, vault, email)})`
  } catch (error) {
    throw isDuplicateKey(error) ? taken() : error
  }
  await writeDetails(sql, vault, id, { email, givenName, surname })
  return {
    id,
    email,
    emailVerified,
    givenName,
    surname,
    nameSource,
    status: 'active',
    locale: null,
    timeZone: null,
  }
}

function readName(what: string, name: string): string {
  const parsed = displayedText(what, 100).safeParse(name)
  if (!parsed.success)
    throw new OperatorError(parsed.error.issues.map(({ message }) => message).join('; '))
  return parsed.data
}

/** The name for pages and applications. */
export const fullNameOf = ({
  givenName,
  surname,
}: Pick<Account, 'givenName' | 'surname'>): string => visibleText(`${givenName} ${surname}`)

export async function findAccount(
  sql: Sql,
  vault: Vault,
  id: string,
): Promise<Account | undefined> {
  if (!isUuid(id)) return undefined
  const [row] = await sql<Row[]>`select ${columns(sql)} from account where id = ${id}`
  return row && openRow(sql, vault, row)
}

// Not async: awaiting a fragment would send it as a statement of its own.
const hasEmail = (sql: Sql, mac: Buffer, email: string) =>
  sql`(email_mac = ${mac} or email_key = ${normalizeEmail(email)})`

async function findIdByEmail(sql: Sql, vault: Vault, email: string): Promise<string | undefined> {
  const mac = await macOf(sql, vault, email)
  const [row] = await sql<{ id: string }[]>`
    select id from account where ${hasEmail(sql, mac, email)}`
  return row?.id
}

/** Returns the id with the password's hash, for sign-in. */
export async function findCredentials(
  sql: Sql,
  vault: Vault,
  email: string,
): Promise<{ id: string; passwordHash: string | null } | undefined> {
  const mac = await macOf(sql, vault, email)
  const [row] = await sql<{ id: string; passwordHash: string | null }[]>`
    select id, password_hash from account
    where ${hasEmail(sql, mac, email)} and status = 'active'`
  return row
}

export async function findAccountByEmail(
  sql: Sql,
  vault: Vault,
  email: string,
): Promise<Account | undefined> {
  const mac = await macOf(sql, vault, email)
  const [row] = await sql<Row[]>`
    select ${columns(sql)} from account where ${hasEmail(sql, mac, email)}`
  return row && openRow(sql, vault, row)
}

export async function listAccounts(sql: Sql, vault: Vault): Promise<Account[]> {
  const rows = await sql<Row[]>`select ${columns(sql)} from account order by created_at`
  return await Promise.all(rows.map((row) => openRow(sql, vault, row)))
}

/** In a transaction: sets the name of the resident's own document, after they confirmed it. */
export async function setNameFromDocument(
  sql: Sql,
  vault: Vault,
  id: string,
  { givenName, surname }: { givenName: string; surname: string },
): Promise<void> {
  await changeDetails(sql, vault, id, { givenName, surname })
  await sql`update account set name_source = 'document' where id = ${id}`
}

/** In a transaction: sets the registry's name, which replaces the account's, whatever its source. */
export async function setNameFromRegistry(
  sql: Sql,
  vault: Vault,
  id: string,
  { givenName, surname }: { givenName: string | undefined; surname: string | undefined },
): Promise<void> {
  await changeDetails(sql, vault, id, {
    ...(givenName === undefined ? {} : { givenName }),
    ...(surname === undefined ? {} : { surname }),
  })
  await sql`update account set name_source = 'registry' where id = ${id}`
}

/**
 * In a transaction that changes what documents are compared with; call it before any other lock. Blocks comparisons and other such
 * changes.
 */
export async function lockAccount(sql: Sql, id: string): Promise<boolean> {
  const rows = await sql`select from account where id = ${id} for no key update`
  return rows.length > 0
}

/** In a transaction that compares documents with the account: blocks changes of the account. */
export async function lockAccountShared(sql: Sql, id: string): Promise<void> {
  await sql`select from account where id = ${id} for share`
}

/** In a transaction: returns whether the account is active, and blocks a suspension until the transaction ends. */
export async function lockActiveAccount(sql: Sql, id: string): Promise<boolean> {
  const rows = await sql`select from account where id = ${id} and status = 'active' for share`
  return rows.length > 0
}

/** Records that a link to the account's address was used. */
export async function setEmailVerified(sql: Sql, id: string): Promise<void> {
  await sql`update account set email_verified = true, updated_at = now() where id = ${id}`
}

/** `passwordHash` is from `hashPassword`. Returns the account, or `undefined` when it is not active. */
export async function setPasswordHash(
  sql: Sql,
  vault: Vault,
  id: string,
  passwordHash: string,
): Promise<Account | undefined> {
  const [row] = await sql<Row[]>`
    update account set password_hash = ${passwordHash}, updated_at = now()
    where id = ${id} and status = 'active'
    returning ${columns(sql)}`
  // A second step that began with the old password ends.
  await sql`delete from pending_sign_in where account_id = ${id}`
  return row && openRow(sql, vault, row)
}

/**
 * In a transaction that ends every session of the account, before it ends them: sign-ins under way find the mark by
 * `wasSignedOutSince`, which waits for this transaction.
 */
export async function recordSignOut(sql: Sql, id: string): Promise<void> {
  await sql`
    update account set signed_out_at = now(), signed_out_by = pg_current_xact_id() where id = ${id}`
}

/** Returns PostgreSQL's snapshot of what is committed. Take it before the credentials of a sign-in are checked. */
export async function takeSnapshot(sql: Sql): Promise<string> {
  const [row] = await sql<{ snapshot: string }[]>`
    select pg_current_snapshot()::text as snapshot`
  return row?.snapshot ?? ''
}

/**
 * Whether a transaction that is not part of `snapshot` ended every session of this account: then a sign-in that began with the
 * snapshot relied on old credentials. Call it after the sign-in is stored.
 */
export async function wasSignedOutSince(sql: Sql, id: string, snapshot: string): Promise<boolean> {
  // A restored database restarts transaction ids, so only a mark of the last two hours counts: longer than an interaction lives.
  const [row] = await sql<{ isOver: boolean }[]>`
    select coalesce(signed_out_at > now() - interval '2 hours'
      and not pg_visible_in_snapshot(signed_out_by, ${snapshot}::pg_snapshot), false) as is_over
    from account where id = ${id} for share`
  return row?.isOver ?? true
}

/** In a transaction: sets an address that is proven to be the resident's. Returns `false` when another account has it. */
export async function setEmail(
  sql: Sql,
  vault: Vault,
  id: string,
  email: string,
): Promise<boolean> {
  const owner = await findIdByEmail(sql, vault, email)
  if (owner !== undefined && owner !== id) return false
  await changeDetails(sql, vault, id, { email: email.trim() })
  await sql`update account set email_verified = true where id = ${id}`
  return true
}

/** A suspended resident cannot sign in, and their tokens are invalid. Returns whether the account exists. */
export async function setAccountStatus(
  sql: Sql,
  id: string,
  status: Account['status'],
): Promise<boolean> {
  const rows = await sql`
    update account set status = ${status}, updated_at = now() where id = ${id} returning 1`
  return rows.length > 0
}

/** Sets the language of the account's mails. `ifNone`: unless it has one. */
export async function setLocale(
  sql: Sql,
  id: string,
  locale: Locale,
  { ifNone }: { ifNone: boolean } = { ifNone: false },
): Promise<void> {
  await sql`
    update account set locale = ${locale}, updated_at = now()
    where id = ${id} and locale is distinct from ${locale} and not (${ifNone} and locale is not null)`
}

/** Sets the time zone of the account's pages and mails, which `isTimeZone` has accepted; `null`: the operator's default. */
export async function setTimeZone(sql: Sql, id: string, timeZone: string | null): Promise<void> {
  await sql`
    update account set time_zone = ${timeZone}, updated_at = now()
    where id = ${id} and time_zone is distinct from ${timeZone}`
}

const BATCH = 100

/**
 * Seals a batch of accounts that are stored in the clear. Returns how many, 0 when all are sealed. An account whose e-mail another
 * account has meanwhile stays in the clear, and can still be found.
 */
export async function sealStoredAccounts(db: Db, vault: Vault): Promise<number> {
  return await db.begin(async (sql) => {
    const rows = await sql<Row[]>`
      select ${columns(sql)} from account where email is not null
      order by id limit ${BATCH} for update skip locked`
    let sealed = 0
    for (const row of rows) if (await sealRow(sql, vault, row)) sealed++
    return sealed
  })
}

/**
 * Seals one account, in a transaction of its own: sealing changes unique columns, and statements that reference the account wait for
 * that. Call it before a transaction that locks more than the account.
 */
export async function sealStoredAccount(db: Db, vault: Vault, id: string): Promise<void> {
  await db.begin(async (sql) => {
    const [row] = await sql<Row[]>`
      select ${columns(sql)} from account where id = ${id} and email is not null for update`
    if (row) await sealRow(sql, vault, row)
  })
}

async function sealRow(sql: Sql, vault: Vault, row: Row): Promise<boolean> {
  const details = await openRow(sql, vault, row)
  const mac = await macOf(sql, vault, details.email)
  const [other] = await sql`select from account where email_mac = ${mac}`
  if (other) return false
  await writeDetails(sql, vault, row.id, details)
  return true
}

/** The last lock before an erasure: until the transaction ends, no row can be inserted that refers to the account. */
export async function lockAccountForErasure(sql: Sql, id: string): Promise<void> {
  await sql`select from account where id = ${id} for update`
}

/** Deletes the account, and by reference its sign-in methods, consents, grants, tokens and sessions. */
export async function deleteAccount(sql: Sql, id: string): Promise<void> {
  await sql`delete from account where id = ${id}`
}
