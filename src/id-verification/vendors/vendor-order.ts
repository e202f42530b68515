import type { Sql } from '../../platform/db.ts'
import { OperatorError } from '../../platform/errors.ts'
import { findList, setList } from '../../platform/policies.ts'
import { VERIFIERS, type VerifierName } from './vendor-names.ts'
import { listTenantIntegrations } from './vendors.ts'

/** The portal's own tenant: residents who verify themselves do so with its integrations. */
const OWN_TENANT = 'default'

export type OfferedVerifier = { vendor: VerifierName; integration: string }

/**
 * Who verifies residents that start by themselves: the first, then those that are tried when it starts no session. The portal's own enabled
 * integrations in the operator's order; without one, in the order of `VERIFIERS`.
 */
export async function listOfferedVerifiers(sql: Sql): Promise<OfferedVerifier[]> {
  const own = (await listTenantIntegrations(sql, { tenant: OWN_TENANT })).map(
    ({ vendor, name }) => ({ vendor, integration: name }),
  )
  const order = await findList(sql, 'vendor-order')
  if (!order)
    return own.sort((one, other) => VERIFIERS.indexOf(one.vendor) - VERIFIERS.indexOf(other.vendor))
  return order.flatMap((word) => own.find((each) => wordOf(each) === word) ?? [])
}

/** An integration as `vendor order` names it. */
const wordOf = ({ vendor, integration }: OfferedVerifier): string =>
  integration === 'default' ? vendor : `${vendor}/${integration}`

/**
 * Sets the order. `default` removes it, and `none` means that residents cannot start by themselves. Throws OperatorError for what is not
 * an enabled integration of the portal's own.
 */
export async function setVendorOrder(sql: Sql, text: string): Promise<void> {
  if (text === 'default') return await setList(sql, 'vendor-order', undefined)
  const words = text === 'none' ? [] : [...new Set(text.split(','))]
  const own = await listTenantIntegrations(sql, { tenant: OWN_TENANT })
  const known = own.map(({ vendor, name }) => wordOf({ vendor, integration: name }))
  const unknown = words.find((word) => !known.includes(word))
  if (unknown !== undefined)
    throw new OperatorError(
      `"${unknown}" is not an enabled integration of the portal's own. There are: ${known.join(', ') || 'none'}. Write an integration with another name than default as vendor/name.`,
    )
  await setList(sql, 'vendor-order', words)
}
