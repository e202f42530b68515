import { Webhook } from 'standardwebhooks'

type Verification = { sub?: string; verification_id?: string; images_complete: boolean }
type Erasure = { sub?: string; verification_id?: string; answer_uri: string }
type Kinds = {
  'verification.approved': Verification
  'verification.images-ready': Verification
  'verification.replaced': Verification & { previous_verification_id?: string }
  'verification.withdrawn': Omit<Verification, 'images_complete'>
  'verification.document-expired': Omit<Verification, 'images_complete'>
  'verification.erased': Erasure
  'verification.completed': {
    verification_id: string
    externalId: string | null
    subjectId: string | null
    status: 'approved' | 'declined' | 'resubmission' | 'review' | 'expired' | 'error'
    tier: string
    imagePersisted: boolean
  }
  'consent.changed': { sub: string; scopes: string[]; withheld_images?: string[] }
  'consent.revoked': { sub: string }
  'resident.erased': Erasure
  test: Record<string, unknown>
}

/** What the portal tells an application. Ignore an unknown `type`: there will be more. */
export type PortalEvent = {
  [Type in keyof Kinds]: {
    /** The same when it is sent again: handle each once. */
    id: string
    type: Type
    /** When it happened. */
    timestamp: string
    data: Kinds[Type]
  }
}[keyof Kinds]

/**
 * Verifies a webhook (Standard Webhooks) and returns its event. `body` is what arrived, byte for byte, before anything parsed it. Throws when the signature
 * is not by `secret`, or older than five minutes.
 */
export function verifyWebhook(
  body: string | Uint8Array,
  headers: Headers | Record<string, string | string[] | undefined>,
  secret: string,
): PortalEvent {
  const entries = headers instanceof Headers ? [...headers] : Object.entries(headers)
  const given = Object.fromEntries(entries.map(([name, value]) => [name, String(value ?? '')]))
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body)
  const event = new Webhook(secret).verify(text, given) as Omit<PortalEvent, 'id'>
  const id = Object.entries(given).find(([name]) => name.toLowerCase() === 'webhook-id')?.[1]
  return { ...event, id } as PortalEvent
}
