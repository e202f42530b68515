import { readFile } from 'node:fs/promises'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { inspectImage } from '../../src/id-verification/image.ts'
import { nestedHeic } from '../support/images.ts'

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
