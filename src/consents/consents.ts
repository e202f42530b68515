import { lockActiveAccount } from '../accounts/accounts.ts'
import { isRecentSignIn } from '../accounts/session-limits.ts'
import { lockSession } from '../accounts/sessions.ts'
import {
  isPersonal,
  isScope,
  SCOPE_ALTERNATIVES,
  type ScopeAlternatives,
} from '../clients/scopes.ts'
import { announceConsent } from '../events/events.ts'
import type { Db, Sql } from '../platform/db.ts'

/** What a resident decided about an application. */
export type Consent = {
  scopes: string[]
  declined: string[]
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
    select scopes, declined, consent.created_at, ends_at, purpose,
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
type Terms = { scopes: readonly string[]; endsAt: Date | null }
type Decision = ConsentKey & {
  /** The session of the browser that sent the decision. */
  sessionUid: string
  /** The scopes that the page showed. */
  shown: readonly string[]
  /** Those of `shown` that were allowed; the others were declined. */
  allowed: readonly string[]
  /** `null`: until the resident ends it. `undefined`: as before. */
  endsAt: Date | null | undefined
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

/** Whether a decision newly allows documents or personal details, offline access to them, or a later end. */
const widensPersonalAccess = (before: Terms, after: Terms): boolean =>
  after.scopes.some(isPersonal) &&
  (isProlonged(before, after) ||
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
 * something new.
 */
export async function recordConsent(
  db: Db,
  decision: Decision,
  notify?: (sql: Sql, opened: WidenedAccess) => Promise<void>,
): Promise<'recorded' | Rejection> {
  try {
    await db.begin((sql) => record(sql, decision, notify))
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
  const base = continues ? before : { scopes: [], declined: [], endsAt: null }
  const allowed = shown.filter((scope) => decision.allowed.includes(scope))
  const untouched = (scopes: string[]) => scopes.filter((scope) => !shown.includes(scope))
  const scopes = [...untouched(base.scopes), ...allowed]
  const endsAt = decision.endsAt === undefined ? base.endsAt : decision.endsAt
  // Locked until the commit, so that the session cannot end in between.
  const session = await lockSession(sql, { accountId, uid: decision.sessionUid })
  if (!session) throw new RejectedDecision('signed-out')
  if (widensPersonalAccess(base, { scopes, endsAt }) && !isRecentSignIn(session.authenticatedAt))
    throw new RejectedDecision('sign-in')
  if (!continues) await endGrants(sql, decision)
  await sql`
    update consent set scopes = ${scopes},
      declined = ${[...untouched(base.declined), ...shown.filter((scope) => !allowed.includes(scope))]},
      ends_at = ${endsAt}, purpose = ${purpose},
      created_at = case when ${continues} then created_at else now() end, updated_at = now()
    where account_id = ${accountId} and client_id = ${clientId}`
  await withdraw(sql, decision, base.scopes, scopes)
  // The new consent allows less than the old one, whose tokens have ended already.
  const isLess = before.scopes.some((scope) => !scopes.includes(scope))
  if (!continues && !before.isEnded && isLess)
    await announceConsent(sql, { accountId, clientId, scopes })
  const opened = newlyAllowedScopes(base, { scopes, endsAt })
  if (opened.length > 0 || isProlonged(base, { scopes, endsAt }))
    await notify?.(sql, { scopes: opened.length > 0 ? opened : scopes, endsAt })
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
    endsAt,
    sessionUid,
  }: Pick<Decision, keyof ConsentKey | 'allowed' | 'endsAt'> & { sessionUid?: string },
  notify?: (sql: Sql, opened: WidenedAccess) => Promise<void>,
): Promise<Consent | 'sign-in' | undefined> {
  return await db.begin(async (sql) => {
    const before = await lockConsent(sql, { accountId, clientId })
    if (!before || before.isEnded) return undefined
    const known = [...before.scopes, ...before.declined]
    const stays = (scope: string) => scope === 'openid' && before.scopes.includes(scope)
    const scopes = known.filter((scope) => allowed.includes(scope) || stays(scope))
    const declined = known.filter((scope) => !scopes.includes(scope))
    const after = { scopes, endsAt: endsAt === undefined ? before.endsAt : endsAt }
    const opened = newlyAllowedScopes(before, after)
    const opens = opened.length > 0 || isProlonged(before, after)
    if (opens && !(await hasRecentSignIn(sql, accountId, sessionUid))) return 'sign-in'
    await sql`
      update consent set scopes = ${scopes}, declined = ${declined}, ends_at = ${after.endsAt}, updated_at = now()
      where account_id = ${accountId} and client_id = ${clientId}`
    await withdraw(sql, { accountId, clientId }, before.scopes, scopes)
    if (opens)
      await notify?.(sql, { scopes: opened.length > 0 ? opened : scopes, endsAt: after.endsAt })
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

/**
 * Ends a freeze: the consent counts again, with the application's tokens. Requires a recent sign-in, else returns `sign-in`.
 * Returns the consent; `undefined` when none was frozen.
 */
export async function liftFreeze(
  db: Db,
  { accountId, clientId, sessionUid }: ConsentKey & { sessionUid: string },
): Promise<Consent | 'sign-in' | undefined> {
  return await db.begin(async (sql) => {
    const before = await lockConsent(sql, { accountId, clientId })
    if (!before?.isFrozen) return undefined
    if (!(await hasRecentSignIn(sql, accountId, sessionUid))) return 'sign-in'
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
    select scopes, declined, consent.created_at, ends_at, purpose,
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
async function withdraw(
  sql: Sql,
  pair: ConsentKey,
  before: string[],
  now: string[],
): Promise<void> {
  const withdrawn = before.filter((scope) => !now.includes(scope))
  if (withdrawn.length === 0) return
  await announceConsent(sql, { ...pair, scopes: now })
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
 * Ends a consent, its grants and all its tokens at once. Requires no recent sign-in, except for a frozen consent, because ending it
 * lets the application ask again; then returns `sign-in`. Returns the client's name, or `undefined` when there was no consent.
 */
export async function revokeConsent(
  db: Db,
  accountId: string,
  clientId: string,
  { sessionUid }: { sessionUid?: string } = {},
): Promise<{ name: string } | 'sign-in' | undefined> {
  return await db.begin(async (sql) => {
    const before = await lockConsent(sql, { accountId, clientId })
    if (before?.isFrozen && !(await hasRecentSignIn(sql, accountId, sessionUid))) return 'sign-in'
    await endGrants(sql, { accountId, clientId })
    const [row] = await sql<{ name: string }[]>`
      delete from consent using client
      where consent.account_id = ${accountId} and consent.client_id = ${clientId}
        and client.id = consent.client_id
      returning client.name`
    if (row) await announceConsent(sql, { accountId, clientId, scopes: null })
    return row
  })
}

/**
 * In a transaction: every consent of the account ends now, with its grants and tokens; the applications have to ask again. The rows stay,
 * so that an erasure that follows is announced to these applications too.
 */
export async function endAllConsents(sql: Sql, accountId: string): Promise<void> {
  const ended = await sql<{ clientId: string }[]>`
    update consent set ends_at = now(), updated_at = now()
    where account_id = ${accountId} and not ${isEnded(sql)}
    returning client_id`
  for (const { clientId } of ended) {
    await endGrants(sql, { accountId, clientId })
    await announceConsent(sql, { accountId, clientId, scopes: null })
  }
}

export type ConsentedClient = {
  clientId: string
  scopes: string[]
  declined: string[]
  createdAt: Date
  endsAt: Date | null
  isFrozen: boolean
  /** When it last received a token. */
  lastTokenAt: Date | null
}

/** The applications with access to this account's data, newest first. */
export async function listConsents(sql: Sql, accountId: string): Promise<ConsentedClient[]> {
  return await sql<ConsentedClient[]>`
    select client_id, scopes, declined, created_at, ends_at, frozen_at is not null as is_frozen, (
      select max(token.created_at) from oidc_artifact token
      where token.account_id = consent.account_id and token.client_id = consent.client_id
        and token.kind in ('AccessToken', 'RefreshToken')) as last_token_at
    from consent where account_id = ${accountId} and (not ${isEnded(sql)} or frozen_at is not null)
    order by created_at desc`
}

/**
 * Deletes consents that ended a month ago: until then the consent page shows what an ended consent contained. A frozen one stays
 * until its resident lifts or ends it.
 */
export async function deleteEndedConsents(sql: Sql): Promise<void> {
  await sql`delete from consent where ends_at < now() - interval '30 days' and frozen_at is null`
}
