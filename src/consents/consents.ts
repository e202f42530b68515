import { lockActiveAccount } from '../accounts/accounts.ts'
import { listLastSeen } from '../accounts/known-readers.ts'
import { isRecentSignIn } from '../accounts/session-limits.ts'
import { lockSession } from '../accounts/sessions.ts'
import {
  isPersonal,
  isScope,
  SCOPE_ALTERNATIVES,
  type ScopeAlternatives,
} from '../clients/scopes.ts'
import { announceConsent } from '../events/events.ts'
import { findRecentReads } from '../ledger/entries.ts'
import type { Db, Sql } from '../platform/db.ts'
import { keepEnded, shiftEnded } from './ended-consents.ts'
import { IMAGES_SCOPE, type ImageKind } from './images.ts'

/** What a resident decided about an application. */
export type Consent = {
  scopes: string[]
  declined: string[]
  /** The images that the application does not get with the documents. */
  withheldImages: ImageKind[]
  createdAt: Date
  endsAt: Date | null
  /** The purpose that the application stated at that time. */
  purpose: string | null
  /** Whether its end has passed. */
  isEnded: boolean
  /** Whether it counts: not ended, and given for the purpose that the application states today. */
  isCurrent: boolean
  /** Whether the resident reported it as not theirs: it grants nothing until they lift the freeze or end the consent. */
  isFrozen: boolean
  /** The alternatives that the application declares today. */
  alternatives: ScopeAlternatives
}

const isEnded = (sql: Sql) => sql`coalesce(consent.ends_at <= now(), false)`
const isCurrent = (sql: Sql) => sql`(not ${isEnded(sql)}
  and consent.purpose is not distinct from client.metadata->>'purpose')`

/** Returns the account's decision about this client, for all devices; also one that does not count any more. */
export async function findConsent(
  sql: Sql,
  accountId: string,
  clientId: string,
): Promise<Consent | undefined> {
  const [row] = await sql<Consent[]>`
    select scopes, declined, withheld_images, consent.created_at, ends_at, purpose,
      ${isEnded(sql)} as is_ended, ${isCurrent(sql)} as is_current, frozen_at is not null as is_frozen,
      coalesce(client.metadata->'scope_alternatives', '{}') as alternatives
    from consent join client on client.id = consent.client_id
    where account_id = ${accountId} and client_id = ${clientId}`
  return row
}

/** The smaller scopes that the resident chose instead of the requested ones. */
export const chosenAlternatives = (
  { scopes, declined, alternatives }: Pick<Consent, 'scopes' | 'declined' | 'alternatives'>,
  requested: readonly string[],
): string[] =>
  requested.flatMap((scope) => {
    const alternative = isScope(scope) ? alternatives[scope] : undefined
    return alternative && declined.includes(scope) && scopes.includes(alternative)
      ? [alternative]
      : []
  })

type ConsentKey = { accountId: string; clientId: string }
type Terms = {
  scopes: readonly string[]
  withheldImages: readonly ImageKind[]
  endsAt: Date | null
}
type Decision = ConsentKey & {
  /** The session of the browser that sent the decision. */
  sessionUid: string
  /** The scopes that the page showed. */
  shown: readonly string[]
  /** Those of `shown` that were allowed; the others were declined. */
  allowed: readonly string[]
  /** `undefined`: as before. */
  withheldImages?: readonly ImageKind[] | undefined
  /** `null`: until the resident ends it. `undefined`: as before. */
  endsAt: Date | null | undefined
  /** The end of a new consent where none was chosen. */
  standardEnd: Date | null
  /** As the page showed it. */
  purpose: string | null
}

/** What a decision allows that was not allowed before. */
export type WidenedAccess = {
  scopes: string[]
  endsAt: Date | null
}

/** Scopes that were not allowed before. The smaller alternatives of an allowed scope are not new. */
const newlyAllowedScopes = (before: Terms, after: Terms): string[] =>
  after.scopes.filter(
    (scope) =>
      !before.scopes.includes(scope) &&
      !before.scopes.some(
        (whole) =>
          isScope(whole) && SCOPE_ALTERNATIVES[whole]?.some((smaller) => smaller === scope),
      ),
  )

const isProlonged = (before: Terms, after: Terms): boolean =>
  before.endsAt !== null && (after.endsAt === null || after.endsAt > before.endsAt)

