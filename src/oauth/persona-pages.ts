import { html } from 'hono/html'
import { csrfField, type Html, hiddenFields, page } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import type { OfferedPersona } from './personas.ts'

type PersonaForm = {
  action: string
  csrf: string
  /** Names and values of hidden fields. */
  fields?: readonly [string, string][]
}

/** The sign-in page of the sandbox: of its own pages, or for the application `clientName`. */
export function personasPage(
  reader: Reader,
  data: PersonaForm & {
    clientName?: string | undefined
    offered: readonly OfferedPersona[]
    /** The kind that is chosen already. */
    chosen: string | undefined
    error?: string | undefined
  },
): Html {
  const { action, csrf, fields = [], clientName, offered, chosen, error } = data
  const { common, sandbox } = reader.texts
  return page(reader, {
    title: error ? sandbox.errorTitle : sandbox.title,
    body: html`<section class="card narrow">
<h1>${sandbox.title}</h1>
<p class="lead">${clientName ? sandbox.leadFor(html`<strong>${clientName}</strong>`) : sandbox.lead}</p>
${error ? html`<div class="notice bad" role="alert" id="persona-error"><p>${error}</p></div>` : ''}
<form method="post" action="${action}">
${csrfField(csrf)}${hiddenFields(fields)}
<fieldset class="choices"${error ? html` aria-describedby="persona-error"` : ''}><legend>${sandbox.legend}</legend>
${offered.map((persona) => personaChoice(persona, persona.kind === chosen))}
</fieldset>
<div class="buttons decide"><button class="primary" name="login">${sandbox.button}</button>${
      clientName ? html`<button class="plain" name="abort">${common.cancel}</button>` : ''
    }</div>
</form>
</section>`,
  })
}

const personaChoice = (
  { kind, givenName, surname, summary }: OfferedPersona,
  isChosen: boolean,
): Html => html`<div class="choice"><input id="persona-${kind}" type="radio" name="persona" value="${kind}" aria-describedby="about-${kind}" required${isChosen ? html` checked` : ''}>
<label for="persona-${kind}">${givenName} ${surname}</label>
<div class="what" id="about-${kind}" lang="en"><p><code>${kind}</code> ${summary}</p></div></div>`

/** Takes the place of the page that asks a resident to confirm who they are. A persona has nothing to prove. */
export function confirmPersonaPage(
  reader: Reader,
  data: PersonaForm & {
    name: string
    /** The name of a button that declines, when an application waits for the decision. */
    declineBy?: string | undefined
  },
): Html {
  const { action, csrf, fields = [], name, declineBy } = data
  const { common, confirm, sandbox } = reader.texts
  return page(reader, {
    title: confirm.title,
    body: html`<section class="card narrow">
<h1>${confirm.title}</h1>
<p class="lead">${sandbox.confirmLead}</p>
<form method="post" action="${action}">
${csrfField(csrf)}${hiddenFields(fields)}
<div class="buttons"><button class="primary" name="confirm">${sandbox.confirmButton(name)}</button>${
      declineBy ? html`<button class="plain" name="${declineBy}">${common.doNotAllow}</button>` : ''
    }</div>
</form>
${declineBy ? '' : html`<p class="quiet"><a href="/">${common.backToDocuments}</a></p>`}
</section>`,
  })
}
