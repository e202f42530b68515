import { type Context, Hono, type MiddlewareHandler } from 'hono'
import type { z } from 'zod'
import type { Scope, ServiceScope } from '../clients/scopes.ts'
import {
  findReadable,
  listReadableImages,
  type ReadableImage,
  type VerificationSelector,
} from '../id-verification/reading.ts'
import type { Disclosure } from '../ledger/details.ts'
import { disclose } from '../ledger/disclosure.ts'
import type { Bearer } from '../oauth/bearer.ts'
import type { Db } from '../platform/db.ts'
import { ApiError } from '../platform/errors.ts'
import type { Storage } from '../platform/storage.ts'
import {
  invalid,
  readJson,
  readQuery,
  refuseOtherMethods,
  requireAcceptable,
  smallBody,
} from './requests.ts'
import {
  type imageLinkSchema,
  type imageLinksSchema,
  type imageSchema,
  imageTypesSchema,
  LONGEST_LINK_SECONDS,
  linkQuerySchema,
} from './schemas.ts'

// Names of Incode and of the endpoint for documents that are accepted beside our own (`docs/contract.md` §4).
const ALIASES: Record<string, string> = {
  fullFrameFrontID: 'document_front',
  fullFrameBackID: 'document_back',
  croppedFrontID: 'document_front_cropped',
  croppedBackID: 'document_back_cropped',
  croppedFace: 'selfie_cropped',
  face: 'selfie',
}
const LARGEST_BASE64 = 10_000_000

/** Whose images a request may read, and by which right. */
type Reader = {
  owner: VerificationSelector
  clientId: string
  scope: Scope | ServiceScope
  tokenId: Uint8Array
}

type Parts = {
  db: Db
  storage: Storage
  /** Checks the token. */
  readerOf: (c: Context) => Promise<Reader>
}

/**
 * Every way of reading images, under `base`: as a list, as one link with a chosen life, as links with earlier attempts,
 * as base64 and as bytes (`docs/contract.md` §4). What is not the owner's is as what is not there.
 */
