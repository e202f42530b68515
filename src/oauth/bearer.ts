import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import type { Scope, ServiceScope } from '../clients/scopes.ts'
import { isTenantName } from '../clients/tenants.ts'
import type { Sql } from '../platform/db.ts'
import { ApiError } from '../platform/errors.ts'
import type { AccessTokens, VerifiedToken } from '../signing/access-token.ts'
import type { OtherPlace } from './other-place.ts'
import { claimJti } from './patches/replay.ts'
import { PROOF_ALGORITHMS, verifyProof } from './proof.ts'

/** What a live access token gives access to: an account, for a client, with these scopes. */
export type LiveToken = {
  accountId: string
  clientId: string
  scope: string | null
  /** The id of its row: the SHA-256 of its `jti`. */
  tokenId: Buffer
}
/** A live token of the client credentials grant: no account, a client that acts for its tenant. */
type ServiceToken = {
  clientId: string
  tenant: string
  scope: string | null
  tokenId: Buffer
}

type BearerOptions = {
  issuer: string
  db: Sql
  tokens: AccessTokens
  otherPlace?: OtherPlace | undefined
  /** `MISSING_SCOPE_STATUS`: the real portal responds 401, RFC 6750 §3.1 requires 403. */
  missingScopeStatus: 401 | 403
  /** Called for each use of a live token. May throw, when the rate limit is exceeded. */
  onUse: (by: { clientId: string; accountId?: string }) => void
  /** In the sandbox: called before each request with a genuine token. May throw what the persona answers. `undefined` in production. */
  beforeRead?: ((token: VerifiedToken) => Promise<void>) | undefined
  /** Called when a live token lacks these scopes, before the refusal is sent. */
  onRefused: (by: {
    clientId: string
    accountId?: string
    scope: string
    tokenId: Buffer
    requestId: string | undefined
  }) => Promise<void>
}

export type Bearer = {
  /** Counts a use of a token. Throws 429 above the rate limit. */
  countUse: BearerOptions['onUse']
  /** Returns the request's token after its signature and claims are verified; it may have been revoked. Throws 401 (`docs/contract.md`). */
  read(c: Context): Promise<VerifiedToken>
  /** Throws 401 for a token that is not live, and `missing_scopes` for missing scopes. */
  requireLive(
    live: LiveToken | ServiceToken | undefined,
    ...scopes: Scope[]
  ): asserts live is LiveToken
  /** Returns the live service token, or `undefined`. */
  findService(token: VerifiedToken): Promise<ServiceToken | undefined>
  /** Whether this is a live service token of that client with that scope, not bound to a key. */
  isServiceToken(token: string, wanted: { clientId: string; scope: ServiceScope }): Promise<boolean>
  /** Returns the live token of a resident with these scopes. Throws as `read` and `requireLive` do. */
  requireResident(c: Context, ...scopes: Scope[]): Promise<LiveToken>
  /** Middleware: `requireResident`, stored in `c.var.live`. */
  requireScope(...scopes: Scope[]): ReturnType<typeof createMiddleware<BearerEnv>>
  /** Returns the live service token with this scope. Throws as `read` and `requireLive` do; 400 and 403 for another tenant in `X-Tenant-ID`. */
  requireServiceToken(c: Context, scope: ServiceScope): Promise<ServiceToken>
  /** Middleware: `requireServiceToken`, stored in `c.var.service`. */
  requireService(scope: ServiceScope): ReturnType<typeof createMiddleware<ServiceEnv>>
}

/** What the middleware of the API and the guard set for a route. */
export type ServiceEnv = { Variables: { service: ServiceToken; requestId: string } }
export type BearerEnv = { Variables: { live: LiveToken; requestId: string } }

/** Reads and requires bearer tokens (RFC 6750): in the header only, exactly one, with a challenge in every refusal. */
export function createBearer(options: BearerOptions): Bearer {
  const { db, tokens, onUse, beforeRead, onRefused } = options
  const refusals = createRefusals(options)

  function requireScopes(scope: string | null, required: readonly string[]) {
    const missing = missingScopes(scope, required)
    if (missing.length > 0) throw refusals.missingScopes(missing, required)
  }

  async function reportMissingScopes(
    c: Context,
    live: LiveToken | ServiceToken,
    required: readonly string[],
  ) {
    if (missingScopes(live.scope, required).length === 0) return
    const { clientId, tokenId } = live
    const accountId = 'accountId' in live ? { accountId: live.accountId } : {}
    const requestId: string | undefined = c.get('requestId')
    await onRefused({ clientId, ...accountId, scope: required.join(' '), tokenId, requestId })
  }

  const bearer: Bearer = {
    countUse: onUse,

    read: beforeRead
      ? async (c) => {
          const token = await readToken(options, refusals, c)
          await beforeRead(token)
          return token
        }
      : (c) => readToken(options, refusals, c),

    requireLive(live, ...scopes) {
      if (!live) throw refusals.invalid()
      requireScopes(live.scope, scopes)
    },

    async findService({ rowId }) {
      const [live] = await db<ServiceToken[]>`
        select id as token_id, client_id, tenant, scope from live_service_token where id = ${rowId}`
      return live
    },

    async isServiceToken(value, { clientId, scope }) {
      const token = await tokens.verify(value)
      if (!token || token.jkt !== undefined) return false
      const live = await bearer.findService(token)
      return live?.clientId === clientId && missingScopes(live.scope, [scope]).length === 0
    },

    async requireResident(c, ...scopes) {
      const token = await bearer.read(c)
      const [found] = await db<LiveToken[]>`
        select id as token_id, account_id, client_id, scope from live_access_token where id = ${token.rowId}`
      const live: LiveToken | ServiceToken | undefined = found ?? (await bearer.findService(token))
      if (live) {
        // Counts by the token's own subject, as the hot endpoint does, which counts before it reads the row.
        onUse(found ? { clientId: live.clientId, accountId: token.subject } : live)
        await reportMissingScopes(c, live, scopes)
      }
      bearer.requireLive(live, ...scopes)
      return live
    },

    requireScope: (...scopes) =>
      createMiddleware<BearerEnv>(async (c, next) => {
        c.set('live', await bearer.requireResident(c, ...scopes))
        await next()
      }),

    async requireServiceToken(c, scope) {
      const token = await bearer.read(c)
      const service = await bearer.findService(token)
      if (!service) {
        const [resident] = await db`select from live_access_token where id = ${token.rowId}`
        if (!resident) throw refusals.invalid()
      }
      if (service) {
        onUse(service)
        await reportMissingScopes(c, service, [scope])
      }
      // A resident's token never has these scopes: the response lists them as missing.
      requireScopes(service?.scope ?? null, [scope])
      if (!service) throw refusals.invalid()
      requireNamedTenant(c, service)
      return service
    },

    requireService: (scope) =>
      createMiddleware<ServiceEnv>(async (c, next) => {
        c.set('service', await bearer.requireServiceToken(c, scope))
        await next()
      }),
  }
  return bearer
}

