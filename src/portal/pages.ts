import { html } from 'hono/html'
import type { ClientProfile } from '../clients/profile.ts'
import { SCOPES, type Scope } from '../clients/scopes.ts'
import { clientHeader } from '../consents/page.ts'
import { csrfField, day, type Html, page } from '../web/html.ts'
import { photoList, type SmallPhoto } from '../web/photos.ts'

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
  imagesPending: boolean
  /** No image could be read. */
  imagesRefused: boolean
  images: SmallPhoto[]
  /** There are images, but the resident has to sign in again to view them. */
  imagesHidden: boolean
}
/** What its status follows from. */
type Judged = Omit<Verification, 'images' | 'imagesHidden'>
type Application = {
  client: ClientProfile
  scopes: Scope[]
  declined: Scope[]
  createdAt: Date
  endsAt: Date | null
  isFrozen: boolean
  /** When it last obtained a token. */
  lastTokenAt: Date | null
}

export const STATUSES: Record<string, { words: string; tone: 'good' | 'bad' | 'waiting' }> = {
  pending: { words: 'In progress', tone: 'waiting' },
  approved: { words: 'Approved', tone: 'good' },
  declined: { words: 'Declined', tone: 'bad' },
  resubmission: { words: 'New photos needed', tone: 'waiting' },
  review: { words: 'Being reviewed', tone: 'waiting' },
  expired: { words: 'Expired', tone: 'bad' },
  error: { words: 'Could not be completed', tone: 'bad' },
}
export const DOCUMENTS: Record<string, string> = {
  passport: 'Passport',
  national_id: 'Identity card',
  drivers_license: 'Driving licence',
  residence_permit: 'Residence permit',
  visa: 'Visa',
}

/** The resident's home page: identity checks, and the applications that may see them. */
export function homePage(data: {
  account: { name: string; email: string }
  verifications: Verification[]
  applications: Application[]
  /** The name on the document, when the account still has the name that the resident typed. */
  offeredName: { verificationId: string; givenName: string; surname: string } | undefined
  csrf: string
  notice?: string | undefined
}): Html {
  const { account, verifications, applications, offeredName, csrf, notice } = data
  return page({
    title: 'Your documents',
    actions: html`<form method="post" action="/sign-out" class="sign-out">${csrfField(csrf)}<span>${account.email}</span> <a href="/account">Your account</a> <button class="plain" name="sign-out">Sign out</button></form>`,
    body: html`${notice ? html`<div class="notice good" role="status"><p>${notice}</p></div>` : ''}
<h1>Good to see you, ${account.name}</h1>
${offeredName ? nameCard(offeredName, csrf) : ''}
<section aria-labelledby="verifications"><h2 id="verifications">Your identity checks</h2>
${
  verifications.length === 0
    ? html`<p class="empty">Nothing here yet. After an identity check, the result and the photos appear on this page.</p>`
    : verifications.map((verification) => verificationCard(verification, csrf))
}</section>
<section aria-labelledby="applications"><h2 id="applications">Who may see your data</h2>
${
  applications.length === 0
    ? html`<p class="empty">Nobody. When you allow an application to see your data, it is listed here, and you can end its access here.</p>`
    : applications.map((application) => applicationCard(application, csrf))
}
<p><a href="/activity">Who has read your data, and when</a></p>
<p><a href="/links">Linked organisations</a></p></section>`,
  })
}

/** Offers to replace the name that the resident typed by the name on the document. */
const nameCard = (
  {
    verificationId,
    givenName,
    surname,
  }: { verificationId: string; givenName: string; surname: string },
  csrf: string,
): Html => html`<section class="card" aria-labelledby="name"><h2 id="name">Your name</h2>
<p>The name on your document is <strong>${givenName} ${surname}</strong>. Use this name for your account?</p>
<form method="post" action="/verifications/${verificationId}/name">${csrfField(csrf)}<button name="adopt">Use this name</button></form></section>`

const DIFFERENCES: Record<string, string> = {
  name: 'The name on the document is different from the name of your account.',
  'birth-date': 'The date of birth on the document is different from the one in the registry.',
  'birth-date-missing': 'The date of birth on the document could not be read.',
  'name-missing': 'The name on the document could not be read.',
}

