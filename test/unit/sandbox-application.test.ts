import { expect, test } from 'vitest'
import type { IdVerification } from '../../clients/typescript/index.ts'
import { accountPage, failurePage, welcomePage } from '../../src/local/sandbox/application-page.ts'

const tokens = {
  expiresAt: Date.parse('2026-01-15T11:00:00Z'),
  scope: 'openid',
  subject: 'resident-1',
  hasRefreshToken: true,
}
const page = {
  ending: undefined,
  version: 1,
  issuer: 'http://localhost:3000',
  now: new Date('2026-01-15T10:30:00Z'),
}
const verification: IdVerification = {
  id: '0e6f1c56-3a8b-4f5e-8a77-2f1d9c0b7a11',
  type: 'veriff',
  documentType: 'national_id',
  date: '2026-01-15T10:30:00.000Z',
  status: 'approved',
  documents: {
    documentFront: 'https://bucket.test/front.jpg?X-Amz-Signature=letmein',
    documentBack: null,
    face: null,
  },
}

test('the page shows the answer and the pictures, and no signature of a link', async () => {
  const shown = String(
    await accountPage({
      tokens,
      answer: { status: 200, body: verification, challenge: undefined, verification },
      images: [{ name: 'documentFront', contentType: 'image/jpeg', size: 1_000, sha256: 'abc123' }],
      failures: [],
      events: [{ type: 'consent.changed', at: '2026-01-15T10:20:00.000Z' }],
      notice: undefined,
      ...page,
    }),
  )
  expect(shown).toContain('Your identity is confirmed')
  expect(shown).toContain('image/jpeg, 1,000 bytes')
  expect(shown).toContain('SHA-256 abc123')
  expect(shown).toContain('https://bucket.test/front.jpg?…')
  expect(shown).toContain('valid for 30 more minutes')
  expect(shown).toContain('2026-01-15 10:20:00 UTC')
  expect(shown).not.toContain('letmein')
})

test('the page names the photos that the resident kept, and does not wait for them', async () => {
  const documents = { documentFront: null, documentBack: null, face: null }
  const body = { ...verification, documents, withheld: ['documentFront', 'face'] }
  const render = async (given: object) =>
    String(
      await accountPage({
        tokens,
        answer: { status: 200, body: given, challenge: undefined, verification },
        images: [],
        failures: [],
        events: [],
        notice: undefined,
        ...page,
      }),
    )
  const shown = await render(body)
  expect(shown).toContain('You decided not to show us: Document, front; Face.')
  expect(shown).not.toContain('not stored there yet')
  expect(await render({ ...body, withheld: undefined })).toContain('not stored there yet')
})

test('the page tells a refusal as it came', async () => {
  const shown = String(
    await accountPage({
      tokens: { ...tokens, hasRefreshToken: false },
      answer: {
        status: 401,
        body: { error: 'invalid_token' },
        challenge: 'Bearer error="invalid_token"',
        verification: undefined,
      },
      images: [],
      failures: [],
      events: [{ type: 'consent.changed', at: '2026-01-15T10:20:00.000Z' }],
      notice: undefined,
      ...page,
    }),
  )
  expect(shown).toContain('Our access has expired')
  expect(shown).toContain('WWW-Authenticate: Bearer error=&quot;invalid_token&quot;')
  expect(shown).toContain('&quot;error&quot;: &quot;invalid_token&quot;')
  expect(shown).not.toContain('action="/refresh"')
})

test('what the portal says is escaped', async () => {
  const hostile = '<script>alert(1)</script>'
  const pages = [
    accountPage({
      tokens: { ...tokens, subject: hostile, scope: hostile },
      answer: {
        status: 200,
        body: { hostile },
        challenge: hostile,
        verification: { ...verification, id: hostile, type: hostile as never },
      },
      images: [],
      failures: [hostile],
      events: [{ type: hostile, at: hostile }],
      notice: { tone: 'bad', text: hostile },
      ...page,
    }),
    failurePage({ title: hostile, text: hostile }),
    welcomePage({ issuer: 'http://localhost:3000', notice: { tone: 'bad', text: hostile } }),
  ]
  for (const each of await Promise.all(pages)) expect(String(each)).not.toContain('<script>')
})
