import { html } from 'hono/html'
import { csrfField, type Html, page } from '../html.ts'

export type Device = {
  uid: string
  name: string
  signedInAt: Date
  usedAt: Date
  isThis: boolean
}

/** How a resident signs in, and where they are signed in. */
export function accountPage(data: {
  csrf: string
  email: string
  devices: Device[]
  notice?: string | undefined
  error?: string | undefined
  /** What was typed into the field for a new address. */
  newEmail?: string | undefined
}): Html {
  const { csrf, email, devices, notice, error, newEmail = '' } = data
  const described = error ? html` aria-invalid="true" aria-describedby="email-error"` : ''
  return page({
    title: error ? 'Error: your account' : 'Your account',
    actions: html`<form method="post" action="/sign-out" class="sign-out">${csrfField(csrf)}<a href="/">Your documents</a> <button class="plain" name="sign-out">Sign out</button></form>`,
    body: html`${notice ? html`<div class="notice good" role="status"><p>${notice}</p></div>` : ''}
<h1>Your account</h1>
<section aria-labelledby="address"><h2 id="address">E-mail</h2>
<div class="card"><p>You sign in as <strong>${email}</strong>.</p>
${error ? html`<div class="notice bad" role="alert" id="email-error"><p>${error}</p></div>` : ''}
<form method="post" action="/account/email">${csrfField(csrf)}
<div class="field"><label for="email">New e-mail</label>
<input id="email" name="email" type="email" autocomplete="email" inputmode="email" spellcheck="false" required value="${newEmail}"${described}></div>
<button name="change-email">Send a link to it</button></form>
<p class="quiet">It counts when you have opened the link. The old address is told.</p></div></section>
<section aria-labelledby="password"><h2 id="password">Password</h2>
<div class="card"><p><a href="/reset">Set a new password</a> by a link that we send to you. It ends every session.</p></div></section>
<section aria-labelledby="devices"><h2 id="devices">Where you are signed in</h2>
${devices.map((device) => deviceCard(device, csrf))}
${
  devices.length > 1
    ? html`<form method="post" action="/account/sessions/end-others">${csrfField(csrf)}<button class="danger" name="end-others">End all other sessions</button></form>`
    : ''
}
<p class="quiet">A session ends after 12 hours without use, and 14 days after you last signed in.</p></section>`,
  })
}

function deviceCard({ uid, name, signedInAt, usedAt, isThis }: Device, csrf: string): Html {
  return html`<article class="card">
<header><h3>${name}</h3>${isThis ? html`<p class="status good">This browser</p>` : ''}</header>
<p class="quiet">Signed in ${moment(signedInAt)}, last used ${moment(usedAt)}.</p>
${
  isThis
    ? ''
    : html`<form method="post" action="/account/sessions/${encodeURIComponent(uid)}/end">${csrfField(csrf)}<button class="danger" name="end-session" aria-label="End the session on ${name}">End</button></form>`
}</article>`
}

const MOMENT = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'long',
  timeStyle: 'short',
  timeZone: 'UTC',
})

const moment = (date: Date): Html =>
  html`<time datetime="${date.toISOString()}">${MOMENT.format(date)} UTC</time>`
