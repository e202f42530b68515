import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { listenOnLoopback } from './listen.ts'
import type { Person } from './specimen.ts'
import { type StripeState, stripeApi } from './stripe-api.ts'
import { stripePages } from './stripe-page.ts'
import {
  decide,
  type Faults,
  faultsSchema,
  listTaken,
  OUTCOMES,
  type Outcome,
  override,
  type StripeSession,
  type TakenImage,
} from './stripe-sessions.ts'
import { createWebhooks } from './stripe-webhooks.ts'
import { faultsOf, requireSession, setFaults } from './vendor-state.ts'

export type StripeSandbox = {
  /** The base URL to configure in an integration. Its links to images are there too. */
  url: string
  /** The person submits the session, with drawn images, or ends it before that. After an error it is another attempt. */
  complete(sessionId: string, outcome: Outcome, details?: { person?: Partial<Person> }): void
  /** The person submits the session; it is not decided yet. */
  submit(sessionId: string): void
  /** Somebody overrides the status in the dashboard. */
  override(sessionId: string, to: 'verified' | 'unverified'): void
  cancel(sessionId: string): void
  /** A redaction that was requested ends. */
  finishRedaction(sessionId: string): void
  /** Rolls the endpoint's secret: deliveries are signed with each of these from now on. */
  useWebhookSecrets(secrets: readonly string[]): void
  /** `undefined` for a session that does not exist. `images` has the digests of the last report's, `taken` of all. */
  findSession(sessionId: string): Promise<
    | {
        id: string
        clientReferenceId: string | undefined
        redaction: string | undefined
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
 * A stand-in for Stripe Identity on loopback: its API with a restricted key, the page of each session, links to images, and signed
 * deliveries. `port` 0 picks a free one. It stores nothing on disk.
 */
export async function startStripeSandbox(options: {
  port: number
  apiKey: string
  webhookSecret?: string | undefined
  webhookUrl?: string | undefined
  retryDelaysInMs?: readonly number[] | undefined
  now?: (() => number) | undefined
  /** The person whom the documents show; missing fields are invented. */
  person?: Partial<Person> | undefined
}): Promise<StripeSandbox> {
  const state: StripeState = {
    sessions: new Map(),
    faults: {},
    requests: [],
    created: new Map(),
  }
  let origin = ''
  let secrets: readonly string[] = [options.webhookSecret ?? '']
  const webhooks = createWebhooks({
    url: options.webhookUrl,
    secrets: () => secrets,
    origin: () => origin,
    retryDelaysInMs: options.retryDelaysInMs,
    faultsOf: (session) => faultsOf(state, session),
  })

  function submit(session: StripeSession) {
    session.status = 'processing'
    webhooks.send(session, 'processing')
  }

  function complete(
    session: StripeSession,
    outcome: Outcome,
    details: { person?: Partial<Person> } = {},
  ) {
    session.person = { ...session.person, ...details.person }
    if (OUTCOMES[outcome] !== 'session') submit(session)
    decide(session, outcome)
    announce(session)
  }

  const announce = (session: StripeSession) =>
    webhooks.send(session, session.status === 'verified' ? 'verified' : 'requires_input')

  const app = new Hono<{ Bindings: HttpBindings }>()
  app.route('/', stripePages({ sessions: state.sessions, complete }))
  app.route(
    '/',
    stripeApi({
      state,
      apiKey: options.apiKey,
      origin: () => origin,
      now: options.now ?? Date.now,
      onEvent: webhooks.send,
      person: options.person,
    }),
  )
  const server = await listenOnLoopback(app, options.port, 'The sandbox vendor')
  origin = `http://127.0.0.1:${server.port}`

  return {
    url: origin,
    complete: (sessionId, outcome, details) =>
      complete(requireSession(state, sessionId), outcome, details),
    submit: (sessionId) => submit(requireSession(state, sessionId)),
    override(sessionId, to) {
      const session = requireSession(state, sessionId)
      override(session, to)
      announce(session)
    },
    cancel(sessionId) {
      const session = requireSession(state, sessionId)
      session.status = 'canceled'
      webhooks.send(session, 'canceled')
    },
    finishRedaction(sessionId) {
      const session = requireSession(state, sessionId)
      session.redaction = 'redacted'
      webhooks.send(session, 'redacted')
    },
    useWebhookSecrets(given) {
      secrets = given
    },
    async findSession(sessionId) {
      const session = state.sessions.get(sessionId)
      if (!session) return undefined
      const { id, clientReferenceId, redaction } = session
      const taken = await listTaken(session)
      const images = new Map(
        taken.flatMap(({ type, sha256, isCurrent }) => (isCurrent ? [[type, sha256]] : [])),
      )
      return { id, clientReferenceId, redaction, images, taken }
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
