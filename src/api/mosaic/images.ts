import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { findTenantVerification, type ReadableImage } from '../../id-verification/reading.ts'
import type { Bearer } from '../../oauth/bearer.ts'
import { ApiError } from '../../platform/errors.ts'
import type { Storage } from '../../platform/storage.ts'
import { type ImageParts, openImages } from '../image-reading.ts'
import { operation } from '../operation.ts'
import { asksJson, readQuery, refuseOtherMethods, requireAcceptable } from '../requests.ts'
import { id, text } from '../schemas.ts'
import type { TenantParts } from '../tenant-requests.ts'
import { MOSAIC_BASE } from './errors.ts'
import { noQuery, noSession } from './sessions.ts'

const imagesSchema = z
  .object({
    session_images: z.array(
      z.object({
        id,
        format: text.describe('jpg, png, or what else the vendor had'),
        type: text.describe('document_front, document_back, selfie, and what else the vendor had'),
        rejected: z.boolean().describe('The vendor did not accept it'),
        original: z.boolean().describe('The whole picture, not a part of another'),
      }),
    ),
  })
  .meta({ id: 'MosaicImages' })

const formatSchema = z.strictObject({
  format: z
    .literal('raw', 'must be raw: images are not answered as base64 here')
    .optional()
    .describe('raw: the bytes, which is also what is answered without it'),
})

const listImages = operation({
  method: 'get',
  path: `${MOSAIC_BASE}/:sid/images`,
  operationId: 'mosaicListImages',
  records: ['image-metadata', 'nothing'],
  summary: "The images of a session, as Mosaic's API lists them",
  description: 'Those that are stored here, of the attempt that holds.',
  scope: 'idv.read',
  query: noQuery,
  answer: {
    status: 200,
    description: 'What is known of each image, with the id to read it by',
    schema: imagesSchema,
    example: {
      session_images: [
        {
          id: '5f0f5a58-6d1f-4f39-9f0e-62c7ab6f4f10',
          format: 'jpg',
          type: 'document_front',
          rejected: false,
          original: true,
        },
      ],
    },
  },
  errors: { 400: 'The request has a query.', 404: 'Session not found' },
})

const getImage = operation({
  method: 'get',
  path: `${MOSAIC_BASE}/:sid/images/:id`,
  operationId: 'mosaicGetImage',
  records: ['id-verification'],
  summary: 'One image of a session',
  description: 'The bytes, without metadata.',
  scope: 'idv.read',
  query: formatSchema,
  answer: { status: 200, description: 'The image', contentType: 'image/*' },
  errors: {
    400: 'format: must be raw: images are not answered as base64 here',
    404: 'Image not found',
  },
})

export const mosaicImageOperations = [listImages, getImage]

type Parts = TenantParts & { storage: Storage }

/** Lists and serves a session's images in the shape of Mosaic's API (`docs/contract.md` §4). Images cannot be added. */
export function mosaicImageRoutes(parts: Parts): Hono {
  const { bearer, db, storage } = parts
  const routes = new Hono()
  const images: ImageParts = { db, storage, readerOf: (c) => readerOf(bearer, c) }

  routes.get(listImages.path, asksJson, async (c) => {
    const { images: all, disclose } = await openImages(images, c)
    readQuery(c, noQuery)
    const listed = all.filter(isListed)
    return disclose('image-metadata', listed, () => c.json({ session_images: listed.map(present) }))
  })
  routes.all(listImages.path, async (c) => {
    if (c.req.method === 'POST') await refuseUpload(parts, c)
    throw notAllowed('This resource takes GET, HEAD.')
  })

  routes.get(getImage.path, async (c) => {
    const { images: all, disclose } = await openImages(images, c)
    readQuery(c, formatSchema)
    const image = all.find((each) => each.id === c.req.param('id') && isListed(each))
    if (!image?.contentType) throw new ApiError(404, 'not_found', 'Image not found')
    const { contentType, objectKey } = image
    requireAcceptable(c, contentType)
    return disclose('id-verification', [image], async () =>
      c.body(new Uint8Array(await storage.get(objectKey ?? '')), 200, {
        'Content-Type': contentType,
        'Content-Disposition': 'attachment',
      }),
    )
  })
  refuseOtherMethods(routes, getImage.path, 'GET, HEAD')
  return routes
}

async function readerOf(bearer: Bearer, c: Context) {
  const scope = 'idv.read'
  const { tenant, clientId, tokenId } = await bearer.requireServiceToken(c, scope)
  const verificationId = c.req.param('sid') ?? ''
  return { owner: { tenant, verificationId }, clientId, scope, tokenId } as const
}

const isListed = ({ isCurrent, available }: ReadableImage) => isCurrent && available

/** Our types say in their end what Mosaic says in members of their own. */
function present({
  id,
  type,
  contentType,
}: ReadableImage): z.infer<typeof imagesSchema>['session_images'][number] {
  const [, name = type, kind] = /^(.+?)(_pre|_cropped|_rejected)?$/.exec(type) ?? []
  const format = contentType?.replace(/^image\//, '') ?? ''
  return {
    id,
    format: format === 'jpeg' ? 'jpg' : format,
    type: name,
    rejected: kind === '_rejected',
    original: kind !== '_pre' && kind !== '_cropped',
  }
}

/** Throws 409 when the vendor has all images, as Mosaic does, and otherwise 405 that says who takes them. */
async function refuseUpload({ bearer, db, vault }: TenantParts, c: Context): Promise<never> {
  const { tenant } = await bearer.requireServiceToken(c, 'idv.write')
  const verificationId = c.req.param('sid') ?? ''
  const found = await findTenantVerification(db, vault, { tenant, verificationId })
  if (!found) throw noSession()
  if (['approved', 'declined', 'review'].includes(found.status))
    throw new ApiError(409, 'conflict', 'complete: all required images were submitted.')
  throw notAllowed('Images cannot be added here: the person takes them on the page of start_token.')
}

const notAllowed = (description: string) =>
  new ApiError(405, 'method_not_allowed', description, { headers: { Allow: 'GET, HEAD' } })
