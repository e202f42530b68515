import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { describeReasons } from '../../src/id-verification/outcome.ts'
import { INCODE_REASONS } from '../../src/id-verification/vendors/reasons/incode.ts'
import { MOSAIC_REASONS } from '../../src/id-verification/vendors/reasons/mosaic.ts'
import {
  isReason,
  MAX_REASONS,
  REASONS,
  type Reason,
  toReasons,
  UNTOLD,
} from '../../src/id-verification/vendors/reasons/reason.ts'
import { STRIPE_REASONS } from '../../src/id-verification/vendors/reasons/stripe.ts'
import { SUMSUB_REASONS } from '../../src/id-verification/vendors/reasons/sumsub.ts'
import { VERIFF_REASONS } from '../../src/id-verification/vendors/reasons/veriff.ts'
import { LANGUAGES, LOCALES } from '../../src/web/texts/languages.ts'

const document = readFileSync(new URL('../../docs/vendor-protocols.md', import.meta.url), 'utf8')

/** The codes of a section's table, each with what is told. */
function readCodes(section: string): [string, string][] {
  const [, after = ''] = document.split(`\n### ${section} `)
  const [own = ''] = after.split(/\n##/)
  return [...own.matchAll(/^\| `([a-z-]+)` \| (.+) \|$/gm)].flatMap(([, told = '', codes = '']) =>
    [...codes.matchAll(/`([^`]+)`/g)].map(([, code = '']): [string, string] => [code, told]),
  )
}

describe.each([
  ['Veriff', '3.9', VERIFF_REASONS],
  ['Incode', '5.7', INCODE_REASONS],
  ['Mosaic', '6.8', MOSAIC_REASONS],
  ['Sumsub', '10.8', SUMSUB_REASONS],
  ['Stripe', '11.8', STRIPE_REASONS],
])('the codes of %s', (_name, section, table) => {
  test('are those of its documentation', () => {
    const documented = readCodes(section)
    expect(documented.length).toBeGreaterThan(15)
    expect(new Map(documented)).toEqual(new Map(table))
    expect(documented.length).toBe(table.size)
  })

  test('have a meaning each', () => {
    const meanings = [...table.values()].filter((told) => told !== UNTOLD)
    expect(meanings.filter((told) => !isReason(told))).toEqual([])
  })
})

test('every reason that Mosaic documents for its checks is in the table', () => {
  const [, after = ''] = document.split('\n| Check | Reasons |\n')
  const rows = [...(after.split('\n\n')[0] ?? '').matchAll(/^\| `(\w+)` \| (.+) \|$/gm)]
  const reasons = rows.flatMap(([, check, text = '']) =>
    check === 'risk_recommendation' ? [] : text.split(', '),
  )
  expect(reasons.length).toBeGreaterThan(20)
  expect(reasons.filter((reason) => !MOSAIC_REASONS.has(reason))).toEqual([])
})

describe('what is told of several codes', () => {
  test.each<[string[], Reason[] | undefined]>([
    [['EXPIRATION_DATE'], ['document-expired']],
    [
      ['SCREENSHOTS', 'LOW_QUALITY', 'BLURRY'],
      ['original-needed', 'photo-unclear'],
    ],
    [['A_NEW_LABEL', 'LOW_QUALITY'], ['photo-unclear']],
    [['A_NEW_LABEL'], []],
    [['FRAUDULENT_PATTERNS'], []],
    [['EXPIRATION_DATE', 'FRAUDULENT_PATTERNS'], []],
    [[], undefined],
  ])('%j', (labels, expected) => {
    expect(toReasons(SUMSUB_REASONS, labels)).toEqual(expected)
  })

  test('no more than a person reads', () => {
    const labels = [...SUMSUB_REASONS].flatMap(([label, told]) => (told === UNTOLD ? [] : label))
    expect(toReasons(SUMSUB_REASONS, labels)).toHaveLength(MAX_REASONS)
  })

  test('a code that is no text, and one that is missing', () => {
    expect(toReasons(VERIFF_REASONS, [207])).toEqual(['document-expired'])
    expect(toReasons(VERIFF_REASONS, [null, undefined])).toBeUndefined()
  })
})

describe.each(LOCALES)('in %s', (locale) => {
  const texts = LANGUAGES[locale]

  test('every reason is one sentence, and what to do next', () => {
    for (const reason of REASONS) {
      const { why, next } = texts.reasons[reason]
      expect(why, reason).toMatch(/^\p{Lu}[^.:;!?]*\.$/u)
      expect(next, reason).toMatch(/^\p{Lu}.*\.$/u)
    }
  })

  test('no sentence accuses, or says what a fraud was found by', () => {
    const all = JSON.stringify(texts.reasons)
    expect(all).not.toMatch(
      /fraud|fake|forg|tamper|manipul|suspici|sospech|fals|alterad|stolen|robad/i,
    )
  })

  test.each(['declined', 'resubmission', 'expired', 'error', 'approved', 'a-later-status'])(
    'there is a sentence for %s without a known reason',
    (status) => {
      for (const reasons of [null, [], ['of-a-later-version' as Reason]])
        expect(describeReasons(texts, { status, reasons })).toEqual([
          { why: expect.any(String), next: expect.any(String) },
        ])
    },
  )
})
