import { pixelDataSize } from './clean-png.ts'

export type ImageKind = 'jpeg' | 'png' | 'webp' | 'heic'
export const CONTENT_TYPES: Record<ImageKind, string> = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  heic: 'image/heic',
}
export const EXTENSIONS: Record<ImageKind, string> = {
  jpeg: 'jpg',
  png: 'png',
  webp: 'webp',
  heic: 'heic',
}

export const MAX_IMAGE_BYTES = 20 * 1024 * 1024
export const MAX_PIXELS = 50_000_000
/** Bytes of a PNG's uncompressed pixels. */
export const MAX_PIXEL_DATA_BYTES = 256 * 1024 * 1024

type Inspection =
  | { kind: ImageKind; width: number; height: number; refused?: undefined }
  | { refused: string }

/**
 * Detects the format from the bytes, never from a label (`docs/vendor-protocols.md` §1.2), and checks the size that the header
 * declares. Nothing is decoded.
 */
export function inspectImage(bytes: Uint8Array): Inspection {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const kind = kindOf(buffer)
  if (!kind) return { refused: 'not an image of a known kind' }
  const size = measure(kind, buffer)
  if (size === 'truncated') return { refused: 'the image is cut off' }
  if (size === 'broken') return { refused: `not a valid ${kind} image` }
  if (size.width * size.height > MAX_PIXELS)
    return { refused: 'the image has more than 50 megapixels' }
  // A channel may have 16 bits.
  if (kind === 'png' && (pixelDataSize(buffer.subarray(16, 29)) ?? 0) > MAX_PIXEL_DATA_BYTES)
    return { refused: 'the image has more than 256 MiB of pixels' }
  return { kind, width: size.width, height: size.height }
}

function kindOf(b: Buffer): ImageKind | undefined {
  if (b.length >= 3 && b[0] === 0xff && b[1] === 0xd8 && b[2] === 0xff) return 'jpeg'
  if (b.subarray(0, 8).equals(Buffer.from('89504e470d0a1a0a', 'hex'))) return 'png'
  const ascii = b.toString('latin1', 0, 12)
  if (ascii.startsWith('RIFF') && ascii.slice(8) === 'WEBP') return 'webp'
  if (ascii.slice(4, 8) === 'ftyp' && ['heic', 'heix', 'mif1', 'msf1'].includes(ascii.slice(8)))
    return 'heic'
  return undefined
}

type Size = { width: number; height: number }

function measure(kind: ImageKind, b: Buffer): Size | 'truncated' | 'broken' {
  switch (kind) {
    case 'jpeg':
      return measureJpeg(b)
    case 'png': {
      if (b.length < 33) return 'truncated'
      if (b.toString('latin1', 12, 16) !== 'IHDR') return 'broken'
      if (b.indexOf('IEND', 33, 'latin1') < 0) return 'truncated'
      return { width: b.readUInt32BE(16), height: b.readUInt32BE(20) }
    }
    case 'webp':
      return measureWebp(b)
    case 'heic':
      return measureHeic(b)
  }
}

/** Reads the size from the first chunk (RFC 9649, §2.4 to §2.7). */
function measureWebp(b: Buffer): Size | 'truncated' | 'broken' {
  if (b.length < 30 || b.length < b.readUInt32LE(4) + 8) return 'truncated'
  switch (b.toString('latin1', 12, 16)) {
    case 'VP8 ':
      return { width: b.readUInt16LE(26) & 0x3fff, height: b.readUInt16LE(28) & 0x3fff }
    case 'VP8L': {
      const bits = b.readUInt32LE(21)
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
    }
    case 'VP8X':
      return { width: b.readUIntLE(24, 3) + 1, height: b.readUIntLE(27, 3) + 1 }
    default:
      return 'broken'
  }
}

// The boxes that contain the image's extents, each inside the one before. `own`: the bytes of a box before the boxes that it
// contains.
const HEIC_BOXES = [
  { type: 'meta', own: 4 },
  { type: 'iprp', own: 0 },
  { type: 'ipco', own: 0 },
] as const

/** The largest extent that the file declares (`ispe`, ISO/IEC 23008-12 §6.5.3) of tiles, thumbnails and the whole image. */
function measureHeic(b: Buffer): Size | 'truncated' | 'broken' {
  let largest: Size | undefined
  // A box is entered only in its place, so that the recursion is bounded for any nesting.
  const walk = (start: number, end: number, depth: number): 'truncated' | 'broken' | undefined => {
    for (let at = start; at < end; ) {
      if (at + 16 > b.length) return 'truncated'
      const type = b.toString('latin1', at + 4, at + 8)
      const isLong = b.readUInt32BE(at) === 1
      const size = isLong ? Number(b.readBigUInt64BE(at + 8)) : b.readUInt32BE(at) || end - at
      if (size < 8) return 'broken'
      if (at + size > end) return end === b.length ? 'truncated' : 'broken'
      const box = HEIC_BOXES[depth]
      if (type === box?.type) {
        const fault = walk(at + (isLong ? 16 : 8) + box.own, at + size, depth + 1)
        if (fault) return fault
      } else if (!box && type === 'ispe' && size >= 20) {
        const found = { width: b.readUInt32BE(at + 12), height: b.readUInt32BE(at + 16) }
        if (found.width * found.height > (largest ? largest.width * largest.height : 0))
          largest = found
      }
      at += size
    }
    return undefined
  }
  return walk(0, b.length, 0) ?? largest ?? 'broken'
}

/** Reads the size from the frame header (ITU-T T.81, B.2). */
function measureJpeg(b: Buffer): Size | 'truncated' | 'broken' {
  for (let at = 2; at + 4 <= b.length; ) {
    if (b[at] !== 0xff) return 'broken'
    const marker = b[at + 1] ?? 0
    if (marker === 0xff) {
      at++
      continue
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame)
      return at + 9 > b.length
        ? 'truncated'
        : { height: b.readUInt16BE(at + 5), width: b.readUInt16BE(at + 7) }
    if (marker === 0xda || marker === 0xd9) return 'broken'
    at += 2 + b.readUInt16BE(at + 2)
  }
  return 'truncated'
}
