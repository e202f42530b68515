import { SERVICE_SCOPES } from '../clients/scopes.ts'
import { ApiError } from '../platform/errors.ts'
import { toErrorBody } from './error-bodies.ts'
import { schemaOf } from './json-schema.ts'
import { isMosaicPath, mosaicErrorSchema } from './mosaic/errors.ts'
import type { Operation } from './operation.ts'
import { invalid } from './requests.ts'
import { backOfficeErrorSchema, errorSchema } from './schemas.ts'

/* The failures of an operation as the document describes them: which there are, and an example of each, made as the server makes them. */

/** What a status means, and its usual code. */
const MEANINGS: Record<number, readonly [description: string, code: string]> = {
  400: ['The request has a fault; the body says which', 'invalid_request'],
  401: ['No token, one that is not good, or one without the scope', 'missing_token'],
  403: ['`X-Tenant-ID` names another tenant than the token', 'forbidden'],
  404: ["There is no such thing, or it is another's", 'not_found'],
  405: ['The resource does not take this method', 'method_not_allowed'],
  406: ['The client accepts none of the types there are', 'not_acceptable'],
  409: ['The state does not allow it', 'conflict'],
  413: ['The request is too large, or the answer would be', 'payload_too_large'],
  415: ['The body is of another type', 'unsupported_media_type'],
  429: ['Too many requests: wait as `Retry-After` says', 'rate_limit_exceeded'],
  500: ['Our mistake', 'Internal server error'],
  502: ['The vendor does not answer', 'vendor_unavailable'],
}

const RETRY_AFTER = {
  'Retry-After': { description: 'Seconds', schema: { type: 'integer', minimum: 0 }, example: 10 },
}
const HEADERS: Record<number, object> = {
  401: {
    'WWW-Authenticate': {
      description: 'The challenge (RFC 6750 §3, RFC 9449 §7.1)',
      schema: { type: 'string' },
      example: 'Bearer error="invalid_token"',
    },
  },
  429: RETRY_AFTER,
  502: RETRY_AFTER,
}

/** Whether the route takes a tenant's token. */
export const isBackOffice = ({ scope }: Operation): boolean =>
  (SERVICE_SCOPES as readonly (string | undefined)[]).includes(scope)

/** The schema of an operation's errors. */
function errorSchemaOf({ path }: Operation) {
  if (isMosaicPath(path)) return mosaicErrorSchema
  // Its health has the errors of the others, and takes no token.
  return path.startsWith('/api/v1/idv/') ? backOfficeErrorSchema : errorSchema
}

/** The responses of the document for every failure. */
export function failuresOf(operation: Operation, issuer: string): Record<string, object> {
  const schema = schemaOf(errorSchemaOf(operation), 'output')
  const failures = examplesOf(operation).map((error) => {
    const { status } = error
    const [description = 'An error'] = MEANINGS[status] ?? []
    const example = toErrorBody(error, operation.path, issuer)
    const headers = HEADERS[status]
    return [
      String(status),
      {
        description,
        ...(headers ? { headers } : {}),
        content: { 'application/json': { schema, example } },
      },
    ] as const
  })
  return {
    ...(operation.conditional ? { 304: { description: 'It has not changed' } } : {}),
    ...Object.fromEntries(failures),
  }
}

/** One error of each status that the operation may answer. */
function examplesOf(operation: Operation): ApiError[] {
  const { scope, stream, body, errors = {} } = operation
  const usual = (status: number, description?: string, code = MEANINGS[status]?.[1]) =>
    new ApiError(status, code ?? 'error', description)
  const ofToken = [
    usual(401, undefined, scope ? `missing_scopes: ${scope}` : undefined),
    usual(406, `This resource is ${operation.answer.contentType ?? 'application/json'}.`),
    usual(429, 'There are 600 requests a minute.'),
  ]
  const ofTenant = [
    invalid('X-Tenant-ID', 'must be the name of one tenant', 'format'),
    usual(403, 'The token belongs to another tenant than X-Tenant-ID names.'),
  ]
  const ofBody = [usual(413, 'A request may have 64 KiB.'), usual(415, 'Send application/json.')]
  const own = Object.entries(errors).map(([status, refusal]) => {
    if (refusal instanceof ApiError) return refusal
    return typeof refusal === 'string'
      ? usual(Number(status), refusal)
      : usual(Number(status), refusal[1], refusal[0])
  })
  const all = [
    ...(scope || stream ? ofToken : []),
    ...(isBackOffice(operation) ? ofTenant : []),
    ...(body ? ofBody : []),
    // Those of the operation replace the usual ones.
    ...own,
    usual(500),
  ]
  return [...new Map(all.map((error) => [error.status, error])).values()]
}