/** Whether `after` withholds an image that `before` shares. */
const withholdsMore = (before: Terms, after: Terms): boolean =>
  [before, after].every(({ scopes }) => scopes.includes(IMAGES_SCOPE)) &&
  after.withheldImages.some((kind) => !before.withheldImages.includes(kind))

const sharesMoreImages = (before: Terms, after: Terms): boolean => withholdsMore(after, before)

/** What a decision allows that was not allowed before; `undefined`: nothing. */
function findWidened(before: Terms, after: Terms): WidenedAccess | undefined {
  const images = sharesMoreImages(before, after) ? [IMAGES_SCOPE] : []
  const opened = [...newlyAllowedScopes(before, after), ...images]
  if (opened.length === 0 && !isProlonged(before, after)) return undefined
  return { scopes: opened.length > 0 ? opened : [...after.scopes], endsAt: after.endsAt }
}

/** Whether a decision newly allows documents, images or personal details, offline access to them, or a later end. */
const widensPersonalAccess = (before: Terms, after: Terms): boolean =>
  after.scopes.some(isPersonal) &&
  (isProlonged(before, after) ||
    sharesMoreImages(before, after) ||
    newlyAllowedScopes(before, after).some(
      (scope) => isPersonal(scope) || scope === 'offline_access',
    ))

/**
 * Why a decision is not recorded. `sign-in`: it allows personal data, and the sign-in is not recent. `frozen`: the resident reported
 * the application. `signed-out`: the session has ended. `inactive`: the account is suspended.
 */
type Rejection = 'sign-in' | 'frozen' | 'signed-out' | 'inactive'

class RejectedDecision extends Error {
  override readonly name = 'RefusedDecision'
  readonly refusal: Rejection
  constructor(refusal: Rejection) {
    super(refusal)
    this.refusal = refusal
  }
}

/**
 * Records a decision about the scopes that were shown; other scopes stay as they were. A consent that had ended or was for another
 * purpose is replaced: nothing is carried over, and its tokens end. `notify` runs in the same transaction when the decision allows
 * something new, and `onRecorded` in any case.
 */
export async function recordConsent(
  db: Db,
  decision: Decision,
  notify?: (sql: Sql, opened: WidenedAccess) => Promise<void>,
  onRecorded?: (sql: Sql) => Promise<void>,
): Promise<'recorded' | Rejection> {
  try {
    await db.begin(async (sql) => {
      await record(sql, decision, notify)
      await onRecorded?.(sql)
    })
    return 'recorded'
  } catch (error) {
    if (error instanceof RejectedDecision) return error.refusal
    throw error
  }
}

async function record(
  sql: Sql,
  decision: Decision,
  notify?: (sql: Sql, opened: WidenedAccess) => Promise<void>,
): Promise<void> {
  const { accountId, clientId, shown, purpose } = decision
  if (!(await lockActiveAccount(sql, accountId))) throw new RejectedDecision('inactive')
  // Creates the row first, so that decisions on two devices wait for each other.
  await sql`
    insert into consent (account_id, client_id, scopes, purpose)
    values (${accountId}, ${clientId}, '{}', ${purpose}) on conflict do nothing`
  const before = await lockConsent(sql, decision)
  if (!before) throw new Error('the consent was ended while it was being given')
  if (before.isFrozen) throw new RejectedDecision('frozen')
  const continues = before.isCurrent && before.purpose === purpose
  const base = continues ? before : { scopes: [], declined: [], withheldImages: [], endsAt: null }
  const allowed = shown.filter((scope) => decision.allowed.includes(scope))
  const untouched = (scopes: string[]) => scopes.filter((scope) => !shown.includes(scope))
  const scopes = [...untouched(base.scopes), ...allowed]
  // A row that was just created has no terms yet.
  const hasTerms = [...base.scopes, ...base.declined].length > 0
  const unchosenEnd = hasTerms ? base.endsAt : decision.standardEnd
  const after = {
    scopes,
    withheldImages: decision.withheldImages ?? base.withheldImages,
    endsAt: decision.endsAt === undefined ? unchosenEnd : decision.endsAt,
  }
  // Locked until the commit, so that the session cannot end in between.
  const session = await lockSession(sql, { accountId, uid: decision.sessionUid })
  if (!session) throw new RejectedDecision('signed-out')
  if (widensPersonalAccess(base, after) && !isRecentSignIn(session.authenticatedAt))
    throw new RejectedDecision('sign-in')
  if (!continues) await endGrants(sql, decision)
  if (before.isEnded) await keepEnded(sql, decision, 'expiry')
  await sql`
    update consent set scopes = ${scopes},
      declined = ${[...untouched(base.declined), ...shown.filter((scope) => !allowed.includes(scope))]},
      withheld_images = ${[...after.withheldImages]}, ends_at = ${after.endsAt}, purpose = ${purpose},
      created_at = case when ${continues} then created_at else now() end, updated_at = now()
    where account_id = ${accountId} and client_id = ${clientId}`
  await withdraw(sql, decision, base, after)
  // The new consent allows less than the old one, whose tokens have ended already.
  const isLess = before.scopes.some((scope) => !scopes.includes(scope))
  if (!continues && !before.isEnded && isLess)
    await announceConsent(sql, { accountId, clientId, ...after })
  const widened = findWidened(base, after)
  if (widened) await notify?.(sql, widened)
}

