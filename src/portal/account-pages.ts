import { html } from 'hono/html'
import type { Factors } from '../accounts/second-factor.ts'
import { csrfField, type Html, page } from '../html.ts'

export type OwnPasskey = {
  id: string
  name: string
  synced: boolean
  createdAt: Date
  usedAt: Date | null
  /** It opens the account after the password alone. */
  needsPassword: boolean
}

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
  /** Whether the resident has lately proven who they are: only then a passkey or a password is made. */
  mayChangeFactors: boolean
  factors: Factors
  passkeys: OwnPasskey[]
  devices: Device[]
  notice?: string | undefined
  error?: string | undefined
  /** What was typed into the field for a new address. */
  newEmail?: string | undefined
  /** Why a new password was refused. */
  passwordError?: string | undefined
}): Html {
  const { mayChangeFactors, factors, passwordError } = data
  const { csrf, email, passkeys, devices, notice, error, newEmail = '' } = data
  const described = error ? html` aria-invalid="true" aria-describedby="email-error"` : ''
  return page({
    passkeys: mayChangeFactors,
    title: error || passwordError ? 'Error: your account' : 'Your account',
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
<div class="card">${mayChangeFactors ? newPasswordForm(csrf, email, passwordError) : html`<form method="post" action="/account/password/new">${csrfField(csrf)}<button name="change-password">Change the password</button></form>`}
<p class="quiet">A new password ends every session. You can also <a href="/reset">set one by mail</a>.</p></div></section>
<section aria-labelledby="second-step"><h2 id="second-step">Second step</h2>
${secondStepCards(factors, csrf)}</section>
<section aria-labelledby="passkeys"><h2 id="passkeys">Passkeys</h2>
<p class="quiet">A passkey signs you in by your device’s own lock, and by nothing that can be typed on a false page.</p>
${passkeys.map((passkey, index) => passkeyCard(passkey, index, csrf))}
${mayChangeFactors ? newPasskeyForm(csrf) : html`<form method="post" action="/account/passkeys/new">${csrfField(csrf)}<button name="add-passkey">Add a passkey</button></form>`}</section>
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

function newPasswordForm(csrf: string, email: string, error: string | undefined): Html {
  const described = error ? html` aria-invalid="true" aria-describedby="password-error"` : ''
  return html`${error ? html`<div class="notice bad" role="alert" id="password-error"><p>${error}</p></div>` : ''}
<form method="post" action="/account/password">${csrfField(csrf)}
<input type="hidden" name="username" autocomplete="username" value="${email}">
<div class="field"><label for="new-password">New password</label>
<input id="new-password" name="new-password" type="password" autocomplete="new-password" required${described}></div>
<button name="set-password">Set the password</button></form>`
}

function secondStepCards({ hasTotp, hasPasskey, recoveryCodes }: Factors, csrf: string): Html {
  return html`<div class="card">${
    hasTotp
      ? html`<p>Signing in takes your password and a code from your authenticator app, or a passkey.</p>
<form method="post" action="/account/totp/remove">${csrfField(csrf)}<button class="danger" name="remove-totp">Remove the authenticator app</button></form>`
      : html`<p>${hasPasskey ? 'Signing in takes a passkey. A code from an authenticator app, together with your password, is another way.' : 'With an authenticator app, or a passkey, somebody who learns your password cannot get in by it alone.'}</p>
<form method="post" action="/account/totp/new">${csrfField(csrf)}<button name="add-totp">Set up an authenticator app</button></form>`
  }</div>
${
  hasTotp || hasPasskey
    ? html`<div class="card"><p>${recoveryCodes === 1 ? 'One recovery code is' : `${recoveryCodes || 'No'} recovery codes are`} left.</p>
<form method="post" action="/account/recovery-codes">${csrfField(csrf)}<button name="new-recovery-codes">Make new recovery codes</button></form>
<p class="quiet">They replace the old ones.</p></div>`
    : ''
}`
}

const newPasskeyForm = (
  csrf: string,
): Html => html`<div class="card"><form method="post" action="/account/passkeys">${csrfField(csrf)}
<input type="hidden" name="new-passkey" value="">
<div class="field"><label for="passkey-name">Name of a new passkey</label>
<input id="passkey-name" name="name" type="text" autocomplete="off" maxlength="60" placeholder="My telephone"></div>
<div class="notice bad" role="alert" data-passkey-failure hidden><p>No passkey was added. Please try again.</p></div>
<button type="button" data-passkey="create" data-options="/account/passkeys/options" data-field="new-passkey" hidden>Add a passkey</button>
</form><noscript><p class="quiet">Your browser makes passkeys by a script, and scripts are off.</p></noscript></div>`

function passkeyCard(
  { id, name, synced, createdAt, usedAt, needsPassword }: OwnPasskey,
  index: number,
  csrf: string,
): Html {
  const path = `/account/passkeys/${encodeURIComponent(id)}`
  return html`<article class="card">
<header><h3>${name}</h3><p class="quiet">${synced ? 'on your devices' : 'on one device'}</p></header>
<p class="quiet">Added ${moment(createdAt)}${usedAt ? html`, last used ${moment(usedAt)}` : ''}.</p>
${needsPassword ? html`<p>Your password was set by mail since then. This passkey signs you in by itself again once you have used it right after the password. Remove it if you do not know it.</p>` : ''}
<form method="post" action="${path}/rename">${csrfField(csrf)}
<div class="field"><label for="passkey-name-${index}">Name</label>
<input id="passkey-name-${index}" name="name" type="text" autocomplete="off" maxlength="60" required value="${name}"></div>
<button name="rename-passkey" aria-label="Rename ${name}">Rename</button></form>
<form method="post" action="${path}/remove">${csrfField(csrf)}<button class="danger" name="remove-passkey" aria-label="Remove ${name}">Remove</button></form>
</article>`
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
