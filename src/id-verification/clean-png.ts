import { crc32, deflateSync, inflateSync } from 'node:zlib'
import { isIccProfile, minimalExif, readOrientation } from './metadata.ts'

/** The chunks that are needed to render the picture (PNG, 3rd edition, §11): palette, transparency, colour space, pixel shape. */
const KEPT_CHUNKS = [
  'IHDR',
  'PLTE',
  'tRNS',
  'cHRM',
  'gAMA',
  'sBIT',
  'sRGB',
  'cICP',
  'mDCV',
  'cLLI',
  'pHYs',
]
const CHANNELS: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }

/**
 * Returns the PNG with nothing but its picture, as `cleanJpeg` does. Of an animation the still image is kept. `largestPixelData`
 * is in bytes, uncompressed.
 */
export function cleanPng(b: Buffer, largestPixelData: number): Buffer | 'truncated' | 'broken' {
  const kept: Buffer[] = [b.subarray(0, 8)]
  const data: Buffer[] = []
  let header: Buffer | undefined
  let pixels = -1
  for (let at = 8; ; ) {
    if (at + 12 > b.length) return 'truncated'
    const length = b.readUInt32BE(at)
    const end = at + 12 + length
    if (end > b.length) return 'truncated'
    const type = b.toString('latin1', at + 4, at + 8)
    const content = b.subarray(at + 8, end - 4)
    if (crc32(b.subarray(at + 4, end - 4)) !== b.readUInt32BE(end - 4)) return 'broken'
    const whole = b.subarray(at, end)
    at = end
    if (type === 'IEND') break
    if (type === 'IDAT') {
      if (data.length === 0) pixels = kept.push(Buffer.alloc(0)) - 1
      data.push(content)
    } else if (KEPT_CHUNKS.includes(type)) kept.push(whole)
    else if (type === 'iCCP') kept.push(cleanProfile(content))
    else if (type === 'eXIf') {
      const orientation = readOrientation(content)
      if (orientation !== undefined && orientation !== 1)
        kept.push(chunk('eXIf', minimalExif(orientation)))
    } else if (isCritical(type)) return 'broken'
    if (type === 'IHDR') header ??= content
  }
  if (header?.length !== 13) return 'broken'
  const compressed = data.length === 1 && data[0] ? data[0] : Buffer.concat(data)
  const used = measurePixelData(compressed, header, largestPixelData)
  if (used === undefined) return 'broken'
  if (used === compressed.length)
    kept[pixels] = Buffer.concat(data.map((each) => chunk('IDAT', each)))
  else kept[pixels] = chunk('IDAT', compressed.subarray(0, used))
  const clean = Buffer.concat([...kept, chunk('IEND', Buffer.alloc(0))])
  return clean.equals(b) ? b : clean
}

/** A chunk that decoders must understand: its type begins with an upper-case letter (§5.4). */
const isCritical = (type: string) => /^[A-Z]/.test(type)

function chunk(type: string, content: Buffer): Buffer {
  const bytes = Buffer.alloc(12 + content.length)
  bytes.writeUInt32BE(content.length, 0)
  bytes.write(type, 4, 'latin1')
  content.copy(bytes, 8)
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + content.length)), 8 + content.length)
  return bytes
}

/** How many compressed bytes the pixels take; `undefined` when there are fewer or more pixels than the header declares. */
function measurePixelData(
  compressed: Buffer,
  header: Buffer,
  largestPixelData: number,
): number | undefined {
  const size = pixelDataSize(header)
  if (size === undefined || size > largestPixelData) return undefined
  const inflated = inflate(compressed, size)
  return inflated?.content.length === size ? inflated.used : undefined
}

function inflate(compressed: Buffer, maxOutputLength: number) {
  try {
    // With `info` it reports how much of its input it consumed; Node's types omit this.
    const { buffer, engine } = inflateSync(compressed, {
      maxOutputLength,
      info: true,
    }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } }
    return { content: buffer, used: engine.bytesWritten }
  } catch {
    return undefined
  }
}

/** Bytes of all rows with their filter types (§7.2); of an interlaced image, those of its seven passes (§8). */
export function pixelDataSize(header: Buffer): number | undefined {
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
  const channels = CHANNELS[header[9] ?? -1]
  const depth = header[8] ?? 0
  if (channels === undefined || ![1, 2, 4, 8, 16].includes(depth) || (header[12] ?? 2) > 1)
    return undefined
  const rows = (columns: number, lines: number) =>
    columns === 0 ? 0 : lines * (1 + Math.ceil((columns * channels * depth) / 8))
  if (header[12] === 0) return rows(width, height)
  const passes = [
    [0, 0, 8, 8],
    [4, 0, 8, 8],
    [0, 4, 4, 8],
    [2, 0, 4, 4],
    [0, 2, 2, 4],
    [1, 0, 2, 2],
    [0, 1, 1, 2],
  ] as const
  const count = (size: number, from: number, step: number) =>
    Math.max(0, Math.ceil((size - from) / step))
  return passes.reduce(
    (sum, [x, y, across, down]) => sum + rows(count(width, x, across), count(height, y, down)),
    0,
  )
}

const MAX_PROFILE_BYTES = 4 * 1024 * 1024

/** Replaces the profile's name, which is free text. Compresses it again when other bytes follow the profile. */
function cleanProfile(content: Buffer): Buffer {
  const name = content.indexOf(0)
  const compressed = content.subarray(name + 2)
  const profile =
    name > 0 && content[name + 1] === 0 ? inflate(compressed, MAX_PROFILE_BYTES) : undefined
  if (!profile || !isIccProfile(profile.content)) return Buffer.alloc(0)
  const isTidy = profile.used === compressed.length
  return chunk(
    'iCCP',
    Buffer.concat([
      Buffer.from('icc\0\0', 'latin1'),
      isTidy ? compressed : deflateSync(profile.content),
    ]),
  )
}
