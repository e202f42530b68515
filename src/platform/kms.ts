import { createHash } from 'node:crypto'
import {
  DecryptCommand,
  EncryptCommand,
  KMSClient,
  type KMSClientConfig,
} from '@aws-sdk/client-kms'
import { UnknownKeyError } from './errors.ts'
import { type KeyService, KeyServiceUnavailableError } from './key-service.ts'

/** The AWS KMS keys that wrap data keys: the first wraps, all unwrap. */
export type KmsConfig = {
  keyIds: readonly string[]
  /** `undefined` is AWS itself. */
  endpoint?: string | undefined
  /** `undefined`, as for `credentials`: found by the AWS SDK's default chain. */
  region?: string | undefined
  credentials?: { accessKeyId: string; secretAccessKey: string } | undefined
}

// These errors concern the value and are permanent; all others concern the service or its settings.
const VALUE_ERRORS = ['InvalidCiphertextException', 'IncorrectKeyException']
const ATTEMPTS = 3
const CONNECT_MS = 1_000
const REQUEST_MS = 2_000

/**
 * Wraps with AWS KMS: the first key wraps, all unwrap. Values that `before` wrapped still unwrap, so that a running portal can change
 * to KMS. Without `credentials` and `region` the SDK's default chain finds them.
 */
export function createKmsKeyService(
  { keyIds, endpoint, region, credentials }: KmsConfig,
  before: KeyService,
): KeyService {
  const options: KMSClientConfig = {
    maxAttempts: ATTEMPTS,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      requestTimeout: REQUEST_MS,
      // Otherwise the SDK only prints that the request took longer.
      throwOnRequestTimeout: true,
    },
  }
  if (endpoint !== undefined) options.endpoint = endpoint
  if (region !== undefined) options.region = region
  if (credentials !== undefined) options.credentials = credentials
  const client = new KMSClient(options)
  const byPrefix = new Map(keyIds.map((keyId) => [prefixOf(keyId), keyId]))
  const [current = ''] = keyIds
  const contextOf = (context: string) => ({ 'identity-portal': context })

  return {
    prefix: prefixOf(current),
    prefixes: [...byPrefix.keys(), ...before.prefixes],
    async wrap(key, context) {
      const { CiphertextBlob: wrapped } = await callKms(() =>
        client.send(
          new EncryptCommand({
            KeyId: current,
            Plaintext: key,
            EncryptionContext: contextOf(context),
          }),
        ),
      )
      if (!wrapped) throw new KeyServiceUnavailableError('KMS returned no ciphertext')
      return `${prefixOf(current)}${Buffer.from(wrapped).toString('base64url')}`
    },
    async unwrap(wrapped, context) {
      const prefix = wrapped.slice(0, wrapped.lastIndexOf('.') + 1)
      if (!wrapped.startsWith('kms1.')) return await before.unwrap(wrapped, context)
      const keyId = byPrefix.get(prefix)
      if (keyId === undefined) throw new UnknownKeyError(prefix)
      const { Plaintext: key } = await callKms(() =>
        client.send(
          new DecryptCommand({
            KeyId: keyId,
            CiphertextBlob: Buffer.from(wrapped.slice(prefix.length), 'base64url'),
            EncryptionContext: contextOf(context),
          }),
        ),
      )
      if (!key) throw new KeyServiceUnavailableError('KMS returned no key')
      return key
    },
  }
}

/** The prefix contains the key as it is configured: an id, an ARN or an alias. */
const prefixOf = (keyId: string) =>
  `kms1.${createHash('sha256').update(keyId).digest('hex').slice(0, 8)}.`

async function callKms<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    // Omits the SDK's own message, which may repeat the request.
    const name = cause instanceof Error ? cause.name : 'unknown error'
    if (VALUE_ERRORS.includes(name)) throw new Error(`KMS rejects the value: ${name}`)
    throw new KeyServiceUnavailableError(`KMS could not be used: ${name}`)
  }
}
