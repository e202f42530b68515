import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import {
  CAPTURED_DOCUMENTS,
  findOwnCapture,
  type OwnCapture,
  type Statement,
  saveStatement,
} from '../id-verification/captures.ts'
import { isOpen } from '../id-verification/manual.ts'
import { lockVerification } from '../id-verification/store.ts'
import { sendCompletion } from '../id-verification/uploads.ts'
import { setSecurityHeaders } from '../web/html.ts'
import { PageError } from '../web/page-error.ts'
import type { PageEnv } from '../web/reader.ts'
import type { Guard, GuardParts } from './guard.ts'
import { readDetails, valuesOf } from './manual-details.ts'
import { type DetailsFaults, detailsPage } from './manual-details-page.ts'
import { checkPage, chooseDocumentPage, overviewPage } from './manual-pages.ts'
import { type Owned, showPhone, takePhoneForm } from './manual-phone-desk.ts'
import { orBusy, type PhotoSteps } from './manual-photos.ts'
import { isOpenCapture, manualPath, nextOf, SLUGS, stepOf } from './manual-steps.ts'

type ManualParts = GuardParts & { guard: Guard; photoSteps: PhotoSteps }

type Handle = (
  parts: ManualParts,
  c: Context<PageEnv>,
  owned: Owned,
) => Response | Promise<Response>

/**
 * `/verify/manual/:id`: a verification that people review. Each step has an address and a form of its own. A session is enough to add a
 * photo; what shows personal data, changes it or sends everything needs a recent sign-in.
 */
export function manualRoutes(parts: ManualParts): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  const small = bodyLimit({ maxSize: 16 * 1024 })
  const own = (handle: Handle) => async (c: Context<PageEnv>) =>
    handle(parts, c, await requireOwned(parts, c))
  const step = (handle: Handle, before?: 'choice') =>
    own((_, c, owned) => leadElsewhere(c, owned.capture, before) ?? handle(parts, c, owned))
  const base = '/verify/manual/:id'

  routes.get(base, own(showOverview))
  routes.post(
    base,
    small,
    own((_, c, owned) => confirmFor(parts, c, owned)),
  )
  routes.get(`${base}/document`, step(showDocuments, 'choice'))
  routes.post(`${base}/document`, small, step(chooseDocument, 'choice'))
  routes.get(
    `${base}/:photo{front|back|face}`,
    step((_, c, owned) => parts.photoSteps.show(c, photoOf(parts, c, owned))),
  )
  // The body has its own limit, and is read when few others are.
  routes.post(
    `${base}/:photo{front|back|face}`,
    step((_, c, owned) => parts.photoSteps.take(c, photoOf(parts, c, owned))),
  )
  routes.get(`${base}/details`, step(showDetails))
  routes.post(`${base}/details`, small, step(takeDetails))
  routes.get(`${base}/check`, step(showCheck))
  routes.post(`${base}/check`, small, step(sendAll))
  routes.get(`${base}/phone`, step(showPhone))
  routes.post(`${base}/phone`, small, step(takePhoneForm))
  return routes
}

/** Away from a step whose verification was sent in another tab, or whose turn has not come. */
function leadElsewhere(
  c: Context<PageEnv>,
  capture: OwnCapture,
  before: 'choice' | undefined,
): Response | undefined {
  if (!isOpenCapture(capture)) return c.redirect(manualPath(capture.id), 303)
  if (!capture.documentType && !before) return c.redirect(manualPath(capture.id, 'document'), 303)
  return undefined
}

/** The same answer for what does not exist, what is somebody else's, and whoever is not signed in. */
async function requireOwned(
  { db, vault, guard }: ManualParts,
  c: Context<PageEnv>,
): Promise<Owned> {
  const id = c.req.param('id') ?? ''
  const resident = await guard.findResident(c)
  const accountId = resident?.account.id
  const capture = accountId && (await findOwnCapture(db, vault, { accountId, id }))
  if (!resident || !capture) throw new PageError(404, 'not_found', ({ errors }) => errors.notFound)
  return { resident, capture }
}

const csrfOf = ({ forms }: ManualParts, { resident }: Owned) => forms.create(resident.session.uid)

function showOverview(parts: ManualParts, c: Context<PageEnv>, owned: Owned) {
  const { resident, capture } = owned
  setSecurityHeaders(c, parts)
  const data = { capture, isRecent: resident.isRecent, csrf: csrfOf(parts, owned) }
  return c.html(overviewPage(c.var.reader, data))
}

/** Asks for the proof of identity, and shows the photos then. */
async function confirmFor(
  { guard }: ManualParts,
  c: Context<PageEnv>,
  { capture }: Owned,
): Promise<Response> {
  const { resident, form } = await guard.requireForm(c)
  const confirmation = await guard.requireRecentSignIn(c, resident, form)
  return confirmation ?? c.redirect(manualPath(capture.id), 303)
}

function showDocuments(
  parts: ManualParts,
  c: Context<PageEnv>,
  owned: Owned,
  isMissing: boolean = false,
) {
  const { capture } = owned
  setSecurityHeaders(c, parts)
  const page = chooseDocumentPage(c.var.reader, { capture, csrf: csrfOf(parts, owned), isMissing })
  return c.html(page, isMissing ? 400 : 200)
}

