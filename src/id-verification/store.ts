import { randomUUID } from 'node:crypto'
import { lockAccountShared } from '../accounts/accounts.ts'
import { announceCompleted, announceVerification } from '../events/events.ts'
import type { Sql } from '../platform/db.ts'
import type { Vault } from '../platform/vault.ts'
import { raiseRepeatedDeclines } from './alerts.ts'
import { compareWithAccount, recordFindings } from './findings.ts'
import type { MatchResult } from './matching.ts'
import { noteOutcome, REMINDER_DAYS, readOutcome, reasonsToTell, recordReasons } from './outcome.ts'
import { recordReason } from './reasons.ts'
import { currentStatus, type Decision, isAttemptDecided } from './status.ts'
import type { Reason } from './vendors/reasons/reason.ts'
import type { DocumentType, Media, VendorDecision, VerificationStatus } from './vendors/vendor.ts'
import type { VendorName, VerifierName } from './vendors/vendor-names.ts'

export type VerificationRow = {
  id: string
  tenant: string
  /** The resident it may count for. */
  accountId: string | null
  /** The tenant's subject. The verification belongs to the tenant. */
  subjectId: string | null
  vendor: VerifierName
  integration: string
  /** `null` where there is no session at a vendor: of `manual`, and of a session that was not started. */
  vendorSessionId: string | null
  status: VerificationStatus
  attemptId: string | null
}

/**
 * Creates our row, before the session at the vendor; the vendor echoes the row's id. A subject's verification gets the account
 * of the resident who linked the subject. `undefined`: the subject does not exist any more.
 */
export async function createVerification(
  sql: Sql,
  given: {
    id?: string | undefined
    tenant: string
    whose: { accountId: string } | { subjectId: string }
    vendor: string
    integration: string
    tier?: string | undefined
    stateSha256: Uint8Array
    returnTo?: { url: string; state: string | undefined } | undefined
  },
): Promise<string | undefined> {
  const { whose, returnTo } = given
  // Locked, so that a concurrent change of the link either is visible here, or includes this row.
  const owner =
    'subjectId' in whose
      ? sql`select id, account_id from subject where id = ${whose.subjectId} and tenant = ${given.tenant} for share`
      : sql`select null::uuid as id, ${whose.accountId}::uuid as account_id`
  const [row] = await sql<{ id: string }[]>`
    with owner as (${owner})
    insert into verification (id, tenant, subject_id, account_id, vendor, integration, tier, state_sha256, return_url, return_state)
    select ${given.id ?? randomUUID()}::uuid, ${given.tenant}, id, account_id, ${given.vendor}, ${given.integration}, ${given.tier ?? 'standard'},
      ${Buffer.from(given.stateSha256)}::bytea, ${returnTo?.url ?? null}, ${returnTo?.state ?? null}
    from owner returning id`
  return row?.id
}

/**
 * Stores the vendor's session. `checkAfterSeconds`: when its result is fetched, if no delivery arrives before. `false`: the verification
 * was erased while the vendor was asked.
 */
export async function setVendorSession(
  sql: Sql,
  id: string,
  session: { sessionId: string; checkAfterSeconds: number | undefined },
): Promise<boolean> {
  const rows = await sql`
    update verification set vendor_session_id = ${session.sessionId}, updated_at = now(),
      next_check_at = now() + make_interval(secs => ${session.checkAfterSeconds ?? null}::float8)
    where id = ${id} and vendor_session_id is null returning 1`
  return rows.length > 0
}

export type ReturningSession = {
  id: string
  stateSha256: Buffer
  returnUrl: string | null
  returnState: string | null
  /** Of a resident, for no tenant. */
  isOwn: boolean
}

const returningColumns = (sql: Sql) => sql`
  verification.id, state_sha256, return_url, return_state,
  account_id is not null and subject_id is null as is_own`

/** The verifications of this session id, one for each integration, with the SHA-256 of the `state` that a browser must return. */
export async function listReturnStates(
  sql: Sql,
  vendor: VendorName,
  sessionId: string,
): Promise<ReturningSession[]> {
  // Joined with the few integrations, so that each look-up uses the unique index.
  return await sql<ReturningSession[]>`
    select ${returningColumns(sql)}
    from vendor_integration join verification
      on verification.vendor = vendor_integration.vendor and integration = vendor_integration.name
    where vendor_integration.vendor = ${vendor} and vendor_session_id = ${sessionId}
      and state_sha256 is not null`
}

