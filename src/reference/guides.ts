import { readFileSync } from 'node:fs'
import { Marked, type Tokens } from 'marked'
import { GUIDES } from './guide-list.ts'

/** A guide: its page, and its sections for the search. */
export type Guide = {
  name: string
  title: string
  summary: string
  /** HTML that was made of the Markdown, and contains none of it. */
  body: string
  sections: readonly Section[]
}
type Section = { title: string; anchor: string; text: string }

/** Reads and renders every guide of `docs/guides/`. */
export const loadGuides = (): Guide[] =>
  GUIDES.filter(({ name }) => name !== 'errors').map((guide) => ({
    ...guide,
    ...renderGuide(readGuide(guide.name)),
  }))

const readGuide = (name: string): string =>
  readFileSync(new URL(`../../docs/guides/${name}.md`, import.meta.url), 'utf8')

const escapeHtml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')

/** As GitHub names a heading's anchor, so that links work in the repository and on the page. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

/** Renders Markdown. HTML in it is shown as text; the first heading is the title of the page. */
export function renderGuide(markdown: string): { body: string; sections: Section[] } {
  const marked = new Marked({ gfm: true })
  let blocks = 0
  marked.use({
    renderer: {
      html: ({ text }) => escapeHtml(text),
      heading(token: Tokens.Heading) {
        const { depth, tokens } = token
        return `<h${depth} id="${anchorOf(plain(token))}">${this.parser.parseInline(tokens)}</h${depth}>\n`
      },
      code({ text, lang = '' }) {
        blocks += 1
        const label = `${CODE[lang] ?? 'Code'}, ${blocks}`
        return `<pre class="code" tabindex="0" role="group" aria-label="${label}"><code>${escapeHtml(text)}</code></pre>\n`
      },
      codespan({ text }) {
        const code = `<code>${escapeHtml(text)}</code>`
        // A path of the portal: in the repository it is text.
        return /^\/(guides|reference|developers)(\/[\w/#-]*)?$/.test(text)
          ? `<a href="${escapeHtml(text)}">${code}</a>`
          : code
      },
      link(token: Tokens.Link) {
        const text = this.parser.parseInline(token.tokens)
        const address = addressOf(token.href)
        return address === undefined ? text : `<a href="${escapeHtml(address)}">${text}</a>`
      },
      image: ({ text }) => escapeHtml(text),
      table(token: Tokens.Table) {
        const row = (cells: Tokens.TableCell[], tag: string) =>
          `<tr>${cells.map((cell) => `<${tag}>${this.parser.parseInline(cell.tokens)}</${tag}>`).join('')}</tr>`
        return `<div class="wide" tabindex="0" role="group" aria-label="Table"><table><thead>${row(token.header, 'th')}</thead><tbody>${token.rows.map((cells) => row(cells, 'td')).join('')}</tbody></table></div>\n`
      },
    },
  })
  const tokens = marked.lexer(markdown)
  return { body: marked.parser(tokens), sections: sectionsOf(tokens) }
}

const CODE: Readonly<Record<string, string>> = {
  sh: 'Commands',
  ts: 'TypeScript',
  js: 'JavaScript',
  python: 'Python',
  go: 'Go',
  json: 'JSON',
  http: 'HTTP',
}

/** Where a link leads on the page: another guide, or a site. Files of the repository are not served: `undefined`. */
function addressOf(href: string): string | undefined {
  const [, name, anchor = ''] = /^([a-z-]+)\.md(#[\w-]+)?$/.exec(href) ?? []
  if (name !== undefined) return `/guides/${name}${anchor}`
  return /^(https:\/\/|#)/.test(href) ? href : undefined
}

const plain = (token: { text?: string }): string => (token.text ?? '').replaceAll(/[`*_]/g, '')

/** Each heading with the text below it. */
function sectionsOf(tokens: readonly { type: string; text?: string; raw: string }[]): Section[] {
  const sections: Section[] = []
  for (const token of tokens) {
    const last = sections.at(-1)
    if (token.type === 'heading') {
      const title = plain(token)
      sections.push({ title, anchor: last ? anchorOf(title) : '', text: '' })
    } else if (last)
      last.text += ` ${token.raw.replaceAll(/[`*|[\]]/g, '').replaceAll(/\s+/g, ' ')}`
  }
  return sections
}
