import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { cleanJpeg } from '../../src/id-verification/clean-jpeg.ts'
import { cleanPng, pixelDataSize } from '../../src/id-verification/clean-png.ts'
import { cleanWebp } from '../../src/id-verification/clean-webp.ts'
import { isIccProfile, minimalExif, readOrientation } from '../../src/id-verification/metadata.ts'
import { cleaned } from '../support/cleaned.ts'
import {
  cameraExif,
  drawNoise,
  exifSegment,
  GPS,
  jpegSegment,
  pixelsOf,
  pngChunk,
  TAILS,
  webpChunk,
  withChunks,
  withSegments,
  withTail,
  withWebpChunks,
} from '../support/images.ts'

const MIB = 1024 * 1024
const png = (bytes: Buffer) => cleanPng(bytes, 256 * MIB)

const JPEGS: [string, (picture: ReturnType<typeof drawNoise>) => Promise<Buffer>][] = [
  ['baseline', (picture) => picture.jpeg().toBuffer()],
  ['baseline 4:4:4', (picture) => picture.jpeg({ chromaSubsampling: '4:4:4' }).toBuffer()],
  ['optimised', (picture) => picture.jpeg({ optimiseCoding: true, quality: 30 }).toBuffer()],
  ['progressive', (picture) => picture.jpeg({ progressive: true }).toBuffer()],
  ['grey', (picture) => picture.greyscale().jpeg().toBuffer()],
  ['CMYK', (picture) => picture.toColourspace('cmyk').jpeg().toBuffer()],
  ['with a profile', (picture) => picture.withIccProfile('p3').jpeg().toBuffer()],
  ['trellis, many scans', (picture) => picture.jpeg({ mozjpeg: true }).toBuffer()],
]

describe('a JPEG', () => {
  test.each(JPEGS)('%s that is nothing but a picture stays as it is', async (_what, encode) => {
    const bytes = await encode(drawNoise())
    expect(cleanJpeg(bytes)).toBe(bytes)
  })

  test.each(JPEGS)(
    '%s keeps its pixels and its profile, and loses everything else',
    async (_what, encode) => {
      const plain = await encode(drawNoise())
      const dirty = withTail(
        withSegments(
          plain,
          exifSegment(1),
          jpegSegment(0xe1, `http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>${GPS}</x:xmpmeta>`),
          jpegSegment(0xe2, `MPF\0${GPS}`),
          jpegSegment(0xed, `Photoshop 3.0\0${GPS}`),
          jpegSegment(0xfe, `a comment, ${GPS}`),
        ),
        GPS,
      )
      const copy = await cleaned(cleanJpeg, dirty)
      expect(copy.includes(GPS)).toBe(false)
      expect(copy.equals(plain)).toBe(true)
    },
  )

  test.each(Object.entries(TAILS))('with %s behind it loses that', async (_what, tail) => {
    const plain = await drawNoise().jpeg().toBuffer()
    expect((await cleaned(cleanJpeg, withTail(plain, tail))).equals(plain)).toBe(true)
  })

  test.each(Object.entries(TAILS))(
    'with %s between its last pixel and its end marker loses that',
    async (_what, tail) => {
      const plain = await drawNoise().jpeg().toBuffer()
      const text = Buffer.from(tail, 'latin1')
      const dirty = Buffer.concat([plain.subarray(0, -2), text, plain.subarray(-2)])
      expect((await cleaned(cleanJpeg, dirty)).equals(plain)).toBe(true)
    },
  )

  test('with another picture behind it, as phones write them, is the first alone', async () => {
    const first = await drawNoise().jpeg().toBuffer()
    const second = await drawNoise({ seed: 2 }).jpeg().toBuffer()
    expect((await cleaned(cleanJpeg, Buffer.concat([first, second]))).equals(first)).toBe(true)
  })

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'turned as %i stays turned, by a tag alone',
    async (orientation) => {
      for (const order of ['II', 'MM'] as const) {
        const plain = await drawNoise().jpeg().toBuffer()
        const copy = await cleaned(cleanJpeg, withSegments(plain, exifSegment(orientation, order)))
        expect(copy.includes(GPS)).toBe(false)
        const { orientation: kept } = await sharp(copy).metadata()
        expect(kept).toBe(orientation === 1 ? undefined : orientation)
      }
    },
  )

  test("loses the thumbnail that JFIF's own header holds", async () => {
    const encoded = await drawNoise().jpeg().toBuffer()
    const jfif = (thumbnail: string) =>
      jpegSegment(0xe0, `JFIF\0\x01\x01\0\0\x01\0\x01${thumbnail}`)
    const plain = withSegments(encoded, jfif('\0\0'))
    expect(cleanJpeg(plain)).toBe(plain)
    const dirty = withSegments(
      encoded,
      jfif('\x01\x01abc'),
      jpegSegment(0xe0, 'JFXX\0\x13\x01\x01abc'),
    )
    expect((await cleaned(cleanJpeg, dirty)).equals(plain)).toBe(true)
  })

  test('loses what calls itself a profile and is none', async () => {
    const plain = await drawNoise().jpeg().toBuffer()
    const dirty = withSegments(plain, jpegSegment(0xe2, `ICC_PROFILE\0\x01\x01${GPS.repeat(20)}`))
    expect((await cleaned(cleanJpeg, dirty)).equals(plain)).toBe(true)
  })

  test('with restart markers and fill bytes keeps its pixels', async () => {
    const plain = await withRestarts()
    expect(cleanJpeg(plain)).toBe(plain)
    const scan = plain.indexOf(Buffer.from([0xff, 0xda]))
    const filled = Buffer.concat([
      plain.subarray(0, scan),
      Buffer.from([0xff, 0xff]),
      plain.subarray(scan),
    ])
    expect((await cleaned(cleanJpeg, filled)).equals(plain)).toBe(true)
    const dirty = Buffer.concat([plain.subarray(0, -2), Buffer.from(GPS), plain.subarray(-2)])
    expect((await cleaned(cleanJpeg, dirty)).equals(plain)).toBe(true)
  })

  test('cut off anywhere is not taken for whole', async () => {
    for (const progressive of [false, true]) {
      const bytes = withSegments(
        await drawNoise().jpeg({ progressive }).toBuffer(),
        // The thumbnail in it has an end marker of its own.
        jpegSegment(
          0xe1,
          Buffer.concat([Buffer.from('Exif\0\0'), await drawNoise().jpeg().toBuffer()]),
        ),
      )
      for (let length = 3; length < bytes.length; length += 7)
        expect(cleanJpeg(bytes.subarray(0, length))).toBe('truncated')
      // Half of a scan, and an end marker that somebody put there.
      const half = Buffer.concat([bytes.subarray(0, bytes.length - 500), Buffer.from([0xff, 0xd9])])
      if (!progressive) expect(cleanJpeg(half)).toBe('broken')
    }
  })

  test('with a code that does not exist in the middle of its pixels is not taken for whole', async () => {
    const bytes = Buffer.from(await drawNoise().jpeg().toBuffer())
    const middle = bytes.length - 900
    for (let at = middle; at < middle + 40; at += 2) bytes.writeUInt16BE(0xff00, at)
    expect(cleanJpeg(bytes)).toBe('broken')
  })
})

