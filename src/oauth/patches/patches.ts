import type { IncomingMessage } from 'node:http'
import type { ErrorOut, KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { SubjectIdentifiers } from '../../clients/subject-identifiers.ts'
import type { Db } from '../../platform/db.ts'
import type { Jobs } from '../../platform/jobs.ts'
import type { Log } from '../../platform/log.ts'
import type { Sealer } from '../../platform/secrets.ts'
import type { Vault } from '../../platform/vault.ts'
import type { AccessTokens } from '../../signing/access-token.ts'
import type { ClientAddress } from '../../web/client-address.ts'
import type { SecurityEvents } from '../../web/security-events.ts'
import type { SuccessorOf } from '../adapter.ts'
import { enqueueLogoutNotices } from './backchannel-logout.ts'
import { recordClaims, type ShownVerified } from './claims.ts'
import { acceptOwnSecret, compareHashedSecrets } from './client-secrets.ts'
import { answerFailures } from './failures.ts'
import { issueJwtAccessTokens } from './jwt-access-tokens.ts'
import { completeSignIns } from './new-sign-ins.ts'
import { allowOfflineAccess } from './offline-access.ts'
import { deriveRefreshTokens } from './refresh-tokens.ts'
import { rejectReplays } from './replay.ts'
import { acceptOwnResource } from './resource.ts'
import { patchResponses } from './responses.ts'
import { grantScopeAlternatives } from './scope-alternatives.ts'
import { emitSecurityEvents } from './security-events.ts'
import { createDeviceFormSession, updateSessions } from './sessions.ts'

/** What the patches need of the process that makes the provider. */
export type PatchParts = {
  issuer: string
  db: Db
  jobs: Jobs
  tokens: AccessTokens
  subjects: SubjectIdentifiers
  accessTokenTtlSeconds: number
  successorOf: SuccessorOf
  /** The verification behind the `verified_claims` of this response, if it has any. */
  findShown: (ctx: KoaContextWithOIDC) => ShownVerified | undefined
  renderError: (ctx: KoaContextWithOIDC, out: ErrorOut) => void
  security: SecurityEvents
  sealer: Sealer
  vault: Vault
  log: Log
  /** What a browser is called in mails, by its `User-Agent`. */
  deviceOf: (userAgent: string | null) => string
  addressOf: ClientAddress
  /** The client behind this request has proved who it is. */
  onAuthenticatedClient: (req: IncomingMessage) => void
}
type Patch = (provider: Provider, parts: PatchParts) => void

/**
 * Every change to oidc-provider's classes and to its middleware. The classes belong to one provider, so a provider without
 * this list is the unpatched library. `createProvider` applies it, and nothing else assigns to the library.
 * The versions in the notes refer to oidc-provider 9.13; read them again at each update.
 */
const PATCHES: readonly Patch[] = [
  compareHashedSecrets,
  acceptOwnSecret,
  acceptOwnResource,
  allowOfflineAccess,
  grantScopeAlternatives,
  issueJwtAccessTokens,
  deriveRefreshTokens,
  rejectReplays,
  updateSessions,
  createDeviceFormSession,
  enqueueLogoutNotices,
  // Middleware, the outermost first: claims are recorded before the response is changed.
  answerFailures,
  emitSecurityEvents,
  completeSignIns,
  patchResponses,
  recordClaims,
]

/** Applies every patch to a provider that has not served a request yet. */
export function applyPatches(provider: Provider, parts: PatchParts): void {
  for (const patch of PATCHES) patch(provider, parts)
}
