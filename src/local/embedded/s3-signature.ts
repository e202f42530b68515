import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { S3Error, type S3ErrorCode } from './s3-error.ts'

/** A request: the path percent-decoded once, parameters decoded and in order, headers in lower case. */
export type S3Request = {
  method: string
  path: string
  query: readonly (readonly [name: string, value: string])[]
  headers: Readonly<Record<string, readonly string[] | undefined>>
}

type S3Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string }

type Claim = {
  malformed: S3ErrorCode
  accessKeyId: string
  scope: { day: string; region: string; service: string; end: string }
  stamp: string
  signedHeaders: string[]
  signature: string
  payload: string
  token: string | undefined
  /** Seconds; `undefined` for a signed header, which is valid for the allowed clock skew. */
  expires: string | undefined
}

/** Several credentials are valid at once while they are replaced. */
export type AcceptedCredentials = S3Credentials | readonly S3Credentials[]

type Server = { region: string; credentials: AcceptedCredentials; now: number }

const ALGORITHM = 'AWS4-HMAC-SHA256'
const ALLOWED_SKEW_MS = 15 * 60 * 1000

/**
 * Verifies Signature Version 4, in the `Authorization` header or in the query, as S3 does. Returns the payload digest that
 * was signed: 64 hex digits or `UNSIGNED-PAYLOAD`. Throws an S3Error. It shares no code with the signer in `storage.ts`,
 * because then a mistake in both would not be found.
 */
export function verifySignature(request: S3Request, server: Server): string {
  const claim = readClaim(request)
  // Verify the signature before anything that it covers: an altered request gets 403, whatever was altered.
  const signer = findSigner(claim, server)
  checkSignature(claim, request, signer)
  checkScope(claim, server)
  checkTime(claim, server)
  checkSignedHeaders(claim, request)
  checkToken(claim, signer)
  checkPayload(claim)
  return claim.payload
}

function readClaim(request: S3Request): Claim {
  const header = request.headers.authorization?.join(',')
  const inQuery = request.query.some(([name]) =>
    /^X-Amz-(Algorithm|Credential|Signature)$/.test(name),
  )
  if (header !== undefined && inQuery)
    throw new S3Error('InvalidArgument', { Message: 'Only one auth mechanism allowed' })
  if (header !== undefined) return readHeaderClaim(header, request)
  if (inQuery) return readQueryClaim(request)
  throw new S3Error('AccessDenied')
}

function readHeaderClaim(header: string, { headers }: S3Request): Claim {
  const malformed = 'AuthorizationHeaderMalformed'
  if (!header.startsWith(ALGORITHM))
    throw new S3Error('InvalidArgument', { Message: 'Unsupported Authorization Type' })
  const parts = /^\S+ +Credential=([^,\s]+), *SignedHeaders=([^,\s]+), *Signature=([^,\s]+)$/.exec(
    header,
  )
  if (!parts) throw new S3Error(malformed)
  const [, credential = '', signedHeaders = '', signature = ''] = parts
  const payload = headers['x-amz-content-sha256']?.join(',')
  if (payload === undefined)
    throw new S3Error('InvalidRequest', {
      Message: 'Missing required header for this request: x-amz-content-sha256',
    })
  return {
    malformed,
    ...readCredential(credential, malformed),
    stamp: headers['x-amz-date']?.join(',') ?? '',
    signedHeaders: signedHeaders.split(';'),
    signature,
    payload,
    token: headers['x-amz-security-token']?.join(','),
    expires: undefined,
  }
}

function readQueryClaim({ query, headers }: S3Request): Claim {
  const malformed = 'AuthorizationQueryParametersError'
  const find = (name: string) => {
    const values = query.filter(([given]) => given === `X-Amz-${name}`).map(([, value]) => value)
    // Two values of one parameter could be signed as one and used as the other.
    if (values.length > 1)
      throw new S3Error('AccessDenied', { Message: `X-Amz-${name} is repeated` })
    return values[0]
  }
  const findRequired = (name: string) => {
    const value = find(name)
    if (value === undefined)
      throw new S3Error(malformed, {
        Message:
          'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
      })
    return value
  }
  if (findRequired('Algorithm') !== ALGORITHM)
    throw new S3Error(malformed, { Message: `X-Amz-Algorithm only supports "${ALGORITHM}"` })
  return {
    malformed,
    ...readCredential(findRequired('Credential'), malformed),
    stamp: findRequired('Date'),
    signedHeaders: findRequired('SignedHeaders').split(';'),
    signature: findRequired('Signature'),
    payload:
      find('Content-Sha256') ?? headers['x-amz-content-sha256']?.join(',') ?? 'UNSIGNED-PAYLOAD',
    token: find('Security-Token'),
    expires: findRequired('Expires'),
  }
}