/**
 * Changes a consent on the resident's own page; it takes effect for every token at once. `allowed` selects among the scopes that were
 * once allowed or declined; nothing else can be added, and `openid` stays. Allowing more, or for longer, requires a session with a
 * recent sign-in, else returns `sign-in`. Returns the changed consent; `undefined` when there is none.
 */
export async function changeConsent(
  db: Db,
  {
    accountId,
    clientId,
    allowed,
    withheldImages,
    endsAt,
    sessionUid,
  }: Pick<Decision, keyof ConsentKey | 'allowed' | 'withheldImages' | 'endsAt'> & {
    sessionUid?: string
  },
  notify?: (sql: Sql, opened: WidenedAccess) => Promise<void>,
): Promise<Consent | 'sign-in' | undefined> {
  return await db.begin(async (sql) => {
    const before = await lockConsent(sql, { accountId, clientId })
    if (!before || before.isEnded) return undefined
    const known = [...before.scopes, ...before.declined]
    const stays = (scope: string) => scope === 'openid' && before.scopes.includes(scope)
    const scopes = known.filter((scope) => allowed.includes(scope) || stays(scope))
    const declined = known.filter((scope) => !scopes.includes(scope))
    const after = {
      scopes,
      withheldImages: [...(withheldImages ?? before.withheldImages)],
      endsAt: endsAt === undefined ? before.endsAt : endsAt,
    }
    const widened = findWidened(before, after)
    if (widened && !(await hasRecentSignIn(sql, accountId, sessionUid))) return 'sign-in'
    await sql`
      update consent set scopes = ${scopes}, declined = ${declined}, withheld_images = ${after.withheldImages},
        ends_at = ${after.endsAt}, updated_at = now()
      where account_id = ${accountId} and client_id = ${clientId}`
    await withdraw(sql, { accountId, clientId }, before, after)
    if (widened) await notify?.(sql, widened)
    return { ...before, ...after, declined }
  })
}

/** Locks the session, so that it cannot end before the transaction does. */
async function hasRecentSignIn(
  sql: Sql,
  accountId: string,
  sessionUid: string | undefined,
): Promise<boolean> {
  if (sessionUid === undefined) return false
  const session = await lockSession(sql, { accountId, uid: sessionUid })
  return session !== undefined && isRecentSignIn(session.authenticatedAt)
}

/**
 * In a transaction: the application's tokens are invalid, and it gets no new ones, until the resident lifts the freeze or ends the
 * consent. Also works without a consent. Returns whether the client exists.
 */
export async function freezeConsent(
  sql: Sql,
  { accountId, clientId }: ConsentKey,
): Promise<boolean> {
  const [row] = await sql`
    insert into consent (account_id, client_id, scopes, purpose, frozen_at)
    select ${accountId}, id, '{}', metadata->>'purpose', now() from client where id = ${clientId}
    on conflict (account_id, client_id) do update
      set frozen_at = coalesce(consent.frozen_at, excluded.frozen_at), updated_at = now()
    returning 1`
  return row !== undefined
}

/** In a transaction: freezes an application that has access today. Returns whether it had any. */
export async function freezeLiveConsent(sql: Sql, pair: ConsentKey): Promise<boolean> {
  const consent = await findConsent(sql, pair.accountId, pair.clientId)
  if (!consent || consent.isEnded || consent.isFrozen) return false
  return await freezeConsent(sql, pair)
}

