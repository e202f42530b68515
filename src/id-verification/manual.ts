import { createHash } from 'node:crypto'
import type { Db, Sql } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import type { Storage } from '../platform/storage.ts'
import type { Vault } from '../platform/vault.ts'
import { hasBack, isDone, readCapture, UPLOAD_TYPES, type UploadType } from './captures.ts'
import { readFindings, recordFindings } from './findings.ts'
import { keepCopies, storeCopies } from './image-copies.ts'
import type { ImageDecoder } from './image-decoder.ts'
import {
  findVerificationRow,
  type ImageRow,
  lockVerification,
  recordDecision,
  recordListing,
  type VerificationRow,
} from './store.ts'
import type { DocumentFindings, DocumentType } from './vendors/vendor.ts'
import { MANUAL } from './vendors/vendor-names.ts'

/*
 * Verifications of `manual`: the images are uploaded here, and people decide (`review.ts`). While one is pending, each type takes
 * another image, which replaces the one before as the images of a new attempt at a vendor do. Completing it closes the uploads, until a
 * reviewer asks the resident for something again.
 */

/** There is one attempt: who is declined starts another verification. */
const ATTEMPT_ID = '1'
const MAX_UPLOADS = 30

/** Why nothing can be uploaded: the verification was erased, is not of `manual`, is completed, or has had too many images. */
export type UploadsClosed = { closed: 'gone' | 'not manual' | 'completed' | 'too many' }
/** `missing`: types without which it cannot be completed. `refused`: why this is no image that can be shown. */
export type UploadOutcome =
  | { imageId: string; missing: UploadType[] }
  | { refused: string }
  | UploadsClosed
export type CompletionOutcome = { missing: UploadType[] } | UploadsClosed

export type TakingParts = {
  db: Db
  storage: Storage
  vault: Vault
  decoder: ImageDecoder
  log: Log
}
type TakenImage = {
  /** Of the upload. */
  id: string
  verificationId: string
  type: UploadType
  bytes: Uint8Array
  findings?: DocumentFindings | undefined
}

/**
 * Decodes an image, stores it and makes it the current one of its type, with what was typed from the document. The same upload, or the
 * same bytes, again are the same image.
 */
export async function takeImage(parts: TakingParts, given: TakenImage): Promise<UploadOutcome> {
  const { db, storage, vault, decoder, log } = parts
  const { verificationId, type, bytes } = given
  const verification = await findVerificationRow(db, verificationId)
  // Before the work of decoding; it is decided below.
  if (!isOpen(verification)) return whyClosed(verification)
  const prepared = await decoder.prepare(bytes)
  if ('refused' in prepared) {
    log.info('upload refused', { verificationId, type, reason: prepared.refused })
    return prepared
  }
  const image = await db.begin((sql) => reserveImage(sql, vault, given))
  if ('closed' in image) return image
  if (image.state === 'pending') {
    const copies = await storeCopies(storage, verification, image, { bytes, prepared })
    // It was completed or erased meanwhile.
    if (!(await keepCopies(parts, image, copies)))
      return whyClosed(await findVerificationRow(db, verificationId))
    log.info('image uploaded', { imageId: image.id, verificationId })
  }
  return { imageId: image.id, missing: await listMissing(db, vault, verificationId) }
}

/** Whether images can be uploaded. */
export const isOpen = (row: VerificationRow | undefined): row is VerificationRow =>
  row?.vendor === MANUAL && (row.status === 'pending' || row.status === 'resubmission')

/** Why they cannot. */
export function whyClosed(row: VerificationRow | undefined): UploadsClosed {
  if (!row) return { closed: 'gone' }
  return { closed: row.vendor === MANUAL ? 'completed' : 'not manual' }
}

