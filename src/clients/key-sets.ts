import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import { z } from 'zod'
import type { Outbound } from '../platform/outbound.ts'
import { visibleText } from '../web/displayed-text.ts'

/** A key of a client, as a page shows it. */
export type DescribedKey = {
  kid: string | undefined
  use: string | undefined
  /** The algorithms with which it can authenticate a client; none for a key that encrypts. */
  algorithms: readonly string[]
  /** RFC 7638, with SHA-256. */
  thumbprint: string
}

/** A key set cannot be used. The message says why, and quotes nothing of the set. */
export class KeySetError extends Error {
  override readonly name = 'KeySetError'
}

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']
const LEAST_RSA_BITS = 2048

const jwkSchema = z.looseObject({
  kty: z.string(),
  kid: z.string().max(200).optional(),
  use: z.string().optional(),
  alg: z.string().optional(),
  crv: z.string().optional(),
})
type Jwk = z.infer<typeof jwkSchema>
const keySetSchema = z.object({ keys: z.array(jwkSchema).min(1).max(20) })
export type KeySet = z.infer<typeof keySetSchema>

/** Parses a JWK Set (RFC 7517 §5), or one key alone, and checks every key. Throws KeySetError. */
export function parseKeySet(text: string): KeySet {
  if (mayHoldPrivateKey(text)) throw privateKeyGiven()
  const read = parseJson(text)
  if (hasPrivatePart(read)) throw privateKeyGiven()
  const isOneKey = typeof read === 'object' && read !== null && 'kty' in read
  const parsed = keySetSchema.safeParse(isOneKey ? { keys: [read] } : read)
  if (!parsed.success)
    throw new KeySetError(
      'This is not a JWK Set: an object with "keys", a list of 1 to 20 keys that each have a "kty".',
    )
  checkKeys(parsed.data.keys)
  return parsed.data
}

/** Whether text, which need not be JSON, could have a private key in it: it must then not be shown again. */
export const mayHoldPrivateKey = (text: string): boolean =>
  /PRIVATE KEY/i.test(text) ||
  new RegExp(`["'](?:${PRIVATE_MEMBERS.join('|')})["']\\s*:`).test(text)

const privateKeyGiven = () =>
  new KeySetError(
    'This has a private key in it. Nothing was stored. Give only the public keys, and replace this key: it has left your machine.',
  )

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new KeySetError(
      text.includes('-----BEGIN')
        ? 'This is PEM. Convert it to a JWK Set: the public keys as JSON.'
        : 'This is not JSON.',
    )
  }
}

// At any depth, and also where its name was written with escapes.
function hasPrivatePart(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasPrivatePart)
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(
    ([name, member]) => PRIVATE_MEMBERS.includes(name) || hasPrivatePart(member),
  )
}

function checkKeys(keys: readonly Jwk[]): void {
  for (const [index, key] of keys.entries()) {
    const fault = faultOf(key)
    if (fault) throw new KeySetError(`Key ${index + 1}: ${fault}`)
  }
  const kids = keys.flatMap(({ kid }) => kid ?? [])
  if (new Set(kids).size < kids.length) throw new KeySetError('Two keys have the same "kid".')
  if (keys.length > 1 && kids.length < keys.length)
    throw new KeySetError('With several keys, each needs a "kid" of its own.')
  if (!keys.some((key) => algorithmsOf(key).length > 0))
    throw new KeySetError(
      'No key can sign: an RSA, P-256 or Ed25519 key, with "use" absent or "sig", and "alg" absent or one of RS256, PS256, ES256, EdDSA and Ed25519.',
    )
}

function faultOf(jwk: Jwk): string | undefined {
  try {
    const { modulusLength } =
      createPublicKey({ format: 'jwk', key: jwk as JsonWebKey }).asymmetricKeyDetails ?? {}
    return modulusLength !== undefined && modulusLength < LEAST_RSA_BITS
      ? `an RSA key has at least ${LEAST_RSA_BITS} bits.`
      : undefined
  } catch {
    return 'it is no valid public key of the kind that its "kty" says.'
  }
}

function algorithmsOf({ kty, crv, use, alg }: Jwk): readonly string[] {
  if (use !== undefined && use !== 'sig') return []
  const possible =
    kty === 'RSA'
      ? ['PS256', 'RS256']
      : kty === 'EC' && crv === 'P-256'
        ? ['ES256']
        : kty === 'OKP' && crv === 'Ed25519'
          ? ['EdDSA', 'Ed25519']
          : []
  return alg === undefined ? possible : possible.filter((each) => each === alg)
}

/** Fetches the key set of a client, as the authorization server will. Throws KeySetError. */
export async function fetchKeySet(outbound: Outbound, uri: string): Promise<KeySet> {
  const answer = await outbound(uri, { headers: { Accept: 'application/json' } }).catch(
    (cause: unknown) => {
      throw new KeySetError(
        'The address did not answer within five seconds with a key set of less than 256 kB, or it is not public.',
        { cause },
      )
    },
  )
  if (answer.status !== 200)
    throw new KeySetError(`The address answered with the status ${answer.status}, not 200.`)
  return parseKeySet(await answer.text())
}

/** What a page shows of a key set. */
export const describeKeys = ({ keys }: KeySet): Promise<DescribedKey[]> =>
  Promise.all(
    keys.map(async (key) => ({
      kid: key.kid === undefined ? undefined : visibleText(key.kid),
      use: key.use === undefined ? undefined : visibleText(key.use),
      algorithms: algorithmsOf(key),
      thumbprint: await calculateJwkThumbprint(key as JsonWebKey),
    })),
  )
