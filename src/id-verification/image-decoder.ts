import { spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { availableParallelism } from 'node:os'
import { z } from 'zod'
import { type ImageKind, inspectImage } from './image.ts'
import { READY, readFrames, writeFrame } from './image-frames.ts'

/**
 * The copies of an image for readers. `clean`: the original if it contains nothing but the picture, otherwise a copy with the same
 * pixels; of a HEIC, the JPEG. `jpeg`: `clean` if that is a JPEG, otherwise a rendition. `thumbnail`: a small JPEG, upright.
 */
export type PreparedImage =
  | {
      kind: ImageKind
      clean: { kind: ImageKind; bytes: Uint8Array }
      jpeg: Uint8Array
      thumbnail: Uint8Array
    }
  | { refused: string }

export type ImageDecoder = {
  /**
   * Decodes the whole image once, in a separate process. Throws when the process cannot be started, which is no fault of the
   * image.
   */
  prepare(bytes: Uint8Array): Promise<PreparedImage>
  /** Ends idle processes; busy ones end after their image. */
  close(): void
}

export type DecoderLimits = {
  /** CPU time that the operating system allows a process. One image has at least two thirds of it. */
  cpuSeconds: number
  /** Writable memory of a process, where the operating system can limit it (Linux). */
  memoryMiB: number
  /** Time from the request to the reply, for a process that does not get the CPU. */
  wallMs: number
}
const LIMITS: DecoderLimits = { cpuSeconds: 12, memoryMiB: 2048, wallMs: 90_000 }
const IDLE_MS = 10_000
const AT_ONCE = Math.min(4, availableParallelism())

const replySchema = z.object({
  cpuSeconds: z.number(),
  refused: z.string().optional(),
  truncated: z.literal(true).optional(),
  isOriginal: z.boolean().default(false),
  isJpeg: z.boolean().default(false),
})

/**
 * Decodes images in processes that are reused, each for one image at a time. A process that refused an image, took long, or
 * decoded a HEIC (libheif does not release its memory) is not reused.
 */
export function createImageDecoder(limits: DecoderLimits = LIMITS): ImageDecoder {
  const idle: ImageProcess[] = []
  const waiting: (() => void)[] = []
  let busy = 0
  let isClosed = false

  const retire = (child: ImageProcess) => {
    const at = idle.indexOf(child)
    if (at >= 0) idle.splice(at, 1)
    child.end()
  }

  async function decode(kind: ImageKind, bytes: Uint8Array): Promise<PreparedImage> {
    if (busy >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve))
    else busy++
    let child: ImageProcess | undefined
    let isReusable = false
    try {
      child = idle.pop() ?? startProcess(limits)
      const { prepared, cpuSeconds } = await child.prepare(kind, bytes)
      isReusable =
        !isClosed &&
        !('refused' in prepared) &&
        kind !== 'heic' &&
        cpuSeconds < limits.cpuSeconds / 3
      return prepared
    } finally {
      if (child && isReusable) idle.push(child.rest(() => child && retire(child)))
      else child?.end()
      const next = waiting.shift()
      if (next) next()
      else busy--
    }
  }

  return {
    async prepare(bytes) {
      const found = inspectImage(bytes)
      return found.refused === undefined
        ? await decode(found.kind, bytes)
        : { refused: found.refused }
    },
    close() {
      isClosed = true
      for (const child of idle.splice(0)) child.end()
    },
  }
}

type ImageProcess = {
  prepare(
    kind: ImageKind,
    bytes: Uint8Array,
  ): Promise<{ prepared: PreparedImage; cpuSeconds: number }>
  /** Lets our own process exit meanwhile; calls `onIdle` after a while. */
  rest(onIdle: () => void): ImageProcess
  end(): void
}

function startProcess({ cpuSeconds, memoryMiB, wallMs }: DecoderLimits): ImageProcess {
  const script = new URL('./image-process.ts', import.meta.url).pathname
  // `ulimit` fails where the existing limit is lower, which then stays.
  const limited = 'ulimit -t "$1" 2>/dev/null; ulimit -d "$2" 2>/dev/null; shift 2; exec "$@"'
  const words = [String(cpuSeconds), String(memoryMiB * 1024), process.execPath]
  const child = spawn(
    '/bin/sh',
    ['-c', limited, 'sh', ...words, '--max-old-space-size=256', script],
    { stdio: ['pipe', 'ignore', 'ignore', 'pipe'], env: { PATH: '' } },
  )
  const input = child.stdin as Socket
  const output = child.stdio[3] as Socket
  input.on('error', () => {})
  output.on('error', () => {})
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve())
    child.once('error', () => resolve())
  })
  const ready = new Promise<boolean>((resolve) => {
    output.once('readable', () => resolve(output.read(READY.length) !== null))
    void ended.then(() => resolve(false))
  })
  /** Sets whether the child keeps our own process running. */
  const hold = (isHeld: boolean) => {
    for (const each of [child, input, output])
      if (isHeld) each.ref()
      else each.unref()
  }
  let frames: ReturnType<typeof readFrames> | undefined
  let resting: NodeJS.Timeout | undefined

  return {
    async prepare(kind, bytes) {
      clearTimeout(resting)
      hold(true)
      if (!(await ready)) throw new Error('the process that decodes images could not be started')
      frames ??= readFrames(output)
      const late = setTimeout(() => child.kill('SIGKILL'), wallMs)
      writeFrame(input, { kind }, [bytes])
      try {
        const value = (await frames.next().catch(() => undefined))?.value
        // It ended without a reply: killed for its time or memory, or crashed on the image.
        if (!value)
          return {
            prepared: { refused: `decoding the ${kind} image exceeds the limits` },
            cpuSeconds,
          }
        const reply = replySchema.parse(value.head)
        return {
          prepared: readReply(kind, bytes, reply, value.payloads),
          cpuSeconds: reply.cpuSeconds,
        }
      } finally {
        clearTimeout(late)
      }
    },
    rest(onIdle) {
      hold(false)
      resting = setTimeout(onIdle, IDLE_MS).unref()
      void ended.then(onIdle)
      return this
    },
    end() {
      clearTimeout(resting)
      child.kill('SIGKILL')
    },
  }
}

function readReply(
  kind: ImageKind,
  original: Uint8Array,
  reply: z.infer<typeof replySchema>,
  payloads: Buffer[],
): PreparedImage {
  if (reply.truncated) return { refused: 'the image is cut off' }
  if (reply.refused !== undefined) return { refused: reply.refused }
  const cleanKind = kind === 'heic' ? 'jpeg' : kind
  const left = [...payloads]
  const clean = reply.isOriginal ? original : left.shift()
  const jpeg = reply.isJpeg ? clean : left.shift()
  const thumbnail = left.shift()
  if (!clean || !jpeg || !thumbnail)
    throw new Error('the process that decodes images replied without them')
  return { kind, clean: { kind: cleanKind, bytes: clean }, jpeg, thumbnail }
}
