import { randomBytes } from 'node:crypto'
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono, type Next } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { applyApiFault, sendBytes, spoilImage } from './faults.ts'
import {
  createSession,
  type Faults,
  IMAGE_TYPES,
  imageBytes,
  isPersisted,
  type KoraSession,
  type Status,
  toApiVerification,
} from './kora-sessions.ts'
import { createSignedLinks, type SignedLinks } from './signed-links.ts'
import type { Person } from './specimen.ts'
import { faultsOf, recordRequest, type VendorState } from './vendor-state.ts'

type Env = { Bindings: HttpBindings; Variables: { session: KoraSession } }

export type KoraState = VendorState<KoraSession, Faults>

type Parts = {
  state: KoraState
  apiKey: string
  tenantId: string
  origin: () => string
  now: () => number
  complete: (session: KoraSession, status?: Status) => void
  person?: Partial<Person> | undefined
}

const LINK_SECONDS = 900
const LARGEST_UPLOAD = 32 * 1024 * 1024
const DOCUMENT_TYPES = [
  { code: 'international_passport', name: 'International passport' },
  { code: 'ghana_card', name: 'Ghana Card' },
  { code: 'us_drivers_license', name: 'Driver’s license' },
]
const UPLOADS = {
  document: 'document_front',
  'document/back': 'document_back',
  selfie: 'selfie',
  'liveness/frames': 'liveness_frame',
}

/** The endpoints of `docs/vendor-protocols.md` §4.2 under `/api/v1/idv`, and the storage that signed links point to. */
export function koraApi(parts: Parts): Hono<Env> {
  const links = createSignedLinks(LINK_SECONDS, parts.now)
  const api = new Hono<Env>()
  api.get('/health', (c) => c.json({ status: 'ok' }))
  api.use(bodyLimit({ maxSize: LARGEST_UPLOAD }))
  api.use((c, next) => admit(parts, c, next))
  api.use('/verifications/:id/*', async (c, next) => {
    const session = parts.state.sessions.get(c.req.param('id'))
    if (!session) return notFound(c)
    c.set('session', session)
    return next()
  })
  api.route('/', verificationRoutes(parts))
  api.route('/verifications/:id', captureRoutes(parts))
  api.route('/verifications/:id/images', imageRoutes(parts, links))
  api.get('/alerts', (c) => c.json({ alerts: [] }))
  api.get('/document-types', (c) => c.json({ documentTypes: DOCUMENT_TYPES }))
  api.all('*', notFound)

  const app = new Hono<Env>()
  app.route('/koraidv-images', storageRoutes(parts, links))
  app.route('/api/v1/idv', api)
  return app
}

/** Applies the `api` fault and checks the credentials of a request (`docs/vendor-protocols.md` §4.1, §4.6). */
async function admit({ state, apiKey, tenantId }: Parts, c: Context<Env>, next: Next) {
  recordRequest(state, c)
  const refusal = await applyApiFault(state.faults, (status) => {
    if (status !== 429) return fail(c, status, 'UNAVAILABLE', 'Try again later')
    c.header('Retry-After', '1')
    return fail(c, 429, 'RATE_LIMIT_EXCEEDED', 'Too many requests', { retryAfter: 1 })
  })
  if (refusal) return refusal
  if (c.req.header('authorization') !== `Bearer ${apiKey}`)
    return fail(c, 401, 'UNAUTHORIZED', 'Invalid or missing API key')
  if (c.req.header('x-tenant-id') !== tenantId) return fail(c, 403, 'FORBIDDEN', 'Unknown tenant')
  c.header('X-RateLimit-Limit', '200')
  c.header('X-RateLimit-Remaining', '199')
  return await next()
}

/** Creates, reads and decides verifications. */
function verificationRoutes({ state, tenantId, now, complete, person }: Parts): Hono<Env> {
  const view = (session: KoraSession) => toApiVerification(session, tenantId, now())
  const routes = new Hono<Env>()

  routes.post('/verifications', async (c) => {
    const body = await readJson(c)
    const externalId = body.externalId ?? body.external_id
    if (typeof externalId !== 'string' || !externalId) return failWithout(c, 'externalId')
    const session = createSession({
      externalId,
      person,
      tier: typeof body.tier === 'string' ? body.tier : undefined,
      callbackUrl: typeof body.callbackUrl === 'string' ? body.callbackUrl : undefined,
    })
    state.sessions.set(session.id, session)
    return c.json(view(session), 201)
  })

  routes.get('/subjects/:subjectId/verifications', (c) => {
    const subjectId = c.req.param('subjectId')
    const found = [...state.sessions.values()].filter(({ externalId }) => externalId === subjectId)
    return c.json({ verifications: found.map(view) })
  })

  routes.get('/verifications/:id', (c) => c.json(view(c.var.session)))

  routes.post('/verifications/:id/complete', (c) => {
    const { session } = c.var
    if (session.completedAt) return failCompleted(c)
    complete(session)
    return c.json(view(session))
  })

  routes.post('/verifications/:id/review', async (c) => {
    const { session } = c.var
    const { decision } = await readJson(c)
    if (decision !== 'approve' && decision !== 'reject')
      return fail(c, 400, 'VALIDATION_ERROR', "Invalid value of 'decision'", { field: 'decision' })
    complete(session, decision === 'approve' ? 'verified' : 'rejected')
    return c.json(view(session))
  })
  return routes
}

