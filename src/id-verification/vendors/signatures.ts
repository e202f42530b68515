import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** The algorithms with which vendors compute an HMAC. */
export type HmacAlgorithm = 'sha1' | 'sha256' | 'sha512'

/** The hexadecimal HMAC-SHA-256 of a message. */
export const signHmac = (secret: string, message: string | Uint8Array): string =>
  createHmac('sha256', secret).update(message).digest('hex')

/** Whether `signature` is the hexadecimal HMAC of the message under one of these secrets. Compares in constant time. */
export const isHmacSigned = (
  secrets: readonly string[],
  message: Uint8Array,
  signature: string,
  algorithm: HmacAlgorithm = 'sha256',
): boolean =>
  isDigest(signature, secrets, (secret) => createHmac(algorithm, secret).update(message).digest())

/** What is signed where a delivery has a time: the time, a dot, and the body. */
export const withTimestamp = (timestamp: string, body: Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.from(`${timestamp}.`), body])

/** Whether the timestamp, in seconds since 1970, is at most `toleranceSeconds` from `now`, in milliseconds. */
export const isRecent = (timestamp: string, now: number, toleranceSeconds: number): boolean =>
  /^\d{1,12}$/.test(timestamp) && Math.abs(now / 1000 - Number(timestamp)) <= toleranceSeconds

/** Whether `signature` is the hexadecimal SHA-256 of the message followed by one of these secrets. Compares in constant time. */
export const isHashSigned = (
  secrets: readonly string[],
  message: Uint8Array,
  signature: string,
): boolean =>
  isDigest(signature, secrets, (secret) =>
    createHash('sha256').update(message).update(secret).digest(),
  )

/** Whether two texts are equal, compared in constant time. */
export function isEqualSecret(a: string, b: string): boolean {
  const digest = (value: string) => createHash('sha256').update(value).digest()
  return timingSafeEqual(digest(a), digest(b))
}

function isDigest(
  given: string,
  secrets: readonly string[],
  digestOf: (secret: string) => Uint8Array,
): boolean {
  // The alphabet first, because Buffer.from ignores characters that are not hex; and timingSafeEqual throws on unequal lengths.
  if (!/^([0-9a-f]{2})+$/i.test(given)) return false
  const bytes = Buffer.from(given, 'hex')
  return secrets.some((secret) => {
    const digest = digestOf(secret)
    return digest.length === bytes.length && timingSafeEqual(digest, bytes)
  })
}
