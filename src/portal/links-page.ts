import { html } from 'hono/html'
import type { LinkedVerification, ResidentLink } from '../id-verification/links.ts'
import { csrfField, day, type Html, page } from '../web/html.ts'
import type { Reader } from '../web/reader.ts'
import type { Texts } from '../web/texts/en.ts'
import { wordFor } from '../web/texts/languages.ts'

/** Shown when a link is opened without a session. */
export function linkSignInPage(reader: Reader, { displayName }: { displayName: string }): Html {
  const { links, signIn } = reader.texts
  return page(reader, {
    title: links.signInTitle,
    body: html`<section class="card narrow">
<h1>${links.signInTitle}</h1>
<p class="lead">${links.signInLead(displayName)}</p>
<p><a class="button primary" href="/">${signIn.title}</a></p>
</section>`,
  })
}

/** Explains a link to a tenant's subject, and asks for the resident's decision. */
export function linkPage(
  reader: Reader,
  data: {
    action: string
    csrf: string
    displayName: string
    isTrusted: boolean
    /** Since when the resident is linked to another subject of this tenant. */
    replaces: Date | undefined
  },
): Html {
  const { action, csrf, displayName, isTrusted, replaces } = data
  const { links } = reader.texts
  return page(reader, {
    title: links.title(displayName),
    body: html`<section class="card narrow">
<h1>${links.heading(displayName)}</h1>
<p class="lead">${links.lead(displayName)}</p>
<h2>${links.whatItDoes}</h2>
<ul>
<li>${links.checks(displayName)}</li>
<li>${isTrusted ? links.trusted(displayName) : links.notTrusted(displayName)}</li>
<li>${links.sees(displayName)}</li>
<li>${links.ends(displayName)}</li>
</ul>
${replaces ? html`<div class="notice waiting"><p>${links.replaces(day(reader, replaces), displayName)}</p></div>` : ''}
<p>${links.warning(displayName)}</p>
<form method="post" action="${action}">${csrfField(csrf)}<div class="buttons"><button class="primary" name="link">${links.title(displayName)}</button><button name="decline">${links.doNotLink}</button></div></form>
</section>`,
  })
}

/** The page `/links`: the resident's links, and whether each identity check counts. */
export function linksPage(reader: Reader, data: { links: ResidentLink[]; csrf: string }): Html {
  const { common, links } = reader.texts
  return page(reader, {
    title: links.listTitle,
    body: html`<p class="quiet"><a href="/">${common.yourDocuments}</a></p>
<h1>${links.listTitle}</h1>
${
  data.links.length === 0
    ? html`<p class="empty">${links.none}</p>`
    : html`<p class="lead">${links.listLead}</p>
${data.links.map((link) => linkCard(reader, link, data.csrf))}`
}`,
  })
}

function linkCard(reader: Reader, link: ResidentLink, csrf: string): Html {
  const { subjectId, displayName, linkedAt, verifications, returnUrl } = link
  const { links } = reader.texts
  return html`<article class="card">
<h2>${displayName}</h2>
<p class="quiet">${links.linkedOn(day(reader, linkedAt))}</p>
${
  verifications.length === 0
    ? html`<p>${links.noChecks}</p>`
    : html`<ul class="seen">${verifications.map(
        (each) =>
          html`<li>${links.check(day(reader, each.date), explainCheck(reader.texts, each, link))}</li>`,
      )}</ul>`
}
${returnUrl === null ? '' : html`<p><a class="button" href="${returnAddress(link, 'linked')}" rel="noreferrer">${links.goBack(displayName)}</a></p>`}
<form method="post" action="/links/${subjectId}/end">${csrfField(csrf)}<button class="danger" name="end" aria-label="${links.endLabel(displayName)}">${links.end}</button></form>
</article>`
}

function explainCheck(
  { format, links }: Texts,
  { status, match, matchReview, differences }: LinkedVerification,
  { displayName, isTrusted }: ResidentLink,
): string {
  if (status === 'declined') return links.declined
  if (status !== 'approved') return links.notFinished
  if (matchReview === 'rejected') return links.rejected
  if (match === 'mismatch' && matchReview !== 'accepted')
    return links.mismatch(
      format.list(differences.map((each) => wordFor(links.differences, each) ?? each)),
    )
  if (match === null) return links.notCompared
  return isTrusted ? links.counts : links.notTrustedYet(displayName)
}

/** The tenant's return address with `subjectId`, `result` and `state`; `/links` when it has none. */
export function returnAddress(
  link: { subjectId: string; returnUrl: string | null; returnState: string | null },
  result: 'linked' | 'declined',
): string {
  if (link.returnUrl === null) return '/links'
  const url = new URL(link.returnUrl)
  url.searchParams.set('subjectId', link.subjectId)
  url.searchParams.set('result', result)
  if (link.returnState !== null) url.searchParams.set('state', link.returnState)
  return url.href
}
