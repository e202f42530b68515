import { createHmac, randomBytes } from 'node:crypto'
import { type Faults, type StripeSession, toApiSession } from './stripe-sessions.ts'
import { createSignedWebhooks, type Webhooks } from './webhooks.ts'

export type EventName =
  | 'created'
  | 'processing'
  | 'verified'
  | 'requires_input'
  | 'canceled'
  | 'redacted'

type SignatureFault = NonNullable<NonNullable<Faults['deliveries']>['signature']>

/** The deliveries of `docs/vendor-protocols.md` §11.3, signed with each of the endpoint's secrets, at the time of each attempt. */
export function createWebhooks(parts: {
  url: string | undefined
  /** Two while the endpoint's secret is rolled. */
  secrets: () => readonly string[]
  origin: () => string
  retryDelaysInMs?: readonly number[] | undefined
  faultsOf: (session: StripeSession) => Faults
}): Webhooks<StripeSession, EventName> {
  const { url } = parts
  return createSignedWebhooks<StripeSession, EventName, SignatureFault>({
    retryDelaysInMs: parts.retryDelaysInMs,
    faultsOf: (session) => parts.faultsOf(session).deliveries,
    write(session, event) {
      if (!url) return []
      const body = bodyOf(session, event, parts.origin())
      return [{ url, body, sign: (fault) => sign(body, parts.secrets(), fault) }]
    },
  })
}

function sign(
  body: string,
  secrets: readonly string[],
  fault: SignatureFault | undefined,
): Record<string, string> {
  if (fault === 'missing') return {}
  const time = Math.floor(Date.now() / 1000) - (fault === 'stale' ? 3600 : 0)
  const keys = fault === 'wrong' ? ['another secret'] : secrets
  const hmac = (key: string) => createHmac('sha256', key).update(`${time}.${body}`).digest('hex')
  const signatures = keys.map((key) => `v1=${hmac(key)}`)
  // In test mode the vendor adds a signature of a scheme that means nothing.
  return {
    'Stripe-Signature': [`t=${time}`, ...signatures, `v0=${hmac('test mode')}`].join(','),
  }
}

function bodyOf(session: StripeSession, event: EventName, origin: string): string {
  return JSON.stringify({
    id: `evt_${randomBytes(12).toString('hex')}`,
    object: 'event',
    api_version: '2026-10-28.endive',
    created: Math.floor(Date.now() / 1000),
    data: { object: toApiSession(session, origin) },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type: `identity.verification_session.${event}`,
  })
}
