import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Log } from '../../platform/log.ts'
import { S3Error, sendXml } from './s3-error.ts'
import { listObjects, listVersions } from './s3-list.ts'
import type { Digests, Objects, StoredObject } from './s3-objects.ts'
import type { AcceptedCredentials, S3Request } from './s3-signature.ts'

export type S3Parts = {
  objects: Objects
  region: string
  credentials: AcceptedCredentials
  maxObjectSize: number
  now: () => number
  log?: Log
}

/** A request with a valid signature, and its response. */
type Exchange = S3Parts & {
  request: S3Request
  /** 64 hex digits or `UNSIGNED-PAYLOAD`, as signed. */
  payload: string
  bucket: string
  key: string
  message: IncomingMessage
  response: ServerResponse
}

/** A header, or the query parameter that replaces it in a presigned URL. */
function headerOf({ headers, query }: S3Request, name: string): string | undefined {
  return headers[name]?.join(',') ?? query.find(([given]) => given.toLowerCase() === name)?.[1]
}

/** CreateBucket, HeadBucket, ListObjectsV2. */
export async function handleBucketRequest(exchange: Exchange): Promise<void> {
  const { objects, request, bucket, region, response } = exchange
  const parameter = (name: string) => request.query.find(([given]) => given === name)?.[1]
  if (bucket === '') throw new S3Error('NotImplemented')
  switch (request.method) {
    case 'PUT': {
      await requireOwnRegion(exchange)
      // Like S3, where only us-east-1 accepts creating an existing bucket.
      if (!(await objects.createBucket(bucket)) && region !== 'us-east-1')
        throw new S3Error('BucketAlreadyOwnedByYou', { BucketName: bucket })
      response.writeHead(200, { location: `/${bucket}` }).end()
      return
    }
    case 'HEAD':
      await objects.requireBucket(bucket)
      response.writeHead(200, { 'x-amz-bucket-region': region }).end()
      return
    case 'GET':
      if (parameter('versions') !== undefined) {
        await objects.requireBucket(bucket)
        const versions = listVersions(bucket, await objects.list(bucket), parameter)
        sendXml(response, 200, 'ListVersionsResult', versions)
        return
      }
      if (parameter('list-type') !== '2') throw new S3Error('NotImplemented')
      await objects.requireBucket(bucket)
      sendXml(
        response,
        200,
        'ListBucketResult',
        listObjects(bucket, await objects.list(bucket), parameter),
      )
      return
    default:
      throw new S3Error('MethodNotAllowed', { ResourceType: 'BUCKET' })
  }
}

// Checked before the body is read, so that a rejected body is not stored.
function requireLength(headers: S3Request['headers'], max: number) {
  const length = headers['content-length']?.[0]
  if (length === undefined) throw new S3Error('MissingContentLength')
  if (Number(length) > max)
    throw new S3Error('EntityTooLarge', { ProposedSize: length, MaxSizeAllowed: max })
}

async function requireOwnRegion({ message, request, payload, region }: Exchange) {
  requireLength(request.headers, 16_384)
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk)
  const body = Buffer.concat(chunks)
  requireSigned(payload, createHash('sha256').update(body).digest())
  const requested = /<LocationConstraint>([^<]*)</.exec(body.toString('utf8'))?.[1]
  if (requested !== undefined && requested !== region)
    throw new S3Error('IllegalLocationConstraintException')
}

/** GetObject, HeadObject, PutObject, DeleteObject. */
export async function handleObjectRequest(exchange: Exchange): Promise<void> {
  const { objects, request, bucket, key, response } = exchange
  const size = Buffer.byteLength(key)
  if (size > 1024) throw new S3Error('KeyTooLongError', { Size: size, MaxSizeAllowed: 1024 })
  await objects.requireBucket(bucket)
  switch (request.method) {
    case 'GET':
    case 'HEAD':
      return getObject(exchange)
    case 'PUT':
      return putObject(exchange)
    case 'DELETE':
      await objects.remove(bucket, key)
      response.writeHead(204).end()
      return
    default:
      throw new S3Error('MethodNotAllowed', { ResourceType: 'OBJECT' })
  }
}

const KEPT_HEADERS =
  /^(cache-control|content-(type|disposition|encoding|language)|expires|x-amz-meta-.+)$/
const CHECKSUMS = ['sha256', 'crc32'] as const

async function putObject(exchange: Exchange) {
  const { objects, request, payload, bucket, key, message, response, maxObjectSize } = exchange
  const { headers } = request
  requireLength(headers, maxObjectSize)
  if (/\baws-chunked\b/.test(headers['content-encoding']?.join(',') ?? ''))
    throw new S3Error('NotImplemented', { Header: 'content-encoding' })
  const writeOnce = headers['if-none-match'] !== undefined
  if ((writeOnce && headers['if-none-match']?.join(',') !== '*') || headers['if-match'])
    throw new S3Error('NotImplemented', { Header: 'if-match' })

  const named = [...Object.keys(headers), ...request.query.map(([name]) => name.toLowerCase())]
  const kept = named
    .filter((name) => KEPT_HEADERS.test(name))
    .map((name) => [name, requireHeaderText(headerOf(request, name) ?? '')] as const)
  const metadata = kept.filter(([name]) => name.startsWith('x-amz-meta-'))
  if (metadata.flat().reduce((sum, text) => sum + Buffer.byteLength(text), 0) > 2048)
    throw new S3Error('MetadataTooLarge', { MaxSizeAllowed: 2048 })

  const upload = await objects.receive(message)
  try {
    requireSigned(payload, upload.digests.sha256)
    requireMd5(headers['content-md5']?.join(','), upload.digests.md5)
    const checksum = requireChecksums(request, upload.digests)
    const object: StoredObject = {
      key,
      size: upload.digests.size,
      md5: upload.digests.md5.toString('hex'),
      modifiedAt: Math.floor(exchange.now() / 1000) * 1000,
      checksum,
      headers: { 'content-type': 'binary/octet-stream', ...Object.fromEntries(kept) },
    }
    if (!(await upload.commit(bucket, object, writeOnce)))
      throw new S3Error('PreconditionFailed', { Condition: 'If-None-Match' })
    response.writeHead(200, { etag: `"${object.md5}"`, ...checksumHeaders(object) }).end()
  } finally {
    await upload.discard()
  }
}

