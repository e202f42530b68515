import { html } from 'hono/html'
import { csrfField, type Html, page } from '../web/html.ts'

const DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' })

const notice = (error: string | undefined): Html | '' =>
  error ? html`<div class="notice bad" role="alert" id="form-error"><p>${error}</p></div>` : ''
const described = (error: string | undefined): Html | '' =>
  error ? html` aria-invalid="true" aria-describedby="form-error"` : ''

/** The page `/reset`: requests a link to set a new password. */
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

/** The same page whether or not an account has the address. */
export function resetSentPage(_data: Record<string, never>): Html {
  return page({
    title: 'Check your e-mail',
    body: html`<section class="card narrow">
<h1>Check your e-mail</h1>
<p class="lead">If this address belongs to a resident, we have sent a link to it. Open the link in this browser. It works once, for 30 minutes.</p>
<p class="quiet">No e-mail? Check your spam folder, and that you typed the address you sign in with. <a href="/reset">Try again</a></p>
</section>`,
  })
}

/** The page that the link opens. The link stays valid until this form is sent. */
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
<p class="lead">Use at least 15 characters. Four unrelated words are a good choice; digits and symbols are not required.</p>
${notice(error)}
<form method="post" action="${action}">
${csrfField(csrf)}
<div class="field"><label for="email">E-mail</label>
<input id="email" type="email" autocomplete="username" readonly value="${email}"></div>
<div class="field"><label for="password">New password</label>
<input id="password" name="password" type="password" autocomplete="new-password" required${described(error)}></div>
<div class="buttons"><button class="primary" name="set-password">Set the password</button></div>
</form>
<p class="quiet">A new password signs you out on every device and disconnects every application.</p>
</section>`,
  })
}

/**
 * `applications` were connected before the change; `passkeys` sign in again only after the password. Both are empty when this
 * browser may not see them.
 */
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
<p class="lead">You were signed out everywhere, and every application was disconnected. <a href="/">Sign in</a> with the new password, or go back to the application you came from.</p>
${
  applications.length === 0
    ? ''
    : html`<h2>These applications were connected</h2>
<ul>${applications.map(({ name, page: path }) => html`<li><a href="${path}">${name}</a></li>`)}</ul>
<p class="quiet">What you allowed them applies again when you next sign in there. If you do not recognise one of them, open its page and end its access.</p>`
}
${
  passkeys.length === 0
    ? ''
    : html`<h2>These passkeys belong to your account</h2>
<ul>${passkeys.map(({ name, createdAt, usedAt }) => html`<li>${name}, added on ${DAY.format(createdAt)}${usedAt ? `, last used on ${DAY.format(usedAt)}` : ', never used'}</li>`)}</ul>
<p class="quiet">To sign in with one of them alone again, first sign in once with your new password and then that passkey. If you do not recognise one of them, sign in, <a href="/account#passkeys">remove it</a> and make new recovery codes. If we ask for a passkey or a code that you do not have, write to the people who run this portal.</p>`
}
</section>`,
  })
}

/** The page that the link to a new address opens. Only the form changes the address; mail scanners open links too. */
export function confirmEmailPage(data: { action: string; csrf: string; email: string }): Html {
  const { action, csrf, email } = data
  return page({
    title: 'Confirm your e-mail address',
    body: html`<section class="card narrow">
<h1>Confirm your e-mail address</h1>
<p class="lead">After that you sign in as <strong>${email}</strong>.</p>
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
