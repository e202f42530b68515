import { html } from 'hono/html'
import type { OwnCapture, UploadType } from '../id-verification/captures.ts'
import type { ConnectedPhone, PhoneState } from '../id-verification/phone-links.ts'
import { csrfField, type Html, page } from '../web/html.ts'
import { photoLabel } from '../web/photos.ts'
import { qrCode } from '../web/qr-code.ts'
import type { Reader } from '../web/reader.ts'
import { sentPhoto } from './manual-photo-page.ts'
import { isOpenCapture, manualPath, nextOf, SLUGS } from './manual-steps.ts'

type DeskData = {
  capture: OwnCapture
  state: PhoneState | undefined
  /** The address that the phone opens, while the state is `waiting`. */
  link: string
  isRecent: boolean
  csrf: string
  fault?: 'wrong' | 'ended' | undefined
}

/** On the signed-in browser: shows the QR code, asks for the phone's code, and shows what arrived. The script keeps it up to date. */
export function phoneDeskPage(reader: Reader, data: DeskData): Html {
  const { capture, state, fault } = data
  const { capture: texts } = reader.texts
  const { phone } = texts
  return page(reader, {
    title: fault ? texts.errorTitle(phone.title) : phone.title,
    camera: true,
    body: html`<p><a href="${manualPath(capture.id)}">${texts.backToSteps}</a></p>
<h1>${phone.title}</h1>
${fault === 'ended' ? html`<div class="notice bad" role="alert"><p>${phone.ended}</p></div>` : ''}
<div data-live="${manualPath(capture.id, 'phone')}" aria-live="polite">${deskState(reader, state, data)}</div>`,
  })
}

function deskState(reader: Reader, state: PhoneState | undefined, data: DeskData): Html {
  switch (state) {
    case undefined:
      return offer(reader, data)
    case 'waiting':
      return html`<section class="card"><p>${reader.texts.capture.phone.scan}</p>
${qrCode(data.link, reader.texts.capture.phone.qrCode)}
<p class="quiet">${reader.texts.capture.phone.waiting}</p>${refresh(reader, data)}${endForm(reader, data)}</section>`
    case 'opened':
      return codeForm(reader, data)
    case 'connected':
      return arrived(reader, data)
  }
}

const phoneForm = ({ capture, csrf }: DeskData, body: Html): Html =>
  html`<form method="post" action="${manualPath(capture.id, 'phone')}">${csrfField(csrf)}${body}</form>`

const refresh = ({ texts }: Reader, { capture }: DeskData): Html =>
  html`<p data-by-hand><a href="${manualPath(capture.id, 'phone')}">${texts.capture.phone.refresh}</a></p>`

const endForm = ({ texts }: Reader, data: DeskData): Html =>
  phoneForm(data, html`<button name="end">${texts.capture.phone.end}</button>`)

function offer({ texts }: Reader, data: DeskData): Html {
  const { phone } = texts.capture
  return html`<section class="card"><p>${phone.lead}</p><ul class="seen"><li>${phone.noSignIn}</li><li>${phone.onlyPhotos}</li></ul>
${phoneForm(data, html`<div class="buttons"><button class="primary" name="create">${phone.create}</button></div>`)}</section>`
}

function codeForm(reader: Reader, data: DeskData): Html {
  const { phone } = reader.texts.capture
  const isWrong = data.fault === 'wrong'
  return html`<section class="card"><p>${phone.opened}</p>
${phoneForm(
  data,
  html`<div class="field"><label for="code">${phone.code}</label>
<p class="quiet" id="code-hint">${phone.codeHint}</p>
${isWrong ? html`<p class="fault" id="code-fault" role="alert">${phone.wrongCode}</p>` : ''}
<input id="code" name="code" type="text" inputmode="numeric" maxlength="4" autocomplete="off" required aria-describedby="code-hint${isWrong ? ' code-fault' : ''}"${isWrong ? html` aria-invalid="true"` : ''}></div>
<div class="buttons"><button class="primary" name="confirm-phone">${phone.connect}</button></div>`,
)}
${phoneForm(data, html`<p class="quiet">${phone.notMine}</p><button name="end">${phone.end}</button>`)}</section>`
}

function arrived(reader: Reader, data: DeskData): Html {
  const { capture, isRecent } = data
  const { capture: texts } = reader.texts
  const lines = photosOf(capture).map(({ type, isDone }) => {
    const photo = capture.photos[type]
    const words = isDone ? texts.done : texts.toDo
    const label = photoLabel(reader.texts, type)
    return html`<li>${label} <span class="status ${isDone ? 'good' : 'waiting'}">${words}</span>${isRecent && photo ? sentPhoto(photo, label) : ''}</li>`
  })
  return html`<section class="card"><div class="notice good"><p>${texts.phone.connected}</p></div>
<ul class="steps">${lines}</ul>${refresh(reader, data)}
<div class="buttons"><a class="button primary" href="${manualPath(capture.id, nextOf(capture))}">${texts.phone.goOnHere}</a></div>${endForm(reader, data)}</section>`
}

const photosOf = ({ steps }: OwnCapture): { type: UploadType; isDone: boolean }[] =>
  steps.flatMap(({ step, isDone }) => (step === 'details' ? [] : [{ type: step, isDone }]))

/** On the phone, before the link is used. It says nothing about the resident: anybody may have opened it. */
export const openLinkPage = (reader: Reader, { action }: { action: string }): Html => {
  const { phone } = reader.texts.capture
  return page(reader, {
    title: phone.openTitle,
    body: html`<section class="card narrow"><h1>${phone.openTitle}</h1>
<p>${phone.openLead}</p><p class="quiet">${phone.openWarning}</p>
<form method="post" action="${action}"><div class="buttons"><button class="primary">${phone.open}</button></div></form></section>`,
  })
}

/** On the phone: the code to type into the browser, then the photos. */
export function phonePage(
  reader: Reader,
  { phone, capture }: { phone: ConnectedPhone; capture: OwnCapture },
): Html {
  const { phone: texts } = reader.texts.capture
  return page(reader, {
    title: texts.onPhoneTitle,
    camera: true,
    body: html`<h1>${texts.onPhoneTitle}</h1>
<div data-live="/verify/phone" aria-live="polite">${
      phone.code === undefined
        ? photosToTake(reader, capture, phone.givenName)
        : html`<section class="card"><p>${texts.typeCode}</p><p class="code">${phone.code}</p>
<p class="quiet">${texts.typeCodeHint}</p><p data-by-hand><a href="/verify/phone">${texts.refresh}</a></p></section>`
    }</div>`,
  })
}

function photosToTake(reader: Reader, capture: OwnCapture, givenName: string): Html {
  const { capture: texts } = reader.texts
  if (!isOpenCapture(capture)) return html`<p>${texts.phone.sent}</p>`
  const photos = photosOf(capture)
  const next = photos.find(({ isDone }) => !isDone)
  return html`<p class="lead">${texts.phone.takingFor(givenName)}</p><section class="card"><ul class="steps">${photos.map(
    ({ type, isDone }) =>
      html`<li><a href="/verify/phone/${SLUGS[type]}">${texts.photo.steps[type].title}</a> <span class="status ${isDone ? 'good' : 'waiting'}">${isDone ? texts.done : texts.toDo}</span></li>`,
  )}</ul>
${
  next
    ? html`<div class="buttons"><a class="button primary" href="/verify/phone/${SLUGS[next.type]}">${texts.goOn}</a></div>`
    : html`<div class="notice good"><p>${texts.phone.allHere}</p></div>`
}</section>`
}
