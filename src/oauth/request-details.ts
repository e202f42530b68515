import { decodeJwt, decodeProtectedHeader } from 'jose'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { UNAVAILABLE_SCOPES } from '../clients/scopes.ts'
import { maskAddress } from '../request-log/foreign-text.ts'
import type { RequestDetail } from '../request-log/store.ts'
import { PROOF_ALGORITHMS } from './proof.ts'

/*
 * What of a request the developers of its client see: by name, so that nothing is shown because it happened to arrive. Never a code, a
 * token, a secret, `login_hint`, `state` or `nonce`.
 */

type Compared = {
  name: string
  arrived: unknown
  expected: unknown
  /** Whether what arrived is what was expected. */
  holds: boolean
}
type Ctx = KoaContextWithOIDC
type OidcClient = NonNullable<Ctx['oidc']['client']>

/** The differences between what arrived and what was expected; everything that arrived, when there are none. */
export function describeRequest(ctx: Ctx): RequestDetail | null {
  const client = ctx.oidc.client
  const compared = (COMPARISONS[ctx.oidc.route] ?? []).flatMap((compare) => compare(ctx, client))
  const wrong = compared.filter(({ holds }) => !holds)
  const shown = (wrong.length > 0 ? wrong : compared).filter(({ arrived }) => arrived !== undefined)
  if (shown.length === 0) return null
  return shown.map(({ name, arrived, expected, holds }) =>
    holds ? { name, arrived } : { name, arrived, expected },
  )
}

type Compare = (ctx: Ctx, client: OidcClient | undefined) => Compared[]

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

/** Parameters as they arrived, also where the library refused them before it read them. */
export const parametersOf = (ctx: Ctx): Record<string, unknown> => ({
  ...ctx.query,
  ...(ctx.oidc.body as Record<string, unknown> | undefined),
  ...ctx.oidc.params,
})

const redirectUri: Compare = (ctx, client) => {
  const given = text(parametersOf(ctx).redirect_uri)
  const registered = client?.redirectUris ?? []
  if (!client) return []
  return [
    {
      name: 'redirect_uri',
      arrived: given === undefined ? 'none' : maskAddress(given, registered),
      expected: registered,
      holds: given !== undefined && client.redirectUriAllowed(given),
    },
  ]
}

const logoutUri: Compare = (ctx, client) => {
  const given = text(parametersOf(ctx).post_logout_redirect_uri)
  const registered = client?.postLogoutRedirectUris ?? []
  if (!client || given === undefined) return []
  return [
    {
      name: 'post_logout_redirect_uri',
      arrived: maskAddress(given, registered),
      expected: registered,
      holds: client.postLogoutRedirectUriAllowed(given),
    },
  ]
}

const oneOf =
  (name: string, allowed: (client: OidcClient) => readonly string[]): Compare =>
  (ctx, client) => {
    const given = text(parametersOf(ctx)[name])
    if (given === undefined || !client) return []
    return [
      { name, arrived: given, expected: allowed(client), holds: allowed(client).includes(given) },
    ]
  }

const responseType: Compare = (ctx) => {
  const given = text(parametersOf(ctx).response_type)
  return [
    { name: 'response_type', arrived: given ?? 'none', expected: 'code', holds: given === 'code' },
  ]
}

const scope: Compare = (ctx, client) => {
  const given = text(parametersOf(ctx).scope)
  if (!client) return []
  const allowed = (client.scope ?? '').split(' ')
  const asked = given?.split(' ') ?? []
  return [
    {
      name: 'scope',
      arrived: given ?? 'none',
      expected: allowed.filter((each) => !UNAVAILABLE_SCOPES.includes(each)).join(' '),
      holds: given !== undefined && asked.every((each) => allowed.includes(each)),
    },
  ]
}

const challenge: Compare = (ctx, client) => {
  const { code_challenge: value, code_challenge_method: method } = parametersOf(ctx)
  const isRequired = (client as { pkce?: string } | undefined)?.pkce !== 'optional'
  if (!isRequired && value === undefined && method === undefined) return []
  return [
    {
      name: 'code_challenge',
      arrived: text(value) === undefined ? 'none' : `${String(value).length} characters`,
      expected: 'the base64url SHA-256 of the code_verifier, 43 characters',
      holds: /^[\w-]{43}$/.test(String(value)),
    },
    {
      name: 'code_challenge_method',
      arrived: text(method) ?? 'none',
      expected: 'S256',
      holds: method === 'S256',
    },
  ]
}

