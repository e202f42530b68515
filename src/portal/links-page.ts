import { html } from 'hono/html'
import type { LinkedVerification, ResidentLink } from '../id-verification/links.ts'
import { csrfField, day, type Html, page } from '../web/html.ts'

const BACK = html`<p class="quiet"><a href="/">Your documents</a></p>`

/** Shown when a link is opened without a session. */
export const linkSignInPage = ({ displayName }: { displayName: string }): Html =>
  page({
    title: 'Sign in to continue',
    body: html`<section class="card narrow">
<h1>Sign in to continue</h1>
<p class="lead">${displayName} asks to link its record of you to your account here. Please sign in first. Then we explain what the link does, and you decide.</p>
<p><a class="button primary" href="/">Sign in</a></p>
</section>`,
  })

/** Explains a link to a tenant's subject, and asks for the resident's decision. */
export function linkPage(data: {
  action: string
  csrf: string
  displayName: string
  isTrusted: boolean
  /** Since when the resident is linked to another subject of this tenant. */
  replaces: Date | undefined
}): Html {
  const { action, csrf, displayName, isTrusted, replaces } = data
  return page({
    title: `Link ${displayName}`,
    body: html`<section class="card narrow">
<h1>Link ${displayName} to your account?</h1>
<p class="lead">${displayName} has a record of you, and checks your identity for its own purposes. You can link that record to your account here.</p>
<h2>What linking does</h2>
<ul>
<li>All identity checks by ${displayName}, past and future, belong to your account until you end the link. Applications that you allow to see your identity check can then see their documents and photos.</li>
<li>${
      isTrusted
        ? html`This portal trusts ${displayName} to check residents. A check counts for you if its document matches your account.`
        : html`This portal does not trust ${displayName} to check residents yet. Until it does, none of these checks counts for you.`
    }</li>
<li>${displayName} sees that the link exists, and nothing else: not your name, your e-mail address, your documents, or who may see them.</li>
<li>You can end the link at any time. ${displayName} keeps its own record.</li>
</ul>
${replaces ? html`<div class="notice waiting"><p>On ${day(replaces)} you linked another record of ${displayName}. This link replaces it.</p></div>` : ''}
<p>Continue only if you are a customer of ${displayName} yourself and asked for this link. If somebody else sent it to you, do not accept it.</p>
<form method="post" action="${action}">${csrfField(csrf)}<div class="buttons"><button class="primary" name="link">Link ${displayName}</button><button name="decline">Do not link</button></div></form>
</section>`,
  })
}

/** The page `/links`: the resident's links, and whether each identity check counts. */
export const linksPage = (data: { links: ResidentLink[]; csrf: string }): Html =>
  page({
    title: 'Linked organisations',
    body: html`${BACK}
<h1>Linked organisations</h1>
<p class="lead">You linked the identity checks of these organisations to your account. They see that the link exists, and nothing else.</p>
${
  data.links.length === 0
    ? html`<p class="empty">None.</p>`
    : data.links.map((link) => linkCard(link, data.csrf))
}`,
  })

function linkCard(link: ResidentLink, csrf: string): Html {
  const { subjectId, displayName, linkedAt, verifications, returnUrl } = link
  return html`<article class="card">
<h2>${displayName}</h2>
<p class="quiet">Linked on ${day(linkedAt)}.</p>
${
  verifications.length === 0
    ? html`<p>No identity check yet.</p>`
    : html`<ul class="seen">${verifications.map(
        (each) => html`<li>Identity check of ${day(each.date)}: ${explainCheck(each, link)}</li>`,
      )}</ul>`
}
${returnUrl === null ? '' : html`<p><a class="button" href="${returnAddress(link, 'linked')}" rel="noreferrer">Go back to ${displayName}</a></p>`}
<form method="post" action="/links/${subjectId}/end">${csrfField(csrf)}<button class="danger" name="end" aria-label="End the link with ${displayName}">End the link</button></form>
</article>`
}

const DIFFERENCES: Record<string, string> = {
  name: 'the name is different',
  'birth-date': 'the date of birth is different',
  'name-missing': 'it shows no name to compare',
}

function explainCheck(verification: LinkedVerification, { displayName, isTrusted }: ResidentLink) {
  const { status, match, matchReview, differences } = verification
  if (status === 'declined') return 'it was declined and does not count.'
  if (status !== 'approved') return 'it is not finished and does not count yet.'
  if (matchReview === 'rejected')
    return 'the people who run this portal decided that the document is not yours. It does not count.'
  if (match === 'mismatch' && matchReview !== 'accepted') {
    const words = differences.map((each) => DIFFERENCES[each] ?? each)
    return `its document does not match your account: ${new Intl.ListFormat('en-GB').format(words)}. It does not count. If the document is yours, write to the people who run this portal.`
  }
  if (match === null) return 'its document has not been compared with your account yet.'
  return isTrusted
    ? 'it counts as your identity check.'
    : `its document matches your account, but it does not count until this portal trusts ${displayName} to check residents.`
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
