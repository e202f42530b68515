import { afterEach, describe, expect, test, vi } from 'vitest'
import { koraBody, koraHeaders } from '../../src/events/kora-webhook.ts'
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

// docs/vendor-protocols.md §4.1.
const BASE_URL = 'https://api.korastratum.com/api/v1/idv'
const create = (settings: IntegrationSettings = {}, sharedSecrets = [SECRET], at = 1_767_225_610) =>
  createKora(
    {
      vendor: 'kora',
      name: 'default',
      tenant: 'default',
      baseUrl: BASE_URL,
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

describe('the API as it is documented', () => {
  afterEach(() => vi.restoreAllMocks())

  /** Answers each request by its method and address; returns what was sent. */
  function answer(responses: Record<string, unknown>) {
    const sent: { call: string; headers: Headers; body: unknown }[] = []
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
      const call = `${init?.method} ${input}`
      const body = init?.body ? JSON.parse(String(init.body)) : undefined
      sent.push({ call, headers: new Headers(init?.headers), body })
      const response = responses[call]
      if (response === undefined) return new Response(null, { status: 404 })
      return response instanceof Uint8Array
        ? new Response(new Uint8Array(response))
        : Response.json(response)
    })
    return sent
  }
  const VERIFICATION = `${BASE_URL}/verifications/ver_abc123`
  const LINK =
    'https://storage.googleapis.com/koraidv-images/tenant-id/ver_abc123/document_front.jpg?X-Goog-Signature=x'

  test('needs no setting but the tenant, and images come from where it prints', async () => {
    const kora = create({ tenantId: 'tenant-id' })
    const sent = answer({
      [`GET ${VERIFICATION}`]: { id: 'ver_abc123', status: 'verified', imagePersisted: true },
      [`GET ${VERIFICATION}/images`]: {
        images: [
          { type: 'document_front', available: true },
          { type: 'document_back', available: false },
        ],
      },
      [`GET ${VERIFICATION}/images/document_front`]: {
        url: LINK,
        expiresIn: 900,
        imageType: 'document_front',
      },
      [`GET ${LINK}`]: Buffer.from('image'),
    })
    const session = { sessionId: 'ver_abc123', attemptId: undefined, listing: 1 }
    const [media, ...others] = await kora.listMedia(session)
    expect([media?.mediaId, others]).toEqual(['document_front', []])
    const bytes = await kora.download({ sessionId: 'ver_abc123', mediaId: 'document_front' }, 1000)
    expect(Buffer.from(bytes).toString()).toBe('image')
    const [toApi, toStorage] = [sent[0]?.headers, sent.at(-1)?.headers]
    expect(toApi?.get('authorization')).toBe('Bearer live_x')
    expect(toApi?.get('x-tenant-id')).toBe('tenant-id')
    expect([...(toStorage ?? [])]).toEqual([])
  })

  test('an image at another host is refused by the name of that host', async () => {
    answer({ [`GET ${VERIFICATION}/images/selfie`]: { url: 'https://elsewhere.test:8443/x' } })
    const download = create().download({ sessionId: 'ver_abc123', mediaId: 'selfie' }, 1000)
    await expect(download).rejects.toThrow(
      'the image is at elsewhere.test:8443, which the setting imageHosts does not allow',
    )
  })

  test('an approval without times is dated when it is first fetched', async () => {
    const times = { completedAt: '2026-01-15T10:34:10Z', updatedAt: '2026-01-15T10:35:00Z' }
    for (const [given, decidedAt, isUndated] of [
      [{}, undefined, true],
      [{ updatedAt: times.updatedAt }, new Date(times.updatedAt), undefined],
      [times, new Date(times.completedAt), undefined],
    ] as const) {
      answer({ [`GET ${VERIFICATION}`]: { id: 'ver_abc123', status: 'approved', ...given } })
      const [decision] = await create().fetchResult('ver_abc123')
      expect([decision?.decidedAt, decision?.isUndated]).toEqual([decidedAt, isUndated])
    }
    answer({ [`GET ${VERIFICATION}`]: { id: 'ver_abc123', status: 'processing' } })
    expect((await create().fetchResult('ver_abc123'))[0]).toMatchObject({ status: 'pending' })
    expect((await create().fetchResult('ver_abc123'))[0]?.isUndated).toBeUndefined()
  })

  test.each([
    ['https://capture.test/?id=', 'https://capture.test/?id=ver_abc123'],
    [
      'https://capture.test/{sessionId}?back={returnUrl}',
      `https://capture.test/ver_abc123?back=${encodeURIComponent('https://portal.test/callbacks/kora?state=s')}`,
    ],
  ])('a session gets the return address; the page %s becomes %s', async (captureUrl, url) => {
    const sent = answer({ [`POST ${BASE_URL}/verifications`]: { id: 'ver_abc123' } })
    const returnUrl = 'https://portal.test/callbacks/kora?state=s'
    const session = { verificationId: 'our-id', returnUrl, state: 's' }
    const started = await create({ captureUrl }).startSession(session)
    expect(started).toEqual({ sessionId: 'ver_abc123', url })
    expect(sent[0]?.body).toEqual({
      externalId: 'our-id',
      tier: 'standard',
      callbackUrl: returnUrl,
    })
  })

  test.each(['../../alerts', 'ver_1?x=y', '..', 'ver_\0', ''])(
    'a session whose id is "%s" is not started, because nothing could be asked about it',
    async (id) => {
      answer({ [`POST ${BASE_URL}/verifications`]: { id } })
      const session = { verificationId: 'our-id', returnUrl: 'https://portal.test/', state: 's' }
      const kora = create({ captureUrl: 'https://capture.test/{sessionId}' })
      await expect(kora.startSession(session)).rejects.toMatchObject({ name: 'VendorError' })
    },
  )
})

