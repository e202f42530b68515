import { Hono } from 'hono'
import { z } from 'zod'
import type { ReadableImage } from '../id-verification/reading.ts'
import { ApiError } from '../platform/errors.ts'
import { asJpeg, type ImageOwner, type ImageParts, openImages, signJpeg } from './image-reading.ts'
import { imageTypesSchema, linkedTypesSchema, ofType } from './image-types.ts'
import { operation } from './operation.ts'
import { asksJson, invalid, readJson, refuseOtherMethods, smallBody } from './requests.ts'
import { EXAMPLE_LINK, link, text } from './schemas.ts'

const LARGEST_BASE64 = 10_000_000
const LINK_LIFE_SECONDS = 3600

const imageLinksSchema = z
  .record(text, z.union([link, z.record(z.string().regex(/^\d{13,}$/), link)]))
  .describe(
    'For each type that was asked for and is there: its link, and under TYPE_prevAttempts a link for each picture that was taken, by Unix milliseconds; the latest is among them',
  )
const imageBytesSchema = z
  .record(text, z.base64())
  .describe('For each type that was asked for and is there: its JPEG')

/** Several images in one request: as links, or inside the answer. */
export const imageSetOperations = ({ base, prefix, whose, scope }: ImageOwner) => ({
  createLinks: operation({
    method: 'post',
    path: `${base}/images/links`,
    operationId: `${prefix}CreateImageLinks`,
    records: ['id-verification', 'nothing'],
    summary: 'Links to several images, with the earlier attempts of each',
    description: `Of ${whose}. A type that is not there is left out. Incode's names of cropped images, and unknown names, are refused.`,
    scope,
    body: { schema: linkedTypesSchema, example: { images: ['selfie', 'document_front'] } },
    answer: {
      status: 200,
      description: 'Links for one hour',
      schema: imageLinksSchema,
      example: { selfie: EXAMPLE_LINK, selfie_prevAttempts: { '1713571323431': EXAMPLE_LINK } },
    },
    errors: {
      400: invalid('images', 'must name at least one type of image', 'length'),
      ...missing(prefix),
    },
  }),
  readImages: operation({
    method: 'post',
    path: `${base}/images/base64`,
    operationId: `${prefix}ReadImages`,
    records: ['id-verification', 'nothing'],
    summary: 'Several images inside the answer',
    description: `Of ${whose}. A type that is not there is left out, and an unknown name is refused. Up to 10 MB of base64 in all; more is refused before any of it is read.`,
    scope,
    body: { schema: imageTypesSchema, example: { images: ['selfie'] } },
    answer: {
      status: 200,
      description: 'The JPEGs',
      schema: imageBytesSchema,
      example: { selfie: '/9j/4AAQSkZJRg==' },
    },
    errors: {
      400: invalid('images', 'must name at least one type of image', 'length'),
      413: 'These images are 12000000 bytes as base64, and an answer may have 10000000. Ask for fewer at a time, or for links.',
      ...missing(prefix),
    },
  }),
})

// A resident without an approved verification has no images: that is no failure.
const missing = (prefix: ImageOwner['prefix']) =>
  prefix === 'tenant' ? { 404: 'There is no such verification.' } : {}

export function imageSetRoutes(owner: ImageOwner, parts: ImageParts): Hono {
  const { storage } = parts
  const { createLinks, readImages } = imageSetOperations(owner)
  const routes = new Hono()

  routes.post(createLinks.path, asksJson, smallBody, async (c) => {
    const { images, disclose } = await openImages(parts, c)
    const wanted = (await readJson(c, linkedTypesSchema)).images
    const sign = await storage.signer()
    const linkTo = (image: ReadableImage) => signJpeg(sign, image, LINK_LIFE_SECONDS)
    const answer: z.infer<typeof imageLinksSchema> = {}
    const handed: ReadableImage[] = []
    for (const name of wanted) {
      const all = ofType(images, name).filter(({ available }) => available)
      const latest = all.find(({ isCurrent }) => isCurrent)
      if (!latest) continue
      handed.push(...all)
      answer[name] = linkTo(latest)
      answer[`${name}_prevAttempts`] = Object.fromEntries(byTime(all, linkTo))
    }
    return disclose('id-verification', handed.map(asJpeg), () => c.json(answer))
  })
  refuseOtherMethods(routes, createLinks.path, 'POST')

  routes.post(readImages.path, asksJson, smallBody, async (c) => {
    const { images, disclose } = await openImages(parts, c)
    const wanted = (await readJson(c, imageTypesSchema)).images
    const found = wanted.flatMap((name) => {
      const image = ofType(images, name).find((each) => each.isCurrent && each.available)
      return image ? [{ name, image }] : []
    })
    const sizes = await Promise.all(
      found.map(async ({ image }) => (await storage.head(image.jpegKey ?? ''))?.size ?? 0),
    )
    const total = sizes.reduce((sum, size) => sum + Math.ceil(size / 3) * 4, 0)
    if (total > LARGEST_BASE64)
      throw new ApiError(
        413,
        'payload_too_large',
        `These images are ${total} bytes as base64, and an answer may have ${LARGEST_BASE64}. Ask for fewer at a time, or for links.`,
        {
          details: {
            limit: LARGEST_BASE64,
            total,
            sizes: Object.fromEntries(found.map(({ name }, index) => [name, sizes[index]])),
          },
        },
      )
    const shown = found.map(({ image }) => asJpeg(image))
    return disclose('id-verification', shown, async () => {
      const answer: Record<string, string> = {}
      for (const { name, image } of found)
        answer[name] = Buffer.from(await storage.get(image.jpegKey ?? '')).toString('base64')
      return c.json(answer)
    })
  })
  refuseOtherMethods(routes, readImages.path, 'POST')
  return routes
}

/** By Unix milliseconds, the newest first; two of one moment are told apart by one more. */
function byTime(
  images: readonly ReadableImage[],
  linkTo: (image: ReadableImage) => string,
): [string, string][] {
  const taken = new Set<number>()
  const oldestFirst = [...images].sort((a, b) => a.takenAt.getTime() - b.takenAt.getTime())
  const entries = oldestFirst.map((image): [string, string] => {
    let time = image.takenAt.getTime()
    while (taken.has(time)) time++
    taken.add(time)
    return [String(time), linkTo(image)]
  })
  return entries.reverse()
}
