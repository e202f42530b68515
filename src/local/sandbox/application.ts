import { Hono } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { csrf } from 'hono/csrf'
import { HTTPException } from 'hono/http-exception'
import { AuthorizationResponseError, ResponseBodyError } from 'openid-client'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import { z } from 'zod'
import type { Log } from '../../platform/log.ts'
import { randomSecret } from '../../platform/secrets.ts'
import {
  createApplicationClient,
  type DownloadedImage,
  downloadImage,
  type ImageName,
  type SignIn,
  type Tokens,
  type VerificationAnswer,
} from './application-client.ts'
import {
  accountPage,
  failurePage,
  type Notice,
  privacyPage,
  type ReceivedEvent,
  STYLESHEET,
  welcomePage,
} from './application-page.ts'
import { listenOnLoopback } from './listen.ts'

const COOKIE = 'bluewater_session'
// One session holds about 3 MB of images; the oldest is removed first.
const MAX_SESSIONS = 50
const MAX_SIGN_INS = 5
const MAX_RESIDENTS = 200
const MAX_EVENTS = 10

/** The members of a webhook that this bank reads. */
const eventSchema = z.object({
  type: z.string(),
  timestamp: z.iso.datetime(),
  data: z.object({ sub: z.string().optional(), answer_uri: z.url().optional() }),
})

type Session = {
  /** By `state`, because two tabs can sign in at once. */
  signIns: Map<string, SignIn>
  tokens?: Tokens
  answer?: VerificationAnswer
  images: Map<ImageName, DownloadedImage>
  failures: string[]
  notice?: Notice | undefined
}

/**
 * A small bank that asks residents for their verification: sign-in with code and PKCE, the resource API, and the images
 * through their presigned URLs. Tokens and images stay in this process; no page contains a token. The path of `redirectUri`
 * is its callback.
 */
