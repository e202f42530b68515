import { html } from 'hono/html'
import { csrfField, type Html, page } from '../html.ts'

const DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' })

const notice = (error: string | undefined): Html | '' =>
  error ? html`<div class="notice bad" role="alert" id="form-error"><p>${error}</p></div>` : ''
const described = (error: string | undefined): Html | '' =>
  error ? html` aria-invalid="true" aria-describedby="form-error"` : ''

/** Where a link for a new password is asked for. */
export function askResetPage(data: {
  csrf: string
  email?: string | undefined
  error?: string | undefined
}): Html {
  const { csrf, email = '', error } = data
  return page({
    title: error ? 'Error: set a new password' : 'Set a new password',
    body: html`<section class="card narrow">
<h1>Set a new password</h1>
<p class="lead">We send a link to your e-mail address. Open it in this browser.</p>
${notice(error)}
<form method="post" action="/reset">
${csrfField(csrf)}
<div class="field"><label for="email">E-mail</label>
<input id="email" name="email" type="email" autocomplete="username" inputmode="email" spellcheck="false" required value="${email}"${described(error)}></div>
<div class="buttons"><button class="primary" name="send">Send the link</button></div>
</form>
<p class="quiet"><a href="/">Back to sign-in</a></p>
</section>`,
  })
}

/** The same whether the address is known or not. */
export function resetSentPage(_data: Record<string, never>): Html {
  return page({
    title: 'Look at your mail',
    body: html`<section class="card narrow">
<h1>Look at your mail</h1>
<p class="lead">If the address belongs to a resident, a link is on its way to it. Open it in this browser; it works once, for 30 minutes.</p>
<p class="quiet">Nothing came? Look among unwanted mail, and whether the address is the one you sign in with. <a href="/reset">Ask again</a></p>
</section>`,
  })
}

/** Behind the link: nothing is used up until this form is sent. */
export function newPasswordPage(data: {
  action: string
  csrf: string
  email: string
  error?: string | undefined
}): Html {
  const { action, csrf, email, error } = data
  return page({
    title: error ? 'Error: choose a new password' : 'Choose a new password',
    body: html`<section class="card narrow">
<h1>Choose a new password</h1>
<p class="lead">Fifteen characters or more. Four unrelated words do well; no digits or symbols are required.</p>
${notice(error)}
<form method="post" action="${action}">
${csrfField(csrf)}
<div class="field"><label for="email">E-mail</label>
<input id="email" type="email" autocomplete="username" readonly value="${email}"></div>
<div class="field"><label for="password">New password</label>
<input id="password" name="password" type="password" autocomplete="new-password" required${described(error)}></div>
<div class="buttons"><button class="primary" name="set-password">Set the password</button></div>
</form>
<p class="quiet">You are signed out on every device when you set it, and every application is disconnected.</p>
</section>`,
  })
}

/** `applications` are those that were connected, `passkeys` those that want the password first, where this browser may know. */
export function passwordSetPage({
  applications,
  passkeys,
}: {
  applications: { name: string; page: string }[]
  passkeys: { name: string; createdAt: Date; usedAt: Date | null }[]
}): Html {
  return page({
    title: 'Your password is set',
    body: html`<section class="card narrow">
<h1>Your password is set</h1>
<p class="lead">You were signed out everywhere, and every application was disconnected. <a href="/">Sign in</a> with the new password, or go back to the application from which you came.</p>
${
  applications.length === 0
    ? ''
    : html`<h2>These applications were connected</h2>
<ul>${applications.map(({ name, page: path }) => html`<li><a href="${path}">${name}</a></li>`)}</ul>
<p class="quiet">What you allowed them is remembered for when you sign in there again. If you do not know one of them, open its page and end its access.</p>`
}
${
  passkeys.length === 0
    ? ''
    : html`<h2>These passkeys belong to your account</h2>
<ul>${passkeys.map(({ name, createdAt, usedAt }) => html`<li>${name}, added on ${DAY.format(createdAt)}${usedAt ? `, last used on ${DAY.format(usedAt)}` : ', never used'}</li>`)}</ul>
<p class="quiet">Each opens your account again once you have used it right after the new password. If you do not know one of them, sign in, <a href="/account#passkeys">remove it</a> and make new recovery codes. If signing in asks for a passkey or a code that you do not have, write to the people who run the portal.</p>`
}
</section>`,
  })
}

/** Behind the link to a new address: the form counts, not that the link was opened. */
export function confirmEmailPage(data: { action: string; csrf: string; email: string }): Html {
  const { action, csrf, email } = data
  return page({
    title: 'Confirm your e-mail address',
    body: html`<section class="card narrow">
<h1>Confirm your e-mail address</h1>
<p class="lead">From then on you sign in as <strong>${email}</strong>.</p>
<form method="post" action="${action}">
${csrfField(csrf)}
<div class="buttons"><button class="primary" name="confirm-email">Use this address</button></div>
</form>
</section>`,
  })
}

export function emailConfirmedPage(_data: Record<string, never>): Html {
  return page({
    title: 'Your e-mail address is confirmed',
    body: html`<section class="card narrow">
<h1>Your e-mail address is confirmed</h1>
<p class="lead">You sign in with it from now on. <a href="/account">Go to your account</a></p>
</section>`,
  })
}
