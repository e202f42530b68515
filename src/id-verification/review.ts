import {
  findAccount,
  lockAccount,
  sealStoredAccount,
  setNameFromDocument,
} from '../accounts/accounts.ts'
import { type AccountReference, findReference } from '../accounts/natural-person.ts'
import { announceVerification, listExpiredAnnouncements } from '../events/events.ts'
import type { OperatorDecision } from '../ledger/details.ts'
import { record } from '../ledger/disclosure.ts'
import type { Db, Sql } from '../platform/db.ts'
import { OperatorError } from '../platform/errors.ts'
import type { Vault } from '../platform/vault.ts'
import { endPersonMismatch, resolvePersonMismatch } from './alert-resolution.ts'
import { askAgain, type CaptureStep, readCapture, type Statement } from './captures.ts'
import { compareWithAccount, readFindings, recordFindings } from './findings.ts'
import { type MatchResult, matchDocument } from './matching.ts'
import { noteOutcome, readOutcome, recordReasons } from './outcome.ts'
import { endPhoneLinkOf } from './phone-links.ts'
import { recordOperatorReason } from './reasons.ts'
import { lockVerification, recordReview, type VerificationRow } from './store.ts'
import type { Reason } from './vendors/reasons/reason.ts'
import type { DocumentFindings } from './vendors/vendor.ts'
import { MANUAL } from './vendors/vendor-names.ts'

/** In the place of a tenant's client, as who reviewed. */
const OPERATOR = 'operator'

/**
 * The operator's decision on an approved verification: `accepted` lets a mismatch count, `rejected` keeps it from
 * counting, also one that matched. It holds for the current attempt. One of `manual` that waits for review is approved or declined
 * instead; with the approval, what the resident stated counts as read from the document. Throws OperatorError where there is nothing to
 * decide. Returns `false` when there is no such verification.
 */
export async function reviewVerification(
  { db, vault }: { db: Db; vault: Vault },
  {
    id,
    decision,
    reason,
    reasons,
  }: {
    id: string
    decision: OperatorDecision
    reason: string
    /** What the resident is told. */
    reasons?: readonly Reason[] | undefined
  },
): Promise<boolean> {
  return await db.begin(async (sql) => {
    const locked = await lockVerification(sql, id)
    if (!locked) return false
    const { vendor, status, attemptId } = locked
    const outcomeBefore = await readOutcome(sql, id)
    const isOpen = vendor === MANUAL && status === 'review' && attemptId !== null
    if (isOpen) {
      const decided = decision === 'accepted' ? 'approved' : 'declined'
      if (decided === 'approved') await recordStatement(sql, vault, locked, attemptId)
      const given = { attemptId, status: decided, reason, reasons, by: OPERATOR } as const
      await recordReview(sql, vault, id, given)
    } else if (status === 'approved')
      await sql`
        update verification set match_review = ${decision}, match_reviewed_at = now(), updated_at = now()
        where id = ${id}`
    else
      throw new OperatorError(
        'Only an approved verification, or one of manual that waits for review, can be reviewed.',
      )
    const reasonDigest = await recordOperatorReason(sql, vault, locked, reason)
    if (reasonDigest === undefined)
      throw new OperatorError('This verification has no owner any more.')
    await record(sql, {
      detail: { what: 'operator-review', decision, reasonDigest },
      accountId: locked.accountId ?? undefined,
      verificationId: id,
    })
    if (isOpen) return true
    await recordReasons(sql, id, { decisionId: undefined, reasons: reasons ?? [] })
    await noteOutcome(sql, id, outcomeBefore)
    await resolvePersonMismatch(sql, vault, locked, reason)
    if (locked.accountId) await announceVerification(sql, locked.accountId)
    return true
  })
}

/** The reviewer has compared the resident's statement with the photos, and found it there. */
async function recordStatement(
  sql: Sql,
  vault: Vault,
  verification: VerificationRow,
  attemptId: string,
): Promise<void> {
  const capture = await readCapture(sql, vault, verification.id)
  if (!capture) return
  await recordFindings(sql, vault, verification, {
    attemptId,
    status: 'approved',
    decidedAt: new Date(),
    documentType: capture.statement.documentType,
    reason: undefined,
    findings: findingsOf(capture.statement),
  })
}

const findingsOf = ({ documentType, document }: Statement): DocumentFindings => ({
  givenName: document?.givenName,
  surname: document?.surname,
  fullName: undefined,
  dateOfBirth: document?.dateOfBirth,
  nationality: document?.nationality,
  documentType,
  country: document?.country,
  number: document?.number,
  issuedOn: undefined,
  expiresOn: document?.expiresOn,
})

/**
 * Asks the resident to do these steps of a verification of `manual` again: better photos, or corrected data. Throws OperatorError where
 * there is nothing to ask for. Returns `false` when there is no such verification.
 */
