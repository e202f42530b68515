import { randomUUID } from 'node:crypto'
import type { Sql } from '../platform/db.ts'
import type { ComputedGauge } from '../platform/metrics.ts'
import { isUuid } from '../platform/uuid.ts'
import type { Vault } from '../platform/vault.ts'

/*
 * Reports of residents, for the operator: a sign-in or a consent that was not theirs, and an entry of the ledger that they did not
 * expect. What resident and operator write to each other is sealed under the resident's key, and is erased with the account.
 */

export type CaseState = 'open' | 'answered' | 'closed'

/** A report, without words. */
export type SecurityCase = {
  id: string
  kind: 'sign-in' | 'consent' | 'entry'
  state: CaseState
  accountId: string
  clientId: string | null
  /** The session that was reported. */
  sessionUid: string | null
  /** The entry of the ledger that was reported. */
  entryId: string | null
  /** Whether the report of an entry froze the application. */
  frozen: boolean
  openedAt: Date
  answeredAt: Date | null
  closedAt: Date | null
}

/** What a resident and the operator wrote. */
type CaseWords = { note: string | null; answer: string | null }
export type CaseInWords = SecurityCase & CaseWords

type Row = SecurityCase & { noteSealed: Buffer | null; answerSealed: Buffer | null }

const columns = (sql: Sql) => sql`
  id, kind, account_id, client_id, session_uid, entry_id, frozen, opened_at, answered_at, closed_at,
  case when closed_at is not null then 'closed' when answered_at is not null then 'answered' else 'open' end as state`

const placeOf = (id: string, column: 'note_sealed' | 'answer_sealed') => ({
  table: 'security_case',
  column,
  row: id,
})

/** In a transaction: opens the case of a reported sign-in or consent. Returns its id. */
export async function createCase(
  sql: Sql,
  report: Pick<SecurityCase, 'kind' | 'accountId' | 'clientId' | 'sessionUid'>,
): Promise<string> {
  const [row] = await sql<{ id: string }[]>`
    insert into security_case (kind, account_id, client_id, session_uid)
    values (${report.kind}, ${report.accountId}, ${report.clientId}, ${report.sessionUid})
    returning id`
  return row?.id ?? ''
}

/** In a transaction: opens the case of a reported entry. `undefined` where there is one already, also of a concurrent report. */
export async function createEntryCase(
  sql: Sql,
  vault: Vault,
  report: {
    accountId: string
    clientId: string | null
    entryId: string
    frozen: boolean
    note: string | undefined
  },
): Promise<string | undefined> {
  const { accountId, clientId, entryId, frozen, note } = report
  const id = randomUUID()
  const sealed =
    note === undefined
      ? null
      : await vault.seal(sql, { accountId }, placeOf(id, 'note_sealed'), note)
  const [row] = await sql`
    insert into security_case (id, kind, account_id, client_id, entry_id, frozen, note_sealed)
    values (${id}, 'entry', ${accountId}, ${clientId}, ${entryId}, ${frozen}, ${sealed})
    on conflict (entry_id) do nothing returning 1`
  return row && id
}

const MOST_REPORTS_A_DAY = 20

/** Whether the resident reported as many entries within a day as people can look into. */
export async function hasManyReports(sql: Sql, accountId: string): Promise<boolean> {
  const rows = await sql`
    select from security_case
    where account_id = ${accountId} and kind = 'entry' and opened_at > now() - interval '1 day'
    limit ${MOST_REPORTS_A_DAY}`
  return rows.length >= MOST_REPORTS_A_DAY
}

/** Lists cases, the oldest first. */
export async function listCases(
  sql: Sql,
  { closed }: { closed: boolean },
): Promise<SecurityCase[]> {
  return await sql<SecurityCase[]>`
    select ${columns(sql)} from security_case
    where ${closed ? sql`true` : sql`closed_at is null`} order by opened_at, id`
}

