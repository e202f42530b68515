import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { UPLOAD_TYPES } from '../../id-verification/captures.ts'
import type { ReadableImage } from '../../id-verification/reading.ts'
import { sendCompletion, sendImage } from '../../id-verification/uploads.ts'
import { MANUAL } from '../../id-verification/vendors/vendor-names.ts'
import type { Bearer } from '../../oauth/bearer.ts'
import { ApiError } from '../../platform/errors.ts'
import type { Storage } from '../../platform/storage.ts'
import type { CaptureParts } from '../captures.ts'
import { type ImageParts, openImages } from '../image-reading.ts'
import { operation } from '../operation.ts'
import {
  asksJson,
  invalid,
  readJson,
  readQuery,
  refuseOtherMethods,
  requireAcceptable,
} from '../requests.ts'
import { EXAMPLE_IMAGE, id, text } from '../schemas.ts'
import type { TenantEnv } from '../tenant-requests.ts'
import { readBase64, takesImage } from '../uploads.ts'
import { MOSAIC_BASE } from './errors.ts'
import { noQuery, noSession, requireSession } from './sessions.ts'

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

const addedImageSchema = z
  .strictObject({
    image: z.strictObject({
      format: text.describe('Such as jpg; the bytes decide'),
      image_type: z.enum(UPLOAD_TYPES, `must be one of ${UPLOAD_TYPES.join(', ')}`),
      content: text.min(1).meta({ contentEncoding: 'base64', description: 'The image, as base64' }),
      capture_margins: z.unknown().optional().describe('Without effect'),
      image_id: z.unknown().optional().describe('Without effect'),
    }),
    device_info: z.looseObject({}).nullish().describe('Without effect'),
  })
  .meta({ id: 'MosaicAddedImage' })

const feedbackSchema = z
  .object({
    feedback: z.literal('ok'),
    complete: z.boolean().describe('All images are there: the session waits for review'),
    missing_images: z.array(z.enum(UPLOAD_TYPES)),
  })
  .meta({ id: 'MosaicFeedback' })

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

const NO_UPLOAD = 'Images cannot be added here: the person takes them on the page of start_token.'

const addImage = operation({
  method: 'post',
  path: listImages.path,
  operationId: 'mosaicAddImage',
  records: [],
  summary: "Add an image to a session of `manual`, as Mosaic's API does",
  description:
    'A JPEG, PNG, WebP or HEIC of up to 20 MiB, which replaces the one of its type. With front, back and selfie the session is complete, and waits for review. At a vendor the person takes the images.',
  scope: 'idv.write',
  query: noQuery,
  body: {
    schema: addedImageSchema,
    example: { image: { format: 'png', image_type: 'document_front', content: EXAMPLE_IMAGE } },
  },
  answer: {
    status: 200,
    description: 'The image is stored',
    schema: feedbackSchema,
    example: { feedback: 'ok', complete: false, missing_images: ['document_back', 'selfie'] },
  },
  errors: {
    400: 'image.content: the image is cut off',
    404: 'Session not found',
    405: NO_UPLOAD,
    409: 'complete: all required images were submitted.',
    413: 'An image may have 20 MiB.',
  },
})

export const mosaicImageOperations = [listImages, addImage, getImage]

type Parts = CaptureParts & { storage: Storage }

/** Lists, adds and serves a session's images in the shape of Mosaic's API (`docs/contract.md` §4). */
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
  const write = bearer.requireService(addImage.scope)
  routes.post(addImage.path, write, asksJson, ...takesImage(parts), async (c) =>
    c.json(await addUploaded(parts, c)),
  )
  refuseOtherMethods(routes, listImages.path, 'GET, HEAD, POST')

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

/** Adds the image of the request, and completes the session with the last one. */
async function addUploaded(
  parts: Parts,
  c: Context<TenantEnv>,
): Promise<z.infer<typeof feedbackSchema>> {
  const { id: verificationId, vendor, status } = await requireSession(parts, c)
  // As Mosaic, which has all images then.
  if (['approved', 'declined', 'review'].includes(status)) throw allSubmitted()
  if (vendor !== MANUAL)
    throw new ApiError(405, 'method_not_allowed', NO_UPLOAD, { headers: { Allow: 'GET, HEAD' } })
  readQuery(c, noQuery)
  const { image_type: type, content } = (await readJson(c, addedImageSchema)).image
  const bytes = readBase64('image.content', content)
  const uploaded = await sendImage(parts, { verificationId, type, bytes })
  if ('refused' in uploaded) throw invalid('image.content', uploaded.refused)
  if ('closed' in uploaded) throw uploaded.closed === 'gone' ? noSession() : allSubmitted()
  const { missing } = uploaded
  if (missing.length === 0) {
    // Another request may have completed it with the same images.
    await sendCompletion(parts, { verificationId })
    parts.log.info('verification completed', { verificationId, clientId: c.var.service.clientId })
  }
  return { feedback: 'ok', complete: missing.length === 0, missing_images: missing }
}

const allSubmitted = () =>
  new ApiError(409, 'conflict', 'complete: all required images were submitted.')
