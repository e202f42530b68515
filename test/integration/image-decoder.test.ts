import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import sharp from 'sharp'
import { afterAll, expect, test } from 'vitest'
import { inspectImage } from '../../src/id-verification/image.ts'
import { createImageDecoder } from '../../src/id-verification/image-decoder.ts'
import {
  announcedPng,
  cameraExif,
  drawNoise,
  exifSegment,
  GPS,
  heavyPng,
  pixelsOf,
  pngChunk,
  TAILS,
  withChunks,
  withSegments,
  withTail,
} from '../support/images.ts'

/** A drawing of the sandbox, put into HEIC by libheif's own encoder. */
const heic = () => readFile(new URL('../fixtures/specimen.heic', import.meta.url))

const decoder = createImageDecoder()
afterAll(() => decoder.close())

async function prepared(bytes: Uint8Array) {
  const answer = await decoder.prepare(bytes)
  if ('refused' in answer) throw new Error(answer.refused)
  return answer
}

test('a JPEG that is nothing but a picture is shown as it came', async () => {
  const bytes = await drawNoise().jpeg().toBuffer()
  const { clean, jpeg } = await prepared(bytes)
  expect(clean).toEqual({ kind: 'jpeg', bytes })
  expect(jpeg).toBe(clean.bytes)
})

test.each(Object.entries(TAILS))(
  'a JPEG with %s behind it is shown without',
  async (_what, tail) => {
    const plain = await drawNoise().jpeg().toBuffer()
    const { clean, jpeg } = await prepared(withTail(withSegments(plain, exifSegment(6)), tail))
    expect(jpeg).toBe(clean.bytes)
    for (const word of [GPS, tail]) expect(Buffer.from(jpeg).includes(word)).toBe(false)
    expect((await sharp(jpeg).metadata()).orientation).toBe(6)
  },
)

test('a PNG and a WebP are shown without metadata, and as a JPEG that stands upright', async () => {
  const picture = drawNoise({ width: 40, height: 20 })
  const turned = withChunks(await picture.png().toBuffer(), pngChunk('eXIf', cameraExif(6)))
  const { clean, jpeg } = await prepared(turned)
  expect(clean.kind).toBe('png')
  expect(Buffer.from(clean.bytes).includes(GPS)).toBe(false)
  expect(await pixelsOf(clean.bytes)).toEqual(await pixelsOf(turned))
  expect(inspectImage(jpeg)).toEqual({ kind: 'jpeg', width: 20, height: 40 })
  const webp = await picture.webp().toBuffer()
  const ofWebp = await prepared(webp)
  expect(ofWebp.clean).toEqual({ kind: 'webp', bytes: webp })
  expect(inspectImage(ofWebp.jpeg)).toEqual({ kind: 'jpeg', width: 40, height: 20 })
})

test('a HEIC is shown as a JPEG of the same picture', async () => {
  const { clean, jpeg } = await prepared(await heic())
  expect(clean).toEqual({ kind: 'jpeg', bytes: jpeg })
  expect(inspectImage(jpeg)).toEqual({ kind: 'jpeg', width: 480, height: 320 })
  const { channels } = await sharp(jpeg).stats()
  // A drawing and not one flat colour.
  for (const { stdev } of channels) expect(stdev).toBeGreaterThan(10)
})

test('a thumbnail of any kind is small, upright, and nothing but the picture', async () => {
  const wide = { width: 1200, height: 800 }
  const upright = { width: 213, height: 320, format: 'jpeg', channels: 3 }
  const turned = withSegments(await drawNoise(wide).jpeg().toBuffer(), exifSegment(6))
  const scan = await drawNoise({ ...wide, channels: 4 })
    .png()
    .toBuffer()
  const grey = await drawNoise(wide).greyscale().jpeg().toBuffer()
  for (const [bytes, expected] of [
    [turned, upright],
    [withChunks(scan, pngChunk('eXIf', cameraExif(6))), upright],
    [await drawNoise(wide).webp().toBuffer(), { ...upright, width: 320, height: 213 }],
    [grey, { width: 320, height: 213, format: 'jpeg' }],
    [await heic(), { ...upright, width: 320, height: 213 }],
    [await drawNoise().jpeg().toBuffer(), { width: 61, height: 47 }],
  ] as const) {
    const { thumbnail } = await prepared(bytes)
    const { exif, icc, ...found } = await sharp(thumbnail).metadata()
    expect({ ...found, exif, icc }).toMatchObject({ ...expected, exif: undefined, icc: undefined })
    expect(thumbnail.length).toBeLessThan(10_000)
    const { channels } = await sharp(thumbnail).stats()
    for (const { stdev } of channels) expect(stdev).toBeGreaterThan(1)
  }
  // Turned to the right: what was at the top is at the right.
  const half = await sharp({ create: { ...wide, channels: 3, background: '#000000' } })
    .composite([
      {
        input: { create: { width: 1200, height: 400, channels: 3, background: '#ffffff' } },
        top: 0,
        left: 0,
      },
    ])
    .jpeg()
    .toBuffer()
  const { thumbnail } = await prepared(withSegments(half, exifSegment(6)))
  const row = await sharp(thumbnail)
    .greyscale()
    .extract({ left: 0, top: 160, width: 213, height: 1 })
    .raw()
    .toBuffer()
  expect(row[10]).toBeLessThan(30)
  expect(row[200]).toBeGreaterThan(225)
})

