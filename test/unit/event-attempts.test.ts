import { randomBytes, randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { sealExchange } from '../../src/events/attempts.ts'
import { createSealer } from '../../src/platform/secrets.ts'

const sealer = createSealer([randomBytes(32)])
const id = randomUUID()

/** What is kept of an attempt. */
function keep(
  event: Partial<Parameters<typeof sealExchange>[1]>,
  exchange: Parameters<typeof sealExchange>[2],
) {
  const sealed = sealExchange(sealer, { id, kind: 'test', delivery: 'webhook', ...event }, exchange)
  return JSON.parse(sealer.open(sealed, `event attempt ${id}`))
}

test('the beginnings of what was sent and of the answer are kept', () => {
  expect(keep({}, { sent: '{}', answer: null })).toEqual({ sent: '{}', answer: null })
  const long = keep({}, { sent: 'a'.repeat(3_000), answer: 'b'.repeat(3_000) })
  expect(long).toEqual({ sent: `${'a'.repeat(2_000)}…`, answer: `${'b'.repeat(1_000)}…` })
})

test('of a Security Event Token its claims are kept, without the signature', () => {
  const claims = '{"jti":"5f0f"}'
  const token = `e30.${Buffer.from(claims).toString('base64url')}.c2lnbmF0dXJl`
  expect(keep({ delivery: 'push' }, { sent: token, answer: '' }).sent).toBe(claims)
})

test("nothing is kept of what has a tenant's own ids of people", () => {
  const sent = '{"data":{"externalId":"customer-4711"}}'
  expect(keep({ kind: 'verification.completed' }, { sent, answer: 'ok' })).toEqual({
    sent: null,
    answer: 'ok',
  })
})
