import { lockAccount } from '../accounts/accounts.ts'
import { announceVerification } from '../events/events.ts'
import { record } from '../ledger/disclosure.ts'
import type { Db, Sql } from '../platform/db.ts'
import { hashSecret, randomSecret } from '../platform/secrets.ts'
import { isUuid } from '../platform/uuid.ts'
import type { Vault } from '../platform/vault.ts'
import { withdrawPersonMismatches } from './alerts.ts'
import { compareWithAccount } from './findings.ts'
import type { VerificationStatus } from './vendors/vendor.ts'

/*
 * A resident links a tenant's subject to their account. The subject's verifications then have the account, and count for
 * the resident if the document fits and the operator trusts the tenant (the view `latest_approved`). Writers lock the
 * account, then the subject, then its verifications, `for no key update`: a transaction that holds a verification may be
 * about to insert a data key that references the other two.
 */

const LIFE_SECONDS = 24 * 3600
// How long the page of links offers the way back to the tenant.
const RETURN_MINUTES = 60

/** Where the resident's browser is redirected afterwards. */
export type LinkReturn = { url: string; state: string | undefined }

/** Creates a single-use link, which replaces an unused one of the same subject. `undefined`: the subject does not exist any more. */
export async function createLink(
  db: Db,
  given: { subjectId: string; clientId: string; returnTo: LinkReturn | undefined },
): Promise<{ token: string; expiresAt: Date } | undefined> {
  const token = randomSecret()
  const expiresAt = new Date(Date.now() + LIFE_SECONDS * 1000)
  const { subjectId, clientId, returnTo } = given
  return await db.begin(async (sql) => {
    const [subject] = await sql`select from subject where id = ${subjectId} for no key update`
    if (!subject) return undefined
    await sql`delete from subject_link where subject_id = ${subjectId} and used_at is null`
    await sql`
      insert into subject_link (token_hash, subject_id, client_id, return_url, return_state, expires_at)
      values (${hashSecret(token)}, ${subjectId}, ${clientId}, ${returnTo?.url ?? null},
        ${returnTo?.state ?? null}, ${expiresAt})`
    return { token, expiresAt }
  })
}

/** Deletes links a day after they expired. */
export async function deleteOldSubjectLinks(sql: Sql): Promise<void> {
  await sql`delete from subject_link where expires_at < now() - interval '1 day'`
}

/** What a link requests. */
export type LinkRequest = {
  subjectId: string
  tenant: string
  displayName: string
  isTrusted: boolean
  returnUrl: string | null
  returnState: string | null
}

/** The request of a link that can still be used, or `undefined`. */
export async function findLinkRequest(sql: Sql, token: string): Promise<LinkRequest | undefined> {
  const [row] = await sql<LinkRequest[]>`
    select subject_id, tenant, display_name, is_trusted, return_url, return_state
    from subject_link join subject on subject.id = subject_id join tenant on tenant.name = tenant
    where token_hash = ${hashSecret(token)} and used_at is null and expires_at > now()`
  return row
}

/** Uses the link up without linking anything. Returns the request, or `undefined` when it cannot be used any more. */
export async function declineLink(db: Db, token: string): Promise<LinkRequest | undefined> {
  return await db.begin(async (sql) => {
    const request = await findLinkRequest(sql, token)
    return request && (await consumeLink(sql, token)) ? request : undefined
  })
}

async function consumeLink(
  sql: Sql,
  token: string,
): Promise<{ clientId: string | null } | undefined> {
  const [row] = await sql<{ clientId: string | null }[]>`
    update subject_link set used_at = now()
    where token_hash = ${hashSecret(token)} and used_at is null and expires_at > now()
    returning client_id`
  return row
}

/**
 * Links the subject to this resident, and ends the link to another subject of the same tenant. Returns the subject, or
 * `undefined` when the link cannot be used any more; `'linked-elsewhere'`: another account has linked the subject.
 */
