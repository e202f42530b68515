import { findTenant } from '../clients/tenants.ts'
import { type Db, isDuplicateKey, type Sql } from '../platform/db.ts'
import { OperatorError } from '../platform/errors.ts'
import type { Jobs } from '../platform/jobs.ts'
import { hashSecret, randomSecret, type Sealer } from '../platform/secrets.ts'
import { isUuid } from '../platform/uuid.ts'
import type { Vault } from '../platform/vault.ts'
import { bodySize } from './deliveries.ts'
import {
  createVerification,
  lockVerification,
  markNotStarted,
  recheckDecided,
  reopenRefused,
  setVendorSession,
} from './store.ts'
import { findOrCreateSubject } from './subjects.ts'
import { storePage } from './vendor-pages.ts'
import { isStatus } from './vendors/call.ts'
import { type Integration, type Vendor, VendorError } from './vendors/vendor.ts'
import { MANUAL } from './vendors/vendor-names.ts'
import { createVendor, findIntegrationTenant, findVendorIntegration } from './vendors/vendors.ts'

export type StartedVerification = {
  id: string
  vendor: string
  vendorSessionId: string
  /** The page where the person is verified. It opens the session, so only that person may get it. */
  url: string
}

/** A verification of `manual`: there is no session elsewhere, and no page for the person. */
type StartedManually = Omit<StartedVerification, 'vendorSessionId' | 'url'> & {
  vendorSessionId: null
  url: null
}

/** The vendor answered with the id of another verification's session. Deliveries of the two could not be distinguished. */
export class SessionReusedError extends VendorError {
  constructor() {
    super('the vendor answered with the id of a session that exists already')
  }
}

/** The subject does not exist, or is another tenant's. */
export class SubjectNotFoundError extends Error {
  override readonly name = 'SubjectNotFoundError'
}

type NewVerification = {
  /** Chosen by the caller where the return address contains it. */
  id?: string | undefined
  vendor: string
  integration?: string | undefined
  tier?: string | undefined
  /** Where the person's browser returns to afterwards, and with which `state`. */
  returnTo?: { url: string; state: string | undefined } | undefined
} & ({ accountId: string } | TenantSubject)

type StartParts = {
  db: Db
  sealer: Sealer
  issuer: string
  /** Stores the vendor's page, so that the resident can continue on the portal. */
  vault?: Vault
}

/** As `startVerification`, and with the vendor `manual` a verification whose images are uploaded here. */
export async function startWithVerifier(
  parts: StartParts,
  given: NewVerification,
): Promise<StartedVerification | StartedManually> {
  if (given.vendor !== MANUAL) return await startVerification(parts, given)
  const { integration = 'default' } = given
  const tenant = await findIntegrationTenant(parts.db, { vendor: MANUAL, integration })
  if (tenant === undefined) throw notConfigured(MANUAL)
  const { id } = await createRow(parts.db, given, tenant)
  return { id, vendor: MANUAL, vendorSessionId: null, url: null }
}

/**
 * Starts a session at the vendor, for a resident (by the operator) or for a tenant's subject. Creates our row before the call.
 * Throws OperatorError and SubjectNotFoundError.
 */
export async function startVerification(
  parts: StartParts,
  given: NewVerification,
): Promise<StartedVerification> {
  const { vendor, integration = 'default' } = given
  const configured = await findVendorIntegration(parts.db, parts.sealer, vendor, integration)
  if (!configured) throw notConfigured(vendor)
  const row = await createRow(parts.db, given, configured.tenant)
  const accountId = 'accountId' in given ? given.accountId : undefined
  return await openSession(parts, configured, { ...row, accountId })
}

type UnopenedRow = {
  id: string
  state: string
  /** The resident who verifies themselves. */
  accountId: string | undefined
  /** How long the vendor may take. */
  deadlineSeconds?: number
}

