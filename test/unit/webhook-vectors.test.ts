import { afterEach, expect, test, vi } from 'vitest'
import { verifyWebhook } from '../../clients/typescript/index.ts'
import given from '../../clients/webhook-vectors.json' with { type: 'json' }
import { webhookHeaders } from '../../src/events/webhook-signature.ts'

/* The same file that the Python client is tested with. */

const { secret, vectors } = given
afterEach(() => vi.useRealTimers())

test.each(vectors)('$name: valid $valid', ({ now, body, headers, valid }) => {
  vi.useFakeTimers({ now: now * 1000, toFake: ['Date'] })
  const sent = headers as Record<string, string>
  const forms = [
    () => verifyWebhook(body, sent, secret),
    () => verifyWebhook(new TextEncoder().encode(body), new Headers(sent), secret),
  ]
  for (const verify of forms)
    if (valid) expect(verify()).toEqual({ id: headers['webhook-id'], ...JSON.parse(body) })
    else expect(verify).toThrow()
})

test('the portal signs as the vectors do', () => {
  const [first] = vectors
  const [id, at] = [first?.headers['webhook-id'] ?? '', new Date((first?.now ?? 0) * 1000)]
  expect(webhookHeaders({ id, at, body: first?.body ?? '', secrets: [secret] })).toEqual(
    first?.headers,
  )
})
