import { randomBytes } from 'node:crypto'
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono, type Next } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { applyApiFault, sendBytes, spoilImage } from './faults.ts'
import type { Person } from './specimen.ts'
import {
  createSession,
  type Faults,
  findFile,
  imageBytes,
  redact,
  type StripeSession,
  toApiReport,
  toApiSession,
} from './stripe-sessions.ts'
import type { EventName } from './stripe-webhooks.ts'
import { faultsOf, recordRequest, type VendorState } from './vendor-state.ts'

type Env = { Bindings: HttpBindings; Variables: { session: StripeSession } }

export type StripeState = VendorState<StripeSession, Faults> & {
  /** The sessions that were created with each idempotency key. */
  created: Map<string, StripeSession>
}

type Parts = {
  state: StripeState
  apiKey: string
  origin: () => string
  now: () => number
  onEvent: (session: StripeSession, event: EventName) => void
  person?: Partial<Person> | undefined
}

const MAX_LINK_SECONDS = 30
const SENSITIVE_SECONDS = 48 * 3600
const SENSITIVE = ['document.dob', 'document.expiration_date', 'document.number']

/** The endpoints of `docs/vendor-protocols.md` §11 under `/v1`, and the links to files, which need no key. */
export function stripeApi(parts: Parts): Hono<Env> {
  const api = new Hono<Env>()
  api.use(bodyLimit({ maxSize: 1024 * 1024 }))
  api.use((c, next) => admit(parts, c, next))
  api.route('/identity/verification_sessions', sessionRoutes(parts))
  const links = new Map<string, { fileId: string; until: number }>()

  api.get('/identity/verification_reports/:id', (c) => {
    const { state, now } = parts
    const id = c.req.param('id')
    for (const session of state.sessions.values())
      for (const report of session.reports)
        if (report.id === id) {
          const expanded = c.req.queries('expand[]') ?? []
          const isOld = now() - report.createdAt.getTime() > SENSITIVE_SECONDS * 1000
          if (isOld && expanded.some((name) => SENSITIVE.includes(name)))
            return fail(c, 403, 'This key may not read sensitive results of more than 48 hours ago')
          return c.json(toApiReport(session, report, expanded))
        }
    return fail(c, 404, `No such verification report: '${id}'`, 'resource_missing')
  })

  api.post('/file_links', async (c) => {
    const { state, now, origin } = parts
    const { file, expires_at } = await c.req.parseBody()
    const until = Number(expires_at)
    const found = findFile(state.sessions.values(), String(file))
    if (!found || found.session.redaction)
      return fail(c, 404, `No such file: '${file}'`, 'resource_missing')
    if (!(until * 1000 > now() && until <= now() / 1000 + MAX_LINK_SECONDS))
      return fail(c, 400, 'Links to these files must expire within 30 seconds')
    const token = randomBytes(24).toString('base64url')
    links.set(token, { fileId: found.file.id, until })
    const url = faultsOf(state, found.session).link ?? `${origin()}/links/${token}`
    return c.json({ id: `link_${token}`, object: 'file_link', file, expires_at: until, url })
  })
  api.all('*', (c) => fail(c, 404, 'Unrecognized request URL'))

  const app = new Hono<Env>()
  app.route('/v1', api)
  app.get('/links/:token', async (c) => {
    const { fileId = '', until = 0 } = links.get(c.req.param('token')) ?? {}
    const found = findFile(parts.state.sessions.values(), fileId)
    if (!found || found.session.redaction || until * 1000 < parts.now())
      return c.text('This link has expired.', 404)
    const { image: fault } = faultsOf(parts.state, found.session)
    const bytes = spoilImage(await imageBytes(found.report, found.file), fault)
    return sendBytes(c, bytes, { 'content-type': 'image/jpeg' }, fault)
  })
  return app
}

function sessionRoutes({ state, origin, onEvent, person }: Parts): Hono<Env> {
  const routes = new Hono<Env>()
  const send = (c: Context, session: StripeSession) => c.json(toApiSession(session, origin()))

  routes.post('/', async (c) => {
    const key = c.req.header('idempotency-key') ?? randomBytes(12).toString('hex')
    const known = state.created.get(key)
    if (known) return send(c, known)
    const form = (await c.req.parseBody()) as Record<string, string>
    if (form.type !== 'document' && !form.verification_flow)
      return fail(c, 400, 'Missing required param: type.', 'parameter_missing')
    const isTrue = (name: string) => form[`options[document][${name}]`] === 'true'
    const session = createSession({
      clientReferenceId: form.client_reference_id,
      returnUrl: form.return_url,
      options: {
        document: {
          require_matching_selfie: isTrue('require_matching_selfie'),
          require_live_capture: isTrue('require_live_capture'),
        },
      },
      person,
    })
    state.sessions.set(session.id, session)
    state.created.set(key, session)
    onEvent(session, 'created')
    return send(c, session)
  })

  routes.use('/:id/*', async (c, next) => {
    const id = c.req.param('id')
    const session = state.sessions.get(id)
    if (!session) return fail(c, 404, `No such verification session: '${id}'`, 'resource_missing')
    c.set('session', session)
    return next()
  })
  routes.get('/:id', (c) => send(c, c.var.session))
  routes.post('/:id/redact', (c) => {
    const { session } = c.var
    const isAllowed = ['requires_input', 'verified'].includes(session.status)
    if (!isAllowed || session.redaction)
      return fail(c, 400, 'The session cannot be redacted in this status')
    redact(session)
    return send(c, session)
  })
  return routes
}

/** Applies the `api` fault and checks the key and the version of a request (`docs/vendor-protocols.md` §11.1). */
async function admit({ state, apiKey }: Parts, c: Context<Env>, next: Next) {
  recordRequest(state, c)
  const refusal = await applyApiFault(state.faults, (status) => {
    if (status === 429) c.header('Retry-After', '1')
    return fail(c, status, 'Try again later')
  })
  if (refusal) return refusal
  if (c.req.header('authorization') !== `Bearer ${apiKey}`)
    return fail(c, 401, 'Invalid API Key provided')
  if (!/^\d{4}-\d{2}-\d{2}/.test(c.req.header('stripe-version') ?? ''))
    return fail(c, 400, 'Invalid Stripe API version')
  return await next()
}

const fail = (c: Context, status: number, message: string, code?: string) =>
  c.json({ error: { type: 'invalid_request_error', message, code } }, status as 400)
