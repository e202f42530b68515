import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import type { Sql } from '../db.ts'
import { ApiError } from '../errors.ts'
import type { AccessTokens, VerifiedToken } from './access-token.ts'
import type { Scope } from './scopes.ts'

/** What a live access token opens: whose data, for which application, and which scopes. */
export type LiveToken = { accountId: string; clientId: string; scope: string | null }

type Options = {
  issuer: string
  tokens: AccessTokens
  /** `MISSING_SCOPE_STATUS`: the seed says 401, RFC 6750 §3.1 says 403. */
  missingScopeStatus: 401 | 403
}

export type Bearer = {
  /** The request's token, its signature and claims checked; whether it is live is the database's word. Throws the contract's 401. */
  read(c: Context): Promise<VerifiedToken>
  /** Throws the contract's 401 for a token that is not live, and for missing scopes. */
  requireLive(live: LiveToken | undefined, ...scopes: Scope[]): asserts live is LiveToken
  /** Both for one route, with the look-up: `c.var.live`. */
  requireScope(sql: Sql, ...scopes: Scope[]): ReturnType<typeof createMiddleware<BearerEnv>>
}

type BearerEnv = { Variables: { live: LiveToken } }

/** RFC 6750 at the resource: the header only, one of them, and a challenge with every refusal. */
export function createBearer({ issuer, tokens, missingScopeStatus }: Options): Bearer {
  // RFC 9728 §5.1: the challenge says where to learn how to get a token.
  const metadata = `resource_metadata="${issuer}/.well-known/oauth-protected-resource"`
  const refuse = (status: number, error: string, challenge: string[]) =>
    new ApiError(status, error, undefined, {
      'WWW-Authenticate': `Bearer ${[...challenge, metadata].join(', ')}`,
    })
  // RFC 6750 §3: a request that brought no credentials is told no error code.
  const missing = () => refuse(401, 'missing_token', [])
  const invalid = () => refuse(401, 'invalid_token', ['error="invalid_token"'])

  const bearer: Bearer = {
    async read(c) {
      const header = c.req.header('authorization')
      if (header === undefined) throw missing()
      const [, token] = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(header) ?? []
      const verified = token === undefined ? undefined : await tokens.verify(token)
      if (!verified) throw invalid()
      return verified
    },

    requireLive(live, ...scopes) {
      if (!live) throw invalid()
      const granted = (live.scope ?? '').split(' ')
      const lacking = scopes.filter((scope) => !granted.includes(scope))
      if (lacking.length > 0)
        throw refuse(missingScopeStatus, `missing_scopes: ${lacking.join(', ')}`, [
          'error="insufficient_scope"',
          `scope="${scopes.join(' ')}"`,
        ])
    },

    requireScope: (sql, ...scopes) =>
      createMiddleware<BearerEnv>(async (c, next) => {
        const { rowId } = await bearer.read(c)
        const [live] = await sql<LiveToken[]>`
          select account_id, client_id, scope from live_access_token where id = ${rowId}`
        bearer.requireLive(live, ...scopes)
        c.set('live', live)
        await next()
      }),
  }
  return bearer
}