/** The row of an image whose bytes are stored next, with a name of its own; or the row of the same upload, or of the same bytes. */
async function reserveImage(
  sql: Sql,
  vault: Vault,
  { id, verificationId, type, bytes, findings }: TakenImage,
): Promise<ImageRow | UploadsClosed> {
  const locked = await lockVerification(sql, verificationId)
  if (!isOpen(locked)) return whyClosed(locked)
  await recordFindings(sql, vault, locked, decisionOf('pending', findings))
  const [begun] = await sql<ImageRow[]>`
    select ${imageColumns(sql)} from image
    where verification_id = ${verificationId} and vendor_media_id = ${id}`
  const [current] = await sql<(ImageRow & { sha256: Buffer })[]>`
    select ${imageColumns(sql)}, sha256 from image
    where verification_id = ${verificationId} and type = ${type} and state = 'stored'
    order by position desc limit 1`
  const isSame = current?.sha256.equals(createHash('sha256').update(bytes).digest())
  const known = begun ?? (isSame ? current : undefined)
  if (known) return known
  const [row] = await sql<ImageRow[]>`
    insert into image (verification_id, attempt_id, type, vendor_media_id, position, rank)
    select ${verificationId}::uuid, ${ATTEMPT_ID}, ${type}, ${id},
      coalesce(max(position) filter (where type = ${type}) + 1, 0), 0
    from image where verification_id = ${verificationId}
    having count(*) < ${MAX_UPLOADS}
    returning ${imageColumns(sql)}`
  return row ?? { closed: 'too many' }
}

const imageColumns = (sql: Sql) => sql`
  id, verification_id, attempt_id, type, vendor_media_id, position, expected_size::float8 as expected_size, state, refusals`

const decisionOf = (
  status: 'pending' | 'review',
  findings: DocumentFindings | undefined,
  documentType?: DocumentType,
) => ({
  attemptId: ATTEMPT_ID,
  status,
  decidedAt: new Date(),
  documentType,
  reason: undefined,
  findings,
})

/**
 * Closes the uploads in the caller's transaction: the current image of each type is what the reviewers see, and the verification waits
 * for their decision. It stays open while types are missing.
 */
export async function completeUploads(
  sql: Sql,
  vault: Vault,
  { verificationId, findings }: { verificationId: string; findings?: DocumentFindings | undefined },
): Promise<CompletionOutcome> {
  const locked = await lockVerification(sql, verificationId)
  if (!isOpen(locked)) return whyClosed(locked)
  await recordFindings(sql, vault, locked, decisionOf('pending', findings))
  const missing = await listMissing(sql, vault, verificationId)
  if (missing.length > 0) return { missing }
  const { documentType, isOfResident } = await findDocument(sql, vault, verificationId)
  // An upload that is not over loses: it finds no row, and deletes what it stored.
  await sql`delete from image where verification_id = ${verificationId} and state = 'pending'`
  const stored = await sql<{ mediaId: string; type: string }[]>`
    select distinct on (type) vendor_media_id as media_id, type from image
    where verification_id = ${verificationId} and state = 'stored' order by type, position desc`
  // The resident photographed the back of another document before.
  const isOther = (type: string) =>
    isOfResident && type === 'document_back' && !hasBack(documentType)
  const current = stored.filter(({ type }) => !isOther(type))
  // A list for each completion: images that were replaced before it are in none, those before another one in an older one.
  const [{ listing } = { listing: 1 }] = await sql<{ listing: number }[]>`
    update verification set attempt_id = ${ATTEMPT_ID}, images_wanted = images_wanted + 1
    where id = ${verificationId} returning images_wanted as listing`
  const media = current.map((each) => ({ ...each, size: undefined, capturedAt: undefined }))
  await recordListing(sql, verificationId, { attemptId: ATTEMPT_ID, listing }, media)
  // After the images, so that the one event of it says that they can be read.
  const decision = decisionOf('review', undefined, documentType)
  await recordDecision(sql, vault, verificationId, decision, undefined)
  return { missing }
}

/** The types that are not uploaded yet, or not since a reviewer asked for them again, in their order. */
async function listMissing(sql: Sql, vault: Vault, verificationId: string): Promise<UploadType[]> {
  const rows = await sql<{ type: string; storedAt: Date }[]>`
    select type, max(stored_at) as stored_at from image
    where verification_id = ${verificationId} and state = 'stored' group by type`
  const capture = await readCapture(sql, vault, verificationId)
  const { documentType } = await findDocument(sql, vault, verificationId)
  return UPLOAD_TYPES.filter(
    (type) =>
      (type !== 'document_back' || hasBack(documentType)) &&
      !isDone(capture, type, rows.find((stored) => stored.type === type)?.storedAt),
  )
}

/** Which document it is, according to the resident or the back office. */
async function findDocument(sql: Sql, vault: Vault, verificationId: string) {
  const capture = await readCapture(sql, vault, verificationId)
  if (capture) return { documentType: capture.statement.documentType, isOfResident: true }
  const findings = await readFindings(sql, vault, verificationId, ATTEMPT_ID)
  return { documentType: findings?.documentType, isOfResident: false }
}
