import { html } from 'hono/html'
import { csrfField, day, type Html, page } from '../html.ts'
import type { ClientProfile } from '../oauth/client-profile.ts'
import { clientHeader } from '../oauth/consent-page.ts'
import { SCOPES, type Scope } from '../oauth/scopes.ts'

type Verification = {
  id: string
  vendor: string
  status: string
  date: Date
  documentType: string | null
  imagesPending: boolean
  images: { type: string; url: string }[]
  /** There are images, which are shown after a confirmation. */
  imagesHidden: boolean
}
type Application = {
  client: ClientProfile
  scopes: Scope[]
  declined: Scope[]
  createdAt: Date
  endsAt: Date | null
  /** When it last got a token. */
  lastTokenAt: Date | null
}

const STATUSES: Record<string, { words: string; tone: 'good' | 'bad' | 'waiting' }> = {
  pending: { words: 'In progress', tone: 'waiting' },
  approved: { words: 'Approved', tone: 'good' },
  declined: { words: 'Declined', tone: 'bad' },
  resubmission: { words: 'New photos needed', tone: 'waiting' },
  review: { words: 'Being reviewed', tone: 'waiting' },
  expired: { words: 'Expired', tone: 'bad' },
  error: { words: 'Could not be completed', tone: 'bad' },
}
const DOCUMENTS: Record<string, string> = {
  passport: 'Passport',
  national_id: 'Identity card',
  drivers_license: 'Driving licence',
  residence_permit: 'Residence permit',
  visa: 'Visa',
}
const IMAGES: Record<string, string> = {
  document_front: 'Front of the document',
  document_back: 'Back of the document',
  selfie: 'Your face',
}

/** The resident's first page: own documents, and who may see them. */
export function homePage(data: {
  account: { name: string; email: string }
  verifications: Verification[]
  applications: Application[]
  csrf: string
  notice?: string | undefined
}): Html {
  const { account, verifications, applications, csrf, notice } = data
  return page({
    title: 'Your documents',
    actions: html`<form method="post" action="/sign-out" class="sign-out">${csrfField(csrf)}<span>${account.email}</span> <a href="/account">Your account</a> <button class="plain" name="sign-out">Sign out</button></form>`,
    body: html`${notice ? html`<div class="notice good" role="status"><p>${notice}</p></div>` : ''}
<h1>Good to see you, ${account.name}</h1>
<section aria-labelledby="verifications"><h2 id="verifications">Your identity checks</h2>
${
  verifications.length === 0
    ? html`<p class="empty">Nothing here yet. When you have your identity checked, the result and the photos appear on this page.</p>`
    : verifications.map((verification) => verificationCard(verification, csrf))
}</section>
<section aria-labelledby="applications"><h2 id="applications">Who may see your data</h2>
${
  applications.length === 0
    ? html`<p class="empty">Nobody. When you allow an application to see something, it is listed here, and you can end it here.</p>`
    : applications.map((application) => applicationCard(application, csrf))
}
<p><a href="/looks">Who looked at your data, and when</a></p>
<p><a href="/links">Linked organisations</a></p></section>`,
  })
}

function verificationCard(verification: Verification, csrf: string): Html {
  const status = STATUSES[verification.status] ?? { words: verification.status, tone: 'waiting' }
  const what = DOCUMENTS[verification.documentType ?? ''] ?? 'Identity check'
  return html`<article class="card">
<header><h3>${what}</h3><p class="status ${status.tone}">${status.words}</p></header>
<p class="quiet">Started on ${day(verification.date)}, checked by ${capitalised(verification.vendor)}.</p>
${verification.imagesPending ? html`<p class="quiet">The photos are being copied; they appear here in a moment.</p>` : ''}
${verification.imagesHidden ? html`<form method="post" action="/photos">${csrfField(csrf)}<button name="photos">Show the photos</button></form>` : ''}
${
  verification.images.length > 0
    ? html`<ul class="images">${verification.images.map(({ type, url }) => {
        const label = IMAGES[type] ?? capitalised(type.replaceAll('_', ' '))
        return html`<li><a href="${url}" rel="noreferrer"><img src="${url}" alt="${label}" loading="lazy"><span>${label}</span></a></li>`
      })}</ul>`
    : ''
}</article>`
}

function applicationCard(application: Application, csrf: string): Html {
  const { client, scopes, declined, createdAt, endsAt, lastTokenAt } = application
  const path = `/applications/${encodeURIComponent(client.clientId)}`
  return html`<article class="card">
${clientHeader(client, html`<h3>${client.name}</h3>`)}
<dl class="facts">
<div><dt>Allowed</dt><dd>${scopes.length > 0 ? html`<ul class="seen">${scopes.map((scope) => html`<li>${SCOPES[scope].title}</li>`)}</ul>` : 'nothing any more'}</dd></div>
${declined.length > 0 ? html`<div><dt>Declined</dt><dd><ul class="seen">${declined.map((scope) => html`<li>${SCOPES[scope].title}</li>`)}</ul></dd></div>` : ''}
<div><dt>Since</dt><dd>${day(createdAt)}</dd></div>
<div><dt>Until</dt><dd>${endsAt ? day(endsAt) : 'you end it'}</dd></div>
${lastTokenAt ? html`<div><dt>Last connected</dt><dd>${day(lastTokenAt)}</dd></div>` : ''}
</dl>
<form method="post" action="${path}/revoke">${csrfField(csrf)}<div class="buttons"><a class="button" href="${path}" aria-label="Change what ${client.name} may see">Change</a><button class="danger" name="revoke" aria-label="End access of ${client.name}">End access</button></div></form>
</article>`
}

const capitalised = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)
