import { randomBytes } from 'node:crypto'
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono, type Next } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { z } from 'zod'
import { applyApiFault, sendBytes, spoilImage, takeFault } from './faults.ts'
import { measureImage } from './images.ts'
import type { Faults } from './mosaic-faults.ts'
import {
  addImage,
  createSession,
  IMAGE_TYPES,
  imageBytes,
  isOpen,
  type NewSession,
  RECOMMENDATIONS,
  resultOf,
  type Session,
  submit,
} from './mosaic-sessions.ts'
import type { Person } from './specimen.ts'
import { faultsOf, recordRequest, type VendorState } from './vendor-state.ts'

// 20 MB of base64, plus the JSON around it.
const BODY_LIMIT_IN_BYTES = 28 * 1024 * 1024

type Env = { Bindings: HttpBindings; Variables: { session: Session } }

export type MosaicState = VendorState<Session, Faults> & {
  /** When each access token expires, in milliseconds. */
  tokens: Map<string, number>
  tokensGiven: number
}

type Parts = {
  state: MosaicState
  clientId: string
  clientSecret: string
  resource: string
  tokenLifetimeInSeconds: number
  person?: Partial<Person> | undefined
  now: () => Date
}

const record = z.record(z.string(), z.unknown())
const newSessionSchema = z.object({
  callback_url: z.string().max(2000).nullish(),
  state: z.string().max(2000).nullish(),
  time_to_live: z
    .string()
    .regex(/^\d{1,3}d$/)
    .nullish(),
  mock_behavior: z
    .object({
      recommendation: z.enum(RECOMMENDATIONS).nullish(),
      mock_recommendation: z.enum(RECOMMENDATIONS).nullish(),
      processing_time: z
        .string()
        .regex(/^\d{1,6}(ms|s|m)$/)
        .nullish(),
      force_retry: z.boolean().nullish(),
      info: z
        .object({ person_details: record.nullish(), document_details: record.nullish() })
        .nullish(),
    })
    .nullish(),
  auto_start: z.boolean().nullish(),
  start: z
    .object({
      consent: z.object({ granted: z.boolean(), document_id: z.string().nullish() }).nullish(),
    })
    .nullish(),
  customer_information: record.nullish(),
})

const newImageSchema = z.object({
  image: z.object({
    format: z.enum(['jpg', 'jpeg', 'png']),
    image_type: z.enum(IMAGE_TYPES),
    content: z.string().min(1),
    capture_margins: record.nullish(),
    image_id: z.string().nullish(),
  }),
  device_info: record.nullish(),
})

/** The vendor's token endpoint and its API under `/verify/api/v1` (`docs/vendor-protocols.md` §6). */
export function mosaicApi(parts: Parts): Hono<Env> {
  const { state, now } = parts
  const api = new Hono<Env>()
  api.use((c, next) => admit(parts, c, next))
  api.use('/verification/:sid/*', async (c, next) => {
    const session = state.sessions.get(c.req.param('sid'))
    if (!session || session.expiresAt <= now()) return fail(c, 404)
    c.set('session', session)
    return next()
  })
  api.route('/verification', sessionRoutes(parts))
  api.route('/verification/:sid/images', imageRoutes(parts))
  api.all('*', (c) => fail(c, 404))

  const app = new Hono<Env>()
  app.use(bodyLimit({ maxSize: BODY_LIMIT_IN_BYTES, onError: (c) => fail(c, 413) }))
  app.post('/oidc/token', (c) => issueToken(parts, c))
  app.route('/verify/api/v1', api)
  return app
}

/** RFC 6749 §4.4, with the `resource` of RFC 8707. */
async function issueToken(parts: Parts, c: Context<Env>): Promise<Response> {
  const { state } = parts
  const refuse = (status: 400 | 401, error: string) => c.json({ error }, status)
  const fault = takeFault(state.faults, 'tokens')
  if (fault) return fail(c, fault.status)
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(c.req.header('content-type') ?? ''))
    return refuse(400, 'invalid_request')
  const form = new URLSearchParams(await c.req.text())
  const names = [...form.keys()]
  if (new Set(names).size !== names.length) return refuse(400, 'invalid_request')
  if (form.get('client_id') !== parts.clientId || form.get('client_secret') !== parts.clientSecret)
    return refuse(401, 'invalid_client')
  if (form.get('grant_type') !== 'client_credentials') return refuse(400, 'unsupported_grant_type')
  if (form.get('resource') !== parts.resource) return refuse(400, 'invalid_target')
  const token = randomBytes(32).toString('base64url')
  const expires_in = parts.tokenLifetimeInSeconds
  state.tokens.set(token, parts.now().getTime() + expires_in * 1000)
  state.tokensGiven++
  return c.json({ access_token: token, token_type: 'Bearer', expires_in })
}

/** Applies the faults of a request and checks its access token. */
async function admit({ state, now }: Parts, c: Context<Env>, next: Next) {
  recordRequest(state, c)
  const id = /\/verification\/([^/]+)/.exec(c.req.path)?.[1]
  const faults = faultsOf(state, state.sessions.get(id ?? ''))
  const retryAfter = faults.api?.retryAfterInSeconds
  if (retryAfter !== undefined) c.header('Retry-After', String(retryAfter))
  const refusal = await applyApiFault(faults, (status) => fail(c, status))
  if (refusal) return refusal
  if (faults.refuseTokens !== undefined) {
    if (faults.refuseTokens > 1) faults.refuseTokens--
    else delete faults.refuseTokens
    return fail(c, 401)
  }
  const [, token = ''] = /^Bearer (\S+)$/i.exec(c.req.header('authorization') ?? '') ?? []
  if ((state.tokens.get(token) ?? 0) <= now().getTime()) return fail(c, 401)
  return await next()
}

