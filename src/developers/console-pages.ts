import { html } from 'hono/html'
import type { TeamClient } from '../clients/team-clients.ts'
import { csrfField, type Html } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import { PLACES } from './access.ts'
import { developerPage } from './frame.ts'
import type { Membership } from './teams.ts'

export const teamsPage = (
  reader: Reader,
  {
    teams,
    csrf,
    mayCreate,
    entered,
  }: {
    teams: readonly Membership[]
    csrf: string
    mayCreate: boolean
    entered: { name: string; fault: string } | undefined
  },
): Html =>
  developerPage(reader, {
    title: 'Teams',
    body: html`<h1>Developers</h1>
${
  teams.length > 0
    ? html`<section class="card"><h2>Your teams</h2><ul>${teams.map(
        ({ id, name, role }) => html`<li><a href="/developers/${id}">${name}</a> (${role})</li>`,
      )}</ul></section>`
    : html`<p class="lead">A team owns applications. Everybody in it sees them.</p>`
}
${mayCreate ? newTeamForm(csrf, entered) : ''}`,
  })

const newTeamForm = (
  csrf: string,
  entered: { name: string; fault: string } | undefined,
): Html => html`<form method="post" action="/developers/teams" class="card">
${csrfField(csrf)}<h2>New team</h2>
<label for="name">Name</label>
${entered ? html`<p class="error" id="name-error">${entered.fault}</p>` : ''}
<input id="name" name="name" required maxlength="60" value="${entered?.name ?? ''}"${entered ? html` aria-invalid="true" aria-describedby="name-error"` : ''}>
<button class="primary">Create team</button></form>`

export const teamPage = (
  reader: Reader,
  {
    team,
    ...places
  }: {
    team: Membership
    sandbox: readonly TeamClient[]
    production: readonly TeamClient[]
  },
): Html =>
  developerPage(reader, {
    title: team.name,
    team,
    tab: '',
    body: html`<h1>${team.name}</h1>
${PLACES.map(
  (place) =>
    html`<section class="card"><h2>${TITLES[place]}</h2>${
      places[place].length > 0
        ? html`<ul>${places[place].map(
            ({ id, name, enabled }) =>
              html`<li><a href="/developers/${team.id}/${place}/${id}">${name}</a>${enabled ? '' : ' (disabled)'}</li>`,
          )}</ul>`
        : html`<p>None yet.</p>`
    }</section>`,
)}`,
  })

const TITLES = { sandbox: 'In the sandbox', production: 'In production' }
