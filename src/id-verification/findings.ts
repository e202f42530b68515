import { findReference } from '../accounts/natural-person.ts'
import type { Sql } from '../platform/db.ts'
import type { Owner, Vault } from '../platform/vault.ts'
import { raisePersonMismatch } from './alerts.ts'
import { matchDocument } from './matching.ts'
import type { DocumentFindings, VendorDecision } from './vendors/vendor.ts'

/*
 * What vendors read from documents: one sealed row for each attempt. The verification has the result of comparing the
 * document's person with the account; every write that can change it calls `compareWithAccount`.
 */

/** The owner of a verification's personal data: the tenant's subject if there is one, otherwise the resident. */
export const ownerOf = (of: {
  accountId: string | null
  subjectId: string | null
}): Owner | undefined => {
  if (of.subjectId) return { subjectId: of.subjectId }
  return of.accountId ? { accountId: of.accountId } : undefined
}

const placeOf = (verificationId: string, attemptId: string) => ({
  table: 'attempt_document',
  column: 'findings_sealed',
  row: `${verificationId} ${attemptId}`,
})

type Findings = { decidedAt: Date | null; findings: DocumentFindings }

async function readRow(
  sql: Sql,
  vault: Vault,
  verificationId: string,
  attemptId: string,
): Promise<Findings | undefined> {
  const [row] = await sql<{ decidedAt: Date | null; findingsSealed: Buffer }[]>`
    select decided_at, findings_sealed from attempt_document
    where verification_id = ${verificationId} and attempt_id = ${attemptId}`
  if (!row) return undefined
  const opened = await vault.open(sql, placeOf(verificationId, attemptId), row.findingsSealed)
  return { decidedAt: row.decidedAt, findings: JSON.parse(opened.toString()) as DocumentFindings }
}

/** What the vendor read from the document of this attempt, or `undefined`. */
export async function readFindings(
  sql: Sql,
  vault: Vault,
  verificationId: string,
  attemptId: string,
): Promise<DocumentFindings | undefined> {
  return (await readRow(sql, vault, verificationId, attemptId))?.findings
}

/**
 * In a transaction with the verification locked: merges a decision's findings into those of its attempt. Members of a later
 * decision replace those of an earlier one, and an earlier one fills the gaps, so the order of arrival does not matter.
 */
export async function recordFindings(
  sql: Sql,
  vault: Vault,
  verification: { id: string; accountId: string | null; subjectId: string | null },
  { attemptId, decidedAt, isUndated, findings }: VendorDecision,
): Promise<void> {
  const owner = ownerOf(verification)
  if (!findings || !owner || !Object.values(findings).some(Boolean)) return
  const at = decidedAt ?? (isUndated ? new Date() : null)
  const before = await readRow(sql, vault, verification.id, attemptId)
  const isLater = (at?.getTime() ?? 0) >= (before?.decidedAt?.getTime() ?? 0)
  const [later, earlier] = isLater ? [findings, before?.findings] : [before?.findings, findings]
  const merged = { ...defined(earlier), ...defined(later) }
  const place = placeOf(verification.id, attemptId)
  const sealed = await vault.seal(sql, owner, place, JSON.stringify(merged))
  const latest = isLater ? at : (before?.decidedAt ?? null)
  await sql`
    insert into attempt_document (verification_id, attempt_id, decided_at, findings_sealed)
    values (${verification.id}, ${attemptId}, ${latest}, ${sealed})
    on conflict (verification_id, attempt_id) do update
      set decided_at = excluded.decided_at, findings_sealed = excluded.findings_sealed, recorded_at = now()`
}

/** In a transaction: what was read from these verifications' documents lies that much further in the past, and their dates by `days`. */
export async function shiftFindings(
  sql: Sql,
  vault: Vault,
  verificationIds: readonly string[],
  { seconds, days }: { seconds: number; days: number },
): Promise<void> {
  const rows = await sql<{ verificationId: string; attemptId: string; findingsSealed: Buffer }[]>`
    update attempt_document set decided_at = decided_at - make_interval(secs => ${seconds}::float8)
    where verification_id = any (${[...verificationIds]}::uuid[])
    returning verification_id, attempt_id, findings_sealed`
  if (days === 0) return
  const owners = await sql<{ id: string; accountId: string | null; subjectId: string | null }[]>`
    select id, account_id, subject_id from verification where id = any (${[...verificationIds]}::uuid[])`
  for (const { verificationId, attemptId, findingsSealed } of rows) {
    const of = owners.find(({ id }) => id === verificationId)
    const owner = of && ownerOf(of)
    if (!owner) continue
    const place = placeOf(verificationId, attemptId)
    const opened = await vault.open(sql, place, findingsSealed)
    const findings = JSON.parse(opened.toString()) as DocumentFindings
    const shifted = {
      ...findings,
      issuedOn: earlierDay(findings.issuedOn, days),
      expiresOn: earlierDay(findings.expiresOn, days),
    }
    const sealed = await vault.seal(sql, owner, place, JSON.stringify(shifted))
    await sql`
      update attempt_document set findings_sealed = ${sealed}
      where verification_id = ${verificationId} and attempt_id = ${attemptId}`
  }
}

const earlierDay = (day: string | undefined, days: number): string | undefined =>
  day && new Date(Date.parse(day) - days * 24 * 3_600_000).toISOString().slice(0, 10)

const defined = (findings: DocumentFindings | undefined) =>
  Object.fromEntries(
    Object.entries(findings ?? {}).filter(([, value]) => value !== undefined && value !== null),
  )

/**
 * In a transaction with the verification locked: compares the person of the current attempt's document with the account,
 * and stores the outcome. An operator's review of a mismatch is not changed here.
 */
export async function compareWithAccount(
  sql: Sql,
  vault: Vault,
  verificationId: string,
): Promise<void> {
  const [row] = await sql<
    { accountId: string | null; status: string; attemptId: string | null }[]
  >`select account_id, status, attempt_id from verification where id = ${verificationId}`
  if (!row) return
  const { accountId, status, attemptId } = row
  if (status !== 'approved' || attemptId === null) return
  const findings = await readFindings(sql, vault, verificationId, attemptId)
  const result = accountId
    ? matchDocument(findings, await findReference(sql, vault, accountId))
    : undefined
  await sql`
    update verification set match = ${result?.outcome ?? null},
      match_differences = ${result?.differences ?? []},
      document_expires_on = ${findings?.expiresOn ?? null}
    where id = ${verificationId}`
  if (result?.outcome === 'mismatch') await raisePersonMismatch(sql, verificationId)
}
