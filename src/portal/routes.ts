import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { fullNameOf } from '../accounts/accounts.ts'
import { findClientName } from '../clients/clients.ts'
import { listClientProfiles } from '../clients/profile.ts'
import { isScope } from '../clients/scopes.ts'
import { listConsents } from '../consents/consents.ts'
import { inPageOrder } from '../consents/form.ts'
import { findOwnProgress } from '../id-verification/own-progress.ts'
import { findOwnVerification } from '../id-verification/own-verifications.ts'
import { adoptDocumentName, findDocumentName } from '../id-verification/review.ts'
import {
  findLatestDocuments,
  type ListedVerification,
  listVerifications,
} from '../id-verification/store.ts'
import type { Db } from '../platform/db.ts'
import type { Jobs } from '../platform/jobs.ts'
import type { Sealer } from '../platform/secrets.ts'
import type { Vault } from '../platform/vault.ts'
import { setSecurityHeaders } from '../web/html.ts'
import { PageError } from '../web/page-error.ts'
import type { PageEnv } from '../web/reader.ts'
import { takeContinuation } from './continuation.ts'
import type { Guard, GuardParts } from './guard.ts'
import { takeOpenedLink } from './links.ts'
import { sentenceOf, takeNotice } from './notices.ts'
import { leadsOn } from './outcome-note.ts'
import { homePage } from './pages.ts'
import { isNewOperator } from './setup.ts'
import { openSignIn, showSignIn, signIn, signOut } from './sign-in.ts'
import { verificationPage } from './verification-page.ts'
import { verifyCard } from './verify-pages.ts'

type Parts = GuardParts & {
  jobs: Jobs
  sealer: Sealer
  guard: Guard
  vault: Vault
}

/** The resident's own pages. */
export function portalRoutes(parts: Parts): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  routes.use(bodyLimit({ maxSize: 16 * 1024 }))
  routes.get('/', (c) => showHome(parts, c))
  routes.get('/sign-in', (c) => openSignIn(parts, c))
  routes.post('/sign-in', (c) => signIn(parts, c))
  routes.post('/sign-out', (c) => signOut(parts, c))
  routes.get('/verifications/:id', (c) => showVerification(parts, c, c.req.param('id')))
  routes.post('/verifications/:id', (c) => showDetails(parts, c, c.req.param('id')))
  routes.post('/verifications/:id/name', (c) => adoptName(parts, c, c.req.param('id')))
  routes.post('/photos', (c) => showPhotos(parts, c))
  return routes
}

async function showHome(parts: Parts, c: Context<PageEnv>): Promise<Response> {
  const { issuer, db, vault, forms, guard } = parts
  const resident = await guard.findResident(c)
  if (!resident) return showSignIn(parts, c)
  const opened = takeOpenedLink(c, issuer) ?? takeContinuation(c, issuer)
  if (opened) return c.redirect(opened, 303)
  if (isNewOperator(parts, c)) return c.redirect('/operator', 303)
  const { account, session, isRecent } = resident
  const [verifications, applications, offeredName, progress, documents] = await Promise.all([
    listVerifications(db, account.id),
    listApplications(db, account.id),
    findDocumentName(db, vault, account.id),
    findOwnProgress(db, account.id),
    findLatestDocuments(db, account.id),
  ])
  const notice = await takeSentence(parts, c)
  if (isRecent) await requestThumbnails(parts, verifications)
  setSecurityHeaders(c, { issuer })
  return c.html(
    homePage(c.var.reader, {
      account: { name: fullNameOf(account), email: account.email },
      verifications: verifications.map((verification) => ({
        ...verification,
        imagesHidden: !isRecent && verification.images.length > 0,
        images: isRecent ? verification.images : [],
      })),
      applications,
      offeredName,
      verifyCard: verifyCard(c.var.reader, {
        progress,
        isVerified: documents !== undefined,
        leadsOn: verifications.some(leadsOn),
      }),
      csrf: forms.create(session.uid),
      notice,
    }),
  )
}

/** One identity check in detail. Photos and what was read from the document need a recent sign-in. */
async function showVerification(parts: Parts, c: Context<PageEnv>, id: string): Promise<Response> {
  const { issuer, db, vault, forms, guard } = parts
  const resident = await guard.findResident(c)
  if (!resident) return guard.askToSignIn(c)
  const { account, session, isRecent } = resident
  const verification = await findOwnVerification(db, vault, { accountId: account.id, id })
  if (!verification) throw new PageError(404, 'not_found', ({ errors }) => errors.notFound)
  if (isRecent) await requestThumbnails(parts, [verification])
  setSecurityHeaders(c, { issuer })
  const { nameSource } = account
  const csrf = forms.create(session.uid)
  return c.html(verificationPage(c.var.reader, { verification, nameSource, isRecent, csrf }))
}

async function showDetails({ guard }: Parts, c: Context<PageEnv>, id: string): Promise<Response> {
  const { resident, form } = await guard.requireForm(c)
  const confirmation = await guard.requireRecentSignIn(c, resident, form)
  return confirmation ?? c.redirect(`/verifications/${encodeURIComponent(id)}`, 303)
}

/** Has the missing thumbnails of these images made, which were stored before there were any. No page fails for want of them. */
async function requestThumbnails(
  { db, jobs, log }: Parts,
  verifications: readonly Pick<ListedVerification, 'images'>[],
): Promise<void> {
  const missing = verifications.flatMap(({ images }) =>
    images.flatMap(({ id, hasThumbnail }) => (hasThumbnail ? [] : [id])),
  )
  try {
    for (const imageId of missing)
      await jobs.enqueue(db, 'make-thumbnail', { imageId }, { uniqueKey: imageId })
  } catch (error) {
    log.warn('thumbnails could not be requested', { error })
  }
}

/** The resident's consents, each with the profile of its application. */
async function listApplications(db: Db, accountId: string) {
  const consents = await listConsents(db, accountId)
  const profiles = await listClientProfiles(
    db,
    consents.map(({ clientId }) => clientId),
  )
  return consents.flatMap((consent) => {
    const client = profiles.find(({ clientId }) => clientId === consent.clientId)
    if (!client) return []
    const { scopes, declined } = consent
    return [
      {
        ...consent,
        client,
        scopes: inPageOrder(scopes.filter(isScope)),
        declined: inPageOrder(declined.filter(isScope)),
      },
    ]
  })
}

/** The sentence about the last action. Deletes its notice. */
async function takeSentence(parts: Parts, c: Context<PageEnv>): Promise<string | undefined> {
  const { texts } = c.var.reader
  const notice = takeNotice(parts, c)
  if (notice?.name !== 'consent-ended') return sentenceOf(texts, notice)
  const name = await findClientName(parts.db, notice.clientId)
  return name && texts.home.noLongerSees(name)
}

async function adoptName(
  { db, vault, guard, log }: Parts,
  c: Context<PageEnv>,
  verificationId: string,
): Promise<Response> {
  const { resident, form } = await guard.requireForm(c)
  const confirmation = await guard.requireRecentSignIn(c, resident, form)
  if (confirmation) return confirmation
  const accountId = resident.account.id
  if (await adoptDocumentName(db, vault, { accountId, verificationId }))
    log.info('name taken from the document', { accountId, verificationId })
  return c.redirect('/', 303)
}

/** Viewing photos requires signing in again after 15 minutes; the home page shows them while the sign-in is recent. */
async function showPhotos({ guard }: Parts, c: Context<PageEnv>): Promise<Response> {
  const { resident, form } = await guard.requireForm(c)
  return (await guard.requireRecentSignIn(c, resident, form)) ?? c.redirect('/', 303)
}
