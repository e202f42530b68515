import type { Sql } from '../platform/db.ts'
import { findPolicy } from '../platform/policies.ts'
import { PageError } from '../web/page-error.ts'
import { isOperator } from './operators.ts'
import { removeRecoveryCodes } from './recovery-codes.ts'

/** The factors besides the password. Recovery codes replace a second factor, and do not count as one. */
export type Factors = {
  hasTotp: boolean
  hasPasskey: boolean
  recoveryCodes: number
}

export async function findFactors(sql: Sql, accountId: string): Promise<Factors> {
  const [row] = await sql<Factors[]>`
    select exists (select from totp where account_id = ${accountId}) as has_totp,
      exists (select from passkey where account_id = ${accountId}) as has_passkey,
      (select count(*)::int from recovery_code
        where account_id = ${accountId} and used_at is null) as recovery_codes`
  return row ?? { hasTotp: false, hasPasskey: false, recoveryCodes: 0 }
}

export const isEnrolled = ({ hasTotp, hasPasskey }: Factors): boolean => hasTotp || hasPasskey

/**
 * Whether a password alone suffices for this account by the operator's policy; it never does for somebody who operates the portal.
 * `isEnrolled`: whether it has a second factor, whatever the policy is.
 */
export async function evaluatePasswordAlone(
  sql: Sql,
  accountId: string,
): Promise<{ suffices: boolean; isEnrolled: boolean }> {
  const [policy, factors, operates] = await Promise.all([
    findPolicy(sql, 'mfa'),
    findFactors(sql, accountId),
    isOperator(sql, accountId),
  ])
  const enrolled = isEnrolled(factors)
  const suffices = !operates && (policy === 'off' || (policy === 'when-enrolled' && !enrolled))
  return { suffices, isEnrolled: enrolled }
}

/**
 * In the transaction that removes a factor, before it does: concurrent removals wait for each other.
 */
export async function lockFactors(sql: Sql, accountId: string): Promise<void> {
  await sql`select from account where id = ${accountId} for update`
}

/**
 * In the transaction that removed a factor: removes the recovery codes with the last one. Throws PageError `last_factor` where the policy
 * or the account's role requires a factor and none would be left.
 */
export async function completeFactorRemoval(sql: Sql, accountId: string): Promise<void> {
  if (isEnrolled(await findFactors(sql, accountId))) return
  if ((await findPolicy(sql, 'mfa')) === 'required' || (await isOperator(sql, accountId)))
    throw new PageError(409, 'last_factor', ({ errors }) => errors.lastFactor)
  await removeRecoveryCodes(sql, accountId)
}

/**
 * In a transaction, after the resident reported a sign-in: removes the factors that were added since then, because the intruder may
 * have added them. Returns whether there were any.
 */
export async function removeFactorsSince(
  sql: Sql,
  accountId: string,
  since: Date,
): Promise<boolean> {
  const totp =
    await sql`delete from totp where account_id = ${accountId} and created_at >= ${since} returning 1`
  const passkeys =
    await sql`delete from passkey where account_id = ${accountId} and created_at >= ${since} returning 1`
  const codes =
    await sql`delete from recovery_code_set where account_id = ${accountId} and created_at >= ${since} returning 1`
  await sql`delete from pending_sign_in where account_id = ${accountId}`
  return totp.length + passkeys.length + codes.length > 0
}

/** In a transaction, for an operator: removes every second factor of the account. Returns what it had. */
export async function removeAllFactors(sql: Sql, accountId: string): Promise<Factors> {
  await lockFactors(sql, accountId)
  const factors = await findFactors(sql, accountId)
  await sql`delete from totp where account_id = ${accountId}`
  await sql`delete from passkey where account_id = ${accountId}`
  await removeRecoveryCodes(sql, accountId)
  await sql`delete from pending_sign_in where account_id = ${accountId}`
  return factors
}
