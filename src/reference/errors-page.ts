import { html } from 'hono/html'
import { BACK_OFFICE_CODES } from '../platform/errors.ts'
import { anchorOf } from '../web/error-uri.ts'
import type { Html } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import { ERRORS, type ErrorEntry } from './errors.ts'
import { codeBlock, documentationPage, prose } from './frame.ts'

/** Every error with what it means and what to do, for developers. The anchors are the addresses of `error_uri`. */
export const errorsPage = (reader: Reader): Html =>
  documentationPage(reader, {
    title: 'Errors',
    above: [['/guides', 'Guides']],
    at: '/guides/errors',
    body: html`<h1>Errors</h1>
<p class="lead">Every answer has a request id in the header <code>X-Request-Id</code>. With it the members of a team find the request in the console, with the reason that a stranger is not told.</p>
<p>Errors in JSON have <code>error_uri</code>, the address of their entry on this page. Where the members of a body are fixed, as in the API for verified documents, the header <code>Link</code> with <code>rel="help"</code> has it.</p>
<nav class="card" aria-label="Error codes"><ul>${ERRORS.map(
      ({ code }) => html`<li><a href="#${anchorOf(code)}"><code>${code}</code></a></li>`,
    )}</ul></nav>
${ERRORS.map(section)}
<section class="card" id="back-office"><h2>Codes of the API of back offices</h2>
<p>Bodies under <code>/api/v1/idv/</code> have a <code>code</code> in capitals, which follows from the status.</p>
<dl class="facts">${Object.entries(BACK_OFFICE_CODES).map(
      ([status, code]) => html`<div><dt>${status}</dt><dd><code>${code}</code></dd></div>`,
    )}</dl></section>`,
  })

const section = ({ code, statuses, where, meaning, causes, remedy, example }: ErrorEntry): Html =>
  html`<section class="card" id="${anchorOf(code)}">
<h2><code>${code}</code></h2>
<p>${prose(meaning)}</p>
<dl class="facts">
<div><dt>Status</dt><dd>${statuses.join(', ')}</dd></div>
<div><dt>Where</dt><dd>${where}</dd></div>
<div><dt>Causes</dt><dd>${causes.length === 1 ? prose(causes[0] ?? '') : html`<ul>${causes.map((each) => html`<li>${prose(each)}</li>`)}</ul>`}</dd></div>
<div><dt>What to do</dt><dd>${prose(remedy)}</dd></div>
</dl>
${example ? codeBlock(`Example of ${code}`, example) : ''}
</section>`
