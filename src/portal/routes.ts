import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { FailedSignIn } from '../accounts/sign-in.ts'
import { ApiError } from '../errors.ts'
import { securityHeaders } from '../html.ts'
import { listVerifications } from '../id-verification/store.ts'
import type { Jobs } from '../jobs.ts'
import { listClientProfiles } from '../oauth/client-profile.ts'
import { findClientName } from '../oauth/clients.ts'
import { listConsents } from '../oauth/consents.ts'
import { judgeLogin } from '../oauth/logins.ts'
import { signInPage } from '../oauth/pages.ts'
import { isScope } from '../oauth/scopes.ts'
import { endSession, identifyBrowser, isSameOrigin, startSession } from '../oauth/sessions.ts'
import type { Storage } from '../storage.ts'
import type { Guard, GuardParts } from './guard.ts'
import { takeOpenedLink } from './links.ts'
import { homePage } from './pages.ts'

type Parts = GuardParts & { jobs: Jobs; guard: Guard; storage: Storage; imageOrigin: string }
type Env = { Bindings: HttpBindings }

// Long enough to look, short enough that a link left in a history opens nothing.
const IMAGE_LINK_SECONDS = 120

/** The resident's own pages. */
export function portalRoutes(parts: Parts): Hono<Env> {
  const { issuer, db, forms, guard, log } = parts
  const routes = new Hono<Env>()
  routes.use(bodyLimit({ maxSize: 16 * 1024 }))

  const withHeaders = (c: Context<Env>, needs: { imageOrigin?: string; passkeys?: boolean }) => {
    for (const [name, value] of Object.entries(securityHeaders({ issuer, ...needs })))
      c.header(name, value)
  }
  const browserOf = (c: Context<Env>) =>
    identifyBrowser(parts.provider(), c.env.incoming, c.env.outgoing)
  /** The form before sign-in belongs to one browser, which has no session yet. */
  const signInForm = (c: Context<Env>) => `sign-in ${browserOf(c)}`

  function showSignIn(c: Context<Env>, failed?: FailedSignIn & { email: string }) {
    withHeaders(c, { passkeys: true })
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
    const resident = await guard.findResident(c)
    if (!resident) return showSignIn(c)
    const opened = takeOpenedLink(c, issuer)
    if (opened) return c.redirect(opened, 303)
    const { account, session } = resident
    const [verifications, consents, sign] = await Promise.all([
      listVerifications(db, account.id),
      listConsents(db, account.id),
      parts.storage.signer(),
    ])
    const profiles = await listClientProfiles(
      db,
      consents.map(({ clientId }) => clientId),
    )
    // By id, not by name: the words of a notice are never taken from a link.
    const ended = await findClientName(db, c.req.query('ended') ?? '')
    withHeaders(c, { imageOrigin: parts.imageOrigin })
    return c.html(
      homePage({
        account: { name: `${account.givenName} ${account.surname}`, email: account.email },
        verifications: verifications.map((verification) => ({
          ...verification,
          imagesHidden: !resident.isRecent && verification.images.length > 0,
          images: (resident.isRecent ? verification.images : []).map(({ type, key }) => ({
            type,
            url: sign(key, {
              expiresInSeconds: IMAGE_LINK_SECONDS,
              contentType: 'image/jpeg',
              inline: true,
            }),
          })),
        })),
        applications: consents.flatMap((consent) => {
          const client = profiles.find(({ clientId }) => clientId === consent.clientId)
          if (!client) return []
          const { scopes, declined, createdAt, endsAt, lastTokenAt } = consent
          return [
            {
              client,
              scopes: scopes.filter(isScope),
              declined: declined.filter(isScope),
              createdAt,
              endsAt,
              lastTokenAt,
            },
          ]
        }),
        csrf: forms.create(session.uid),
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
    const tried = await judgeLogin(parts, {
      form,
      address: parts.addressOf(incoming),
      browser: browserOf(c),
    })
    if (tried.outcome === 'failed') return showSignIn(c, { ...tried, email })
    await startSession({ ...parts, provider: parts.provider() }, incoming, outgoing, tried)
    log.info('signed in', { accountId: tried.accountId })
    return c.redirect('/', 303)
  })

  routes.post('/sign-out', async (c) => {
    await guard.requireForm(c)
    await endSession({ ...parts, provider: parts.provider() }, c.env.incoming, c.env.outgoing)
    return c.redirect('/', 303)
  })

  // What the confirmation is for is shown by the page itself, for as long as it is recent.
  routes.post('/photos', async (c) => {
    const { resident, form } = await guard.requireForm(c)
    return (await guard.askToConfirm(c, resident, form)) ?? c.redirect('/', 303)
  })
  return routes
}
