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

/** Whether the next step is the resident's: then it is the main button of the page. */
export const isUpToResident = ({ state }: MissingDocuments): boolean => state !== 'being-checked'

/** Leads from the consent page to the verification, and says what happens when the resident decides first. */
export function missingDocumentsNotice(
  { texts }: Reader,
  application: string,
  missing: MissingDocuments,
): Html {
  const { missing: words } = texts.verify
  const { state, path } = missing
  const label = {
    none: words.verifyNow,
    'to-finish': words.goOn,
    'being-checked': words.seeIt,
  }
  return html`<section class="card waiting missing" aria-labelledby="missing"><h2 id="missing">${words.heading}</h2>
<p>${words[state](application)}</p>
<p><a class="${isUpToResident(missing) ? 'button primary' : 'button'}" href="${path}">${label[state]}</a></p>
<p>${words.later}</p></section>`
}
