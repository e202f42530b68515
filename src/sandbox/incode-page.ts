import { Hono } from 'hono'
import { html } from 'hono/html'
import { captureMissing, type IncodeSession, type Score } from './incode-sessions.ts'
import { page, STYLESHEET } from './veriff-page.ts'

const OUTCOMES: Record<'OK' | 'WARN' | 'FAIL', [label: string, look: string]> = {
  OK: ['Pass', 'approved'],
  WARN: ['Have it reviewed', 'resubmission_requested'],
  FAIL: ['Fail', 'declined'],
}

/** The page that `onboarding-url` names; it works without scripts. */
export function incodePages(parts: {
  sessions: Map<string, IncodeSession>
  finish: (session: IncodeSession, score: Score) => void
}): Hono {
  const { sessions, finish } = parts
  const app = new Hono()
  const byToken = (token: string) => [...sessions.values()].find((each) => each.token === token)

  app.use('/onboarding/*', async (c, next) => {
    await next()
    c.header('x-content-type-options', 'nosniff')
    c.header('referrer-policy', 'no-referrer')
    c.header('cache-control', 'no-store')
    // No form-action: the way back leads to an address that the customer chose.
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
    const { outcome } = await c.req.parseBody()
    if (!isOutcome(outcome)) return c.html(missingPage(), 400)
    if (session.status === 'UNKNOWN') {
      captureMissing(session)
      finish(session, outcome)
    }
    const { redirectionUrl } = session
    const isWay = redirectionUrl !== undefined && /^https?:\/\//.test(redirectionUrl)
    return c.redirect(isWay ? redirectionUrl : `/onboarding/${session.token}`, 303)
  })
  return app
}

const isOutcome = (value: unknown): value is keyof typeof OUTCOMES =>
  typeof value === 'string' && Object.hasOwn(OUTCOMES, value)

const sessionPage = (session: IncodeSession) =>
  page(
    'Verification sandbox',
    html`
      <p class="eyebrow">Sandbox vendor</p>
      ${
        session.status === 'UNKNOWN'
          ? html`<h1>Verify an identity</h1>
            <p>The pictures will be drawings of a person who does not exist. Choose what the vendor says of them; you are
              then sent back to where you came from.</p>
            <form method="post" action="/onboarding/${session.token}">
              ${Object.entries(OUTCOMES).map(
                ([outcome, [label, look]]) =>
                  html`<button name="outcome" value="${outcome}" class="${look}">${label}</button>`,
              )}
            </form>`
          : html`<h1>This session is over</h1><p>Its status is <strong>${session.status}</strong>. You can close this page.</p>`
      }
      <p class="small">Interview ${session.interviewId}</p>
    `,
  )

const missingPage = () =>
  page(
    'No such session',
    html`<p class="eyebrow">Sandbox vendor</p><h1>No such session</h1><p>The link is not one of this sandbox, or its session was deleted.</p>`,
  )
