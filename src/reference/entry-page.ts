import { html } from 'hono/html'
import { anchorOf } from '../web/error-uri.ts'
import type { Html } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import type { Access, Answer, Entry, Parameter } from './entry.ts'
import { findError } from './errors.ts'
import type { Field } from './fields.ts'
import { codeBlock, copiedCode, documentationPage, links, prose } from './frame.ts'
import { findGroup, type GroupId } from './groups.ts'
import { LANGUAGES, type Language } from './samples.ts'
import { type Tried, tryForm, tryResult } from './try-form.ts'

/** Where an operation can be tried: the sandbox's address. */
export type TryTarget = { issuer: string; tried?: Tried | undefined }

/** One endpoint: what it does, what it takes, answers and refuses, and code that calls it. */
export function entryPage(
  reader: Reader,
  entry: Entry,
  data: { entries: readonly Entry[]; target: TryTarget | undefined },
): Html {
  const { group, title, description, parameters, body, answers, errors } = entry
  const { target } = data
  return documentationPage(reader, {
    title,
    above: [
      ['/reference', 'Reference'],
      [`/reference/${group}`, findGroup(group)?.title ?? group],
    ],
    at: `/reference/${group}`,
    beside: neighbours(data.entries, entry),
    body: html`<h1 id="${entry.id}">${title}</h1>
<p class="endpoint"><code>${entry.method} ${entry.path}</code></p>
<p>${prose(description)}</p>
${target?.tried ? tryResult(target.tried) : ''}
<h2 id="access">Who may call it</h2>
<p>${accessText(entry.access)}</p>
${entry.records ? ledgerText(entry.records) : ''}
${parameters.length > 0 ? html`<h2 id="parameters">Parameters</h2>${parameterTable(parameters)}` : ''}
${body ? bodySection(body) : ''}
<h2 id="code">Code</h2>
${codeSection(entry)}
<h2 id="answer">Answer</h2>
${answers.map((answer) => answerSection(answer, 'Answer'))}
${errors.length > 0 ? html`<h2 id="errors">Errors</h2>${errors.map((error) => errorSection(error))}` : ''}
<p class="quiet">What each code means and what to do about it: <a href="/guides/errors">Errors</a>. Every answer has an <code>X-Request-Id</code>.</p>
${target && entry.operation ? tryForm(entry, target) : ''}`,
  })
}

const neighbours = (entries: readonly Entry[], { group }: { group: GroupId }): Html =>
  html`<h2>${findGroup(group)?.title ?? ''}</h2>${links(
    entries
      .filter((each) => each.group === group)
      .map(({ id, title }) => [`/reference/${group}/${id}`, title]),
  )}`

function accessText(access: Access): Html {
  if (access.kind === 'resident')
    return html`An application, with the token of a resident and the scope <code>${access.scope}</code>.`
  if (access.kind === 'service')
    return html`A tenant’s own program, with a token of <a href="/reference/oauth/clientCredentials">client credentials</a> and the scope <code>${access.scope}</code>.`
  return ACCESS[access.kind]
}

const ACCESS = {
  stream: html`An application, with the token of its event stream.`,
  client: html`An application, with its client id and secret in HTTP Basic, both in the form, or a signed assertion (<code>private_key_jwt</code>). A public client sends <code>client_id</code> alone.`,
  browser: html`The browser of the person.`,
  none: html`Anyone, without a token.`,
}

const ledgerText = (records: readonly string[]): Html =>
  records.length > 0
    ? html`<p class="quiet">Each successful call is recorded for the resident to read: ${records.map(
        (what, at) => html`${at > 0 ? ' or ' : ''}<code>${what}</code>`,
      )}.</p>`
    : html``

const parameterTable = (parameters: readonly Parameter[]): Html =>
  html`<dl class="members">${parameters.map(
    ({ name, in: place, isRequired, type, description, example }) =>
      html`<div><dt><code>${name}</code> <span class="member-type">${place}, ${type}${isRequired ? ', required' : ''}</span></dt>
<dd>${prose(description)}${example === undefined ? '' : html` <span class="quiet">Example: <code>${example}</code></span>`}</dd></div>`,
  )}</dl>`

const fieldTable = (fields: readonly Field[], isSent: boolean): Html =>
  html`<dl class="members">${fields.map(
    ({ name, type, isRequired, description }) =>
      html`<div><dt><code>${name}</code> <span class="member-type">${type}${isSent && isRequired ? ', required' : ''}${isSent || isRequired ? '' : ', may be absent'}</span></dt>
<dd>${prose(description)}</dd></div>`,
  )}</dl>`

const bodySection = ({
  example,
  isRequired,
  fields,
  otherTypes,
}: NonNullable<Entry['body']>): Html =>
  html`<h2 id="body">Body</h2>
<p><code>application/json</code>${isRequired ? '' : ', which may be left out'}${otherTypes.map((type) => html`, or <code>${type}</code>`)}.</p>
${codeBlock('Example of the body', JSON.stringify(example, null, 2))}
${fields.length > 0 ? fieldTable(fields, true) : ''}`

const codeSection = ({ samples }: Entry): Html =>
  html`<p class="quiet">Names in capitals are environment variables. A token of a persona for them: <em>Try it</em>, on the page of your application at <a href="/developers"><code>/developers</code></a>.</p>
${Object.entries(LANGUAGES).map(
  ([language, name], at) =>
    html`<details name="code"${at === 0 ? html` open` : ''}><summary>${name}</summary>${copiedCode(`Code in ${name}`, samples[language as Language])}</details>`,
)}`

function answerSection(answer: Answer, label: string): Html {
  const { status, description, contentType, headers = [], fields = [] } = answer
  return html`<section><h3>${status}</h3>
<p>${prose(description)}</p>
${contentType && answer.example === undefined ? html`<p class="quiet">${contentType}</p>` : ''}
${headers.map(({ name, description }) => html`<p class="quiet">Header <code>${name}</code>: ${prose(description)}</p>`)}
${exampleOf(answer, label)}
${fields.length > 0 ? fieldTable(fields, false) : ''}</section>`
}

const exampleOf = ({ status, example, code }: Answer, label: string): Html =>
  example === undefined
    ? html``
    : codeBlock(
        `${label}: example of ${[status, code].filter(Boolean).join(' ')}`,
        typeof example === 'string' ? example : JSON.stringify(example, null, 2),
      )

function errorSection(error: Answer): Html {
  const { status, code = '', description, headers = [] } = error
  return html`<section id="error-${status}-${code.replaceAll(/\W+/g, '-')}"><h3>${status} ${findError(code) ? html`<a href="/guides/errors#${anchorOf(code)}"><code>${code}</code></a>` : html`<code>${code}</code>`}</h3>
<p>${prose(description)}</p>
${headers.map(({ name, description }) => html`<p class="quiet">Header <code>${name}</code>: ${prose(description)}</p>`)}
${exampleOf(error, 'Error')}</section>`
}
