import { Hono } from 'hono'
import { html } from 'hono/html'
import {
  addImage,
  isOpen,
  type Recommendation,
  requestRecapture,
  type Session,
  statusOf,
  submit,
} from './mosaic-sessions.ts'
import { personFields, readPersonFields } from './person-form.ts'
import { page, STYLESHEET } from './veriff-page.ts'

const OUTCOMES: Record<Recommendation | 'recapture' | 'error', [label: string, look: string]> = {
  ALLOW: ['Approve', 'approved'],
  CHALLENGE: ['Have it reviewed', 'resubmission_requested'],
  DENY: ['Decline', 'declined'],
  recapture: ['Ask again', 'resubmission_requested'],
  error: ['Fail', 'declined'],
}

/** The hosted page of a start token, `/verify/app/<start_token>`; it works without scripts. */
export function mosaicPages(parts: { sessions: Map<string, Session>; now: () => Date }): Hono {
  const { sessions, now } = parts
  const app = new Hono()
  const byToken = (token: string) =>
    [...sessions.values()].find(({ startToken }) => startToken === token)

  app.use('/verify/app/*', async (c, next) => {
    await next()
    c.header('x-content-type-options', 'nosniff')
    c.header('referrer-policy', 'no-referrer')
    c.header('cache-control', 'no-store')
    // No form-action: the form leads to an address that the customer chose.
    c.header('content-security-policy', "default-src 'none'; style-src 'self'")
  })
  app.get('/sandbox.css', (c) => c.body(STYLESHEET, 200, { 'content-type': 'text/css' }))

  app.get('/verify/app/:token', (c) => {
    const session = byToken(c.req.param('token'))
    if (!session) return c.html(missingPage(), 404)
    if (session.phase === 'pending') session.phase = 'capturing'
    return c.html(sessionPage(session, statusOf(session, now())))
  })

  app.post('/verify/app/:token', async (c) => {
    const session = byToken(c.req.param('token'))
    if (!session) return c.html(missingPage(), 404)
    const { outcome, ...fields } = await c.req.parseBody()
    if (!isOutcome(outcome)) return c.html(missingPage(), 400)
    const person = readPersonFields(fields)
    if (!person)
      return c.text('A date is written YYYY-MM-DD, and a name has up to 100 letters.', 400)
    if (!isOpen(session)) return c.redirect(`/verify/app/${session.startToken}`, 303)
    session.consentedAt ??= now()
    session.person = { ...session.person, ...person }
    if (outcome === 'error') session.phase = 'error'
    else {
      applyOutcome(session, outcome, now())
      // The session stays at the vendor: the person has to take the images again.
      if (session.phase === 'recapture') return c.redirect(`/verify/app/${session.startToken}`, 303)
    }
    const back = returnUrl(session)
    return c.redirect(back ?? `/verify/app/${session.startToken}`, 303)
  })
  return app
}

const isOutcome = (value: unknown): value is keyof typeof OUTCOMES =>
  typeof value === 'string' && Object.hasOwn(OUTCOMES, value)

/** Adds the missing images and sets the vendor's outcome. */
export function applyOutcome(
  session: Session,
  outcome: Recommendation | 'recapture',
  at: Date,
): void {
  for (const type of session.missing) addImage(session, { type })
  if (outcome === 'recapture') requestRecapture(session)
  else {
    session.recommendation = session.mock.recommendation ?? outcome
    submit(session, at)
  }
}

/** The return address with the vendor's parameters; `undefined` when a browser cannot be redirected there. */
function returnUrl({ id, callbackUrl, state }: Session): string | undefined {
  if (callbackUrl === undefined || !URL.canParse(callbackUrl)) return undefined
  const url = new URL(callbackUrl)
  if (!/^https?:$/.test(url.protocol)) return undefined
  url.searchParams.set('sessionId', id)
  if (state !== undefined) url.searchParams.set('state', state)
  return url.href
}

function sessionPage(session: Session, status: string) {
  const { recommendation } = session.mock
  const outcomes = Object.entries(OUTCOMES).filter(
    ([outcome]) => recommendation === undefined || outcome === recommendation,
  )
  return page(
    'Verification sandbox',
    html`
      <p class="eyebrow">Sandbox vendor</p>
      <h1>${isOpen(session) ? 'Verify an identity' : 'This session has ended'}</h1>
      ${
        isOpen(session)
          ? html`<p>The photos will be drawings of a person who does not exist. Choose the vendor's result. Then you
              are sent back to the page that you came from.</p>
            ${status === 'recapture' ? html`<p class="note">The vendor requested new photos.</p>` : ''}
            <form method="post" action="/verify/app/${session.startToken}">
              ${personFields(session.person)}
              ${outcomes.map(
                ([outcome, [label, look]]) =>
                  html`<button name="outcome" value="${outcome}" class="${look}">${label}</button>`,
              )}
            </form>`
          : html`<p>Its status is <strong>${status}</strong>. You can close this page.</p>`
      }
      <p class="small">Session ${session.id}</p>
    `,
  )
}

const missingPage = () =>
  page(
    'No such session',
    html`<p class="eyebrow">Sandbox vendor</p><h1>No such session</h1><p>The link is not one of this sandbox, or its session was deleted.</p>`,
  )
