import { html } from 'hono/html'
import type { ClientProfile } from '../clients/profile.ts'
import type { Scope, ScopeAlternatives } from '../clients/scopes.ts'
import { csrfField, day, type Html, page } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import type { Consent } from './consents.ts'
import { type Choice, type Permission, permissionFields, questionId, untilFields } from './form.ts'
import {
  isUpToResident,
  type MissingDocuments,
  missingDocumentsNotice,
} from './missing-documents.ts'
import { describePermissions, isNew } from './permissions.ts'
import type { ConsentRules } from './rules.ts'
import { hidesData, type SharedData } from './shared-data.ts'

type ConsentPage = {
  action: string
  csrf: string
  client: ClientProfile
  /** Sent with the form, so that a consent to a purpose that changed meanwhile is rejected. */
  purposeDigest: string
  /** The requested scopes. */
  scopes: readonly Scope[]
  /** For some of them, a scope that discloses less and can be chosen instead. */
  alternatives: ScopeAlternatives
  /** What they disclose today. */
  shared: SharedData
  /** There are no documents, although the application asks for them. */
  missing?: MissingDocuments | undefined
  rules: ConsentRules
  /** The previous decision, also when it has ended. */
  before: Consent | undefined
  /** What the resident entered, when the form is shown again. */
  entered?: Choice | undefined
  /** Allowing requires signing in again, because the last sign-in is too long ago. */
  willConfirm: boolean
  /** The host that the browser returns to; `undefined` for a device. */
  returnsTo: string | undefined
  now: Date
}

/** Names the application, its purpose, the permissions and their end. The resident can decline each permission. */
export function consentPage(reader: Reader, data: ConsentPage): Html {
  const { action, csrf, client, scopes, shared, rules, before, entered, now } = data
  const { consent } = reader.texts
  const permissions = describePermissions(reader, data, { hasNotes: true })
  const unanswered = permissions.filter(({ isUnanswered }) => isUnanswered)
  const kept = before?.isCurrent ? { before: before.endsAt } : {}
  // The form is the whole card, because its bar of buttons stays in sight only as long as the form does.
  return page(reader, {
    title: unanswered.length > 0 ? consent.errorTitle(client.name) : consent.title(client.name),
    body: html`<section class="card"><form method="post" action="${action}">
${csrfField(csrf)}<input type="hidden" name="purpose" value="${data.purposeDigest}">
${clientHeader(reader, client, html`<h1>${consent.heading(client.name)}</h1>`)}
${unansweredNotice(reader, permissions)}
${trustNotice(reader, client)}
<p class="lead">${
      client.purpose
        ? consent.purpose(client.name, html`<q>${client.purpose}</q>`)
        : consent.noPurpose(client.name)
    }</p>
${data.missing ? missingDocumentsNotice(reader, client.name, data.missing) : ''}
${previousDecisionNotice(reader, data)}
${permissionFields(reader, permissions)}
${hidesData(shared, scopes) ? showButton(reader) : ''}
${choiceHelp(reader, client, permissions)}
${untilFields(reader, { now, rules, chosen: entered?.until, ...kept })}
<p class="quiet">${
      scopes.includes('offline_access')
        ? consent.whenYouAreAway(html`<em>${reader.texts.scopes.offline_access.title}</em>`)
        : consent.whileSignedIn
    } ${consent.end}</p>
${data.willConfirm ? html`<p class="quiet">${consent.willConfirm}</p>` : ''}
${decisionBar(reader, permissions, data.missing)}
<p class="quiet">${consent.signedInAs(shared.account.name, shared.account.email)} <button class="plain" name="other-account">${consent.otherAccount}</button></p>
${data.returnsTo ? html`<p class="quiet">${consent.goBackTo(html`<strong>${data.returnsTo}</strong>`)}</p>` : ''}
</form></section>`,
  })
}

/** The buttons, which stay at the foot of the window while the list above them is read. */
function decisionBar(
  { texts }: Reader,
  permissions: readonly Permission[],
  missing: MissingDocuments | undefined,
): Html {
  const { common, consent } = texts
  const hasQuestions = permissions.some(({ isQuestion }) => isQuestion)
  const hasChoice = permissions.some(({ scope }) => scope !== 'openid')
  const allow = hasQuestions ? consent.allowChosen : hasChoice ? consent.allowTicked : consent.allow
  const look = missing && isUpToResident(missing) ? '' : 'primary'
  return html`<div class="buttons decide"><button class="${look}" name="allow">${allow}</button><button name="deny">${common.doNotAllow}</button></div>`
}

