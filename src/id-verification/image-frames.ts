import type { Readable, Writable } from 'node:stream'

/** Sent once by a process when it is ready for images. */
export const READY = '\n'

/** The reply to an image. `isOriginal`: the clean copy is the original. `isJpeg`: the JPEG is the clean copy. The thumbnail is the last payload. */
export type Reply = { cpuSeconds: number } & (
  | { refused: string }
  | { truncated: true }
  | { isOriginal: boolean; isJpeg: boolean }
)

type Frame = { head: unknown; payloads: Buffer[] }

const MAX_FRAME_BYTES = 256 * 1024 * 1024
// The clean copy, the JPEG and the thumbnail.
const MAX_PAYLOADS = 3

/** A frame is the number of payloads and the lengths of head and payloads, each 32 bits; then the head as JSON, and the payloads. */
export function writeFrame(to: Writable, head: object, payloads: readonly Uint8Array[] = []): void {
  const json = Buffer.from(JSON.stringify(head))
  const lengths = Buffer.alloc(8 + 4 * payloads.length)
  for (const [index, length] of [
    payloads.length,
    json.length,
    ...payloads.map((p) => p.length),
  ].entries())
    lengths.writeUInt32BE(length, 4 * index)
  to.cork()
  for (const part of [lengths, json, ...payloads]) to.write(part)
  to.uncork()
}

/** Yields frames. Throws on bytes that are not a frame. */
export async function* readFrames(from: Readable): AsyncGenerator<Frame> {
  let chunks: Buffer[] = []
  let held = 0
  const peek = () => {
    if (chunks.length > 1) chunks = [Buffer.concat(chunks)]
    return chunks[0] ?? Buffer.alloc(0)
  }
  let needed = 4
  for await (const chunk of from as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    held += chunk.length
    while (held >= needed) {
      const bytes = peek()
      const count = bytes.readUInt32BE(0)
      const start = 8 + 4 * count
      if (count > MAX_PAYLOADS) throw new Error('not a frame')
      if (held < start) {
        needed = start
        break
      }
      const lengths = Array.from({ length: count + 1 }, (_, n) => bytes.readUInt32BE(4 + 4 * n))
      const size = lengths.reduce((sum, length) => sum + length, start)
      if (size > MAX_FRAME_BYTES) throw new Error('not a frame')
      if (held < size) {
        needed = size
        break
      }
      let at = start
      const [head, ...payloads] = lengths.map((length) => {
        at += length
        return bytes.subarray(at - length, at)
      })
      chunks = [bytes.subarray(size)]
      held -= size
      needed = 4
      yield { head: JSON.parse(String(head)), payloads }
    }
  }
}
