import { readFile } from 'node:fs/promises'
import { markJpeg } from '../platform/jpeg-mark.ts'
import type { PhotoType } from './documents.ts'
import type { PersonaName } from './kinds.ts'

/* The drawn photos of the personas, which `scripts/draw-personas.ts` writes. */

/** The personas whose vendor ever has photos of them. */
export const PHOTOGRAPHED: ReadonlySet<PersonaName> = new Set([
  'approved',
  'passport',
  'images-arriving',
  'declined-later',
  'expired-document',
  'mismatch',
  'erased',
  'ends-consent',
  'partial-consent',
  'slow-vendor',
  'too-many-requests',
  'server-error',
])

/** Where a photo is, or the small one of it. */
export const photoFile = (kind: PersonaName, type: PhotoType, size: 'photo' | 'thumbnail'): URL =>
  new URL(`./images/${kind}.${type}${size === 'photo' ? '' : '.small'}.jpg`, import.meta.url)

/** The photo and the small one. `mark` makes its bytes differ from the same photo of another team: a copy would raise an alert. */
export async function readPhoto(
  kind: PersonaName,
  type: PhotoType,
  mark: string,
): Promise<{ photo: Uint8Array; thumbnail: Uint8Array }> {
  const [photo, thumbnail] = await Promise.all(
    (['photo', 'thumbnail'] as const).map((size) => readFile(photoFile(kind, type, size))),
  )
  if (!photo || !thumbnail) throw new Error('a photo of a persona is missing')
  return { photo: markJpeg(photo, mark), thumbnail }
}
