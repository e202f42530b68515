import type { Provider } from 'oidc-provider'
import { hashAccessTokens } from './access-token-hash.ts'
import { enqueueLogoutNotices } from './backchannel-logout.ts'
import { recordClaims } from './claims.ts'
import { acceptOwnSecret, compareHashedSecrets } from './client-secrets.ts'
import { linkErrors } from './error-uris.ts'
import { renderFailures } from './failures.ts'
import { issueJwtAccessTokens } from './jwt-access-tokens.ts'
import { allowRetriesAfterFailure } from './lost-refreshes.ts'
import { completeSignIns } from './new-sign-ins.ts'
import { allowOfflineAccess } from './offline-access.ts'
import { describeOtherPlace } from './other-place.ts'
import type { Patch, PatchContext } from './patch.ts'
import { deriveRefreshTokens } from './refresh-tokens.ts'
import { rejectReplays } from './replay.ts'
import { logRequests } from './request-log.ts'
import { acceptOwnResource } from './resource.ts'
import { patchResponses } from './responses.ts'
import { grantScopeAlternatives } from './scope-alternatives.ts'
import { emitSecurityEvents } from './security-events.ts'
import { createDeviceFormSession, updateSessions } from './sessions.ts'

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
  // After that one: it hashes the JWT.
  hashAccessTokens,
  deriveRefreshTokens,
  rejectReplays,
  updateSessions,
  createDeviceFormSession,
  enqueueLogoutNotices,
  // Middleware, the outermost first: what is logged is the response as it is sent; claims are recorded before the response is changed.
  logRequests,
  linkErrors,
  allowRetriesAfterFailure,
  renderFailures,
  describeOtherPlace,
  emitSecurityEvents,
  completeSignIns,
  patchResponses,
  recordClaims,
]

/** Applies every patch to a provider that has not served a request yet. */
export function applyPatches(provider: Provider, parts: PatchContext): void {
  for (const patch of PATCHES) patch(provider, parts)
}
