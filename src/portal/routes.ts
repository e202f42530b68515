import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { fullNameOf, takeSnapshot } from '../accounts/accounts.ts'
import type { FailedSignIn, SecondStep } from '../accounts/sign-in.ts'
import { findClientName } from '../clients/clients.ts'
import { listClientProfiles } from '../clients/profile.ts'
import { isScope } from '../clients/scopes.ts'
import { listConsents } from '../consents/consents.ts'
import { adoptDocumentName, findDocumentName } from '../id-verification/review.ts'
import { listVerifications } from '../id-verification/store.ts'
import { authenticateForm } from '../oauth/logins.ts'
import { completeSignIn } from '../oauth/new-sign-ins.ts'
import { signInPage } from '../oauth/pages.ts'
import { secondStepPage } from '../oauth/second-step-pages.ts'
import { endSession, ensureBrowserId, startSession } from '../oauth/sessions.ts'
import type { Jobs } from '../platform/jobs.ts'
import type { Sealer } from '../platform/secrets.ts'
import type { Storage } from '../platform/storage.ts'
import type { Vault } from '../platform/vault.ts'
import { readForm } from '../web/form-body.ts'
import { securityHeaders } from '../web/html.ts'
import { deviceOf } from './devices.ts'
import type { Guard, GuardParts } from './guard.ts'
import { takeOpenedLink } from './links.ts'
import { sentenceOf, takeNotice } from './notices.ts'
import { homePage } from './pages.ts'

type Parts = GuardParts & {
  jobs: Jobs
  sealer: Sealer
  guard: Guard
  storage: Storage
  vault: Vault
  imageOrigin: string
}
type Env = { Bindings: HttpBindings }

// Long enough to view the photos, short enough that a link in the browser's history no longer works.
const IMAGE_LINK_SECONDS = 120

/** The resident's own pages. */
export function portalRoutes(parts: Parts): Hono<Env> {
  const { issuer, db, vault, forms, guard, security, log } = parts
  const routes = new Hono<Env>()
  routes.use(bodyLimit({ maxSize: 16 * 1024 }))

  const withHeaders = (c: Context<Env>, needs: { imageOrigin?: string; passkeys?: boolean }) => {
    for (const [name, value] of Object.entries(securityHeaders({ issuer, ...needs })))
      c.header(name, value)
  }
  const browserOf = (c: Context<Env>) =>
    ensureBrowserId(parts.provider(), c.env.incoming, c.env.outgoing)
  /** Binds the sign-in form to this browser, which has no session yet. */
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

  function showSecondStep(c: Context<Env>, secondStep: SecondStep) {
    const { failed } = secondStep
    withHeaders(c, { passkeys: true })
    if (failed?.retryAfterSeconds) c.header('Retry-After', String(failed.retryAfterSeconds))
    const csrf = forms.create(signInForm(c))
    return c.html(
      secondStepPage({
        action: '/sign-in',
        csrf,
        fields: [],
        ...secondStep,
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
    const [verifications, consents, sign, offeredName] = await Promise.all([
      listVerifications(db, account.id),
      listConsents(db, account.id),
      parts.storage.signer(),
      findDocumentName(db, vault, account.id),
    ])
    const profiles = await listClientProfiles(
      db,
      consents.map(({ clientId }) => clientId),
    )
    const notice = takeNotice(parts, c)
    const ended =
      notice?.name === 'consent-ended' ? await findClientName(db, notice.clientId) : undefined
    withHeaders(c, { imageOrigin: parts.imageOrigin })
    return c.html(
      homePage({
        account: { name: fullNameOf(account), email: account.email },
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
          const { scopes, declined, createdAt, endsAt, isFrozen, lastTokenAt } = consent
          return [
            {
              client,
              scopes: scopes.filter(isScope),
              declined: declined.filter(isScope),
              createdAt,
              endsAt,
              isFrozen,
              lastTokenAt,
            },
          ]
        }),
        offeredName,
        csrf: forms.create(session.uid),
        notice: ended ? `${ended} can no longer see your documents.` : sentenceOf(notice),
      }),
    )
  })

  routes.post('/sign-in', async (c) => {
    const form = await readForm(c)
    forms.require(c.req.raw, signInForm(c), form.csrf)
    const { incoming, outgoing } = c.env
    const email = String(form.email ?? '')
    const browser = browserOf(c)
    const snapshot = await takeSnapshot(db)
    const tried = await authenticateForm(parts, {
      form,
      address: parts.addressOf(incoming),
      browser,
    })
    if (tried.outcome === 'failed') return showSignIn(c, { ...tried, email })
    if (tried.outcome === 'second-step') return showSecondStep(c, tried)
    const started = await startSession(
      { ...parts, provider: parts.provider() },
      incoming,
      outgoing,
      tried,
    )
    const { accountId } = tried
    const device = deviceOf(c.req.header('user-agent') ?? null)
    if (await completeSignIn(parts, { ...started, accountId, browser, device, snapshot }))
      log.info('signed in', { accountId })
    return c.redirect('/', 303)
  })

  routes.post('/sign-out', async (c) => {
    const { resident } = await guard.requireForm(c)
    security.emit('session_ended', { accountId: resident.account.id, count: 1 })
    await endSession({ ...parts, provider: parts.provider() }, c.env.incoming, c.env.outgoing)
    return c.redirect('/', 303)
  })

  routes.post('/verifications/:id/name', async (c) => {
    const { resident, form } = await guard.requireForm(c)
    const confirmation = await guard.requireRecentSignIn(c, resident, form)
    if (confirmation) return confirmation
    const accountId = resident.account.id
    const verificationId = c.req.param('id')
    if (await adoptDocumentName(db, vault, { accountId, verificationId }))
      log.info('name taken from the document', { accountId, verificationId })
    return c.redirect('/', 303)
  })

  // Viewing photos requires signing in again after 15 minutes; the home page shows them while the sign-in is recent.
  routes.post('/photos', async (c) => {
    const { resident, form } = await guard.requireForm(c)
    return (await guard.requireRecentSignIn(c, resident, form)) ?? c.redirect('/', 303)
  })
  return routes
}
