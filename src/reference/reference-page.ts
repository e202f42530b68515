import { html } from 'hono/html'
import { documentPath, type Operation } from '../api/operation.ts'
import { type Html, page } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'

/** The API for developers, in English, from the same source as its document. */
export const referencePage = (
  reader: Reader,
  document: { info: { version: string; description: string } },
  operations: readonly Operation[],
): Html =>
  page(reader, {
    title: 'API reference',
    hasSwitch: false,
    body: html`<h1>API reference</h1>
<p class="lead">${document.info.description} Version ${document.info.version}; for programs: <a href="/openapi.json">openapi.json</a>.</p>
<nav class="card" aria-label="Operations"><ul>${operations.map(
      (operation) =>
        html`<li><a href="#${operation.operationId}"><code>${methodAndPath(operation)}</code></a> ${operation.summary}</li>`,
    )}</ul></nav>
${operations.map(section)}`,
  })

const methodAndPath = (operation: Operation): string =>
  `${operation.method.toUpperCase()} ${documentPath(operation)}`

const section = (operation: Operation): Html => {
  const { operationId, summary, description, scope, stream, body, answer } = operation
  return html`<article class="card" id="${operationId}">
<h2>${summary}</h2>
<p><code>${methodAndPath(operation)}</code></p>
<p>${description}</p>
<p class="quiet">${
    scope
      ? html`Scope <code>${scope}</code>`
      : stream
        ? 'The token of the application’s event stream'
        : 'No token'
  }</p>
<pre><code>${curl(operation)}</code></pre>
${body ? html`<h3>Request</h3><pre><code>${JSON.stringify(body.example, null, 2)}</code></pre>` : ''}
<h3>Answer ${answer.status}</h3>
<p>${answer.description}</p>
${answer.example === undefined ? '' : html`<pre><code>${JSON.stringify(answer.example, null, 2)}</code></pre>`}
</article>`
}

const curl = ({ method, path, scope, stream, body }: Operation): string =>
  [
    `curl ${method === 'get' ? '' : `-X ${method.toUpperCase()} `}"$ISSUER${path.replaceAll(/:(\w+)/g, (_, name: string) => `$${name.toUpperCase()}`)}"`,
    ...(scope ? ['  -H "Authorization: Bearer $ACCESS_TOKEN"'] : []),
    ...(stream ? ['  -H "Authorization: Bearer $EVENTS_TOKEN"'] : []),
    ...(body
      ? ['  -H "Content-Type: application/json"', `  -d '${JSON.stringify(body.example)}'`]
      : []),
  ].join(' \\\n')
