import { html } from 'hono/html'
import type { Html } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'

/** An application asks for documents that the resident does not have yet. */
export type MissingDocuments = {
  /** Of the verification that they would come from: none under way, to be finished by the resident, or being checked. */
  state: 'none' | 'to-finish' | 'being-checked'
  /** Where the resident is verified, and comes back from. */
  path: string
}

/** Leads from the consent page to the verification, and says what happens when the resident decides first. */
export function missingDocumentsNotice(
  { texts }: Reader,
  application: string,
  { state, path }: MissingDocuments,
): Html {
  const { missing } = texts.verify
  const label = {
    none: missing.verifyNow,
    'to-finish': missing.goOn,
    'being-checked': missing.seeIt,
  }
  return html`<section class="card waiting missing" aria-labelledby="missing"><h2 id="missing">${missing.heading}</h2>
<p>${missing[state](application)}</p>
<p><a class="button" href="${path}">${label[state]}</a></p>
<p>${missing.later}</p></section>`
}
