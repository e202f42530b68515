import { record } from '../ledger/disclosure.ts'
import type { Sql } from '../platform/db.ts'
import { OperatorError } from '../platform/errors.ts'
import { findSimilar, lockNames } from './similar-names.ts'

/** An organisation that verifies people with its own integrations and back offices. */
export type Tenant = {
  name: string
  /** The name that residents read. */
  displayName: string
  /** Whether its verifications count for residents who linked them. */
  isTrusted: boolean
  createdAt: Date
  updatedAt: Date
}

const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/
export const isTenantName = (value: string): boolean => NAME.test(value)

const columns = (sql: Sql) => sql`name, display_name, is_trusted, created_at, updated_at`

/** Creates the tenant, untrusted, where its name is first used. Throws OperatorError for an invalid name. */
export async function ensureTenant(sql: Sql, name: string): Promise<void> {
  if (!isTenantName(name))
    throw new OperatorError('a tenant is lower-case letters, digits and dashes')
  await sql`
    insert into tenant (name, display_name) values (${name}, ${name}) on conflict do nothing`
}

export async function findTenant(sql: Sql, name: string): Promise<Tenant | undefined> {
  const [row] = await sql<Tenant[]>`select ${columns(sql)} from tenant where name = ${name}`
  return row
}

export async function listTenants(sql: Sql): Promise<Tenant[]> {
  return await sql<Tenant[]>`select ${columns(sql)} from tenant order by name`
}

/**
 * In a transaction: changes the given members. A change of trust is recorded in the ledger and returned as `hasTrustChanged`; the
 * caller announces it. `undefined`: no such tenant. Throws OperatorError for an invalid name.
 */
export async function setTenant(
  sql: Sql,
  name: string,
  change: { displayName?: string | undefined; isTrusted?: boolean | undefined },
): Promise<{ tenant: Tenant; hasTrustChanged: boolean } | undefined> {
  const displayName = change.displayName?.trim()
  if (displayName !== undefined && !/^[^\p{C}\p{Zl}\p{Zp}]{1,100}$/u.test(displayName))
    throw new OperatorError('the display name must be 1 to 100 printable characters')
  const [before] = await sql<Tenant[]>`
    select ${columns(sql)} from tenant where name = ${name} for update`
  if (!before) return undefined
  const isTrusted = change.isTrusted ?? before.isTrusted
  if (isTrusted) await requireUniqueDisplayName(sql, name, displayName ?? before.displayName)
  const [tenant] = await sql<Tenant[]>`
    update tenant set display_name = ${displayName ?? before.displayName}, is_trusted = ${isTrusted},
      updated_at = now()
    where name = ${name} returning ${columns(sql)}`
  if (!tenant) return undefined
  const hasTrustChanged = isTrusted !== before.isTrusted
  if (hasTrustChanged)
    await record(sql, {
      detail: { what: 'trust', change: isTrusted ? 'trusted' : 'not trusted' },
      scope: name,
    })
  return { tenant, hasTrustChanged }
}

/** Of two tenants that residents could take for one another, only one is trusted. */
async function requireUniqueDisplayName(
  sql: Sql,
  name: string,
  displayName: string,
): Promise<void> {
  await lockNames(sql)
  const trusted = await sql<{ tenant: string; name: string }[]>`
    select name as tenant, display_name as name from tenant where is_trusted and name <> ${name}`
  const similar = findSimilar(trusted, displayName)
  if (similar)
    throw new OperatorError(
      `Residents could take "${displayName}" for "${similar.name}", the tenant ${similar.tenant}, which is trusted. Two tenants with such names cannot both be trusted: choose another display name for one of them.`,
    )
}