/** The token says which tenant it is; a request that names another one is of a program that has mixed up its credentials. */
function requireNamedTenant(c: Context, { tenant }: ServiceToken): void {
  const named = c.req.header('x-tenant-id')
  if (named === undefined || named === tenant) return
  const field = 'X-Tenant-ID'
  if (!isTenantName(named))
    throw new ApiError(400, 'invalid_request', `${field}: must be the name of one tenant`, {
      details: { field, constraint: 'format' },
    })
  throw new ApiError(403, 'forbidden', `The token belongs to another tenant than ${field} names.`, {
    details: { field },
  })
}

/** Reads the token, and the proof of possession that one bound to a key needs (RFC 9449 §7.1). */
async function readToken(
  { issuer, db, tokens, otherPlace }: BearerOptions,
  refusals: Refusals,
  c: Context,
): Promise<VerifiedToken> {
  const header = c.req.header('authorization')
  if (header === undefined) throw refusals.missing()
  const [, scheme = '', token] = /^(bearer|dpop) +([A-Za-z0-9\-._~+/]+=*)$/i.exec(header) ?? []
  const verified = token === undefined ? undefined : await tokens.verify(token)
  if (!verified || token === undefined)
    throw refusals.invalid(token && otherPlace?.describeToken(token))
  const isProven = scheme.toLowerCase() === 'dpop'
  if (verified.jkt === undefined) {
    if (isProven) throw refusals.invalid()
    return verified
  }
  if (!isProven) throw refusals.proof('invalid_token')
  const proof = await verifyProof({
    proof: c.req.header('dpop') ?? '',
    method: c.req.method,
    url: `${issuer}${c.req.path}`,
    token,
    jkt: verified.jkt,
  })
  if (!proof || !(await claimJti(db, verified.jkt, proof.jti, proof.expiresAt)))
    throw refusals.proof('invalid_dpop_proof')
  return verified
}

type Refusals = ReturnType<typeof createRefusals>

/** The errors for requests without a sufficient token, each with its challenge. */
function createRefusals({
  issuer,
  missingScopeStatus,
}: Pick<BearerOptions, 'issuer' | 'missingScopeStatus'>) {
  // RFC 9728 §5.1: the challenge names the metadata that describes how to get a token.
  const metadata = `resource_metadata="${issuer}/.well-known/oauth-protected-resource"`
  const algorithms = `algs="${PROOF_ALGORITHMS.join(' ')}"`
  const refuse = (status: number, error: string, challenge: string, description?: string) =>
    new ApiError(status, error, description, { headers: { 'WWW-Authenticate': challenge } })
  const refuseBearer = (status: number, error: string, challenge: string[], description?: string) =>
    refuse(status, error, `Bearer ${[...challenge, metadata].join(', ')}`, description)

  return {
    // RFC 6750 §3: no error code for a request without credentials.
    missing: () => refuseBearer(401, 'missing_token', []),
    /** `description` is a word of ours, nothing that was sent. */
    invalid: (description?: string) =>
      refuseBearer(
        401,
        'invalid_token',
        ['error="invalid_token"', ...(description ? [`error_description="${description}"`] : [])],
        description,
      ),
    missingScopes: (missing: readonly string[], required: readonly string[]) =>
      refuseBearer(missingScopeStatus, `missing_scopes: ${missing.join(', ')}`, [
        'error="insufficient_scope"',
        `scope="${required.join(' ')}"`,
      ]),
    // RFC 9449 §7.1: the challenge for a token that is bound to a key.
    proof: (error: 'invalid_token' | 'invalid_dpop_proof') =>
      refuse(401, error, `DPoP error="${error}", ${algorithms}, ${metadata}`),
  }
}

/** The required scopes that `scope`, the token's, does not include. */
function missingScopes(scope: string | null, required: readonly string[]): string[] {
  const granted = (scope ?? '').split(' ')
  return required.filter((each) => !granted.includes(each))
}
