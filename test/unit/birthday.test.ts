import { expect, test } from 'vitest'
import { hasHadBirthday } from '../../src/accounts/natural-person.ts'

test.each([
  ['2008-03-10', 18, '2026-03-09', false],
  ['2008-03-10', 18, '2026-03-10', true],
  ['2008-02-29', 18, '2026-02-27', false],
  ['2008-02-29', 18, '2026-02-28', true],
  ['2008-02-29', 20, '2028-02-28', false],
  ['2008-02-29', 20, '2028-02-29', true],
  ['2007-12-31', 18, '2025-12-30', false],
])('who was born on %s is over %i on %s: %s', (dateOfBirth, age, today, expected) => {
  expect(hasHadBirthday(dateOfBirth, age, today)).toBe(expected)
})
