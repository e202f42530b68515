import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { findAccount } from '../accounts/accounts.ts'
import type { Db } from '../db.ts'
import { ApiError } from '../errors.ts'
import { findLatestDocuments } from '../id-verification/store.ts'
import type { Log } from '../log.ts'
import { findClientProfile } from '../oauth/client-profile.ts'
import { readChoice } from '../oauth/consent-form.ts'
import { changeConsent, findConsent, revokeConsent } from '../oauth/consents.ts'
import type { FormTokens, SignedIn } from '../oauth/sessions.ts'
import { applicationPage } from './application-page.ts'

type Env = { Bindings: HttpBindings }
type Parts = {
  db: Db
  forms: FormTokens
  log: Log
  session: (c: Context<Env>) => Promise<SignedIn | undefined>
  requireForm: (c: Context<Env>) => Promise<{ signedIn: SignedIn; form: Record<string, unknown> }>
  withHeaders: (c: Context<Env>) => void
}

/** One application on a page of its own: what it may see, for how long, and the end of it. */
export function consentRoutes(parts: Parts): Hono<Env> {
  const { db, forms, log, session, requireForm, withHeaders } = parts
  const routes = new Hono<Env>()
  // What does not exist and what is somebody else's answer alike.
  const nothingHere = () => new ApiError(404, 'not_found', 'There is nothing at this address.')
  const pathOf = (clientId: string) => `/applications/${encodeURIComponent(clientId)}`

  routes.get('/applications/:clientId', async (c) => {
    const signedIn = await session(c)
    const account = signedIn && (await findAccount(db, signedIn.accountId))
    if (!signedIn || account?.status !== 'active') return c.redirect('/', 303)
    const clientId = c.req.param('clientId')
    const [consent, client, documents] = await Promise.all([
      findConsent(db, account.id, clientId),
      findClientProfile(db, clientId),
      findLatestDocuments(db, account.id),
    ])
    if (!consent || consent.isEnded || !client) throw nothingHere()
    withHeaders(c)
    return c.html(
      applicationPage({
        client,
        consent,
        account: { ...account, name: `${account.givenName} ${account.surname}` },
        documents,
        csrf: forms.create(signedIn.uid),
        isSaved: c.req.query('saved') !== undefined,
        now: new Date(),
      }),
    )
  })

  routes.post('/applications/:clientId', async (c) => {
    const { signedIn, form } = await requireForm(c)
    const { accountId } = signedIn
    const clientId = c.req.param('clientId')
    const choice = readChoice(form, new Date())
    if (!choice) throw new ApiError(400, 'invalid_request', 'Please choose for how long.')
    const consent = await changeConsent(db, {
      accountId,
      clientId,
      allowed: choice.ticked,
      endsAt: choice.endsAt,
    })
    if (!consent) throw nothingHere()
    log.info('consent changed', { accountId, clientId, allowed: consent.scopes.length })
    return c.redirect(`${pathOf(clientId)}?saved`, 303)
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
