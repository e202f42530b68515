import { html } from 'hono/html'
import {
  type DownloadedImage,
  type ImageName,
  refusalOf,
  type Tokens,
  type VerificationAnswer,
  withheldImages,
} from './application-client.ts'

const APPLICATION_NAME = 'Bluewater Bank'

const TITLES: Record<ImageName, string> = {
  documentFront: 'Document, front',
  documentBack: 'Document, back',
  face: 'Face',
}

export type Notice = { tone: 'good' | 'bad'; text: string }
export type ReceivedEvent = { type: string; at: string }
export type ShownImage = Omit<DownloadedImage, 'bytes'> & { name: ImageName; size: number }

/** The page for a person whom the bank does not know yet. */
export function welcomePage(data: { issuer: string; notice: Notice | undefined }) {
  return page(
    html`
      ${data.notice && noticeOf(data.notice)}
      <h1>Open an account without sending your passport again</h1>
      <p class="lead">Your identity is verified once, at the portal. Allow us to read that verification, and we can open
        your account now. You can end our access there at any time.</p>
      <p><a class="button" href="/sign-in">Continue with the identity portal</a></p>
      <p class="small">You will be sent to ${new URL(data.issuer).host}. We never see your password.</p>
    `,
  )
}

/** The page after sign-in: what the bank got, and the API's response. */
export function accountPage(data: {
  tokens: Pick<Tokens, 'expiresAt' | 'scope' | 'subject'> & { hasRefreshToken: boolean }
  answer: VerificationAnswer
  ending: 'revoked' | 'refused' | undefined
  images: ShownImage[]
  failures: string[]
  /** Received by webhook, oldest first. */
  events: ReceivedEvent[]
  notice: Notice | undefined
  /** Of the session that this page shows. */
  version: number
  issuer: string
  now: Date
}) {
  const { tokens, answer, images, failures, events, notice, version, now } = data
  const { verification } = answer
  const minutes = Math.round((tokens.expiresAt - now.getTime()) / 60_000)
  const withheld = withheldImages(answer)
  const content = html`
    ${notice && noticeOf(notice)}
    ${headline(data)}
    ${
      verification?.id
        ? html`<dl>
            <div><dt>Verification</dt><dd>${verification.id}</dd></div>
            <div><dt>Status</dt><dd>${verification.status}</dd></div>
            <div><dt>Verified by</dt><dd>${verification.type}</dd></div>
            ${verification.documentType ? html`<div><dt>Document</dt><dd>${verification.documentType.replaceAll('_', ' ')}</dd></div>` : ''}
            ${verification.date ? html`<div><dt>Session started</dt><dd>${spokenTime(verification.date)}</dd></div>` : ''}
          </dl>`
        : ''
    }
    ${
      images.length > 0
        ? html`<div class="pictures">
            ${images.map(
              (image) => html`<figure>
                <img src="/images/${image.name}" alt="${TITLES[image.name]}" />
                <figcaption><strong>${TITLES[image.name]}</strong>
                  <span>${image.contentType}, ${image.size.toLocaleString('en')} bytes</span>
                  <code>SHA-256 ${image.sha256}</code></figcaption>
              </figure>`,
            )}
          </div>`
        : ''
    }
    ${
      withheld.length > 0
        ? html`<p class="small">You decided not to show us: ${withheld.map((name) => TITLES[name]).join('; ')}. We open your account without.</p>`
        : ''
    }
    ${failures.map((failure) => noticeOf({ tone: 'bad', text: failure }))}
    <div class="actions">
      <form method="post" action="/ask"><button>Read it again</button></form>
      ${tokens.hasRefreshToken ? html`<form method="post" action="/refresh"><button>Refresh the access token</button></form>` : ''}
      <form method="post" action="/sign-out"><button class="plain">Sign out and end our access</button></form>
    </div>
    ${
      events.length > 0
        ? html`<h2>Events from the portal since then</h2>
          <ul class="events">${events.map(({ type, at }) => html`<li>${MEANINGS[type] ?? ''} <code>${type}</code> <time datetime="${at}">${spokenTime(at)}</time></li>`)}</ul>
          <p class="small">Received as signed webhooks when they happened, so we do not need to poll.</p>`
        : ''
    }
    <h2>The portal’s response</h2>
    <p class="small">GET /api/v1/me/natural-person/id-verification, status ${answer.status}. The signatures of the
      links are not shown, because anybody who has one can open the photo for an hour.</p>
    ${answer.challenge ? html`<pre>WWW-Authenticate: ${answer.challenge}</pre>` : ''}
    <pre>${JSON.stringify(withoutSignatures(answer.body), null, 2)}</pre>
    <p class="small">Resident ${tokens.subject}. Access token ${minutes > 0 ? html`valid for ${minutes} more minutes` : 'expired'}${tokens.hasRefreshToken ? ', with a refresh token' : ''}. Scope: ${tokens.scope}.</p>
  `
  return page(content, version)
}

