import { setTimeout as wait } from 'node:timers/promises'
import type { Faults, IncodeSession } from './incode-sessions.ts'

/** How the vendor authenticates a delivery (`docs/vendor-protocols.md` §5.3). */
export type Authentication =
  | { tokenUrl: string; clientId: string; clientSecret: string }
  | { header: string; value: string }

/** The vendor's retry delays in milliseconds. After them it abandons a delivery. */
const RETRY_DELAYS_IN_MS: readonly number[] = [30_000, 75_000, 187_500, 468_750, 1_171_880]
const TIME_ALLOWED_IN_MS = 10_000

export type Webhooks = {
  /** Sends one delivery for each of these, in this order, unless the session's faults change that. */
  send(session: IncodeSession, onboardingStatuses: readonly string[]): void
  /** Sends a session's deliveries again, with the same bytes. */
  resend(session: IncodeSession): void
  settled(): Promise<void>
  close(): Promise<void>
}

export function createWebhooks(parts: {
  url: string | undefined
  authentication: Authentication | undefined
  retryDelaysInMs?: readonly number[] | undefined
  faultsOf: (session: IncodeSession) => Faults
}): Webhooks {
  const { url, authentication, retryDelaysInMs = RETRY_DELAYS_IN_MS } = parts
  const closing = new AbortController()
  const waiting = new Set<Promise<void>>()
  const sent = new Map<string, string[]>()
  // First attempts of one session are sent one after the other, so that without faults they arrive in order.
  const turns = new Map<string, Promise<void>>()
  let token: { value: string; until: number } | undefined

  function track(session: IncodeSession, body: string) {
    const first = Promise.withResolvers<void>()
    const before = turns.get(session.id)
    turns.set(session.id, first.promise)
    const tracked = post(session, body, before, first.resolve).finally(() => {
      waiting.delete(tracked)
      if (turns.get(session.id) === first.promise) turns.delete(session.id)
    })
    waiting.add(tracked)
  }

  async function post(
    session: IncodeSession,
    body: string,
    before: Promise<void> | undefined,
    tried: () => void,
  ) {
    await before
    const { delayInMs = 0 } = parts.faultsOf(session).deliveries ?? {}
    for (const delay of [delayInMs, ...retryDelaysInMs]) {
      try {
        await wait(delay, undefined, { signal: closing.signal })
        if (await postOnce(session, body)) return
      } catch {
        if (closing.signal.aborted) return
      } finally {
        tried()
      }
    }
  }

  /** Returns whether the delivery was accepted, by the vendor's rule. */
  async function postOnce(session: IncodeSession, body: string): Promise<boolean> {
    const { authentication: fault } = parts.faultsOf(session).deliveries ?? {}
    const answer = await fetch(url ?? '', {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/json', ...(await authenticate(fault)) },
      body,
      signal: AbortSignal.any([closing.signal, AbortSignal.timeout(TIME_ALLOWED_IN_MS)]),
    })
    await answer.body?.cancel()
    if (answer.status === 401) token = undefined
    const isJson = (answer.headers.get('content-type') ?? '').startsWith('application/json')
    return answer.status === 204 || (answer.status === 200 && isJson)
  }

  async function authenticate(
    fault: 'wrong' | 'missing' | undefined,
  ): Promise<Record<string, string>> {
    if (!authentication || fault === 'missing') return {}
    if ('header' in authentication)
      return { [authentication.header]: fault === 'wrong' ? 'another' : authentication.value }
    const value = fault === 'wrong' ? 'another' : await signIn(authentication)
    return { authorization: `Bearer ${value}` }
  }

  /** At the customer's token endpoint, in the form of `I-BASIC`. */
  async function signIn(client: { tokenUrl: string; clientId: string; clientSecret: string }) {
    if (token && token.until > Date.now()) return token.value
    const credentials = Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64')
    const answer = await fetch(client.tokenUrl, {
      method: 'POST',
      headers: { authorization: `Basic ${credentials}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
      signal: AbortSignal.any([closing.signal, AbortSignal.timeout(TIME_ALLOWED_IN_MS)]),
    })
    const given = (await answer.json()) as { access_token?: unknown; expires_in?: unknown }
    if (typeof given.access_token !== 'string' || typeof given.expires_in !== 'number')
      throw new Error('the customer gives no access token')
    token = { value: given.access_token, until: Date.now() + (given.expires_in - 10) * 1000 }
    return token.value
  }

  return {
    send(session, onboardingStatuses) {
      if (url === undefined) return
      const { times = 1, order } = parts.faultsOf(session).deliveries ?? {}
      const bodies = onboardingStatuses.map((status) => bodyOf(session, status))
      sent.set(session.id, [...(sent.get(session.id) ?? []), ...bodies])
      for (const body of order === 'reversed' ? bodies.toReversed() : bodies)
        for (let copy = 0; copy < times; copy++) track(session, body)
    },
    resend(session) {
      for (const body of sent.get(session.id) ?? []) track(session, body)
    },
    async settled() {
      while (waiting.size > 0) await Promise.all(waiting)
    },
    async close() {
      closing.abort()
      await Promise.allSettled(waiting)
    },
  }
}

const bodyOf = (session: IncodeSession, onboardingStatus: string) =>
  JSON.stringify({
    interviewId: session.id,
    onboardingStatus,
    clientId: 'sandbox123',
    flowId: session.configurationId ?? '65283accd410a1dd7e965479',
    externalId: session.externalId,
  })
