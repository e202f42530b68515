import { html } from 'hono/html'
import type { Factors } from '../accounts/second-factor.ts'
import { csrfField, type Html, moment, page, signOutForm } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'

type OwnPasskey = {
  id: string
  name: string
  synced: boolean
  createdAt: Date
  usedAt: Date | null
  /** Signs in only directly after the password, since the password was reset by mail. */
  needsPassword: boolean
}

type AccountPage = {
  csrf: string
  email: string
  /** Whether the resident signed in recently enough to add a passkey or change the password. */
  mayChangeFactors: boolean
  factors: Factors
  passkeys: OwnPasskey[]
  /** On how many devices the resident is signed in. */
  sessions: number
  /** Whether the resident may become a developer of applications. */
  mayDevelop: boolean
  notice?: string | undefined
  error?: string | undefined
  /** The value of the field for a new address, shown again after an error. */
  newEmail?: string | undefined
  /** Why a new password was rejected. */
  passwordError?: string | undefined
}

/** The page `/account`: sign-in methods of the resident, and links to sessions, export and erasure. */
export function accountPage(reader: Reader, data: AccountPage): Html {
  const {
    csrf,
    mayChangeFactors,
    factors,
    passkeys,
    sessions,
    notice,
    error,
    passwordError,
    mayDevelop,
  } = data
  const { account, common, format, notifications, timeZone } = reader.texts
  return page(reader, {
    passkeys: mayChangeFactors,
    title: error || passwordError ? account.errorTitle : common.yourAccount,
    actions: signOutForm(reader, csrf, html`<a href="/">${common.yourDocuments}</a>`),
    body: html`${notice ? html`<div class="notice good" role="status"><p>${notice}</p></div>` : ''}
<h1>${common.yourAccount}</h1>
<section aria-labelledby="address"><h2 id="address">${common.email}</h2>
${emailCard(reader, data)}
<p><a href="/account/notifications">${notifications.title}</a></p></section>
<section aria-labelledby="password"><h2 id="password">${common.password}</h2>
<div class="card">${mayChangeFactors ? newPasswordForm(reader, data) : html`<form method="post" action="/account/password/new">${csrfField(csrf)}<button name="change-password">${account.changePassword}</button></form>`}
<p class="quiet">${account.passwordHelp}</p></div></section>
<section aria-labelledby="second-step"><h2 id="second-step">${account.secondStep}</h2>
${secondStepCards(reader, factors, csrf)}</section>
<section aria-labelledby="passkeys"><h2 id="passkeys">${account.passkeys}</h2>
<p class="quiet">${account.passkeysHelp}</p>
${passkeys.map((passkey, index) => passkeyCard(reader, passkey, index, csrf))}
${mayChangeFactors ? newPasskeyForm(reader, csrf) : html`<form method="post" action="/account/passkeys/new">${csrfField(csrf)}<button name="add-passkey">${account.addPasskey}</button></form>`}</section>
<section aria-labelledby="devices"><h2 id="devices">${account.devices}</h2>
<p>${account.signedInOn(sessions)}</p>
<p><a class="button" href="/account/devices">${account.seeDevices}</a></p></section>
<section aria-labelledby="zone"><h2 id="zone">${timeZone.title}</h2>
<div class="card"><p>${timeZone.shown(format.zone())}</p>
<p><a href="/account/time-zone">${timeZone.change}</a></p></div></section>
<section aria-labelledby="data"><h2 id="data">${account.data}</h2>
<p>${account.exportHelp}</p>
<p><a class="button" href="/account/export">${account.exportLink}</a></p>
<p>${account.eraseHelp}</p>
<p><a class="button" href="/account/erase">${account.eraseLink}</a></p></section>
${mayDevelop ? html`<p class="quiet"><a href="/developers">${account.forDevelopers}</a>: ${account.forDevelopersHelp}</p>` : ''}`,
  })
}

