import { html } from 'hono/html'
import type { ClientProfile } from '../clients/profile.ts'
import { isScope, type Scope } from '../clients/scopes.ts'
import type { Consent } from '../consents/consents.ts'
import { type Choice, permissionFields, untilFields } from '../consents/form.ts'
import { clientHeader, showButton, trustNotice } from '../consents/page.ts'
import { describePermissions } from '../consents/permissions.ts'
import type { ConsentRules } from '../consents/rules.ts'
import { hidesData, type SharedData } from '../consents/shared-data.ts'
import { csrfField, day, type Html, page } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'

type ApplicationPage = {
  client: ClientProfile
  consent: Consent
  shared: SharedData
  rules: ConsentRules
  /** What the resident entered, when the form is shown again. */
  entered?: Choice | undefined
  csrf: string
  /** The change was made a moment ago. */
  isSaved: boolean
  now: Date
}

/** The page of one application: its permissions, which the resident can change or end. */
export function applicationPage(reader: Reader, data: ApplicationPage): Html {
  const { client, consent, isSaved } = data
  const { application, common } = reader.texts
  const content = consent.isFrozen
    ? frozenApplication(reader, data)
    : allowedApplication(reader, data)
  return page(reader, {
    title: client.name,
    body: html`<p class="quiet"><a href="/">${common.yourDocuments}</a></p>
${isSaved && !consent.isFrozen ? html`<div class="notice good" role="status"><p>${application.saved(client.name)}</p></div>` : ''}
<section class="card">
${clientHeader(reader, client, html`<h1>${client.name}</h1>`)}
${content}
</section>`,
  })
}

const pathOf = ({ clientId }: ClientProfile) => `/applications/${encodeURIComponent(clientId)}`
const quote = (purpose: string) => html`<q>${purpose}</q>`

function allowedApplication(reader: Reader, data: ApplicationPage): Html {
  const { client, consent, shared, rules, entered, csrf, now } = data
  const { application: words } = reader.texts
  const since = day(reader, consent.createdAt)
  const { alternatives } = consent
  const asked = { scopes: decidedScopes(consent), alternatives, before: consent, rules, shared }
  const permissions = describePermissions(reader, { ...asked, entered }, { hasNotes: false })
  return html`<p>${
    consent.purpose ? words.allowedFor(since, quote(consent.purpose)) : words.allowedWithout(since)
  }</p>
${
  consent.isCurrent
    ? ''
    : html`<div class="notice waiting"><p>${client.purpose ? words.otherPurpose(quote(client.purpose)) : words.purposeRemoved}</p></div>`
}
<form method="post" action="${pathOf(client)}">
${csrfField(csrf)}
${trustNotice(reader, client)}
${permissionFields(reader, permissions)}
${hidesData(shared, asked.scopes) ? showButton(reader) : ''}
<p class="quiet">${words.untick(client.name)}</p>
${untilFields(reader, { now, rules, before: consent.endsAt, chosen: entered?.until })}
<div class="buttons decide"><button class="primary" name="save">${words.save}</button></div>
</form>
<h2>${words.endHeading}</h2>
<p class="quiet">${words.endLead(client.name)}</p>
${endForm(reader, client, csrf)}`
}

/** What was allowed or declined, without the alternatives, which are chosen with what they replace. */
export function decidedScopes({ scopes, declined, alternatives }: Consent): Scope[] {
  const decided = [...scopes, ...declined].filter(isScope)
  const smaller = decided.flatMap((scope) => alternatives[scope] ?? [])
  return decided.filter((scope) => !smaller.includes(scope))
}

function frozenApplication(reader: Reader, { client, csrf }: ApplicationPage): Html {
  const { application: words } = reader.texts
  return html`<div class="notice bad"><p>${words.frozen}</p></div>
<h2>${words.notYouHeading}</h2>
<p class="quiet">${words.notYou}</p>
${endForm(reader, client, csrf)}
<h2>${words.youHeading}</h2>
<p class="quiet">${words.you(client.name)}</p>
<form method="post" action="${pathOf(client)}/lift">${csrfField(csrf)}<button name="lift">${words.liftButton}</button></form>`
}

const endForm = ({ texts }: Reader, client: ClientProfile, csrf: string): Html =>
  html`<form method="post" action="${pathOf(client)}/revoke">${csrfField(csrf)}<button class="danger" name="revoke">${texts.application.endButton(client.name)}</button></form>`
