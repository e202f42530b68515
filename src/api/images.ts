import { Hono } from 'hono'
import { z } from 'zod'
import { IMAGE_KINDS } from '../consents/images.ts'
import type { ReadableImage } from '../id-verification/reading.ts'
import { ApiError } from '../platform/errors.ts'
import {
  asJpeg,
  type ImageOwner,
  type ImageParts,
  openImages,
  RESIDENT_IMAGES,
  signJpeg,
  TENANT_IMAGES,
} from './image-reading.ts'
import { imageSetOperations, imageSetRoutes } from './image-sets.ts'
import { ofType } from './image-types.ts'
import { operation } from './operation.ts'
import { asksJson, invalid, readQuery, refuseOtherMethods, requireAcceptable } from './requests.ts'
import { EXAMPLE_LINK, id, link, text, time } from './schemas.ts'

const SHORTEST_LINK_SECONDS = 60
const LONGEST_LINK_SECONDS = 3600
const LINK_SECONDS = 900

const imageSchema = z
  .object({
    id: id.nullable().describe('`null` for a type of which there is no image'),
    type: text.describe(
      'document_front, document_back, selfie, liveness_frame, and what else the vendor had',
    ),
    available: z
      .boolean()
      .describe('Copied here and proven; what is not cannot be read, or not yet'),
    contentType: text.nullable(),
    size: z.int().nullable().describe('Bytes'),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .nullable(),
    capturedAt: time.nullable(),
  })
  .meta({ id: 'Image' })
const imagesSchema = z.object({
  images: z.array(imageSchema),
  withheld: z
    .array(z.enum(IMAGE_KINDS))
    .optional()
    .describe(
      'The types that the resident does not share with this application; absent where everything is shared',
    ),
})

const seconds = z
  .int('must be a number of seconds')
  .min(SHORTEST_LINK_SECONDS, 'must be from 60 to 3600')
  .max(LONGEST_LINK_SECONDS, 'must be from 60 to 3600')
const imageLinkSchema = z
  .object({ url: link, expiresIn: seconds.describe('Seconds'), imageType: text })
  .meta({ id: 'ImageLink' })
const linkQuerySchema = z.strictObject({
  expiresIn: z
    // Digits alone: `Number` would read `1e2` and `0x3c` as well.
    .preprocess(
      (value) => (typeof value === 'string' && /^\d{1,4}$/.test(value) ? Number(value) : value),
      seconds,
    )
    .default(LINK_SECONDS)
    .describe('How many seconds the link is good for: 60 to 3600'),
})

/** One image, or the list of them. */
const imageOperations = ({ base, prefix, whose, scope }: ImageOwner) => ({
  listImages: operation({
    method: 'get',
    path: `${base}/images`,
    operationId: `${prefix}ListImages`,
    records: ['image-metadata', 'nothing'],
    summary: `List the images of ${whose}`,
    description:
      prefix === 'tenant'
        ? 'What is known of each image, without a link to it and without its bytes. Front, back, selfie and liveness frame are always listed; `available` is false for those that the vendor did not have.'
        : 'What is known of each image, without a link to it and without its bytes.',
    scope,
    answer: {
      status: 200,
      description: 'The images of the attempt that holds, the best of each type first',
      schema: imagesSchema,
      example: {
        images: [
          {
            id: '5f0f5a58-6d1f-4f39-9f0e-62c7ab6f4f10',
            type: 'document_front',
            available: true,
            contentType: 'image/jpeg',
            size: 1048576,
            sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
            capturedAt: '2026-01-15T10:31:40.000Z',
          },
        ],
      },
    },
    // A resident without an approved verification has no images: that is no failure.
    errors: prefix === 'tenant' ? { 404: 'There is no such verification.' } : {},
  }),
  getLink: operation({
    method: 'get',
    path: `${base}/images/:type`,
    operationId: `${prefix}GetImageLink`,
    records: ['id-verification'],
    summary: 'A link to one image, with a life of your choice',
    description: `The best image of this type of ${whose}, as a JPEG.`,
    scope,
    query: linkQuerySchema,
    answer: {
      status: 200,
      description: 'The link',
      schema: imageLinkSchema,
      example: { url: EXAMPLE_LINK, expiresIn: 900, imageType: 'document_front' },
    },
    errors: {
      400: invalid('expiresIn', 'must be from 60 to 3600', 'range'),
      404: 'There is no such image.',
    },
  }),
  getContent: operation({
    method: 'get',
    path: `${base}/images/:id/content`,
    operationId: `${prefix}GetImageContent`,
    records: ['id-verification', 'image-metadata'],
    summary: 'The bytes of one image, as the vendor had them',
    description: `One image of ${whose}, with \`Repr-Digest\` (RFC 9530) and an \`ETag\` of the bytes; \`If-None-Match\` answers \`304\`.`,
    scope,
    answer: { status: 200, description: 'The image', contentType: 'image/*' },
    errors: { 404: 'There is no such image.' },
    conditional: true,
  }),
})

