import { readFile } from 'node:fs/promises'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { inspectImage } from '../../src/id-verification/image.ts'
import { jpegSegment, nestedHeic, pngChunk } from '../support/images.ts'

/** A drawing of the sandbox, put into HEIC by libheif's own encoder. */
const heic = () => readFile(new URL('../fixtures/specimen.heic', import.meta.url))
const picture = () =>
  sharp({ create: { width: 64, height: 48, channels: 3, background: '#336699' } })

test('each kind is known by its bytes, with its size', async () => {
  expect(inspectImage(await picture().jpeg().toBuffer())).toEqual({
    kind: 'jpeg',
    width: 64,
    height: 48,
  })
  expect(inspectImage(await picture().jpeg({ progressive: true }).toBuffer())).toMatchObject({
    width: 64,
  })
  expect(inspectImage(await picture().png().toBuffer())).toEqual({
    kind: 'png',
    width: 64,
    height: 48,
  })
  const ofWebp = { kind: 'webp', width: 64, height: 48 }
  expect(inspectImage(await picture().webp().toBuffer())).toEqual(ofWebp)
  expect(inspectImage(await picture().webp({ lossless: true }).toBuffer())).toEqual(ofWebp)
  expect(inspectImage(await picture().ensureAlpha(0.5).webp().toBuffer())).toEqual(ofWebp)
  expect(inspectImage(await heic())).toEqual({ kind: 'heic', width: 480, height: 320 })
})

test('an image whose header was cut off is refused as such', async () => {
  for (const [whole, length] of [
    [await picture().jpeg().toBuffer(), 30],
    [await picture().png().toBuffer(), 40],
    [await picture().webp().toBuffer(), 28],
    [await heic(), 60],
  ] as const)
    expect(inspectImage(whole.subarray(0, length))).toEqual({ refused: 'the image is cut off' })
})

test('a HEIC of boxes inside boxes is refused however deep it goes', () => {
  for (const type of ['meta', 'iprp', 'ipco'])
    expect(inspectImage(nestedHeic(100_000, type)).refused).toContain('not a valid heic')
})

test.each([
  ['a web page', '<!doctype html><script>alert(1)</script>'],
  ['a drawing with scripts', '<svg xmlns="http://www.w3.org/2000/svg" onload="x"/>'],
  ['an archive', 'PK\u0003\u0004'],
  ['a document', '%PDF-1.7'],
  ['an old animation', 'GIF89a'],
  ['nothing', ''],
])('%s is refused', (_what, text) => {
  expect(inspectImage(Buffer.from(text, 'latin1')).refused).toBeTypeOf('string')
})

test('an image of more than 50 megapixels is refused by its header, before anything is decoded', async () => {
  const png = await picture().png().toBuffer()
  png.writeUInt32BE(65_535, 16)
  png.writeUInt32BE(65_535, 20)
  expect(inspectImage(png).refused).toContain('50 megapixels')
  const jpeg = await picture().jpeg().toBuffer()
  const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]))
  jpeg.writeUInt16BE(65_535, frame + 5)
  jpeg.writeUInt16BE(65_535, frame + 7)
  expect(inspectImage(jpeg).refused).toContain('50 megapixels')
  const webp = await picture().ensureAlpha(0.5).webp().toBuffer()
  webp.writeUIntLE(65_534, 24, 3)
  webp.writeUIntLE(65_534, 27, 3)
  expect(inspectImage(webp).refused).toContain('50 megapixels')
  const photo = await heic()
  const extents = photo.indexOf('ispe')
  photo.writeUInt32BE(65_535, extents + 8)
  photo.writeUInt32BE(65_535, extents + 12)
  expect(inspectImage(photo).refused).toContain('50 megapixels')
})

test('boxes without an end, or that reach beyond their own, are refused', async () => {
  for (const [box, size] of [
    ['ipco', 7],
    ['ispe', 0xffffff],
  ] as const) {
    const photo = await heic()
    photo.writeUInt32BE(size, photo.indexOf(box) - 4)
    expect(inspectImage(photo).refused).toContain('not a valid heic')
  }
  const without = await heic()
  without.write('free', without.indexOf('ispe'), 'latin1')
  expect(inspectImage(without).refused).toContain('not a valid heic')
})

