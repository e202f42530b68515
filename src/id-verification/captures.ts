import type { Sql } from '../platform/db.ts'
import { isUuid } from '../platform/uuid.ts'
import type { Vault } from '../platform/vault.ts'
import { openReason, reasonMembers, type StoredReason } from './reasons.ts'
import type { DocumentFindings, DocumentType, VerificationStatus } from './vendors/vendor.ts'
import { MANUAL } from './vendors/vendor-names.ts'

/*
 * What a resident photographs and types for a verification of `manual`. The typed part is the resident's own statement: it is kept apart
 * from findings, and becomes one when a reviewer accepts the document (`review.ts`).
 */

/** The documents that a resident can choose, in the order of the page. */
export const CAPTURED_DOCUMENTS = [
  'passport',
  'national_id',
  'drivers_license',
  'residence_permit',
] as const satisfies readonly DocumentType[]
type CapturedDocument = (typeof CAPTURED_DOCUMENTS)[number]

/** The types of images that a verification of `manual` takes, in the order of its steps. */
export const UPLOAD_TYPES = ['document_front', 'document_back', 'selfie'] as const
export type UploadType = (typeof UPLOAD_TYPES)[number]
/** What a resident does after choosing the document. A reviewer can ask for each again. */
export const CAPTURE_STEPS = [...UPLOAD_TYPES, 'details'] as const
export type CaptureStep = (typeof CAPTURE_STEPS)[number]

const TYPES_WITHOUT_BACK: readonly DocumentType[] = ['passport', 'visa']
/** A passport and a visa have no back; every other document needs one. */
export const hasBack = (documentType: DocumentType | undefined): boolean =>
  documentType === undefined || !TYPES_WITHOUT_BACK.includes(documentType)

/** Whether a verification of `manual` with this status takes photos: it is new, or a reviewer asked for something again. */
export const isOpenStatus = (status: VerificationStatus): boolean =>
  status === 'pending' || status === 'resubmission'

/** What a resident says about a document. Personal data: sealed at rest, never logged. */
export type Statement = {
  documentType: CapturedDocument
  document?: StatedDocument | undefined
}
/** `mrz`: the lines of the machine-readable zone, whose check digits fit; none where the resident typed none. */
export type StatedDocument = Pick<
  DocumentFindings,
  'givenName' | 'surname' | 'nationality' | 'country' | 'number' | 'dateOfBirth' | 'expiresOn'
> & { mrz: string[] }

export type Capture = {
  statement: Statement
  typedAt: Date | null
  asked: CaptureStep[]
  askedAt: Date | null
}

const placeOf = (verificationId: string) => ({
  table: 'capture',
  column: 'statement_sealed',
  row: verificationId,
})

/** What the resident stated for this verification; `undefined`: nothing, or it is a back office's. */
export async function readCapture(
  sql: Sql,
  vault: Vault,
  verificationId: string,
): Promise<Capture | undefined> {
  const [row] = await sql<(Omit<Capture, 'statement'> & { statementSealed: Buffer })[]>`
    select statement_sealed, typed_at, asked, asked_at from capture
    where verification_id = ${verificationId}`
  if (!row) return undefined
  const { statementSealed, ...capture } = row
  const opened = await vault.open(sql, placeOf(verificationId), statementSealed)
  return { ...capture, statement: JSON.parse(opened.toString()) as Statement }
}

/** In a transaction with the verification locked: replaces what the resident stated. */
export async function saveStatement(
  sql: Sql,
  vault: Vault,
  { id, accountId }: { id: string; accountId: string },
  statement: Statement,
): Promise<void> {
  const sealed = await vault.seal(sql, { accountId }, placeOf(id), JSON.stringify(statement))
  const typedAt = statement.document ? sql`now()` : sql`null`
  await sql`
    insert into capture (verification_id, statement_sealed, typed_at) values (${id}, ${sealed}, ${typedAt})
    on conflict (verification_id) do update
      set statement_sealed = excluded.statement_sealed, typed_at = excluded.typed_at`
}

