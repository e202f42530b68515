import type { Sealer } from './secrets.ts'

/** Wraps data keys (NIST SP 800-57 §5.3): what it holds never leaves it. `context` must be the same at both calls. */
export type KeyService = {
  wrap(key: Uint8Array, context: string): Promise<string>
  /**
   * Throws when it was altered, wrapped for another context, or under a key that is not held, and
   * KeyServiceUnavailableError when the service does not answer.
   */
  unwrap(wrapped: string, context: string): Promise<Uint8Array>
  /** How everything begins that was wrapped under the newest key. */
  prefix: string
}

/** The key service does not answer, or cannot be reached: another try may succeed. */
export class KeyServiceUnavailableError extends Error {
  override readonly name = 'KeyServiceUnavailableError'
}

/** What a data key is wrapped for. */
export const dataKeyContext = (id: string) => `data_key ${id}`

/** Wraps with `ENCRYPTION_KEY`. */
export const createLocalKeyService = (sealer: Sealer): KeyService => ({
  wrap: async (key, context) => sealer.seal(Buffer.from(key).toString('base64url'), context),
  unwrap: async (wrapped, context) => Buffer.from(sealer.open(wrapped, context), 'base64url'),
  prefix: sealer.prefix,
})