/** Creates, reads and deletes sessions. */
function sessionRoutes({ state, person, now }: Parts): Hono<Env> {
  const routes = new Hono<Env>()

  routes.post('/', async (c) => {
    const parsed = newSessionSchema.safeParse(await c.req.json().catch(() => undefined))
    if (!parsed.success) return fail(c, 400)
    const session = createSession(readNewSession(parsed.data, person), now())
    state.sessions.set(session.id, session)
    return c.json(
      {
        ...(session.startToken === undefined ? {} : { start_token: session.startToken }),
        session_id: session.id,
        expiration: session.expiresAt.toISOString(),
        missing_images: session.missing,
      },
      201,
    )
  })

  routes.get('/:sid/result', (c) => {
    const { session } = c.var
    const { result: fault = {} } = faultsOf(state, session)
    const isDeprecated = c.req.query('detailed') === 'false' || fault.structure === 'deprecated'
    const result = resultOf(session, now(), isDeprecated)
    if (fault.withoutImages) delete result.verification_images
    if (fault.sessionId !== undefined) result.session_id = fault.sessionId
    return c.json(fault.status === undefined ? result : { ...result, status: fault.status })
  })

  routes.get('/:sid/consent', (c) => {
    const { consentedAt } = c.var.session
    return c.json({
      consent_granted: consentedAt !== undefined,
      ...(consentedAt ? { consent_date: consentedAt.toISOString() } : {}),
    })
  })

  routes.delete('/:sid', (c) => {
    state.sessions.delete(c.var.session.id)
    return c.json({})
  })
  return routes
}

/** Lists, accepts and serves the images of a session. */
function imageRoutes({ state, now }: Parts): Hono<Env> {
  const routes = new Hono<Env>()

  routes.get('/', (c) =>
    c.json({
      session_images: c.var.session.images.map(({ id, type, rejected, original, originalId }) => ({
        id,
        format: 'jpg',
        ...(type === undefined ? {} : { type }),
        rejected,
        original,
        ...(originalId === undefined ? {} : { original_id: originalId }),
      })),
    }),
  )

  routes.post('/', async (c) => {
    const { session } = c.var
    const parsed = newImageSchema.safeParse(await c.req.json().catch(() => undefined))
    if (!parsed.success) return fail(c, 400)
    const { image_type: type, content: base64 } = parsed.data.image
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return fail(c, 400)
    if (!isOpen(session)) return fail(c, 409)
    const content = Buffer.from(base64, 'base64')
    if (!isOfGoodSize(await measureImage(content))) return fail(c, 400)
    const feedback = faultsOf(state, session).feedback ?? 'ok'
    addImage(session, { type, content, rejected: feedback !== 'ok' })
    const complete = session.missing.length === 0
    if (complete) submit(session, now())
    return c.json({ feedback, complete, missing_images: session.missing })
  })

  routes.get('/:id', async (c) => {
    const { session } = c.var
    const image = session.images.find(({ id }) => id === c.req.param('id'))
    if (!image) return fail(c, 404)
    const format = c.req.query('format') ?? 'raw'
    if (format !== 'raw' && format !== 'base64') return fail(c, 400)
    const { images: fault = {} } = faultsOf(state, session)
    const bytes = Buffer.from(spoilImage(await imageBytes(session, image), fault.body))
    const body = format === 'raw' ? bytes : Buffer.from(bytes.toString('base64'))
    // In the vendor's spelling.
    const headers = { 'content-type': fault.contentType ?? 'image/jpg' }
    return sendBytes(c, body, headers, fault.body)
  })
  return routes
}

function readNewSession(
  given: z.infer<typeof newSessionSchema>,
  person: Partial<Person> | undefined,
): NewSession {
  const { mock_behavior: mock, start } = given
  const recommendation = mock?.recommendation ?? mock?.mock_recommendation
  return {
    callbackUrl: given.callback_url ?? undefined,
    state: given.state ?? undefined,
    person,
    daysToLive: Number.parseInt(given.time_to_live ?? '90', 10),
    started:
      start || given.auto_start ? { consented: start?.consent?.granted ?? false } : undefined,
    mock: {
      ...(recommendation ? { recommendation } : {}),
      processingTimeInMs: milliseconds(mock?.processing_time ?? '0s'),
      forceRetry: mock?.force_retry ?? false,
      personDetails: mock?.info?.person_details ?? {},
      documentDetails: mock?.info?.document_details ?? {},
    },
  }
}

const MESSAGES: Record<number, string> = {
  400: 'Request is malformed or missing required fields',
  401: 'Access token is malformed, missing data, or expired',
  404: 'Session not found',
  409: 'All required images were successfully submitted',
  429: 'Too many requests',
}

/** The format of the vendor's other products (`docs/vendor-protocols.md` §6.7). */
const fail = (c: Context, status: number) =>
  c.json(
    { message: MESSAGES[status] ?? 'Ordered by the sandbox', error_code: status },
    status as 400,
  )

/** Between 640x480 and 3840x2160, in either orientation. */
function isOfGoodSize(found: Awaited<ReturnType<typeof measureImage>>): boolean {
  if (!found || !['jpeg', 'png'].includes(found.format)) return false
  const [short = 0, long = 0] = [found.width, found.height].toSorted((a, b) => a - b)
  return long >= 640 && short >= 480 && long <= 3840 && short <= 2160
}

function milliseconds(duration: string): number {
  const factor = duration.endsWith('ms') ? 1 : duration.endsWith('m') ? 60_000 : 1000
  return Number.parseInt(duration, 10) * factor
}