export function imageRoutes(base: string, parts: Parts): Hono {
  const { db, storage, readerOf } = parts
  const routes = new Hono()
  const notFound = () => new ApiError(404, 'not_found', 'There is no such image.')

  async function open(c: Context) {
    const reader = await readerOf(c)
    const found = await findReadable(db, reader.owner)
    // A resident without an approved verification has no images; another's verification is not there.
    if (!found && !('accountId' in reader.owner))
      throw new ApiError(404, 'not_found', 'There is no such verification.')
    const images = found ? await listReadableImages(db, found.id) : []
    return {
      images,
      /** Writes the row, then answers: with these images, or with what their list says of them. */
      disclose<T>(
        what: 'id-verification' | 'image-metadata',
        shown: readonly ReadableImage[],
        answer: () => T | Promise<T>,
      ): Promise<T> {
        const detail: Disclosure =
          shown.length === 0 ? { what: 'nothing' } : { what, images: shown }
        const accountId = 'accountId' in reader.owner ? reader.owner.accountId : found?.accountId
        return disclose(
          db,
          {
            detail,
            requestId: c.get('requestId'),
            clientId: reader.clientId,
            accountId: accountId ?? undefined,
            verificationId: found?.id,
            scope: reader.scope,
            tokenId: reader.tokenId,
          },
          answer,
        )
      },
    }
  }
  const asksJson: MiddlewareHandler = async (c, next) => {
    requireAcceptable(c, 'application/json')
    await next()
  }

  routes.get(`${base}/images`, asksJson, async (c) => {
    const { images, disclose } = await open(c)
    const listed = images.filter(({ isCurrent }) => isCurrent)
    return disclose('image-metadata', listed, () => c.json({ images: listed.map(present) }))
  })
  refuseOtherMethods(routes, `${base}/images`, 'GET, HEAD')

  routes.post(`${base}/images/links`, asksJson, smallBody, async (c) => {
    const { images, disclose } = await open(c)
    const wanted = (await readJson(c, imageTypesSchema)).images
    const sign = await storage.signer()
    const link = (image: ReadableImage) => signJpeg(sign, image, LONGEST_LINK_SECONDS)
    const answer: z.infer<typeof imageLinksSchema> = {}
    const handed: ReadableImage[] = []
    for (const name of wanted) {
      const all = ofType(images, name).filter(({ available }) => available)
      const latest = all.find(({ isCurrent }) => isCurrent)
      if (!latest) continue
      handed.push(...all)
      answer[name] = link(latest)
      answer[`${name}_prevAttempts`] = Object.fromEntries(byTime(all, link))
    }
    return disclose('id-verification', handed.map(asJpeg), () => c.json(answer))
  })
  refuseOtherMethods(routes, `${base}/images/links`, 'POST')

  routes.post(`${base}/images/base64`, asksJson, smallBody, async (c) => {
    const { images, disclose } = await open(c)
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
        {},
        {
          limit: LARGEST_BASE64,
          total,
          sizes: Object.fromEntries(found.map(({ name }, index) => [name, sizes[index]])),
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
  refuseOtherMethods(routes, `${base}/images/base64`, 'POST')

  routes.get(`${base}/images/:type`, asksJson, async (c) => {
    const { images, disclose } = await open(c)
    const expiresIn = Number(readQuery(c, linkQuerySchema).expiresIn)
    const imageType = c.req.param('type')
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
  refuseOtherMethods(routes, `${base}/images/:type`, 'GET, HEAD')

  routes.get(`${base}/images/:id/content`, async (c) => {
    const { images, disclose } = await open(c)
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
  refuseOtherMethods(routes, `${base}/images/:id/content`, 'GET, HEAD')
  return routes
}

/** By the resident's own consent, the latest approved verification. */
export const residentReader =
  (bearer: Bearer) =>
  async (c: Context): Promise<Reader> => {
    const scope = 'eprospera:person.id_verification.read'
    const live = await bearer.requireResident(c, scope)
    const { accountId, clientId, tokenId } = live
    return { owner: { accountId }, clientId, scope, tokenId }
  }

/** By the tenant's own token, one of its verifications. */
export const tenantReader =
  (bearer: Bearer) =>
  async (c: Context): Promise<Reader> => {
    const scope = 'idv.read'
    const service = await bearer.requireServiceToken(c, scope)
    const { tenant, clientId, tokenId } = service
    const verificationId = c.req.param('verificationId') ?? ''
    return { owner: { tenant, verificationId }, clientId, scope, tokenId }
  }

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

/** As the ledger names it where its JPEG is handed out: by the digest of that file. */
const asJpeg = (image: ReadableImage): ReadableImage => ({ ...image, sha256: image.jpegSha256 })

const ofType = (images: readonly ReadableImage[], name: string): ReadableImage[] => {
  const type = Object.hasOwn(ALIASES, name) ? ALIASES[name] : name
  return images.filter((image) => image.type === type)
}

/** By Unix milliseconds, the newest first; two of one moment are told apart by one more. */
function byTime(
  images: readonly ReadableImage[],
  link: (image: ReadableImage) => string,
): [string, string][] {
  const taken = new Set<number>()
  const oldestFirst = [...images].sort((a, b) => a.takenAt.getTime() - b.takenAt.getTime())
  const entries = oldestFirst.map((image): [string, string] => {
    let time = image.takenAt.getTime()
    while (taken.has(time)) time++
    taken.add(time)
    return [String(time), link(image)]
  })
  return entries.reverse()
}

const signJpeg = (
  sign: Awaited<ReturnType<Storage['signer']>>,
  { jpegKey, type }: ReadableImage,
  expiresInSeconds: number,
): string => {
  if (!jpegKey) throw invalid('images', 'there is no JPEG of this image')
  const filename = `${type.replaceAll('_', '-')}.jpg`
  return sign(jpegKey, { expiresInSeconds, contentType: 'image/jpeg', filename })
}

/** RFC 9110 §13.1.2, weakly compared. */
function matches(header: string | undefined, entityTag: string): boolean {
  if (header === undefined) return false
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes('*') || tags.includes(entityTag)
}