export async function requestAgain(
  { db, vault }: { db: Db; vault: Vault },
  {
    id,
    asked,
    ...why
  }: {
    id: string
    asked: readonly CaptureStep[]
    reason: string
    reasons?: readonly Reason[] | undefined
  },
): Promise<boolean> {
  return await db.begin(async (sql) => {
    const locked = await lockVerification(sql, id)
    if (!locked) return false
    const { vendor, status, attemptId } = locked
    if (vendor !== MANUAL || status !== 'review' || attemptId === null)
      throw new OperatorError(
        'Only a verification of manual that waits for review can be asked for.',
      )
    if (!(await askAgain(sql, id, asked)))
      throw new OperatorError('Its images were uploaded by a back office: accept or reject it.')
    await endPhoneLinkOf(sql, id)
    await recordReview(sql, vault, id, { attemptId, status: 'resubmission', ...why, by: OPERATOR })
    return true
  })
}

/**
 * What a reviewer compares with the photos: what the resident stated, what is known of the account, and whether these two are of one
 * person. `undefined`: no resident stated anything. Personal data.
 */
export async function findStatement(
  sql: Sql,
  vault: Vault,
  verification: { id: string; accountId: string | null },
): Promise<
  { statement: Statement; account: AccountReference | undefined; match: MatchResult } | undefined
> {
  const { id, accountId } = verification
  const capture = await readCapture(sql, vault, id)
  if (!capture || accountId === null) return undefined
  const account = await findReference(sql, vault, accountId)
  const match = matchDocument(findingsOf(capture.statement), account)
  return { statement: capture.statement, account, match }
}

/**
 * In a transaction: compares every approved verification of this account again, because its name or birth date changed, and resolves the
 * alerts of those that fit now. An operator's review of an attempt stays.
 */
export async function compareAllWithAccount(
  sql: Sql,
  vault: Vault,
  accountId: string,
): Promise<void> {
  const rows = await sql<{ id: string; accountId: string; subjectId: string | null }[]>`
    select id, account_id, subject_id from verification
    where account_id = ${accountId} order by id for update`
  for (const row of rows) {
    const outcomeBefore = await readOutcome(sql, row.id)
    await compareWithAccount(sql, vault, row.id)
    await noteOutcome(sql, row.id, outcomeBefore)
    await endPersonMismatch(sql, vault, row)
  }
  if (rows.length > 0) await announceVerification(sql, accountId)
}

/** The name on the document of the verification that counts, when the account's name is the resident's own statement. */
export async function findDocumentName(
  sql: Sql,
  vault: Vault,
  accountId: string,
): Promise<{ verificationId: string; givenName: string; surname: string } | undefined> {
  const account = await findAccount(sql, vault, accountId)
  if (account?.nameSource !== 'resident') return undefined
  const [latest] = await sql<{ id: string; attemptId: string | null }[]>`
    select id, attempt_id from latest_approved where account_id = ${accountId}`
  if (!latest || latest.attemptId === null) return undefined
  const findings = await readFindings(sql, vault, latest.id, latest.attemptId)
  if (!findings?.givenName || !findings.surname) return undefined
  return { verificationId: latest.id, givenName: findings.givenName, surname: findings.surname }
}

/**
 * Replaces the name that the resident stated by the document's, which the resident confirmed. Returns `false` when this
 * verification does not count any more, or the account's name is not the resident's own statement.
 */
export async function adoptDocumentName(
  db: Db,
  vault: Vault,
  { accountId, verificationId }: { accountId: string; verificationId: string },
): Promise<boolean> {
  await sealStoredAccount(db, vault, accountId)
  return await db.begin(async (sql) => {
    await lockAccount(sql, accountId)
    const found = await findDocumentName(sql, vault, accountId)
    if (found?.verificationId !== verificationId) return false
    await setNameFromDocument(sql, vault, accountId, found)
    await compareAllWithAccount(sql, vault, accountId)
    return true
  })
}

const ACCOUNTS_AT_ONCE = 200

/** Announces documents that have expired since the last call, one account per transaction. Returns how many. */
export async function announceExpiredDocuments(db: Db): Promise<number> {
  let announced = 0
  for (let after = '00000000-0000-0000-0000-000000000000'; ; ) {
    const accountIds = await listExpiredAnnouncements(db, { after, limit: ACCOUNTS_AT_ONCE })
    for (const accountId of accountIds) {
      await db.begin((sql) => announceVerification(sql, accountId))
      after = accountId
      announced++
    }
    if (accountIds.length < ACCOUNTS_AT_ONCE) return announced
  }
}

/** Announces every resident with an expired document again, after the policy on expired documents changed. Returns how many. */
export async function announceExpiryPolicy(db: Db): Promise<number> {
  let announced = 0
  for (let after = '00000000-0000-0000-0000-000000000000'; ; ) {
    const rows = await db<{ accountId: string }[]>`
      select distinct account_id from verification
      where status = 'approved' and document_expires_on < (now() at time zone 'UTC')::date
        and account_id > ${after}
      order by account_id limit ${ACCOUNTS_AT_ONCE}`
    for (const { accountId } of rows) {
      await db.begin((sql) => announceVerification(sql, accountId))
      after = accountId
      announced++
    }
    if (rows.length < ACCOUNTS_AT_ONCE) return announced
  }
}
