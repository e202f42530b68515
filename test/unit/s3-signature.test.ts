import { createHash, createHmac } from 'node:crypto'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { describe, expect, test } from 'vitest'
import { S3Error } from '../../src/local/embedded/s3-error.ts'
import { type S3Request, verifySignature } from '../../src/local/embedded/s3-signature.ts'

const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'a/secret+key' }
const NOW = Date.parse('2026-01-15T10:35:00Z')
const MINUTE = 60_000
const endpoint = 'http://127.0.0.1:9000'
const region = 'us-east-2'
const EMPTY = createHash('sha256').digest('hex')

function refusalOf(request: S3Request, now = NOW, held: object = {}) {
  try {
    verifySignature(request, { region, credentials: { ...credentials, ...held }, now })
  } catch (error) {
    if (error instanceof S3Error)
      return { status: error.status, code: error.code, text: error.message }
    throw error
  }
  return undefined
}

const fromUrl = (url: string): S3Request => {
  const { pathname, searchParams, host } = new URL(url)
  return {
    method: 'GET',
    path: decodeURIComponent(pathname),
    query: [...searchParams],
    headers: { host: [host] },
  }
}
const withQuery = (request: S3Request, name: string, value: string): S3Request => ({
  ...request,
  query: request.query.map((pair) => (pair[0] === name ? [name, value] : pair)),
})
const clientOf = (options: object = {}) =>
  new S3Client({ region, endpoint, forcePathStyle: true, credentials, ...options })
const presigned = async (key = 'a/b.jpg', options: object = {}, client = clientOf()) =>
  fromUrl(
    await getSignedUrl(client, new GetObjectCommand({ Bucket: 'bucket', Key: key }), {
      expiresIn: 3600,
      signingDate: new Date(NOW),
      ...options,
    }),
  )

/** What the SDK would send now, signed in its headers. */
async function signedInHeader(
  command: PutObjectCommand | GetObjectCommand | ListObjectsV2Command | DeleteObjectCommand,
  client = clientOf(),
): Promise<S3Request> {
  let sent: S3Request | undefined
  client.middlewareStack.add(
    () => async (args) => {
      const { method, path, query, headers } = args.request as {
        method: string
        path: string
        query: Record<string, string>
        headers: Record<string, string>
      }
      sent = {
        method,
        path: decodeURIComponent(path),
        query: Object.entries(query),
        headers: Object.fromEntries(
          Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value]]),
        ),
      }
      return { response: {}, output: { $metadata: {} } }
    },
    { step: 'finalizeRequest', priority: 'low' },
  )
  await client.send(command as GetObjectCommand)
  if (!sent) throw new Error('nothing was sent')
  return sent
}
const timeOf = ({ headers }: S3Request) =>
  Date.parse(
    (headers['x-amz-date']?.[0] ?? '').replace(/^(....)(..)(.....)(..)(...)$/, '$1-$2-$3:$4:$5'),
  )

