import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono, type Next } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { createMiddleware } from 'hono/factory'
import { z } from 'zod'
import {
  CAPTURES,
  captureBytes,
  createSession,
  type Faults,
  IMAGE_TYPES,
  type IncodeSession,
  imageBytes,
  ocrOf,
  randomToken,
  scoreOf,
} from './incode-sessions.ts'
import type { Person } from './specimen.ts'
import { sendFaultyResponse } from './veriff-faults.ts'

type Env = { Bindings: HttpBindings; Variables: { session: IncodeSession } }

export type IncodeState = {
  sessions: Map<string, IncodeSession>
  /** When each token of the executive user expires, in milliseconds. */
  tokens: Map<string, number>
  tokensGiven: number
  faults: Faults
  requests: { method: string; path: string }[]
}

/** The sandbox's path for links; the vendor's path is not known (`docs/vendor-protocols.md` §5.2). */
export const IMAGE_LINKS_PATH = '/omni/get/images/v2'

const PATHS = ['/omni/*', '/executive/*', '/0/omni/*']
const CLIENT_ID = 'sandbox123'
const TOKEN_MS = 24 * 3600_000
const LINK_SECONDS = 3600
const LARGEST_ANSWER = 10 * 1024 * 1024

const text = z.string().max(2000).nullish()
const startSchema = z.object({
  externalCustomerId: text,
  externalId: text,
  interviewId: text,
  configurationId: text,
  redirectionUrl: text,
})
const imagesSchema = z.object({ images: z.array(z.string()).min(1) })
const manySchema = z.object({ filter: z.object({ ids: z.array(z.string()).min(1) }) })

