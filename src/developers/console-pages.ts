import { html } from 'hono/html'
import type { TeamClient } from '../clients/team-clients.ts'
import type { PolicyValue } from '../platform/policies.ts'
import { csrfField, type Html } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import { PLACES } from './access.ts'
import { textField } from './fields.ts'
import { developerPage } from './frame.ts'
import { includesRole, MAX_TEAMS, type Membership } from './teams.ts'

export const teamsPage = (
  reader: Reader,
  {
    teams,
    csrf,
    mayCreate,
    policy,
    entered,
  }: {
    teams: readonly Membership[]
    csrf: string
    mayCreate: boolean
    policy: PolicyValue<'developers'>
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
    : html`<p class="lead">A team owns applications. Everybody in it sees them. Create one, then an application in its sandbox; the guide <a href="/guides/start">Start in ten minutes</a> goes on from there.</p>`
}
${mayCreate ? newTeamForm(csrf, entered) : html`<p>${WHY_NOT[policy]}</p>`}`,
  })

const WHY_NOT: Record<PolicyValue<'developers'>, string> = {
  open: `An account is in at most ${MAX_TEAMS} teams.`,
  invitation: 'This portal admits developers by invitation: ask a team to invite you.',
  closed: 'This portal admits no new teams at the moment.',
}

const newTeamForm = (
  csrf: string,
  entered: { name: string; fault: string } | undefined,
): Html => html`<form method="post" action="/developers/teams" class="card">
<h2>New team</h2>${csrfField(csrf)}
${textField({
  name: 'name',
  label: 'Name',
  value: entered?.name ?? '',
  faults: entered ? { name: [entered.fault] } : {},
  isRequired: true,
  longest: 60,
})}
<button class="primary" name="create-team">Create team</button></form>`

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
        : html`<p>${NONE_YET[place]}</p>`
    }${
      place === 'sandbox' && includesRole(team.role, 'developer') && !team.isSuspended
        ? html`<p><a class="button" href="/developers/${team.id}/sandbox/new">New application</a></p>`
        : ''
    }</section>`,
)}`,
  })

const NONE_YET = {
  sandbox: html`None yet. An application of the sandbox is ready at once, and meets invented people only: <a href="/guides/start">Start in ten minutes</a>.`,
  production: html`None yet. Ask for production on the page of an application of the sandbox, when it works there: <a href="/guides/going-live">Going live</a>.`,
}
const TITLES = { sandbox: 'In the sandbox', production: 'In production' }
