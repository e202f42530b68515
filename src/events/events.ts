import { isDeepStrictEqual } from 'node:util'
import type { Sql } from '../platform/db.ts'
import { OperatorError } from '../platform/errors.ts'

/** The events that applications are notified of. `docs/events.md` has when each is sent, and its members. */
const EVENT_KINDS = [
  'verification.approved',
  'verification.images-ready',
  'verification.replaced',
  'verification.withdrawn',
  'verification.document-expired',
  'verification.erased',
  'verification.completed',
  'consent.changed',
  'consent.revoked',
  'resident.erased',
  'test',
] as const
export type EventKind = (typeof EVENT_KINDS)[number]

/** One event for one application. */
export type PortalEvent = {
  /** The same in every attempt, so that receivers recognise a repetition. */
  id: string
  clientId: string
  kind: EventKind
  accountId: string | null
  verificationId: string | null
  data: Record<string, unknown>
  occurredAt: Date
}

/** An event with the members that its application receives. */
export type AddressedEvent = Omit<PortalEvent, 'accountId'> & {
  /** The resident's `sub` at this application. */
  subject: string | undefined
}

/** Returns the `sub` of a resident at a client; `undefined` for a client that receives no resident's identifier. */
export type FindSubject = (clientId: string, accountId: string) => Promise<string | undefined>

/**
 * Replaces the account with the application's own `sub`, and removes the verification's id where the application may not have it.
 * `undefined`: the verification was erased meanwhile, and the event is not sent.
 */
export async function addressEvent(
  sql: Sql,
  findSubject: FindSubject,
  { accountId, ...event }: PortalEvent,
): Promise<AddressedEvent | undefined> {
  if (event.kind === 'verification.completed') {
    const data = await addSubject(sql, event)
    return data && { ...event, subject: undefined, data }
  }
  const subject = accountId === null ? undefined : await findSubject(event.clientId, accountId)
  // A public `sub` is the same for every client, so the id reveals no more; a back office has verification ids only.
  const isPairwise = subject !== undefined && subject !== accountId
  if (!isPairwise || (await mayNameVerification(sql, { accountId, ...event })))
    return { ...event, subject }
  const { previous_verification_id: _, ...data } = event.data
  return { ...event, subject, verificationId: null, data }
}

/** The event's row says nothing of the person: the tenant's ids of them are read when it is sent, and are erased with the subject. */
async function addSubject(
  sql: Sql,
  { verificationId, data }: Pick<PortalEvent, 'verificationId' | 'data'>,
): Promise<PortalEvent['data'] | undefined> {
  const [row] = await sql<{ externalId: string | null; subjectId: string | null }[]>`
    select external_id, subject.id as subject_id
    from verification left join subject on subject.id = subject_id
    where verification.id = ${verificationId}`
  return row && { externalId: row.externalId, subjectId: row.subjectId, ...data }
}

/** Whether a back office or the operator has approved the verification in a review. */
export async function isApprovedByPeople(
  sql: Sql,
  verificationId: string | null,
): Promise<boolean> {
  const rows = await sql`
    select from decision
    where verification_id = ${verificationId} and status = 'approved' and reviewed_by is not null limit 1`
  return rows.length > 0
}

/** Events that are not sent any more once the consent has ended. */
const CONSENT_BOUND_KINDS: readonly EventKind[] = [
  'verification.approved',
  'verification.images-ready',
  'verification.replaced',
  'verification.withdrawn',
  'verification.document-expired',
]
const DOCUMENTS_SCOPE = 'eprospera:person.id_verification.read'
const VERIFICATION_SCOPES = [DOCUMENTS_SCOPE, 'eprospera:person.id_verification.status.read']

const liveConsent = (sql: Sql, of: { accountId: unknown; clientId: unknown }) => sql`
  select client_id from consent
  where account_id = ${of.accountId as string} and (ends_at is null or ends_at > now()) and frozen_at is null
    and scopes && ${VERIFICATION_SCOPES} and ${of.clientId === undefined ? sql`true` : sql`client_id = ${of.clientId as string}`}`

/**
 * Writes, in the caller's transaction, an event for every application that may see this account's verification, when
 * another verification counts now, or none, or its images became complete. It compares the state with the one that was
 * announced last, so a superfluous call announces nothing twice.
 */
