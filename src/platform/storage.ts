import { createHash } from 'node:crypto'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import { createSigner, requireKey, type SignGet } from './presign.ts'

export type S3Config = {
  /** `undefined` is AWS itself. */
  endpoint: string | undefined
  publicEndpoint: string | undefined
  region: string
  bucket: string
  forcePathStyle: boolean
  /** The KMS key that the store encrypts every object with; `undefined`: as the bucket is set. */
  kmsKeyId?: string | undefined
}

export type Storage = {
  /**
   * Writes once (`If-None-Match: *`) with SHA-256 and Content-MD5, so that either check a store knows is made.
   * An object of that key with the same digest is success; another digest throws, and so does a store that does not
   * confirm the encryption that is configured.
   */
  put(
    key: string,
    bytes: Uint8Array,
    object: { contentType: string; sha256: Uint8Array },
  ): Promise<void>
  /** `size` in bytes; `sha256` as the store checked it, or as `put` recorded it where the store keeps none. */
  head(
    key: string,
  ): Promise<
    { size: number; contentType: string | undefined; sha256: Buffer | undefined } | undefined
  >
  /** Throws when there is no such object, or when its bytes are not those of its checksum. */
  get(key: string): Promise<Uint8Array>
  /** What does not exist is deleted too. */
  delete(key: string): Promise<void>
  /** Every object below `prefix`, every version of it and every delete marker. Answers how many. */
  deleteAll(prefix: string): Promise<number>
  /** Good for many URLs now: ask again for each request. Credentials that end within the hour are refreshed first. */
  signer(): Promise<SignGet>
  close(): void
}

type Credentials = Awaited<ReturnType<S3Client['config']['credentials']>>

// The longest URL that the contract hands out (`docs/contract.md` §3).
const LONGEST_URL_MS = 3_600_000
// A source that has nothing newer is not asked again at every request.
const REFRESH_PAUSE_MS = 30_000

/** The bucket. Without `credentials` the SDK's usual chain finds them. `timeoutMs` bounds a call with its retries and its body. */
export function createStorage(
  s3: S3Config,
  credentials?: S3ClientConfig['credentials'],
  { now = Date.now, timeoutMs = 60_000 }: { now?: () => number; timeoutMs?: number } = {},
): Storage {
  const client = new S3Client({
    region: s3.region,
    forcePathStyle: s3.forcePathStyle,
    // Other stores refuse, or keep inside the object, what newer SDKs add by themselves.
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
    ...(credentials && { credentials }),
  })
  const bucket = s3.bucket
  const bounded = () => ({ abortSignal: AbortSignal.timeout(timeoutMs) })

  // The SDK's own rules say which host serves the bucket: partitions, and names that cannot be virtual hosts.
  const { url } = client.config.endpointProvider({
    Bucket: bucket,
    Region: s3.region,
    ForcePathStyle: s3.forcePathStyle,
    ...(s3.publicEndpoint && { Endpoint: s3.publicEndpoint }),
  })
  let held: { sign: SignGet; expiresAt: number } | undefined
  let refreshing: Promise<SignGet> | undefined
  let refreshAfter = 0

  async function refresh(): Promise<SignGet> {
    const endsSoon = ({ expiration }: Credentials) =>
      expiration !== undefined && expiration.getTime() < now() + LONGEST_URL_MS
    let found = await client.config.credentials()
    if (endsSoon(found)) found = await client.config.credentials({ forceRefresh: true })
    refreshAfter = now() + REFRESH_PAUSE_MS
    held = {
      sign: createSigner(found, url, s3.region, now),
      expiresAt: found.expiration?.getTime() ?? Number.POSITIVE_INFINITY,
    }
    return held.sign
  }

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

  return {
    async put(key, bytes, { contentType, sha256 }) {
      const digest = createHash('sha256').update(bytes).digest()
      if (!digest.equals(sha256)) throw new Error('these bytes are not those of their SHA-256')
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
        // 412: the key is taken. 409: another write of it is under way or just won.
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
      const found = await client.send(
        new GetObjectCommand({ Bucket: bucket, Key: requireKey(key), ChecksumMode: 'ENABLED' }),
        bounded(),
      )
      if (!found.Body) throw new Error('the store answered without a body')
      return found.Body.transformToByteArray()
    },
    async delete(key) {
      await client.send(
        new DeleteObjectCommand({ Bucket: bucket, Key: requireKey(key) }),
        bounded(),
      )
    },
    async deleteAll(prefix) {
      if (!prefix.endsWith('/')) throw new Error('only a folder is deleted as a whole')
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
    async signer() {
      const time = now()
      if (held && (held.expiresAt >= time + LONGEST_URL_MS || time < refreshAfter)) return held.sign
      refreshing ??= refresh().finally(() => {
        refreshing = undefined
      })
      return refreshing
    },
    close: () => client.destroy(),
  }
}
