import type { IncomingMessage } from 'node:http'
import type { ErrorOut, KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { MailContext } from '../../accounts/mails.ts'
import type { SecretUses } from '../../clients/secret-uses.ts'
import type { SubjectIdentifiers } from '../../clients/subject-identifiers.ts'
import type { Db } from '../../platform/db.ts'
import type { Jobs } from '../../platform/jobs.ts'
import type { Log } from '../../platform/log.ts'
import type { Sealer } from '../../platform/secrets.ts'
import type { Vault } from '../../platform/vault.ts'
import type { RequestLog } from '../../request-log/recorder.ts'
import type { AccessTokens } from '../../signing/access-token.ts'
import type { ClientAddress } from '../../web/client-address.ts'
import type { ReaderOf } from '../../web/reader.ts'
import type { SecurityEvents } from '../../web/security-events.ts'
import type { Texts } from '../../web/texts/en.ts'
import type { OtherPlace } from '../other-place.ts'
import type { FindPresentedToken } from '../token-state.ts'
import type { DisclosedVerification } from '../verified-claims.ts'

/** Returns the refresh token that replaces the given one: always the same, so that it can be issued again without being stored. */
export type SuccessorOf = (refreshToken: string) => string

/** The dependencies of the patches. */
export type PatchContext = {
  issuer: string
  db: Db
  jobs: Jobs
  tokens: AccessTokens
  subjects: SubjectIdentifiers
  accessTokenTtlSeconds: number
  successorOf: SuccessorOf
  /** The verification that the `verified_claims` of this response disclose, if any. */
  findDisclosed: (ctx: KoaContextWithOIDC) => DisclosedVerification | undefined
  renderError: (ctx: KoaContextWithOIDC, out: ErrorOut) => Promise<void>
  security: SecurityEvents
  requestLog: RequestLog
  findPresentedToken: FindPresentedToken
  sealer: Sealer
  vault: Vault
  log: Log
  /** Describes a `User-Agent` in words, for mails. */
  deviceOf: (texts: Texts, userAgent: string | null) => string
  readerOf: ReaderOf
  config: MailContext['config']
  addressOf: ClientAddress
  otherPlace?: OtherPlace | undefined
  secretUses: SecretUses
  /** Called when the client of this request has authenticated. */
  onAuthenticatedClient: (req: IncomingMessage) => void
}
/** Changes one provider. */
export type Patch = (provider: Provider, parts: PatchContext) => void
