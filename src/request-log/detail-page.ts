import { html } from 'hono/html'
import type { Html } from '../web/html.ts'
import type { RequestDetail } from './store.ts'

/** What arrived beside what was expected, by name. */
export const comparison = (
  detail: RequestDetail,
  words: { arrived: string; expected: string; nothing: string },
): Html =>
  html`${detail.map(
    ({ name, arrived, expected }) => html`<h3 lang="en"><code>${name}</code></h3>
<dl class="facts">
${arrived === undefined ? '' : fact(words.arrived, arrived, words.nothing)}
${expected === undefined ? '' : fact(words.expected, expected, words.nothing)}
</dl>`,
  )}`

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