/** Encoders here write none: of one component and one unit a row, built by hand of flat blocks. */
async function withRestarts(): Promise<Buffer> {
  const plain = await sharp({
    create: { width: 8, height: 80, channels: 3, background: '#808080' },
  })
    .toColourspace('b-w')
    .jpeg({ optimiseCoding: false })
    .toBuffer()
  const scan = plain.indexOf(Buffer.from([0xff, 0xda]))
  const data = scan + 2 + plain.readUInt16BE(scan + 2)
  // DC difference 0 is 00, end of block 1010; the rest of the byte is ones.
  const blocks = Array.from({ length: 10 }, (_, n) =>
    n === 9 ? [0x2b] : [0x2b, 0xff, 0xd0 + (n & 7)],
  ).flat()
  return Buffer.concat([
    plain.subarray(0, scan),
    jpegSegment(0xdd, Buffer.from([0, 1])),
    plain.subarray(scan, data),
    Buffer.from(blocks),
    Buffer.from([0xff, 0xd9]),
  ])
}

describe('a PNG', () => {
  test('that is nothing but a picture stays as it is', async () => {
    for (const bytes of [
      await drawNoise().png().toBuffer(),
      await drawNoise({ channels: 4 }).png().toBuffer(),
      await drawNoise().png({ palette: true }).toBuffer(),
      await drawNoise().png({ progressive: true }).toBuffer(),
      await drawNoise().greyscale().toColourspace('grey16').png().toBuffer(),
    ])
      expect(png(bytes)).toBe(bytes)
  })

  test.each([false, true])(
    'loses text, other chunks and what stands behind it (interlaced: %s)',
    async (progressive) => {
      const plain = await drawNoise().png({ progressive }).toBuffer()
      const dirty = withTail(
        withChunks(
          plain,
          pngChunk('tEXt', Buffer.from(`Comment\0${GPS}`)),
          pngChunk('zTXt', Buffer.concat([Buffer.from('Comment\0\0'), deflateSync(GPS)])),
          pngChunk('eXIf', cameraExif(1)),
          pngChunk('prVt', Buffer.from(GPS)),
        ),
        TAILS['an archive'],
      )
      expect((await cleaned(png, dirty)).equals(plain)).toBe(true)
    },
  )

  test('turned stays turned, by a tag alone', async () => {
    const plain = await drawNoise().png().toBuffer()
    const copy = await cleaned(png, withChunks(plain, pngChunk('eXIf', cameraExif(6))))
    expect(copy.includes(GPS)).toBe(false)
    expect((await sharp(copy).metadata()).orientation).toBe(6)
  })

  test('keeps its profile', async () => {
    const plain = await drawNoise().withIccProfile('p3').png().toBuffer()
    const copy = await cleaned(png, plain)
    expect((await sharp(copy).metadata()).icc).toEqual((await sharp(plain).metadata()).icc)
  })

  test('loses what is hidden behind its last pixel, inside its own data', async () => {
    const plain = await drawNoise().png().toBuffer()
    const end = plain.indexOf('IEND', 0, 'latin1') - 4
    const dirty = Buffer.concat([
      plain.subarray(0, end),
      pngChunk('IDAT', Buffer.from(TAILS['an archive'], 'latin1')),
      plain.subarray(end),
    ])
    const copy = await cleaned(png, dirty)
    expect(copy.includes('hidden')).toBe(false)
  })

  test('with more pixels than its header says, fewer, or more than may be, is broken', async () => {
    const plain = await drawNoise().png().toBuffer()
    const header = (height: number) => {
      const content = Buffer.from(plain.subarray(16, 29))
      content.writeUInt32BE(height, 4)
      return Buffer.concat([plain.subarray(0, 8), pngChunk('IHDR', content), plain.subarray(33)])
    }
    expect(png(header(46))).toBe('broken')
    expect(png(header(48))).toBe('broken')
    expect(cleanPng(plain, 1_000)).toBe('broken')
    const flipped = Buffer.from(plain)
    flipped[60] = (flipped[60] ?? 0) ^ 1
    expect(png(flipped)).toBe('broken')
  })

  test('cut off anywhere is not taken for whole', async () => {
    const bytes = await drawNoise().png().toBuffer()
    for (let length = 33; length < bytes.length; length += 7)
      expect(png(bytes.subarray(0, length))).toBe('truncated')
  })
})

