import { createHash } from 'node:crypto'
import type { Provider } from 'oidc-provider'
import { type Account, findAccount } from '../accounts/accounts.ts'
import type { MailContext } from '../accounts/mails.ts'
import { notifyOfConsent } from '../accounts/security-notices.ts'
import { isRecentSignIn } from '../accounts/session-limits.ts'
import { findSession } from '../accounts/sessions.ts'
import { type ClientProfile, findClientProfile } from '../clients/profile.ts'
import { isPersonal, isScope, type Scope, type ScopeAlternatives } from '../clients/scopes.ts'
import { findConsent, recordConsent } from '../consents/consents.ts'
import { type ConsentLimit, limitChoice, readChoice, termsOf } from '../consents/form.ts'
import { IMAGES_SCOPE } from '../consents/images.ts'
import type { MissingDocuments } from '../consents/missing-documents.ts'
import { consentPage, frozenPage } from '../consents/page.ts'
import { findConsentRules, storedEndOf } from '../consents/rules.ts'
import { findSharedData, type StoredDocuments } from '../consents/shared-data.ts'
import type { Db, Sql } from '../platform/db.ts'
import type { Jobs } from '../platform/jobs.ts'
import type { Log } from '../platform/log.ts'
import type { Sealer } from '../platform/secrets.ts'
import type { Vault } from '../platform/vault.ts'
import type { Html } from '../web/html.ts'
import { PageError } from '../web/page-error.ts'
import type { Reader } from '../web/reader.ts'
import type { SecurityEvents } from '../web/security-events.ts'
import type { Texts } from '../web/texts/en.ts'
import { scopesOfClaims } from './grants.ts'

/** Finds the resident's latest approved verification. Passed in, because this folder does not import `id-verification/`. */
export type FindDocuments = (accountId: string) => Promise<StoredDocuments | undefined>

/** How far the resident's verification is while there are no documents. Passed in for the same reason. */
export type FindVerificationState = (accountId: string) => Promise<MissingDocuments['state']>

/** What the sandbox's personas do at a consent. Passed in for the same reason; `undefined` in production. */
export type PersonaConsents = {
  findLimit: (accountId: string) => Promise<ConsentLimit | undefined>
  /** In the transaction of the consent. */
  onConsent: (sql: Sql, accountId: string) => Promise<void>
}

type ConsentStepOptions = {
  issuer: string
  db: Db
  vault: Vault
  provider: () => Provider
  findDocuments: FindDocuments
  findVerificationState: FindVerificationState
  personaConsents?: PersonaConsents | undefined
  jobs: Jobs
  sealer: Sealer
  config: MailContext['config']
  security: SecurityEvents
  log: Log
}
type Details = Awaited<ReturnType<Provider['interactionDetails']>>

type ConsentRequest = Awaited<ReturnType<typeof readRequest>>

/**
 * Renders the page of the consent prompt, for the browser flow and the device flow. `entered` is the form that is shown again.
 * `undefined` when no requested scope can be granted, or the resident is suspended.
 */
export async function showConsent(
  parts: ConsentStepOptions,
  reader: Reader,
  details: Details,
  form: { action: string; csrf: string; entered?: Record<string, unknown> | undefined },
): Promise<Html | undefined> {
  const request = await readRequest(parts, details)
  const { accountId, profile, account, before, scopes, alternatives, sessionUid } = request
  if (scopes.length === 0 || account.status !== 'active') return undefined
  if (before?.isFrozen) return frozenPage(reader, { ...form, client: profile })
  const session = await findSession(parts.db, { accountId, uid: sessionUid })
  const isRecent = session !== undefined && isRecentSignIn(session.authenticatedAt)
  const shown = [...scopes, ...Object.values(alternatives)]
  const documents = needsVerification(shown) ? await parts.findDocuments(accountId) : undefined
  const rules = await findConsentRules(parts.db)
  const limit = await parts.personaConsents?.findLimit(accountId)
  const entered = form.entered && readChoice(form.entered, rules)
  return consentPage(reader, {
    ...form,
    entered: limit ? limitChoice(entered, limit) : entered,
    client: profile,
    purposeDigest: digestOf(profile),
    scopes,
    alternatives,
    shared: await findSharedData(parts, { account, documents, isRecent, scopes: shown }),
    missing:
      needsVerification(scopes) && !documents
        ? {
            state: await parts.findVerificationState(accountId),
            path: `/verify?request=${details.uid}`,
          }
        : undefined,
    rules,
    before,
    willConfirm:
      !isRecent &&
      scopes.some(
        (scope) => isPersonal(scope) && !(before?.isCurrent && before.scopes.includes(scope)),
      ),
    returnsTo: hostOf(details.params.redirect_uri),
    now: new Date(),
  })
}

/** Whether a scope discloses what exists only after a verification. */
const needsVerification = (scopes: readonly Scope[]): boolean =>
  scopes.includes(IMAGES_SCOPE) || scopes.includes('eprospera:person.id_verification.status.read')

/** The resident who decides. */
export async function findDecider(parts: ConsentStepOptions, details: Details): Promise<Account> {
  return (await readRequest(parts, details)).account
}

/**
 * Handles the button `allow`. Only requested scopes can be allowed, whatever the form names. `again`: the stated purpose or the
 * consent changed since the page was shown, or the consent is frozen. `unanswered`: a question of the form has no answer. `nothing`:
 * everything was declined, `openid` included, or the resident was suspended meanwhile. An account: the decision requires a recent
 * sign-in to that account.
 */
