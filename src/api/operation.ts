import type { z } from 'zod'
import type { Scope, ServiceScope } from '../clients/scopes.ts'
import type { Detail } from '../ledger/details.ts'
import type { ApiError } from '../platform/errors.ts'

/** A refusal that belongs to one operation: its description, or its code and its description, or the error itself. Shown as an example. */
type Refusal = string | readonly [code: string, description: string] | ApiError

/**
 * What `/openapi.json` and `/reference` say of one route. It is declared beside the route's handler, and the route is registered under its path.
 */
export type Operation = {
  readonly method: 'get' | 'post' | 'delete'
  /** From the root, with Hono's parameters: `/api/v1/idv/subjects/:subjectId`. */
  readonly path: string
  readonly operationId: string
  readonly summary: string
  readonly description: string
  /** The token's scope: a resident's, or a tenant's. Without it the route takes no token, or the one below. */
  readonly scope?: Scope | ServiceScope
  /** The route takes the token of the application's event stream. */
  readonly stream?: true
  readonly query?: z.ZodObject
  readonly body?: {
    readonly schema: z.ZodType
    readonly example: unknown
    /** The request may have none. */
    readonly optional?: true
    /** For an image: such a form is taken as well, and the bytes of the image alone. */
    readonly form?: z.ZodType
  }
  readonly answer: {
    readonly status: 200 | 201 | 204
    readonly description: string
    readonly schema?: z.ZodType
    readonly example?: unknown
    /** The answer is available as a signed JWT too. */
    readonly signed?: true
    /** The answer is bytes of this type, not JSON. */
    readonly contentType?: string
  }
  /**
   * What the one ledger row of a successful call says; one of these. Empty: the operation neither discloses nor erases personal data. Required,
   * and a test calls every operation and counts.
   */
  readonly records: readonly Detail['what'][]
  /** The refusals beside those that follow from the token and the body. */
  readonly errors?: { readonly [status in 400 | 404 | 405 | 409 | 413 | 415 | 502]?: Refusal }
  /** `If-None-Match` may answer 304. */
  readonly conditional?: true
}

/** Declares an operation. Its path and scope keep their literal types, so that the route is typed by them. */
export const operation = <const Given extends Operation>(given: Given): Given => given

/** The path as OpenAPI writes it: `{name}` is a parameter. */
export const documentPath = ({ path }: Operation): string => path.replaceAll(/:(\w+)/g, '{$1}')
