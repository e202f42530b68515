import type { Sealer } from './secrets.ts'

/** Wraps data keys (NIST SP 800-57 §5.3) with keys that never leave it. `context` must be the same in both calls. */
export type KeyService = {
  wrap(key: Uint8Array, context: string): Promise<string>
  /**
   * Throws when the value was altered or wrapped for another context, UnknownKeyError when its key is not configured, and
   * KeyServiceUnavailableError when the service does not respond.
   */
  unwrap(wrapped: string, context: string): Promise<Uint8Array>
  /** The prefix of values that the newest key wrapped. */
  prefix: string
  /** The prefixes of the values that `unwrap` can unwrap: of each key, the newest first. */
  prefixes: readonly string[]
}

/** The key service cannot be reached or does not respond: a retry may succeed. */
export class KeyServiceUnavailableError extends Error {
  override readonly name = 'KeyServiceUnavailableError'
}

/** The context in which a data key is wrapped. */
export const dataKeyContext = (id: string) => `data_key ${id}`

/** Wraps with `ENCRYPTION_KEY`. */
export const createLocalKeyService = (sealer: Sealer): KeyService => ({
  wrap: async (key, context) => sealer.seal(Buffer.from(key).toString('base64url'), context),
  unwrap: async (wrapped, context) => Buffer.from(sealer.open(wrapped, context), 'base64url'),
  prefix: sealer.prefix,
  prefixes: sealer.prefixes,
})