/** The verification that this `state` was created for, at a vendor whose return address contains nothing else. */
export async function findByState(
  sql: Sql,
  vendor: VendorName,
  stateSha256: Uint8Array,
): Promise<ReturningSession | undefined> {
  const [row] = await sql<ReturningSession[]>`
    select ${returningColumns(sql)} from verification
    where state_sha256 = ${Buffer.from(stateSha256)} and vendor = ${vendor}`
  return row
}

/** Schedules an undecided verification to be checked at the vendor now, and frequently after that. */
export async function scheduleRecheck(sql: Sql, id: string): Promise<void> {
  await sql`
    update verification set next_check_at = now(), checks = 0
    where id = ${id} and status not in ('approved', 'declined')`
}

/** Schedules one check at the vendor, also of a decided verification: the vendor reported a change. */
export async function recheckDecided(sql: Sql, id: string): Promise<void> {
  await sql`update verification set next_check_at = now() where id = ${id}`
}

/** Schedules no check any more. */
export async function stopChecks(sql: Sql, id: string): Promise<void> {
  await sql`update verification set next_check_at = null where id = ${id}`
}

/** Marks a verification whose session the vendor could not start. The row stays visible to the operator. */
export async function markNotStarted(sql: Sql, id: string): Promise<void> {
  await sql`update verification set status = 'error', updated_at = now() where id = ${id}`
}

/** As `lockVerification`, by the vendor's session. Deliveries of one session are thereby applied one after the other. */
export function findBySession(
  sql: Sql,
  vendor: string,
  integration: string,
  sessionId: string,
): Promise<VerificationRow | undefined> {
  return lock(
    sql,
    sql`vendor = ${vendor} and integration = ${integration} and vendor_session_id = ${sessionId}`,
  )
}

/**
 * Locks the account and then the verification for this transaction, in the order of all writers. The name and birth date
 * that a document is compared with cannot change until the comparison is stored. Rows may refer to a locked verification: two that
 * have one picture can raise an alert of each other at the same moment.
 */
export function lockVerification(sql: Sql, id: string): Promise<VerificationRow | undefined> {
  return lock(sql, sql`id = ${id}`)
}

async function lock(sql: Sql, condition: ReturnType<Sql>): Promise<VerificationRow | undefined> {
  const [before] = await sql<{ accountId: string | null }[]>`
    select account_id from verification where ${condition}`
  if (before?.accountId) await lockAccountShared(sql, before.accountId)
  const [row] = await sql<VerificationRow[]>`
    select id, tenant, account_id, subject_id, vendor, integration, vendor_session_id, status, attempt_id
    from verification where ${condition} for no key update`
  // Linked in between. The reverse order can only deadlock with another change of this account at the same moment.
  if (row?.accountId && row.accountId !== before?.accountId)
    await lockAccountShared(sql, row.accountId)
  return row
}

export async function findVerificationRow(
  sql: Sql,
  id: string,
): Promise<VerificationRow | undefined> {
  const [row] = await sql<VerificationRow[]>`
    select id, tenant, account_id, subject_id, vendor, integration, vendor_session_id, status, attempt_id
    from verification where id = ${id}`
  return row
}

/**
 * Records a decision and recomputes the verification's status. Returns the attempts whose images are to be listed at the vendor, if
 * it has a session there: the current one and the one just decided, because images of every attempt are kept. To be called with the
 * row locked.
 */
