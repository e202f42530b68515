import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { OwnCapture } from '../id-verification/captures.ts'
import {
  confirmPhone,
  createPhoneLink,
  endPhoneLink,
  findPhoneState,
} from '../id-verification/phone-links.ts'
import type { Db } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import type { FormTokens } from '../web/form-tokens.ts'
import { setSecurityHeaders } from '../web/html.ts'
import type { PageEnv } from '../web/reader.ts'
import type { Guard, Resident } from './guard.ts'
import { phoneDeskPage } from './manual-phone-pages.ts'
import { manualPath } from './manual-steps.ts'

/* The page of the signed-in browser that shows a phone the way, and connects it. */

type Parts = { issuer: string; db: Db; forms: FormTokens; guard: Guard; log: Log }
/** The signed-in resident, and a verification of theirs. */
export type Owned = { resident: Resident; capture: OwnCapture }
type Fault = 'wrong' | 'ended'

// The database has the hash of the link's secret: only this browser can show the link again.
const cookieName = ({ issuer }: Parts) =>
  issuer.startsWith('https:') ? '__Host-phone-link' : 'phone-link'
const cookieOptions = ({ issuer }: Parts) =>
  ({ path: '/', httpOnly: true, sameSite: 'Strict', secure: issuer.startsWith('https:') }) as const

const ownerOf = ({ resident, capture }: Owned) => ({
  verificationId: capture.id,
  accountId: resident.account.id,
  sessionUid: resident.session.uid,
})

/** The page of the link: without one, with one that waits, with a phone that shows its code, or with a connected phone. */
export async function showPhone(
  parts: Parts,
  c: Context<PageEnv>,
  owned: Owned,
  fault?: Fault,
): Promise<Response> {
  const { issuer, db, forms } = parts
  const found = await findPhoneState(db, ownerOf(owned))
  const [id, token] = (getCookie(c, cookieName(parts)) ?? '').split(' ', 2)
  const isShown = id === owned.capture.id && /^[\w-]{43}$/.test(token ?? '')
  const state = found === 'waiting' && !isShown ? undefined : found
  setSecurityHeaders(c, { issuer, camera: true })
  const page = phoneDeskPage(c.var.reader, {
    capture: owned.capture,
    state,
    link: `${issuer}/verify/phone/open/${token}`,
    isRecent: owned.resident.isRecent,
    csrf: forms.create(owned.resident.session.uid),
    fault,
  })
  return c.html(page, fault ? 400 : 200)
}

/** Creates or ends the link, or connects the phone whose code was typed. Creating and connecting need a recent sign-in. */
export async function takePhoneForm(
  parts: Parts,
  c: Context<PageEnv>,
  owned: Owned,
): Promise<Response> {
  const { db, guard, log } = parts
  const { resident, form } = await guard.requireForm(c)
  const owner = ownerOf(owned)
  const { verificationId } = owner
  const again = () => c.redirect(manualPath(verificationId, 'phone'), 303)
  if ('end' in form) {
    await endPhoneLink(db, owner)
    deleteCookie(c, cookieName(parts), cookieOptions(parts))
    return again()
  }
  // The phone gets a right of the resident.
  const confirmation = await guard.requireRecentSignIn(c, resident, form)
  if (confirmation) return confirmation
  if ('create' in form) {
    const token = await createPhoneLink(db, owner)
    setCookie(c, cookieName(parts), `${verificationId} ${token}`, cookieOptions(parts))
    return again()
  }
  const code = typeof form.code === 'string' ? form.code.replaceAll(/\D/g, '') : ''
  const outcome = await confirmPhone(db, owner, code)
  if (outcome !== 'connected') return showPhone(parts, c, owned, outcome)
  log.info('phone connected', { verificationId, accountId: owner.accountId })
  return again()
}
