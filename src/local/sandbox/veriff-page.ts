import { Hono, type MiddlewareHandler } from 'hono'
import { html } from 'hono/html'
import { personFields, readPersonFields } from './person-form.ts'
import { fullName } from './specimen.ts'
import type { DecisionDetails } from './veriff-messages.ts'
import {
  type Decision,
  isOpen,
  type Media,
  mediaBytes,
  openAttempt,
  type SandboxState,
  type Session,
} from './veriff-sessions.ts'

const OUTCOMES = {
  approved: 'Approve',
  declined: 'Decline',
  resubmission_requested: 'Ask again',
} as const

const TITLES: Record<string, string> = {
  'document-front': 'Front of the document',
  'document-back': 'Back of the document',
  face: 'Face',
}

/** The pages of `verification.url`, one for each session, found by its token. They work without scripts. */
export function sessionPages(parts: {
  state: SandboxState
  /** The images that are submitted when the API was given none. */
  pictures: (session: Session) => Media[]
  complete: (session: Session, status: Decision, details: DecisionDetails) => Promise<void>
  /** Returns the page of another session of the same person. */
  next: ((vendorData: string) => Promise<string | undefined>) | undefined
}): Hono {
  const { state, pictures, complete, next } = parts
  const app = new Hono()
  const byToken = (token: string) =>
    [...state.sessions.values()].find((session) => session.token === token)
  const shownMedia = (session: Session) => {
    const given = openAttempt(session)?.media ?? []
    return given.length > 0 || !isOpen(session) ? given : pictures(session)
  }

  for (const path of ['/', '/v/*']) app.use(path, addHeaders)
  app.get('/sandbox.css', (c) => c.body(STYLESHEET, 200, { 'content-type': 'text/css' }))

  // Only where a person tries it out: whoever sees the list can open each session.
  if (next) app.get('/', (c) => c.html(listPage([...state.sessions.values()].reverse())))

  app.get('/v/:token', (c) => {
    const session = byToken(c.req.param('token'))
    if (!session) return c.html(missingPage(), 404)
    const contexts = shownMedia(session).map(({ context }) => context)
    const hasNext = next !== undefined && session.vendorData !== null
    return c.html(sessionPage({ session, contexts, isOpen: isOpen(session), hasNext }))
  })

  app.post('/v/:token/next', async (c) => {
    const session = byToken(c.req.param('token'))
    const url = session && (await next?.(session.vendorData ?? ''))
    return url === undefined ? c.html(missingPage(), 404) : c.redirect(url, 303)
  })

  app.get('/v/:token/images/:context', async (c) => {
    const session = byToken(c.req.param('token'))
    const media =
      session && shownMedia(session).find(({ context }) => context === c.req.param('context'))
    if (!session || !media) return c.notFound()
    const bytes = await mediaBytes(session, media)
    return c.body(Buffer.from(bytes), 200, { 'content-type': media.mimetype })
  })

  app.post('/v/:token', async (c) => {
    const session = byToken(c.req.param('token'))
    if (!session) return c.html(missingPage(), 404)
    if (!isOpen(session)) return c.redirect(`/v/${session.token}`, 303)
    const { outcome, ...fields } = await c.req.parseBody()
    if (!isOutcome(outcome)) return c.text('Choose one of the three.', 400)
    const person = readPersonFields(fields)
    if (!person)
      return c.text('A date is written YYYY-MM-DD, and a name has up to 100 letters.', 400)
    await complete(session, outcome, { person })
    return c.redirect(session.callback ?? `/v/${session.token}`, 303)
  })
  return app
}

const addHeaders: MiddlewareHandler = async (c, next) => {
  await next()
  c.header('x-content-type-options', 'nosniff')
  c.header('referrer-policy', 'no-referrer')
  c.header('cache-control', 'no-store')
  // No form-action: the form leads to an address that the integration chose.
  c.header('content-security-policy', "default-src 'none'; img-src 'self'; style-src 'self'")
}

const isOutcome = (value: unknown): value is keyof typeof OUTCOMES =>
  typeof value === 'string' && Object.hasOwn(OUTCOMES, value)

