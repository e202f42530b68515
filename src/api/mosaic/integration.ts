import {
  listTenantIntegrations,
  type TenantIntegration,
} from '../../id-verification/vendors/vendors.ts'
import type { Sql } from '../../platform/db.ts'
import { ApiError } from '../../platform/errors.ts'

/**
 * The tenant's integration for a session whose request names no vendor: the only one, or among several the only one of Mosaic.
 * Throws 400.
 */
export async function chooseIntegration(sql: Sql, tenant: string): Promise<TenantIntegration> {
  const all = await listTenantIntegrations(sql, { tenant })
  const ofMosaic = all.filter(({ vendor }) => vendor === 'mosaic')
  const [chosen, another] = all.length === 1 ? all : ofMosaic
  if (chosen && !another) return chosen
  throw new ApiError(
    400,
    'invalid_request',
    all.length === 0
      ? 'No vendor is configured for your tenant: the operator does this with `vendor set`.'
      : 'Your tenant has several integrations, and not exactly one of the vendor mosaic. The one of the vendor mosaic is used: the operator sets it with `vendor set mosaic`. POST /api/v1/idv/verifications takes the vendor by name.',
  )
}
