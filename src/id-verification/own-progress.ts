import type { Sql } from '../platform/db.ts'
import { isUuid } from '../platform/uuid.ts'
import { isOpenStatus } from './captures.ts'
import { reasonsToTell } from './outcome.ts'
import { allImagesRefused } from './store.ts'
import type { Reason } from './vendors/reasons/reason.ts'
import type { VerificationStatus } from './vendors/vendor.ts'
import { MANUAL, type VerifierName } from './vendors/vendor-names.ts'

/* How far a resident's own verification is, from what the vendor reported and what is stored here. */

/** A start that has found no vendor's session by then was interrupted: its process ended. */
const START_SECONDS = 60

export type ProgressState =
  /** The session is being started at the vendor. */
  | 'starting'
  /** No vendor started one. */
  | 'not-started'
  | 'at-vendor'
  /** The vendor asked for other photos. */
  | 'new-photos'
  | 'checking'
  /** People at the vendor or here are deciding. */
  | 'in-review'
  /** The document does not fit the account: people here decide. */
  | 'mismatch'
  /** The document is approved, and its photos are being copied. */
  | 'photos'
  | 'done'
  | 'document-expired'
  | 'declined'
  /** Approved by the vendor, and not accepted here. */
  | 'rejected'
  | 'expired'
  | 'failed'

export type OwnProgress = {
  id: string
  vendor: VerifierName
  state: ProgressState
  startedAt: Date
  /** The resident can go on: at the vendor, or here for `manual`. */
  hasPage: boolean
  /** The application's request that waits for it. */
  interactionUid: string | null
  status: VerificationStatus
  /** Why it has its status; null where that is not known. */
  reasons: Reason[] | null
}

/** States in which another verification cannot be started. */
const UNDER_WAY: readonly ProgressState[] = [
  'starting',
  'at-vendor',
  'new-photos',
  'checking',
  'in-review',
  'mismatch',
]
/** Whether it keeps the resident from starting another one. */
export const isUnderWay = ({ state }: Pick<OwnProgress, 'state'>): boolean =>
  UNDER_WAY.includes(state)

/** States in which the resident can still withdraw it. */
export const isCancellable = ({ state }: Pick<OwnProgress, 'state'>): boolean =>
  state === 'at-vendor' || state === 'new-photos'

/** This resident's own verification of this id, or the newest; `undefined` where there is none. Those for a tenant are not their own. */
export async function findOwnProgress(
  sql: Sql,
  accountId: string,
  id?: string,
): Promise<OwnProgress | undefined> {
  if (id !== undefined && !isUuid(id)) return undefined
  const [row] = await sql<ProgressRow[]>`
    select id, vendor, status, session_created_at as started_at, interaction_uid,
      vendor_session_id is not null as has_session, page_sealed is not null as has_page,
      submitted_at is not null as is_submitted, ${reasonsToTell(sql)} as reasons,
      session_created_at > now() - make_interval(secs => ${START_SECONDS}) as is_new,
      match, match_review, images_complete, ${allImagesRefused(sql)} as images_refused,
      coalesce(document_expires_on < (now() at time zone 'UTC')::date, false) as is_document_expired
    from verification
    where account_id = ${accountId} and subject_id is null ${id === undefined ? sql`` : sql`and id = ${id}`}
    order by session_created_at desc limit 1`
  if (!row) return undefined
  const { vendor, status, startedAt, interactionUid, reasons } = row
  const hasPage = vendor === MANUAL ? isOpenStatus(status) : row.hasPage
  const state = stateOf(row)
  return { id: row.id, vendor, state, startedAt, hasPage, interactionUid, status, reasons }
}

type ProgressRow = {
  id: string
  vendor: VerifierName
  status: VerificationStatus
  startedAt: Date
  interactionUid: string | null
  reasons: Reason[] | null
  hasSession: boolean
  hasPage: boolean
  isSubmitted: boolean
  isNew: boolean
  match: 'match' | 'no-reference' | 'mismatch' | null
  matchReview: 'accepted' | 'rejected' | null
  imagesComplete: boolean
  imagesRefused: boolean
  isDocumentExpired: boolean
}

const STATES: Record<Exclude<VerificationStatus, 'pending' | 'approved'>, ProgressState> = {
  resubmission: 'new-photos',
  review: 'in-review',
  declined: 'declined',
  expired: 'expired',
  error: 'failed',
}

function stateOf(row: ProgressRow): ProgressState {
  const { status, vendor, hasSession } = row
  const isUnstarted = vendor !== MANUAL && !hasSession
  if (status === 'approved') return stateOfApproved(row)
  if (status === 'error' && isUnstarted) return 'not-started'
  if (status !== 'pending') return STATES[status]
  if (isUnstarted) return row.isNew ? 'starting' : 'not-started'
  return row.isSubmitted ? 'checking' : 'at-vendor'
}

function stateOfApproved(row: ProgressRow): ProgressState {
  if (row.matchReview === 'rejected') return 'rejected'
  const isOfResident = row.matchReview === 'accepted' || (row.match ?? 'mismatch') !== 'mismatch'
  if (!isOfResident) return 'mismatch'
  if (row.isDocumentExpired) return 'document-expired'
  return row.imagesComplete || row.imagesRefused ? 'done' : 'photos'
}

/** What is missing for documents that an application asks for: nothing is under way, or the resident or somebody else has to act. */
export async function findVerificationState(
  sql: Sql,
  accountId: string,
): Promise<'none' | 'to-finish' | 'being-checked'> {
  const progress = await findOwnProgress(sql, accountId)
  if (!progress || !isUnderWay(progress)) return 'none'
  return progress.state === 'starting' || isCancellable(progress) ? 'to-finish' : 'being-checked'
}