/** The endpoints of `docs/vendor-protocols.md` §5.2, and the storage that image links point to. */
export function incodeApi(parts: {
  state: IncodeState
  apiKey: string
  email: string
  password: string
  origin: () => string
  now: () => number
  finish: (session: IncodeSession) => void
  approve: (session: IncodeSession) => void
  person?: Partial<Person> | undefined
}): Hono<Env> {
  const { state, now } = parts
  const linkKey = randomBytes(32)
  const sign = (path: string, until: number) =>
    createHmac('sha256', linkKey).update(`${path} ${until}`).digest('hex')
  const faultsOf = (session: IncodeSession | undefined) => session?.faults ?? state.faults

  async function answer(c: Context<Env>, next: Next) {
    // Requests of a browser have no API key.
    if (!c.req.path.startsWith('/0/')) {
      if (c.req.header('x-api-key') !== parts.apiKey) return fail(c, 403)
      if (c.req.header('api-version') !== '1.0') return fail(c, 400)
    }
    return await next()
  }

  const app = new Hono<Env>()
  app.use(bodyLimit({ maxSize: LARGEST_ANSWER }))
  const receive = createMiddleware<Env>(async (c, next) => {
    state.requests.push({ method: c.req.method, path: c.req.path })
    if (state.requests.length > 10_000) state.requests.shift()
    const { api: fault } = faultsOf(state.sessions.get(c.req.query('id') ?? ''))
    if (fault && fault.times > 0) {
      fault.times--
      // The response is computed before the delay, as on a slow connection.
      const answered = await (fault.status ? fail(c, fault.status) : answer(c, next))
      await wait(fault.delayInMs)
      return answered
    }
    return answer(c, next)
  })
  for (const path of PATHS) app.use(path, receive)

  app.post('/executive/log-in', async (c) => {
    const { email, password } = await readJson(c)
    if (email !== parts.email || password !== parts.password) return fail(c, 401)
    const token = randomToken()
    state.tokens.set(token, now() + TOKEN_MS)
    state.tokensGiven++
    return c.json({ token })
  })

  app.post('/omni/start', async (c) => {
    const parsed = startSchema.safeParse(await readJson(c))
    if (!parsed.success) return fail(c, 400)
    const { externalCustomerId, externalId, interviewId, configurationId, redirectionUrl } =
      parsed.data
    const known = interviewId ? state.sessions.get(interviewId) : undefined
    if (interviewId && !known) return fail(c, 404)
    const session =
      known ??
      createSession({
        externalId: externalCustomerId ?? externalId ?? '',
        configurationId: configurationId ?? undefined,
        redirectionUrl: redirectionUrl ?? undefined,
        person: parts.person,
      })
    state.sessions.set(session.id, session)
    return c.json({
      interviewId: session.id,
      token: session.token,
      clientId: CLIENT_ID,
      interviewCode: session.id.slice(0, 8),
      env: 'demo',
      flowType: 'combined',
    })
  })

  const findSession = createMiddleware<Env>(async (c, next) => {
    const given = readToken(c)
    const own = [...state.sessions.values()].find(({ token }) => token === given)
    if (!own && (state.tokens.get(given) ?? 0) <= now()) return fail(c, 401)
    // Deleting several sessions names none of them in the path.
    if (c.req.path === '/omni/interviews') return own ? fail(c, 403) : next()
    // Without an id, the session is that of the token.
    const id = c.req.query('id') ?? c.req.query('interviewId')
    const session = id === undefined ? own : state.sessions.get(id)
    if (!session) return fail(c, 404)
    if (own && own !== session) return fail(c, 403)
    c.set('session', session)
    return next()
  })
  for (const path of ['/omni/*', '/0/omni/*']) app.use(path, findSession)

  for (const path of ['/omni/onboarding-url', '/0/omni/onboarding-url'])
    app.get(path, (c) => c.json({ url: `${parts.origin()}/onboarding/${c.var.session.token}` }))
  app.get('/omni/get/onboarding/status', (c) =>
    c.json({ onboardingStatus: c.var.session.onboardingStatus }),
  )
  app.get('/omni/get/score', (c) => c.json(scoreOf(c.var.session)))
  app.get('/omni/get/ocr-data', (c) => c.json(ocrOf(c.var.session)))
  app.get('/omni/get/ocr-data/v2', (c) => c.json({ ocrData: ocrOf(c.var.session) }))
  app.get('/omni/get/events', (c) => c.json([]))
  app.get('/omni/get/custom-fields', (c) => c.json({ customFields: {} }))
  app.get('/omni/get/user-consent', (c) => c.json({ status: true }))
  app.get('/omni/finish-status', (c) => {
    parts.finish(c.var.session)
    return c.json({ redirectionUrl: c.var.session.redirectionUrl ?? null, action: 'finished' })
  })
  app.post('/omni/process/approve', (c) => {
    parts.approve(c.var.session)
    return c.json({ success: true, uuid: c.var.session.id, totalScore: 'MANUAL_OK' })
  })
  app.delete('/omni/interview', (c) => {
    state.sessions.delete(c.var.session.id)
    return c.json({ success: true })
  })
  app.delete('/omni/interviews', async (c) => {
    const parsed = manySchema.safeParse(await readJson(c))
    if (!parsed.success) return fail(c, 400)
    for (const id of parsed.data.filter.ids) state.sessions.delete(id)
    return c.json({ success: true })
  })

  app.post('/omni/get/images', async (c) => {
    const { session } = c.var
    const wanted = imagesSchema.safeParse(await readJson(c))
    if (!wanted.success) return fail(c, 400)
    const { image: fault } = faultsOf(session)
    const answer: Record<string, string> = {}
    for (const type of wanted.data.images) {
      const bytes = await imageBytes(session, type)
      if (!IMAGE_TYPES.includes(type)) return fail(c, 400)
      if (bytes)
        answer[type] =
          fault === 'junk' ? '<base64_image>' : Buffer.from(spoil(bytes, fault)).toString('base64')
    }
    const body = Buffer.from(JSON.stringify(answer))
    if (body.length > LARGEST_ANSWER) return fail(c, 502)
    return send(c, body, { 'content-type': 'application/json' }, fault)
  })

  app.post(IMAGE_LINKS_PATH, async (c) => {
    const { session } = c.var
    const wanted = imagesSchema.safeParse(await readJson(c))
    if (!wanted.success) return fail(c, 400)
    const { link, spelling = 'prevAttempts' } = faultsOf(session)
    const until = Math.floor(now() / 1000) + LINK_SECONDS
    const answer: Record<string, unknown> = {}
    for (const type of wanted.data.images) {
      if (!(CAPTURES as readonly string[]).includes(type)) return fail(c, 400)
      const links = session.captures
        .filter((capture) => capture.type === type)
        .map(({ takenAt }) => {
          const path = `/incode-images/${session.id}/${type}/${takenAt}`
          const signed = `${parts.origin()}${path}?until=${until}&signature=${sign(path, until)}`
          return [String(takenAt), link ?? signed] as const
        })
      const latest = links.at(-1)
      if (!latest) continue
      answer[type] = latest[1]
      answer[`${type}_${spelling}`] = Object.fromEntries(links)
    }
    return c.json(answer)
  })

  app.get('/incode-images/:id/:type/:takenAt', async (c) => {
    const until = Number(c.req.query('until'))
    const given = Buffer.from(c.req.query('signature') ?? '')
    const expected = Buffer.from(sign(c.req.path, until))
    const isSigned = given.length === expected.length && timingSafeEqual(given, expected)
    if (!isSigned || until * 1000 < now()) return c.text('Forbidden', 403)
    const session = state.sessions.get(c.req.param('id'))
    const { type, takenAt } = c.req.param()
    const capture = session?.captures.find(
      (one) => one.type === type && String(one.takenAt) === takenAt,
    )
    if (!session || !capture) return c.text('Not found', 404)
    const { image: fault } = faultsOf(session)
    const bytes = spoil(await captureBytes(session, capture), fault)
    return send(c, bytes, { 'content-type': 'image/jpeg' }, fault)
  })
  for (const path of PATHS) app.all(path, (c) => fail(c, 404))
  return app
}