function requireSigned(payload: string, sha256: Buffer) {
  if (payload !== 'UNSIGNED-PAYLOAD' && payload !== sha256.toString('hex'))
    throw new S3Error('XAmzContentSHA256Mismatch')
}

function requireMd5(declared: string | undefined, md5: Buffer) {
  if (declared === undefined) return
  if (!/^[A-Za-z0-9+/]{22}==$/.test(declared)) throw new S3Error('InvalidDigest')
  if (declared !== md5.toString('base64'))
    throw new S3Error('BadDigest', {
      Message: 'The Content-MD5 you specified did not match what we received.',
    })
}

function requireChecksums(request: S3Request, digests: Digests): StoredObject['checksum'] {
  const declared = CHECKSUMS.flatMap((algorithm) => {
    const value = headerOf(request, `x-amz-checksum-${algorithm}`)
    return value === undefined ? [] : [{ algorithm, value }]
  })
  const [first] = declared
  if (declared.length > 1)
    throw new S3Error('InvalidRequest', { Message: 'Expecting a single x-amz-checksum- header.' })
  if (!first) return undefined
  if (first.value !== digests[first.algorithm].toString('base64'))
    throw new S3Error('BadDigest', {
      Message: `The ${first.algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
    })
  return [first.algorithm, first.value]
}

const checksumHeaders = ({ checksum }: StoredObject): Record<string, string> =>
  checksum
    ? { [`x-amz-checksum-${checksum[0]}`]: checksum[1], 'x-amz-checksum-type': 'FULL_OBJECT' }
    : {}

async function getObject({ objects, request, bucket, key, response }: Exchange) {
  const found = await objects.find(bucket, key)
  if (!found) throw new S3Error('NoSuchKey', { Key: key })
  const { file, object } = found
  try {
    const etag = `"${object.md5}"`
    const lastModified = new Date(object.modifiedAt).toUTCString()
    if (isUnchanged(request, object)) {
      response.writeHead(304, { etag, 'last-modified': lastModified }).end()
      return
    }
    const range = readRange(request.headers.range?.join(','), object.size)
    const wanted = range ?? { start: 0, end: object.size - 1 }
    const isChecksumAsked = headerOf(request, 'x-amz-checksum-mode')?.toUpperCase() === 'ENABLED'
    response.writeHead(range ? 206 : 200, {
      ...object.headers,
      ...readOverrides(request),
      etag,
      'last-modified': lastModified,
      'accept-ranges': 'bytes',
      'content-length': wanted.end - wanted.start + 1,
      ...(range && { 'content-range': `bytes ${range.start}-${range.end}/${object.size}` }),
      // The checksum covers the whole object, so it is not sent with a part.
      ...(isChecksumAsked && !range && checksumHeaders(object)),
    })
    if (request.method === 'HEAD' || object.size === 0) response.end()
    else await pipeline(file.createReadStream({ ...wanted, autoClose: false }), response)
  } finally {
    await file.close()
  }
}

/** RFC 9110 §13.2.2, without ranges. Throws when a precondition fails. */
function isUnchanged({ headers }: S3Request, { md5, modifiedAt }: StoredObject): boolean {
  const names = (value: string) =>
    value === '*' || value.split(',').some((tag) => tag.trim().replace(/^"|"$/g, '') === md5)
  const time = (name: string) => Date.parse(headers[name]?.[0] ?? '')
  const [match, noneMatch] = [headers['if-match']?.join(','), headers['if-none-match']?.join(',')]
  const isPast = match === undefined && modifiedAt > time('if-unmodified-since')
  if (isPast || (match !== undefined && !names(match))) throw new S3Error('PreconditionFailed')
  return noneMatch === undefined ? modifiedAt <= time('if-modified-since') : names(noneMatch)
}

/** Several ranges, or an invalid one, return the whole object, as in S3. */
function readRange(header: string | undefined, size: number) {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? []
  if (first === '' && last === '') return undefined
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (start > end)
    throw new S3Error('InvalidRange', { RangeRequested: header ?? '', ActualObjectSize: size })
  return { start, end }
}

const readOverrides = ({ query }: S3Request): Record<string, string> =>
  Object.fromEntries(
    query
      .filter(([name]) => name.startsWith('response-'))
      .map(([name, value]) => [name.slice('response-'.length), requireHeaderText(value)]),
  )

// Other characters would end the header or cannot be sent in one.
function requireHeaderText(value: string): string {
  if (/^[\t -~\u00a0-\u00ff]*$/.test(value)) return value
  throw new S3Error('InvalidArgument', {
    Message: 'Header value cannot be represented using ISO-8859-1.',
  })
}
