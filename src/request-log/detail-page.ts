import { html } from 'hono/html'
import type { Html } from '../web/html.ts'
import type { RequestDetail } from './store.ts'

/** What arrived beside what was expected, by name. */
export function comparison(
  { arrived = {}, expected = {} }: RequestDetail,
  words: { arrived: string; expected: string; nothing: string },
): Html {
  const names = [...new Set([...Object.keys(arrived), ...Object.keys(expected)])]
  return html`${names.map(
    (name) => html`<h3 lang="en"><code>${name}</code></h3>
<dl class="facts">
${name in arrived ? fact(words.arrived, arrived[name], words.nothing) : ''}
${name in expected ? fact(words.expected, expected[name], words.nothing) : ''}
</dl>`,
  )}`
}

const fact = (word: string, value: unknown, nothing: string): Html =>
  html`<div><dt>${word}</dt><dd lang="en">${Array.isArray(value) ? list(value, nothing) : inWords(value, nothing)}</dd></div>`

const list = (values: readonly unknown[], nothing: string): Html =>
  values.length === 0
    ? inWords(null, nothing)
    : html`<ul>${values.map((each) => html`<li>${inWords(each, nothing)}</li>`)}</ul>`

const inWords = (value: unknown, nothing: string): Html =>
  value === null || value === '' || value === undefined
    ? html`${nothing}`
    : html`<code>${typeof value === 'object' ? JSON.stringify(value) : String(value)}</code>`