function choiceHelp(
  { texts: { consent } }: Reader,
  { name }: ClientProfile,
  permissions: readonly Permission[],
): Html | '' {
  const choosable = permissions.filter(({ scope }) => scope !== 'openid')
  if (choosable.length === 0) return ''
  const hasBoxes = choosable.some(({ isQuestion }) => !isQuestion)
  return html`<p class="quiet">${hasBoxes ? consent.untick(name) : consent.choose(name)}</p>`
}

/** Shows, after a new proof of identity, what is hidden from whoever only finds the browser open. */
export const showButton = ({ texts }: Reader): Html =>
  html`<p class="quiet">${texts.permissions.whyHidden} <button class="plain" name="show">${texts.permissions.show}</button></p>`

/** Leads to the questions without an answer. */
function unansweredNotice({ texts }: Reader, permissions: readonly Permission[]): Html | '' {
  const unanswered = permissions.filter(({ isUnanswered }) => isUnanswered)
  if (unanswered.length === 0) return ''
  return html`<div class="notice bad" role="alert"><p>${texts.consent.unanswered}</p>
<ul>${unanswered.map(
    ({ scope }) =>
      html`<li><a href="#${questionId(permissions, scope)}">${texts.scopes[scope].title}</a></li>`,
  )}</ul></div>`
}

/** What is known about an application's name: that the operator has checked it, or that it resembles one that was. */
export function trustNotice({ texts }: Reader, client: ClientProfile): Html | '' {
  const { application: words } = texts
  const { name, isTrusted, resembles } = client
  if (isTrusted) return html`<p class="quiet">${words.trusted}</p>`
  return resembles
    ? html`<div class="notice bad"><p>${words.resembles(name, html`<strong>${resembles}</strong>`)}</p></div>`
    : ''
}

/** Replaces the consent page for an application that the resident reported. */
export function frozenPage(
  reader: Reader,
  data: { action: string; csrf: string; client: ClientProfile },
): Html {
  const { action, csrf, client } = data
  const { consent } = reader.texts
  const title = consent.frozenTitle(client.name)
  return page(reader, {
    title,
    body: html`<section class="card narrow">
${clientHeader(reader, client, html`<h1>${title}</h1>`)}
<p class="lead">${consent.frozenLead}</p>
<p>${consent.frozenHelp(`/applications/${encodeURIComponent(client.clientId)}`)}</p>
<form method="post" action="${action}">
${csrfField(csrf)}
<div class="buttons"><button name="deny">${consent.backToApplication}</button></div>
</form>
</section>`,
  })
}

/** Logo, `title`, operator and links of the application. */
export function clientHeader({ texts }: Reader, client: ClientProfile, title: Html): Html {
  const { application: words } = texts
  const links = [
    { uri: client.clientUri, name: words.site },
    { uri: client.policyUri, name: words.policy },
    { uri: client.tosUri, name: words.terms },
  ]
  return html`<div class="application">
${client.logo ? html`<img src="${client.logo}" alt="${words.logo(client.name)}" width="64" height="64">` : ''}
<div>${title}
<p class="quiet">${client.operator ? words.runBy(client.operator) : words.unknownOperator}${links.map(
    ({ uri, name }) => (uri ? html` · <a href="${uri}" rel="noreferrer">${name}</a>` : ''),
  )}</p></div>
</div>`
}

function previousDecisionNotice(
  reader: Reader,
  { client: { name }, before, scopes }: Pick<ConsentPage, 'client' | 'before' | 'scopes'>,
): Html | '' {
  if (!before) return ''
  const { consent } = reader.texts
  const notice = (text: string | Html) => html`<div class="notice waiting"><p>${text}</p></div>`
  if (before.isEnded && before.endsAt)
    return notice(consent.hasEnded(name, day(reader, before.endsAt)))
  if (!before.isCurrent)
    return notice(
      before.purpose
        ? consent.purposeChanged(name, html`<q>${before.purpose}</q>`)
        : consent.purposeAdded(name),
    )
  return notice(
    scopes.some((scope) => isNew(scope, before))
      ? consent.asksForMore(name)
      : consent.youChose(name),
  )
}
