import { html } from 'hono/html'
import type { ExplainedEntry } from '../id-verification/reasons.ts'
import { type LedgerImage, type OperatorDecision, readDetail } from '../ledger/details.ts'
import type { Html } from '../web/html.ts'
import type { Texts } from '../web/texts/en.ts'
import { wordFor } from '../web/texts/languages.ts'

/** An entry with what its sentence needs: the name of who it is about, and the type of the document that it names. */
export type NamedEntry = ExplainedEntry & { who: string; documentType: string | null }

/** What an entry says happened, in one sentence. */
export function describeEntry(texts: Texts, entry: NamedEntry): Html | string {
  const { activity } = texts
  const detail = readDetail(entry)
  const who = html`<strong>${entry.who}</strong>`
  const photosOf = (images: readonly LedgerImage[]) =>
    describePhotos(texts, images, entry.documentType)
  switch (detail.what) {
    case 'id-verification':
      return detail.images.length > 0
        ? activity.saw(who, photosOf(detail.images))
        : activity.sawCheck(who)
    case 'image-metadata':
      return activity.metadata(who, photosOf(detail.images))
    case 'nothing':
      return activity.nothing(who)
    case 'natural-person':
      return activity.person(who)
    case 'residency':
      return activity.residency(who)
    case 'verification-status':
      return activity.status(who)
    case 'age-over':
      return activity.age(who, String(detail.age))
    case 'claims': {
      const names = listClaims(texts, detail.names)
      return detail.images.length > 0
        ? activity.claimsAndPhotos(who, names, photosOf(detail.images))
        : activity.claims(who, names)
    }
    case 'event':
      return activity.event(who)
    case 'refusal':
      return activity.refusal(who, entry.scope ?? '')
    case 'tenant-read':
      return activity.tenantReads[detail.of](who)
    case 'review':
      return activity.reviews[detail.decision](who)
    case 'operator-read':
      return activity.operatorReads[detail.of](who)
    case 'alert-resolution':
      return activity.alertResolved(who)
    case 'operator-change':
      return activity.factorsRemoved(who)
    case 'operator-review':
      return describeReview(texts, who, detail.decision, entry.reason ?? undefined)
    case 'operator-review-in-words':
      return describeReview(texts, who, detail.decision, detail.reason)
    case 'link': {
      const change = detail.change === 'linked' ? activity.linked : activity.unlinked
      return change(who, entry.scope ?? activity.anOrganisation)
    }
    case 'subject-erasure':
      return activity.subjectErased(who, entry.scope ?? activity.anOrganisation)
    case 'export':
      return activity.exported
    case 'own-export':
      return activity.downloaded
    case 'verification-erasure':
      return activity.verificationErased
    case 'account-erasure':
      return activity.accountErased
    case 'alert-end':
      return activity.alertEnded
    case 'trust':
      return activity.trust
    case 'unrecognized':
      return activity.unrecognized(who)
  }
}

function describeReview(
  { activity }: Texts,
  who: Html,
  decision: OperatorDecision,
  reason: string | undefined,
): Html {
  const why = reason === undefined ? activity.reasonErased : activity.reason(reason)
  return decision === 'accepted' ? activity.accepted(who, why) : activity.notAccepted(who, why)
}

/** "the front and back of your identity card and your face", in the words of the consent page. */
function describePhotos(
  { permissions, format }: Texts,
  images: readonly LedgerImage[],
  documentType: string | null,
): string {
  const { photos, kinds } = permissions
  const document = wordFor(kinds, documentType) ?? kinds.other
  const types = new Set(images.map(({ type }) => type))
  const sides = { front: types.delete('document_front'), back: types.delete('document_back') }
  const side = sides.front && sides.back ? 'both' : sides.front ? 'front' : 'back'
  return format.list([
    ...(sides.front || sides.back ? [photos[side](document)] : []),
    ...(types.delete('selfie') ? [photos.face] : []),
    ...[...types].map((type) => type.replaceAll('_', ' ')),
  ])
}

function listClaims({ activity, format }: Texts, names: readonly string[]): string {
  const words = names.map((name) => wordFor(activity.claimNames, name) ?? name)
  return format.list([...new Set(words)])
}
