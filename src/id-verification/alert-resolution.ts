import { record } from '../ledger/disclosure.ts'
import type { Sql } from '../platform/db.ts'
import type { SealedColumn } from '../platform/resealing.ts'
import type { Sealer } from '../platform/secrets.ts'
import { isUuid } from '../platform/uuid.ts'
import type { Vault } from '../platform/vault.ts'
import { ALERT_TYPES, type AlertType } from './alerts.ts'
import { ownerOf } from './findings.ts'

/* Alerts as their readers get them, and their resolution. The reason is free text that may contain personal data, so it is sealed. */

export const ALERT_STATUSES = ['open', 'resolved'] as const
export type AlertStatus = (typeof ALERT_STATUSES)[number]
type Severity = 'low' | 'medium' | 'high'

const SEVERITIES: Record<AlertType, Severity> = {
  reused_document: 'high',
  person_mismatch: 'high',
  repeated_declines: 'medium',
  // Rejected at once, so nothing came of them.
  forged_deliveries: 'medium',
}

export type Alert = {
  id: string
  type: AlertType
  status: AlertStatus
  severity: Severity
  /** Whose back office sees it; `null`: the operator alone. */
  tenant: string | null
  verificationId: string | null
  /** The earlier verification with the same image. */
  relatedVerificationId: string | null
  subjectId: string | null
  vendor: string | null
  integration: string | null
  /** Of deliveries; 1 for any other type. */
  count: number
  createdAt: Date
  resolvedAt: Date | null
  /** `by`: the tenant's client; `null`: the operator. */
  resolution: { reason: string; by: string | null } | null
}
/** With the residents whom it concerns, for the ledger. */
export type AlertOfResidents = { alert: Alert; accountIds: string[] }
type Parts = { vault: Vault; sealer: Sealer }

type Row = Omit<Alert, 'status' | 'severity' | 'resolution'> & {
  resolvedBy: string | null
  reasonSealed: Buffer | null
  ownerlessReasonSealed: string | null
  accountId: string | null
  relatedAccountId: string | null
}

const selectAlerts = (sql: Sql) => sql`
  select alert.id, type, alert.tenant, verification_id, related_verification_id, alert.subject_id, alert.vendor,
    alert.integration, occurrences as count, alert.created_at, resolved_at, resolved_by, reason_sealed,
    ownerless_reason_sealed, verification.account_id, related.account_id as related_account_id
  from alert left join verification on verification.id = verification_id
    left join verification related on related.id = related_verification_id`

const placeOf = (id: string) => ({ table: 'alert', column: 'reason_sealed', row: id })
const contextOf = (id: string) => `alert ${id}`

export const SEALED_ALERT_REASONS: SealedColumn = {
  table: 'alert',
  column: 'ownerless_reason_sealed',
  key: ['id'],
  contextOf,
}

/** The newest 500 alerts; with `tenant` those that it may see. */
export async function listAlerts(
  sql: Sql,
  parts: Parts,
  { tenant, status }: { tenant?: string | undefined; status?: AlertStatus | undefined },
): Promise<AlertOfResidents[]> {
  const rows = await sql<Row[]>`
    ${selectAlerts(sql)}
    where ${tenant === undefined ? sql`true` : sql`alert.tenant = ${tenant}`}
      and ${status === undefined ? sql`true` : sql`(resolved_at is null) = ${status === 'open'}`}
      and type = any (${[...ALERT_TYPES]})
    order by alert.created_at desc, alert.id limit 500`
  return await Promise.all(rows.map((row) => open(sql, parts, row)))
}

async function open(sql: Sql, { vault, sealer }: Parts, row: Row): Promise<AlertOfResidents> {
  const { resolvedBy, reasonSealed, ownerlessReasonSealed, accountId, relatedAccountId, ...rest } =
    row
  const reason = reasonSealed
    ? (await vault.open(sql, placeOf(row.id), reasonSealed)).toString()
    : ownerlessReasonSealed && sealer.open(ownerlessReasonSealed, contextOf(row.id))
  const { id, type, tenant, createdAt, resolvedAt, ...about } = rest
  return {
    alert: {
      id,
      type,
      status: resolvedAt ? 'resolved' : 'open',
      severity: SEVERITIES[type],
      tenant,
      ...about,
      createdAt,
      resolvedAt,
      resolution: reason === null ? null : { reason, by: resolvedBy },
    },
    accountIds: [...new Set([accountId, relatedAccountId])].filter((each) => each !== null),
  }
}