export async function recordDecision(
  sql: Sql,
  vault: Vault,
  verificationId: string,
  decision: VendorDecision,
  /** `undefined`: the result was fetched from the vendor. */
  deliveryId: string | undefined,
): Promise<string[]> {
  const outcomeBefore = await readOutcome(sql, verificationId)
  const isKnown = await isUnchanged(sql, verificationId, decision)
  const [recorded] = isKnown
    ? []
    : await sql<{ id: string }[]>`
        insert into decision (verification_id, attempt_id, status, decided_at, document_type, delivery_id)
        values (${verificationId}, ${decision.attemptId}, ${decision.status},
          ${decision.isUndated ? sql`clock_timestamp()` : (decision.decidedAt ?? null)},
          ${decision.documentType ?? null}, ${deliveryId ?? null})
        on conflict (verification_id, attempt_id, status, decided_at) do nothing returning id`
  const decisions = await sql<Decision[]>`
    select attempt_id, status, decided_at, document_type from decision
    where verification_id = ${verificationId}`
  const now = currentStatus(decisions)
  const [before] = await sql<PreviousState[]>`
    select id, account_id, subject_id, vendor_session_id, status, attempt_id, images_complete from verification
    where id = ${verificationId}`
  if (before) await recordFindings(sql, vault, before, decision)
  if (before && recorded)
    await recordReason(sql, vault, before, { decisionId: recorded.id, reason: decision.reason })
  if (recorded && decision.reasons)
    await recordReasons(sql, verificationId, {
      decisionId: recorded.id,
      reasons: decision.reasons,
    })
  const sameAttempt = before?.attemptId === now.attemptId
  const isSubmitted =
    decision.isSubmitted === true && !isAttemptDecided(decisions, decision.attemptId)
  // A vendor without attempts puts the images of a second attempt into the same list, so it is read again.
  const isWantedAnew =
    !sameAttempt ||
    (recorded !== undefined &&
      decision.isUndated === true &&
      STATUSES_WITH_IMAGES.includes(decision.status))
  await sql`
    update verification set status = ${now.status}, attempt_id = ${now.attemptId},
      decided_at = ${now.decidedAt}, document_type = coalesce(${now.documentType}, document_type),
      images_wanted = images_wanted + ${isWantedAnew ? 1 : 0},
      images_complete = images_complete and ${!isWantedAnew}, updated_at = now(),
      match_review = case when ${sameAttempt} then match_review end,
      match_reviewed_at = case when ${sameAttempt} then match_reviewed_at end,
      submitted_at = case
        when ${now.status !== 'pending'} then null
        when ${isSubmitted} then coalesce(submitted_at, now())
        when ${decision.isUndated === true} then null
        else submitted_at end,
      page_sealed = case when ${hasEnded(now.status)} then null else page_sealed end,
      next_check_at = ${nextCheck(sql, verificationId, now.status)}
    where id = ${verificationId}`
  await compareWithAccount(sql, vault, verificationId)
  await noteOutcome(sql, verificationId, outcomeBefore)
  if (now.status === 'declined' && before?.status !== 'declined')
    await raiseRepeatedDeclines(sql, verificationId)
  if (isWantedAnew) await refreshDocuments(sql, verificationId)
  else await announce(sql, verificationId)
  if (!before?.vendorSessionId) return []
  const wanted = new Set<string>()
  if (
    now.status === 'approved' &&
    now.attemptId !== null &&
    (isWantedAnew || !before.imagesComplete)
  )
    wanted.add(now.attemptId)
  if (recorded && STATUSES_WITH_IMAGES.includes(decision.status)) wanted.add(decision.attemptId)
  return [...wanted]
}

type PreviousState = {
  id: string
  accountId: string | null
  subjectId: string | null
  vendorSessionId: string | null
  status: VerificationStatus
  attemptId: string | null
  imagesComplete: boolean
}

/** Records a manual review of a finished attempt, dated now. A later decision replaces it. */
export async function recordReview(
  sql: Sql,
  vault: Vault,
  verificationId: string,
  given: {
    attemptId: string
    status: 'approved' | 'declined' | 'resubmission'
    /** For the operator, in free words. */
    reason: string | undefined
    /** For the person. */
    reasons?: readonly Reason[] | undefined
    by: string
  },
): Promise<string[]> {
  const wanted = await recordDecision(
    sql,
    vault,
    verificationId,
    {
      attemptId: given.attemptId,
      status: given.status,
      decidedAt: new Date(),
      documentType: undefined,
      reason: given.reason,
      reasons: given.reasons,
    },
    undefined,
  )
  await sql`
    update decision set reviewed_by = ${given.by}
    where id = (select id from decision where verification_id = ${verificationId} and status = ${given.status}
      order by recorded_at desc limit 1)`
  return wanted
}

/** The statuses of a finished attempt, which has images. */
const STATUSES_WITH_IMAGES: VerificationStatus[] = [
  'approved',
  'declined',
  'resubmission',
  'review',
]

/** The vendor's page of the session takes nobody any more. */
const hasEnded = (status: VerificationStatus) =>
  isDecided(status) || status === 'expired' || status === 'error'