/**
 * Ends a freeze: the consent counts again, with the application's tokens; one that allows nothing is deleted. Requires a recent
 * sign-in, else returns `sign-in`. Returns the consent; `undefined` when none was frozen.
 */
export async function liftFreeze(
  db: Db,
  { accountId, clientId, sessionUid }: ConsentKey & { sessionUid: string },
): Promise<Consent | 'sign-in' | undefined> {
  return await db.begin(async (sql) => {
    const before = await lockConsent(sql, { accountId, clientId })
    if (!before?.isFrozen) return undefined
    if (!(await hasRecentSignIn(sql, accountId, sessionUid))) return 'sign-in'
    if (before.scopes.length === 0)
      await sql`delete from consent where account_id = ${accountId} and client_id = ${clientId}`
    await sql`
      update consent set frozen_at = null, updated_at = now()
      where account_id = ${accountId} and client_id = ${clientId}`
    return { ...before, isFrozen: false }
  })
}

// `no key update` suffices: grants refer to this row's key only.
async function lockConsent(
  sql: Sql,
  { accountId, clientId }: ConsentKey,
): Promise<Consent | undefined> {
  const [row] = await sql<Consent[]>`
    select scopes, declined, withheld_images, consent.created_at, ends_at, purpose,
      ${isEnded(sql)} as is_ended, ${isCurrent(sql)} as is_current, frozen_at is not null as is_frozen,
      coalesce(client.metadata->'scope_alternatives', '{}') as alternatives
    from consent join client on client.id = consent.client_id
    where account_id = ${accountId} and client_id = ${clientId}
    for no key update of consent`
  return row
}

/**
 * Removes withdrawn scopes from stored tokens, so that these do not get them back when the scopes are allowed again. (The view and the
 * grants read the consent, so withdrawn scopes give no access in any case.) Withdrawing `offline_access` ends the grants. Announces
 * the change to the application.
 */
async function withdraw(sql: Sql, pair: ConsentKey, before: Terms, now: Terms): Promise<void> {
  const withdrawn = before.scopes.filter((scope) => !now.scopes.includes(scope))
  if (withdrawn.length > 0 || withholdsMore(before, now))
    await announceConsent(sql, { ...pair, scopes: now.scopes, withheldImages: now.withheldImages })
  if (withdrawn.length === 0) return
  if (withdrawn.includes('offline_access')) return await endGrants(sql, pair)
  const left = sql`array_to_string(array(
    select word from unnest(string_to_array(payload->>'scope', ' ')) word where word <> all (${withdrawn})), ' ')`
  await sql`
    update oidc_artifact set payload = jsonb_set(payload, '{scope}', to_jsonb(${left})),
      scope = case when scope is not null then ${left} end
    where payload ? 'scope' and grant_id in (
      select id from oauth_grant where account_id = ${pair.accountId} and client_id = ${pair.clientId})`
}

// Interactions stay, although they name the grant: the resident is in the middle of one.
async function endGrants(sql: Sql, { accountId, clientId }: ConsentKey): Promise<void> {
  await sql`
    with ended as (
      delete from oauth_grant where account_id = ${accountId} and client_id = ${clientId} returning id)
    delete from oidc_artifact where grant_id in (select id from ended) and kind <> 'Interaction'`
}

/**
 * Ends all token families of this account, or those that one session obtained, redeemed or not. Consents stay. Call it in the
 * transaction that ends the sessions, after that: a request under way adds a grant for a session, and finds that session ended
 * (`bindGrant`).
 */
export async function endTokenFamilies(
  sql: Sql,
  accountId: string,
  of: { sessionUid: string } | 'all',
): Promise<void> {
  if (of === 'all') {
    await sql`delete from oauth_grant where account_id = ${accountId}`
    // This includes codes, device codes and interactions.
    await sql`delete from oidc_artifact where account_id = ${accountId}`
    return
  }
  await sql`
    with ended as (
      delete from oauth_grant where account_id = ${accountId} and session_uid = ${of.sessionUid} returning id)
    delete from oidc_artifact where account_id = ${accountId} and grant_id in (select id from ended)`
}

/**
 * Ends a consent, its grants and all its tokens at once. Never requires a recent sign-in. A frozen consent then allows nothing and stays
 * frozen, because the application could ask again otherwise; with a recent sign-in it is deleted as any other. Returns the client's
 * name, or `undefined` when there was no consent.
 */
