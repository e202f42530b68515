import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectTaggingCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startS3Server } from '../../src/local/embedded/s3.ts'
import { OperatorError } from '../../src/platform/errors.ts'
import { createStorage, type Storage } from '../../src/platform/storage.ts'
import { eventually } from '../support/sandbox.ts'

const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'a/secret+key' }
const region = 'us-east-2'
const bucket = 'images'
const image = randomBytes(1_000_000)
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()
const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('base64')
const jpeg = (bytes: Uint8Array) => ({ contentType: 'image/jpeg', sha256: sha256(bytes) })
const MAX = 2_000_000

let dir: string
let time: (() => number) | undefined
let server: Awaited<ReturnType<typeof startS3Server>>
let storage: Storage
let client: S3Client

const start = (changes: object = {}) =>
  startS3Server({
    dir,
    port: 0,
    bucket,
    region,
    credentials,
    production: false,
    maxObjectSize: MAX,
    now: () => (time ?? Date.now)(),
    ...changes,
  })
const clientOf = (options: object = {}) =>
  new S3Client({
    region,
    endpoint: server.endpoint,
    forcePathStyle: true,
    credentials,
    maxAttempts: 1,
    ...options,
  })
const storageAt = (endpoint: string, options = {}) =>
  createStorage(
    { endpoint, publicEndpoint: endpoint, region, bucket, forcePathStyle: true, credentials },
    options,
  )

beforeEach(async () => {
  time = undefined
  dir = await mkdtemp(join(tmpdir(), 'embedded-s3-'))
  server = await start()
  storage = storageAt(server.endpoint)
  client = clientOf()
})
afterEach(async () => {
  client.destroy()
  storage.close()
  await server.close()
  await rm(dir, { recursive: true, force: true })
})

const signed = async (key: string, options: object = {}) =>
  (await storage.signer())(key, { expiresInSeconds: 3600, ...options })

/** The status and the code of an answer, with what else a test wants to look at. */
async function ask(url: string, init: RequestInit = {}) {
  const response = await fetch(url, init)
  const body = Buffer.from(await response.arrayBuffer())
  return {
    status: response.status,
    code: /<Code>(\w+)<\/Code>/.exec(body.toString())?.[1],
    headers: response.headers,
    body,
  }
}
const refused = (status: number, name: string) =>
  expect.objectContaining({ name, $metadata: expect.objectContaining({ httpStatusCode: status }) })

