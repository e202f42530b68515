import type { Context } from 'hono'
import type { Provider } from 'oidc-provider'
import { type Account, findAccount, fullNameOf, lockAccount } from '../accounts/accounts.ts'
import type { MailContext } from '../accounts/mails.ts'
import { evaluatePasswordAlone } from '../accounts/second-factor.ts'
import { isRecentSignIn } from '../accounts/session-limits.ts'
import { lockSession } from '../accounts/sessions.ts'
import type { FailedSignIn, SecondStep } from '../accounts/sign-in.ts'
import type { Config } from '../config.ts'
import { findErasureTime } from '../id-verification/erasure-requests.ts'
import type { RequireProof } from '../oauth/interactions.ts'
import { authenticateForm, PROOF_FIELDS } from '../oauth/logins.ts'
import { confirmPersonaPage } from '../oauth/persona-pages.ts'
import { authenticatePersona, type Personas } from '../oauth/personas.ts'
import { secondStepPage } from '../oauth/second-step-pages.ts'
import { browserOf, renewSession, resumeSession, type SignedIn } from '../oauth/sessions.ts'
import type { Db, Sql } from '../platform/db.ts'
import type { Jobs } from '../platform/jobs.ts'
import type { Log } from '../platform/log.ts'
import type { Sealer } from '../platform/secrets.ts'
import type { Vault } from '../platform/vault.ts'
import type { ClientAddress } from '../web/client-address.ts'
import { readForm } from '../web/form-body.ts'
import type { FormTokens } from '../web/form-tokens.ts'
import { setSecurityHeaders } from '../web/html.ts'
import { PageError } from '../web/page-error.ts'
import { type PageEnv, type ReaderOf, readerIn } from '../web/reader.ts'
import type { SecurityEvents } from '../web/security-events.ts'
import { erasureBanner } from './erase-pages.ts'
import { confirmPage } from './guard-pages.ts'

export type GuardParts = {
  issuer: string
  db: Db
  vault: Vault
  provider: () => Provider
  forms: FormTokens
  addressOf: ClientAddress
  security: SecurityEvents
  sealer: Sealer
  jobs: Jobs
  config: MailContext['config'] & Pick<Config, 'mail' | 'production' | 'host'>
  readerOf: ReaderOf
  /** In the sandbox. */
  personas?: Personas | undefined
  log: Log
}
type Form = Record<string, unknown>
type ProofRequest = Parameters<RequireProof>[1]

export type Resident = {
  session: SignedIn
  account: Account
  isRecent: boolean
  /** Signed in recently, and with a second factor if the account has one: required to add or remove factors. */
  mayChangeFactors: boolean
}
export type Guard = ReturnType<typeof createGuard>

/** The sign-in page that leads to another page of the portal. */
export const signInPath = (returnTo: string): string =>
  `/sign-in?return=${encodeURIComponent(returnTo)}`

/** The sign-up page, which leads there too; `/` needs no mention. */
export const signUpPath = (returnTo: string): string =>
  returnTo === '/' ? '/sign-up' : `/sign-up?return=${encodeURIComponent(returnTo)}`

/** Identifies the resident of a request, and requires a recent sign-in where needed. */
export function createGuard(parts: GuardParts) {
  /** Returns the signed-in resident and the form; throws unless the form came from our own page. */
  async function requireForm(c: Context<PageEnv>): Promise<{ resident: Resident; form: Form }> {
    const resident = await findResident(parts, c)
    // All values of a field: a form may hold several boxes of one name.
    const form = await readForm(c, { all: true })
    parts.forms.require(c.req.raw, resident?.session.uid, form.csrf)
    // Without a session no form is accepted.
    return { resident: resident as Resident, form }
  }

  /**
   * Requires a recent sign-in for this form: returns `undefined` when there is one, else a page that asks the resident to sign in
   * again. That page sends the same form again with the proof, so that the request continues. To change `factors` the second factor
   * is required too, whatever the policy says.
   */
  async function requireRecentSignIn(
    c: Context<PageEnv>,
    resident: Resident,
    form: Form,
    changes: 'factors' | 'other' = 'other',
  ): Promise<Response | undefined> {
    const isProven = changes === 'factors' ? resident.mayChangeFactors : resident.isRecent
    if (isProven) return undefined
    const { account, session } = resident
    const request = { account, csrfOf: session.uid, requiresFactor: changes === 'factors' }
    return askForProof(c, request, form)
  }

  const askForProof: RequireProof = async (c, request, form) => {
    if (!('confirm' in form) && !form.passkey && !('second-step' in form))
      return showConfirm(parts, c, request, form)
    const missing = await confirm(parts, c, request, form)
    return missing && showConfirm(parts, c, request, form, missing)
  }

  return {
    /** The resident whose session this browser holds, or `undefined`. */
    findResident: (c: Context<PageEnv>) => findResident(parts, c),
    /** Leads a browser without a session to the sign-in page, and back to this page after it. */
    askToSignIn: (c: Context<PageEnv>) => c.redirect(signInPath(c.var.reader.returnTo), 303),
    requireForm,
    requireRecentSignIn,
    askForProof,
    holdLiveSession,
  }
}

