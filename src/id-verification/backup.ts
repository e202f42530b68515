import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { Db, Sql } from '../platform/db.ts'
import type { JobData, Jobs } from '../platform/jobs.ts'
import type { Log } from '../platform/log.ts'
import { startLoop } from '../platform/loop.ts'
import type { Sealer } from '../platform/secrets.ts'
import type { Storage } from '../platform/storage.ts'
import { lockDigest, raiseReusedDocument } from './alerts.ts'
import { CONTENT_TYPES, EXTENSIONS, type ImageKind } from './image.ts'
import { createImageDecoder, type ImageDecoder, type PreparedImage } from './image-decoder.ts'
import {
  claimUncleanedImages,
  countListings,
  findImage,
  findVerificationRow,
  findWithoutThumbnail,
  type ImageRow,
  isDecisionOverOneDayOld,
  markRefused,
  markStored,
  type ReadableObjects,
  recordListing,
  recordRefusal,
  refreshDocuments,
  type StoredObject,
  setReadableObjects,
  setThumbnail,
  type UncleanedImage,
  type VerificationRow,
  withdrawStored,
} from './store.ts'
import { ImageHostRefusedError } from './vendors/call.ts'
import type { TokenCache } from './vendors/tokens.ts'
import {
  ImageNotFoundError,
  type Media,
  NotReadyError,
  type Vendor,
  VendorError,
} from './vendors/vendor.ts'
import { requireVendor } from './vendors/vendors.ts'

type BackupContext = {
  db: Db
  sealer: Sealer
  tokens: TokenCache
  storage: Storage
  jobs: Jobs
  log: Log
}
type DecodingContext = BackupContext & { decoder: ImageDecoder }

const MAX_IMAGE_BYTES = 20 * 1024 * 1024
const CONCURRENT_BACKUPS = 4
// A download may be corrupt, and a vendor may need a while to have the whole image: only after these retries is it refused for good.
const RETRY_REFUSED_SECONDS = [5, 60, 600, 3000]
const CLEAN_EVERY_MS = 10 * 60_000
const CLEAN_BATCH = 4
const CLEAN_TRIES = 3
// As long as the queue waits for running jobs.
const STOP_MS = 20_000

/** Copies images from the vendor to the bucket: one job lists them, then one job copies each. Every job can run twice. */
export async function startBackup(given: BackupContext): Promise<{ stop(): Promise<void> }> {
  const context = { ...given, decoder: createImageDecoder() }
  await context.jobs.work('list-images', 2, (data) => listImages(context, data))
  await context.jobs.work('backup-image', CONCURRENT_BACKUPS, (data) => backupImage(context, data))
  await context.jobs.work('make-thumbnail', 2, (data) => makeThumbnail(context, data))
  const cleaning = startLoop(
    { event: 'stored images cannot be cleaned', pauseMs: CLEAN_EVERY_MS, log: context.log },
    (stopping) => cleanStoredImages(context, () => stopping.aborted),
  )
  return {
    async stop() {
      await Promise.race([cleaning.stop(), wait(STOP_MS, undefined, { ref: false })])
      context.decoder.close()
    },
  }
}

async function listImages(
  context: BackupContext,
  { verificationId, attemptId }: JobData<'list-images'>,
) {
  const { db, jobs } = context
  const verification = await findVerificationRow(db, verificationId)
  // Erased since.
  if (!verification?.vendorSessionId) return
  const vendor = await requireVendor(context.db, context.sealer, verification, context.tokens)
  const listing = await countListings(db, verificationId)
  const media = await listMedia(context, vendor, verification, { attemptId, listing })
  await db.begin(async (sql) => {
    const pending = await recordListing(sql, verificationId, { attemptId, listing }, media)
    for (const imageId of pending ?? []) await jobs.enqueue(sql, 'backup-image', { imageId })
  })
  jobs.pollNow()
}