describe('storage on the embedded server', () => {
  test.for(['tenant/verification/attempt/document_front.jpg', "a b/ü(1)*'!~+=&.jpg", '文書/🙂'])(
    'keeps the very bytes under %s, and a presigned URL fetches them',
    async (key) => {
      await storage.put(key, image, jpeg(image))
      expect(await storage.head(key)).toEqual({
        size: image.length,
        contentType: 'image/jpeg',
        sha256: sha256(image),
      })
      expect(Buffer.from(await storage.get(key)).equals(image)).toBe(true)
      const answer = await ask(await signed(key))
      expect(answer.status).toBe(200)
      expect(answer.headers.get('content-type')).toBe('image/jpeg')
      expect(answer.body.equals(image)).toBe(true)
    },
  )

  test('a second put of the same bytes succeeds, of other bytes it throws and changes nothing', async () => {
    await storage.put('k', image, jpeg(image))
    await storage.put('k', image, jpeg(image))
    const other = Buffer.from('other')
    await expect(storage.put('k', other, jpeg(other))).rejects.toThrow(/another object/)
    expect(Buffer.from(await storage.get('k')).equals(image)).toBe(true)
  })

  test('bytes that are not those of their digest are not sent', async () => {
    await expect(storage.put('k', image, jpeg(Buffer.from('other')))).rejects.toThrow(/SHA-256/)
    expect(await storage.head('k')).toBeUndefined()
  })

  test('what does not exist is undefined to head, an error to get, and deleted gladly', async () => {
    expect(await storage.head('k')).toBeUndefined()
    await expect(storage.get('k')).rejects.toThrow(expect.objectContaining({ name: 'NoSuchKey' }))
    await storage.delete('k')
  })

  test('a deleted object is gone, and its URL answers 404', async () => {
    await storage.put('k', image, jpeg(image))
    const url = await signed('k')
    await storage.delete('k')
    expect(await ask(url)).toMatchObject({ status: 404, code: 'NoSuchKey' })
  })

  test('a type, a disposition and a range are answered as asked', async () => {
    await storage.put('k', image, jpeg(image))
    const url = await signed('k', {
      contentType: 'image/png',
      filename: 'cédula.jpg',
    })
    const answer = await ask(url, { headers: { range: 'bytes=10-19' } })
    expect(answer.status).toBe(206)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'image/png',
      'content-disposition': `attachment; filename="c_dula.jpg"; filename*=UTF-8''c%C3%A9dula.jpg`,
      'content-range': `bytes 10-19/${image.length}`,
      'content-length': '10',
    })
    expect(answer.body.equals(image.subarray(10, 20))).toBe(true)
  })

  test('a store that never answers, or never ends, fails in bounded time', async () => {
    const slow = createServer((request, response) => {
      if (request.url?.startsWith(`/${bucket}/never`)) return
      response.writeHead(200, { 'content-length': 1000 })
      response.write('x')
    })
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve))
    const { port } = slow.address() as AddressInfo
    const bounded = storageAt(`http://127.0.0.1:${port}`, { timeoutMs: 200 })
    await expect(bounded.get('never')).rejects.toThrow()
    await expect(bounded.get('endless')).rejects.toThrow()
    bounded.close()
    slow.closeAllConnections()
    slow.close()
  })
})