/** One case with what was written. */
export async function findCase(
  sql: Sql,
  vault: Vault,
  id: string,
): Promise<CaseInWords | undefined> {
  if (!isUuid(id)) return undefined
  const [row] = await sql<Row[]>`
    select ${columns(sql)}, note_sealed, answer_sealed from security_case where id = ${id}`
  return row && openWords(sql, vault, row)
}

/** The case that this account opened about an entry of the ledger. */
export async function findCaseOfEntry(
  sql: Sql,
  vault: Vault,
  { accountId, entryId }: { accountId: string; entryId: string },
): Promise<CaseInWords | undefined> {
  const [row] = await sql<Row[]>`
    select ${columns(sql)}, note_sealed, answer_sealed from security_case
    where account_id = ${accountId} and entry_id = ${entryId}`
  return row && openWords(sql, vault, row)
}

const MOST_OWN = 100

/** The newest entries that this account reported. */
export async function listReportedEntries(sql: Sql, accountId: string): Promise<SecurityCase[]> {
  return await sql<SecurityCase[]>`
    select ${columns(sql)} from security_case
    where account_id = ${accountId} and entry_id is not null
    order by opened_at desc, id limit ${MOST_OWN}`
}

/** All cases of an account with what was written, for the resident's archive. */
export async function listOwnCases(
  sql: Sql,
  vault: Vault,
  accountId: string,
): Promise<CaseInWords[]> {
  const rows = await sql<Row[]>`
    select ${columns(sql)}, note_sealed, answer_sealed from security_case
    where account_id = ${accountId} order by opened_at, id`
  return await Promise.all(rows.map((row) => openWords(sql, vault, row)))
}

async function openWords(sql: Sql, vault: Vault, row: Row): Promise<CaseInWords> {
  const { noteSealed, answerSealed, ...rest } = row
  const open = async (column: 'note_sealed' | 'answer_sealed', sealed: Buffer | null) =>
    sealed && (await vault.open(sql, placeOf(row.id, column), sealed)).toString()
  return {
    ...rest,
    note: await open('note_sealed', noteSealed),
    answer: await open('answer_sealed', answerSealed),
  }
}

/**
 * In a transaction: stores the operator's answer to a reported entry, in place of an earlier one. Returns the case; `closed` when it was
 * closed, `undefined` when there is no such report of an entry.
 */
export async function answerCase(
  sql: Sql,
  vault: Vault,
  { id, answer }: { id: string; answer: string },
): Promise<SecurityCase | 'closed' | undefined> {
  if (!isUuid(id)) return undefined
  const [found] = await sql<SecurityCase[]>`
    select ${columns(sql)} from security_case where id = ${id} and entry_id is not null for update`
  if (!found || found.state === 'closed') return found && 'closed'
  const { accountId } = found
  const sealed = await vault.seal(sql, { accountId }, placeOf(id, 'answer_sealed'), answer)
  const [row] = await sql<SecurityCase[]>`
    update security_case set answer_sealed = ${sealed}, answered_at = now() where id = ${id}
    returning ${columns(sql)}`
  return row
}

/** Closes a case; one that is closed stays as it is. `undefined`: no such case. */
export async function closeCase(sql: Sql, id: string): Promise<SecurityCase | undefined> {
  if (!isUuid(id)) return undefined
  const [row] = await sql<SecurityCase[]>`
    update security_case set closed_at = coalesce(closed_at, now()) where id = ${id}
    returning ${columns(sql)}`
  return row
}

export const CASE_GAUGES: readonly ComputedGauge[] = [
  {
    name: 'portal_cases_open',
    help: 'Reports of residents that nobody has answered or closed.',
    async read(sql) {
      const rows = await sql<{ kind: string; count: number }[]>`
        select kind, count(*)::int as count from security_case
        where closed_at is null and answered_at is null group by kind`
      return rows.map(({ kind, count }) => ({ labels: { kind }, value: count }))
    },
  },
]