const spokenTime = (at: string) => `${at.replace('T', ' ').slice(0, 19)} UTC`

const MEANINGS: Record<string, string> = {
  'verification.approved': 'You were verified.',
  'verification.images-ready': 'All photos of your verification can be read.',
  'verification.replaced': 'Another verification of you counts now.',
  'verification.withdrawn': 'No verification of you counts any more.',
  'verification.document-expired': 'Your document has expired.',
  'verification.erased': 'A verification of you was erased, and our copies with it.',
  'consent.changed': 'You reduced what we may see.',
  'consent.revoked': 'You ended our access, and we deleted your photos.',
}

/** The privacy policy that the portal's consent page links to. */
export function privacyPage() {
  return page(html`
    <h1>What we do with your documents</h1>
    <p class="lead">We look at the photos of your identity document and your face once, to open your account, and keep
      them in this program's memory until you sign out, end our access or it stops.</p>
    <p>You can end our access at any time: sign out here, or use your own page at the portal.</p>
    <p><a class="button" href="/">Back to the start</a></p>
  `)
}

export function failurePage(data: { title: string; text: string }) {
  return page(html`
    <h1>${data.title}</h1>
    <p class="lead">${data.text}</p>
    <p><a class="button" href="/">Back to the start</a></p>
  `)
}

/** What the bank says first: what it sees, or why it sees nothing and what the person can do. */
function headline({
  answer,
  ending,
  images,
  issuer,
}: Pick<Parameters<typeof accountPage>[0], 'answer' | 'ending' | 'images' | 'issuer'>) {
  const { verification } = answer
  if (verification?.id)
    return html`<h1>Your identity is confirmed</h1><p class="lead">The portal let us read your latest approved
      verification. ${photosOf(answer, images)}</p>`
  if (verification)
    return html`<h1>You are not verified yet</h1><p class="lead">The portal has no approved verification
      of you. Verify your identity there; this page shows it as soon as you are.</p>
      <p><a class="button" href="${issuer}/">Go to the portal</a></p>`
  const refusal = refusalOf(answer)
  if (refusal === 'declined')
    return html`<h1>You did not let us see your documents</h1><p class="lead">We can sign you in, but not open an account
      without a verified identity. Nothing was shared.</p>
      <p><a class="button" href="/sign-in?again">Choose again at the portal</a></p>`
  if (refusal === 'ended')
    return html`<h1>${ending === 'revoked' ? 'You ended our access' : 'Our access has expired'}</h1>
      <p class="lead">${
        ending === 'revoked'
          ? 'The portal told us at once. We deleted your photos, and can read nothing any more.'
          : 'The time that you allowed us is over, or access was stopped at the portal. We keep no photos of you.'
      }</p>
      <p><a class="button" href="/sign-in">Allow access again</a></p>`
  return html`<h1>The portal could not answer</h1><p class="lead">Its response had status ${answer.status}. Try again in a
    moment.</p>`
}

function photosOf(answer: VerificationAnswer, images: ShownImage[]): string {
  if (images.length > 0) return 'These are the photos that were taken then.'
  return withheldImages(answer).length > 0
    ? ''
    : 'Its photos are not stored there yet. This page shows them as soon as they are.'
}

const noticeOf = ({ tone, text }: Notice) =>
  html`<p class="notice ${tone}" role="status">${text}</p>`

/** Removes the query of presigned URLs, because it gives access to the images. */
function withoutSignatures(value: unknown): unknown {
  if (typeof value === 'string' && URL.canParse(value) && new URL(value).search !== '') {
    const { origin, pathname } = new URL(value)
    return `${origin}${pathname}?…`
  }
  if (Array.isArray(value)) return value.map(withoutSignatures)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, withoutSignatures(member)]),
    )
  return value
}