/** Starts the session of a row that `createRow` made. Throws OperatorError. */
export async function openSession(
  parts: StartParts,
  configured: Integration,
  row: UnopenedRow,
): Promise<StartedVerification> {
  const { db, issuer } = parts
  const { id, state, deadlineSeconds } = row
  const { vendor } = configured
  try {
    const adapter = createVendor(configured)
    const starting = adapter.startSession({
      verificationId: id,
      returnUrl: returnUrlOf(issuer, configured, state),
      state,
    })
    const session = await (deadlineSeconds === undefined
      ? starting
      : beforeDeadline(starting, deadlineSeconds))
    if (!(await storeSession(parts, row, { ...session, adapter }))) {
      await adapter.deleteSession(session.sessionId)
      throw new VendorError('the verification does not wait for this session any more')
    }
    return { id, vendor, vendorSessionId: session.sessionId, url: session.url }
  } catch (error) {
    await markNotStarted(db, id)
    if (!(error instanceof VendorError)) throw error
    const advice = isStatus(error, 401, 403)
      ? ` Check its API key and secret, and correct them with \`vendor set ${vendor}\`.`
      : ''
    throw new OperatorError(`The session could not be started: ${error.message}.${advice}`, {
      cause: error,
    })
  }
}

/** The session, unless the vendor takes longer. One that it starts later is not used, and expires there. */
async function beforeDeadline<T>(starting: Promise<T>, seconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const error = new VendorError(`the vendor did not answer within ${seconds} seconds`)
    timer = setTimeout(() => reject(error), seconds * 1000)
  })
  return await Promise.race([starting, late]).finally(() => clearTimeout(timer))
}

/** Stores a session with the address of its page. `false`: there is no row any more that waits for it. */
async function storeSession(
  { db, vault }: StartParts,
  { id, state, accountId }: UnopenedRow,
  { sessionId, url, adapter }: { sessionId: string; url: string; adapter: Vendor },
): Promise<boolean> {
  const checkAfterSeconds = adapter.checkAfterSeconds(0)
  try {
    return await db.begin(async (sql) => {
      if (!(await setVendorSession(sql, id, { sessionId, checkAfterSeconds }))) return false
      if (vault && accountId !== undefined)
        await storePage(sql, vault, { id, accountId, url, state })
      return true
    })
  } catch (error) {
    if (!isDuplicateKey(error)) throw error
    throw new SessionReusedError()
  }
}

/** Creates the row of a verification, at an integration of `tenant`. */
export async function createRow(
  db: Sql,
  given: NewVerification,
  tenant: string,
): Promise<{ id: string; state: string }> {
  const { vendor, integration = 'default', tier, returnTo } = given
  if ('tenant' in given && tenant !== given.tenant) throw notConfigured(vendor)
  if ('accountId' in given && !(await findTenant(db, tenant))?.isTrusted)
    throw new OperatorError(
      `The integration ${vendor} ${integration} is of the tenant ${tenant}, which is not trusted to verify residents: the result would not count. Choose another with --integration, or see \`tenant set\`.`,
    )
  const whose =
    'accountId' in given
      ? { accountId: given.accountId }
      : { subjectId: await findSubjectId(db, given) }
  const state = randomSecret()
  const id = await createVerification(db, {
    id: given.id,
    tenant,
    whose,
    vendor,
    integration,
    tier,
    stateSha256: hashSecret(state),
    returnTo,
  })
  if (!id) throw new SubjectNotFoundError('the subject is gone')
  return { id, state }
}

const notConfigured = (vendor: string) =>
  new OperatorError(`The vendor ${vendor} is not configured: see \`vendor set\`.`)

/** A tenant's subject; created if needed when it is named by its external id. The integration must be of the same tenant. */
type TenantSubject = { tenant: string; subject: { id: string } | { externalId: string } }

const findSubjectId = async (sql: Sql, { tenant, subject }: TenantSubject): Promise<string> =>
  'id' in subject
    ? subject.id
    : await findOrCreateSubject(sql, { tenant, externalId: subject.externalId })

/** Mosaic adds the state itself; the others redirect to the address as given. */
export function returnUrlOf(issuer: string, { vendor, name }: Integration, state: string): string {
  if (vendor === 'mosaic') return `${issuer}/callbacks/mosaic`
  const path = name === 'default' ? vendor : `${vendor}/${name}`
  return `${issuer}/callbacks/${path}?state=${encodeURIComponent(state)}`
}

/**
 * Approved, but not counting until an operator's review: the document does not fit the account; or it was approved before documents
 * were compared, and the vendor's findings could not be fetched since.
 */
export const isAwaitingReview = (sql: Sql) => sql`(
  status = 'approved' and account_id is not null and match_review is null
  and (match = 'mismatch' or match is null))`

