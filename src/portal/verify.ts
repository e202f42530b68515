import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { findWait, uncountAttempt } from '../accounts/throttle.ts'
import { canTryAgain } from '../id-verification/outcome.ts'
import { findOwnProgress, isUnderWay, type OwnProgress } from '../id-verification/own-progress.ts'
import {
  cancelOwnVerification,
  openOwnPage,
  rememberRequest,
  startOwnVerification,
} from '../id-verification/own-sessions.ts'
import { findLatestDocuments } from '../id-verification/store.ts'
import { VendorError } from '../id-verification/vendors/vendor.ts'
import { listOfferedVerifiers } from '../id-verification/vendors/vendor-order.ts'
import { findWaitingRequest, type WaitingRequest } from '../oauth/waiting-requests.ts'
import { setSecurityHeaders } from '../web/html.ts'
import { PageError } from '../web/page-error.ts'
import { type PageEnv, readerIn } from '../web/reader.ts'
import { type Guard, type GuardParts, type Resident, signInPath } from './guard.ts'
import { leaveNotice } from './notices.ts'
import { elsewherePage, progressPage, startPage } from './verify-pages.ts'

type Parts = GuardParts & { guard: Guard }

// Other names below `/verify` are those of other pages.
const ID = ':id{[0-9a-fA-F-]{36}}' as const

/** `/verify`: a resident starts a verification, follows it, continues it and cancels it. */
export function verifyRoutes(parts: Parts): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  for (const path of ['/verify', `/verify/${ID}/cancel`])
    routes.use(path, bodyLimit({ maxSize: 16 * 1024 }))
  routes.get('/verify', (c) => showStart(parts, c))
  routes.post('/verify', (c) => start(parts, c))
  routes.get(`/verify/${ID}`, (c) => showProgress(parts, c, c.req.param('id')))
  routes.get(`/verify/${ID}/continue`, (c) => goOn(parts, c, c.req.param('id')))
  routes.post(`/verify/${ID}/cancel`, (c) => cancel(parts, c, c.req.param('id')))
  return routes
}

const notFound = () => new PageError(404, 'not_found', ({ errors }) => errors.notFound)

/** The application's request that waits. From then on the response has the language that the application asked for. */
async function findRequest(
  { provider, readerOf }: Parts,
  c: Context<PageEnv>,
  { account }: Resident,
  uid: unknown,
): Promise<WaitingRequest | undefined> {
  const request = await findWaitingRequest(provider(), { uid, accountId: account.id })
  if (request)
    c.set('reader', readerIn(readerOf(c.env.incoming, request.uiLocales), account.timeZone))
  return request
}

/** Whether it was declined for a reason that stays, and a new one would go to the same verifier. */
async function isFinal({ db }: Parts, progress: OwnProgress): Promise<boolean> {
  if (isUnderWay(progress) || canTryAgain(progress.reasons)) return false
  const [next] = await listOfferedVerifiers(db)
  return next?.vendor === progress.vendor
}

/** With `?request=`, an application's request waits for the verification. One that is under way or final is shown instead. */
async function showStart(parts: Parts, c: Context<PageEnv>): Promise<Response> {
  const resident = await parts.guard.findResident(c)
  if (!resident) return parts.guard.askToSignIn(c)
  const request = await findRequest(parts, c, resident, c.req.query('request'))
  const progress = await findOwnProgress(parts.db, resident.account.id)
  if (!progress || !(isUnderWay(progress) || (await isFinal(parts, progress))))
    return showStartPage(parts, c, resident, { request })
  if (request) await rememberRequest(parts.db, { ...progress, ...request })
  return c.redirect(`/verify/${progress.id}`, 303)
}

async function showStartPage(
  { db, issuer, forms }: Parts,
  c: Context<PageEnv>,
  { account, session }: Resident,
  { request, waitSeconds }: { request: WaitingRequest | undefined; waitSeconds?: number },
): Promise<Response> {
  const [verifier] = await listOfferedVerifiers(db)
  const documents = await findLatestDocuments(db, account.id)
  setSecurityHeaders(c, { issuer })
  if (waitSeconds) c.header('Retry-After', String(waitSeconds))
  return c.html(
    startPage(c.var.reader, {
      vendor: verifier?.vendor,
      verifiedAt: documents?.date,
      request,
      csrf: forms.create(session.uid),
      startsAgainAt: waitSeconds ? new Date(Date.now() + waitSeconds * 1000) : undefined,
    }),
    waitSeconds ? 429 : 200,
  )
}

