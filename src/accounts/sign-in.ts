import type { Db } from '../db.ts'
import type { Vault } from '../vault.ts'
import { findCredentials, hashEmail } from './accounts.ts'
import { TooBusyError, verifyPassword } from './passwords.ts'
import type { Factors } from './second-factor.ts'
import { type Attempt, countAttempt, giveBack, recordSuccess } from './throttle.ts'

/** How somebody proved who they are; the key of a synced passkey can leave the device that made it. */
export type SignInMethod = 'password' | 'password-otp' | 'passkey' | 'synced-passkey'
export type FailedSignIn = {
  outcome: 'failed'
  status: 401 | 429 | 503
  error: string
  retryAfterSeconds?: number
  /** Whose password it would have been, where there is such an account: for the log, never for the answer. */
  accountId?: string | undefined
}
/** The password was right, and something is missing: a page asks for it, and its form carries `token`. */
export type SecondStep = {
  outcome: 'second-step'
  token: string
  step:
    | ({ kind: 'code' } & Factors)
    /** The policy asks for a second factor and the account has none. `enrolment` goes along in the form. */
    | { kind: 'enrol'; secret: string; uri: string; enrolment: string }
    /** Shown once, before the sign-in goes on. */
    | { kind: 'recovery-codes'; codes: string[] }
  /** Why the page is shown again. */
  failed?: FailedSignIn | undefined
}
export type SignIn =
  | { outcome: 'signed-in'; accountId: string; method: SignInMethod; passkeyId?: string }
  | SecondStep
  | FailedSignIn

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

/**
 * Checks e-mail and password. Unknown, wrong and suspended answer alike and take the same time; `error` is for the person.
 * `next` decides what a right password opens.
 */
export async function signIn(
  { db, vault }: { db: Db; vault: Vault },
  tried: { email: string; password: string; address: string },
  next: (of: { accountId: string; passwordHash: string }) => Promise<SignIn>,
): Promise<SignIn> {
  const email = tried.email.slice(0, 320)
  const emailHash = await hashEmail(db, vault, email)
  const attempt = { what: 'sign-in', emailKey: emailHash, address: tried.address } as const
  return throttled(db, attempt, async () => {
    const credentials = await findCredentials(db, vault, email)
    const matches = await verifyPassword(tried.password, credentials?.passwordHash)
    return matches && credentials?.passwordHash
      ? await next({ accountId: credentials.id, passwordHash: credentials.passwordHash })
      : { ...REFUSED, accountId: credentials?.id }
  })
}

/** Every way in goes through here: the try is counted, then judged, and given back unless it was wrong. */
export async function throttled(
  db: Db,
  attempt: Attempt,
  judge: () => Promise<SignIn>,
): Promise<SignIn> {
  const retryAfterSeconds = await countAttempt(db, attempt)
  if (retryAfterSeconds > 0) return tooMany(retryAfterSeconds)
  let judged: SignIn
  try {
    judged = await judge()
  } catch (error) {
    await giveBack(db, attempt)
    if (error instanceof TooBusyError) return BUSY
    throw error
  }
  if (judged.outcome === 'signed-in') await recordSuccess(db, attempt)
  // Not a wrong try, and not a success: somebody with the password alone clears no counter with it.
  if (judged.outcome === 'second-step') await giveBack(db, attempt)
  return judged
}

/** The answer to somebody who has to wait. */
export const tooMany = (retryAfterSeconds: number): FailedSignIn => ({
  outcome: 'failed',
  status: 429,
  error: `Too many tries. Please wait ${retryAfterSeconds} seconds.`,
  retryAfterSeconds,
})
