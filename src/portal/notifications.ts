import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { findLookMails, LOOK_MAILS, setLookMails } from '../accounts/notification-preferences.ts'
import { setSecurityHeaders } from '../web/html.ts'
import type { PageEnv } from '../web/reader.ts'
import type { Guard, GuardParts, Resident } from './guard.ts'
import { leaveNotice, sentenceOf, takeNotice } from './notices.ts'
import { notificationsPage } from './notifications-page.ts'

type Parts = GuardParts & { guard: Guard }

const PATH = '/account/notifications'

/** `/account/notifications`: the resident chooses how much mail comes about applications that see their data. */
export function notificationRoutes(parts: Parts): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  routes.use(PATH, bodyLimit({ maxSize: 16 * 1024 }))
  routes.get(PATH, async (c) => {
    const resident = await parts.guard.findResident(c)
    return resident ? show(parts, c, resident) : c.redirect('/', 303)
  })
  routes.post(PATH, (c) => save(parts, c))
  return routes
}

async function show(
  parts: Parts,
  c: Context<PageEnv>,
  { account, session }: Resident,
  fault?: string,
): Promise<Response> {
  const { issuer, db, forms } = parts
  const { reader } = c.var
  const chosen = await findLookMails(db, account.id)
  const notice = fault ? undefined : sentenceOf(reader.texts, takeNotice(parts, c))
  const csrf = forms.create(session.uid)
  setSecurityHeaders(c, { issuer })
  return c.html(notificationsPage(reader, { csrf, chosen, notice, fault }), fault ? 400 : 200)
}

/** Needs a recent sign-in: whoever finds an open session cannot silence the mails. */
async function save(parts: Parts, c: Context<PageEnv>): Promise<Response> {
  const { db, guard, log } = parts
  const { resident, form } = await guard.requireForm(c)
  const chosen = LOOK_MAILS.find((each) => each === form.mails)
  if (!chosen) return show(parts, c, resident, c.var.reader.texts.notifications.choose)
  const confirmation = await guard.requireRecentSignIn(c, resident, form)
  if (confirmation) return confirmation
  await setLookMails(db, resident.account.id, chosen)
  log.info('notification preference changed', { accountId: resident.account.id })
  leaveNotice(parts, c, { name: 'notifications-saved' })
  return c.redirect(PATH, 303)
}