/** Final, unless the vendor overturns it. */
export const isDecided = (status: VerificationStatus) => ['approved', 'declined'].includes(status)

/** When a decided verification is checked at the vendor again: in a day, until a week after its last decision. */
export const nextDailyCheck = (sql: Sql, verificationId: string) => sql`(
  select case when max(recorded_at) > now() - interval '7 days' then now() + interval '1 day' end
  from decision where verification_id = ${verificationId})`

function nextCheck(sql: Sql, verificationId: string, status: VerificationStatus) {
  if (isDecided(status))
    return sql`case when vendor_session_id is not null then ${nextDailyCheck(sql, verificationId)} end`
  return status === 'error' ? sql`null` : sql`next_check_at`
}

/** For a vendor whose decisions carry no time: whether this one has the status of its last. A review in between is not the vendor's. */
async function isUnchanged(
  sql: Sql,
  verificationId: string,
  { attemptId, status, isUndated }: VendorDecision,
): Promise<boolean> {
  if (!isUndated) return false
  const [last] = await sql<{ status: VerificationStatus }[]>`
    select status from decision
    where verification_id = ${verificationId} and attempt_id = ${attemptId} and reviewed_by is null
    order by decided_at desc nulls last limit 1`
  return (last?.status ?? 'pending') === status
}

/** Whether its current decision was first recorded more than a day ago. */
export async function isDecisionOverOneDayOld(sql: Sql, verificationId: string): Promise<boolean> {
  const [row] = await sql`
    select from decision join verification on verification.id = verification_id
      and verification.attempt_id = decision.attempt_id and verification.status = decision.status
    where verification_id = ${verificationId} and recorded_at < now() - interval '1 day' limit 1`
  return row !== undefined
}

export type ImageRow = {
  id: string
  verificationId: string
  attemptId: string
  type: string
  vendorMediaId: string
  position: number
  expectedSize: number | null
  state: 'pending' | 'stored' | 'refused'
  /** How many downloads of it were refused. */
  refusals: number
}

/** How often the list of images had to be read so far. To be called before it is requested from the vendor. */
export async function countListings(sql: Sql, verificationId: string): Promise<number> {
  const [row] = await sql<{ imagesWanted: number }[]>`
    select images_wanted from verification where id = ${verificationId}`
  return row?.imagesWanted ?? 0
}

/**
 * In a transaction: records the images of an attempt, in the order of the vendor's list number `listing`, and refreshes the
 * documents that the endpoint returns. Returns the images that are not stored yet; known images keep their copies.
 * `undefined`: the verification was erased meanwhile.
 */
export async function recordListing(
  sql: Sql,
  verificationId: string,
  listed: { attemptId: string; listing: number },
  media: readonly Media[],
): Promise<string[] | undefined> {
  // Locked before anything is read: two concurrent lists, of two attempts perhaps, must see each other's images.
  if (!(await lockVerification(sql, verificationId))) return undefined
  const pending = await recordImages(sql, verificationId, listed, media)
  await refreshDocuments(sql, verificationId, listed)
  return pending
}

async function recordImages(
  sql: Sql,
  verificationId: string,
  { attemptId, listing }: { attemptId: string; listing: number },
  media: readonly Media[],
): Promise<string[]> {
  const seen = new Map<string, number>()
  for (const { mediaId, type, size, capturedAt } of media) {
    const rank = seen.get(type) ?? 0
    seen.set(type, rank + 1)
    const free = sql`(
      select coalesce(max(position) + 1, 0) from image
      where verification_id = ${verificationId} and attempt_id = ${attemptId} and type = ${type})`
    await sql`
      insert into image (verification_id, attempt_id, type, vendor_media_id, position, rank, listing,
        expected_size, captured_at)
      values (${verificationId}, ${attemptId}, ${type}, ${mediaId}, ${free}, ${rank}, ${listing},
        ${size ?? null}, ${capturedAt ?? null})
      on conflict (verification_id, attempt_id, vendor_media_id) do update
        set rank = excluded.rank, listing = excluded.listing, type = excluded.type,
          position = case when image.type = excluded.type then image.position else excluded.position end
        where image.listing <= excluded.listing`
  }
  const rows = await sql<{ id: string }[]>`
    select id from image
    where verification_id = ${verificationId} and attempt_id = ${attemptId} and state = 'pending'`
  return rows.map(({ id }) => id)
}