/** With a `version`, an open page loads itself again when its session has another one. */
function page(content: ReturnType<typeof html>, version?: number) {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${APPLICATION_NAME}</title>
        <link rel="stylesheet" href="/application.css" />
        ${version === undefined ? '' : html`<script src="/application.js" data-version="${version}" defer></script>`}
      </head>
      <body>
        <header><a href="/"><svg viewBox="0 0 40 24" aria-hidden="true"><path d="M2 8q6-6 12 0t12 0t12 0M2 17q6-6 12 0t12 0t12 0" /></svg>${APPLICATION_NAME}</a></header>
        <main>${content}</main>
        <footer>An invented bank, part of the demo. It represents any application that a resident allows.</footer>
      </body>
    </html>`
}

// `currentScript` is gone when the event arrives.
export const SCRIPT = `
const { version } = document.currentScript.dataset
new EventSource('/changes?version=' + version).addEventListener('change', () => location.reload())
`

export const STYLESHEET = `
:root { color-scheme: light; --ink: #14253d; --soft: #56657a; --line: #d7dfea; --ground: #f4f7fb; --blue: #174ea6 }
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1.05rem/1.6 system-ui, sans-serif }
header { background: var(--ink); padding: .9rem max(1.25rem, calc((100% - 60rem) / 2 + 1.25rem)) }
header a { display: inline-flex; align-items: center; gap: .7rem; color: #fff; font-weight: 600; text-decoration: none }
header svg { width: 2.2rem; fill: none; stroke: #7db7f0; stroke-width: 3.4; stroke-linecap: round }
main { max-width: 60rem; margin: 0 auto; padding: 2.75rem 1.25rem 3rem }
footer { max-width: 60rem; margin: 0 auto; padding: 0 1.25rem 3rem; color: var(--soft); font-size: .88rem }
h1 { max-width: 38rem; margin: 0 0 .75rem; font-size: clamp(1.75rem, 5.5vw, 2.6rem); line-height: 1.15; letter-spacing: -.02em }
h2 { margin: 2.5rem 0 .25rem; font-size: 1.15rem }
p { max-width: 40rem; margin: 0 0 1rem }
.lead { font-size: 1.15rem; color: #33455d; margin-bottom: 1.75rem }
.small { color: var(--soft); font-size: .9rem; overflow-wrap: anywhere }
.button, button { display: inline-block; min-height: 3rem; padding: .65rem 1.35rem; border: 2px solid var(--blue); border-radius: .6rem; background: var(--blue); color: #fff; font: inherit; font-weight: 600; line-height: 1.5; text-decoration: none; cursor: pointer }
.actions button { background: #fff; color: var(--blue) }
.actions button.plain { border-color: var(--line); color: var(--ink) }
.button:hover, button:hover { filter: brightness(.95) }
a:focus-visible, button:focus-visible { outline: 3px solid #5aa9e6; outline-offset: 2px }
.actions { display: flex; flex-wrap: wrap; gap: .75rem; margin: 2rem 0 0 }
.notice { padding: .7rem 1rem; border-radius: .5rem; border-left: 4px solid #2f7d55; background: #e9f6ef }
.notice.bad { border-color: #b3372a; background: #fdeeec }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 1px; margin: 0 0 1.75rem; border: 1px solid var(--line); border-radius: .8rem; overflow: hidden; background: #fff }
dl div { padding: .7rem 1rem; box-shadow: 0 0 0 1px var(--line) }
dt { color: var(--soft); font-size: .85rem }
dd { margin: 0; font-weight: 600; overflow-wrap: anywhere }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 1.1rem; align-items: start }
figure { margin: 0; padding: .6rem; border: 1px solid var(--line); border-radius: .9rem; background: #fff }
img { display: block; width: 100%; height: auto; border-radius: .45rem }
figcaption { display: grid; gap: .15rem; padding: .6rem .25rem .1rem; font-size: .9rem; color: var(--soft) }
figcaption strong { color: var(--ink) }
.events { margin: .5rem 0; padding: 0; list-style: none }
.events li { padding: .4rem 0; border-bottom: 1px solid var(--line) }
.events time { color: var(--soft); font-size: .9rem }
code, pre { font: .8rem/1.55 ui-monospace, monospace; overflow-wrap: anywhere }
pre { margin: .75rem 0; padding: 1rem; border: 1px solid var(--line); border-radius: .8rem; background: #fff; white-space: pre-wrap }
`
