import { html } from 'hono/html'
import { type Html, page } from '../html.ts'
import type { ExplainedEntry } from '../id-verification/reasons.ts'
import { type LedgerImage, type OperatorDecision, readDetail } from '../ledger/details.ts'

type Look = ExplainedEntry & { who: string }

const TIME = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'long',
  timeStyle: 'short',
  timeZone: 'UTC',
})
const IMAGES: Record<string, string> = {
  document_front: 'the front of your document',
  document_back: 'its back',
  selfie: 'your face',
}

/** The newest first. `olderThan` is where the next page begins. */
export const looksPage = (data: { entries: Look[]; olderThan: string | undefined }): Html =>
  page({
    title: 'Who looked',
    body: html`<h1>Who looked at your data</h1>
<p class="lead">Every look is written down before anything is shown, and nobody can change it afterwards without it being noticed. Times are in UTC.</p>
${
  data.entries.length === 0
    ? html`<p class="empty">Nobody has looked at anything yet.</p>`
    : data.entries.map(
        (look) => html`<article class="card">
<h2>${look.who}</h2>
<p>${describe(look)}</p>
<p class="quiet"><time datetime="${look.at.toISOString()}">${TIME.format(look.at)}</time>${look.purpose ? html` · Stated purpose: ${look.purpose}` : ''} · Entry ${look.id}</p>
</article>`,
      )
}
<p><a href="/">Back to your documents</a>${data.olderThan ? html` · <a href="/looks?before=${data.olderThan}" rel="next">Older</a>` : ''}</p>`,
  })

function describe(look: Look): string {
  const detail = readDetail(look)
  switch (detail.what) {
    case 'id-verification': {
      const shown = listImages(detail.images)
      return shown ? `Was shown ${shown}.` : 'Was shown your identity check, without photos.'
    }
    case 'image-metadata':
      return `Read the size and date of ${listImages(detail.images)}, without seeing it.`
    case 'nothing':
      return 'Asked for your data; there was nothing to show.'
    case 'natural-person':
      return 'Read your personal details.'
    case 'residency':
      return 'Read your residency.'
    case 'verification-status':
      return 'Read whether your identity was verified, and no more.'
    case 'age-over':
      return `Read whether you are over ${detail.age}, and no more.`
    case 'claims':
      return describeClaims(detail.names, detail.images)
    case 'event':
      return 'Was notified that your identity check has changed.'
    case 'refusal':
      return `Asked for something that you did not allow (${look.scope ?? ''}), and was refused.`
    case 'tenant-read':
      return TENANT_READS[detail.of]
    case 'review':
      return `Reviewed your identity check and ${detail.decision} it.`
    case 'operator-read':
      return OPERATOR_READS[detail.of]
    case 'export':
      return 'Took a copy of all that is held of you.'
    case 'verification-erasure':
      return 'An identity check was erased.'
    case 'account-erasure':
      return 'Your account was erased.'
    case 'subject-erasure':
      return `Erased what ${look.scope ?? 'an organisation'} knew of you.`
    case 'operator-review':
      return describeReview(detail.decision, look.reason ?? undefined)
    case 'operator-review-in-words':
      return describeReview(detail.decision, detail.reason)
    case 'operator-change':
      return 'Removed your passkeys, authenticator app and recovery codes.'
    case 'link':
      return detail.change === 'linked'
        ? `Linked what ${look.scope ?? 'an organisation'} knows of you to your account.`
        : `Ended the link to what ${look.scope ?? 'an organisation'} knows of you.`
    case 'trust':
      return 'What an organisation verified began or ceased to count.'
    case 'unrecognized':
      return 'Read data of yours.'
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
  subject: 'Read its own id of you, and whether you are linked to it.',
  subjects: 'Read its own id of you, and whether you are linked to it, in a list of people.',
}
const OPERATOR_READS = {
  resident: 'Read your personal details.',
  verification: 'Read one of your identity checks.',
  delivery: 'Read what a verification company sent about you.',
  event: 'Read which notifications were sent about you.',
  ledger: 'Read this list.',
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
  verified_claims: 'what was verified of you',
}

function describeClaims(names: readonly string[], images: readonly LedgerImage[]): string {
  const read = [...new Set(names.map((name) => CLAIMS[name] ?? name))]
  const shown = listImages(images)
  return `Read ${new Intl.ListFormat('en-GB').format(read)}${shown ? `, and was shown ${shown}` : ''}.`
}