export async function findImage(sql: Sql, id: string): Promise<ImageRow | undefined> {
  const [row] = await sql<ImageRow[]>`
    select id, verification_id, attempt_id, type, vendor_media_id, position,
      expected_size::float8 as expected_size, state, refusals
    from image where id = ${id}`
  return row
}

/** An object in the bucket; `sha256` is that of its bytes, as the bucket confirmed it. */
export type StoredObject = { key: string; contentType: string; size: number; sha256: Uint8Array }

/** The copies that readers receive: `clean` has no metadata; `jpeg` is a JPEG of it, `thumbnail` a small one for the portal's pages. */
export type ReadableObjects = { clean: StoredObject; jpeg: StoredObject; thumbnail: StoredObject }

/** Marks a pending image as stored; a second run of the same job changes nothing. */
export async function markStored(
  sql: Sql,
  id: string,
  original: StoredObject,
  shown: ReadableObjects,
): Promise<void> {
  await sql`
    update image set state = 'stored', content_type = ${original.contentType}, size = ${original.size},
      sha256 = ${Buffer.from(original.sha256)}, object_key = ${original.key}, ${readableColumns(sql, shown)},
      reason = null, stored_at = now()
    where id = ${id} and state = 'pending'`
}

const readableColumns = (sql: Sql, { clean, jpeg, thumbnail }: ReadableObjects) => sql`
  clean_key = ${clean.key}, clean_content_type = ${clean.contentType}, clean_size = ${clean.size},
  clean_sha256 = ${Buffer.from(clean.sha256)},
  jpeg_key = ${jpeg.key}, jpeg_size = ${jpeg.size}, jpeg_sha256 = ${Buffer.from(jpeg.sha256)},
  ${thumbnailColumns(sql, thumbnail)}`

const thumbnailColumns = (sql: Sql, { key, size, sha256 }: StoredObject) => sql`
  thumbnail_key = ${key}, thumbnail_size = ${size}, thumbnail_sha256 = ${Buffer.from(sha256)}`

/** The JPEG of a stored image without a thumbnail; of one that has no clean copy yet, a worker makes both. */
export async function findWithoutThumbnail(
  sql: Sql,
  id: string,
): Promise<{ jpegKey: string } | undefined> {
  const [row] = await sql<{ jpegKey: string }[]>`
    select jpeg_key from image
    where id = ${id} and state = 'stored' and clean_key is not null and jpeg_key is not null and thumbnail_key is null`
  return row
}

/** Records the thumbnail of a stored image. `false`: the image was erased meanwhile. */
export async function setThumbnail(
  sql: Sql,
  id: string,
  thumbnail: StoredObject,
): Promise<boolean> {
  const rows = await sql`
    update image set ${thumbnailColumns(sql, thumbnail)} where id = ${id} and state = 'stored' returning 1`
  return rows.length > 0
}

/** Refuses a pending image for good. `reason` is for the operator. */
export async function markRefused(sql: Sql, id: string, reason: string): Promise<void> {
  await sql`
    update image set state = 'refused', refusals = refusals + 1, reason = ${reason}
    where id = ${id} and state = 'pending'`
}

/** Counts a refusal of an image that will be tried again. */
export async function recordRefusal(sql: Sql, id: string, reason: string): Promise<void> {
  await sql`
    update image set refusals = refusals + 1, reason = ${reason} where id = ${id} and state <> 'refused'`
}

/** Makes the refused images of the current attempt pending again, when the operator retries the verification. */
export async function reopenRefused(sql: Sql, verificationId: string): Promise<void> {
  await sql`
    update image set state = 'pending', refusals = 0, reason = null
    from verification
    where verification.id = ${verificationId} and verification_id = verification.id
      and image.attempt_id = verification.attempt_id and state = 'refused' and object_key is null`
}

export type UncleanedImage = {
  id: string
  verificationId: string
  objectKey: string
  jpegKey: string | null
  refusals: number
}

/**
 * Claims images that were stored before clean copies existed, newest first, for ten minutes. After that another worker can
 * claim them.
 */
