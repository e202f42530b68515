import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import type { Provider } from 'oidc-provider'
import { type Account, findAccount } from '../accounts/accounts.ts'
import type { FailedSignIn } from '../accounts/sign-in.ts'
import type { ClientAddress } from '../client-address.ts'
import type { Db } from '../db.ts'
import { ApiError } from '../errors.ts'
import { securityHeaders } from '../html.ts'
import type { Log } from '../log.ts'
import type { AskForProof } from '../oauth/interactions.ts'
import { judgeLogin } from '../oauth/logins.ts'
import { isRecentSignIn } from '../oauth/session-limits.ts'
import {
  type FormTokens,
  identifyBrowser,
  isSameOrigin,
  openSession,
  renewSession,
  type SignedIn,
} from '../oauth/sessions.ts'
import type { SecurityEvents } from '../security-events.ts'
import type { Vault } from '../vault.ts'
import { confirmPage } from './guard-pages.ts'

export type GuardParts = {
  issuer: string
  db: Db
  vault: Vault
  provider: () => Provider
  forms: FormTokens
  addressOf: ClientAddress
  security: SecurityEvents
  log: Log
}
type Env = { Bindings: HttpBindings }
type Form = Record<string, unknown>

export type Resident = { session: SignedIn; account: Account; isRecent: boolean }
export type Guard = ReturnType<typeof createGuard>

/** Who is at the other end, and whether they have lately proven it. */
export function createGuard(parts: GuardParts) {
  const { issuer, db, forms, log } = parts

  /** The resident whose session this browser holds, or `undefined`. */
  async function findResident(c: Context<Env>): Promise<Resident | undefined> {
    const session = await openSession(
      { db, provider: parts.provider() },
      c.env.incoming,
      c.env.outgoing,
    )
    const account = session && (await findAccount(db, parts.vault, session.accountId))
    if (!session || account?.status !== 'active') return undefined
    return { session, account, isRecent: isRecentSignIn(session.authenticatedAt) }
  }

  /** A signed-in browser, and a form that came from our own page. */
  async function requireForm(c: Context<Env>): Promise<{ resident: Resident; form: Form }> {
    const resident = await findResident(c)
    // All values of a field: a form may hold several boxes of one name.
    const form = await c.req.parseBody({ all: true })
    if (
      !resident ||
      !isSameOrigin(c.req.raw.headers, issuer) ||
      !forms.matches(resident.session.uid, form.csrf)
    )
      throw new ApiError(
        403,
        'forbidden_form',
        'This form has expired. Please go back, reload the page and try again.',
      )
    return { resident, form }
  }

  /**
   * For a form that asks for care: `undefined` when it may go on, else the page that asks the resident to prove who they are.
   * That page sends the same form again with the proof, so that what was begun goes on.
   */
  async function askToConfirm(
    c: Context<Env>,
    resident: Resident,
    form: Form,
  ): Promise<Response | undefined> {
    if (resident.isRecent) return undefined
    return askForProof(c, { account: resident.account, csrfOf: resident.session.uid }, form)
  }

  const askForProof: AskForProof = async (c, asked, form) => {
    if (!('confirm' in form) && !form.passkey) return showConfirm(c, asked, form)
    const failed = await confirm(c, asked.account, form)
    return failed && showConfirm(c, asked, form, failed)
  }

  /** Judges the proof; the session goes on under a new identifier. */
  async function confirm(
    c: Context<Env>,
    account: Account,
    form: Form,
  ): Promise<FailedSignIn | undefined> {
    const { incoming, outgoing } = c.env
    const tried = await judgeLogin(parts, {
      form: { ...form, email: account.email },
      address: parts.addressOf(incoming),
      browser: identifyBrowser(parts.provider(), incoming, outgoing),
    })
    if (tried.outcome === 'failed')
      return tried.status === 401 && !form.passkey
        ? { ...tried, error: 'That is not your password.' }
        : tried
    if (tried.accountId !== account.id) return OTHER_ACCOUNT
    await renewSession({ db, provider: parts.provider() }, incoming, outgoing, tried)
    log.info('confirmed', { accountId: tried.accountId })
    return undefined
  }

  /** The page that asks; `form` is what it sends again to the address of this request. */
  function showConfirm(
    c: Context<Env>,
    { account, csrfOf, declineBy, formTargets = [] }: Parameters<AskForProof>[1],
    form: Form,
    failed?: FailedSignIn,
  ) {
    const needs = { issuer, passkeys: true, formTargets }
    for (const [name, value] of Object.entries(securityHeaders(needs))) c.header(name, value)
    if (failed?.retryAfterSeconds) c.header('Retry-After', String(failed.retryAfterSeconds))
    const again = Object.entries(form).flatMap(([name, values]) =>
      [values]
        .flat()
        .flatMap((value): [string, string][] =>
          typeof value === 'string' && !PROOF_FIELDS.includes(name) ? [[name, value]] : [],
        ),
    )
    return c.html(
      confirmPage({
        action: c.req.path,
        csrf: forms.create(csrfOf),
        email: account.email,
        fields: again,
        declineBy,
        error: failed?.error,
      }),
      failed?.status ?? 200,
    )
  }

  return { findResident, requireForm, askToConfirm, askForProof }
}

const OTHER_ACCOUNT: FailedSignIn = {
  outcome: 'failed',
  status: 401,
  error: 'That belongs to another account.',
}
const PROOF_FIELDS = ['csrf', 'confirm', 'password', 'username', 'passkey']