describe('a presigned URL', () => {
  let url: string
  beforeEach(async () => {
    await storage.put('a/k.jpg', image, jpeg(image))
    url = await signed('a/k.jpg')
  })

  test('of the SDK fetches the bytes and puts them', async () => {
    const get = new GetObjectCommand({ Bucket: bucket, Key: 'a/k.jpg' })
    const answer = await ask(await getSignedUrl(client, get, { expiresIn: 60 }))
    expect(answer.body.equals(image)).toBe(true)
    expect(answer.headers.get('x-amz-checksum-sha256')).toBe(sha256(image).toString('base64'))

    const bytes = Buffer.from('put by URL')
    const put = new PutObjectCommand({
      Bucket: bucket,
      Key: 'put',
      ChecksumSHA256: sha256(bytes).toString('base64'),
      Metadata: { note: 'kept' },
    })
    const putUrl = await getSignedUrl(client, put, { expiresIn: 60 })
    expect(await ask(putUrl, { method: 'PUT', body: 'other' })).toMatchObject({ code: 'BadDigest' })
    expect(await ask(putUrl, { method: 'PUT', body: bytes })).toMatchObject({ status: 200 })
    expect(Buffer.from(await storage.get('put')).equals(bytes)).toBe(true)
    const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'put' }))
    expect(head.Metadata).toEqual({ note: 'kept' })
  })

  test.for(['POST', 'PUT', 'HEAD', 'DELETE', 'PATCH', 'OPTIONS'])(
    'made for GET answers 403 to %s, and the object stays',
    async (method) => {
      const answer = await ask(url, { method, body: method.startsWith('P') ? 'x' : null })
      expect(answer.status).toBe(403)
      expect(Buffer.from(await storage.get('a/k.jpg')).equals(image)).toBe(true)
    },
  )

  test.for<[string, (url: string) => string]>([
    ['another key', (whole) => whole.replace('/a/k.jpg', '/a/l.jpg')],
    ['a key that steps out', (whole) => whole.replace('/a/k.jpg', '/a/%2e%2e%2fk.jpg')],
    ['a raised expiry', (whole) => whole.replace('Expires=3600', 'Expires=604800')],
    ['an expiry over a week', (whole) => whole.replace('Expires=3600', 'Expires=9999999')],
    ['an added override', (whole) => `${whole}&response-content-type=text%2Fhtml`],
    ['an added parameter', (whole) => `${whole}&versionId=1`],
    ['a repeated parameter', (whole) => whole.replace('&X-Amz-Exp', '&X-Amz-Expires=9&X-Amz-Exp')],
    ['another signature', (whole) => whole.replace(/.$/, (last) => (last === '0' ? '1' : '0'))],
    ['another host', (whole) => whole.replace('127.0.0.1', 'localhost')],
  ])('altered answers 403: %s', async ([, alter]) => {
    expect(alter(url)).not.toBe(url)
    expect((await ask(alter(url))).status).toBe(403)
  })

  test('that has expired answers 403 AccessDenied', async () => {
    const expired = { status: 403, code: 'AccessDenied' }
    time = () => Date.now() + 3_602_000
    expect(await ask(url)).toMatchObject(expired)
    time = () => Date.now() - 16 * 60_000
    expect(await ask(url)).toMatchObject(expired)
  })

  test('refuses a header that it did not sign', async () => {
    const answer = await ask(url, { headers: { 'x-amz-meta-a': 'b' } })
    expect(answer).toMatchObject({ status: 403, code: 'AccessDenied' })
  })

  test('answers 304 and 412 to what the reader already has', async () => {
    const etag = (await ask(url)).headers.get('etag') ?? ''
    expect(await ask(url, { headers: { 'if-none-match': etag } })).toMatchObject({ status: 304 })
    expect(await ask(url, { headers: { 'if-match': etag } })).toMatchObject({ status: 200 })
    expect(await ask(url, { headers: { 'if-match': '"other"' } })).toMatchObject({ status: 412 })
    const [past, future] = [
      'Thu, 01 Jan 2015 00:00:00 GMT',
      new Date(Date.now() + 9e7).toUTCString(),
    ]
    expect((await ask(url, { headers: { 'if-modified-since': future } })).status).toBe(304)
    expect((await ask(url, { headers: { 'if-modified-since': past } })).status).toBe(200)
    expect((await ask(url, { headers: { 'if-unmodified-since': past } })).status).toBe(412)
  })

  test.for<[string, number, [number, number]]>([
    ['bytes=0-0', 206, [0, 1]],
    ['bytes=999990-', 206, [999_990, 1_000_000]],
    ['bytes=-5', 206, [999_995, 1_000_000]],
    ['bytes=-2000000', 206, [0, 1_000_000]],
    ['bytes=999999-2000000', 206, [999_999, 1_000_000]],
    ['bytes=5-4', 200, [0, 1_000_000]],
    ['bytes=0-1,3-4', 200, [0, 1_000_000]],
    ['lines=1-2', 200, [0, 1_000_000]],
  ])('answers the range %s with %d', async ([range, status, [from, to]]) => {
    const answer = await ask(url, { headers: { range } })
    expect(answer.status).toBe(status)
    expect(answer.body.equals(image.subarray(from, to))).toBe(true)
  })

  test('answers 416 to a range behind the end', async () => {
    for (const range of ['bytes=1000000-', 'bytes=-0'])
      expect(await ask(url, { headers: { range } })).toMatchObject({
        status: 416,
        code: 'InvalidRange',
      })
  })

  test('has one whole answer with an id, and says nothing of a signature when it refuses', async () => {
    const answer = await ask(url.replace('/a/k.jpg', '/a/<&>.jpg'))
    expect(answer).toMatchObject({ status: 403, code: 'SignatureDoesNotMatch' })
    expect(answer.headers.get('x-amz-request-id')).toMatch(/^[0-9A-F]{16}$/)
    expect(answer.body.toString()).toContain('<RequestId>')
    expect(answer.body.toString()).not.toMatch(/X-Amz|[0-9a-f]{64}/)
  })
})

