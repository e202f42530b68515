import { randomUUID } from 'node:crypto'
import { decodeJwt } from 'jose'
import type { AdapterPayload, KoaContextWithOIDC } from 'oidc-provider'
import type { Sql } from '../db.ts'
import { append } from '../ledger/entries.ts'
import { hashSecret } from '../secrets.ts'
import { CLAIMS, isScope } from './scopes.ts'
import type { ShownImage } from './verified-claims.ts'

/** What `verified_claims` of this answer were made of. */
export type ShownVerified = { verificationId: string; images: ShownImage[] }

/**
 * Writes down what personal data an answer of the authorization server hands over, before it leaves: claims at userinfo,
 * and those of an ID token at the token endpoint. A recognition alone (`sub`) discloses nothing that is kept here.
 */
export async function noteClaims(
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
  await append(sql, {
    kind: 'disclosure',
    requestId,
    clientId: ctx.oidc.client?.clientId,
    accountId: ctx.oidc.account?.accountId,
    verificationId: verified?.verificationId,
    scope,
    tokenId: jti === undefined ? undefined : hashSecret(jti),
    images: verified?.images,
    result: `claims: ${names.join(', ')}`,
  })
  ctx.set('X-Request-Id', requestId)
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
 * statement. Where single claims were asked for too, only the ID token itself can tell: then `noteClaims` does.
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
