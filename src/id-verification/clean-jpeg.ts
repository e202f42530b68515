import { measureSequentialScan, type ScanComponent, type ScanTables } from './jpeg-scan.ts'
import { isIccProfile, minimalExif, readOrientation } from './metadata.ts'

// libjpeg has the same limit; each scan is a pass over all pixels.
const MAX_SCANS = 100

type Frame = {
  isSequential: boolean
  width: number
  height: number
  components: (ScanComponent & { id: number })[]
}

/**
 * Returns the JPEG with nothing but its picture: the segments needed to decode it (ITU-T T.81), JFIF's density, Adobe's colour
 * transform, the ICC profile and the orientation. Everything else is removed: metadata, comments, thumbnails, bytes after the end of
 * the image or of a scan. No pixel changes. Returns the given buffer itself when there is nothing to remove. `truncated`: it ends
 * before its end marker. `broken`: it cannot be decoded completely.
 */
export function cleanJpeg(b: Buffer): Buffer | 'truncated' | 'broken' {
  const kept: Buffer[] = [b.subarray(0, 2)]
  const profile: { index: number; chunk: Buffer }[] = []
  const tables: ScanTables = { dc: [], ac: [], restartInterval: 0 }
  let frame: Frame | undefined
  let scans = 0
  let hasJfif = false
  let hasAdobe = false
  let orientation: number | undefined

  for (let at = 2; ; ) {
    if (at >= b.length) return 'truncated'
    if (b[at] !== 0xff) return 'broken'
    while (b[at] === 0xff) at++
    const marker = b[at++]
    if (marker === undefined) return 'truncated'
    if (marker === EOI) break
    if (at + 2 > b.length) return 'truncated'
    const end = at + b.readUInt16BE(at)
    if (end > b.length) return 'truncated'
    const payload = b.subarray(at + 2, end)
    if (end < at + 2) return 'broken'
    at = end

    if (FRAMES.includes(marker)) {
      if (frame) return 'broken'
      frame = readFrame(marker, payload)
      if (!frame) return 'broken'
      kept.push(segment(marker, payload))
    } else if (marker === SOS) {
      if (!frame || ++scans > MAX_SCANS) return 'broken'
      kept.push(segment(marker, payload))
      const next = findMarker(b, at)
      if (next === undefined) return 'truncated'
      const used = frame.isSequential
        ? measureScan(b.subarray(at, next), frame, payload, tables)
        : next - at
      if (used === undefined) return 'broken'
      kept.push(b.subarray(at, at + used))
      at = next
    } else if (TABLES.includes(marker)) {
      if (!readTables(marker, payload, tables)) return 'broken'
      kept.push(segment(marker, payload))
    } else if (marker === APP0) {
      if (hasJfif || !startsWith(payload, 'JFIF\0') || payload.length < 14) continue
      hasJfif = true
      // Without its thumbnail.
      kept.push(segment(marker, Buffer.concat([payload.subarray(0, 12), Buffer.alloc(2)])))
    } else if (marker === APP1) {
      if (orientation !== undefined || !startsWith(payload, EXIF)) continue
      orientation = readOrientation(payload.subarray(EXIF.length))
      if (orientation !== undefined && orientation !== 1)
        kept.push(
          segment(marker, Buffer.concat([Buffer.from(EXIF, 'latin1'), minimalExif(orientation)])),
        )
    } else if (marker === APP2) {
      if (!startsWith(payload, ICC) || payload.length < ICC.length + 2) continue
      profile.push({ index: kept.length, chunk: payload })
      kept.push(segment(marker, payload))
    } else if (marker === APP14) {
      if (hasAdobe || !startsWith(payload, 'Adobe') || payload.length < 12) continue
      hasAdobe = true
      kept.push(segment(marker, payload.subarray(0, 12)))
    } else if (!isApplicationOrComment(marker)) return 'broken'
  }
  if (scans === 0) return 'broken'
  if (!isWholeProfile(profile.map(({ chunk }) => chunk)))
    for (const { index } of profile) kept[index] = Buffer.alloc(0)
  const clean = Buffer.concat([...kept, Buffer.from([0xff, EOI])])
  return clean.equals(b) ? b : clean
}

const [SOS, EOI, APP0, APP1, APP2, APP14] = [0xda, 0xd9, 0xe0, 0xe1, 0xe2, 0xee] as const
const [DHT, DQT, DRI] = [0xc4, 0xdb, 0xdd] as const
// Sequential and progressive DCT with Huffman coding, then the same two with arithmetic coding.
const FRAMES = [0xc0, 0xc1, 0xc2, 0xc9, 0xca]
const DAC = 0xcc
const TABLES = [DHT, DQT, DRI, DAC] as readonly number[]
const EXIF = 'Exif\0\0'
const ICC = 'ICC_PROFILE\0'
const isApplicationOrComment = (marker: number) =>
  (marker >= 0xe0 && marker <= 0xef) || marker === 0xfe
