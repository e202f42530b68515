import { createHmac, hash } from 'node:crypto'

/**
 * Presigns a GET (SigV4 in the query, only `host` is signed), valid for 1 to 604800 seconds. The signature covers `contentType`,
 * `Cache-Control: private, no-store`, and the attachment's `filename`. Throws when the credentials expire before the URL.
 */
export type SignGet = (
  key: string,
  options: { expiresInSeconds: number; contentType?: string; filename?: string },
) => string

type SigningCredentials = {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string | undefined
  expiration?: Date | undefined
}

/**
 * SigV4 in the query: "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)". `base` is the bucket's address.
 * Unit tests compare the URLs with those of the SDK's presigner, which takes about ninety times as long for each
 * (`docs/dependencies.md`).
 */
export function createSigner(
  { accessKeyId, secretAccessKey, sessionToken, expiration }: SigningCredentials,
  base: URL,
  region: string,
  now: () => number,
): SignGet {
  const root = base.pathname === '/' ? '' : base.pathname
  const expiresAt = expiration?.getTime() ?? Number.POSITIVE_INFINITY
  const token = sessionToken ? `&X-Amz-Security-Token=${encode(sessionToken)}` : ''
  let second = -1
  let day = ''
  let mac = createMac(Buffer.alloc(32))
  let start = ''
  let toSign = ''

  // All but the key, the expiry and the overrides is the same for every URL of one second; the signing key lasts a day.
  function startSecond() {
    const stamp = new Date(second * 1000).toISOString().replace(/-|:|\.\d{3}/g, '')
    const scope = `${stamp.slice(0, 8)}/${region}/s3/aws4_request`
    if (day !== stamp.slice(0, 8)) {
      day = stamp.slice(0, 8)
      const signingKey = [day, region, 's3', 'aws4_request'].reduce(
        (key, part) => createHmac('sha256', key).update(part).digest(),
        Buffer.from(`AWS4${secretAccessKey}`),
      )
      mac = createMac(signingKey)
    }
    start = `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encode(`${accessKeyId}/${scope}`)}&X-Amz-Date=${stamp}&X-Amz-Expires=`
    toSign = `AWS4-HMAC-SHA256\n${stamp}\n${scope}\n`
  }

  return (key, { expiresInSeconds, contentType, filename }) => {
    if (!Number.isInteger(expiresInSeconds) || expiresInSeconds < 1 || expiresInSeconds > 604_800)
      throw new RangeError('a presigned URL lives from 1 to 604800 seconds')
    const time = now()
    if (expiresAt < time + expiresInSeconds * 1000)
      throw new Error('the S3 credentials expire before this URL would')
    if (second !== Math.floor(time / 1000)) {
      second = Math.floor(time / 1000)
      startSecond()
    }
    // Parameters are in canonical order, so that the query is signed as it is sent.
    let query = `${start}${expiresInSeconds}${token}&X-Amz-SignedHeaders=host`
    if (contentType !== undefined) query += NO_STORE
    if (filename !== undefined)
      query += `&response-content-disposition=${encode(contentDisposition(filename))}`
    if (contentType !== undefined) query += `&response-content-type=${encode(contentType)}`
    const path = `${root}/${encodePath(requireKey(key))}`
    const canonical = `GET\n${path}\n${query}\nhost:${base.host}\n\nhost\nUNSIGNED-PAYLOAD`
    const signature = mac(toSign + hash('sha256', canonical))
    return `${base.origin}${path}?${query}&X-Amz-Signature=${signature}`
  }
}

// Neither browsers nor proxies may cache documents.
const NO_STORE = '&response-cache-control=private%2C%20no-store'

/**
 * HMAC-SHA-256 (RFC 2104) in hex, for a key of 32 bytes and texts up to 1024. Two `crypto.hash` calls over prepared padded keys take
 * half the time of createHmac.
 */
function createMac(key: Buffer): (text: string) => string {
  const padded = (byte: number) => Buffer.alloc(64, byte).map((pad, at) => pad ^ (key[at] ?? 0))
  const inner = Buffer.concat([padded(0x36), Buffer.alloc(1024)])
  const outer = Buffer.concat([padded(0x5c), Buffer.alloc(32)])
  return (text) => {
    const end = 64 + inner.write(text, 64)
    outer.write(hash('sha256', inner.subarray(0, end)), 64, 'hex')
    return hash('sha256', outer)
  }
}

/** RFC 6266 §4.3: a plain name for all clients, and the exact one (RFC 8187) where it differs. */
function contentDisposition(filename: string): string {
  const plain = filename.replace(/[^ !#-[\]-~]/gu, '_')
  return `attachment; filename="${plain}"${plain === filename ? '' : `; filename*=UTF-8''${encode(filename)}`}`
}

/** Throws for a key that could be misread; keys are made by this portal, so that is a defect. Clients would resolve a dot segment. */
export function requireKey(key: string): string {
  if (key === '' || Buffer.byteLength(key) > 1024)
    throw new Error('an object key has 1 to 1024 bytes')
  if (UNSAFE_KEY.test(key))
    throw new Error('an object key has no control character, backslash or dot segment')
  return key
}
const UNSAFE_KEY = /[\p{Cc}\\]|(?:^|\/)\.{1,2}(?:\/|$)/u

// RFC 3986 §2.3: everything but unreserved characters is encoded; encodeURIComponent omits five of them.
const encode = (value: string) =>
  encodeURIComponent(value).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
const encodePath = (key: string) =>
  /^[\w.~/-]*$/.test(key) ? key : key.split('/').map(encode).join('/')