/**
 * In a transaction: resolves an alert, and returns it. `by`: the tenant's client. `undefined`: there is no such alert, or the tenant may
 * not see it; `'resolved'`: somebody resolved it before.
 */
export async function resolveAlert(
  sql: Sql,
  parts: Parts,
  {
    id,
    tenant,
    reason,
    by,
  }: { id: string; tenant?: string | undefined; reason: string; by?: string | undefined },
): Promise<AlertOfResidents | 'resolved' | undefined> {
  if (!isUuid(id)) return undefined
  const found = sql`
    ${selectAlerts(sql)}
    where alert.id = ${id} and ${tenant === undefined ? sql`true` : sql`alert.tenant = ${tenant}`}`
  const [row] = await sql<Row[]>`${found} for update of alert`
  if (!row) return undefined
  if (row.resolvedAt) return 'resolved'
  const owner = ownerOf(row)
  if (owner)
    await close(sql, id, { by, sealed: await parts.vault.seal(sql, owner, placeOf(id), reason) })
  else await close(sql, id, { by, ownerless: parts.sealer.seal(reason, contextOf(id)) })
  const [resolved] = await sql<Row[]>`${found}`
  return resolved && open(sql, parts, resolved)
}

/** In the transaction of an operator's review, which settles the mismatch: its alert is resolved for the same reason. */
export async function resolvePersonMismatch(
  sql: Sql,
  vault: Vault,
  verification: { id: string; accountId: string | null; subjectId: string | null },
  reason: string,
): Promise<void> {
  const owner = ownerOf(verification)
  if (!owner) return
  const rows = await sql<{ id: string }[]>`
    select id from alert
    where type = 'person_mismatch' and verification_id = ${verification.id} and resolved_at is null
    for update`
  for (const { id } of rows)
    await close(sql, id, { sealed: await vault.seal(sql, owner, placeOf(id), reason) })
}

const FITS_NOW = 'The data of the account was changed, and the document fits it now.'

/**
 * In a transaction that compared the verification with its account again: where the document fits now, the mismatch is over. Its alert is
 * resolved, unless an operator was first, and another mismatch raises another one. The document of a later attempt ends nothing: why the
 * earlier one was another person's is still to be looked at.
 */
export async function endPersonMismatch(
  sql: Sql,
  vault: Vault,
  verification: { id: string; accountId: string | null; subjectId: string | null },
): Promise<void> {
  const owner = ownerOf(verification)
  if (!owner) return
  const ended = await sql<{ id: string; resolvedAt: Date | null }[]>`
    update alert set occasion = concat(occasion, ' until ', now())
    from verification
    where verification.id = ${verification.id} and verification.id = alert.verification_id
      and status = 'approved' and match in ('match', 'no-reference')
      and type = 'person_mismatch' and occasion = concat_ws(' ', verification.id, attempt_id)
    returning alert.id, resolved_at`
  for (const { id, resolvedAt } of ended) {
    if (resolvedAt) continue
    await close(sql, id, { sealed: await vault.seal(sql, owner, placeOf(id), FITS_NOW) })
    await record(sql, {
      detail: { what: 'alert-end' },
      accountId: verification.accountId ?? undefined,
      verificationId: verification.id,
    })
  }
}

async function close(
  sql: Sql,
  id: string,
  given: { by?: string | undefined } & ({ sealed: Buffer } | { ownerless: string }),
): Promise<void> {
  await sql`
    update alert set resolved_at = now(), resolved_by = ${given.by ?? null},
      reason_sealed = ${'sealed' in given ? given.sealed : null},
      ownerless_reason_sealed = ${'ownerless' in given ? given.ownerless : null}
    where id = ${id}`
}
