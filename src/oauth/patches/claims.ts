import { randomUUID } from 'node:crypto'
import { decodeJwt } from 'jose'
import type { AdapterPayload, KoaContextWithOIDC, Provider } from 'oidc-provider'
import { CLAIMS, isScope } from '../../clients/scopes.ts'
import { disclose } from '../../ledger/disclosure.ts'
import type { Sql } from '../../platform/db.ts'
import { hashSecret } from '../../platform/secrets.ts'
import type { ShownVerified } from '../verified-claims.ts'
import type { PatchContext } from './patch.ts'

/**
 * Writes the ledger row of claims before a response leaves: those of userinfo, and those of an ID token at the token endpoint. `sub` alone
 * discloses nothing. The library has no hook between making a response and sending it, so this is middleware.
 * Unnecessary when the library awaits a listener before it responds; 9.13 emits events without waiting.
 */
export function recordClaims(provider: Provider, { db, findShown }: PatchContext): void {
  provider.use(async (ctx: KoaContextWithOIDC, next: () => Promise<void>) => {
    await next()
    await writeRow(db, ctx, findShown(ctx))
  })
}

async function writeRow(
  sql: Sql,
  ctx: KoaContextWithOIDC,
  verified: ShownVerified | undefined,
): Promise<void> {
  const route = ctx.oidc?.route
  if ((route !== 'userinfo' && route !== 'token') || ctx.status !== 200) return
  const { scope, names } = route === 'userinfo' ? ofUserinfo(ctx) : ofToken(ctx)
  if (names.length === 0) return
  const requestId = randomUUID()
  // The one that was shown, or came with the ID token.
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

function ofUserinfo(ctx: KoaContextWithOIDC) {
  const { scope = '' } = ctx.oidc.accessToken ?? {}
  const claims = typeof ctx.body === 'string' ? decodeJwt(ctx.body) : (ctx.body as object)
  const names = Object.keys(claims).filter(
    (name) => !RECOGNITION.includes(name) && !OF_THE_JWT.includes(name),
  )
  return { scope, names }
}

/**
 * What the ID token that comes with this access token hands over by its scopes: the row of it is written with the token's, in one
 * statement. Where single claims were asked for too, only the ID token itself can tell: then `recordClaims` does.
 */
export function claimsWithToken(kind: string, { scope, claims }: AdapterPayload): string[] {
  const words = typeof scope === 'string' ? scope.split(' ') : []
  const isTold = kind === 'AccessToken' && claims === undefined && words.includes('openid')
  return isTold ? personalClaims(words.join(' ')) : []
}

function ofToken(ctx: KoaContextWithOIDC) {
  const body = ctx.body as { id_token?: string; scope?: string } | undefined
  const { claims } = (ctx.oidc.entities.AccessToken ?? {}) as { claims?: object }
  const held = claims && body?.id_token ? Object.keys(decodeJwt(body.id_token)) : []
  return { scope: body?.scope ?? '', names: held.filter((name) => PERSONAL.includes(name)) }
}

const RECOGNITION = CLAIMS.openid ?? []
/** What signed userinfo has beside the claims (OpenID Connect Core §5.3.2). */
const OF_THE_JWT = ['iss', 'aud', 'exp', 'iat', 'jti']
const PERSONAL = Object.entries(CLAIMS).flatMap(([scope, claims]) =>
  scope === 'openid' ? [] : claims,
)
const personalClaims = (scope: string): string[] =>
  scope
    .split(' ')
    .flatMap((word) => (isScope(word) && word !== 'openid' ? (CLAIMS[word] ?? []) : []))