/** The page of one session, where a tester acts as the resident and as the vendor. */
function sessionPage(data: {
  session: Session
  contexts: string[]
  isOpen: boolean
  hasNext: boolean
}) {
  const { session, contexts, isOpen, hasNext } = data
  const path = `/v/${session.token}`
  return page(
    'Verification sandbox',
    html`
      <p class="eyebrow">Sandbox vendor</p>
      <h1>${isOpen ? 'Verify an identity' : 'This session has ended'}</h1>
      ${
        isOpen
          ? html`<p>These photos are drawings of a person who does not exist, with the details that you enter
              here. Choose the vendor's decision: the photos are submitted, and the signed webhooks are sent at once.</p>`
          : html`<p>The vendor's decision was <strong>${session.status.replace('_', ' ')}</strong>. Its webhook has been
              sent; you can close this page.</p>
            ${hasNext ? html`<form method="post" action="${path}/next"><button>Verify this person again</button></form>` : ''}`
      }
      ${
        session.status === 'resubmission_requested'
          ? html`<p class="note">The vendor requested new photos. The session is open for another attempt.</p>`
          : ''
      }
      ${
        isOpen
          ? html`<form method="post" action="${path}">
              ${personFields(session.person)}
              ${Object.entries(OUTCOMES).map(
                ([outcome, label]) =>
                  html`<button name="outcome" value="${outcome}" class="${outcome}">${label}</button>`,
              )}
            </form>`
          : ''
      }
      <div class="pictures">
        ${contexts.map(
          (context) =>
            html`<figure><img src="${path}/images/${context}" alt="${TITLES[context] ?? context}, a drawing" /><figcaption>${TITLES[context] ?? context}</figcaption></figure>`,
        )}
      </div>
      <p class="small">Session ${session.id}</p>
    `,
  )
}

/** Every session, the newest first. */
function listPage(sessions: readonly Session[]) {
  return page(
    'Verification sandbox',
    html`<p class="eyebrow">Sandbox vendor</p><h1>Sessions</h1>
      <p>In the place of a company that verifies identities. A session starts when a resident is verified at the portal; open it to
        decide. From an ended one another session of the same person can be started.</p>
      <ul class="sessions">${sessions.map(
        (session) =>
          html`<li><a href="/v/${session.token}">${fullName(session.person)}</a> ${isOpen(session) ? 'waits for your decision' : session.status.replaceAll('_', ' ')}
            <time datetime="${session.createdAt}">${session.createdAt.slice(0, 16).replace('T', ' ')} UTC</time></li>`,
      )}</ul>`,
  )
}

function missingPage() {
  return page(
    'No such session',
    html`<p class="eyebrow">Sandbox vendor</p><h1>No such session</h1><p>The link is not one of this sandbox, or its session was deleted.</p>`,
  )
}

/** The frame of a sandbox vendor's page; `/sandbox.css` is `STYLESHEET`. */
export function page(title: string, content: ReturnType<typeof html>) {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        <link rel="stylesheet" href="/sandbox.css" />
      </head>
      <body><main>${content}</main></body>
    </html>`
}

export const STYLESHEET = `
:root { color-scheme: light; --ink: #1c2b33; --soft: #5b6d76; --line: #d9e2e5; --ground: #f3f6f6; --teal: #0f6b6b }
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1.05rem/1.6 system-ui, sans-serif }
main { max-width: 60rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem }
h1 { margin: 0 0 .75rem; font-size: clamp(1.7rem, 5vw, 2.4rem); line-height: 1.15; letter-spacing: -.02em }
p { max-width: 40rem; margin: 0 0 1rem }
.eyebrow { margin: 0 0 .25rem; color: var(--teal); font-weight: 600 }
.note { padding: .75rem 1rem; border-left: 4px solid #b7791f; background: #fff8e6 }
.small { margin-top: 2rem; color: var(--soft); font-size: .85rem; overflow-wrap: anywhere }
fieldset { flex: 1 1 100%; display: grid; grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr)); gap: .75rem; margin: 0; padding: 1rem; border: 1px solid var(--line); border-radius: .9rem; background: #fff }
legend { padding: 0 .35rem; color: var(--soft) }
label { display: grid; gap: .2rem; font-size: .95rem }
input { width: 100%; min-height: 2.6rem; padding: .4rem .6rem; border: 1px solid var(--soft); border-radius: .5rem; font: inherit }
input:focus-visible { outline: 3px solid #5aa9e6; outline-offset: 1px }
form { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.75rem 0 2.25rem }
button { flex: 1 1 9rem; max-width: 14rem; min-height: 3rem; padding: .6rem 1.25rem; border: 2px solid var(--ink); border-radius: .6rem; background: #fff; color: var(--ink); font: inherit; font-weight: 600; cursor: pointer }
button.approved { border-color: var(--teal); background: var(--teal); color: #fff }
button.declined { border-color: #a12b22; color: #a12b22 }
button:hover { filter: brightness(.95) }
button:focus-visible { outline: 3px solid #5aa9e6; outline-offset: 2px }
.sessions { padding: 0; list-style: none }
.sessions li { padding: .6rem 0; border-bottom: 1px solid var(--line) }
.sessions a { color: var(--teal); font-weight: 600 }
.sessions time { color: var(--soft); font-size: .9rem }
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 1.25rem; align-items: start }
figure { margin: 0; padding: .6rem; border: 1px solid var(--line); border-radius: .9rem; background: #fff }
img { display: block; width: 100%; height: auto; border-radius: .5rem }
figcaption { padding: .5rem .25rem 0; color: var(--soft); font-size: .9rem }
`
