import type { Sql } from '../platform/db.ts'
import { PERSONAS, type PersonaKind, type PersonaName } from './kinds.ts'

/*
 * What has happened to a persona, and what happens next. Whoever changes it locks the account before the persona, and verifications after
 * it, as everything else that changes a verification does.
 */

export type Persona = PersonaKind & { accountId: string; kind: PersonaName; teamId: string }

/** `new`: nothing of its kind is there yet. `ready`: the branch begins when an application is allowed. `over`: it has ended. */
export type Phase = 'new' | 'ready' | 'under-way' | 'over'
export type PersonaState = {
  phase: Phase
  /** The verification that the steps are about. */
  verificationId?: string
}
/** `prepare`: it gets what its kind has. `photos`: they arrive from the vendor. `end-access`: of one application. */
export type StepName = 'prepare' | 'photos' | 'approve' | 'decline' | 'erase' | 'end-access'
export type Step = { what: StepName; dueAt: Date; clientId: string }
export type PersonaWithState = Persona & { state: PersonaState }

export type PersonaRow = {
  accountId: string
  teamId: string
  kind: string
  state: Partial<PersonaState>
}

export const personaColumns = (sql: Sql) => sql`persona.account_id, team_id, kind, state`

export const readPersona = ({ kind, state, accountId, teamId }: PersonaRow): PersonaWithState[] => {
  const known = PERSONAS.find((each) => each.kind === kind)
  return known ? [{ ...known, accountId, teamId, state: { phase: 'new', ...state } }] : []
}

/** In a transaction that has locked the account: the persona, which nobody else changes meanwhile. */
export async function lockPersona(
  sql: Sql,
  accountId: string,
): Promise<PersonaWithState | undefined> {
  const [row] = await sql<PersonaRow[]>`
    select ${personaColumns(sql)} from persona where account_id = ${accountId} for update`
  return row && readPersona(row)[0]
}

/** The kind of the persona whose token this is, with whom the token was issued for. */
export async function findTokenOwner(
  sql: Sql,
  tokenId: Uint8Array,
): Promise<{ kind: string; accountId: string; clientId: string } | undefined> {
  const [row] = await sql<{ kind: string; accountId: string; clientId: string }[]>`
    select kind, persona.account_id, client_id from live_access_token token
    join persona on persona.account_id = token.account_id where token.id = ${Buffer.from(tokenId)}`
  return row
}

/** In a transaction: adds a persona. Nothing happens where the team has this one. */
export async function insertPersona(
  sql: Sql,
  { accountId, teamId, kind }: { accountId: string; teamId: string; kind: PersonaName },
): Promise<void> {
  const [added] = await sql`
    insert into persona (account_id, team_id, kind) values (${accountId}, ${teamId}, ${kind})
    on conflict do nothing returning 1`
  // Who adds it does so at once; a worker, where that process has ended.
  if (added) await addStep(sql, accountId, { what: 'prepare', seconds: 30 })
}

/** Stores the state of a locked persona. */
export async function storeState(sql: Sql, accountId: string, state: PersonaState): Promise<void> {
  await sql`update persona set state = ${sql.json(state)} where account_id = ${accountId}`
}

/** Lets this happen to the persona in so many seconds; where it was to happen already, then instead. */
export async function addStep(
  sql: Sql,
  accountId: string,
  { what, seconds, clientId = '' }: { what: StepName; seconds: number; clientId?: string },
): Promise<void> {
  await sql`
    insert into persona_step (account_id, what, client_id, due_at)
    values (${accountId}, ${what}, ${clientId},
      date_trunc('milliseconds', now() + make_interval(secs => ${seconds})))
    on conflict (account_id, what, client_id) do update set due_at = excluded.due_at, claimed_until = null`
}

/** `by`: one that was put off to after this time stays. */
export async function removeStep(
  sql: Sql,
  accountId: string,
  what: StepName,
  { clientId = '', by }: { clientId?: string; by?: Date } = {},
): Promise<void> {
  await sql`
    delete from persona_step where account_id = ${accountId} and what = ${what} and client_id = ${clientId}
      and ${by ? sql`due_at <= ${by}` : sql`true`}`
}

/** Longer than a step takes. */
const CLAIM_SECONDS = 60

/** Whether there is something to claim, for the worker that looks for due work. */
export const isStepDue = (sql: Sql) => sql`
  exists (select from persona_step where ${isClaimable(sql)})`

const isClaimable = (sql: Sql) =>
  sql`due_at <= now() and (claimed_until is null or claimed_until <= now())`

/** Claims what is due first: no other worker does it at the same time, and one does it later if this process ends. */
export async function claimStep(
  sql: Sql,
): Promise<{ persona: PersonaWithState; step: Step } | undefined> {
  const [row] = await sql<(PersonaRow & Step)[]>`
    with due as (
      select account_id, what, client_id from persona_step
      where ${isClaimable(sql)}
      order by due_at limit 1 for update skip locked)
    update persona_step step set claimed_until = now() + make_interval(secs => ${CLAIM_SECONDS})
    from due join persona using (account_id)
    where step.account_id = due.account_id and step.what = due.what and step.client_id = due.client_id
    returning ${personaColumns(sql)}, step.what, step.client_id, step.due_at`
  const [persona] = row ? readPersona(row) : []
  return (
    row &&
    persona && { persona, step: { what: row.what, clientId: row.clientId, dueAt: row.dueAt } }
  )
}

/** What happens next to each of the team's personas, by account. */
export async function listNextSteps(sql: Sql, teamId: string): Promise<Map<string, Step>> {
  const rows = await sql<(Step & { accountId: string })[]>`
    select distinct on (account_id) account_id, what, client_id, due_at
    from persona_step join persona using (account_id) where team_id = ${teamId}
    order by account_id, due_at`
  return new Map(rows.map(({ accountId, ...step }) => [accountId, step]))
}

/** In a transaction: what happens to these personas next happens that much earlier. */
export async function shiftSteps(
  sql: Sql,
  accountIds: readonly string[],
  seconds: number,
): Promise<void> {
  await sql`
    update persona_step set due_at = due_at - make_interval(secs => ${seconds}::float8)
    where account_id = any (${[...accountIds]}::uuid[])`
}
