import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import {
  DeleteObjectCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetPublicAccessBlockCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import { currentTraceparent } from './correlation.ts'
import { observe } from './operations.ts'
import { createSigner, requireKey, type SignGet } from './presign.ts'

export type S3Config = {
  /** `undefined` is AWS itself. */
  endpoint: string | undefined
  publicEndpoint: string | undefined
  region: string
  bucket: string
  forcePathStyle: boolean
  /** The KMS key with which the store encrypts every object; `undefined`: the bucket's own setting. */
  kmsKeyId?: string | undefined
  /** `undefined`: found by the AWS SDK's default chain. */
  credentials?: S3ClientConfig['credentials'] | undefined
}

export type Storage = {
  /**
   * Writes once (`If-None-Match: *`) with SHA-256 and Content-MD5, so that a store makes whichever check it supports. An existing
   * object with the same digest is success; one with another digest throws, and so does a store that does not confirm the configured
   * encryption.
   */
  put(
    key: string,
    bytes: Uint8Array,
    object: { contentType: string; sha256: Uint8Array },
  ): Promise<void>
  /** `size` in bytes; `sha256` as the store verified it, or as `put` recorded it where the store has none. */
  head(
    key: string,
  ): Promise<
    { size: number; contentType: string | undefined; sha256: Buffer | undefined } | undefined
  >
  /** Throws when there is no such object, or when its bytes do not match its checksum. */
  get(key: string): Promise<Uint8Array>
  /**
   * As `get`, as a stream, which fails where the bytes do not match their checksum, or after five times the time limit of a call. To be
   * read or destroyed: it holds a connection.
   */
  open(key: string): Promise<{ size: number; body: Readable }>
  /** Deletes an object; a missing one is no error. */
  delete(key: string): Promise<void>
  /** Deletes every object below `prefix`, with all versions and delete markers. Returns how many. */
  deleteAll(prefix: string): Promise<number>
  /** Lists the objects, a page at a time. */
  list(): AsyncIterable<{ key: string; size: number }[]>
  /** How the bucket is set up. */
  readSettings(): Promise<BucketSettings>
  /** Returns a signer for this request's URLs. Credentials that expire within the hour are refreshed first. */
  signer(): Promise<SignGet>
  close(): void
}

/** `unknown` says why it cannot be known: the store has no such setting, or these credentials may not read it. */
export type Setting<T> = { value: T } | { unknown: string }
export type BucketSettings = {
  versioning: Setting<'Enabled' | 'Suspended' | 'off'>
  /** The flags of Block Public Access that are off. */
  publicAccessFlagsOff: Setting<string[]>
  /** JSON; `undefined`: there is none. */
  policy: Setting<string | undefined>
  /** The rules in force. `expires`: deletes current objects; `archives`: moves them where no link opens them. */
  lifecycle: Setting<{ id: string; expires: boolean; archives: boolean }[]>
}

type Credentials = Awaited<ReturnType<S3Client['config']['credentials']>>

// The longest validity of a URL that the API returns (`docs/contract.md` §3).
const LONGEST_URL_MS = 3_600_000
// A source without newer credentials is not called again at every request.
const REFRESH_PAUSE_MS = 30_000

/** Opens the bucket. `timeoutMs` limits a call with its retries and body. */
export function createStorage(
  s3: S3Config,
  { now = Date.now, timeoutMs = 60_000 }: { now?: () => number; timeoutMs?: number } = {},
): Storage {
  const client = createClient(s3)
  const { bucket } = s3
  const bounded = () => ({ abortSignal: AbortSignal.timeout(timeoutMs) })

  async function head(key: string) {
    try {
      const found = await client.send(
        new HeadObjectCommand({ Bucket: bucket, Key: requireKey(key), ChecksumMode: 'ENABLED' }),
        bounded(),
      )
      const checked = Buffer.from(found.ChecksumSHA256 ?? '', 'base64')
      const recorded = Buffer.from(found.Metadata?.sha256 ?? '', 'hex')
      return {
        size: found.ContentLength ?? 0,
        contentType: found.ContentType,
        sha256: [checked, recorded].find((digest) => digest.length === 32),
      }
    } catch (error) {
      if (error instanceof S3ServiceException && error.name === 'NotFound') return undefined
      throw error
    }
  }

  async function read(key: string, abortSignal: AbortSignal) {
    const found = await client.send(
      new GetObjectCommand({ Bucket: bucket, Key: requireKey(key), ChecksumMode: 'ENABLED' }),
      { abortSignal },
    )
    if (!found.Body) throw new Error('the store returned no body')
    return { size: found.ContentLength ?? 0, body: found.Body }
  }

  return {
    async put(key, bytes, { contentType, sha256 }) {
      const digest = createHash('sha256').update(bytes).digest()
      if (!digest.equals(sha256)) throw new Error('the bytes do not match their SHA-256')
      try {
        const put = await client.send(
          new PutObjectCommand({
            Bucket: bucket,
            Key: requireKey(key),
            Body: bytes,
            ContentLength: bytes.length,
            ContentType: contentType,
            ContentMD5: createHash('md5').update(bytes).digest('base64'),
            ChecksumAlgorithm: 'SHA256',
            ChecksumSHA256: digest.toString('base64'),
            Metadata: { sha256: digest.toString('hex') },
            IfNoneMatch: '*',
            ...(s3.kmsKeyId && { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: s3.kmsKeyId }),
          }),
          bounded(),
        )
        if (s3.kmsKeyId && put.ServerSideEncryption !== 'aws:kms') {
          await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }), bounded())
          throw new Error('the store did not encrypt the object with the key it was given')
        }
      } catch (error) {
        // 412: the key exists. 409: a concurrent write of the key is under way or just succeeded.
        const status =
          error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined
        if (status !== 412 && status !== 409) throw error
        const present = await head(key)
        if (!present) throw error
        if (!present.sha256?.equals(digest) || present.size !== bytes.length)
          throw new Error('another object is stored under this key', { cause: error })
      }
    },
    head,
    async get(key) {
      const { body } = await read(key, bounded().abortSignal)
      return body.transformToByteArray()
    },
    async open(key) {
      const { size, body } = await read(key, AbortSignal.timeout(5 * timeoutMs))
      // In Node the SDK's body is a stream of Node's.
      return { size, body: body as Readable }
    },
    async delete(key) {
      await client.send(
        new DeleteObjectCommand({ Bucket: bucket, Key: requireKey(key) }),
        bounded(),
      )
    },
    async deleteAll(prefix) {
      if (!prefix.endsWith('/'))
        throw new Error('only a prefix that ends in / can be deleted as a whole')
      for (let deleted = 0; ; ) {
        const page = await client.send(
          new ListObjectVersionsCommand({ Bucket: bucket, Prefix: requireKey(prefix) }),
          bounded(),
        )
        const found = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])]
        if (found.length === 0) return deleted
        for (const { Key, VersionId } of found)
          await client.send(new DeleteObjectCommand({ Bucket: bucket, Key, VersionId }), bounded())
        deleted += found.length
      }
    },
    async *list() {
      let next: string | undefined
      do {
        const page = await client.send(
          new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: next }),
          bounded(),
        )
        yield (page.Contents ?? []).map(({ Key = '', Size = 0 }) => ({ key: Key, size: Size }))
        next = page.NextContinuationToken
      } while (next)
    },
    readSettings: () => readSettings(client, bucket, bounded),
    signer: createSignerCache(client, s3, now),
    close: () => client.destroy(),
  }
}

