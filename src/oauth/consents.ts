import { lockActiveAccount } from '../accounts/accounts.ts'
import type { Db, Sql } from '../db.ts'
import { announceConsent } from '../events/events.ts'
import { type Alternatives, isScope } from './scopes.ts'

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
  /** What the application declared that would do instead, today. */
  alternatives: Alternatives
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
      ${isEnded(sql)} as is_ended, ${isCurrent(sql)} as is_current,
      coalesce(client.metadata->'scope_alternatives', '{}') as alternatives
    from consent join client on client.id = consent.client_id
    where account_id = ${accountId} and client_id = ${clientId}`
  return row
}

/** The smaller scopes that the resident chose in the place of these. */
export const chosenInstead = (
  { scopes, declined, alternatives }: Pick<Consent, 'scopes' | 'declined' | 'alternatives'>,
  asked: readonly string[],
): string[] =>
  asked.flatMap((scope) => {
    const less = isScope(scope) ? alternatives[scope] : undefined
    return less && declined.includes(scope) && scopes.includes(less) ? [less] : []
  })

type Pair = { accountId: string; clientId: string }
type Decision = Pair & {
  /** What the person could choose from. */
  shown: readonly string[]
  /** Of these, what was allowed; the rest was declined. */
  allowed: readonly string[]
  /** `null`: until the resident ends it. `undefined`: as before. */
  endsAt: Date | null | undefined
  /** As it was shown. */
  purpose: string | null
}

/**
 * What was shown is now as the person chose, and what was not shown stays as it was. A consent that had ended, or was
 * for another purpose, begins anew: nothing of it is carried over, and its tokens end. Returns `false`, and records
 * nothing, when the account is not active.
 */
export async function recordConsent(db: Db, decision: Decision): Promise<boolean> {
  const { accountId, clientId, shown, purpose } = decision
  return await db.begin(async (sql) => {
    if (!(await lockActiveAccount(sql, accountId))) return false
    // The row first, so that two devices that decide at once do it one after the other.
    await sql`
      insert into consent (account_id, client_id, scopes, purpose)
      values (${accountId}, ${clientId}, '{}', ${purpose}) on conflict do nothing`
    const before = await lockConsent(sql, decision)
    if (!before) throw new Error('the consent was ended while it was being given')
    const goesOn = before.isCurrent && before.purpose === purpose
    if (!goesOn) await endGrants(sql, decision)
    const kept = goesOn ? before : { scopes: [], declined: [], endsAt: null }
    const allowed = shown.filter((scope) => decision.allowed.includes(scope))
    const untouched = (scopes: string[]) => scopes.filter((scope) => !shown.includes(scope))
    const scopes = [...untouched(kept.scopes), ...allowed]
    await sql`
      update consent set scopes = ${scopes},
        declined = ${[...untouched(kept.declined), ...shown.filter((scope) => !allowed.includes(scope))]},
        ends_at = ${decision.endsAt === undefined ? kept.endsAt : decision.endsAt}, purpose = ${purpose},
        created_at = case when ${goesOn} then created_at else now() end, updated_at = now()
      where account_id = ${accountId} and client_id = ${clientId}`
    await withdraw(sql, decision, kept.scopes, scopes)
    // It begins anew with less: the tokens are gone already.
    const isLess = before.scopes.some((scope) => !scopes.includes(scope))
    if (!goesOn && !before.isEnded && isLess)
      await announceConsent(sql, { accountId, clientId, scopes })
    return true
  })
}

/**
 * The resident's own change, at once for every token. Of what was once decided, allowed or declined, `allowed` is allowed
 * now; nothing else can be added, and `openid` stays. Answers the consent as it is now; `undefined` when there is none.
 */
export async function changeConsent(
  db: Db,
  { accountId, clientId, allowed, endsAt }: Pick<Decision, keyof Pair | 'allowed' | 'endsAt'>,
): Promise<Consent | undefined> {
  return await db.begin(async (sql) => {
    const before = await lockConsent(sql, { accountId, clientId })
    if (!before || before.isEnded) return undefined
    const known = [...before.scopes, ...before.declined]
    const stays = (scope: string) => scope === 'openid' && before.scopes.includes(scope)
    const scopes = known.filter((scope) => allowed.includes(scope) || stays(scope))
    const declined = known.filter((scope) => !scopes.includes(scope))
    const end = endsAt === undefined ? before.endsAt : endsAt
    await sql`
      update consent set scopes = ${scopes}, declined = ${declined}, ends_at = ${end}, updated_at = now()
      where account_id = ${accountId} and client_id = ${clientId}`
    await withdraw(sql, { accountId, clientId }, before.scopes, scopes)
    return { ...before, scopes, declined, endsAt: end }
  })
}

// Grants refer to this row's key alone, so it need not be held against them.
async function lockConsent(sql: Sql, { accountId, clientId }: Pair): Promise<Consent | undefined> {
  const [row] = await sql<Consent[]>`
    select scopes, declined, consent.created_at, ends_at, purpose,
      ${isEnded(sql)} as is_ended, ${isCurrent(sql)} as is_current,
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

/** Ends it at once: the grants go, and with them every token. Answers the client's name, or `undefined` when there was none. */
export async function revokeConsent(
  db: Db,
  accountId: string,
  clientId: string,
): Promise<string | undefined> {
  return await db.begin(async (sql) => {
    await endGrants(sql, { accountId, clientId })
    const [row] = await sql<{ name: string }[]>`
      delete from consent using client
      where consent.account_id = ${accountId} and consent.client_id = ${clientId}
        and client.id = consent.client_id
      returning client.name`
    if (row) await announceConsent(sql, { accountId, clientId, scopes: null })
    return row?.name
  })
}

export type ConsentedClient = {
  clientId: string
  scopes: string[]
  declined: string[]
  createdAt: Date
  endsAt: Date | null
  /** When it last got a token. */
  lastTokenAt: Date | null
}

/** The applications that may see this account's data, newest first. */
export async function listConsents(sql: Sql, accountId: string): Promise<ConsentedClient[]> {
  return await sql<ConsentedClient[]>`
    select client_id, scopes, declined, created_at, ends_at, (
      select max(token.created_at) from oidc_artifact token
      where token.account_id = consent.account_id and token.client_id = consent.client_id
        and token.kind in ('AccessToken', 'RefreshToken')) as last_token_at
    from consent where account_id = ${accountId} and not ${isEnded(sql)}
    order by created_at desc`
}
