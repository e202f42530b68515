import { createHmac, randomBytes } from 'node:crypto'
import { createDeliveries } from './deliveries.ts'
import type { Faults, KoraSession } from './kora-sessions.ts'

const EVENT = 'verification.completed'
const RETRY_DELAYS_IN_MS: readonly number[] = [1_000, 2_000, 4_000, 8_000, 16_000]
const TIME_ALLOWED_IN_MS = 5_000

type Delivery = { url: string; id: string; body: string }

export type Webhooks = {
  /** Sends the session's result to the tenant's address and to its own, unless the session's faults change that. */
  send(session: KoraSession): void
  /** Sends a session's deliveries again, with the same bytes. */
  resend(session: KoraSession): void
  settled(): Promise<void>
  close(): Promise<void>
}

/** The signed deliveries of `docs/vendor-protocols.md` §4.4. */
export function createWebhooks(parts: {
  url: string | undefined
  tenantId: string
  secret: string
  /** Signs like the older version of the protocol. */
  isOlder: boolean
  retryDelaysInMs?: readonly number[] | undefined
  faultsOf: (session: KoraSession) => Faults
}): Webhooks {
  const deliveries = createDeliveries(parts.retryDelaysInMs ?? RETRY_DELAYS_IN_MS)
  const sent = new Map<string, Delivery[]>()

  function start(session: KoraSession, delivery: Delivery) {
    const { url, body } = delivery
    const { delayInMs = 0, signature: fault } = parts.faultsOf(session).deliveries ?? {}
    void deliveries.start({
      delayInMs,
      async send(closing) {
        const answer = await fetch(url, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', ...signedHeaders(parts, delivery, fault) },
          body,
          signal: AbortSignal.any([closing, AbortSignal.timeout(TIME_ALLOWED_IN_MS)]),
        })
        await answer.body?.cancel()
        return answer.status === 200
      },
    })
  }

  return {
    send(session) {
      const id = `evt_${randomBytes(6).toString('hex')}`
      const body = bodyOf(session, parts.tenantId, id)
      const { times = 1 } = parts.faultsOf(session).deliveries ?? {}
      for (const url of [parts.url, session.callbackUrl])
        for (let copy = 0; url && copy < times; copy++) {
          const delivery = { url, id, body }
          sent.set(session.id, [...(sent.get(session.id) ?? []), delivery])
          start(session, delivery)
        }
    },
    resend(session) {
      for (const delivery of sent.get(session.id) ?? []) start(session, delivery)
    },
    settled: deliveries.settled,
    close: deliveries.close,
  }
}

/** Signs at the time of each attempt. */
function signedHeaders(
  { secret, isOlder }: { secret: string; isOlder: boolean },
  { id, body }: Delivery,
  fault: 'wrong' | 'missing' | 'stale' | undefined,
): Record<string, string> {
  if (fault === 'missing') return {}
  const key = fault === 'wrong' ? 'another secret' : secret
  const hmac = (message: string) => createHmac('sha256', key).update(message).digest('hex')
  if (isOlder) return { 'X-Kora-Signature': hmac(body) }
  const timestamp = String(Math.floor(Date.now() / 1000) - (fault === 'stale' ? 3600 : 0))
  return {
    'X-Signature': hmac(`${timestamp}.${body}`),
    'X-Timestamp': timestamp,
    'X-Signature-Algorithm': 'sha256',
    'X-Webhook-ID': id,
    'X-Event-Type': EVENT,
  }
}

const bodyOf = (session: KoraSession, tenantId: string, id: string) =>
  JSON.stringify({
    id,
    eventType: EVENT,
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
