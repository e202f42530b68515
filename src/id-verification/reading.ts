import type { ImageKind } from '../consents/images.ts'
import type { Sql } from '../platform/db.ts'
import { isUuid } from '../platform/uuid.ts'
import type { Vault } from '../platform/vault.ts'
import { openReason, reasonMembers, type StoredReason } from './reasons.ts'
import { isShared, sharedVerification } from './shared.ts'
import type { DocumentType, VerificationStatus } from './vendors/vendor.ts'
import type { VerifierName } from './vendors/vendor-names.ts'

/** One image of a verification, for its readers. */
export type ReadableImage = {
  id: string
  type: string
  /** Whether the image is stored and can be downloaded. Others are listed only. */
  available: boolean
  /** Type, size and digest of the object `objectKey`: the clean copy, which is the original if that has no metadata. */
  contentType: string | null
  size: number | null
  /** Hex. */
  sha256: string | null
  capturedAt: Date | null
  /** When it was taken, or else stored. It distinguishes the attempts of one type. */
  takenAt: Date
  /** Whether it belongs to the attempt that decided the status; others are of earlier attempts. */
  isCurrent: boolean
  objectKey: string | null
  /** The object of its JPEG, and its SHA-256 in hex. */
  jpegKey: string | null
  jpegSha256: string | null
}

/** Selects what an application may see of a resident's latest approved verification, or one verification of a tenant. */
export type VerificationSelector =
  | { accountId: string; clientId: string }
  | { tenant: string; verificationId: string }

/** A tenant's verification, for its back office. */
export type TenantVerification = {
  id: string
  /** The subject, and the tenant's id of it; `null` when an operator started the verification for a resident. */
  subjectId: string | null
  externalId: string | null
  attemptId: string | null
  accountId: string | null
  vendor: VerifierName
  status: VerificationStatus
  /** The tenant's own word for the kind of verification. */
  tier: string
  documentType: DocumentType | null
  imagesComplete: boolean
  reason: string | null
  sessionCreatedAt: Date
  decidedAt: Date | null
  updatedAt: Date
}

/** A verification that a reader may see, and the images of it that the resident withholds from this reader. */
type Readable = { id: string; accountId: string | null; withheldImages: ImageKind[] }

/** The selected verification; `undefined` when there is none, or it is another tenant's. */
export async function findReadable(
  sql: Sql,
  selector: VerificationSelector,
): Promise<Readable | undefined> {
  if ('accountId' in selector) {
    const { accountId, clientId } = selector
    const of = { accountId: sql`${accountId}`, clientId: sql`${clientId}` }
    const [row] = await sql<Omit<Readable, 'accountId'>[]>`
      select id, withheld_images from ${sharedVerification(sql, of)} shared`
    return row && { ...row, accountId }
  }
  if (!isUuid(selector.verificationId)) return undefined
  const [row] = await sql<Omit<Readable, 'withheldImages'>[]>`
    select id, account_id from verification where id = ${selector.verificationId} and tenant = ${selector.tenant}`
  return row && { ...row, withheldImages: [] }
}

/** Whether the verification exists and the person has something left to do at the vendor. */
export async function awaitsPerson(sql: Sql, verificationId: string): Promise<boolean> {
  const rows = await sql`
    select from verification where id = ${verificationId} and status in ('pending', 'resubmission')`
  return rows.length > 0
}

/** The resident's latest approved verification: since when, and with which type of document. */
export async function findApproval(
  sql: Sql,
  accountId: string,
): Promise<{ id: string; since: Date; documentType: DocumentType | null } | undefined> {
  const [row] = await sql<{ id: string; since: Date; documentType: DocumentType | null }[]>`
    select id, approved_at as since, document_type from latest_approved
    where account_id = ${accountId}`
  return row
}

/**
 * The images of a verification that its reader may see: the current attempt's first, and within a type in the vendor's order of
 * preference.
 */
export async function listReadableImages(
  sql: Sql,
  { id, withheldImages }: Pick<Readable, 'id' | 'withheldImages'>,
): Promise<ReadableImage[]> {
  return await sql<ReadableImage[]>`
    select image.id, type, image.state = 'stored' and jpeg_key is not null as available,
      -- An image that an earlier version stored has no clean copy until a worker makes one.
      coalesce(clean_content_type, content_type) as content_type,
      coalesce(clean_size, size)::float8 as size, encode(coalesce(clean_sha256, sha256), 'hex') as sha256, captured_at,
      coalesce(captured_at, stored_at, verification.updated_at) as taken_at,
      coalesce(image.attempt_id = verification.attempt_id, false) and listing = images_wanted as is_current,
      coalesce(clean_key, object_key) as object_key, jpeg_key,
      encode(coalesce(jpeg_sha256, sha256), 'hex') as jpeg_sha256
    from image join verification on verification.id = verification_id
    where verification_id = ${id} and ${isShared(sql, sql`type`, sql`${withheldImages}::text[]`)}
    order by is_current desc,
      coalesce(array_position(array['document_front', 'document_back', 'selfie', 'liveness_frame'], type), 9),
      type, rank, taken_at desc, image.id`
}

const columns = (sql: Sql) => sql`
  id, subject_id, attempt_id, account_id, vendor, status, tier, document_type, images_complete, session_created_at, decided_at, updated_at,
  (select external_id from subject where subject.id = subject_id) as external_id,
  (select json_build_object(${reasonMembers(sql)}) from decision
    where verification_id = verification.id and decision.status = verification.status
    order by decided_at desc nulls last limit 1) as reason`

type TenantRow = Omit<TenantVerification, 'reason'> & { reason: StoredReason | null }

const openRow = async (sql: Sql, vault: Vault, row: TenantRow): Promise<TenantVerification> => ({
  ...row,
  reason: await openReason(sql, vault, row.reason),
})

export async function findTenantVerification(
  sql: Sql,
  vault: Vault,
  { tenant, verificationId }: { tenant: string; verificationId: string },
): Promise<TenantVerification | undefined> {
  if (!isUuid(verificationId)) return undefined
  const [row] = await sql<TenantRow[]>`
    select ${columns(sql)} from verification where id = ${verificationId} and tenant = ${tenant}`
  return row && openRow(sql, vault, row)
}

/** The verifications of a tenant's subject, newest first; none for an unknown subject. */
export async function listTenantVerifications(
  sql: Sql,
  vault: Vault,
  { tenant, subjectId }: { tenant: string; subjectId: string },
): Promise<TenantVerification[]> {
  if (!isUuid(subjectId)) return []
  const rows = await sql<TenantRow[]>`
    select ${columns(sql)} from verification where subject_id = ${subjectId} and tenant = ${tenant}
    order by session_created_at desc limit 500`
  return await Promise.all(rows.map((row) => openRow(sql, vault, row)))
}