const startsWith = (payload: Buffer, text: string) =>
  payload.toString('latin1', 0, text.length) === text

function segment(marker: number, payload: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0])
  head.writeUInt16BE(payload.length + 2, 2)
  return Buffer.concat([head, payload])
}

/** The position of the next marker other than a restart marker; 0xff before zero is data (T.81 §B.1.1.5). */
function findMarker(b: Buffer, from: number): number | undefined {
  for (let at = b.indexOf(0xff, from); at >= 0; at = b.indexOf(0xff, at)) {
    const marker = b[at + 1]
    if (marker === undefined) return undefined
    const isData = marker === 0 || (marker >= 0xd0 && marker <= 0xd7)
    if (!isData && marker !== 0xff) return at
    at += isData ? 2 : 1
  }
  return undefined
}

function readFrame(marker: number, p: Buffer): Frame | undefined {
  const count = p[5] ?? 0
  if (p.length !== 6 + 3 * count || count === 0) return undefined
  const components = Array.from({ length: count }, (_, n) => ({
    id: p[6 + 3 * n] ?? 0,
    across: (p[7 + 3 * n] ?? 0) >> 4,
    down: (p[7 + 3 * n] ?? 0) & 15,
    dc: 0,
    ac: 0,
  }))
  if (components.some(({ across, down }) => across < 1 || across > 4 || down < 1 || down > 4))
    return undefined
  const [height, width] = [p.readUInt16BE(1), p.readUInt16BE(3)]
  if (width === 0 || height === 0) return undefined
  return { isSequential: marker === 0xc0 || marker === 0xc1, width, height, components }
}

/** How many bytes of `data` the scan's blocks take; `undefined` when they cannot be decoded. */
function measureScan(
  data: Buffer,
  frame: Frame,
  header: Buffer,
  tables: ScanTables,
): number | undefined {
  const count = header[0] ?? 0
  if (header.length !== 4 + 2 * count) return undefined
  const chosen: ScanComponent[] = []
  for (let n = 0; n < count; n++) {
    const component = frame.components.find(({ id }) => id === header[1 + 2 * n])
    const selected = header[2 + 2 * n] ?? 0
    if (!component) return undefined
    chosen.push({ ...component, dc: selected >> 4, ac: selected & 15 })
  }
  return measureSequentialScan(data, frame, chosen, tables)
}

/** Stores the tables that measuring a scan needs. `false`: the segment does not conform to T.81 §B.2.4. */
function readTables(marker: number, p: Buffer, tables: ScanTables): boolean {
  if (marker === DRI) {
    if (p.length !== 2) return false
    tables.restartInterval = p.readUInt16BE(0)
  }
  if (marker === DQT) {
    let at = 0
    while (at < p.length) at += (p[at] ?? 0) >> 4 === 0 ? 65 : 129
    return at === p.length
  }
  if (marker !== DHT) return true
  for (let at = 0; at < p.length; ) {
    const [kind, id] = [(p[at] ?? 0) >> 4, (p[at] ?? 0) & 15]
    const counts = p.subarray(at + 1, at + 17)
    const symbols = counts.reduce((sum, each) => sum + each, 0)
    const values = p.subarray(at + 17, at + 17 + symbols)
    if (kind > 1 || id > 3 || counts.length < 16 || values.length < symbols) return false
    const table = buildTable(counts, values)
    if (!table) return false
    tables[kind === 0 ? 'dc' : 'ac'][id] = table
    at += 17 + symbols
  }
  return true
}

/** Builds a table as `ScanTables` has it, with zero where no code exists (T.81 §C). */
function buildTable(counts: Uint8Array, values: Uint8Array): Uint16Array | undefined {
  const table = new Uint16Array(65_536)
  let from = 0
  let next = 0
  for (const [index, count] of counts.entries()) {
    const span = 1 << (15 - index)
    for (let n = 0; n < count; n++) {
      if (from + span > 65_536) return undefined
      table.fill(((index + 1) << 8) | (values[next++] ?? 0), from, from + span)
      from += span
    }
  }
  return table
}

/** Whether the chunks are a complete profile: each has its number and the total (ICC.1, annex B.4). */
function isWholeProfile(chunks: Buffer[]): boolean {
  const sorted = chunks.toSorted((a, b) => (a[ICC.length] ?? 0) - (b[ICC.length] ?? 0))
  const isWhole = sorted.every(
    (chunk, index) => chunk[ICC.length] === index + 1 && chunk[ICC.length + 1] === sorted.length,
  )
  return isWhole && isIccProfile(Buffer.concat(sorted.map((chunk) => chunk.subarray(14))))
}
