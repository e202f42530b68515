import { createHash } from 'node:crypto'
import type { Db } from '../db.ts'
import type { JobData, Jobs } from '../jobs.ts'
import type { Log } from '../log.ts'
import type { Sealer } from '../secrets.ts'
import type { Storage } from '../storage.ts'
import { CONTENT_TYPES, EXTENSIONS, inspectImage, renderJpeg } from './image.ts'
import {
  countListings,
  findImage,
  findVerificationRow,
  type ImageRow,
  isDecidedLongAgo,
  markRefused,
  markStored,
  recordListing,
  refreshDocuments,
  type VerificationRow,
} from './store.ts'
import { GoneError, type Media, NotYetError, type Vendor, VendorError } from './vendors/vendor.ts'
import { createVendor, findVendorIntegration } from './vendors/vendors.ts'

type Parts = { db: Db; sealer: Sealer; storage: Storage; jobs: Jobs; log: Log }

const LARGEST_IMAGE = 20 * 1024 * 1024
const IMAGES_AT_ONCE = 4

/** From the vendor into the bucket: which images there are, then one job for each. Every job can run twice. */
export async function startBackup(parts: Parts): Promise<void> {
  await parts.jobs.work('list-images', 2, (data) => listImages(parts, data))
  await parts.jobs.work('backup-image', IMAGES_AT_ONCE, (data) => backupImage(parts, data))
}

async function listImages(parts: Parts, { verificationId, attemptId }: JobData<'list-images'>) {
  const { db, jobs } = parts
  const verification = await findVerificationRow(db, verificationId)
  // Erased since.
  if (!verification?.vendorSessionId) return
  const vendor = await openVendor(parts, verification)
  const listing = await countListings(db, verificationId)
  const media = await listMedia(parts, vendor, verification, { attemptId, listing })
  await db.begin(async (sql) => {
    const pending = await recordListing(sql, verificationId, { attemptId, listing }, media)
    for (const imageId of pending ?? []) await jobs.enqueue(sql, 'backup-image', { imageId })
  })
  jobs.wake()
}

/** For a day the vendor may say "not yet"; after that there is nothing to be had. */
async function listMedia(
  { db, log }: Parts,
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
    if (!(error instanceof NotYetError) || !(await isDecidedLongAgo(db, id))) throw error
    log.warn('verification has no images', { verificationId: id })
    return []
  }
}

async function backupImage(parts: Parts, { imageId }: JobData<'backup-image'>) {
  const { db, storage, log } = parts
  const image = await findImage(db, imageId)
  if (image?.state !== 'pending') return
  const verification = await findVerificationRow(db, image.verificationId)
  if (!verification?.vendorSessionId) return
  const vendor = await openVendor(parts, verification)
  // By the id from the configured host, never an address from a payload.
  const media = { sessionId: verification.vendorSessionId, mediaId: image.vendorMediaId }
  const bytes = await vendor.download(media, LARGEST_IMAGE).catch((error: unknown) => {
    if (error instanceof GoneError) return undefined
    throw error
  })
  if (!bytes) {
    await settle(parts, image, (sql) => markRefused(sql, imageId, 'the vendor has it not'))
    return
  }
  if (image.expectedSize !== null && image.expectedSize !== bytes.length)
    throw new VendorError('the image has another size than the list says')

  const found = inspectImage(bytes)
  if ('truncated' in found) throw new VendorError('the image is cut off')
  if (found.refused !== undefined) {
    log.warn('image refused', { imageId, reason: found.refused })
    await settle(parts, image, (sql) => markRefused(sql, imageId, found.refused))
    return
  }
  const original = await store(
    storage,
    keyOf(verification, image, EXTENSIONS[found.kind]),
    bytes,
    CONTENT_TYPES[found.kind],
  )
  let jpegKey: string | undefined = original.key
  let reason: string | undefined
  if (found.kind !== 'jpeg') {
    const jpeg = await renderJpeg(bytes).catch(() => undefined)
    jpegKey =
      jpeg && (await store(storage, keyOf(verification, image, 'jpg'), jpeg, 'image/jpeg')).key
    if (!jpeg) reason = `kept as ${found.kind}; a JPEG of it could not be made`
  }
  const isKept = await settle(parts, image, (sql) =>
    markStored(sql, imageId, {
      contentType: CONTENT_TYPES[found.kind],
      size: bytes.length,
      sha256: original.sha256,
      objectKey: original.key,
      jpegKey,
      reason,
    }),
  )
  if (isKept) return log.info('image backed up', { imageId, verificationId: verification.id })
  // Erased while the image was on its way.
  for (const key of new Set([original.key, jpegKey])) if (key) await storage.delete(key)
}

/** The image's new state, and what the endpoint shows because of it, together. `false`: it was erased meanwhile. */
async function settle(
  { db }: Parts,
  { verificationId }: ImageRow,
  mark: (sql: Parameters<typeof markRefused>[0]) => Promise<void>,
): Promise<boolean> {
  return await db.begin(async (sql) => {
    // Two images of one verification may settle at the same moment: each must see the other.
    const [locked] = await sql`select from verification where id = ${verificationId} for update`
    if (!locked) return false
    await mark(sql)
    await refreshDocuments(sql, verificationId)
    return true
  })
}

async function openVendor({ db, sealer }: Parts, verification: VerificationRow): Promise<Vendor> {
  const integration = await findVendorIntegration(
    db,
    sealer,
    verification.vendor,
    verification.integration,
  )
  if (!integration) throw new VendorError('the integration of this verification is gone')
  return createVendor(integration)
}

/** `{tenant}/{verification}/{attempt}/{type}.{ext}`: nothing in it is a person's, or a vendor's free text. */
function keyOf({ tenant, id }: VerificationRow, image: ImageRow, extension: string): string {
  const attempt = /^[A-Za-z0-9-]{1,64}$/.test(image.attemptId) ? image.attemptId : 'session'
  const number = image.position === 0 ? '' : `-${image.position + 1}`
  return `${tenant}/${id}/${attempt}/${image.type}${number}.${extension}`
}

/** Puts it and proves it: what the bucket holds has this length and this SHA-256. */
async function store(storage: Storage, key: string, bytes: Uint8Array, contentType: string) {
  const sha256 = createHash('sha256').update(bytes).digest()
  await storage.put(key, bytes, { contentType, sha256 })
  const kept = await storage.head(key)
  if (kept?.size !== bytes.length || !kept.sha256?.equals(sha256))
    throw new Error('the bucket does not hold what was put there')
  return { key, sha256 }
}
