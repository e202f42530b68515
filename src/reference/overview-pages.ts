import { html } from 'hono/html'
import type { Html } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import type { Entry } from './entry.ts'
import { documentationPage, prose, searchForm } from './frame.ts'
import { GROUPS, type GroupId } from './groups.ts'
import { GUIDES } from './guide-list.ts'
import type { Guide } from './guides.ts'
import type { Found } from './search.ts'

/** `/reference`: every endpoint by its group. */
export const referencePage = (
  reader: Reader,
  entries: readonly Entry[],
  { version, addresses }: { version: string; addresses: readonly (readonly [string, string])[] },
): Html =>
  documentationPage(reader, {
    title: 'Reference',
    body: html`<h1>Reference</h1>
<p class="lead">Every endpoint, with its parameters, answers, errors and code. Version ${version}. For programs: <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1). New here? <a href="/guides/start">Start in ten minutes</a>.</p>
<dl class="facts">${addresses.map(([name, address]) => html`<div><dt>${name}</dt><dd><code>${address}</code></dd></div>`)}</dl>
${GROUPS.map(
  ({
    id,
    title,
    summary,
  }) => html`<section id="${id}"><h2><a href="/reference/${id}">${title}</a></h2>
<p>${summary}</p>
${endpoints(entries, id)}</section>`,
)}`,
  })

const endpoints = (entries: readonly Entry[], group: GroupId): Html =>
  html`<ul class="endpoints">${entries
    .filter((entry) => entry.group === group)
    .map(
      ({ id, title, method, path }) =>
        html`<li id="${id}"><a href="/reference/${group}/${id}">${title}</a><br><code>${method} ${path}</code></li>`,
    )}</ul>`

/** `/reference/:group`: its endpoints, and what each does. */
export const groupPage = (
  reader: Reader,
  { id, title, summary }: (typeof GROUPS)[number],
  entries: readonly Entry[],
): Html =>
  documentationPage(reader, {
    title,
    above: [['/reference', 'Reference']],
    at: `/reference/${id}`,
    body: html`<h1>${title}</h1>
<p class="lead">${summary}</p>
${entries
  .filter((entry) => entry.group === id)
  .map(
    (entry) => html`<section class="card" id="${entry.id}">
<h2><a href="/reference/${id}/${entry.id}">${entry.title}</a></h2>
<p class="endpoint"><code>${entry.method} ${entry.path}</code></p>
<p>${prose(entry.description)}</p></section>`,
  )}`,
  })

/** `/guides`. */
export const guidesPage = (reader: Reader): Html =>
  documentationPage(reader, {
    title: 'Guides',
    body: html`<h1>Guides</h1>
${GUIDES.map(
  ({ name, title, summary }) =>
    html`<section class="card"><h2><a href="/guides/${name}">${title}</a></h2><p>${summary}</p></section>`,
)}`,
  })

/** `/guides/:name`. */
export const guidePage = (reader: Reader, { name, title, body }: Guide): Html =>
  documentationPage(reader, {
    title,
    above: [['/guides', 'Guides']],
    at: `/guides/${name}`,
    body: html`${body}`,
  })

/** `/reference/search?q=`. */
export const searchPage = (
  reader: Reader,
  { query, found, count }: { query: string; found: readonly Found[]; count: number },
): Html =>
  documentationPage(reader, {
    title: query ? `Search for “${query}”` : 'Search',
    body: html`<h1>Search</h1>
${searchForm(query)}
<p role="status">${query === '' ? '' : outcome(count, found.length)}</p>
<ul class="plain-list">${found.map(
      ({ path, title, where, excerpt }) =>
        html`<li class="line"><p><a href="${path}">${title}</a></p><p class="quiet">${where}</p><p>${prose(excerpt)}</p></li>`,
    )}</ul>`,
  })

const outcome = (count: number, shown: number): string => {
  if (count === 0) return 'Nothing has all of these words. Try fewer, or the code of an error.'
  if (count === 1) return 'One result'
  return count > shown ? `${count} results; the first ${shown}:` : `${count} results`
}
