import { html } from 'hono/html'
import { SCOPES, type Scope } from '../clients/scopes.ts'
import type { OwnClient } from '../clients/team-clients.ts'
import { csrfField, type Html } from '../web/html.ts'
import type { Place } from './access.ts'
import { applicationPath } from './application-frame.ts'
import { box, type FieldFaults, faultsOf, linesField, textField } from './fields.ts'
import { type Ask, type Change, reasonField } from './production-ask.ts'
import type { Step } from './production-checklist.ts'
import type { ProductionRequest } from './production-store.ts'
import type { Membership } from './teams.ts'

/** What is in the form, with what is wrong. `problem` is about all of it. */
export type ProductionForm = {
  ask: Ask
  contact: string
  revision: number
  hasLogo: boolean
  faults: FieldFaults
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
  const { ask, contact, revision, faults, problem } = form
  const action = applicationPath(team.id, place, client.id, '/production')
  const line = (name: string, label: string, value: string, hint?: string) =>
    textField({ name, label, value, faults, ...(hint ? { hint } : {}) })
  const uri = (name: string, label: string, value: string) =>
    textField({ name, label, value, faults, hint: 'https://', isAddress: true })
  const uris = (name: string, label: string, value: readonly string[], hint: string) =>
    linesField({ name, label, value: value.join('\n'), faults, hint })
  return html`${faultList(faults, problem)}
<form method="post" action="${action}" enctype="multipart/form-data" class="console-form">
${csrfField(csrf)}<input type="hidden" name="revision" value="${revision}">
<p>${revision > 0 ? 'This is a draft. Only your team sees it, until an owner sends it.' : 'Developers prepare the request, and owners send it. It can be saved as a draft at any time.'}</p>
<section class="card"><h2>What residents read</h2>
${line('name', 'Name of the application', ask.name)}
${line('operator', 'Organisation that runs it', ask.operator)}
${line('purpose', 'Purpose', ask.purpose, 'One sentence, such as “To open your account.” Residents read it before they consent.')}
${logoField(shown)}
${uri('client-uri', 'Its own page (optional)', ask.clientUri)}
${uri('policy-uri', 'Privacy policy', ask.policyUri)}
${uri('tos-uri', 'Terms (optional)', ask.tosUri)}</section>
${scopeFields(shown)}
<section class="card"><h2>Addresses</h2>
${faultsOf(faults, 'settings')}
${uris('redirect-uris', 'Redirect addresses', ask.redirectUris, 'One a line. Residents come back to them.')}
${uris('post-logout-redirect-uris', 'Addresses after sign-out (optional)', ask.postLogoutRedirectUris, 'One a line.')}</section>
<section class="card"><h2>For the operator</h2>
${textField({ name: 'contact', label: 'E-mail address for questions', hint: 'Residents do not see it.', value: contact, faults, type: 'email' })}</section>
<div class="buttons">${mayDecide ? html`<button class="primary" name="send" value="1">Send to the operator</button>` : ''}<button name="save" value="1"${mayDecide ? '' : html` class="primary"`}>Save draft</button></div>
</form>
${
  revision > 0
    ? html`<form method="post" action="${action}/discard">${csrfField(csrf)}<button class="plain" name="discard">Discard the draft</button></form>`
    : ''
}`
}

function faultList(faults: FieldFaults, problem: string | undefined): Html | '' {
  const found = Object.entries(faults)
  if (problem) return html`<div class="notice bad" role="alert"><p>${problem}</p></div>`
  if (found.length === 0) return ''
  return html`<div class="notice bad" role="alert"><p>It was saved as a draft, and not sent:</p><ul>${found.map(
    ([field, [fault]]) =>
      html`<li>${field === '' ? fault : html`<a href="#${field === 'settings' ? 'redirect-uris' : field}">${fault}</a>`}</li>`,
  )}</ul></div>`
}

function logoField({ team, place, client, form }: ShownProduction): Html {
  const { faults, hasLogo } = form
  const isWrong = faults.logo !== undefined
  return html`<div class="field"><label for="logo">Logo (optional)</label>
<p class="quiet" id="logo-hint">PNG, JPEG or WebP, at most 256 KiB.${place === 'production' ? ' Without one, the present logo stays.' : ''}</p>${faultsOf(faults, 'logo')}${
    hasLogo
      ? html`${requestedLogo(team, place, client)}${box({ name: 'remove-logo', value: '1', id: 'remove-logo', label: 'Remove this logo', isChecked: false })}`
      : ''
  }<input id="logo" name="logo" type="file" accept="image/png,image/jpeg,image/webp" aria-describedby="logo-hint${isWrong ? ' logo-fault' : ''}"${isWrong ? html` aria-invalid="true"` : ''}></div>`
}

function scopeFields({ form: { ask, faults } }: ShownProduction): Html {
  return html`<section class="card"><fieldset class="choices" id="scope"><legend class="sentence">Permissions</legend>
<p class="quiet">Ask for as little as you need. Of each one, say why; the operator reads the reason.</p>
${faultsOf(faults, 'scope')}${(Object.keys(SCOPES) as Scope[]).map((scope) => scopeField(scope, ask.reasons[scope], faults))}</fieldset></section>`
}

function scopeField(scope: Scope, reason: string | undefined, faults: FieldFaults): Html {
  const { title } = SCOPES[scope]
  const isChecked = reason !== undefined
  const hint = html`<code>${scope}</code>`
  return html`${box({ name: 'scope', value: scope, id: `scope-${scope}`, label: title, hint, isChecked })}${
    scope === 'openid'
      ? ''
      : html`<div class="reason">${textField({ name: reasonField(scope), label: `Reason for “${title}”`, value: reason ?? '', faults })}</div>`
  }`
}
