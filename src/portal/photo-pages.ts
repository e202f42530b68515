import { html } from 'hono/html'
import type { Photo } from '../id-verification/own-verifications.ts'
import { csrfField, day, type Html, page } from '../web/html.ts'
import { photoLabel, photoPath } from '../web/photos.ts'

const TEXTS = {
  unreadable: 'This photo cannot be shown right now.',
  later: 'It is kept safely. Please try again in a few minutes.',
  hidden: 'Sign in again to see this photo.',
  show: 'Show the photo',
  zoom: 'Show in actual size',
  region: 'The photo in actual size, to be scrolled',
  open: 'Open the photo alone',
  download: 'Download',
  back: 'Back to the identity check',
  taken: 'Taken',
  stored: 'Stored',
  type: 'Type',
  size: 'Size',
  digest: 'SHA-256',
  digestUse:
    'The digest identifies this file: a copy that somebody else has is the same file exactly when it has the same digest.',
}
const FORMATS: Record<string, string> = {
  'image/jpeg': 'JPEG',
  'image/png': 'PNG',
  'image/webp': 'WebP',
}
const BYTES = new Intl.NumberFormat('en-GB', {
  style: 'unit',
  unit: 'kilobyte',
  maximumFractionDigits: 0,
})

/** One photo with what is known of it. `state`: `hidden` before a recent sign-in, `unreadable` while the bucket does not return it. */
export function photoPage({
  photo,
  state,
  csrf,
}: {
  photo: Photo
  state: 'shown' | 'hidden' | 'unreadable'
  csrf: string
}): Html {
  const { id, verificationId, type, contentType, size, sha256, capturedAt, storedAt } = photo
  const label = photoLabel(type)
  return page({
    title: label,
    body: html`<p><a href="/verifications/${encodeURIComponent(verificationId)}">${TEXTS.back}</a></p>
<h1>${label}</h1>
${state === 'shown' ? picture(id, label) : ''}
${state === 'hidden' ? html`<form method="post" action="${photoPath(id)}">${csrfField(csrf)}<p>${TEXTS.hidden}</p><button name="photos">${TEXTS.show}</button></form>` : ''}
${state === 'unreadable' ? html`<div class="notice bad" role="status"><p>${TEXTS.unreadable} ${TEXTS.later}</p></div>` : ''}
<dl class="facts">
<div><dt>${TEXTS.type}</dt><dd>${FORMATS[contentType] ?? contentType}</dd></div>
${capturedAt ? html`<div><dt>${TEXTS.taken}</dt><dd>${day(capturedAt)}</dd></div>` : ''}
${storedAt ? html`<div><dt>${TEXTS.stored}</dt><dd>${day(storedAt)}</dd></div>` : ''}
${size === null ? '' : html`<div><dt>${TEXTS.size}</dt><dd>${BYTES.format(Math.ceil(size / 1000))}</dd></div>`}
${sha256 === null ? '' : html`<div><dt>${TEXTS.digest}</dt><dd><code>${sha256}</code></dd></div>`}
</dl>
${sha256 === null ? '' : html`<p class="quiet">${TEXTS.digestUse}</p>`}`,
  })
}

/** The box enlarges the picture by the stylesheet alone. */
const picture = (id: string, label: string): Html => html`<div class="viewer">
<input id="zoom" type="checkbox"><label for="zoom">${TEXTS.zoom}</label>
<div class="photo" tabindex="0" role="region" aria-label="${TEXTS.region}"><img src="${photoPath(id)}/image" alt="${label}"></div>
</div>
<div class="buttons"><a class="button" href="${photoPath(id)}/image">${TEXTS.open}</a><a class="button" href="${photoPath(id)}/image?download=1" download>${TEXTS.download}</a></div>`

const NOTICES = {
  unreadable: ['This photo', 'cannot be shown', 'right now.'],
  hidden: ['Sign in again', 'to see', 'this photo.'],
}

/** In place of a picture that cannot be shown: a drawing with the reason, of the size of a small picture. */
export const drawNotice = (reason: keyof typeof NOTICES): string =>
  String(
    html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 180 120" width="180" height="120" role="img" aria-label="${NOTICES[reason].join(' ')}"><rect width="180" height="120" fill="#55636b"/><text fill="#ffffff" font-family="system-ui, sans-serif" font-size="18" text-anchor="middle">${NOTICES[
      reason
    ].map(
      (line, index) => html`<tspan x="90" y="${42 + 24 * index}">${line}</tspan>`,
    )}</text></svg>`,
  )