const pushed: Compare = (ctx, client) => {
  const given = text(parametersOf(ctx).request_uri)
  const mustPush =
    (client as { requirePushedAuthorizationRequests?: boolean } | undefined)
      ?.requirePushedAuthorizationRequests === true
  const isGone = given !== undefined && !ctx.oidc.entities.PushedAuthorizationRequest
  if (given === undefined && !mustPush) return []
  return [
    {
      name: 'request_uri',
      arrived: given === undefined ? 'none' : 'one that is unknown, used or expired',
      expected: 'one that the pushed authorization request endpoint returned within a minute',
      holds: given !== undefined && !isGone,
    },
  ]
}

/** How the client authenticated, and its assertion where it used one. */
const authentication: Compare = (ctx, client) => {
  const { client_secret: secret, client_assertion: assertion } = parametersOf(ctx)
  const methods = [
    ...(/^basic /i.test(ctx.get('authorization')) ? ['client_secret_basic'] : []),
    ...(text(secret) === undefined ? [] : ['client_secret_post']),
    ...(text(assertion) === undefined ? [] : ['private_key_jwt']),
  ]
  const arrived = methods.length === 0 ? 'none' : methods.join(' and ')
  const expected = client?.clientAuthMethod ?? 'none'
  // The library takes a secret in either place.
  const kindOf = (method: string) => method.replace(/_(basic|post)$/, '')
  const holds = kindOf(arrived) === kindOf(expected)
  if (!client) return []
  return [
    { name: 'client authentication', arrived, expected, holds },
    ...(text(assertion) === undefined ? [] : describeAssertion(ctx, client, String(assertion))),
  ]
}

function describeAssertion(ctx: Ctx, client: OidcClient, assertion: string): Compared[] {
  const { header, claims } = decode(assertion)
  const keys = [...((client as { asymmetricKeyStore?: Iterable<Key> }).asymmetricKeyStore ?? [])]
  const ids = keys.map(({ kid }) => shortId(kid))
  const left = Number(claims.exp) - Date.now() / 1000
  return [
    {
      name: 'assertion: alg',
      arrived: header.alg ?? 'none',
      expected: ASSERTION_ALGORITHMS,
      holds: ASSERTION_ALGORITHMS.includes(String(header.alg)),
    },
    {
      name: 'assertion: kid',
      arrived: shortId(header.kid),
      expected: ids,
      holds: header.kid === undefined || keys.some(({ kid }) => kid === header.kid),
    },
    {
      name: 'assertion: iss and sub',
      arrived: claims.iss === claims.sub ? claims.iss : [claims.iss, claims.sub],
      expected: client.clientId,
      holds: claims.iss === client.clientId && claims.sub === client.clientId,
    },
    {
      name: 'assertion: aud',
      arrived: claims.aud ?? 'none',
      expected: ctx.oidc.issuer,
      holds: claims.aud === ctx.oidc.issuer || claims.aud === `${ctx.oidc.issuer}/api/oauth/token`,
    },
    {
      name: 'assertion: seconds until exp',
      arrived: Number.isNaN(left) ? 'none' : Math.round(left),
      expected: '1 to 600',
      holds: left > 0 && left <= 600,
    },
    ...aheadOf('assertion', claims.iat),
  ]
}

type Key = { kid?: string }
const ASSERTION_ALGORITHMS: readonly unknown[] = ['ES256', 'PS256', 'Ed25519', 'EdDSA', 'RS256']

/** Key ids are often thumbprints, which look like secrets; the beginning tells them apart. */
const shortId = (kid: unknown): string =>
  text(kid) === undefined ? 'none' : String(kid).replace(/^(.{16}).{8,}$/su, '$1…')

/** The sender's clock, as far as the time of issue shows it. */
const aheadOf = (what: string, iat: unknown): Compared[] => {
  if (typeof iat !== 'number') return []
  const seconds = Math.round(iat - Date.now() / 1000)
  return [
    {
      name: `${what}: iat, seconds ahead of this server`,
      arrived: seconds,
      expected: '-300 to 10',
      holds: seconds >= -300 && seconds <= 10,
    },
  ]
}