test('an image of more than 256 MiB of pixels is refused, and one of as many is not', () => {
  const header = (width: number, height: number, depth: number) => {
    const content = Buffer.from('00000000000000000806000000', 'hex')
    content.writeUInt32BE(width, 0)
    content.writeUInt32BE(height, 4)
    content[8] = depth
    return Buffer.concat([
      Buffer.from('89504e470d0a1a0a', 'hex'),
      pngChunk('IHDR', content),
      pngChunk('IEND', Buffer.alloc(0)),
    ])
  }
  expect(inspectImage(header(7_000, 7_000, 16))).toEqual({
    refused: 'the image has more than 256 MiB of pixels',
  })
  expect(inspectImage(header(7_000, 7_000, 8))).toEqual({
    kind: 'png',
    width: 7_000,
    height: 7_000,
  })
  expect(inspectImage(header(8_191, 4_096, 16))).toEqual({
    kind: 'png',
    width: 8_191,
    height: 4_096,
  })
  expect(inspectImage(header(8_192, 4_096, 16)).refused).toContain('256 MiB')
})

test('an image of exactly 50 megapixels is not refused', () => {
  const webp = (width: number, height: number) => {
    const bytes = Buffer.from(`RIFF\x16\0\0\0WEBPVP8X\x0a${'\0'.repeat(13)}`, 'latin1')
    bytes.writeUIntLE(width - 1, 24, 3)
    bytes.writeUIntLE(height - 1, 27, 3)
    return bytes
  }
  expect(inspectImage(webp(10_000, 5_000))).toEqual({ kind: 'webp', width: 10_000, height: 5_000 })
  expect(inspectImage(webp(10_000, 5_001)).refused).toContain('50 megapixels')
})

test('an image of which only the first bytes came is cut off, and one without its header is not valid', async () => {
  const png = await picture().png().toBuffer()
  for (const length of [8, 32])
    expect(inspectImage(png.subarray(0, length))).toEqual({ refused: 'the image is cut off' })
  png.write('IDAT', 12, 'latin1')
  expect(inspectImage(png)).toEqual({ refused: 'not a valid png image' })
  const webp = await picture().webp().toBuffer()
  for (const length of [12, 29, webp.length - 1])
    expect(inspectImage(webp.subarray(0, length))).toEqual({ refused: 'the image is cut off' })
  expect(inspectImage(Buffer.from('RIFF\x10\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0', 'latin1'))).toEqual({
    refused: 'the image is cut off',
  })
  webp.write('ALPH', 12, 'latin1')
  expect(inspectImage(webp)).toEqual({ refused: 'not a valid webp image' })
})

test('each kind is known by all of its first bytes', async () => {
  const jpeg = await picture().jpeg().toBuffer()
  for (const at of [0, 1, 2]) {
    const other = Buffer.from(jpeg)
    other[at] = 0
    expect(inspectImage(other)).toEqual({ refused: 'not an image of a known kind' })
  }
  for (const text of [
    'RIFF\0\0\0\0WAVE',
    'LIST\0\0\0\0WEBP',
    '\0\0\0\x1cftypavif',
    '\0\0\0\x1cmoovheic',
  ])
    expect(inspectImage(Buffer.from(text.padEnd(64, '\0'), 'latin1'))).toEqual({
      refused: 'not an image of a known kind',
    })
  expect(inspectImage(Buffer.from([0xff, 0xd8]))).toEqual({
    refused: 'not an image of a known kind',
  })
})

describe('the frame header of a JPEG', () => {
  const start = Buffer.from([0xff, 0xd8])
  const frame = (marker: number) => jpegSegment(marker, '\x08\0\x30\0\x40\x01\x01\x11\0')
  const inspect = (...parts: Uint8Array[]) => inspectImage(Buffer.concat([start, ...parts]))
  const found = { kind: 'jpeg', width: 64, height: 48 }

  test.each([0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xcf])('is that of marker %i', (marker) => {
    expect(inspect(frame(marker))).toEqual(found)
  })

  test('is looked for behind other segments and fill bytes', () => {
    for (const marker of [0xbf, 0xc4, 0xc8, 0xcc, 0xd0, 0xdb, 0xe1])
      expect(inspect(jpegSegment(marker, '\0\0\x05\0\x05\0\0'), frame(0xc0))).toEqual(found)
    expect(inspect(Buffer.from([0xff, 0xff]), frame(0xc2))).toEqual(found)
  })

  test('does not come behind what is no marker, the pixels, or the end', () => {
    const refused = 'not a valid jpeg image'
    expect(inspect(Buffer.from([0xff, 0xe0, 0, 2, 0]), frame(0xc0))).toEqual({ refused })
    for (const marker of [0xda, 0xd9])
      expect(inspect(jpegSegment(marker, '\0'), frame(0xc0))).toEqual({ refused })
  })

  test('may be cut off', () => {
    const refused = 'the image is cut off'
    expect(inspect(frame(0xc0).subarray(0, 8))).toEqual({ refused })
    expect(inspect(frame(0xc0).subarray(0, 9))).toEqual(found)
    expect(inspect(jpegSegment(0xe1, 'abc'))).toEqual({ refused })
  })
})

