import { setTimeout as wait } from 'node:timers/promises'
import type { Db } from '../platform/db.ts'
import type { JobData, Jobs } from '../platform/jobs.ts'
import type { Log } from '../platform/log.ts'
import { startLoop } from '../platform/loop.ts'
import type { Sealer } from '../platform/secrets.ts'
import type { Storage } from '../platform/storage.ts'
import type { Vault } from '../platform/vault.ts'
import { CONTENT_TYPES, MAX_IMAGE_BYTES } from './image.ts'
import {
  headObject,
  keepCopies,
  settleImage,
  storeCopies,
  storeReadable,
  storeThumbnail,
} from './image-copies.ts'
import { createImageDecoder, type ImageDecoder } from './image-decoder.ts'
import {
  claimUncleanedImages,
  countListings,
  findImage,
  findVerificationRow,
  findWithoutThumbnail,
  type ImageRow,
  isDecisionOverOneDayOld,
  markRefused,
  recordListing,
  recordRefusal,
  setReadableObjects,
  setThumbnail,
  type UncleanedImage,
  type VerificationRow,
  withdrawStored,
} from './store.ts'
import { takeUpload } from './uploads.ts'
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
  vault: Vault
  storage: Storage
  jobs: Jobs
  log: Log
}
type DecodingContext = BackupContext & { decoder: ImageDecoder }

// Of one attempt. The longest lists are frames of a liveness check, far fewer.
const MAX_IMAGES = 200
const CONCURRENT_BACKUPS = 4
const CONCURRENT_UPLOADS = 2
// A download may be corrupt, and a vendor may need a while to have the whole image: only after these retries is it refused for good.
const RETRY_REFUSED_SECONDS = [5, 60, 600, 3000]
const CLEAN_EVERY_MS = 10 * 60_000
const CLEAN_BATCH = 4
const CLEAN_TRIES = 3
// As long as the queue waits for running jobs.
const STOP_MS = 20_000

/**
 * Copies images to the bucket. From a vendor, one job lists them, then one job copies each; one that is uploaded is a job of its own.
 * Every job can run twice.
 */
export async function startBackup(given: BackupContext): Promise<{ stop(): Promise<void> }> {
  const context = { ...given, decoder: createImageDecoder() }
  await context.jobs.work('list-images', 2, (data) => listImages(context, data))
  await context.jobs.work('backup-image', CONCURRENT_BACKUPS, (data) => backupImage(context, data))
  await context.jobs.work('make-thumbnail', 2, (data) => makeThumbnail(context, data))
  await context.jobs.work('take-upload', CONCURRENT_UPLOADS, (data) => takeUpload(context, data))
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

/** Lists the vendor's images, the first of very many. It may have none for a day after the decision; after that the list counts as empty. */
async function listMedia(
  { db, log }: BackupContext,
  vendor: Vendor,
  { id, vendorSessionId }: VerificationRow,
  { attemptId, listing }: { attemptId: string; listing: number },
): Promise<Media[]> {
  try {
    const media = await vendor.listMedia({
      sessionId: vendorSessionId ?? '',
      attemptId: attemptId || undefined,
      listing,
    })
    if (media.length > MAX_IMAGES)
      log.warn('verification has more images than are copied', {
        verificationId: id,
        listed: media.length,
        copied: MAX_IMAGES,
      })
    return media.slice(0, MAX_IMAGES)
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
    await settleImage(db, image, (sql) => markRefused(sql, imageId, 'the vendor does not have it'))
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
  const copies = await storeCopies(storage, verification, image, { bytes, prepared })
  if (await keepCopies(context, image, copies))
    log.info('image backed up', { imageId, verificationId: verification.id })
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
  const { db, jobs, log } = context
  const { id: imageId, refusals } = image
  const afterSeconds = RETRY_REFUSED_SECONDS[refusals]
  log.warn(afterSeconds === undefined ? 'image refused' : 'image refused, to be tried again', {
    imageId,
    reason,
    afterSeconds,
  })
  await settleImage(db, image, async (sql) => {
    if (afterSeconds === undefined) return await markRefused(sql, imageId, reason)
    await recordRefusal(sql, imageId, reason)
    await jobs.enqueue(sql, 'backup-image', { imageId }, { afterSeconds })
  })
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
    await settleImage(db, image, (sql) => withdrawStored(sql, imageId, prepared.refused))
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
  await settleImage(db, image, (sql) => setReadableObjects(sql, imageId, shown))
}
