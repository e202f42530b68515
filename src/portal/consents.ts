import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import type { Db } from '../db.ts'
import { ApiError } from '../errors.ts'
import { securityHeaders } from '../html.ts'
import { findLatestDocuments } from '../id-verification/store.ts'
import type { Log } from '../log.ts'
import { findClientProfile } from '../oauth/client-profile.ts'
import { readChoice } from '../oauth/consent-form.ts'
import { changeConsent, findConsent, revokeConsent } from '../oauth/consents.ts'
import type { FormTokens } from '../oauth/sessions.ts'
import { applicationPage } from './application-page.ts'
import type { Guard } from './guard.ts'

type Env = { Bindings: HttpBindings }
type Parts = { issuer: string; db: Db; forms: FormTokens; guard: Guard; log: Log }

/** One application on a page of its own: what it may see, for how long, and the end of it. */
export function consentRoutes({ issuer, db, forms, guard, log }: Parts): Hono<Env> {
  const routes = new Hono<Env>()
  // What does not exist and what is somebody else's answer alike.
  const nothingHere = () => new ApiError(404, 'not_found', 'There is nothing at this address.')
  const pathOf = (clientId: string) => `/applications/${encodeURIComponent(clientId)}`

  routes.get('/applications/:clientId', async (c) => {
    const resident = await guard.findResident(c)
    if (!resident) return c.redirect('/', 303)
    const { account, session } = resident
    const clientId = c.req.param('clientId')
    const [consent, client, documents] = await Promise.all([
      findConsent(db, account.id, clientId),
      findClientProfile(db, clientId),
      findLatestDocuments(db, account.id),
    ])
    if (!consent || consent.isEnded || !client) throw nothingHere()
    for (const [name, value] of Object.entries(securityHeaders({ issuer }))) c.header(name, value)
    return c.html(
      applicationPage({
        client,
        consent,
        account: { ...account, name: `${account.givenName} ${account.surname}` },
        documents,
        csrf: forms.create(session.uid),
        isSaved: c.req.query('saved') !== undefined,
        now: new Date(),
      }),
    )
  })

  routes.post('/applications/:clientId', async (c) => {
    const { resident, form } = await guard.requireForm(c)
    const choice = readChoice(form, new Date())
    if (!choice) throw new ApiError(400, 'invalid_request', 'Please choose for how long.')
    const asked = await guard.askToConfirm(c, resident, form)
    if (asked) return asked
    const accountId = resident.account.id
    const clientId = c.req.param('clientId')
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
    const { resident, form } = await guard.requireForm(c)
    const asked = await guard.askToConfirm(c, resident, form)
    if (asked) return asked
    const accountId = resident.account.id
    const clientId = c.req.param('clientId')
    const name = await revokeConsent(db, accountId, clientId)
    if (name) log.info('consent revoked', { accountId, clientId })
    return c.redirect(name ? `/?ended=${encodeURIComponent(clientId)}` : '/', 303)
  })
  return routes
}
