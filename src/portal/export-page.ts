import { html } from 'hono/html'
import type { OwnExport } from '../id-verification/own-exports.ts'
import { csrfField, type Html, moment, page, signOutForm } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'

type ExportPage = {
  csrf: string
  /** What the resident requested last. */
  last: OwnExport | undefined
  /** Whether the file may be downloaded without a new sign-in. */
  isRecent: boolean
  notice: string | undefined
  error: string | undefined
}

/** The page `/account/export`. It says what the archive contains and how far it is. */
export function exportPage(reader: Reader, data: ExportPage): Html {
  const { csrf, last, notice, error } = data
  const { archive, common, devices } = reader.texts
  return page(reader, {
    title: archive.title,
    actions: signOutForm(reader, csrf, html`<a href="/account">${common.yourAccount}</a>`),
    body: html`${notice ? html`<div class="notice good" role="status"><p>${notice}</p></div>` : ''}
<h1>${archive.title}</h1>
<p class="lead">${archive.lead}</p>
${error ? html`<div class="notice bad" role="alert"><p>${error}</p></div>` : ''}
${last ? stateCard(reader, last, data) : ''}
<p>${archive.contains}</p>
<ul>${archive.contents.map((content) => html`<li>${content}</li>`)}</ul>
<p class="quiet">${archive.signed}</p>
${
  last?.state === 'preparing'
    ? ''
    : html`<form method="post" action="/account/export">${csrfField(csrf)}<button${last?.state === 'ready' ? '' : html` class="primary"`} name="request-export">${last?.state === 'ready' ? archive.again : archive.request}</button></form>
<p class="quiet">${archive.requestHelp}</p>`
}
<p><a href="/account">${devices.back}</a></p>`,
  })
}

function stateCard(
  reader: Reader,
  { state, files, size, expiresAt }: OwnExport,
  { csrf, isRecent }: ExportPage,
): Html {
  const { archive, format } = reader.texts
  switch (state) {
    case 'preparing':
      return html`<div class="card"><p><strong>${archive.preparing}</strong> ${archive.files(files)}</p>
<p class="quiet">${archive.preparingHelp}</p>
<p><a class="button" href="/account/export">${archive.check}</a></p></div>`
    case 'ready':
      return html`<div class="card"><p>${archive.ready(format.kilobytes(size ?? 0), moment(reader, expiresAt ?? new Date()))}</p>
<p>${archive.readyHelp}</p>
${
  isRecent
    ? html`<p><a class="button primary" href="/account/export/archive" download>${archive.download}</a></p>`
    : html`<form method="post" action="/account/export/open">${csrfField(csrf)}<button class="primary" name="open-export">${archive.download}</button></form>`
}</div>`
    case 'ended':
      return html`<p>${archive.ended}</p>`
    case 'failed':
      return html`<div class="notice bad"><p>${archive.failed}</p></div>`
  }
}
