import { createHmac } from 'node:crypto'
import type { EventKind, PortalEvent } from './events.ts'

/* Events as Kora sends them to its own customers (`docs/vendor-protocols.md` §4.4, the current generation). */

/** The one event whose name Kora publishes. Nothing else is sent in its format. */
export const KORA_KINDS: readonly EventKind[] = ['verification.completed']

/** Kora's words for ours. A status that it has no word for is not sent. */
const STATUSES = new Map([
  ['approved', 'verified'],
  ['declined', 'rejected'],
  ['review', 'manual_review'],
  ['expired', 'expired'],
  ['error', 'failed'],
])

/** The body of an event; `undefined` for one that Kora has no words for. `isReviewed`: people have approved the verification. */
export function koraBody(
  { id, kind, verificationId, data, occurredAt }: Omit<PortalEvent, 'accountId' | 'clientId'>,
  { tenantId, isReviewed }: { tenantId: string; isReviewed: boolean },
): string | undefined {
  const status = STATUSES.get(String(data.status))
  if (!KORA_KINDS.includes(kind) || !status) return undefined
  return JSON.stringify({
    id: koraId(id),
    eventType: kind,
    resourceType: 'verification',
    resourceId: verificationId,
    tenantId,
    timestamp: occurredAt.toISOString(),
    data: {
      verificationId,
      externalId: data.externalId,
      status,
      // The one decision whose name is published, which is not what people decided.
      decision: status === 'verified' && !isReviewed ? 'auto_approve' : null,
      decisionReason: null,
      overallScore: null,
      tier: data.tier,
      imagePersisted: data.imagePersisted,
    },
  })
}

/**
 * The headers of an attempt at `at`: HMAC-SHA256 over `timestamp.body`, under the text of a secret. The header has room for one signature,
 * so that of several secrets, the newest first, each attempt takes the next one.
 */
export function koraHeaders({
  id,
  kind,
  at,
  body,
  secrets,
  tries,
}: {
  id: string
  kind: EventKind
  at: Date
  body: string
  secrets: readonly string[]
  /** Of this event, with the present one. */
  tries: number
}): Record<string, string> {
  const secret = secrets[(tries - 1) % secrets.length]
  if (secret === undefined) throw new Error('the stream has no secret')
  const timestamp = String(Math.floor(at.getTime() / 1000))
  return {
    'X-Signature': createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex'),
    'X-Signature-Algorithm': 'sha256',
    'X-Timestamp': timestamp,
    'X-Webhook-ID': koraId(id),
    'X-Event-Type': kind,
  }
}

const koraId = (id: string) => `evt_${id}`