describe('a WebP', () => {
  test('that is nothing but a picture stays as it is', async () => {
    for (const bytes of [
      await drawNoise().webp().toBuffer(),
      await drawNoise().webp({ lossless: true }).toBuffer(),
      await drawNoise({ channels: 4 }).webp().toBuffer(),
      await drawNoise().withIccProfile('p3').webp().toBuffer(),
    ])
      expect(cleanWebp(bytes)).toBe(bytes)
  })

  test('loses EXIF, XMP, other chunks and what stands behind it, and keeps its profile', async () => {
    const plain = await drawNoise().withIccProfile('p3').webp().toBuffer()
    const dirty = withTail(
      withWebpChunks(
        plain,
        0x0c,
        webpChunk('EXIF', cameraExif(1)),
        webpChunk('XMP ', Buffer.from(GPS)),
        webpChunk('TAIL', Buffer.from(GPS)),
      ),
      TAILS['a web page'],
    )
    expect((await cleaned(cleanWebp, dirty)).equals(plain)).toBe(true)
  })

  test('turned stays turned, by a tag alone', async () => {
    const plain = await drawNoise({ channels: 4 }).webp().toBuffer()
    const prefixed = Buffer.concat([Buffer.from('Exif\0\0'), cameraExif(8)])
    for (const exif of [cameraExif(8), prefixed]) {
      const copy = await cleaned(cleanWebp, withWebpChunks(plain, 8, webpChunk('EXIF', exif)))
      expect(copy.includes(GPS)).toBe(false)
      expect((await sharp(copy).metadata()).orientation).toBe(8)
    }
  })

  test('that moves is no picture, and one that is cut off is not whole', async () => {
    const frames = await sharp(
      [await drawNoise().png().toBuffer(), await drawNoise({ seed: 2 }).png().toBuffer()],
      { join: { animated: true } },
    )
      .webp()
      .toBuffer()
    expect(cleanWebp(frames)).toBe('broken')
    const bytes = await drawNoise().webp().toBuffer()
    for (let length = 30; length < bytes.length; length += 7)
      expect(cleanWebp(bytes.subarray(0, length))).toBe('truncated')
  })
})

