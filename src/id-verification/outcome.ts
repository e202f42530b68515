import type { Sql } from '../platform/db.ts'
import type { Texts } from '../web/texts/en.ts'
import type { Reason } from './vendors/reasons/reason.ts'

/*
 * What a verification came to for its resident, who gets a mail about each change of it. The transaction that changes it notes that a
 * mail is due; `outcome-mails.ts` sends it. A tenant informs its own subjects.
 */

/** `not-accepted`: approved by the vendor, and rejected by an operator. `ended`: the session is over, without a result. */
export type Outcome = 'approved' | 'not-accepted' | 'declined' | 'resubmission' | 'ended'

/** The outcome in SQL, with the attempt where the same one of another attempt is news; null while nothing is decided. */
const outcome = (sql: Sql) => sql`
  case when subject_id is not null or account_id is null then null
    when status = 'approved' and match_review = 'rejected' then 'not-accepted'
    when status = 'approved' and (match in ('match', 'no-reference') or match_review = 'accepted')
      and (document_expires_on is null or document_expires_on >= (now() at time zone 'UTC')::date) then 'approved'
    when status in ('declined', 'resubmission') then status || ' ' || coalesce(attempt_id, '')
    when status in ('expired', 'error') then 'ended' end`

/** The outcome without its attempt, of a value of `verification_notice`. */
export const outcomeIn = (noted: string): Outcome => noted.split(' ', 1)[0] as Outcome

/** How long before a document expires its resident is reminded. */
export const REMINDER_DAYS = 30

/** To be called before a change, with the verification locked, for `noteOutcome` after it. */
export async function readOutcome(sql: Sql, verificationId: string): Promise<string | null> {
  const [row] = await sql<{ outcome: string | null }[]>`
    select ${outcome(sql)} as outcome from verification where id = ${verificationId}`
  return row?.outcome ?? null
}

/**
 * In the transaction of a change: makes a mail due when the outcome is another one than `before`, and than what the resident was told
 * last. A change that is taken back before its mail was sent is not told.
 */
export async function noteOutcome(
  sql: Sql,
  verificationId: string,
  before: string | null,
): Promise<void> {
  const now = await readOutcome(sql, verificationId)
  if (now === before) return
  // Whoever is trying again is told of the same result again; an approval that is under review was told.
  const isTriedAgain = now === null && before !== null && /^(resubmission|ended)/.test(before)
  await sql`
    insert into verification_notice as notice (verification_id, told, due, due_at)
    values (${verificationId}, ${isTriedAgain ? null : before}, ${now}, case when ${now !== null} then now() end)
    on conflict (verification_id) do update set
      told = case when not ${isTriedAgain} then notice.told end,
      due = case when notice.told is distinct from excluded.due then excluded.due end,
      due_at = case when notice.told is distinct from excluded.due then excluded.due_at end`
}

/** In the transaction of a change that the resident made: no mail tells what they know. */
export async function settleOutcome(sql: Sql, verificationId: string): Promise<void> {
  await sql`
    update verification_notice set told = due, due = null, due_at = null
    where verification_id = ${verificationId} and due is not null`
}

/** Stores what the resident is told of a decision; without one, of an operator's review of an approved document. */
export async function recordReasons(
  sql: Sql,
  verificationId: string,
  { decisionId, reasons }: { decisionId: string | undefined; reasons: readonly Reason[] },
): Promise<void> {
  await sql`
    insert into told_reason (verification_id, decision_id, reasons)
    values (${verificationId}, ${decisionId ?? null}, ${[...reasons]})`
}

/** What the resident is told of why a verification has its status, in a query of `verification`; null where there is nothing. */
export const reasonsToTell = (sql: Sql) => sql`
  case when subject_id is not null then null
    when match_review = 'rejected' then (
      select reasons from told_reason where verification_id = verification.id and decision_id is null
      order by recorded_at desc limit 1)
    when status in ('pending', 'review', 'approved') then null
    else (
      select reasons from told_reason join decision on decision.id = decision_id
      where told_reason.verification_id = verification.id and decision.attempt_id = verification.attempt_id
        and decision.status = verification.status
      order by decided_at desc nulls last, decision.recorded_at desc limit 1) end`

/** Another try ends the same. */
const LASTING: readonly Reason[] = ['age', 'region']
export const canTryAgain = (reasons: readonly Reason[] | null): boolean =>
  !reasons?.some((reason) => LASTING.includes(reason))

type ReasonText = { why: string; next: string }

/** Why a verification has this status and what to do next, in words; at least one. A reason of a later version is left out. */
export function describeReasons(
  { reasons: texts }: Texts,
  { status, reasons }: { status: string; reasons: readonly Reason[] | null },
): ReasonText[] {
  const known = (reasons ?? []).flatMap((reason) => texts[reason] ?? [])
  if (known.length > 0) return known
  if (status === 'expired') return [texts.unfinished]
  if (status === 'error') return [texts.technical]
  return [status === 'resubmission' ? texts['photos-wanted'] : texts.unstated]
}
