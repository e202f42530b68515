import { html } from 'hono/html'
import type { ClientProfile } from '../clients/profile.ts'
import type { Scope } from '../clients/scopes.ts'
import { IMAGES_SCOPE, type ImageKind } from '../consents/images.ts'
import { clientHeader } from '../consents/page.ts'
import type { Reason } from '../id-verification/vendors/reasons/reason.ts'
import { calendarDate, csrfField, day, type Html, moment, page, signOutForm } from '../web/html.ts'
import { photoLabel, photoList, type SmallPhoto } from '../web/photos.ts'
import type { Reader } from '../web/reader.ts'
import type { Texts } from '../web/texts/en.ts'
import { wordFor } from '../web/texts/languages.ts'
import { outcomeNote } from './outcome-note.ts'

type Verification = {
  id: string
  vendor: string
  status: string
  date: Date
  documentType: string | null
  match: 'match' | 'no-reference' | 'mismatch' | null
  matchDifferences: string[]
  matchReview: 'accepted' | 'rejected' | null
  documentExpiresOn: Date | null
  isExpired: boolean
  expiresSoon: boolean
  reasons: Reason[] | null
  isLatest: boolean
  isOfSubject: boolean
  imagesPending: boolean
  /** No image could be read. */
  imagesRefused: boolean
  images: SmallPhoto[]
  /** There are images, but the resident has to sign in again to view them. */
  imagesHidden: boolean
}
/** What its status follows from. */
export type Judged = Omit<Verification, 'images' | 'imagesHidden'>
type Application = {
  client: ClientProfile
  scopes: Scope[]
  declined: Scope[]
  withheldImages: readonly ImageKind[]
  createdAt: Date
  endsAt: Date | null
  purpose: string | null
  isFrozen: boolean
  /** When it last read data. */
  lastReadAt: Date | undefined
}

/** The resident's home page: identity checks, and the applications that may see them. */
export function homePage(
  reader: Reader,
  data: {
    account: { name: string; email: string }
    verifications: Verification[]
    applications: Application[]
    /** The name on the document, when the account still has the name that the resident typed. */
    offeredName: OfferedName | undefined
    /** How to be verified, or how far that is. */
    verifyCard?: Html | '' | undefined
    csrf: string
    notice?: string | undefined
  },
): Html {
  const { account, verifications, applications, offeredName, csrf, notice } = data
  const { common, home } = reader.texts
  return page(reader, {
    title: common.yourDocuments,
    actions: signOutForm(
      reader,
      csrf,
      html`<span>${account.email}</span>${reader.site.isSandbox ? '' : html` <a href="/account">${common.yourAccount}</a>`}`,
    ),
    body: html`${notice ? html`<div class="notice good" role="status"><p>${notice}</p></div>` : ''}
<h1>${home.greeting(account.name)}</h1>
${data.verifyCard ?? ''}${offeredName ? nameCard(reader, offeredName, csrf) : ''}
<section aria-labelledby="verifications"><h2 id="verifications">${home.checks}</h2>
${
  verifications.length === 0
    ? html`<p class="empty">${home.noChecks}</p>`
    : verifications.map((verification) => verificationCard(reader, verification, csrf))
}</section>
<section aria-labelledby="applications"><h2 id="applications">${home.applications}</h2>
${
  applications.length === 0
    ? html`<p class="empty">${home.noApplications}</p>`
    : applications.map((application) => applicationCard(reader, application, csrf))
}
<p><a href="/activity">${home.activity}</a></p>
<p><a href="/links">${home.links}</a></p></section>`,
  })
}

type OfferedName = { verificationId: string; givenName: string; surname: string }

/** Offers to replace the name that the resident typed by the name on the document. */
const nameCard = (
  { texts: { home } }: Reader,
  { verificationId, givenName, surname }: OfferedName,
  csrf: string,
): Html => html`<section class="card" aria-labelledby="name"><h2 id="name">${home.nameHeading}</h2>
<p>${home.offeredName(html`<strong>${givenName} ${surname}</strong>`)}</p>
<form method="post" action="/verifications/${verificationId}/name">${csrfField(csrf)}<button name="adopt">${home.useName}</button></form></section>`

/** Explains why an approved document does not count yet, or not at all. */
export function matchNote(
  { home }: Texts,
  { status, match, matchDifferences, matchReview }: Judged,
): Html | '' {
  if (status !== 'approved' || match === 'match' || match === 'no-reference') {
    if (matchReview !== 'rejected' || status !== 'approved') return ''
  }
  if (matchReview === 'accepted') return ''
  if (match === null) return html`<p>${home.notCompared}</p>`
  const differences = matchDifferences.map(
    (code) => html`<li>${wordFor(home.differences, code) ?? code}</li>`,
  )
  const why = differences.length > 0 ? html`<ul>${differences}</ul>` : ''
  return matchReview === 'rejected'
    ? html`<p>${home.rejected}</p>${why}<p>${home.rejectedHelp}</p>`
    : html`<p>${home.mismatch}</p>${why}<p>${home.mismatchHelp}</p>`
}

