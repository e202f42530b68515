import { isDatabaseUnavailable } from './db.ts'
import { UnknownKeyError } from './errors.ts'
import { KeyServiceUnavailableError } from './key-service.ts'

/**
 * Returns what is unavailable, as an event to log, when a request failed on something that passes, or that only this process lacks:
 * the same request may succeed later, or at another process. `undefined` for every other failure.
 */
export function findUnavailable(error: unknown): string | undefined {
  if (isDatabaseUnavailable(error)) return 'database is unavailable'
  if (error instanceof KeyServiceUnavailableError) return 'key service is unavailable'
  if (error instanceof UnknownKeyError) return 'an encryption key is not configured'
  return undefined
}