function emailCard({ texts }: Reader, { csrf, email, error, newEmail = '' }: AccountPage): Html {
  const { account } = texts
  const described = error ? html` aria-invalid="true" aria-describedby="email-error"` : ''
  return html`<div class="card"><p>${account.signedInAs(html`<strong>${email}</strong>`)}</p>
${error ? html`<div class="notice bad" role="alert" id="email-error"><p>${error}</p></div>` : ''}
<form method="post" action="/account/email">${csrfField(csrf)}
<div class="field"><label for="email">${account.newEmail}</label>
<input id="email" name="email" type="email" autocomplete="email" inputmode="email" spellcheck="false" required value="${newEmail}"${described}></div>
<button name="change-email">${account.sendLink}</button></form>
<p class="quiet">${account.emailHelp}</p></div>`
}

function newPasswordForm({ texts }: Reader, { csrf, email, passwordError }: AccountPage): Html {
  const described = passwordError
    ? html` aria-invalid="true" aria-describedby="password-error"`
    : ''
  return html`${passwordError ? html`<div class="notice bad" role="alert" id="password-error"><p>${passwordError}</p></div>` : ''}
<form method="post" action="/account/password">${csrfField(csrf)}
<input type="hidden" name="username" autocomplete="username" value="${email}">
<div class="field"><label for="new-password">${texts.common.newPassword}</label>
<input id="new-password" name="new-password" type="password" autocomplete="new-password" required${described}></div>
<button name="set-password">${texts.account.setPassword}</button></form>`
}

function secondStepCards(
  { texts: { account } }: Reader,
  { hasTotp, hasPasskey, recoveryCodes }: Factors,
  csrf: string,
): Html {
  return html`<div class="card">${
    hasTotp
      ? html`<p>${account.hasTotp}</p>
<form method="post" action="/account/totp/remove">${csrfField(csrf)}<button class="danger" name="remove-totp">${account.removeTotp}</button></form>`
      : html`<p>${hasPasskey ? account.hasPasskey : account.hasNone}</p>
<form method="post" action="/account/totp/new">${csrfField(csrf)}<button name="add-totp">${account.addTotp}</button></form>`
  }</div>
${
  hasTotp || hasPasskey
    ? html`<div class="card"><p>${account.codesLeft(recoveryCodes)}</p>
<form method="post" action="/account/recovery-codes">${csrfField(csrf)}<button name="new-recovery-codes">${account.newCodes}</button></form>
<p class="quiet">${account.newCodesHelp}</p></div>`
    : ''
}`
}

const newPasskeyForm = (
  { texts: { account } }: Reader,
  csrf: string,
): Html => html`<div class="card"><form method="post" action="/account/passkeys">${csrfField(csrf)}
<input type="hidden" name="new-passkey" value="">
<div class="field"><label for="passkey-name">${account.newPasskeyName}</label>
<input id="passkey-name" name="name" type="text" autocomplete="off" maxlength="60" placeholder="${account.passkeyExample}"></div>
<div class="notice bad" role="alert" data-passkey-failure hidden><p>${account.passkeyNotAdded}</p></div>
<button type="button" data-passkey="create" data-options="/account/passkeys/options" data-field="new-passkey" hidden>${account.addPasskey}</button>
</form><noscript><p class="quiet">${account.passkeyNoScript}</p></noscript></div>`

function passkeyCard(
  reader: Reader,
  { id, name, synced, createdAt, usedAt, needsPassword }: OwnPasskey,
  index: number,
  csrf: string,
): Html {
  const { account } = reader.texts
  const path = `/account/passkeys/${encodeURIComponent(id)}`
  const added = moment(reader, createdAt)
  return html`<article class="card">
<header><h3>${name}</h3><p class="quiet">${synced ? account.synced : account.onOneDevice}</p></header>
<p class="quiet">${usedAt ? account.passkeyUsed(added, moment(reader, usedAt)) : account.passkeyAdded(added)}</p>
${needsPassword ? html`<p>${account.needsPassword}</p>` : ''}
<form method="post" action="${path}/rename">${csrfField(csrf)}
<div class="field"><label for="passkey-name-${index}">${account.passkeyName}</label>
<input id="passkey-name-${index}" name="name" type="text" autocomplete="off" maxlength="60" required value="${name}"></div>
<button name="rename-passkey" aria-label="${account.renameLabel(name)}">${account.rename}</button></form>
<form method="post" action="${path}/remove">${csrfField(csrf)}<button class="danger" name="remove-passkey" aria-label="${account.removeLabel(name)}">${account.remove}</button></form>
</article>`
}
