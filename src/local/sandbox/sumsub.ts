import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { listenOnLoopback } from './listen.ts'
import type { Person } from './specimen.ts'
import { type SumsubState, sumsubApi } from './sumsub-api.ts'
import { sumsubPages } from './sumsub-page.ts'
import {
  decide,
  type Faults,
  faultsSchema,
  listTaken,
  type Outcome,
  reset,
  type SumsubSession,
  type TakenImage,
} from './sumsub-sessions.ts'
import { createWebhooks, type SignatureAlgorithm } from './sumsub-webhooks.ts'
import { faultsOf, requireSession, setFaults } from './vendor-state.ts'

export type SumsubSandbox = {
  /** The base URL to configure in an integration. */
  url: string
  /**
   * The person completes the session, with drawn images, and the vendor decides. After `RETRY` it is another attempt with new images;
   * otherwise a second call overturns the decision.
   */
  complete(sessionId: string, outcome: Outcome, details?: { person?: Partial<Person> }): void
  /** The vendor sets the session back to its beginning. */
  reset(sessionId: string): void
  /** The applicant is erased at the vendor. */
  forget(sessionId: string): void
  /** `undefined` for a session that does not exist. `images` has the digests of the current attempt's, `taken` of all. */
  findSession(sessionId: string): Promise<
    | {
        id: string
        externalUserId: string
        images: Map<string, string>
        taken: TakenImage[]
      }
    | undefined
  >
  /** Sends a session's deliveries again, with the same bytes. */
  resend(sessionId: string): void
  misbehave(faults: Faults, sessionId?: string): void
  listRequests(): { method: string; path: string }[]
  /** Resolves when no delivery is pending. */
  settled(): Promise<void>
  close(): Promise<void>
}

/**
 * A stand-in for Sumsub on loopback: its API, which checks the signature of each request, the page of its links, and signed
 * deliveries. `port` 0 picks a free one. It stores nothing on disk.
 */
export async function startSumsubSandbox(options: {
  port: number
  appToken: string
  secretKey: string
  webhookSecret?: string | undefined
  webhookUrl?: string | undefined
  signatureAlgorithm?: SignatureAlgorithm | undefined
  retryDelaysInMs?: readonly number[] | undefined
  now?: (() => number) | undefined
  /** The person whom the documents show; missing fields are invented. */
  person?: Partial<Person> | undefined
}): Promise<SumsubSandbox> {
  const state: SumsubState = { sessions: new Map(), faults: {}, requests: [] }
  const webhooks = createWebhooks({
    url: options.webhookUrl,
    secret: options.webhookSecret ?? '',
    algorithm: options.signatureAlgorithm,
    retryDelaysInMs: options.retryDelaysInMs,
    faultsOf: (session) => faultsOf(state, session),
  })
  let origin = ''

  function complete(
    session: SumsubSession,
    outcome: Outcome,
    details: { person?: Partial<Person> } = {},
  ) {
    session.person = { ...session.person, ...details.person }
    decide(session, outcome)
    webhooks.send(session, 'applicantPending')
    webhooks.send(session, outcome === 'onHold' ? 'applicantOnHold' : 'applicantReviewed')
  }

  function startAgain(session: SumsubSession) {
    reset(session)
    webhooks.send(session, 'applicantReset')
  }

  const app = new Hono<{ Bindings: HttpBindings }>()
  app.route('/', sumsubPages({ sessions: state.sessions, complete }))
  app.route(
    '/',
    sumsubApi({
      state,
      appToken: options.appToken,
      secretKey: options.secretKey,
      origin: () => origin,
      now: options.now ?? Date.now,
      onCreated: (session) => webhooks.send(session, 'applicantCreated'),
      reset: startAgain,
      person: options.person,
    }),
  )
  const server = await listenOnLoopback(app, options.port, 'The sandbox vendor')
  origin = `http://127.0.0.1:${server.port}`

  return {
    url: origin,
    complete: (sessionId, outcome, details) =>
      complete(requireSession(state, sessionId), outcome, details),
    reset: (sessionId) => startAgain(requireSession(state, sessionId)),
    forget(sessionId) {
      const session = requireSession(state, sessionId)
      state.sessions.delete(sessionId)
      webhooks.send(session, 'applicantDeleted')
    },
    async findSession(sessionId) {
      const session = state.sessions.get(sessionId)
      if (!session) return undefined
      const { id, externalUserId } = session
      const taken = await listTaken(session)
      const images = new Map(
        taken.flatMap(({ type, sha256, isCurrent }) => (isCurrent ? [[type, sha256]] : [])),
      )
      return { id, externalUserId, images, taken }
    },
    resend: (sessionId) => webhooks.resend(requireSession(state, sessionId)),
    misbehave: (faults, sessionId) => setFaults(state, faultsSchema, faults, sessionId),
    listRequests: () => [...state.requests],
    settled: webhooks.settled,
    async close() {
      await webhooks.close()
      await server.close()
    },
  }
}
