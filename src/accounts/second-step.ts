import type { Db, Sql } from '../db.ts'
import type { Jobs } from '../jobs.ts'
import { enqueueMail } from '../mail.ts'
import { hashSecret, randomSecret, type Sealer } from '../secrets.ts'
import type { Vault } from '../vault.ts'
import { findAccount, hashEmail } from './accounts.ts'
import { factorChangedMail, recoveryCodeUsedMail, wrongCodesMail } from './mails.ts'
import { trustPasskey } from './passkeys.ts'
import {
  countRecoveryCodes,
  createRecoveryCodes,
  hashRecoveryCode,
  storeRecoveryCodes,
  useRecoveryCode,
} from './recovery-codes.ts'
import { findFactors, isEnrolled, judgePasswordAlone, lockFactors } from './second-factor.ts'
import { type FailedSignIn, type SecondStep, type SignIn, throttled } from './sign-in.ts'
import {
  createTotpSecret,
  findTotpStep,
  insertTotp,
  openEnrolment,
  sealEnrolment,
  totpUri,
  useTotp,
} from './totp.ts'

/*
 * A right password where a second step is needed makes a row, not a session: nothing reads it but this file, and it is gone after
 * ten minutes, after five wrong codes, and when the password changes. It counts in the browser that typed the password.
 */
const LIFE_SECONDS = 10 * 60
const MOST_WRONG_CODES = 5

type Parts = { db: Db; sealer: Sealer; vault: Vault; jobs: Jobs }
type Pending = {
  tokenHash: Buffer
  accountId: string
  email: string
  /** As `hashEmail` writes it. */
  emailKey: string
  step: 'code' | 'enrol' | 'enrolled'
}
/** What the form of a second step sends. */
type Given = {
  token: string
  code: string
  recoveryCode: string
  enrolment: unknown
  browser: string
  address: string
}

const failed = (error: string, status: FailedSignIn['status'] = 401): FailedSignIn => ({
  outcome: 'failed',
  status,
  error,
})
const EXPIRED = failed('That took too long. Please start again with your e-mail and password.')
const WRONG_CODE = failed(
  'That code is not right, or was used already. Codes change every 30 seconds.',
)
const WRONG_RECOVERY_CODE = failed('That recovery code is not right, or was used already.')

/**
 * What the right password of an account opens: the account, or the next step. `always` asks an account that has a second factor
 * for it even where the policy does not.
 */
export async function openByPassword(
  { db, sealer, vault }: Pick<Parts, 'db' | 'sealer' | 'vault'>,
  given: { accountId: string; passwordHash: string; browser: string; always: boolean },
): Promise<SignIn> {
  const { accountId, passwordHash, browser } = given
  const { suffices, isEnrolled: enrolled } = await judgePasswordAlone(db, accountId)
  if (suffices && !(given.always && enrolled))
    return { outcome: 'signed-in', accountId, method: 'password' }
  const token = randomSecret()
  // Of the password that was judged: a new one that was set meanwhile leaves no row, and one that is set later deletes it.
  await db`
    insert into pending_sign_in (token_hash, account_id, browser_hash, step, expires_at)
    select ${hashSecret(token)}, id, ${Buffer.from(browser, 'hex')},
      ${enrolled ? 'code' : 'enrol'}, now() + make_interval(secs => ${LIFE_SECONDS})
    from account where id = ${accountId} and password_hash = ${passwordHash} for share`
  const pending = await findPending({ db, vault }, token, browser)
  return pending ? await describe({ db, sealer }, pending, token) : EXPIRED
}

/** Judges what the form of a second step sent. The row is used up by the sign-in that it leads to. */
export async function continueSecondStep(parts: Parts, given: Given): Promise<SignIn> {
  const pending = await findPending(parts, given.token, given.browser)
  if (!pending) return EXPIRED
  switch (pending.step) {
    case 'code':
      return await judgeCode(parts, pending, given)
    case 'enrol':
      return await judgeEnrolment(parts, pending, given)
    case 'enrolled':
      return (await take(parts.db, pending)) ? signedIn(pending) : EXPIRED
  }
}

/** The account whose right password this browser has typed, while its second step is missing. */
export async function findPasswordOwner(
  parts: Pick<Parts, 'db' | 'vault'>,
  { token, browser }: { token: string; browser: string },
): Promise<string | undefined> {
  return (await findPending(parts, token, browser))?.accountId
}

/** A passkey came in the place of a code: it must be one of the same account. */
export async function continueByPasskey(
  parts: Pick<Parts, 'db' | 'sealer' | 'vault'>,
  given: { token: string; browser: string },
  tried: SignIn,
): Promise<SignIn> {
  const pending = await findPending(parts, given.token, given.browser)
  if (!pending) return tried.outcome === 'failed' ? tried : EXPIRED
  if (tried.outcome === 'failed') return await describe(parts, pending, given.token, tried)
  if (tried.outcome === 'signed-in' && tried.accountId !== pending.accountId)
    return await describe(
      parts,
      pending,
      given.token,
      failed('That passkey belongs to another account.'),
    )
  // Not taken: the password was replaced meanwhile, or the time is over.
  const isTaken = await parts.db.begin(async (sql) => {
    if (!(await take(sql, pending))) return false
    if (tried.outcome === 'signed-in' && tried.passkeyId) await trustPasskey(sql, tried.passkeyId)
    return true
  })
  return isTaken ? tried : EXPIRED
}

