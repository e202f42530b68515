import { html } from 'hono/html'
import { csrfField, day, type Html } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import { choiceField, type FieldFaults, formFaults, hasFaults, textField } from './fields.ts'
import { developerPage } from './frame.ts'
import type { Invitation } from './invitations.ts'
import type { Member, Membership, TeamRole } from './teams.ts'

export type ShownMember = Member & { email: string; isOwn: boolean }

/** What each role may do, in words. */
export const ROLES: Record<TeamRole, string> = {
  viewer: 'A viewer looks at everything',
  developer: 'A developer also changes applications in the sandbox',
  owner: 'An owner also decides about members and production',
}
const ROLE_NAMES: readonly (readonly [TeamRole, string])[] = [
  ['viewer', 'Viewer'],
  ['developer', 'Developer'],
  ['owner', 'Owner'],
]

type MembersPage = {
  team: Membership
  csrf: string
  members: readonly ShownMember[]
  invitations: readonly Invitation[]
  mayChange: boolean
  entered: { email: string; role: TeamRole }
  faults: FieldFaults
}

/** `/developers/:team/members` */
export function membersPage(reader: Reader, data: MembersPage): Html {
  const { team, members, invitations, mayChange, faults } = data
  return developerPage(reader, {
    title: `${hasFaults(faults) ? 'Error: members' : 'Members'} · ${team.name}`,
    team,
    tab: '/members',
    body: html`<h1>Members</h1>${formFaults(faults)}
${members.map((member) => memberCard(reader, data, member))}
${invitations.length > 0 ? html`<h2>Invitations</h2>${invitations.map((each) => invitationCard(reader, data, each))}` : ''}
${mayChange ? inviteForm(data) : ''}`,
  })
}

function memberCard(
  reader: Reader,
  { team, csrf, mayChange }: MembersPage,
  member: ShownMember,
): Html {
  const { accountId, email, role, createdAt, isOwn } = member
  const path = `/developers/${team.id}/members/${accountId}`
  const head = html`${csrfField(csrf)}<input type="hidden" name="was" value="${role}">`
  return html`<section class="card"><h2 id="member-${accountId}">${email}${isOwn ? ' (you)' : ''}</h2>
<p class="quiet">${ROLES[role]}. A member since ${day(reader, createdAt)}.</p>
${
  mayChange
    ? html`<form method="post" action="${path}/role">${head}
<label for="role-${accountId}" id="label-${accountId}">Role</label>
<select id="role-${accountId}" name="role" aria-labelledby="label-${accountId} member-${accountId}">${roleOptions(role)}</select>
<div class="buttons"><button name="set-role">Change role</button></div></form>
<form method="post" action="${path}/remove">${head}<button class="danger" name="remove" aria-label="Remove from the team: ${email}">Remove from the team</button></form>`
    : ''
}</section>`
}

const roleOptions = (chosen: TeamRole): Html =>
  html`${ROLE_NAMES.map(([role, text]) => html`<option value="${role}"${role === chosen ? html` selected` : ''}>${text}</option>`)}`

const invitationCard = (
  reader: Reader,
  { team, csrf, mayChange }: MembersPage,
  { id, email, role, expiresAt }: Invitation,
): Html => html`<section class="card"><h3>${email}</h3>
<p class="quiet">${ROLES[role]}. Invited, until ${day(reader, expiresAt)}.</p>
${mayChange ? html`<form method="post" action="/developers/${team.id}/invitations/${id}/withdraw">${csrfField(csrf)}<button name="withdraw" aria-label="Withdraw invitation: ${email}">Withdraw invitation</button></form>` : ''}</section>`

const inviteForm = ({ team, csrf, entered, faults }: MembersPage): Html =>
  html`<form method="post" action="/developers/${team.id}/invitations" class="card"><h2>Invite somebody</h2>${csrfField(csrf)}
<p>They get a mail with a link that works once, for seven days. They need an account with this address, and can create it on the way where this portal lets them. Members see each other’s addresses.</p>
${textField({ name: 'email', label: 'E-mail address', value: entered.email, faults, type: 'email', isRequired: true })}
${choiceField({ name: 'role', label: 'Role', hint: html`${Object.values(ROLES).map((role) => html`${role}. `)}`, value: entered.role, faults, choices: ROLE_NAMES })}
<button class="primary" name="invite">Send invitation</button></form>`
