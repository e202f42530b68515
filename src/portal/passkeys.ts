import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { fullNameOf } from '../accounts/accounts.ts'
import { factorChangedMail, passkeyAddedMail, sendLetter } from '../accounts/mails.ts'
import {
  createRegistrationOptions,
  createSignInOptions,
  registerPasskey,
  removePasskey,
  renamePasskey,
} from '../accounts/passkeys.ts'
import { lockFactors } from '../accounts/second-factor.ts'
import { browserOf } from '../oauth/sessions.ts'
import type { Jobs } from '../platform/jobs.ts'
import type { Sealer } from '../platform/secrets.ts'
import { PageError } from '../web/page-error.ts'
import type { PageEnv } from '../web/reader.ts'
import { deviceOf } from './devices.ts'
import type { Guard, GuardParts } from './guard.ts'
import { leaveNotice } from './notices.ts'
import {
  prepareFirstFactor,
  removeFactor,
  settleFirstFactor,
  showRecoveryCodes,
  strengthenSession,
} from './second-factor.ts'

type Parts = GuardParts & { guard: Guard; sealer: Sealer; jobs: Jobs }

/** The WebAuthn options for the pages' script, and the passkeys of the resident's account. */
export function passkeyRoutes(parts: Parts): Hono<PageEnv> {
  const { issuer, db, forms, guard, security, log } = parts
  const routes = new Hono<PageEnv>()
  routes.use(bodyLimit({ maxSize: 32 * 1024 }))

  const requireFound = (found: boolean) => {
    if (!found) throw new PageError(404, 'not_found', ({ errors }) => errors.noPasskey)
  }

  routes.post('/passkeys/options', async (c) => {
    forms.requireSameOrigin(c.req.raw)
    c.header('Cache-Control', 'no-store')
    return c.json(await createSignInOptions(db, { issuer, browser: browserOf(parts, c) }))
  })

  routes.post('/account/passkeys/options', async (c) => {
    const { resident } = await guard.requireForm(c)
    if (!resident.mayChangeFactors)
      throw new PageError(403, 'confirmation_required', ({ errors }) => errors.confirmFirst)
    const { account } = resident
    c.header('Cache-Control', 'no-store')
    return c.json(
      await createRegistrationOptions(db, {
        issuer,
        name: parts.config.site.name,
        browser: browserOf(parts, c),
        account: { ...account, displayName: fullNameOf(account) },
      }),
    )
  })

  // Requires a recent sign-in, then shows the form that adds a passkey.
  routes.post('/account/passkeys/new', async (c) => {
    const { resident, form } = await guard.requireForm(c)
    const confirmation = await guard.requireRecentSignIn(c, resident, form, 'factors')
    return confirmation ?? c.redirect('/account#passkeys', 303)
  })

  routes.post('/account/passkeys', async (c) => {
    const { resident, form } = await guard.requireForm(c)
    const { account } = resident
    // Sent without the script, or after the sign-in was no longer recent: the page explains what is missing.
    if (!resident.mayChangeFactors || !form['new-passkey'])
      return c.redirect('/account#passkeys', 303)
    const first = await prepareFirstFactor(db, account.id)
    const added = await db.begin(async (sql) => {
      await lockFactors(sql, account.id)
      await guard.holdLiveSession(sql, resident)
      const codes = await settleFirstFactor(sql, parts, resident, first)
      const made = await registerPasskey(sql, {
        issuer,
        browser: browserOf(parts, c),
        accountId: account.id,
        response: String(form['new-passkey'] ?? ''),
        name: String(form.name || deviceOf(c.var.reader.texts, c.req.header('user-agent') ?? null)),
      })
      if (!made) throw new PageError(400, 'passkey_refused', ({ errors }) => errors.passkeyRefused)
      await sendLetter(sql, parts, account, passkeyAddedMail())
      return { ...made, codes }
    })
    security.emit('passkey_added', { accountId: account.id })
    log.info('passkey added', { accountId: account.id })
    await strengthenSession(c, parts, resident, added.method)
    if (added.codes)
      return showRecoveryCodes(c, issuer, {
        codes: added.codes,
        notice: c.var.reader.texts.account.passkeyAddedWithCodes(added.name),
      })
    leaveNotice(parts, c, { name: 'passkey-added' })
    return c.redirect('/account', 303)
  })

  routes.post('/account/passkeys/:id/rename', async (c) => {
    const { resident, form } = await guard.requireForm(c)
    requireFound(
      await renamePasskey(db, resident.account.id, c.req.param('id'), String(form.name ?? '')),
    )
    leaveNotice(parts, c, { name: 'passkey-renamed' })
    return c.redirect('/account', 303)
  })

  routes.post('/account/passkeys/:id/remove', async (c) => {
    const { resident, form } = await guard.requireForm(c)
    const confirmation = await guard.requireRecentSignIn(c, resident, form, 'factors')
    if (confirmation) return confirmation
    const { account } = resident
    await removeFactor(parts, account.id, async (sql) => {
      requireFound(await removePasskey(sql, account.id, c.req.param('id')))
      await sendLetter(sql, parts, account, factorChangedMail('passkey-removed'))
    })
    security.emit('passkey_removed', { accountId: account.id })
    log.info('passkey removed', { accountId: resident.account.id })
    leaveNotice(parts, c, { name: 'passkey-removed' })
    return c.redirect('/account', 303)
  })
  return routes
}
