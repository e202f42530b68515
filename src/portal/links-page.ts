import { html } from 'hono/html'
import type { LinkedVerification, ResidentLink } from '../id-verification/links.ts'
import { csrfField, day, type Html, page } from '../web/html.ts'

const BACK = html`<p class="quiet"><a href="/">Your documents</a></p>`

/** For somebody who opened a link without being signed in. */
export const linkSignInPage = ({ displayName }: { displayName: string }): Html =>
  page({
    title: 'Sign in to go on',
    body: html`<section class="card narrow">
<h1>Sign in to go on</h1>
<p class="lead">${displayName} asks to link what it knows of you to your account here. Sign in first: then you read what that means, and decide.</p>
<p><a class="button primary" href="/">Sign in</a></p>
</section>`,
  })

/** What a resident reads before a tenant's subject is linked. */
export function linkPage(data: {
  action: string
  csrf: string
  displayName: string
  isTrusted: boolean
  /** The resident is linked to another subject of this tenant, since then. */
  replaces: Date | undefined
}): Html {
  const { action, csrf, displayName, isTrusted, replaces } = data
  return page({
    title: `Link ${displayName}`,
    body: html`<section class="card narrow">
<h1>Link ${displayName} to your account?</h1>
<p class="lead">${displayName} keeps a record of you and checks your identity for itself. You can link that record to your account here.</p>
<h2>What linking does</h2>
<ul>
<li>The identity checks that ${displayName} made, and those it makes later, belong to your account until you end the link. Their documents and photos can then be shown to the applications that you allow to see your identity check.</li>
<li>${
      isTrusted
        ? html`This portal trusts ${displayName} to check residents: a check counts for you if its document fits your account.`
        : html`This portal does not trust ${displayName} to check residents so far: until it does, none of its checks counts for you.`
    }</li>
<li>${displayName} learns that the link exists. It is given nothing else of yours: not your name, not your e-mail address, not your documents, and not who may see them.</li>
<li>You can end the link at any time. ${displayName} then keeps its own record.</li>
</ul>
${replaces ? html`<div class="notice waiting"><p>You linked another record of ${displayName} on ${day(replaces)}. That link ends, and this one takes its place.</p></div>` : ''}
<p>Go on only if you are a customer of ${displayName} yourself and asked for this link. If somebody else sent it to you, do not link it.</p>
<form method="post" action="${action}">${csrfField(csrf)}<div class="buttons"><button class="primary" name="link">Link ${displayName}</button><button name="decline">Do not link</button></div></form>
</section>`,
  })
}

/** What a resident linked, with what each check counts for. */
export const linksPage = (data: { links: ResidentLink[]; csrf: string }): Html =>
  page({
    title: 'Linked organisations',
    body: html`${BACK}
<h1>Linked organisations</h1>
<p class="lead">Organisations whose own identity checks you linked to your account. They learn that the link exists, and nothing else.</p>
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
    ? html`<p>It has made no identity check so far.</p>`
    : html`<ul class="seen">${verifications.map(
        (each) => html`<li>Identity check of ${day(each.date)}: ${wordsOf(each, link)}</li>`,
      )}</ul>`
}
${returnUrl === null ? '' : html`<p><a class="button" href="${returnAddress(link, 'linked')}" rel="noreferrer">Go back to ${displayName}</a></p>`}
<form method="post" action="/links/${subjectId}/end">${csrfField(csrf)}<button class="danger" name="end" aria-label="End the link with ${displayName}">End the link</button></form>
</article>`
}

const DIFFERENCES: Record<string, string> = {
  name: 'the name is another one',
  'birth-date': 'the date of birth is another one',
  'name-missing': 'it shows no name that could be compared',
}

function wordsOf(verification: LinkedVerification, { displayName, isTrusted }: ResidentLink) {
  const { status, match, matchReview, differences } = verification
  if (status === 'declined') return 'it was declined, and does not count.'
  if (status !== 'approved') return 'it is not finished, and does not count yet.'
  if (matchReview === 'rejected')
    return 'the people who run this portal decided that its document is not yours. It does not count.'
  if (match === 'mismatch' && matchReview !== 'accepted') {
    const words = differences.map((each) => DIFFERENCES[each] ?? each)
    return `its document does not fit your account: ${new Intl.ListFormat('en-GB').format(words)}. It does not count. If the document is yours, write to the people who run this portal.`
  }
  if (match === null) return 'its document has not been compared with your account yet.'
  return isTrusted
    ? 'it counts as an identity check of yours.'
    : `its document fits your account, but it does not count as long as this portal does not trust ${displayName} to check residents.`
}

/** Back to the tenant, with what it is told. */
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
