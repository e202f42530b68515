import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import {
  createSession,
  type Faults,
  imageBytes,
  type KoraSession,
  type Status,
  toApiVerification,
} from './kora-sessions.ts'
import type { Person } from './specimen.ts'
import { sendFaultyResponse } from './veriff-faults.ts'

type Env = { Bindings: HttpBindings }

export type KoraState = {
  sessions: Map<string, KoraSession>
  faults: Faults
  requests: { method: string; path: string }[]
}

const LINK_SECONDS = 900
const LARGEST_UPLOAD = 32 * 1024 * 1024
const DOCUMENT_TYPES = [
  { code: 'international_passport', name: 'International passport' },
  { code: 'ghana_card', name: 'Ghana Card' },
  { code: 'us_drivers_license', name: 'Driver’s license' },
]

/** The endpoints of `docs/vendor-protocols.md` §4.2 under `/api/v1/idv`, and the storage that signed links point to. */
export function koraApi(parts: {
  state: KoraState
  apiKey: string
  tenantId: string
  origin: () => string
  now: () => number
  complete: (session: KoraSession, status?: Status) => void
  person?: Partial<Person> | undefined
}): Hono<Env> {
  const { state, apiKey, tenantId, now } = parts
  const linkKey = randomBytes(32)
  const sign = (path: string, until: number) =>
    createHmac('sha256', linkKey).update(`${path} ${until}`).digest('hex')

  const fail = (c: Context, status: number, code: string, error: string, details?: object) =>
    c.json({ code, error, ...(details ? { details } : {}) }, status as 400)
  const notFound = (c: Context) => fail(c, 404, 'NOT_FOUND', 'Resource not found')

  const api = new Hono<Env>()
  api.get('/health', (c) => c.json({ status: 'ok' }))
  api.use(bodyLimit({ maxSize: LARGEST_UPLOAD }))
  api.use(async (c, next) => {
    state.requests.push({ method: c.req.method, path: c.req.path })
    const fault = state.faults.api
    if (fault && fault.times > 0) {
      fault.times--
      await wait(fault.delayInMs)
      if (fault.status === 429) {
        c.header('Retry-After', '1')
        return fail(c, 429, 'RATE_LIMIT_EXCEEDED', 'Too many requests', { retryAfter: 1 })
      }
      if (fault.status) return fail(c, fault.status, 'UNAVAILABLE', 'Try again later')
    }
    if (c.req.header('authorization') !== `Bearer ${apiKey}`)
      return fail(c, 401, 'UNAUTHORIZED', 'Invalid or missing API key')
    if (c.req.header('x-tenant-id') !== tenantId) return fail(c, 403, 'FORBIDDEN', 'Unknown tenant')
    c.header('X-RateLimit-Limit', '200')
    c.header('X-RateLimit-Remaining', '199')
    return next()
  })

  const find = (c: Context) => state.sessions.get(c.req.param('id') ?? '')
  const answer = (c: Context, session: KoraSession, status: 200 | 201 = 200) =>
    c.json(toApiVerification(session, tenantId, now()), status)

  api.post('/verifications', async (c) => {
    const body = (await c.req.json().catch(() => ({}))) as Record<string, unknown>
    const externalId = body.externalId ?? body.external_id
    if (typeof externalId !== 'string' || !externalId)
      return fail(c, 400, 'VALIDATION_ERROR', "Missing required field 'externalId'", {
        field: 'externalId',
        constraint: 'required',
      })
    const session = createSession({
      externalId,
      person: parts.person,
      tier: typeof body.tier === 'string' ? body.tier : undefined,
      callbackUrl: typeof body.callbackUrl === 'string' ? body.callbackUrl : undefined,
    })
    state.sessions.set(session.id, session)
    return answer(c, session, 201)
  })
  api.get('/verifications/:id', (c) => {
    const session = find(c)
    return session ? answer(c, session) : notFound(c)
  })
  api.get('/subjects/:subjectId/verifications', (c) =>
    c.json({
      verifications: [...state.sessions.values()]
        .filter(({ externalId }) => externalId === c.req.param('subjectId'))
        .map((session) => toApiVerification(session, tenantId, now())),
    }),
  )

  for (const [path, type] of [
    ['document', 'document_front'],
    ['document/back', 'document_back'],
    ['selfie', 'selfie'],
    ['liveness/frames', 'liveness_frame'],
  ] as const)
    api.post(`/verifications/:id/${path}`, async (c) => {
      const session = find(c)
      if (!session) return notFound(c)
      if (session.completedAt)
        return fail(c, 409, 'VERIFICATION_ALREADY_COMPLETED', 'The verification is completed')
      const bytes = await readImage(c)
      if (!bytes)
        return fail(c, 400, 'VALIDATION_ERROR', "Missing required field 'image'", {
          field: 'image',
          constraint: 'required',
        })
      session.images.set(type, bytes)
      session.updatedAt = new Date(now())
      return c.json({ id: session.id, imageType: type, quality: { score: 92 } })
    })
  api.post('/verifications/:id/liveness/session', (c) => {
    const session = find(c)
    if (!session) return notFound(c)
    session.liveness = { sessionId: `liv_${randomBytes(6).toString('hex')}`, isLive: false }
    const challenges = ['blink', 'smile', 'turn_left']
    return c.json({ sessionId: session.liveness.sessionId, challenges }, 201)
  })
  api.post('/verifications/:id/liveness/challenge', (c) => {
    const session = find(c)
    if (!session?.liveness) return notFound(c)
    session.liveness.isLive = true
    return c.json({ passed: true })
  })
  api.get('/verifications/:id/liveness', (c) => {
    const session = find(c)
    if (!session?.liveness) return notFound(c)
    return c.json({ ...session.liveness, livenessScore: session.liveness.isLive ? 97 : 0 })
  })

  api.post('/verifications/:id/complete', (c) => {
    const session = find(c)
    if (!session) return notFound(c)
    if (session.completedAt)
      return fail(c, 409, 'VERIFICATION_ALREADY_COMPLETED', 'The verification is completed')
    parts.complete(session)
    return answer(c, session)
  })
  api.post('/verifications/:id/review', async (c) => {
    const session = find(c)
    if (!session) return notFound(c)
    const body = (await c.req.json().catch(() => ({}))) as { decision?: string }
    if (body.decision !== 'approve' && body.decision !== 'reject')
      return fail(c, 400, 'VALIDATION_ERROR', "Invalid value of 'decision'", { field: 'decision' })
    parts.complete(session, body.decision === 'approve' ? 'verified' : 'rejected')
    return answer(c, session)
  })

  api.get('/verifications/:id/images', (c) => {
    const session = find(c)
    if (!session) return notFound(c)
    const isPersisted = session.persistedAt !== undefined && session.persistedAt <= now()
    const types = ['document_front', 'document_back', 'selfie', 'liveness_frame']
    return c.json({
      images: types.map((type) => ({ type, available: isPersisted && session.images.has(type) })),
    })
  })
  api.get('/verifications/:id/images/:imageType', (c) => {
    const session = find(c)
    const type = c.req.param('imageType')
    if (!session?.images.has(type)) return notFound(c)
    const until = Math.floor(now() / 1000) + LINK_SECONDS
    const path = `/koraidv-images/${tenantId}/${session.id}/${type}.jpg`
    const fault = (session.faults ?? state.faults).link
    const url =
      fault ??
      `${parts.origin()}${path}?X-Goog-Expires=${until}&X-Goog-Signature=${sign(path, until)}`
    return c.json({ url, expiresIn: LINK_SECONDS, imageType: type })
  })
  api.get('/alerts', (c) => c.json({ alerts: [] }))
  api.post('/alerts/:id/resolve', notFound)
  api.get('/document-types', (c) => c.json({ documentTypes: DOCUMENT_TYPES }))
  api.notFound(notFound)

  const app = new Hono<Env>()
  app.get('/koraidv-images/:tenant/:id/:file', async (c) => {
    const until = Number(c.req.query('X-Goog-Expires'))
    const given = Buffer.from(c.req.query('X-Goog-Signature') ?? '')
    const expected = Buffer.from(sign(c.req.path, until))
    if (
      given.length !== expected.length ||
      !timingSafeEqual(given, expected) ||
      until * 1000 < now()
    )
      return c.text('<Error><Code>AccessDenied</Code></Error>', 403)
    const session = state.sessions.get(c.req.param('id'))
    const whole = session && (await imageBytes(session, c.req.param('file').replace(/\.jpg$/, '')))
    if (!session || !whole) return c.text('<Error><Code>NoSuchKey</Code></Error>', 404)
    const fault = (session.faults ?? state.faults).image
    const headers = { 'content-type': 'image/jpeg' }
    if (fault === 'cut-off' || fault === 'too-long' || fault === 'endless')
      return sendFaultyResponse(c.env.outgoing, fault, whole, headers)
    const bytes =
      fault === 'truncated'
        ? whole.subarray(0, Math.floor(whole.length / 2))
        : fault === 'not-an-image'
          ? Buffer.from('<!doctype html><title>Sign in</title>')
          : whole
    return c.body(new Uint8Array(bytes), 200, headers)
  })
  app.route('/api/v1/idv', api)
  return app
}

/** JSON with base64, or a form with a file. */
async function readImage(c: Context): Promise<Uint8Array | undefined> {
  if ((c.req.header('content-type') ?? '').startsWith('multipart/')) {
    const { image } = await c.req.parseBody()
    return image instanceof File ? new Uint8Array(await image.arrayBuffer()) : undefined
  }
  const body = (await c.req.json().catch(() => ({}))) as { image?: unknown }
  if (typeof body.image !== 'string' || !body.image) return undefined
  return Buffer.from(body.image.replace(/^data:[^,]*,/, ''), 'base64')
}
