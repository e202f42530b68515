import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Detail, readDetail, storeDetail } from '../../src/ledger/details.ts'
import { describeEntry } from '../../src/portal/activity-words.ts'
import { LANGUAGES, LOCALES } from '../../src/web/texts/languages.ts'

const images = [{ id: '6f1d8f0a-54c5-4d6f-9b8b-0c8f7c1e2a33', type: 'selfie', sha256: 'ab' }]

/** One of each; a detail that is missing here does not compile. */
const DETAILS: { [What in Detail['what']]: Extract<Detail, { what: What }>[] } = {
  'id-verification': [
    { what: 'id-verification', images },
    { what: 'id-verification', images: [] },
  ],
  'image-metadata': [{ what: 'image-metadata', images }],
  nothing: [{ what: 'nothing' }],
  'natural-person': [{ what: 'natural-person' }],
  residency: [{ what: 'residency' }],
  'verification-status': [{ what: 'verification-status' }],
  'age-over': [{ what: 'age-over', age: 18 }],
  claims: [
    { what: 'claims', names: ['name', 'email'], images: [] },
    { what: 'claims', names: ['verified_claims'], images },
  ],
  event: [{ what: 'event', event: 'verification.approved' }],
  'tenant-read': (
    [
      'verification',
      'verifications',
      'result',
      'started verification',
      'subject',
      'subjects',
      'alerts',
    ] as const
  ).map((of) => ({ what: 'tenant-read', of })),
  review: [
    { what: 'review', decision: 'approved' },
    { what: 'review', decision: 'declined' },
  ],
  'operator-read': (
    ['resident', 'verification', 'delivery', 'event', 'ledger', 'alert', 'case'] as const
  ).map((of) => ({ what: 'operator-read', of })),
  'alert-resolution': [{ what: 'alert-resolution' }],
  'alert-end': [{ what: 'alert-end' }],
  export: [{ what: 'export' }],
  'own-export': [{ what: 'own-export' }],
  refusal: [{ what: 'refusal' }],
  'verification-erasure': (['retention', 'resident', 'operator', 'tenant'] as const).map(
    (reason) => ({ what: 'verification-erasure', reason }),
  ),
  'account-erasure': [{ what: 'account-erasure' }],
  'subject-erasure': [{ what: 'subject-erasure' }],
  link: (['linked', 'ended'] as const).map((change) => ({ what: 'link', change })),
  trust: (['trusted', 'not trusted'] as const).map((change) => ({ what: 'trust', change })),
  'operator-change': [{ what: 'operator-change', of: 'second factors removed' }],
  'operator-review': (['accepted', 'rejected'] as const).map((decision) => ({
    what: 'operator-review',
    decision,
    reasonDigest: 'Zm9v-YmFy_'.padEnd(43, 'A'),
  })),
  'operator-review-in-words': (['accepted', 'rejected'] as const).map((decision) => ({
    what: 'operator-review-in-words',
    decision,
    reason: 'married name: certificate seen',
  })),
}

test('what is stored is read again as the same detail', () => {
  for (const detail of Object.values(DETAILS).flat())
    expect(
      readDetail(storeDetail(detail)),
      `readDetail reads what storeDetail writes of ${detail.what}`,
    ).toEqual(detail)
})

test('rows from before the union are read: their columns are what is still stored today', () => {
  const rows: [string, string, Detail][] = [
    ['disclosure', 'shown', { what: 'id-verification', images: [] }],
    ['disclosure', 'nothing', { what: 'nothing' }],
    ['disclosure', 'residency', { what: 'residency' }],
    ['disclosure', 'status', { what: 'verification-status' }],
    ['disclosure', 'age over 21', { what: 'age-over', age: 21 }],
    ['disclosure', 'claims: name, email', { what: 'claims', names: ['name', 'email'], images: [] }],
    [
      'disclosure',
      'event: verification.replaced',
      { what: 'event', event: 'verification.replaced' },
    ],
    ['refusal', 'missing_scopes', { what: 'refusal' }],
    ['tenant-look', 'verifications', { what: 'tenant-read', of: 'verifications' }],
    ['operator-look', 'resident', { what: 'operator-read', of: 'resident' }],
    ['review', 'declined', { what: 'review', decision: 'declined' }],
    [
      'review',
      'accepted: seen, reason given',
      { what: 'operator-review-in-words', decision: 'accepted', reason: 'seen, reason given' },
    ],
    ['export', 'archive', { what: 'export' }],
    ['erasure', 'tenant', { what: 'verification-erasure', reason: 'tenant' }],
    ['erasure', 'account', { what: 'account-erasure' }],
  ]
  for (const [kind, result, detail] of rows) {
    expect(readDetail({ kind, result })).toEqual(detail)
    expect(storeDetail(detail)).toMatchObject({ kind, result })
  }
})

test('any other row is read as unrecognized, and every row has words on the page', () => {
  const kinds = ['disclosure', 'refusal', 'operator-look', 'tenant-look', 'review', 'erasure', 'x']
  fc.assert(
    fc.property(fc.constantFrom(...kinds), fc.string(), (kind, result) => {
      const { what } = readDetail({ kind, result })
      const known = Object.hasOwn(DETAILS, what)
      expect(known || what === 'unrecognized').toBe(true)
    }),
  )
  for (const constructorName of ['constructor', '__proto__', 'toString'])
    expect(readDetail({ kind: 'tenant-look', result: constructorName }).what).toBe('unrecognized')
  const rows = [
    ...Object.values(DETAILS).flat().map(storeDetail),
    { kind: 'disclosure' as const, result: 'of another time', images: [] },
  ]
  for (const row of rows) {
    const entry = {
      ...row,
      id: '1',
      at: new Date(0),
      requestId: null,
      clientId: null,
      accountId: null,
      verificationId: null,
      scope: null,
      purpose: null,
      index: null,
      who: 'Bluewater Bank',
      documentType: 'passport',
    }
    for (const locale of LOCALES) {
      const words = String(describeEntry(LANGUAGES[locale], entry)).replaceAll(/<\/?strong>/g, '')
      expect(words).toMatch(/^[A-Z].{8,}\.$/)
      expect(words).not.toMatch(/undefined|\[object|[a-z]-[a-z]+\.$/)
    }
  }
})
