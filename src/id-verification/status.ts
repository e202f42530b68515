import type { DocumentType, VerificationStatus } from './vendors/vendor.ts'

/** One thing that a vendor said of one attempt. */
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
 * Where a verification stands, from everything that was ever said of it, in whatever order it came
 * (`docs/vendor-protocols.md` §1.4): approved and declined outrank all else, and of several the vendor's latest decision holds.
 */
export function currentStatus(decisions: readonly Decision[]): CurrentStatus {
  const finals = decisions.filter(isFinal)
  const said = finals.length > 0 ? finals : decisions.filter((decision) => !isProgress(decision))
  const latest = said.reduce<Decision | undefined>(
    (best, decision) => (best && !isLater(decision, best) ? best : decision),
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
  // Contradictions of one moment: the same one wins in every order, and never the one that hands documents out.
  if (decision.status !== than.status)
    return (
      than.status === 'approved' ||
      (decision.status !== 'approved' && decision.status > than.status)
    )
  return decision.attemptId > than.attemptId
}

/** An attempt that was begun and of which nothing was decided: the resident is trying again. */
function hasNewAttempt(decisions: readonly Decision[]): boolean {
  const decided = new Set(
    decisions.filter((each) => !isProgress(each)).map((each) => each.attemptId),
  )
  return decisions.some((each) => isProgress(each) && !decided.has(each.attemptId))
}
