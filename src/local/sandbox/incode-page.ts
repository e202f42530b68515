import { Hono } from 'hono'
import { html } from 'hono/html'
import type { IncodeSession, Score } from './incode-sessions.ts'
import { personFields, readPersonFields } from './person-form.ts'
import type { Person } from './specimen.ts'
import { page, STYLESHEET } from './veriff-page.ts'

const OUTCOMES = {
  OK: ['Approve', 'approved'],
  WARN: ['Have it reviewed', 'resubmission_requested'],
  FAIL: ['Decline', 'declined'],
} as const satisfies Partial<Record<Score, [label: string, look: string]>>

/** The hosted page of an onboarding URL, `/onboarding/<token>`; it works without scripts. */
export function incodePages(parts: {
  sessions: Map<string, IncodeSession>
  complete: (session: IncodeSession, score: Score, details: { person: Partial<Person> }) => void
}): Hono {
  const app = new Hono()
  const byToken = (given: string) =>
    [...parts.sessions.values()].find(({ token }) => token === given)

  app.use('/onboarding/*', async (c, next) => {
    await next()
    c.header('x-content-type-options', 'nosniff')
    c.header('referrer-policy', 'no-referrer')
    c.header('cache-control', 'no-store')
    // No form-action: the form leads to an address that the customer chose.
    c.header('content-security-policy', "default-src 'none'; style-src 'self'")
  })
  app.get('/sandbox.css', (c) => c.body(STYLESHEET, 200, { 'content-type': 'text/css' }))

  app.get('/onboarding/:token', (c) => {
    const session = byToken(c.req.param('token'))
    return session ? c.html(sessionPage(session)) : c.html(missingPage(), 404)
  })
  app.post('/onboarding/:token', async (c) => {
    const session = byToken(c.req.param('token'))
    if (!session) return c.html(missingPage(), 404)
    const { outcome, ...fields } = await c.req.parseBody()
    if (!isOutcome(outcome)) return c.text('Choose one of the three.', 400)
    const person = readPersonFields(fields)
    if (!person)
      return c.text('A date is written YYYY-MM-DD, and a name has up to 100 letters.', 400)
    if (isOpen(session)) parts.complete(session, outcome, { person })
    return c.redirect(returnUrl(session) ?? `/onboarding/${session.token}`, 303)
  })
  return app
}

const isOutcome = (value: unknown): value is keyof typeof OUTCOMES =>
  typeof value === 'string' && Object.hasOwn(OUTCOMES, value)

/** Whether the session is still open for the person. */
const isOpen = ({ onboardingStatus }: IncodeSession) => onboardingStatus === 'UNKNOWN'

/** `undefined` when a browser cannot be redirected there. */
function returnUrl({ redirectionUrl }: IncodeSession): string | undefined {
  const url = URL.parse(redirectionUrl ?? '')
  return url && /^https?:$/.test(url.protocol) ? url.href : undefined
}

function sessionPage(session: IncodeSession) {
  return page(
    'Verification sandbox',
    html`
      <p class="eyebrow">Sandbox vendor</p>
      <h1>${isOpen(session) ? 'Verify an identity' : 'This session has ended'}</h1>
      ${
        isOpen(session)
          ? html`<p>The photos will be drawings of a person who does not exist. Choose the vendor's result. Then you
              are sent back to the page that you came from.</p>
            <form method="post" action="/onboarding/${session.token}">
              ${personFields(session.person)}
              ${Object.entries(OUTCOMES).map(
                ([outcome, [label, look]]) =>
                  html`<button name="outcome" value="${outcome}" class="${look}">${label}</button>`,
              )}
            </form>`
          : html`<p>The vendor's score was <strong>${session.score}</strong>. You can close this page.</p>`
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
