import { mkdir, writeFile } from 'node:fs/promises'
import sharp from 'sharp'
import { drawBack, drawFront, drawSelfie } from '../src/local/sandbox/drawing.ts'
import type { Person } from '../src/local/sandbox/specimen.ts'
import { documentOf, type PhotoType, photosOf } from '../src/personas/documents.ts'
import { PERSONAS } from '../src/personas/kinds.ts'
import { PHOTOGRAPHED, photoFile } from '../src/personas/photos.ts'

// Writes the photos of the personas, which are part of the program: `npm exec -- node scripts/draw-personas.ts`
const LONG_EDGE = 840
const SMALL_EDGE = 320

const DRAWINGS: Record<PhotoType, (person: Person) => string> = {
  document_front: drawFront,
  document_back: drawBack,
  selfie: drawSelfie,
}

await mkdir(new URL('.', photoFile('approved', 'selfie', 'photo')), { recursive: true })
let bytes = 0
for (const { kind, givenName, surname } of PERSONAS.filter((each) => PHOTOGRAPHED.has(each.kind))) {
  const document = documentOf(kind)
  const { number, expiresOn, dateOfBirth, sex, holder, type: documentType } = document
  const title = documentType === 'passport' ? 'Passport' : undefined
  const person = {
    ...{ givenName, surname, ...holder, dateOfBirth, sex },
    ...{ documentNumber: number, validUntil: expiresOn, title },
  }
  for (const type of photosOf(document)) {
    const drawing = Buffer.from(DRAWINGS[type](person))
    for (const [size, edge, quality] of [
      ['photo', LONG_EDGE, 58],
      ['thumbnail', SMALL_EDGE, 45],
    ] as const) {
      const image = await sharp(drawing)
        .resize(edge, edge, { fit: 'inside' })
        .flatten({ background: '#ffffff' })
        .jpeg({ quality, mozjpeg: true })
        .toBuffer()
      await writeFile(photoFile(kind, type, size), image)
      bytes += image.length
    }
  }
}
console.log(`${Math.round(bytes / 1024)} KiB`)