function readCredential(credential: string, malformed: S3ErrorCode) {
  const parts = credential.split('/')
  const [day = '', region = '', service = '', end = ''] = parts.splice(-4)
  if (parts.length === 0)
    throw new S3Error(malformed, {
      Message:
        'The credential must have the form "<access key>/YYYYMMDD/REGION/SERVICE/aws4_request"',
    })
  return { accessKeyId: parts.join('/'), scope: { day, region, service, end } }
}

function findSigner({ accessKeyId }: Claim, { credentials }: Server): S3Credentials {
  const signer = [credentials].flat().find((each) => each.accessKeyId === accessKeyId)
  if (!signer) throw new S3Error('InvalidAccessKeyId')
  return signer
}

function checkSignature(claim: Claim, request: S3Request, { secretAccessKey }: S3Credentials) {
  const { day, region, service, end } = claim.scope
  const query = request.query
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]))
    .map((pair) => pair.join('='))
    .join('&')
  const canonical = [
    request.method,
    encodePath(request.path),
    query,
    ...claim.signedHeaders.map((name) => `${name}:${canonicalHeader(request.headers[name])}`),
    '',
    claim.signedHeaders.join(';'),
    claim.payload,
  ].join('\n')
  const digest = createHash('sha256').update(canonical).digest('hex')
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
    (previous, part) => hmac(previous, part),
    `AWS4${secretAccessKey}`,
  )
  const scope = [day, region, service, end].join('/')
  const expected = Buffer.from(
    hmac(key, [ALGORITHM, claim.stamp, scope, digest].join('\n')).toString('hex'),
  )
  const given = Buffer.from(claim.signature)
  // Compare the length first, because timingSafeEqual throws on unequal lengths.
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw new S3Error('SignatureDoesNotMatch')
}

function checkScope({ malformed, scope, stamp }: Claim, server: Server) {
  if (scope.region !== server.region)
    throw new S3Error(malformed, {
      Message: `Error parsing the credential; the region '${scope.region}' is wrong; expecting '${server.region}'`,
      Region: server.region,
    })
  if (scope.service !== 's3' || scope.end !== 'aws4_request')
    throw new S3Error(malformed, {
      Message: 'Error parsing the credential; expecting "s3/aws4_request"',
    })
  if (scope.day !== stamp.slice(0, 8))
    throw new S3Error(malformed, {
      Message: 'Invalid credential date. This date is not the same as X-Amz-Date.',
    })
}

function checkTime({ malformed, stamp, expires }: Claim, { now }: Server) {
  const iso = stamp.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, '$1-$2-$3:$4:$5')
  const signedAt = iso === stamp ? Number.NaN : Date.parse(iso)
  if (Number.isNaN(signedAt))
    throw new S3Error('AccessDenied', {
      Message: 'AWS authentication requires a valid Date or x-amz-date header',
    })
  const ServerTime = new Date(now).toISOString()

  if (expires === undefined) {
    if (Math.abs(now - signedAt) > ALLOWED_SKEW_MS)
      throw new S3Error('RequestTimeTooSkewed', {
        RequestTime: stamp,
        ServerTime,
        MaxAllowedSkewMilliseconds: ALLOWED_SKEW_MS,
      })
    return
  }
  if (!/^\d{1,6}$/.test(expires) || Number(expires) < 1 || Number(expires) > 604_800)
    throw new S3Error(malformed, {
      Message: 'X-Amz-Expires must be from 1 to 604800 seconds (a week)',
    })
  if (signedAt > now + ALLOWED_SKEW_MS)
    throw new S3Error('AccessDenied', { Message: 'Request is not yet valid' })
  const end = signedAt + Number(expires) * 1000
  if (now > end)
    throw new S3Error('AccessDenied', {
      Message: 'Request has expired',
      'X-Amz-Expires': expires,
      Expires: new Date(end).toISOString(),
      ServerTime,
    })
}

function checkSignedHeaders({ signedHeaders }: Claim, { headers }: S3Request) {
  const unsigned = Object.keys(headers).filter(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !signedHeaders.includes(name),
  )
  if (unsigned.length > 0)
    throw new S3Error('AccessDenied', {
      Message: 'There were headers present in the request which were not signed',
      HeadersNotSigned: unsigned.join(', '),
    })
}

function checkToken({ token }: Claim, { sessionToken }: S3Credentials) {
  if (token !== sessionToken) throw new S3Error('InvalidToken')
}

function checkPayload({ payload }: Claim) {
  if (payload.startsWith('STREAMING-'))
    throw new S3Error('NotImplemented', { Header: 'x-amz-content-sha256' })
  if (payload !== 'UNSIGNED-PAYLOAD' && !/^[0-9a-f]{64}$/.test(payload))
    throw new S3Error('InvalidArgument', {
      Message: 'x-amz-content-sha256 must be UNSIGNED-PAYLOAD or a valid sha256 value.',
    })
}

const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest()

const canonicalHeader = (values: readonly string[] = []) =>
  values.map((value) => value.trim().replace(/[ \t]+/g, ' ')).join(',')

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

const encode = (value: string) =>
  encodeURIComponent(value).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
const encodePath = (path: string) => path.split('/').map(encode).join('/')