async function judgeCode(parts: Parts, pending: Pending, given: Given): Promise<SignIn> {
  const { db } = parts
  if (!given.code && !given.recoveryCode)
    return await describe(parts, pending, given.token, failed('Please type a code.'))
  const attempt = { what: 'code', emailKey: pending.emailKey, address: given.address } as const
  const judged = await throttled(db, attempt, async () => {
    const { accountId } = pending
    const hash = await hashRecoveryCode(db, accountId, given.recoveryCode)
    return await db.begin(async (sql) => {
      const isRight = given.recoveryCode
        ? hash !== undefined && (await useRecoveryCode(sql, accountId, hash))
        : await useTotp(sql, parts.sealer, accountId, given.code)
      if (!isRight) return given.recoveryCode ? WRONG_RECOVERY_CODE : WRONG_CODE
      if (!(await take(sql, pending))) return EXPIRED
      if (given.recoveryCode) {
        const left = await countRecoveryCodes(sql, accountId)
        await enqueueMail(sql, parts, recoveryCodeUsedMail(pending.email, left))
      }
      return signedIn(pending)
    })
  })
  if (judged.outcome !== 'failed') return judged
  if (judged.status === 401 && (await countWrong(parts, pending))) return EXPIRED
  return await describe(parts, pending, given.token, judged)
}

/** The first code of a new secret proves that an app has it; then the recovery codes are shown, and the sign-in goes on. */
async function judgeEnrolment(parts: Parts, pending: Pending, given: Given): Promise<SignIn> {
  const { db, sealer } = parts
  const { accountId, email } = pending
  const secret = openEnrolment(sealer, accountId, given.enrolment)
  const step = secret === undefined ? undefined : findTotpStep(secret, given.code)
  if (secret === undefined || step === undefined)
    return await describe(parts, pending, given.token, WRONG_CODE, secret)
  const recovery = await createRecoveryCodes()
  const isDone = await db.begin(async (sql) => {
    await lockFactors(sql, accountId)
    // Enrolled meanwhile, in another browser: from now on it takes that factor.
    if (isEnrolled(await findFactors(sql, accountId))) return false
    const [proved] = await sql`
      update pending_sign_in set step = 'enrolled'
      where token_hash = ${pending.tokenHash} and step = 'enrol' and expires_at > now() returning 1`
    if (!proved) return false
    await insertTotp(sql, sealer, { accountId, secret, step })
    await storeRecoveryCodes(sql, accountId, recovery)
    await enqueueMail(sql, parts, factorChangedMail(email, 'totp-added'))
    return true
  })
  if (!isDone) {
    await take(db, pending)
    return EXPIRED
  }
  return {
    outcome: 'second-step',
    token: given.token,
    step: { kind: 'recovery-codes', codes: recovery.codes },
  }
}

async function describe(
  { db, sealer }: Pick<Parts, 'db' | 'sealer'>,
  { accountId, email, step }: Pending,
  token: string,
  why?: FailedSignIn,
  secret = createTotpSecret(),
): Promise<SecondStep> {
  return {
    outcome: 'second-step',
    token,
    step:
      step === 'code'
        ? { kind: 'code', ...(await findFactors(db, accountId)) }
        : {
            kind: 'enrol',
            secret,
            uri: totpUri(secret, email),
            enrolment: sealEnrolment(sealer, accountId, secret),
          },
    failed: why,
  }
}

const signedIn = ({ accountId }: Pending): SignIn => ({
  outcome: 'signed-in',
  accountId,
  method: 'password-otp',
})

async function findPending(
  { db, vault }: Pick<Parts, 'db' | 'vault'>,
  token: string,
  browser: string,
): Promise<Pending | undefined> {
  const [row] = await db<Pick<Pending, 'tokenHash' | 'accountId' | 'step'>[]>`
    select token_hash, account_id, step
    from pending_sign_in join account on account.id = account_id and account.status = 'active'
    where token_hash = ${hashSecret(token)} and browser_hash = ${Buffer.from(browser, 'hex')}
      and expires_at > now()`
  const account = row && (await findAccount(db, vault, row.accountId))
  if (!account) return undefined
  const { email } = account
  return { ...row, email, emailKey: await hashEmail(db, vault, email) }
}

/** Of many at one instant one gets it. */
async function take(sql: Sql, { tokenHash }: Pending): Promise<boolean> {
  const [row] = await sql`
    delete from pending_sign_in where token_hash = ${tokenHash} and expires_at > now() returning 1`
  return row !== undefined
}

/** Returns whether that was one too many: then it takes the password again, and the resident is told. */
async function countWrong(parts: Parts, { tokenHash, email }: Pending): Promise<boolean> {
  return await parts.db.begin(async (sql) => {
    const [row] = await sql<{ wrongCodes: number }[]>`
      update pending_sign_in set wrong_codes = wrong_codes + 1
      where token_hash = ${tokenHash} returning wrong_codes`
    if (row && row.wrongCodes < MOST_WRONG_CODES) return false
    const [ended] = await sql`
      delete from pending_sign_in where token_hash = ${tokenHash} returning 1`
    if (ended) await enqueueMail(sql, parts, wrongCodesMail(email))
    return true
  })
}

/** Sign-ins that nobody finished. */
export async function deleteOldPendingSignIns(sql: Sql): Promise<void> {
  await sql`delete from pending_sign_in where expires_at < now()`
}
