import { createHash, createHmac, randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { type KoraState, koraApi } from './kora-api.ts'
import {
  type Faults,
  faultsSchema,
  imageBytes,
  type KoraSession,
  type Status,
} from './kora-sessions.ts'
import { listenOnLoopback } from './listen.ts'
import type { Person } from './specimen.ts'

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

// The prefix of an external id decides the result, as in the vendor's own sandbox (`docs/vendor-protocols.md` §4.6).
const FORCED: Record<string, Status> = {
  'test-approve-': 'verified',
  'test-reject-': 'rejected',
  'test-fraud-': 'rejected',
  'test-review-': 'manual_review',
  'test-expired-': 'expired',
}
const TYPES = ['document_front', 'document_back', 'selfie', 'liveness_frame']

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
  const { secret, tenantId, retryDelaysInMs = [1_000, 2_000, 4_000, 8_000, 16_000] } = options
  const state: KoraState = { sessions: new Map(), faults: {}, requests: [] }
  const sent = new Map<string, { url: string; body: string; id: string; event: string }[]>()
  const closing = new AbortController()
  const waiting = new Set<Promise<void>>()
  let origin = ''

  function complete(session: KoraSession, decided?: Status) {
    const forced = Object.entries(FORCED).find(([start]) => session.externalId.startsWith(start))
    session.status = decided ?? forced?.[1] ?? 'verified'
    const now = new Date()
    session.updatedAt = now
    session.completedAt = now
    session.decisionReason = session.status === 'rejected' ? 'Document could not be verified' : null
    for (const type of TYPES) if (!session.images.has(type)) session.images.set(type, true)
    if (options.persistAfterInMs !== undefined)
      session.persistedAt ??= Date.now() + options.persistAfterInMs
    deliver(session)
  }

  function deliver(session: KoraSession) {
    const id = `evt_${randomBytes(6).toString('hex')}`
    const event = 'verification.completed'
    const body = JSON.stringify({
      id,
      eventType: event,
      resourceType: 'verification',
      resourceId: session.id,
      tenantId,
      timestamp: new Date().toISOString(),
      data: {
        verificationId: session.id,
        externalId: session.externalId,
        status: session.status,
        decision: session.status === 'verified' ? 'auto_approve' : 'auto_reject',
        decisionReason: session.decisionReason,
        overallScore: 94.2,
      },
    })
    const { times = 1 } = (session.faults ?? state.faults).deliveries ?? {}
    for (const url of [options.webhookUrl, session.callbackUrl])
      for (let copy = 0; url && copy < times; copy++) {
        sent.set(session.id, [...(sent.get(session.id) ?? []), { url, body, id, event }])
        track(post(session, { url, body, id, event }))
      }
  }

  function track(work: Promise<void>) {
    const tracked = work.finally(() => waiting.delete(tracked))
    waiting.add(tracked)
  }

  async function post(
    session: KoraSession,
    { url, body, id, event }: { url: string; body: string; id: string; event: string },
  ) {
    const { delayInMs = 0, signature } = (session.faults ?? state.faults).deliveries ?? {}
    for (const delay of [delayInMs, ...retryDelaysInMs]) {
      try {
        await wait(delay, undefined, { signal: closing.signal })
        const answer = await fetch(url, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', ...signed(body, id, event, signature) },
          body,
          signal: AbortSignal.any([closing.signal, AbortSignal.timeout(5_000)]),
        })
        await answer.body?.cancel()
        if (answer.status === 200) return
      } catch {
        if (closing.signal.aborted) return
      }
    }
  }

  function signed(
    body: string,
    id: string,
    event: string,
    fault: string | undefined,
  ): Record<string, string> {
    if (fault === 'missing') return {}
    const key = fault === 'wrong' ? 'another secret' : secret
    const hmac = (message: string) => createHmac('sha256', key).update(message).digest('hex')
    if (options.isOlder) return { 'X-Kora-Signature': hmac(body) }
    const timestamp = String(Math.floor(Date.now() / 1000) - (fault === 'stale' ? 3600 : 0))
    return {
      'X-Signature': hmac(`${timestamp}.${body}`),
      'X-Timestamp': timestamp,
      'X-Signature-Algorithm': 'sha256',
      'X-Webhook-ID': id,
      'X-Event-Type': event,
    }
  }

  const app = new Hono<{ Bindings: HttpBindings }>().route(
    '/',
    koraApi({
      state,
      apiKey: options.apiKey,
      tenantId,
      origin: () => origin,
      now: Date.now,
      complete,
      person: options.person,
    }),
  )
  const server = await listenOnLoopback(app, options.port, 'The sandbox vendor')
  origin = `http://127.0.0.1:${server.port}`

  function requireSession(sessionId: string): KoraSession {
    const session = state.sessions.get(sessionId)
    if (!session) throw new Error(`the sandbox has no session ${sessionId}`)
    return session
  }

  return {
    url: `${origin}/api/v1/idv`,
    origin,
    complete(sessionId, status, details) {
      const session = requireSession(sessionId)
      session.person = { ...session.person, ...details?.person }
      complete(session, status)
    },
    async findSession(sessionId) {
      const session = state.sessions.get(sessionId)
      if (!session) return undefined
      const images = new Map<string, string>()
      for (const type of session.images.keys()) {
        const bytes = await imageBytes(session, type)
        if (bytes) images.set(type, createHash('sha256').update(bytes).digest('hex'))
      }
      const { id, externalId, status } = session
      return { id, externalId, status, images }
    },
    resend(sessionId) {
      for (const delivery of sent.get(sessionId) ?? [])
        track(post(requireSession(sessionId), delivery))
    },
    misbehave(faults, sessionId) {
      const given = faultsSchema.parse(structuredClone(faults))
      if (sessionId === undefined) state.faults = given
      else requireSession(sessionId).faults = given
    },
    listRequests: () => [...state.requests],
    async settled() {
      while (waiting.size > 0) await Promise.all(waiting)
    },
    async close() {
      closing.abort()
      await Promise.allSettled(waiting)
      await server.close()
    },
  }
}
