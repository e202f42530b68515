import { createHmac } from 'node:crypto'

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
  const timestamp = String(Math.floor(at.getTime() / 1000))
  const sign = (secret: string) =>
    createHmac('sha256', Buffer.from(secret.replace(/^whsec_/, ''), 'base64'))
      .update(`${id}.${timestamp}.${body}`)
      .digest('base64')
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': secrets.map((secret) => `v1,${sign(secret)}`).join(' '),
  }
}
