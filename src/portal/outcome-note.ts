import { html } from 'hono/html'
import { canTryAgain, describeReasons } from '../id-verification/outcome.ts'
import type { Reason } from '../id-verification/vendors/reasons/reason.ts'
import type { Html } from '../web/html.ts'
import type { Texts } from '../web/texts/en.ts'

type Told = {
  status: string
  matchReview: 'accepted' | 'rejected' | null
  reasons: Reason[] | null
  isExpired: boolean
  expiresSoon: boolean
  isLatest: boolean
  isOfSubject: boolean
}

const WITHOUT_RESULT = ['declined', 'resubmission', 'expired', 'error']

/** Why an identity check did not succeed, or a document does not do any more, what to do next, and the button that does it. */
export function outcomeNote(texts: Texts, told: Told): Html | '' {
  const { status, matchReview, reasons, isExpired, expiresSoon, isLatest, isOfSubject } = told
  const isRejected = status === 'approved' && matchReview === 'rejected'
  if (status === 'approved' && !isRejected) {
    if (!isExpired && !expiresSoon) return ''
    const next = isExpired ? '' : html`<p>${texts.reasons.expiresSoon}</p>`
    return isLatest ? html`${next}${button(texts.reasons.newDocument, isExpired)}` : ''
  }
  if (!isRejected && !WITHOUT_RESULT.includes(status)) return ''
  if (isOfSubject) return html`<p>${texts.reasons.askOrganisation}</p>`
  // An operator's decision is explained already, unless it came with reasons.
  const described = isRejected && !reasons?.length ? [] : describeReasons(texts, told)
  const label = status === 'resubmission' ? texts.reasons.newPhotos : texts.reasons.tryAgain
  return html`${paragraphs(described)}
${leadsOn(told) ? button(label, true) : ''}`
}

/** Whether a check came to nothing, and the resident's next step is another one: then the note has its button. */
export function leadsOn(told: Omit<Told, 'expiresSoon'>): boolean {
  const { status, matchReview, reasons, isExpired, isLatest, isOfSubject } = told
  if (!isLatest) return false
  if (status === 'approved' && matchReview !== 'rejected') return isExpired
  const isOver = status === 'approved' || WITHOUT_RESULT.includes(status)
  return isOver && !isOfSubject && canTryAgain(reasons)
}

/** Reasons in words. */
const paragraphs = (described: ReturnType<typeof describeReasons>): Html =>
  html`${described.map(({ why, next }) => html`<p><strong>${why}</strong> ${next}</p>`)}`

const button = (label: string, isMain: boolean): Html =>
  html`<p><a class="${isMain ? 'button primary' : 'button'}" href="/verify">${label}</a></p>`
