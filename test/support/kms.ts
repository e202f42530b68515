import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

const ALGORITHM = 'AWS4-HMAC-SHA256'
const sha256 = (value: string) => createHash('sha256').update(value).digest('hex')
const hmac = (key: string | Buffer, value: string) =>
  createHmac('sha256', key).update(value).digest()

/**
 * A stand-in for AWS KMS with `Encrypt` and `Decrypt`. It rejects requests that are not signed for this service, region and
 * time (Signature Version 4), and another encryption context. All of `accepted` may sign; it may change.
 */
export async function startKms({
  region = 'eu-test-1',
  keyIds = ['alias/portal'],
  accepted = [{ accessKeyId: 'AKIAKMS', secretAccessKey: randomBytes(20).toString('hex') }],
} = {}) {
  const keys = new Map(keyIds.map((keyId) => [keyId, randomBytes(32)]))
  let calls = 0
  const refused: string[] = []

  function check(headers: NodeJS.Dict<string | string[]>, body: string): string | undefined {
    const parts =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
        String(headers.authorization),
      )
    if (!parts) return 'MissingAuthenticationTokenException'
    const [, id, day = '', inRegion, service, signed = '', signature] = parts
    const stamp = String(headers['x-amz-date'])
    const at = Date.parse(
      stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'),
    )
    const credentials = accepted.find(({ accessKeyId }) => accessKeyId === id)
    if (!credentials) return 'UnrecognizedClientException'
    if (inRegion !== region || service !== 'kms' || !stamp.startsWith(day))
      return 'InvalidSignatureException'
    if (!(Math.abs(Date.now() - at) < 5 * 60_000)) return 'InvalidSignatureException'
    const names = signed.split(';')
    for (const name of ['host', 'x-amz-date', 'x-amz-target', 'content-type'])
      if (!names.includes(name)) return 'IncompleteSignatureException'
    const canonical = [
      'POST',
      '/',
      '',
      ...names.map((name) => `${name}:${String(headers[name]).trim()}`),
      '',
      signed,
      sha256(body),
    ].join('\n')
    const scope = `${day}/${region}/kms/aws4_request`
    const key = [day, region, 'kms', 'aws4_request'].reduce<string | Buffer>(
      hmac,
      `AWS4${credentials.secretAccessKey}`,
    )
    const expected = hmac(key, [ALGORITHM, stamp, scope, sha256(canonical)].join('\n'))
    return expected.toString('hex') === signature ? undefined : 'InvalidSignatureException'
  }

  type KmsRequest = {
    KeyId: string
    Plaintext?: string
    CiphertextBlob?: string
    EncryptionContext?: Record<string, string>
  }

  function answer(target: string, request: KmsRequest): Record<string, string> | string {
    const key = keys.get(request.KeyId)
    if (!key) return 'NotFoundException'
    const aad = Buffer.from(JSON.stringify(request.EncryptionContext ?? {}))
    if (target === 'TrentService.Encrypt') {
      const iv = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(aad)
      const body = cipher.update(Buffer.from(request.Plaintext ?? '', 'base64'))
      const blob = Buffer.concat([iv, body, cipher.final(), cipher.getAuthTag()])
      return { KeyId: request.KeyId, CiphertextBlob: blob.toString('base64') }
    }
    if (target !== 'TrentService.Decrypt') return 'UnknownOperationException'
    const blob = Buffer.from(request.CiphertextBlob ?? '', 'base64')
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, blob.subarray(0, 12))
        .setAAD(aad)
        .setAuthTag(blob.subarray(-16))
      const plain = Buffer.concat([decipher.update(blob.subarray(12, -16)), decipher.final()])
      return { KeyId: request.KeyId, Plaintext: plain.toString('base64') }
    } catch {
      return 'InvalidCiphertextException'
    }
  }

  const server = createServer(async (req, res) => {
    calls++
    const body = await text(req)
    const fault = check(req.headers, body)
    const given =
      fault ?? answer(String(req.headers['x-amz-target']), JSON.parse(body) as KmsRequest)
    const isFault = typeof given === 'string'
    if (isFault) refused.push(given)
    res.writeHead(isFault ? 400 : 200, { 'Content-Type': 'application/x-amz-json-1.1' })
    res.end(JSON.stringify(isFault ? { __type: given } : given))
  })
  const listen = (port: number) =>
    new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await listen(0)
  const { port } = server.address() as AddressInfo
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return {
    config: {
      keyIds,
      endpoint: `http://127.0.0.1:${port}`,
      region,
      credentials: requireFirst(accepted),
    },
    /** From now on nothing is wrapped or unwrapped under this key. */
    disable: (keyId: string) => void keys.delete(keyId),
    calls: () => calls,
    /** Names of rejected requests. */
    refused,
    /** Stops the server, and starts it again. */
    pause: close,
    resume: () => listen(port),
    close: () => (server.listening ? close() : Promise.resolve()),
  }
}

function requireFirst<T>([first]: readonly T[]): T {
  if (first === undefined) throw new Error('no credentials are accepted')
  return first
}