const ARCHIVES = ['GLACIER', 'DEEP_ARCHIVE']
const PUBLIC_ACCESS_FLAGS = [
  'BlockPublicAcls',
  'IgnorePublicAcls',
  'BlockPublicPolicy',
  'RestrictPublicBuckets',
] as const

async function readSettings(
  client: S3Client,
  bucket: string,
  bounded: () => { abortSignal: AbortSignal },
): Promise<BucketSettings> {
  const Bucket = bucket
  return {
    versioning: await readSetting(async () => {
      const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket }), bounded())
      return Status ?? 'off'
    }),
    publicAccessFlagsOff: await readSetting(
      async () => {
        const { PublicAccessBlockConfiguration: flags = {} } = await client.send(
          new GetPublicAccessBlockCommand({ Bucket }),
          bounded(),
        )
        return PUBLIC_ACCESS_FLAGS.filter((flag) => flags[flag] !== true)
      },
      { error: 'NoSuchPublicAccessBlockConfiguration', value: [...PUBLIC_ACCESS_FLAGS] },
    ),
    policy: await readSetting<string | undefined>(
      async () => (await client.send(new GetBucketPolicyCommand({ Bucket }), bounded())).Policy,
      { error: 'NoSuchBucketPolicy', value: undefined },
    ),
    lifecycle: await readSetting(
      async () => {
        const { Rules = [] } = await client.send(
          new GetBucketLifecycleConfigurationCommand({ Bucket }),
          bounded(),
        )
        return Rules.filter(({ Status }) => Status === 'Enabled').map((rule) => ({
          id: rule.ID ?? 'without a name',
          expires: Boolean(rule.Expiration?.Days ?? rule.Expiration?.Date),
          archives: (rule.Transitions ?? []).some(({ StorageClass = '' }) =>
            ARCHIVES.includes(StorageClass),
          ),
        }))
      },
      { error: 'NoSuchLifecycleConfiguration', value: [] },
    ),
  }
}

