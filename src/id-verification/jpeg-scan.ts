/** A component of a scan: its sampling factors, and the numbers of its Huffman tables. */
export type ScanComponent = { across: number; down: number; dc: number; ac: number }

/** Huffman tables by number. A table is indexed by the next 16 bits; an entry has the code length above and the symbol in the lower eight bits. */
export type ScanTables = { dc: Uint16Array[]; ac: Uint16Array[]; restartInterval: number }

/**
 * How many bytes the blocks of a sequential scan take (ITU-T T.81, annex F.2). Bytes after them in `data` are not part of the
 * picture, and decoders ignore them silently. `undefined` when a code does not exist, or the data ends before the last block. This
 * also detects a picture that is damaged in the middle, which decoders fill with grey.
 */
export function measureSequentialScan(
  data: Uint8Array,
  frame: { width: number; height: number; components: ScanComponent[] },
  scan: ScanComponent[],
  tables: ScanTables,
): number | undefined {
  const blocks = listBlocks(scan)
  const units = countUnits(frame, scan)
  const coded = blocks.map(({ dc, ac }) => ({ dc: tables.dc[dc], ac: tables.ac[ac] }))
  const { restartInterval } = tables
  let at = 0
  let held = 0
  let bits = 0
  let padding = 0

  /** The position after the last byte that was begun; `undefined`: more bytes were needed than there are. */
  const position = (): number | undefined => {
    // The last code's bits may extend into a byte that was not read yet.
    for (; bits < 0; bits += 8) {
      if (at >= data.length) return undefined
      at += data[at] === 0xff ? 2 : 1
    }
    const unread = bits >> 3
    if (padding > unread) return undefined
    let end = at
    for (let n = padding; n < unread; n++)
      end -= data[end - 1] === 0 && data[end - 2] === 0xff ? 2 : 1
    return end
  }

  for (let unit = 0; unit < units; unit++) {
    if (restartInterval > 0 && unit > 0 && unit % restartInterval === 0) {
      let end = position()
      const marker = 0xd0 + ((unit / restartInterval - 1) & 7)
      if (end === undefined || data[end] !== 0xff) return undefined
      while (data[end + 1] === 0xff) end++
      if (data[end + 1] !== marker) return undefined
      at = end + 2
      held = 0
      bits = 0
      padding = 0
    }
    for (const { dc, ac } of coded) {
      if (!dc || !ac) return undefined
      for (let k = 0; k < 64; k++) {
        while (bits <= 24) {
          const byte = data[at] ?? 0xff
          // Skips the zero that is stuffed after 0xff. After the end, zeros are read, as decoders do.
          if (byte !== 0xff) at++
          else if (data[at + 1] === 0) at += 2
          else padding++
          held = (held << 8) | (padding > 0 ? 0 : byte)
          bits += 8
        }
        const code = (k === 0 ? dc : ac)[(held >>> (bits - 16)) & 0xffff] ?? 0
        if (code === 0) return undefined
        const symbol = code & 0xff
        bits -= code >> 8
        const size = k === 0 ? symbol : symbol & 15
        if (size > 15) return undefined
        if (k > 0) {
          const run = symbol >> 4
          if (size === 0 && run < 15) break
          k += run
          if (k > 63) return undefined
        }
        // Bits that are not read yet are skipped when they are.
        bits -= size
      }
    }
    if (padding > 4) return undefined
  }
  return position()
}

/** The blocks of one unit (T.81 §A.2): one block of a single component, or the blocks of each component by its sampling factors. */
const listBlocks = (scan: ScanComponent[]): ScanComponent[] =>
  scan.length === 1
    ? scan
    : scan.flatMap((component) => Array(component.across * component.down).fill(component))

function countUnits(
  frame: { width: number; height: number; components: ScanComponent[] },
  scan: ScanComponent[],
): number {
  const widest = Math.max(...frame.components.map(({ across }) => across))
  const tallest = Math.max(...frame.components.map(({ down }) => down))
  const [only] = scan
  if (scan.length === 1 && only) {
    const samplesAcross = Math.ceil((frame.width * only.across) / widest)
    const samplesDown = Math.ceil((frame.height * only.down) / tallest)
    return Math.ceil(samplesAcross / 8) * Math.ceil(samplesDown / 8)
  }
  return Math.ceil(frame.width / (8 * widest)) * Math.ceil(frame.height / (8 * tallest))
}
