import { signInWithPasskey } from '../accounts/passkeys.ts'
import {
  continueByPasskey,
  continueSecondStep,
  findPasswordOwner,
  openByPassword,
} from '../accounts/second-step.ts'
import { type SignIn, type SignInMethod, signIn } from '../accounts/sign-in.ts'
import type { Db } from '../db.ts'
import type { Jobs } from '../jobs.ts'
import type { Sealer } from '../secrets.ts'
import type { SecurityEvents } from '../security-events.ts'
import type { Vault } from '../vault.ts'

/** What `acr` says of a sign-in: that it was by something to know, by that and a code used once, or by a key that no other site can ask for. */
export const ACR = {
  password: 'urn:identity-portal:acr:password',
  passwordOtp: 'urn:identity-portal:acr:password-otp',
  passkey: 'urn:identity-portal:acr:passkey',
} as const

const METHODS: Record<SignInMethod, { amr: string[]; acr: string }> = {
  password: { amr: ['pwd'], acr: ACR.password },
  'password-otp': { amr: ['pwd', 'otp', 'mfa'], acr: ACR.passwordOtp },
  passkey: { amr: ['hwk', 'user', 'mfa'], acr: ACR.passkey },
  'synced-passkey': { amr: ['swk', 'user', 'mfa'], acr: ACR.passkey },
}

/** Whether a session was opened with more than a password. */
export const isMultiFactor = (amr: readonly string[] | undefined): boolean =>
  amr?.includes('mfa') ?? false

/** The `amr` (RFC 8176) and `acr` of a sign-in: the same for the portal's own session and for an application's request. */
export const loginOf = (accountId: string, method: SignInMethod) => ({
  accountId,
  ...METHODS[method],
})

/** From the weakest to the strongest: each fulfils those before it. */
const ORDER: readonly string[] = [ACR.password, ACR.passwordOtp, ACR.passkey]

/**
 * The `acr` to answer an application that insists on one of `wanted`: the one that was reached, else the strongest wanted one that
 * it fulfils. So whoever has a second step can still sign in where a password is asked for; `amr` says how it was.
 */
export function acrAmong(wanted: readonly unknown[] | undefined, reached: string): string {
  if (!wanted || wanted.includes(reached)) return reached
  const fulfilled = ORDER.slice(0, ORDER.indexOf(reached) + 1)
  return fulfilled.findLast((acr) => wanted.includes(acr)) ?? reached
}

type LoginParts = { db: Db; vault: Vault; issuer: string; sealer: Sealer; jobs: Jobs }
type Login = {
  form: Record<string, unknown>
  address: string
  browser: string
  /** An account that has a second factor needs it here, whatever the policy says. */
  asksForFactor?: boolean
}

/**
 * Judges the form of any page that asks who somebody is: its e-mail and password, the passkey that a script put into it, or the
 * code of the second step. Emits what came of it.
 */
export async function judgeLogin(
  parts: LoginParts & { security: SecurityEvents },
  given: Login,
): Promise<SignIn> {
  const judged = await judge(parts, given)
  emitOutcome(parts.security, judged, given)
  return judged
}

function emitOutcome(security: SecurityEvents, judged: SignIn, { form, address }: Login): void {
  const isSecondStep = 'second-step' in form
  if (judged.outcome === 'signed-in') {
    const { accountId, method } = judged
    if (isSecondStep && form['recovery-code'])
      security.emit('recovery_code_used', { accountId, address })
    security.emit('sign_in_succeeded', { accountId, method, address })
    return
  }
  const failed = judged.outcome === 'failed' ? judged : judged.failed
  if (!failed || failed.status === 503) return
  const event =
    failed.status === 429
      ? 'sign_in_throttled'
      : isSecondStep
        ? 'second_factor_failed'
        : 'sign_in_failed'
  const method = form.passkey ? 'passkey' : isSecondStep ? 'code' : 'password'
  security.emit(event, { accountId: failed.accountId, method, address })
}

async function judge(parts: LoginParts, given: Login): Promise<SignIn> {
  const { db, issuer } = parts
  const { form, address, browser, asksForFactor = false } = given
  const token = typeof form['second-step'] === 'string' ? form['second-step'] : undefined
  if (form.passkey) {
    const answer = String(form.passkey)
    const passwordOf =
      token === undefined ? undefined : await findPasswordOwner(parts, { token, browser })
    const tried = await signInWithPasskey(db, { issuer, browser, answer, address, passwordOf })
    return token === undefined ? tried : await continueByPasskey(parts, { token, browser }, tried)
  }
  if (token !== undefined)
    return await continueSecondStep(parts, {
      token,
      code: String(form.code ?? ''),
      recoveryCode: String(form['recovery-code'] ?? ''),
      enrolment: form.enrolment,
      browser,
      address,
    })
  const tried = { email: String(form.email ?? ''), password: String(form.password ?? ''), address }
  return signIn(parts, tried, (opened) =>
    openByPassword(parts, { ...opened, browser, always: asksForFactor }),
  )
}

/** The names of the fields that only prove who somebody is: they are never sent on. */
export const PROOF_FIELDS: readonly string[] = [
  'confirm',
  'password',
  'username',
  'passkey',
  'second-step',
  'code',
  'recovery-code',
  'enrolment',
]
