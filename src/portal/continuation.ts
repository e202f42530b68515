import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { ownPath } from '../web/own-path.ts'

const RESUME_SECONDS = 3600

const cookieName = (issuer: string) =>
  issuer.startsWith('https:') ? '__Host-resume-page' : 'resume-page'
const cookieOptions = (issuer: string) =>
  ({ path: '/', httpOnly: true, sameSite: 'Lax', secure: issuer.startsWith('https:') }) as const

/** Remembers a page of the portal to which this browser comes back when it has signed in or up. */
export const leaveContinuation = (c: Context, issuer: string, path: string): void =>
  setCookie(c, cookieName(issuer), path, { ...cookieOptions(issuer), maxAge: RESUME_SECONDS })

/** Returns that path and forgets it; `undefined` when there is none. */
export function takeContinuation(c: Context, issuer: string): string | undefined {
  const path = getCookie(c, cookieName(issuer))
  if (path === undefined) return undefined
  deleteCookie(c, cookieName(issuer), cookieOptions(issuer))
  const own = ownPath(path, issuer)
  return own === '/' ? undefined : own
}
