import { describe, expect, test } from 'vitest'
import { createKora } from '../../src/id-verification/vendors/kora.ts'
import type { IntegrationSettings } from '../../src/id-verification/vendors/vendor.ts'

const SECRET = 'kora_test_webhook_secret_5f2a9c'
// docs/vendor-protocols.md §8, K-V1 and K-V2.
const BODY = Buffer.from(
  '{"id":"evt_7Qm2","eventType":"verification.completed","resourceType":"verification","resourceId":"ver_abc123","tenantId":"2f6c1d1e-7a44-4f0e-9d2b-3b8a0c5e6f71","timestamp":"2026-01-01T00:00:00Z","data":{"verificationId":"ver_abc123","externalId":"usr_01HZX3K9QF","status":"verified","decision":"auto_approve","decisionReason":null,"overallScore":94.2}}',
)
const TIMESTAMP = '1767225600'
const CURRENT = 'e7f26b55f907bf322c1654696a4bfcd46d1de70881fe3273da44b3064874e8da'
const OLDER = '8550184a5e58f85fdd0c7a1d4bd7f97cfc4f6c608c19b5cade737219fe8c62ca'

const create = (settings: IntegrationSettings = {}, sharedSecrets = [SECRET], at = 1_767_225_610) =>
  createKora(
    {
      vendor: 'kora',
      name: 'default',
      tenant: 'default',
      baseUrl: 'https://kora.test/api/v1/idv',
      settings,
      secrets: { apiKey: 'live_x', sharedSecrets },
    },
    () => at * 1000,
  )
const isGenuine = (headers: Record<string, string>, body: Uint8Array = BODY, vendor = create()) =>
  vendor.isGenuine(
    body,
    (name) => headers[name],
    async () => false,
  )
const current = { 'x-signature': CURRENT, 'x-timestamp': TIMESTAMP }

describe('the current generation', () => {
  test('is genuine by the vector, in upper case, with a prefix, and with any live secret', () => {
    expect(BODY).toHaveLength(352)
    expect(isGenuine(current)).toBe(true)
    expect(isGenuine({ ...current, 'x-signature': CURRENT.toUpperCase() })).toBe(true)
    expect(isGenuine({ ...current, 'x-signature': `sha256=${CURRENT}` })).toBe(true)
    expect(isGenuine({ ...current, 'x-signature-algorithm': 'sha256' })).toBe(true)
    expect(isGenuine(current, BODY, create({}, ['newer', SECRET]))).toBe(true)
  })

  test.each([
    ['another secret', current, create({}, ['other'])],
    ['a time that is altered', { ...current, 'x-timestamp': '1767225601' }, create()],
    ['a time that is long gone', current, create({}, [SECRET], 1_767_225_600 + 301)],
    ['a time to come', current, create({}, [SECRET], 1_767_225_600 - 301)],
    ['no time', { 'x-signature': CURRENT }, create()],
    ['no signature', { 'x-timestamp': TIMESTAMP }, create()],
    ['another algorithm', { ...current, 'x-signature-algorithm': 'sha1' }, create()],
    ['a short signature', { ...current, 'x-signature': CURRENT.slice(1) }, create()],
    ['nothing', {}, create()],
  ])('is not genuine with %s', (_what, headers, vendor) => {
    expect(isGenuine(headers as Record<string, string>, BODY, vendor)).toBe(false)
  })

  test('is of these bytes and no others', () => {
    const flipped = Buffer.from(BODY)
    flipped[10] = (flipped[10] ?? 0) ^ 1
    expect(isGenuine(current, flipped)).toBe(false)
  })
})

describe('the older generation', () => {
  const older = { 'x-kora-signature': OLDER }
  const allowed = create({ legacySignature: true })

  test('is taken only where the operator said so', () => {
    expect(isGenuine(older)).toBe(false)
    expect(isGenuine(older, BODY, allowed)).toBe(true)
  })

  test('is no way around the time of the current one', () => {
    expect(isGenuine({ ...older, 'x-timestamp': TIMESTAMP }, BODY, allowed)).toBe(false)
    expect(isGenuine({ ...older, 'x-signature': 'f'.repeat(64) }, BODY, allowed)).toBe(false)
    const stale = create({ legacySignature: true }, [SECRET], 1_767_999_999)
    expect(isGenuine({ ...older, ...current }, BODY, stale)).toBe(false)
  })
})

describe('a delivery', () => {
  const read = (json: unknown) => create().read(Buffer.from(JSON.stringify(json)))

  test('is a notice about a verification, whatever it says of it, in either case of keys', () => {
    const notice = { kind: 'notice', sessionId: 'ver_abc123', echoed: 'usr_01HZX3K9QF' }
    expect(create().read(BODY)).toMatchObject(notice)
    expect(
      read({
        event_type: 'verification.approved',
        resource_type: 'verification',
        resource_id: 'ver_abc123',
        data: { external_id: 'usr_01HZX3K9QF', status: 'verified' },
      }),
    ).toMatchObject(notice)
  })

  test('about something else is kept and ignored; one that says nothing is kept for the operator', () => {
    expect(read({ resourceType: 'alert', resourceId: 'x' }).kind).toBe('ignored')
    for (const json of [{}, [], null, 5, { resourceType: 'verification' }])
      expect(read(json).kind).toBe('unknown')
    expect(create().read(Buffer.from('{')).kind).toBe('unknown')
  })
})

test('settings that are none of Kora’s are refused, each named', () => {
  expect(() => create({ tenantID: 'x' })).toThrow('settings of kora')
  expect(() => create({ authScheme: 'basic' })).toThrow('authScheme')
})
