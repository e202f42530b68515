import { createHash } from 'node:crypto'
import type { Provider } from 'oidc-provider'
import { findAccount } from '../accounts/accounts.ts'
import type { Db } from '../db.ts'
import { ApiError } from '../errors.ts'
import type { Html } from '../html.ts'
import type { Log } from '../log.ts'
import { type ClientProfile, findClientProfile } from './client-profile.ts'
import { readChoice } from './consent-form.ts'
import { consentPage, type HeldDocuments } from './consent-page.ts'
import { findConsent, recordConsent } from './consents.ts'
import { scopesOfClaims } from './grants.ts'
import { isScope, type Scope } from './scopes.ts'

/** The resident's latest approved verification; handed in, because this folder knows no documents. */
export type FindDocuments = (accountId: string) => Promise<HeldDocuments | undefined>

type Parts = { db: Db; provider: () => Provider; findDocuments: FindDocuments; log: Log }
type Details = Awaited<ReturnType<Provider['interactionDetails']>>

/** The consent half of an interaction, for the browser and the device flow alike. */
export function createConsentStep({ db, provider, findDocuments, log }: Parts) {
  async function read(details: Details) {
    const clientId = String(details.params.client_id)
    const accountId = details.session?.accountId ?? ''
    const [client, profile, account, before] = await Promise.all([
      provider().Client.find(clientId),
      findClientProfile(db, clientId),
      findAccount(db, accountId),
      findConsent(db, accountId, clientId),
    ])
    if (!client || !profile || !account)
      throw new ApiError(400, 'interaction_expired', 'Please start again.')
    const scopes = askedFor(details.params, client.scope ?? '')
    return { accountId, clientId, profile, account, before, scopes }
  }

  return {
    /** The page; `undefined` when nothing that is asked for can be given. */
    async show(
      details: Details,
      form: { action: string; csrf: string },
    ): Promise<Html | undefined> {
      const { accountId, profile, account, before, scopes } = await read(details)
      if (scopes.length === 0) return undefined
      const documents = scopes.includes('eprospera:person.id_verification.read')
        ? await findDocuments(accountId)
        : undefined
      return consentPage({
        ...form,
        client: profile,
        purposeDigest: digestOf(profile),
        account: { ...account, name: `${account.givenName} ${account.surname}` },
        scopes,
        documents,
        before,
        returnsTo: hostOf(details.params.redirect_uri),
        now: new Date(),
      })
    },

    /**
     * What the button `allow` does. Only what was asked for can be allowed, whatever the form names. `again`: what was
     * shown has changed meanwhile. `nothing`: everything was declined, and there is not even `openid`.
     */
    async allow(
      details: Details,
      form: Record<string, unknown>,
    ): Promise<'allowed' | 'again' | 'nothing'> {
      const { accountId, clientId, profile, before, scopes } = await read(details)
      const choice = readChoice(form, new Date())
      const wasShown = form.purpose === undefined || form.purpose === digestOf(profile)
      if (!wasShown || (choice?.keepsEnd && !before?.isCurrent)) return 'again'
      const isAllowed = (scope: Scope) =>
        scope === 'openid' ||
        (choice ? choice.ticked.includes(scope) : !before?.declined.includes(scope))
      const allowed = scopes.filter(isAllowed)
      if (allowed.length === 0) return 'nothing'
      await recordConsent(db, {
        accountId,
        clientId,
        shown: scopes,
        allowed,
        endsAt: choice?.endsAt,
        purpose: profile.purpose,
      })
      log.info('consent given', {
        accountId,
        clientId,
        allowed: allowed.length,
        declined: scopes.length - allowed.length,
      })
      return 'allowed'
    },
  }
}

/** By `scope`, and claim by claim; only what the client is registered for. */
function askedFor(params: Record<string, unknown>, registered: string): Scope[] {
  const may = registered.split(' ')
  const asked = [...String(params.scope ?? '').split(' '), ...scopesOfClaims(params.claims)]
  return [...new Set(asked)].filter(isScope).filter((scope) => may.includes(scope))
}

const digestOf = ({ purpose }: ClientProfile): string =>
  createHash('sha256')
    .update(purpose ?? '')
    .digest('base64url')
    .slice(0, 22)

/** An application's own scheme (RFC 8252 §7.1) has no host to show. */
const hostOf = (uri: unknown): string | undefined =>
  typeof uri === 'string' ? URL.parse(uri)?.host || undefined : undefined