export async function acceptLink(
  { db, vault }: { db: Db; vault: Vault },
  {
    token,
    accountId,
    hold,
  }: {
    token: string
    accountId: string
    /** Locks the resident's session; throws when they are not signed in any more. */
    hold: (sql: Sql) => Promise<void>
  },
): Promise<{ subjectId: string } | 'linked-elsewhere' | undefined> {
  return await db.begin(async (sql) => {
    const [account] = await sql`
      select from account where id = ${accountId} and status = 'active' for no key update`
    if (account) await hold(sql)
    const request = account && (await findLinkRequest(sql, token))
    if (!request) return undefined
    const { subjectId, tenant } = request
    const [subject] = await sql<{ accountId: string | null }[]>`
      select account_id from subject where id = ${subjectId} for no key update`
    const link = subject && (await consumeLink(sql, token))
    if (!link) return undefined
    if (subject.accountId === accountId) return { subjectId }
    if (subject.accountId !== null) return 'linked-elsewhere'
    const [other] = await sql<{ id: string }[]>`
      select id from subject where tenant = ${tenant} and account_id = ${accountId}`
    if (other) await unlink(sql, { subjectId: other.id, accountId, tenant })
    await sql`
      update subject set account_id = ${accountId}, linked_at = now() where id = ${subjectId}`
    for (const { id } of await lockVerifications(sql, subjectId)) {
      await sql`update verification set account_id = ${accountId} where id = ${id}`
      await compareWithAccount(sql, vault, id)
    }
    await record(sql, {
      detail: { what: 'link', change: 'linked' },
      accountId,
      clientId: link.clientId ?? undefined,
      scope: tenant,
    })
    await announceVerification(sql, accountId)
    return { subjectId }
  })
}

/** Ends a link of this resident. Returns whether there was one. */
export async function endLink(
  db: Db,
  { subjectId, accountId }: { subjectId: string; accountId: string },
): Promise<boolean> {
  if (!isUuid(subjectId)) return false
  return await db.begin(async (sql) => {
    await lockAccount(sql, accountId)
    const [subject] = await sql<{ tenant: string }[]>`
      select tenant from subject where id = ${subjectId} and account_id = ${accountId} for no key update`
    if (!subject) return false
    await unlink(sql, { subjectId, accountId, tenant: subject.tenant })
    await announceVerification(sql, accountId)
    return true
  })
}

/**
 * In a transaction with the account locked: ends every link of a resident who is about to be erased. The subjects and their
 * verifications stay the tenants'.
 */
export async function endLinks(sql: Sql, accountId: string): Promise<void> {
  const rows = await sql<{ id: string; tenant: string }[]>`
    select id, tenant from subject where account_id = ${accountId} order by id for no key update`
  for (const { id, tenant } of rows) await unlink(sql, { subjectId: id, accountId, tenant })
}

/**
 * Also clears the comparison with this resident's account, and an operator's acceptance of it. A rejected document stays
 * rejected for whoever links it next.
 */
async function unlink(
  sql: Sql,
  { subjectId, accountId, tenant }: { subjectId: string; accountId: string; tenant: string },
): Promise<void> {
  await sql`update subject set account_id = null, linked_at = null where id = ${subjectId}`
  await lockVerifications(sql, subjectId)
  await sql`
    update verification set account_id = null, match = null, match_differences = '{}',
      match_reviewed_at = case when match_review = 'rejected' then match_reviewed_at end,
      match_review = case when match_review = 'rejected' then match_review end
    where subject_id = ${subjectId}`
  await withdrawPersonMismatches(sql, subjectId)
  await record(sql, { detail: { what: 'link', change: 'ended' }, accountId, scope: tenant })
}

const lockVerifications = (sql: Sql, subjectId: string) => sql<{ id: string }[]>`
  select id from verification where subject_id = ${subjectId} order by id for update`

/** A subject that a resident linked, with its verifications. */
export type ResidentLink = {
  subjectId: string
  tenant: string
  displayName: string
  isTrusted: boolean
  linkedAt: Date
  verifications: LinkedVerification[]
  /** The way back to the tenant, for an hour after the resident allowed the link. */
  returnUrl: string | null
  returnState: string | null
}
export type LinkedVerification = {
  status: VerificationStatus
  match: 'match' | 'no-reference' | 'mismatch' | null
  matchReview: 'accepted' | 'rejected' | null
  differences: string[]
  date: Date
}

/** A resident's links, newest first. */
export async function listLinks(sql: Sql, accountId: string): Promise<ResidentLink[]> {
  const rows = await sql<Omit<ResidentLink, 'verifications'>[]>`
    select subject.id as subject_id, tenant, display_name, is_trusted, linked_at, return_url, return_state
    from subject join tenant on tenant.name = tenant
      left join lateral (
        select return_url, return_state from subject_link
        where subject_id = subject.id and used_at > now() - make_interval(mins => ${RETURN_MINUTES})
        order by used_at desc limit 1) link on true
    where account_id = ${accountId} order by linked_at desc, subject.id`
  return await Promise.all(
    rows.map(async (row) => ({
      ...row,
      verifications: await sql<LinkedVerification[]>`
        select status, match, match_review, match_differences as differences, session_created_at as date
        from verification where subject_id = ${row.subjectId} order by session_created_at desc`,
    })),
  )
}