/** Lists the vendor's images. It may have none for a day after the decision; after that the list counts as empty. */
async function listMedia(
  { db, log }: BackupContext,
  vendor: Vendor,
  { id, vendorSessionId }: VerificationRow,
  { attemptId, listing }: { attemptId: string; listing: number },
): Promise<Media[]> {
  try {
    return await vendor.listMedia({
      sessionId: vendorSessionId ?? '',
      attemptId: attemptId || undefined,
      listing,
    })
  } catch (error) {
    if (!(error instanceof NotReadyError) || !(await isDecisionOverOneDayOld(db, id))) throw error
    log.warn('verification has no images', { verificationId: id })
    return []
  }
}

async function backupImage(context: DecodingContext, { imageId }: JobData<'backup-image'>) {
  const { db, storage, log } = context
  const image = await findImage(db, imageId)
  if (image?.state !== 'pending') return
  const verification = await findVerificationRow(db, image.verificationId)
  if (!verification?.vendorSessionId) return
  const vendor = await requireVendor(context.db, context.sealer, verification, context.tokens)
  // Downloaded by id from the configured host, never from an address in a payload.
  const media = { sessionId: verification.vendorSessionId, mediaId: image.vendorMediaId }
  const bytes = await download(vendor, media)
  if (bytes === undefined) {
    await settle(context, image, (sql) => markRefused(sql, imageId, 'the vendor does not have it'))
    return
  }
  // The operator may allow the host meanwhile.
  if (bytes instanceof ImageHostRefusedError) return await refuse(context, image, bytes.message)
  if (image.expectedSize !== null && image.expectedSize !== bytes.length)
    throw new VendorError('the image has another size than the list says')

  const prepared = await context.decoder.prepare(bytes)
  if ('refused' in prepared) return await refuse(context, image, prepared.refused)
  if (!vendor.signsResponses) {
    const again = await vendor.download(media, MAX_IMAGE_BYTES)
    if (Buffer.compare(bytes, again) !== 0)
      return await refuse(context, image, 'two downloads have different bytes')
  }
  const { kind } = prepared
  const original = await store(
    storage,
    objectKeyOf(verification, image, EXTENSIONS[kind]),
    kind,
    bytes,
  )
  const shown = await storeReadable(storage, original, bytes, prepared)
  const isKept = await settle(
    context,
    image,
    async (sql) => {
      await markStored(sql, imageId, original, shown)
      await raiseReusedDocument(sql, imageId)
    },
    (sql) => lockDigest(sql, shown.clean.sha256),
  )
  if (isKept) return log.info('image backed up', { imageId, verificationId: verification.id })
  // The verification was erased during the download.
  for (const key of new Set([original.key, shown.clean.key, shown.jpeg.key, shown.thumbnail.key]))
    await storage.delete(key)
}

/** `undefined`: the vendor has no such image. */
async function download(
  vendor: Vendor,
  media: { sessionId: string; mediaId: string },
): Promise<Uint8Array | ImageHostRefusedError | undefined> {
  try {
    return await vendor.download(media, MAX_IMAGE_BYTES)
  } catch (error) {
    if (error instanceof ImageNotFoundError) return undefined
    if (error instanceof ImageHostRefusedError) return error
    throw error
  }
}

/** Schedules another download, a few times within an hour; after that refuses the image for good. */
async function refuse(context: BackupContext, image: ImageRow, reason: string): Promise<void> {
  const { jobs, log } = context
  const { id: imageId, refusals } = image
  const afterSeconds = RETRY_REFUSED_SECONDS[refusals]
  log.warn(afterSeconds === undefined ? 'image refused' : 'image refused, to be tried again', {
    imageId,
    reason,
    afterSeconds,
  })
  await settle(context, image, async (sql) => {
    if (afterSeconds === undefined) return await markRefused(sql, imageId, reason)
    await recordRefusal(sql, imageId, reason)
    await jobs.enqueue(sql, 'backup-image', { imageId }, { afterSeconds })
  })
}

