import { html } from 'hono/html'
import type { NameSource } from '../accounts/accounts.ts'
import type { OwnVerification } from '../id-verification/own-verifications.ts'
import { calendarDate, csrfField, day, type Html, page } from '../web/html.ts'
import { photoList } from '../web/photos.ts'
import type { Reader } from '../web/reader.ts'
import { wordFor } from '../web/texts/languages.ts'
import { outcomeNote } from './outcome-note.ts'
import { capitalised, matchNote, statusOf, verifierOf } from './pages.ts'

type Findings = NonNullable<OwnVerification['findings']>

/** The members of the findings, in the order in which documents print them. */
const FINDINGS = [
  'fullName',
  'givenName',
  'surname',
  'dateOfBirth',
  'nationality',
  'documentType',
  'country',
  'number',
  'issuedOn',
  'expiresOn',
] as const satisfies (keyof Findings)[]

/** One identity check in detail. `isRecent`: whether the photos and the document's data may be shown. */
export function verificationPage(
  reader: Reader,
  data: {
    verification: OwnVerification
    nameSource: NameSource
    isRecent: boolean
    csrf: string
  },
): Html {
  const { verification, isRecent, csrf } = data
  const { id, documentType, vendor, date, decidedAt, documentExpiresOn, isExpired } = verification
  const { common, home, verification: texts } = reader.texts
  const what = wordFor(home.kinds, documentType) ?? home.kinds.other
  const status = statusOf(reader.texts, verification)
  return page(reader, {
    title: what,
    body: html`<p><a href="/">${common.backToDocuments}</a></p>
<article class="card"><header><h1>${what}</h1><p class="status ${status.tone}">${status.words}</p></header>
${matchNote(reader.texts, verification)}
${outcomeNote(reader.texts, verification)}
<dl class="facts">
${fact(texts.checkedBy, verifierOf(reader.texts, vendor))}
${fact(texts.started, day(reader, date))}
${decidedAt ? fact(texts.decided, day(reader, decidedAt)) : ''}
${documentExpiresOn ? fact(isExpired ? texts.expired : texts.validUntil, calendarDate(reader, documentExpiresOn)) : ''}
</dl></article>
${
  isRecent
    ? html`${photos(reader, verification)}${findings(reader, verification)}${comparison(reader, data)}`
    : html`<form method="post" action="/verifications/${encodeURIComponent(id)}">${csrfField(csrf)}<p>${texts.hidden}</p><button name="details">${texts.show}</button></form>`
}
${attempts(reader, verification)}`,
  })
}

const section = (id: string, title: string, body: Html): Html =>
  html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${body}</section>`

const fact = (name: string, value: Html | string): Html =>
  html`<div><dt>${name}</dt><dd>${value}</dd></div>`

function photos({ texts }: Reader, { images, imagesPending }: OwnVerification): Html {
  const none = imagesPending ? texts.home.copying : texts.verification.noPhotos
  return section(
    'photos',
    texts.verification.photos,
    images.length > 0 ? photoList(texts, images) : html`<p>${none}</p>`,
  )
}

function findings(reader: Reader, { findings: found, isOfResident }: OwnVerification): Html {
  const { verification: texts } = reader.texts
  const facts = FINDINGS.flatMap((name) => {
    const value = found?.[name]
    return value ? [fact(texts.findings[name], describeValue(reader, name, value))] : []
  })
  const none = isOfResident ? texts.nothingRead : texts.notYours
  return section(
    'read',
    texts.read,
    facts.length > 0 ? html`<dl class="facts">${facts}</dl>` : html`<p>${none}</p>`,
  )
}

function describeValue(reader: Reader, name: keyof Findings, value: string): Html | string {
  const { format, home, verification } = reader.texts
  if (name === 'documentType')
    return value === 'other'
      ? verification.otherDocument
      : (wordFor(home.kinds, value) ?? capitalised(value))
  if (name === 'nationality' || name === 'country') return format.country(value) ?? value
  return dayOf(reader, value)
}

/** A calendar day in words; everything else as it was read. */
function dayOf(reader: Reader, value: string): Html | string {
  const date = new Date(`${value}T00:00:00Z`)
  return /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(date.getTime())
    ? calendarDate(reader, date)
    : value
}

function comparison(
  reader: Reader,
  {
    verification: { match, reference },
    nameSource,
  }: {
    verification: OwnVerification
    nameSource: NameSource
  },
): Html {
  const { verification: texts } = reader.texts
  const name = `${reference?.givenName ?? ''} ${reference?.surname ?? ''}`.trim()
  const birth = reference?.dateOfBirth
  const entries = [
    ...(name ? [fact(texts.name, texts.sources[nameSource](name))] : []),
    ...(birth
      ? [fact(texts.findings.dateOfBirth, texts.sources.registry(dayOf(reader, birth)))]
      : []),
  ]
  const isCompared = reference !== undefined && reference.statedBy !== 'resident'
  if (!isCompared || entries.length === 0)
    return section(
      'compared',
      texts.compared,
      html`<p>${match === null ? texts.notCompared : texts.noReference}</p>`,
    )
  return section(
    'compared',
    texts.compared,
    html`<p>${match === 'match' ? texts.matches : texts.differs}</p><dl class="facts">${entries}</dl>`,
  )
}

function attempts(reader: Reader, { decisions }: OwnVerification): Html {
  const { home, verification: texts } = reader.texts
  const listed = decisions.map(({ attempt, status, at, isReview }) => {
    const sentence = isReview ? texts.attemptReviewed : texts.attempt
    const result = wordFor(home.statuses, status) ?? status
    return html`<li>${sentence(String(attempt), result, day(reader, at))}</li>`
  })
  return section(
    'attempts',
    texts.attempts,
    listed.length > 0 ? html`<ol class="seen">${listed}</ol>` : html`<p>${texts.noAttempts}</p>`,
  )
}
