import { errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider'
import type { SubjectIdentifiers } from '../../clients/subject-identifiers.ts'
import type { PatchContext } from './patch.ts'

/** The members of the library's token models that a JWT is made of. */
type StoredToken = {
  accountId?: string
  client?: LibraryClient & { fapi?: boolean }
  clientId?: string
  scope?: string
  jkt?: string
  iat?: number
  exp?: number
}

type LibraryClient = {
  clientId: string
  subjectType?: string | undefined
  sectorIdentifierUri?: string | undefined
  redirectUris?: readonly string[] | undefined
}

/** The resident's `sub` at one of the library's clients. */
export const subjectAt = (
  subjects: SubjectIdentifiers,
  client: LibraryClient,
  accountId: string,
): string =>
  subjects.of(
    {
      client_id: client.clientId,
      subject_type: client.subjectType === 'pairwise' ? 'pairwise' : 'public',
      sector_identifier_uri: client.sectorIdentifierUri,
      redirect_uris: client.redirectUris,
    },
    accountId,
  )

/**
 * Issues access tokens as JWTs (RFC 9068) whose `jti` names the stored token, and finds a stored token by its JWT alone. The library
 * issues either opaque tokens that it stores or JWTs that it does not, which could neither be revoked nor introspected.
 * Unnecessary when the library stores the tokens that it issues as JWTs; 9.13 does not.
 */
export function issueJwtAccessTokens(
  provider: Provider,
  { tokens, subjects, accessTokenTtlSeconds }: PatchContext,
): void {
  for (const Model of [provider.AccessToken, provider.ClientCredentials]) {
    const { save } = Model.prototype
    Model.prototype.save = async function (this: StoredToken) {
      const jti = await save.apply(this as never)
      const issuedAt = this.iat ?? Math.floor(Date.now() / 1000)
      const { clientId = '', accountId } = this
      const client = this.client ?? (await provider.Client.find(clientId))
      if (!client) throw new errors.InvalidClient('the client was deleted')
      return await tokens.sign({
        jti,
        subject: accountId === undefined ? clientId : subjectAt(subjects, client, accountId),
        clientId,
        scope: this.scope,
        issuedAt,
        expiresAt: this.exp ?? issuedAt + accessTokenTtlSeconds,
        jkt: this.jkt,
        algorithm: this.client?.fapi ? 'ES256' : 'RS256',
      })
    }
    const find = Model.find.bind(Model)
    Object.defineProperty(Model, 'find', {
      async value(token: unknown, options?: { ignoreExpiration?: boolean }) {
        const verified = typeof token === 'string' ? await tokens.verify(token) : undefined
        return verified && (await find(verified.jti, options))
      },
    })
  }
}

/** Revokes (RFC 7009) or introspects (RFC 7662) a JWT. The library's endpoints reject JWTs after they authenticated the client. */
export async function respondForJwt(
  ctx: KoaContextWithOIDC,
  issuer: string,
  subjects: SubjectIdentifiers,
): Promise<void> {
  const { client, params, provider, route } = ctx.oidc
  // The token belongs to the client that sent the request: that was compared before.
  const subjectOf = (found: { clientId?: string | undefined; accountId?: string }) =>
    client && found.accountId !== undefined
      ? subjectAt(subjects, client, found.accountId)
      : found.clientId
  const token = await findOwn(provider, String(params?.token ?? ''), client?.clientId)
  ctx.status = 200
  if (route === 'revocation') {
    await token?.destroy()
    ctx.body = ''
    return
  }
  ctx.body = token
    ? {
        active: true,
        iss: issuer,
        aud: issuer,
        sub: subjectOf(token),
        client_id: token.clientId,
        scope: token.scope,
        token_type: token.tokenType,
        ...(token.jkt ? { cnf: { jkt: token.jkt } } : {}),
        exp: token.exp,
        iat: token.iat,
        jti: token.jti,
      }
    : { active: false }
}

async function findOwn(provider: Provider, value: string, clientId: string | undefined) {
  const service = await provider.ClientCredentials.find(value)
  if (service) return service.clientId === clientId ? service : undefined
  const found = await provider.AccessToken.find(value)
  if (!found || found.clientId !== clientId) return undefined
  const grant = found.grantId ? await provider.Grant.find(found.grantId) : undefined
  return grant ? found : undefined
}
