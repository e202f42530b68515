import { createHash, createHmac, randomUUID } from 'node:crypto'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { inspectImage } from '../../src/id-verification/image.ts'
import type { ReadHeader, Vendor } from '../../src/id-verification/vendors/vendor.ts'
import { createVeriff } from '../../src/id-verification/vendors/veriff.ts'
import { API_KEY, bytesOf, SECRET, vector } from '../support/veriff-vectors.ts'

const create = (
  change: {
    sharedSecrets?: string[]
    legacySignature?: boolean
    requireSignedResponses?: boolean
    baseUrl?: string
  } = {},
) =>
  createVeriff({
    vendor: 'veriff',
    name: 'default',
    tenant: 'default',
    baseUrl: change.baseUrl ?? 'https://veriff.test',
    settings: {
      legacySignature: change.legacySignature ?? false,
      ...(change.requireSignedResponses === undefined
        ? {}
        : { requireSignedResponses: change.requireSignedResponses }),
    },
    secrets: { apiKey: API_KEY, sharedSecrets: change.sharedSecrets ?? [SECRET] },
  })
const veriff = create()
const isGenuine = (vendor: Vendor, body: Uint8Array, header: ReadHeader) =>
  vendor.isGenuine(body, header, async () => false)
const headers =
  (given: Record<string, string>) =>
  (name: string): string | undefined =>
    given[name]
const signed = (signature: string, more: Record<string, string> = {}) =>
  headers({ 'x-auth-client': API_KEY, 'x-hmac-signature': signature, ...more })

describe.each([
  'V-DEC-APPROVED',
  'V-DEC-DECLINED',
  'V-DEC-RESUBMIT',
  'V-DEC-ABANDONED',
  'V-DEC-REVIEW',
  'V-EVT-STARTED',
  'V-EVT-SUBMITTED',
  'V-FULLAUTO',
  'V-RAW-BYTES',
  'V-BIN-JPEG',
  'V-BIN-PNG',
])('%s', (id) => {
  const { expected, bytes } = vector(id)
  const body = bytesOf(id)

  test('is genuine, in upper case too, and under the other name of the header', () => {
    if (bytes) expect(body.length).toBe(bytes)
    expect(isGenuine(veriff, body, signed(expected))).toBe(true)
    expect(isGenuine(veriff, body, signed(expected.toUpperCase()))).toBe(true)
    const alias = headers({ 'vrf-auth-client': API_KEY, 'vrf-hmac-signature': expected })
    expect(isGenuine(veriff, body, alias)).toBe(true)
    expect(isGenuine(veriff, body, signed(expected, { 'vrf-hmac-signature': expected }))).toBe(true)
  })

  test('is refused with one bit flipped, another secret, or a header that is not whole', () => {
    const flipped = Uint8Array.from(body)
    flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1
    expect(isGenuine(veriff, flipped, signed(expected))).toBe(false)
    expect(isGenuine(create({ sharedSecrets: ['other'] }), body, signed(expected))).toBe(false)
    for (const wrong of [
      '',
      expected.slice(1),
      `${expected}0`,
      expected.replace(/^./, 'g'),
      `${expected}, ${expected}`,
    ])
      expect(isGenuine(veriff, body, signed(wrong))).toBe(false)
    expect(
      isGenuine(veriff, body, signed(expected, { 'vrf-hmac-signature': 'f'.repeat(64) })),
    ).toBe(false)
    expect(isGenuine(veriff, body, headers({ 'x-hmac-signature': expected }))).toBe(false)
    expect(isGenuine(veriff, body, headers({ 'x-auth-client': API_KEY }))).toBe(false)
    expect(isGenuine(veriff, body, signed(expected, { 'x-auth-client': 'another-key' }))).toBe(
      false,
    )
  })
})

test('the published example is reproduced', () => {
  const { secret, expected } = vector('V-PUBLIC')
  const public_ = create({ sharedSecrets: [secret] })
  expect(isGenuine(public_, bytesOf('V-PUBLIC'), signed(expected))).toBe(true)
})

test.each([
  [
    'V-GET-SESSION',
    (id: string) => veriff.listMedia({ sessionId: id, attemptId: undefined, listing: 0 }),
  ],
  [
    'V-GET-ATTEMPT',
    (id: string) => veriff.listMedia({ sessionId: 'other', attemptId: id, listing: 0 }),
  ],
  ['V-GET-MEDIA', (id: string) => veriff.download({ sessionId: 'other', mediaId: id }, 1000)],
])('our own request carries the signature of %s', async (id, ask) => {
  const { body = '', expected } = vector(id)
  const asked: Headers[] = []
  vi.stubGlobal('fetch', async (_url: URL, request: { headers: Record<string, string> }) => {
    asked.push(new Headers(request.headers))
    return Response.json({ images: [] })
  })
  try {
    await ask(body)
  } finally {
    vi.unstubAllGlobals()
  }
  expect(asked.map((headers) => headers.get('x-hmac-signature'))).toEqual([expected])
  expect(asked[0]?.get('x-auth-client')).toBe(API_KEY)
})

