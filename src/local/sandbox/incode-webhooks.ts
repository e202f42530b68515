import { createDeliveries } from './deliveries.ts'
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
  const { url, faultsOf } = parts
  const deliveries = createDeliveries(parts.retryDelaysInMs ?? RETRY_DELAYS_IN_MS)
  const credentials = createCredentials(parts.authentication)
  const sent = new Map<string, string[]>()
  // First attempts of one session are sent one after the other, so that without faults they arrive in order.
  const turns = new Map<string, Promise<void>>()

  function start(session: IncodeSession, body: string) {
    const firstAttempt = deliveries.start({
      after: turns.get(session.id),
      delayInMs: faultsOf(session).deliveries?.delayInMs ?? 0,
      send: (closing) => post(session, body, closing),
    })
    turns.set(session.id, firstAttempt)
  }

  /** Returns whether the delivery was accepted, by the vendor's rule. */
  async function post(session: IncodeSession, body: string, closing: AbortSignal) {
    const { authentication: fault } = faultsOf(session).deliveries ?? {}
    const answer = await fetch(url ?? '', {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        ...(await credentials.headers(fault, closing)),
      },
      body,
      signal: AbortSignal.any([closing, AbortSignal.timeout(TIME_ALLOWED_IN_MS)]),
    })
    await answer.body?.cancel()
    if (answer.status === 401) credentials.forget()
    const isJson = (answer.headers.get('content-type') ?? '').startsWith('application/json')
    return answer.status === 204 || (answer.status === 200 && isJson)
  }

  return {
    send(session, onboardingStatuses) {
      if (url === undefined) return
      const { times = 1, order } = faultsOf(session).deliveries ?? {}
      const bodies = onboardingStatuses.map((status) => bodyOf(session, status))
      sent.set(session.id, [...(sent.get(session.id) ?? []), ...bodies])
      for (const body of order === 'reversed' ? bodies.toReversed() : bodies)
        for (let copy = 0; copy < times; copy++) start(session, body)
    },
    resend(session) {
      for (const body of sent.get(session.id) ?? []) start(session, body)
    },
    settled: deliveries.settled,
    close: deliveries.close,
  }
}

/** The headers that authenticate a delivery. An access token is kept until it expires or is forgotten. */
function createCredentials(authentication: Authentication | undefined) {
  let token: { value: string; until: number } | undefined
  return {
    async headers(
      fault: 'wrong' | 'missing' | undefined,
      closing: AbortSignal,
    ): Promise<Record<string, string>> {
      if (!authentication || fault === 'missing') return {}
      if ('header' in authentication)
        return { [authentication.header]: fault === 'wrong' ? 'another' : authentication.value }
      if (fault === 'wrong') return { authorization: 'Bearer another' }
      if (!token || token.until <= Date.now()) token = await signIn(authentication, closing)
      return { authorization: `Bearer ${token.value}` }
    },
    forget() {
      token = undefined
    },
  }
}

/** At the customer's token endpoint, in the form of `I-BASIC`. */
async function signIn(
  client: { tokenUrl: string; clientId: string; clientSecret: string },
  closing: AbortSignal,
): Promise<{ value: string; until: number }> {
  const credentials = Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64')
  const answer = await fetch(client.tokenUrl, {
    method: 'POST',
    headers: { authorization: `Basic ${credentials}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
    signal: AbortSignal.any([closing, AbortSignal.timeout(TIME_ALLOWED_IN_MS)]),
  })
  const given = (await answer.json()) as { access_token?: unknown; expires_in?: unknown }
  if (typeof given.access_token !== 'string' || typeof given.expires_in !== 'number')
    throw new Error('the customer gives no access token')
  return { value: given.access_token, until: Date.now() + (given.expires_in - 10) * 1000 }
}

const bodyOf = (session: IncodeSession, onboardingStatus: string) =>
  JSON.stringify({
    interviewId: session.id,
    onboardingStatus,
    clientId: 'sandbox123',
    flowId: session.configurationId ?? '65283accd410a1dd7e965479',
    externalId: session.externalId,
  })
