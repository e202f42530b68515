import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'
import { UnknownKeyError } from './errors.ts'

export type SecretsConfig = {
  /** They sign cookies and form tokens: the first signs, all verify. */
  cookieKeys: string[]
  /** 32 bytes each; the first seals, all open. */
  encryptionKeys: Uint8Array[]
}

/**
 * The sandbox's own secrets, made of the portal's: nothing that one place has signed or sealed is accepted in the other, whatever
 * it says about itself.
 */
export function sandboxSecrets({ cookieKeys, encryptionKeys }: SecretsConfig): SecretsConfig {
  const derive = (key: Uint8Array, use: string) =>
    Buffer.from(hkdfSync('sha256', key, '', `sandbox ${use}`, 32))
  return {
    cookieKeys: cookieKeys.map((key) => derive(Buffer.from(key), 'cookies').toString('base64url')),
    encryptionKeys: encryptionKeys.map((key) => derive(key, 'encryption')),
  }
}

/** Encrypts stored secrets: AES-256-GCM, bound to a context, so that no value opens in another place. */
export type Sealer = {
  seal(plaintext: string, context: string): string
  /** Throws when the value was altered or sealed for another context, and UnknownKeyError when its key is not configured. */
  open(sealed: string, context: string): string
  /** The prefix of values that the newest key sealed. */
  prefix: string
  /** The prefixes of the values that `open` can open: of each key, the newest first. */
  prefixes: readonly string[]
}

/** `keys` are 32 bytes each; the first seals, all open, so that keys can be replaced without an interruption. */
export function createSealer(keys: readonly Uint8Array[]): Sealer {
  const byId = new Map(keys.map((key) => [keyId(key), key]))
  const [current] = keys
  if (!current) throw new Error('a sealer needs at least one key')
  const prefixOf = (id: string) => `${SEALED_PREFIX}${id}.`
  return {
    prefix: prefixOf(keyId(current)),
    prefixes: [...byId.keys()].map(prefixOf),
    seal(plaintext, context) {
      const iv = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', current, iv).setAAD(Buffer.from(context))
      const body = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()])
      const parts = [iv, body, cipher.getAuthTag()].map((part) => part.toString('base64url'))
      return ['v1', keyId(current), ...parts].join('.')
    },
    open(sealed, context) {
      const [version, id, iv, body, tag] = sealed.split('.')
      if (version !== 'v1' || !id || !iv || body === undefined || !tag)
        throw new Error('this is not a sealed value')
      const key = byId.get(id)
      if (!key) throw new UnknownKeyError(prefixOf(id))
      const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'), {
        authTagLength: 16,
      })
        .setAAD(Buffer.from(context))
        .setAuthTag(Buffer.from(tag, 'base64url'))
      return decipher.update(body, 'base64url', 'utf8') + decipher.final('utf8')
    },
  }
}

/** The prefix of every sealed text, whichever key sealed it. */
export const SEALED_PREFIX = 'v1.'

const keyId = (key: Uint8Array) => createHash('sha256').update(key).digest('hex').slice(0, 8)

/** The stored form of high-entropy secrets and tokens: SHA-256, 32 bytes. */
export const hashSecret = (secret: string): Buffer => createHash('sha256').update(secret).digest()

/** 32 random bytes, URL-safe: 43 characters that form encoding does not change (RFC 6749 §2.3.1). */
export const randomSecret = (): string => randomBytes(32).toString('base64url')
