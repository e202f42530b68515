import { isIccProfile, minimalExif, readOrientation } from './metadata.ts'

const [HAS_PROFILE, HAS_ALPHA, HAS_EXIF] = [0x20, 0x10, 0x08] as const

/** Returns the WebP (RFC 9649) with nothing but its picture, as `cleanJpeg` does. An animation is `broken`: it is not a single picture. */
export function cleanWebp(b: Buffer): Buffer | 'truncated' | 'broken' {
  const end = b.readUInt32LE(4) + 8
  if (end > b.length) return 'truncated'
  const chunks = new Map<string, Buffer>()
  for (let at = 12; at < end; ) {
    if (at + 8 > end) return 'broken'
    const size = b.readUInt32LE(at + 4)
    const type = b.toString('latin1', at, at + 4)
    if (at + 8 + size > end) return 'broken'
    // The first of several chunks of a type counts (§2.7).
    if (!chunks.has(type)) chunks.set(type, b.subarray(at + 8, at + 8 + size))
    at += 8 + size + (size & 1)
  }
  const picture = (['VP8 ', 'VP8L'] as const).find((type) => chunks.has(type))
  if (!picture || chunks.has('ANIM')) return 'broken'
  const kept: [string, Buffer][] = []
  const header = chunks.get('VP8X')
  if (header) {
    if (header.length < 10) return 'broken'
    const profile = chunks.get('ICCP')
    const exif = chunks.get('EXIF')
    const orientation = exif && readOrientation(exif.subarray(isPrefixed(exif) ? 6 : 0))
    const extended = Buffer.from(header.subarray(0, 10))
    kept.push(['VP8X', extended])
    let flags = (header[0] ?? 0) & HAS_ALPHA
    if (profile && isIccProfile(profile)) {
      flags |= HAS_PROFILE
      kept.push(['ICCP', profile])
    }
    const alpha = chunks.get('ALPH')
    if (alpha && picture === 'VP8 ') kept.push(['ALPH', alpha])
    kept.push([picture, chunks.get(picture) ?? Buffer.alloc(0)])
    if (orientation !== undefined && orientation !== 1) {
      flags |= HAS_EXIF
      kept.push(['EXIF', minimalExif(orientation)])
    }
    extended.fill(0, 0, 4)
    extended[0] = flags
  } else kept.push([picture, chunks.get(picture) ?? Buffer.alloc(0)])
  const body = Buffer.concat(kept.map(([type, content]) => chunk(type, content)))
  const clean = Buffer.concat([riff(body.length + 4), body])
  return clean.equals(b) ? b : clean
}

const isPrefixed = (exif: Buffer) => exif.toString('latin1', 0, 6) === 'Exif\0\0'

function chunk(type: string, content: Buffer): Buffer {
  const bytes = Buffer.alloc(8 + content.length + (content.length & 1))
  bytes.write(type, 0, 'latin1')
  bytes.writeUInt32LE(content.length, 4)
  content.copy(bytes, 8)
  return bytes
}

function riff(size: number): Buffer {
  const bytes = Buffer.from('RIFF\0\0\0\0WEBP', 'latin1')
  bytes.writeUInt32LE(size, 4)
  return bytes
}