/** Stores the clean copy and the JPEG, where they differ from the original, and the thumbnail. */
async function storeReadable(
  storage: Storage,
  original: StoredObject,
  bytes: Uint8Array,
  { kind, clean, jpeg, thumbnail }: Extract<PreparedImage, { kind: ImageKind }>,
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
async function storeThumbnail(
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

/** Makes the thumbnail of an image that was stored before there were any, when a page first shows it. */
async function makeThumbnail(
  { db, storage, decoder, log }: DecodingContext,
  { imageId }: JobData<'make-thumbnail'>,
): Promise<void> {
  const image = await findWithoutThumbnail(db, imageId)
  if (!image) return
  const prepared = await decoder.prepare(await storage.get(image.jpegKey))
  if ('refused' in prepared) return log.warn('no thumbnail', { imageId, reason: prepared.refused })
  const thumbnail = await storeThumbnail(storage, image.jpegKey, prepared.thumbnail)
  if (!(await setThumbnail(db, imageId, thumbnail))) await storage.delete(thumbnail.key)
}

/** Decodes images that were stored before clean copies existed, and stores a clean copy where the original has metadata. */
async function cleanStoredImages(
  context: DecodingContext,
  isStopped: () => boolean,
): Promise<void> {
  const { db, log } = context
  while (!isStopped()) {
    const images = await claimUncleanedImages(db, CLEAN_BATCH)
    if (images.length === 0) return
    const results = await Promise.allSettled(
      images.map((image) => (isStopped() ? undefined : cleanStoredImage(context, image))),
    )
    for (const [index, result] of results.entries())
      if (result.status === 'rejected')
        log.warn('a stored image could not be cleaned and will be tried again', {
          imageId: images[index]?.id,
          error: result.reason,
        })
  }
}

async function cleanStoredImage(context: DecodingContext, image: UncleanedImage): Promise<void> {
  const { db, storage, decoder, log } = context
  const { id: imageId, objectKey } = image
  const bytes = await storage.get(objectKey)
  const prepared = await decoder.prepare(bytes)
  if ('refused' in prepared) {
    // The process may have exceeded its time under load, so only repeated refusals count.
    if (image.refusals + 1 < CLEAN_TRIES) return await recordRefusal(db, imageId, prepared.refused)
    log.warn('stored image withdrawn', { imageId, reason: prepared.refused })
    await settle(context, image, (sql) => withdrawStored(sql, imageId, prepared.refused))
    return
  }
  const original = await headObject(storage, objectKey, CONTENT_TYPES[prepared.kind])
  // An existing rendition is kept: objects are written once.
  const kept =
    image.jpegKey && image.jpegKey !== objectKey ? await storage.get(image.jpegKey) : undefined
  const isHeic = prepared.kind === 'heic'
  const shown = await storeReadable(storage, original, bytes, {
    ...prepared,
    ...(kept && { jpeg: kept }),
    ...(kept && isHeic && { clean: { kind: 'jpeg', bytes: kept } }),
  })
  await settle(context, image, (sql) => setReadableObjects(sql, imageId, shown))
}

/**
 * Writes the image's new state and refreshes the documents in one transaction, after `lockMore` and the lock of the verification.
 * `false`: the verification was erased meanwhile.
 */
async function settle(
  { db }: BackupContext,
  { verificationId }: { verificationId: string },
  mark: (sql: Sql) => Promise<void>,
  lockMore?: (sql: Sql) => Promise<void>,
): Promise<boolean> {
  return await db.begin(async (sql) => {
    await lockMore?.(sql)
    // Locked: two images of one verification may settle at the same moment, and each must see the other.
    const [locked] = await sql`select from verification where id = ${verificationId} for update`
    if (!locked) return false
    await mark(sql)
    await refreshDocuments(sql, verificationId)
    return true
  })
}

/** `{tenant}/{verification}/{attempt}/{type}.{ext}`: contains no personal data and no free text of a vendor. */
function objectKeyOf({ tenant, id }: VerificationRow, image: ImageRow, extension: string): string {
  const attempt = /^[A-Za-z0-9_-]{1,64}$/.test(image.attemptId) ? image.attemptId : 'session'
  const number = image.position === 0 ? '' : `-${image.position + 1}`
  return `${tenant}/${id}/${attempt}/${image.type}${number}.${extension}`
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

async function headObject(
  storage: Storage,
  key: string,
  contentType: string,
): Promise<StoredObject> {
  const found = await storage.head(key)
  if (!found?.sha256) throw new Error('the bucket reports no SHA-256 of an object')
  return { key, contentType, size: found.size, sha256: found.sha256 }
}
