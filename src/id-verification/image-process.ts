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
    const jpeg = await renderJpeg(await decodeHeic(original))
    return { clean: jpeg, jpeg, thumbnail: await renderThumbnail(sharp(jpeg)) }
  }
  const clean = withoutMetadata(kind, original)
  if (clean === 'truncated') return { truncated: true }
  if (clean === 'broken') return { refused: `not a whole ${kind} image` }
  const open = (failOn: 'warning' | 'error') =>
    sharp(clean, { limitInputPixels: MAX_PIXELS, failOn, sequentialRead: true })
  if (kind !== 'jpeg') {
    const jpeg = await renderJpeg(open('warning').autoOrient())
    return { clean, jpeg, thumbnail: await renderThumbnail(sharp(jpeg)) }
  }
  const { data, info } = await decode(open('warning')).catch(async (error: Error) => {
    if (!HARMLESS_WARNINGS.test(error.message)) throw error
    return await decode(open('error'))
  })
  const { orientation } = await open('error').metadata()
  const thumbnail = await renderThumbnail(sharp(data, { raw: info }), orientation)
  return { clean, jpeg: clean, thumbnail }
}

function withoutMetadata(kind: 'jpeg' | 'png' | 'webp', bytes: Buffer) {
  if (kind === 'jpeg') return cleanJpeg(bytes)
  return kind === 'png' ? cleanPng(bytes, MAX_PIXEL_DATA_BYTES) : cleanWebp(bytes)
}

/** Decodes every row, which verifies the picture. */
const decode = (picture: Sharp) => picture.raw().toBuffer({ resolveWithObject: true })

const renderJpeg = (picture: Sharp): Promise<Buffer> =>
  picture
    .flatten({ background: '#ffffff' })
    .jpeg({ quality: 92, chromaSubsampling: '4:4:4' })
    .toBuffer()

/** `orientation`: of the picture, as in EXIF. The thumbnail is upright. */
async function renderThumbnail(picture: Sharp, orientation = 1): Promise<Buffer> {
  const small = await picture
    .resize(THUMBNAIL_PIXELS, THUMBNAIL_PIXELS, { fit: 'inside', withoutEnlargement: true })
    .withMetadata({ orientation })
    .png({ compressionLevel: 1 })
    .toBuffer()
  let thumbnail = Buffer.alloc(0)
  for (const quality of THUMBNAIL_QUALITIES) {
    thumbnail = await sharp(small).autoOrient().jpeg({ quality, mozjpeg: true }).toBuffer()
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
