import { html } from 'hono/html'
import { describePasskey } from '../accounts/mails.ts'
import { csrfField, type Html, page } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'

const notice = (error: string | undefined): Html | '' =>
  error ? html`<div class="notice bad" role="alert" id="form-error"><p>${error}</p></div>` : ''
const described = (error: string | undefined): Html | '' =>
  error ? html` aria-invalid="true" aria-describedby="form-error"` : ''

type CodeForm = { csrf: string; error?: string | undefined }

/** The form for the code of a mail that is read on another device. */
export function codeForm(
  { texts: { common, mailCode } }: Reader,
  { action, csrf, error }: CodeForm & { action: string },
): Html {
  const marked = error ? html` aria-invalid="true" aria-describedby="code-error"` : ''
  return html`<p>${mailCode.otherDevice}</p>
<form method="post" action="${action}">
${csrfField(csrf)}
<div class="field"><label for="code">${common.code}</label>
${error ? html`<p class="fault" id="code-error">${error}</p>` : ''}<input id="code" name="code" type="text" inputmode="numeric" autocomplete="one-time-code" maxlength="12" spellcheck="false" required${marked}></div>
<div class="buttons"><button class="primary" name="verify">${common.continue}</button></div>
</form>`
}

/** The page `/reset`: requests a link to set a new password. */
export function askResetPage(
  reader: Reader,
  data: { csrf: string; email?: string | undefined; error?: string | undefined },
): Html {
  const { csrf, email = '', error } = data
  const { common, reset } = reader.texts
  return page(reader, {
    title: error ? reset.errorTitle : reset.title,
    body: html`<section class="card narrow">
<h1>${reset.title}</h1>
<p class="lead">${reset.lead}</p>
${notice(error)}
<form method="post" action="/reset">
${csrfField(csrf)}
<div class="field"><label for="email">${common.email}</label>
<input id="email" name="email" type="email" autocomplete="username" inputmode="email" spellcheck="false" required value="${email}"${described(error)}></div>
<div class="buttons"><button class="primary" name="send">${reset.send}</button></div>
</form>
<p class="quiet"><a href="/">${reset.back}</a></p>
</section>`,
  })
}

/** The same page whether or not an account has the address. */
export function resetSentPage(reader: Reader, { csrf, error }: CodeForm): Html {
  const { reset, mailCode } = reader.texts
  return page(reader, {
    title: error === undefined ? mailCode.title : mailCode.errorTitle,
    body: html`<section class="card narrow">
<h1>${mailCode.title}</h1>
<p class="lead">${reset.sentLead}</p>
${codeForm(reader, { action: '/reset/code', csrf, error })}
<p class="quiet">${reset.sentHelp}</p>
</section>`,
  })
}

/** The page that the link opens. The link stays valid until this form is sent. */
export function newPasswordPage(
  reader: Reader,
  data: { action: string; csrf: string; email: string; error?: string | undefined },
): Html {
  const { action, csrf, email, error } = data
  const { common, reset } = reader.texts
  return page(reader, {
    title: error ? reset.chooseErrorTitle : reset.chooseTitle,
    body: html`<section class="card narrow">
<h1>${reset.chooseTitle}</h1>
<p class="lead">${reset.chooseLead}</p>
${notice(error)}
<form method="post" action="${action}">
${csrfField(csrf)}
<div class="field"><label for="email">${common.email}</label>
<input id="email" type="email" autocomplete="username" readonly value="${email}"></div>
<div class="field"><label for="password">${common.newPassword}</label>
<input id="password" name="password" type="password" autocomplete="new-password" required${described(error)}></div>
<div class="buttons"><button class="primary" name="set-password">${reset.set}</button></div>
</form>
<p class="quiet">${reset.chooseHelp}</p>
</section>`,
  })
}

/**
 * `applications` were connected before the change; `passkeys` sign in again only after the password. Both are empty when this
 * browser may not see them.
 */
export function passwordSetPage(
  reader: Reader,
  {
    applications,
    passkeys,
  }: {
    applications: { name: string; page: string }[]
    passkeys: { name: string; createdAt: Date; usedAt: Date | null }[]
  },
): Html {
  const { reset } = reader.texts
  return page(reader, {
    title: reset.doneTitle,
    body: html`<section class="card narrow">
<h1>${reset.doneTitle}</h1>
<p class="lead">${reset.doneLead}</p>
${
  applications.length === 0
    ? ''
    : html`<h2>${reset.applications}</h2>
<ul>${applications.map(({ name, page: path }) => html`<li><a href="${path}">${name}</a></li>`)}</ul>
<p class="quiet">${reset.applicationsHelp}</p>`
}
${
  passkeys.length === 0
    ? ''
    : html`<h2>${reset.passkeys}</h2>
<ul>${passkeys.map((passkey) => html`<li>${describePasskey(reader.texts, passkey)}</li>`)}</ul>
<p class="quiet">${reset.passkeysHelp}</p>`
}
</section>`,
  })
}

/** The page after a link was sent to a new address. */
export function emailSentPage(reader: Reader, { csrf, error }: CodeForm): Html {
  const { confirmEmail, mailCode } = reader.texts
  return page(reader, {
    title: error === undefined ? mailCode.title : mailCode.errorTitle,
    body: html`<section class="card narrow">
<h1>${mailCode.title}</h1>
<p class="lead">${confirmEmail.sentLead}</p>
${codeForm(reader, { action: '/verify-email/code', csrf, error })}
<p class="quiet">${confirmEmail.sentHelp}</p>
</section>`,
  })
}

/** The page that the link to a new address opens. Only the form changes the address; mail scanners open links too. */
export function confirmEmailPage(
  reader: Reader,
  data: { action: string; csrf: string; email: string },
): Html {
  const { action, csrf, email } = data
  const { confirmEmail } = reader.texts
  return page(reader, {
    title: confirmEmail.title,
    body: html`<section class="card narrow">
<h1>${confirmEmail.title}</h1>
<p class="lead">${confirmEmail.lead(html`<strong>${email}</strong>`)}</p>
<form method="post" action="${action}">
${csrfField(csrf)}
<div class="buttons"><button class="primary" name="confirm-email">${confirmEmail.button}</button></div>
</form>
</section>`,
  })
}

export function emailConfirmedPage(reader: Reader): Html {
  const { confirmEmail } = reader.texts
  return page(reader, {
    title: confirmEmail.doneTitle,
    body: html`<section class="card narrow">
<h1>${confirmEmail.doneTitle}</h1>
<p class="lead">${confirmEmail.doneLead}</p>
</section>`,
  })
}
