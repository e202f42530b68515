import { html } from 'hono/html'
import { csrfField, type Html, moment, page, signOutForm } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import type { Texts } from '../web/texts/en.ts'

type Device = {
  uid: string
  name: string
  method: keyof Texts['devices']['methods']
  /** The names of the applications that it was used for. */
  applications: readonly string[]
  signedInAt: Date
  usedAt: Date
  isThis: boolean
}

/** The page `/account/devices`. `staying`: applications that can go on reading when no device is signed in any more. */
export function devicesPage(
  reader: Reader,
  data: {
    csrf: string
    devices: readonly Device[]
    staying: readonly { clientId: string; name: string }[]
    notice: string | undefined
  },
): Html {
  const { csrf, devices: all, staying, notice } = data
  const { common, devices } = reader.texts
  return page(reader, {
    title: devices.title,
    actions: signOutForm(reader, csrf, html`<a href="/account">${common.yourAccount}</a>`),
    body: html`${notice ? html`<div class="notice good" role="status"><p>${notice}</p></div>` : ''}
<h1>${devices.title}</h1>
<p class="lead">${devices.lead}</p>
${all.map((device) => deviceCard(reader, device, csrf))}
${
  all.length > 1
    ? html`<form method="post" action="/account/sessions/end-others">${csrfField(csrf)}<button class="danger" name="end-others">${devices.endOthers}</button></form>`
    : ''
}
<p class="quiet">${devices.help}</p>
${
  staying.length === 0
    ? ''
    : html`<section aria-labelledby="staying"><h2 id="staying">${devices.staying}</h2>
<p>${devices.stayingHelp}</p>
<ul>${staying.map(({ clientId, name }) => html`<li><a href="/applications/${encodeURIComponent(clientId)}">${name}</a></li>`)}</ul></section>`
}
<p><a href="/account">${devices.back}</a></p>`,
  })
}

function deviceCard(reader: Reader, device: Device, csrf: string): Html {
  const { uid, name, method, applications, signedInAt, usedAt, isThis } = device
  const { common, devices, format } = reader.texts
  return html`<article class="card">
<header><h2>${name}</h2>${isThis ? html`<p class="status good">${devices.thisBrowser}</p>` : ''}</header>
<p>${devices.methods[method]}</p>
<p class="quiet">${devices.used(moment(reader, signedInAt), moment(reader, usedAt))}</p>
${applications.length > 0 ? html`<p class="quiet">${devices.usedFor(format.list(applications))}</p>` : ''}
${
  isThis
    ? ''
    : html`<form method="post" action="/account/sessions/${encodeURIComponent(uid)}/end">${csrfField(csrf)}<button class="danger" name="end-session" aria-label="${devices.endLabel(name)}">${common.signOut}</button></form>`
}</article>`
}
