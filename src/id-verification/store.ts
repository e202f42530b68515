import { holdAccount } from '../accounts/accounts.ts'
import type { Sql } from '../db.ts'
import { announceVerification } from '../events/events.ts'
import type { Vault } from '../vault.ts'
import { compareWithAccount, recordFindings } from './findings.ts'
import type { MatchResult } from './matching.ts'
import { recordReason } from './reasons.ts'
import { currentStatus, type Decision } from './status.ts'
import type {
  DocumentType,
  FoundDecision,
  Media,
  VendorName,
  VerificationStatus,
} from './vendors/vendor.ts'

export type VerificationRow = {
  id: string
  tenant: string
  /** The resident it may count for. */
  accountId: string | null
  /** Whom the tenant knows: the verification is the tenant's. */
  subjectId: string | null
  vendor: VendorName
  integration: string
  vendorSessionId: string | null
  status: VerificationStatus
  attemptId: string | null
}

/**
 * Our row first, before the vendor is asked; its id is what the vendor echoes. A subject's carries the resident who linked
 * it. `undefined`: the subject is gone.
 */
export async function createVerification(
  sql: Sql,
  given: {
    tenant: string
    whose: { accountId: string } | { subjectId: string }
    vendor: string
    integration: string
    stateSha256: Uint8Array
    returnTo?: { url: string; state: string | undefined } | undefined
  },
): Promise<string | undefined> {
  const { whose, returnTo } = given
  // Locked, so that a link that is being made or ended now is seen here, or sees this row.
  const owner =
    'subjectId' in whose
      ? sql`select id, account_id from subject where id = ${whose.subjectId} and tenant = ${given.tenant} for share`
      : sql`select null::uuid as id, ${whose.accountId}::uuid as account_id`
  const [row] = await sql<{ id: string }[]>`
    with owner as (${owner})
    insert into verification (tenant, subject_id, account_id, vendor, integration, state_sha256, return_url, return_state)
    select ${given.tenant}, id, account_id, ${given.vendor}, ${given.integration},
      ${Buffer.from(given.stateSha256)}::bytea, ${returnTo?.url ?? null}, ${returnTo?.state ?? null}
    from owner returning id`
  return row?.id
}

/** The vendor has answered. `checkAfterSeconds`: when it is asked what became of it, if nothing came until then. */
export async function setVendorSession(
  sql: Sql,
  id: string,
  session: { sessionId: string; checkAfterSeconds: number | undefined },
): Promise<void> {
  await sql`
    update verification set vendor_session_id = ${session.sessionId}, updated_at = now(),
      next_check_at = now() + make_interval(secs => ${session.checkAfterSeconds ?? null}::float8)
    where id = ${id}`
}

export type ReturningSession = {
  id: string
  stateSha256: Buffer
  returnUrl: string | null
  returnState: string | null
}

/** What a browser must bring back with this session's id, as a SHA-256; one for each integration that knows the id. */
export async function listReturnStates(
  sql: Sql,
  vendor: VendorName,
  sessionId: string,
): Promise<ReturningSession[]> {
  // By way of the integrations, which are few: then each look-up is one of the unique index.
  return await sql<ReturningSession[]>`
    select verification.id, state_sha256, return_url, return_state
    from vendor_integration join verification
      on verification.vendor = vendor_integration.vendor and integration = vendor_integration.name
    where vendor_integration.vendor = ${vendor} and vendor_session_id = ${sessionId}
      and state_sha256 is not null`
}

/** The session that this state was made for, at a vendor that brings back nothing else. */
export async function findByState(
  sql: Sql,
  vendor: VendorName,
  stateSha256: Uint8Array,
): Promise<ReturningSession | undefined> {
  const [row] = await sql<ReturningSession[]>`
    select id, state_sha256, return_url, return_state from verification
    where state_sha256 = ${Buffer.from(stateSha256)} and vendor = ${vendor}`
  return row
}

/** Something may have changed: the vendor is asked at the next look, and then often again. */
export async function askSoon(sql: Sql, id: string): Promise<void> {
  await sql`
    update verification set next_check_at = now(), checks = 0
    where id = ${id} and status not in ('approved', 'declined')`
}

/** The same for one that is decided too: the vendor itself says that something changed. */
export async function askAgain(sql: Sql, id: string): Promise<void> {
  await sql`update verification set next_check_at = now() where id = ${id}`
}

/** The vendor could not start it: the row stays, for the operator to see. */
export async function markNotStarted(sql: Sql, id: string): Promise<void> {
  await sql`update verification set status = 'error', updated_at = now() where id = ${id}`
}

/** As `lockVerification`, by the vendor's session: deliveries of one session are applied one after the other. */
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
 * Locks it for this transaction, and its account before it, as all writers do: what a document is compared with stays as
 * it is until the comparison is stored.
 */