/** Explains why an approved document does not count yet, or not at all. */
export function matchNote({ status, match, matchDifferences, matchReview }: Judged): Html | '' {
  if (status !== 'approved' || match === 'match' || match === 'no-reference') {
    if (matchReview !== 'rejected' || status !== 'approved') return ''
  }
  if (matchReview === 'accepted') return ''
  if (match === null)
    return html`<p>We are comparing the document with your account. Until that is done, no application can see it.</p>`
  const differences = matchDifferences.map((code) => html`<li>${DIFFERENCES[code] ?? code}</li>`)
  const why = differences.length > 0 ? html`<ul>${differences}</ul>` : ''
  return matchReview === 'rejected'
    ? html`<p>We reviewed this document and do not accept it for your account.</p>${why}<p>No application can see it. If you think this is wrong, write to the people who run this portal.</p>`
    : html`<p>This document does not match your account:</p>${why}<p>One of our staff will review it. Until then, no application can see it.</p>`
}

export function statusOf(verification: Judged): {
  words: string
  tone: 'good' | 'bad' | 'waiting'
} {
  const { status, match, matchReview, isExpired } = verification
  if (status === 'approved' && matchReview === 'rejected')
    return { words: 'Not accepted', tone: 'bad' }
  if (status === 'approved' && matchReview === null && (match === 'mismatch' || match === null))
    return { words: 'Being reviewed', tone: 'waiting' }
  if (status === 'approved' && isExpired) return { words: 'Document expired', tone: 'bad' }
  return STATUSES[status] ?? { words: status, tone: 'waiting' }
}

function verificationCard(verification: Verification, csrf: string): Html {
  const status = statusOf(verification)
  const { documentExpiresOn, isExpired } = verification
  const what = DOCUMENTS[verification.documentType ?? ''] ?? 'Identity check'
  return html`<article class="card">
<header><h3>${what}</h3><p class="status ${status.tone}">${status.words}</p></header>
<p class="quiet">Started on ${day(verification.date)}, checked by ${capitalised(verification.vendor)}.</p>
${matchNote(verification)}
${documentExpiresOn ? html`<p class="quiet">The document ${isExpired ? 'expired' : 'is valid until'} ${isExpired ? 'on ' : ''}${day(documentExpiresOn)}.${isExpired ? ' Applications can see that it has expired. Please have a new document checked.' : ''}</p>` : ''}
${verification.imagesPending ? html`<p class="quiet">We are copying the photos. They will appear here in a moment.</p>` : ''}
${verification.imagesRefused ? html`<p class="quiet">We could not read the photos from ${capitalised(verification.vendor)}, so there is nothing to show. The people who run this portal can request them again.</p>` : ''}
${verification.imagesHidden ? html`<form method="post" action="/photos">${csrfField(csrf)}<button name="photos">Show the photos</button></form>` : ''}
${verification.images.length > 0 ? photoList(verification.images) : ''}
<p class="more"><a href="/verifications/${encodeURIComponent(verification.id)}">Details of this check</a></p></article>`
}

function applicationCard(application: Application, csrf: string): Html {
  const { client, scopes, declined, createdAt, endsAt, isFrozen, lastTokenAt } = application
  const path = `/applications/${encodeURIComponent(client.clientId)}`
  return html`<article class="card">
${clientHeader(client, html`<h3>${client.name}</h3>`)}
${isFrozen ? html`<div class="notice bad"><p>Frozen: somebody used a link in an e-mail to you to report that you did not allow this application. It cannot see any of your data until you <a href="${path}">lift the freeze or end its access</a>.</p></div>` : ''}
<dl class="facts">
<div><dt>Allowed</dt><dd>${scopes.length > 0 ? html`<ul class="seen">${scopes.map((scope) => html`<li>${SCOPES[scope].title}</li>`)}</ul>` : 'nothing'}</dd></div>
${declined.length > 0 ? html`<div><dt>Declined</dt><dd><ul class="seen">${declined.map((scope) => html`<li>${SCOPES[scope].title}</li>`)}</ul></dd></div>` : ''}
<div><dt>Since</dt><dd>${day(createdAt)}</dd></div>
<div><dt>Until</dt><dd>${endsAt ? day(endsAt) : 'you end it'}</dd></div>
${lastTokenAt ? html`<div><dt>Last connected</dt><dd>${day(lastTokenAt)}</dd></div>` : ''}
</dl>
<form method="post" action="${path}/revoke">${csrfField(csrf)}<div class="buttons"><a class="button" href="${path}" aria-label="Change what ${client.name} may see">Change</a><button class="danger" name="revoke" aria-label="End access of ${client.name}">End access</button></div></form>
</article>`
}

export const capitalised = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)
