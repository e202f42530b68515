import { html } from 'hono/html'
import type { ClientProfile } from '../clients/profile.ts'
import { SCOPES, type Scope, type ScopeAlternatives } from '../clients/scopes.ts'
import { csrfField, day, type Html, page } from '../web/html.ts'
import type { Consent } from './consents.ts'
import { type Permission, permissionFields, untilFields } from './form.ts'

/** The resident's latest approved verification, as far as the consent page describes it. */
export type StoredDocuments = {
  documentType: string | null
  date: Date
  front: boolean
  back: boolean
  face: boolean
}

type Account = { name: string; email: string; emailVerified: boolean }

const DOCUMENTS: Record<string, string> = {
  passport: 'passport',
  national_id: 'identity card',
  drivers_license: 'driving licence',
  residence_permit: 'residence permit',
  visa: 'visa',
}

/** The consent page: the application, its purpose, each permission with a choice, and the end. */
export function consentPage(data: {
  action: string
  csrf: string
  client: ClientProfile
  /** Sent with the form, to detect that the purpose changed meanwhile. */
  purposeDigest: string
  account: Account
  /** The requested scopes. */
  scopes: readonly Scope[]
  /** For some of them, a smaller one that may be chosen instead. */
  alternatives: ScopeAlternatives
  documents: StoredDocuments | undefined
  /** The earlier decision, whether it still counts or not. */
  before: Consent | undefined
  /** Whether allowing requires one more step, because the sign-in is not recent. */
  willConfirm: boolean
  /** The host to which the browser returns; none for a device. */
  returnsTo: string | undefined
  now: Date
}): Html {
  const { action, csrf, client, account, scopes, before, now } = data
  return page({
    title: `Allow ${client.name}?`,
    body: html`<section class="card">
${clientHeader(client, html`<h1>Allow ${client.name} to see this?</h1>`)}
${
  client.purpose
    ? html`<p class="lead">${client.name} states this purpose: <q>${client.purpose}</q></p>`
    : html`<p class="lead">${client.name} does not state a purpose.</p>`
}
${repeatNotice(data)}
<form method="post" action="${action}">
${csrfField(csrf)}<input type="hidden" name="purpose" value="${data.purposeDigest}">
${permissionFields(scopes.map((scope) => permission(scope, data)))}
${
  scopes.some((scope) => scope !== 'openid')
    ? html`<p class="quiet">Untick what you do not want to share: ${client.name} learns what you allowed, and continues with that.</p>`
    : ''
}
${untilFields({ now, ...(before?.isCurrent && before.endsAt ? { before: before.endsAt } : {}) })}
<p class="quiet">${
      scopes.includes('offline_access')
        ? html`With <em>${SCOPES.offline_access.title}</em> it can look when you are not there; without it, while you are signed in here.`
        : 'It can look while you are signed in here.'
    } You can change or end this at any time on <a href="/">your own page</a>; that counts at once. Links it has already received stop working within one hour.</p>
${data.willConfirm ? html`<p class="quiet">You signed in a while ago: when you allow this, we ask you to confirm that it is you.</p>` : ''}
<div class="buttons"><button class="primary" name="allow">${
      scopes.some((scope) => scope !== 'openid') ? 'Allow what is ticked' : 'Allow'
    }</button><button name="deny">Do not allow</button></div>
</form>
<p class="quiet">You are signed in as ${account.name} (${account.email}).${
      data.returnsTo ? html` After this you go back to <strong>${data.returnsTo}</strong>.` : ''
    }</p>
</section>`,
  })
}

/** Replaces the consent page for an application that the resident reported. */
export function frozenPage(data: { action: string; csrf: string; client: ClientProfile }): Html {
  const { action, csrf, client } = data
  const path = `/applications/${encodeURIComponent(client.clientId)}`
  return page({
    title: `${client.name} is frozen`,
    body: html`<section class="card narrow">
${clientHeader(client, html`<h1>${client.name} is frozen</h1>`)}
<p class="lead">It was reported from your mail that you did not allow this application. It sees nothing, and cannot ask you.</p>
<p>To let it ask again, lift the freeze or end its access on <a href="${path}">its page</a>. Then start again in the application.</p>
<form method="post" action="${action}">
${csrfField(csrf)}
<div class="buttons"><button name="deny">Back to the application</button></div>
</form>
</section>`,
  })
}

