import type { AppContext } from '../../src/context.ts'
import type { Release } from '../rehearsals/upgrade/release.ts'
import type { Environment } from '../support/environment.ts'

/** What the run does with a release's own functions, in place of an operator's commands and a back office. */
export type Operator = Awaited<ReturnType<typeof openOperator>>

/** Opens the database and the bucket of this environment with the code of the release. Its schema must be there. */
export async function openOperator({ load }: Release, env: Environment) {
  const { createLog } = await load<typeof import('../../src/platform/log.ts')>('platform/log.ts')
  const { readEnvironment } = await load<typeof import('../support/environment.ts')>(
    '../test/support/environment.ts',
  )
  const { openContext } = await load<typeof import('../../src/context.ts')>('context.ts')
  const parts: AppContext = await openContext(readEnvironment(env), createLog('silent'), 'require')
  const { createAccount } =
    await load<typeof import('../../src/accounts/accounts.ts')>('accounts/accounts.ts')
  const { createClient } =
    await load<typeof import('../../src/clients/clients.ts')>('clients/clients.ts')
  const { setVendorIntegration } = await load<
    typeof import('../../src/id-verification/vendors/vendors.ts')
  >('id-verification/vendors/vendors.ts')
  const { startVerification } = await load<
    typeof import('../../src/id-verification/operations.ts')
  >('id-verification/operations.ts')
  const { isVendorName } = await load<
    typeof import('../../src/id-verification/vendors/vendor-names.ts')
  >('id-verification/vendors/vendor-names.ts')
  return {
    ...{ parts, createAccount, createClient, setVendorIntegration, startVerification },
    isVendorName,
  }
}
