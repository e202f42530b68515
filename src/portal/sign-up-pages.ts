import { html } from 'hono/html'
import { csrfField, type Html, page } from '../web/html.ts'

/** The application that waits for the account: its name, and the identifier of its request. */
type Waiting = { interactionUid: string; clientName: string }

const fault = (id: string, text: string | undefined): Html | '' =>
  text ? html`<p class="fault" id="${id}-error">${text}</p>` : ''
const described = (id: string, text: string | undefined): Html | '' =>
  text ? html` aria-invalid="true" aria-describedby="${id}-error"` : ''
const titled = (title: string, hasError: boolean) =>
  hasError ? `Error: ${title.toLowerCase()}` : title

const signInPath = (waiting: Waiting | undefined) =>
  waiting ? `/interaction/${waiting.interactionUid}?sign-in` : '/'
const startPath = (waiting: Waiting | undefined) =>
  waiting ? `/sign-up?request=${waiting.interactionUid}` : '/sign-up'

/** The page `/sign-up`: requests a link to create an account. */
export function signUpPage(data: {
  csrf: string
  waiting: Waiting | undefined
  /** Only invited addresses get a link. */
  byInvitation: boolean
  email?: string | undefined
  error?: string | undefined
}): Html {
  const { csrf, waiting, byInvitation, email = '', error } = data
  return page({
    title: titled('Create an account', error !== undefined),
    body: html`<section class="card narrow">
<h1>Create an account</h1>
<p class="lead">${
      waiting
        ? html`<strong>${waiting.clientName}</strong> would like to know who you are. After this you decide what it may see.`
        : 'Keep your documents in one place, and decide who may see them.'
    }</p>
${byInvitation ? html`<p>You need an invitation from the people who run this portal. Use the address that they invited.</p>` : ''}
<form method="post" action="/sign-up">
${csrfField(csrf)}${waiting ? html`<input type="hidden" name="request" value="${waiting.interactionUid}">` : ''}
<div class="field"><label for="email">E-mail</label>
${fault('email', error)}<input id="email" name="email" type="email" autocomplete="email" inputmode="email" spellcheck="false" required value="${email}"${described('email', error)}></div>
<p class="quiet">We send you a link and a code, to be sure that the address is yours.</p>
<div class="buttons"><button class="primary" name="send">Continue</button></div>
</form>
<p class="quiet"><a href="${signInPath(waiting)}">I already have an account</a></p>
</section>`,
  })
}

/** The same page whether or not an account has the address, and whether or not it is invited. */
export function signUpSentPage(data: {
  csrf: string
  email: string
  waiting: Waiting | undefined
  byInvitation: boolean
  error?: string | undefined
}): Html {
  const { csrf, email, waiting, byInvitation, error } = data
  return page({
    title: titled('Check your e-mail', error !== undefined),
    body: html`<section class="card narrow">
<h1>Check your e-mail</h1>
<p class="lead">${
      byInvitation
        ? html`If <strong>${email}</strong> is invited, we have sent an e-mail to it.`
        : html`We have sent an e-mail to <strong>${email}</strong>.`
    } Open the link in this browser. It works once, for 30 minutes.</p>
<p>Do you read your e-mail on another device? Type the code from the e-mail here.</p>
<form method="post" action="/sign-up/code">
${csrfField(csrf)}
<div class="field"><label for="code">Code</label>
${fault('code', error)}<input id="code" name="code" type="text" inputmode="numeric" autocomplete="one-time-code" maxlength="12" spellcheck="false" required${described('code', error)}></div>
<div class="buttons"><button class="primary" name="verify">Continue</button></div>
</form>
<p class="quiet">No e-mail? Check your spam folder, and the address. <a href="${startPath(waiting)}">Try again</a></p>
<p class="quiet"><a href="${signInPath(waiting)}">I already have an account</a></p>
</section>`,
  })
}

/** A text for each field of `newAccountPage`, by its name: what was typed, or what is wrong. */
export type FieldTexts = Partial<Record<'given-name' | 'family-name' | 'password', string>>

/** The page that the link opens, or the code. The link stays valid until this form is sent. */
export function newAccountPage(data: {
  action: string
  csrf: string
  email: string
  /** The name of the application that the account is created for. */
  clientName: string | undefined
  /** Its request has expired meanwhile. */
  hasExpired: boolean
  values?: FieldTexts
  errors?: FieldTexts
}): Html {
  const { action, csrf, email, clientName, hasExpired, values = {}, errors = {} } = data
  const hasErrors = Object.values(errors).some((text) => text !== undefined)
  const nameField = (name: 'given-name' | 'family-name', label: string) =>
    html`<div class="field"><label for="${name}">${label}</label>
${fault(name, errors[name])}<input id="${name}" name="${name}" type="text" autocomplete="${name}" maxlength="100" required value="${values[name] ?? ''}"${described(name, errors[name])}></div>`
  return page({
    passkeys: true,
    title: titled('Your new account', hasErrors),
    body: html`<section class="card narrow">
<h1>Your new account</h1>
<p class="lead">${
      clientName && !hasExpired
        ? html`Last step: then you go on to <strong>${clientName}</strong>.`
        : 'Your address is confirmed. This is the last step.'
    }</p>
${hasExpired ? html`<div class="notice" role="note"><p>The request of ${clientName ?? 'the application'} has expired meanwhile. Create your account here, then go back to the application and start again.</p></div>` : ''}
${hasErrors ? html`<div class="notice bad" role="alert"><p>Your account is not created yet. Please correct what is marked below.</p></div>` : ''}
<form method="post" action="${action}">
${csrfField(csrf)}<input type="hidden" name="new-passkey" value="">
<div class="field"><label for="email">E-mail</label>
<input id="email" type="email" autocomplete="username" readonly value="${email}"></div>
${nameField('given-name', 'Given name')}
${nameField('family-name', 'Surname')}
<p class="quiet">Type your name as it is on your identity document. Until a document proves it, it is your own statement.</p>
<div class="field"><label for="password">Password</label>
${fault('password', errors.password)}<input id="password" name="password" type="password" autocomplete="new-password" required aria-describedby="password-hint${errors.password ? ' password-error' : ''}"${errors.password ? html` aria-invalid="true"` : ''}>
<p class="quiet" id="password-hint">At least 15 characters. Four unrelated words are a good choice; digits and symbols are not required.</p></div>
<div class="buttons"><button class="primary" name="create">Create the account</button></div>
<div class="notice bad" role="alert" data-passkey-failure hidden><p>That did not work. Please try again, or choose a password.</p></div>
<button type="button" class="passkey" data-passkey="create" data-options="${action}/passkey-options" data-field="new-passkey" data-needs="given-name family-name" hidden>Use a passkey instead of a password</button>
</form>
</section>`,
  })
}

/** The account exists and the resident is signed in, but the application's request has expired. */
export function requestExpiredPage({ clientName }: { clientName: string }): Html {
  return page({
    title: 'Your account is ready',
    body: html`<section class="card narrow">
<h1>Your account is ready</h1>
<p class="lead">You are signed in. The request of <strong>${clientName}</strong> has expired meanwhile: go back to the application and start again. You need not sign in again.</p>
<p><a href="/">Go to your own page</a></p>
</section>`,
  })
}
