import { z } from 'zod'
import {
  apiFaultSchema,
  deliveryFaultSchema,
  imageResponseFaultSchema,
  linkFaultSchema,
} from './faults.ts'

/** Faults that the sandbox simulates. An empty object means none. */
export const faultsSchema = z.strictObject({
  webhooks: deliveryFaultSchema
    .extend({
      /** Events are held until the decision and sent after it, in reverse order. */
      order: z.enum(['reversed']),
      signature: z.enum(['wrong', 'missing']),
    })
    .partial()
    .optional(),
  api: apiFaultSchema.optional(),
  /** The signature is that of the bytes that are sent, unless it is wrong or missing. */
  media: imageResponseFaultSchema
    .extend({ signature: z.enum(['wrong', 'missing']) })
    .partial()
    .optional(),
  /** Media lists with wrong values. */
  list: z
    .strictObject({
      url: linkFaultSchema,
      name: z.string().max(2000),
      withoutContext: z.literal(true),
    })
    .partial()
    .optional(),
})
export type Faults = z.infer<typeof faultsSchema>
