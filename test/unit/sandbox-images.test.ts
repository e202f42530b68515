import { createHash } from 'node:crypto'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { drawImage, sampleImages } from '../../src/local/sandbox/images.ts'
import { lettering } from '../../src/local/sandbox/lettering.ts'
import { inventPerson, machineReadableLines } from '../../src/local/sandbox/specimen.ts'
import { markJpeg } from '../../src/platform/jpeg-mark.ts'

const SMALL = { photoPixels: 480 }
const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

describe('sample images', () => {
  test('are JPEGs of about 1 MB with 1920 pixels on the long edge', async () => {
    const images = await sampleImages(inventPerson('a'))
    for (const bytes of Object.values(images)) {
      const { format, width, height } = await sharp(bytes).metadata()
      expect(format).toBe('jpeg')
      expect(Math.max(width, height)).toBe(1920)
      expect(bytes.length).toBeGreaterThan(750_000)
      expect(bytes.length).toBeLessThan(1_400_000)
    }
  })

  test('are the same bytes for the same person, and other bytes for another', async () => {
    const person = inventPerson('a', SMALL)
    const first = await drawImage(person, 'face', 'jpeg')
    const { face } = await sampleImages(person)
    const other = await drawImage(inventPerson('b', SMALL), 'face', 'jpeg')
    expect(digest(first)).toBe(digest(face))
    expect(digest(other)).not.toBe(digest(face))
  })

  test('come as PNG and WebP too', async () => {
    const person = inventPerson('a', SMALL)
    expect((await sharp(await drawImage(person, 'documentFront', 'png')).metadata()).format).toBe(
      'png',
    )
    expect((await sharp(await drawImage(person, 'documentFront', 'webp')).metadata()).format).toBe(
      'webp',
    )
  })

  test('carry a mark without a change to the picture', async () => {
    const { face } = await sampleImages(inventPerson('a'))
    const marked = markJpeg(face, 'specimen 1')
    expect(digest(marked)).not.toBe(digest(markJpeg(face, 'specimen 2')))
    expect(digest(await sharp(marked).raw().toBuffer())).toBe(
      digest(await sharp(face).raw().toBuffer()),
    )
  })
})

test('the machine-readable lines are those of the ICAO specimen (Doc 9303, part 5)', () => {
  const person = inventPerson('icao', {
    givenName: 'Anna Maria',
    surname: 'Eriksson',
    dateOfBirth: '1974-08-12',
    sex: 'F',
    documentNumber: 'D23145890',
    validUntil: '2012-04-15',
  })
  expect(machineReadableLines(person)).toEqual([
    'I<UTOD231458907<<<<<<<<<<<<<<<',
    '7408122F1204159UTO<<<<<<<<<<<6',
    'ERIKSSON<<ANNA<MARIA<<<<<<<<<<',
  ])
})

test('a name with markup in it is drawn as letters and never becomes markup', () => {
  const drawn = lettering('"/><script>alert(1)</script>', { x: 0, y: 0, size: 10, color: '#000' })
  expect(drawn).not.toContain('script')
})