/** In the documented header, or as a bearer token. */
const readToken = (c: Context) =>
  c.req.header('x-incode-hardware-id') ??
  /^Bearer (\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1] ??
  ''

const readJson = (c: Context): Promise<Record<string, unknown>> => c.req.json().catch(() => ({}))

/** Sends the whole image, or what the fault makes of it. */
function spoil(bytes: Uint8Array, fault: Faults['image']): Uint8Array {
  if (fault === 'truncated') return bytes.subarray(0, Math.floor(bytes.length / 2))
  if (fault === 'not-an-image') return Buffer.from('<!doctype html><title>Sign in</title>')
  if (fault !== 'flipped') return bytes
  const flipped = Buffer.from(bytes)
  const middle = Math.floor(bytes.length / 2)
  flipped[middle] = (flipped[middle] ?? 0) ^ 1
  return flipped
}

function send(
  c: Context<Env>,
  bytes: Uint8Array,
  headers: Record<string, string>,
  fault: Faults['image'],
): Response {
  if (fault === 'cut-off' || fault === 'too-long' || fault === 'endless')
    return sendFaultyResponse(c.env.outgoing, fault, bytes, headers)
  return c.body(new Uint8Array(bytes), 200, headers)
}

const ERRORS: Record<number, [error: string, message: string]> = {
  400: ['Bad Request', 'The request is malformed'],
  401: ['Unauthorized', 'The token is missing, wrong or expired'],
  403: ['Forbidden', 'The API key is missing or wrong'],
  404: ['Not Found', 'No such session'],
  502: ['Bad Gateway', 'The answer is too large'],
}

/** The shape of `docs/vendor-protocols.md` §5.6. */
function fail(c: Context, status: number): Response {
  const [error, message] = ERRORS[status] ?? ['Error', 'Ordered by the sandbox']
  const body = { timestamp: Date.now(), status, error, message, path: c.req.path }
  return c.json(body, status as 400)
}