describe.each([true, false, undefined])('with signed answers required: %s', (required) => {
  const asking = create(required === undefined ? {} : { requireSignedResponses: required })
  const body = Buffer.from('{"images":[]}')
  const hmac = (secret: string, message: Uint8Array = body) =>
    createHmac('sha256', secret).update(message).digest('hex')
  const own = hmac(SECRET)

  /** What each of the calls makes of an answer with these headers: what it resolves to, or why it was refused. */
  async function answered(headers: Record<string, string>, asked = asking) {
    vi.stubGlobal('fetch', async () => new Response(body, { headers }))
    try {
      return await Promise.all(
        [
          asked.download({ sessionId: 'session', mediaId: 'media' }, 1000),
          asked.listMedia({ sessionId: 'session', attemptId: undefined, listing: 0 }),
        ].map((call) =>
          call.then(
            () => 'accepted',
            (error: Error) => error.message,
          ),
        ),
      )
    } finally {
      vi.unstubAllGlobals()
    }
  }
  const accepted = ['accepted', 'accepted']
  const refused = Array<string>(2).fill('the answer is not signed by the vendor')

  test('an answer that the vendor signed is taken, under either name of the header', async () => {
    expect(await answered({ 'x-hmac-signature': own })).toEqual(accepted)
    expect(await answered({ 'vrf-hmac-signature': own })).toEqual(accepted)
    const both = { 'x-hmac-signature': own, 'vrf-hmac-signature': own }
    expect(await answered(both)).toEqual(accepted)
  })

  test.each<[string, Record<string, string>]>([
    ['of another secret', { 'x-hmac-signature': hmac('other') }],
    ['of other bytes', { 'x-hmac-signature': hmac(SECRET, Buffer.from('{"images": []}')) }],
    ['that is cut short', { 'x-hmac-signature': own.slice(2) }],
    ['that is empty', { 'x-hmac-signature': '' }],
    ['of another secret, under the other name', { 'vrf-hmac-signature': hmac('other') }],
    [
      'that differs from its alias',
      { 'x-hmac-signature': own, 'vrf-hmac-signature': 'f'.repeat(64) },
    ],
  ])('an answer with a signature %s is refused', async (_what, headers) => {
    expect(await answered(headers)).toEqual(refused)
  })

  test('an answer without a signature is refused only where one is required', async () => {
    expect(await answered({})).toEqual(required ? refused : accepted)
  })

  test('an answer signed with the secret that is being replaced is taken', async () => {
    const both = create({
      sharedSecrets: ['the new one', SECRET],
      ...(required === undefined ? {} : { requireSignedResponses: required }),
    })
    expect(await answered({ 'x-hmac-signature': own }, both)).toEqual(accepted)
  })
})

test('the same JSON in other bytes is not what was signed', () => {
  expect(vector('V-RAW-BYTES-NEG').expected).not.toBe(vector('V-RAW-BYTES').expected)
  expect(
    isGenuine(veriff, bytesOf('V-RAW-BYTES-NEG'), signed(vector('V-RAW-BYTES').expected)),
  ).toBe(false)
})

test('the legacy signature counts only where it is switched on', () => {
  const legacy = headers({
    'x-auth-client': API_KEY,
    'x-signature': vector('V-LEGACY').expected,
  })
  expect(isGenuine(veriff, bytesOf('V-LEGACY'), legacy)).toBe(false)
  expect(isGenuine(create({ legacySignature: true }), bytesOf('V-LEGACY'), legacy)).toBe(true)
})

test('while a secret is replaced, the old and the new one are both good', () => {
  const both = create({ sharedSecrets: ['the new one', SECRET] })
  const body = bytesOf('V-DEC-APPROVED')
  const anew = createHmac('sha256', 'the new one').update(body).digest('hex')
  expect(isGenuine(both, body, signed(anew))).toBe(true)
  expect(isGenuine(both, body, signed(vector('V-DEC-APPROVED').expected))).toBe(true)
})

test('the sample images are what their digests say, and are known by their bytes', () => {
  for (const [id, kind] of [
    ['V-BIN-JPEG', 'jpeg'],
    ['V-BIN-PNG', 'png'],
  ] as const) {
    const body = bytesOf(id)
    expect(createHash('sha256').update(body).digest('hex')).toBe(vector(id).sha256)
    expect(inspectImage(body)).toMatchObject({ kind })
  }
})

