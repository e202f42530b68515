import { type Db, isDuplicateKey, type Sql } from '../db.ts'
import { displayedText, isDisplayable, visibleText } from '../displayed-text.ts'
import { OperatorError } from '../errors.ts'
import { findIssuer } from '../issuer.ts'
import type { Vault } from '../vault.ts'
import { hashPassword } from './passwords.ts'

/*
 * E-mail and name are one sealed document; an account is found by the keyed hash of its e-mail. Rows of an earlier version
 * have both in the clear until `sealStoredAccounts` has come to them: every look-up finds either form.
 */

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

type Details = Pick<Account, 'email' | 'givenName' | 'surname'>
type Row = Omit<Account, keyof Details> & {
  detailsSealed: Buffer | null
} & { [Name in keyof Details]: string | null }

/** One form for every spelling of an address, so that look-ups neither miss nor collide. */
export const emailKey = (email: string): string => email.normalize('NFKC').trim().toLowerCase()

const macOf = (sql: Sql, vault: Vault, email: string) =>
  vault.mac(sql, { table: 'account', column: 'email_mac' }, emailKey(email))

/** What stands for an address where it is only compared: its keyed hash, hexadecimal. */
export const hashEmail = async (sql: Sql, vault: Vault, email: string): Promise<string> =>
  (await macOf(sql, vault, email)).toString('hex')

const placeOf = (id: string) => ({ table: 'account', column: 'details_sealed', row: id })

const columns = (sql: Sql) => sql`
  id, details_sealed, email, given_name, surname, email_verified, name_source, status`

async function openRow(sql: Sql, vault: Vault, row: Row): Promise<Account> {
  const { id, detailsSealed, emailVerified, nameSource, status } = row
  const { email, givenName, surname } = detailsSealed
    ? (JSON.parse((await vault.open(sql, placeOf(id), detailsSealed)).toString()) as Details)
    : (row as Details)
  return { id, email, emailVerified, givenName, surname, nameSource, status }
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

/** In a transaction: reads the details, and holds other changes of them back. */
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
 * Throws OperatorError when the address is taken or the password is refused. Without a password the account cannot sign in by one.
 * `emailVerified`: the operator has seen that the address is the resident's; else a link that is mailed to it shows that.
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
    throw new OperatorError('The e-mail address has invisible characters.')
  const passwordHash = account.password
    ? await hashPassword(account.password, { ...account, issuer: await findIssuer(db) })
    : null
  const taken = () => new OperatorError('A resident with this e-mail exists already.')
  try {
    return await db.begin(async (sql) => {
      if (await findIdByEmail(sql, vault, details.email)) throw taken()
      const [row] = await sql<Row[]>`
        insert into account (email_verified, name_source, password_hash, email_mac)
        values (${account.emailVerified ?? false}, ${account.nameSource ?? 'operator'}, ${passwordHash},
          ${await macOf(sql, vault, details.email)})
        returning ${columns(sql)}`
      if (!row) throw new Error('the account was not written')
      await writeDetails(sql, vault, row.id, details)
      const { id, emailVerified, nameSource, status } = row
      return { id, ...details, emailVerified, nameSource, status }
    })
  } catch (error) {
    throw isDuplicateKey(error) ? taken() : error
  }
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

export async function findAccount(
  sql: Sql,
  vault: Vault,
  id: string,
): Promise<Account | undefined> {
  if (!UUID.test(id)) return undefined
  const [row] = await sql<Row[]>`select ${columns(sql)} from account where id = ${id}`
  return row && openRow(sql, vault, row)
}

// Not async: a fragment that is awaited is sent as a statement of its own.
const hasEmail = (sql: Sql, mac: Buffer, email: string) =>
  sql`(email_mac = ${mac} or email_key = ${emailKey(email)})`

async function findIdByEmail(sql: Sql, vault: Vault, email: string): Promise<string | undefined> {
  const mac = await macOf(sql, vault, email)
  const [row] = await sql<{ id: string }[]>`
    select id from account where ${hasEmail(sql, mac, email)}`
  return row?.id
}

/** With the password's hash: for sign-in alone. */
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

/** In a transaction: the name that the resident's own document bears, after they confirmed it. */
export async function setNameFromDocument(
  sql: Sql,
  vault: Vault,
  id: string,
  { givenName, surname }: { givenName: string; surname: string },
): Promise<void> {
  await changeDetails(sql, vault, id, { givenName, surname })
  await sql`update account set name_source = 'document' where id = ${id}`
}

/** In a transaction: what the registry says of the name. It replaces the account's, whoever stated that. */
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
 * In a transaction that changes what documents are compared with, before anything else is locked: holds comparisons and
 * other such changes back.
 */
export async function lockAccount(sql: Sql, id: string): Promise<void> {
  await sql`select from account where id = ${id} for no key update`
}

/** In a transaction that compares with the account: holds changes of it back. */
export async function holdAccount(sql: Sql, id: string): Promise<void> {
  await sql`select from account where id = ${id} for share`
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
  vault: Vault,
  id: string,
  passwordHash: string,
): Promise<Account | undefined> {
  const [row] = await sql<Row[]>`
    update account set password_hash = ${passwordHash}, updated_at = now()
    where id = ${id} and status = 'active'
    returning ${columns(sql)}`
  // What was begun with the old password does not go on.
  await sql`delete from pending_sign_in where account_id = ${id}`
  return row && openRow(sql, vault, row)
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

/** In a transaction: an address that is proven to be the resident's. Answers `false` when another account has it. */
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

/** A suspended resident signs in nowhere, and every token of theirs opens nothing. Answers whether there is this account. */
export async function setAccountStatus(
  sql: Sql,
  id: string,
  status: Account['status'],
): Promise<boolean> {
  const rows = await sql`
    update account set status = ${status}, updated_at = now() where id = ${id} returning 1`
  return rows.length > 0
}

const BATCH = 100

/**
 * Seals some of the accounts that were stored in the clear. Answers how many there were, 0 when all are sealed. One whose
 * e-mail another account has by now stays in the clear, and is found as before.
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
 * The same for one account, in a transaction of its own: sealing changes unique columns, and whoever references the account
 * waits for that. To be called before a transaction that locks more than the account.
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