export async function announceVerification(sql: Sql, accountId: string): Promise<void> {
  await sql`insert into last_announcement (account_id) values (${accountId}) on conflict do nothing`
  const [last = NO_ANNOUNCEMENT] = await sql<Announcement[]>`
    select verification_id, attempt_id, images_complete, document_expired from last_announcement
    where account_id = ${accountId} for update`
  // Read after the lock, so that the later one of two concurrent changes sees the earlier one.
  const [current = NO_ANNOUNCEMENT] = await sql<Announcement[]>`
    select id as verification_id, attempt_id, images_complete, is_expired as document_expired
    from latest_approved where account_id = ${accountId}`
  if (isDeepStrictEqual({ ...last }, { ...current })) return
  if (current.verificationId === null && (await isAwaitingComparison(sql, last.verificationId)))
    return
  await sql`
    update last_announcement set verification_id = ${current.verificationId}, attempt_id = ${current.attemptId},
      images_complete = ${current.imagesComplete}, document_expired = ${current.documentExpired}
    where account_id = ${accountId}`
  if (await isNewlyExpired(sql, last, current))
    await insertEvents(sql, accountId, {
      kind: 'verification.document-expired',
      verificationId: current.verificationId ?? last.verificationId,
      data: {},
    })
  const kind = findChange(last, current)
  if (!kind) return
  const data =
    kind === 'verification.withdrawn'
      ? {}
      : {
          images_complete: current.imagesComplete,
          ...(kind === 'verification.replaced' && last.verificationId !== current.verificationId
            ? { previous_verification_id: last.verificationId }
            : {}),
        }
  const verificationId = current.verificationId ?? last.verificationId
  await insertEvents(sql, accountId, { kind, verificationId, data })
}

type Announcement = {
  verificationId: string | null
  attemptId: string | null
  imagesComplete: boolean
  documentExpired: boolean
}
const NO_ANNOUNCEMENT: Announcement = {
  verificationId: null,
  attemptId: null,
  imagesComplete: false,
  documentExpired: false,
}

const insertEvents = (
  sql: Sql,
  accountId: string,
  event: { kind: EventKind; verificationId: string | null; data: Record<string, unknown> },
) => sql`
  insert into event (client_id, kind, account_id, verification_id, data)
  select client_id, ${event.kind}, ${accountId}, ${event.verificationId}, ${sql.json(event.data as never)}
  from (${liveConsent(sql, { accountId, clientId: undefined })}) consented join event_stream using (client_id)`

/**
 * Writes, in the caller's transaction, an event for every back office of the verification's tenant, when its status has changed or its
 * images became complete since the last one. A superfluous call announces nothing twice.
 */
export async function announceCompleted(sql: Sql, verificationId: string): Promise<void> {
  const state = sql`jsonb_build_array(status, attempt_id, images_complete)`
  await sql`
    with completed as (
      update verification set announced = ${state}
      where id = ${verificationId} and status <> 'pending' and announced is distinct from ${state}
      returning id, tenant, account_id, status, tier, images_complete)
    insert into event (client_id, kind, account_id, verification_id, data)
    select client.id, 'verification.completed', account_id, completed.id,
      jsonb_build_object('status', status, 'tier', tier, 'imagePersisted', images_complete)
    from completed join client using (tenant) join event_stream on client_id = client.id
    where ${isBackOffice(sql)}`
}

/** A condition on a row of `client`. */
export const isBackOffice = (sql: Sql) =>
  sql`'idv.read' = any (string_to_array(metadata ->> 'scope', ' '))`

/**
 * Whether the verification was approved before documents were compared with accounts, and is not compared yet. Nothing is
 * announced until the vendor's findings have been fetched and compared.
 */
async function isAwaitingComparison(sql: Sql, verificationId: string | null): Promise<boolean> {
  if (verificationId === null) return false
  const [row] = await sql`
    select from verification
    where id = ${verificationId} and status = 'approved' and match is null and match_review is null
      and account_id is not null`
  return row !== undefined
}

