import type { Db, Sql } from '../platform/db.ts'
import { hashSecret, randomSecret } from '../platform/secrets.ts'
import type { Vault } from '../platform/vault.ts'
import type { Text } from '../web/texts/languages.ts'
import { type Account, findAccount, hashEmail } from './accounts.ts'
import {
  factorChangedMail,
  type MailContext,
  recoveryCodeUsedMail,
  sendLetter,
  wrongCodesMail,
} from './mails.ts'
import { trustPasskey } from './passkeys.ts'
import {
  acceptRecoveryCode,
  countRecoveryCodes,
  createRecoveryCodes,
  hashRecoveryCode,
  storeRecoveryCodes,
} from './recovery-codes.ts'
import { evaluatePasswordAlone, findFactors, isEnrolled, lockFactors } from './second-factor.ts'
import { type FailedSignIn, type SecondStep, type SignIn, withThrottle } from './sign-in.ts'
import {
  acceptTotpCode,
  createTotpSecret,
  findTotpStep,
  insertTotp,
  openEnrolment,
  sealEnrolment,
  totpUri,
} from './totp.ts'

/*
 * A right password where a second step is required creates a row, not a session. Only this file reads the row. It is deleted after ten
 * minutes, after five wrong codes, and when the password changes, and is bound to the browser in which the password was typed.
 */
const LIFE_SECONDS = 10 * 60
const MAX_WRONG_CODES = 5

type SecondStepContext = MailContext & { db: Db; vault: Vault }
type Pending = {
  tokenHash: Buffer
  accountId: string
  email: string
  locale: Account['locale']
  timeZone: Account['timeZone']
  /** As `hashEmail` returns it. */
  emailKey: string
  step: 'code' | 'enrol' | 'enrolled'
}
/** The fields of a second step's form. */
type SecondStepForm = {
  token: string
  code: string
  recoveryCode: string
  enrolment: unknown
  browser: string
  address: string
}

const failed = (error: Text, status: FailedSignIn['status'] = 401): FailedSignIn => ({
  outcome: 'failed',
  status,
  error,
})
const EXPIRED = failed(({ secondStep }) => secondStep.tooLate)
const WRONG_CODE = failed(({ secondStep }) => secondStep.wrongCode)
const WRONG_RECOVERY_CODE = failed(({ secondStep }) => secondStep.wrongRecoveryCode)

/**
 * Signs in after a right password, or requires the next step. `always` requires an existing second factor even where the policy
 * does not.
 */
export async function continueAfterPassword(
  parts: Pick<SecondStepContext, 'config' | 'db' | 'sealer' | 'vault'>,
  input: { accountId: string; passwordHash: string; browser: string; always: boolean },
): Promise<SignIn> {
  const { db } = parts
  const { accountId, passwordHash, browser } = input
  const { suffices, isEnrolled: enrolled } = await evaluatePasswordAlone(db, accountId)
  if (suffices && !(input.always && enrolled))
    return { outcome: 'signed-in', accountId, method: 'password' }
  const token = randomSecret()
  // Refers to the password that was verified: a new one that was set meanwhile creates no row, and a later one deletes it.
  await db`
    insert into pending_sign_in (token_hash, account_id, browser_hash, step, expires_at)
    select ${hashSecret(token)}, id, ${Buffer.from(browser, 'hex')},
      ${enrolled ? 'code' : 'enrol'}, now() + make_interval(secs => ${LIFE_SECONDS})
    from account where id = ${accountId} and password_hash = ${passwordHash} for share`
  const pending = await findPending(parts, token, browser)
  return pending ? await describeStep(parts, pending, token) : EXPIRED
}

/** Evaluates the form of a second step. A successful sign-in deletes the row. */
export async function continueSecondStep(
  parts: SecondStepContext,
  form: SecondStepForm,
): Promise<SignIn> {
  const pending = await findPending(parts, form.token, form.browser)
  if (!pending) return EXPIRED
  switch (pending.step) {
    case 'code':
      return await verifyCode(parts, pending, form)
    case 'enrol':
      return await verifyEnrolment(parts, pending, form)
    case 'enrolled':
      return (await consumePending(parts.db, pending)) ? signedIn(pending) : EXPIRED
  }
}

/** The account whose right password was typed in this browser, while the second step is pending. */
export async function findPasswordOwner(
  parts: Pick<SecondStepContext, 'db' | 'vault'>,
  { token, browser }: { token: string; browser: string },
): Promise<string | undefined> {
  return (await findPending(parts, token, browser))?.accountId
}

/** Continues with a passkey in place of a code: it must belong to the same account. */
export async function continueWithPasskey(
  parts: Pick<SecondStepContext, 'config' | 'db' | 'sealer' | 'vault'>,
  input: { token: string; browser: string },
  passkeySignIn: SignIn,
): Promise<SignIn> {
  const pending = await findPending(parts, input.token, input.browser)
  if (!pending) return passkeySignIn.outcome === 'failed' ? passkeySignIn : EXPIRED
  if (passkeySignIn.outcome === 'failed')
    return await describeStep(parts, pending, input.token, passkeySignIn)
  if (passkeySignIn.outcome === 'signed-in' && passkeySignIn.accountId !== pending.accountId)
    return await describeStep(
      parts,
      pending,
      input.token,
      failed(({ secondStep }) => secondStep.othersPasskey),
    )
  // No row: the password was replaced meanwhile, or the time is over.
  const isConsumed = await parts.db.begin(async (sql) => {
    if (!(await consumePending(sql, pending))) return false
    if (passkeySignIn.outcome === 'signed-in' && passkeySignIn.passkeyId)
      await trustPasskey(sql, passkeySignIn.passkeyId)
    return true
  })
  return isConsumed ? passkeySignIn : EXPIRED
}