/** Verifications for the operator, newest first. `toReview`: those that need a review; `refused`: those with refused images. */
export async function listAllVerifications(sql: Sql, { toReview = false, refused = false } = {}) {
  return await sql`
    select id, vendor, integration, tenant, status, account_id, subject_id, document_type, images_complete,
      match, match_differences, match_review, document_expires_on,
      (select count(*)::int from image where verification_id = verification.id and state = 'refused') as images_refused,
      session_created_at, decided_at
    from verification
    where ${toReview ? sql`(${isAwaitingReview(sql)} or (vendor = ${MANUAL} and status = 'review'))` : sql`true`}
      and ${refused ? sql`exists (select from image where verification_id = verification.id and state = 'refused')` : sql`true`}
    order by session_created_at desc limit 500`
}

/** One verification with its decisions and images, for the operator; never the images' content, never a link. */
export async function findVerification(sql: Sql, id: string) {
  if (!isUuid(id)) return undefined
  const [row] = await sql`
    select id, vendor, integration, tenant, status, account_id, subject_id, vendor_session_id, attempt_id, document_type,
      images_complete, match, match_differences, match_review, match_reviewed_at, document_expires_on,
      session_created_at, decided_at,
      (select coalesce(json_agg(json_build_object('attemptId', attempt_id, 'status', status,
          'decidedAt', decided_at, 'deliveryId', delivery_id,
          'told', (select reasons from told_reason where decision_id = decision.id)) order by recorded_at), '[]')
        from decision where verification_id = verification.id) as decisions,
      (select coalesce(json_agg(json_build_object('attemptId', attempt_id, 'type', type, 'state', state,
          'contentType', content_type, 'size', size, 'sha256', encode(sha256, 'hex'),
          'shownSize', clean_size, 'shownSha256', encode(clean_sha256, 'hex'), 'refusals', refusals, 'reason', reason)
          order by attempt_id, type, position), '[]')
        from image where verification_id = verification.id) as images
    from verification where id = ${id}`
  return row
}

/** The newest deliveries; `failed`: those that could not be applied. Never their bodies. */
export async function listDeliveries(sql: Sql, { failed = false } = {}) {
  return await sql`
    select id, vendor, integration, state, tries, times_received, received_at, applied_at, verification_id, explanation
    from delivery
    where ${failed ? sql`state in ('failed', 'quarantined') or tries > 0 and state = 'received'` : sql`true`}
    order by received_at desc limit 500`
}

/** One delivery with its state, the explanation, and all decisions of the same verification. */
export async function findDelivery(sql: Sql, id: string) {
  if (!isUuid(id)) return undefined
  const [row] = await sql`
    select id, vendor, integration, state, tries, times_received, received_at, last_received_at, applied_at,
      run_at, verification_id, explanation, ${bodySize(sql)} as bytes,
      (select coalesce(json_agg(json_build_object('attemptId', attempt_id, 'status', status,
          'decidedAt', decided_at, 'fromThisDelivery', delivery_id = delivery.id) order by recorded_at), '[]')
        from decision where decision.verification_id = delivery.verification_id) as decisions
    from delivery where id = ${id}`
  return row
}

/** Queues a delivery to be applied again; its decision is recorded once, however often. Returns whether there is such a delivery. */
export async function replayDelivery(sql: Sql, id: string): Promise<boolean> {
  if (!isUuid(id)) return false
  const rows = await sql`
    update delivery set state = 'received', tries = 0, run_at = now(), explanation = null, applied_at = null
    where id = ${id} returning id`
  return rows.length > 0
}

/**
 * Fetches from the vendor again: of an approved verification the images, where stored ones stay and refused ones are retried; of
 * any other the result. Returns whether there is such a verification with a session at the vendor.
 */
export async function retryVerification(db: Db, jobs: Jobs, id: string): Promise<boolean> {
  if (!isUuid(id)) return false
  return await db.begin(async (sql) => {
    const row = await lockVerification(sql, id)
    if (!row?.vendorSessionId) return false
    const { status, attemptId } = row
    if (status === 'approved') {
      await reopenRefused(sql, id)
      await jobs.enqueue(sql, 'list-images', { verificationId: id, attemptId: attemptId ?? '' })
    } else await recheckDecided(sql, id)
    return true
  })
}
