import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { type ListedSession, listSessions } from '../accounts/sessions.ts'
import { listClientProfiles } from '../clients/profile.ts'
import { listConsents } from '../consents/consents.ts'
import { endSessions } from '../oauth/sessions.ts'
import { setSecurityHeaders } from '../web/html.ts'
import type { PageEnv } from '../web/reader.ts'
import { deviceOf } from './devices.ts'
import { devicesPage } from './devices-page.ts'
import type { Guard, GuardParts } from './guard.ts'
import { leaveNotice, sentenceOf, takeNotice } from './notices.ts'

type Parts = GuardParts & { guard: Guard }

/** `/account/devices`: where the resident is signed in. An ended session is refused at its next request. */
export function sessionRoutes(parts: Parts): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  routes.use('/account/*', bodyLimit({ maxSize: 16 * 1024 }))
  routes.get('/account/devices', (c) => showDevices(parts, c))
  routes.post('/account/sessions/end-others', (c) => endOnes(parts, c, 'others'))
  routes.post('/account/sessions/:uid/end', (c) => endOnes(parts, c, { uid: c.req.param('uid') }))
  return routes
}

async function showDevices(parts: Parts, c: Context<PageEnv>): Promise<Response> {
  const { issuer, db, vault, forms, guard } = parts
  const resident = await guard.findResident(c)
  if (!resident) return c.redirect('/', 303)
  const { account, session } = resident
  const [sessions, consents] = await Promise.all([
    listSessions(db, vault, account.id),
    listConsents(db, account.id),
  ])
  const staying = consents.filter(({ scopes }) => scopes.includes('offline_access'))
  const clientIds = [...sessions, ...staying].flatMap((each) =>
    'clientIds' in each ? each.clientIds : each.clientId,
  )
  const profiles = await listClientProfiles(db, [...new Set(clientIds)])
  const namesOf = (ids: readonly string[]) => profiles.filter((each) => ids.includes(each.clientId))
  const { reader } = c.var
  setSecurityHeaders(c, { issuer })
  return c.html(
    devicesPage(reader, {
      csrf: forms.create(session.uid),
      devices: sessions.map((each) => ({
        ...each,
        name: deviceOf(reader.texts, each.userAgent),
        method: methodOf(each),
        applications: namesOf(each.clientIds).map(({ name }) => name),
        isThis: each.uid === session.uid,
      })),
      staying: namesOf(staying.map(({ clientId }) => clientId)),
      notice: sentenceOf(reader.texts, takeNotice(parts, c)),
    }),
  )
}

function methodOf({ amr }: ListedSession) {
  if (amr.includes('hwk') || amr.includes('swk')) return 'passkey'
  return amr.includes('otp') ? 'passwordAndCode' : 'password'
}

/** Ends the session of one device, or of all other devices. */
async function endOnes(
  parts: Parts,
  c: Context<PageEnv>,
  which: { uid: string } | 'others',
): Promise<Response> {
  const { db, guard, security, log } = parts
  const { resident, form } = await guard.requireForm(c)
  const confirmation = await guard.requireRecentSignIn(c, resident, form)
  if (confirmation) return confirmation
  const accountId = resident.account.id
  const chosen = which === 'others' ? { exceptUid: resident.session.uid } : which
  const ended = await db.begin((sql) => endSessions(sql, parts, accountId, chosen))
  if (ended > 0) {
    security.emit('session_ended', { accountId, count: ended })
    leaveNotice(parts, c, { name: which === 'others' ? 'sessions-ended' : 'session-ended' })
  }
  log.info('sessions ended', { accountId, count: ended })
  return c.redirect('/account/devices', 303)
}
