import { html } from 'hono/html'
import { csrfField, type Html, hiddenFields, page, passkeyButton } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import { wordFor } from '../web/texts/languages.ts'

/** Asks a signed-in resident to confirm their identity. `fields` are the interrupted form, which is sent again with the proof. */
export function confirmPage(
  reader: Reader,
  data: {
    action: string
    csrf: string
    email: string
    fields: [string, string][]
    /** The name of a button that declines, when an application waits for the decision. */
    declineBy?: string | undefined
    error?: string | undefined
  },
): Html {
  const { action, csrf, email, fields, declineBy, error } = data
  const { common, confirm } = reader.texts
  // What somebody confirms is the button that they pressed.
  const purpose = fields.map(([name]) => wordFor(confirm.purposes, name)).find(Boolean)
  const described = error ? html` aria-invalid="true" aria-describedby="confirm-error"` : ''
  return page(reader, {
    passkeys: true,
    title: error ? confirm.errorTitle : confirm.title,
    body: html`<section class="card narrow">
<h1>${confirm.title}</h1>
<p class="lead">${purpose ? html`<strong>${purpose}</strong> ` : ''}${confirm.lead}</p>
${error ? html`<div class="notice bad" role="alert" id="confirm-error"><p>${error}</p></div>` : ''}
<form method="post" action="${action}">
${csrfField(csrf)}${hiddenFields(fields)}
<div class="field"><label for="username">${common.email}</label>
<input id="username" name="username" type="email" autocomplete="username" readonly value="${email}"></div>
<div class="field"><label for="password">${common.password}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required${described}></div>
<div class="buttons"><button class="primary" name="confirm">${confirm.button}</button>${
      declineBy
        ? html`<button class="plain" name="${declineBy}" formnovalidate>${common.doNotAllow}</button>`
        : ''
    }</div>
${passkeyButton(reader, confirm.passkey)}
</form>
${declineBy ? '' : html`<p class="quiet"><a href="/">${common.backToDocuments}</a></p>`}
</section>`,
  })
}
