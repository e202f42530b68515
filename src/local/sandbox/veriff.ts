import { createHash, randomUUID } from 'node:crypto'
import { Hono } from 'hono'
import type { Log } from '../../platform/log.ts'
import { listenOnLoopback } from './listen.ts'
import type { Person } from './specimen.ts'
import { createActions, type SandboxActions } from './veriff-actions.ts'
import { veriffApi } from './veriff-api.ts'
import {
  type SandboxImage,
  type SandboxSession,
  sandboxControl,
  type VeriffControl,
  type VeriffSandbox,
} from './veriff-control.ts'
import { detectMediaType } from './veriff-media.ts'
import { createOutbox, type Outbox } from './veriff-outbox.ts'
import { sessionPages } from './veriff-page.ts'
import type { Env } from './veriff-requests.ts'
import {
  drawnMedia,
  findByPart,
  type Media,
  mediaBytes,
  openState,
  type SandboxState,
  type Session,
  WEBHOOK_KINDS,
} from './veriff-sessions.ts'

/**
 * A stand-in for Veriff on loopback: API, webhooks, the page of each session, and under `/sandbox` a way to set decisions
 * and faults from another process. `port` 0 picks a free one. `webhookUrl` is for events and decisions; full-auto webhooks
 * are sent only if they have a URL. `images` replaces the drawings. With `stateFile`, sessions and unsent webhooks survive a
 * restart.
 */
export async function startVeriffSandbox(options: {
  port: number
  apiKey: string
  sharedSecret: string
  webhookUrl?: string | undefined
  images?: readonly SandboxImage[] | undefined
  /**
   * The person whom the documents show; missing fields are invented. A function chooses the person of one session by its
   * `vendorData`.
   */
  person?: Partial<Person> | ((vendorData: string) => Promise<Partial<Person> | undefined>)
  /** Returns the page of another session of the same person, which the page of an ended session offers. */
  next?: ((vendorData: string) => Promise<string | undefined>) | undefined
  stateFile?: string | undefined
  retryDelaysInMs?: readonly number[] | undefined
  log?: Log | undefined
  now?: (() => Date) | undefined
}): Promise<VeriffSandbox> {
  const { apiKey, sharedSecret, webhookUrl, images, person, retryDelaysInMs } = options
  const { log = silent, now = () => new Date() } = options
  const state = await openState(options.stateFile)
  const integration = { id: idFrom(apiKey), apiKey, sharedSecret }
  const outbox = createOutbox({ state, integration, retryDelaysInMs, log })
  if (webhookUrl !== undefined) outbox.setUrl(webhookUrl, ['event', 'decision'])

  const pictures = (session: Session) => images?.map(toMedia) ?? drawnMedia(session)
  const actions = createActions({
    state,
    outbox,
    personOf: async (vendorData) => (typeof person === 'function' ? person(vendorData) : person),
    pictures,
    log,
    now,
  })
  // Known when the server listens, before the first request.
  let url = ''
  const baseUrl = () => url
  const control = createControl({ state, outbox, actions, baseUrl })

  const app = new Hono<Env>()
  app.route('/', sessionPages({ state, pictures, complete: actions.complete, next: options.next }))
  app.route('/', sandboxControl({ apiKey, control }))
  app.route('/', veriffApi({ state, integration, actions, baseUrl }))
  const server = await listenOnLoopback(app, options.port, 'The sandbox vendor')
  url = `http://127.0.0.1:${server.port}`

  return {
    ...control,
    url,
    integrationId: integration.id,
    async close() {
      outbox.close()
      await server.close()
      await state.save()
    },
  }
}

function createControl(parts: {
  state: SandboxState
  outbox: Outbox
  actions: SandboxActions
  baseUrl: () => string
}): VeriffControl {
  const { state, outbox, actions, baseUrl } = parts

  function requireSession(sessionId: string): Session {
    const session = state.sessions.get(sessionId)
    if (!session) throw new Error(`the sandbox has no session ${sessionId}`)
    return session
  }

  return {
    createSession: async (input = {}) => describe(await actions.create(input), baseUrl()),
    start: async (sessionId) => actions.start(requireSession(sessionId)),
    addImage: async (sessionId, image) =>
      actions.addMedia(requireSession(sessionId), toMedia(image)),
    submit: async (sessionId) => actions.submit(requireSession(sessionId)),
    decide: async (sessionId, status, details) =>
      actions.decide(requireSession(sessionId), status, details),
    complete: async (sessionId, status, details) =>
      actions.complete(requireSession(sessionId), status, details),
    async resend(sessionId) {
      outbox.resend(requireSession(sessionId).id)
      await state.save()
    },
    async findSession(sessionId) {
      const session = state.sessions.get(sessionId)
      return session && (await describe(session, baseUrl()))
    },
    listSessions: () => [...state.sessions.keys()],
    async readMedia(mediaId) {
      const part = findByPart(state, mediaId)
      if (!part?.media) throw new Error(`the sandbox has no media ${mediaId}`)
      return mediaBytes(part.session, part.media)
    },
    async misbehave(faults, sessionId) {
      const target = sessionId === undefined ? state : requireSession(sessionId)
      target.faults = structuredClone(faults)
      await state.save()
    },
    setWebhookUrl: (url, ...kinds) => outbox.setUrl(url, kinds.length > 0 ? kinds : WEBHOOK_KINDS),
    listWebhooks: () =>
      state.webhooks.map(({ sessionId, kind, state, answers }) => ({
        sessionId,
        kind,
        state,
        answers: [...answers],
      })),
    settled: (timeoutInMs = 10_000) => outbox.settled(timeoutInMs),
  }
}

async function describe(session: Session, baseUrl: string): Promise<SandboxSession> {
  const attempts = session.attempts.map(async ({ id, status, media }) => ({
    id,
    status,
    media: await Promise.all(
      media.map(async (one) => {
        const bytes = await mediaBytes(session, one)
        const sha256 = createHash('sha256').update(bytes).digest('hex')
        const { id, context, mimetype } = one
        return { id, context, mimetype, size: bytes.length, sha256 }
      }),
    ),
  }))
  return {
    id: session.id,
    status: session.status,
    url: `${baseUrl}/v/${session.token}`,
    vendorData: session.vendorData,
    attempts: await Promise.all(attempts),
  }
}

function toMedia({ context, bytes, mimetype }: SandboxImage): Media {
  return {
    id: randomUUID(),
    context,
    mimetype: mimetype ?? detectMediaType(bytes) ?? 'application/octet-stream',
    timestamp: null,
    content: Buffer.from(bytes).toString('base64'),
  }
}

/** An integration id in the right format, always the same for an API key. */
function idFrom(apiKey: string): string {
  const hex = createHash('sha256').update(`integration ${apiKey}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