/** Logo, `title`, and the operator and links that the application stated. */
export function clientHeader(client: ClientProfile, title: Html): Html {
  const links = [
    { uri: client.clientUri, words: 'Its site' },
    { uri: client.policyUri, words: 'Its privacy policy' },
    { uri: client.tosUri, words: 'Its terms' },
  ]
  return html`<div class="application">
${client.logo ? html`<img src="${client.logo}" alt="Logo of ${client.name}" width="64" height="64">` : ''}
<div>${title}
<p class="quiet">${client.operator ? `Run by ${client.operator}` : 'It does not state who runs it'}${links.map(
    ({ uri, words }) => (uri ? html` · <a href="${uri}" rel="noreferrer">${words}</a>` : ''),
  )}</p></div>
</div>`
}

function repeatNotice({
  client,
  before,
  scopes,
}: {
  client: ClientProfile
  before: Consent | undefined
  scopes: readonly Scope[]
}): Html | '' {
  if (!before) return ''
  const notice = (words: Html) => html`<div class="notice waiting"><p>${words}</p></div>`
  if (before.isEnded && before.endsAt)
    return notice(
      html`You allowed ${client.name} before, until ${day(before.endsAt)}. That has ended, so it asks again.`,
    )
  if (!before.isCurrent)
    return notice(
      before.purpose
        ? html`You decided about ${client.name} before, when it stated: <q>${before.purpose}</q> It states another purpose now, so it asks again.`
        : html`You decided about ${client.name} before, when it stated no purpose. It states one now, so it asks again.`,
    )
  return scopes.some((scope) => isNew(scope, before))
    ? notice(html`You decided about ${client.name} before. It asks for more now.`)
    : notice(html`You decided about ${client.name} before; this is what you chose.`)
}

const isNew = (scope: Scope, before: Consent) =>
  ![...before.scopes, ...before.declined].includes(scope)

/**
 * Ticked by default unless it was declined before: the button says "Allow what is ticked" under the list of requests. With empty
 * boxes that button would allow nothing, and people would learn to tick all of them unread.
 */
function permission(
  scope: Scope,
  {
    account,
    documents,
    before,
    alternatives,
  }: {
    account: Account
    documents: StoredDocuments | undefined
    before: Consent | undefined
    alternatives: ScopeAlternatives
  },
): Permission {
  const alternative = alternatives[scope]
  const wasDeclined = before?.declined.includes(scope) ?? false
  const note = wasDeclined
    ? 'You declined this before.'
    : before?.isCurrent && isNew(scope, before)
      ? 'New: it did not ask for this before.'
      : undefined
  return {
    scope,
    isTicked: !wasDeclined,
    now: disclosedData(scope, account, documents),
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

/** The data that this permission discloses today; `undefined` where its description suffices. */
export function disclosedData(
  scope: Scope,
  account: Account,
  documents: StoredDocuments | undefined,
): Html | undefined {
  if (scope === 'profile') return html`Today: ${account.name}.`
  if (scope === 'email')
    return html`Today: ${account.email}, ${account.emailVerified ? 'confirmed' : 'not confirmed'}.`
  if (scope !== 'eprospera:person.id_verification.read') return undefined
  if (!documents)
    return html`Today there is nothing to see: none of your checks is approved. When one is, it can see the photos of that one.`
  return html`Today: ${listDocuments(documents)}, from the check of ${day(documents.date)}. When you are checked again and approved, the photos of that check.`
}

function listDocuments({ documentType, front, back, face }: StoredDocuments): string {
  const sides = [...(front ? ['front'] : []), ...(back ? ['back'] : [])].join(' and ')
  const document = DOCUMENTS[documentType ?? ''] ?? 'document'
  const all = [
    ...(sides ? [`the ${sides} of your ${document}`] : []),
    ...(face ? ['your face'] : []),
  ]
  return all.join(', ') || 'nothing yet, the photos are still being copied'
}
