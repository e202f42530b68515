import { randomBytes } from 'node:crypto'
import type { Sql } from '../platform/db.ts'
import { hashShortSecret } from './passwords.ts'

const CODE_COUNT = 10
const CODE_LENGTH = 12
// Crockford's Base32: no two characters look alike.
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** A new set: the codes for the resident, and what is stored. */
export type RecoveryCodes = { codes: string[]; salt: Buffer; hashes: Buffer[] }

/**
 * Creates codes of 60 bits. They are short enough to type, so they are hashed as passwords are (NIST SP 800-63B-4 §3.1.2.2).
 * Throws TooBusyError.
 */
export async function createRecoveryCodes(): Promise<RecoveryCodes> {
  const salt = randomBytes(16)
  const codes = Array.from({ length: CODE_COUNT }, () =>
    [...randomBytes(CODE_LENGTH)].map((byte) => ALPHABET[byte % ALPHABET.length]).join(''),
  )
  // One after the other, so that sign-ins do not wait for all ten.
  const hashes: Buffer[] = []
  for (const code of codes) hashes.push(await hashShortSecret(code, salt))
  return {
    codes: codes.map((code) => code.replace(/^(.{4})(.{4})(.{4})$/, '$1-$2-$3')),
    salt,
    hashes,
  }
}

/** In a transaction: replaces the account's codes. */
export async function storeRecoveryCodes(
  sql: Sql,
  accountId: string,
  { salt, hashes }: RecoveryCodes,
): Promise<void> {
  await removeRecoveryCodes(sql, accountId)
  await sql`insert into recovery_code_set (account_id, salt) values (${accountId}, ${salt})`
  await sql`
    insert into recovery_code (account_id, code_hash)
    select ${accountId}::uuid, decode(made, 'hex')
    from unnest(${hashes.map((hash) => hash.toString('hex'))}::text[]) as made`
}

/** Returns the hash of a typed code of this account. Too slow for a transaction. Throws TooBusyError. */
export async function hashRecoveryCode(
  sql: Sql,
  accountId: string,
  typed: string,
): Promise<Buffer | undefined> {
  const code = typed
    .normalize('NFKC')
    .toUpperCase()
    .replaceAll(/[^0-9A-Z]/g, '')
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1')
  if (code.length !== CODE_LENGTH) return undefined
  const [set] = await sql<{ salt: Buffer }[]>`
    select salt from recovery_code_set where account_id = ${accountId}`
  return set && (await hashShortSecret(code, set.salt))
}

/** Accepts a code once. Of concurrent calls only one succeeds. */
export async function acceptRecoveryCode(
  sql: Sql,
  accountId: string,
  hash: Buffer,
): Promise<boolean> {
  const [used] = await sql`
    update recovery_code set used_at = now()
    where account_id = ${accountId} and code_hash = ${hash} and used_at is null
    returning 1`
  return used !== undefined
}

export async function countRecoveryCodes(sql: Sql, accountId: string): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int from recovery_code where account_id = ${accountId} and used_at is null`
  return row?.count ?? 0
}

export async function removeRecoveryCodes(sql: Sql, accountId: string): Promise<void> {
  await sql`delete from recovery_code_set where account_id = ${accountId}`
}
