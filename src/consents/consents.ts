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
  /** The purpose that the application stated then. */
  purpose: string | null
  /** Whether its end has come. */
  isEnded: boolean
  /** Whether it counts: not ended, and for the purpose that the application states today. */
  isCurrent: boolean
  /** Whether the resident reported that it was not theirs: it opens nothing until they lift that or end it. */
  isFrozen: boolean
  /** What the application declared that would do instead, today. */
  alternatives: ScopeAlternatives
}

const isEnded = (sql: Sql) => sql`coalesce(consent.ends_at <= now(), false)`
const isCurrent = (sql: Sql) => sql`(not ${isEnded(sql)}
  and consent.purpose is not distinct from client.metadata->>'purpose')`

/** What the account decided about this client, on whatever device; also when it does not count any more. */
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

/** The smaller scopes that the resident chose in the place of these. */
export const chosenAlternatives = (
  { scopes, declined, alternatives }: Pick<Consent, 'scopes' | 'declined' | 'alternatives'>,
  asked: readonly string[],
): string[] =>
  asked.flatMap((scope) => {
    const less = isScope(scope) ? alternatives[scope] : undefined
    return less && declined.includes(scope) && scopes.includes(less) ? [less] : []
  })

type Pair = { accountId: string; clientId: string }
type Terms = { scopes: readonly string[]; endsAt: Date | null }
type Decision = Pair & {
  /** The session of the browser that sent the decision. */
  sessionUid: string
  /** What the person could choose from. */
  shown: readonly string[]
  /** Of these, what was allowed; the rest was declined. */
  allowed: readonly string[]
  /** `null`: until the resident ends it. `undefined`: as before. */
  endsAt: Date | null | undefined
  /** As it was shown. */
  purpose: string | null
}

/** What a consent opens that was not open before. */
export type WidenedAccess = {
  scopes: string[]
  endsAt: Date | null
}

/** The smaller alternatives of a scope that is allowed open nothing new. */
const openedScopes = (before: Terms, after: Terms): string[] =>
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

/** Whether documents or personal details become readable that were not, in absence too, or for longer. */
const opensPersonal = (before: Terms, after: Terms): boolean =>
  after.scopes.some(isPersonal) &&
  (isProlonged(before, after) ||
    openedScopes(before, after).some((scope) => isPersonal(scope) || scope === 'offline_access'))

/**
 * Why a decision is not recorded. `sign-in`: it opens personal data, and the sign-in is not recent. `frozen`: the
 * resident reported the application. `signed-out`: the session has ended. `inactive`: the account is suspended.
 */
type Refusal = 'sign-in' | 'frozen' | 'signed-out' | 'inactive'

class RefusedDecision extends Error {
  override readonly name = 'RefusedDecision'
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(refusal)
    this.refusal = refusal
  }
}

/**
 * What was shown is now as the person chose, and what was not shown stays as it was. A consent that had ended, or was
 * for another purpose, begins anew: nothing of it is carried over, and its tokens end. `notify` runs in the same
 * transaction when something was opened.
 */
export async function recordConsent(
  db: Db,
  decision: Decision,
  notify?: (sql: Sql, opened: WidenedAccess) => Promise<void>,
): Promise<'recorded' | Refusal> {
  try {
    await db.begin((sql) => record(sql, decision, notify))
    return 'recorded'
  } catch (error) {
    if (error instanceof RefusedDecision) return error.refusal
    throw error
  }
}

async function record(
  sql: Sql,
  decision: Decision,
  notify?: (sql: Sql, opened: WidenedAccess) => Promise<void>,
): Promise<void> {
  const { accountId, clientId, shown, purpose } = decision
  if (!(await lockActiveAccount(sql, accountId))) throw new RefusedDecision('inactive')
  // The row first, so that two devices that decide at once do it one after the other.
  await sql`
    insert into consent (account_id, client_id, scopes, purpose)
    values (${accountId}, ${clientId}, '{}', ${purpose}) on conflict do nothing`
  const before = await lockConsent(sql, decision)
  if (!before) throw new Error('the consent was ended while it was being given')
  if (before.isFrozen) throw new RefusedDecision('frozen')
  const goesOn = before.isCurrent && before.purpose === purpose
  const kept = goesOn ? before : { scopes: [], declined: [], endsAt: null }
  const allowed = shown.filter((scope) => decision.allowed.includes(scope))
  const untouched = (scopes: string[]) => scopes.filter((scope) => !shown.includes(scope))
  const scopes = [...untouched(kept.scopes), ...allowed]
  const endsAt = decision.endsAt === undefined ? kept.endsAt : decision.endsAt
  // Held until this is committed, so that the session cannot end in between.
  const session = await lockSession(sql, { accountId, uid: decision.sessionUid })
  if (!session) throw new RefusedDecision('signed-out')
  if (opensPersonal(kept, { scopes, endsAt }) && !isRecentSignIn(session.authenticatedAt))
    throw new RefusedDecision('sign-in')
  if (!goesOn) await endGrants(sql, decision)
  await sql`
    update consent set scopes = ${scopes},
      declined = ${[...untouched(kept.declined), ...shown.filter((scope) => !allowed.includes(scope))]},
      ends_at = ${endsAt}, purpose = ${purpose},
      created_at = case when ${goesOn} then created_at else now() end, updated_at = now()
    where account_id = ${accountId} and client_id = ${clientId}`
  await withdraw(sql, decision, kept.scopes, scopes)
  // It begins anew with less: the tokens are gone already.
  const isLess = before.scopes.some((scope) => !scopes.includes(scope))
  if (!goesOn && !before.isEnded && isLess)
    await announceConsent(sql, { accountId, clientId, scopes })
  const opened = openedScopes(kept, { scopes, endsAt })
  if (opened.length > 0 || isProlonged(kept, { scopes, endsAt }))
    await notify?.(sql, { scopes: opened.length > 0 ? opened : scopes, endsAt })
}

