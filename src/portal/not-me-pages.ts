import { html } from 'hono/html'
import { csrfField, type Html, page } from '../web/html.ts'

/** What the report is about: a sign-in, or the application of a consent. */
type About = { kind: 'sign-in' } | { kind: 'consent'; clientName: string; path: string }

const setPassword = html`<a href="/reset">Set a new password</a>`

/** Behind the link of a mail about a sign-in or a consent: nothing is used up until this form is sent. */
export function notMePage(data: { action: string; csrf: string; about: About }): Html {
  const { action, csrf, about } = data
  return page({
    title: 'This was not me',
    body: html`<section class="card narrow">
<h1>${about.kind === 'consent' ? html`You did not allow ${about.clientName}?` : 'You did not sign in?'}</h1>
<p class="lead">${
      about.kind === 'consent'
        ? html`If it was not you, we freeze ${about.clientName}: it sees nothing any more and gets nothing new, until you lift that or end its access. The session in which it was allowed ends.`
        : 'If it was not you, we end that session, and the access that applications got from it.'
    } The people who run the portal are told.</p>
<form method="post" action="${action}">
${csrfField(csrf)}
<div class="buttons"><button class="danger" name="not-me">This was not me</button></div>
</form>
<p class="quiet">If it was you, close this page: nothing changes.</p>
</section>`,
  })
}

export function notMeDonePage({ about }: { about: About }): Html {
  return page({
    title: 'Thank you for telling us',
    body: html`<section class="card narrow">
<h1>${about.kind === 'consent' ? html`${about.clientName} is frozen` : 'That session has ended'}</h1>
${
  about.kind === 'consent'
    ? html`<p class="lead">It sees nothing any more. The session in which it was allowed has ended.</p>
<p>Somebody may know your password. ${setPassword} now: that signs you out everywhere. Then sign in and end the access of ${about.clientName} on <a href="${about.path}">its page</a>, or lift the freeze there if it was you after all.</p>`
    : html`<p class="lead">The access that applications got from it has ended too, and passkeys or authenticator apps that were added since then are removed.</p>
<p>Somebody may know your password. ${setPassword} now: that signs you out everywhere. Then look on <a href="/">your own page</a> whether you know every application there.</p>`
}
<p class="quiet">The people who run the portal have been told.</p>
</section>`,
  })
}
