import { html } from 'hono/html'
import { SCOPES, type Scope } from '../clients/scopes.ts'
import type { OwnClient } from '../clients/team-clients.ts'
import { csrfField, type Html } from '../web/html.ts'
import type { Place } from './access.ts'
import { applicationPath } from './application-frame.ts'
import type { Ask, Change, Faults } from './production-ask.ts'
import type { Step } from './production-checklist.ts'
import type { ProductionRequest } from './production-store.ts'
import type { Membership } from './teams.ts'

/** What is in the form, with what is wrong. `problem` is about all of it. */
export type ProductionForm = {
  ask: Ask
  contact: string
  revision: number
  hasLogo: boolean
  faults: Faults
  problem?: string | undefined
}

export type ShownProduction = {
  team: Membership
  place: Place
  client: OwnClient
  csrf: string
  latest: ProductionRequest | undefined
  inProduction: OwnClient | undefined
  form: ProductionForm
  changes: readonly Change[]
  steps: readonly Step[]
  mayEdit: boolean
  mayDecide: boolean
}

/** The logo that is asked for, or prepared. */
export const requestedLogo = (team: Membership, place: Place, client: OwnClient): Html =>
  html`<p class="sent"><img src="${applicationPath(team.id, place, client.id, '/production/logo')}" alt="The logo that is asked for"></p>`

/** What a team fills in for the operator. Faults are beside their fields, and listed above. */
export function productionForm(shown: ShownProduction): Html {
  const { team, place, client, csrf, form, mayDecide } = shown
  const { ask, contact, revision, faults } = form
  const action = applicationPath(team.id, place, client.id, '/production')
  return html`${faultList(form.faults, form.problem)}
<form method="post" action="${action}" enctype="multipart/form-data" class="console-form">
${csrfField(csrf)}<input type="hidden" name="revision" value="${revision}">
<p>${revision > 0 ? 'This is a draft. Only your team sees it, until an owner sends it.' : 'Developers prepare the request, and owners send it. It can be saved as a draft at any time.'}</p>
<section class="card"><h2>What residents read</h2>
${line({ name: 'name', label: 'Name of the application', value: ask.name, faults })}
${line({ name: 'operator', label: 'Organisation that runs it', value: ask.operator, faults })}
${line({ name: 'purpose', label: 'Purpose', hint: 'One sentence, such as “To open your account.” Residents read it before they consent.', value: ask.purpose, faults })}
${logoField(shown)}
${line({ name: 'client-uri', label: 'Its own page (optional)', hint: 'https://', value: ask.clientUri, faults })}
${line({ name: 'policy-uri', label: 'Privacy policy', hint: 'https://', value: ask.policyUri, faults })}
${line({ name: 'tos-uri', label: 'Terms (optional)', hint: 'https://', value: ask.tosUri, faults })}
</section>
${scopeFields(shown)}
<section class="card"><h2>Addresses</h2>
${faults.settings ? html`<p class="fault" id="settings">${faults.settings}</p>` : ''}
${area({ name: 'redirect-uris', label: 'Redirect addresses', hint: 'One a line. Residents come back to them.', value: ask.redirectUris, faults })}
${area({ name: 'post-logout-redirect-uris', label: 'Addresses after sign-out (optional)', hint: 'One a line.', value: ask.postLogoutRedirectUris, faults })}
</section>
<section class="card"><h2>For the operator</h2>
${line({ name: 'contact', label: 'E-mail address for questions', hint: 'Residents do not see it.', value: contact, faults, type: 'email' })}
</section>
<div class="buttons">${mayDecide ? html`<button class="primary" name="send" value="1">Send to the operator</button>` : ''}<button name="save" value="1"${mayDecide ? '' : html` class="primary"`}>Save draft</button></div>
</form>
${
  revision > 0
    ? html`<form method="post" action="${action}/discard">${csrfField(csrf)}<button class="plain" name="discard">Discard the draft</button></form>`
    : ''
}`
}

/** The id of a field's element. */
const idOf = (name: string) => name.replace(/\W+/g, '-')

