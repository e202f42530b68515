import { randomBytes } from 'node:crypto'
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { z } from 'zod'
import { measureImage } from './images.ts'
import type { Faults } from './mosaic-faults.ts'
import {
  addImage,
  createSession,
  IMAGE_TYPES,
  imageBytes,
  isOpen,
  RECOMMENDATIONS,
  resultOf,
  type Session,
  submit,
} from './mosaic-sessions.ts'
import type { Person } from './specimen.ts'
import { sendFaultyResponse } from './veriff-faults.ts'

// 20 MB of base64, plus the JSON around it.
const BODY_LIMIT_IN_BYTES = 28 * 1024 * 1024

type Env = { Bindings: HttpBindings; Variables: { session: Session } }

export type MosaicState = {
  sessions: Map<string, Session>
  /** When each access token expires, in milliseconds. */
  tokens: Map<string, number>
  tokensGiven: number
  requests: { method: string; path: string }[]
  faults: Faults
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
export function mosaicApi(parts: {
  state: MosaicState
  clientId: string
  clientSecret: string
  resource: string
  tokenLifetimeInSeconds: number
  person?: Partial<Person> | undefined
  now: () => Date
}): Hono<Env> {
  const { state, now } = parts
  const app = new Hono<Env>()
  app.use(bodyLimit({ maxSize: BODY_LIMIT_IN_BYTES, onError: (c) => fail(c, 413) }))

  const faultsOf = (session: Session | undefined): Faults => session?.faults ?? state.faults

  // RFC 6749 §4.4, with the `resource` of RFC 8707.
  app.post('/oidc/token', async (c) => {
    const refuse = (status: 400 | 401, error: string) => c.json({ error }, status)
    const { tokens: fault } = state.faults
    if (fault) {
      if (fault.times > 1) fault.times--
      else delete state.faults.tokens
      return fail(c, fault.status)
    }
    if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(c.req.header('content-type') ?? ''))
      return refuse(400, 'invalid_request')
    const form = new URLSearchParams(await c.req.text())
    const names = [...form.keys()]
    if (new Set(names).size !== names.length) return refuse(400, 'invalid_request')
    if (
      form.get('client_id') !== parts.clientId ||
      form.get('client_secret') !== parts.clientSecret
    )
      return refuse(401, 'invalid_client')
    if (form.get('grant_type') !== 'client_credentials')
      return refuse(400, 'unsupported_grant_type')
    if (form.get('resource') !== parts.resource) return refuse(400, 'invalid_target')
    const token = randomBytes(32).toString('base64url')
    const expires_in = parts.tokenLifetimeInSeconds
    state.tokens.set(token, now().getTime() + expires_in * 1000)
    state.tokensGiven++
    return c.json({ access_token: token, token_type: 'Bearer', expires_in })
  })

  const api = new Hono<Env>()
  api.use(async (c, next) => {
    state.requests.push({ method: c.req.method, path: c.req.path })
    if (state.requests.length > 10_000) state.requests.shift()
    const id = /\/verification\/([^/]+)/.exec(c.req.path)?.[1]
    const faults = faultsOf(state.sessions.get(id ?? ''))
    const { api: fault, refuseTokens } = faults
    if (fault) {
      if (fault.times > 1) fault.times--
      else delete faults.api
      await new Promise((resolve) => setTimeout(resolve, fault.delayInMs))
      if (fault.retryAfterInSeconds !== undefined)
        c.header('Retry-After', String(fault.retryAfterInSeconds))
      if (fault.status !== undefined) return fail(c, fault.status)
    }
    if (refuseTokens !== undefined) {
      if (refuseTokens > 1) faults.refuseTokens = refuseTokens - 1
      else delete faults.refuseTokens
      return fail(c, 401)
    }
    const [, token = ''] = /^Bearer (\S+)$/i.exec(c.req.header('authorization') ?? '') ?? []
    if ((state.tokens.get(token) ?? 0) <= now().getTime()) return fail(c, 401)
    return next()
  })
  api.use('/verification/:sid/*', async (c, next) => {
    const session = state.sessions.get(c.req.param('sid'))
    if (!session || session.expiresAt <= now()) return fail(c, 404)
    c.set('session', session)
    return next()
  })

  api.post('/verification', async (c) => {
    const parsed = newSessionSchema.safeParse(await c.req.json().catch(() => undefined))
    if (!parsed.success) return fail(c, 400)
    const { callback_url, state: opaque, mock_behavior: mock, start, auto_start } = parsed.data
    const recommendation = mock?.recommendation ?? mock?.mock_recommendation
    const session = createSession(
      {
        callbackUrl: callback_url ?? undefined,
        state: opaque ?? undefined,
        person: parts.person,
        daysToLive: Number.parseInt(parsed.data.time_to_live ?? '90', 10),
        started: start || auto_start ? { consented: start?.consent?.granted ?? false } : undefined,
        mock: {
          ...(recommendation ? { recommendation } : {}),
          processingTimeInMs: milliseconds(mock?.processing_time ?? '0s'),
          forceRetry: mock?.force_retry ?? false,
          personDetails: mock?.info?.person_details ?? {},
          documentDetails: mock?.info?.document_details ?? {},
        },
      },
      now(),
    )
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

  api.get('/verification/:sid/result', (c) => {
    const { session } = c.var
    const { result: fault = {} } = faultsOf(session)
    const isDeprecated = c.req.query('detailed') === 'false' || fault.structure === 'deprecated'
    const result = resultOf(session, now(), isDeprecated)
    if (fault.withoutImages) delete result.verification_images
    if (fault.sessionId !== undefined) result.session_id = fault.sessionId
    return c.json(fault.status === undefined ? result : { ...result, status: fault.status })
  })

  api.get('/verification/:sid/consent', (c) => {
    const { consentedAt } = c.var.session
    return c.json({
      consent_granted: consentedAt !== undefined,
      ...(consentedAt ? { consent_date: consentedAt.toISOString() } : {}),
    })
  })

  api.delete('/verification/:sid', (c) => {
    state.sessions.delete(c.req.param('sid'))
    return c.json({})
  })

  api.get('/verification/:sid/images', (c) =>
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

  api.post('/verification/:sid/images', async (c) => {
    const { session } = c.var
    const parsed = newImageSchema.safeParse(await c.req.json().catch(() => undefined))
    if (!parsed.success) return fail(c, 400)
    const { image_type: type, content: base64 } = parsed.data.image
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return fail(c, 400)
    if (!isOpen(session)) return fail(c, 409)
    const content = Buffer.from(base64, 'base64')
    if (!isOfGoodSize(await measureImage(content))) return fail(c, 400)
    const feedback = faultsOf(session).feedback ?? 'ok'
    addImage(session, { type, content, rejected: feedback !== 'ok' })
    const complete = session.missing.length === 0
    if (complete) submit(session, now())
    return c.json({ feedback, complete, missing_images: session.missing })
  })

  api.get('/verification/:sid/images/:id', async (c) => {
    const { session } = c.var
    const image = session.images.find(({ id }) => id === c.req.param('id'))
    if (!image) return fail(c, 404)
    const format = c.req.query('format') ?? 'raw'
    if (format !== 'raw' && format !== 'base64') return fail(c, 400)
    const whole = await imageBytes(session, image)
    const { images: fault = {} } = faultsOf(session)
    const bytes =
      fault.body === 'truncated'
        ? whole.subarray(0, Math.floor(whole.length / 2))
        : fault.body === 'not-an-image'
          ? Buffer.from('<!doctype html><title>Sign in</title><p>Your session has ended.')
          : whole
    // In the vendor's spelling.
    const headers = { 'content-type': fault.contentType ?? 'image/jpg' }
    if (fault.body === 'cut-off' || fault.body === 'too-long' || fault.body === 'endless')
      return sendFaultyResponse(c.env.outgoing, fault.body, bytes, headers)
    const body = Buffer.from(bytes)
    return new Response(format === 'raw' ? body : body.toString('base64'), { headers })
  })
  api.all('*', (c) => fail(c, 404))

  app.route('/verify/api/v1', api)
  return app
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
