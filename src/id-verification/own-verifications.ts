import { type AccountReference, findReference } from '../accounts/natural-person.ts'
import type { Sql } from '../platform/db.ts'
import { isUuid } from '../platform/uuid.ts'
import type { Vault } from '../platform/vault.ts'
import { readFindings } from './findings.ts'
import {
  isOfResident,
  isShownToResident,
  type ListedVerification,
  listVerifications,
} from './store.ts'
import type { DocumentFindings } from './vendors/vendor.ts'
import { MANUAL } from './vendors/vendor-names.ts'

/* What residents see of their own verifications, besides the list of them. */

/** An image as the resident sees it: its clean copy, or its JPEG where there is no clean copy yet. */
export type Photo = {
  id: string
  verificationId: string
  type: string
  key: string
  contentType: string
  /** In bytes; with the digest, in hex, unknown of what an early version stored. */
  size: number | null
  sha256: string | null
  capturedAt: Date | null
  storedAt: Date | null
  thumbnailKey: string | null
}

/** An image that the portal's pages show this resident; `undefined` for any other. */
export async function findPhoto(
  sql: Sql,
  { accountId, id }: { accountId: string; id: string },
): Promise<Photo | undefined> {
  if (!isUuid(id)) return undefined
  const [row] = await sql<Photo[]>`
    select image.id, verification.id as verification_id, type, captured_at, stored_at, thumbnail_key,
      coalesce(clean_key, jpeg_key) as key, coalesce(clean_content_type, 'image/jpeg') as content_type,
      (case when clean_key is not null then clean_size when jpeg_key = object_key then size else jpeg_size end)::float8 as size,
      encode(case when clean_key is not null then clean_sha256 when jpeg_key = object_key then sha256
        else jpeg_sha256 end, 'hex') as sha256
    from image join verification on verification.id = verification_id
    where image.id = ${id} and account_id = ${accountId}
      and (${isShownToResident(sql)} or ${isOwnUpload(sql)})`
  return row
}

/** What a resident has uploaded is shown at once, on the pages of that verification. */
const isOwnUpload = (sql: Sql) => sql`(
  verification.vendor = ${MANUAL} and verification.subject_id is null
  and image.state = 'stored' and jpeg_key is not null)`

/** One decision on an attempt; `isReview`: by the organisation's own staff. */
type AttemptDecision = { attempt: number; status: string; at: Date; isReview: boolean }

export type OwnVerification = ListedVerification & {
  decidedAt: Date | null
  /** In the order of time. */
  decisions: AttemptDecision[]
  /** Whether the document may be shown to the resident as their own. */
  isOfResident: boolean
  /** What was read from it; `undefined`: nothing, or it may be somebody else's. */
  findings: DocumentFindings | undefined
  /** What it was compared with; `undefined` before the comparison. */
  reference: AccountReference | undefined
}

/** One verification of this resident in detail; `undefined` where it is not theirs. */
export async function findOwnVerification(
  sql: Sql,
  vault: Vault,
  { accountId, id }: { accountId: string; id: string },
): Promise<OwnVerification | undefined> {
  if (!isUuid(id)) return undefined
  const [listed] = await listVerifications(sql, accountId, id)
  const [row] = await sql<
    {
      attemptId: string | null
      decidedAt: Date | null
      isOfResident: boolean
    }[]
  >`
    select attempt_id, decided_at, ${isOfResident(sql)} as is_of_resident
    from verification where id = ${id} and account_id = ${accountId}`
  if (!listed || !row) return undefined
  const { attemptId, decidedAt } = row
  const decisions = await sql<AttemptDecision[]>`
    select dense_rank() over (order by first_at, attempt_id)::int as attempt, status, at, is_review
    from (
      select attempt_id, status, coalesce(decided_at, recorded_at) as at, reviewed_by is not null as is_review,
        min(recorded_at) over (partition by attempt_id) as first_at
      from decision where verification_id = ${id} and status <> 'pending') each
    order by at`
  return {
    ...listed,
    decidedAt,
    decisions,
    isOfResident: row.isOfResident,
    findings: row.isOfResident ? await readFindings(sql, vault, id, attemptId ?? '') : undefined,
    reference: listed.match ? await findReference(sql, vault, accountId) : undefined,
  }
}

/** The types of documents of those verifications that are this account's; an erased one has none any more. */
export async function findDocumentTypes(
  sql: Sql,
  accountId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string | null>> {
  if (ids.length === 0) return new Map()
  const rows = await sql<{ id: string; documentType: string | null }[]>`
    select id, document_type from verification
    where account_id = ${accountId} and id = any (${[...ids]}::uuid[])`
  return new Map(rows.map(({ id, documentType }) => [id, documentType]))
}
