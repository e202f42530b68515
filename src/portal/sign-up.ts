import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { tooManyAttempts } from '../accounts/sign-in.ts'
import {
  acceptSignUpCode,
  findRequestedSignUp,
  isSignUpOffered,
  requestSignUp,
} from '../accounts/sign-up.ts'
import { findClientName } from '../clients/clients.ts'
import { browserOf } from '../oauth/sessions.ts'
import { findApplicationRequest } from '../oauth/sign-up.ts'
import { ApiError } from '../platform/errors.ts'
import { findPolicy } from '../platform/policies.ts'
import { isDisplayable } from '../web/displayed-text.ts'
import { readForm } from '../web/form-body.ts'
import { type Html, setSecurityHeaders } from '../web/html.ts'
import type { GuardParts } from './guard.ts'
import { createAccount, sendPasskeyOptions, showNewAccount } from './new-account.ts'
import { takeNotice } from './notices.ts'
import { requestExpiredPage, signUpPage, signUpSentPage } from './sign-up-pages.ts'

type Env = { Bindings: HttpBindings }

const TOKEN = ':token{[\\w-]{43}}' as const
// Whoever types it gets a mail there, so what mail programs read as more than one address is refused.
const EMAIL = /^[^\s@<>(),;:"[\]\\]+@[^\s@<>(),;:"[\]\\]+$/

/** `/sign-up`: residents create their accounts, where the operator's policy lets them. */
export function signUpRoutes(parts: GuardParts): Hono<Env> {
  const routes = new Hono<Env>()
  routes.use('/sign-up/*', bodyLimit({ maxSize: 32 * 1024 }), async (_c, next) => {
    if (!(await isSignUpOffered(parts.db))) throw closed()
    await next()
  })
  routes.get('/sign-up', (c) => showSignUp(parts, c))
  routes.post('/sign-up', (c) => acceptRequest(parts, c))
  routes.get('/sign-up/sent', (c) => showSent(parts, c))
  routes.post('/sign-up/code', (c) => acceptCode(parts, c))
  routes.get('/sign-up/done', (c) => showRequestExpired(parts, c))
  routes.get(`/sign-up/${TOKEN}`, (c) => showNewAccount(parts, c, c.req.param('token')))
  routes.post(`/sign-up/${TOKEN}`, (c) => createAccount(parts, c, c.req.param('token')))
  routes.post(`/sign-up/${TOKEN}/passkey-options`, (c) =>
    sendPasskeyOptions(parts, c, c.req.param('token')),
  )
  return routes
}

const closed = () =>
  new ApiError(
    404,
    'sign_up_closed',
    'Nobody can create an account here by themselves. Ask the people who run this portal for one.',
  )

function show(
  { issuer }: GuardParts,
  c: Context<Env>,
  page: Html,
  status: 200 | 400 | 429 = 200,
): Response | Promise<Response> {
  setSecurityHeaders(c, { issuer })
  return c.html(page, status)
}

const isByInvitation = async ({ db }: GuardParts) =>
  (await findPolicy(db, 'sign-up')) === 'invitation'

/** Binds the forms before the address is proven to this browser. */
const formOf = (parts: GuardParts, c: Context<Env>) => `sign-up ${browserOf(parts, c)}`

async function requireForm(parts: GuardParts, c: Context<Env>) {
  const form = await readForm(c)
  parts.forms.require(c.req.raw, formOf(parts, c), form.csrf)
  return form
}

async function showSignUp(parts: GuardParts, c: Context<Env>): Promise<Response> {
  const waiting = await findApplicationRequest(parts.provider(), c.req.query('request'))
  const csrf = parts.forms.create(formOf(parts, c))
  const byInvitation = await isByInvitation(parts)
  return show(parts, c, signUpPage({ csrf, waiting, byInvitation, email: waiting?.loginHint }))
}

async function acceptRequest(parts: GuardParts, c: Context<Env>): Promise<Response> {
  const { issuer, security } = parts
  const form = await requireForm(parts, c)
  const email = String(form.email ?? '').trim()
  const waiting = await findApplicationRequest(parts.provider(), form.request)
  const shown = {
    csrf: String(form.csrf),
    waiting,
    byInvitation: await isByInvitation(parts),
    email,
  }
  if (!EMAIL.test(email) || email.length > 320 || !isDisplayable(email)) {
    const error = 'Please enter your e-mail address, such as ana@example.com.'
    return show(parts, c, signUpPage({ ...shown, error }), 400)
  }
  const address = parts.addressOf(c.env.incoming)
  const browser = browserOf(parts, c)
  const wait = await requestSignUp(parts, { email, address, browser, waiting, issuer })
  if (wait > 0) {
    c.header('Retry-After', String(wait))
    return show(parts, c, signUpPage({ ...shown, error: tooManyAttempts(wait).error }), 429)
  }
  security.emit('sign_up_requested', { address, clientId: waiting?.clientId })
  return c.redirect('/sign-up/sent', 303)
}

async function showSent(parts: GuardParts, c: Context<Env>, error?: string): Promise<Response> {
  const signUp = await findRequestedSignUp(parts.db, parts.sealer, browserOf(parts, c))
  if (!signUp) return c.redirect('/sign-up', 303)
  const page = signUpSentPage({
    csrf: parts.forms.create(formOf(parts, c)),
    email: signUp.email,
    waiting: await findApplicationRequest(parts.provider(), signUp.waiting?.interactionUid),
    byInvitation: await isByInvitation(parts),
    error,
  })
  return show(parts, c, page, error ? 400 : 200)
}

async function acceptCode(parts: GuardParts, c: Context<Env>): Promise<Response> {
  const form = await requireForm(parts, c)
  const browser = browserOf(parts, c)
  const typed = String(form.code ?? '')
  const token = await acceptSignUpCode(parts.db, parts.sealer, { browser, typed })
  if (token) return c.redirect(`/sign-up/${token}`, 303)
  const error = 'That code is not right. After five wrong codes only the link in the e-mail works.'
  return showSent(parts, c, error)
}

async function showRequestExpired(parts: GuardParts, c: Context<Env>): Promise<Response> {
  const notice = takeNotice(parts, c)
  if (notice?.name !== 'request-expired') return c.redirect('/', 303)
  const clientName = (await findClientName(parts.db, notice.clientId)) ?? 'the application'
  return show(parts, c, requestExpiredPage({ clientName }))
}