describe('the structure of a JPEG', () => {
  const START = Buffer.from([0xff, 0xd8])
  const END = Buffer.from([0xff, 0xd9])
  const frame = (marker = 0xc2, ...components: number[][]) => {
    const each = components.length > 0 ? components : [[1, 0x11, 0]]
    return jpegSegment(marker, Buffer.from([8, 0, 8, 0, 8, each.length, ...each.flat()]))
  }
  // Of a progressive picture nothing is measured.
  const scan = jpegSegment(0xda, Buffer.from([1, 1, 0, 0, 0, 0]))
  const jpeg = (...parts: Uint8Array[]) => Buffer.concat([START, ...parts, END])
  const answer = (...parts: Uint8Array[]) => {
    const bytes = jpeg(...parts)
    const clean = cleanJpeg(bytes)
    return clean === bytes ? 'clean' : typeof clean === 'string' ? clean : 'cleaned'
  }

  test('is a frame and its scans', () => {
    expect(answer(frame(), scan)).toBe('clean')
    for (const marker of [0xc0, 0xc1, 0xc9, 0xca]) expect(answer(frame(marker))).toBe('broken')
    for (const marker of [0xc9, 0xca]) expect(answer(frame(marker), scan)).toBe('clean')
    for (const marker of [0xc3, 0xc5, 0xc8, 0xcb, 0xcf])
      expect(answer(frame(marker), scan)).toBe('broken')
    expect(answer(scan)).toBe('broken')
    expect(answer(frame(), frame(), scan)).toBe('broken')
    expect(answer(frame(0xc2, [1, 0, 0]), frame(), scan)).toBe('broken')
    expect(answer()).toBe('broken')
  })

  test('has at most 100 scans', () => {
    expect(answer(frame(), ...Array(100).fill(scan))).toBe('clean')
    expect(answer(frame(), ...Array(101).fill(scan))).toBe('broken')
  })

  test('has markers where they belong, and lengths that reach somewhere', () => {
    expect(answer(Buffer.from([0]), frame(), scan)).toBe('broken')
    for (const length of [0, 1])
      expect(answer(frame(), Buffer.from([0xff, 0xfe, 0, length]), scan)).toBe('broken')
    expect(answer(frame(), Buffer.from([0xff, 0xfe, 0, 2]), scan)).toBe('cleaned')
    for (const marker of [0x01, 0xdc, 0xdf, 0xf0, 0xfd])
      expect(answer(frame(), jpegSegment(marker, 'ab'), scan)).toBe('broken')
    for (const marker of [0xe0, 0xe3, 0xef, 0xfe])
      expect(cleanJpeg(jpeg(frame(), jpegSegment(marker, GPS), scan))).toEqual(jpeg(frame(), scan))
    for (const tail of [[0xff], [0xff, 0xff], [0xff, 0xe1], [0xff, 0xe1, 0], [0xff, 0xe1, 0, 3]])
      expect(cleanJpeg(Buffer.concat([START, frame(), scan, Buffer.from(tail)]))).toBe('truncated')
  })

  test('has a size, and components that can be sampled', () => {
    const changed = (at: number, value: number) => {
      const bytes = frame()
      bytes[at] = value
      return answer(bytes, scan)
    }
    // Behind the marker, the length and the depth: two bytes of height, two of width, the count.
    expect(changed(6, 0)).toBe('broken')
    expect(changed(8, 0)).toBe('broken')
    expect(changed(9, 0)).toBe('broken')
    expect(changed(9, 2)).toBe('broken')
    for (const factors of [0x11, 0x44, 0x14, 0x41]) expect(changed(11, factors)).toBe('clean')
    for (const factors of [0x01, 0x10, 0x15, 0x51]) expect(changed(11, factors)).toBe('broken')
    expect(answer(frame(0xc2, [1, 0x11, 0], [2, 0x05, 0]), scan)).toBe('broken')
    expect(answer(jpegSegment(0xc2, Buffer.from([8, 0, 8, 0, 8, 0])), scan)).toBe('broken')
  })

  test('has tables that are whole', () => {
    const tables = (marker: number, content: number[]) =>
      answer(jpegSegment(marker, Buffer.from(content)), frame(), scan)
    const zeros = (count: number) => Array<number>(count).fill(0)
    expect(tables(0xdd, [0, 1])).toBe('clean')
    expect(tables(0xdd, [0])).toBe('broken')
    expect(tables(0xdd, [0, 1, 2])).toBe('broken')
    expect(tables(0xcc, [0, 1])).toBe('clean')
    expect(tables(0xdb, [0, ...zeros(64)])).toBe('clean')
    expect(tables(0xdb, [0x10, ...zeros(128), 1, ...zeros(64)])).toBe('clean')
    expect(tables(0xdb, [0, ...zeros(63)])).toBe('broken')
    expect(tables(0xdb, [0x10, ...zeros(64)])).toBe('broken')
    const huffman = (head: number, counts: number[], symbols: number) => [
      head,
      ...counts,
      ...zeros(16 - counts.length),
      ...zeros(symbols),
    ]
    for (const head of [0x00, 0x03, 0x10, 0x13])
      expect(tables(0xc4, huffman(head, [0, 2], 2))).toBe('clean')
    for (const head of [0x04, 0x14, 0x20])
      expect(tables(0xc4, huffman(head, [0, 2], 2))).toBe('broken')
    expect(tables(0xc4, [...huffman(0, [0, 2], 2), ...huffman(0x10, [1], 1)])).toBe('clean')
    expect(tables(0xc4, huffman(0, [0, 2], 1))).toBe('broken')
    expect(tables(0xc4, [...huffman(0, [0, 2], 2), 0x10])).toBe('broken')
    // As many codes as there can be, and one more.
    expect(tables(0xc4, huffman(0, [2], 2))).toBe('clean')
    expect(tables(0xc4, huffman(0, [1, 1, 2], 4))).toBe('clean')
    expect(tables(0xc4, huffman(0, [3], 3))).toBe('broken')
    expect(tables(0xc4, huffman(0, [1, 1, 3], 5))).toBe('broken')
  })

  const jfif = jpegSegment(0xe0, 'JFIF\0\x01\x01\0\0\x01\0\x01\0\0')
  const adobe = (tail = '') => jpegSegment(0xee, `Adobe\0\x64\0\0\0\0\x01${tail}`)
  test("keeps of JFIF's header, of Adobe's and of EXIF the first that is whole, and no more than decodes the picture", () => {
    expect(cleanJpeg(jpeg(jfif, jfif, frame(), scan))).toEqual(jpeg(jfif, frame(), scan))
    expect(answer(jpegSegment(0xe0, 'JFIF\0\x01\x01\0\0\x01\0\x01\0'), jfif, frame(), scan)).toBe(
      'cleaned',
    )
    expect(cleanJpeg(jpeg(jpegSegment(0xe0, 'JFIF\0'), jfif, frame(), scan))).toEqual(
      jpeg(jfif, frame(), scan),
    )
    expect(cleanJpeg(jpeg(adobe(GPS), adobe(), frame(), scan))).toEqual(
      jpeg(adobe(), frame(), scan),
    )
    expect(cleanJpeg(jpeg(jpegSegment(0xee, 'Adobe\0\x64'), adobe(), frame(), scan))).toEqual(
      jpeg(adobe(), frame(), scan),
    )
    expect(cleanJpeg(jpeg(jpegSegment(0xee, `Other${GPS}`), frame(), scan))).toEqual(
      jpeg(frame(), scan),
    )
    const turned = cleanJpeg(jpeg(exifSegment(6), frame(), scan))
    expect(cleanJpeg(jpeg(exifSegment(6), exifSegment(8), frame(), scan))).toEqual(turned)
    expect(cleanJpeg(jpeg(jpegSegment(0xe1, 'Exif\0\0nothing'), frame(), scan))).toEqual(
      jpeg(frame(), scan),
    )
  })

  test('keeps a profile in chunks, in whatever order, and only when all are there', () => {
    const profile = Buffer.alloc(200)
    profile.writeUInt32BE(200, 0)
    profile.write('acsp', 36, 'latin1')
    const chunk = (n: number, count: number, from: number, to: number) =>
      jpegSegment(
        0xe2,
        Buffer.concat([
          Buffer.from('ICC_PROFILE\0'),
          Buffer.from([n, count]),
          profile.subarray(from, to),
        ]),
      )
    const [first, second] = [chunk(1, 2, 0, 150), chunk(2, 2, 150, 200)]
    expect(answer(chunk(1, 1, 0, 200), frame(), scan)).toBe('clean')
    expect(answer(first, second, frame(), scan)).toBe('clean')
    expect(answer(second, frame(), first, scan)).toBe('clean')
    expect(answer(chunk(1, 2, 0, 200), chunk(2, 2, 200, 200), frame(), scan)).toBe('clean')
    const without = jpeg(frame(), scan)
    for (const chunks of [
      [first],
      [chunk(1, 2, 0, 200)],
      [chunk(2, 1, 0, 200)],
      [first, first, second],
      [first, chunk(2, 3, 150, 200)],
      [chunk(1, 2, 0, 150), chunk(2, 2, 151, 200)],
    ])
      expect(cleanJpeg(jpeg(...chunks, frame(), scan))).toEqual(without)
    // Too short to name its number.
    for (const short of ['ICC_PROFILE\0', 'ICC_PROFILE\0\x01'])
      expect(cleanJpeg(jpeg(jpegSegment(0xe2, short), chunk(1, 1, 0, 200), frame(), scan))).toEqual(
        jpeg(chunk(1, 1, 0, 200), frame(), scan),
      )
    expect(cleanJpeg(jpeg(jpegSegment(0xe2, 'ICC_PROFILE\0\x01\x01'), frame(), scan))).toEqual(
      without,
    )
  })
})