/** Whether the announced document has expired: it still counts, or the operator's policy no longer accepts it. */
async function isNewlyExpired(
  sql: Sql,
  last: Announcement,
  current: Announcement,
): Promise<boolean> {
  if (current.verificationId !== null)
    return (
      current.documentExpired &&
      !(last.documentExpired && last.verificationId === current.verificationId)
    )
  if (last.verificationId === null || last.documentExpired) return false
  const [row] = await sql`
    select from verification where id = ${last.verificationId}
      and document_expires_on < (now() at time zone 'UTC')::date`
  return row !== undefined
}

function findChange(last: Announcement, current: Announcement): EventKind | undefined {
  if (last.verificationId === null)
    return current.verificationId === null ? undefined : 'verification.approved'
  if (current.verificationId === null) return 'verification.withdrawn'
  if (last.verificationId !== current.verificationId || last.attemptId !== current.attemptId)
    return 'verification.replaced'
  return current.imagesComplete && !last.imagesComplete ? 'verification.images-ready' : undefined
}

/** Accounts whose announced verification has a document that has expired since, by id; `after` is exclusive. */
export async function listExpiredAnnouncements(
  sql: Sql,
  { after, limit }: { after: string; limit: number },
): Promise<string[]> {
  const rows = await sql<{ accountId: string }[]>`
    select last_announcement.account_id from verification
      join last_announcement on last_announcement.account_id = verification.account_id
        and verification_id = verification.id
    where verification.status = 'approved'
      and document_expires_on < (now() at time zone 'UTC')::date and not document_expired
      and last_announcement.account_id > ${after}
    order by last_announcement.account_id limit ${limit}`
  return rows.map(({ accountId }) => accountId)
}

/**
 * In the caller's transaction: notifies the application that a consent was revoked or narrowed. `scopes`: what is left; `null` when
 * revoked. `withheldImages`: the images that are not shared with it.
 */
export async function announceConsent(
  sql: Sql,
  {
    accountId,
    clientId,
    scopes,
    withheldImages = [],
  }: {
    accountId: string
    clientId: string
    scopes: readonly string[] | null
    withheldImages?: readonly string[]
  },
): Promise<void> {
  const data = {
    ...(scopes ? { scopes } : {}),
    ...(withheldImages.length > 0 ? { withheld_images: withheldImages } : {}),
  }
  await sql`
    insert into event (client_id, kind, account_id, data)
    select client_id, ${scopes ? 'consent.changed' : 'consent.revoked'}, ${accountId},
      ${sql.json(data)}
    from event_stream where client_id = ${clientId}`
}

const isReadByClient = (sql: Sql) =>
  sql`kind in ('disclosure', 'tenant-look') and client_id is not null`
const isReadByTenant = (sql: Sql) => sql`coalesce(scope like 'idv.%', false)`

const readersOf = (sql: Sql, accountId: string) => sql`
  select client_id from ledger_entry
  where account_id = ${accountId} and ${isReadByClient(sql)} and not ${isReadByTenant(sql)}
  union select client_id from consent where account_id = ${accountId}`

/** The applications that an erasure of this resident would be announced to. */
export async function listReaders(sql: Sql, accountId: string): Promise<string[]> {
  const rows = await sql<{ clientId: string }[]>`${readersOf(sql, accountId)}`
  return rows.map(({ clientId }) => clientId)
}

/**
 * In the caller's transaction, before the rows are deleted: requests every application to erase its copies that has read data of the
 * resident, or of one verification, according to the ledger, or has a consent. This includes applications without a stream and deleted
 * ones: their events stay pending, where the operator sees them. A tenant's back office has verifications and no residents, so for an
 * erased resident it gets one event for each erased verification, with `toTenantsAlone`.
 */
