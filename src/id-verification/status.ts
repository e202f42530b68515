import type { DocumentType, VerificationStatus } from './vendors/vendor.ts'

/** One status that a vendor, or a reviewer, gave one attempt. */
export type Decision = {
  attemptId: string
  status: VerificationStatus
  decidedAt: Date | null
  documentType: DocumentType | null
}

export type CurrentStatus = {
  status: VerificationStatus
  attemptId: string | null
  decidedAt: Date | null
  documentType: DocumentType | null
}

const isFinal = ({ status }: Decision) => status === 'approved' || status === 'declined'
const isProgress = ({ status, decidedAt }: Decision) => status === 'pending' && decidedAt === null

/**
 * Computes a verification's status from all of its decisions, in whatever order they arrived (`docs/vendor-protocols.md` §1.4):
 * approved and declined outrank every other status, and among several the latest by the vendor's time counts.
 */
export function currentStatus(decisions: readonly Decision[]): CurrentStatus {
  const finals = decisions.filter(isFinal)
  const candidates =
    finals.length > 0 ? finals : decisions.filter((decision) => !isProgress(decision))
  const latest = candidates.reduce<Decision | undefined>(
    (latestSoFar, decision) =>
      latestSoFar && !isLater(decision, latestSoFar) ? latestSoFar : decision,
    undefined,
  )
  if (!latest || (latest.status === 'resubmission' && hasNewAttempt(decisions)))
    return { status: 'pending', attemptId: null, decidedAt: null, documentType: null }
  return {
    status: latest.status,
    attemptId: latest.attemptId,
    decidedAt: latest.decidedAt,
    documentType: latest.documentType,
  }
}

function isLater(decision: Decision, than: Decision): boolean {
  const [a, b] = [decision.decidedAt?.getTime() ?? 0, than.decidedAt?.getTime() ?? 0]
  if (a !== b) return a > b
  // For contradictory decisions of one moment the result must not depend on the order, and must not be `approved`.
  if (decision.status !== than.status)
    return (
      than.status === 'approved' ||
      (decision.status !== 'approved' && decision.status > than.status)
    )
  return decision.attemptId > than.attemptId
}

/** Whether this attempt was decided. A report that it was submitted may arrive later. Attempts without an id are not told apart. */
export const isAttemptDecided = (decisions: readonly Decision[], attemptId: string): boolean =>
  attemptId !== '' && decisions.some((each) => each.attemptId === attemptId && !isProgress(each))

/** Whether an attempt was begun and not decided: the person is trying again. */
function hasNewAttempt(decisions: readonly Decision[]): boolean {
  const decided = new Set(
    decisions.filter((each) => !isProgress(each)).map((each) => each.attemptId),
  )
  return decisions.some((each) => isProgress(each) && !decided.has(each.attemptId))
}
