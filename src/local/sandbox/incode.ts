import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { IMAGE_LINKS_PATH, type IncodeState, incodeApi } from './incode-api.ts'
import { incodePages } from './incode-page.ts'
import {
  addCapture,
  type CaptureType,
  completeSession,
  type Details,
  digests,
  type Faults,
  faultsSchema,
  type IncodeSession,
  type Score,
} from './incode-sessions.ts'
import { type Authentication, createWebhooks } from './incode-webhooks.ts'
import { listenOnLoopback } from './listen.ts'
import type { Person } from './specimen.ts'
import { faultsOf, requireSession, setFaults } from './vendor-state.ts'

/** A session of the sandbox, with the digests of the bytes that it serves. */
type SandboxSession = {
  id: string
  externalId: string
  onboardingStatus: string
  score: Score
  /** The latest image of each type, including crops. */
  images: Map<string, string>
  captures: { type: CaptureType; takenAt: number; sha256: string }[]
}

export type IncodeSandbox = {
  /** The base URL to configure in an integration. */
  url: string
  /** The setting with which images are returned as links. */
  imageLinksPath: string
  /**
   * The person completes the session, with drawn images if none were given, and gets this score. A second call changes the
   * score.
   */
  complete(sessionId: string, score: Score, details?: Details): void
  /** Adds another capture; earlier ones stay. Without `bytes` it is a drawing. */
  addImage(sessionId: string, image: { type: CaptureType; bytes?: Uint8Array }): void
  /** A reviewer at the vendor decides; the automatic score does not change. */
  review(sessionId: string, decision: 'APPROVED' | 'REJECTED'): void
  /** The person never finishes. */
  expire(sessionId: string): void
  /** The vendor deletes the session on its own. */
  forget(sessionId: string): void
  /** `undefined` for a session that does not exist or was deleted. */
  findSession(sessionId: string): Promise<SandboxSession | undefined>
  /** Sends a session's deliveries again, with the same bytes. */
  resend(sessionId: string): void
  /** Expires every token of the executive user. */
  endTokens(): void
  countTokens(): number
  /** Sets the faults of one session, or of all sessions without their own; `{}` means none. */
  misbehave(faults: Faults, sessionId?: string): void
  listRequests(): { method: string; path: string }[]
  /** Resolves when no delivery is pending. */
  settled(): Promise<void>
  close(): Promise<void>
}

/**
 * A stand-in for Incode Omni on loopback: its API, the hosted page of each session, images as base64 and as links, and
 * unsigned deliveries. `port` 0 picks a free one. It stores nothing on disk.
 */
export async function startIncodeSandbox(options: {
  port: number
  apiKey: string
  email: string
  password: string
  webhookUrl?: string | undefined
  authentication?: Authentication | undefined
  retryDelaysInMs?: readonly number[] | undefined
  now?: (() => number) | undefined
  /** The person whom the documents show; missing fields are invented. */
  person?: Partial<Person> | undefined
}): Promise<IncodeSandbox> {
  const { apiKey, email, password, now = Date.now } = options
  const state: IncodeState = {
    sessions: new Map(),
    tokens: new Map(),
    tokensGiven: 0,
    faults: {},
    requests: [],
  }
  const webhooks = createWebhooks({
    url: options.webhookUrl,
    authentication: options.authentication,
    retryDelaysInMs: options.retryDelaysInMs,
    faultsOf: (session) => faultsOf(state, session),
  })
  let origin = ''

  function complete(session: IncodeSession, score: Score, details: Details = {}) {
    completeSession(session, score, details)
    webhooks.send(session, [
      'ID_VALIDATION_FINISHED',
      'FACE_VALIDATION_FINISHED',
      'ONBOARDING_FINISHED',
    ])
  }

  function end(session: IncodeSession, onboardingStatus: string) {
    session.onboardingStatus = onboardingStatus
    webhooks.send(session, [onboardingStatus])
  }

  const app = new Hono<{ Bindings: HttpBindings }>()
  app.route('/', incodePages({ sessions: state.sessions, complete }))
  app.route(
    '/',
    incodeApi({
      state,
      apiKey,
      email,
      password,
      origin: () => origin,
      now,
      person: options.person,
      finish: (session) => complete(session, session.score === 'UNKNOWN' ? 'OK' : session.score),
      approve(session) {
        session.score = 'MANUAL_OK'
        end(session, 'MANUAL_REVIEW_APPROVED')
      },
    }),
  )
  const server = await listenOnLoopback(app, options.port, 'The sandbox vendor')
  origin = `http://127.0.0.1:${server.port}`

  return {
    url: origin,
    imageLinksPath: IMAGE_LINKS_PATH,
    complete: (sessionId, score, details) =>
      complete(requireSession(state, sessionId), score, details),
    addImage(sessionId, { type, bytes }) {
      addCapture(requireSession(state, sessionId), type, bytes)
    },
    review: (sessionId, decision) =>
      end(requireSession(state, sessionId), `MANUAL_REVIEW_${decision}`),
    expire: (sessionId) => end(requireSession(state, sessionId), 'EXPIRED'),
    forget(sessionId) {
      state.sessions.delete(sessionId)
    },
    async findSession(sessionId) {
      const session = state.sessions.get(sessionId)
      if (!session) return undefined
      const { id, externalId, onboardingStatus, score } = session
      return { id, externalId, onboardingStatus, score, ...(await digests(session)) }
    },
    resend: (sessionId) => webhooks.resend(requireSession(state, sessionId)),
    endTokens: () => state.tokens.clear(),
    countTokens: () => state.tokensGiven,
    misbehave: (faults, sessionId) => setFaults(state, faultsSchema, faults, sessionId),
    listRequests: () => [...state.requests],
    settled: webhooks.settled,
    async close() {
      await webhooks.close()
      await server.close()
    },
  }
}
