import { Hono } from 'hono'
import { html } from 'hono/html'
import { personFields, readPersonFields } from './person-form.ts'
import type { Person } from './specimen.ts'
import { page, STYLESHEET } from './veriff-page.ts'

/** The hosted page of each session, `<path>/<token>`, where the person chooses the vendor's result. It works without scripts. */
export function hostedPages<Session extends { id: string; person: Person }, Outcome extends string>(
  path: string,
  parts: {
    find: (token: string) => Session | undefined
    outcomes: Record<Outcome, readonly [label: string, look: string]>
    isOpen: (session: Session) => boolean
    /** What the page says of a session that is not open. */
    describe: (session: Session) => ReturnType<typeof html>
    complete: (session: Session, outcome: Outcome, details: { person: Partial<Person> }) => void
    /** Where the browser goes afterwards. */
    returnUrlOf: (session: Session) => string | undefined
  },
): Hono {
  const app = new Hono()
  const isOutcome = (value: unknown): value is Outcome =>
    typeof value === 'string' && Object.hasOwn(parts.outcomes, value)

  app.use(`${path}/*`, async (c, next) => {
    await next()
    c.header('x-content-type-options', 'nosniff')
    c.header('referrer-policy', 'no-referrer')
    c.header('cache-control', 'no-store')
    // No form-action: the form leads to an address that the customer chose.
    c.header('content-security-policy', "default-src 'none'; style-src 'self'")
  })
  app.get('/sandbox.css', (c) => c.body(STYLESHEET, 200, { 'content-type': 'text/css' }))

  app.get(`${path}/:token`, (c) => {
    const session = parts.find(c.req.param('token'))
    if (!session) return c.html(missingPage(), 404)
    const content = parts.isOpen(session)
      ? openContent(session, c.req.path, parts.outcomes)
      : html`<h1>This session has ended</h1><p>${parts.describe(session)} You can close this page.</p>`
    return c.html(
      page(
        'Verification sandbox',
        html`<p class="eyebrow">Sandbox vendor</p>${content}<p class="small">Session ${session.id}</p>`,
      ),
    )
  })

  app.post(`${path}/:token`, async (c) => {
    const session = parts.find(c.req.param('token'))
    if (!session) return c.html(missingPage(), 404)
    const { outcome, ...fields } = await c.req.parseBody()
    if (!isOutcome(outcome)) return c.text('Choose one of the results.', 400)
    const person = readPersonFields(fields)
    if (!person)
      return c.text('A date is written YYYY-MM-DD, and a name has up to 100 letters.', 400)
    if (parts.isOpen(session)) parts.complete(session, outcome, { person })
    return c.redirect(browserUrl(parts.returnUrlOf(session)) ?? c.req.path, 303)
  })
  return app
}

/** `undefined` when a browser cannot be redirected there. */
function browserUrl(address: string | undefined): string | undefined {
  const url = URL.parse(address ?? '')
  return url && /^https?:$/.test(url.protocol) ? url.href : undefined
}

function openContent(
  { person }: { person: Person },
  action: string,
  outcomes: Record<string, readonly [label: string, look: string]>,
) {
  return html`<h1>Verify an identity</h1>
    <p>The photos will be drawings of a person who does not exist. Choose the vendor's result. Then you
      are sent back to the page that you came from.</p>
    <form method="post" action="${action}">
      ${personFields(person)}
      ${Object.entries(outcomes).map(
        ([outcome, [label, look]]) =>
          html`<button name="outcome" value="${outcome}" class="${look}">${label}</button>`,
      )}
    </form>`
}

const missingPage = () =>
  page(
    'No such session',
    html`<p class="eyebrow">Sandbox vendor</p><h1>No such session</h1><p>The link is not one of this sandbox, or its session was deleted.</p>`,
  )