type Tone = 'good' | 'bad' | 'waiting'

const TONES: Record<string, Tone> = {
  approved: 'good',
  declined: 'bad',
  expired: 'bad',
  error: 'bad',
}

export function statusOf(
  { home: { statuses } }: Texts,
  { status, match, matchReview, isExpired }: Judged,
): { words: string; tone: Tone } {
  if (status === 'approved' && matchReview === 'rejected')
    return { words: statuses.notAccepted, tone: 'bad' }
  if (status === 'approved' && matchReview === null && (match === 'mismatch' || match === null))
    return { words: statuses.review, tone: 'waiting' }
  if (status === 'approved' && isExpired) return { words: statuses.documentExpired, tone: 'bad' }
  return { words: wordFor(statuses, status) ?? status, tone: TONES[status] ?? 'waiting' }
}

function verificationCard(reader: Reader, verification: Verification, csrf: string): Html {
  const { home } = reader.texts
  const status = statusOf(reader.texts, verification)
  const { documentExpiresOn, isExpired } = verification
  const vendor = verifierOf(reader.texts, verification.vendor)
  const validity = isExpired ? home.documentExpired : home.documentValid
  return html`<article class="card">
<header><h3>${wordFor(home.kinds, verification.documentType) ?? home.kinds.other}</h3><p class="status ${status.tone}">${status.words}</p></header>
<p class="quiet">${home.started(day(reader, verification.date), vendor)}</p>
${matchNote(reader.texts, verification)}
${outcomeNote(reader.texts, verification)}
${documentExpiresOn ? html`<p class="quiet">${validity(calendarDate(reader, documentExpiresOn))}</p>` : ''}
${verification.imagesPending ? html`<p class="quiet">${home.copying}</p>` : ''}
${verification.imagesRefused ? html`<p class="quiet">${home.unreadable(vendor)}</p>` : ''}
${verification.imagesHidden ? html`<form method="post" action="/photos">${csrfField(csrf)}<button name="photos">${home.showPhotos}</button></form>` : ''}
${verification.images.length > 0 ? photoList(reader.texts, verification.images) : ''}
<p class="more"><a href="/verifications/${encodeURIComponent(verification.id)}">${home.details}</a></p></article>`
}

function applicationCard(reader: Reader, application: Application, csrf: string): Html {
  const { client, scopes, declined, createdAt, endsAt, purpose, isFrozen, lastReadAt } = application
  const withheld = scopes.includes(IMAGES_SCOPE) ? application.withheldImages : []
  const { home, format } = reader.texts
  const path = `/applications/${encodeURIComponent(client.clientId)}`
  return html`<article class="card">
${clientHeader(reader, client, html`<h3>${client.name}</h3>`)}
${isFrozen ? html`<div class="notice bad"><p>${home.frozen(path)}</p></div>` : ''}
<dl class="facts">
${purpose ? html`<div><dt>${home.purpose}</dt><dd><q>${purpose}</q></dd></div>` : ''}
<div><dt>${home.allowed}</dt><dd>${scopes.length > 0 ? titles(reader, scopes) : home.nothing}</dd></div>
${declined.length > 0 ? html`<div><dt>${home.declined}</dt><dd>${titles(reader, declined)}</dd></div>` : ''}
${withheld.length > 0 ? html`<div><dt>${home.withheld}</dt><dd>${format.list(withheld.map((kind) => photoLabel(reader.texts, kind)))}</dd></div>` : ''}
<div><dt>${home.since}</dt><dd>${day(reader, createdAt)}</dd></div>
<div><dt>${home.until}</dt><dd>${endsAt ? day(reader, endsAt) : home.untilYouEndIt}</dd></div>
<div><dt>${home.lastRead}</dt><dd>${lastReadAt ? moment(reader, lastReadAt) : home.neverRead}</dd></div>
</dl>
<form method="post" action="${path}/revoke">${csrfField(csrf)}<div class="buttons"><a class="button" href="${path}" aria-label="${home.changeLabel(client.name)}">${home.change}</a><button class="danger" name="revoke" aria-label="${reader.texts.application.endButton(client.name)}">${home.end}</button></div></form>
</article>`
}

const titles = ({ texts }: Reader, scopes: readonly Scope[]): Html =>
  html`<ul class="seen">${scopes.map((scope) => html`<li>${texts.scopes[scope].title}</li>`)}</ul>`

/** Who checked the document. */
export const verifierOf = ({ home }: Texts, vendor: string): string =>
  vendor === 'manual' ? home.people : capitalised(vendor)

export const capitalised = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)
