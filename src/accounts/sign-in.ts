import type { Db } from '../db.ts'
import { emailKey, findCredentials } from './accounts.ts'
import { TooBusyError, verifyPassword } from './passwords.ts'
import { clearFailures, recordFailure, secondsBlocked } from './throttle.ts'

export type FailedSignIn = {
  outcome: 'failed'
  status: 401 | 429 | 503
  error: string
  retryAfterSeconds?: number
}
export type SignIn = { outcome: 'signed-in'; accountId: string } | FailedSignIn

const REFUSED = {
  outcome: 'failed',
  status: 401,
  error: 'That e-mail and password do not match.',
} as const
const BUSY = {
  outcome: 'failed',
  status: 503,
  error: 'Many people are signing in just now. Please try again in a moment.',
  retryAfterSeconds: 5,
} as const

/** Checks e-mail and password. Unknown, wrong and suspended answer alike and take the same time; `error` is for the person. */
export async function signIn(
  db: Db,
  tried: { email: string; password: string; address: string },
): Promise<SignIn> {
  const key = emailKey(tried.email).slice(0, 320)
  const retryAfterSeconds = await secondsBlocked(db, key, tried.address)
  if (retryAfterSeconds > 0)
    return {
      outcome: 'failed',
      status: 429,
      error: `Too many tries. Please wait ${retryAfterSeconds} seconds.`,
      retryAfterSeconds,
    }
  const credentials = await findCredentials(db, key)
  try {
    const matches = await verifyPassword(tried.password, credentials?.passwordHash)
    if (!matches || !credentials) {
      await recordFailure(db, key, tried.address)
      return REFUSED
    }
  } catch (error) {
    if (error instanceof TooBusyError) return BUSY
    throw error
  }
  await clearFailures(db, key, tried.address)
  return { outcome: 'signed-in', accountId: credentials.id }
}
