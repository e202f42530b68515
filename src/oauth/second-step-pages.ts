import { html } from 'hono/html'
import type { SecondStep } from '../accounts/sign-in.ts'
import { csrfField, type Html, page, passkeyButton } from '../web/html.ts'
import { qrCode } from '../web/qr-code.ts'
import type { Reader } from '../web/reader.ts'

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
  reader: Reader,
  data: Form & Pick<SecondStep, 'token' | 'step'> & { error?: string | undefined },
): Html {
  const { step, token, error } = data
  const form = { ...data, fields: [...data.fields, ['second-step', token] as [string, string]] }
  switch (step.kind) {
    case 'code':
      return codePage(reader, form, step, error)
    case 'enrol':
      return enrolPage(reader, { ...form, ...step, isDemanded: true, error })
    case 'recovery-codes':
      return recoveryCodesPage(reader, {
        codes: step.codes,
        next: html`<form method="post" action="${form.action}">
${hidden(form)}
<div class="buttons"><button class="primary" name="continue">${reader.texts.recoveryCodes.saved}</button></div>
</form>`,
      })
  }
}

function codePage(
  reader: Reader,
  form: Form,
  step: Step & { kind: 'code' },
  error: string | undefined,
): Html {
  const { hasTotp, hasPasskey, recoveryCodes } = step
  const { common, secondStep } = reader.texts
  return page(reader, {
    passkeys: true,
    title: error ? secondStep.errorTitle : secondStep.title,
    body: html`<section class="card narrow">
<h1>${secondStep.title}</h1>
<p class="lead">${hasTotp ? secondStep.typeCode : secondStep.usePasskeys}</p>
${errorNotice(error)}
<form method="post" action="${form.action}">
${hidden(form)}
${hasTotp ? codeField(reader, error) : ''}
${hasTotp || form.mayCancel ? html`<div class="buttons">${hasTotp ? html`<button class="primary" name="verify">${common.continue}</button>` : ''}${cancelButton(reader, form)}</div>` : ''}
${hasPasskey ? passkeyButton(reader, secondStep.passkey) : ''}
</form>
${hasPasskey && !hasTotp ? html`<noscript><p class="quiet">${secondStep.noScript}</p></noscript>` : ''}
${
  recoveryCodes > 0
    ? html`<details><summary>${secondStep.useRecoveryCode}</summary>
<form method="post" action="${form.action}">
${hidden(form)}
<div class="field"><label for="recovery-code">${secondStep.recoveryCode}</label>
<input id="recovery-code" name="recovery-code" type="text" autocomplete="off" autocapitalize="characters" spellcheck="false" required></div>
<div class="buttons"><button name="recover">${common.continue}</button></div>
</form></details>`
    : ''
}
<p class="quiet">${secondStep.lost}</p>
</section>`,
  })
}

/** Sets up an authenticator app: at sign-in when the policy requires it, or from the account page. */
export function enrolPage(
  reader: Reader,
  data: Form & {
    secret: string
    uri: string
    enrolment: string
    isDemanded: boolean
    error?: string | undefined
  },
): Html {
  const { secret, uri, enrolment, isDemanded, error } = data
  const { common, enrol } = reader.texts
  return page(reader, {
    title: error ? enrol.errorTitle : enrol.title,
    body: html`<section class="card narrow">
<h1>${enrol.title}</h1>
<p class="lead">${isDemanded ? enrol.demanded : enrol.chosen}</p>
${qrCode(uri, enrol.qrCode)}
<p>${enrol.noCamera(uri)}</p>
<p class="code">${secret.replaceAll(/(.{4})(?=.)/g, '$1 ')}</p>
${errorNotice(error)}
<form method="post" action="${data.action}">
${hidden({ ...data, fields: [...data.fields, ['enrolment', enrolment]] })}
${codeField(reader, error)}
<div class="buttons"><button class="primary" name="verify">${common.continue}</button>${cancelButton(reader, data)}</div>
</form>
</section>`,
  })
}

/** Shows the recovery codes, once, so without the switch of languages. `next` is the link or form that continues. */
export function recoveryCodesPage(
  reader: Reader,
  data: { codes: string[]; next: Html; notice?: string | undefined },
): Html {
  const { codes, next, notice } = data
  const { recoveryCodes } = reader.texts
  return page(reader, {
    title: recoveryCodes.title,
    hasSwitch: false,
    body: html`<section class="card narrow">
${notice ? html`<div class="notice good" role="status"><p>${notice}</p></div>` : ''}
<h1>${recoveryCodes.title}</h1>
<p class="lead">${recoveryCodes.lead}</p>
<ul class="recovery-codes">${codes.map((code) => html`<li><code>${code}</code></li>`)}</ul>
${next}
</section>`,
  })
}

const hidden = ({ csrf, fields }: Form): Html =>
  html`${csrfField(csrf)}${fields.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}`

const cancelButton = ({ texts }: Reader, { mayCancel }: Form): Html | '' =>
  mayCancel
    ? html`<button class="plain" name="abort" formnovalidate>${texts.common.cancel}</button>`
    : ''

const errorNotice = (error: string | undefined): Html | '' =>
  error ? html`<div class="notice bad" role="alert" id="code-error"><p>${error}</p></div>` : ''

const codeField = (
  { texts }: Reader,
  error: string | undefined,
): Html => html`<div class="field"><label for="code">${texts.common.code}</label>
<input id="code" name="code" type="text" inputmode="numeric" autocomplete="one-time-code" maxlength="10" spellcheck="false" required${
  error ? html` aria-invalid="true" aria-describedby="code-error"` : ''
}></div>`
