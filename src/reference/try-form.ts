import { html } from 'hono/html'
import type { Html } from '../web/html.ts'
import type { Entry } from './entry.ts'
import { codeBlock, prose } from './frame.ts'

/** What a call from the page was answered, and what was sent, except for the token. */
export type Tried =
  | { fault: { field: string; text: string }; sent: Readonly<Record<string, string>> }
  | {
      sent: Readonly<Record<string, string>>
      request: string
      status: number
      headers: readonly (readonly [name: string, value: string])[]
      body: string
    }

/** A form that calls an operation of the sandbox with a token that the developer pastes. It works without scripts. */
export function tryForm(
  entry: Entry,
  { issuer, tried }: { issuer: string; tried?: Tried | undefined },
): Html {
  const fault = tried && 'fault' in tried ? tried.fault : undefined
  const sent = tried?.sent ?? {}
  const fields = entry.parameters.filter((each) => each.in === 'path' || each.in === 'query')
  return html`<h2 id="try">Try it with a sandbox token</h2>
<p class="quiet">The call is made at <code>${issuer}</code>. The token is used for this call alone: it is neither stored nor logged.</p>
<form method="post" action="${issuer}/reference/${entry.group}/${entry.id}#tried" class="card">
<div class="field"><label for="token">Token</label>
${faultText('token', fault)}
<input id="token" name="token" type="password" autocomplete="off" spellcheck="false" required maxlength="4096"${invalid('token', fault)}></div>
${fields.map(
  ({ name, isRequired, description }) =>
    html`<div class="field"><label for="try-${name}">${name}</label>
<p class="quiet" id="try-${name}-about">${prose(description)}</p>
${faultText(`try-${name}`, fault)}
<input id="try-${name}" name="${name}" type="text" autocomplete="off" spellcheck="false" maxlength="500" aria-describedby="try-${name}-about${fault?.field === `try-${name}` ? ` try-${name}-fault` : ''}" value="${sent[name] ?? ''}"${isRequired ? html` required` : ''}></div>`,
)}
${
  entry.body
    ? html`<div class="field"><label for="try-body">Body</label>
<textarea id="try-body" name="body" rows="8" spellcheck="false" maxlength="60000">${sent.body ?? JSON.stringify(entry.body.example, null, 2)}</textarea></div>`
    : ''
}
<div class="buttons"><button class="primary">Call</button></div></form>`
}

type Fault = { field: string; text: string } | undefined

const faultText = (field: string, fault: Fault): Html | '' =>
  fault?.field === field ? html`<p class="fault" id="${field}-fault">${fault.text}</p>` : ''

const invalid = (field: string, fault: Fault): Html | '' =>
  fault?.field === field ? html` aria-invalid="true" aria-describedby="${field}-fault"` : ''

/** The answer of the call. */
export const tryResult = (tried: Tried): Html =>
  'fault' in tried
    ? html`<div class="notice bad" role="alert" id="tried"><p>Nothing was called: ${tried.fault.text} <a href="#${tried.fault.field}">Go to the field</a></p></div>`
    : html`<section id="tried" class="card" aria-labelledby="tried-title"><h2 id="tried-title">The sandbox answered ${tried.status}</h2>
<p class="endpoint"><code>${tried.request}</code></p>
${codeBlock('Headers of the answer', tried.headers.map(([name, value]) => `${name}: ${value}`).join('\n'))}
${tried.body === '' ? html`<p class="quiet">The body is empty.</p>` : codeBlock('Body of the answer', tried.body)}</section>`
