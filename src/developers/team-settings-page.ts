import { html } from 'hono/html'
import { csrfField, type Html } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import { type FieldFaults, formFaults, hasFaults, textField } from './fields.ts'
import { developerPage } from './frame.ts'
import type { Membership } from './teams.ts'

/** `/developers/:team/settings` */
export function teamSettingsPage(
  reader: Reader,
  {
    team,
    csrf,
    isOwner,
    name,
    faults,
  }: { team: Membership; csrf: string; isOwner: boolean; name: string; faults: FieldFaults },
): Html {
  const path = `/developers/${team.id}`
  return developerPage(reader, {
    title: `${hasFaults(faults) ? 'Error: team' : 'Team'} · ${team.name}`,
    team,
    tab: '/settings',
    body: html`<h1>${team.name}</h1>${formFaults(faults)}
${
  isOwner
    ? html`<form method="post" action="${path}/name" class="card"><h2>Name</h2>${csrfField(csrf)}
<input type="hidden" name="was" value="${team.name}">
${textField({ name: 'name', label: 'Name of the team', value: name, faults, isRequired: true, longest: 60 })}
<button class="primary" name="rename">Rename</button></form>`
    : ''
}
<form method="post" action="${path}/leave" class="card"><h2>Leave</h2>${csrfField(csrf)}
<p>You see nothing of the team any more. To come back, you need a new invitation.</p>
<button class="danger" name="leave">Leave the team</button></form>
${
  isOwner
    ? html`<form method="post" action="${path}/delete" class="card"><h2>Delete</h2>${csrfField(csrf)}
<p>Its applications in the sandbox are deleted with it, at once and for good. A team with an application in production cannot be deleted.</p>
${textField({ name: 'confirmation', label: html`The name of the team, <strong>${team.name}</strong>`, value: '', faults, isRequired: true })}
<button class="danger" name="delete">Delete the team</button></form>`
    : ''
}`,
  })
}
