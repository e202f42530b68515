import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { setCookie } from 'hono/cookie'
import { setLocale } from '../accounts/accounts.ts'
import { readForm } from '../web/form-body.ts'
import { localeCookie } from '../web/locales.ts'
import { ownPath } from '../web/own-path.ts'
import type { PageEnv } from '../web/reader.ts'
import { isLocale } from '../web/texts/languages.ts'
import type { Guard, GuardParts } from './guard.ts'

type Parts = GuardParts & { guard: Guard }

const YEAR_SECONDS = 365 * 24 * 3600

/** `POST /language`: the switch of every page. */
export function languageRoutes(parts: Parts): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  routes.use('/language', bodyLimit({ maxSize: 16 * 1024 }))
  routes.post('/language', (c) => switchLanguage(parts, c))
  return routes
}

/** Remembers the language: in this browser for pages, and in the account of a signed-in resident for mails. */
async function switchLanguage(
  { issuer, db, forms, guard }: Parts,
  c: Context<PageEnv>,
): Promise<Response> {
  forms.requireSameOrigin(c.req.raw)
  const { locale, return: returnTo } = await readForm(c)
  if (isLocale(locale)) {
    setCookie(c, localeCookie(issuer), locale, {
      path: '/',
      httpOnly: true,
      sameSite: 'Lax',
      secure: issuer.startsWith('https:'),
      maxAge: YEAR_SECONDS,
    })
    const resident = await guard.findResident(c)
    if (resident) await setLocale(db, resident.account.id, locale)
  }
  return c.redirect(ownPath(returnTo, issuer), 303)
}
