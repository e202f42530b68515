import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { getCookie, setCookie } from 'hono/cookie'
import { findOwnCapture, type OwnCapture } from '../id-verification/captures.ts'
import {
  type ConnectedPhone,
  findPhone,
  isPhoneLinkOpen,
  openPhoneLink,
} from '../id-verification/phone-links.ts'
import type { Db } from '../platform/db.ts'
import type { Vault } from '../platform/vault.ts'
import type { FormTokens } from '../web/form-tokens.ts'
import { setSecurityHeaders } from '../web/html.ts'
import { PageError } from '../web/page-error.ts'
import type { PageEnv } from '../web/reader.ts'
import { openLinkPage, phonePage } from './manual-phone-pages.ts'
import type { PhotoSteps } from './manual-photos.ts'
import { isOpenCapture, SLUGS, stepOf } from './manual-steps.ts'

type Parts = { issuer: string; db: Db; vault: Vault; forms: FormTokens; photoSteps: PhotoSteps }
type Phone = { phone: ConnectedPhone; capture: OwnCapture; secret: string }

const TOKEN = ':token{[\\w-]{43}}' as const
const PHOTO = ':photo{front|back|face}' as const
const LONGEST_SECONDS = 70 * 60

const cookieName = (issuer: string) => (issuer.startsWith('https:') ? '__Host-phone' : 'phone')

/**
 * `/verify/phone`: a phone that takes photos for a resident who is signed in elsewhere. It needs no sign-in and gets none: its cookie is
 * good for adding photos to one verification (`phone-links.ts`), and its pages show nothing that was sent.
 */
export function phoneRoutes(parts: Parts): Hono<PageEnv> {
  const { issuer, db, forms, photoSteps } = parts
  const routes = new Hono<PageEnv>()

  // Opening the address changes nothing: programs that look at links for people would use it up.
  routes.get(`/verify/phone/open/${TOKEN}`, async (c) => {
    const token = c.req.param('token')
    if (!(await isPhoneLinkOpen(db, token))) throw linkUsed()
    setSecurityHeaders(c, { issuer })
    return c.html(openLinkPage(c.var.reader, { action: c.req.path }))
  })
  routes.post(`/verify/phone/open/${TOKEN}`, bodyLimit({ maxSize: 1024 }), async (c) => {
    forms.requireSameOrigin(c.req.raw)
    const secret = await openPhoneLink(db, c.req.param('token'))
    if (!secret) throw linkUsed()
    setCookie(c, cookieName(issuer), secret, {
      path: '/',
      httpOnly: true,
      sameSite: 'Strict',
      secure: issuer.startsWith('https:'),
      maxAge: LONGEST_SECONDS,
    })
    return c.redirect('/verify/phone', 303)
  })

  routes.get('/verify/phone', async (c) => {
    const { phone, capture } = await requirePhone(parts, c)
    setSecurityHeaders(c, { issuer, camera: true })
    return c.html(phonePage(c.var.reader, { phone, capture }))
  })
  routes.get(`/verify/phone/${PHOTO}`, async (c) =>
    photoSteps.show(c, photoOf(parts, c, await requirePhone(parts, c))),
  )
  routes.post(`/verify/phone/${PHOTO}`, async (c) =>
    photoSteps.take(c, photoOf(parts, c, await requirePhone(parts, c))),
  )
  return routes
}

const linkUsed = () => new PageError(404, 'not_found', ({ capture }) => capture.phone.linkUsed)
const disconnected = () =>
  new PageError(403, 'phone_disconnected', ({ capture }) => capture.phone.disconnected)

async function requirePhone({ issuer, db, vault }: Parts, c: Context<PageEnv>): Promise<Phone> {
  const secret = getCookie(c, cookieName(issuer))
  const phone = secret === undefined ? undefined : await findPhone(db, vault, secret)
  if (!phone || secret === undefined) throw disconnected()
  const { accountId, verificationId: id } = phone
  const capture = await findOwnCapture(db, vault, { accountId, id })
  if (!capture) throw disconnected()
  return { phone, capture, secret }
}

/** Throws unless the phone is connected, and the verification takes photos. */
function photoOf({ forms }: Parts, c: Context<PageEnv>, { phone, capture, secret }: Phone) {
  const step = stepOf(capture, c.req.param('photo') ?? '')
  if (phone.code !== undefined || !isOpenCapture(capture)) throw disconnected()
  if (!step || step === 'details')
    throw new PageError(404, 'not_found', ({ errors }) => errors.notFound)
  const form = `phone ${secret}`
  return {
    capture,
    step,
    place: {
      action: `/verify/phone/${SLUGS[step]}`,
      back: '/verify/phone',
      csrf: forms.create(form),
      showsPhotos: false,
    },
    authorize: (csrf: unknown) => forms.require(c.req.raw, form, csrf),
    next: async () => '/verify/phone',
  }
}
