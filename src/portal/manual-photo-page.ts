import { html } from 'hono/html'
import type { OwnCapture, UploadType } from '../id-verification/captures.ts'
import { MAX_IMAGE_BYTES } from '../id-verification/image.ts'
import { csrfField, type Html, page } from '../web/html.ts'
import { photoPath } from '../web/photos.ts'
import type { Reader } from '../web/reader.ts'
import { SLUGS } from './manual-steps.ts'

/** Why a photo was not taken, by the name of its text. */
export type PhotoFault = keyof Reader['texts']['capture']['photo']['faults']

/** Where the page is. `showsPhotos`: whether this browser may show what was sent. */
export type PhotoPlace = {
  action: string
  back: string
  csrf: string
  showsPhotos: boolean
}

/**
 * The step that takes one photo. The form alone works, with the camera of a phone; the script adds a live view, a preview, and advice
 * about the photo before it is sent. The server decides.
 */
export function photoStepPage(
  reader: Reader,
  data: {
    capture: OwnCapture
    step: UploadType
    place: PhotoPlace
    fault?: PhotoFault | undefined
  },
): Html {
  const { capture, step, place, fault } = data
  const { capture: texts } = reader.texts
  const { title, lead } = texts.photo.steps[step]
  const number = capture.steps.findIndex((each) => each.step === step) + 1
  const faces = step === 'selfie' ? 'user' : 'environment'
  const described = fault ? 'image-hint image-fault' : 'image-hint'
  return page(reader, {
    title: fault ? texts.errorTitle(title) : title,
    camera: true,
    body: html`<p><a href="${place.back}">${texts.backToSteps}</a></p>
<h1>${title}</h1>
<p class="lead">${lead}</p>
<ul class="seen">${texts.photo.advice[step].map((each) => html`<li>${each}</li>`)}</ul>
${sent(reader, data)}
<form method="post" action="${place.action}" enctype="multipart/form-data" class="card capture" data-photo="${SLUGS[step]}" data-facing="${faces}" data-most-bytes="${MAX_IMAGE_BYTES}">
${csrfField(place.csrf)}
<p class="quiet">${texts.stepOf(String(number), String(capture.steps.length))}</p>
${camera(reader, capture, step)}
<div class="field"><label for="image">${texts.photo.file}</label>
<p class="quiet" id="image-hint">${texts.photo.hint}</p>
${fault ? html`<p class="fault" id="image-fault" role="alert">${texts.photo.faults[fault]}</p>` : ''}
<input id="image" name="image" type="file" accept="image/*" capture="${faces}" required aria-describedby="${described}"${fault ? html` aria-invalid="true"` : ''}></div>
<div class="preview" data-preview hidden><canvas role="img" aria-label="${texts.photo.preview}"></canvas></div>
<div role="status" data-advice>${(['small', 'dark', 'blurred', 'type', 'large', 'unknown', 'good'] as const).map((name) => html`<p data-says="${name}" hidden>${texts.photo.says[name]}</p>`)}</div>
<div class="buttons"><button class="primary">${texts.photo.send}</button></div>
<p role="status" data-sending hidden>${texts.photo.sending} <progress max="100" aria-label="${texts.photo.progress}"></progress></p>
<p class="fault" role="alert" data-broken hidden>${texts.photo.broken}</p>
</form>`,
  })
}

/** The live view, which the script shows where the browser has a camera. */
function camera({ texts }: Reader, { documentType }: OwnCapture, step: UploadType): Html {
  const { photo } = texts.capture
  const shape = step === 'selfie' ? 'face' : documentType === 'passport' ? 'booklet' : 'card'
  return html`<div data-camera hidden>
<div class="buttons"><button type="button" data-open>${photo.openCamera}</button></div>
<p class="fault" role="alert" data-refused hidden>${photo.noCamera}</p>
<div data-finder hidden><div class="finder ${shape}"><video playsinline muted aria-label="${photo.view}"></video><div class="outline" aria-hidden="true"></div></div>
<p class="quiet">${photo.outline[shape]}</p>
<div role="status">${(['dark', 'blurred'] as const).map((name) => html`<p data-live-says="${name}" hidden>${photo.live[name]}</p>`)}</div>
<div class="buttons"><button type="button" class="primary" data-take>${photo.take}</button><button type="button" data-close>${photo.closeCamera}</button></div></div>
</div>`
}

function sent(
  { texts }: Reader,
  { capture, step, place }: { capture: OwnCapture; step: UploadType; place: PhotoPlace },
): Html | '' {
  const photo = capture.photos[step]
  if (!photo) return ''
  const isDone = capture.steps.some((each) => each.step === step && each.isDone)
  const note = isDone ? texts.capture.photo.received : texts.capture.photo.replace
  return html`<div class="notice ${isDone ? 'good' : 'waiting'}"><p>${note}</p></div>
${place.showsPhotos ? sentPhoto(photo, texts.home.images[step]) : ''}`
}

/** A photo that was sent, small. */
export const sentPhoto = (photo: { id: string; hasThumbnail: boolean }, label: string): Html =>
  html`<p class="sent"><a href="${photoPath(photo.id)}"><img src="${photoPath(photo.id)}/${photo.hasThumbnail ? 'thumbnail' : 'image'}" alt="${label}"></a></p>`
