import type { MailContext } from '../accounts/mails.ts'
import { signInWithPasskey } from '../accounts/passkeys.ts'
import {
  continueAfterPassword,
  continueSecondStep,
  continueWithPasskey,
  findPasswordOwner,
} from '../accounts/second-step.ts'
import { type SignIn, type SignInMethod, signIn } from '../accounts/sign-in.ts'
import type { Db } from '../platform/db.ts'
import type { Vault } from '../platform/vault.ts'
import type { SecurityEvents } from '../web/security-events.ts'

/** The values of `acr`: a password; a password and a one-time code; a passkey, which is bound to this site. */
export const ACR = {
  password: 'urn:identity-portal:acr:password',
  passwordOtp: 'urn:identity-portal:acr:password-otp',
  passkey: 'urn:identity-portal:acr:passkey',
} as const

/** The `acr` of the sandbox: somebody chose a persona, and proved nothing. */
const PERSONA_ACR = 'urn:identity-portal:acr:persona'

const METHODS: Record<SignInMethod, { amr: string[]; acr: string }> = {
  password: { amr: ['pwd'], acr: ACR.password },
  'password-otp': { amr: ['pwd', 'otp', 'mfa'], acr: ACR.passwordOtp },
  passkey: { amr: ['hwk', 'user', 'mfa'], acr: ACR.passkey },
  'synced-passkey': { amr: ['swk', 'user', 'mfa'], acr: ACR.passkey },
  // Not registered by RFC 8176, which has no value for this.
  persona: { amr: ['persona'], acr: PERSONA_ACR },
}

/** Every `acr` that can be asked for. */
export const listAcr = ({ isSandbox }: { isSandbox: boolean }): readonly unknown[] => [
  ...Object.values(ACR),
  ...(isSandbox ? [PERSONA_ACR] : []),
]

/** Whether more than a password opened the session, or it is a persona's, which has no factors. */
export const isMultiFactor = (amr: readonly string[] | undefined): boolean =>
  amr?.some((method) => method === 'mfa' || method === 'persona') ?? false

/** The `amr` (RFC 8176) and `acr` of a sign-in, for the portal's own session and for an application's request. */
export const toLoginResult = (accountId: string, method: SignInMethod) => ({
  accountId,
  ...METHODS[method],
})

/** From the weakest to the strongest: each satisfies those before it. A persona satisfies all, so that applications can try what they require. */
const ACR_ORDER: readonly string[] = [ACR.password, ACR.passwordOtp, ACR.passkey, PERSONA_ACR]

/**
 * Chooses the `acr` for an application that requires one of `wanted`: the one that was reached, else the strongest wanted one that it
 * satisfies. So a resident with a second step can sign in where a password is required; `amr` says how they did.
 */
export function chooseAcr(acrValues: readonly unknown[] | undefined, reached: string): string {
  if (!acrValues || acrValues.includes(reached)) return reached
  const fulfilled = ACR_ORDER.slice(0, ACR_ORDER.indexOf(reached) + 1)
  return fulfilled.findLast((acr) => acrValues.includes(acr)) ?? reached
}

type LoginContext = MailContext & { db: Db; vault: Vault; issuer: string }
type LoginAttempt = {
  form: Record<string, unknown>
  address: string
  browser: string
  /** An account with a second factor needs it here, whatever the policy is. */
  requiresFactor?: boolean
}

/**
 * Checks the form of any page that authenticates a person: e-mail and password, a passkey response, or the code of the second step.
 * Emits the security event of the outcome.
 */
export async function authenticateForm(
  parts: LoginContext & { security: SecurityEvents },
  attempt: LoginAttempt,
): Promise<SignIn> {
  const result = await authenticate(parts, attempt)
  emitOutcome(parts.security, result, attempt)
  return result
}

function emitOutcome(
  security: SecurityEvents,
  result: SignIn,
  { form, address }: LoginAttempt,
): void {
  const isSecondStep = 'second-step' in form
  if (result.outcome === 'signed-in') {
    const { accountId, method } = result
    if (isSecondStep && form['recovery-code'])
      security.emit('recovery_code_used', { accountId, address })
    security.emit('sign_in_succeeded', { accountId, method, address })
    return
  }
  const failed = result.outcome === 'failed' ? result : result.failed
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

async function authenticate(parts: LoginContext, attempt: LoginAttempt): Promise<SignIn> {
  const { db, issuer } = parts
  const { form, address, browser, requiresFactor = false } = attempt
  const token = typeof form['second-step'] === 'string' ? form['second-step'] : undefined
  if (form.passkey) {
    const response = String(form.passkey)
    const passwordOf =
      token === undefined ? undefined : await findPasswordOwner(parts, { token, browser })
    const passkeySignIn = await signInWithPasskey(db, {
      issuer,
      browser,
      response,
      address,
      passwordOf,
    })
    return token === undefined
      ? passkeySignIn
      : await continueWithPasskey(parts, { token, browser }, passkeySignIn)
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
  const input = { email: String(form.email ?? ''), password: String(form.password ?? ''), address }
  return signIn(parts, input, (opened) =>
    continueAfterPassword(parts, { ...opened, browser, always: requiresFactor }),
  )
}

/** The names of fields that only prove who somebody is: they are not included when a form is repeated. */
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