export async function claimUncleanedImages(sql: Sql, limit: number): Promise<UncleanedImage[]> {
  return await sql<UncleanedImage[]>`
    update image set clean_taken_until = now() + interval '10 minutes'
    where id in (
      select id from image
      where state = 'stored' and clean_key is null and coalesce(clean_taken_until, '-infinity') < now()
      order by stored_at desc limit ${limit} for update skip locked)
    returning id, verification_id, object_key, jpeg_key, refusals`
}

/** Records the copies, unless another worker already did. */
export async function setReadableObjects(
  sql: Sql,
  id: string,
  shown: ReadableObjects,
): Promise<void> {
  await sql`
    update image set ${readableColumns(sql, shown)}, clean_taken_until = null, refusals = 0,
      reason = null
    where id = ${id} and state = 'stored' and clean_key is null`
}

/** Refuses a stored image that cannot be decoded; its original stays as evidence. */
export async function withdrawStored(sql: Sql, id: string, reason: string): Promise<void> {
  await sql`
    update image set state = 'refused', refusals = refusals + 1, reason = ${reason}, clean_taken_until = null
    where id = ${id} and state = 'stored' and clean_key is null`
}

/**
 * Updates which documents the endpoint returns: for each member the first stored image in the order of
 * `docs/vendor-protocols.md` §1.2, of the current attempt and the newest reading of its list. They are complete when none of that
 * attempt's images is pending and at least one can be shown, or when the vendor's list was empty; not when all images were
 * refused. `listed`: a list that was just read.
 */
export async function refreshDocuments(
  sql: Sql,
  verificationId: string,
  listed?: { attemptId: string; listing: number },
): Promise<void> {
  if (listed)
    await sql`
      update verification set images_listed = greatest(images_listed, ${listed.listing})
      where id = ${verificationId} and attempt_id = ${listed.attemptId}`
  await sql`
    update verification set
      images_complete = coalesce(images_listed = images_wanted, false) and not exists (
        select from image where verification_id = verification.id
          and attempt_id = verification.attempt_id and state = 'pending')
        and (exists (${ofNewestList(sql)} and state = 'stored' and jpeg_key is not null)
          or not exists (${ofNewestList(sql)})),
      document_front_key = ${firstKeyOfTypes(sql, ['document_front', 'document_front_pre', 'document_front_cropped'])},
      document_back_key = ${firstKeyOfTypes(sql, ['document_back', 'document_back_pre', 'document_back_cropped'])},
      face_key = ${firstKeyOfTypes(sql, ['selfie', 'selfie_pre', 'selfie_cropped'])},
      updated_at = now()
    where id = ${verificationId}`
  // The ledger records these digests, of the files that readers receive, with each disclosure.
  await sql`
    update verification set shown_images = coalesce((
      select jsonb_agg(jsonb_build_object('id', image.id, 'type', type,
        'sha256', encode(coalesce(jpeg_sha256, sha256), 'hex')) order by type)
      from image where verification_id = verification.id
        and jpeg_key in (document_front_key, document_back_key, face_key)), '[]')
    where id = ${verificationId}`
  await announce(sql, verificationId)
}

const ofNewestList = (sql: Sql) => sql`
  select from image where verification_id = verification.id and attempt_id = verification.attempt_id
    and listing = images_wanted`

/** Announces the verification to its tenant, and to its owner's applications. To be called last: it compares everything written so far in this transaction. */
async function announce(sql: Sql, verificationId: string): Promise<void> {
  const [row] = await sql<{ accountId: string | null }[]>`
    select account_id from verification where id = ${verificationId}`
  if (row?.accountId) await announceVerification(sql, row.accountId)
  await announceCompleted(sql, verificationId)
}

const firstKeyOfTypes = (sql: Sql, types: string[]) => sql`(
  select jpeg_key from image
  where verification_id = verification.id and attempt_id = verification.attempt_id
    and listing = images_wanted
    and state = 'stored' and jpeg_key is not null and type = any(${types})
  order by array_position(${types}::text[], type), rank limit 1)`

/** Whether the list was read, had images, and all of them were refused. */
export const allImagesRefused = (sql: Sql) => sql`(
  coalesce(images_listed = images_wanted, false)
  and exists (${ofNewestList(sql)})
  and not exists (${ofNewestList(sql)} and state <> 'refused'))`

/**
 * Whether the document may be shown to the resident as their own. A verification of a tenant's subject must count first:
 * until then the document may be somebody else's.
 */