/** Signs rightly whatever it is given, to see what is refused although its signature holds. */
function signed(
  { scope = `20260115/${region}/s3/aws4_request`, ...given }: Record<string, string> = {},
  request: Partial<S3Request> = {},
): S3Request {
  const query: [string, string][] = Object.entries({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${credentials.accessKeyId}/${scope}`,
    'X-Amz-Date': '20260115T103500Z',
    'X-Amz-Expires': '3600',
    'X-Amz-SignedHeaders': 'host',
    ...given,
  })
  const whole = {
    method: 'GET',
    path: '/bucket/a',
    headers: { host: ['127.0.0.1:9000'] },
    ...request,
    query: [...query, ...(request.query ?? [])],
  }
  const names = (whole.query.find(([name]) => name === 'X-Amz-SignedHeaders')?.[1] ?? '').split(';')
  const canonical = [
    whole.method,
    whole.path,
    whole.query
      .map((pair) => pair.map(encodeURIComponent).join('='))
      .sort()
      .join('&'),
    ...names.map((name) => `${name}:${whole.headers[name as 'host']?.join(',') ?? ''}`),
    '',
    names.join(';'),
    given['X-Amz-Content-Sha256'] ?? 'UNSIGNED-PAYLOAD',
  ].join('\n')
  const [day = '', ...rest] = scope.split('/')
  const key = [day, rest[0], rest[1], 'aws4_request'].reduce<string | Buffer>(
    (previous, part = '') => createHmac('sha256', previous).update(part).digest(),
    `AWS4${credentials.secretAccessKey}`,
  )
  const date = given['X-Amz-Date'] ?? '20260115T103500Z'
  const digest = createHash('sha256').update(canonical).digest('hex')
  const signature = createHmac('sha256', key)
    .update(`AWS4-HMAC-SHA256\n${date}\n${scope}\n${digest}`)
    .digest('hex')
  return { ...whole, query: [...whole.query, ['X-Amz-Signature', signature]] }
}

describe('a presigned URL', () => {
  test.for(['a/b.jpg', "a b/ü(1)*'!~+=&.jpg", 'a//b/c', '文書 🙂'])(
    'of the SDK is accepted for the key %s',
    async (key) => {
      const request = await presigned(key)
      expect(verifySignature(request, { region, credentials, now: NOW })).toBe('UNSIGNED-PAYLOAD')
    },
  )

  test('is accepted to its last second and 15 minutes early, and no further', async () => {
    const request = await presigned()
    expect(refusalOf(request, NOW + 60 * MINUTE)).toBeUndefined()
    expect(refusalOf(request, NOW + 60 * MINUTE + 1)).toMatchObject({
      status: 403,
      code: 'AccessDenied',
      text: 'Request has expired',
    })
    expect(refusalOf(request, NOW - 15 * MINUTE)).toBeUndefined()
    expect(refusalOf(request, NOW - 15 * MINUTE - 1)).toMatchObject({
      status: 403,
      text: 'Request is not yet valid',
    })
  })

  const mismatch = { status: 403, code: 'SignatureDoesNotMatch' }
  const alterations: [string, (request: S3Request) => S3Request][] = [
    ['another key', (request) => ({ ...request, path: '/bucket/a/c.jpg' })],
    ['another bucket', (request) => ({ ...request, path: '/bucke2/a/b.jpg' })],
    ['POST', (request) => ({ ...request, method: 'POST' })],
    ['PUT', (request) => ({ ...request, method: 'PUT' })],
    ['HEAD', (request) => ({ ...request, method: 'HEAD' })],
    ['DELETE', (request) => ({ ...request, method: 'DELETE' })],
    ['another host', (request) => ({ ...request, headers: { host: ['localhost:9000'] } })],
    ['a raised expiry', (request) => withQuery(request, 'X-Amz-Expires', '7200')],
    ['an expiry raised over a week', (request) => withQuery(request, 'X-Amz-Expires', '999999')],
    ['a later date', (request) => withQuery(request, 'X-Amz-Date', '20260115T104000Z')],
    ['another signature', (request) => withQuery(request, 'X-Amz-Signature', '0'.repeat(64))],
    ['a short signature', (request) => withQuery(request, 'X-Amz-Signature', 'abc')],
    ['an empty signature', (request) => withQuery(request, 'X-Amz-Signature', '')],
    [
      'another region',
      (request) =>
        withQuery(
          request,
          'X-Amz-Credential',
          `${credentials.accessKeyId}/20260115/us-east-1/s3/aws4_request`,
        ),
    ],
    [
      'an added override',
      (request) => ({
        ...request,
        query: [...request.query, ['response-content-type', 'text/html']],
      }),
    ],
    ['an added parameter', (request) => ({ ...request, query: [...request.query, ['a', '']] })],
    ['a removed parameter', (request) => ({ ...request, query: request.query.slice(1) })],
    [
      'an added token',
      (request) => ({ ...request, query: [...request.query, ['X-Amz-Security-Token', 'x']] }),
    ],
    ['fewer signed headers', (request) => withQuery(request, 'X-Amz-SignedHeaders', '')],
  ]
  test.for(alterations)('altered answers 403: %s', async ([, alter]) => {
    // The parameter that goes first is one that the SDK adds, not one of the signature's own.
    const request = await presigned()
    const sorted = [...request.query].sort(
      ([a], [b]) => Number(b === 'x-id') - Number(a === 'x-id'),
    )
    expect(refusalOf(alter({ ...request, query: sorted }))).toMatchObject(mismatch)
  })

  test('with a repeated parameter answers 403, even rightly signed', async () => {
    const request = await presigned()
    for (const [name, value] of request.query.filter(([name]) => name.startsWith('X-Amz-')))
      expect(refusalOf({ ...request, query: [...request.query, [name, value]] })?.status).toBe(403)
    const twice: S3Request['query'] = [['X-Amz-Expires', '9999']]
    expect(refusalOf(signed({}, { query: twice }))).toMatchObject({
      status: 403,
      code: 'AccessDenied',
    })
  })

  test('of another key pair answers 403', async () => {
    const client = (changed: object) => clientOf({ credentials: { ...credentials, ...changed } })
    expect(refusalOf(await presigned('a', {}, client({ accessKeyId: 'AKIAOTHER' })))).toMatchObject(
      { status: 403, code: 'InvalidAccessKeyId' },
    )
    expect(refusalOf(await presigned('a', {}, client({ secretAccessKey: 'other' })))).toMatchObject(
      mismatch,
    )
  })

  test('carries the session token exactly when the credentials have one', async () => {
    const client = clientOf({ credentials: { ...credentials, sessionToken: 'to/ken+=' } })
    const request = await presigned('a', {}, client)
    expect(refusalOf(request, NOW, { sessionToken: 'to/ken+=' })).toBeUndefined()
    expect(refusalOf(request)?.code).toBe('InvalidToken')
    expect(refusalOf(await presigned(), NOW, { sessionToken: 'to/ken+=' })?.code).toBe(
      'InvalidToken',
    )
  })

  test('without one of its own parameters is malformed', async () => {
    const request = await presigned()
    for (const name of ['Algorithm', 'Credential', 'Date', 'Expires', 'SignedHeaders', 'Signature'])
      expect(
        refusalOf({
          ...request,
          query: request.query.filter(([given]) => given !== `X-Amz-${name}`),
        }),
      ).toMatchObject({ status: 400, code: 'AuthorizationQueryParametersError' })
  })

  test('with a header that it did not sign answers 403', async () => {
    const request = await presigned()
    const headers = { ...request.headers, 'x-amz-acl': ['public-read'] }
    expect(refusalOf({ ...request, headers })).toMatchObject({
      status: 403,
      code: 'AccessDenied',
      text: 'There were headers present in the request which were not signed',
    })
  })

  const malformed = { status: 400, code: 'AuthorizationQueryParametersError' }
  const denied = { status: 403, code: 'AccessDenied' }
  const rightlySigned: [string, Record<string, string>, object | undefined][] = [
    ['nothing wrong', {}, undefined],
    ['another region', { scope: '20260115/us-east-1/s3/aws4_request' }, malformed],
    ['another service', { scope: `20260115/${region}/sts/aws4_request` }, malformed],
    ['another terminator', { scope: `20260115/${region}/s3/aws5_request` }, malformed],
    ['a day that is not its date', { scope: `20260114/${region}/s3/aws4_request` }, malformed],
    ['no access key', { 'X-Amz-Credential': `20260115/${region}/s3/aws4_request` }, malformed],
    ['another algorithm', { 'X-Amz-Algorithm': 'AWS4-ECDSA-P256-SHA256' }, malformed],
    ['an expiry over a week', { 'X-Amz-Expires': '604801' }, malformed],
    ['no expiry', { 'X-Amz-Expires': '0' }, malformed],
    ['a negative expiry', { 'X-Amz-Expires': '-1' }, malformed],
    ['an expiry that is no number', { 'X-Amz-Expires': '1e3' }, malformed],
    ['a date of another form', { 'X-Amz-Date': '20260115T103500+0' }, denied],
    ['a date that does not exist', { 'X-Amz-Date': '20260115T253500Z' }, denied],
    ['its host not signed', { 'X-Amz-SignedHeaders': 'range' }, denied],
    ['a digest that is none', { 'X-Amz-Content-Sha256': 'abc' }, { code: 'InvalidArgument' }],
    [
      'a streamed payload',
      { 'X-Amz-Content-Sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' },
      { status: 501, code: 'NotImplemented' },
    ],
  ]
  test.for(rightlySigned)('signed rightly is judged by what it says: %s', ([, given, expected]) => {
    const refusal = refusalOf(signed(given))
    if (expected) expect(refusal).toMatchObject(expected)
    else expect(refusal).toBeUndefined()
  })
})

describe('a signature in the header', () => {
  const commands = {
    put: new PutObjectCommand({
      Bucket: 'bucket',
      Key: "a b/ü(1)*'!~+=&.jpg",
      Body: Buffer.from('bytes'),
      Metadata: { note: 'two  spaces' },
    }),
    get: new GetObjectCommand({ Bucket: 'bucket', Key: 'a', Range: 'bytes=0-1' }),
    list: new ListObjectsV2Command({ Bucket: 'bucket', Prefix: 'a b/+&=', Delimiter: '/' }),
    delete: new DeleteObjectCommand({ Bucket: 'bucket', Key: 'a' }),
  }
  test.for(Object.entries(commands))('of the SDK is accepted: %s', async ([, command]) => {
    const request = await signedInHeader(command)
    expect(verifySignature(request, { region, credentials, now: timeOf(request) })).toMatch(
      /^[0-9a-f]{64}$/,
    )
  })

  test('holds for 15 minutes either way', async () => {
    const request = await signedInHeader(commands.get)
    const skewed = { status: 403, code: 'RequestTimeTooSkewed' }
    const at = (offset: number) => refusalOf(request, timeOf(request) + offset)
    expect(at(15 * MINUTE)).toBeUndefined()
    expect(at(-15 * MINUTE)).toBeUndefined()
    expect(at(15 * MINUTE + 1)).toMatchObject(skewed)
    expect(at(-15 * MINUTE - 1)).toMatchObject(skewed)
  })

  const authorization = (change: (header: string) => string) => (request: S3Request) => ({
    ...request,
    headers: {
      ...request.headers,
      authorization: [change(request.headers.authorization?.[0] ?? '')],
    },
  })
  const withHeader = (name: string, value: string[] | undefined) => (request: S3Request) => ({
    ...request,
    headers: { ...request.headers, [name]: value },
  })
  const alterations: [string, (request: S3Request) => S3Request, number, string][] = [
    ['method', (request) => ({ ...request, method: 'DELETE' }), 403, 'SignatureDoesNotMatch'],
    ['key', (request) => ({ ...request, path: '/bucket/b' }), 403, 'SignatureDoesNotMatch'],
    ['query', (request) => ({ ...request, query: [['acl', '']] }), 403, 'SignatureDoesNotMatch'],
    ['host', withHeader('host', ['localhost:9000']), 403, 'SignatureDoesNotMatch'],
    [
      'payload digest',
      withHeader('x-amz-content-sha256', [EMPTY.replace(/./g, 'a')]),
      403,
      'SignatureDoesNotMatch',
    ],
    ['date', withHeader('x-amz-date', ['20200101T000000Z']), 403, 'SignatureDoesNotMatch'],
    ['extra header', withHeader('x-amz-acl', ['private']), 403, 'AccessDenied'],
    ['missing digest', withHeader('x-amz-content-sha256', undefined), 400, 'InvalidRequest'],
    [
      'doubled authorization',
      (request) =>
        withHeader('authorization', [...(request.headers.authorization ?? []), 'x'])(request),
      400,
      'AuthorizationHeaderMalformed',
    ],
    [
      'signature',
      authorization((header) => `${header.slice(0, -1)}g`),
      403,
      'SignatureDoesNotMatch',
    ],
    [
      'access key',
      authorization((header) => header.replace('AKIA', 'AKIB')),
      403,
      'InvalidAccessKeyId',
    ],
    [
      'form',
      authorization((header) => header.replace('SignedHeaders', 'Signed')),
      400,
      'AuthorizationHeaderMalformed',
    ],
    ['version', authorization(() => 'AWS AKIA:abc='), 400, 'InvalidArgument'],
    ['scheme', authorization(() => 'Bearer abc'), 400, 'InvalidArgument'],
    ['absence', withHeader('authorization', undefined), 403, 'AccessDenied'],
  ]
  test.for(alterations)('altered is refused: %s', async ([, alter, status, code]) => {
    const request = await signedInHeader(commands.get)
    expect(refusalOf(alter(request), timeOf(request))).toMatchObject({ status, code })
  })

  test('of another region is malformed, beside one in the query refused', async () => {
    const elsewhere = await signedInHeader(commands.get, clientOf({ region: 'us-east-1' }))
    expect(refusalOf(elsewhere, timeOf(elsewhere))).toMatchObject({
      status: 400,
      code: 'AuthorizationHeaderMalformed',
    })
    const { query } = await presigned()
    const both = { ...(await signedInHeader(commands.get)), query }
    expect(refusalOf(both)).toMatchObject({ status: 400, code: 'InvalidArgument' })
  })
})

test('version 2 in the query counts for nothing', () => {
  const query: S3Request['query'] = [
    ['AWSAccessKeyId', credentials.accessKeyId],
    ['Signature', 'abc'],
    ['Expires', '1'],
  ]
  expect(refusalOf({ method: 'GET', path: '/bucket/a', query, headers: {} })).toMatchObject({
    status: 403,
    code: 'AccessDenied',
  })
})
