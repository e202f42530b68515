import { signInWithPasskey } from '../accounts/passkeys.ts'
import { type SignIn, type SignInMethod, signIn } from '../accounts/sign-in.ts'
import type { Db } from '../db.ts'
import type { SecurityEvents } from '../security-events.ts'
import type { Vault } from '../vault.ts'

/** What `acr` says of a sign-in: that it was by something to know, or by a key that no other site can ask for. */
export const ACR = {
  password: 'urn:identity-portal:acr:password',
  passkey: 'urn:identity-portal:acr:passkey',
} as const

const METHODS: Record<SignInMethod, { amr: string[]; acr: string }> = {
  password: { amr: ['pwd'], acr: ACR.password },
  passkey: { amr: ['hwk', 'user', 'mfa'], acr: ACR.passkey },
  'synced-passkey': { amr: ['swk', 'user', 'mfa'], acr: ACR.passkey },
}

/** The `amr` (RFC 8176) and `acr` of a sign-in: the same for the portal's own session and for an application's request. */
export const loginOf = (accountId: string, method: SignInMethod) => ({
  accountId,
  ...METHODS[method],
})

/** Judges the form of any page that asks who somebody is: its e-mail and password, or the passkey that a script put into it. */
export async function judgeLogin(
  parts: { db: Db; vault: Vault; issuer: string; security: SecurityEvents },
  given: Login,
): Promise<SignIn> {
  const judged = await judge(parts, given)
  noteSignIn(parts.security, judged, given)
  return judged
}

type Login = { form: Record<string, unknown>; address: string; browser: string }

function noteSignIn(security: SecurityEvents, judged: SignIn, { form, address }: Login): void {
  if (judged.outcome === 'signed-in') {
    const { accountId, method } = judged
    security.emit('sign_in_succeeded', { accountId, method, address })
  } else if (judged.status !== 503)
    security.emit(judged.status === 429 ? 'sign_in_throttled' : 'sign_in_failed', {
      accountId: judged.accountId,
      method: form.passkey ? 'passkey' : 'password',
      address,
    })
}

async function judge(
  { db, vault, issuer }: { db: Db; vault: Vault; issuer: string },
  given: Login,
): Promise<SignIn> {
  const { form, address, browser } = given
  if (form.passkey)
    return signInWithPasskey(db, { issuer, browser, answer: String(form.passkey), address })
  return signIn(
    { db, vault },
    {
      email: String(form.email ?? ''),
      password: String(form.password ?? ''),
      address,
    },
  )
}
