import { html } from 'hono/html'
import type { OwnClient } from '../clients/team-clients.ts'
import { csrfField, type Html } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import type { Place } from './access.ts'
import { type Entered, KINDS, kindOf } from './application-form.ts'
import { applicationFields } from './application-form-page.ts'
import { applicationPage, applicationPath } from './application-frame.ts'
import { type FieldFaults, formFaults, hasFaults, textField } from './fields.ts'
import type { Membership } from './teams.ts'

type SettingsPage = {
  team: Membership
  place: Place
  client: OwnClient
  csrf: string
  mayChange: boolean
  entered: Entered
  faults: FieldFaults
}

/** `/developers/:team/:place/:client/settings` */
export function settingsPage(reader: Reader, data: SettingsPage): Html {
  const { team, place, client, mayChange, faults } = data
  return applicationPage(reader, {
    team,
    place,
    client,
    tab: '/settings',
    title: hasFaults(faults) ? 'Error: settings' : 'Settings',
    body: html`${formFaults(faults)}
${place === 'sandbox' && mayChange ? changeForm(data) : presentSettings(data)}
${mayChange ? html`${enableForm(data)}${deleteForm(data)}` : ''}`,
  })
}

const head = ({ csrf, client }: SettingsPage): Html =>
  html`${csrfField(csrf)}<input type="hidden" name="based" value="${client.updatedAt.toISOString()}">`

const pathOf = ({ team, place, client }: SettingsPage, tab: string): string =>
  applicationPath(team.id, place, client.id, tab)

function changeForm(data: SettingsPage): Html {
  const { client, entered, faults } = data
  const kind = kindOf(client.metadata)
  return html`<form method="post" action="${pathOf(data, '/settings')}" class="card">${head(data)}
<p class="quiet">${KINDS[kind]}. For another kind, create another application.</p>
${applicationFields({ entered, kind, faults })}
<div class="buttons"><button class="primary" name="save">Save</button></div></form>`
}

/** For those who may not change it, and in production, where the operator has reviewed it. */
function presentSettings({ team, place, client: { id, metadata } }: SettingsPage): Html {
  const facts: [string, string | undefined][] = [
    ['Kind', KINDS[kindOf(metadata)]],
    ['Redirect addresses', metadata.redirect_uris.join(' ')],
    ['Scopes', metadata.scope],
    ['Purpose', metadata.purpose],
    ['Who runs it', metadata.operator],
    ['Its page', metadata.client_uri],
    ['Privacy policy', metadata.policy_uri],
    ['Terms of service', metadata.tos_uri],
  ]
  return html`<section class="card"><h2>What people see</h2>
${place === 'production' ? html`<p>The operator of the portal has reviewed this. To change it, <a href="${applicationPath(team.id, place, id, '/production')}">ask for a change</a>.</p>` : ''}
<dl class="facts">${facts.map(([name, value]) => (value ? html`<div><dt>${name}</dt><dd>${value}</dd></div>` : ''))}</dl></section>`
}

function enableForm(data: SettingsPage): Html {
  const { enabled } = data.client
  return html`<form method="post" action="${pathOf(data, '/enabled')}" class="card"><h2>${enabled ? 'Disable' : 'Enable'}</h2>${head(data)}
<p>${enabled ? 'It gets no tokens any more, and those it has open nothing. Consents remain.' : 'It works again, with the consents that it had.'}</p>
<input type="hidden" name="enabled" value="${enabled ? 'no' : 'yes'}">
<button name="enable">${enabled ? 'Disable application' : 'Enable application'}</button></form>`
}

function deleteForm(data: SettingsPage): Html {
  const { client, faults } = data
  return html`<form method="post" action="${pathOf(data, '/delete')}" class="card"><h2>Delete</h2>${head(data)}
<p>Its consents, tokens and events are deleted with it, at once and for good.</p>
${textField({
  name: 'confirmation',
  label: html`The name of the application, <strong>${client.name}</strong>`,
  value: '',
  faults,
  isRequired: true,
})}
<button class="danger" name="delete">Delete application</button></form>`
}