/**
 * The resident's own change, at once for every token. Of what was once decided, allowed or declined, `allowed` is allowed
 * now; nothing else can be added, and `openid` stays. Whatever allows more, or for longer, takes a session with a recent
 * sign-in, else answers `sign-in`. Answers the consent as it is now; `undefined` when there is none.
 */
export async function changeConsent(
  db: Db,
  {
    accountId,
    clientId,
    allowed,
    endsAt,
    sessionUid,
  }: Pick<Decision, keyof Pair | 'allowed' | 'endsAt'> & { sessionUid?: string },
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
    const opened = openedScopes(before, after)
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

/** The session is held: it cannot end before the transaction does. */
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
 * In a transaction: the application's tokens open nothing from now on, and it gets no new ones, until the resident lifts
 * this or ends the consent. Holds also where there is no consent any more. Answers whether there is such a client.
 */
export async function freezeConsent(sql: Sql, { accountId, clientId }: Pair): Promise<boolean> {
  const [row] = await sql`
    insert into consent (account_id, client_id, scopes, purpose, frozen_at)
    select ${accountId}, id, '{}', metadata->>'purpose', now() from client where id = ${clientId}
    on conflict (account_id, client_id) do update
      set frozen_at = coalesce(consent.frozen_at, excluded.frozen_at), updated_at = now()
    returning 1`
  return row !== undefined
}

/**
 * What was frozen counts again, the application's tokens included. Takes a recent sign-in, else answers `sign-in`.
 * Answers the consent; `undefined` when none was frozen.
 */
export async function liftFreeze(
  db: Db,
  { accountId, clientId, sessionUid }: Pair & { sessionUid: string },
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

// Grants refer to this row's key alone, so it need not be held against them.
async function lockConsent(sql: Sql, { accountId, clientId }: Pair): Promise<Consent | undefined> {
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
 * The view and the grants go by the consent, so what is withdrawn opens nothing from now on. It is taken out of the tokens
 * too, so that they do not get it back when it is allowed again. With `offline_access` goes whatever may have come of it.
 * The application is told.
 */
async function withdraw(sql: Sql, pair: Pair, before: string[], now: string[]): Promise<void> {
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

// An interaction names the grant that it found, and outlives it: the person is in the middle of it.
async function endGrants(sql: Sql, { accountId, clientId }: Pair): Promise<void> {
  await sql`
    with ended as (
      delete from oauth_grant where account_id = ${accountId} and client_id = ${clientId} returning id)
    delete from oidc_artifact where grant_id in (select id from ended) and kind <> 'Interaction'`
}

/**
 * Ends every family of tokens of this account, or those that one session obtained, redeemed or not. The consents stay.
 * In the caller's transaction, after the sessions were ended: what a request under way adds meanwhile refers to a session,
 * and finds it gone (`bindGrant`).
 */
export async function endFamilies(
  sql: Sql,
  accountId: string,
  of: { sessionUid: string } | 'all',
): Promise<void> {
  if (of === 'all') {
    await sql`delete from oauth_grant where account_id = ${accountId}`
    // Codes, device codes and interactions included.
    await sql`delete from oidc_artifact where account_id = ${accountId}`
    return
  }
  await sql`
    with ended as (
      delete from oauth_grant where account_id = ${accountId} and session_uid = ${of.sessionUid} returning id)
    delete from oidc_artifact where account_id = ${accountId} and grant_id in (select id from ended)`
}

/**
 * Ends it at once: the grants go, and with them every token. That needs no recent sign-in, except for one that is frozen,
 * because ending that lets the application ask anew; then answers `sign-in`. Answers the client's name, or `undefined`
 * when there was none.
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

export type ConsentedClient = {
  clientId: string
  scopes: string[]
  declined: string[]
  createdAt: Date
  endsAt: Date | null
  isFrozen: boolean
  /** When it last got a token. */
  lastTokenAt: Date | null
}

/** The applications that may see this account's data, newest first. */
export async function listConsents(sql: Sql, accountId: string): Promise<ConsentedClient[]> {
  return await sql<ConsentedClient[]>`
    select client_id, scopes, declined, created_at, ends_at, frozen_at is not null as is_frozen, (
      select max(token.created_at) from oidc_artifact token
      where token.account_id = consent.account_id and token.client_id = consent.client_id
        and token.kind in ('AccessToken', 'RefreshToken')) as last_token_at
    from consent where account_id = ${accountId} and (not ${isEnded(sql)} or frozen_at is not null)
    order by created_at desc`
}
