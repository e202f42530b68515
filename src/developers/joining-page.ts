import { html } from 'hono/html'
import { csrfField, type Html } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import { developerPage } from './frame.ts'
import { ROLES } from './members-page.ts'
import type { TeamRole } from './teams.ts'

/** Why this account does not join: it has another address, or did not confirm it, or the team or the account has too many. */
export type JoinFault = 'other' | 'unconfirmed' | 'full' | 'too-many-teams'

/** The page behind the mailed link, for somebody who is not signed in. */
export const strangerPage = (
  reader: Reader,
  {
    teamName,
    signInPath,
    signUpPath,
  }: { teamName: string; signInPath: string; signUpPath: string | undefined },
): Html =>
  developerPage(reader, {
    title: 'Invitation',
    body: html`<section class="card narrow"><h1>Join ${teamName}</h1>
<p>You are invited to a team that builds applications with this portal. Sign in with the account of the address that the mail came to.</p>
<div class="buttons"><a class="button primary" href="${signInPath}">Sign in</a>${
      signUpPath ? html`<a class="button" href="${signUpPath}">Create an account</a>` : ''
    }</div>
${signUpPath ? html`<p class="quiet">A new account comes back to this page when it is ready.</p>` : ''}</section>`,
  })

/** The same for a resident, who accepts, or is told why not. */
export const invitationPage = (
  reader: Reader,
  {
    teamName,
    role,
    csrf,
    email,
    fault,
  }: {
    teamName: string
    role: TeamRole
    csrf: string
    email: string
    fault: JoinFault | undefined
  },
): Html =>
  developerPage(reader, {
    title: fault ? 'Error: invitation' : 'Invitation',
    body: html`<section class="card narrow"><h1>Join ${teamName}</h1>
${
  fault
    ? html`<div class="notice bad" role="alert"><p>${FAULTS[fault]}</p></div>
<p class="quiet">You are signed in as ${email}.</p>
${
  fault === 'unconfirmed'
    ? html`<p><a class="button primary" href="/account">Your account</a></p>`
    : html`<form method="post" action="/sign-out">${csrfField(csrf)}<button name="sign-out">Sign out</button></form>`
}`
    : html`<p>${ROLES[role]}.</p>
<p>The members of the team will see your e-mail address, ${email}, and nothing else of your account.</p>
<form method="post">${csrfField(csrf)}<div class="buttons"><button class="primary" name="accept">Join the team</button></div></form>`
}</section>`,
  })

const FAULTS: Record<JoinFault, string> = {
  other:
    'This invitation is for another e-mail address. Sign out, open the link again, and sign in with the account that has the address.',
  unconfirmed:
    'This invitation is for your e-mail address, which you have not confirmed yet. Confirm it on the page of your account, and open the link again.',
  full: 'This team has as many members as a team can have.',
  'too-many-teams': 'You are in as many teams as an account can be in. Leave one first.',
}
