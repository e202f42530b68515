import { type Context, Hono } from 'hono'
import { html } from 'hono/html'
import { PERSONAS } from '../personas/kinds.ts'
import type { Db } from '../platform/db.ts'
import { findPolicy } from '../platform/policies.ts'
import type { Html } from '../web/html.ts'
import type { PageEnv, Reader } from '../web/reader.ts'
import type { Setting } from '../web/texts/languages.ts'
import { beginPage, documentationPage } from './frame.ts'

type Parts = {
  issuer: string
  db: Db
  config: { site: Setting }
  sandbox?: { issuer: string } | undefined
}

/** `GET /developers` of a portal without a sandbox, and so without a console. */
export function frontPageRoutes(parts: Parts): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  routes.get('/developers', (c) => showFrontPage(parts, c))
  return routes
}

/** `/developers` for somebody who is not signed in. */
export async function showFrontPage(parts: Parts, c: Context<PageEnv>): Promise<Response> {
  const { db, sandbox } = parts
  const [signUp, teams] = await Promise.all([
    findPolicy(db, 'sign-up'),
    findPolicy(db, 'developers'),
  ])
  const isOpen = teams === 'open'
  return c.html(
    frontPage(beginPage(parts, c), {
      sandbox: sandbox?.issuer,
      canSignUp: signUp === 'open',
      canCreateTeam: isOpen,
    }),
  )
}

type Offer = { sandbox: string | undefined; canSignUp: boolean; canCreateTeam: boolean }

function frontPage(reader: Reader, offer: Offer): Html {
  const { sandbox, canSignUp } = offer
  return documentationPage(reader, {
    title: 'For developers',
    body: html`<h1>People prove who they are once. Your application asks.</h1>
<p class="lead">The portal keeps identity documents that vendors have verified. With the person’s consent, an application reads them through OpenID Connect and one API.</p>
<p class="buttons">${
      sandbox
        ? canSignUp
          ? html`<a class="button primary" href="/sign-up?return=%2Fdevelopers">Create an account</a>`
          : html`<a class="button primary" href="/sign-in?return=%2Fdevelopers">Sign in</a>`
        : ''
    }<a class="button" href="/guides/start">Start in ten minutes</a><a class="button" href="/reference">Reference</a></p>
<p class="quiet">${access(offer)}</p>
<h2>What happens</h2>
${flow}
<h2>What you can read</h2>
<ul>
<li>The photos of a verified document and of the face, as links that work for an hour: <a href="/guides/documents">Documents</a>.</li>
<li>Or less: <a href="/reference/residents/getVerificationStatus">whether somebody is verified</a>, or <a href="/reference/residents/getAgeOver">old enough</a>, without a photo.</li>
<li>What changed, as soon as it does: <a href="/guides/events">Events</a>.</li>
</ul>
${sandbox ? personas : ''}`,
  })
}

/** How somebody gets an application, as this portal's operator has decided. */
function access({ sandbox, canSignUp, canCreateTeam }: Offer): Html {
  if (sandbox === undefined)
    return html`This portal has no sandbox. Its operator registers applications: <a href="/contact">Contact</a>.`
  if (!canCreateTeam)
    return html`A member of a team adds you to it, or the operator creates one: <a href="/contact">Contact</a>. If you have an account: <a href="/sign-in?return=%2Fdevelopers">sign in</a>.`
  if (!canSignUp)
    return html`You need an account of this portal, which its operator creates: <a href="/contact">Contact</a>. The guides and the reference need none.`
  return html`If you have an account: <a href="/sign-in?return=%2Fdevelopers">sign in</a>. The sandbox is free of residents and needs nobody’s approval.`
}

const flow = html`<ol class="steps">
<li><strong>Your application</strong> sends the browser to the portal, and says what it asks for.</li>
<li><strong>The person</strong> signs in at the portal, sees who asks for what, and allows all of it, a part, or nothing.</li>
<li><strong>The browser</strong> comes back to your application with a code, which your server exchanges for a token.</li>
<li><strong>Your server</strong> reads what was allowed. The person sees each time that it did.</li>
<li><strong>The portal</strong> tells your server what changes: new documents, an end of the access, an erasure.</li>
</ol>`

const personas = html`<h2>People to try it with</h2>
<p>The sandbox has a person for each case that a program has to handle:</p>
<dl class="members">${PERSONAS.map(
  ({ givenName, surname, summary }) =>
    html`<div><dt>${givenName} ${surname}</dt><dd>${summary}</dd></div>`,
)}</dl>`
