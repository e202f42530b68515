import { spawn } from 'node:child_process'

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

const LARGEST_PIXELS = 50_000_000
const RENDITION_MS = 60_000
const RENDITION_MEMORY_MB = 256

export type Inspection =
  | { kind: ImageKind; width: number | undefined; height: number | undefined; refused?: undefined }
  | { refused: string }
  /** Cut off on its way: worth another try. */
  | { truncated: true; refused?: undefined; kind?: undefined }

/** What these bytes are, by the bytes and never by a label (`providers.md` §1.2), and whether they are a whole image of sane size. */
export function inspectImage(bytes: Uint8Array): Inspection {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const kind = kindOf(buffer)
  if (!kind) return { refused: 'not an image of a known kind' }
  const size = measure(kind, buffer)
  if (size === 'truncated') return { truncated: true }
  if (size === 'broken') return { refused: `not a valid ${kind} image` }
  if (size && size.width * size.height > LARGEST_PIXELS)
    return { refused: 'the image has more than 50 megapixels' }
  return { kind, width: size?.width, height: size?.height }
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

function measure(kind: ImageKind, b: Buffer): Size | 'truncated' | 'broken' | undefined {
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

/** By the first chunk (RFC 9649, §2.4 to §2.7). */
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

// The boxes on the way to the image's extents, each with the bytes of its own before those that it holds.
const HEIC_BOXES: Record<string, number> = { meta: 4, iprp: 0, ipco: 0 }

/** The largest of the extents that the file declares (`ispe`, ISO/IEC 23008-12 §6.5.3): tiles, thumbnails and the whole. */
function measureHeic(b: Buffer): Size | 'truncated' | 'broken' {
  let largest: Size | undefined
  const walk = (start: number, end: number): 'truncated' | 'broken' | undefined => {
    for (let at = start; at < end; ) {
      if (at + 16 > b.length) return 'truncated'
      const type = b.toString('latin1', at + 4, at + 8)
      const isLong = b.readUInt32BE(at) === 1
      const size = isLong ? Number(b.readBigUInt64BE(at + 8)) : b.readUInt32BE(at) || end - at
      if (size < 8) return 'broken'
      if (at + size > end) return end === b.length ? 'truncated' : 'broken'
      const inside = HEIC_BOXES[type]
      if (inside !== undefined) {
        const fault = walk(at + (isLong ? 16 : 8) + inside, at + size)
        if (fault) return fault
      } else if (type === 'ispe' && size >= 20) {
        const found = { width: b.readUInt32BE(at + 12), height: b.readUInt32BE(at + 16) }
        if (found.width * found.height > (largest ? largest.width * largest.height : 0))
          largest = found
      }
      at += size
    }
    return undefined
  }
  return walk(0, b.length) ?? largest ?? 'broken'
}

/** Walks the segments to the frame header (ITU-T T.81, B.2), and looks for the end of the image. */
function measureJpeg(b: Buffer): Size | 'truncated' | 'broken' {
  let size: Size | undefined
  for (let at = 2; at + 4 <= b.length; ) {
    if (b[at] !== 0xff) return 'broken'
    const marker = b[at + 1] ?? 0
    if (marker === 0xff) {
      at++
      continue
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame && at + 9 <= b.length)
      size = { height: b.readUInt16BE(at + 5), width: b.readUInt16BE(at + 7) }
    if (marker === 0xda || marker === 0xd9) break
    at += 2 + b.readUInt16BE(at + 2)
  }
  if (b.lastIndexOf(Buffer.from([0xff, 0xd9])) < 2) return 'truncated'
  return size ?? 'broken'
}

/**
 * The same picture as a JPEG. Decoding happens in a process of its own, with its memory and time bounded: a file made to
 * break a decoder breaks that one. Throws when it cannot be decoded.
 */
export function renderJpeg(bytes: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const script = new URL('./render-jpeg.ts', import.meta.url).pathname
    const child = spawn(
      process.execPath,
      [`--max-old-space-size=${RENDITION_MEMORY_MB}`, script, String(LARGEST_PIXELS)],
      {
        stdio: ['pipe', 'pipe', 'ignore'],
        env: { PATH: '' },
        timeout: RENDITION_MS,
        killSignal: 'SIGKILL',
      },
    )
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stdin.on('error', () => {})
    child.once('error', reject)
    child.once('close', (code) => {
      const jpeg = Buffer.concat(chunks)
      if (code === 0 && kindOf(jpeg) === 'jpeg') resolve(jpeg)
      else reject(new Error('the image could not be decoded'))
    })
    child.stdin.end(bytes)
  })
}
