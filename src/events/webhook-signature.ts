import { Webhook } from 'standardwebhooks'

/**
 * The headers of Standard Webhooks: HMAC-SHA256 over `id.timestamp.body` under each secret, so that a receiver can change
 * to a new secret at any time. `at` is the time of this attempt.
 */
export function webhookHeaders({
  id,
  at,
  body,
  secrets,
}: {
  id: string
  at: Date
  body: string
  /** `whsec_` and base64. */
  secrets: readonly string[]
}): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(' '),
  }
}
