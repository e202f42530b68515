import { html } from 'hono/html'
import { csrfField, type Html, page } from '../web/html.ts'

/** The subject of the report: a sign-in, or a consent for an application. */
type About = { kind: 'sign-in' } | { kind: 'consent'; clientName: string; path: string }

const setPassword = html`<a href="/reset">Set a new password</a>`

/** The page that the link in a security mail opens. The link stays valid until this form is sent. */
export function notMePage(data: { action: string; csrf: string; about: About }): Html {
  const { action, csrf, about } = data
  return page({
    title: 'This was not me',
    body: html`<section class="card narrow">
<h1>${about.kind === 'consent' ? html`You did not allow ${about.clientName}?` : 'You did not sign in?'}</h1>
<p class="lead">${
      about.kind === 'consent'
        ? html`If this was not you, we freeze ${about.clientName}: it can no longer see any of your data, until you lift the freeze or end its access. We also sign out the browser in which it was allowed.`
        : 'If this was not you, we sign out that browser and end the access that applications got through it.'
    } We also notify the people who run this portal.</p>
<form method="post" action="${action}">
${csrfField(csrf)}
<div class="buttons"><button class="danger" name="not-me">This was not me</button></div>
</form>
<p class="quiet">If it was you, close this page. Nothing changes.</p>
</section>`,
  })
}

export function notMeDonePage({ about }: { about: About }): Html {
  return page({
    title: 'Thank you for telling us',
    body: html`<section class="card narrow">
<h1>${about.kind === 'consent' ? html`${about.clientName} is frozen` : 'That browser is signed out'}</h1>
${
  about.kind === 'consent'
    ? html`<p class="lead">It can no longer see any of your data. The browser in which it was allowed is signed out.</p>
<p>Somebody may know your password. ${setPassword} now; that signs you out everywhere. Then sign in and open <a href="${about.path}">the page of ${about.clientName}</a>. End its access there, or lift the freeze if it was you after all.</p>`
    : html`<p class="lead">We also ended the access that applications got through it, and removed passkeys and authenticator apps that were added since then.</p>
<p>Somebody may know your password. ${setPassword} now; that signs you out everywhere. Then check <a href="/">your own page</a>, and end the access of every application that you do not recognise.</p>`
}
<p class="quiet">We have notified the people who run this portal.</p>
</section>`,
  })
}
