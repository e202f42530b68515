import { html } from 'hono/html'
import { LOOK_MAILS, type LookMails } from '../accounts/notification-preferences.ts'
import { csrfField, type Html, page } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'

/** `/account/notifications`: how much mail the resident gets about applications that see their data. */
export function notificationsPage(
  reader: Reader,
  data: { csrf: string; chosen: LookMails; notice: string | undefined; fault: string | undefined },
): Html {
  const { csrf, chosen, notice, fault } = data
  const { common, notifications } = reader.texts
  const choice = (value: LookMails) => html`<div class="choice">
<input type="radio" id="mails-${value}" name="mails" value="${value}" aria-describedby="mails-${value}-help"${value === chosen ? html` checked` : ''}>
<label for="mails-${value}">${notifications.choices[value]}</label>
<div class="what"><p id="mails-${value}-help">${notifications.helps[value]}</p></div></div>`
  return page(reader, {
    title: fault ? notifications.errorTitle : notifications.title,
    body: html`${notice ? html`<div class="notice good" role="status"><p>${notice}</p></div>` : ''}
<p><a href="/account">${common.yourAccount}</a></p>
<h1>${notifications.title}</h1>
<p class="lead">${notifications.lead}</p>
<form method="post" action="/account/notifications">${csrfField(csrf)}
<fieldset class="choices until"${fault ? html` aria-describedby="mails-fault"` : ''}><legend><strong>${notifications.legend}</strong></legend>
${fault ? html`<p class="fault" id="mails-fault">${fault}</p>` : ''}
${LOOK_MAILS.map(choice)}</fieldset>
<p>${notifications.always}</p>
<div class="buttons"><button class="primary" name="save">${notifications.save}</button></div>
</form>`,
  })
}