test('what cannot be decoded whole is refused', async () => {
  const jpeg = await drawNoise().jpeg().toBuffer()
  const progressive = await drawNoise().jpeg({ progressive: true }).toBuffer()
  const png = await drawNoise().png().toBuffer()
  const webp = await drawNoise().webp().toBuffer()
  const photo = await heic()
  const end = Buffer.from([0xff, 0xd9])
  for (const bytes of [
    jpeg.subarray(0, -500),
    Buffer.concat([jpeg.subarray(0, -500), end]),
    Buffer.concat([progressive.subarray(0, -500), end]),
    Buffer.concat([progressive.subarray(0, -2), Buffer.from(TAILS['an archive'], 'latin1'), end]),
    Buffer.from(png).fill(0, 60, 80),
    Buffer.from(webp).fill(0, 20, 40),
    photo.subarray(0, -20),
    Buffer.from(photo).fill(0, photo.indexOf('hvcC'), photo.indexOf('hvcC') + 120),
  ])
    expect(await decoder.prepare(bytes)).toEqual({ refused: expect.any(String) })
})

test('an image that takes too long or too much memory is stopped, and those beside it and after it decode', async () => {
  const strict = createImageDecoder({ cpuSeconds: 2, memoryMiB: 2048, wallMs: 60_000 })
  const small = createImageDecoder({ cpuSeconds: 60, memoryMiB: 800, wallMs: 60_000 })
  const plain = await drawNoise().jpeg().toBuffer()
  const heavy = heavyPng({ side: 5_700, depth: 16 })
  const [stopped, beside] = await Promise.all([strict.prepare(heavy), strict.prepare(plain)])
  expect(stopped).toEqual({ refused: expect.stringContaining('exceeds the limits') })
  expect(beside).toMatchObject({ kind: 'jpeg' })
  expect(await strict.prepare(plain)).toMatchObject({ kind: 'jpeg' })
  if (process.platform === 'linux')
    expect(await small.prepare(heavy)).toEqual({ refused: expect.any(String) })
  expect(await small.prepare(plain)).toMatchObject({ kind: 'jpeg' })
  strict.close()
  small.close()
})

test('an image that says it is larger than may be is refused before anything is decoded', async () => {
  const broken = createImageDecoder({ cpuSeconds: 0, memoryMiB: 1, wallMs: 1 })
  expect(await broken.prepare(announcedPng({ side: 7_100 }))).toEqual({
    refused: 'the image has more than 50 megapixels',
  })
  expect(await broken.prepare(announcedPng({ side: 7_000, depth: 16 }))).toEqual({
    refused: 'the image has more than 256 MiB of pixels',
  })
})

test('when no process can be had, nothing is said of the image', async () => {
  const none = createImageDecoder({ cpuSeconds: 60, memoryMiB: 1, wallMs: 60_000 })
  await expect(none.prepare(await drawNoise().jpeg().toBuffer())).rejects.toThrow(
    'could not be started',
  )
})

test('many images at once are each their own', async () => {
  const images = await Promise.all(
    Array.from({ length: 20 }, async (_, seed) =>
      drawNoise({ seed, channels: 4 }).png().toBuffer(),
    ),
  )
  const digest = async (bytes: Uint8Array) =>
    createHash('sha256')
      .update(await sharp(bytes).raw().toBuffer())
      .digest('hex')
  const answers = await Promise.all(images.map((bytes) => prepared(bytes)))
  for (const [index, { clean }] of answers.entries())
    expect(await digest(clean.bytes)).toBe(await digest(images[index] ?? new Uint8Array()))
  expect(
    new Set(answers.map(({ jpeg }) => createHash('sha256').update(jpeg).digest('hex'))).size,
  ).toBe(20)
})