export const isOfResident = (sql: Sql) => sql`(
  verification.subject_id is null
  or (match in ('match', 'no-reference') or match_review = 'accepted')
    and match_review is distinct from 'rejected'
    and exists (select from tenant where tenant.name = verification.tenant and tenant.is_trusted))`

/** Whether this verification, by its name in the query, counts for its account, whatever the policy on expired documents is. */
export const isCounted = (sql: Sql, name: string) => sql`(
  ${sql(name)}.status = 'approved'
  and (${sql(name)}.match in ('match', 'no-reference') or ${sql(name)}.match_review = 'accepted')
  and ${sql(name)}.match_review is distinct from 'rejected'
  and exists (select from tenant where tenant.name = ${sql(name)}.tenant and tenant.is_trusted))`

/** Of `image` and its `verification`: whether the portal's pages show this image to the resident. */
export const isShownToResident = (sql: Sql) => sql`(
  image.verification_id = verification.id and image.attempt_id = verification.attempt_id
  and image.listing = images_wanted and image.state = 'stored' and jpeg_key is not null
  and image.type in ('document_front', 'document_back', 'selfie') and ${isOfResident(sql)})`

export type ListedVerification = {
  id: string
  vendor: string
  status: VerificationStatus
  date: Date
  documentType: DocumentType | null
  /** The comparison of the document's person with the account; null before it was compared. */
  match: 'match' | 'no-reference' | 'mismatch' | null
  matchDifferences: MatchResult['differences']
  matchReview: 'accepted' | 'rejected' | null
  /** A day in UTC; `isExpired`: it has passed. */
  documentExpiresOn: Date | null
  isExpired: boolean
  /** Within `REMINDER_DAYS`, and not yet. */
  expiresSoon: boolean
  imagesPending: boolean
  /** All images were refused. */
  imagesRefused: boolean
  /** Those that the resident is shown. */
  images: { id: string; type: string; hasThumbnail: boolean }[]
  /** Why it has its status; null where the vendor gave no reason, or none that the person is told. */
  reasons: Reason[] | null
  /** No later one was started. */
  isLatest: boolean
  /** Started by a tenant, for its subject. */
  isOfSubject: boolean
}

const shownImages = (sql: Sql) => sql`
  coalesce((
    select json_agg(json_build_object('id', image.id, 'type', type, 'hasThumbnail', thumbnail_key is not null)
      order by array_position(array['document_front', 'document_back', 'selfie'], type), rank)
    from image where ${isShownToResident(sql)}
  ), '[]')`

/** A resident's verifications, newest first; or the one of this id. */
export async function listVerifications(
  sql: Sql,
  accountId: string,
  id?: string,
): Promise<ListedVerification[]> {
  return await sql<ListedVerification[]>`
    select id, vendor, status, session_created_at as date, document_type, match, match_differences,
      match_review, document_expires_on,
      coalesce(document_expires_on < (now() at time zone 'UTC')::date, false) as is_expired,
      coalesce(document_expires_on - (now() at time zone 'UTC')::date between 0 and ${REMINDER_DAYS}, false) as expires_soon,
      status = 'approved' and not images_complete and not ${allImagesRefused(sql)} as images_pending,
      status = 'approved' and ${allImagesRefused(sql)} as images_refused,
      ${shownImages(sql)} as images,
      ${reasonsToTell(sql)} as reasons, subject_id is not null as is_of_subject,
      not exists (
        select from verification later
        where later.account_id = verification.account_id and later.session_created_at > verification.session_created_at
      ) as is_latest
    from verification
    where account_id = ${accountId} ${id === undefined ? sql`` : sql`and id = ${id}`}
    order by session_created_at desc`
}

type LatestDocuments = {
  documentType: DocumentType | null
  date: Date
  since: Date
  front: boolean
  back: boolean
  face: boolean
  /** Those that the resident is shown. */
  images: ListedVerification['images']
}

/** Which documents applications could see of this resident now, for the resident. */
export async function findLatestDocuments(
  sql: Sql,
  accountId: string,
): Promise<LatestDocuments | undefined> {
  const [row] = await sql<LatestDocuments[]>`
    select document_type, session_created_at as date, coalesce(decided_at, session_created_at) as since,
      document_front_key is not null as front, document_back_key is not null as back,
      face_key is not null as face, ${shownImages(sql)} as images
    from verification where id = (select id from latest_approved where account_id = ${accountId})`
  return row
}
