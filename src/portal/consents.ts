import { type Context, Hono } from 'hono'
import { notifyOfConsent } from '../accounts/security-notices.ts'
import { findClientProfile } from '../clients/profile.ts'
import { changeConsent, findConsent, liftFreeze, revokeConsent } from '../consents/consents.ts'
import { type Choice, readChoice, termsOf } from '../consents/form.ts'
import { findConsentRules } from '../consents/rules.ts'
import { findSharedData } from '../consents/shared-data.ts'
import { findLatestDocuments } from '../id-verification/store.ts'
import { titlesOf } from '../oauth/consent-step.ts'
import type { Jobs } from '../platform/jobs.ts'
import type { Sealer } from '../platform/secrets.ts'
import { setSecurityHeaders } from '../web/html.ts'
import { PageError } from '../web/page-error.ts'
import type { PageEnv } from '../web/reader.ts'
import { applicationPage, decidedScopes } from './application-page.ts'
import type { Guard, GuardParts, Resident } from './guard.ts'
import { leaveNotice, takeNotice } from './notices.ts'

type Parts = GuardParts & { guard: Guard; jobs: Jobs; sealer: Sealer }

/** `/applications/:clientId`: what one application may see and until when; the resident changes or ends it there. */
export function consentRoutes(parts: Parts): Hono<PageEnv> {
  const routes = new Hono<PageEnv>()
  routes.get('/applications/:clientId', (c) => showApplication(parts, c, c.req.param('clientId')))
  routes.post('/applications/:clientId', (c) => change(parts, c, c.req.param('clientId')))
  routes.post('/applications/:clientId/revoke', (c) => revoke(parts, c, c.req.param('clientId')))
  routes.post('/applications/:clientId/lift', (c) => lift(parts, c, c.req.param('clientId')))
  return routes
}

// The same response for an application that does not exist and for one without a consent.
const nothingHere = () => new PageError(404, 'not_found', ({ errors }) => errors.notFound)
const pathOf = (clientId: string) => `/applications/${encodeURIComponent(clientId)}`

async function showApplication(
  parts: Parts,
  c: Context<PageEnv>,
  clientId: string,
): Promise<Response> {
  const resident = await parts.guard.findResident(c)
  return resident ? renderApplication(parts, c, resident, clientId) : parts.guard.askToSignIn(c)
}

async function renderApplication(
  parts: Parts,
  c: Context<PageEnv>,
  { account, session, isRecent }: Pick<Resident, 'account' | 'session' | 'isRecent'>,
  clientId: string,
  entered?: Choice,
): Promise<Response> {
  const { issuer, db, forms } = parts
  const [consent, client, documents, rules] = await Promise.all([
    findConsent(db, account.id, clientId),
    findClientProfile(db, clientId),
    findLatestDocuments(db, account.id),
    findConsentRules(db),
  ])
  if (!consent || (consent.isEnded && !consent.isFrozen) || !client) throw nothingHere()
  const notice = takeNotice(parts, c)
  const scopes = [...decidedScopes(consent), ...Object.values(consent.alternatives)]
  setSecurityHeaders(c, { issuer })
  return c.html(
    applicationPage(c.var.reader, {
      client,
      consent,
      shared: await findSharedData(parts, { account, documents, isRecent, scopes }),
      rules,
      entered,
      csrf: forms.create(session.uid),
      isSaved: notice?.name === 'consent-changed' && notice.clientId === clientId,
      now: new Date(),
    }),
  )
}

async function change(parts: Parts, c: Context<PageEnv>, clientId: string): Promise<Response> {
  const { db, guard, security, log } = parts
  const sent = await guard.requireForm(c)
  const { resident } = sent
  const choice = readChoice(sent.form, await findConsentRules(db))
  if ('show' in sent.form) {
    const proofPage = await guard.requireRecentSignIn(c, resident, sent.form)
    return (
      proofPage ?? renderApplication(parts, c, { ...resident, isRecent: true }, clientId, choice)
    )
  }
  if (!choice) throw new PageError(400, 'invalid_request', ({ permissions }) => permissions.choose)
  const accountId = resident.account.id
  const of = { accountId, clientId, sessionUid: resident.session.uid }
  const before = await findConsent(db, accountId, clientId)
  const terms = termsOf(choice, before?.alternatives ?? {}, new Date())
  const consent = await runWithProof(guard, c, sent, () =>
    changeConsent(db, { ...of, ...terms }, async (sql, { scopes, endsAt }) => {
      const client = await findClientProfile(sql, clientId)
      const opened = titlesOf(scopes)
      await notifyOfConsent(sql, parts, {
        ...of,
        clientName: client?.name ?? '',
        opened,
        endsAt,
      })
    }),
  )
  if (consent instanceof Response) return consent
  if (!consent) throw nothingHere()
  security.emit('consent_changed', { accountId, clientId })
  log.info('consent changed', { accountId, clientId, allowed: consent.scopes.length })
  leaveNotice(parts, c, { name: 'consent-changed', clientId })
  return c.redirect(pathOf(clientId), 303)
}

async function revoke(parts: Parts, c: Context<PageEnv>, clientId: string): Promise<Response> {
  const { db, guard, security, log } = parts
  const sent = await guard.requireForm(c)
  const accountId = sent.resident.account.id
  const { uid: sessionUid } = sent.resident.session
  if (await revokeConsent(db, accountId, clientId, { sessionUid })) {
    leaveNotice(parts, c, { name: 'consent-ended', clientId })
    security.emit('consent_ended', { accountId, clientId })
    log.info('consent revoked', { accountId, clientId })
  }
  return c.redirect('/', 303)
}

/** Lifts the freeze of a consent that the resident had reported as not theirs. */
async function lift(parts: Parts, c: Context<PageEnv>, clientId: string): Promise<Response> {
  const { db, guard, log } = parts
  const sent = await guard.requireForm(c)
  const accountId = sent.resident.account.id
  const sessionUid = sent.resident.session.uid
  const lifted = await runWithProof(guard, c, sent, () =>
    liftFreeze(db, { accountId, clientId, sessionUid }),
  )
  if (lifted instanceof Response) return lifted
  if (!lifted) throw nothingHere()
  log.info('consent freeze lifted', { accountId, clientId })
  const isOver = lifted.isEnded || lifted.scopes.length === 0
  return c.redirect(isOver ? '/' : pathOf(clientId), 303)
}

/** Runs `work`. It returns `sign-in` when it would extend access without a recent sign-in: then asks for a proof and runs it again. */
async function runWithProof<T>(
  guard: Guard,
  c: Context<PageEnv>,
  { resident, form }: { resident: Resident; form: Record<string, unknown> },
  work: () => Promise<T | 'sign-in'>,
): Promise<T | Response> {
  const first = await work()
  if (first !== 'sign-in') return first
  const proofPage = await guard.askForProof(
    c,
    { account: resident.account, csrfOf: resident.session.uid },
    form,
  )
  if (proofPage) return proofPage
  const second = await work()
  if (second !== 'sign-in') return second
  throw new PageError(403, 'signed_out', ({ errors }) => errors.signedOut)
}
