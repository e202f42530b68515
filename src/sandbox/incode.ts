import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { type IncodeState, incodeApi } from './incode-api.ts'
import { incodePages } from './incode-page.ts'
import {
  capture,
  captureMissing,
  type Faults,
  faultsSchema,
  type IncodeSession,
  imageBytes,
  type OnboardingStatus,
  type Score,
} from './incode-sessions.ts'
import { listenOnLoopback } from './listen.ts'

/** A picture as the sandbox holds it, with the digest of the very bytes it serves. */
type HeldImage = { type: string; takenAt: number; sha256: string }

export type IncodeSandbox = {
  /** The base URL: what an integration is configured with. */
  url: string
  /** The person takes what pictures are missing, and the vendor scores them. */
  complete(sessionId: string, score: Score): void
  /** Somebody at the vendor decides, whatever the score says. */
  review(sessionId: string, verdict: 'approved' | 'rejected'): void
  expire(sessionId: string): void
  /** A step on the way, of which the vendor tells as well. */
  reach(sessionId: string, status: OnboardingStatus): void
  /** One picture more; without `bytes` it is a drawing. Answers when it was taken. */
  capture(sessionId: string, type: string, bytes?: Uint8Array): number
  /** Each type with its pictures, the oldest first; `undefined` for a session that does not exist or was deleted. */
  findSession(
    sessionId: string,
  ): Promise<{ externalId: string | undefined; status: string; images: HeldImage[] } | undefined>
  /** Sends a session's deliveries again, the same bytes. */
  resend(sessionId: string): void
  /** The executive user's tokens end now. */
  endTokens(): void
  misbehave(faults: Faults, sessionId?: string): void
  listRequests(): { method: string; path: string }[]
  /** Resolves when no delivery waits to be answered. */
  settled(): Promise<void>
  close(): Promise<void>
}

/** How the vendor shows that a delivery is its own (`providers.md` §5.3). */
type Authentication =
  | { tokenUrl: string; clientId: string; clientSecret: string }
  | { header: string; value: string }

/**
 * A stand-in for Incode Omni on loopback: its API, the page of each session, and its deliveries, for which it signs in at
 * the receiver's token endpoint or sends a fixed header. `port` 0 picks a free one. It keeps nothing when it ends.
 */