describe('the scan of a JPEG', () => {
  // By hand: each block is the code 0 (no DC difference) and the code 0 (end of block), two bits.
  const START = Buffer.from([0xff, 0xd8])
  const table = (head: number, symbol = 0) =>
    jpegSegment(0xc4, Buffer.from([head, 1, ...Array<number>(15).fill(0), symbol]))
  const tables = Buffer.concat([table(0x00), table(0x10)])
  const frame = (width: number, height: number, ...components: number[][]) =>
    jpegSegment(
      0xc0,
      Buffer.from([8, 0, height, 0, width, components.length, ...components.flat()]),
    )
  const grey = (width: number, height: number) => frame(width, height, [1, 0x11, 0])
  const header = (...components: number[][]) =>
    jpegSegment(0xda, Buffer.from([components.length, ...components.flat(), 0, 63, 0]))
  const greyHeader = header([1, 0])
  const clean = (...parts: (Uint8Array | number[])[]) => {
    const bytes = Buffer.concat([
      START,
      ...parts.map((p) => Buffer.from(p)),
      Buffer.from([0xff, 0xd9]),
    ])
    const answer = cleanJpeg(bytes)
    return answer === bytes
      ? 'clean'
      : typeof answer === 'string'
        ? answer
        : bytes.length - answer.length
  }

  test.each([
    // Four blocks a byte.
    [8, 8, 1],
    [16, 16, 1],
    [17, 16, 2],
    [16, 17, 2],
    [9, 9, 1],
    [64, 64, 16],
  ])('of %i by %i pixels in grey takes %i bytes', (width, height, count) => {
    const data = Array<number>(count).fill(0)
    expect(clean(tables, grey(width, height), greyHeader, data)).toBe('clean')
    expect(clean(tables, grey(width, height), greyHeader, data, [0, 0, 0])).toBe(3)
    expect(clean(tables, grey(width, height), greyHeader, data.slice(1))).toBe('broken')
  })

  test.each([
    // Units of 2 by 2 and 1 by 1 blocks: 5 blocks, ten bits.
    [
      '16 by 16',
      [
        [1, 0x22, 0],
        [2, 0x11, 0],
      ],
      16,
      16,
      2,
    ],
    [
      '17 by 16',
      [
        [1, 0x22, 0],
        [2, 0x11, 0],
      ],
      17,
      16,
      3,
    ],
    [
      '16 by 17',
      [
        [1, 0x22, 0],
        [2, 0x11, 0],
      ],
      16,
      17,
      3,
    ],
    // 2 by 1: 3 blocks, six bits.
    [
      'wide ones of 32 by 32',
      [
        [1, 0x21, 0],
        [2, 0x11, 0],
      ],
      32,
      32,
      6,
    ],
    [
      'high ones of 32 by 32',
      [
        [1, 0x12, 0],
        [2, 0x11, 0],
      ],
      32,
      32,
      6,
    ],
    [
      'high ones of 16 by 64',
      [
        [1, 0x12, 0],
        [2, 0x11, 0],
      ],
      16,
      64,
      6,
    ],
  ])(
    'of components together, %s, is measured by units',
    (_what, components, width, height, count) => {
      const head = header(...components.map(([id]) => [id ?? 0, 0]))
      const data = Array<number>(count).fill(0)
      expect(clean(tables, frame(width, height, ...components), head, data)).toBe('clean')
      expect(clean(tables, frame(width, height, ...components), head, data, [0])).toBe(1)
      expect(clean(tables, frame(width, height, ...components), head, data.slice(1))).toBe('broken')
    },
  )

  test('of one component of several is measured by its own blocks', () => {
    const components = [
      [1, 0x22, 0],
      [2, 0x12, 0],
      [3, 0x21, 0],
    ]
    const picture = frame(40, 72, ...components)
    // 5 by 9 blocks; 3 by 9; 5 by 5.
    for (const [id, count] of [
      [1, 12],
      [2, 7],
      [3, 7],
    ] as const) {
      const data = Array<number>(count).fill(0)
      expect(clean(tables, picture, header([id, 0]), data)).toBe('clean')
      expect(clean(tables, picture, header([id, 0]), data, [0])).toBe(1)
      expect(clean(tables, picture, header([id, 0]), data.slice(1))).toBe('broken')
    }
  })

  test('names components and tables that are there', () => {
    expect(clean(tables, grey(8, 8), header([2, 0]), [0])).toBe('broken')
    expect(clean(tables, grey(8, 8), header([1, 0x10]), [0])).toBe('broken')
    expect(clean(tables, grey(8, 8), header([1, 0x01]), [0])).toBe('broken')
    expect(clean(table(0x00), grey(8, 8), greyHeader, [0])).toBe('broken')
    expect(clean(table(0x10), grey(8, 8), greyHeader, [0])).toBe('broken')
    expect(clean(table(0x03), table(0x12), grey(8, 8), header([1, 0x32]), [0])).toBe('clean')
    expect(clean(tables, grey(8, 8), jpegSegment(0xda, Buffer.from([1, 1, 0, 0, 63])), [0])).toBe(
      'broken',
    )
    expect(
      clean(tables, grey(8, 8), jpegSegment(0xda, Buffer.from([1, 1, 0, 0, 63, 0, 0])), [0]),
    ).toBe('broken')
  })

  test('has no code that its tables do not have', () => {
    expect(clean(tables, grey(8, 8), greyHeader, [0x80])).toBe('broken')
    expect(clean(tables, grey(8, 8), greyHeader, [0x40])).toBe('broken')
    expect(clean(tables, grey(8, 8), greyHeader, [0x3f])).toBe('clean')
  })

  test('counts the bits behind a code', () => {
    // A DC difference of `size` bits: the code, the bits, the end of the block.
    for (const [size, count] of [
      [5, 1],
      [6, 1],
      [7, 2],
      [14, 2],
      [15, 3],
    ] as const) {
      const data = Array<number>(count).fill(0)
      expect(clean(table(0, size), table(0x10), grey(8, 8), greyHeader, data)).toBe('clean')
      expect(clean(table(0, size), table(0x10), grey(8, 8), greyHeader, data, [0])).toBe(1)
      expect(clean(table(0, size), table(0x10), grey(8, 8), greyHeader, data.slice(1))).toBe(
        'broken',
      )
    }
    expect(clean(table(0, 16), table(0x10), grey(8, 8), greyHeader, [0, 0, 0])).toBe('broken')
    // 63 coefficients of one bit each: no end of block follows the last.
    const one = Array<number>(16).fill(0)
    expect(clean(table(0), table(0x10, 0x01), grey(8, 8), greyHeader, one)).toBe('clean')
    expect(clean(table(0), table(0x10, 0x01), grey(8, 8), greyHeader, one, [0])).toBe(1)
    // Runs of 20 coefficients and one, three times: 3 codes of one bit. The fourth goes beyond the block.
    expect(clean(table(0), table(0x10, 0xf0), grey(8, 8), greyHeader, [0, 0])).toBe('broken')
    // Runs of 6 zeros and one coefficient, nine times: ten bits, and nine.
    expect(clean(table(0), table(0x10, 0x61), grey(8, 8), greyHeader, [0, 0, 0])).toBe('clean')
    expect(clean(table(0), table(0x10, 0x61), grey(8, 8), greyHeader, [0, 0])).toBe('broken')
    expect(clean(table(0), table(0x10, 0x71), grey(8, 8), greyHeader, [0, 0, 0])).toBe('broken')
    // A run that is no end of a block, of no bits, ends it all the same.
    expect(clean(table(0), table(0x10, 0x50), grey(8, 8), greyHeader, [0])).toBe('clean')
  })

  test('may end in bits that no code was looked up in', () => {
    // One bit: sixteen zeros. Sixteen bits: fourteen zeros, and a coefficient of 15 bits, the last of the block.
    const long = jpegSegment(
      0xc4,
      Buffer.from([0x10, 1, ...Array<number>(14).fill(0), 1, 0xf0, 0xef]),
    )
    const picture = [table(0), long, grey(8, 8), greyHeader]
    expect(clean(...picture, [0x08, 0, 0, 0, 0])).toBe('clean')
    expect(clean(...picture, [0x08, 0, 0, 0, 0, 0])).toBe(1)
    expect(clean(...picture, [0x08, 0, 0, 0])).toBe('broken')
    expect(clean(...picture, [0x08, 0, 0, 0, 0xff, 0])).toBe('clean')
    expect(clean(...picture, [0x08, 0, 0, 0, 0xff, 0, 0])).toBe(1)
  })

  test('has the restart markers that its tables name, in turn', () => {
    const every = (units: number) => jpegSegment(0xdd, Buffer.from([0, units]))
    const marker = (n: number) => [0xff, 0xd0 + n]
    const picture = [tables, grey(24, 8)]
    expect(
      clean(every(1), ...picture, greyHeader, [0x3f, ...marker(0), 0x3f, ...marker(1), 0x3f]),
    ).toBe('clean')
    expect(clean(every(2), ...picture, greyHeader, [0x0f, ...marker(0), 0x3f])).toBe('clean')
    expect(clean(every(3), ...picture, greyHeader, [0x03])).toBe('clean')
    expect(clean(every(0), ...picture, greyHeader, [0x03])).toBe('clean')
    expect(clean(every(2), ...picture, greyHeader, [0x0f, ...marker(1), 0x3f])).toBe('broken')
    expect(clean(every(2), ...picture, greyHeader, [0x0f, 0x3f])).toBe('broken')
    expect(clean(every(2), ...picture, greyHeader, [0x0f, 0x00, ...marker(0), 0x3f])).toBe('broken')
    expect(
      clean(every(1), ...picture, greyHeader, [0x3f, ...marker(0), 0x3f, ...marker(0), 0x3f]),
    ).toBe('broken')
    expect(clean(every(2), ...picture, greyHeader, [0x0f, 0xff, ...marker(0), 0x3f])).toBe('clean')
    expect(clean(every(2), ...picture, greyHeader, [0x0f, ...marker(0), 0x3f, 0x41])).toBe(1)
    const many = Array.from({ length: 10 }, (_, n) =>
      n === 9 ? [0x3f] : [0x3f, ...marker(n & 7)],
    ).flat()
    expect(clean(every(1), tables, grey(80, 8), greyHeader, many)).toBe('clean')
  })

  test('reads 0xff as data where a zero follows it', () => {
    // Bits of a DC difference: eight of them are ones.
    const dc = table(0, 14)
    expect(clean(dc, table(0x10), grey(8, 8), greyHeader, [0x7f, 0xff, 0x00])).toBe('broken')
    expect(clean(dc, table(0x10), grey(8, 8), greyHeader, [0x7f, 0xfe])).toBe('clean')
    expect(clean(table(0, 8), table(0x10), grey(8, 8), greyHeader, [0x7f, 0xbf])).toBe('clean')
    expect(
      clean(table(0, 13), table(0x10), grey(16, 8), greyHeader, [0x7f, 0xff, 0x00, 0, 0, 0]),
    ).toBe('broken')
    expect(clean(table(0, 15), table(0x10), grey(8, 8), greyHeader, [0x7f, 0xff, 0x00, 0x7f])).toBe(
      'clean',
    )
    expect(
      clean(
        table(0, 15),
        table(0x10),
        grey(8, 8),
        greyHeader,
        [0x7f, 0xff, 0x00, 0x7f, 0xff, 0x00],
      ),
    ).toBe(2)
  })
})