describe('the real client', () => {
  const put = (input: object = {}) =>
    client.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: image, ...input }))
  const get = (input: object = {}) =>
    client.send(new GetObjectCommand({ Bucket: bucket, Key: 'k', ...input }))

  test('puts, heads and gets with its own checksums, its headers and its metadata', async () => {
    const kept = {
      ContentType: 'image/jpeg',
      CacheControl: 'no-store',
      ContentDisposition: 'inline',
      Metadata: { note: 'two  words' },
    }
    const written = await put(kept)
    const ETag = `"${createHash('md5').update(image).digest('hex')}"`
    expect(written).toMatchObject({ ETag, ChecksumCRC32: expect.any(String) })
    expect(written.$metadata.requestId).toMatch(/^[0-9A-F]{16}$/)
    const read = await get()
    expect(read).toMatchObject({
      ...kept,
      ETag,
      ContentLength: image.length,
      AcceptRanges: 'bytes',
      ChecksumCRC32: written.ChecksumCRC32,
      LastModified: expect.any(Date),
    })
    expect(Buffer.from((await read.Body?.transformToByteArray()) ?? []).equals(image)).toBe(true)
    const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'k' }))
    expect(head).toMatchObject({ ...kept, ETag, ContentLength: image.length })
  })

  test('overwrites, keeps an empty object, and leaves no trace of what was', async () => {
    await put()
    await put({ Body: Buffer.alloc(0) })
    const read = await get()
    expect(read.ContentLength).toBe(0)
    expect(await read.Body?.transformToString()).toBe('')
    expect(await readdir(join(dir, bucket))).toHaveLength(1)
    expect(await readdir(join(dir, '.incoming'))).toEqual([])
  })

  test('of many that write one key once exactly one wins, and its bytes are whole', async () => {
    const bodies = Array.from({ length: 12 }, () => randomBytes(100_000))
    const results = await Promise.allSettled(bodies.map((Body) => put({ Body, IfNoneMatch: '*' })))
    const winner = results.findIndex(({ status }) => status === 'fulfilled')
    const losers = results.filter((result) => result.status === 'rejected')
    expect(losers).toHaveLength(11)
    for (const { reason } of losers) expect(reason).toEqual(refused(412, 'PreconditionFailed'))
    const read = Buffer.from((await (await get()).Body?.transformToByteArray()) ?? [])
    expect(read.equals(bodies[winner] ?? Buffer.alloc(0))).toBe(true)
    expect(await readdir(join(dir, '.incoming'))).toEqual([])
  })

  test.for<[string, object, number, string]>([
    ['Content-MD5', { ContentMD5: md5(Buffer.from('x')) }, 400, 'BadDigest'],
    ['Content-MD5 of no such form', { ContentMD5: 'abc' }, 400, 'InvalidDigest'],
    ['SHA-256', { ChecksumSHA256: sha256(Buffer.from('x')).toString('base64') }, 400, 'BadDigest'],
    ['CRC-32', { ChecksumCRC32: 'AAAAAA==' }, 400, 'BadDigest'],
    ['size over the cap', { Body: Buffer.alloc(MAX + 1) }, 400, 'EntityTooLarge'],
    ['metadata over 2 KB', { Metadata: { a: 'x'.repeat(2048) } }, 400, 'MetadataTooLarge'],
    ['key over 1024 bytes', { Key: `${'é'.repeat(512)}a` }, 400, 'KeyTooLongError'],
    ['bucket that is not there', { Bucket: 'elsewhere' }, 404, 'NoSuchBucket'],
    ['bucket in capitals', { Bucket: 'Images' }, 400, 'InvalidBucketName'],
    ['bucket with two dots', { Bucket: 'im..ages' }, 400, 'InvalidBucketName'],
    ['encryption that is not done', { ServerSideEncryption: 'AES256' }, 501, 'NotImplemented'],
    ['public access', { ACL: 'public-read' }, 501, 'NotImplemented'],
    ['condition that is not known', { IfNoneMatch: '"etag"' }, 501, 'NotImplemented'],
  ])('is refused a put with a wrong or foreign %s', async ([, input, status, code]) => {
    await expect(put(input)).rejects.toEqual(refused(status, code))
    expect(await readdir(join(dir, bucket))).toEqual([])
    expect(await readdir(join(dir, '.incoming'))).toEqual([])
  })

  test('is refused a body that is not the one it signed, as when a byte flips on the way', async () => {
    client.middlewareStack.add(
      (next) => (args) => {
        const request = args.request as { body?: Buffer }
        request.body &&= Buffer.from(request.body.map((byte, at) => (at === 7 ? byte ^ 1 : byte)))
        return next(args)
      },
      { step: 'finalizeRequest', priority: 'low' },
    )
    await expect(put()).rejects.toEqual(refused(400, 'XAmzContentSHA256Mismatch'))
    await expect(get()).rejects.toEqual(refused(404, 'NoSuchKey'))
  })

  test('is refused a streamed, chunked body', async () => {
    const quiet = () => undefined
    const streaming = clientOf({ logger: { debug: quiet, info: quiet, warn: quiet, error: quiet } })
    const put = new PutObjectCommand({
      Bucket: bucket,
      Key: 'k',
      Body: Readable.from([image]),
      ContentLength: image.length,
    })
    await expect(streaming.send(put)).rejects.toEqual(refused(501, 'NotImplemented'))
    streaming.destroy()
  })

  test('keeps the longest key, and keys that look like paths are only names', async () => {
    const keys = [
      'é'.repeat(512),
      '../../escape',
      '/absolute',
      'a//b',
      '.',
      'C:\\x',
      'k\u0001\n<&>',
    ]
    for (const Key of keys) {
      await put({ Key, Body: Buffer.from(Key) })
      expect(await (await get({ Key })).Body?.transformToString()).toBe(Key)
    }
    const names = await readdir(join(dir, bucket))
    expect(names).toHaveLength(keys.length)
    for (const name of names) expect(name).toMatch(/^[0-9a-f]{64}$/)
    expect((await readdir(dir)).sort()).toEqual(['.incoming', bucket])
    const listed = await client.send(new ListObjectsV2Command({ Bucket: bucket }))
    expect(listed.Contents?.map(({ Key }) => Key).sort()).toEqual([...keys].sort())
  })

  test('lists page by page, in order, with prefixes in place of folders', async () => {
    const keys = ['a', 'b/1', 'b/2', 'b/3', 'c/1', 'd', 'z/🙂', 'z/ﬁ']
    for (const Key of keys) await put({ Key, Body: Buffer.from(Key) })
    const list = async (input: object) => {
      const pages = paginateListObjectsV2({ client }, { Bucket: bucket, MaxKeys: 2, ...input })
      const found: string[] = []
      for await (const { Contents = [], CommonPrefixes = [], KeyCount } of pages) {
        const names = [
          ...Contents.map(({ Key }) => Key),
          ...CommonPrefixes.map(({ Prefix }) => Prefix),
        ]
        expect(names).toHaveLength(KeyCount ?? -1)
        found.push(...names.map(String))
      }
      return found
    }
    // UTF-8 order: U+FB01 stands before U+1F642.
    expect(await list({})).toEqual(['a', 'b/1', 'b/2', 'b/3', 'c/1', 'd', 'z/ﬁ', 'z/🙂'])
    expect((await list({ Delimiter: '/' })).sort()).toEqual(['a', 'b/', 'c/', 'd', 'z/'])
    expect(await list({ Prefix: 'b/' })).toEqual(['b/1', 'b/2', 'b/3'])
    expect(await list({ Prefix: 'b/', StartAfter: 'b/1' })).toEqual(['b/2', 'b/3'])
    expect(await list({ Prefix: 'nothing' })).toEqual([])
  })

  test('deletes, and deletes again', async () => {
    await put()
    const remove = new DeleteObjectCommand({ Bucket: bucket, Key: 'k' })
    expect((await client.send(remove)).$metadata.httpStatusCode).toBe(204)
    expect((await client.send(remove)).$metadata.httpStatusCode).toBe(204)
    await expect(get()).rejects.toEqual(refused(404, 'NoSuchKey'))
  })

  test('creates a bucket once, in the region of the server', async () => {
    const head = (Bucket: string) => client.send(new HeadBucketCommand({ Bucket }))
    const create = (LocationConstraint: 'us-east-2' | 'eu-west-1') =>
      client.send(
        new CreateBucketCommand({
          Bucket: 'second',
          CreateBucketConfiguration: { LocationConstraint },
        }),
      )
    await expect(head('second')).rejects.toEqual(refused(404, 'NotFound'))
    await expect(create('eu-west-1')).rejects.toEqual(
      refused(400, 'IllegalLocationConstraintException'),
    )
    expect((await create('us-east-2')).Location).toBe('/second')
    expect((await head('second')).BucketRegion).toBe('us-east-2')
    await expect(create('us-east-2')).rejects.toEqual(refused(409, 'BucketAlreadyOwnedByYou'))
  })

  test('is refused with other credentials, another region or a clock that is off', async () => {
    const list = (options: object) =>
      clientOf(options).send(new HeadObjectCommand({ Bucket: bucket, Key: 'k' }))
    for (const secret of [{ accessKeyId: 'AKIAOTHER' }, { secretAccessKey: 'other' }])
      await expect(list({ credentials: { ...credentials, ...secret } })).rejects.toMatchObject({
        $metadata: { httpStatusCode: 403 },
      })
    await expect(list({ region: 'eu-west-1' })).rejects.toMatchObject({
      $metadata: { httpStatusCode: 400 },
    })
    time = () => Date.now() + 16 * 60_000
    await expect(get()).rejects.toEqual(refused(403, 'RequestTimeTooSkewed'))
  })

  test('is refused what the server does not keep: tags, copies', async () => {
    await put()
    const at = { Bucket: bucket, Key: 'k' }
    await expect(client.send(new GetObjectTaggingCommand(at))).rejects.toEqual(
      refused(501, 'NotImplemented'),
    )
    await expect(
      client.send(new PutObjectTaggingCommand({ ...at, Tagging: { TagSet: [] } })),
    ).rejects.toEqual(refused(501, 'NotImplemented'))
    await expect(
      client.send(new CopyObjectCommand({ Bucket: bucket, Key: 'l', CopySource: 'images/k' })),
    ).rejects.toEqual(refused(501, 'NotImplemented'))
    const read = await (await get()).Body?.transformToByteArray()
    expect(Buffer.from(read ?? []).equals(image)).toBe(true)
  })
})

