import { setTimeout as wait } from 'node:timers/promises'
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono, type Next } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { z } from 'zod'
import { type ImageFault, sendBytes, spoilImage, takeFault } from './faults.ts'
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
import { createSignedLinks, type SignedLinks } from './signed-links.ts'
import type { Person } from './specimen.ts'
import { faultsOf, recordRequest, type VendorState } from './vendor-state.ts'

type Env = { Bindings: HttpBindings; Variables: { session: IncodeSession } }

export type IncodeState = VendorState<IncodeSession, Faults> & {
  /** When each token of the executive user expires, in milliseconds. */
  tokens: Map<string, number>
  tokensGiven: number
}

type Parts = {
  state: IncodeState
  apiKey: string
  email: string
  password: string
  origin: () => string
  now: () => number
  finish: (session: IncodeSession) => void
  approve: (session: IncodeSession) => void
  person?: Partial<Person> | undefined
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
export function incodeApi(parts: Parts): Hono<Env> {
  const links = createSignedLinks(LINK_SECONDS, parts.now)
  const app = new Hono<Env>()
  app.use(bodyLimit({ maxSize: LARGEST_ANSWER }))
  for (const path of PATHS) app.use(path, (c, next) => admit(parts, c, next))
  app.route('/', startRoutes(parts))
  // All other routes need a token.
  for (const path of ['/omni/*', '/0/omni/*']) app.use(path, (c, next) => authorize(parts, c, next))
  app.route('/', sessionRoutes(parts))
  app.route('/', imageRoutes(parts, links))
  app.route('/incode-images', storageRoutes(parts, links))
  for (const path of PATHS) app.all(path, (c) => fail(c, 404))
  return app
}

/** Applies the `api` fault and checks the API key of a request. */
async function admit({ state, apiKey }: Parts, c: Context<Env>, next: Next) {
  recordRequest(state, c)
  const answer = async () => {
    // Requests of a browser have no API key.
    if (!c.req.path.startsWith('/0/')) {
      if (c.req.header('x-api-key') !== apiKey) return fail(c, 403)
      if (c.req.header('api-version') !== '1.0') return fail(c, 400)
    }
    return await next()
  }
  const fault = takeFault(faultsOf(state, state.sessions.get(c.req.query('id') ?? '')), 'api')
  if (!fault) return answer()
  // The response is computed before the delay, as on a slow connection.
  const answered = await (fault.status ? fail(c, fault.status) : answer())
  await wait(fault.delayInMs)
  return answered
}

/** Requires a token that may use the session of the request (`docs/vendor-protocols.md` §5.1). */
async function authorize({ state, now }: Parts, c: Context<Env>, next: Next) {
  const given = readToken(c)
  const own = [...state.sessions.values()].find(({ token }) => token === given)
  if (!own && (state.tokens.get(given) ?? 0) <= now()) return fail(c, 401)
  // Deleting several sessions names none of them in the path.
  if (c.req.path === '/omni/interviews') return own ? fail(c, 403) : await next()
  // Without an id, the session is that of the token.
  const id = c.req.query('id') ?? c.req.query('interviewId')
  const session = id === undefined ? own : state.sessions.get(id)
  if (!session) return fail(c, 404)
  if (own && own !== session) return fail(c, 403)
  c.set('session', session)
  return await next()
}

/** The routes that need no token. */
function startRoutes({ state, email, password, now, person }: Parts): Hono<Env> {
  const routes = new Hono<Env>()

  routes.post('/executive/log-in', async (c) => {
    const given = await readJson(c)
    if (given.email !== email || given.password !== password) return fail(c, 401)
    const token = randomToken()
    state.tokens.set(token, now() + TOKEN_MS)
    state.tokensGiven++
    return c.json({ token })
  })

  routes.post('/omni/start', async (c) => {
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
        person,
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
  return routes
}

/** Reads, finishes and deletes sessions. */
function sessionRoutes({ state, origin, finish, approve }: Parts): Hono<Env> {
  const routes = new Hono<Env>()

  for (const path of ['/omni/onboarding-url', '/0/omni/onboarding-url'])
    routes.get(path, (c) => c.json({ url: `${origin()}/onboarding/${c.var.session.token}` }))
  routes.get('/omni/get/onboarding/status', (c) =>
    c.json({ onboardingStatus: c.var.session.onboardingStatus }),
  )
  routes.get('/omni/get/score', (c) => c.json(scoreOf(c.var.session)))
  routes.get('/omni/get/ocr-data', (c) => c.json(ocrOf(c.var.session)))
  routes.get('/omni/get/ocr-data/v2', (c) => c.json({ ocrData: ocrOf(c.var.session) }))
  routes.get('/omni/get/events', (c) => c.json([]))
  routes.get('/omni/get/custom-fields', (c) => c.json({ customFields: {} }))
  routes.get('/omni/get/user-consent', (c) => c.json({ status: true }))

  routes.get('/omni/finish-status', (c) => {
    finish(c.var.session)
    return c.json({ redirectionUrl: c.var.session.redirectionUrl ?? null, action: 'finished' })
  })
  routes.post('/omni/process/approve', (c) => {
    approve(c.var.session)
    return c.json({ success: true, uuid: c.var.session.id, totalScore: 'MANUAL_OK' })
  })

  routes.delete('/omni/interview', (c) => {
    state.sessions.delete(c.var.session.id)
    return c.json({ success: true })
  })
  routes.delete('/omni/interviews', async (c) => {
    const parsed = manySchema.safeParse(await readJson(c))
    if (!parsed.success) return fail(c, 400)
    for (const id of parsed.data.filter.ids) state.sessions.delete(id)
    return c.json({ success: true })
  })
  return routes
}

/** Returns images as base64, or as links to the storage. */
function imageRoutes({ state, origin }: Parts, links: SignedLinks): Hono<Env> {
  const routes = new Hono<Env>()

  routes.post('/omni/get/images', async (c) => {
    const { session } = c.var
    const wanted = imagesSchema.safeParse(await readJson(c))
    if (!wanted.success) return fail(c, 400)
    const faults = faultsOf(state, session)
    const fault = imageFault(faults)
    const answer: Record<string, string> = {}
    for (const type of wanted.data.images) {
      if (!IMAGE_TYPES.includes(type)) return fail(c, 400)
      const bytes = await imageBytes(session, type)
      if (!bytes) continue
      const base64 = Buffer.from(spoilImage(bytes, fault)).toString('base64')
      answer[type] = faults.image === 'junk' ? '<base64_image>' : base64
    }
    const body = Buffer.from(JSON.stringify(answer))
    if (body.length > LARGEST_ANSWER) return fail(c, 502)
    return sendBytes(c, body, { 'content-type': 'application/json' }, fault)
  })

  routes.post(IMAGE_LINKS_PATH, async (c) => {
    const { session } = c.var
    const wanted = imagesSchema.safeParse(await readJson(c))
    if (!wanted.success) return fail(c, 400)
    const { link, spelling = 'prevAttempts' } = faultsOf(state, session)
    const linkTo = (path: string) => {
      const { until, signature } = links.sign(path)
      return `${origin()}${path}?until=${until}&signature=${signature}`
    }
    const answer: Record<string, unknown> = {}
    for (const type of wanted.data.images) {
      if (!(CAPTURES as readonly string[]).includes(type)) return fail(c, 400)
      const attempts = session.captures
        .filter((capture) => capture.type === type)
        .map(({ takenAt }) => [
          String(takenAt),
          link ?? linkTo(`/incode-images/${session.id}/${type}/${takenAt}`),
        ])
      const latest = attempts.at(-1)
      if (!latest) continue
      answer[type] = latest[1]
      answer[`${type}_${spelling}`] = Object.fromEntries(attempts)
    }
    return c.json(answer)
  })
  return routes
}

function storageRoutes({ state }: Parts, links: SignedLinks): Hono<Env> {
  const routes = new Hono<Env>()
  routes.get('/:id/:type/:takenAt', async (c) => {
    const { until, signature } = c.req.query()
    if (!links.isValid(c.req.path, until, signature)) return c.text('Forbidden', 403)
    const { id, type, takenAt } = c.req.param()
    const session = state.sessions.get(id)
    const capture = session?.captures.find(
      (one) => one.type === type && String(one.takenAt) === takenAt,
    )
    if (!session || !capture) return c.text('Not found', 404)
    const fault = imageFault(faultsOf(state, session))
    const bytes = spoilImage(await captureBytes(session, capture), fault)
    return sendBytes(c, bytes, { 'content-type': 'image/jpeg' }, fault)
  })
  return routes
}

/** The fault of the image itself: `junk` is one of its base64. */
const imageFault = ({ image }: Faults): ImageFault | undefined =>
  image === 'junk' ? undefined : image

/** In the documented header, or as a bearer token. */
const readToken = (c: Context) =>
  c.req.header('x-incode-hardware-id') ??
  /^Bearer (\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1] ??
  ''

const readJson = (c: Context): Promise<Record<string, unknown>> => c.req.json().catch(() => ({}))

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
