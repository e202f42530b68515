import { spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { availableParallelism } from 'node:os'
import { z } from 'zod'
import { type ImageKind, inspectImage } from './image.ts'
import { READY, readFrames, writeFrame } from './image-frames.ts'

/**
 * What may be shown of an image. `clean`: the original where it carries nothing but the picture, otherwise a copy with the same
 * pixels; of a HEIC, the JPEG. `jpeg`: `clean` where that is one, otherwise a rendition.
 */
export type PreparedImage =
  | { kind: ImageKind; clean: { kind: ImageKind; bytes: Uint8Array }; jpeg: Uint8Array }
  | { refused: string }

export type ImageDecoder = {
  /**
   * Decodes the image once, whole, in a process of its own. Throws when no such process can be had: that says nothing of the
   * image.
   */
  prepare(bytes: Uint8Array): Promise<PreparedImage>
  /** Keeps no process any longer; those at work end with their image. */
  close(): void
}

export type DecoderLimits = {
  /** CPU time that the operating system gives a process; one image has two thirds of it at least. */
  cpuSeconds: number
  /** Writable memory of a process, where the operating system counts it (Linux). */
  memoryMiB: number
  /** From the first byte sent to the answer, when the process waits for the CPU. */
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
 * Processes are kept for more images, one at a time each, as long as their images decode: one that refused an image, took long
 * or had a HEIC (whose decoder gives no memory back) is not used again.
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
  /** Nothing keeps our own process running; after a while `onIdle`. */
  rest(onIdle: () => void): ImageProcess
  end(): void
}

function startProcess({ cpuSeconds, memoryMiB, wallMs }: DecoderLimits): ImageProcess {
  const script = new URL('./image-process.ts', import.meta.url).pathname
  // A limit that is lower already stays.
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
  /** Whether our own process waits for it. */
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
        // It ended without a word: killed for its time or memory, or broken by the image.
        if (!value)
          return {
            prepared: { refused: `the ${kind} image takes more than it may to be decoded` },
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
  if (!clean || !jpeg) throw new Error('the process that decodes images answered without them')
  return { kind, clean: { kind: cleanKind, bytes: clean }, jpeg }
}
