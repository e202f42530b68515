import { type KoraState, koraApi } from './kora-api.ts'
import {
  completeSession,
  digests,
  type Faults,
  faultsSchema,
  type KoraSession,
  type Status,
} from './kora-sessions.ts'
import { createWebhooks } from './kora-webhooks.ts'
import { listenOnLoopback } from './listen.ts'
import type { Person } from './specimen.ts'
import { faultsOf, requireSession, setFaults } from './vendor-state.ts'

export type KoraSandbox = {
  /** The base URL to configure in an integration. */
  url: string
  origin: string
  /**
   * The person completes the session, with drawn images if none were given, and the vendor decides. A second call overturns
   * it.
   */
  complete(sessionId: string, status: Status, details?: { person?: Partial<Person> }): void
  /** `undefined` for a session that does not exist. Each image has the digest of the bytes that are served. */
  findSession(
    sessionId: string,
  ): Promise<
    { id: string; externalId: string; status: Status; images: Map<string, string> } | undefined
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
 * A stand-in for Kora IDV on loopback: its API, its storage, its signed deliveries to the tenant's and to a session's
 * address. `port` 0 picks a free one. `persistAfterInMs: undefined` simulates the vendor's own sandbox, which never has
 * images. It stores nothing on disk.
 */
export async function startKoraSandbox(options: {
  port: number
  apiKey: string
  tenantId: string
  secret: string
  webhookUrl?: string | undefined
  persistAfterInMs?: number | undefined
  /** Signs like the older version of the protocol. */
  isOlder?: boolean
  retryDelaysInMs?: readonly number[]
  /** The person whom the documents show; missing fields are invented. */
  person?: Partial<Person> | undefined
}): Promise<KoraSandbox> {
  const { apiKey, tenantId, persistAfterInMs } = options
  const state: KoraState = { sessions: new Map(), faults: {}, requests: [] }
  const webhooks = createWebhooks({
    url: options.webhookUrl,
    tenantId,
    secret: options.secret,
    isOlder: options.isOlder ?? false,
    retryDelaysInMs: options.retryDelaysInMs,
    faultsOf: (session) => faultsOf(state, session),
  })
  let origin = ''

  function complete(session: KoraSession, decided?: Status) {
    completeSession(session, decided)
    if (persistAfterInMs !== undefined) session.persistedAt ??= Date.now() + persistAfterInMs
    webhooks.send(session)
  }

  const app = koraApi({
    state,
    apiKey,
    tenantId,
    origin: () => origin,
    now: Date.now,
    complete,
    person: options.person,
  })
  const server = await listenOnLoopback(app, options.port, 'The sandbox vendor')
  origin = `http://127.0.0.1:${server.port}`

  return {
    url: `${origin}/api/v1/idv`,
    origin,
    complete(sessionId, status, details) {
      const session = requireSession(state, sessionId)
      session.person = { ...session.person, ...details?.person }
      complete(session, status)
    },
    async findSession(sessionId) {
      const session = state.sessions.get(sessionId)
      if (!session) return undefined
      const { id, externalId, status } = session
      return { id, externalId, status, images: await digests(session) }
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
