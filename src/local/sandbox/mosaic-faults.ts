import { z } from 'zod'

const times = z.int().min(1).max(1_000_000)
const milliseconds = z.int().min(0).max(600_000)

/** Faults that the sandbox simulates. An empty object means none. */
export const faultsSchema = z.strictObject({
  /** Delays the next `times` requests to the API, or answers them with an error status, or both. */
  api: z
    .strictObject({
      times,
      delayInMs: milliseconds.default(0),
      status: z.int().min(400).max(599).optional(),
      retryAfterInSeconds: z.int().min(0).max(86_400).optional(),
    })
    .optional(),
  /** The same for requests of access tokens. */
  tokens: z.strictObject({ times, status: z.int().min(400).max(599) }).optional(),
  /** The next requests to the API get 401, also with a valid token. */
  refuseTokens: times.optional(),
  images: z
    .strictObject({
      /**
       * `truncated`: half an image. `cut-off`: the connection ends before the announced length. `too-long`: more bytes than
       * announced. `not-an-image`: a web page. `endless`: bytes until the client closes the connection.
       */
      body: z.enum(['truncated', 'cut-off', 'too-long', 'not-an-image', 'endless']),
      contentType: z.string().regex(/^[\x20-\x7e]{1,100}$/),
    })
    .partial()
    .optional(),
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
