import { createHash, randomUUID } from 'node:crypto'
import { constants, type Dirent } from 'node:fs'
import { type FileHandle, link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import { S3Error } from './s3-error.ts'

const objectSchema = z.object({
  key: z.string(),
  size: z.number(),
  /** MD5 in hex: the ETag without quotes. */
  md5: z.string(),
  /** Whole seconds, like HTTP dates. */
  modifiedAt: z.number(),
  /** The checksum header that the upload was verified against, if any. */
  checksum: z.tuple([z.string(), z.string()]).optional(),
  /** The headers that GET returns again: `content-type`, `x-amz-meta-…`. */
  headers: z.record(z.string(), z.string()),
})
export type StoredObject = z.infer<typeof objectSchema>

export type Digests = { size: number; md5: Buffer; sha256: Buffer; crc32: Buffer }

export type Objects = Awaited<ReturnType<typeof openObjects>>

/**
 * Stores objects on disk. One file is one object: its bytes, its StoredObject as JSON, and the JSON's length in 4 bytes. A
 * file gets its final name by one link or rename after it is synced, so a killed process leaves a complete object or none.
 * The name is the SHA-256 of the key, so a key is never used as a path.
 */
export async function openObjects(dir: string) {
  const incoming = join(dir, '.incoming')
  await rm(incoming, { recursive: true, force: true })
  await mkdir(incoming, { recursive: true, mode: 0o700 })

  const bucketDir = (bucket: string) => join(dir, requireBucketName(bucket))
  const fileOf = (bucket: string, key: string) =>
    join(bucketDir(bucket), createHash('sha256').update(key).digest('hex'))

  return {
    /** Returns whether the bucket is new. */
    async createBucket(bucket: string): Promise<boolean> {
      const isNew = await mkdir(bucketDir(bucket), { mode: 0o700 }).then(
        () => true,
        unless('EEXIST', false),
      )
      await syncDirectory(dir)
      return isNew
    },

    async requireBucket(bucket: string): Promise<void> {
      if (!(await stat(bucketDir(bucket)).catch(unless('ENOENT', undefined))))
        throw new S3Error('NoSuchBucket', { BucketName: bucket })
    },

    /** Stores and digests the body of an upload; it is not visible before `commit`. Always call `discard` at the end. */
    async receive(body: AsyncIterable<Buffer>) {
      const path = join(incoming, randomUUID())
      const file = await open(path, 'wx', 0o600)
      const discard = async () => {
        await file.close()
        await rm(path, { force: true })
      }
      try {
        const digests = await writeAll(file, body)
        return {
          digests,
          /** Durable when it resolves. With `writeOnce`, returns `false` and changes nothing when the key exists. */
          async commit(bucket: string, object: StoredObject, writeOnce: boolean) {
            const description = Buffer.from(JSON.stringify(object))
            const length = Buffer.alloc(LENGTH_BYTES)
            length.writeUInt32BE(description.length)
            await file.appendFile(Buffer.concat([description, length]))
            await file.sync()
            const place = (writeOnce ? link : rename)(path, fileOf(bucket, object.key))
            const placed = await place.then(() => true, unless('EEXIST', false))
            await syncDirectory(bucketDir(bucket))
            return placed
          },
          discard,
        }
      } catch (error) {
        await discard()
        throw error
      }
    },

    /** The file begins with the object's `size` bytes; the caller closes it. */
    async find(bucket: string, key: string) {
      const file = await open(fileOf(bucket, key)).catch(unless('ENOENT', undefined))
      if (!file) return undefined
      try {
        return { file, object: await readDescription(file) }
      } catch (error) {
        await file.close()
        throw error
      }
    },

    async remove(bucket: string, key: string): Promise<void> {
      await rm(fileOf(bucket, key), { force: true })
      await syncDirectory(bucketDir(bucket))
    },

    /** All objects of a bucket, by key in UTF-8 order. */
    async list(bucket: string): Promise<StoredObject[]> {
      const found: StoredObject[] = []
      for (const entry of await readdir(bucketDir(bucket), { withFileTypes: true })) {
        const file = await openEntry(entry)
        if (!file) continue
        try {
          found.push(await readDescription(file))
        } finally {
          await file.close()
        }
      }
      return found.sort((a, b) => compareKeys(a.key, b.key))
    },
  }
}

/** UTF-8 order, which differs from the order of JavaScript's UTF-16 strings. */
export const compareKeys = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))

const LENGTH_BYTES = 4

const openEntry = (entry: Dirent) =>
  open(join(entry.parentPath, entry.name)).catch(unless('ENOENT', undefined))

async function writeAll(file: FileHandle, body: AsyncIterable<Buffer>): Promise<Digests> {
  const [md5, sha256] = [createHash('md5'), createHash('sha256')]
  let size = 0
  let crc = 0
  for await (const chunk of body) {
    md5.update(chunk)
    sha256.update(chunk)
    crc = crc32(chunk, crc)
    size += chunk.length
    await file.appendFile(chunk)
  }
  const crcBytes = Buffer.alloc(4)
  crcBytes.writeUInt32BE(crc)
  return { size, md5: md5.digest(), sha256: sha256.digest(), crc32: crcBytes }
}

async function readDescription(file: FileHandle): Promise<StoredObject> {
  const { size } = await file.stat()
  const read = async (length: number, end: number) => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, end - length)
    if (bytesRead !== length) throw new Error('an object file was cut short')
    return buffer
  }
  const length = (await read(LENGTH_BYTES, size)).readUInt32BE()
  if (length > size - LENGTH_BYTES) throw new Error('an object file is damaged')
  const object = objectSchema.parse(
    JSON.parse((await read(length, size - LENGTH_BYTES)).toString('utf8')),
  )
  if (object.size + length + LENGTH_BYTES !== size) throw new Error('an object file is damaged')
  return object
}

// A new name is durable only after its directory is synced.
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY)
  await directory.sync().finally(() => directory.close())
}

function requireBucketName(name: string): string {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) || name.includes('..'))
    throw new S3Error('InvalidBucketName', { BucketName: name })
  return name
}

function unless<T>(code: string, answer: T) {
  return (error: NodeJS.ErrnoException): T => {
    if (error.code === code) return answer
    throw error
  }
}
