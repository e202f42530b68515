import { html } from 'hono/html'
import type { ClientProfile } from '../clients/profile.ts'
import type { Scope, ScopeAlternatives } from '../clients/scopes.ts'
import { csrfField, day, type Html, page } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import type { Texts } from '../web/texts/en.ts'
import { wordFor } from '../web/texts/languages.ts'
import type { Consent } from './consents.ts'
import { type Permission, permissionFields, untilFields } from './form.ts'
import { type MissingDocuments, missingDocumentsNotice } from './missing-documents.ts'

/** What the consent page shows of the resident's latest approved verification. */
export type StoredDocuments = {
  documentType: string | null
  date: Date
  front: boolean
  back: boolean
  face: boolean
}

type Account = { name: string; email: string; emailVerified: boolean }

type ConsentPage = {
  action: string
  csrf: string
  client: ClientProfile
  /** Sent with the form, so that a consent to a purpose that changed meanwhile is rejected. */
  purposeDigest: string
  account: Account
  /** The requested scopes. */
  scopes: readonly Scope[]
  /** For some of them, a scope that discloses less and can be chosen instead. */
  alternatives: ScopeAlternatives
  documents: StoredDocuments | undefined
  /** There are none, although the application asks for them. */
  missing?: MissingDocuments | undefined
  /** The previous decision, also when it has ended. */
  before: Consent | undefined
  /** Allowing requires signing in again, because the last sign-in is too long ago. */
  willConfirm: boolean
  /** The host that the browser returns to; `undefined` for a device. */
  returnsTo: string | undefined
  now: Date
}

/** Names the application, its purpose, the permissions and their end. The resident can decline each permission. */
export function consentPage(reader: Reader, data: ConsentPage): Html {
  const { action, csrf, client, account, scopes, before, now } = data
  const { common, consent } = reader.texts
  const hasChoice = scopes.some((scope) => scope !== 'openid')
  return page(reader, {
    title: consent.title(client.name),
    body: html`<section class="card">
${clientHeader(reader, client, html`<h1>${consent.heading(client.name)}</h1>`)}
<p class="lead">${
      client.purpose
        ? consent.purpose(client.name, html`<q>${client.purpose}</q>`)
        : consent.noPurpose(client.name)
    }</p>
${data.missing ? missingDocumentsNotice(reader, client.name, data.missing) : ''}
${previousDecisionNotice(reader, data)}
<form method="post" action="${action}">
${csrfField(csrf)}<input type="hidden" name="purpose" value="${data.purposeDigest}">
${permissionFields(
  reader,
  scopes.map((scope) => permission(reader, scope, data)),
)}
${hasChoice ? html`<p class="quiet">${consent.untick(client.name)}</p>` : ''}
${untilFields(reader, { now, ...(before?.isCurrent && before.endsAt ? { before: before.endsAt } : {}) })}
<p class="quiet">${
      scopes.includes('offline_access')
        ? consent.whenYouAreAway(html`<em>${reader.texts.scopes.offline_access.title}</em>`)
        : consent.whileSignedIn
    } ${consent.end}</p>
${data.willConfirm ? html`<p class="quiet">${consent.willConfirm}</p>` : ''}
<div class="buttons"><button class="primary" name="allow">${
      hasChoice ? consent.allowTicked : consent.allow
    }</button><button name="deny">${common.doNotAllow}</button></div>
</form>
<p class="quiet">${consent.signedInAs(account.name, account.email)}${
      data.returnsTo ? html` ${consent.goBackTo(html`<strong>${data.returnsTo}</strong>`)}` : ''
    }</p>
</section>`,
  })
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

const isNew = (scope: Scope, before: Consent) =>
  ![...before.scopes, ...before.declined].includes(scope)

/**
 * A permission is ticked unless it was declined before, because the button "Allow what is ticked" is below the list. With empty
 * boxes that button would allow nothing, and people would learn to tick every box unread.
 */
function permission(
  reader: Reader,
  scope: Scope,
  data: Pick<ConsentPage, 'account' | 'documents' | 'before' | 'alternatives'>,
): Permission {
  const { account, documents, before, alternatives } = data
  const { consent } = reader.texts
  const alternative = alternatives[scope]
  const wasDeclined = before?.declined.includes(scope) ?? false
  const note = wasDeclined
    ? consent.declinedBefore
    : before?.isCurrent && isNew(scope, before)
      ? consent.isNew
      : undefined
  return {
    scope,
    isTicked: !wasDeclined,
    now: currentDisclosure(reader, scope, account, documents),
    ...(alternative
      ? {
          alternative: {
            scope: alternative,
            isTicked: before?.scopes.includes(alternative) ?? false,
          },
        }
      : {}),
    ...(note ? { note } : {}),
  }
}

/** What this permission discloses today; `undefined` when the sentence of the scope already says it. */
export function currentDisclosure(
  reader: Reader,
  scope: Scope,
  account: Account,
  documents: StoredDocuments | undefined,
): string | Html | undefined {
  const { permissions: words } = reader.texts
  if (scope === 'profile') return words.today(account.name)
  if (scope === 'email')
    return words.today(
      account.emailVerified ? words.confirmed(account.email) : words.notConfirmed(account.email),
    )
  if (scope !== 'eprospera:person.id_verification.read') return undefined
  return documents
    ? words.documents(listDocuments(words, documents), day(reader, documents.date))
    : words.noDocuments
}

function listDocuments(
  { kinds, photos, notCopiedYet }: Texts['permissions'],
  { documentType, front, back, face }: StoredDocuments,
): string {
  const document = wordFor(kinds, documentType) ?? kinds.other
  const sides = front && back ? photos.both : front ? photos.front : back ? photos.back : undefined
  const shown = [...(sides ? [sides(document)] : []), ...(face ? [photos.face] : [])]
  return shown.join(', ') || notCopiedYet
}
