import { createHmac, timingSafeEqual } from 'node:crypto'

/** What the vendor and one of its customers both know. */
export type Integration = { id: string; apiKey: string; sharedSecret: string }

/** Lower-case hex HMAC-SHA256 of the message (`docs/vendor-protocols.md` §3.2). */
export function createSignature(secret: string, message: string | Uint8Array): string {
  return createHmac('sha256', secret).update(message).digest('hex')
}

/** The headers of everything that the vendor sends to the integration, unless `fault` changes the signature. */
export function signedHeaders(
  { id, apiKey, sharedSecret }: Integration,
  body: Uint8Array,
  fault?: 'wrong' | 'missing',
): Record<string, string> {
  const secret = fault === 'wrong' ? 'another secret' : sharedSecret
  return {
    'x-auth-client': apiKey,
    'vrf-integration-id': id,
    ...(fault === 'missing' ? {} : { 'x-hmac-signature': createSignature(secret, body) }),
  }
}

/** `malformed` is a value that cannot be a SHA-256. Upper-case hex is accepted. */
export function checkSignature(
  secret: string,
  message: string | Uint8Array,
  signature: string | undefined,
): 'right' | 'wrong' | 'malformed' {
  if (signature === undefined || !/^[0-9a-f]{64}$/i.test(signature)) return 'malformed'
  const expected = Buffer.from(createSignature(secret, message), 'hex')
  return timingSafeEqual(expected, Buffer.from(signature, 'hex')) ? 'right' : 'wrong'
}
