import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { z } from 'zod'

/** What the sandbox does wrong on purpose; an empty object is good behaviour. */
export const faultsSchema = z.strictObject({
  webhooks: z
    .strictObject({
      /** Each webhook comes this much later. */
      delayInMs: z.int().min(0).max(600_000),
      /** Each webhook is sent this many times, even when it was answered 200. */
      times: z.int().min(1).max(10),
      /** Events wait for the decision and come after it, the last one first. */
      order: z.enum(['reversed']),
      signature: z.enum(['wrong', 'missing']),
    })
    .partial()
    .optional(),
  /** The next `times` requests to the API are answered late, or with an error status, or both. */
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
       * `truncated`: half an image, its length and signature right for that half. `cut-off`: the connection ends
       * before the announced length. `too-long`: more bytes than announced. `not-an-image`: a web page.
       * `endless`: bytes until the caller hangs up.
       */
      body: z.enum(['truncated', 'cut-off', 'too-long', 'not-an-image', 'endless']),
      contentType: z.string().regex(/^[\x20-\x7e]{1,100}$/),
      signature: z.enum(['wrong', 'missing']),
    })
    .partial()
    .optional(),
  /** What the media lists say instead of the truth. */
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

/** Writes what no well-behaved server writes, past the checks of the HTTP library. */
export function answerBadly(
  outgoing: HttpBindings['outgoing'],
  how: 'cut-off' | 'too-long' | 'endless',
  bytes: Uint8Array,
  headers: Record<string, string>,
): Response {
  if (how === 'endless') {
    outgoing.writeHead(200, headers)
    // A caller that never hangs up gets a gigabyte.
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
