import { Socket } from 'node:net'
import sharp, { type Sharp } from 'sharp'
import { cleanJpeg } from './clean-jpeg.ts'
import { cleanPng } from './clean-png.ts'
import { cleanWebp } from './clean-webp.ts'
import { type ImageKind, MAX_PIXEL_DATA_BYTES, MAX_PIXELS } from './image.ts'
import { READY, type Reply, readFrames, writeFrame } from './image-frames.ts'

// A program that `image-decoder.ts` runs with limited time and memory. It reads images from standard input and writes their
// clean copies to file descriptor 3, because decoders print to standard output.

// One thread: images are decoded one at a time, and the limit is CPU time.
sharp.concurrency(1)
sharp.cache(false)

/** Warnings of libjpeg that do not concern the picture; any other means that the picture is incomplete. */
const HARMLESS_WARNINGS = /Unknown Adobe color transform|unknown JFIF revision/i

type Result = { refused: string } | { truncated: true } | { clean: Buffer; jpeg: Buffer }

async function prepare(kind: ImageKind, original: Buffer): Promise<Result> {
  if (kind === 'heic') {
    const jpeg = await renderJpeg(await decodeHeic(original))
    return { clean: jpeg, jpeg }
  }
  const clean = withoutMetadata(kind, original)
  if (clean === 'truncated') return { truncated: true }
  if (clean === 'broken') return { refused: `not a whole ${kind} image` }
  const open = (failOn: 'warning' | 'error') =>
    sharp(clean, { limitInputPixels: MAX_PIXELS, failOn, sequentialRead: true })
  if (kind !== 'jpeg') return { clean, jpeg: await renderJpeg(open('warning').autoOrient()) }
  await decode(open('warning')).catch(async (error: Error) => {
    if (!HARMLESS_WARNINGS.test(error.message)) throw error
    await decode(open('error'))
  })
  return { clean, jpeg: clean }
}

function withoutMetadata(kind: 'jpeg' | 'png' | 'webp', bytes: Buffer) {
  if (kind === 'jpeg') return cleanJpeg(bytes)
  return kind === 'png' ? cleanPng(bytes, MAX_PIXEL_DATA_BYTES) : cleanWebp(bytes)
}

/** Decodes every row, to verify the picture; the result is discarded. */
async function decode(picture: Sharp): Promise<void> {
  await picture.extractChannel(0).raw().toBuffer()
}

const renderJpeg = (picture: Sharp): Promise<Buffer> =>
  picture
    .flatten({ background: '#ffffff' })
    .jpeg({ quality: 92, chromaSubsampling: '4:4:4' })
    .toBuffer()

/** Decodes the primary image with libheif, because sharp's build has no HEVC decoder. libheif applies the orientation. */
async function decodeHeic(bytes: Buffer): Promise<Sharp> {
  const { default: create } = await import('libheif-js/libheif-wasm/libheif-bundle.mjs')
  const images = new (create().HeifDecoder)().decode(bytes)
  const image = images.find((each) => each.is_primary() === 1) ?? images[0]
  const [width, height] = [image?.get_width() ?? 0, image?.get_height() ?? 0]
  if (!image || width * height > MAX_PIXELS) throw new Error('no image that can be shown')
  const data = new Uint8ClampedArray(width * height * 4)
  await new Promise<void>((resolve, reject) => {
    image.display({ data, width, height }, (shown) =>
      shown ? resolve() : reject(new Error('the image could not be decoded')),
    )
  })
  return sharp(data, { raw: { width, height, channels: 4 } })
}

const output = new Socket({ fd: 3 })
output.write(READY)
for await (const { head, payloads } of readFrames(process.stdin)) {
  const { kind } = head as { kind: ImageKind }
  const [original = Buffer.alloc(0)] = payloads
  const answer = await prepare(kind, original).catch(
    (): Result => ({
      refused: `the ${kind} image cannot be decoded`,
    }),
  )
  const { user, system } = process.cpuUsage()
  const cpuSeconds = (user + system) / 1_000_000
  if (!('clean' in answer)) writeFrame(output, { ...answer, cpuSeconds } satisfies Reply)
  else {
    const { clean, jpeg } = answer
    const isOriginal = clean === original
    const isJpeg = jpeg === clean
    const parts = [...(isOriginal ? [] : [clean]), ...(isJpeg ? [] : [jpeg])]
    writeFrame(output, { isOriginal, isJpeg, cpuSeconds } satisfies Reply, parts)
  }
}
output.end()
