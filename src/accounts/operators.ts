import { randomUUID } from 'node:crypto'
import type { Sql } from '../platform/db.ts'
import { hashSecret, randomSecret } from '../platform/secrets.ts'
import { isOperatorRole, type OperatorRole } from './operator-roles.ts'

/*
 * An operator is an account with a role. The first one is created by whoever holds a link that works once and for an hour; it is
 * printed on the terminal of the machine. All others are added by the command line.
 */

const SETUP_MINUTES = 60

export type Operator = {
  accountId: string
  role: OperatorRole
  /** `null`: the command line, or the page that created the first operator. */
  grantedBy: string | null
  grantedAt: Date
}

/** Grants the role, in place of another one. In a transaction: from then on no link creates a first operator. */
export async function grantRole(
  sql: Sql,
  { accountId, role, grantedBy }: Omit<Operator, 'grantedAt'>,
): Promise<void> {
  await sql`
    insert into operator (account_id, role, granted_by) values (${accountId}, ${role}, ${grantedBy})
    on conflict (account_id) do update
      set role = excluded.role, granted_by = excluded.granted_by, granted_at = now()`
  await sql`delete from operator_setup`
}

/** In the transaction that takes the link of the first operator. */
export async function makeFirstOperator(sql: Sql, accountId: string): Promise<void> {
  await sql`insert into operator (account_id, role) values (${accountId}, 'administrator')`
}

/** Returns the role of an account that operates the portal. A role that this version does not have counts as none. */
export async function findOperatorRole(
  sql: Sql,
  accountId: string,
): Promise<OperatorRole | undefined> {
  const [row] = await sql<{ role: string }[]>`
    select role from operator where account_id = ${accountId}`
  return row && isOperatorRole(row.role) ? row.role : undefined
}

/** Whether the account has a role, even one that this version does not have. */
export async function isOperator(sql: Sql, accountId: string): Promise<boolean> {
  const rows = await sql`select from operator where account_id = ${accountId}`
  return rows.length > 0
}

/** All operators, the earliest first. */
export async function listOperators(sql: Sql): Promise<Operator[]> {
  return await sql<Operator[]>`
    select account_id, role, granted_by, granted_at from operator order by granted_at, account_id`
}

/** Returns whether the account was an operator. */
export async function removeOperator(sql: Sql, accountId: string): Promise<boolean> {
  const rows = await sql`delete from operator where account_id = ${accountId} returning 1`
  return rows.length > 0
}

/** Creates the link to the page for the first operator; an earlier one ends. Returns `undefined` once there is an operator. */
export async function createSetupLink(
  sql: Sql,
  issuer: string,
): Promise<{ link: string; expiresAt: Date } | undefined> {
  const token = randomSecret()
  const [row] = await sql<{ expiresAt: Date }[]>`
    insert into operator_setup (account_id, token_hash, expires_at)
    select ${randomUUID()}::uuid, ${hashSecret(token)}, now() + make_interval(mins => ${SETUP_MINUTES})
    where not exists (select from operator)
    on conflict (is_only) do update
      set account_id = excluded.account_id, token_hash = excluded.token_hash, expires_at = excluded.expires_at
    returning expires_at`
  return row && { link: `${issuer}/setup/${token}`, expiresAt: row.expiresAt }
}

const current = (sql: Sql, token: string) => sql`
  token_hash = ${hashSecret(token)} and expires_at > now() and not exists (select from operator)`

/** Returns the id that the first operator will have, if the link can still be used. */
export async function findSetup(sql: Sql, token: string): Promise<string | undefined> {
  const [row] = await sql<{ accountId: string }[]>`
    select account_id from operator_setup where ${current(sql, token)}`
  return row?.accountId
}

/** In a transaction: uses the link up. Of concurrent calls only one gets the id. */
export async function takeSetup(sql: Sql, token: string): Promise<string | undefined> {
  const [row] = await sql<{ accountId: string }[]>`
    delete from operator_setup where ${current(sql, token)} returning account_id`
  return row?.accountId
}