describe('a delivery is read', () => {
  const session = 'f3a1c2d4-5b6e-4f70-8a91-b2c3d4e5f607'
  test.each([
    ['V-DEC-APPROVED', 'approved', '2026-01-15T10:34:12.481Z'],
    ['V-DEC-DECLINED', 'declined', '2026-01-15T10:35:00.000Z'],
    ['V-DEC-RESUBMIT', 'resubmission', '2026-01-15T10:32:00.000Z'],
    ['V-DEC-ABANDONED', 'expired', '2026-01-22T10:30:00.000Z'],
    ['V-DEC-REVIEW', 'review', '2026-01-15T10:33:00.000Z'],
    ['V-FULLAUTO', 'approved', '2026-01-15T10:30:41.000Z'],
    ['V-EVT-STARTED', 'pending', undefined],
    ['V-EVT-SUBMITTED', 'pending', undefined],
  ])('%s as %s', (id, status, decidedAt) => {
    const reading = veriff.read(bytesOf(id))
    expect(reading).toMatchObject({
      kind: 'decision',
      sessionId: session,
      status,
      echoed: 'usr_01HZX3K9QF',
    })
    if (reading.kind === 'decision') expect(reading.decidedAt?.toISOString()).toBe(decidedAt)
  })

  test.each([
    ['not JSON', 'x'],
    ['an array', '[]'],
    ['null', 'null'],
    ['a number too large', '1e999999'],
    ['nested a hundred thousand deep', '['.repeat(100_000)],
    ['an empty object', '{}'],
    ['a status that is not known', '{"verification":{"id":"x","status":"weird"}}'],
    ['a status that every object has', '{"verification":{"id":"x","status":"constructor"}}'],
    ['a __proto__ member', '{"__proto__":{"verification":{"id":"x","status":"approved"}}}'],
    ['a decision without an id', '{"verification":{"status":"approved"}}'],
    ['an event that is not known', '{"id":"x","action":"danced","code":7999}'],
  ])('as unknown, and never thrown at: %s', (_what, body) => {
    expect(veriff.read(Buffer.from(body)).kind).toBe('unknown')
  })

  test.each([
    ['created', 'pending'],
    ['started', 'pending'],
    ['submitted', 'pending'],
    ['approved', 'approved'],
    ['declined', 'declined'],
    ['resubmission_requested', 'resubmission'],
    ['review', 'review'],
    ['expired', 'expired'],
    ['abandoned', 'expired'],
  ])('with the status %s as %s, and with its reason', (status, read) => {
    const decision = { verification: { id: 'x', status, reason: 'blurred' } }
    expect(veriff.read(Buffer.from(JSON.stringify(decision)))).toMatchObject({
      status: read,
      reason: 'blurred',
      documentType: undefined,
    })
  })

  test.each([
    ['PASSPORT', 'passport'],
    ['ID_CARD', 'national_id'],
    ['DRIVERS_LICENSE', 'drivers_license'],
    ['RESIDENCE_PERMIT', 'residence_permit'],
    ['VISA', 'visa'],
    ['LIBRARY_CARD', 'other'],
  ])('with a document of type %s as %s', (type, documentType) => {
    const decision = { verification: { id: 'x', status: 'approved', document: { type } } }
    expect(veriff.read(Buffer.from(JSON.stringify(decision)))).toMatchObject({ documentType })
  })

  test('as unknown when it is not UTF-8', () => {
    expect(veriff.read(Buffer.from([0x7b, 0xff, 0x7d])).kind).toBe('unknown')
  })
})

test.each([
  ['https://portal.test/callbacks/veriff?state=s', 'https://stationapi.veriff.com', true],
  ['http://localhost:3000/callbacks/veriff?state=s', 'http://127.0.0.1:4000', true],
  // Veriff refuses the whole session then.
  ['http://localhost:3000/callbacks/veriff?state=s', 'https://stationapi.veriff.com', false],
])('a session gets the return address %s at %s: %s', async (returnUrl, baseUrl, isSent) => {
  const sent: unknown[] = []
  vi.stubGlobal('fetch', async (_url: URL, request: RequestInit) => {
    sent.push(JSON.parse(String(request.body)))
    return Response.json({ verification: { id: randomUUID(), url: 'https://veriff.test/v/x' } })
  })
  onTestFinished(() => void vi.unstubAllGlobals())
  await create({ baseUrl }).startSession({ verificationId: 'our-id', returnUrl, state: 's' })
  const callback = isSent ? { callback: returnUrl } : {}
  expect(sent).toEqual([{ verification: { vendorData: 'our-id', ...callback } }])
})
