import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { cleanJpeg } from '../../src/id-verification/clean-jpeg.ts'
import { cleanPng } from '../../src/id-verification/clean-png.ts'
import { cleanWebp } from '../../src/id-verification/clean-webp.ts'
import { cleaned } from '../support/cleaned.ts'
import {
  cameraExif,
  drawNoise,
  exifSegment,
  GPS,
  jpegSegment,
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