async function verifyCode(
  parts: SecondStepContext,
  pending: Pending,
  form: SecondStepForm,
): Promise<SignIn> {
  const { db } = parts
  if (!form.code && !form.recoveryCode)
    return await describeStep(
      parts,
      pending,
      form.token,
      failed(({ secondStep }) => secondStep.noCode),
    )
  const attempt = { what: 'code', emailKey: pending.emailKey, address: form.address } as const
  const result = await withThrottle(db, attempt, async () => {
    const { accountId } = pending
    const hash = await hashRecoveryCode(db, accountId, form.recoveryCode)
    return await db.begin(async (sql) => {
      const isRight = form.recoveryCode
        ? hash !== undefined && (await acceptRecoveryCode(sql, accountId, hash))
        : await acceptTotpCode(sql, parts.sealer, accountId, form.code)
      if (!isRight) return form.recoveryCode ? WRONG_RECOVERY_CODE : WRONG_CODE
      if (!(await consumePending(sql, pending))) return EXPIRED
      if (form.recoveryCode) {
        const left = await countRecoveryCodes(sql, accountId)
        await sendLetter(sql, parts, pending, recoveryCodeUsedMail(left))
      }
      return signedIn(pending)
    })
  })
  if (result.outcome !== 'failed') return result
  if (result.status === 401 && (await countWrongCode(parts, pending))) return EXPIRED
  return await describeStep(parts, pending, form.token, result)
}

/** Verifies the first code of a new secret, which proves that an app has it; then the recovery codes are shown. */
async function verifyEnrolment(
  parts: SecondStepContext,
  pending: Pending,
  form: SecondStepForm,
): Promise<SignIn> {
  const { db, sealer } = parts
  const { accountId } = pending
  const secret = openEnrolment(sealer, accountId, form.enrolment)
  const step = secret === undefined ? undefined : findTotpStep(secret, form.code)
  if (secret === undefined || step === undefined)
    return await describeStep(parts, pending, form.token, WRONG_CODE, secret)
  const recovery = await createRecoveryCodes()
  const isDone = await db.begin(async (sql) => {
    await lockFactors(sql, accountId)
    // Enrolled meanwhile in another browser: that factor is required now.
    if (isEnrolled(await findFactors(sql, accountId))) return false
    const [proved] = await sql`
      update pending_sign_in set step = 'enrolled'
      where token_hash = ${pending.tokenHash} and step = 'enrol' and expires_at > now() returning 1`
    if (!proved) return false
    await insertTotp(sql, sealer, { accountId, secret, step })
    await storeRecoveryCodes(sql, accountId, recovery)
    await sendLetter(sql, parts, pending, factorChangedMail('totp-added'))
    return true
  })
  if (!isDone) {
    await consumePending(db, pending)
    return EXPIRED
  }
  return {
    outcome: 'second-step',
    token: form.token,
    step: { kind: 'recovery-codes', codes: recovery.codes },
  }
}

async function describeStep(
  { config, db, sealer }: Pick<SecondStepContext, 'config' | 'db' | 'sealer'>,
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
            uri: totpUri(secret, email, config.site.name),
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
  { db, vault }: Pick<SecondStepContext, 'db' | 'vault'>,
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
  const { email, locale, timeZone } = account
  return { ...row, email, locale, timeZone, emailKey: await hashEmail(db, vault, email) }
}

/** Deletes the row. Of concurrent calls only one succeeds. */
async function consumePending(sql: Sql, { tokenHash }: Pending): Promise<boolean> {
  const [row] = await sql`
    delete from pending_sign_in where token_hash = ${tokenHash} and expires_at > now() returning 1`
  return row !== undefined
}

/** Returns whether that was one too many: then the password is required again, and the resident gets a mail. */
async function countWrongCode(parts: SecondStepContext, pending: Pending): Promise<boolean> {
  const { tokenHash } = pending
  return await parts.db.begin(async (sql) => {
    const [row] = await sql<{ wrongCodes: number }[]>`
      update pending_sign_in set wrong_codes = wrong_codes + 1
      where token_hash = ${tokenHash} returning wrong_codes`
    if (row && row.wrongCodes < MAX_WRONG_CODES) return false
    const [ended] = await sql`
      delete from pending_sign_in where token_hash = ${tokenHash} returning 1`
    if (ended) await sendLetter(sql, parts, pending, wrongCodesMail())
    return true
  })
}

/** Deletes expired rows. */
export async function deleteOldPendingSignIns(sql: Sql): Promise<void> {
  await sql`delete from pending_sign_in where expires_at < now()`
}
