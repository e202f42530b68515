import { Hono } from 'hono'
import { csrf } from 'hono/csrf'
import { HTTPException } from 'hono/http-exception'
import { streamSSE } from 'hono/streaming'
import { AuthorizationResponseError, ResponseBodyError } from 'openid-client'
import type { Log } from '../../platform/log.ts'
import { readAgain, readVerification } from './application-access.ts'
import {
  type ApplicationClient,
  createApplicationClient,
  IMAGE_NAMES,
  type ImageName,
  type Tokens,
} from './application-client.ts'
import {
  createReceivedEvents,
  type EventSecrets,
  eventRoutes,
  type ReceivedEvents,
} from './application-events.ts'
import {
  accountPage,
  failurePage,
  privacyPage,
  SCRIPT,
  STYLESHEET,
  welcomePage,
} from './application-page.ts'
import {
  addSignIn,
  announceChange,
  createSessions,
  type Session,
  type Sessions,
} from './application-sessions.ts'
import { listenOnLoopback } from './listen.ts'

type Env = { Variables: { session: Session | undefined } }

type Bank = {
  issuer: string
  redirectUri: string
  client: ApplicationClient
  sessions: Sessions
  receivedEvents: ReceivedEvents
  log: Log
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
  events?: EventSecrets | undefined
  log: Log
}): Promise<{ url: string; close(): Promise<void> }> {
  const { issuer, redirectUri, events, log } = options
  const { origin, protocol } = new URL(redirectUri)
  const client = createApplicationClient(options)
  const sessions = createSessions({ isSecure: protocol === 'https:' })
  const receivedEvents = createReceivedEvents()
  const bank: Bank = { issuer, redirectUri, client, sessions, receivedEvents, log }

  const app = new Hono<Env>()
  app.use(async (c, next) => {
    c.set('session', sessions.find(c))
    await next()
    c.header('cache-control', 'no-store')
    c.header('referrer-policy', 'no-referrer')
    c.header('x-content-type-options', 'nosniff')
    c.header(
      'content-security-policy',
      "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    )
  })
  app.use(csrf({ origin }))
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
  if (events)
    app.route('/', eventRoutes({ issuer, secrets: events, sessions, receivedEvents, log }))
  app.get('/application.css', (c) => c.body(STYLESHEET, 200, { 'content-type': 'text/css' }))
  app.get('/application.js', (c) => c.body(SCRIPT, 200, { 'content-type': 'text/javascript' }))
  app.get('/privacy', (c) => c.html(privacyPage()))
  app.route('/', accountRoutes(bank))
  app.route('/', signInRoutes(bank))

  const server = await listenOnLoopback(app, options.port, 'The demo application')
  return { url: origin, close: server.close }
}

/** The resident's account at the bank, with what the portal answered. */
function accountRoutes(bank: Bank): Hono<Env> {
  const { issuer, client, receivedEvents } = bank
  const app = new Hono<Env>()

  app.get('/', async (c) => {
    const { session } = c.var
    if (session?.tokens && isReadAgain(session)) await readAgain(bank, session, session.tokens)
    const notice = session?.notice
    if (session) session.notice = undefined
    if (!session?.tokens || !session.answer) return c.html(welcomePage({ issuer, notice }))
    const { refreshToken, expiresAt, scope, subject } = session.tokens
    const images = IMAGE_NAMES.flatMap((name) => {
      const image = session.images.get(name)
      if (!image) return []
      const { contentType, sha256, bytes } = image
      return [{ name, contentType, sha256, size: bytes.length }]
    })
    return c.html(
      accountPage({
        tokens: { expiresAt, scope, subject, hasRefreshToken: refreshToken !== undefined },
        answer: session.answer,
        ending: session.ending,
        images,
        failures: session.failures,
        events: receivedEvents.list(subject),
        notice,
        version: session.version,
        issuer,
        now: new Date(),
      }),
    )
  })

  // An open page waits here for the next change.
  app.get('/changes', (c) => {
    const { session } = c.var
    // EventSource does not connect again after this status.
    if (!session) return c.body(null, 204)
    return streamSSE(c, async (stream) => {
      const tell = () => void stream.writeSSE({ event: 'change', data: '' }).catch(() => {})
      session.pages.add(tell)
      if (c.req.query('version') !== String(session.version)) tell()
      await new Promise<void>((resolve) => stream.onAbort(resolve))
      session.pages.delete(tell)
    })
  })

  app.post('/ask', async (c) => {
    const { session } = c.var
    if (session?.tokens) await readAgain(bank, session, session.tokens)
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
        text: `The portal did not give us a new access token: ${error.error}.`,
      }
    }
    await readVerification(bank, session, session.tokens)
    return c.redirect('/', 303)
  })

  app.get('/images/:name', (c) => {
    const image = c.var.session?.images.get(c.req.param('name') as ImageName)
    if (!image) return c.notFound()
    return c.body(Buffer.from(image.bytes), 200, { 'content-type': image.contentType })
  })
  return app
}

/** After an event, and as long as the portal refuses: access that is given back counts at the next look at the page. */
const isReadAgain = ({ isStale, answer }: Session) => isStale || answer?.status !== 200

function signInRoutes(bank: Bank): Hono<Env> {
  const { redirectUri, client, sessions, log } = bank
  const app = new Hono<Env>()

  app.get('/sign-in', async (c) => {
    // What the resident declined is only asked again on request.
    const asksAgain = c.req.query('again') !== undefined
    const { url, signIn } = await client.startSignIn({ asksAgain })
    addSignIn(c.var.session ?? sessions.start(c), signIn)
    return c.redirect(url, 303)
  })

  app.get(new URL(redirectUri).pathname, async (c) => {
    const previous = c.var.session
    const signIn = previous?.signIns.get(c.req.query('state') ?? '')
    if (!previous || !signIn)
      return c.html(
        failurePage({
          title: 'This sign-in did not start here',
          text: 'The response does not belong to a sign-in of this browser, so we did not use it. Please start again.',
        }),
        400,
      )
    previous.signIns.delete(signIn.state)
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
    const session = sessions.start(c, previous)
    session.tokens = tokens
    log.info('application signed a resident in')
    await readVerification(bank, session, tokens)
    announceChange(previous)
    return c.redirect('/', 303)
  })

  app.post('/sign-out', async (c) => {
    const { session } = c.var
    if (!session) return c.redirect('/', 303)
    sessions.end(c, session)
    announceChange(session)
    if (session.tokens) await client.revoke(session.tokens)
    return c.redirect('/', 303)
  })
  return app
}
