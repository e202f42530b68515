import { createHmac, randomBytes } from 'node:crypto'
import type { Faults, KoraSession } from './kora-sessions.ts'
import { createSignedWebhooks, type Webhooks } from './webhooks.ts'

const EVENT = 'verification.completed'

type SignatureFault = NonNullable<NonNullable<Faults['deliveries']>['signature']>

/** The deliveries of `docs/vendor-protocols.md` §4.4: a session's result, to the tenant's address and to its own. */
export function createWebhooks(parts: {
  url: string | undefined
  tenantId: string
  secret: string
  /** Signs like the older version of the protocol. */
  isOlder: boolean
  retryDelaysInMs?: readonly number[] | undefined
  faultsOf: (session: KoraSession) => Faults
}): Webhooks<KoraSession, void> {
  return createSignedWebhooks({
    retryDelaysInMs: parts.retryDelaysInMs,
    faultsOf: (session) => parts.faultsOf(session).deliveries,
    write(session) {
      const id = `evt_${randomBytes(6).toString('hex')}`
      const body = bodyOf(session, parts.tenantId, id)
      const sign = (fault?: SignatureFault) => signedHeaders(parts, { id, body }, fault)
      return [parts.url, session.callbackUrl].flatMap((url) => (url ? [{ url, body, sign }] : []))
    },
  })
}

/** Signs at the time of each attempt. */
function signedHeaders(
  { secret, isOlder }: { secret: string; isOlder: boolean },
  { id, body }: { id: string; body: string },
  fault: SignatureFault | undefined,
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
