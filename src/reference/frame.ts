import type { Context } from 'hono'
import { html } from 'hono/html'
import { type Html, page, securityHeaders } from '../web/html.ts'
import type { PageEnv, Reader } from '../web/reader.ts'
import { type Setting, textsFor } from '../web/texts/languages.ts'
import { GROUPS } from './groups.ts'
import { GUIDES } from './guide-list.ts'

/*
 * Pages for developers that anyone can read: the reference and the guides. In English only, as the console is.
 */

type Content = {
  title: string
  body: Html
  /** The pages above this one, from the first. */
  above?: readonly (readonly [path: string, name: string])[]
  /** The path of this page, or of its group, in the navigation beside it. */
  at?: string
  /** More links of the navigation, such as those of the group. */
  beside?: Html
}

/** A page of the reference or the guides, with the navigation of both beside it. */
export function documentationPage(reader: Reader, content: Content): Html {
  const { title, body, above = [], at = '', beside = '' } = content
  return page(reader, {
    title,
    hasSwitch: false,
    copies: true,
    actions: html`<nav aria-label="For developers" class="sign-out"><a href="/developers">Developers</a> <a href="/reference">Reference</a> <a href="/guides">Guides</a></nav>`,
    body: html`<div class="docs"><article>
${
  above.length > 0
    ? html`<nav aria-label="Where this page is" class="quiet">${above.map(
        ([path, name]) => html`<a href="${path}">${name}</a> / `,
      )}<span aria-current="page">${title}</span></nav>`
    : ''
}${body}</article>
<nav class="beside" aria-label="Documentation">
${searchForm('', 'beside-q')}
${beside}
<h2>Guides</h2>
${links(
  GUIDES.map(({ name, title }) => [`/guides/${name}`, title]),
  at,
)}
<h2>Reference</h2>
${links(
  GROUPS.map(({ id, title }) => [`/reference/${id}`, title]),
  at,
)}</nav></div>`,
  })
}

/** The search over the reference and the guides; it works without scripts. */
export const searchForm = (
  query: string,
  id = 'q',
): Html => html`<search><form action="/reference/search" class="search">
<label for="${id}">Search the documentation</label>
<input id="${id}" name="q" type="text" maxlength="100" autocomplete="off" spellcheck="false" value="${query}">
<button>Search</button></form></search>`

/** A list of links, of which the one at `at` is the page itself. */
export const links = (list: readonly (readonly [path: string, name: string])[], at = ''): Html =>
  html`<ul class="plain-list">${list.map(
    ([path, name]) =>
      html`<li><a href="${path}"${path === at ? html` aria-current="page"` : ''}>${name}</a></li>`,
  )}</ul>`

type Parts = { issuer: string; config: { site: Setting } }

/** Sets the headers of a page and returns its reader, who reads English. `formTargets` as for `securityHeaders`. */
export function beginPage(
  { issuer, config }: Parts,
  c: Context<PageEnv>,
  formTargets: string[] = [],
): Reader {
  for (const [name, value] of Object.entries(
    securityHeaders({ issuer, locale: 'en', formTargets, copies: true }),
  ))
    c.header(name, value)
  return { ...c.var.reader, locale: 'en', texts: textsFor('en', config.site) }
}

/** The same with a button that copies it, where scripts run. */
export const copiedCode = (label: string, code: string): Html =>
  html`<div>${codeBlock(label, code)}<button type="button" class="plain" data-copied="Copied" hidden>Copy</button></div>`

/** Code that scrolls by itself; `label` says what it is, for those who do not see it. */
export const codeBlock = (label: string, code: string): Html =>
  html`<pre class="code" tabindex="0" role="group" aria-label="${label}"><code>${code}</code></pre>`

/** A sentence in which backticks mark code. */
export const prose = (text: string): Html =>
  html`${text.split('`').map((part, at) => (at % 2 === 0 ? part : html`<code>${part}</code>`))}`
