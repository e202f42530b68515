import { isDeepStrictEqual } from 'node:util'
import type { Sql } from '../platform/db.ts'

/** What applications are told. `docs/events.md` says when, and what each carries. */
const EVENT_KINDS = [
  'verification.approved',
  'verification.images-ready',
  'verification.replaced',
  'verification.withdrawn',
  'verification.document-expired',
  'verification.erased',
  'consent.changed',
  'consent.revoked',
  'resident.erased',
  'test',
] as const
export type EventKind = (typeof EVENT_KINDS)[number]

/** One thing that one application is told. */
export type PortalEvent = {
  /** The same at every try: what it is recognised by. */
  id: string
  clientId: string
  kind: EventKind
  accountId: string | null
  verificationId: string | null
  data: Record<string, unknown>
  occurredAt: Date
}

/** An event as one application is told it. */
export type AddressedEvent = Omit<PortalEvent, 'accountId'> & {
  /** The resident's `sub` at this application. */
  subject: string | undefined
}

/** The `sub` of a resident at a client; `undefined` for one that is given no resident. */
export type FindSubject = (clientId: string, accountId: string) => Promise<string | undefined>

/** What of an event the application learns. */
export async function addressEvent(
  sql: Sql,
  findSubject: FindSubject,
  { accountId, ...event }: PortalEvent,
): Promise<AddressedEvent> {
  const subject = accountId === null ? undefined : await findSubject(event.clientId, accountId)
  // A client that knows accounts by their own ids compares them anyway; a back office knows verifications alone.
  const isKnown = subject === undefined || subject === accountId
  if (isKnown || (await mayNameVerification(sql, { accountId, ...event })))
    return { ...event, subject }
  const { previous_verification_id: _, ...data } = event.data
  return { ...event, subject, verificationId: null, data }
}

/** Of these, nothing is said any more once the consent has ended. */
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
 * In the caller's transaction: every application that may see this account's verification is told when another one
 * counts now, or none, or when its images are all there. Whatever changed it, the state itself is compared with what
 * was told last, so that calling it once too often says nothing twice.
 */
