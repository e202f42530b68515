import { html } from 'hono/html'
import {
  CAPTURED_DOCUMENTS,
  type CaptureStep,
  type OwnCapture,
  UPLOAD_TYPES,
} from '../id-verification/captures.ts'
import { STATELESS } from '../id-verification/countries.ts'
import { csrfField, day, type Html, page } from '../web/html.ts'
import { photoLabel } from '../web/photos.ts'
import type { Reader } from '../web/reader.ts'
import { wordFor } from '../web/texts/languages.ts'
import { sentPhoto } from './manual-photo-page.ts'
import { isOpenCapture, manualPath, nextOf, SLUGS } from './manual-steps.ts'

type Data = { capture: OwnCapture; isRecent: boolean; csrf: string }

/** Where the verification stands: its steps while they are open, afterwards who looks at it. */
export const overviewPage = (reader: Reader, data: Data): Html =>
  isOpenCapture(data.capture) ? stepsPage(reader, data.capture) : sentPage(reader, data)

function stepsPage(reader: Reader, capture: OwnCapture): Html {
  const { capture: texts, home } = reader.texts
  const { id, documentType, asked } = capture
  const hasBegun = documentType !== undefined
  const chosen = hasBegun ? home.kinds[documentType] : undefined
  return page(reader, {
    title: texts.title,
    body: html`<p><a href="/">${reader.texts.common.backToDocuments}</a></p>
<h1>${texts.title}</h1>
<p class="lead">${texts.lead}</p>
${asked.length > 0 ? askedNotice(reader, capture) : ''}
<section class="card"><ol class="steps">
${stepLine(reader, { id, slug: 'document', title: chosen ?? texts.choose.title, isDone: hasBegun })}
${
  hasBegun
    ? capture.steps.map(({ step, isDone }) =>
        stepLine(reader, {
          id,
          slug: SLUGS[step],
          title: titleOf(reader, step),
          isDone,
          isAsked: asked.includes(step),
        }),
      )
    : ''
}
</ol>
<div class="buttons"><a class="button primary" href="${manualPath(id, nextOf(capture))}">${hasBegun ? texts.goOn : texts.begin}</a>${
      hasBegun
        ? html`<a class="button" href="${manualPath(id, 'phone')}">${texts.usePhone}</a>`
        : ''
    }</div></section>
<p class="quiet">${texts.who}</p>`,
  })
}

const titleOf = ({ texts: { capture } }: Reader, step: CaptureStep): string =>
  step === 'details' ? capture.details.title : capture.photo.steps[step].title

function stepLine(
  { texts: { capture: texts } }: Reader,
  step: {
    id: string
    slug: string
    title: string
    isDone: boolean
    isAsked?: boolean
  },
): Html {
  const [words, tone] = step.isDone
    ? [texts.done, 'good']
    : step.isAsked
      ? [texts.again, 'bad']
      : [texts.toDo, 'waiting']
  return html`<li><a href="${manualPath(step.id, step.slug)}">${step.title}</a> <span class="status ${tone}">${words}</span></li>`
}

/** What the reviewer asked for, in the reviewer's own words. */
const askedNotice = (reader: Reader, { asked, askedBecause }: OwnCapture): Html => {
  const { texts } = reader
  const steps = texts.format.list(asked.map((step) => titleOf(reader, step)))
  return html`<div class="notice bad"><p>${texts.capture.asked(steps)}</p>${
    askedBecause ? html`<blockquote>${askedBecause}</blockquote>` : ''
  }</div>`
}

function sentPage(reader: Reader, { capture, isRecent, csrf }: Data): Html {
  const { capture: texts, common, home } = reader.texts
  const isWaiting = capture.status === 'review'
  const status = wordFor(home.statuses, capture.status) ?? capture.status
  return page(reader, {
    title: isWaiting ? texts.sentTitle : texts.title,
    body: html`<p><a href="/">${common.backToDocuments}</a></p>
<h1>${isWaiting ? texts.sentTitle : texts.title}</h1>
${isWaiting ? html`<p class="lead">${texts.sentLead}</p>` : html`<p class="lead">${texts.decided(status)}</p>`}
<p><a href="/verifications/${encodeURIComponent(capture.id)}">${home.details}</a></p>
${isWaiting ? sentPhotos(reader, capture, isRecent) : ''}
${isWaiting && !isRecent ? html`<form method="post" action="${manualPath(capture.id)}">${csrfField(csrf)}<button name="open">${home.showPhotos}</button></form>` : ''}`,
  })
}