export function lockVerification(sql: Sql, id: string): Promise<VerificationRow | undefined> {
  return lock(sql, sql`id = ${id}`)
}

async function lock(sql: Sql, isIt: ReturnType<Sql>): Promise<VerificationRow | undefined> {
  const [before] = await sql<{ accountId: string | null }[]>`
    select account_id from verification where ${isIt}`
  if (before?.accountId) await holdAccount(sql, before.accountId)
  const [row] = await sql<VerificationRow[]>`
    select id, tenant, account_id, subject_id, vendor, integration, vendor_session_id, status, attempt_id
    from verification where ${isIt} for update`
  // Linked in between: the other order could only meet a second change of this account at the same moment.
  if (row?.accountId && row.accountId !== before?.accountId) await holdAccount(sql, row.accountId)
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
 * Records what was said, and computes anew where the verification stands. Answers the attempts whose images are wanted
 * now: the one that holds, and the one that was just decided, so that every attempt is kept. To be called with the row locked.
 */
export async function recordDecision(
  sql: Sql,
  vault: Vault,
  verificationId: string,
  decision: FoundDecision,
  /** `undefined`: the vendor was asked. */
  deliveryId: string | undefined,
): Promise<string[]> {
  const isSaid = await isSaidAlready(sql, verificationId, decision)
  const [recorded] = isSaid
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
  const [before] = await sql<Before[]>`
    select id, account_id, subject_id, attempt_id, images_complete from verification
    where id = ${verificationId}`
  if (before) await recordFindings(sql, vault, before, decision)
  if (before && recorded)
    await recordReason(sql, vault, before, { decisionId: recorded.id, reason: decision.reason })
  const sameAttempt = before?.attemptId === now.attemptId
  // A vendor without attempts has the pictures of a second try in the same list: it is to be read again.
  const isWantedAnew =
    !sameAttempt ||
    (recorded !== undefined && decision.isUndated === true && WITH_IMAGES.includes(decision.status))
  await sql`
    update verification set status = ${now.status}, attempt_id = ${now.attemptId},
      decided_at = ${now.decidedAt}, document_type = coalesce(${now.documentType}, document_type),
      images_wanted = images_wanted + ${isWantedAnew ? 1 : 0},
      images_complete = images_complete and ${!isWantedAnew}, updated_at = now(),
      match_review = case when ${sameAttempt} then match_review end,
      match_reviewed_at = case when ${sameAttempt} then match_reviewed_at end,
      next_check_at = case when ${isOver(now.status)} then null else next_check_at end
    where id = ${verificationId}`
  await compareWithAccount(sql, vault, verificationId)
  if (isWantedAnew) await refreshDocuments(sql, verificationId)
  else await announceOwner(sql, verificationId)
  const wanted = new Set<string>()
  if (
    now.status === 'approved' &&
    now.attemptId !== null &&
    (isWantedAnew || !before?.imagesComplete)
  )
    wanted.add(now.attemptId)
  if (recorded && WITH_IMAGES.includes(decision.status)) wanted.add(decision.attemptId)
  return [...wanted]
}

type Before = {
  id: string
  accountId: string | null
  subjectId: string | null
  attemptId: string | null
  imagesComplete: boolean
}

/** A tenant's own word on a finished attempt, at this moment: it stands until somebody says something later. */
export async function recordReview(
  sql: Sql,
  vault: Vault,
  verificationId: string,
  given: {
    attemptId: string
    status: 'approved' | 'declined'
    reason: string | undefined
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
    },
    undefined,
  )
  await sql`
    update decision set reviewed_by = ${given.by}
    where id = (select id from decision where verification_id = ${verificationId} and status = ${given.status}
      order by recorded_at desc limit 1)`
  return wanted
}

/** What is said of an attempt that the person has finished: there are images of it. */
const WITH_IMAGES: VerificationStatus[] = ['approved', 'declined', 'resubmission', 'review']

/** What is asked about no more: an overturn comes as a delivery. */
const isOver = (status: VerificationStatus) => ['approved', 'declined', 'error'].includes(status)

/** Of a vendor that tells no times: whether it says the same as when it was asked before. */
async function isSaidAlready(
  sql: Sql,
  verificationId: string,
  { attemptId, status, isUndated }: FoundDecision,
): Promise<boolean> {
  if (!isUndated) return false
  const [last] = await sql<{ status: VerificationStatus }[]>`
    select status from decision
    where verification_id = ${verificationId} and attempt_id = ${attemptId}
    order by decided_at desc nulls last limit 1`
  return (last?.status ?? 'pending') === status
}

/** Whether what holds of it was first recorded more than a day ago. */
export async function isDecidedLongAgo(sql: Sql, verificationId: string): Promise<boolean> {
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
  /** How often what was downloaded was refused. */
  refusals: number
}

