import { expect, test } from 'vitest'
import {
  isRecentSignIn,
  SESSION_IDLE_SECONDS,
  SESSION_LONGEST_SECONDS,
  sessionTtlSeconds,
} from '../../src/accounts/session-limits.ts'

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

test('a sign-in is recent for fifteen minutes', () => {
  const now = 1_900_000_000
  expect(isRecentSignIn(now, now * 1000)).toBe(true)
  expect(isRecentSignIn(now - 900, now * 1000)).toBe(true)
  expect(isRecentSignIn(now - 901, now * 1000)).toBe(false)
  const present = Math.floor(Date.now() / 1000)
  expect(isRecentSignIn(present - 60)).toBe(true)
  expect(isRecentSignIn(present - 3600)).toBe(false)
})
