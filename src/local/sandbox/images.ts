import sharp from 'sharp'
import { drawBack, drawFront, drawSelfie } from './drawing.ts'
import { createRandom, type Person } from './specimen.ts'

export type SampleImages = {
  documentFront: Uint8Array
  documentBack: Uint8Array
  face: Uint8Array
}

const DRAWINGS = { documentFront: drawFront, documentBack: drawBack, face: drawSelfie } as const

// Three images are about 3 MB and half a second of work, so cache those of the last few people.
const KEPT_PEOPLE = 8
const kept = new Map<string, Promise<SampleImages>>()

/**
 * Drawn identity images of an invented person: JPEG, about 1 MB each, 1920 pixels on the long edge unless the person has
 * another size, with SPECIMEN across. The same person gives the same bytes.
 */
export function sampleImages(person: Person): Promise<SampleImages> {
  const key = JSON.stringify(person)
  const known = kept.get(key)
  kept.delete(key)
  const images = known ?? drawAll(person)
  kept.set(key, images)
  for (const oldest of kept.keys()) if (kept.size > KEPT_PEOPLE) kept.delete(oldest)
  return images
}

async function drawAll(person: Person): Promise<SampleImages> {
  const [documentFront, documentBack, face] = await Promise.all([
    drawImage(person, 'documentFront', 'jpeg'),
    drawImage(person, 'documentBack', 'jpeg'),
    drawImage(person, 'face', 'jpeg'),
  ])
  return { documentFront, documentBack, face }
}

/** One of the drawings in the requested format. Only the JPEG has camera noise. */
export async function drawImage(
  person: Person,
  image: keyof SampleImages,
  format: 'jpeg' | 'png' | 'webp',
): Promise<Uint8Array> {
  const { photoPixels } = person
  const whole = sharp(Buffer.from(DRAWINGS[image](person)))
  const drawing = photoPixels
    ? whole.resize(photoPixels, photoPixels, { fit: 'inside', withoutEnlargement: true })
    : whole
  if (format === 'png') return drawing.png({ palette: true, effort: 4 }).toBuffer()
  if (format === 'webp') return drawing.webp({ quality: 90, effort: 2 }).toBuffer()
  const { data, info } = await drawing.removeAlpha().raw().toBuffer({ resolveWithObject: true })
  addGrain(data, info.channels, `${image} ${JSON.stringify(person)}`)
  const { width, height, channels } = info
  return sharp(data, { raw: { width, height, channels } })
    .jpeg({ quality: 92, chromaSubsampling: '4:2:0' })
    .toBuffer()
}

/** The type and size of an image by its header, or `undefined`. */
export async function measureImage(
  bytes: Uint8Array,
): Promise<{ format: string; width: number; height: number } | undefined> {
  try {
    const { format, width, height } = await sharp(bytes).metadata()
    return { format, width, height }
  } catch {
    return undefined
  }
}

/** The demo bank's logo, two waves on blue: a PNG of a few KiB. */
export function drawBankLogo(): Promise<Uint8Array> {
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256" viewBox="-8 -18 56 56">
    <rect x="-8" y="-18" width="56" height="56" fill="#14253d"/>
    <path d="M2 6q6-6 12 0t12 0t12 0M2 15q6-6 12 0t12 0t12 0" fill="none" stroke="#7db7f0"
      stroke-width="3.4" stroke-linecap="round"/></svg>`
  return sharp(Buffer.from(drawing)).png({ palette: true }).toBuffer()
}

/** The noise of a small sensor: one value for all channels of a pixel, stronger in dark areas. */
function addGrain(pixels: Uint8Array, channels: number, seed: string): void {
  const random = createRandom(seed)
  for (let at = 0; at < pixels.length; at += channels) {
    const light = pixels[at + 1] ?? 0
    const grain = (random() + random() - 1) * (23 - light / 32)
    for (let channel = 0; channel < channels; channel++) {
      const value = (pixels[at + channel] ?? 0) + grain
      pixels[at + channel] = Math.max(0, Math.min(value, 255))
    }
  }
}
