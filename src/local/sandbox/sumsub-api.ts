import { createHmac, randomBytes } from 'node:crypto'
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono, type Next } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { applyApiFault, sendBytes, spoilImage } from './faults.ts'
import type { Person } from './specimen.ts'
import {
  createSession,
  type Faults,
  imageBytes,
  type SumsubSession,
  toApiApplicant,
  toApiImages,
  toApiReview,
} from './sumsub-sessions.ts'
import { faultsOf, recordRequest, type VendorState } from './vendor-state.ts'

type Env = { Bindings: HttpBindings; Variables: { session: SumsubSession } }

export type SumsubState = VendorState<SumsubSession, Faults>

type Parts = {
  state: SumsubState
  appToken: string
  secretKey: string
  origin: () => string
  now: () => number
  onCreated: (session: SumsubSession) => void
  reset: (session: SumsubSession) => void
  person?: Partial<Person> | undefined
}

const CLOCK_TOLERANCE_SECONDS = 60

/** The endpoints of `docs/vendor-protocols.md` §10.2, §10.4 and §10.5 under `/resources`. */
export function sumsubApi(parts: Parts): Hono<Env> {
  const { state } = parts
  const api = new Hono<Env>()
  api.use(bodyLimit({ maxSize: 1024 * 1024 }))
  api.use((c, next) => admit(parts, c, next))

  api.post('/applicants', async (c) => {
    const levelName = c.req.query('levelName')
    const { externalUserId } = await readJson(c)
    if (!levelName || typeof externalUserId !== 'string' || !externalUserId)
      return fail(c, 400, 'levelName and externalUserId are required')
    const known = [...state.sessions.values()].find(
      (each) => each.externalUserId === externalUserId,
    )
    if (known) return fail(c, 409, `Applicant with external user id already exists: ${known.id}`)
    const session = createSession({ externalUserId, levelName, person: parts.person })
    state.sessions.set(session.id, session)
    parts.onCreated(session)
    return c.json(toApiApplicant(session), 201)
  })

  api.post('/sdkIntegrations/levels/-/websdkLink', async (c) => {
    const { userId, levelName, redirect } = await readJson(c)
    const session = [...state.sessions.values()].find((each) => each.externalUserId === userId)
    if (!session || session.levelName !== levelName) return notFound(c)
    const { successUrl, rejectUrl } = (redirect ?? {}) as Record<string, string | undefined>
    session.link = { token: randomBytes(12).toString('base64url'), successUrl, rejectUrl }
    return c.json({ url: `${parts.origin()}/websdk/p/${session.link.token}` })
  })

  api.use('/applicants/:id/*', async (c, next) => {
    const session = state.sessions.get(c.req.param('id'))
    if (!session) return notFound(c)
    c.set('session', session)
    return next()
  })
  api.get('/applicants/:id/one', (c) => c.json(toApiApplicant(c.var.session)))
  api.get('/applicants/:id/status', (c) => c.json(toApiReview(c.var.session)))
  api.get('/applicants/:id/metadata/resources', async (c) =>
    c.json(await toApiImages(c.var.session)),
  )
  api.get('/applicants/:id/resources/:imageId', (c) =>
    sendImage(parts, c, c.var.session, c.req.param('imageId')),
  )
  api.post('/applicants/:id/reset', (c) => {
    parts.reset(c.var.session)
    return c.json({ ok: 1 })
  })

  api.get('/inspections/:inspectionId/resources/:imageId', async (c) => {
    const { inspectionId, imageId } = c.req.param()
    const session = [...state.sessions.values()].find((each) => each.inspectionId === inspectionId)
    return session ? await sendImage(parts, c, session, imageId) : notFound(c)
  })
  api.all('*', notFound)

  const app = new Hono<Env>()
  app.route('/resources', api)
  return app
}

/** Applies the `api` fault and checks the token, the time and the signature of a request (`docs/vendor-protocols.md` §10.1). */
async function admit({ state, appToken, secretKey, now }: Parts, c: Context<Env>, next: Next) {
  recordRequest(state, c)
  const refusal = await applyApiFault(state.faults, (status) => {
    if (status === 429) c.header('Retry-After', '1')
    return fail(c, status, 'Try again later')
  })
  if (refusal) return refusal
  if (c.req.header('x-app-token') !== appToken) return fail(c, 401, 'Invalid app token')
  const timestamp = c.req.header('x-app-access-ts') ?? ''
  const isRecent =
    /^\d{1,12}$/.test(timestamp) &&
    Math.abs(now() / 1000 - Number(timestamp)) <= CLOCK_TOLERANCE_SECONDS
  const { pathname, search } = new URL(c.req.url)
  const signature = createHmac('sha256', secretKey)
    .update(`${timestamp}${c.req.method}${pathname}${search}${await c.req.text()}`)
    .digest('hex')
  if (!isRecent || c.req.header('x-app-access-sig') !== signature)
    return fail(c, 401, 'Request signature mismatch', {
      errorCode: 4003,
      errorName: 'app-token-signature mismatch',
    })
  return await next()
}

async function sendImage(
  { state }: Parts,
  c: Context<Env>,
  session: SumsubSession,
  imageId: string,
): Promise<Response> {
  const image = session.images.find(({ id }) => id === imageId)
  if (!image) return notFound(c)
  const { image: fault } = faultsOf(state, session)
  const bytes = spoilImage(await imageBytes(session, image), fault)
  return sendBytes(c, bytes, { 'content-type': 'image/jpeg' }, fault)
}

const readJson = (c: Context): Promise<Record<string, unknown>> => c.req.json().catch(() => ({}))

const fail = (c: Context, code: number, description: string, more: object = {}) =>
  c.json(
    { description, code, correlationId: randomBytes(16).toString('hex'), ...more },
    code as 400,
  )

const notFound = (c: Context) => fail(c, 404, 'HTTP 404 Not Found')
