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
import { findPolicy } from '../platform/policies.ts'
import { isDisplayable } from '../web/displayed-text.ts'
import { readForm } from '../web/form-body.ts'
import { type Html, setSecurityHeaders } from '../web/html.ts'
import { ownPath } from '../web/own-path.ts'
import { PageError } from '../web/page-error.ts'
import type { PageEnv } from '../web/reader.ts'
import { leaveContinuation } from './continuation.ts'
import type { GuardParts } from './guard.ts'
import { createAccount, findRequest, sendPasskeyOptions, showNewAccount } from './new-account.ts'
import { takeNotice } from './notices.ts'
import { showsOutbox } from './outbox.ts'
import { requestExpiredPage, signUpPage, signUpSentPage } from './sign-up-pages.ts'

const TOKEN = ':token{[\\w-]{43}}' as const
// Whoever types it gets a mail there, so what mail programs read as more than one address is refused.
const EMAIL = /^[^\s@<>(),;:"[\]\\]+@[^\s@<>(),;:"[\]\\]+$/

/** Whether it is one e-mail address, which a page can display. */
export const isEmailAddress = (text: string): boolean =>
  EMAIL.test(text) && text.length <= 320 && isDisplayable(text)

/** `/sign-up`: residents create their accounts, where the operator's policy lets them. */
export function signUpRoutes(parts: GuardParts): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
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

const closed = () => new PageError(404, 'sign_up_closed', ({ errors }) => errors.signUpClosed)

function show(
  { issuer }: GuardParts,
  c: Context<PageEnv>,
  page: Html,
  status: 200 | 400 | 429 = 200,
): Response | Promise<Response> {
  setSecurityHeaders(c, { issuer })
  return c.html(page, status)
}

const isByInvitation = async ({ db }: GuardParts) =>
  (await findPolicy(db, 'sign-up')) === 'invitation'

/** Binds the forms before the address is proven to this browser. */
const formOf = (parts: GuardParts, c: Context<PageEnv>) => `sign-up ${browserOf(parts, c)}`

async function requireForm(parts: GuardParts, c: Context<PageEnv>) {
  const form = await readForm(c)
  parts.forms.require(c.req.raw, formOf(parts, c), form.csrf)
  return form
}

/** `GET /sign-up?return=PATH`: the new resident begins at that page of the portal. */
async function showSignUp(parts: GuardParts, c: Context<PageEnv>): Promise<Response> {
  const returnTo = ownPath(c.req.query('return'), parts.issuer)
  if (returnTo !== '/') {
    leaveContinuation(c, parts.issuer, returnTo)
    // An answer of its own: this cookie would take the place of the browser's, which is set below.
    return c.redirect('/sign-up', 303)
  }
  const waiting = await findRequest(parts, c, c.req.query('request'))
  const csrf = parts.forms.create(formOf(parts, c))
  const byInvitation = await isByInvitation(parts)
  return show(
    parts,
    c,
    signUpPage(c.var.reader, { csrf, waiting, byInvitation, email: waiting?.loginHint }),
  )
}

async function acceptRequest(parts: GuardParts, c: Context<PageEnv>): Promise<Response> {
  const { issuer, security } = parts
  const form = await requireForm(parts, c)
  const email = String(form.email ?? '').trim()
  const waiting = await findRequest(parts, c, form.request)
  const { locale, texts } = c.var.reader
  const shown = {
    csrf: String(form.csrf),
    waiting,
    byInvitation: await isByInvitation(parts),
    email,
  }
  if (!isEmailAddress(email)) {
    const error = texts.signUp.noAddress
    return show(parts, c, signUpPage(c.var.reader, { ...shown, error }), 400)
  }
  const address = parts.addressOf(c.env.incoming)
  const browser = browserOf(parts, c)
  const wait = await requestSignUp(parts, { email, address, browser, waiting, issuer, locale })
  if (wait > 0) {
    c.header('Retry-After', String(wait))
    const error = tooManyAttempts(wait).error(texts)
    return show(parts, c, signUpPage(c.var.reader, { ...shown, error }), 429)
  }
  security.emit('sign_up_requested', { address, clientId: waiting?.clientId })
  return c.redirect('/sign-up/sent', 303)
}

async function showSent(
  parts: GuardParts,
  c: Context<PageEnv>,
  hasError = false,
): Promise<Response> {
  const signUp = await findRequestedSignUp(parts.db, parts.sealer, browserOf(parts, c))
  if (!signUp) return c.redirect('/sign-up', 303)
  const waiting = await findRequest(parts, c, signUp.waiting?.interactionUid)
  const page = signUpSentPage(c.var.reader, {
    csrf: parts.forms.create(formOf(parts, c)),
    email: signUp.email,
    waiting,
    byInvitation: await isByInvitation(parts),
    hasOutbox: showsOutbox(parts),
    error: hasError ? c.var.reader.texts.mailCode.wrong : undefined,
  })
  return show(parts, c, page, hasError ? 400 : 200)
}

async function acceptCode(parts: GuardParts, c: Context<PageEnv>): Promise<Response> {
  const form = await requireForm(parts, c)
  const browser = browserOf(parts, c)
  const typed = String(form.code ?? '')
  const token = await acceptSignUpCode(parts.db, parts.sealer, { browser, typed })
  if (token) return c.redirect(`/sign-up/${token}`, 303)
  return showSent(parts, c, true)
}

async function showRequestExpired(parts: GuardParts, c: Context<PageEnv>): Promise<Response> {
  const { texts } = c.var.reader
  const notice = takeNotice(parts, c)
  if (notice?.name !== 'request-expired') return c.redirect('/', 303)
  const clientName = (await findClientName(parts.db, notice.clientId)) ?? texts.notMe.theApplication
  return show(parts, c, requestExpiredPage(c.var.reader, { clientName }))
}