/** RFC 9449 §4.3. */
export function describeProof(
  proof: string | undefined,
  request: { method: string; url: string },
): Compared[] {
  const missing = { name: 'DPoP', arrived: 'none', expected: 'a proof', holds: false }
  if (!proof) return [missing]
  const { header, claims } = decode(proof)
  return [
    {
      name: 'DPoP: alg',
      arrived: header.alg ?? 'none',
      expected: PROOF_ALGORITHMS,
      holds: (PROOF_ALGORITHMS as readonly unknown[]).includes(header.alg),
    },
    {
      name: 'DPoP: htm',
      arrived: claims.htm ?? 'none',
      expected: request.method,
      holds: claims.htm === request.method,
    },
    {
      name: 'DPoP: htu',
      arrived: maskAddress(String(claims.htu ?? 'none'), []),
      expected: request.url,
      holds: claims.htu === request.url,
    },
    ...aheadOf('DPoP', claims.iat),
  ]
}

const dpop: Compare = (ctx, client) => {
  const proof = ctx.get('dpop')
  const isBound = client?.dpopBoundAccessTokens === true
  if (!proof && !isBound) return []
  return describeProof(proof, { method: ctx.method, url: `${ctx.oidc.issuer}${ctx.path}` })
}

const codeExchange: Compare = (ctx) => {
  const parameters = parametersOf(ctx)
  if (parameters.grant_type !== 'authorization_code') return []
  const code = ctx.oidc.entities.AuthorizationCode
  const asked = code?.redirectUri
  const given = text(parameters.redirect_uri)
  const verifier = text(parameters.code_verifier)
  return [
    ...(asked === undefined
      ? []
      : [
          {
            name: 'redirect_uri',
            arrived: given === undefined ? 'none' : maskAddress(given, [asked]),
            expected: maskAddress(asked, [asked]),
            holds: given === asked,
          },
        ]),
    {
      name: 'code_verifier',
      arrived: verifier === undefined ? 'none' : `${verifier.length} characters`,
      expected: 'the one of which the code_challenge is the SHA-256, 43 to 128 characters',
      holds: verifier !== undefined || code?.codeChallenge === undefined,
    },
  ]
}

/** Its scope is optional (RFC 6749 §4.4.2, §6). */
const tokenScope: Compare = (ctx, client) =>
  text(parametersOf(ctx).scope) === undefined ? [] : scope(ctx, client)

const grantType = oneOf('grant_type', ({ grantTypes }) => grantTypes ?? [])
const responseMode = oneOf('response_mode', () => ['query', 'fragment', 'form_post'])
const prompt: Compare = (ctx) => {
  const given = text(parametersOf(ctx).prompt)
  const holds = given?.split(' ').every((each) => PROMPTS.includes(each)) ?? true
  return [{ name: 'prompt', arrived: given, expected: PROMPTS, holds }]
}
const PROMPTS = ['none', 'login', 'consent', 'create']
const tokenTypeHint = oneOf('token_type_hint', () => ['access_token', 'refresh_token'])

const AUTHORIZATION = [redirectUri, responseType, responseMode, scope, challenge, prompt]
const COMPARISONS: Readonly<Record<string, readonly Compare[]>> = {
  // With a pushed request the parameters are there, not here.
  authorization: [
    pushed,
    ...AUTHORIZATION.map(
      (compare): Compare =>
        (ctx, client) =>
          text(parametersOf(ctx).request_uri) === undefined ? compare(ctx, client) : [],
    ),
  ],
  pushed_authorization_request: [authentication, ...AUTHORIZATION, dpop],
  token: [authentication, grantType, codeExchange, tokenScope, dpop],
  device_authorization: [authentication, scope],
  introspection: [authentication, tokenTypeHint],
  revocation: [authentication, tokenTypeHint],
  end_session: [logoutUri],
  userinfo: [dpop],
}

function decode(jwt: string): { header: Record<string, unknown>; claims: Record<string, unknown> } {
  try {
    return { header: decodeProtectedHeader(jwt), claims: decodeJwt(jwt) }
  } catch {
    return { header: {}, claims: {} }
  }
}
