import { findClientMetadata } from '../clients/clients.ts'
import type { SubjectClient, SubjectIdentifiers } from '../clients/subject-identifiers.ts'
import { findRecentlyEnded } from '../consents/ended-consents.ts'
import type { Db } from '../platform/db.ts'
import type { AccessTokens, InspectedToken } from '../signing/access-token.ts'

/** A token that a request came with, for its client's developers. */
export type PresentedToken = {
  clientId: string
  /** The scopes with which it was issued. */
  scope: string
  /** Why it opens nothing, if so. Looks in the database. */
  explain: () => Promise<string | undefined>
}
export type FindPresentedToken = (token: string) => Promise<PresentedToken | undefined>

type Parts = { db: Db; tokens: AccessTokens; subjects: SubjectIdentifiers }

/** Returns whose a token is that this portal signed, however long ago; `undefined` for anything else. */
export const createFindPresentedToken =
  (parts: Parts): FindPresentedToken =>
  async (token) => {
    const inspected = await parts.tokens.inspect(token)
    if (inspected.fault !== undefined && inspected.fault !== 'expired') return undefined
    const { clientId, scope } = inspected
    return { clientId, scope, explain: () => explain(parts, inspected) }
  }

type SignedToken = Extract<InspectedToken, { clientId: string }>

async function explain(parts: Parts, token: SignedToken): Promise<string | undefined> {
  if (token.fault === 'expired')
    return `The token expired at ${new Date(token.expiresAt * 1000).toISOString()}. Use the refresh token, or ask for access again.`
  const [row] = await parts.db<
    {
      isService: boolean
      hasGrant: boolean
      hasConsent: boolean
      hasEnded: boolean
      isFrozen: boolean
      isActive: boolean
      isEnabled: boolean
      isSignedIn: boolean
    }[]
  >`
    select token.kind = 'ClientCredentials' as is_service,
      oauth_grant.id is not null and (oauth_grant.expires_at is null or oauth_grant.expires_at > now()) as has_grant,
      consent.client_id is not null as has_consent,
      coalesce(consent.ends_at <= now(), false) as has_ended,
      consent.frozen_at is not null as is_frozen,
      coalesce(account.status = 'active', false) as is_active,
      client.enabled as is_enabled,
      token.session_uid is null or exists (
        select from oidc_artifact session
        where session.kind = 'Session' and session.uid = token.session_uid
          and session.account_id = token.account_id and session.expires_at > now()) as is_signed_in
    from oidc_artifact token
    join client on client.id = token.client_id
    left join oauth_grant on oauth_grant.id = token.grant_id
    left join consent on consent.account_id = oauth_grant.account_id and consent.client_id = oauth_grant.client_id
    left join account on account.id = token.account_id
    where token.kind in ('AccessToken', 'ClientCredentials') and token.id = ${token.rowId}`
  if (!row)
    return (await hasEndedConsent(parts, token))
      ? 'The consent has ended, and the token with it. Ask for access again.'
      : 'The token was revoked, or the tokens of its grant were: by the application, by the resident, or because a code or refresh token was used twice.'
  if (!row.isEnabled) return 'The client is disabled.'
  if (row.isService) return undefined
  if (row.isFrozen) return 'The consent is frozen until the resident decides about it.'
  if (!row.hasConsent || row.hasEnded) return 'The consent has ended. Ask for access again.'
  if (!row.isActive) return 'The account of the resident is suspended or closed.'
  if (!row.isSignedIn)
    return 'The session has ended in which the token was issued. Tokens without offline_access end with it.'
  if (!row.hasGrant) return 'The grant of the token has expired.'
  return undefined
}

/** Whether the trace of an ended consent is left. A consent ends with its tokens, so the resident is known by the token's `sub` alone. */
async function hasEndedConsent(
  { db, subjects }: Parts,
  { clientId, subject }: SignedToken,
): Promise<boolean> {
  const client = await findClientMetadata(db, clientId)
  const accounts = client ? await findRecentlyEnded(db, clientId) : []
  return accounts.some((id) => subjects.of(client as SubjectClient, id) === subject)
}

/** The token of an `Authorization` header, of either scheme. */
export const bearerTokenOf = (header: string | undefined): string | undefined =>
  /^(?:bearer|dpop) +([A-Za-z0-9\-._~+/]+=*)$/i.exec(header ?? '')?.[1]
