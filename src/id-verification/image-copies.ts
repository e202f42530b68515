import { createHash } from 'node:crypto'
import type { Db, Sql } from '../platform/db.ts'
import type { Storage } from '../platform/storage.ts'
import { lockDigest, raiseReusedDocument } from './alerts.ts'
import { CONTENT_TYPES, EXTENSIONS, type ImageKind } from './image.ts'
import type { PreparedImage } from './image-decoder.ts'
import {
  type ImageRow,
  markStored,
  type ReadableObjects,
  refreshDocuments,
  type StoredObject,
  type VerificationRow,
} from './store.ts'

/* The copies of an image in the bucket: the original, and what readers get. Each object is written once. */

type DecodedImage = Extract<PreparedImage, { kind: ImageKind }>
type Copies = { original: StoredObject; shown: ReadableObjects }

/** Stores an image and what readers get of it, under keys of its own. Its row does not change. */
export async function storeCopies(
  storage: Storage,
  verification: Pick<VerificationRow, 'tenant' | 'id'>,
  image: Pick<ImageRow, 'attemptId' | 'type' | 'position'>,
  { bytes, prepared }: { bytes: Uint8Array; prepared: DecodedImage },
): Promise<Copies> {
  const key = objectKeyOf(verification, image, EXTENSIONS[prepared.kind])
  const original = await store(storage, key, prepared.kind, bytes)
  return { original, shown: await storeReadable(storage, original, bytes, prepared) }
}

/** Marks the image as stored. `false`: its row was deleted meanwhile, perhaps with its verification, and its copies are deleted too. */
export async function keepCopies(
  { db, storage }: { db: Db; storage: Storage },
  image: { id: string; verificationId: string },
  { original, shown }: Copies,
): Promise<boolean> {
  const isKept = await settleImage(
    db,
    image,
    async (sql) => {
      await markStored(sql, image.id, original, shown)
      await raiseReusedDocument(sql, image.id)
    },
    (sql) => lockDigest(sql, shown.clean.sha256),
  )
  if (isKept) return true
  for (const key of new Set([original.key, shown.clean.key, shown.jpeg.key, shown.thumbnail.key]))
    await storage.delete(key)
  return false
}

/**
 * Writes the image's new state and refreshes the documents in one transaction, after `lockMore` and the lock of the verification.
 * `false`: the image's row was deleted meanwhile.
 */
export async function settleImage(
  db: Db,
  { id, verificationId }: { id: string; verificationId: string },
  mark: (sql: Sql) => Promise<void>,
  lockMore?: (sql: Sql) => Promise<void>,
): Promise<boolean> {
  return await db.begin(async (sql) => {
    await lockMore?.(sql)
    // Locked: two images of one verification may settle at the same moment, and each must see the other.
    await sql`select from verification where id = ${verificationId} for update`
    const [found] = await sql`select from image where id = ${id}`
    if (!found) return false
    await mark(sql)
    await refreshDocuments(sql, verificationId)
    return true
  })
}

/** `{tenant}/{verification}/{attempt}/{type}.{ext}`: contains no personal data and no free text of a vendor. */
function objectKeyOf(
  { tenant, id }: Pick<VerificationRow, 'tenant' | 'id'>,
  image: Pick<ImageRow, 'attemptId' | 'type' | 'position'>,
  extension: string,
): string {
  const attempt = /^[A-Za-z0-9_-]{1,64}$/.test(image.attemptId) ? image.attemptId : 'session'
  const number = image.position === 0 ? '' : `-${image.position + 1}`
  return `${tenant}/${id}/${attempt}/${image.type}${number}.${extension}`
}

/** Stores the clean copy and the JPEG, where they differ from the original, and the thumbnail. */
export async function storeReadable(
  storage: Storage,
  original: StoredObject,
  bytes: Uint8Array,
  { kind, clean, jpeg, thumbnail }: DecodedImage,
): Promise<ReadableObjects> {
  const base = original.key.replace(/\.[a-z]+$/, '')
  const rendition = kind === 'jpeg' ? undefined : await store(storage, `${base}.jpg`, 'jpeg', jpeg)
  const isRendition = clean.bytes === jpeg && rendition !== undefined
  const cleanObject = isRendition
    ? rendition
    : clean.bytes === bytes
      ? original
      : await store(storage, `${base}.clean.${EXTENSIONS[clean.kind]}`, clean.kind, clean.bytes)
  return {
    clean: cleanObject,
    jpeg: rendition ?? cleanObject,
    thumbnail: await storeThumbnail(storage, original.key, thumbnail),
  }
}

/** Stores the thumbnail beside `readableKey`, an object of its image, or keeps the one of an earlier run: another machine may encode otherwise. */
export async function storeThumbnail(
  storage: Storage,
  readableKey: string,
  bytes: Uint8Array,
): Promise<StoredObject> {
  const key = readableKey.replace(/(\.clean)?\.[a-z]+$/, '.thumbnail.jpg')
  const isThere = (await storage.head(key)) !== undefined
  return isThere
    ? await headObject(storage, key, CONTENT_TYPES.jpeg)
    : await store(storage, key, 'jpeg', bytes)
}

/** Stores an object and verifies that the bucket reports its length and SHA-256. */
async function store(
  storage: Storage,
  key: string,
  kind: ImageKind,
  bytes: Uint8Array,
): Promise<StoredObject> {
  const sha256 = createHash('sha256').update(bytes).digest()
  const contentType = CONTENT_TYPES[kind]
  await storage.put(key, bytes, { contentType, sha256 })
  const kept = await headObject(storage, key, contentType)
  if (kept.size !== bytes.length || !sha256.equals(kept.sha256))
    throw new Error('the stored object differs from the uploaded bytes')
  return kept
}

export async function headObject(
  storage: Storage,
  key: string,
  contentType: string,
): Promise<StoredObject> {
  const found = await storage.head(key)
  if (!found?.sha256) throw new Error('the bucket reports no SHA-256 of an object')
  return { key, contentType, size: found.size, sha256: found.sha256 }
}
