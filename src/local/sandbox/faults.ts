import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import { z } from 'zod'

const delayInMs = z.int().min(0).max(600_000)

/** How many requests a fault affects. */
export const timesSchema = z.int().min(1).max(1_000_000)
export const errorStatusSchema = z.int().min(400).max(599)

/** Delays the next `times` requests to the API, or answers them with an error status, or both. */
export const apiFaultSchema = z.strictObject({
  times: timesSchema,
  delayInMs: delayInMs.default(0),
  status: errorStatusSchema.optional(),
})

/** Deliveries that are late, repeated or lost. */
export const deliveryFaultSchema = z.strictObject({
  /** How often each delivery is sent, also after it was accepted; 0 loses it. */
  times: z.int().min(0).max(10),
  delayInMs,
})

/**
 * `truncated`: half an image, with the length of that half. `cut-off`: the connection ends before the announced length.
 * `too-long`: more bytes than announced. `not-an-image`: a web page. `endless`: bytes until the client closes the connection.
 * `flipped`: one bit in the middle differs. `unstable`: a few bytes after the picture differ in each response.
 */
export const imageFaultSchema = z.enum([
  'truncated',
  'cut-off',
  'too-long',
  'not-an-image',
  'endless',
  'flipped',
  'unstable',
])
export type ImageFault = z.infer<typeof imageFaultSchema>

/** Images with another body or another type than the API should send. */
export const imageResponseFaultSchema = z.strictObject({
  body: imageFaultSchema,
  contentType: z.string().regex(/^[\x20-\x7e]{1,100}$/),
})

/** An address that replaces the one of an image. */
export const linkFaultSchema = z.string().max(2000)

/** Uses up one of a fault's `times`. Returns the fault, or `undefined` if there is none (any more). */
export function takeFault<
  Name extends string,
  Faults extends { [name in Name]?: { times: number } | undefined },
>(faults: Faults, name: Name): Faults[Name] | undefined {
  const fault = faults[name]
  if (fault === undefined) return undefined
  if (fault.times > 1) fault.times--
  else delete faults[name]
  return fault
}

/** Uses up one request of the `api` fault: waits, then returns the error response, or `undefined` to go on. */
export async function applyApiFault(
  faults: { api?: z.infer<typeof apiFaultSchema> | undefined },
  fail: (status: number) => Response,
): Promise<Response | undefined> {
  const fault = takeFault(faults, 'api')
  if (!fault) return undefined
  await wait(fault.delayInMs)
  return fault.status === undefined ? undefined : fail(fault.status)
}

/** The bytes that are served instead of an image. The other faults of an image are those of `sendBytes`. */
export function spoilImage(image: Uint8Array, fault: ImageFault | undefined): Uint8Array {
  const middle = Math.floor(image.length / 2)
  if (fault === 'truncated') return image.subarray(0, middle)
  if (fault === 'not-an-image')
    return Buffer.from('<!doctype html><title>Sign in</title><p>Your session has ended.')
  if (fault === 'unstable') return Buffer.concat([image, randomBytes(8)])
  if (fault !== 'flipped') return image
  const flipped = Buffer.from(image)
  flipped[middle] = (flipped[middle] ?? 0) ^ 1
  return flipped
}

/** Sends a response with these bytes, or one that violates HTTP if the fault asks for that. */
export function sendBytes<Env extends { Bindings: HttpBindings }>(
  c: Context<Env>,
  bytes: Uint8Array,
  headers: Record<string, string>,
  fault: ImageFault | undefined,
): Response {
  // Written to the socket directly, because the HTTP library would correct such a response.
  const { outgoing } = c.env
  if (fault === 'endless') sendEndlessly(outgoing, bytes, headers)
  else if (fault === 'cut-off' || fault === 'too-long')
    sendWithWrongLength(outgoing, bytes, headers, fault)
  else return c.body(new Uint8Array(bytes), 200, headers)
  return alreadySent()
}

/**
 * Tells the server that the response was written already. Where the server has replaced the global `Response` before the
 * library's own constant was made, it takes that constant for a response to write; one whose body was read is never such.
 */
function alreadySent(): Response {
  const response = new Response(null, RESPONSE_ALREADY_SENT)
  void response.body
  return response
}

const ENDLESS_BLOCK = 128 * 1024

function sendEndlessly(
  outgoing: HttpBindings['outgoing'],
  bytes: Uint8Array,
  headers: Record<string, string>,
): void {
  outgoing.writeHead(200, headers)
  // The image again and again, in large blocks: a small one alone would be many writes.
  const block = Buffer.alloc(bytes.length * Math.ceil(ENDLESS_BLOCK / bytes.length), bytes)
  // A client that never closes the connection gets a gigabyte.
  let left = Math.ceil(1_073_741_824 / block.length)
  const more = () => {
    while (left-- > 0) if (!outgoing.write(block)) return
    outgoing.end()
  }
  outgoing.on('drain', more)
  more()
}

function sendWithWrongLength(
  outgoing: HttpBindings['outgoing'],
  bytes: Uint8Array,
  headers: Record<string, string>,
  fault: 'cut-off' | 'too-long',
): void {
  const half = Math.floor(bytes.length / 2)
  outgoing.writeHead(200, {
    ...headers,
    'content-length': fault === 'cut-off' ? bytes.length : half,
    connection: 'close',
  })
  if (fault === 'too-long') outgoing.end(bytes)
  else outgoing.write(bytes.subarray(0, half), () => outgoing.destroy())
}
