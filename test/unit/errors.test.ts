import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { errors } from 'oidc-provider'
import { expect, test } from 'vitest'
import { openApiDocument } from '../../src/api/openapi.ts'
import { ERRORS } from '../../src/reference/errors.ts'
import { anchorOf } from '../../src/web/error-uri.ts'

const root = new URL('../../src/', import.meta.url).pathname
const known = ERRORS.map(({ code }) => code)
const withoutEntry = (codes: Iterable<string>) =>
  [...new Set([...codes].map(anchorOf))].filter((code) => !known.includes(code)).sort()

/** Their errors are pages for residents and developers, whose text is all that there is to say. */
const PAGES = ['accounts', 'consents', 'developers', 'local', 'portal']
/** Of pages in the other folders. */
const OF_PAGES = ['invalid_client', 'other_browser', 'signed_out']

const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.ts') && !PAGES.includes(name.split('/')[0] ?? ''),
)

test('every code that the source throws has an entry', () => {
  const thrown = sources.flatMap((name) => {
    const text = readFileSync(join(root, name), 'utf8')
    const made = text.matchAll(/new (?:ApiError|PageError)\(\s*\d+,\s*['`]([^'`$]+)/g)
    const refused = text.matchAll(/\brefuse(?:Bearer)?\([^,]+,\s*['`]([^'`$]+)/g)
    const sent = text.matchAll(/\bsend\(context, ctx, \w+, '([^']+)'/g)
    return [...made, ...refused, ...sent].map(([, code = '']) => code)
  })
  expect(thrown.length).toBeGreaterThan(60)
  expect(withoutEntry(thrown).filter((code) => !OF_PAGES.includes(code))).toEqual([])
})

test('every code of the document has an entry', () => {
  const { paths } = openApiDocument('https://portal.example.org')
  const text = JSON.stringify(paths)
  const codes = [...text.matchAll(/"example":\{"error":"([^"]+)"/g)].map(([, code = '']) => code)
  expect(codes.length).toBeGreaterThan(50)
  expect(withoutEntry(codes)).toEqual([])
})

/** The library's errors for features that are off. */
const OFF =
  /attestation|authorization_details|binding_message|credential|hint_token|missing_user_code|invalid_user_code|invalid_nonce|invalid_proof|software_statement|transaction_failed|unknown_user_id|^Error$/

test('every code of the protocol library has an entry', () => {
  const codes = Object.values(errors).flatMap((Kind) => {
    const made = new (Kind as unknown as new (...given: unknown[]) => { error?: string })('x', 'x')
    return typeof made.error === 'string' && made.error !== 'x' ? [made.error] : []
  })
  expect(codes.length).toBeGreaterThan(25)
  expect(withoutEntry(codes).filter((code) => !OFF.test(code))).toEqual([])
})

test('entries are unique, complete sentences, and have the code as their anchor', () => {
  expect(new Set(known).size).toBe(known.length)
  for (const { code, meaning, causes, remedy, statuses } of ERRORS) {
    expect(anchorOf(code)).toBe(code)
    expect(statuses.length).toBeGreaterThan(0)
    for (const sentence of [meaning, remedy, ...causes]) expect(sentence).toMatch(/\.$/)
  }
})
