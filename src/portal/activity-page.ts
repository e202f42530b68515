import { html } from 'hono/html'
import type { ExplainedEntry } from '../id-verification/reasons.ts'
import { type LedgerImage, type OperatorDecision, readDetail } from '../ledger/details.ts'
import { type Html, page } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import type { Texts } from '../web/texts/en.ts'
import { wordFor } from '../web/texts/languages.ts'

type Activity = ExplainedEntry & { who: string }

/** The newest entries first. The next page begins at the entry before `olderThan`. */
export function activityPage(
  reader: Reader,
  { entries, olderThan }: { entries: Activity[]; olderThan: string | undefined },
): Html {
  const { activity, common, format } = reader.texts
  return page(reader, {
    title: activity.title,
    body: html`<h1>${activity.heading}</h1>
<p class="lead">${activity.lead}</p>
${
  entries.length === 0
    ? html`<p class="empty">${activity.none}</p>`
    : entries.map(
        (entry) => html`<article class="card">
<h2>${entry.who}</h2>
<p>${describe(reader.texts, entry)}</p>
<p class="quiet"><time datetime="${entry.at.toISOString()}">${format.moment(entry.at)}</time>${entry.purpose ? html` · ${activity.purpose(entry.purpose)}` : ''} · ${activity.entry(entry.id)}</p>
</article>`,
      )
}
<p><a href="/">${common.backToDocuments}</a>${olderThan ? html` · <a href="/activity?before=${olderThan}" rel="next">${activity.older}</a>` : ''}</p>`,
  })
}

function describe(texts: Texts, entry: Activity): string {
  const { activity } = texts
  const detail = readDetail(entry)
  switch (detail.what) {
    case 'id-verification': {
      const shown = listImages(texts, detail.images)
      return shown ? activity.wasShown(shown) : activity.shownWithoutPhotos
    }
    case 'image-metadata':
      return activity.metadata(listImages(texts, detail.images))
    case 'nothing':
      return activity.nothing
    case 'natural-person':
      return activity.person
    case 'residency':
      return activity.residency
    case 'verification-status':
      return activity.status
    case 'age-over':
      return activity.age(String(detail.age))
    case 'claims':
      return describeClaims(texts, detail.names, detail.images)
    case 'event':
      return activity.event
    case 'refusal':
      return activity.refusal(entry.scope ?? '')
    case 'tenant-read':
      return activity.tenantReads[detail.of]
    case 'review':
      return activity.reviews[detail.decision]
    case 'alert-resolution':
      return activity.alertResolved
    case 'operator-read':
      return activity.operatorReads[detail.of]
    case 'export':
      return activity.exported
    case 'own-export':
      return activity.downloaded
    case 'verification-erasure':
      return activity.verificationErased
    case 'account-erasure':
      return activity.accountErased
    case 'subject-erasure':
      return activity.subjectErased(entry.scope ?? activity.anOrganisation)
    case 'operator-review':
      return describeReview(texts, detail.decision, entry.reason ?? undefined)
    case 'alert-end':
      return activity.alertEnded
    case 'operator-review-in-words':
      return describeReview(texts, detail.decision, detail.reason)
    case 'operator-change':
      return activity.factorsRemoved
    case 'link': {
      const change = detail.change === 'linked' ? activity.linked : activity.unlinked
      return change(entry.scope ?? activity.anOrganisation)
    }
    case 'trust':
      return activity.trust
    case 'unrecognized':
      return activity.unrecognized
  }
}

function describeReview(
  { activity }: Texts,
  decision: OperatorDecision,
  reason: string | undefined,
): string {
  const why = reason === undefined ? activity.reasonErased : activity.reason(reason)
  return decision === 'accepted' ? activity.accepted(why) : activity.notAccepted(why)
}

function listImages({ activity, format }: Texts, images: readonly LedgerImage[]): string {
  const types = images.map(
    ({ type }) => wordFor(activity.images, type) ?? type.replaceAll('_', ' '),
  )
  return format.list([...new Set(types)])
}

function describeClaims(
  texts: Texts,
  names: readonly string[],
  images: readonly LedgerImage[],
): string {
  const { activity, format } = texts
  const words = names.map((name) => wordFor(activity.claimNames, name) ?? name)
  const read = format.list([...new Set(words)])
  const shown = listImages(texts, images)
  return shown ? activity.claimsAndImages(read, shown) : activity.claims(read)
}