/** `replaces` in the form: a verification that the resident gives up for a new one. */
async function start(parts: Parts, c: Context<PageEnv>): Promise<Response> {
  const { db, guard, log } = parts
  const { resident, form } = await guard.requireForm(c)
  const confirmation = await guard.requireRecentSignIn(c, resident, form)
  if (confirmation) return confirmation
  const accountId = resident.account.id
  const request = await findRequest(parts, c, resident, form.request)
  const newest = await findOwnProgress(db, accountId)
  if (newest && (await isFinal(parts, newest))) return c.redirect(`/verify/${newest.id}`, 303)
  const attempt = {
    what: 'verification' as const,
    // Not the address, which the resident can change to begin anew.
    emailKey: accountId,
    address: parts.addressOf(c.env.incoming),
  }
  if (typeof form.replaces === 'string') {
    // What cannot be replaced is not given up.
    const waitSeconds = await findWait(db, attempt)
    if (waitSeconds > 0) return await showStartPage(parts, c, resident, { request, waitSeconds })
    await cancelOwnVerification(parts, { accountId, id: form.replaces })
  }
  const interactionUid = request?.interactionUid
  const started = await startOwnVerification(parts, { accountId, interactionUid, attempt })
  if (started.outcome === 'too-many')
    return await showStartPage(parts, c, resident, { request, ...started })
  if (started.outcome === 'failed') await uncountAttempt(db, attempt)
  if (started.outcome === 'not-offered') return showStartPage(parts, c, resident, { request })
  const { id: verificationId, outcome, vendor } = started
  log.info('verification requested by resident', { verificationId, accountId, outcome, vendor })
  if (request && outcome === 'under-way')
    await rememberRequest(db, { id: verificationId, ...request })
  return c.redirect(`/verify/${verificationId}`, 303)
}

/** The vendor returns a browser to this page, perhaps that of a phone that only took the photos and is not signed in. */
async function showProgress(parts: Parts, c: Context<PageEnv>, id: string): Promise<Response> {
  const { db, issuer, forms, guard } = parts
  const resident = await guard.findResident(c)
  setSecurityHeaders(c, { issuer })
  if (!resident)
    return c.html(elsewherePage(c.var.reader, { signInPath: signInPath(c.var.reader.returnTo) }))
  const progress = await findOwnProgress(db, resident.account.id, id)
  if (!progress) throw notFound()
  const request = await findRequest(parts, c, resident, progress.interactionUid)
  // Again, because the language may have changed.
  setSecurityHeaders(c, { issuer })
  const csrf = forms.create(resident.session.uid)
  return c.html(progressPage(c.var.reader, { progress, request, csrf }))
}

/** Redirects to the vendor's page, whose address is in no page of ours. */
async function goOn(parts: Parts, c: Context<PageEnv>, id: string): Promise<Response> {
  const resident = await parts.guard.findResident(c)
  if (!resident) return parts.guard.askToSignIn(c)
  const own = { accountId: resident.account.id, id }
  setSecurityHeaders(c, { issuer: parts.issuer })
  try {
    return c.redirect((await openOwnPage(parts, own)) ?? `/verify/${encodeURIComponent(id)}`, 303)
  } catch (error) {
    if (!(error instanceof VendorError)) throw error
    parts.log.warn('vendor gave no page', { verificationId: id, error })
    throw new PageError(503, 'vendor_unavailable', ({ verify }) => verify.noPageNow, {
      headers: { 'Retry-After': '60' },
    })
  }
}

async function cancel(parts: Parts, c: Context<PageEnv>, id: string): Promise<Response> {
  const { resident, form } = await parts.guard.requireForm(c)
  const own = { accountId: resident.account.id, id }
  if (!(await findOwnProgress(parts.db, own.accountId, id))) throw notFound()
  if (!(await cancelOwnVerification(parts, own))) return c.redirect(`/verify/${id}`, 303)
  const request = await findRequest(parts, c, resident, form.request)
  if (request) return c.redirect(`/interaction/${request.interactionUid}`, 303)
  leaveNotice(parts, c, { name: 'verification-cancelled' })
  return c.redirect('/', 303)
}
