import { readFileSync } from 'node:fs'
import { html } from 'hono/html'
import { lexer, type Token, type Tokens } from 'marked'
import type { Html } from '../web/html.ts'
import { copiedCode } from './frame.ts'
import { GUIDES } from './guide-list.ts'

/** A guide: its page, and its sections for the search. */
export type Guide = {
  name: string
  title: string
  summary: string
  body: Html
  sections: readonly Section[]
}
type Section = { title: string; anchor: string; text: string }

/** The sandbox of a demo without settings, which the files name so that their commands can be pasted. */
const DEMO_SANDBOX = 'http://127.0.0.1:3003'

/** Reads and renders every guide of `docs/guides/`, with the address of this portal's sandbox. */
export const loadGuides = (sandbox = DEMO_SANDBOX): Guide[] =>
  GUIDES.filter(({ name }) => name !== 'errors').map((guide) => ({
    ...guide,
    ...renderGuide(readGuide(guide.name).replaceAll(DEMO_SANDBOX, sandbox)),
  }))

const readGuide = (name: string): string =>
  readFileSync(new URL(`../../docs/guides/${name}.md`, import.meta.url), 'utf8')

/** Renders Markdown by its tokens, so that HTML in it is text as everything else is. */
export function renderGuide(markdown: string): { body: Html; sections: Section[] } {
  const tokens = lexer(markdown)
  let blocks = 0
  const render = (token: Token): Html => {
    if (token.type === 'code') blocks += 1
    return renderBlock(token, blocks)
  }
  return { body: html`${tokens.map(render)}`, sections: sectionsOf(tokens) }
}

/** `number` is that of a block of code: labels of one page differ. */
function renderBlock(token: Token, number: number): Html {
  switch (token.type) {
    case 'space':
      return html``
    case 'heading':
      return heading(token as Tokens.Heading)
    case 'paragraph':
      return html`<p>${inline(token.tokens)}</p>`
    case 'code':
      return copiedCode(`${CODE[token.lang] ?? 'Code'}, ${number}`, token.text)
    case 'list':
      return list(token as Tokens.List)
    case 'table':
      return table(token as Tokens.Table)
    default:
      return html`<p>${token.raw}</p>`
  }
}

const CODE: Readonly<Record<string, string>> = {
  sh: 'Commands',
  ts: 'TypeScript',
  python: 'Python',
  json: 'JSON',
}

function heading({ depth, text, tokens }: Tokens.Heading): Html {
  const id = anchorOf(text)
  if (depth === 1) return html`<h1 id="${id}">${inline(tokens)}</h1>`
  return depth === 2
    ? html`<h2 id="${id}">${inline(tokens)}</h2>`
    : html`<h3 id="${id}">${inline(tokens)}</h3>`
}

/** As GitHub names a heading's anchor, so that links work in the repository and on the page. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

function list({ ordered, items }: Tokens.List): Html {
  const rows = items.map(
    ({ tokens }) =>
      html`<li>${tokens.map((token) => (token.type === 'text' ? inline(token.tokens) : renderBlock(token, 0)))}</li>`,
  )
  return ordered ? html`<ol>${rows}</ol>` : html`<ul>${rows}</ul>`
}

const table = ({ header, rows }: Tokens.Table): Html =>
  html`<div class="wide" tabindex="0" role="group" aria-label="Table: ${header.map(({ text }) => text).join(', ')}"><table>
<thead><tr>${header.map(({ tokens }) => html`<th scope="col">${inline(tokens)}</th>`)}</tr></thead>
<tbody>${rows.map((cells) => html`<tr>${cells.map(({ tokens }) => html`<td>${inline(tokens)}</td>`)}</tr>`)}</tbody></table></div>`

const inline = (tokens: Token[] = []): Html => html`${tokens.map(renderInline)}`

function renderInline(token: Token): Html | string {
  switch (token.type) {
    case 'strong':
      return html`<strong>${inline(token.tokens)}</strong>`
    case 'em':
      return html`<em>${inline(token.tokens)}</em>`
    case 'codespan':
      return codeSpan(token.text)
    case 'link':
      return link(token as Tokens.Link)
    case 'text':
    case 'escape':
      return token.text
    default:
      return token.raw
  }
}

/** A path of the portal is a link on the page, and text in the repository. */
function codeSpan(text: string): Html {
  const code = html`<code>${text}</code>`
  return /^\/(guides|reference|developers)(\/[\w/#-]*)?$/.test(text)
    ? html`<a href="${text}">${code}</a>`
    : code
}

/** Files of the repository are not served: a link to one is its text. */
function link({ href, tokens }: Tokens.Link): Html {
  const address = addressOf(href)
  return address === undefined ? inline(tokens) : html`<a href="${address}">${inline(tokens)}</a>`
}

/** Where a link leads on the page: another guide, or a site. */
function addressOf(href: string): string | undefined {
  const [, name, anchor = ''] = /^([a-z-]+)\.md(#[\w-]+)?$/.exec(href) ?? []
  if (name !== undefined) return `/guides/${name}${anchor}`
  return /^(https:\/\/|#)/.test(href) ? href : undefined
}

/** Each heading with the text below it. */
function sectionsOf(tokens: readonly Token[]): Section[] {
  const sections: Section[] = []
  for (const token of tokens) {
    const last = sections.at(-1)
    if (token.type === 'heading') {
      const title = plain(token.text)
      sections.push({ title, anchor: last ? anchorOf(title) : '', text: '' })
    } else if (last) last.text += ` ${plain(token.raw).replaceAll(/\s+/g, ' ')}`
  }
  return sections
}

const plain = (markdown: string): string => markdown.replaceAll(/[`*|]/g, '')
