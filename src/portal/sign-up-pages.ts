import { html } from 'hono/html'
import { csrfField, type Html, page } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import { codeForm } from './mail-link-pages.ts'

/** The application that waits for the account: its name, and the identifier of its request. */
type Waiting = { interactionUid: string; clientName: string }

const fault = (id: string, text: string | undefined): Html | '' =>
  text ? html`<p class="fault" id="${id}-error">${text}</p>` : ''
const described = (id: string, text: string | undefined): Html | '' =>
  text ? html` aria-invalid="true" aria-describedby="${id}-error"` : ''

const signInPath = (waiting: Waiting | undefined) =>
  waiting ? `/interaction/${waiting.interactionUid}?sign-in` : '/'
const startPath = (waiting: Waiting | undefined) =>
  waiting ? `/sign-up?request=${waiting.interactionUid}` : '/sign-up'

/** The page `/sign-up`: requests a link to create an account. */
export function signUpPage(
  reader: Reader,
  data: {
    csrf: string
    waiting: Waiting | undefined
    /** Only invited addresses get a link. */
    byInvitation: boolean
    email?: string | undefined
    error?: string | undefined
  },
): Html {
  const { csrf, waiting, byInvitation, email = '', error } = data
  const { common, signUp } = reader.texts
  return page(reader, {
    title: error === undefined ? signUp.title : signUp.errorTitle,
    body: html`<section class="card narrow">
<h1>${signUp.title}</h1>
<p class="lead">${waiting ? signUp.leadFor(html`<strong>${waiting.clientName}</strong>`) : signUp.lead}</p>
${byInvitation ? html`<p>${signUp.byInvitation}</p>` : ''}
<form method="post" action="/sign-up">
${csrfField(csrf)}${waiting ? html`<input type="hidden" name="request" value="${waiting.interactionUid}">` : ''}
<div class="field"><label for="email">${common.email}</label>
${fault('email', error)}<input id="email" name="email" type="email" autocomplete="email" inputmode="email" spellcheck="false" required value="${email}"${described('email', error)}></div>
<p class="quiet">${signUp.help}</p>
<div class="buttons"><button class="primary" name="send">${common.continue}</button></div>
</form>
<p class="quiet"><a href="${signInPath(waiting)}">${signUp.hasAccount}</a></p>
</section>`,
  })
}

/** The same page whether or not an account has the address, and whether or not it is invited. */
export function signUpSentPage(
  reader: Reader,
  data: {
    csrf: string
    email: string
    waiting: Waiting | undefined
    byInvitation: boolean
    /** The portal shows its mails instead of sending them. */
    hasOutbox: boolean
    error?: string | undefined
  },
): Html {
  const { csrf, email, waiting, byInvitation, hasOutbox, error } = data
  const { mailCode, signUp } = reader.texts
  const sent = byInvitation ? signUp.sentIfInvited : signUp.sent
  return page(reader, {
    title: error === undefined ? mailCode.title : mailCode.errorTitle,
    body: html`<section class="card narrow">
<h1>${mailCode.title}</h1>
<p class="lead">${sent(html`<strong>${email}</strong>`)}</p>
${hasOutbox ? html`<div class="notice" role="note"><p>${signUp.inOutbox('/outbox')}</p></div>` : ''}
${codeForm(reader, { action: '/sign-up/code', csrf, error })}
<p class="quiet">${signUp.noEmail(startPath(waiting))}</p>
<p class="quiet"><a href="${signInPath(waiting)}">${signUp.hasAccount}</a></p>
</section>`,
  })
}

/** A text for each field of `newAccountPage`, by its name: what was typed, or what is wrong. */
export type FieldTexts = Partial<Record<'given-name' | 'family-name' | 'password', string>>

/** The page that the link opens, or the code. The link stays valid until this form is sent. */
export function newAccountPage(
  reader: Reader,
  data: {
    action: string
    csrf: string
    email: string
    /** The name of the application that the account is created for. */
    clientName: string | undefined
    /** Its request has expired meanwhile. */
    hasExpired: boolean
    values?: FieldTexts
    errors?: FieldTexts
  },
): Html {
  const { action, csrf, email, clientName, hasExpired, values = {}, errors = {} } = data
  const { common, newAccount, notMe } = reader.texts
  const hasErrors = Object.values(errors).some((text) => text !== undefined)
  const nameField = (name: 'given-name' | 'family-name', label: string) =>
    html`<div class="field"><label for="${name}">${label}</label>
${fault(name, errors[name])}<input id="${name}" name="${name}" type="text" autocomplete="${name}" maxlength="100" required value="${values[name] ?? ''}"${described(name, errors[name])}></div>`
  return page(reader, {
    passkeys: true,
    title: hasErrors ? newAccount.errorTitle : newAccount.title,
    body: html`<section class="card narrow">
<h1>${newAccount.title}</h1>
<p class="lead">${clientName && !hasExpired ? newAccount.leadFor(html`<strong>${clientName}</strong>`) : newAccount.lead}</p>
${hasExpired ? html`<div class="notice" role="note"><p>${newAccount.hasExpired(clientName ?? notMe.theApplication)}</p></div>` : ''}
${hasErrors ? html`<div class="notice bad" role="alert"><p>${newAccount.hasErrors}</p></div>` : ''}
<form method="post" action="${action}">
${csrfField(csrf)}<input type="hidden" name="new-passkey" value="">
<div class="field"><label for="email">${common.email}</label>
<input id="email" type="email" autocomplete="username" readonly value="${email}"></div>
${nameField('given-name', newAccount.givenName)}
${nameField('family-name', newAccount.surname)}
<p class="quiet">${newAccount.nameHelp}</p>
<div class="field"><label for="password">${common.password}</label>
${fault('password', errors.password)}<input id="password" name="password" type="password" autocomplete="new-password" required aria-describedby="password-hint${errors.password ? ' password-error' : ''}"${errors.password ? html` aria-invalid="true"` : ''}>
<p class="quiet" id="password-hint">${newAccount.passwordHelp}</p></div>
<div class="buttons"><button class="primary" name="create">${newAccount.create}</button></div>
<div class="notice bad" role="alert" data-passkey-failure hidden><p>${newAccount.passkeyFailed}</p></div>
<button type="button" class="passkey" data-passkey="create" data-options="${action}/passkey-options" data-field="new-passkey" data-needs="given-name family-name" hidden>${newAccount.passkey}</button>
</form>
</section>`,
  })
}

/** The account exists and the resident is signed in, but the application's request has expired. */
export function requestExpiredPage(reader: Reader, { clientName }: { clientName: string }): Html {
  const { newAccount } = reader.texts
  return page(reader, {
    title: newAccount.readyTitle,
    body: html`<section class="card narrow">
<h1>${newAccount.readyTitle}</h1>
<p class="lead">${newAccount.ready(html`<strong>${clientName}</strong>`)}</p>
<p><a href="/">${newAccount.home}</a></p>
</section>`,
  })
}