/** `absent` is the store's error for a setting that was never made, and what that means. */
async function readSetting<T>(
  read: () => Promise<T>,
  absent?: { error: string; value: T },
): Promise<Setting<T>> {
  try {
    return { value: await read() }
  } catch (error) {
    if (!(error instanceof S3ServiceException)) throw error
    if (error.name === absent?.error) return { value: absent.value }
    const status = error.$metadata.httpStatusCode ?? 0
    if (status === 403) return { unknown: 'these credentials may not read the setting' }
    // What a store does not know, it rejects in its own way.
    if (status === 501 || (status >= 400 && status < 500))
      return { unknown: `this store does not tell (${error.name})` }
    throw error
  }
}

function createClient(s3: S3Config): S3Client {
  const client = new S3Client({
    region: s3.region,
    forcePathStyle: s3.forcePathStyle,
    // Other stores reject, or store inside the object, what newer SDKs add by default.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: 3_000,
      requestTimeout: 30_000,
      throwOnRequestTimeout: true,
      socketTimeout: 15_000,
    },
    ...(s3.endpoint && { endpoint: s3.endpoint }),
    ...(s3.credentials && { credentials: s3.credentials }),
  })
  observeCalls(client)
  return client
}

/** Reports each call, with its retries and without reading its body, and passes the trace on. */
function observeCalls({ middlewareStack }: S3Client): void {
  middlewareStack.add(
    (next, { commandName = 'unknown' }) =>
      (args) =>
        observe(
          { kind: 'bucket', name: commandName.replace(/Command$/, '') },
          () => next(args),
          describeCall,
        ),
    { step: 'initialize', name: 'observeCalls' },
  )
  middlewareStack.add(
    (next) => (args) => {
      const traceparent = currentTraceparent()
      const { headers } = args.request as { headers: Record<string, string> }
      if (traceparent) headers.traceparent = traceparent
      return next(args)
    },
    // After signing: a proxy may replace this header.
    { step: 'finalizeRequest', priority: 'low', name: 'passTraceOn' },
  )
}

function describeCall({ error }: { error?: unknown }): string {
  if (error === undefined) return 'ok'
  const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined
  if (status === undefined) return 'unreachable'
  if (status === 404) return 'not_found'
  // What is written once exists already, which `put` examines.
  if (status === 412 || status === 409) return 'exists'
  return status >= 500 ? 'failed' : 'refused'
}

/** Creates signers for the bucket's public address, and keeps each until its credentials are about to expire. */
function createSignerCache(client: S3Client, s3: S3Config, now: () => number): Storage['signer'] {
  // The SDK's own rules determine the host of the bucket: partitions, and names that cannot be virtual hosts.
  const { url } = client.config.endpointProvider({
    Bucket: s3.bucket,
    Region: s3.region,
    ForcePathStyle: s3.forcePathStyle,
    ...(s3.publicEndpoint && { Endpoint: s3.publicEndpoint }),
  })
  let cached: { sign: SignGet; expiresAt: number } | undefined
  let refreshing: Promise<SignGet> | undefined
  let refreshAfter = 0

  async function refresh(): Promise<SignGet> {
    const endsSoon = ({ expiration }: Credentials) =>
      expiration !== undefined && expiration.getTime() < now() + LONGEST_URL_MS
    let found = await client.config.credentials()
    if (endsSoon(found)) found = await client.config.credentials({ forceRefresh: true })
    refreshAfter = now() + REFRESH_PAUSE_MS
    cached = {
      sign: createSigner(found, url, s3.region, now),
      expiresAt: found.expiration?.getTime() ?? Number.POSITIVE_INFINITY,
    }
    return cached.sign
  }

  return async () => {
    const time = now()
    if (cached && (cached.expiresAt >= time + LONGEST_URL_MS || time < refreshAfter))
      return cached.sign
    refreshing ??= refresh().finally(() => {
      refreshing = undefined
    })
    return refreshing
  }
}