export async function allowConsent(
  parts: ConsentStepOptions,
  details: Details,
  form: Record<string, unknown>,
): Promise<'allowed' | 'again' | 'unanswered' | 'nothing' | Account> {
  const { db, security, log } = parts
  const request = await readRequest(parts, details)
  const { accountId, clientId, profile, account, before, scopes, alternatives } = request
  const rules = await findConsentRules(db)
  const limit = await parts.personaConsents?.findLimit(accountId)
  const read = readChoice(form, rules)
  const choice = limit ? limitChoice(read, limit) : read
  const wasShown = form.purpose === undefined || form.purpose === digestOf(profile)
  if (!wasShown || (choice?.until === 'keep' && !before?.isCurrent)) return 'again'
  if (choice && choice.unanswered.length > 0) return 'unanswered'
  const now = new Date()
  const terms = choice && termsOf(choice, alternatives, now)
  const allowed = allowedScopes(request, terms?.allowed)
  if (allowed.length === 0) return 'nothing'
  const of = { accountId, clientId, sessionUid: request.sessionUid }
  const outcome = await recordConsent(
    db,
    {
      ...of,
      shown: [...new Set([...scopes, ...Object.values(alternatives)])],
      allowed,
      withheldImages: allowed.includes(IMAGES_SCOPE) ? terms?.withheldImages : undefined,
      endsAt: terms?.endsAt,
      standardEnd: storedEndOf(rules.standard, now),
      purpose: profile.purpose,
    },
    (sql, { scopes: opened, endsAt }) =>
      notifyOfConsent(sql, parts, {
        ...of,
        clientName: profile.name,
        opened: titlesOf(opened),
        endsAt,
      }),
    async (sql) => parts.personaConsents?.onConsent(sql, accountId),
  )
  if (outcome === 'signed-out')
    throw new PageError(400, 'interaction_expired', ({ errors }) => errors.signedOutMeanwhile)
  if (outcome === 'frozen') return 'again'
  if (outcome === 'sign-in') return account
  if (outcome === 'inactive') return 'nothing'
  security.emit('consent_given', { accountId, clientId })
  log.info('consent given', {
    accountId,
    clientId,
    allowed: allowed.length,
    declined: scopes.length - allowed.length,
  })
  return 'allowed'
}

/** What the application requests, of whom, and what the resident decided before. */
async function readRequest({ db, vault, provider }: ConsentStepOptions, details: Details) {
  const clientId = String(details.params.client_id)
  const accountId = details.session?.accountId ?? ''
  const [client, profile, account, before] = await Promise.all([
    provider().Client.find(clientId),
    findClientProfile(db, clientId),
    findAccount(db, vault, accountId),
    findConsent(db, accountId, clientId),
  ])
  if (!client || !profile || !account)
    throw new PageError(400, 'interaction_expired', ({ errors }) => errors.startAgain)
  const registered = client.scope ?? ''
  const requested = requestedScopes(details.params, registered)
  const alternatives = requestedAlternatives(profile, requested)
  // An alternative is chosen together with its whole scope.
  const scopes = requested.filter((scope) => !Object.values(alternatives).includes(scope))
  const sessionUid = details.session?.uid ?? ''
  return { accountId, clientId, profile, account, before, scopes, alternatives, sessionUid }
}

/** The requested scopes that the form allows, and their alternatives. Without a choice: what was asked for and not declined before. */
function allowedScopes(
  { before, scopes, alternatives }: ConsentRequest,
  chosen: readonly string[] | undefined,
): Scope[] {
  const isAllowed = (scope: Scope) =>
    scope === 'openid' || (chosen ? chosen.includes(scope) : !before?.declined.includes(scope))
  const wholes = scopes.filter(isAllowed)
  const chosenAlternatives = scopes.flatMap((scope) => {
    const smaller = alternatives[scope]
    if (!smaller) return []
    const isChosen = (chosen ?? before?.scopes ?? []).includes(smaller)
    return wholes.includes(scope) || isChosen ? [smaller] : []
  })
  return [...wholes, ...chosenAlternatives]
}

/** The titles of the scopes, for mails. */
export const titlesOf =
  (scopes: readonly string[]) =>
  (texts: Texts): string[] =>
    scopes.filter(isScope).map((scope) => texts.scopes[scope].title)

/** The scopes that are requested by `scope` and by single claims; only those that the client is registered for. */
function requestedScopes(params: Record<string, unknown>, registered: string): Scope[] {
  const registeredScopes = registered.split(' ')
  const requested = [...String(params.scope ?? '').split(' '), ...scopesOfClaims(params.claims)]
  return [...new Set(requested)].filter(isScope).filter((scope) => registeredScopes.includes(scope))
}

/** For the requested scopes, the smaller one that the application declared as sufficient. */
function requestedAlternatives(
  { alternatives }: ClientProfile,
  requested: readonly Scope[],
): ScopeAlternatives {
  return Object.fromEntries(
    requested.flatMap((scope) => {
      const alternative = alternatives[scope]
      // `profile` is no alternative where it is requested anyway.
      return alternative && (alternative !== 'profile' || !requested.includes('profile'))
        ? [[scope, alternative]]
        : []
    }),
  )
}

const digestOf = ({ purpose }: ClientProfile): string =>
  createHash('sha256')
    .update(purpose ?? '')
    .digest('base64url')
    .slice(0, 22)

/** An application's own scheme (RFC 8252 §7.1) has no host to show. */
const hostOf = (uri: unknown): string | undefined =>
  typeof uri === 'string' ? URL.parse(uri)?.host || undefined : undefined