export async function revokeConsent(
  db: Db,
  accountId: string,
  clientId: string,
  { sessionUid }: { sessionUid?: string } = {},
): Promise<{ name: string } | undefined> {
  return await db.begin(async (sql) => {
    if (!(await endConsent(sql, { accountId, clientId }, sessionUid))) return undefined
    const [client] = await sql<{ name: string }[]>`select name from client where id = ${clientId}`
    return client
  })
}

/** Returns whether there was a consent. A freeze ends with it if this session has a recent sign-in. */
async function endConsent(sql: Sql, key: ConsentKey, sessionUid?: string): Promise<boolean> {
  const before = await lockConsent(sql, key)
  if (!before) return false
  const { accountId, clientId } = key
  await endGrants(sql, key)
  await keepEnded(sql, key, before.isEnded ? 'expiry' : 'resident')
  const staysFrozen = before.isFrozen && !(await hasRecentSignIn(sql, accountId, sessionUid))
  const of = sql`account_id = ${accountId} and client_id = ${clientId}`
  await (staysFrozen
    ? sql`update consent set scopes = '{}', declined = '{}', ends_at = null, updated_at = now() where ${of}`
    : sql`delete from consent where ${of}`)
  // A frozen one without scopes has been ended before.
  if (!before.isFrozen || before.scopes.length > 0)
    await announceConsent(sql, { accountId, clientId, scopes: null })
  return true
}

/** In a transaction: ends every consent of the account; the applications have to ask again. What is frozen stays so. */
export async function endAllConsents(sql: Sql, accountId: string): Promise<void> {
  const rows = await sql<{ clientId: string }[]>`
    select client_id from consent where account_id = ${accountId} order by client_id`
  for (const { clientId } of rows) await endConsent(sql, { accountId, clientId })
}

export type ConsentedClient = {
  clientId: string
  scopes: string[]
  declined: string[]
  withheldImages: ImageKind[]
  createdAt: Date
  endsAt: Date | null
  /** As the application stated it then. */
  purpose: string | null
  isFrozen: boolean
  /** When it last read data, according to the ledger. Where that is long ago on a busy account, an event counts too. */
  lastReadAt: Date | undefined
}

/** The applications with access to this account's data, newest first. */
export async function listConsents(sql: Sql, accountId: string): Promise<ConsentedClient[]> {
  const consents = await sql<Omit<ConsentedClient, 'lastReadAt'>[]>`
    select client_id, scopes, declined, withheld_images, created_at, ends_at, purpose, frozen_at is not null as is_frozen
    from consent where account_id = ${accountId} and (not ${isEnded(sql)} or frozen_at is not null)
    order by created_at desc`
  const { reads, isAll } = await findRecentReads(sql, accountId)
  const earlier = isAll ? reads : await listLastSeen(sql, accountId)
  return consents.map((consent) => ({
    ...consent,
    lastReadAt: reads.get(consent.clientId) ?? earlier.get(consent.clientId),
  }))
}

/**
 * Deletes consents that ended a month ago: until then the consent page shows what an ended consent contained. A frozen one stays
 * until its resident lifts or ends it.
 */
export async function deleteEndedConsents(sql: Sql): Promise<void> {
  await sql`
    with ended as (
      delete from consent where ends_at < now() - interval '30 days' and frozen_at is null
      returning account_id, client_id, scopes, created_at, ends_at)
    insert into ended_consent (account_id, client_id, client_name, scopes, given_at, ended_at, ended_by)
    select account_id, client_id, name, scopes, ended.created_at, ends_at, 'expiry'
    from ended join client on client.id = client_id`
}

/** For the sandbox, in a transaction: everything that these accounts allowed lies that much further in the past, and ends as much earlier. */
export async function shiftConsents(
  sql: Sql,
  accountIds: readonly string[],
  seconds: number,
): Promise<void> {
  const span = sql`make_interval(secs => ${seconds}::float8)`
  const of = sql`account_id = any (${[...accountIds]}::uuid[])`
  await sql`
    update consent set created_at = created_at - ${span}, updated_at = updated_at - ${span},
      ends_at = ends_at - ${span}, frozen_at = frozen_at - ${span} where ${of}`
  await shiftEnded(sql, accountIds, seconds)
}
