import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { z } from 'zod'

/** Faults that the sandbox simulates. An empty object means none. */
export const faultsSchema = z.strictObject({
  webhooks: z
    .strictObject({
      /** Delays each webhook by this time. */
      delayInMs: z.int().min(0).max(600_000),
      /** Sends each webhook this many times, also after a 200. */
      times: z.int().min(1).max(10),
      /** Events are held until the decision and sent after it, in reverse order. */
      order: z.enum(['reversed']),
      signature: z.enum(['wrong', 'missing']),
    })
    .partial()
    .optional(),
  /** Delays the next `times` requests to the API, or answers them with an error status, or both. */
  api: z
    .strictObject({
      times: z.int().min(1).max(1_000_000),
      delayInMs: z.int().min(0).max(600_000).default(0),
      status: z.int().min(400).max(599).optional(),
    })
    .optional(),
  media: z
    .strictObject({
      /**
       * `truncated`: half an image, with length and signature of that half. `cut-off`: the connection ends before the
       * announced length. `too-long`: more bytes than announced. `not-an-image`: a web page. `endless`: bytes until the
       * client closes the connection.
       */
      body: z.enum(['truncated', 'cut-off', 'too-long', 'not-an-image', 'endless']),
      contentType: z.string().regex(/^[\x20-\x7e]{1,100}$/),
      signature: z.enum(['wrong', 'missing']),
    })
    .partial()
    .optional(),
  /** Media lists with wrong values. */
  list: z
    .strictObject({
      url: z.string().max(2000),
      name: z.string().max(2000),
      withoutContext: z.literal(true),
    })
    .partial()
    .optional(),
})
export type Faults = z.infer<typeof faultsSchema>

/** Writes responses that violate HTTP, bypassing the checks of the HTTP library. */
export function sendFaultyResponse(
  outgoing: HttpBindings['outgoing'],
  how: 'cut-off' | 'too-long' | 'endless',
  bytes: Uint8Array,
  headers: Record<string, string>,
): Response {
  if (how === 'endless') {
    outgoing.writeHead(200, headers)
    // A client that never closes the connection gets a gigabyte.
    let left = Math.ceil(1_073_741_824 / bytes.length)
    const more = () => {
      while (left-- > 0) if (!outgoing.write(bytes)) return
      outgoing.end()
    }
    outgoing.on('drain', more)
    more()
    return RESPONSE_ALREADY_SENT
  }
  const half = Math.floor(bytes.length / 2)
  outgoing.writeHead(200, {
    ...headers,
    'content-length': how === 'cut-off' ? bytes.length : half,
    connection: 'close',
  })
  if (how === 'too-long') outgoing.end(bytes)
  else outgoing.write(bytes.subarray(0, half), () => outgoing.destroy())
  return RESPONSE_ALREADY_SENT
}