async function chooseDocument(
  parts: ManualParts,
  c: Context<PageEnv>,
  owned: Owned,
): Promise<Response> {
  const { form } = await parts.guard.requireForm(c)
  const { capture } = owned
  const documentType = CAPTURED_DOCUMENTS.find((each) => each === form.document)
  if (!documentType) return showDocuments(parts, c, owned, true)
  if (documentType !== capture.documentType)
    await save(parts, capture, { documentType, document: undefined })
  return goOn(parts, c, owned)
}

/** Saves what the resident states, unless the verification was sent meanwhile. */
const save = ({ db, vault }: ManualParts, capture: OwnCapture, statement: Statement) =>
  db.begin(async (sql) => {
    if (isOpen(await lockVerification(sql, capture.id)))
      await saveStatement(sql, vault, capture, statement)
  })

/** To the next step, as it is now. */
const goOn = async (parts: ManualParts, c: Context<PageEnv>, { capture }: Owned) =>
  c.redirect(await nextStep(parts, capture), 303)

async function nextStep({ db, vault }: ManualParts, { id, accountId }: OwnCapture) {
  const now = await findOwnCapture(db, vault, { accountId, id })
  return manualPath(id, now && isOpenCapture(now) ? nextOf(now) : '')
}

function photoOf(parts: ManualParts, c: Context<PageEnv>, owned: Owned) {
  const { resident, capture } = owned
  const { session, isRecent } = resident
  const step = stepOf(capture, c.req.param('photo') ?? '')
  if (!step || step === 'details')
    throw new PageError(404, 'not_found', ({ errors }) => errors.notFound)
  return {
    capture,
    step,
    place: {
      action: manualPath(capture.id, SLUGS[step]),
      back: manualPath(capture.id),
      csrf: parts.forms.create(session.uid),
      showsPhotos: isRecent,
    },
    authorize: (csrf: unknown) => parts.forms.require(c.req.raw, session.uid, csrf),
    next: () => nextStep(parts, capture),
  }
}

function showDetails(
  parts: ManualParts,
  c: Context<PageEnv>,
  owned: Owned,
  given?: { values: Record<string, string>; faults: DetailsFaults },
) {
  const { resident, capture } = owned
  setSecurityHeaders(c, parts)
  const { values = valuesOf(capture.document), faults = {} } = given ?? {}
  const isHidden = !resident.isRecent && !given
  const data = { capture, values, faults, isHidden, csrf: csrfOf(parts, owned) }
  return c.html(detailsPage(c.var.reader, data), Object.keys(faults).length > 0 ? 400 : 200)
}

async function takeDetails(
  parts: ManualParts,
  c: Context<PageEnv>,
  owned: Owned,
): Promise<Response> {
  const { resident, form } = await parts.guard.requireForm(c)
  const confirmation = await parts.guard.requireRecentSignIn(c, resident, form)
  if (confirmation) return confirmation
  const { capture } = owned
  if ('open' in form) return c.redirect(manualPath(capture.id, 'details'), 303)
  const read = readDetails(form)
  // Fields that are filled in from the lines are to be read by the resident, and what is still empty is no fault yet.
  if ('fill' in form) {
    const mrz = 'faults' in read ? read.faults.mrz : undefined
    return showDetails(parts, c, owned, { values: read.values, faults: mrz ? { mrz } : {} })
  }
  if ('faults' in read) return showDetails(parts, c, owned, read)
  if (capture.documentType)
    await save(parts, capture, { documentType: capture.documentType, document: read.document })
  return goOn(parts, c, owned)
}

function showCheck(parts: ManualParts, c: Context<PageEnv>, owned: Owned, isBusy: boolean = false) {
  const { resident, capture } = owned
  if (nextOf(capture) !== 'check') return c.redirect(manualPath(capture.id), 303)
  setSecurityHeaders(c, parts)
  const { isRecent } = resident
  const page = checkPage(c.var.reader, { capture, isRecent, isBusy, csrf: csrfOf(parts, owned) })
  return c.html(page, isBusy ? 503 : 200)
}

/** Sends everything to the reviewers. What is missing, because another tab changed it, is to be done first. */
async function sendAll(parts: ManualParts, c: Context<PageEnv>, owned: Owned): Promise<Response> {
  const { guard, log } = parts
  const { resident, form } = await guard.requireForm(c)
  const confirmation = await guard.requireRecentSignIn(c, resident, form)
  if (confirmation) return confirmation
  const { id: verificationId, accountId } = owned.capture
  if (nextOf(owned.capture) !== 'check' || !('right' in form)) return goOn(parts, c, owned)
  const outcome = await orBusy(sendCompletion(parts, { verificationId }))
  if (outcome === 'busy') return showCheck(parts, c, owned, true)
  if ('missing' in outcome && outcome.missing.length === 0)
    log.info('verification completed', { verificationId, accountId })
  return goOn(parts, c, owned)
}
