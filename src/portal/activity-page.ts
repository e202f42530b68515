import { html } from 'hono/html'
import type { ExplainedEntry } from '../id-verification/reasons.ts'
import { type LedgerImage, type OperatorDecision, readDetail } from '../ledger/details.ts'
import { type Html, page } from '../web/html.ts'

type Activity = ExplainedEntry & { who: string }

const TIME = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'long',
  timeStyle: 'short',
  timeZone: 'UTC',
})
const IMAGES: Record<string, string> = {
  document_front: 'the front of your document',
  document_back: 'the back of your document',
  selfie: 'your face',
}

/** The newest entries first. The next page begins at the entry before `olderThan`. */
export const activityPage = (data: { entries: Activity[]; olderThan: string | undefined }): Html =>
  page({
    title: 'Activity',
    body: html`<h1>Who has read your data</h1>
<p class="lead">We record every access before we show anything. The record is protected: nobody can change it without it being noticed. Times are in UTC.</p>
${
  data.entries.length === 0
    ? html`<p class="empty">Nobody has read your data yet.</p>`
    : data.entries.map(
        (entry) => html`<article class="card">
<h2>${entry.who}</h2>
<p>${describe(entry)}</p>
<p class="quiet"><time datetime="${entry.at.toISOString()}">${TIME.format(entry.at)}</time>${entry.purpose ? html` · Stated purpose: ${entry.purpose}` : ''} · Entry ${entry.id}</p>
</article>`,
      )
}
<p><a href="/">Back to your documents</a>${data.olderThan ? html` · <a href="/activity?before=${data.olderThan}" rel="next">Older</a>` : ''}</p>`,
  })

function describe(entry: Activity): string {
  const detail = readDetail(entry)
  switch (detail.what) {
    case 'id-verification': {
      const shown = listImages(detail.images)
      return shown ? `Was shown ${shown}.` : 'Was shown your identity check, without photos.'
    }
    case 'image-metadata':
      return `Read the size and date of ${listImages(detail.images)}, but did not see the photo.`
    case 'nothing':
      return 'Asked for your data, but there was nothing to show.'
    case 'natural-person':
      return 'Read your personal details.'
    case 'residency':
      return 'Read your residency.'
    case 'verification-status':
      return 'Read whether your identity was verified, and nothing else.'
    case 'age-over':
      return `Read whether you are over ${detail.age}, and nothing else.`
    case 'claims':
      return describeClaims(detail.names, detail.images)
    case 'event':
      return 'Was notified that your identity check has changed.'
    case 'refusal':
      return `Asked for something that you had not allowed (${entry.scope ?? ''}), and was refused.`
    case 'tenant-read':
      return TENANT_READS[detail.of]
    case 'review':
      return `Reviewed your identity check and ${detail.decision} it.`
    case 'alert-resolution':
      return 'Read and settled an alert about one of your identity checks.'
    case 'operator-read':
      return OPERATOR_READS[detail.of]
    case 'export':
      return 'Made a copy of everything that this portal holds about you.'
    case 'verification-erasure':
      return 'An identity check was erased.'
    case 'account-erasure':
      return 'Your account was erased.'
    case 'subject-erasure':
      return `Erased the record that ${entry.scope ?? 'an organisation'} had of you.`
    case 'operator-review':
      return describeReview(detail.decision, entry.reason ?? undefined)
    case 'alert-end':
      return 'An alert about one of your identity checks was settled, because its document fits your account now.'
    case 'operator-review-in-words':
      return describeReview(detail.decision, detail.reason)
    case 'operator-change':
      return 'Removed your passkeys, authenticator app and recovery codes.'
    case 'link':
      return detail.change === 'linked'
        ? `Linked the record that ${entry.scope ?? 'an organisation'} has of you to your account.`
        : `Ended the link to the record that ${entry.scope ?? 'an organisation'} has of you.`
    case 'trust':
      return 'This portal began or ceased to accept the identity checks of an organisation.'
    case 'unrecognized':
      return 'Read some of your data.'
  }
}

const describeReview = (decision: OperatorDecision, reason: string | undefined): string =>
  `${decision === 'accepted' ? 'Accepted' : 'Did not accept'} your document for this account. ${
    reason === undefined ? 'The reason was erased' : `Reason: ${reason}`
  }.`

const TENANT_READS = {
  verification: 'Read one of your identity checks.',
  verifications: 'Read the list of your identity checks.',
  result: 'Read the result of an identity check.',
  'started verification': 'Started an identity check for you.',
  subject: 'Read the id it uses for you, and whether you are linked to it.',
  subjects: 'Read the id it uses for you, and whether you are linked to it, in a list of people.',
  alerts: 'Read that something about one of your identity checks needs a closer look.',
}
const OPERATOR_READS = {
  resident: 'Read your personal details.',
  verification: 'Read one of your identity checks.',
  delivery: 'Read a message that a verification company sent about you.',
  event: 'Read which notifications were sent about you.',
  ledger: 'Read this list.',
  alert: 'Read that something about one of your identity checks needs a closer look.',
}

function listImages(images: readonly LedgerImage[]): string {
  const types = images.map(({ type }) => IMAGES[type] ?? type.replaceAll('_', ' '))
  return new Intl.ListFormat('en-GB').format([...new Set(types)])
}

const CLAIMS: Record<string, string> = {
  name: 'your name',
  given_name: 'your name',
  family_name: 'your name',
  email: 'your e-mail address',
  email_verified: 'your e-mail address',
  verified_claims: 'the result of your identity check',
}

function describeClaims(names: readonly string[], images: readonly LedgerImage[]): string {
  const read = [...new Set(names.map((name) => CLAIMS[name] ?? name))]
  const shown = listImages(images)
  return `Read ${new Intl.ListFormat('en-GB').format(read)}${shown ? `, and was shown ${shown}` : ''}.`
}
