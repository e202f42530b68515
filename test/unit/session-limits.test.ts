import { expect, test } from 'vitest'
import {
  SESSION_IDLE_SECONDS,
  SESSION_LONGEST_SECONDS,
  sessionTtlSeconds,
} from '../../src/oauth/session-limits.ts'

test.each([
  ['just signed in', 0, SESSION_IDLE_SECONDS],
  ['in use for a week', 7 * 86_400, SESSION_IDLE_SECONDS],
  ['close to its end', SESSION_LONGEST_SECONDS - 60, 60],
  ['past its end', SESSION_LONGEST_SECONDS + 60, 1],
])('a session %s lives on for as long as both limits allow', (_what, age, left) => {
  const now = 1_900_000_000
  expect(sessionTtlSeconds(now - age, now)).toBe(left)
})

test('a browser that has not signed in is kept as long as an idle one', () => {
  expect(sessionTtlSeconds(undefined, 1_900_000_000)).toBe(SESSION_IDLE_SECONDS)
})