describe('the boxes of a HEIC', () => {
  const u32 = (...values: number[]) => {
    const bytes = Buffer.alloc(4 * values.length)
    for (const [n, value] of values.entries()) bytes.writeUInt32BE(value, 4 * n)
    return bytes
  }
  const box = (type: string, ...parts: Uint8Array[]) => {
    const content = Buffer.concat(parts)
    return Buffer.concat([u32(content.length + 8), Buffer.from(type), content])
  }
  const longBox = (type: string, ...parts: Uint8Array[]) => {
    const content = Buffer.concat(parts)
    return Buffer.concat([u32(1), Buffer.from(type), u32(0, content.length + 16), content])
  }
  const start = box('ftyp', Buffer.from('heic'), u32(0))
  const extents = (width: number, height: number) => box('ispe', u32(0, width, height))
  const nested = (...parts: Uint8Array[]) => box('meta', u32(0), box('iprp', box('ipco', ...parts)))
  const inspect = (...parts: Uint8Array[]) => inspectImage(Buffer.concat([start, ...parts]))
  const found = { kind: 'heic', width: 64, height: 48 }
  const broken = { refused: 'not a valid heic image' }
  const truncated = { refused: 'the image is cut off' }

  test('name the largest of their extents, in whatever order', () => {
    const sizes = [extents(64, 48), extents(100, 3), extents(1, 2)]
    for (const order of [sizes, sizes.toReversed()])
      expect(inspect(nested(...order))).toEqual(found)
    expect(inspect(nested(extents(0, 48)))).toEqual(broken)
  })

  test('may have lengths of 64 bits, or reach to the end of the file', () => {
    const long = longBox('meta', u32(0), longBox('iprp', longBox('ipco', extents(64, 48))))
    expect(inspect(long)).toEqual(found)
    const open = nested(extents(64, 48))
    open.writeUInt32BE(0, 0)
    expect(inspect(open)).toEqual(found)
    expect(inspect(box('free', u32(0, 0)), longBox('free'), nested(extents(64, 48)))).toEqual(found)
  })

  test('begin with a kind that is known', () => {
    for (const brand of ['heic', 'heix', 'mif1', 'msf1'])
      expect(
        inspectImage(
          Buffer.concat([box('ftyp', Buffer.from(brand), u32(0)), nested(extents(64, 48))]),
        ),
      ).toEqual(found)
  })

  test('count only where they belong', () => {
    expect(inspect(extents(64, 48))).toEqual(broken)
    expect(inspect(box('meta', u32(0), extents(64, 48)))).toEqual(broken)
    expect(inspect(nested(box('pixi', u32(0, 64, 48))))).toEqual(broken)
    expect(inspect(nested(box('ispe', u32(0, 65_535)), extents(64, 48)))).toEqual(found)
  })

  test('end where the file ends', () => {
    const whole = nested(extents(64, 48))
    for (const length of [15, whole.length - 1])
      expect(inspect(whole.subarray(0, length))).toEqual(truncated)
    // A box that is longer than the one around it, and one that is shorter than its own head, behind one that is whole.
    for (const size of [64, 7]) {
      const damaged = nested(extents(64, 48), extents(1, 2))
      damaged.writeUInt32BE(size, damaged.lastIndexOf('ispe') - 4)
      expect(inspect(damaged, Buffer.alloc(64, 9))).toEqual(broken)
    }
    const endless = longBox('free')
    endless.writeUInt32BE(0, 12)
    expect(inspect(endless, whole)).toEqual(broken)
    expect(inspect(box('free'), whole)).toEqual(found)
    expect(inspect(whole, longBox('free'))).toEqual(found)
    // The pixels come behind the extents.
    for (const rest of [Buffer.alloc(3), box('mdat', u32(1, 2, 3)).subarray(0, 16)])
      expect(inspect(whole, rest)).toEqual(truncated)
    expect(inspect(nested(extents(1, 2)), whole)).toEqual(found)
  })
})
