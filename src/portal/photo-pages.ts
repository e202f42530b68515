import { html } from 'hono/html'
import type { Photo } from '../id-verification/own-verifications.ts'
import { csrfField, day, type Html, page } from '../web/html.ts'
import { photoLabel, photoPath } from '../web/photos.ts'
import type { Reader } from '../web/reader.ts'

const FORMATS: Record<string, string> = {
  'image/jpeg': 'JPEG',
  'image/png': 'PNG',
  'image/webp': 'WebP',
}

/** One photo with what is known of it. `state`: `hidden` before a recent sign-in, `unreadable` while the bucket does not return it. */
export function photoPage(
  reader: Reader,
  data: {
    photo: Photo
    state: 'shown' | 'hidden' | 'unreadable'
    csrf: string
  },
): Html {
  const { photo, state, csrf } = data
  const { id, verificationId, type, contentType, size, sha256, capturedAt, storedAt } = photo
  const { format, photo: texts } = reader.texts
  const label = photoLabel(reader.texts, type)
  return page(reader, {
    title: label,
    body: html`<p><a href="/verifications/${encodeURIComponent(verificationId)}">${texts.back}</a></p>
<h1>${label}</h1>
${state === 'shown' ? picture(reader, id, label) : ''}
${state === 'hidden' ? html`<form method="post" action="${photoPath(id)}">${csrfField(csrf)}<p>${texts.hidden}</p><button name="photos">${texts.show}</button></form>` : ''}
${state === 'unreadable' ? html`<div class="notice bad" role="status"><p>${texts.unreadable}</p></div>` : ''}
<dl class="facts">
<div><dt>${texts.type}</dt><dd>${FORMATS[contentType] ?? contentType}</dd></div>
${capturedAt ? html`<div><dt>${texts.taken}</dt><dd>${day(reader, capturedAt)}</dd></div>` : ''}
${storedAt ? html`<div><dt>${texts.stored}</dt><dd>${day(reader, storedAt)}</dd></div>` : ''}
${size === null ? '' : html`<div><dt>${texts.size}</dt><dd>${format.kilobytes(size)}</dd></div>`}
${sha256 === null ? '' : html`<div><dt>${texts.digest}</dt><dd><code>${sha256}</code></dd></div>`}
</dl>
${sha256 === null ? '' : html`<p class="quiet">${texts.digestUse}</p>`}`,
  })
}

/** The box enlarges the picture by the stylesheet alone. */
const picture = (
  { texts: { photo } }: Reader,
  id: string,
  label: string,
): Html => html`<div class="viewer">
<input id="zoom" type="checkbox"><label for="zoom">${photo.zoom}</label>
<div class="photo" tabindex="0" role="region" aria-label="${photo.region}"><img src="${photoPath(id)}/image" alt="${label}"></div>
</div>
<div class="buttons"><a class="button" href="${photoPath(id)}/image">${photo.open}</a><a class="button" href="${photoPath(id)}/image?download=1" download>${photo.download}</a></div>`

/** In place of a picture that cannot be shown: a drawing with the reason, of the size of a small picture. */
export function drawNotice(
  { locale, texts: { photo } }: Reader,
  reason: keyof typeof photo.drawn,
): string {
  const lines = photo.drawn[reason]
  return String(
    html`<svg xmlns="http://www.w3.org/2000/svg" lang="${locale}" viewBox="0 0 180 120" width="180" height="120" role="img" aria-label="${lines.join(' ')}"><rect width="180" height="120" fill="#55636b"/><text fill="#ffffff" font-family="system-ui, sans-serif" font-size="18" text-anchor="middle">${lines.map(
      (line, index) => html`<tspan x="90" y="${42 + 24 * index}">${line}</tspan>`,
    )}</text></svg>`,
  )
}
