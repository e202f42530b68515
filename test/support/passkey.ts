import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'

/** The values that a browser and its authenticator report; a test makes one of them wrong. */
export type Ceremony = {
  challenge: string
  origin: string
  rpId: string
  /** `webauthn.get`, or another value for a test. */
  type?: string
  crossOrigin?: boolean
  isUserPresent?: boolean
  isUserVerified?: boolean
}

/** An authenticator in software with one ES256 key (WebAuthn §6), which signs any request. */
export function createAuthenticator() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const credentialId = randomBytes(32)
  const id = credentialId.toString('base64url')
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  // COSE_Key: kty EC2, alg ES256, crv P-256 (RFC 9053 §7.1.1).
  const cosePublicKey = cbor(
    new Map<number, number | Buffer>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, Buffer.from(x, 'base64url')],
      [-3, Buffer.from(y, 'base64url')],
    ]),
  )
  let counter = 0

  const clientDataOf = ({ challenge, origin, type, crossOrigin = false }: Ceremony) =>
    Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin }))
  function authenticatorData(
    { rpId, isUserPresent = true, isUserVerified = true }: Ceremony,
    attested = Buffer.alloc(0),
  ) {
    const flags =
      (isUserPresent ? 0x01 : 0) | (isUserVerified ? 0x04 : 0) | (attested.length > 0 ? 0x40 : 0)
    counter += 1
    const count = Buffer.alloc(4)
    count.writeUInt32BE(counter)
    return Buffer.concat([sha256(rpId), Buffer.from([flags]), count, attested])
  }
  const common = { id, rawId: id, type: 'public-key', clientExtensionResults: {} }

  return {
    id,
    cosePublicKey,
    /** PKCS #8. */
    privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }),
    /** In the format of `PublicKeyCredential.toJSON` for a response of `navigator.credentials.get`. */
    get(ceremony: Ceremony): string {
      const clientData = clientDataOf({ type: 'webauthn.get', ...ceremony })
      const data = authenticatorData(ceremony)
      const signature = sign('sha256', Buffer.concat([data, sha256(clientData)]), privateKey)
      const response = {
        clientDataJSON: clientData.toString('base64url'),
        authenticatorData: data.toString('base64url'),
        signature: signature.toString('base64url'),
      }
      return JSON.stringify({ ...common, response })
    },
    /** The same for `navigator.credentials.create`, without an attestation. */
    create(ceremony: Ceremony): string {
      const length = Buffer.alloc(2)
      length.writeUInt16BE(credentialId.length)
      const attested = Buffer.concat([Buffer.alloc(16), length, credentialId, cosePublicKey])
      const attestationObject = cbor(
        new Map<string, Cbor>([
          ['fmt', 'none'],
          ['attStmt', new Map()],
          ['authData', authenticatorData(ceremony, attested)],
        ]),
      )
      const clientData = clientDataOf({ type: 'webauthn.create', ...ceremony })
      const response = {
        clientDataJSON: clientData.toString('base64url'),
        attestationObject: attestationObject.toString('base64url'),
        transports: ['internal'],
      }
      return JSON.stringify({ ...common, response })
    },
  }
}

const sha256 = (value: string | Buffer) => createHash('sha256').update(value).digest()

type Cbor = number | string | Buffer | Map<string | number, Cbor>

/** The part of CBOR (RFC 8949) that a passkey needs. */
function cbor(value: Cbor): Buffer {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value)
  if (typeof value === 'string') return Buffer.concat([head(3, value.length), Buffer.from(value)])
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value])
  const members = [...value].flatMap(([key, member]) => [cbor(key), cbor(member)])
  return Buffer.concat([head(5, value.size), ...members])
}

function head(major: number, argument: number): Buffer {
  if (argument < 24) return Buffer.from([(major << 5) | argument])
  if (argument < 256) return Buffer.from([(major << 5) | 24, argument])
  return Buffer.from([(major << 5) | 25, argument >> 8, argument & 0xff])
}
