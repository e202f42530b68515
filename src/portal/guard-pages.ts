import { html } from 'hono/html'
import { csrfField, type Html, page, passkeyButton } from '../web/html.ts'

/** Asks a signed-in resident to confirm their identity. `fields` are the interrupted form, which is sent again with the proof. */
export function confirmPage(data: {
  action: string
  csrf: string
  email: string
  fields: [string, string][]
  /** The name of a button that declines, when an application waits for the decision. */
  declineBy?: string | undefined
  error?: string | undefined
}): Html {
  const { action, csrf, email, fields, declineBy, error } = data
  const described = error ? html` aria-invalid="true" aria-describedby="confirm-error"` : ''
  return page({
    passkeys: true,
    title: error ? 'Error: confirm that it is you' : 'Confirm that it is you',
    body: html`<section class="card narrow">
<h1>Confirm that it is you</h1>
<p class="lead">You signed in a while ago. Please confirm that it is you before you continue.</p>
${error ? html`<div class="notice bad" role="alert" id="confirm-error"><p>${error}</p></div>` : ''}
<form method="post" action="${action}">
${csrfField(csrf)}${fields.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<div class="field"><label for="username">E-mail</label>
<input id="username" name="username" type="email" autocomplete="username" readonly value="${email}"></div>
<div class="field"><label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required${described}></div>
<div class="buttons"><button class="primary" name="confirm">Confirm</button>${
      declineBy
        ? html`<button class="plain" name="${declineBy}" formnovalidate>Do not allow</button>`
        : ''
    }</div>
${passkeyButton('Confirm with a passkey')}
</form>
${declineBy ? '' : html`<p class="quiet"><a href="/">Back to your documents</a></p>`}
</section>`,
  })
}