function faultList(faults: Faults, problem: string | undefined): Html | '' {
  const found = Object.entries(faults)
  if (problem) return html`<div class="notice bad" role="alert"><p>${problem}</p></div>`
  if (found.length === 0) return ''
  return html`<div class="notice bad" role="alert"><p>It was saved as a draft, and not sent:</p><ul>${found.map(
    ([field, fault]) =>
      html`<li>${field === 'all' ? fault : html`<a href="#${idOf(field)}">${fault}</a>`}</li>`,
  )}</ul></div>`
}

type Field = { name: string; label: string; hint?: string; faults: Faults; type?: 'text' | 'email' }

/** The attributes and texts that every field has. */
function dress({ name, hint, faults }: Pick<Field, 'name' | 'hint' | 'faults'>) {
  const id = idOf(name)
  const fault = faults[name]
  const described = [...(fault ? [`${id}-error`] : []), ...(hint ? [`${id}-hint`] : [])]
  return {
    id,
    above: html`${hint ? html`<p class="quiet" id="${id}-hint">${hint}</p>` : ''}${fault ? html`<p class="fault" id="${id}-error">${fault}</p>` : ''}`,
    attributes: html`${fault ? html` aria-invalid="true"` : ''}${described.length > 0 ? html` aria-describedby="${described.join(' ')}"` : ''}`,
  }
}

function line({ value, label, type = 'text', ...field }: Field & { value: string }): Html {
  const { id, above, attributes } = dress(field)
  return html`<div class="field"><label for="${id}">${label}</label>${above}<input id="${id}" name="${field.name}" type="${type}" value="${value}"${attributes}></div>`
}

function area({ value, label, ...field }: Field & { value: readonly string[] }): Html {
  const { id, above, attributes } = dress(field)
  return html`<div class="field"><label for="${id}">${label}</label>${above}<textarea id="${id}" name="${field.name}" rows="3" spellcheck="false"${attributes}>${value.join('\n')}</textarea></div>`
}

function logoField({ team, place, client, form }: ShownProduction): Html {
  const { id, above, attributes } = dress({
    name: 'logo',
    hint: `PNG, JPEG or WebP, at most 256 KiB.${place === 'production' ? ' Without one, the present logo stays.' : ''}`,
    faults: form.faults,
  })
  return html`<div class="field"><label for="${id}">Logo (optional)</label>${above}${
    form.hasLogo
      ? html`${requestedLogo(team, place, client)}<p class="choice"><input type="checkbox" id="remove-logo" name="remove-logo" value="1"><label for="remove-logo">Remove this logo</label></p>`
      : ''
  }<input id="${id}" name="logo" type="file" accept="image/png,image/jpeg,image/webp"${attributes}></div>`
}

function scopeFields({ form: { ask, faults } }: ShownProduction): Html {
  return html`<section class="card"><fieldset class="choices" id="scope"><legend class="sentence">Permissions</legend>
<p class="quiet">Ask for as little as you need. Of each one, say why; the operator reads the reason.</p>
${faults.scope ? html`<p class="fault">${faults.scope}</p>` : ''}
${(Object.keys(SCOPES) as Scope[]).map((scope) => scopeField(scope, ask.reasons[scope], faults))}</fieldset></section>`
}

function scopeField(scope: Scope, reason: string | undefined, faults: Faults): Html {
  const name = `reason ${scope}`
  const { id, above, attributes } = dress({ name, faults })
  const box = idOf(`scope ${scope}`)
  return html`<div class="choice"><input type="checkbox" id="${box}" name="scope" value="${scope}"${reason === undefined ? '' : html` checked`}>
<div><label for="${box}">${SCOPES[scope].title}</label><p class="quiet"><code>${scope}</code></p>${
    scope === 'openid'
      ? ''
      : html`<div class="reason"><label for="${id}">Reason for “${SCOPES[scope].title}”</label>${above}<input id="${id}" name="${name}" type="text" value="${reason ?? ''}"${attributes}></div>`
  }</div></div>`
}
