import type { Context } from 'hono'
import { takeSnapshot } from '../accounts/accounts.ts'
import type { FailedSignIn, SecondStep } from '../accounts/sign-in.ts'
import { isSignUpOffered } from '../accounts/sign-up.ts'
import { authenticateForm } from '../oauth/logins.ts'
import { completeSignIn } from '../oauth/new-sign-ins.ts'
import { signInPage } from '../oauth/pages.ts'
import { personasPage } from '../oauth/persona-pages.ts'
import { authenticatePersona, preselect } from '../oauth/personas.ts'
import { secondStepPage } from '../oauth/second-step-pages.ts'
import { browserOf, endSession, startSession } from '../oauth/sessions.ts'
import { readForm } from '../web/form-body.ts'
import { setSecurityHeaders } from '../web/html.ts'
import { ownPath } from '../web/own-path.ts'
import type { PageEnv } from '../web/reader.ts'
import type { Texts } from '../web/texts/en.ts'
import { deviceOf } from './devices.ts'
import { type Guard, type GuardParts, signInPath, signUpPath } from './guard.ts'

type SignInOptions = {
  /** The page of this portal to which the resident was going. */
  returnTo?: string
  /** In the sandbox: whose personas are offered. */
  team?: unknown
  /** What the sign-in that was just tried still lacks. */
  missing?: (FailedSignIn & { email: string }) | SecondStep
}

/** The page for a browser without a session. */
export async function showSignIn(
  parts: GuardParts,
  c: Context<PageEnv>,
  { returnTo = '/', team, missing }: SignInOptions = {},
): Promise<Response> {
  const failed = missing?.outcome === 'second-step' ? missing.failed : missing
  setSecurityHeaders(c, { issuer: parts.issuer, passkeys: true })
  if (failed?.retryAfterSeconds) c.header('Retry-After', String(failed.retryAfterSeconds))
  // The switch of languages keeps it, also on a page that answers a form.
  const reader =
    returnTo === '/' ? c.var.reader : { ...c.var.reader, returnTo: signInPath(returnTo) }
  const fields: [string, string][] = returnTo === '/' ? [] : [['return', returnTo]]
  const shared = {
    action: '/sign-in',
    csrf: parts.forms.create(signInForm(parts, c)),
    fields,
    error: failed?.error(reader.texts),
  }
  if (parts.personas) {
    const teamId = await parts.personas.findTeam(team)
    const offered = await parts.personas.listForTeam(teamId)
    const chosen = preselect(offered, {})
    const ofTeam: [string, string][] = [...fields, ['team', teamId]]
    const data = { ...shared, fields: ofTeam, offered, chosen }
    return c.html(personasPage(reader, data), failed?.status ?? 200)
  }
  return c.html(
    missing?.outcome === 'second-step'
      ? secondStepPage(reader, { ...missing, ...shared })
      : signInPage(reader, {
          ...shared,
          email: missing?.email,
          signUpPath: (await isSignUpOffered(parts.db)) ? signUpPath(returnTo) : undefined,
        }),
    failed?.status ?? 200,
  )
}

/** `GET /sign-in?return=PATH`: leads to that page of the portal at once where somebody is signed in already. */
export async function openSignIn(
  parts: GuardParts & { guard: Guard },
  c: Context<PageEnv>,
): Promise<Response> {
  const returnTo = ownPath(c.req.query('return'), parts.issuer)
  return (await parts.guard.findResident(c))
    ? c.redirect(returnTo, 303)
    : showSignIn(parts, c, { returnTo, team: c.req.query('team') })
}

/** `POST /sign-in`: an e-mail address and a password, a passkey, or the second step; in the sandbox a persona. */
export async function signIn(parts: GuardParts, c: Context<PageEnv>): Promise<Response> {
  const form = await readForm(c)
  parts.forms.require(c.req.raw, signInForm(parts, c), form.csrf)
  const { incoming, outgoing } = c.env
  const email = String(form.email ?? '')
  const returnTo = ownPath(form.return, parts.issuer)
  const browser = browserOf(parts, c)
  const snapshot = await takeSnapshot(parts.db)
  const address = parts.addressOf(incoming)
  const { personas } = parts
  const team = await personas?.findTeam(form.team)
  const tried =
    personas && team
      ? authenticatePersona(parts, { offered: await personas.listForTeam(team), form, address })
      : await authenticateForm(parts, { form, address, browser })
  if (tried.outcome === 'failed')
    return showSignIn(parts, c, { returnTo, team, missing: { ...tried, email } })
  if (tried.outcome === 'second-step') return showSignIn(parts, c, { returnTo, missing: tried })
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
  return c.redirect(returnTo, 303)
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