/** How often the list of images was wanted so far: to be read before the vendor is asked for it. */
export async function countListings(sql: Sql, verificationId: string): Promise<number> {
  const [row] = await sql<{ imagesWanted: number }[]>`
    select images_wanted from verification where id = ${verificationId}`
  return row?.imagesWanted ?? 0
}

/**
 * In a transaction: the images of an attempt, in the vendor's order, as the list that was wanted for the `listing`th time
 * has them, and what the endpoint shows because of it. Answers the ones still to be copied; those known already keep what
 * was copied. `undefined`: it was erased meanwhile.
 */
export async function recordListing(
  sql: Sql,
  verificationId: string,
  listed: { attemptId: string; listing: number },
  media: readonly Media[],
): Promise<string[] | undefined> {
  // Before anything is read: of two lists at once, of two attempts perhaps, each must see the other's images.
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

/** What readers are given of an image: `clean` as bytes, `jpeg` where a JPEG is asked for. */
export type ShownObjects = { clean: StoredObject; jpeg: StoredObject }

/** Only a pending image becomes stored: a second run of the same job changes nothing. */
export async function markStored(
  sql: Sql,
  id: string,
  original: StoredObject,
  shown: ShownObjects,
): Promise<void> {
  await sql`
    update image set state = 'stored', content_type = ${original.contentType}, size = ${original.size},
      sha256 = ${Buffer.from(original.sha256)}, object_key = ${original.key}, ${shownColumns(sql, shown)},
      reason = null, stored_at = now()
    where id = ${id} and state = 'pending'`
}

const shownColumns = (sql: Sql, { clean, jpeg }: ShownObjects) => sql`
  clean_key = ${clean.key}, clean_content_type = ${clean.contentType}, clean_size = ${clean.size},
  clean_sha256 = ${Buffer.from(clean.sha256)},
  jpeg_key = ${jpeg.key}, jpeg_size = ${jpeg.size}, jpeg_sha256 = ${Buffer.from(jpeg.sha256)}`

/** For good: it is not an image that may be shown. `reason` is for the operator. */
export async function markRefused(sql: Sql, id: string, reason: string): Promise<void> {
  await sql`
    update image set state = 'refused', refusals = refusals + 1, reason = ${reason}
    where id = ${id} and state = 'pending'`
}

/** This time: it stays as it is and is tried again. */
export async function noteRefusal(sql: Sql, id: string, reason: string): Promise<void> {
  await sql`
    update image set refusals = refusals + 1, reason = ${reason} where id = ${id} and state <> 'refused'`
}

/** For the operator, who has it tried once more: what was refused of the attempt that the status speaks of is pending again. */
export async function reopenRefused(sql: Sql, verificationId: string): Promise<void> {
  await sql`
    update image set state = 'pending', refusals = 0, reason = null
    from verification
    where verification.id = ${verificationId} and verification_id = verification.id
      and image.attempt_id = verification.attempt_id and state = 'refused' and object_key is null`
}

export type UncleanImage = {
  id: string
  verificationId: string
  objectKey: string
  jpegKey: string | null
  refusals: number
}

/**
 * Takes some of the images that were stored before clean copies were made, the newest first, for a few minutes: a worker that
 * ends in the middle leaves them to another.
 */
export async function takeUncleanImages(sql: Sql, limit: number): Promise<UncleanImage[]> {
  return await sql<UncleanImage[]>`
    update image set clean_taken_until = now() + interval '10 minutes'
    where id in (
      select id from image
      where state = 'stored' and clean_key is null and coalesce(clean_taken_until, '-infinity') < now()
      order by stored_at desc limit ${limit} for update skip locked)
    returning id, verification_id, object_key, jpeg_key, refusals`
}

/** Once: another worker may have been quicker. */
export async function setShown(sql: Sql, id: string, shown: ShownObjects): Promise<void> {
  await sql`
    update image set ${shownColumns(sql, shown)}, clean_taken_until = null, refusals = 0,
      reason = null
    where id = ${id} and state = 'stored' and clean_key is null`
}

/** A stored image turned out to be none that may be shown; its original stays as evidence. */
export async function withdrawStored(sql: Sql, id: string, reason: string): Promise<void> {
  await sql`
    update image set state = 'refused', refusals = refusals + 1, reason = ${reason}, clean_taken_until = null
    where id = ${id} and state = 'stored' and clean_key is null`
}

/**
 * What the endpoint hands out: for each slot the first stored image in the order of `providers.md` §1.2, of the attempt
 * that the status speaks of and the newest reading of its list; complete when none of that attempt's images is pending, and
 * something can be shown unless the list was empty: a vendor that has no images has none to wait for, but images that were
 * all refused are not a set. `listed`: a list that was read just now.
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
      document_front_key = ${slot(sql, ['document_front', 'document_front_pre', 'document_front_cropped'])},
      document_back_key = ${slot(sql, ['document_back', 'document_back_pre', 'document_back_cropped'])},
      face_key = ${slot(sql, ['selfie', 'selfie_pre', 'selfie_cropped'])},
      updated_at = now()
    where id = ${verificationId}`
  // What the ledger says when they are shown: the digests of the files that are handed out.
  await sql`
    update verification set shown_images = coalesce((
      select jsonb_agg(jsonb_build_object('id', image.id, 'type', type,
        'sha256', encode(coalesce(jpeg_sha256, sha256), 'hex')) order by type)
      from image where verification_id = verification.id
        and jpeg_key in (document_front_key, document_back_key, face_key)), '[]')
    where id = ${verificationId}`
  await announceOwner(sql, verificationId)
}

const ofNewestList = (sql: Sql) => sql`
  select from image where verification_id = verification.id and attempt_id = verification.attempt_id
    and listing = images_wanted`

/** To be called last: what its resident's applications are told follows from what is written until here. */
async function announceOwner(sql: Sql, verificationId: string): Promise<void> {
  const [row] = await sql<{ accountId: string | null }[]>`
    select account_id from verification where id = ${verificationId}`
  if (row?.accountId) await announceVerification(sql, row.accountId)
}

const slot = (sql: Sql, types: string[]) => sql`(
  select jpeg_key from image
  where verification_id = verification.id and attempt_id = verification.attempt_id
    and listing = images_wanted
    and state = 'stored' and jpeg_key is not null and type = any(${types})
  order by array_position(${types}::text[], type), rank limit 1)`

/** Whether the list was read, had images, and none of them is left to be shown or to be tried again. */
export const allRefused = (sql: Sql) => sql`(
  coalesce(images_listed = images_wanted, false)
  and exists (${ofNewestList(sql)})
  and not exists (${ofNewestList(sql)} and state <> 'refused'))`

/**
 * Whether a resident's verification is about that resident: of one that came with a tenant's subject only once it counts,
 * because until then the document may be somebody else's.
 */
export const isOfResident = (sql: Sql) => sql`(
  verification.subject_id is null
  or (match in ('match', 'no-reference') or match_review = 'accepted')
    and match_review is distinct from 'rejected'
    and exists (select from tenant where tenant.name = verification.tenant and tenant.is_trusted))`

export type ListedVerification = {
  id: string
  vendor: string
  status: VerificationStatus
  date: Date
  documentType: DocumentType | null
  /** How the document's person compares with the account; null while nothing was compared. */
  match: 'match' | 'no-reference' | 'mismatch' | null
  matchDifferences: MatchResult['differences']
  matchReview: 'accepted' | 'rejected' | null
  /** The day, in UTC; and whether it has passed. */
  documentExpiresOn: Date | null
  isExpired: boolean
  imagesPending: boolean
  /** All of them were refused. */
  imagesRefused: boolean
  /** The JPEGs to show. */
  images: { type: string; key: string }[]
}

/** A resident's verifications, newest first. */
export async function listVerifications(
  sql: Sql,
  accountId: string,
): Promise<ListedVerification[]> {
  return await sql<ListedVerification[]>`
    select id, vendor, status, session_created_at as date, document_type, match, match_differences,
      match_review, document_expires_on,
      coalesce(document_expires_on < (now() at time zone 'UTC')::date, false) as is_expired,
      status = 'approved' and not images_complete and not ${allRefused(sql)} as images_pending,
      status = 'approved' and ${allRefused(sql)} as images_refused,
      coalesce((
        select json_agg(json_build_object('type', type, 'key', jpeg_key)
          order by array_position(array['document_front', 'document_back', 'selfie'], type), rank)
        from image where verification_id = verification.id and attempt_id = verification.attempt_id
          and listing = images_wanted
          and state = 'stored' and jpeg_key is not null and type in ('document_front', 'document_back', 'selfie')
          and ${isOfResident(sql)}
      ), '[]') as images
    from verification where account_id = ${accountId} order by session_created_at desc`
}

type LatestDocuments = {
  documentType: DocumentType | null
  date: Date
  front: boolean
  back: boolean
  face: boolean
}

/** What the endpoint would hand out of this resident today, without the images themselves. */
export async function findLatestDocuments(
  sql: Sql,
  accountId: string,
): Promise<LatestDocuments | undefined> {
  const [row] = await sql<LatestDocuments[]>`
    select document_type, session_created_at as date, document_front_key is not null as front,
      document_back_key is not null as back, face_key is not null as face
    from latest_approved where account_id = ${accountId}`
  return row
}