export async function announceErasure(
  sql: Sql,
  of:
    | { accountId: string }
    | { accountId: string | null; verificationId: string; toTenantsAlone?: boolean },
): Promise<void> {
  if (!('verificationId' in of)) {
    await sql`
      insert into event (client_id, kind, account_id)
      select client_id, 'resident.erased', ${of.accountId} from (${readersOf(sql, of.accountId)}) reader`
    return
  }
  const [isRead, isTenants] = [isReadByClient(sql), isReadByTenant(sql)]
  const { accountId, verificationId, toTenantsAlone = false } = of
  // A back office that read its list has read every verification of its tenant.
  const isOfIt = accountId
    ? sql`(account_id = ${accountId}
        and (verification_id = ${verificationId} or verification_id is null and kind = 'tenant-look'
          and exists (
            select from client join verification on verification.tenant = client.tenant
            where client.id = ledger_entry.client_id and verification.id = ${verificationId}))
        or account_id is null and verification_id = ${verificationId})`
    : sql`verification_id = ${verificationId}`
  // A read whose ledger row is not committed yet is covered by its consent.
  const consented = toTenantsAlone
    ? sql``
    : sql`union ${liveConsent(sql, { accountId, clientId: undefined })}`
  await sql`
    insert into event (client_id, kind, account_id, verification_id)
    select client_id, 'verification.erased', ${accountId}, ${verificationId} from (
      select client_id from ledger_entry
      where ${isOfIt} and ${isRead} and ${toTenantsAlone ? isTenants : sql`true`}
      ${consented}
    ) reader`
}

/**
 * Writes an event without content, to test the stream. Returns its id; `undefined` when the client has no stream. Throws OperatorError
 * for a stream in Kora's format.
 */
export async function announceTest(sql: Sql, clientId: string): Promise<string | undefined> {
  const [stream] = await sql`
    select from event_stream where client_id = ${clientId} and format = 'kora'`
  if (stream)
    throw new OperatorError(
      'This stream has the format of Kora, which has no test event: it sends verification.completed alone.',
    )
  const [row] = await sql<{ id: string }[]>`
    insert into event (client_id, kind) select client_id, 'test' from event_stream
    where client_id = ${clientId} returning id`
  return row?.id
}

/**
 * Writes a ledger row for each of these events that states how somebody was verified, once, before the event is first sent. The rows are
 * durable when this returns, or with the caller's transaction.
 */
export async function recordEventDisclosure(sql: Sql, ids: readonly string[]): Promise<void> {
  await sql`
    with disclosed as (
      update event set noted = true
      where id = any (${[...ids]}::uuid[]) and not noted
        and kind = any (${[...CONSENT_BOUND_KINDS, 'verification.completed']})
      returning kind, client_id, account_id, verification_id)
    insert into ledger_entry (kind, client_id, account_id, verification_id, scope, purpose, result)
    select 'disclosure', disclosed.client_id, disclosed.account_id, verification_id,
      case kind when 'verification.completed' then 'idv.read' else (
        select string_agg(scope, ' ') from unnest(scopes) scope where scope = any (${VERIFICATION_SCOPES})) end,
      purpose, 'event: ' || kind
    from disclosed left join consent using (account_id, client_id)`
}

/**
 * Whether this application may receive the verification's id. The id is the same for every application, so applications that were
 * never allowed the documents could use it to find out which of their residents are the same person.
 */
async function mayNameVerification(sql: Sql, event: PortalEvent): Promise<boolean> {
  const { accountId, clientId, verificationId } = event
  if (!accountId || !verificationId) return true
  const [row] = await sql<{ isKnown: boolean }[]>`
    select exists (
      select from consent where account_id = ${accountId} and client_id = ${clientId}
        and ${DOCUMENTS_SCOPE} = any (scopes))
    or exists (
      select from ledger_entry where account_id = ${accountId} and client_id = ${clientId}
        and verification_id = ${verificationId} and kind = 'disclosure'
        and ${DOCUMENTS_SCOPE} = any (string_to_array(scope, ' '))) as is_known`
  return row?.isKnown === true
}

/**
 * Whether the event may still be sent: not when it depends on a consent that has ended, on a verification that was erased since, or on a
 * scope that the back office has no more.
 */
export async function isDeliverable(sql: Sql, event: PortalEvent): Promise<boolean> {
  if (event.kind === 'verification.completed') {
    const [row] = await sql`
      select from verification join client using (tenant)
      where verification.id = ${event.verificationId} and client.id = ${event.clientId} and ${isBackOffice(sql)}`
    return row !== undefined
  }
  if (!CONSENT_BOUND_KINDS.includes(event.kind)) return true
  const rows = await liveConsent(sql, event)
  return rows.length > 0
}

/** Forgets what applications were last notified of about this resident. */
export async function forgetAnnouncement(sql: Sql, accountId: string): Promise<void> {
  await sql`delete from last_announcement where account_id = ${accountId}`
}
