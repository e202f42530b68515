import { expect, test } from 'vitest'
import { describeSpan, readSpan } from '../../src/developers/span.ts'

test.each([
  ['1', 'minutes', 60],
  [' 12 ', 'hours', 43_200],
  ['3650', 'days', 315_360_000],
  ['2', 'weeks', 7_200],
])('%j %s are %d seconds', (amount, unit, seconds) => {
  expect(readSpan({ amount, unit })).toMatchObject({ seconds })
})

test('a button sends both at once', () => {
  expect(readSpan({ preset: '30 days' })).toMatchObject({ seconds: 2_592_000 })
  expect(readSpan({ preset: 'days' })).toMatchObject({ fault: expect.any(String) })
})

test.each([
  [''],
  ['0'],
  ['-1'],
  ['1.5'],
  ['1e9'],
  ['a day'],
  ['3651'],
  ['9999999999'],
  [['1', '2']],
  [undefined],
])('%j days are refused with a reason', (amount) => {
  expect(readSpan({ amount, unit: 'days' })).toEqual({
    amount: String(amount ?? ''),
    unit: 'days',
    fault: expect.stringMatching(/^Enter /),
  })
})

test.each([
  [-3, '0 seconds'],
  [0.4, '1 second'],
  [59, '59 seconds'],
  [60, '1 minute'],
  [90_061, '1 day, 1 hour, 1 minute'],
  [7_776_000, '90 days'],
])('%d seconds are %s', (seconds, words) => {
  expect(describeSpan(seconds)).toBe(words)
})
