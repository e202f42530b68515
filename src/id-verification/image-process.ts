import { Socket } from 'node:net'
import sharp, { type OutputInfo, type Sharp } from 'sharp'
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

/** Longest edge, twice that of a small picture on the portal's pages. */
const THUMBNAIL_PIXELS = 320
/** A page with a dozen thumbnails stays under 150 KB. A picture that needs more at one quality gets the next. */
const THUMBNAIL_BYTES = 10_000
const THUMBNAIL_QUALITIES = [70, 55, 40, 25]

type Result =
  | { refused: string }
  | { truncated: true }
  | { clean: Buffer; jpeg: Buffer; thumbnail: Buffer }

async function prepare(kind: ImageKind, original: Buffer): Promise<Result> {
  if (kind === 'heic') {
    const pixels = await decode(await decodeHeic(original))
    const jpeg = await renderJpeg(pixels)
    return { clean: jpeg, jpeg, thumbnail: await renderThumbnail(pixels) }
  }
  const clean = withoutMetadata(kind, original)
  if (clean === 'truncated') return { truncated: true }
  if (clean === 'broken') return { refused: `not a whole ${kind} image` }
  const open = (failOn: 'warning' | 'error') =>
    decode(sharp(clean, { limitInputPixels: MAX_PIXELS, failOn, sequentialRead: true }))
  const pixels = await open('warning').catch(async (error: Error) => {
    if (kind !== 'jpeg' || !HARMLESS_WARNINGS.test(error.message)) throw error
    return await open('error')
  })
  const jpeg = kind === 'jpeg' ? clean : await renderJpeg(pixels)
  return { clean, jpeg, thumbnail: await renderThumbnail(pixels) }
}

function withoutMetadata(kind: 'jpeg' | 'png' | 'webp', bytes: Buffer) {
  if (kind === 'jpeg') return cleanJpeg(bytes)
  return kind === 'png' ? cleanPng(bytes, MAX_PIXEL_DATA_BYTES) : cleanWebp(bytes)
}

type Pixels = { data: Buffer; info: OutputInfo }

/** Decodes every row, which verifies the picture: as it is displayed, in sRGB, without transparency. */
const decode = (picture: Sharp): Promise<Pixels> =>
  picture
    .autoOrient()
    .flatten({ background: '#ffffff' })
    .raw()
    .toBuffer({ resolveWithObject: true })

const pictureOf = ({ data, info }: Pixels): Sharp => sharp(data, { raw: info })

const renderJpeg = (pixels: Pixels): Promise<Buffer> =>
  pictureOf(pixels).jpeg({ quality: 92, chromaSubsampling: '4:4:4' }).toBuffer()

async function renderThumbnail(pixels: Pixels): Promise<Buffer> {
  const { data, info } = await pictureOf(pixels)
    .resize(THUMBNAIL_PIXELS, THUMBNAIL_PIXELS, { fit: 'inside', withoutEnlargement: true })
    .raw()
    .toBuffer({ resolveWithObject: true })
  let thumbnail: Buffer = Buffer.alloc(0)
  for (const quality of THUMBNAIL_QUALITIES) {
    thumbnail = await pictureOf({ data, info }).jpeg({ quality, mozjpeg: true }).toBuffer()
    if (thumbnail.length <= THUMBNAIL_BYTES) break
  }
  return thumbnail
}

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
    const { clean, jpeg, thumbnail } = answer
    const isOriginal = clean === original
    const isJpeg = jpeg === clean
    const parts = [...(isOriginal ? [] : [clean]), ...(isJpeg ? [] : [jpeg]), thumbnail]
    writeFrame(output, { isOriginal, isJpeg, cpuSeconds } satisfies Reply, parts)
  }
}
output.end()