const operationsOf = (owner: ImageOwner) => [
  ...Object.values(imageOperations(owner)),
  ...Object.values(imageSetOperations(owner)),
]
export const residentImageOperations = operationsOf(RESIDENT_IMAGES)
export const tenantImageOperations = operationsOf(TENANT_IMAGES)

/**
 * Every way of reading images of one owner: as a list, as one link with a chosen life, as links with earlier attempts,
 * as base64 and as bytes (`docs/contract.md` §4). What is not the owner's is as what is not there.
 */
export function imageRoutes(owner: ImageOwner, parts: ImageParts): Hono {
  const { storage } = parts
  const { listImages, getLink, getContent } = imageOperations(owner)
  const routes = new Hono()
  const notFound = () => new ApiError(404, 'not_found', 'There is no such image.')

  routes.get(listImages.path, asksJson, async (c) => {
    const { images, withheld, disclose } = await openImages(parts, c)
    const listed = images.filter(({ isCurrent }) => isCurrent)
    const absent = owner.prefix === 'tenant' ? absentTypes(listed) : []
    return disclose('image-metadata', listed, () =>
      c.json({
        images: [...listed.map(present), ...absent],
        ...(withheld.length > 0 ? { withheld } : {}),
      }),
    )
  })
  refuseOtherMethods(routes, listImages.path, 'GET, HEAD')

  // Before the route of one type, which would take their names for types.
  routes.route('/', imageSetRoutes(owner, parts))

  routes.get(getLink.path, asksJson, async (c) => {
    const { images, disclose } = await openImages(parts, c)
    const { expiresIn } = readQuery(c, linkQuerySchema)
    const imageType = c.req.param('type') ?? ''
    const image = ofType(images, imageType).find((each) => each.isCurrent && each.available)
    if (!image) throw notFound()
    return disclose('id-verification', [asJpeg(image)], async () => {
      const answer: z.infer<typeof imageLinkSchema> = {
        url: signJpeg(await storage.signer(), image, expiresIn),
        expiresIn,
        imageType,
      }
      return c.json(answer)
    })
  })
  refuseOtherMethods(routes, getLink.path, 'GET, HEAD')

  routes.get(getContent.path, async (c) => {
    const { images, disclose } = await openImages(parts, c)
    const image = images.find((each) => each.id === c.req.param('id') && each.available)
    if (!image?.contentType || !image.sha256) throw notFound()
    requireAcceptable(c, image.contentType)
    const entityTag = `"${image.sha256}"`
    // RFC 9530 §3; the tag is of the bytes, and the bytes never change.
    const headers = {
      'Content-Type': image.contentType,
      'Content-Disposition': 'attachment',
      'Repr-Digest': `sha-256=:${Buffer.from(image.sha256, 'hex').toString('base64')}:`,
      ETag: entityTag,
    }
    // These two confirm size and digest, without the bytes.
    if (matches(c.req.header('if-none-match'), entityTag))
      return disclose('image-metadata', [image], () => c.body(null, 304, headers))
    if (c.req.method === 'HEAD')
      return disclose('image-metadata', [image], () =>
        c.body(null, 200, { ...headers, 'Content-Length': String(image.size) }),
      )
    return disclose('id-verification', [image], async () => {
      const bytes = await storage.get(image.objectKey ?? '')
      return c.body(new Uint8Array(bytes), 200, headers)
    })
  })
  refuseOtherMethods(routes, getContent.path, 'GET, HEAD')
  return routes
}

/** A back office sees each of the usual types, also those of which the vendor had no image. */
const USUAL_TYPES = ['document_front', 'document_back', 'selfie', 'liveness_frame']

const absentTypes = (listed: readonly ReadableImage[]): z.infer<typeof imageSchema>[] =>
  USUAL_TYPES.filter((usual) => !listed.some(({ type }) => type === usual)).map((type) => ({
    id: null,
    type,
    available: false,
    contentType: null,
    size: null,
    sha256: null,
    capturedAt: null,
  }))

const present = ({
  id,
  type,
  available,
  contentType,
  size,
  sha256,
  capturedAt,
}: ReadableImage): z.infer<typeof imageSchema> => ({
  id,
  type,
  available,
  contentType,
  size,
  sha256,
  capturedAt: capturedAt?.toISOString() ?? null,
})

/** RFC 9110 §13.1.2, weakly compared. */
function matches(header: string | undefined, entityTag: string): boolean {
  if (header === undefined) return false
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes('*') || tags.includes(entityTag)
}
