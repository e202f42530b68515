import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import { DEVICE_CODE, withDefaults } from '../clients/metadata.ts'
import { SCOPES } from '../clients/scopes.ts'
import { NAMELESS } from '../clients/similar-names.ts'
import type { Sql } from '../platform/db.ts'
import { OperatorError } from '../platform/errors.ts'
import { hashSecret, randomSecret } from '../platform/secrets.ts'

/** The name of the policy of every initial access token, and of the registrations made with it. */
export const REGISTRATION_RULES = 'rules'

/**
 * Creates a token whose holder may register clients (RFC 7591 §3) until it expires. Only its hash is stored.
 * Throws OperatorError unless the days are 1 to 365.
 */
export async function createInitialAccessToken(
  sql: Sql,
  { expiresInDays }: { expiresInDays: number },
): Promise<{ initial_access_token: string; expires_at: string }> {
  if (!Number.isInteger(expiresInDays) || expiresInDays < 1 || expiresInDays > 365)
    throw new OperatorError('the days must be a number from 1 to 365')
  const token = randomSecret()
  const issuedAt = Math.floor(Date.now() / 1000)
  const expiresAt = issuedAt + expiresInDays * 24 * 3600
  await sql`
    insert into oidc_artifact (kind, id, payload, expires_at)
    values ('InitialAccessToken', ${hashSecret(token)},
      ${sql.json({ kind: 'InitialAccessToken', iat: issuedAt, exp: expiresAt, policies: [REGISTRATION_RULES] })},
      ${new Date(expiresAt * 1000)})`
  return { initial_access_token: token, expires_at: new Date(expiresAt * 1000).toISOString() }
}

// The library supports pairwise identifiers for the device grant only with `private_key_jwt` and a `jwks_uri`.
const defaultSubjectType = ({ grant_types: grants }: Record<string, unknown>) =>
  Array.isArray(grants) && grants.includes(DEVICE_CODE) ? 'public' : 'pairwise'

/**
 * The rules for dynamic registration: applications for residents only. Service clients and omitting PKCE are the operator's to
 * grant, and `fapi` follows from its parts instead of being set by name.
 */
export const createRegistrationRules =
  (rules: { production?: boolean | undefined }) =>
  (ctx: KoaContextWithOIDC, properties: Record<string, unknown>): void =>
    verifyRegistration(ctx, properties, rules)

function verifyRegistration(
  ctx: KoaContextWithOIDC,
  properties: Record<string, unknown>,
  rules: { production?: boolean | undefined },
): void {
  const refuse = (reason: string) => new errors.InvalidClientMetadata(reason)
  if ((properties.pkce ?? 'required') !== 'required' || properties.fapi)
    throw refuse('pkce and fapi are set by the operator')
  const grants = properties.grant_types
  if (Array.isArray(grants) && grants.includes('client_credentials'))
    throw refuse('service clients are registered by the operator')
  // RFC 7591 §2: without a scope the server chooses the default.
  const lasting = Array.isArray(grants) && grants.includes('refresh_token')
  properties.scope ??= `openid profile email${lasting ? ' offline_access' : ''}`
  properties.client_name ??= NAMELESS
  // An update that omits the subject type keeps the registered one, so that its users' identifiers do not change.
  properties.subject_type ??= ctx.oidc.client?.subjectType ?? defaultSubjectType(properties)
  const scopes = String(properties.scope).split(' ')
  const unknown = scopes.find((scope) => !Object.hasOwn(SCOPES, scope))
  if (unknown !== undefined) throw refuse(`the scope ${JSON.stringify(unknown)} is not offered`)
  try {
    // `grant_types` with refresh_token needs the scope offline_access.
    const completed = withDefaults(properties, rules)
    properties.grant_types = completed.grant_types
    properties.response_types = completed.response_types
    properties.application_type = completed.application_type
    properties.token_endpoint_auth_method = completed.token_endpoint_auth_method
  } catch (error) {
    if (error instanceof OperatorError) throw refuse(error.message)
    throw error
  }
}
