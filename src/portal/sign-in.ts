import type { Context } from 'hono'
import { takeSnapshot } from '../accounts/accounts.ts'
import type { FailedSignIn, SecondStep } from '../accounts/sign-in.ts'
import { isSignUpOffered } from '../accounts/sign-up.ts'
import { authenticateForm } from '../oauth/logins.ts'
import { completeSignIn } from '../oauth/new-sign-ins.ts'
import { signInPage } from '../oauth/pages.ts'
import { secondStepPage } from '../oauth/second-step-pages.ts'
import { browserOf, endSession, startSession } from '../oauth/sessions.ts'
import { readForm } from '../web/form-body.ts'
import { setSecurityHeaders } from '../web/html.ts'
import type { PageEnv } from '../web/reader.ts'
import type { Texts } from '../web/texts/en.ts'
import { deviceOf } from './devices.ts'
import type { Guard, GuardParts } from './guard.ts'

/** The page for a browser without a session. `missing`: what the sign-in that was just tried still lacks. */
export async function showSignIn(
  parts: GuardParts,
  c: Context<PageEnv>,
  missing?: (FailedSignIn & { email: string }) | SecondStep,
): Promise<Response> {
  const failed = missing?.outcome === 'second-step' ? missing.failed : missing
  setSecurityHeaders(c, { issuer: parts.issuer, passkeys: true })
  if (failed?.retryAfterSeconds) c.header('Retry-After', String(failed.retryAfterSeconds))
  const shared = {
    action: '/sign-in',
    csrf: parts.forms.create(signInForm(parts, c)),
    error: failed?.error(c.var.reader.texts),
  }
  return c.html(
    missing?.outcome === 'second-step'
      ? secondStepPage(c.var.reader, { fields: [], ...missing, ...shared })
      : signInPage(c.var.reader, {
          ...shared,
          email: missing?.email,
          signUpPath: (await isSignUpOffered(parts.db)) ? '/sign-up' : undefined,
        }),
    failed?.status ?? 200,
  )
}

/** `POST /sign-in`: an e-mail address and a password, a passkey, or the second step. */
export async function signIn(parts: GuardParts, c: Context<PageEnv>): Promise<Response> {
  const form = await readForm(c)
  parts.forms.require(c.req.raw, signInForm(parts, c), form.csrf)
  const { incoming, outgoing } = c.env
  const email = String(form.email ?? '')
  const browser = browserOf(parts, c)
  const snapshot = await takeSnapshot(parts.db)
  const address = parts.addressOf(incoming)
  const tried = await authenticateForm(parts, { form, address, browser })
  if (tried.outcome === 'failed') return showSignIn(parts, c, { ...tried, email })
  if (tried.outcome === 'second-step') return showSignIn(parts, c, tried)
  const started = await startSession(
    { ...parts, provider: parts.provider() },
    incoming,
    outgoing,
    tried,
  )
  const { accountId } = tried
  const userAgent = c.req.header('user-agent') ?? null
  const device = (texts: Texts) => deviceOf(texts, userAgent)
  const { locale } = c.var.reader
  const signedIn = { ...started, accountId, browser, device, locale, snapshot }
  if (await completeSignIn(parts, signedIn)) parts.log.info('signed in', { accountId })
  return c.redirect('/', 303)
}

/** `POST /sign-out` */
export async function signOut(
  parts: GuardParts & { guard: Guard },
  c: Context<PageEnv>,
): Promise<Response> {
  const { resident } = await parts.guard.requireForm(c)
  parts.security.emit('session_ended', { accountId: resident.account.id, count: 1 })
  await endSession({ ...parts, provider: parts.provider() }, c.env.incoming, c.env.outgoing)
  return c.redirect('/', 303)
}

/** Binds the sign-in form to this browser, which has no session yet. */
const signInForm = (parts: GuardParts, c: Context<PageEnv>) => `sign-in ${browserOf(parts, c)}`