async function findResident(parts: GuardParts, c: Context<PageEnv>): Promise<Resident | undefined> {
  const { db, vault, provider } = parts
  const { incoming, outgoing } = c.env
  const session = await resumeSession({ db, provider: provider() }, incoming, outgoing)
  const account = session && (await findAccount(db, vault, session.accountId))
  if (!session || account?.status !== 'active') return undefined
  c.set('reader', readerIn(c.var.reader, account.timeZone))
  const alone = session.isMultiFactor ? undefined : await evaluatePasswordAlone(db, account.id)
  if (alone && !alone.suffices) return undefined
  const eraseAt = await findErasureTime(db, account.id)
  if (eraseAt) {
    const { reader } = c.var
    const csrf = parts.forms.create(session.uid)
    c.set('reader', { ...reader, banner: erasureBanner(reader, { eraseAt, csrf }) })
  }
  const isRecent = isRecentSignIn(session.authenticatedAt)
  return { session, account, isRecent, mayChangeFactors: isRecent && !alone?.isEnrolled }
}

/** Verifies the proof and renews the session under a new identifier. Returns what is missing, or `undefined`. */
async function confirm(
  parts: GuardParts,
  c: Context<PageEnv>,
  { account, requiresFactor = false }: ProofRequest,
  form: Form,
): Promise<FailedSignIn | SecondStep | undefined> {
  const { db, provider, log } = parts
  const { incoming, outgoing } = c.env
  const address = parts.addressOf(incoming)
  const persona = await parts.personas?.find(account.id)
  const result = persona
    ? authenticatePersona(parts, { offered: [persona], form: { persona: persona.kind }, address })
    : await authenticateForm(parts, {
        form: { ...form, email: account.email },
        address,
        browser: browserOf(parts, c),
        requiresFactor,
      })
  if (result.outcome === 'second-step') return result
  if (result.outcome === 'failed')
    return result.status === 401 && !form.passkey && !('second-step' in form)
      ? { ...result, error: ({ confirm: words }) => words.wrongPassword }
      : result
  if (result.accountId !== account.id) return OTHER_ACCOUNT
  if (!(await renewSession({ db, provider: provider() }, incoming, outgoing, result)))
    throw signedOut()
  log.info('confirmed', { accountId: result.accountId })
  return undefined
}

/** The page that asks for the proof. It sends `form` again, to the address of this request. */
function showConfirm(
  { issuer, forms, personas }: GuardParts,
  c: Context<PageEnv>,
  { account, csrfOf, declineBy, formTargets = [] }: ProofRequest,
  form: Form,
  missing?: FailedSignIn | SecondStep,
) {
  const secondStep = missing?.outcome === 'second-step' ? missing : undefined
  const failed = missing?.outcome === 'failed' ? missing : secondStep?.failed
  setSecurityHeaders(c, { issuer, passkeys: true, formTargets })
  if (failed?.retryAfterSeconds) c.header('Retry-After', String(failed.retryAfterSeconds))
  const shared = {
    action: c.req.path,
    csrf: forms.create(csrfOf),
    fields: fieldsToRepeat(form),
    error: failed?.error(c.var.reader.texts),
  }
  if (personas)
    return c.html(
      confirmPersonaPage(c.var.reader, { ...shared, name: fullNameOf(account), declineBy }),
    )
  return c.html(
    secondStep
      ? secondStepPage(c.var.reader, { ...secondStep, ...shared })
      : confirmPage(c.var.reader, { ...shared, email: account.email, declineBy }),
    failed?.status ?? 200,
  )
}

/** The names and values of a form without the CSRF token and the proof. */
const fieldsToRepeat = (form: Form): [string, string][] =>
  Object.entries(form).flatMap(([name, values]) =>
    [values]
      .flat()
      .flatMap((value): [string, string][] =>
        typeof value === 'string' && name !== 'csrf' && !PROOF_FIELDS.includes(name)
          ? [[name, value]]
          : [],
      ),
  )

/**
 * Locks the account and the session, in a transaction that changes sign-in methods or links of the account. Throws when the
 * session has ended since the request began, by a new password or by a report of the resident.
 */
async function holdLiveSession(sql: Sql, { session, account }: Resident): Promise<void> {
  await lockAccount(sql, account.id)
  const held = await lockSession(sql, { accountId: account.id, uid: session.uid })
  if (!held) throw signedOut()
}

const signedOut = () => new PageError(403, 'signed_out', ({ errors }) => errors.signedOut)

const OTHER_ACCOUNT: FailedSignIn = {
  outcome: 'failed',
  status: 401,
  error: ({ confirm: words }) => words.otherAccount,
}
