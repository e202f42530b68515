import { randomUUID } from 'node:crypto'
import { decodeJwt } from 'jose'
import type { AdapterPayload, KoaContextWithOIDC, Provider } from 'oidc-provider'
import { CLAIMS, isScope } from '../../clients/scopes.ts'
import { disclose } from '../../ledger/disclosure.ts'
import type { Sql } from '../../platform/db.ts'
import { hashSecret } from '../../platform/secrets.ts'
import type { DisclosedVerification } from '../verified-claims.ts'
import type { PatchContext } from './patch.ts'

/**
 * Writes the ledger row of claims before a response is sent: those of userinfo, and those of an ID token at the token endpoint. `sub` alone
 * discloses nothing. The library has no hook between making a response and sending it, so this is middleware.
 * Unnecessary when the library awaits a listener before it responds; 9.13 emits events without waiting.
 */
export function recordClaims(provider: Provider, { db, findDisclosed }: PatchContext): void {
  provider.use(async (ctx: KoaContextWithOIDC, next: () => Promise<void>) => {
    await next()
    await writeRow(db, ctx, findDisclosed(ctx))
  })
}

async function writeRow(
  sql: Sql,
  ctx: KoaContextWithOIDC,
  verified: DisclosedVerification | undefined,
): Promise<void> {
  const route = ctx.oidc?.route
  if ((route !== 'userinfo' && route !== 'token') || ctx.status !== 200) return
  const { scope, names } = route === 'userinfo' ? userinfoClaims(ctx) : idTokenClaims(ctx)
  if (names.length === 0) return
  const requestId = randomUUID()
  // The access token of the userinfo request, or the one that was issued with the ID token.
  const jti = (ctx.oidc.entities.AccessToken as { jti?: string } | undefined)?.jti
  const entry = {
    detail: { what: 'claims', names, images: verified?.images ?? [] },
    requestId,
    clientId: ctx.oidc.client?.clientId,
    accountId: ctx.oidc.account?.accountId,
    verificationId: verified?.verificationId,
    scope,
    tokenId: jti === undefined ? undefined : hashSecret(jti),
  } as const
  await disclose(sql, entry, () => ctx.set('X-Request-Id', requestId))
}

function userinfoClaims(ctx: KoaContextWithOIDC) {
  const { scope = '' } = ctx.oidc.accessToken ?? {}
  const claims = typeof ctx.body === 'string' ? decodeJwt(ctx.body) : (ctx.body as object)
  const names = Object.keys(claims).filter(
    (name) => !OPENID_CLAIMS.includes(name) && !JWT_CLAIMS.includes(name),
  )
  return { scope, names }
}

/**
 * Returns the claims that the ID token beside this access token discloses by its scopes; their ledger row is written with the token's
 * row, in one statement. With single claims only the issued ID token shows which ones: `recordClaims` records those.
 */
export function claimsWithToken(kind: string, { scope, claims }: AdapterPayload): string[] {
  const words = typeof scope === 'string' ? scope.split(' ') : []
  const isDisclosed = kind === 'AccessToken' && claims === undefined && words.includes('openid')
  return isDisclosed ? personalClaims(words.join(' ')) : []
}

function idTokenClaims(ctx: KoaContextWithOIDC) {
  const body = ctx.body as { id_token?: string; scope?: string } | undefined
  const { claims } = (ctx.oidc.entities.AccessToken ?? {}) as { claims?: object }
  const names = claims && body?.id_token ? Object.keys(decodeJwt(body.id_token)) : []
  return { scope: body?.scope ?? '', names: names.filter((name) => PERSONAL_CLAIMS.includes(name)) }
}

const OPENID_CLAIMS = CLAIMS.openid ?? []
/** Members of signed userinfo that are not claims of the person (OpenID Connect Core §5.3.2). */
const JWT_CLAIMS = ['iss', 'aud', 'exp', 'iat', 'jti']
const PERSONAL_CLAIMS = Object.entries(CLAIMS).flatMap(([scope, claims]) =>
  scope === 'openid' ? [] : claims,
)
const personalClaims = (scope: string): string[] =>
  scope
    .split(' ')
    .flatMap((word) => (isScope(word) && word !== 'openid' ? (CLAIMS[word] ?? []) : []))
