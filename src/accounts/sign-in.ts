import type { Db } from '../platform/db.ts'
import { TooBusyError } from '../platform/errors.ts'
import type { Vault } from '../platform/vault.ts'
import type { Texts } from '../web/texts/en.ts'
import type { Text } from '../web/texts/languages.ts'
import { findCredentials, hashEmail } from './accounts.ts'
import { verifyPassword } from './passwords.ts'
import type { Factors } from './second-factor.ts'
import { type Attempt, countAttempt, recordSuccess, uncountAttempt } from './throttle.ts'

/** How somebody proved who they are. The key of a synced passkey can leave its device. A persona of the sandbox proves nothing. */
export type SignInMethod = 'password' | 'password-otp' | 'passkey' | 'synced-passkey' | 'persona'
export type FailedSignIn = {
  outcome: 'failed'
  status: 401 | 429 | 503
  /** For the person. */
  error: Text
  retryAfterSeconds?: number
  /** The account whose password was tried, if it exists: for the log only, never for the response. */
  accountId?: string | undefined
}
/** The password was right, and a second step is required. The form of the next page contains `token`. */
export type SecondStep = {
  outcome: 'second-step'
  token: string
  step:
    | ({ kind: 'code' } & Factors)
    /** The policy requires a second factor and the account has none. The form contains `enrolment`. */
    | { kind: 'enrol'; secret: string; uri: string; enrolment: string }
    /** Shown once, before the sign-in continues. */
    | { kind: 'recovery-codes'; codes: string[] }
  /** Why the previous attempt failed. */
  failed?: FailedSignIn | undefined
}
export type SignIn =
  | { outcome: 'signed-in'; accountId: string; method: SignInMethod; passkeyId?: string }
  | SecondStep
  | FailedSignIn

const REFUSED = {
  outcome: 'failed',
  status: 401,
  error: (texts: Texts) => texts.signIn.noMatch,
} as const
const BUSY = {
  outcome: 'failed',
  status: 503,
  error: (texts: Texts) => texts.common.busy,
  retryAfterSeconds: 5,
} as const

/**
 * Verifies e-mail and password. An unknown address, a wrong password and a suspended account give the same result in the same time;
 * `error` is for the person. `next` decides what follows a right password.
 */
export async function signIn(
  { db, vault }: { db: Db; vault: Vault },
  input: { email: string; password: string; address: string },
  next: (of: { accountId: string; passwordHash: string }) => Promise<SignIn>,
): Promise<SignIn> {
  const email = input.email.slice(0, 320)
  const emailHash = await hashEmail(db, vault, email)
  const attempt = { what: 'sign-in', emailKey: emailHash, address: input.address } as const
  return withThrottle(db, attempt, async () => {
    const credentials = await findCredentials(db, vault, email)
    const matches = await verifyPassword(input.password, credentials?.passwordHash)
    return matches && credentials?.passwordHash
      ? await next({ accountId: credentials.id, passwordHash: credentials.passwordHash })
      : { ...REFUSED, accountId: credentials?.id }
  })
}

/** Throttles one attempt of any sign-in method: counts it before `authenticate` runs, and subtracts it unless it was wrong. */
export async function withThrottle(
  db: Db,
  attempt: Attempt,
  authenticate: () => Promise<SignIn>,
): Promise<SignIn> {
  const retryAfterSeconds = await countAttempt(db, attempt)
  if (retryAfterSeconds > 0) return tooManyAttempts(retryAfterSeconds)
  let result: SignIn
  try {
    result = await authenticate()
  } catch (error) {
    await uncountAttempt(db, attempt)
    if (error instanceof TooBusyError) return BUSY
    throw error
  }
  if (result.outcome === 'signed-in') await recordSuccess(db, attempt)
  // Neither wrong nor complete: a right password alone does not clear a counter.
  if (result.outcome === 'second-step') await uncountAttempt(db, attempt)
  return result
}

/** The result of an attempt that has to wait. */
export const tooManyAttempts = (retryAfterSeconds: number): FailedSignIn => ({
  outcome: 'failed',
  status: 429,
  error: ({ common }) => common.tooManyTries(retryAfterSeconds),
  retryAfterSeconds,
})
