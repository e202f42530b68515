import { html } from 'hono/html'
import { csrfField, type Html, page } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'

/** The subject of the report: a sign-in, a consent for an application, or what one saw. `path`: the page of the application. */
export type About =
  | { kind: 'sign-in' }
  | { kind: 'consent'; clientName: string; path: string }
  | { kind: 'entry'; clientName: string; path: string; report: string }

/** The page that the link in a security mail opens. The link stays valid until this form is sent. */
export function notMePage(
  reader: Reader,
  data: { action: string; csrf: string; about: About },
): Html {
  const { action, csrf, about } = data
  const words = questionOf(reader, about)
  return page(reader, {
    title: words.button,
    body: html`<section class="card narrow">
<h1>${words.heading}</h1>
<p class="lead">${words.lead}</p>
<form method="post" action="${action}">
${csrfField(csrf)}
<div class="buttons"><button class="danger" name="not-me">${words.button}</button></div>
</form>
<p class="quiet">${words.otherwise}</p>
</section>`,
  })
}

function questionOf({ texts: { notMe } }: Reader, about: About) {
  switch (about.kind) {
    case 'sign-in':
      return {
        ...{ heading: notMe.signInHeading, lead: notMe.signInLead },
        ...{ button: notMe.button, otherwise: notMe.wasYou },
      }
    case 'consent':
      return {
        ...{
          heading: notMe.consentHeading(about.clientName),
          lead: notMe.consentLead(about.clientName),
        },
        ...{ button: notMe.button, otherwise: notMe.wasYou },
      }
    case 'entry':
      return {
        ...{
          heading: notMe.entryHeading(about.clientName),
          lead: notMe.entryLead(about.clientName),
        },
        ...{ button: notMe.entryButton, otherwise: notMe.entryWasExpected },
      }
  }
}

export function notMeDonePage(reader: Reader, { about }: { about: About }): Html {
  const { notMe } = reader.texts
  return page(reader, {
    title: notMe.doneTitle,
    body: html`<section class="card narrow">
${
  about.kind === 'entry'
    ? html`<h1>${notMe.entryDoneHeading}</h1>
<p class="lead">${notMe.entryDoneLead(about.clientName)}</p>
<p>${notMe.entryDoneHelp(about.path, about.report)}</p>`
    : about.kind === 'consent'
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