describe('the chunks of a PNG', () => {
  const chunksOf = (bytes: Buffer) => {
    const found: Buffer[] = []
    for (let at = 8; at < bytes.length; at += found.at(-1)?.length ?? 0)
      found.push(bytes.subarray(at, at + 12 + bytes.readUInt32BE(at)))
    return found
  }
  const join = (...chunks: Uint8Array[]) =>
    Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...chunks])
  const end = pngChunk('IEND', Buffer.alloc(0))

  test('have the checksum that they name', async () => {
    const plain = withChunks(await drawNoise().png().toBuffer(), pngChunk('tEXt', Buffer.from(GPS)))
    const sums = chunksOf(plain)
    let at = 8
    for (const chunk of sums) {
      at += chunk.length
      const bytes = Buffer.from(plain)
      bytes[at - 1] = (bytes[at - 1] ?? 0) ^ 1
      expect(png(bytes)).toBe('broken')
    }
  })

  test('that decode a picture in a way nobody here knows make it broken', async () => {
    const plain = await drawNoise().png().toBuffer()
    expect(png(withChunks(plain, pngChunk('ABCD', Buffer.from('x'))))).toBe('broken')
    expect(
      (await cleaned(png, withChunks(plain, pngChunk('aBCD', Buffer.from('x'))))).equals(plain),
    ).toBe(true)
  })

  test('that tell of light and size stay', async () => {
    const plain = await drawNoise().png().toBuffer()
    const kept = {
      cHRM: Buffer.from(
        [31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000]
          .map((value) => value.toString(16).padStart(8, '0'))
          .join(''),
        'hex',
      ),
      gAMA: Buffer.from('0000b18f', 'hex'),
      sBIT: Buffer.from([8, 8, 8]),
      sRGB: Buffer.from([0]),
      cICP: Buffer.from([1, 13, 0, 1]),
      mDCV: Buffer.alloc(24, 1),
      cLLI: Buffer.alloc(8, 1),
      pHYs: Buffer.from('00000b1300000b1301', 'hex'),
    }
    for (const [type, content] of Object.entries(kept)) {
      const bytes = join(
        ...chunksOf(plain).flatMap((chunk, n) =>
          n === 0 ? [chunk, pngChunk(type, content)] : chunk.includes('pHYs') ? [] : [chunk],
        ),
      )
      expect(png(bytes)).toBe(bytes)
    }
  })

  test('begin with a header of 13 bytes, and have data', async () => {
    const [header = end, ...others] = chunksOf(await drawNoise().png().toBuffer())
    const content = header.subarray(8, -4)
    expect(png(join(...others))).toBe('broken')
    expect(png(join(pngChunk('IHDR', content.subarray(0, 12)), ...others))).toBe('broken')
    expect(png(join(pngChunk('IHDR', Buffer.concat([content, Buffer.alloc(1)])), ...others))).toBe(
      'broken',
    )
    expect(png(join(header, end))).toBe('broken')
    expect(png(join(header, pngChunk('IDAT', Buffer.from('x')), end))).toBe('broken')
  })

  test('of data stay as they are divided', async () => {
    const chunks = chunksOf(await drawNoise().png().toBuffer())
    const divided = join(
      ...chunks.flatMap((chunk) => {
        if (chunk.toString('latin1', 4, 8) !== 'IDAT') return [chunk]
        const content = chunk.subarray(8, -4)
        return [pngChunk('IDAT', content.subarray(0, 100)), pngChunk('IDAT', content.subarray(100))]
      }),
    )
    expect(png(divided)).toBe(divided)
    expect((await pixelsOf(divided)).length).toBe(61 * 47 * 3)
  })

  test('of EXIF that states no turn are left out', async () => {
    const plain = await drawNoise().png().toBuffer()
    const dirty = withChunks(plain, pngChunk('eXIf', Buffer.from('nothing of the kind')))
    expect((await cleaned(png, dirty)).equals(plain)).toBe(true)
  })

  test('of a profile keep the profile alone', async () => {
    const plain = await drawNoise().png().toBuffer()
    const profile = Buffer.alloc(200)
    profile.writeUInt32BE(200, 0)
    profile.write('acsp', 36, 'latin1')
    const withProfile = (content: Uint8Array) => withChunks(plain, pngChunk('iCCP', content))
    const named = (name: string, compressed: Uint8Array) =>
      withProfile(Buffer.concat([Buffer.from(name, 'latin1'), compressed]))
    const clean = named('icc\0\0', deflateSync(profile))
    expect(png(clean)).toBe(clean)
    expect(png(named(`${GPS}\0\0`, deflateSync(profile)))).toEqual(clean)
    // What stands behind it goes; how it was compressed stays otherwise.
    const tail = Buffer.concat([deflateSync(profile, { level: 1 }), Buffer.from(GPS)])
    expect(png(named('icc\0\0', tail))).toEqual(clean)
    const other = named('icc\0\0', deflateSync(profile, { level: 0 }))
    expect(png(other)).toBe(other)
    const large = Buffer.alloc(4 * MIB + 4)
    profile.copy(large)
    large.writeUInt32BE(large.length, 0)
    for (const dropped of [
      named('\0\0', deflateSync(profile)),
      named('icc\0\x01', deflateSync(profile)),
      named('icc\0\0', Buffer.from(GPS)),
      named('icc\0\0', deflateSync(profile.subarray(0, 190))),
      named('icc\0\0', deflateSync(large)),
      withProfile(Buffer.from(GPS)),
    ])
      expect(png(dropped)).toEqual(plain)
    large.writeUInt32BE(4 * MIB, 0)
    const largest = named('icc\0\0', deflateSync(large.subarray(0, 4 * MIB)))
    expect(png(largest)).toBe(largest)
  })

  test('have as many bytes of pixels as their header says', async () => {
    const header = (
      width: number,
      height: number,
      depth: number,
      colour: number,
      interlaced = 0,
    ) => {
      const bytes = Buffer.from([0, 0, 0, width, 0, 0, 0, height, depth, colour, 0, 0, interlaced])
      return pixelDataSize(bytes)
    }
    expect(header(10, 3, 1, 0)).toBe(3 * (1 + 2))
    expect(header(10, 3, 2, 0)).toBe(3 * (1 + 3))
    expect(header(10, 3, 8, 2)).toBe(3 * (1 + 30))
    expect(header(10, 3, 4, 3)).toBe(3 * (1 + 5))
    expect(header(10, 3, 16, 4)).toBe(3 * (1 + 40))
    expect(header(10, 3, 8, 6)).toBe(3 * (1 + 40))
    expect(header(0, 3, 8, 6)).toBe(0)
    // The rows of seven passes, of which small pictures have fewer.
    expect(header(5, 5, 8, 0, 1)).toBe(25 + 11)
    expect(header(1, 1, 8, 0, 1)).toBe(1 + 1)
    for (const depth of [0, 3, 32]) expect(header(10, 3, depth, 0)).toBeUndefined()
    for (const colour of [1, 5, 7]) expect(header(10, 3, 8, colour)).toBeUndefined()
    expect(header(10, 3, 8, 0, 2)).toBeUndefined()
    for (let width = 1; width <= 9; width++)
      for (let height = 1; height <= 9; height++) {
        const bytes = await drawNoise({ width, height }).png({ progressive: true }).toBuffer()
        expect(png(bytes)).toBe(bytes)
      }
    const plain = await drawNoise().png().toBuffer()
    const size = 47 * (1 + 61 * 3)
    expect(cleanPng(plain, size)).toBe(plain)
    expect(cleanPng(plain, size - 1)).toBe('broken')
  })
})

