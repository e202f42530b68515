import { randomInt } from 'node:crypto'
import { findAccount } from '../accounts/accounts.ts'
import { findSession } from '../accounts/sessions.ts'
import type { Sql } from '../platform/db.ts'
import { hashSecret, randomSecret } from '../platform/secrets.ts'
import type { Vault } from '../platform/vault.ts'

/*
 * How a resident continues on a phone without signing in there. The signed-in browser shows a link, which one phone can open, once. The
 * phone then shows a code, and can do nothing until that code is typed into the browser: whoever opened the link first without being the
 * resident shows a code that the resident does not see. A connected phone may add photos to this one verification, and read nothing.
 * Its right ends with the browser's session, with a newer link, when the verification is sent, and after an hour.
 */

const LINK_MINUTES = 10
const CONNECTED_MINUTES = 60
const MAX_CODE_TRIES = 3

type Owner = { verificationId: string; accountId: string; sessionUid: string }

/** Creates the link of this verification, and ends the one before with its phone. Returns the secret of the link. */
export async function createPhoneLink(sql: Sql, owner: Owner): Promise<string> {
  const token = randomSecret()
  await sql`
    insert into phone_link (verification_id, account_id, session_uid, token_hash, expires_at)
    values (${owner.verificationId}, ${owner.accountId}, ${owner.sessionUid}, ${hashSecret(token)},
      now() + make_interval(mins => ${LINK_MINUTES}))
    on conflict (verification_id) do update set account_id = excluded.account_id, session_uid = excluded.session_uid,
      token_hash = excluded.token_hash, expires_at = excluded.expires_at,
      phone_hash = null, code = null, code_tries = 0, confirmed_at = null`
  return token
}

/** Whether a phone can open this link now. */
export async function isPhoneLinkOpen(sql: Sql, token: string): Promise<boolean> {
  const [row] = await sql`
    select from phone_link
    where token_hash = ${hashSecret(token)} and phone_hash is null and expires_at > now()`
  return row !== undefined
}

/** Takes the link for one phone. Returns the secret of that phone; `undefined`: the link was used, replaced or has expired. */
export async function openPhoneLink(sql: Sql, token: string): Promise<string | undefined> {
  const phone = randomSecret()
  const code = String(randomInt(10_000)).padStart(4, '0')
  const [row] = await sql`
    update phone_link set phone_hash = ${hashSecret(phone)}, code = ${code}
    where token_hash = ${hashSecret(token)} and phone_hash is null and expires_at > now() returning 1`
  return row && phone
}

/** `waiting`: nobody has opened the link; `opened`: a phone shows its code; `connected`: the resident has typed it. */
export type PhoneState = 'waiting' | 'opened' | 'connected'

/** The state of the link that this session shows; `undefined`: there is none, or it has ended. */
export async function findPhoneState(sql: Sql, owner: Owner): Promise<PhoneState | undefined> {
  const [row] = await sql<{ isOpened: boolean; isConfirmed: boolean }[]>`
    select phone_hash is not null as is_opened, confirmed_at is not null as is_confirmed from phone_link
    where ${isOf(sql, owner)} and expires_at > now()`
  if (!row) return undefined
  if (row.isConfirmed) return 'connected'
  return row.isOpened ? 'opened' : 'waiting'
}

const isOf = (sql: Sql, { verificationId, accountId, sessionUid }: Owner) => sql`(
  verification_id = ${verificationId} and account_id = ${accountId} and session_uid = ${sessionUid})`

/** Connects the phone that shows this code. The third wrong one ends the link. */
export async function confirmPhone(
  sql: Sql,
  owner: Owner,
  code: string,
): Promise<'connected' | 'wrong' | 'ended'> {
  const [row] = await sql<{ isRight: boolean; tries: number }[]>`
    update phone_link set code_tries = code_tries + 1,
      confirmed_at = case when code = ${code} then now() end,
      expires_at = case when code = ${code} then now() + make_interval(mins => ${CONNECTED_MINUTES}) else expires_at end
    where ${isOf(sql, owner)} and phone_hash is not null and confirmed_at is null
      and code_tries < ${MAX_CODE_TRIES} and expires_at > now()
    returning confirmed_at is not null as is_right, code_tries as tries`
  if (row?.isRight) return 'connected'
  if (row && row.tries < MAX_CODE_TRIES) return 'wrong'
  await endPhoneLink(sql, owner)
  return 'ended'
}

/** Ends the link that this session shows, and the right of its phone. */
export async function endPhoneLink(sql: Sql, owner: Owner): Promise<void> {
  await sql`delete from phone_link where ${isOf(sql, owner)}`
}

/** Ends the right of a phone when a verification that was sent opens again: the resident connects the next one. */
export async function endPhoneLinkOf(sql: Sql, verificationId: string): Promise<void> {
  await sql`delete from phone_link where verification_id = ${verificationId}`
}

/** What a phone may know of the verification that it is for. `code` until it is connected. */
export type ConnectedPhone = {
  verificationId: string
  accountId: string
  givenName: string
  code: string | undefined
}

/** The phone with this secret; `undefined` once its right has ended. */
export async function findPhone(
  sql: Sql,
  vault: Vault,
  secret: string,
): Promise<ConnectedPhone | undefined> {
  const [row] = await sql<(Owner & { code: string; isConfirmed: boolean })[]>`
    select verification_id, account_id, session_uid, code, confirmed_at is not null as is_confirmed
    from phone_link where phone_hash = ${hashSecret(secret)} and expires_at > now()`
  if (!row) return undefined
  const { verificationId, accountId, sessionUid, code, isConfirmed } = row
  if (!(await findSession(sql, { accountId, uid: sessionUid }))) return undefined
  const account = await findAccount(sql, vault, accountId)
  if (account?.status !== 'active') return undefined
  const { givenName } = account
  return { verificationId, accountId, givenName, code: isConfirmed ? undefined : code }
}

/** Deletes links that have ended by time. */
export const deleteOldPhoneLinks = (sql: Sql) => sql`
  delete from phone_link where expires_at < now()`
