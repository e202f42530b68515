import { listClients } from '../../clients/clients.ts'
import type { AppContext } from '../../context.ts'
import { OperatorError } from '../../platform/errors.ts'
import { requireMigrated } from '../../platform/migrations.ts'
import { type Check, Fault } from './check.ts'

/** Whether the sandbox can be served. `doctor --sandbox` tries each part of it. */
export const sandboxCheck = (openSandbox: () => Promise<AppContext>): Check => ({
  check: 'sandbox',
  why: 'developers cannot try their applications; the portal serves residents without it',
  advice:
    'run `migrate`, and `doctor --sandbox`, which says more; then start the processes again, which serve no sandbox that they could not open',
  async run() {
    const sandbox = await openSandbox().catch(asFault)
    try {
      await requireMigrated(sandbox.db).catch(asFault)
      await sandbox.storage.head('health/start')
      const { length } = await listClients(sandbox.db)
      return `its database and its bucket answer; ${length === 1 ? '1 application is' : `${length} applications are`} registered`
    } finally {
      await sandbox.close()
    }
  },
})

function asFault(error: unknown): never {
  throw error instanceof OperatorError ? new Fault(error.message) : error
}