/** The photos of the steps; without a recent sign-in that they were received. */
function sentPhotos({ texts }: Reader, { photos, steps }: OwnCapture, isRecent: boolean): Html {
  const sent = UPLOAD_TYPES.filter((type) => steps.some(({ step }) => step === type))
  return html`<ul class="images">${sent.map((type) => {
    const photo = photos[type]
    const label = photoLabel(texts, type)
    if (!photo) return ''
    return html`<li>${isRecent ? sentPhoto(photo, label) : ''}${isRecent ? html`<span>${label}</span>` : html`<p>${texts.capture.receivedPhoto(label)}</p>`}</li>`
  })}</ul>`
}

/** The step that chooses the document. */
export function chooseDocumentPage(
  reader: Reader,
  data: { capture: OwnCapture; csrf: string; isMissing: boolean },
): Html {
  const { capture, csrf, isMissing } = data
  const { capture: texts, home } = reader.texts
  const { title, lead, missing } = texts.choose
  return page(reader, {
    title: isMissing ? texts.errorTitle(title) : title,
    body: html`<p><a href="${manualPath(capture.id)}">${texts.backToSteps}</a></p>
<h1>${title}</h1>
<form method="post" action="${manualPath(capture.id, 'document')}" class="card">
${csrfField(csrf)}
<fieldset class="choices"${isMissing ? html` aria-describedby="document-fault"` : ''}><legend>${lead}</legend>
${isMissing ? html`<p class="fault" id="document-fault" role="alert">${missing}</p>` : ''}
${CAPTURED_DOCUMENTS.map(
  (type) =>
    html`<div class="choice"><input id="${type}" name="document" type="radio" value="${type}"${type === capture.documentType ? html` checked` : ''}><label for="${type}">${home.kinds[type]}</label></div>`,
)}</fieldset>
${capture.document ? html`<p class="quiet">${texts.choose.replaces}</p>` : ''}
<div class="buttons"><button class="primary" name="choose">${reader.texts.common.continue}</button></div>
</form>`,
  })
}

/** Everything before it is sent. */
export function checkPage(reader: Reader, data: Data & { isBusy: boolean }): Html {
  const { capture, isRecent, isBusy, csrf } = data
  const { capture: texts } = reader.texts
  const action = manualPath(capture.id, 'check')
  return page(reader, {
    title: isBusy ? texts.errorTitle(texts.check.title) : texts.check.title,
    body: html`<p><a href="${manualPath(capture.id)}">${texts.backToSteps}</a></p>
<h1>${texts.check.title}</h1>
${isBusy ? html`<div class="notice bad" role="alert"><p>${texts.check.busy}</p></div>` : ''}
${
  isRecent
    ? html`<section class="card" aria-labelledby="photos"><h2 id="photos">${reader.texts.verification.photos}</h2>${sentPhotos(reader, capture, true)}
${changes(reader, capture)}</section>
${stated(reader, capture)}
<form method="post" action="${action}" class="card">${csrfField(csrf)}
<p>${texts.check.lead}</p>
<div class="buttons"><button class="primary" name="right">${texts.check.send}</button></div></form>`
    : html`<form method="post" action="${action}">${csrfField(csrf)}<p>${texts.confirmFirst}</p><button class="primary" name="open">${reader.texts.common.continue}</button></form>`
}`,
  })
}

/** Each photo can be taken again. */
const changes = (reader: Reader, { id, steps }: OwnCapture): Html =>
  html`<ul class="seen">${steps.flatMap(({ step }) =>
    step === 'details'
      ? []
      : [
          html`<li><a href="${manualPath(id, SLUGS[step])}">${reader.texts.capture.check.change(photoLabel(reader.texts, step))}</a></li>`,
        ],
  )}</ul>`

function stated(reader: Reader, { id, documentType, document }: OwnCapture): Html {
  const { capture: texts, home, verification, format } = reader.texts
  const { findings } = verification
  const country = (code: string | undefined) =>
    code && (code === STATELESS ? texts.details.stateless : (format.country(code) ?? code))
  const date = (text: string | undefined) => text && day(reader, new Date(`${text}T00:00:00Z`))
  const facts: [string, Html | string | undefined][] = [
    [findings.documentType, documentType && home.kinds[documentType]],
    [findings.givenName, document?.givenName],
    [findings.surname, document?.surname],
    [findings.dateOfBirth, date(document?.dateOfBirth)],
    [findings.number, document?.number],
    [findings.nationality, country(document?.nationality)],
    [findings.country, country(document?.country)],
    [findings.expiresOn, date(document?.expiresOn)],
  ]
  return html`<section class="card" aria-labelledby="stated"><h2 id="stated">${texts.check.stated}</h2>
<dl class="facts">${facts.map(([name, value]) => (value ? html`<div><dt>${name}</dt><dd>${value}</dd></div>` : ''))}</dl>
${document && document.mrz.length > 0 ? html`<p class="quiet">${texts.check.linesFit}</p>` : ''}
<p><a href="${manualPath(id, 'details')}">${texts.check.changeDetails}</a></p></section>`
}
