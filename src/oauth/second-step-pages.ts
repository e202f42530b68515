import { html } from 'hono/html'
import type { SecondStep } from '../accounts/sign-in.ts'
import { csrfField, type Html, page, passkeyButton } from '../web/html.ts'
import { qrCode } from '../web/qr-code.ts'

type Step = SecondStep['step']
/** Where the forms of the page are sent, and their hidden fields. */
type Form = {
  action: string
  csrf: string
  /** Names and values of hidden fields. */
  fields: [string, string][]
  /** During an application's request: the person can still cancel. */
  mayCancel?: boolean
}

/** The step after a correct password that is not enough. Every form contains `token`. */
export function secondStepPage(
  data: Form & Pick<SecondStep, 'token' | 'step'> & { error?: string | undefined },
): Html {
  const { step, token, error } = data
  const form = { ...data, fields: [...data.fields, ['second-step', token] as [string, string]] }
  switch (step.kind) {
    case 'code':
      return codePage(form, step, error)
    case 'enrol':
      return enrolPage({ ...form, ...step, isDemanded: true, error })
    case 'recovery-codes':
      return recoveryCodesPage({
        codes: step.codes,
        next: html`<form method="post" action="${form.action}">
${hidden(form)}
<div class="buttons"><button class="primary" name="continue">I have saved them</button></div>
</form>`,
      })
  }
}

function codePage(form: Form, step: Step & { kind: 'code' }, error: string | undefined): Html {
  const { hasTotp, hasPasskey, recoveryCodes } = step
  return page({
    passkeys: true,
    title: error ? 'Error: second step' : 'Second step',
    body: html`<section class="card narrow">
<h1>Second step</h1>
<p class="lead">${
      hasTotp
        ? 'Enter the code that your authenticator app shows now.'
        : 'Use one of your passkeys.'
    }</p>
${errorNotice(error)}
<form method="post" action="${form.action}">
${hidden(form)}
${hasTotp ? codeField(error) : ''}
${hasTotp || form.mayCancel ? html`<div class="buttons">${hasTotp ? html`<button class="primary" name="verify">Continue</button>` : ''}${cancelButton(form)}</div>` : ''}
${hasPasskey ? passkeyButton('Use a passkey') : ''}
</form>
${hasPasskey && !hasTotp ? html`<noscript><p class="quiet">Passkeys need JavaScript, which is turned off in your browser.</p></noscript>` : ''}
${
  recoveryCodes > 0
    ? html`<details><summary>Use a recovery code</summary>
<form method="post" action="${form.action}">
${hidden(form)}
<div class="field"><label for="recovery-code">Recovery code</label>
<input id="recovery-code" name="recovery-code" type="text" autocomplete="off" autocapitalize="characters" spellcheck="false" required></div>
<div class="buttons"><button name="recover">Continue</button></div>
</form></details>`
    : ''
}
<p class="quiet">Lost all of these? Write to the people who run this portal.</p>
</section>`,
  })
}

/** Sets up an authenticator app: at sign-in when the policy requires it, or from the account page. */
export function enrolPage(
  data: Form & {
    secret: string
    uri: string
    enrolment: string
    isDemanded: boolean
    error?: string | undefined
  },
): Html {
  const { secret, uri, enrolment, isDemanded, error } = data
  return page({
    title: error ? 'Error: set up an authenticator app' : 'Set up an authenticator app',
    body: html`<section class="card narrow">
<h1>Set up an authenticator app</h1>
<p class="lead">${
      isDemanded
        ? 'This portal requires a second step after the password. '
        : 'After this, you sign in with your password and a code from the app. '
    }Scan this with an authenticator app on your phone, or in your password manager.</p>
${qrCode(uri, 'QR code for the authenticator app')}
<p>No camera? <a href="${uri}">Open an authenticator app on this device</a>, or type this key into it:</p>
<p class="code">${secret.replaceAll(/(.{4})(?=.)/g, '$1 ')}</p>
${errorNotice(error)}
<form method="post" action="${data.action}">
${hidden({ ...data, fields: [...data.fields, ['enrolment', enrolment]] })}
${codeField(error)}
<div class="buttons"><button class="primary" name="verify">Continue</button>${cancelButton(data)}</div>
</form>
</section>`,
  })
}

/** Shows the recovery codes, once. `next` is the link or form that continues. */
export function recoveryCodesPage(data: {
  codes: string[]
  next: Html
  notice?: string | undefined
}): Html {
  const { codes, next, notice } = data
  return page({
    title: 'Your recovery codes',
    body: html`<section class="card narrow">
${notice ? html`<div class="notice good" role="status"><p>${notice}</p></div>` : ''}
<h1>Your recovery codes</h1>
<p class="lead">Print these codes, or keep them in a safe place. If you cannot use your other second step, sign in with your password and one of these codes. Each code works once. We do not show them again.</p>
<ul class="recovery-codes">${codes.map((code) => html`<li><code>${code}</code></li>`)}</ul>
${next}
</section>`,
  })
}

const hidden = ({ csrf, fields }: Form): Html =>
  html`${csrfField(csrf)}${fields.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}`

const cancelButton = ({ mayCancel }: Form): Html | '' =>
  mayCancel ? html`<button class="plain" name="abort" formnovalidate>Cancel</button>` : ''

const errorNotice = (error: string | undefined): Html | '' =>
  error ? html`<div class="notice bad" role="alert" id="code-error"><p>${error}</p></div>` : ''

const codeField = (
  error: string | undefined,
): Html => html`<div class="field"><label for="code">Code</label>
<input id="code" name="code" type="text" inputmode="numeric" autocomplete="one-time-code" maxlength="10" spellcheck="false" required${
  error ? html` aria-invalid="true" aria-describedby="code-error"` : ''
}></div>`