export async function startApplication(options: {
  port: number
  issuer: string
  clientId: string
  clientSecret: string
  redirectUri: string
  /** The secrets of its event stream, if it has one. */
  events?: { signingSecret: string; token: string } | undefined
  log: Log
}): Promise<{ url: string; close(): Promise<void> }> {
  const { issuer, redirectUri, log } = options
  const client = createApplicationClient(options)
  const sessions = new Map<string, Session>()
  const isSecure = new URL(redirectUri).protocol === 'https:'

  function createSession(): { id: string; session: Session } {
    const id = randomSecret()
    const session: Session = { signIns: new Map(), images: new Map(), failures: [] }
    sessions.set(id, session)
    for (const oldest of sessions.keys()) if (sessions.size > MAX_SESSIONS) sessions.delete(oldest)
    return { id, session }
  }

  /** Reads the verification and downloads its images. Failures are shown on the page. */
  async function readVerification(session: Session, tokens: Tokens) {
    const answer = await client.readVerification(tokens.accessToken)
    session.answer = answer
    session.images.clear()
    session.failures = []
    const documents = Object.entries(answer.verification?.documents ?? {})
    await Promise.all(
      documents.map(async ([name, url]) => {
        if (url === null) return
        try {
          session.images.set(name as ImageName, await downloadImage(url))
        } catch (error) {
          const reason = error instanceof Error ? error.message : 'it failed'
          session.failures.push(`A picture (${name}) could not be downloaded: ${reason}.`)
        }
      }),
    )
    log.info('application read a verification', {
      status: answer.status,
      images: session.images.size,
    })
  }

  const app = new Hono<{ Variables: { session: Session | undefined } }>()
  app.use(async (c, next) => {
    c.set('session', sessions.get(getCookie(c, COOKIE) ?? ''))
    await next()
    c.header('cache-control', 'no-store')
    c.header('referrer-policy', 'no-referrer')
    c.header('x-content-type-options', 'nosniff')
    c.header(
      'content-security-policy',
      "default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    )
  })
  app.use(csrf({ origin: new URL(redirectUri).origin }))
  app.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse()
    log.error('application failed', { error })
    return c.html(
      failurePage({
        title: 'The portal could not be reached',
        text: 'Nothing was lost. Try again in a moment.',
      }),
      502,
    )
  })

  // Received events by the resident's `sub`, each once, newest last.
  const receivedEvents = new Map<string, Map<string, ReceivedEvent>>()
  function storeEvent(id: string, sub: string, event: ReceivedEvent) {
    const events = receivedEvents.get(sub) ?? new Map<string, ReceivedEvent>()
    receivedEvents.delete(sub)
    receivedEvents.set(sub, events.set(id, event))
    for (const oldest of events.keys()) if (events.size > MAX_EVENTS) events.delete(oldest)
    for (const oldest of receivedEvents.keys())
      if (receivedEvents.size > MAX_RESIDENTS) receivedEvents.delete(oldest)
  }

  app.post('/hooks', async (c) => {
    const { events } = options
    if (!events) return c.notFound()
    const body = await c.req.text()
    try {
      new Webhook(events.signingSecret).verify(body, c.req.header())
    } catch (error) {
      if (error instanceof WebhookVerificationError) return c.body(null, 401)
      throw error
    }
    const { type, timestamp, data } = eventSchema.parse(JSON.parse(body))
    log.info('application received event', { type })
    if (data.sub) storeEvent(c.req.header('webhook-id') ?? '', data.sub, { type, at: timestamp })
    // Delete the images that the bank may no longer see.
    if (['consent.revoked', 'verification.withdrawn', 'resident.erased'].includes(type))
      for (const session of sessions.values())
        if (session.tokens?.subject === data.sub) session.images.clear()
    if (type === 'resident.erased' && data.answer_uri && data.answer_uri.startsWith(`${issuer}/`))
      await fetch(data.answer_uri, {
        method: 'POST',
        headers: { Authorization: `Bearer ${events.token}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ outcome: 'erased' }),
      })
    return c.body(null, 204)
  })

  app.get('/application.css', (c) => c.body(STYLESHEET, 200, { 'content-type': 'text/css' }))

  app.get('/privacy', (c) => c.html(privacyPage()))

  app.get('/', (c) => {
    const { session } = c.var
    const notice = session?.notice
    if (session) session.notice = undefined
    if (!session?.tokens || !session.answer) return c.html(welcomePage({ issuer, notice }))
    const { refreshToken, expiresAt, scope, subject } = session.tokens
    const images = (['documentFront', 'documentBack', 'face'] as const).flatMap((name) => {
      const image = session.images.get(name)
      if (!image) return []
      const { contentType, sha256, bytes } = image
      return [{ name, contentType, sha256, size: bytes.length }]
    })
    return c.html(
      accountPage({
        tokens: { expiresAt, scope, subject, hasRefreshToken: refreshToken !== undefined },
        answer: session.answer,
        images,
        failures: session.failures,
        events: [...(receivedEvents.get(subject)?.values() ?? [])],
        notice,
        now: new Date(),
      }),
    )
  })

  app.get('/sign-in', async (c) => {
    const { url, signIn } = await client.startSignIn()
    let { session } = c.var
    if (!session) {
      const created = createSession()
      session = created.session
      setCookie(c, COOKIE, created.id, {
        httpOnly: true,
        sameSite: 'Lax',
        secure: isSecure,
        path: '/',
      })
    }
    session.signIns.set(signIn.state, signIn)
    for (const oldest of session.signIns.keys())
      if (session.signIns.size > MAX_SIGN_INS) session.signIns.delete(oldest)
    return c.redirect(url, 303)
  })

  app.get(new URL(redirectUri).pathname, async (c) => {
    const previous = c.var.session
    const state = c.req.query('state') ?? ''
    const signIn = previous?.signIns.get(state)
    if (!previous || !signIn)
      return c.html(
        failurePage({
          title: 'This sign-in did not start here',
          text: 'The response does not belong to a sign-in of this browser, so we did not use it. Please start again.',
        }),
        400,
      )
    previous.signIns.delete(state)
    let tokens: Tokens
    try {
      tokens = await client.finishSignIn(c.req.url, signIn)
    } catch (error) {
      if (error instanceof AuthorizationResponseError && error.error === 'access_denied') {
        previous.notice = { tone: 'bad', text: 'You did not allow access. Nothing was shared.' }
        return c.redirect('/', 303)
      }
      log.warn('application sign-in refused', { error })
      return c.html(
        failurePage({
          title: 'The sign-in did not work',
          text: 'The portal rejected it, or its response was not valid. Please start again.',
        }),
        400,
      )
    }
    // A new session id after sign-in, so that a session id planted before is useless (session fixation).
    for (const [id, session] of sessions) if (session === previous) sessions.delete(id)
    const { id, session } = createSession()
    session.tokens = tokens
    setCookie(c, COOKIE, id, { httpOnly: true, sameSite: 'Lax', secure: isSecure, path: '/' })
    log.info('application signed a resident in')
    await readVerification(session, tokens)
    return c.redirect('/', 303)
  })

  app.post('/ask', async (c) => {
    const { session } = c.var
    if (session?.tokens) await readVerification(session, session.tokens)
    return c.redirect('/', 303)
  })

  app.post('/refresh', async (c) => {
    const { session } = c.var
    if (!session?.tokens) return c.redirect('/', 303)
    try {
      session.tokens = await client.refresh(session.tokens)
      session.notice = { tone: 'good', text: 'The portal gave us a new access token.' }
    } catch (error) {
      if (!(error instanceof ResponseBodyError)) throw error
      session.notice = {
        tone: 'bad',
        text: `The portal did not give us a new access token: ${error.error}. You may have ended our access there.`,
      }
    }
    await readVerification(session, session.tokens)
    return c.redirect('/', 303)
  })

  app.post('/sign-out', async (c) => {
    const { session } = c.var
    if (!session) return c.redirect('/', 303)
    for (const [id, candidate] of sessions) if (candidate === session) sessions.delete(id)
    deleteCookie(c, COOKIE, { path: '/' })
    if (session.tokens) await client.revoke(session.tokens)
    return c.redirect('/', 303)
  })

  app.get('/images/:name', (c) => {
    const image = c.var.session?.images.get(c.req.param('name') as ImageName)
    if (!image) return c.notFound()
    return c.body(Buffer.from(image.bytes), 200, { 'content-type': image.contentType })
  })

  const server = await listenOnLoopback(app, options.port, 'The demo application')
  return { url: new URL(redirectUri).origin, close: server.close }
}