export async function announceVerification(sql: Sql, accountId: string): Promise<void> {
  await sql`insert into last_announcement (account_id) values (${accountId}) on conflict do nothing`
  const [told = NO_ANNOUNCEMENT] = await sql<Announcement[]>`
    select verification_id, attempt_id, images_complete, document_expired from last_announcement
    where account_id = ${accountId} for update`
  // Read after the lock, so that of two changes at once one sees the other.
  const [now = NO_ANNOUNCEMENT] = await sql<Announcement[]>`
    select id as verification_id, attempt_id, images_complete, is_expired as document_expired
    from latest_approved where account_id = ${accountId}`
  if (isDeepStrictEqual({ ...told }, { ...now })) return
  if (now.verificationId === null && (await isAwaitingComparison(sql, told.verificationId))) return
  await sql`
    update last_announcement set verification_id = ${now.verificationId}, attempt_id = ${now.attemptId},
      images_complete = ${now.imagesComplete}, document_expired = ${now.documentExpired}
    where account_id = ${accountId}`
  if (await isNewlyExpired(sql, told, now))
    await insertEvents(sql, accountId, {
      kind: 'verification.document-expired',
      verificationId: now.verificationId ?? told.verificationId,
      data: {},
    })
  const kind = compare(told, now)
  if (!kind) return
  const data =
    kind === 'verification.withdrawn'
      ? {}
      : {
          images_complete: now.imagesComplete,
          ...(kind === 'verification.replaced' && told.verificationId !== now.verificationId
            ? { previous_verification_id: told.verificationId }
            : {}),
        }
  const verificationId = now.verificationId ?? told.verificationId
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
 * Approved before documents were compared with accounts, and not compared yet: the vendor is being asked for the document, and only what
 * it says is announced.
 */
async function isAwaitingComparison(sql: Sql, verificationId: string | null): Promise<boolean> {
  if (verificationId === null) return false
  const [row] = await sql`
    select from verification
    where id = ${verificationId} and status = 'approved' and match is null and match_review is null
      and account_id is not null`
  return row !== undefined
}

/** The document of what was announced has expired: it still counts, or the operator's policy has just ended that. */
async function isNewlyExpired(sql: Sql, told: Announcement, now: Announcement): Promise<boolean> {
  if (now.verificationId !== null)
    return (
      now.documentExpired && !(told.documentExpired && told.verificationId === now.verificationId)
    )
  if (told.verificationId === null || told.documentExpired) return false
  const [row] = await sql`
    select from verification where id = ${told.verificationId}
      and document_expires_on < (now() at time zone 'UTC')::date`
  return row !== undefined
}

function compare(before: Announcement, now: Announcement): EventKind | undefined {
  if (before.verificationId === null)
    return now.verificationId === null ? undefined : 'verification.approved'
  if (now.verificationId === null) return 'verification.withdrawn'
  if (before.verificationId !== now.verificationId || before.attemptId !== now.attemptId)
    return 'verification.replaced'
  return now.imagesComplete && !before.imagesComplete ? 'verification.images-ready' : undefined
}

/** Accounts whose announced verification rests on a document that has expired since, by id; `after` is exclusive. */
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

/** In the caller's transaction: the application learns that the resident took back all of it, or some. `scopes`: what is left. */
export async function announceConsent(
  sql: Sql,
  { accountId, clientId, scopes }: { accountId: string; clientId: string; scopes: string[] | null },
): Promise<void> {
  await sql`
    insert into event (client_id, kind, account_id, data)
    select client_id, ${scopes ? 'consent.changed' : 'consent.revoked'}, ${accountId},
      ${sql.json(scopes ? { scopes } : {})}
    from event_stream where client_id = ${clientId}`
}

/**
 * In the caller's transaction, before the rows go: every application that was ever shown anything of the resident, or of one
 * verification, by the ledger's word, or that has a consent, is to erase its copies. Those without a stream too, and those that are
 * gone: then it is seen that they wait to be told. A tenant's back office knows verifications and no residents: of an erased
 * resident it is told by each verification that goes, with `toTenantsAlone`.
 */
export async function announceErasure(
  sql: Sql,
  of:
    | { accountId: string }
    | { accountId: string | null; verificationId: string; toTenantsAlone?: boolean },
): Promise<void> {
  const isRead = sql`kind in ('disclosure', 'tenant-look') and client_id is not null`
  const isTenants = sql`coalesce(scope like 'idv.%', false)`
  if (!('verificationId' in of)) {
    await sql`
      insert into event (client_id, kind, account_id)
      select client_id, 'resident.erased', ${of.accountId} from (
        select client_id from ledger_entry where account_id = ${of.accountId} and ${isRead} and not ${isTenants}
        union select client_id from consent where account_id = ${of.accountId}
      ) reader`
    return
  }
  const { accountId, verificationId, toTenantsAlone = false } = of
  // A tenant's list shows all that are the tenant's.
  const isOfIt = accountId
    ? sql`(account_id = ${accountId}
        and (verification_id = ${verificationId} or verification_id is null and kind = 'tenant-look'
          and exists (
            select from client join verification on verification.tenant = client.tenant
            where client.id = ledger_entry.client_id and verification.id = ${verificationId}))
        or account_id is null and verification_id = ${verificationId})`
    : sql`verification_id = ${verificationId}`
  // A consent stands for a look that is being written at this very moment.
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

/** An event that means nothing, to try the stream. Answers its id; `undefined` when the client has no stream. */
export async function announceTest(sql: Sql, clientId: string): Promise<string | undefined> {
  const [row] = await sql<{ id: string }[]>`
    insert into event (client_id, kind) select client_id, 'test' from event_stream
    where client_id = ${clientId} returning id`
  return row?.id
}

/**
 * In the ledger, before it leaves for the first time: to tell that somebody was verified is to disclose it. Answers when it is durable, or
 * with the caller's transaction.
 */
export async function recordEventDisclosure(sql: Sql, ids: readonly string[]): Promise<void> {
  await sql`
    with told as (
      update event set noted = true
      where id = any (${[...ids]}::uuid[]) and not noted and kind = any (${[...CONSENT_BOUND_KINDS]})
      returning kind, client_id, account_id, verification_id)
    insert into ledger_entry (kind, client_id, account_id, verification_id, scope, purpose, result)
    select 'disclosure', told.client_id, told.account_id, verification_id,
      (select string_agg(word, ' ') from unnest(scopes) word where word = any (${VERIFICATION_SCOPES})),
      purpose, 'event: ' || kind
    from told left join consent using (account_id, client_id)`
}

/**
 * Whether this application may be told which verification it is. The id is the same for every application: those that never
 * were allowed the documents, by which anybody is recognised anyway, could only compare residents by it.
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

/** Whether it may still be said: what is about a consent that has ended since is not. */
export async function isDeliverable(sql: Sql, event: PortalEvent): Promise<boolean> {
  if (!CONSENT_BOUND_KINDS.includes(event.kind)) return true
  const rows = await liveConsent(sql, event)
  return rows.length > 0
}
