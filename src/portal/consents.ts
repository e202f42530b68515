import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { fullNameOf } from '../accounts/accounts.ts'
import { ApiError } from '../errors.ts'
import { securityHeaders } from '../html.ts'
import { findLatestDocuments } from '../id-verification/store.ts'
import { findClientProfile } from '../oauth/client-profile.ts'
import { readChoice } from '../oauth/consent-form.ts'
import { changeConsent, findConsent, revokeConsent } from '../oauth/consents.ts'
import { applicationPage } from './application-page.ts'
import type { Guard, GuardParts } from './guard.ts'
import { leaveNotice, takeNotice } from './notices.ts'

type Env = { Bindings: HttpBindings }
type Parts = GuardParts & { guard: Guard }

/** One application on a page of its own: what it may see, for how long, and the end of it. */
export function consentRoutes(parts: Parts): Hono<Env> {
  const { issuer, db, forms, guard, security, log } = parts
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
    const notice = takeNotice(parts, c)
    for (const [name, value] of Object.entries(securityHeaders({ issuer }))) c.header(name, value)
    return c.html(
      applicationPage({
        client,
        consent,
        account: { ...account, name: fullNameOf(account) },
        documents,
        csrf: forms.create(session.uid),
        isSaved: notice?.name === 'consent-changed' && notice.clientId === clientId,
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
    security.emit('consent_changed', { accountId, clientId })
    log.info('consent changed', { accountId, clientId, allowed: consent.scopes.length })
    leaveNotice(parts, c, { name: 'consent-changed', clientId })
    return c.redirect(pathOf(clientId), 303)
  })

  routes.post('/applications/:clientId/revoke', async (c) => {
    const { resident, form } = await guard.requireForm(c)
    const asked = await guard.askToConfirm(c, resident, form)
    if (asked) return asked
    const accountId = resident.account.id
    const clientId = c.req.param('clientId')
    const name = await revokeConsent(db, accountId, clientId)
    if (name) {
      leaveNotice(parts, c, { name: 'consent-ended', clientId })
      security.emit('consent_ended', { accountId, clientId })
      log.info('consent revoked', { accountId, clientId })
    }
    return c.redirect('/', 303)
  })
  return routes
}