export async function startIncodeSandbox(options: {
  port: number
  apiKey: string
  email: string
  password: string
  webhook?: { url: string; authentication: Authentication | undefined } | undefined
  retryDelaysInMs?: readonly number[]
}): Promise<IncodeSandbox> {
  const { webhook, retryDelaysInMs = [30_000, 75_000, 187_500, 468_750, 1_171_880] } = options
  const state: IncodeState = { sessions: new Map(), tokens: new Set(), faults: {}, requests: [] }
  const sent = new Map<string, string[]>()
  const closing = new AbortController()
  const waiting = new Set<Promise<void>>()
  let origin = ''
  let token: { value: string; until: number } | undefined

  function reach(session: IncodeSession, status: OnboardingStatus) {
    session.status = status
    deliver(session)
  }

  function finish(session: IncodeSession, score: Score) {
    session.score = score
    reach(session, 'ONBOARDING_FINISHED')
  }

  function deliver(session: IncodeSession) {
    if (!webhook) return
    const { interviewId, status, externalId } = session
    const body = JSON.stringify({
      interviewId,
      onboardingStatus: status,
      clientId: 'sandbox-client',
      flowId: 'sandbox-flow',
      ...(externalId === undefined ? {} : { externalId }),
    })
    const bodies = sent.get(interviewId) ?? []
    if (!bodies.includes(body)) sent.set(interviewId, [...bodies, body])
    const { times = 1 } = (session.faults ?? state.faults).deliveries ?? {}
    for (let copy = 0; copy < times; copy++) track(post(session, body))
  }

  function track(work: Promise<void>) {
    const tracked = work.finally(() => waiting.delete(tracked))
    waiting.add(tracked)
  }

  async function post(session: IncodeSession, body: string) {
    const { delayInMs = 0, authentication } = (session.faults ?? state.faults).deliveries ?? {}
    for (const delay of [delayInMs, ...retryDelaysInMs]) {
      try {
        await wait(delay, undefined, { signal: closing.signal })
        const answer = await fetch(webhook?.url ?? '', {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', ...(await authenticate(authentication)) },
          body,
          signal: AbortSignal.any([closing.signal, AbortSignal.timeout(30_000)]),
        })
        await answer.body?.cancel()
        // A token that was taken back: the next try signs in anew.
        if (answer.status === 401) token = undefined
        if (answer.status === 200 || answer.status === 204) return
      } catch {
        if (closing.signal.aborted) return
      }
    }
  }

  async function authenticate(
    fault: 'wrong' | 'missing' | undefined,
  ): Promise<Record<string, string>> {
    const by = webhook?.authentication
    if (fault === 'missing' || !by) return {}
    if ('header' in by) return { [by.header]: fault === 'wrong' ? 'another value' : by.value }
    if (fault === 'wrong') return { Authorization: 'Bearer nobody.gave.this' }
    if (!token || token.until < Date.now()) {
      const basic = Buffer.from(`${by.clientId}:${by.clientSecret}`).toString('base64')
      const answer = await fetch(by.tokenUrl, {
        method: 'POST',
        headers: {
          Authorization: `Basic ${basic}`,
          'Content-Type': 'application/x-www-form-urlencoded',
        },
        body: 'grant_type=client_credentials',
        signal: AbortSignal.any([closing.signal, AbortSignal.timeout(10_000)]),
      })
      if (!answer.ok) throw new Error(`no token (${answer.status})`)
      const given = (await answer.json()) as { access_token: string; expires_in: number }
      token = { value: given.access_token, until: Date.now() + given.expires_in * 1000 }
    }
    return { Authorization: `Bearer ${token.value}` }
  }

  const app = new Hono<{ Bindings: HttpBindings }>()
  app.route('/', incodePages({ sessions: state.sessions, finish }))
  app.route(
    '/',
    incodeApi({
      state,
      apiKey: options.apiKey,
      email: options.email,
      password: options.password,
      origin: () => origin,
      reach,
    }),
  )
  const server = await listenOnLoopback(app, options.port, 'The sandbox vendor')
  origin = `http://127.0.0.1:${server.port}`

  function requireSession(sessionId: string): IncodeSession {
    const session = state.sessions.get(sessionId)
    if (!session) throw new Error(`the sandbox has no session ${sessionId}`)
    return session
  }

  return {
    url: origin,
    complete(sessionId, score) {
      const session = requireSession(sessionId)
      captureMissing(session)
      finish(session, score)
    },
    review(sessionId, verdict) {
      const session = requireSession(sessionId)
      reach(session, verdict === 'approved' ? 'MANUAL_REVIEW_APPROVED' : 'MANUAL_REVIEW_REJECTED')
    },
    expire: (sessionId) => reach(requireSession(sessionId), 'EXPIRED'),
    reach: (sessionId, status) => reach(requireSession(sessionId), status),
    capture: (sessionId, type, bytes) => capture(requireSession(sessionId), type, bytes),
    async findSession(sessionId) {
      const session = state.sessions.get(sessionId)
      if (!session) return undefined
      const images: HeldImage[] = []
      for (const [type, captures] of session.captures)
        for (const { takenAt } of captures) {
          const bytes = (await imageBytes(session, type, takenAt)) ?? new Uint8Array()
          const sha256 = createHash('sha256').update(bytes).digest('hex')
          images.push({ type, takenAt, sha256 })
        }
      return { externalId: session.externalId, status: session.status, images }
    },
    resend(sessionId) {
      for (const body of sent.get(sessionId) ?? []) track(post(requireSession(sessionId), body))
    },
    endTokens: () => state.tokens.clear(),
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
