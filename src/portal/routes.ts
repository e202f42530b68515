import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Provider } from 'oidc-provider'
import { findAccount } from '../accounts/accounts.ts'
import type { FailedSignIn } from '../accounts/sign-in.ts'
import type { ClientAddress } from '../client-address.ts'
import type { Db } from '../db.ts'
import { ApiError } from '../errors.ts'
import { securityHeaders } from '../html.ts'
import { listVerifications } from '../id-verification/store.ts'
import type { Log } from '../log.ts'
import { findClientName } from '../oauth/clients.ts'
import { listConsents, revokeConsent } from '../oauth/consents.ts'
import { judgeLogin } from '../oauth/logins.ts'
import { signInPage } from '../oauth/pages.ts'
import { isScope } from '../oauth/scopes.ts'
import {
  endSession,
  type FormTokens,
  identifyBrowser,
  isSameOrigin,
  openSession,
  type SignedIn,
  startSession,
} from '../oauth/sessions.ts'
import type { Storage } from '../storage.ts'
import { homePage } from './pages.ts'

type Parts = {
  issuer: string
  db: Db
  provider: () => Provider
  forms: FormTokens
  addressOf: ClientAddress
  storage: Storage
  imageOrigin: string
  log: Log
}
type Env = { Bindings: HttpBindings }

// Long enough to look, short enough that a link left in a history opens nothing.
const IMAGE_LINK_SECONDS = 120

/** The resident's own pages. */
export function portalRoutes(parts: Parts): Hono<Env> {
  const { issuer, db, forms, log } = parts
  const routes = new Hono<Env>()
  routes.use(bodyLimit({ maxSize: 16 * 1024 }))

  const withHeaders = (c: Context<Env>, imageOrigin?: string) => {
    for (const [name, value] of Object.entries(securityHeaders({ issuer, imageOrigin })))
      c.header(name, value)
  }
  const session = (c: Context<Env>) =>
    openSession({ db, provider: parts.provider() }, c.env.incoming, c.env.outgoing)
  /** The form before sign-in belongs to one browser, which has no session yet. */
  const signInForm = (c: Context<Env>) =>
    `sign-in ${identifyBrowser(parts.provider(), c.env.incoming, c.env.outgoing)}`

  /** A signed-in browser, and a form that came from our own page. */
  async function requireForm(
    c: Context<Env>,
  ): Promise<{ signedIn: SignedIn; form: Record<string, unknown> }> {
    const signedIn = await session(c)
    const form = await c.req.parseBody()
    if (
      !signedIn ||
      !isSameOrigin(c.req.raw.headers, issuer) ||
      !forms.matches(signedIn.uid, form.csrf)
    )
      throw new ApiError(
        403,
        'forbidden_form',
        'This form has expired. Please go back, reload the page and try again.',
      )
    return { signedIn, form }
  }

  function showSignIn(c: Context<Env>, failed?: FailedSignIn & { email: string }) {
    withHeaders(c)
    if (failed?.retryAfterSeconds) c.header('Retry-After', String(failed.retryAfterSeconds))
    return c.html(
      signInPage({
        action: '/sign-in',
        csrf: forms.create(signInForm(c)),
        email: failed?.email,
        error: failed?.error,
      }),
      failed?.status ?? 200,
    )
  }

  routes.get('/', async (c) => {
    const signedIn = await session(c)
    const account = signedIn && (await findAccount(db, signedIn.accountId))
    if (!signedIn || account?.status !== 'active') return showSignIn(c)
    const [verifications, applications, sign] = await Promise.all([
      listVerifications(db, account.id),
      listConsents(db, account.id),
      parts.storage.signer(),
    ])
    // By id, not by name: the words of a notice are never taken from a link.
    const ended = await findClientName(db, c.req.query('ended') ?? '')
    withHeaders(c, parts.imageOrigin)
    return c.html(
      homePage({
        account: { name: `${account.givenName} ${account.surname}`, email: account.email },
        verifications: verifications.map((verification) => ({
          ...verification,
          images: verification.images.map(({ type, key }) => ({
            type,
            url: sign(key, {
              expiresInSeconds: IMAGE_LINK_SECONDS,
              contentType: 'image/jpeg',
              inline: true,
            }),
          })),
        })),
        applications: applications.map((application) => ({
          ...application,
          scopes: application.scopes.filter(isScope),
        })),
        csrf: forms.create(signedIn.uid),
        notice: ended ? `${ended} can no longer see your documents.` : undefined,
      }),
    )
  })

  routes.post('/sign-in', async (c) => {
    const form = await c.req.parseBody()
    if (!isSameOrigin(c.req.raw.headers, issuer) || !forms.matches(signInForm(c), form.csrf))
      throw new ApiError(
        403,
        'forbidden_form',
        'This form was not sent from our page. Please go back and try again.',
      )
    const { incoming, outgoing } = c.env
    const email = String(form.email ?? '')
    const tried = await judgeLogin(parts, { form, address: parts.addressOf(incoming) })
    if (tried.outcome === 'failed') return showSignIn(c, { ...tried, email })
    await startSession({ db, provider: parts.provider() }, incoming, outgoing, tried)
    log.info('signed in', { accountId: tried.accountId })
    return c.redirect('/', 303)
  })

  routes.post('/sign-out', async (c) => {
    await requireForm(c)
    await endSession(parts.provider(), c.env.incoming, c.env.outgoing)
    return c.redirect('/', 303)
  })

  routes.post('/applications/:clientId/revoke', async (c) => {
    const { signedIn } = await requireForm(c)
    const clientId = c.req.param('clientId')
    const name = await revokeConsent(db, signedIn.accountId, clientId)
    if (name) log.info('consent revoked', { accountId: signedIn.accountId, clientId })
    return c.redirect(name ? `/?ended=${encodeURIComponent(clientId)}` : '/', 303)
  })
  return routes
}
