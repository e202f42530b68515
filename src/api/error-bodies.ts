import type { ApiError } from '../platform/errors.ts'
import { errorUri } from '../web/error-uri.ts'
import { ALIAS } from './id-verification.ts'
import { isMosaicPath, toMosaicBody } from './mosaic/errors.ts'

const ME = '/api/v1/me/natural-person'
/** The real portal has these, and programs compare their errors as text (`docs/contract.md` §3). */
const OF_THE_REAL_PORTAL = [ME, `${ME}/residency`, `${ME}/id-verification`, ALIAS]

/** The body of an error. Where others fixed its members, there is no `error_uri` in it: the header `Link` of every error has that address. */
export function toErrorBody(error: ApiError, path: string, issuer: string): object {
  if (isMosaicPath(path)) return toMosaicBody(error)
  if (path.startsWith('/api/v1/idv/')) return error.toBackOfficeBody()
  if (!path.startsWith('/api/') || OF_THE_REAL_PORTAL.includes(path)) return error.toBody()
  const { error: code, error_description: description = adviceFor(code), ...rest } = error.toBody()
  return {
    error: code,
    ...(description ? { error_description: description } : {}),
    error_uri: errorUri(issuer, code),
    ...rest,
  }
}

/** RFC 8288; `help` is a relation of HTML. */
export const helpLink = (error: ApiError, issuer: string): { Link: string } => ({
  Link: `<${errorUri(issuer, error.error)}>; rel="help"`,
})

const adviceFor = (code: string): string | undefined =>
  ADVICE.find(([prefix]) => code.startsWith(prefix))?.[1]

const ADVICE: readonly (readonly [prefix: string, advice: string])[] = [
  ['missing_token', 'Send the access token in the Authorization header, as Bearer.'],
  [
    'invalid_token',
    'The token has expired, was revoked, or is of another portal. Use the refresh token, or ask for access again.',
  ],
  [
    'invalid_dpop_proof',
    'Make a new DPoP proof for each request, with its method, its address and the hash of the token.',
  ],
  ['missing_scopes', 'Ask for these scopes at the authorization endpoint.'],
]
