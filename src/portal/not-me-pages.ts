import { html } from 'hono/html'
import { csrfField, type Html, page } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'

/** The subject of the report: a sign-in, or a consent for an application. */
type About = { kind: 'sign-in' } | { kind: 'consent'; clientName: string; path: string }

/** The page that the link in a security mail opens. The link stays valid until this form is sent. */
export function notMePage(
  reader: Reader,
  data: { action: string; csrf: string; about: About },
): Html {
  const { action, csrf, about } = data
  const { notMe } = reader.texts
  const isConsent = about.kind === 'consent'
  return page(reader, {
    title: notMe.title,
    body: html`<section class="card narrow">
<h1>${isConsent ? notMe.consentHeading(about.clientName) : notMe.signInHeading}</h1>
<p class="lead">${isConsent ? notMe.consentLead(about.clientName) : notMe.signInLead}</p>
<form method="post" action="${action}">
${csrfField(csrf)}
<div class="buttons"><button class="danger" name="not-me">${notMe.button}</button></div>
</form>
<p class="quiet">${notMe.wasYou}</p>
</section>`,
  })
}

export function notMeDonePage(reader: Reader, { about }: { about: About }): Html {
  const { notMe } = reader.texts
  return page(reader, {
    title: notMe.doneTitle,
    body: html`<section class="card narrow">
${
  about.kind === 'consent'
    ? html`<h1>${notMe.consentDoneHeading(about.clientName)}</h1>
<p class="lead">${notMe.consentDoneLead}</p>
<p>${notMe.consentDoneHelp(about.clientName, about.path)}</p>`
    : html`<h1>${notMe.signInDoneHeading}</h1>
<p class="lead">${notMe.signInDoneLead}</p>
<p>${notMe.signInDoneHelp}</p>`
}
<p class="quiet">${notMe.notified}</p>
</section>`,
  })
}