describe('a stranger', () => {
  test.for(['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'OPTIONS'])(
    'gets 403 for %s, whether or not there is something',
    async (method) => {
      await storage.put('k', image, jpeg(image))
      for (const path of [
        '/',
        '/images',
        '/images?list-type=2',
        '/images/k',
        '/images/l',
        '/other/k',
      ]) {
        const answer = await ask(server.endpoint + path, {
          method,
          body: method.startsWith('P') ? 'x' : null,
        })
        expect(answer.status).toBe(403)
        if (method !== 'HEAD') expect(answer.code).toBe('AccessDenied')
      }
    },
  )

  test('gets 400 for a target that is not a path, and nothing outside the directory', async () => {
    await writeFile(join(dir, 'outside'), 'outside')
    const status = (path: string) =>
      new Promise((resolve, reject) =>
        httpRequest({ port: server.port, host: '127.0.0.1', path }, (response) => {
          response.resume()
          resolve(response.statusCode)
        })
          .on('error', reject)
          .end(),
      )
    for (const path of ['/images/%', '/images/%00', '/images/%ff', 'http://127.0.0.1/images/k'])
      expect(await status(path)).toBe(400)
    for (const path of ['/../outside', '/images/../../outside', '//outside', '/%2e%2e/outside'])
      expect(await status(path)).toBe(403)
  })
})

describe('on disk', () => {
  test('objects and their metadata survive a restart', async () => {
    await storage.put('k', image, jpeg(image))
    await server.close()
    server = await start({ port: server.port })
    expect(await storage.head('k')).toMatchObject({ contentType: 'image/jpeg', size: image.length })
    expect((await ask(await signed('k'))).body.equals(image)).toBe(true)
  })

  test('an upload that breaks off is never visible and leaves nothing', async () => {
    const url = await getSignedUrl(client, new PutObjectCommand({ Bucket: bucket, Key: 'half' }), {
      expiresIn: 60,
    })
    await new Promise<void>((resolve) => {
      const half = httpRequest(url, { method: 'PUT', headers: { 'content-length': 1000 } })
      half.on('error', () => resolve())
      half.write('x'.repeat(500), () => half.destroy())
    })
    expect(await storage.head('half')).toBeUndefined()
    await eventually(async () => (await readdir(join(dir, '.incoming'))).length === 0)
  })

  test('what was acknowledged survives kill -9, and what was half-way is cleaned', async () => {
    await server.close()
    const started = JSON.stringify({ dir, port: 0, bucket, region, credentials, production: false })
    const module = new URL('../../src/local/embedded/s3.ts', import.meta.url)
    const script = `const { startS3Server } = await import('${module}')
      console.log((await startS3Server(${started})).port)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(child, 'exit')
    const [line] = await once(child.stdout, 'data')
    const killed = storageAt(`http://127.0.0.1:${Number(line)}`)
    const half = httpRequest(
      await getSignedUrl(
        clientOf({ endpoint: `http://127.0.0.1:${Number(line)}` }),
        new PutObjectCommand({ Bucket: bucket, Key: 'half' }),
        { expiresIn: 60 },
      ),
      { method: 'PUT', headers: { 'content-length': 1000 } },
    )
    half.on('error', () => undefined)
    half.write('x'.repeat(500))
    await killed.put('k', image, jpeg(image))
    await eventually(async () => (await readdir(join(dir, '.incoming'))).length === 1)
    child.kill('SIGKILL')
    await ended
    killed.close()

    expect(await readdir(join(dir, '.incoming'))).toHaveLength(1)
    server = await start({ port: server.port })
    expect(Buffer.from(await storage.get('k')).equals(image)).toBe(true)
    expect(await storage.head('half')).toBeUndefined()
    expect(await readdir(join(dir, '.incoming'))).toEqual([])
  })

  test('a damaged file answers 500 and not other bytes', async () => {
    await storage.put('k', image, jpeg(image))
    const [name = ''] = await readdir(join(dir, bucket))
    const file = join(dir, bucket, name)
    await writeFile(file, (await readFile(file)).subarray(0, 500_000))
    expect(await ask(await signed('k'))).toMatchObject({ status: 500, code: 'InternalError' })
  })
})

describe('it does not start', () => {
  test.for<[string, object]>([
    ['in production', { production: true }],
    ['on a public address', { host: '0.0.0.0' }],
    ['on a name that is not this machine', { host: 'localhost.example' }],
  ])('%s', async ([, changes]) => {
    await expect(start(changes)).rejects.toThrow(OperatorError)
  })

  test('on a taken port, or in a directory that cannot be one, and says which', async () => {
    await expect(start({ port: server.port })).rejects.toThrow(
      `Port ${server.port} of the embedded S3 server is taken`,
    )
    const file = join(dir, 'file')
    await writeFile(file, '')
    await mkdir(join(dir, 'x'))
    await expect(start({ dir: file })).rejects.toThrow(`${file} must be writable`)
  })
})
