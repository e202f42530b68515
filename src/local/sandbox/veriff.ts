import { createHash, randomUUID } from 'node:crypto'
import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import type { Log } from '../../platform/log.ts'
import { listenOnLoopback } from './listen.ts'
import type { Person } from './specimen.ts'
import { detectMediaType, veriffApi } from './veriff-api.ts'
import {
  type SandboxImage,
  type SandboxSession,
  sandboxControl,
  type VeriffSandbox,
} from './veriff-control.ts'
import type { Faults } from './veriff-faults.ts'
import {
  type DecisionDetails,
  decisionMessage,
  eventMessage,
  fullAutoMessage,
} from './veriff-messages.ts'
import { createOutbox, RETRY_DELAYS_IN_MS } from './veriff-outbox.ts'
import { sessionPages } from './veriff-page.ts'
import {
  createSession,
  type Decision,
  drawnMedia,
  findByPart,
  isOpen,
  type Media,
  mediaBytes,
  type NewSession,
  openAttempt,
  openState,
  type Session,
  startAttempt,
  type WebhookKind,
} from './veriff-sessions.ts'

// In test integrations these first names decide the result (`docs/vendor-protocols.md` §3.7).
const FORCED: Record<string, Decision> = {
  approve: 'approved',
  decline: 'declined',
  resubmit: 'resubmission_requested',
}

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
  stateFile?: string | undefined
  retryDelaysInMs?: readonly number[] | undefined
  log?: Log | undefined
  now?: (() => Date) | undefined
}): Promise<VeriffSandbox> {
  const { apiKey, sharedSecret, webhookUrl, now = () => new Date(), log = silent } = options
  const state = await openState(options.stateFile)
  const integrationId = idFrom(apiKey)
  const webhookUrls = new Map<WebhookKind, string>()
  let faults: Faults = {}
  let baseUrl = ''

  const faultsOf = (sessionId?: string): Faults =>
    (sessionId === undefined ? null : state.sessions.get(sessionId)?.faults) ?? faults

  const outbox = createOutbox({
    state,
    apiKey,
    sharedSecret,
    integrationId,
    retryDelaysInMs: options.retryDelaysInMs ?? RETRY_DELAYS_IN_MS,
    log,
    urlOf: (kind) => webhookUrls.get(kind),
    faultsOf,
  })

  function setWebhookUrl(url: string | undefined, ...kinds: WebhookKind[]) {
    for (const kind of kinds.length > 0 ? kinds : (['event', 'decision', 'fullAuto'] as const))
      if (url === undefined) webhookUrls.delete(kind)
      else webhookUrls.set(kind, new URL(url).href)
  }
  if (webhookUrl !== undefined) setWebhookUrl(webhookUrl, 'event', 'decision')

  function requireSession(sessionId: string): Session {
    const session = state.sessions.get(sessionId)
    if (!session) throw new Error(`the sandbox has no session ${sessionId}`)
    return session
  }

  function begin(session: Session) {
    const attempt = startAttempt(session, now())
    outbox.add(session.id, 'event', eventMessage(session, attempt, 'started'))
    return attempt
  }

  function settle(session: Session, status: Decision, details: DecisionDetails = {}) {
    const isOver = status === 'expired' || status === 'abandoned'
    const attempt = session.attempts.at(-1) ?? (isOver ? undefined : begin(session))
    const at = now()
    session.status = status
    session.person = { ...session.person, ...details.person }
    if (attempt) attempt.status = status
    session.decision = decisionMessage(session, attempt, status, details, at)
    outbox.add(session.id, 'decision', session.decision)
    if (attempt && status !== 'review')
      outbox.add(session.id, 'fullAuto', fullAutoMessage(session, attempt, status, at))
    log.info('sandbox session decided', { sessionId: session.id, status })
  }

  function hand(session: Session) {
    const attempt = openAttempt(session) ?? begin(session)
    attempt.status = 'submitted'
    attempt.submittedAt = now().toISOString()
    session.status = 'submitted'
    outbox.add(session.id, 'event', eventMessage(session, attempt, 'submitted'))
    const forced = FORCED[session.person.givenName.toLowerCase()]
    if (forced) settle(session, forced)
    return forced
  }

  const pictures = (session: Session): Media[] =>
    options.images?.map((image) => toMedia(image)) ?? drawnMedia(session)

  const actions = {
    async create(input: NewSession) {
      const { person: given = {} } = options
      const person = typeof given === 'function' ? await given(input.vendorData ?? '') : given
      const session = createSession({ ...input, person: { ...person, ...input.person } }, now())
      state.sessions.set(session.id, session)
      await state.save()
      log.info('sandbox session created', { sessionId: session.id })
      return session
    },
    async start(session: Session) {
      const attempt = openAttempt(session) ?? begin(session)
      await state.save()
      return attempt
    },
    async addMedia(session: Session, media: Media) {
      const attempt = openAttempt(session) ?? begin(session)
      attempt.media.push(media)
      await state.save()
    },
    async submit(session: Session) {
      hand(session)
      await state.save()
    },
    async complete(session: Session, status: Decision, details?: DecisionDetails) {
      session.person = { ...session.person, ...details?.person }
      const attempt = openAttempt(session) ?? begin(session)
      if (attempt.media.length === 0) attempt.media.push(...pictures(session))
      // A first name that forces a result has decided already.
      if (!hand(session)) settle(session, status, details)
      await state.save()
    },
    async erase(session: Session) {
      state.sessions.delete(session.id)
      outbox.forget(session.id)
      // The vendor's last webhook about a session that was still open (`docs/vendor-protocols.md` §3.7).
      if (isOpen(session)) settle(session, session.status === 'created' ? 'expired' : 'abandoned')
      await state.save()
    },
  }

  async function view(session: Session): Promise<SandboxSession> {
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

  const control: Omit<VeriffSandbox, 'url' | 'integrationId' | 'close'> = {
    createSession: async (input = {}) => view(await actions.create(input)),
    async start(sessionId) {
      await actions.start(requireSession(sessionId))
    },
    addImage: (sessionId, image) => actions.addMedia(requireSession(sessionId), toMedia(image)),
    submit: (sessionId) => actions.submit(requireSession(sessionId)),
    async decide(sessionId, status, details) {
      settle(requireSession(sessionId), status, details)
      await state.save()
    },
    complete: (sessionId, status, details) =>
      actions.complete(requireSession(sessionId), status, details),
    async resend(sessionId) {
      outbox.resend(requireSession(sessionId).id)
      await state.save()
    },
    async findSession(sessionId) {
      const session = state.sessions.get(sessionId)
      return session && (await view(session))
    },
    listSessions: () => [...state.sessions.keys()],
    async readMedia(mediaId) {
      const part = findByPart(state, mediaId)
      if (!part?.media) throw new Error(`the sandbox has no media ${mediaId}`)
      return mediaBytes(part.session, part.media)
    },
    async misbehave(next, sessionId) {
      if (sessionId === undefined) faults = structuredClone(next)
      else requireSession(sessionId).faults = structuredClone(next)
      await state.save()
    },
    setWebhookUrl,
    listWebhooks: () =>
      state.webhooks.map(({ sessionId, kind, state, answers }) => ({
        sessionId,
        kind,
        state,
        answers: [...answers],
      })),
    settled: (timeoutInMs = 10_000) => outbox.settled(timeoutInMs),
  }

  const app = new Hono<{ Bindings: HttpBindings }>()
  app.route('/', sessionPages({ state, pictures, complete: actions.complete }))
  app.route('/', sandboxControl({ apiKey, control }))
  app.route(
    '/',
    veriffApi({
      state,
      apiKey,
      sharedSecret,
      integrationId,
      baseUrl: () => baseUrl,
      faultsOf,
      actions,
    }),
  )

  const server = await listenOnLoopback(app, options.port, 'The sandbox vendor')
  baseUrl = `http://127.0.0.1:${server.port}`

  return {
    ...control,
    url: baseUrl,
    integrationId,
    async close() {
      outbox.close()
      await server.close()
      await state.save()
    },
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
