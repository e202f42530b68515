import { crc32, deflateSync } from 'node:zlib'
import sharp, { type Sharp } from 'sharp'

/** The pixels as displayed: rotated by the orientation, in sRGB. */
export async function pixelsOf(bytes: Uint8Array): Promise<Buffer> {
  return await sharp(bytes).autoOrient().toColourspace('srgb').raw().toBuffer()
}

/** A photo of noise: every one is different, and compression cannot make two pixels equal. */
export function drawNoise({
  width = 61,
  height = 47,
  channels = 3 as 3 | 4,
  seed = 1,
} = {}): Sharp {
  let state = seed >>> 0
  const data = Buffer.alloc(width * height * channels)
  for (let at = 0; at < data.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    data[at] = state >>> 24
  }
  return sharp(data, { raw: { width, height, channels } })
}

export const GPS = 'N14.0818 W87.2068'

/** A TIFF structure as cameras write it, with a location, in either byte order. */
export function cameraExif(orientation: number, order: 'II' | 'MM' = 'II'): Buffer {
  const tiff = Buffer.alloc(8 + 2 + 2 * 12 + 4 + GPS.length + 1)
  const short = (value: number, at: number) =>
    order === 'II' ? tiff.writeUInt16LE(value, at) : tiff.writeUInt16BE(value, at)
  const long = (value: number, at: number) =>
    order === 'II' ? tiff.writeUInt32LE(value, at) : tiff.writeUInt32BE(value, at)
  tiff.write(order, 0, 'latin1')
  short(42, 2)
  long(8, 4)
  short(2, 8)
  // ImageDescription
  short(0x010e, 10)
  short(2, 12)
  long(GPS.length + 1, 14)
  long(38, 18)
  short(0x0112, 22)
  short(3, 24)
  long(1, 26)
  short(orientation, 30)
  tiff.write(GPS, 38, 'latin1')
  return tiff
}

export function jpegSegment(marker: number, payload: string | Uint8Array): Buffer {
  const content = Buffer.from(payload as string, 'latin1')
  const head = Buffer.from([0xff, marker, 0, 0])
  head.writeUInt16BE(content.length + 2, 2)
  return Buffer.concat([head, content])
}

/** Inserts these segments after the start of the image. */
export const withSegments = (jpeg: Uint8Array, ...segments: Uint8Array[]): Buffer =>
  Buffer.concat([jpeg.subarray(0, 2), ...segments, jpeg.subarray(2)])

export const exifSegment = (orientation: number, order?: 'II' | 'MM'): Buffer =>
  jpegSegment(0xe1, Buffer.concat([Buffer.from('Exif\0\0'), cameraExif(orientation, order)]))

/** Bytes after an image that make other programs take the file for something else. */
export const TAILS = {
  'a web page': '<!doctype html><script>alert(1)</script>',
  'an archive': 'PK\x03\x04\x14\0\0\0\0\0 hidden PK\x05\x06',
  'a document': '%PDF-1.7\n1 0 obj <<>> endobj\n%%EOF',
} as const
export const withTail = (image: Uint8Array, tail: string): Buffer =>
  Buffer.concat([image, Buffer.from(tail, 'latin1')])

export function pngChunk(type: string, content: Uint8Array): Buffer {
  const bytes = Buffer.concat([
    Buffer.alloc(4),
    Buffer.from(type, 'latin1'),
    content,
    Buffer.alloc(4),
  ])
  bytes.writeUInt32BE(content.length, 0)
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + content.length)), 8 + content.length)
  return bytes
}

/** Inserts these chunks after its header. */
export const withChunks = (png: Uint8Array, ...chunks: Uint8Array[]): Buffer =>
  Buffer.concat([png.subarray(0, 33), ...chunks, png.subarray(33)])

/** A PNG of a few hundred KiB with many pixels of noise, which is expensive to decode and encode. */
export function heavyPng({ side = 7_000, depth = 8 as 8 | 16 } = {}): Buffer {
  const row = 1 + (side * 4 * depth) / 8
  const rows = Buffer.alloc(
    row * side,
    Buffer.from(Array.from({ length: 257 }, (_, n) => (n * n * 97) & 255)),
  )
  for (let at = 0; at < rows.length; at += row) rows[at] = 0
  return announcedPng({ side, depth, pixels: deflateSync(rows, { level: 1 }) })
}

/** A square PNG with these compressed pixels, or with none of those that its header announces. */
export function announcedPng({
  side,
  depth = 8,
  pixels = deflateSync(Buffer.alloc(0)),
}: {
  side: number
  depth?: 8 | 16
  pixels?: Uint8Array
}): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  header[8] = depth
  header[9] = 6
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', pixels),
    pngChunk('IEND', Buffer.alloc(0)),
  ])
}

export function webpChunk(type: string, content: Uint8Array): Buffer {
  const bytes = Buffer.alloc(8 + content.length + (content.length & 1))
  bytes.write(type, 0, 'latin1')
  bytes.writeUInt32LE(content.length, 4)
  bytes.set(content, 8)
  return bytes
}

/** Appends these chunks, and sets the flags for them in the header. */
export function withWebpChunks(webp: Uint8Array, flags: number, ...chunks: Uint8Array[]): Buffer {
  const bytes = Buffer.concat([webp, ...chunks])
  bytes.writeUInt32LE(bytes.length - 8, 4)
  bytes[20] = (bytes[20] ?? 0) | flags
  return bytes
}

/** A HEIC of nested boxes only. */
export function nestedHeic(depth: number, type = 'meta'): Buffer {
  const start = Buffer.from('0000001466747970686569630000000068656963', 'hex')
  const own = 12
  const boxes = Buffer.alloc(own * depth + 16)
  for (let n = 0; n < depth; n++) {
    boxes.writeUInt32BE(boxes.length - own * n, own * n)
    boxes.write(type, own * n + 4, 'latin1')
  }
  boxes.writeUInt32BE(16, own * depth)
  boxes.write('free', own * depth + 4, 'latin1')
  return Buffer.concat([start, boxes])
}
