import {
  errors,
  type InteractionResults,
  interactionPolicy,
  type KoaContextWithOIDC,
} from 'oidc-provider'
import { isSignUpOffered } from '../accounts/sign-up.ts'
import { SCOPES, SERVICE_SCOPES, UNAVAILABLE_SCOPES } from '../clients/scopes.ts'
import type { Db } from '../platform/db.ts'
import { isMultiFactor } from './logins.ts'
import type { Personas } from './personas.ts'
import { isTooFarAhead } from './proof.ts'
import { asksToCreate, CREATE } from './sign-up.ts'

/* Rules for requests that the library does not have, or has otherwise. */

const { Check } = interactionPolicy

/** The member of an interaction's result that says that a sign-in for this request came before it. */
export const SIGNED_IN = 'signed-in'

/** Whether the resident signed in for this request, in the interaction of this result or in an earlier one. */
export const hasSignedIn = (result: InteractionResults | undefined): boolean =>
  result?.login !== undefined || result?.[SIGNED_IN] !== undefined

/**
 * The library's prompts with five changes: `prompt=create` starts sign-up, `prompt=consent` is read from the request itself (see
 * `allowOfflineAccess`), `prompt=login` and `max_age` require one sign-in for each request and not another one after the consent, a session of an inactive account and a session that a password alone opened, where the account needs more,
 * require a sign-in. In the sandbox the session of another team's persona does too.
 */
export function createInteractionPolicy({
  passwordSuffices,
  personas,
}: {
  passwordSuffices: (accountId: string) => Promise<boolean>
  personas: Pick<Personas, 'isOf'> | undefined
}) {
  const { Prompt, base } = interactionPolicy
  const policy = base()
  policy.add(new Prompt({ name: CREATE, requestable: true }), 0)
  policy.get('login')?.checks.add(
    new Check('account_inactive', 'the account of this session is not active', (ctx) => {
      const { session, account } = ctx.oidc
      return session?.accountId !== undefined && account === undefined
    }),
  )
  askOnceForSignIn(policy.get('login')?.checks)
  const consent = policy.get('consent')
  consent?.checks.remove('consent_prompt')
  consent?.checks.add(
    new Check('consent_prompt', 'consent was asked for', 'consent_required', (ctx) => {
      const prompts = String(ctx.oidc.params?.prompt ?? '').split(' ')
      return prompts.includes('consent') && !ctx.oidc.result?.consent
    }),
    0,
  )
  policy.get('login')?.checks.add(
    new Check('second_factor', 'a second factor is required', 'login_required', async (ctx) => {
      const { accountId, amr } = ctx.oidc.session ?? {}
      return Boolean(accountId) && !isMultiFactor(amr) && !(await passwordSuffices(accountId ?? ''))
    }),
  )
  if (personas)
    policy.get('login')?.checks.add(
      new Check(
        'other_persona',
        'a persona of the team is required',
        'login_required',
        async (ctx) => {
          const { session, client } = ctx.oidc
          const { accountId } = session ?? {}
          if (!accountId || !client) return false
          return !(await personas.isOf({ accountId, clientId: client.clientId }))
        },
      ),
    )
  return policy
}

/** The library remembers the result of the last interaction only, and would ask again after the consent. */
function askOnceForSignIn(checks: interactionPolicy.Prompt['checks'] | undefined): void {
  checks?.remove('login_prompt')
  checks?.remove('max_age')
  checks?.add(
    new Check('login_prompt', 'login was asked for', 'login_required', ({ oidc }) => {
      const prompts = String(oidc.params?.prompt ?? '').split(' ')
      return prompts.includes('login') && !hasSignedIn(oidc.result)
    }),
    0,
  )
  checks?.add(
    new Check('max_age', 'the sign-in is too long ago', 'login_required', ({ oidc }) => {
      const maxAge = oidc.params?.max_age
      if (maxAge === undefined) return false
      const { session, result } = oidc
      return !session?.accountId || (session.past(Number(maxAge)) && !hasSignedIn(result))
    }),
  )
}

/** Rejects `prompt=create` where nobody can sign up, as an unknown value (Initiating User Registration 1.0 §4.1). */
export async function rejectClosedSignUp(ctx: KoaContextWithOIDC, db: Db): Promise<void> {
  if (!PROMPT_ROUTES.includes(ctx.oidc.route)) return
  if (asksToCreate(ctx.oidc.params) && !(await isSignUpOffered(db)))
    throw new errors.InvalidRequest('unsupported prompt value requested')
}

const PROMPT_ROUTES = ['authorization', 'pushed_authorization_request']

/** Rejects unknown scopes (RFC 6749 §3.3). A service client that requests none gets those it is registered for. */
export function rejectUnknownScopes(ctx: KoaContextWithOIDC): void {
  const params = ctx.oidc.params ?? {}
  const isService = ctx.oidc.route === 'token' && params.grant_type === 'client_credentials'
  // A service client that names no scope gets those it is registered for.
  if (isService) params.scope ??= ctx.oidc.client?.scope
  else if (!SCOPE_ROUTES.includes(ctx.oidc.route)) return
  const requested = String(params.scope ?? '')
  if (!requested) throw new errors.InvalidScope('a scope is required', '')
  const known: readonly string[] = isService
    ? SERVICE_SCOPES
    : [...Object.keys(SCOPES), ...UNAVAILABLE_SCOPES]
  const unknown = requested.split(' ').find((scope) => !known.includes(scope))
  if (unknown !== undefined) throw new errors.InvalidScope('requested scope is unknown', unknown)
}

const SCOPE_ROUTES = ['authorization', 'pushed_authorization_request', 'device_authorization']

const LONGEST_ASSERTION_SECONDS = 600

/**
 * RFC 7523 §3 with the audience of FAPI 2.0 §5.3.2.1: the issuer, as one string. Outside that profile the address of the
 * token endpoint is accepted as well, because widespread client libraries send it (OpenID Connect Core §9).
 */
export async function assertJwtClientAuthClaimsAndHeader(
  ctx: KoaContextWithOIDC,
  claims: Record<string, unknown>,
  header: Record<string, unknown>,
  client: { clientId: string; fapi?: unknown },
): Promise<void> {
  const { issuer } = ctx.oidc
  if (claims.aud !== issuer && (client.fapi || claims.aud !== `${issuer}/api/oauth/token`))
    throw new errors.InvalidClientAuth('audience (aud) must be the issuer, as one string')
  if (isTooFarAhead(claims.iat))
    throw new errors.InvalidClientAuth('the assertion was issued in the future')
  const left = Number(claims.exp) - Date.now() / 1000
  if (left > LONGEST_ASSERTION_SECONDS)
    throw new errors.InvalidClientAuth('the assertion expires too late')
  if (client.fapi && header.alg === 'RS256')
    throw new errors.InvalidClientAuth('FAPI 2.0 clients sign with PS256, ES256 or EdDSA')
}