/** Records what a reviewer asks for again, in the transaction of that decision. `false`: it is no resident's capture. */
export async function askAgain(
  sql: Sql,
  verificationId: string,
  asked: readonly CaptureStep[],
): Promise<boolean> {
  const rows = await sql`
    update capture set asked = ${[...asked]}, asked_at = now()
    where verification_id = ${verificationId} returning 1`
  return rows.length > 0
}

/** Whether what was done at this time still counts: a reviewer has not asked for it since. */
export const isDone = (
  capture: Pick<Capture, 'asked' | 'askedAt'> | undefined,
  step: CaptureStep,
  at: Date | null | undefined,
): boolean =>
  Boolean(at) && !(capture?.askedAt && capture.asked.includes(step) && at && at <= capture.askedAt)

type SentPhoto = { id: string; hasThumbnail: boolean; storedAt: Date }

/** A resident's own verification of `manual`. */
export type OwnCapture = {
  id: string
  accountId: string
  status: VerificationStatus
  /** `undefined` before the resident has chosen a document. */
  documentType: CapturedDocument | undefined
  document: StatedDocument | undefined
  photos: Partial<Record<UploadType, SentPhoto>>
  /** The steps of this document, and whether each is done. */
  steps: { step: CaptureStep; isDone: boolean }[]
  /** The reviewer asked for these again, in these words. */
  asked: CaptureStep[]
  askedBecause: string | null
}

/** `undefined` where it is not this resident's, or is made for a tenant's record of a person. */
export async function findOwnCapture(
  sql: Sql,
  vault: Vault,
  { accountId, id }: { accountId: string; id: string },
): Promise<OwnCapture | undefined> {
  if (!isUuid(id)) return undefined
  const [row] = await sql<{ status: VerificationStatus; reason: StoredReason | null }[]>`
    select status, (select json_build_object(${reasonMembers(sql)}) from decision
      where verification_id = verification.id and status = 'resubmission'
      order by decided_at desc limit 1) as reason
    from verification
    where id = ${id} and account_id = ${accountId} and subject_id is null and vendor = ${MANUAL}`
  if (!row) return undefined
  const capture = await readCapture(sql, vault, id)
  const photos = await listPhotos(sql, id)
  const { documentType, document } = capture?.statement ?? {}
  const steps = CAPTURE_STEPS.filter((step) => step !== 'document_back' || hasBack(documentType))
  const isAsking = row.status === 'resubmission'
  return {
    id,
    accountId,
    status: row.status,
    documentType,
    document,
    photos,
    steps: steps.map((step) => ({
      step,
      isDone: isDone(capture, step, step === 'details' ? capture?.typedAt : photos[step]?.storedAt),
    })),
    asked: isAsking ? (capture?.asked ?? []) : [],
    askedBecause: isAsking ? await openReason(sql, vault, row.reason) : null,
  }
}

/** The current photo of each type. */
async function listPhotos(sql: Sql, verificationId: string): Promise<OwnCapture['photos']> {
  const rows = await sql<(SentPhoto & { type: UploadType })[]>`
    select distinct on (type) type, id, thumbnail_key is not null as has_thumbnail, stored_at from image
    where verification_id = ${verificationId} and state = 'stored' and jpeg_key is not null
    order by type, position desc`
  return Object.fromEntries(rows.map(({ type, ...photo }) => [type, photo]))
}

/** The photos of the current list, for a reviewer: a name for each, and the object of its clean copy. */
export async function listReviewedPhotos(
  sql: Sql,
  verificationId: string,
): Promise<{ name: string; key: string }[]> {
  const rows = await sql<{ type: string; key: string }[]>`
    select type, coalesce(clean_key, jpeg_key) as key from image
    where verification_id = ${verificationId} and state = 'stored' and jpeg_key is not null
      and listing = (select images_wanted from verification where id = verification_id)
    order by type, rank`
  return rows.map(({ type, key }, index) => ({
    name: `${index + 1}-${type}${key.slice(key.lastIndexOf('.'))}`,
    key,
  }))
}
