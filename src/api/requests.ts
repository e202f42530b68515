import type { Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { z } from 'zod'
import { ApiError } from '../platform/errors.ts'

const LARGEST_BODY = 64 * 1024

/** For routes that take a body: no more than 64 KiB of it, counted while it comes. */
export const smallBody = bodyLimit({
  maxSize: LARGEST_BODY,
  onError: () => {
    throw new ApiError(413, 'payload_too_large', 'A request may have 64 KiB.')
  },
})

/** The body as `schema` has it. Throws 415 for another type than JSON, 400 that names the first fault. */
export async function readJson<T>(c: Context, schema: z.ZodType<T>): Promise<T> {
  const type = c.req.header('content-type') ?? ''
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw new ApiError(415, 'unsupported_media_type', 'Send application/json.')
  let body: unknown
  try {
    body = JSON.parse(await c.req.text())
  } catch {
    throw new ApiError(400, 'invalid_request', 'The body is not JSON.')
  }
  return check(schema, body)
}

/** A query as `schema` has it, each name once. */
export function readQuery<T>(c: Context, schema: z.ZodType<T>): T {
  const query: Record<string, string> = {}
  for (const [name, values] of Object.entries(c.req.queries())) {
    if (values.length > 1) throw invalid(name, 'is given more than once', 'unique')
    query[name] = values[0] ?? ''
  }
  return check(schema, query)
}

/** A value as `schema` has it. Throws 400 that names the first fault. */
export function check<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw faultOf(value, parsed.error.issues[0])
}

function faultOf(value: unknown, issue: z.core.$ZodIssue | undefined): ApiError {
  if (!issue) return invalid('', 'not valid')
  const field = issue.path.join('.')
  if (issue.code === 'unrecognized_keys') {
    const unknown = [...issue.path, issue.keys[0] ?? ''].join('.')
    return invalid(unknown, 'is not a field of this request', 'unknown')
  }
  const found = issue.path.reduce<unknown>((part, name) => Object(part)[name], value)
  if (field && found === undefined) return invalid(field, 'required', 'required')
  return invalid(field, issue.message, constraintOf(issue))
}

/** What a value breaks, for programs. `docs/contract.md` §4 explains the words. */
type Constraint =
  | 'required'
  | 'type'
  | 'format'
  | 'length'
  | 'range'
  | 'enum'
  | 'unique'
  | 'unknown'
  | 'invalid'

function constraintOf(issue: z.core.$ZodIssue): Constraint {
  switch (issue.code) {
    case 'invalid_type':
      return 'type'
    case 'invalid_format':
      return 'format'
    case 'invalid_value':
      return 'enum'
    case 'too_small':
    case 'too_big':
      return ['string', 'array'].includes(issue.origin) ? 'length' : 'range'
    default:
      return 'invalid'
  }
}

/** 400 that names the field, and the constraint that its value breaks. `''`: the request as a whole. */
export function invalid(
  field: string,
  message: string,
  constraint: Constraint = 'invalid',
): ApiError {
  const details = { ...(field ? { field } : {}), constraint }
  const named = field ? `${field}: ${message}` : message
  const description = constraint === 'required' ? `Missing required field '${field}'` : named
  return new ApiError(400, 'invalid_request', description, { details })
}

/** Every other method of this path is answered 405 with `Allow` (RFC 9110 §15.5.6). */
export function refuseOtherMethods(routes: Hono, path: string, allow: string): void {
  routes.all(path, () => {
    throw new ApiError(405, 'method_not_allowed', `This resource takes ${allow}.`, {
      headers: {
        Allow: allow,
      },
    })
  })
}

/** For routes that answer JSON: throws 406 where the client does not take it. */
export async function asksJson(c: Context, next: () => Promise<void>): Promise<void> {
  requireAcceptable(c, 'application/json')
  await next()
}

/** Throws 406 where the client takes none of these types (RFC 9110 §12.5.1). */
export function requireAcceptable(c: Context, ...types: string[]): void {
  const accept = c.req.header('accept')
  if (!accept) return
  const ranges = accept.split(',').map((range) => {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const quality = parameters.find((each) => each.startsWith('q='))?.slice(2)
    return { name, isTaken: quality === undefined || Number(quality) > 0 }
  })
  const takes = (type: string) => {
    const [kind] = type.split('/')
    // The most specific range decides.
    const found =
      ranges.find(({ name }) => name === type) ??
      ranges.find(({ name }) => name === `${kind}/*`) ??
      ranges.find(({ name }) => name === '*/*')
    return found?.isTaken ?? false
  }
  if (!types.some(takes))
    throw new ApiError(406, 'not_acceptable', `This resource is ${types.join(' or ')}.`)
}
