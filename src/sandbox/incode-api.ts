import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import {
  createSession,
  type Faults,
  type IncodeSession,
  imageBytes,
  isCropped,
  type OnboardingStatus,
} from './incode-sessions.ts'
import { answerBadly } from './veriff-faults.ts'

type Env = { Bindings: HttpBindings }

export type IncodeState = {
  sessions: Map<string, IncodeSession>
  /** Of the executive user. */
  tokens: Set<string>
  faults: Faults
  requests: { method: string; path: string }[]
}

const LINK_MS = 3_600_000
const LARGEST_ANSWER = 10_000_000
const CLIENT_ID = 'sandbox-client'

/** The surface of seed 002 and of `providers.md` §5.2. */
export function incodeApi(parts: {
  state: IncodeState
  apiKey: string
  email: string
  password: string
  origin: () => string
  /** The person is done, or somebody at the vendor decided: webhooks follow. */
  reach: (session: IncodeSession, status: OnboardingStatus) => void
}): Hono<Env> {
  const { state, apiKey } = parts
  const linkKey = randomBytes(32)
  const sign = (path: string, until: number) =>
    createHmac('sha256', linkKey).update(`${path} ${until}`).digest('hex')

  const fail = (c: Context, status: number, error: string, message: string) =>
    c.json({ timestamp: Date.now(), status, error, message, path: c.req.path }, status as 400)

  const app = new Hono<Env>()
  app.use(bodyLimit({ maxSize: 10 * 1024 * 1024 }))

  app.get('/links/:interviewId/:type/:takenAt', async (c) => {
    const until = Number(c.req.query('expires'))
    const given = Buffer.from(c.req.query('signature') ?? '')
    const expected = Buffer.from(sign(c.req.path, until))
    if (given.length !== expected.length || !timingSafeEqual(given, expected) || until < Date.now())
      return c.text('<Error><Code>AccessDenied</Code></Error>', 403)
    const { interviewId, type, takenAt } = c.req.param()
    const session = state.sessions.get(interviewId)
    const whole = session && (await imageBytes(session, type, Number(takenAt)))
    if (!session || !whole) return c.text('<Error><Code>NoSuchKey</Code></Error>', 404)
    const fault = (session.faults ?? state.faults).image
    const headers = { 'content-type': 'image/jpeg' }
    if (fault === 'cut-off' || fault === 'too-long' || fault === 'endless')
      return answerBadly(c.env.outgoing, fault, whole, headers)
    return c.body(new Uint8Array(damaged(whole, fault)), 200, headers)
  })

  const guard = async (c: Context<Env>, next: () => Promise<void>) => {
    state.requests.push({ method: c.req.method, path: c.req.path })
    const fault = state.faults.api
    if (fault && fault.times > 0) {
      fault.times--
      await wait(fault.delayInMs)
      if (fault.status) return fail(c, fault.status, 'UNAVAILABLE', 'Try again later')
    }
    if (c.req.header('x-api-key') !== apiKey) return fail(c, 403, 'Forbidden', 'Unknown API key')
    if (c.req.header('api-version') !== '1.0')
      return fail(c, 400, 'Bad Request', 'The header api-version is missing')
    await next()
  }
  app.use('/omni/*', guard)
  app.use('/0/omni/*', guard)
  app.use('/executive/*', guard)

  app.post('/executive/log-in', async (c) => {
    const { email, password } = await readJson(c)
    if (email !== parts.email || password !== parts.password)
      return fail(c, 401, 'Unauthorized', 'Wrong e-mail or password')
    const token = `executive.${randomUUID()}.sandbox`
    state.tokens.add(token)
    return c.json({ token })
  })

  app.post('/omni/start', async (c) => {
    const body = await readJson(c)
    if (body.countryCode === undefined)
      return fail(c, 400, 'Bad Request', 'countryCode is required')
    const text = (value: unknown) => (typeof value === 'string' && value ? value : undefined)
    const session = createSession({
      interviewId: text(body.interviewId),
      externalId: text(body.externalCustomerId) ?? text(body.externalId),
      redirectionUrl: text(body.redirectionUrl),
    })
    state.sessions.set(session.interviewId, session)
    const { interviewId, token, interviewCode } = session
    return c.json({ interviewId, token, clientId: CLIENT_ID, interviewCode, env: 'sandbox' })
  })

  /** The session that the request may speak of: any for the executive user, for others their own. */
  function find(c: Context): IncodeSession | Response {
    const token = c.req.header('x-incode-hardware-id') ?? ''
    const own = [...state.sessions.values()].find((session) => session.token === token)
    if (!own && !state.tokens.has(token))
      return fail(c, 401, 'Unauthorized', 'The token is missing or no longer good')
    const id = c.req.query('id') ?? c.req.query('interviewId') ?? own?.interviewId
    const session = state.sessions.get(id ?? '')
    if (!session || (own && own !== session))
      return fail(c, 404, 'Not Found', 'There is no such interview')
    return session
  }
  const withSession =
    (answer: (c: Context<Env>, session: IncodeSession) => Response | Promise<Response>) =>
    async (c: Context<Env>) => {
      const session = find(c)
      return session instanceof Response ? session : await answer(c, session)
    }

  for (const path of ['/omni/onboarding-url', '/0/omni/onboarding-url'] as const)
    app.get(
      path,
      withSession((c, { token }) => c.json({ url: `${parts.origin()}/onboarding/${token}` })),
    )
  app.get(
    '/omni/get/onboarding/status',
    withSession((c, { status }) => c.json({ onboardingStatus: status })),
  )
  app.get(
    '/omni/get/score',
    withSession((c, { score }) => {
      const overall = { value: score === 'OK' ? '97.4' : '41.0', status: score }
      return c.json({
        idValidation: {
          photoSecurityAndQuality: [
            { key: 'tamperCheck', name: 'Tamper check', value: 'PASSED', status: score },
          ],
          idSpecific: [],
          customFields: [],
          appliedRule: null,
          overall,
        },
        liveness: { overall },
        faceRecognition: { overall },
        overall,
      })
    }),
  )
  for (const path of ['/omni/get/ocr-data', '/omni/get/ocr-data/v2'] as const)
    app.get(
      path,
      withSession((c, { typeOfId }) =>
        c.json({ typeOfId, name: { fullName: 'ALMA MUESTRA' }, issuingCountry: 'UTO' }),
      ),
    )

  app.post(
    '/omni/get/images',
    withSession(async (c, session) => {
      const { image, base64 } = session.faults ?? state.faults
      const answer: Record<string, string> = {}
      for (const type of listOf((await readJson(c)).images)) {
        const whole = await imageBytes(session, type)
        if (!whole) continue
        answer[type] = encoded(damaged(whole, image), base64)
      }
      const text = JSON.stringify(answer)
      if (text.length > LARGEST_ANSWER) return c.text('<html><h1>502 Bad Gateway</h1></html>', 502)
      const headers = { 'content-type': 'application/json' }
      if (image === 'cut-off' || image === 'too-long' || image === 'endless')
        return answerBadly(c.env.outgoing, image, Buffer.from(text), headers)
      return c.body(text, 200, headers)
    }),
  )
  app.post(
    '/omni/get/images/v2',
    withSession(async (c, session) => {
      const until = Date.now() + LINK_MS
      const link = (type: string, takenAt: number) => {
        const path = `/links/${session.interviewId}/${type}/${takenAt}`
        const url = `${parts.origin()}${path}?expires=${until}&signature=${sign(path, until)}`
        return (session.faults ?? state.faults).link ?? url
      }
      const answer: Record<string, string | Record<string, string>> = {}
      for (const type of listOf((await readJson(c)).images)) {
        const captures = session.captures.get(type) ?? []
        const latest = captures.at(-1)
        if (!latest || isCropped(type)) continue
        answer[type] = link(type, latest.takenAt)
        answer[`${type}_prevAttempts`] = Object.fromEntries(
          captures.toReversed().map(({ takenAt }) => [takenAt, link(type, takenAt)]),
        )
      }
      return c.json(answer)
    }),
  )

  app.get(
    '/omni/finish-status',
    withSession((c, session) => {
      parts.reach(session, 'ONBOARDING_FINISHED')
      return c.json({ redirectionUrl: session.redirectionUrl ?? '', action: 'none' })
    }),
  )
  app.post(
    '/omni/process/approve',
    withSession((c, session) => {
      parts.reach(session, 'MANUAL_REVIEW_APPROVED')
      return c.json({ success: true })
    }),
  )
  app.delete(
    '/omni/interview',
    withSession((c, { interviewId }) => {
      state.sessions.delete(interviewId)
      return c.json({ success: true })
    }),
  )
  app.delete('/omni/interviews', async (c) => {
    if (!state.tokens.has(c.req.header('x-incode-hardware-id') ?? ''))
      return fail(c, 401, 'Unauthorized', 'The token is missing or no longer good')
    const { filter } = (await readJson(c)) as { filter?: { ids?: unknown } }
    for (const id of listOf(filter?.ids)) state.sessions.delete(id)
    return c.json({ success: true })
  })
  app.notFound((c) => fail(c, 404, 'Not Found', 'No such path'))
  return app
}

async function readJson(c: Context): Promise<Record<string, unknown>> {
  const body: unknown = await c.req.json().catch(() => undefined)
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
}

const listOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []

function damaged(whole: Uint8Array, fault: Faults['image']): Uint8Array {
  if (fault === 'truncated') return whole.subarray(0, Math.floor(whole.length / 2))
  if (fault === 'not-an-image') return Buffer.from('<!doctype html><title>Sign in</title>')
  return whole
}

function encoded(bytes: Uint8Array, how: Faults['base64']): string {
  const text = Buffer.from(bytes).toString('base64')
  if (how === 'prefixed') return `data:image/jpeg;base64,${text}`
  if (how === 'wrapped') return text.replaceAll(/.{76}/g, '$&\r\n')
  return how === 'broken' ? `${text.slice(0, -4)}?!` : text
}
