import { html } from 'hono/html'
import { findError } from '../reference/errors.ts'
import { anchorOf } from '../web/error-uri.ts'
import type { Html } from '../web/html.ts'
import { toCurl } from './try-requests.ts'
import type { Exchange, ShownAnswer, ShownRequest } from './try-runs.ts'

/** A request and its answer. The newest of a part is open. */
export const exchangeDetails = (exchange: Exchange, isOpen: boolean): Html =>
  html`<details class="exchange"${isOpen ? html` open` : ''}><summary>${exchange.title}: ${
    typeof exchange.answer === 'string' ? 'no answer' : exchange.answer.status
  }</summary>
<h3>Request</h3><pre>${requestText(exchange.request)}</pre>
<h3>With curl</h3>${copied(toCurl(exchange.request))}
<h3>Answer</h3>${
    typeof exchange.answer === 'string'
      ? html`<p class="fault">${exchange.answer}</p>`
      : answerParts(exchange.answer)
  }</details>`

const answerParts = (answer: ShownAnswer): Html => {
  const error = errorOf(answer)
  const links = linksIn(answer.body)
  const requestId = headerOf(answer, 'x-request-id')
  return html`<pre class="answer" tabindex="0">${answerText(answer)}</pre>${
    error ? errorMeaning(error) : ''
  }${
    answer.status >= 400 && requestId
      ? html`<p class="quiet"><a href="/developers/requests?id=${requestId}">This request in the request log</a></p>`
      : ''
  }${
    links.length > 0
      ? html`<p>Images of this answer, for as long as their links are good:</p><ul class="plain-list">${links.map(
          ([name, url]) => html`<li><a href="${url}" rel="noreferrer noopener">${name}</a></li>`,
        )}</ul>`
      : ''
  }`
}

/** What an error means and asks for, with its entry in the list of errors. */
export function errorMeaning(error: string): Html {
  const entry = findError(error)
  return html`<p><code>${error}</code>: ${entry ? `${entry.meaning} ${entry.remedy}` : ''} <a href="/guides/errors#${anchorOf(error)}">More about ${error}</a></p>`
}

const headerOf = ({ headers }: ShownAnswer, wanted: string): string | undefined =>
  headers.find(([name]) => name === wanted)?.[1]

/** Text with a button that copies it, where scripts run. */
export const copied = (text: string): Html =>
  html`<div class="copied"><pre>${text}</pre><button type="button" class="plain" data-copied="Copied" hidden>Copy</button></div>`

/** A request as text: the address with one parameter on each line. */
export function requestText({ method, url, headers, form, json }: ShownRequest): string {
  return [
    `${method} ${addressText(url)}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(form ? ['', form.map(([name, value]) => `${name}=${value}`).join('\n')] : []),
    ...(json === undefined ? [] : ['', json]),
  ].join('\n')
}

/** An address with its parameters below it, decoded. */
export function addressText(url: string): string {
  const { origin, pathname, searchParams } = new URL(url)
  const parameters = [...searchParams].map(
    ([name, value], index) => `  ${index === 0 ? '?' : '&'}${name}=${value}`,
  )
  return [`${origin}${pathname}`, ...parameters].join('\n')
}

const answerText = ({ status, headers, body }: ShownAnswer): string =>
  [
    `HTTP ${status}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(body ? ['', pretty(body)] : []),
  ].join('\n')

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2)
  } catch {
    return body
  }
}

/** The error of an answer: its code, without what some add to it. */
export function errorOf(answer: ShownAnswer): string | undefined {
  const { status, body } = answer
  if (status < 400) return undefined
  const challenge = headerOf(answer, 'www-authenticate') ?? ''
  const [, named] = /error="([a-z_]+)"/.exec(challenge) ?? []
  const [, coded] = /"error"\s*:\s*"([a-z_]+)/.exec(body) ?? []
  return named ?? coded
}

/** The members of an answer that are addresses, by their names. */
function linksIn(body: string): [name: string, url: string][] {
  const found: [string, string][] = []
  try {
    JSON.parse(body, (name, value: unknown) => {
      const isLink = typeof value === 'string' && /^https?:\/\/\S+[?&]X-Amz-Signature=/.test(value)
      if (isLink) found.push([name, value])
      return value
    })
  } catch {
    // Not JSON, so without members.
  }
  return found
}
