import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cleanJpeg } from '../../src/id-verification/clean-jpeg.ts'
import { cleanPng } from '../../src/id-verification/clean-png.ts'
import { cleanWebp } from '../../src/id-verification/clean-webp.ts'
import { cleaned } from '../support/cleaned.ts'
import {
  cameraExif,
  drawNoise,
  exifSegment,
  jpegSegment,
  pngChunk,
  webpChunk,
  withChunks,
  withSegments,
  withWebpChunks,
} from '../support/images.ts'

const MIB = 1024 * 1024
const png = (bytes: Buffer) => cleanPng(bytes, 256 * MIB)
const NO_BYTES = Buffer.alloc(0)
const jpegOf = fc.record({
  width: fc.integer({ min: 1, max: 70 }),
  height: fc.integer({ min: 1, max: 70 }),
  seed: fc.nat(),
  quality: fc.integer({ min: 1, max: 100 }),
  progressive: fc.boolean(),
  chromaSubsampling: fc.constantFrom('4:4:4', '4:2:0'),
  grey: fc.boolean(),
})

test('whatever picture, segments and tail there are, the copy shows the same pixels and nothing else is left', async () => {
  await fc.assert(
    fc.asyncProperty(
      jpegOf,
      fc.array(
        fc.record({
          marker: fc.constantFrom(0xe0, 0xe1, 0xe2, 0xe3, 0xed, 0xef, 0xfe),
          payload: fc.uint8Array({ maxLength: 200 }),
        }),
        { maxLength: 4 },
      ),
      fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
      fc.uint8Array({ maxLength: 100 }),
      async ({ width, height, seed, grey, ...encoding }, segments, orientation, tail) => {
        const noise = drawNoise({ width, height, seed })
        const plain = await (grey ? noise.greyscale() : noise).jpeg(encoding).toBuffer()
        const dirty = Buffer.concat([
          withSegments(
            plain,
            orientation === undefined ? NO_BYTES : exifSegment(orientation),
            ...segments.map(({ marker, payload }) => jpegSegment(marker, payload)),
          ),
          tail,
        ])
        const copy = await cleaned(cleanJpeg, dirty)
        const tag = orientation === undefined || orientation === 1 ? 0 : 36
        expect(copy.length).toBe(plain.length + tag)
      },
    ),
    { numRuns: 60 },
  )
})

test('whatever bytes are changed, there is an answer, and a copy has no more in it than the original', async () => {
  const originals: [(bytes: Buffer) => Buffer | string, Buffer][] = [
    [cleanJpeg, withSegments(await drawNoise().jpeg().toBuffer(), exifSegment(6))],
    [cleanJpeg, await drawNoise().jpeg({ progressive: true }).toBuffer()],
    [png, withChunks(await drawNoise().png().toBuffer(), pngChunk('eXIf', cameraExif(6)))],
    [
      cleanWebp,
      withWebpChunks(
        await drawNoise({ channels: 4 }).webp().toBuffer(),
        8,
        webpChunk('EXIF', cameraExif(6)),
      ),
    ],
  ]
  fc.assert(
    fc.property(
      fc.constantFrom(...originals),
      fc.array(fc.tuple(fc.nat(9_999), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      fc.nat(9_999),
      ([clean, original], changes, cut) => {
        const bytes = Buffer.from(original)
        // Mostly where the structure is.
        for (const [at, value] of changes) bytes[(at * at) % Math.min(bytes.length, 700)] = value
        const given = cut % 5 === 0 ? bytes.subarray(0, Math.max(30, cut % bytes.length)) : bytes
        const answer = clean(given)
        if (typeof answer !== 'string') {
          expect(answer.length).toBeLessThanOrEqual(given.length + 2)
          expect(clean(answer)).toBe(answer)
        } else expect(['truncated', 'broken']).toContain(answer)
      },
    ),
    { numRuns: 2_000 },
  )
})
