import { createHmac, randomBytes } from 'node:crypto'
import { type Faults, reviewResult, type SumsubSession, writtenTime } from './sumsub-sessions.ts'
import { createSignedWebhooks, type Webhooks } from './webhooks.ts'

export type EventType =
  | 'applicantCreated'
  | 'applicantPending'
  | 'applicantReviewed'
  | 'applicantOnHold'
  | 'applicantReset'
  | 'applicantDeleted'

const HASHES = { HMAC_SHA1_HEX: 'sha1', HMAC_SHA256_HEX: 'sha256', HMAC_SHA512_HEX: 'sha512' }
export type SignatureAlgorithm = keyof typeof HASHES

/** The deliveries of `docs/vendor-protocols.md` §10.3, signed with the webhook's own secret. */
export function createWebhooks(parts: {
  url: string | undefined
  secret: string
  algorithm?: SignatureAlgorithm | undefined
  retryDelaysInMs?: readonly number[] | undefined
  faultsOf: (session: SumsubSession) => Faults
}): Webhooks<SumsubSession, EventType> {
  const { url, algorithm = 'HMAC_SHA256_HEX' } = parts
  return createSignedWebhooks<SumsubSession, EventType, 'wrong' | 'missing'>({
    retryDelaysInMs: parts.retryDelaysInMs,
    faultsOf: (session) => parts.faultsOf(session).deliveries,
    write(session, type) {
      if (!url) return []
      const body = bodyOf(session, type)
      return [{ url, body, sign }]

      function sign(fault: 'wrong' | 'missing' | undefined): Record<string, string> {
        if (fault === 'missing') return {}
        const key = fault === 'wrong' ? 'another secret' : parts.secret
        return {
          'X-Payload-Digest-Alg': algorithm,
          'X-Payload-Digest': createHmac(HASHES[algorithm], key).update(body).digest('hex'),
        }
      }
    },
  })
}

function bodyOf(session: SumsubSession, type: EventType): string {
  const now = new Date()
  return JSON.stringify({
    applicantId: session.id,
    inspectionId: session.inspectionId,
    applicantType: 'individual',
    correlationId: randomBytes(16).toString('hex'),
    levelName: session.levelName,
    sandboxMode: true,
    externalUserId: session.externalUserId,
    type,
    ...(type === 'applicantReviewed' ? { reviewResult: reviewResult(session) } : {}),
    reviewStatus: type === 'applicantPending' ? 'pending' : session.reviewStatus,
    createdAt: writtenTime(now),
    createdAtMs: now.toISOString().slice(0, 23).replace('T', ' '),
    clientId: 'sandbox',
  })
}