describe('the chunks of a WebP', () => {
  const webp = (...chunks: Uint8Array[]) => {
    const body = Buffer.concat(chunks)
    const head = Buffer.from('RIFF\0\0\0\0WEBP', 'latin1')
    head.writeUInt32LE(body.length + 4, 4)
    return Buffer.concat([head, body])
  }
  const picture = webpChunk('VP8L', Buffer.from('0123456789'))
  const extended = (flags: number, ...reserved: number[]) =>
    webpChunk('VP8X', Buffer.from([flags, ...reserved, 0, 0, 0, 0, 0, 0, 0, 0, 0].slice(0, 10)))

  test('fill the file and no more', () => {
    const plain = webp(picture)
    expect(cleanWebp(plain)).toBe(plain)
    expect(cleanWebp(Buffer.concat([plain, Buffer.from(GPS)]))).toEqual(plain)
    expect(cleanWebp(plain.subarray(0, -1))).toBe('truncated')
    expect(cleanWebp(webp(picture, Buffer.from('VP8')))).toBe('broken')
    expect(cleanWebp(webp(picture, Buffer.from('ALPH\x01\0\0\0')))).toBe('broken')
    expect(cleanWebp(webp(picture, Buffer.from('ALPH\x05\0\0\0abcd')))).toBe('broken')
    expect(cleanWebp(webp(picture, webpChunk('JUNK', Buffer.alloc(0))))).toEqual(plain)
  })

  test('of odd lengths have a byte more', () => {
    const odd = webp(webpChunk('VP8L', Buffer.from('012345678')))
    expect(odd.length).toBe(12 + 8 + 10)
    expect(cleanWebp(odd)).toBe(odd)
    expect(cleanWebp(webp(webpChunk('JUNK', Buffer.from('abc')), picture))).toEqual(webp(picture))
  })

  test('have a picture, which is the first, and no animation', () => {
    expect(cleanWebp(webp(picture, webpChunk('VP8L', Buffer.from('other pixels'))))).toEqual(
      webp(picture),
    )
    expect(cleanWebp(webp(webpChunk('JUNK', Buffer.from('ab'))))).toBe('broken')
    expect(cleanWebp(webp(picture, webpChunk('ANIM', Buffer.alloc(6))))).toBe('broken')
  })

  test('of a header that is extended say what is kept and nothing else', () => {
    const plain = webp(extended(0x10), picture)
    expect(cleanWebp(plain)).toBe(plain)
    expect(cleanWebp(webp(extended(0xff, 1, 2, 3), picture))).toEqual(plain)
    expect(cleanWebp(webp(webpChunk('VP8X', Buffer.alloc(9)), picture))).toBe('broken')
    expect(cleanWebp(webp(webpChunk('VP8X', Buffer.alloc(12, 1)), picture))).toEqual(
      webp(webpChunk('VP8X', Buffer.from('00000000010101010101', 'hex')), picture),
    )
    // Only pixels of the other kind have their transparency beside them.
    const alpha = webpChunk('ALPH', Buffer.from('ab'))
    expect(cleanWebp(webp(extended(0x10), alpha, picture))).toEqual(plain)
    const lossy = webp(extended(0x10), alpha, webpChunk('VP8 ', Buffer.from('ab')))
    expect(cleanWebp(lossy)).toBe(lossy)
    const fake = webpChunk('ICCP', Buffer.alloc(200))
    expect(cleanWebp(webp(extended(0x30), fake, picture))).toEqual(plain)
    expect(cleanWebp(webp(extended(0x18), picture, webpChunk('EXIF', Buffer.from(GPS))))).toEqual(
      plain,
    )
  })
})

