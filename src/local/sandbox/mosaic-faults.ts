import { z } from 'zod'
import {
  apiFaultSchema,
  errorStatusSchema,
  imageResponseFaultSchema,
  timesSchema,
} from './faults.ts'

/** Faults that the sandbox simulates. An empty object means none. */
export const faultsSchema = z.strictObject({
  api: apiFaultSchema
    .extend({ retryAfterInSeconds: z.int().min(0).max(86_400).optional() })
    .optional(),
  /** The next requests of access tokens get this status. */
  tokens: z.strictObject({ times: timesSchema, status: errorStatusSchema }).optional(),
  /** The next requests to the API get 401, also with a valid token. */
  refuseTokens: timesSchema.optional(),
  images: imageResponseFaultSchema.partial().optional(),
  /** Results with wrong values. */
  result: z
    .strictObject({
      status: z.string().max(100),
      sessionId: z.string().max(200),
      structure: z.literal('deprecated'),
      withoutImages: z.literal(true),
    })
    .partial()
    .optional(),
  /** Every added image gets this feedback, and is insufficient unless it is `ok`. */
  feedback: z.string().max(100).optional(),
})
export type Faults = z.infer<typeof faultsSchema>