/** Accepts the images of a verification and simulates its liveness check. */
function captureRoutes({ now }: Parts): Hono<Env> {
  const routes = new Hono<Env>()

  for (const [path, type] of Object.entries(UPLOADS))
    routes.post(`/${path}`, async (c) => {
      const { session } = c.var
      if (session.completedAt) return failCompleted(c)
      const bytes = await readImage(c)
      if (!bytes) return failWithout(c, 'image')
      session.images.set(type, bytes)
      session.updatedAt = new Date(now())
      return c.json({ id: session.id, imageType: type, quality: { score: 92 } })
    })

  routes.post('/liveness/session', (c) => {
    const sessionId = `liv_${randomBytes(6).toString('hex')}`
    c.var.session.liveness = { sessionId, isLive: false }
    return c.json({ sessionId, challenges: ['blink', 'smile', 'turn_left'] }, 201)
  })
  routes.post('/liveness/challenge', (c) => {
    const { liveness } = c.var.session
    if (!liveness) return notFound(c)
    liveness.isLive = true
    return c.json({ passed: true })
  })
  routes.get('/liveness', (c) => {
    const { liveness } = c.var.session
    if (!liveness) return notFound(c)
    return c.json({ ...liveness, livenessScore: liveness.isLive ? 97 : 0 })
  })
  return routes
}

/** Lists the images of a verification and gives links to them. */
function imageRoutes({ state, tenantId, origin, now }: Parts, links: SignedLinks): Hono<Env> {
  const routes = new Hono<Env>()

  routes.get('/', (c) => {
    const { session } = c.var
    const isAvailable = (type: string) => isPersisted(session, now()) && session.images.has(type)
    return c.json({
      images: IMAGE_TYPES.map((type) => ({ type, available: isAvailable(type) })),
    })
  })

  routes.get('/:imageType', (c) => {
    const { session } = c.var
    const type = c.req.param('imageType')
    if (!session.images.has(type)) return notFound(c)
    const path = `/koraidv-images/${tenantId}/${session.id}/${type}.jpg`
    const { until, signature } = links.sign(path)
    const link = `${origin()}${path}?X-Goog-Expires=${until}&X-Goog-Signature=${signature}`
    const url = faultsOf(state, session).link ?? link
    return c.json({ url, expiresIn: LINK_SECONDS, imageType: type })
  })
  return routes
}

function storageRoutes({ state }: Parts, links: SignedLinks): Hono<Env> {
  const routes = new Hono<Env>()
  routes.get('/:tenant/:id/:file', async (c) => {
    const { 'X-Goog-Expires': until, 'X-Goog-Signature': signature } = c.req.query()
    if (!links.isValid(c.req.path, until, signature))
      return c.text('<Error><Code>AccessDenied</Code></Error>', 403)
    const session = state.sessions.get(c.req.param('id'))
    const whole = session && (await imageBytes(session, c.req.param('file').replace(/\.jpg$/, '')))
    if (!session || !whole) return c.text('<Error><Code>NoSuchKey</Code></Error>', 404)
    const { image: fault } = faultsOf(state, session)
    return sendBytes(c, spoilImage(whole, fault), { 'content-type': 'image/jpeg' }, fault)
  })
  return routes
}

const readJson = (c: Context): Promise<Record<string, unknown>> => c.req.json().catch(() => ({}))

/** JSON with base64, or a form with a file. */
async function readImage(c: Context): Promise<Uint8Array | undefined> {
  if ((c.req.header('content-type') ?? '').startsWith('multipart/')) {
    const { image } = await c.req.parseBody()
    return image instanceof File ? new Uint8Array(await image.arrayBuffer()) : undefined
  }
  const { image } = await readJson(c)
  if (typeof image !== 'string' || !image) return undefined
  return Buffer.from(image.replace(/^data:[^,]*,/, ''), 'base64')
}

const fail = (c: Context, status: number, code: string, error: string, details?: object) =>
  c.json({ code, error, ...(details ? { details } : {}) }, status as 400)

const notFound = (c: Context) => fail(c, 404, 'NOT_FOUND', 'Resource not found')

const failWithout = (c: Context, field: string) =>
  fail(c, 400, 'VALIDATION_ERROR', `Missing required field '${field}'`, {
    field,
    constraint: 'required',
  })

const failCompleted = (c: Context) =>
  fail(c, 409, 'VERIFICATION_ALREADY_COMPLETED', 'The verification is completed')