test('settings that are none of Kora’s are refused, each named', () => {
  expect(() => create({ tenantID: 'x' })).toThrow('settings of kora')
  expect(() => create({ authScheme: 'basic' })).toThrow('authScheme')
  expect(() => create({ captureUrl: 'capture.test/{sessionId}' })).toThrow('captureUrl')
})

describe('events in the format of Kora', () => {
  const kind = 'verification.completed'

  test('are signed as the vector is', () => {
    const given = {
      id: '7Qm2',
      kind,
      at: new Date(1_767_225_600_999),
      body: BODY.toString(),
    } as const
    const sign = (secrets: string[], tries: number) =>
      koraHeaders({ ...given, secrets, tries })['X-Signature']
    expect(koraHeaders({ ...given, secrets: [SECRET], tries: 1 })).toEqual({
      'X-Signature': CURRENT,
      'X-Signature-Algorithm': 'sha256',
      'X-Timestamp': TIMESTAMP,
      'X-Webhook-ID': 'evt_7Qm2',
      'X-Event-Type': kind,
    })
    const secrets = ['newer', SECRET]
    expect([1, 2, 3, 4].map((tries) => sign(secrets, tries) === CURRENT)).toEqual([
      ...[false, true, false, true],
    ])
    expect(() => sign([], 1)).toThrow('no secret')
  })

  test.each([
    ['approved', 'verified'],
    ['declined', 'rejected'],
    ['review', 'manual_review'],
    ['expired', 'expired'],
    ['error', 'failed'],
    ['resubmission', undefined],
    ['pending', undefined],
    ['constructor', undefined],
  ])('%s is %s', (status, expected) => {
    const event = {
      id: '1',
      kind,
      verificationId: 'v',
      data: { status },
      occurredAt: new Date(0),
    } as const
    const write = (isReviewed: boolean) => koraBody(event, { tenantId: 'acme', isReviewed })
    const [byVendor, byPeople] = [write(false), write(true)].map(
      (body) => body && JSON.parse(body).data,
    )
    expect(byVendor?.status).toBe(expected)
    expect(byVendor?.decision ?? null).toBe(expected === 'verified' ? 'auto_approve' : null)
    expect(byPeople?.decision ?? null).toBeNull()
    const erased = { ...event, kind: 'verification.erased' } as const
    expect(koraBody(erased, { tenantId: 'acme', isReviewed: false })).toBeUndefined()
  })
})