describe('the metadata that are read', () => {
  const entry = (tag: number, type: number, value: number) => {
    const bytes = Buffer.alloc(12)
    bytes.writeUInt16BE(tag, 0)
    bytes.writeUInt16BE(type, 2)
    bytes.writeUInt32BE(1, 4)
    bytes.writeUInt16BE(value, 8)
    return bytes
  }
  const tiff = (...entries: Buffer[]) => {
    const head = Buffer.from('4d4d002a000000080000', 'hex')
    head.writeUInt16BE(entries.length, 8)
    return Buffer.concat([head, ...entries])
  }

  test('state an orientation from 1 to 8 in a directory that is there', () => {
    const turned = tiff(entry(0x010f, 2, 5), entry(0x0112, 3, 6))
    expect(readOrientation(turned)).toBe(6)
    expect(readOrientation(turned.subarray(0, -1))).toBeUndefined()
    for (const value of [1, 8]) expect(readOrientation(tiff(entry(0x0112, 3, value)))).toBe(value)
    for (const value of [0, 9])
      expect(readOrientation(tiff(entry(0x0112, 3, value)))).toBeUndefined()
    expect(readOrientation(tiff(entry(0x0112, 4, 6)))).toBeUndefined()
    expect(readOrientation(tiff(entry(0x010f, 3, 6)))).toBeUndefined()
    expect(readOrientation(tiff(entry(0x0112, 3, 9), entry(0x0112, 3, 6)))).toBeUndefined()
    for (const [at, value] of [
      [0, 0x58],
      [1, 0x49],
      [3, 43],
      [4, 1],
      [7, 33],
      [7, 32],
    ] as const) {
      const other = Buffer.from(tiff(entry(0x0112, 3, 6)))
      other[at] = value
      expect(readOrientation(other)).toBeUndefined()
    }
    for (const length of [0, 7, 13])
      expect(readOrientation(turned.subarray(0, length))).toBeUndefined()
    // The directory may stand at the very end, without an entry.
    const late = Buffer.from('4d4d002a0000000c000000000000', 'hex')
    expect(readOrientation(late)).toBeUndefined()
    late.writeUInt32BE(13, 4)
    expect(readOrientation(late)).toBeUndefined()
    expect(readOrientation(minimalExif(5))).toBe(5)
  })

  test('are a profile by signature and length', () => {
    const profile = (size: number, stated: number) => {
      const bytes = Buffer.alloc(size)
      bytes.writeUInt32BE(stated, 0)
      bytes.write('acsp', 36, 'latin1')
      return bytes
    }
    for (const stated of [128, 127, 126, 125]) expect(isIccProfile(profile(128, stated))).toBe(true)
    for (const stated of [129, 124, 0]) expect(isIccProfile(profile(128, stated))).toBe(false)
    expect(isIccProfile(profile(127, 127))).toBe(false)
    const other = profile(128, 128)
    other.write('ACSP', 36, 'latin1')
    expect(isIccProfile(other)).toBe(false)
  })
})
