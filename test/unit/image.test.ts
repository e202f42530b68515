import sharp from 'sharp'
import { expect, test } from 'vitest'
import { inspectImage, renderJpeg } from '../../src/id-verification/image.ts'

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
  expect(inspectImage(await picture().webp().toBuffer())).toMatchObject({ kind: 'webp' })
  expect(inspectImage(Buffer.from('0000001866747970686569630000', 'hex'))).toMatchObject({
    kind: 'heic',
  })
})

test('an image that was cut off is told from one that is none', async () => {
  for (const whole of [
    await picture().jpeg().toBuffer(),
    await picture().png().toBuffer(),
    await picture().webp().toBuffer(),
  ])
    expect(inspectImage(whole.subarray(0, whole.length - 20))).toEqual({ truncated: true })
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
})

test('a PNG and a WebP become a JPEG of the same picture', async () => {
  for (const bytes of [await picture().png().toBuffer(), await picture().webp().toBuffer()]) {
    const jpeg = await renderJpeg(bytes)
    expect(inspectImage(jpeg)).toEqual({ kind: 'jpeg', width: 64, height: 48 })
  }
})

test('what cannot be decoded fails, and only there', async () => {
  const broken = (await picture().png().toBuffer()).fill(0, 40, 60)
  await expect(renderJpeg(broken)).rejects.toThrow('could not be decoded')
})
