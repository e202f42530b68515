import { html } from 'hono/html'
import type { NameSource } from '../accounts/accounts.ts'
import type { OwnVerification } from '../id-verification/own-verifications.ts'
import { csrfField, day, type Html, page } from '../web/html.ts'
import { photoList } from '../web/photos.ts'
import { capitalised, DOCUMENTS, matchNote, STATUSES, statusOf } from './pages.ts'

type Findings = NonNullable<OwnVerification['findings']>

const TEXTS = {
  back: 'Back to your documents',
  check: 'Identity check',
  checkedBy: 'Checked by',
  started: 'Started',
  decided: 'Decided',
  validUntil: 'Valid until',
  expired: 'Expired on',
  photos: 'Photos',
  copying: 'We are copying the photos. They will appear here in a moment.',
  noPhotos: 'There are no photos to show.',
  read: 'What was read from the document',
  nothingRead: 'Nothing that could be read from the document was sent to us.',
  notYours:
    'This check was made for an organisation, and its document is not confirmed to be yours. What was read from it is not shown.',
  compared: 'What it was compared with',
  notCompared: 'A document is compared with your account when it is approved.',
  noReference:
    'There was nothing to compare it with: the name of your account is what you typed yourself.',
  matches: 'The document matches these entries of your account:',
  differs: 'The document was compared with these entries of your account:',
  name: 'Name',
  dateOfBirth: 'Date of birth',
  registry: 'from the registry',
  attempts: 'Attempts',
  noAttempts: 'No decision has arrived yet.',
  attempt: 'Attempt',
  byStaff: 'by staff of the organisation that started it',
  hidden: 'Sign in again to see the photos, and what was read from the document.',
  show: 'Show them',
}
const SOURCES: Record<NameSource, string> = {
  registry: TEXTS.registry,
  operator: 'entered by the people who run this portal',
  document: 'from an earlier document',
  resident: 'typed by you',
}
/** The members of the findings, in the order in which documents print them. */
const FINDINGS: Record<keyof Findings, string> = {
  fullName: 'Full name',
  givenName: 'Given names',
  surname: 'Surname',
  dateOfBirth: TEXTS.dateOfBirth,
  nationality: 'Nationality',
  documentType: 'Type of document',
  country: 'Issued by',
  number: 'Number',
  issuedOn: 'Issued on',
  expiresOn: 'Expires on',
}
const REGIONS = new Intl.DisplayNames('en-GB', { type: 'region', fallback: 'none' })

/** One identity check in detail. `isRecent`: whether the photos and the document's data may be shown. */
export function verificationPage(data: {
  verification: OwnVerification
  nameSource: NameSource
  isRecent: boolean
  csrf: string
}): Html {
  const { verification, isRecent, csrf } = data
  const { id, documentType, vendor, date, decidedAt, documentExpiresOn, isExpired } = verification
  const what = DOCUMENTS[documentType ?? ''] ?? TEXTS.check
  const status = statusOf(verification)
  return page({
    title: what,
    body: html`<p><a href="/">${TEXTS.back}</a></p>
<article class="card"><header><h1>${what}</h1><p class="status ${status.tone}">${status.words}</p></header>
${matchNote(verification)}
<dl class="facts">
${fact(TEXTS.checkedBy, capitalised(vendor))}
${fact(TEXTS.started, day(date))}
${decidedAt ? fact(TEXTS.decided, day(decidedAt)) : ''}
${documentExpiresOn ? fact(isExpired ? TEXTS.expired : TEXTS.validUntil, day(documentExpiresOn)) : ''}
</dl></article>
${
  isRecent
    ? html`${photos(verification)}${findings(verification)}${comparison(data)}`
    : html`<form method="post" action="/verifications/${encodeURIComponent(id)}">${csrfField(csrf)}<p>${TEXTS.hidden}</p><button name="details">${TEXTS.show}</button></form>`
}
${attempts(verification)}`,
  })
}

const section = (id: string, title: string, body: Html): Html =>
  html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${body}</section>`

const fact = (name: string, value: Html | string): Html =>
  html`<div><dt>${name}</dt><dd>${value}</dd></div>`

function photos({ images, imagesPending }: OwnVerification): Html {
  const none = imagesPending ? TEXTS.copying : TEXTS.noPhotos
  return section(
    'photos',
    TEXTS.photos,
    images.length > 0 ? photoList(images) : html`<p>${none}</p>`,
  )
}

function findings({ findings: found, isOfResident }: OwnVerification): Html {
  const facts = (Object.keys(FINDINGS) as (keyof Findings)[]).flatMap((name) => {
    const value = found?.[name]
    return value ? [fact(FINDINGS[name], describeValue(name, value))] : []
  })
  const none = isOfResident ? TEXTS.nothingRead : TEXTS.notYours
  return section(
    'read',
    TEXTS.read,
    facts.length > 0 ? html`<dl class="facts">${facts}</dl>` : html`<p>${none}</p>`,
  )
}

function describeValue(name: keyof Findings, value: string): Html | string {
  if (name === 'documentType') return DOCUMENTS[value] ?? capitalised(value)
  if (name === 'nationality' || name === 'country')
    return /^[A-Z]{2}$/.test(value) ? (REGIONS.of(value) ?? value) : value
  return dayOf(value)
}

/** A calendar day in words; everything else as it was read. */
function dayOf(value: string): Html | string {
  const date = new Date(`${value}T00:00:00Z`)
  return /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(date.getTime()) ? day(date) : value
}

function comparison({
  verification: { match, reference },
  nameSource,
}: {
  verification: OwnVerification
  nameSource: NameSource
}): Html {
  const entries = [
    ...(reference?.givenName || reference?.surname
      ? [
          fact(
            TEXTS.name,
            `${reference.givenName} ${reference.surname} (${SOURCES[nameSource]})`.trim(),
          ),
        ]
      : []),
    ...(reference?.dateOfBirth
      ? [fact(TEXTS.dateOfBirth, html`${dayOf(reference.dateOfBirth)} (${TEXTS.registry})`)]
      : []),
  ]
  const isCompared = reference !== undefined && reference.statedBy !== 'resident'
  if (!isCompared || entries.length === 0)
    return section(
      'compared',
      TEXTS.compared,
      html`<p>${match === null ? TEXTS.notCompared : TEXTS.noReference}</p>`,
    )
  return section(
    'compared',
    TEXTS.compared,
    html`<p>${match === 'match' ? TEXTS.matches : TEXTS.differs}</p><dl class="facts">${entries}</dl>`,
  )
}

function attempts({ decisions }: OwnVerification): Html {
  const listed = decisions.map(
    ({ attempt, status, at, isReview }) =>
      html`<li>${TEXTS.attempt} ${attempt}: ${STATUSES[status]?.words ?? status}, ${day(at)}${isReview ? `, ${TEXTS.byStaff}` : ''}</li>`,
  )
  return section(
    'attempts',
    TEXTS.attempts,
    listed.length > 0 ? html`<ol class="seen">${listed}</ol>` : html`<p>${TEXTS.noAttempts}</p>`,
  )
}
